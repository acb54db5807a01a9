"""Where the pixels of a raster lie: the window that is read, its transform, its coordinates."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from rasterio.crs import CRS
from rasterio.errors import CRSError
from rasterio.io import DatasetReader
from rasterio.transform import Affine
from rasterio.windows import Window

from hot_core.io.limits import Limits, refuse
from hot_core.modes import Mode, Overview, RasterGeometry

Area = tuple[int, int, int, int]

ANGLES = {"degree": 1.0, "grad": 0.9, "radian": math.degrees(1)}
"""Degrees in each unit that longitudes and latitudes are counted in."""


def choose_window(
    height: int, width: int, bands: int, asked: Sequence[int] | None, limits: Limits, name: str,
    overview: Overview | None = None,
) -> tuple[Area, list[str]]:  # fmt: skip
    """The pixels to read: those asked for, all of a modest raster, or a part of a large one.

    The part of a large one is its centre, or the place nearest to it where the overview knows of data.

    Returns:
        (row, column, height, width) in file pixels, and notes.

    Raises:
        ReadError: when the window lies outside the raster or is too large.
    """
    if asked is not None:
        return _asked(height, width, bands, asked, limits, name), []
    if not is_large(height, width, bands, limits):
        return (0, 0, height, width), []
    side = max(2, min(limits.side, math.isqrt(limits.values // bands)))
    rows, columns = min(side, height), min(side, width)
    row, column = (height / 2, width / 2) if overview is None else _known_middle(overview)
    moved = (row, column) != (height / 2, width / 2)
    area = (_begin(row, rows, height), _begin(column, columns, width), rows, columns)
    which = "those around the data nearest to the middle, " if moved else "the central "
    note = (
        f"The raster has {height:,} × {width:,} pixels; {which}{rows:,} × {columns:,} are read "
        f"(window={area}). Choose another window to see another part."
    )
    return area, [note]


def is_large(height: int, width: int, bands: int, limits: Limits) -> bool:
    """Whether a raster is read by a window when nobody asks for one."""
    return height * width > limits.pixels or height * width * bands > limits.values


def _begin(middle: float, length: int, size: int) -> int:
    """Where an interval of some length begins around a middle, pushed inside."""
    return min(max(int(middle - length / 2), 0), size - length)


def _known_middle(overview: Overview) -> tuple[float, float]:
    """The middle of the file if the overview knows data there, otherwise of the nearest pixel that has any."""
    known = np.isfinite(overview.data.values).any(axis=-1)
    sizes = [n * step for n, step in zip(known.shape, overview.step, strict=True)]
    if known[known.shape[0] // 2, known.shape[1] // 2] or not known.any():
        return sizes[0] / 2, sizes[1] / 2
    places = (np.argwhere(known) + 0.5) * overview.step
    row, column = places[((places - np.array(sizes) / 2) ** 2).sum(axis=1).argmin()]
    return float(row), float(column)


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


def grid(
    dataset: DatasetReader, area: Area, indexes: Sequence[int], sensor: str = ""
) -> tuple[RasterGeometry, Mode, Mode, list[str]]:
    """Geometry of the window, its row and column modes, and notes.

    On a raster that is not rotated, coordinates are map coordinates of the pixel centres,
    `x = a·(column + ½) + c`, `y = e·(row + ½) + f`. On a rotated one there is no such number for a
    row: coordinates are then distances along the raster's own axes from the corner of the file.

    Args:
        dataset: an open file.
        area: the window that is read.
        indexes: the bands that are read, from 1.
        sensor: the sensor, where it is known.

    Returns:
        The geometry, the row mode, the column mode, and notes.
    """
    row, column, rows, columns = area
    transform = dataset.window_transform(Window(column, row, columns, rows))
    crs = dataset.crs
    wkt, unit, notes = _reference(crs, dataset)
    a, b, c, d, e, f = tuple(transform)[:6]
    rotated = is_rotated(transform)
    if rotated:
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
        sensor=sensor,
        units=_units(dataset, indexes),
        scales=_scales(dataset, indexes),
    )
    return geometry, Mode("row", y, unit, rotated), Mode("column", x, unit, rotated), notes


def is_rotated(transform: Affine) -> bool:
    """Whether rows and columns are not parallel to the map's axes."""
    return bool(abs(transform.b) + abs(transform.d) > 1e-9 * (abs(transform.a) + abs(transform.e)))


def centres(transform: Affine, rows: np.ndarray, columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates of rows and columns of a whole file, by the rule of `grid`.

    Args:
        transform: of the file.
        rows: pixels from its first edge; the middle of the first row is at 0.5.
        columns: likewise.

    Returns:
        y of the rows and x of the columns.
    """
    a, b, c, d, e, f = tuple(transform)[:6]
    if is_rotated(transform):
        return rows * math.hypot(b, e), columns * math.hypot(a, d)
    return f + e * rows, c + a * columns


def _units(dataset: DatasetReader, indexes: Sequence[int]) -> tuple[str, ...]:
    """The unit of each band; () when the file names none."""
    units = tuple(str(dataset.units[index - 1] or "").strip() for index in indexes)
    return units if any(units) else ()


def _scales(dataset: DatasetReader, indexes: Sequence[int]) -> tuple[tuple[float, float], ...]:
    """Scale and offset of each band; () when all are 1 and 0."""
    scales = tuple((float(dataset.scales[index - 1]), float(dataset.offsets[index - 1])) for index in indexes)
    return scales if any(pair != (1.0, 0.0) for pair in scales) else ()


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
        return wkt, _angle(crs), []
    return wkt, str(crs.linear_units or "map unit"), []


def _angle(crs: CRS) -> str:
    """The unit of longitude and latitude, known by its size: programs spell its name in several ways."""
    name, size = crs.units_factor
    return next((word for word, angle in ANGLES.items() if math.isclose(size, math.radians(angle), rel_tol=1e-6)), name)


def _wkt(crs: CRS | None) -> str:
    try:
        return str(crs.to_wkt()) if crs else ""
    except CRSError:
        return ""
