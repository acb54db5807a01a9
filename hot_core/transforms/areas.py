"""The area of pixels in hectares: on the map where that is true, on the ellipsoid where it is not.

In degrees a pixel has no area of its own, and in Web Mercator at 60° north its square metres count four times. Such
pixels are measured on the WGS 84 ellipsoid, as the flat quadrilateral of their four corners: half the length of the
cross product of its diagonals, `area = |(p2 − p0) × (p3 − p1)| / 2`.

Corners of a map in lengths are taken in space (geocentric, EPSG:4978), where neither the date line nor a pole is
anything special. A pixel wider than a kilometre is measured by the kilometre around its middle, which is enough for
the earth's roundness and the map's stretching to be nearly even. Corners of a map in degrees are taken in an equal-area
cylinder (EPSG:6933), in which parallels are straight.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from rasterio.crs import CRS
from rasterio.errors import RasterioError
from rasterio.transform import Affine

from hot_core.errors import SelectionError
from hot_core.modes import RasterGeometry
from hot_core.transforms.earth import carried, lonlat

CYLINDER = CRS.from_epsg(6933)
GEOCENTRIC = CRS.from_epsg(4978)
TOLERANCE = 0.01
"""A map's own areas are taken where they are true to one per cent in its corners, on its edges and in its middle."""

LATTICE = 129
"""Areas that vary over a map are computed at so many rows and columns and interpolated between them."""

WIDTH = 1000.0
"""Metres: wider pixels of a map in lengths are measured by so much of them."""

SPARSE = 33
"""So many on a map that shows beyond the edge of the earth: places without an answer take long to refuse."""

Areas = tuple[np.ndarray, str, str]
_ANGLE = "Areas are measured on the earth's ellipsoid: the map's unit is an angle."
_UNKNOWN = "Areas are counted in pixels: the coordinate reference system is not understood."


def pixel_areas(geometry: RasterGeometry, shape: Sequence[int]) -> Areas:
    """The area of every pixel.

    Args:
        geometry: where the raster lies.
        shape: its rows and columns.

    Returns:
        float64 that broadcasts to the shape; "ha", or "px" (and 1) where the file does not say where or how large its
        pixels are; and a sentence where the areas are not those of the map's own units, "" otherwise. Pixels beyond
        the edge of the earth count as the nearest in their row that lies on it.
    """
    if not geometry.crs or geometry.unit == "pixel":
        return np.ones((1, 1)), "px", ""
    try:
        crs = CRS.from_wkt(geometry.crs)
        few = _quads(geometry, crs, *(_spread(size, 3) for size in shape))
        if not np.isfinite(few).any():
            return np.ones((1, 1)), "px", _UNKNOWN
        if crs.is_geographic:
            return _on_ellipsoid(geometry, crs, shape, few), "ha", _ANGLE
        flat = _on_map(geometry, crs)
    except (RasterioError, SelectionError, ValueError):
        return np.ones((1, 1)), "px", _UNKNOWN
    if np.nanmax(np.abs(flat - few) / few) <= TOLERANCE:
        return np.full((1, 1), flat), "ha", ""
    areas = _on_ellipsoid(geometry, crs, shape, few)
    least, most = f"{flat / areas.max():.3g}", f"{flat / areas.min():.3g}"
    times = least if least == most else f"{least} to {most}"
    return areas, "ha", f"Areas are measured on the earth's ellipsoid: the map's own are {times} times the true ones."


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


def _spread(size: int, count: int) -> np.ndarray:
    """Middles of pixels from the first to the last, at most `count`."""
    return np.linspace(0.5, size - 0.5, min(size, count))


def _on_ellipsoid(geometry: RasterGeometry, crs: CRS, shape: Sequence[int], few: np.ndarray) -> np.ndarray:
    """Hectares of every pixel, by row alone where a row is a parallel; `few` are those of three rows and columns."""
    rows, columns = (np.arange(size) + 0.5 for size in shape)
    if np.ptp(few, axis=1).max() <= 1e-6 * few.max():  # not so where one is NaN
        return _quads(geometry, crs, rows, columns[:1])
    count = LATTICE if np.isfinite(few).all() else SPARSE
    some = [_spread(size, count) for size in shape]
    coarse = _quads(geometry, crs, *some)
    held = np.isfinite(coarse).any(axis=1)
    across = np.array([_between(columns, some[1], line) for line in coarse[held]])
    return np.array([_between(rows, some[0][held], line) for line in across.T]).T


def _between(at: np.ndarray, places: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Interpolated between the values that are known; the nearest beyond them."""
    known = np.isfinite(values)
    return np.interp(at, places[known], values[known])


def _quads(geometry: RasterGeometry, crs: CRS, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """True hectares of the pixels around some middles (row × column), by their corners; NaN beyond the earth's edge."""
    affine, part = Affine(*geometry.transform), _part(geometry, crs)
    around = part * np.array([(-0.5, -0.5), (-0.5, 0.5), (0.5, 0.5), (0.5, -0.5)])
    down, across = np.meshgrid(rows, columns, indexing="ij")
    middle_x, middle_y = affine @ (across, down)
    hidden = 0 * (middle_x if crs.is_geographic else lonlat(crs, middle_x, middle_y)[0])
    quarter = np.pi / 2 / crs.units_factor[1]  # 90 degrees, or 100 grads
    corners = []
    for row, column in around:
        x, y = affine @ (across + column, down + row)
        if crs.is_geographic:  # only the width of a pixel counts: far from where longitudes jump
            found = np.array([*carried(crs, CYLINDER, x - middle_x, np.clip(y, -quarter, quarter)), hidden])
        else:
            found = np.array(carried(crs, GEOCENTRIC, x + hidden, y, 0 * y))
        corners.append(np.moveaxis(found, 0, -1))
    double = np.cross(corners[2] - corners[0], corners[3] - corners[1])
    return np.linalg.norm(double, axis=-1) / 2 / part**2 / 1e4


def _part(geometry: RasterGeometry, crs: CRS) -> float:
    """How much of a pixel's side is measured, at most 1."""
    if crs.is_geographic:
        return 1.0
    a, b, _, d, e, _ = geometry.transform
    return min(1.0, WIDTH / (max(np.hypot(a, d), np.hypot(b, e)) * float(crs.linear_units_factor[1])))
