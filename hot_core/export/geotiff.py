"""GeoTIFF on the input's own pixels: CRS, transform, nodata, and bands that say what they hold."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
from rasterio.crs import CRS
from rasterio.errors import NotGeoreferencedWarning
from rasterio.io import MemoryFile
from rasterio.transform import Affine

from hot_core.modes import RasterGeometry

MIME = "image/tiff"
SUFFIX = ".tif"
TILE = 256


def geotiff_bytes(values: np.ndarray, geometry: RasterGeometry, descriptions: Sequence[str], nodata: float) -> bytes:
    """Bands as a tiled, deflated GeoTIFF.

    Args:
        values: (row, column, band), float32 or int16, over the window that was read.
        geometry: the input's; its transform is that of the window.
        descriptions: one for each band.
        nodata: what marks a pixel without a value.

    Returns:
        The file.
    """
    rows, columns, bands = values.shape
    profile = {
        "driver": "GTiff",
        "height": rows,
        "width": columns,
        "count": bands,
        "dtype": values.dtype.name,
        "nodata": nodata,
        "transform": Affine(*geometry.transform),
        "crs": CRS.from_wkt(geometry.crs) if geometry.crs else None,
        "compress": "deflate",
        "predictor": 3 if values.dtype.kind == "f" else 2,
        "tiled": True,
        "blockxsize": TILE,
        "blockysize": TILE,
    }
    with warnings.catch_warnings(), MemoryFile() as memory:
        warnings.simplefilter("ignore", NotGeoreferencedWarning)  # pictures without a place keep none
        with memory.open(**profile) as dataset:
            dataset.write(np.moveaxis(values, -1, 0))
            dataset.descriptions = tuple(descriptions)
        return bytes(memory.read())
