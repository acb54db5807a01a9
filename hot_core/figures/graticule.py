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
from rasterio.errors import RasterioError
from rasterio.transform import Affine
from rasterio.warp import transform as warp

from hot_core.errors import SelectionError
from hot_core.figures.axes import native_edges
from hot_core.figures.style import Part
from hot_core.modes import Mode, RasterGeometry

POINTS = 65
"""A line is followed through so many points."""

LINES = 5
"""About so many lines each way."""

DEGREES = "EPSG:4326"
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
        SelectionError: when degrees are asked for and the file does not say where it lies.
    """
    forward, backward = _ways(modes, geometry, degrees)
    edges = [native_edges(mode) for mode in modes[:2]]
    (low_y, high_y), (low_x, high_x) = (sorted((float(e[0]), float(e[-1]))) for e in edges)
    rim_x, rim_y = _rim(low_x, high_x, low_y, high_y)
    first, second = forward(rim_x, rim_y)
    xs: list[np.ndarray] = []
    ys: list[np.ndarray] = []
    labels = []
    for along, spots in enumerate((first, second)):
        across = second if along == 0 else first
        run = np.linspace(across.min(), across.max(), POINTS)
        for value in ticks(float(spots.min()), float(spots.max()), degrees):
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
    if degrees and crs is None:
        raise SelectionError("The file names no coordinate reference system: longitude and latitude are not known.")

    def out(x: np.ndarray, y: np.ndarray) -> Spots:
        column = (x - columns[0]) / (columns[-1] - columns[0]) * counts[1] * scale[1]
        row = (y - rows[0]) / (rows[-1] - rows[0]) * counts[0] * scale[0]
        there = affine @ (column, row)
        return project(crs, DEGREES, *there) if degrees else there

    def home(first: np.ndarray, second: np.ndarray) -> Spots:
        there = project(DEGREES, crs, first, second) if degrees else (first, second)
        column, row = ~affine @ there
        x = columns[0] + column / (counts[1] * scale[1]) * (columns[-1] - columns[0])
        return x, rows[0] + row / (counts[0] * scale[0]) * (rows[-1] - rows[0])

    return out, home


def project(source: object, target: object, x: np.ndarray, y: np.ndarray) -> Spots:
    """Coordinates from one CRS in another, x (longitude) first.

    Returns:
        Two float64 arrays; NaN where there is no answer.

    Raises:
        SelectionError: when the CRS cannot be transformed.
    """
    try:
        given = [np.atleast_1d(np.asarray(values, dtype=float)).tolist() for values in (x, y)]
        there = warp(source, target, *given)
    except RasterioError as cause:
        raise SelectionError("This coordinate reference system has no way to longitude and latitude.") from cause
    first, second = (np.array(values, dtype=float) for values in there[:2])
    fine = np.isfinite(first) & np.isfinite(second)
    return np.where(fine, first, np.nan), np.where(fine, second, np.nan)


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


def _rim(left: float, right: float, low: float, high: float) -> Spots:
    """Points around the edge of a box."""
    x, y = np.linspace(left, right, POINTS), np.linspace(low, high, POINTS)
    still = np.ones(POINTS)
    return np.concatenate([x, x, left * still, right * still]), np.concatenate([low * still, high * still, y, y])


def _label(x: np.ndarray, y: np.ndarray, value: float, along: int, degrees: bool) -> tuple[float, float, str, str]:
    """Where a line's words stand: at its lower end, or its left end for lines that run across."""
    text = degree_words(value, "EW" if along == 0 else "NS") if degrees else f"{value:,.10g}".replace("-", "−")
    spots = np.where(np.isfinite(x), y if along == 0 else x, np.inf)
    at = int(np.argmin(spots))
    return float(x[at]), float(y[at]), text, "top right"


def degree_words(value: float, letters: str) -> str:
    """An angle in degrees, minutes and seconds as far as they are needed: 13°01′30″ E."""
    seconds = round(abs(value) * 3600, 2)
    degree, rest = divmod(seconds, 3600)
    minute, second = divmod(rest, 60)
    text = f"{degree:.0f}°"
    text += f"{minute:02.0f}′" if minute or second else ""
    text += (f"{second:02.0f}″" if second == int(second) else f"{second:05.2f}″") if second else ""
    return f"{text} {letters[0] if value >= 0 else letters[1]}" if seconds else text
