"""The pixels of a GeoTIFF: opened without side files, read by windows, scaled, NaN where the file says no data."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import rasterio
from rasterio.errors import NotGeoreferencedWarning
from rasterio.io import DatasetReader, MemoryFile
from rasterio.windows import Window

from hot_core.io.blob import Blob
from hot_core.io.limits import foreign, refuse

AGAIN = "Copy or download the file again, or save it anew as GeoTIFF"
INSIDE = "Save it again with its overviews inside, for example with gdal_translate -of COG"
CACHE = 64 * 1024**2
"""Bytes of decoded blocks that GDAL may keep; its own default is a twentieth of the machine's memory."""

# Wider integers and float64 would lose digits in float32.
_FITS_FLOAT32 = {"uint8", "int8", "uint16", "int16", "float32", "float16"}
_QUIET = {
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR", "GDAL_PAM_ENABLED": "NO", "GDAL_MAX_BAND_COUNT": "1024",
    "GDAL_CACHEMAX": CACHE,
}  # fmt: skip


@contextmanager
def opened(blob: Blob) -> Iterator[DatasetReader]:
    """Open with the TIFF driver alone, without side files: what is hashed is what is read.

    GDAL would follow a path in the file's own metadata to its overviews, wherever it leads, even over the network:
    such a file is refused before anything asks for them.

    Yields:
        The open file.

    Raises:
        ReadError: when it is no TIFF, or leads elsewhere.
    """
    with warnings.catch_warnings(), rasterio.Env(**_QUIET):
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        memory = None if blob.path is not None else MemoryFile(blob.data, ext=".tif")
        try:
            with foreign(blob.name, "the TIFF structure is damaged or truncated", AGAIN):
                dataset = rasterio.open(blob.path, driver="GTiff") if memory is None else memory.open(driver="GTiff")
            with dataset:
                if dataset.tags(ns="OVERVIEWS"):
                    raise refuse(blob.name, "its metadata send the reader to another file for its overviews", INSIDE)
                yield dataset
        finally:
            if memory is not None:
                memory.close()


def read_values(
    dataset: DatasetReader, indexes: Sequence[int], area: tuple[int, int, int, int], name: str,
    shape: tuple[int, int] | None = None,
) -> np.ndarray:  # fmt: skip
    """Array (row, column, band) of a window, scaled, NaN where masked.

    Args:
        dataset: an open file.
        indexes: bands, from 1.
        area: (row, column, height, width) in the file's own pixels.
        name: the file's name, for the sentence.
        shape: rows and columns of the answer where it is smaller than the window: GDAL then takes the overview of that
            size. (Overviews are never opened by themselves: they know neither the file's nodata nor its scales.)

    Returns:
        float32 where that holds every digit, float64 otherwise.

    Raises:
        ReadError: when pixels cannot be read, or a scale is not a number.
    """
    row, column, height, width = area
    out_shape = (height, width) if shape is None else shape
    kinds = {dataset.dtypes[index - 1] for index in indexes}
    out = np.empty((*out_shape, len(indexes)), np.float32 if kinds <= _FITS_FLOAT32 else np.float64)
    window = Window(column, row, width, height)
    for at, index in enumerate(indexes):
        with foreign(name, f"the pixels of band {index} cannot be read; the file is damaged or truncated", AGAIN):
            band = dataset.read(index, window=window, out_shape=out_shape)
            valid = dataset.read_masks(index, window=window, out_shape=out_shape) > 0
        scale, offset = dataset.scales[index - 1], dataset.offsets[index - 1]
        if not (math.isfinite(scale) and math.isfinite(offset)):
            raise refuse(name, f"scale or offset of band {index} is not a number", "Save the raster again without them")
        scaled = band.astype(np.float64) * scale + offset if (scale, offset) != (1.0, 0.0) else band
        out[..., at] = np.where(valid, scaled, np.nan)
    return out
