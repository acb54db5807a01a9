"""Numbers and positions as a person says them: coordinates with units, three significant digits."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd

from hot_core.modes import Geometry, RasterGeometry, TokenAxis, TokenGrid, VolumeGeometry

UNITS = {"metre": "m", "meter": "m", "degree": "°", "US survey foot": "ft (US survey)", "foot": "ft"}
DAY = np.timedelta64(1, "D")
RECENT = 24
"""Times at the end of a series that tell by which calendar rule it goes on."""


def number(value: float, digits: int = 3) -> str:
    """A number with at most `digits` significant digits, a typographic minus and no exponent in 1e-6 … 1e9.

    Returns:
        "0.031", "−26", "1,230", "0".
    """
    if value == 0 or not math.isfinite(value):
        return "0" if value == 0 else str(value)
    magnitude = math.floor(math.log10(abs(value)))
    if not -6 <= magnitude < 9:
        return f"{value:.{digits - 1}e}".replace("-", "−")
    rounded = round(value, digits - 1 - magnitude)
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(rounded))))
    text = f"{rounded:,.{decimals}f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text).replace("-", "−")


def place(value: float, resolution: float) -> str:
    """A coordinate, to a tenth of `resolution` at the finest and with as few decimals as that needs.

    Returns:
        "298,412" where a step is 28.5, "−26" where it is 4, "−34.9051" where it is 0.0003.
    """
    decimals = max(0, math.ceil(-math.log10(resolution))) if resolution > 0 else 0
    text = f"{value:,.{decimals}f}".replace("-", "−")
    return text if text.strip("−0.,") else text.lstrip("−")


def middle_place(value: float, step: float, count: int) -> str:
    """The middle of `count` neighbouring positions that are `step` apart.

    The middle of an even number lies between two positions, and gets the decimal that tells it from them.

    Returns:
        "−28.5" for 4 positions 1 apart, "−28" for 3 of them, "227,943" for 4 that are 28.5 apart.
    """
    fine = place(value, step / 10) if count % 2 == 0 else "0"
    return place(value, step) if fine.endswith("0") else fine


def span_words(axis: TokenAxis, token: int) -> str:
    """The interval of coordinates that a token covers: names, times, or numbers with their unit.

    Returns:
        "JFK", "2013-12-30 14:00–18:00", "steps 40–43", "−28.5 mm" (the middle), "voxels 8–15".
    """
    coords = axis.mode.coords
    start, stop = int(axis.starts[token]), int(axis.stops[token])
    if stop <= start:
        return "before the data begin"
    if np.issubdtype(coords.dtype, np.datetime64):
        return time_words(coords[start], coords[stop - 1], step_at(coords, stop - 1))
    if axis.mode.name == "time":
        return f"step {coords[start]}" if stop - start == 1 else f"steps {coords[start]}–{coords[stop - 1]}"
    if not np.issubdtype(coords.dtype, np.number):
        return str(coords[start]) if stop - start == 1 else f"{coords[start]} … {coords[stop - 1]}"
    unit = axis.mode.unit or ""
    if unit == "voxel":
        return f"voxel {start}" if stop - start == 1 else f"voxels {start}–{stop - 1}"
    centre = float(coords[start] + coords[stop - 1]) / 2
    return f"{middle_place(centre, spacing(axis), stop - start)} {UNITS.get(unit, unit)}".rstrip()


def step_at(times: np.ndarray, at: int) -> np.timedelta64:
    """How long the step at a place is: to the next time, and of the last one by the calendar, as months differ.

    Returns:
        The length; a day where there is one time only.
    """
    if len(times) == 1:
        return DAY
    if at < len(times) - 1:
        return np.timedelta64(times[at + 1] - times[at])
    rule = pd.DatetimeIndex(times[-RECENT:], freq="infer").freq if len(times) > 2 else None
    if rule is None:
        return np.timedelta64(times[-1] - times[-2])
    return np.timedelta64((times[-1] + rule) - pd.Timestamp(times[-1]))


def time_words(first: np.datetime64, last: np.datetime64, step: np.timedelta64) -> str:
    """The time that steps cover, the last one to its end; whole days are named without a clock.

    The clock has minutes, or seconds or milliseconds where begin or end need them.

    Returns:
        "2013-12-30 14:00–18:00", "2013-12-30 22:00 – 2013-12-31 02:00", "2013-12-30 – 2014-01-02".
    """
    if step % DAY == np.timedelta64(0) and first == first.astype("datetime64[D]"):
        days = [str(first.astype("datetime64[D]")), str((last + step - DAY).astype("datetime64[D]"))]
        return days[0] if days[0] == days[1] else " – ".join(days)
    end = last + step
    both = np.array([first, end])
    units: tuple[Literal["m", "s"], ...] = ("m", "s")
    exact: Literal["m", "s", "ms"] = next((u for u in units if (both.astype(f"datetime64[{u}]") == both).all()), "ms")
    texts = [str(t).replace("T", " ") for t in np.datetime_as_string(both, unit=exact)]
    if texts[0][:10] == texts[1][:10]:
        return f"{texts[0]}–{texts[1][11:]}"
    midnight = end == end.astype("datetime64[D]") and end - DAY == first.astype("datetime64[D]")
    return f"{texts[0]}–24:00" if midnight else " – ".join(texts)


def position_words(grid: TokenGrid, token: tuple[int, ...], geometry: Geometry | None = None) -> str:
    """Where a token lies, in the words and units of the data.

    Args:
        grid: the token grid.
        token: one index for each mode.
        geometry: the sample's; with it, positions are world positions on oblique volumes and rotated rasters too.

    Returns:
        "JFK · humidity · 2013-12-30 14:00–18:00", "(−26.5, −18.5, −15) mm", "x 298,412, y 9,119,230 m · nir".
    """
    names = [axis.mode.name for axis in grid.axes]
    if names == ["x", "y", "z"]:
        return volume_words(grid, token, geometry)
    if names[:2] == ["row", "column"]:
        return raster_words(grid, token, geometry)
    return " · ".join(span_words(axis, t) for axis, t in zip(grid.axes, token, strict=True))


def volume_words(grid: TokenGrid, token: tuple[int, ...], geometry: Geometry | None) -> str:
    """The middle of a token in mm: world where the affine is known, along the array otherwise.

    Returns:
        "(−26.5, −18.5, −15) mm"; "voxel (3.5, 11.5, 3.5)" where the file names neither unit nor orientation.
    """
    coords = [float(c) for c in middle(grid, token)]
    spans = grid.native_of(token)
    if isinstance(geometry, VolumeGeometry) and geometry.placed:
        coords = world_of([(s.start + s.stop - 1) / 2 for s in spans], geometry.affine)
    words = [
        middle_place(c, spacing(axis), s.stop - s.start) for c, axis, s in zip(coords, grid.axes, spans, strict=True)
    ]
    unit, at = grid.axes[0].mode.unit or "mm", f"({', '.join(words)})"
    return f"voxel {at}" if unit == "voxel" else f"{at} {unit}"


def world_of(voxel: Sequence[float], affine: np.ndarray) -> list[float]:
    """The world coordinates of a voxel, `affine · (voxel, 1)`, added up from the left.

    In this order the browser adds them too: a matrix product may take another, and the last bit then decides to
    which neighbour a coordinate half-way between two is rounded.

    Returns:
        x, y and z in mm.
    """
    x, y, z = voxel
    return [a * x + b * y + c * z + d for a, b, c, d in affine[:3].tolist()]


def raster_words(grid: TokenGrid, token: tuple[int, ...], geometry: Geometry | None) -> str:
    """The middle of a patch in map coordinates, and the band.

    Returns:
        "x 298,412, y 9,119,230 m · nir"; "34.9051° W, 8.1200° S · nir" in degrees.
    """
    y, x = (float(c) for c in middle(grid, token)[:2])
    unit = grid.axes[0].mode.unit or ""
    steps = [spacing(axis) for axis in grid.axes[:2]]
    if isinstance(geometry, RasterGeometry):
        a, b, c, d, e, f = geometry.transform
        row, column = ((s.start + s.stop) / 2 for s in grid.native_of(token)[:2])
        x, y = a * column + b * row + c, d * column + e * row + f
        unit, steps = geometry.unit, [math.hypot(b, e), math.hypot(a, d)]
    counts = [s.stop - s.start for s in grid.native_of(token)[:2]]
    band = span_words(grid.axes[2], token[2])
    if unit.startswith("degree"):
        east, north = ("E" if x >= 0 else "W"), ("N" if y >= 0 else "S")
        x, y = abs(x), abs(y)
    across, down = middle_place(x, steps[1], counts[1]), middle_place(y, steps[0], counts[0])
    if unit.startswith("degree"):
        return f"{across}° {east}, {down}° {north} · {band}"
    return f"x {across}, y {down}{f' {UNITS.get(unit, unit)}' if unit else ''} · {band}"


def middle(grid: TokenGrid, token: tuple[int, ...]) -> list[Any]:
    """The token coordinate of every mode."""
    return [axis.coords[t] for axis, t in zip(grid.axes, token, strict=True)]


def spacing(axis: TokenAxis) -> float:
    """The distance between neighbouring native coordinates, 1 where there is only one."""
    coords = axis.mode.coords
    return abs(float(coords[1] - coords[0])) if len(coords) > 1 else 1.0
