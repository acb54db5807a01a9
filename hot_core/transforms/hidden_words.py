"""A part of the data in words: names, dates, mm and map coordinates, from its first position to its last."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from hot_core.modes import Geometry, Mode, RasterGeometry, TokenGrid, VolumeGeometry
from hot_core.transforms.settings import Box

NAMES = 4
"""More names than these are told by the first, the last and their number."""
UNITS = {"metre": " m", "degree": "°", "pixel": ""}


def clipped(box: Box, grid: TokenGrid) -> Box:
    """The part of a box that lies in the analysed window; as it is along a mode where that is nothing."""
    sides = []
    for (start, stop), (first, last) in zip(box, grid.window, strict=True):
        low, high = max(start, first), min(stop, last)
        sides.append((low, high) if low < high else (start, stop))
    return tuple(sides)


def box_words(box: Box, grid: TokenGrid, geometry: Geometry) -> str:
    """Where a box lies; a mode that it covers all of is said to be whole.

    Args:
        box: half-open native intervals.
        grid: the tokens, for modes and window.
        geometry: the sample's, which tells where mm and map coordinates are.

    Returns:
        "EWR · every variable · 2013-12-30 14:00 to 2013-12-31 01:00 (12 steps)",
        "x −30.5 to −12.5 mm · y −20.5 to −18.5 mm · every z",
        "rows 10–39 (northing 226,862 to 227,717 m) · every column · nir".
    """
    spans = [
        "" if start <= first and last <= stop else span_words(axis.mode, start, stop, geometry)
        for axis, (start, stop), (first, last) in zip(grid.axes, box, grid.window, strict=True)
    ]
    words = " · ".join(
        span or f"every {'step' if axis.mode.name == 'time' else axis.mode.name}"
        for axis, span in zip(grid.axes, spans, strict=True)
    )
    return words + middle_words(box, geometry)


def span_words(mode: Mode, start: int, stop: int, geometry: Geometry) -> str:
    """A half-open interval of one mode, both ends said."""
    coords, count = mode.coords, stop - start
    if mode.name == "time":
        steps = "1 step" if count == 1 else f"{count:,} steps"
        first, last = moments(coords, start, stop - 1)
        return f"{first} (1 step)" if count == 1 else f"{first} to {last} ({steps})"
    if not np.issubdtype(coords.dtype, np.number):
        names = [str(name) for name in coords[start:stop]]
        return ", ".join(names) if count <= NAMES else f"{names[0]} to {names[-1]} ({count:,})"
    noun = {"row": "row", "column": "column"}.get(mode.name, f"{mode.name} voxel")
    places = f"{noun} {start}" if count == 1 else f"{noun}s {start}–{stop - 1}"
    if not straight(mode, geometry):
        return places
    low, high = edges(mode, start, stop)
    unit = UNITS.get(mode.unit or "", f" {mode.unit}" if mode.unit else "")
    if isinstance(geometry, VolumeGeometry):
        return f"{mode.name} {low} to {high}{unit}"
    axis = {"row": ("northing", "latitude"), "column": ("easting", "longitude")}[mode.name][mode.unit == "degree"]
    return f"{places} ({axis} {low} to {high}{unit})"


def moments(times: np.ndarray, *steps: int) -> list[str]:
    """Times as finely as the series needs them: days, minutes, seconds or milliseconds; or steps by their numbers.

    Returns:
        ["2013-12-30 14:00", "2013-12-31 01:00"], ["2013-12-30", "2014-01-02"], ["step 40", "step 43"].
    """
    if not np.issubdtype(times.dtype, np.datetime64):
        return [f"step {times[at]}" for at in steps]
    units: tuple[Literal["D", "m", "s"], ...] = ("D", "m", "s")
    exact: Literal["D", "m", "s", "ms"] = next(
        (unit for unit in units if (times.astype(f"datetime64[{unit}]") == times).all()), "ms"
    )
    return [str(np.datetime_as_string(times[at], unit=exact)).replace("T", " ") for at in steps]


def straight(mode: Mode, geometry: Geometry) -> bool:
    """Whether coordinates along this mode are places: mm of the world, or on the map."""
    if isinstance(geometry, VolumeGeometry):
        return geometry.placed and not geometry.oblique
    return isinstance(geometry, RasterGeometry) and not mode.rotated and bool(geometry.crs)


def edges(mode: Mode, start: int, stop: int) -> tuple[str, str]:
    """The outer edges of the first and the last position, the smaller first, to a tenth of a position."""
    coords = mode.coords
    step = abs(float(coords[1] - coords[0])) if len(mode) > 1 else 1.0
    ends = sorted((float(coords[start]), float(coords[stop - 1])))
    return written(ends[0] - step / 2, step), written(ends[1] + step / 2, step)


def written(value: float, step: float) -> str:
    """A coordinate to a tenth of `step`, without zeros at its end."""
    text = f"{value:,.{max(0, math.ceil(-math.log10(step / 10)))}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text.replace("-", "−")


def middle_words(box: Box, geometry: Geometry) -> str:
    """The middle of a box in the world, where the axes of the file are not the world's."""
    if isinstance(geometry, VolumeGeometry) and geometry.placed and geometry.oblique:
        voxel = [(start + stop - 1) / 2 for start, stop in box]
        world = geometry.affine[:3, :3] @ voxel + geometry.affine[:3, 3]
        return f" · around ({', '.join(written(float(at), 1.0) for at in world)}) mm"
    if isinstance(geometry, RasterGeometry) and geometry.crs:
        a, b, c, d, e, f = geometry.transform
        row, column = ((start + stop) / 2 for start, stop in box[:2])
        if b or d:
            x, y, step = a * column + b * row + c, d * column + e * row + f, math.hypot(a, d)
            unit = UNITS.get(geometry.unit, f" {geometry.unit}")
            return f" · around x {written(x, step)}, y {written(y, step)}{unit}"
    return ""
