"""Lines of equal coordinate over a map, in the units of its CRS or in degrees: what a basemap would be there for.

A line is followed through the CRS point by point, so that meridians bend where the projection bends them and lines
lie right on rotated and south-up rasters, too.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from rasterio.crs import CRS
from rasterio.transform import Affine

from hot_core.errors import SelectionError
from hot_core.figures.axes import native_edges
from hot_core.figures.style import Part
from hot_core.modes import Mode, RasterGeometry
from hot_core.transforms.earth import DEGREES, carried, lonlat, turned

POINTS = 65
"""A line is followed through so many points."""

LINES = 5
"""About so many lines each way."""

PLACES = 17
"""The highest and lowest coordinates are looked for in so many rows and columns: a pole lies within, not on the rim."""

NAMELESS = "The file names no coordinate reference system: longitude and latitude are not known."
NOWHERE = "The file does not say where the picture lies: longitude and latitude are not known."

Spots = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True, eq=False)
class Graticule:
    """Lines over a map.

    Attributes:
        x, y: all lines in picture coordinates, NaN between two of them.
        labels: (x, y, text, position of the text) where a line enters the picture.
    """

    x: np.ndarray
    y: np.ndarray
    labels: tuple[tuple[float, float, str, str], ...]


def graticule(modes: Sequence[Mode], geometry: RasterGeometry, degrees: bool) -> Graticule:
    """Lines of equal easting and northing, or of equal longitude and latitude.

    Args:
        modes: row and column of the picture; their coordinates are its axes.
        geometry: where the picture lies.
        degrees: longitude and latitude (WGS 84) instead of the CRS's own coordinates.

    Returns:
        The lines with their labels.

    Raises:
        SelectionError: when degrees are asked for and the file does not say where it lies, or shows no place on earth.
    """
    forward, backward = _ways(modes, geometry, degrees)
    edges = [native_edges(mode) for mode in modes[:2]]
    (low_y, high_y), (low_x, high_x) = (sorted((float(e[0]), float(e[-1]))) for e in edges)
    first, second = forward(*_places(low_x, high_x, low_y, high_y))
    if not np.isfinite(first).any():
        raise SelectionError("There is no longitude or latitude here: the picture lies beyond the edge of the earth.")
    first = _across_date_line(first) if degrees else first
    poles = _poles(backward, (low_x, high_x, low_y, high_y)) if degrees else []
    for pole in poles:
        first, second = np.append(first, (-180.0, 180.0)), np.append(second, (pole, pole))
    xs: list[np.ndarray] = []
    ys: list[np.ndarray] = []
    labels = []
    for along, spots in enumerate((first, second)):
        across = second if along == 0 else first
        run = np.linspace(np.nanmin(across), np.nanmax(across), POINTS)
        values = ticks(float(np.nanmin(spots)), float(np.nanmax(spots)), degrees)
        if poles:  # a pole is no line, and both ends of a whole turn are one meridian
            values = [value for value in values if (value not in poles if along else value > -180)]
        for value in values:
            still = np.full(POINTS, value)
            x, y = backward(still, run) if along == 0 else backward(run, still)
            inside = (x >= low_x) & (x <= high_x) & (y >= low_y) & (y <= high_y)
            x, y = np.where(inside, x, np.nan), np.where(inside, y, np.nan)
            if inside.sum() < 2:
                continue
            xs += [x, np.array([np.nan])]
            ys += [y, np.array([np.nan])]
            labels.append(_label(x, y, value, along, degrees))
    x, y = (np.concatenate(parts) if parts else np.array([]) for parts in (xs, ys))
    return Graticule(x, y, tuple(labels))


def drawn_lines(lines: Graticule | None) -> list[Part]:
    """The traces of a graticule: pale lines with a dark rim that no click or pointer meets."""
    if lines is None:
        return []
    common: Part = {"type": "scatter", "hoverinfo": "skip", "x": lines.x, "y": lines.y, "mode": "lines"}
    words = {
        "type": "scatter", "hoverinfo": "skip", "mode": "text", "x": [label[0] for label in lines.labels],
        "y": [label[1] for label in lines.labels], "text": [label[2] for label in lines.labels],
        "textposition": [label[3] for label in lines.labels],
        "textfont": {"size": 11, "color": "white", "shadow": "0px 0px 3px black"},
    }  # fmt: skip
    return [
        common | {"line": {"color": "rgba(20,25,30,0.45)", "width": 2}},
        common | {"line": {"color": "rgba(255,255,255,0.7)", "width": 0.8}},
        words,
    ]


def _ways(
    modes: Sequence[Mode], geometry: RasterGeometry, degrees: bool
) -> tuple[Callable[[np.ndarray, np.ndarray], Spots], Callable[[np.ndarray, np.ndarray], Spots]]:
    """From picture coordinates to those of the lines, and back."""
    rows, columns = native_edges(modes[0]), native_edges(modes[1])
    counts = len(modes[0]), len(modes[1])
    affine = Affine(*geometry.transform)
    scale = [geometry.window[2] / counts[0], geometry.window[3] / counts[1]]
    crs = CRS.from_wkt(geometry.crs) if geometry.crs else None
    if degrees and (crs is None or geometry.unit == "pixel"):
        raise SelectionError(NOWHERE if crs else NAMELESS)

    def out(x: np.ndarray, y: np.ndarray) -> Spots:
        column = (x - columns[0]) / (columns[-1] - columns[0]) * counts[1] * scale[1]
        row = (y - rows[0]) / (rows[-1] - rows[0]) * counts[0] * scale[0]
        there = affine @ (column, row)
        return lonlat(crs, *there) if degrees and crs else there

    def home(first: np.ndarray, second: np.ndarray) -> Spots:
        there = carried(DEGREES, crs, first, second) if degrees and crs else (first, second)
        column, row = ~affine @ there
        x = columns[0] + column / (counts[1] * scale[1]) * (columns[-1] - columns[0])
        return x, rows[0] + row / (counts[0] * scale[0]) * (rows[-1] - rows[0])

    return out, home


def ticks(low: float, high: float, degrees: bool) -> list[float]:
    """Round values between two ends, about five; 1, 2 or 5 times a power of ten (degrees: minutes and seconds, too)."""
    span = high - low
    if not (math.isfinite(span) and span > 0):
        return []
    sexagesimal = [s / 3600 for s in (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800)] + [1, 2, 5, 10, 15, 30]
    power = 10.0 ** math.floor(math.log10(span / LINES))
    steps = [power * factor for factor in (1, 2, 5, 10)]
    if degrees and span / LINES > 0.9 / 3600:
        steps = [float(step) for step in sexagesimal]
    step = next((s for s in steps if span / s <= LINES + 1), steps[-1])
    return [at * step for at in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)]


def _places(left: float, right: float, low: float, high: float) -> Spots:
    """Points all over a box, its edges included."""
    x, y = np.meshgrid(np.linspace(left, right, PLACES), np.linspace(low, high, PLACES))
    return x.ravel(), y.ravel()


def _poles(backward: Callable[[np.ndarray, np.ndarray], Spots], box: Sequence[float]) -> list[float]:
    """The latitudes of the poles that lie in a picture as one point each: all meridians meet there."""
    found = []
    for pole in (-90.0, 90.0):
        x, y = backward(np.array([0.0, 90.0, 180.0, -90.0]), np.full(4, pole))
        within = (x >= box[0]) & (x <= box[1]) & (y >= box[2]) & (y <= box[3])
        width = max(box[1] - box[0], box[3] - box[2])
        if within.all() and max(np.ptp(x), np.ptp(y)) < 1e-6 * width:
            found.append(pole)
    return found


def _across_date_line(longitudes: np.ndarray) -> np.ndarray:
    """Longitudes without the jump at 180°, where that brings them together: −179 becomes 181 beside 179."""
    on = np.where(longitudes < 0, longitudes + 360, longitudes)
    return on if np.nanmax(on) - np.nanmin(on) < np.nanmax(longitudes) - np.nanmin(longitudes) - 180 else longitudes


def _label(x: np.ndarray, y: np.ndarray, value: float, along: int, degrees: bool) -> tuple[float, float, str, str]:
    """Where a line's words stand: at its lower end, or its left end for lines that run across."""
    text = degree_words(value, "EW" if along == 0 else "NS") if degrees else f"{value:,.10g}".replace("-", "−")
    spots = np.where(np.isfinite(x), y if along == 0 else x, np.inf)
    at = int(np.argmin(spots))
    return float(x[at]), float(y[at]), text, "top right"


def degree_words(value: float, letters: str) -> str:
    """An angle in degrees, minutes and seconds as far as they are needed: 13°01′30″ E; 190° is 170° W."""
    value = turned(value)
    seconds = round(abs(value) * 3600, 2)
    degree, rest = divmod(seconds, 3600)
    minute, second = divmod(rest, 60)
    text = f"{degree:.0f}°"
    text += f"{minute:02.0f}′" if minute or second else ""
    text += (f"{second:02.0f}″" if second == int(second) else f"{second:05.2f}″") if second else ""
    return f"{text} {letters[0] if value >= 0 else letters[1]}" if seconds else text
