"""Places carried from one reference system into another, those that have no answer included.

PROJ refuses a whole list of points when one of them lies beyond the edge of a projection, and what it raises is not
among rasterio's own errors. Here such a point is NaN, and only a pair of systems without any way between them raises.
"""

from __future__ import annotations

import numpy as np
from rasterio._err import CPLE_BaseError, CPLE_NotSupportedError  # rasterio gives no public name to GDAL's errors
from rasterio.crs import CRS
from rasterio.errors import RasterioError
from rasterio.warp import transform as warp

from hot_core.errors import SelectionError

DEGREES = CRS.from_epsg(4326)
NO_WAY = "This coordinate reference system has no way to longitude and latitude."


def carried(source: CRS, target: CRS, *given: np.ndarray) -> tuple[np.ndarray, ...]:
    """Coordinates of one reference system in another, x (longitude) first.

    Args:
        source: the reference system the coordinates are in.
        target: the one they are wanted in.
        given: x and y, or x, y and height, all of one shape.

    Returns:
        As many float64 arrays of that shape (at least one-dimensional); NaN where there is no answer.

    Raises:
        SelectionError: when there is no way from one system to the other.
    """
    arrays = np.broadcast_arrays(*(np.atleast_1d(np.asarray(values, dtype=float)) for values in given))
    points = np.array([array.ravel() for array in arrays])
    found = np.full_like(points, np.nan)
    known = np.isfinite(points).all(axis=0)
    try:
        found[:, known] = _halving(source, target, points[:, known])
    except (RasterioError, CPLE_NotSupportedError) as cause:
        raise SelectionError(NO_WAY) from cause
    found[:, ~np.isfinite(found).all(axis=0)] = np.nan
    return tuple(row.reshape(arrays[0].shape) for row in found)


def lonlat(crs: CRS, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Longitude and latitude in degrees (WGS 84).

    Beyond the edge of a world map some projections give the nearest place instead of none: what does not come back to
    its own y is no answer. (x may come back a whole turn of the earth away.)

    Args:
        crs: the reference system of the coordinates.
        x: eastings or longitudes.
        y: northings or latitudes, of the same shape.

    Returns:
        Two float64 arrays; NaN where the map does not show the earth. Longitudes of a geographic map are its own and
        may be beyond 180.

    Raises:
        SelectionError: when there is no way to longitude and latitude.
    """
    east, north = carried(crs, DEGREES, x, y)
    back = carried(DEGREES, crs, east, north)[1]
    there = np.abs(back - y) <= 1e-6 * (1 + np.abs(x) + np.abs(y))
    return np.where(there, east, np.nan), np.where(there, north, np.nan)


def turned(longitude: float) -> float:
    """The same longitude in degrees from −180 to 180: a map from 0 to 360 has 190 for −170."""
    return longitude if abs(longitude) <= 180 else (longitude + 180) % 360 - 180


def _halving(source: CRS, target: CRS, points: np.ndarray) -> np.ndarray:
    """Points (coordinate, point) carried all at once; when that is refused, each half by itself, down to one point."""
    count = points.shape[1]
    if not count:
        return points
    try:
        return np.array(warp(source, target, *points))
    except CPLE_NotSupportedError:
        raise
    except CPLE_BaseError:
        if count == 1:
            return np.full_like(points, np.nan)
        halves = points[:, : count // 2], points[:, count // 2 :]
        return np.concatenate([_halving(source, target, half) for half in halves], axis=1)
