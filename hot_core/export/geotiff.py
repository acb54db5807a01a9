"""Cloud-optimised GeoTIFF on the input's own pixels: CRS, transform, nodata, and bands that say what they hold.

Written by GDAL's own COG driver: rio-cogeo's writer passes every file through a warp, which would turn south-up and
rotated rasters round; its validator holds these files in the tests.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
import xarray as xr
from rasterio.crs import CRS
from rasterio.errors import NotGeoreferencedWarning
from rasterio.io import MemoryFile
from rasterio.shutil import copy
from rasterio.transform import Affine

from hot_core.modes import RasterGeometry

MIME = "image/tiff"
SUFFIX = ".tif"
TILE = 256


def geotiff_bytes(values: np.ndarray, geometry: RasterGeometry, descriptions: Sequence[str], nodata: float) -> bytes:
    """Bands as a tiled, deflated GeoTIFF with overviews, laid out to be read by windows from afar.

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
    }
    # a field is constant over each patch: no predictor is needed, and every reader understands it
    layout = {"BLOCKSIZE": str(TILE), "COMPRESS": "DEFLATE", "PREDICTOR": "NO", "OVERVIEW_RESAMPLING": "NEAREST"}
    with warnings.catch_warnings(), MemoryFile() as plain, MemoryFile(ext=SUFFIX) as cloud:
        warnings.simplefilter("ignore", NotGeoreferencedWarning)  # pictures without a place keep none
        with plain.open(**profile) as dataset:
            dataset.write(np.moveaxis(values, -1, 0))
            dataset.descriptions = tuple(descriptions)
        copy(plain.name, cloud.name, driver="COG", **layout)
        return bytes(cloud.read())


def field_names(field: xr.DataArray, heads: str) -> list[str]:
    """What each band of an attention field holds: what was looked at how, the layer, the head, and the band as mode.

    Args:
        field: what an analysis gave, its attributes with it.
        heads: the head or heads in words.

    Returns:
        "attention row, layer 1, head 3, band nir", …; "attention rollout row, 3 layers, mean of heads, band nir", ….
    """
    attrs = field.attrs
    what = f"attention {attrs.get('direction')}, layer {attrs.get('layer')}, {heads}"
    if attrs.get("method"):
        what = f"{attrs['method']} {attrs.get('direction')}, {attrs.get('layers')} layers, mean of heads"
    return [f"{what}, band {band}" for band in field.coords["band"].values]
