"""The area of pixels in hectares: on the map where that is true, on the ellipsoid where it is not.

In degrees a pixel has no area of its own, and in Web Mercator at 60° north its square metres count four times. Such
pixels are carried into an equal-area projection of the earth (EPSG:6933, on the WGS 84 ellipsoid), in which areas are
true: there, `area = |Σ x_i · y_(i+1) − x_(i+1) · y_i| / 2` over the four corners.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from rasterio.crs import CRS
from rasterio.errors import RasterioError
from rasterio.transform import Affine
from rasterio.warp import transform as warp

from hot_core.modes import RasterGeometry

EQUAL_AREA = "EPSG:6933"
TOLERANCE = 0.01
"""A map's own areas are taken where they are true to one per cent in its middle."""

LATTICE = 129
"""Areas that vary over a map are computed at so many rows and columns and interpolated between them."""

Areas = tuple[np.ndarray, str, str]


def pixel_areas(geometry: RasterGeometry, shape: Sequence[int]) -> Areas:
    """The area of every pixel.

    Args:
        geometry: where the raster lies.
        shape: its rows and columns.

    Returns:
        float64 that broadcasts to the shape; "ha", or "px" (and 1) where the file does not say where or how large its
        pixels are; and a sentence where the areas are not those of the map's own units, "" otherwise.
    """
    crs = CRS.from_wkt(geometry.crs) if geometry.crs else None
    if crs is None or Affine(*geometry.transform).is_identity:
        return np.ones((1, 1)), "px", ""
    try:
        if crs.is_geographic:
            return _on_ellipsoid(geometry, crs, shape), "ha", f"Areas are measured on the earth's ellipsoid: {_WHY}."
        flat = _on_map(geometry, crs)
        true = float(_quads(geometry, crs, np.array([shape[0] / 2]), np.array([shape[1] / 2]))[0, 0])
        if not np.isfinite(true) or abs(flat - true) <= TOLERANCE * true:
            return np.full((1, 1), flat), "ha", ""
        words = f"Areas are measured on the earth's ellipsoid: the map's own are {flat / true:.3g} times the true ones."
        return _on_ellipsoid(geometry, crs, shape), "ha", words
    except (RasterioError, ValueError):
        return np.ones((1, 1)), "px", "Areas are counted in pixels: the coordinate reference system is not understood."


_WHY = "the map's unit is an angle"


def class_areas(labels: np.ndarray, areas: np.ndarray, count: int) -> np.ndarray:
    """How much area each class has.

    Args:
        labels: classes from 0, negative where there is none.
        areas: of the pixels, as `pixel_areas` gives them.
        count: number of classes.

    Returns:
        float64, one sum for each class.
    """
    there = labels >= 0
    if areas.size == 1:
        return np.bincount(labels[there], minlength=count) * float(areas[0, 0])
    return np.bincount(labels[there], weights=np.broadcast_to(areas, labels.shape)[there], minlength=count)


def _on_map(geometry: RasterGeometry, crs: CRS) -> float:
    """Hectares of a pixel by the map's own unit of length."""
    a, b, _, d, e, _ = geometry.transform
    return abs(a * e - b * d) * float(crs.linear_units_factor[1]) ** 2 / 1e4


def _on_ellipsoid(geometry: RasterGeometry, crs: CRS, shape: Sequence[int]) -> np.ndarray:
    """Hectares of every pixel, by row alone where a row is a parallel."""
    a, b, _, d, e, _ = geometry.transform
    if crs.is_geographic and abs(b) + abs(d) <= 1e-9 * (abs(a) + abs(e)):
        return _quads(geometry, crs, np.arange(shape[0]) + 0.5, np.array([0.5]))
    rows, columns = (np.linspace(0.5, size - 0.5, min(size, LATTICE)) for size in shape)
    coarse = _quads(geometry, crs, rows, columns)
    across = np.array([np.interp(np.arange(shape[1]) + 0.5, columns, line) for line in coarse])
    return np.array([np.interp(np.arange(shape[0]) + 0.5, rows, line) for line in across.T]).T


def _quads(geometry: RasterGeometry, crs: CRS, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """True hectares of the pixels around some middles (row × column), by their four corners."""
    affine, corners = Affine(*geometry.transform), ((-0.5, -0.5), (-0.5, 0.5), (0.5, 0.5), (0.5, -0.5))
    down, across = np.meshgrid(rows, columns, indexing="ij")
    middle_x = affine @ (across, down)
    xs, ys = [], []
    for row, column in corners:
        x, y = affine @ (across + column, down + row)
        if crs.is_geographic:  # only the width of a pixel counts: far from where longitudes jump
            x, y = x - middle_x[0], np.clip(y, -90, 90)
        there = warp(crs, EQUAL_AREA, x.ravel().tolist(), y.ravel().tolist())
        xs.append(np.array(there[0]).reshape(x.shape))
        ys.append(np.array(there[1]).reshape(x.shape))
    twice = sum(xs[i] * ys[(i + 1) % 4] - xs[(i + 1) % 4] * ys[i] for i in range(4))
    return np.abs(np.asarray(twice)) / 2 / 1e4
