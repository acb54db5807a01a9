"""GeoTIFF by windows: values with scale and offset, NaN where the file says there is no data."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import rasterio
from rasterio.enums import ColorInterp
from rasterio.errors import NotGeoreferencedWarning
from rasterio.io import DatasetReader, MemoryFile
from rasterio.windows import Window

from hot_core.io.assemble import frozen_sample
from hot_core.io.band_roles import IGNORE, assign_roles, find_roles
from hot_core.io.blob import Blob
from hot_core.io.geotiff_grid import choose_window, grid
from hot_core.io.limits import MAX_DECOMPRESSED, Limits, foreign, megabytes, refuse
from hot_core.io.tiff_directory import check_complete
from hot_core.modes import Mode, Sample

_AGAIN = "Copy or download the file again, or save it anew as GeoTIFF"
MAX_BANDS = 1024
# Wider integers and float64 would lose digits in float32.
_FITS_FLOAT32 = {"uint8", "int8", "uint16", "int16", "float32", "float16"}


def read_geotiff(
    blob: Blob, bands: Sequence[str] | None, window: tuple[int, int, int, int] | None, limits: Limits
) -> Sample:
    """Read a raster or a window of it.

    Args:
        blob: the file; one on disk is read by windows and may be large.
        bands: the role of each band in the file's order, "-" for one without; None to find them.
        window: (row, column, height, width) in file pixels.
        limits: what may be asked for.

    Returns:
        A sample with the modes row, column, band; the role "-" marks a band without one.

    Raises:
        ReadError: when the file is damaged or holds no measured bands.
    """
    check_complete(blob)
    with _opened(blob) as dataset:
        indexes = _measured_bands(dataset, blob.name)
        names = [_description(dataset, index) for index in indexes]
        tags = {key: value for key, value in dataset.tags().items() if value}
        roles, why = find_roles(names, tags) if bands is None else (assign_roles(bands, names, blob.name), "")
        notes = [why] if why else []
        if roles:
            unnamed = [names[at] or f"band {indexes[at]}" for at, role in enumerate(roles) if role == IGNORE]
            if unnamed:
                notes.append(f"Bands without a role are not given to a model: {', '.join(unnamed)}.")
        else:
            notes.append("The file does not say which band is which; name them to use a model.")
        area, said = choose_window(dataset.height, dataset.width, len(indexes), window, limits, blob.name)
        values = _values(dataset, indexes, area, blob.name)
        geometry, rows, columns, more = grid(dataset, area)
        if len(dataset.subdatasets) > 1:
            more.append("The file holds several pictures; the first is read.")
    labels = _labels(names, indexes)
    modes = (rows, columns, Mode("band", np.array(labels)))
    values, counted = _clean(values, blob.name)
    whole = blob.size <= limits.file or blob.path is None
    source = blob.source("GeoTIFF", None if whole else values.tobytes())
    return frozen_sample(values, modes, geometry, source, (*notes, *said, *more, *counted), roles)


@contextmanager
def _opened(blob: Blob) -> Iterator[DatasetReader]:
    """Open with the TIFF driver alone, without side files: what is hashed is what is read."""
    with (
        warnings.catch_warnings(),
        rasterio.Env(GDAL_DISABLE_READDIR_ON_OPEN="EMPTY_DIR", GDAL_PAM_ENABLED="NO", GDAL_MAX_BAND_COUNT="1024"),
    ):
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        memory = None if blob.path is not None else MemoryFile(blob.data, ext=".tif")
        try:
            with foreign(blob.name, "the TIFF structure is damaged or truncated", _AGAIN):
                dataset = rasterio.open(blob.path, driver="GTiff") if memory is None else memory.open(driver="GTiff")
            with dataset:
                yield dataset
        finally:
            if memory is not None:
                memory.close()


def _measured_bands(dataset: DatasetReader, name: str) -> list[int]:
    """The bands that hold measurements; refuses pictures of class numbers and complex values."""
    if dataset.count == 0:
        raise refuse(name, "the raster has no bands", "Give a GeoTIFF with measured bands")
    if min(dataset.height, dataset.width) < 2:
        raise refuse(
            name,
            f"the raster has {dataset.height} × {dataset.width} pixels; at least two each way are needed",
            "Give a larger picture",
        )
    if dataset.count > MAX_BANDS:
        raise refuse(name, f"it declares {dataset.count:,} bands, above the limit of {MAX_BANDS:,}", "Pick some bands")
    meanings, dtypes = dataset.colorinterp, dataset.dtypes
    indexes = [index for index in dataset.indexes if meanings[index - 1] is not ColorInterp.alpha]
    if not indexes:
        raise refuse(name, "the raster has a transparency band only", "Give a GeoTIFF with measured bands")
    _check_blocks(dataset, name)
    for index in indexes:
        if meanings[index - 1] is ColorInterp.palette:
            raise refuse(
                name, "the raster is a palette picture: class numbers, not measurements", "Give the measured bands"
            )
        if "complex" in dtypes[index - 1]:
            raise refuse(name, "its bands hold complex numbers", "Save amplitude or phase as real numbers")
    return indexes


def _check_blocks(dataset: DatasetReader, name: str) -> None:
    """A picture stored in one piece must be unpacked whole for any window; a header may declare terabytes."""
    together = dataset.count if dataset.profile.get("interleave") == "pixel" else 1
    block = max(rows * columns for rows, columns in dataset.block_shapes) * together * 8
    if block > MAX_DECOMPRESSED:
        raise refuse(
            name,
            f"it is stored in pieces of up to {megabytes(block)}, too large to read a window",
            "Save it as a tiled GeoTIFF, for example with gdal_translate -co TILED=YES",
        )


def _description(dataset: DatasetReader, index: int) -> str:
    """What the file calls a band: its description, or the name that some programs keep in its tags."""
    tags = {key.lower(): value for key, value in dataset.tags(index).items()}
    named = (tags.get(key) for key in ("common_name", "band_name", "bandname", "long_name", "name"))
    return str(dataset.descriptions[index - 1] or next((text for text in named if text), "")).strip()


def _labels(names: Sequence[str], indexes: Sequence[int]) -> list[str]:
    """One different name for each band."""
    labels = [text or f"band {index}" for text, index in zip(names, indexes, strict=True)]
    if len(set(labels)) == len(labels):
        return labels
    return [f"{label} (band {index})" for label, index in zip(labels, indexes, strict=True)]


def _values(dataset: DatasetReader, indexes: list[int], area: tuple[int, int, int, int], name: str) -> np.ndarray:
    """Array (row, column, band), scaled, NaN where masked."""
    row, column, height, width = area
    kinds = {dataset.dtypes[index - 1] for index in indexes}
    dtype = np.float32 if kinds <= _FITS_FLOAT32 else np.float64
    out = np.empty((height, width, len(indexes)), dtype)
    window = Window(column, row, width, height)
    for at, index in enumerate(indexes):
        with foreign(name, f"the pixels of band {index} cannot be read; the file is damaged or truncated", _AGAIN):
            band = dataset.read(index, window=window)
            valid = dataset.read_masks(index, window=window) > 0
        scale, offset = dataset.scales[index - 1], dataset.offsets[index - 1]
        if not (math.isfinite(scale) and math.isfinite(offset)):
            raise refuse(name, f"scale or offset of band {index} is not a number", "Save the raster again without them")
        scaled = band.astype(np.float64) * scale + offset if (scale, offset) != (1.0, 0.0) else band
        out[..., at] = np.where(valid, scaled, np.nan)
    return out


def _clean(values: np.ndarray, name: str) -> tuple[np.ndarray, list[str]]:
    """NaN for infinities; refuse a window without any value."""
    infinite = np.isinf(values)
    notes = []
    if infinite.any():
        values[infinite] = np.nan
        notes.append(f"{int(infinite.sum()):,} infinite values are treated as missing.")
    missing = np.isnan(values).mean()
    if missing == 1:
        raise refuse(name, "no pixel holds a value in the part that was read", "Choose another window")
    if missing:
        notes.append(f"{missing:.1%} of the values are missing (nodata or masked) and stay so.")
    return values, notes
