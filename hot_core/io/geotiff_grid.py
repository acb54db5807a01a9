"""Where the pixels of a raster lie: the window that is read, its transform, its coordinates."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from rasterio.crs import CRS
from rasterio.errors import CRSError
from rasterio.io import DatasetReader
from rasterio.windows import Window

from hot_core.io.limits import Limits, refuse
from hot_core.modes import Mode, RasterGeometry

Area = tuple[int, int, int, int]


def choose_window(
    height: int, width: int, bands: int, asked: Sequence[int] | None, limits: Limits, name: str
) -> tuple[Area, list[str]]:
    """The pixels to read: those asked for, all of a modest raster, or the centre of a large one.

    Returns:
        (row, column, height, width) in file pixels, and notes.

    Raises:
        ReadError: when the window lies outside the raster or is too large.
    """
    if asked is not None:
        return _asked(height, width, bands, asked, limits, name), []
    if height * width <= limits.pixels and height * width * bands <= limits.values:
        return (0, 0, height, width), []
    side = max(2, min(limits.side, math.isqrt(limits.values // bands)))
    rows, columns = min(side, height), min(side, width)
    area = ((height - rows) // 2, (width - columns) // 2, rows, columns)
    note = (
        f"The raster has {height:,} × {width:,} pixels; the central {rows:,} × {columns:,} are read "
        f"(window={area}). Choose another window to see another part."
    )
    return area, [note]


def _asked(height: int, width: int, bands: int, asked: Sequence[int], limits: Limits, name: str) -> Area:
    words = "Give window=(row, column, height, width) in pixels, inside the raster"
    try:
        row, column, rows, columns = (int(value) for value in asked)
    except (TypeError, ValueError) as cause:
        raise refuse(name, "the window is not four whole numbers", words) from cause
    if min(row, column) < 0 or min(rows, columns) < 2 or row + rows > height or column + columns > width:
        raise refuse(
            name,
            f"the window {row, column, rows, columns} does not lie in the raster of {height} × {width} pixels",
            words,
        )
    if rows * columns * bands > limits.values:
        raise refuse(name, f"the window holds {rows * columns * bands:,} values, too many", "Choose a smaller window")
    return row, column, rows, columns


def grid(dataset: DatasetReader, area: Area) -> tuple[RasterGeometry, Mode, Mode, list[str]]:
    """Geometry of the window, its row and column modes, and notes.

    On a raster that is not rotated, coordinates are map coordinates of the pixel centres,
    `x = a·(column + ½) + c`, `y = e·(row + ½) + f`. On a rotated one there is no such number for a
    row: coordinates are then distances along the raster's own axes from the corner of the file.

    Returns:
        The geometry, the row mode, the column mode, and notes.
    """
    row, column, rows, columns = area
    transform = dataset.window_transform(Window(column, row, columns, rows))
    crs = dataset.crs
    wkt, unit, notes = _reference(crs, dataset)
    a, b, c, d, e, f = tuple(transform)[:6]
    if abs(b) + abs(d) > 1e-9 * (abs(a) + abs(e)):
        notes.append(
            "The raster is rotated: row and column coordinates are distances along its own axes, "
            "not map coordinates; the transform gives the position."
        )
        x = (column + np.arange(columns) + 0.5) * math.hypot(a, d)
        y = (row + np.arange(rows) + 0.5) * math.hypot(b, e)
    else:
        x = c + a * (np.arange(columns) + 0.5)
        y = f + e * (np.arange(rows) + 0.5)
        if e > 0 and wkt:
            notes.append("The raster is stored south-up: its first row is the southernmost.")
    geometry = RasterGeometry(
        crs=wkt,
        transform=(a, b, c, d, e, f),
        nodata=dataset.nodata,
        window=area,
        file_shape=(dataset.height, dataset.width),
        descriptions=tuple(text or "" for text in dataset.descriptions),
        unit=unit,
    )
    return geometry, Mode("row", y, unit), Mode("column", x, unit), notes


def _reference(crs: CRS | None, dataset: DatasetReader) -> tuple[str, str, list[str]]:
    """Well-known text, unit and notes; "" and "pixel" where the file does not say."""
    if dataset.transform.is_identity:
        return (
            _wkt(crs),
            "pixel",
            ["The file does not say where the picture lies; positions are pixels from its first corner."],
        )
    wkt = _wkt(crs)
    if crs is None or not wkt:
        return "", "map unit", ["The file names no coordinate reference system; positions are in its own units."]
    if crs.is_geographic:
        return wkt, "degree", []
    return wkt, str(crs.linear_units or "map unit"), []


def _wkt(crs: CRS | None) -> str:
    try:
        return str(crs.to_wkt()) if crs else ""
    except CRSError:
        return ""
