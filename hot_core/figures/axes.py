"""Token axes as plot axes: edges, ranges and titles in the data's own coordinates."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from hot_core.analysis.words import UNITS, place, span_words
from hot_core.modes import Mode, TokenAxis

PLACELESS = ("pixel", "map unit")
"""The units of the rows and columns of a raster that names no reference system."""


@dataclass(frozen=True, eq=False)
class PlotAxis:
    """One axis of a picture.

    Attributes:
        values: what plotly gets for x or y: names, or the n + 1 edges of the n cells.
        starts, stops: where each cell begins and ends on the axis (half-integers for names).
        title: what the axis shows, with its unit.
        look: further settings of a plotly axis.
        first: the token that the first cell shows; tokens before it cover no data (short series).
    """

    values: np.ndarray
    starts: np.ndarray
    stops: np.ndarray
    title: str
    look: dict[str, object] = field(default_factory=dict)
    first: int = 0

    def __len__(self) -> int:
        return len(self.starts)

    @property
    def longest(self) -> int:
        """Characters of the longest label, as far as it can be known before drawing."""
        if self.look.get("type") == "category":
            return max(len(str(name)) for name in self.values)
        if self.look.get("type") == "date":
            return 12 if "%H" in str(self.look["tickformat"]) else 7
        return max(len(format(float(v), str(self.look["tickformat"]))) for v in (self.starts[0], self.stops[-1]))

    @property
    def left(self) -> int:
        """Pixels that labels and title need beside a vertical axis."""
        return 32 + int(6.3 * min(self.longest, 26))

    @property
    def slanted(self) -> bool:
        """Whether names below a horizontal axis of about 200 pixels must be slanted."""
        return self.look.get("type") == "category" and len(self) * (self.longest + 1) * 6.3 > 200

    @property
    def below(self) -> int:
        """Pixels that labels and title need below a horizontal axis."""
        return 46 + (int(3.6 * min(self.longest, 26)) if self.slanted else 0)

    @property
    def range(self) -> list[object]:
        """From the first cell's beginning to the last one's end."""
        return [plain(self.starts[0]), plain(self.stops[-1])]

    def cell(self, token: int) -> tuple[object, object]:
        """Beginning and end of a token's cell."""
        at = max(token - self.first, 0)
        return plain(self.starts[at]), plain(self.stops[at])

    def nearest(self, value: float | str) -> int:
        """The token at a place on the axis, as a click reports it."""
        if self.starts.dtype.kind == "M":
            at = np.datetime64(str(value)).astype("datetime64[ns]").astype(np.int64)
            middles = (self.starts.astype(np.int64) + self.stops.astype(np.int64)) / 2
        elif isinstance(value, str) and value in list(self.values):
            return self.first + list(self.values).index(value)
        else:
            at = float(value)
            middles = (self.starts + self.stops) / 2
        return self.first + int(np.argmin(np.abs(middles - at)))


def plain(value: object) -> object:
    """A numpy scalar as something that JSON and plotly take."""
    if isinstance(value, np.datetime64):
        return str(value.astype("datetime64[s]"))
    return value.item() if isinstance(value, np.generic) else value


def mode_title(mode: Mode) -> str:
    """The mode's name with its unit: "x (mm)", "row (m)", "time"."""
    return f"{mode.name} ({unit_word(mode.unit)})" if mode.unit else mode.name


def unit_word(unit: str) -> str:
    """A unit as short as it is usually written."""
    return {"metre": "m", "degree": "°"}.get(unit, unit)


def as_stored(mode: Mode) -> bool:
    """Whether a raster is drawn as its file has it, first row on top: where its axes point on a map is not known.

    Args:
        mode: its rows or its columns.

    Returns:
        True for rotated rasters, pictures without a place, and files that name no reference system; False for maps.
    """
    return mode.rotated or (mode.unit or "pixel") in PLACELESS


def native_edges(mode: Mode) -> np.ndarray:
    """The n + 1 edges of the native positions; names get half-integers around their index."""
    coords = np.asarray(mode.coords)
    if coords.dtype.kind not in "iufM":
        return np.arange(len(coords) + 1) - 0.5
    if coords.dtype.kind == "M":
        step = np.diff(coords).min() if len(coords) > 1 else np.timedelta64(1, "h")
        return np.append(coords, coords[-1] + step)  # a stamp is the beginning of its step
    step = float(np.median(np.diff(coords))) if len(coords) > 1 else 1.0
    return np.append(coords - step / 2, coords[-1] + step / 2).astype(np.float64)


def token_axis(axis: TokenAxis) -> PlotAxis:
    """The tokens of a mode as a plot axis."""
    mode, edges = axis.mode, native_edges(axis.mode)
    first = int(np.argmax(axis.stops > axis.starts))
    starts, stops = edges[axis.starts[first:]], edges[axis.stops[first:]]
    if edges.dtype.kind != "M" and np.asarray(mode.coords).dtype.kind not in "iuf":
        names = np.array([str(mode.coords[start]) for start in axis.starts[first:]])
        positions = np.arange(len(names))
        look: dict[str, object] = {"type": "category", "tickmode": "linear" if len(names) <= 24 else "auto"}
        return PlotAxis(names, positions - 0.5, positions + 0.5, mode_title(mode), look, first)
    values = np.append(starts, stops[-1])
    if edges.dtype.kind == "M":
        days = float((stops[-1] - starts[0]) / np.timedelta64(1, "D"))
        form = "%d %b %H:%M" if days < 2 else "%d %b" if days < 300 else "%b %Y"
        dated: dict[str, object] = {"type": "date", "nticks": 5, "tickformat": form}
        return PlotAxis(values.astype("datetime64[s]"), starts, stops, mode.name, dated, first)
    # a map has north at the top whichever way its file runs; the axis of a matrix follows the file
    order = ", south first" if mode.name == "row" and edges[0] < edges[-1] and not as_stored(mode) else ""
    return PlotAxis(values, starts, stops, mode_title(mode) + order, number_look(mode), first)


def number_look(mode: Mode) -> dict[str, object]:
    """How numbers are written on the axis: metres in full, degrees with decimals."""
    extent = float(np.ptp(mode.coords)) if len(mode) > 1 else 1.0
    decimals = max(0, int(np.ceil(1 - np.log10(max(extent, 1e-9) / 3))))
    return {"type": "linear", "nticks": 5, "tickformat": f",.{min(decimals, 5)}f"}


def mode_step(mode: Mode) -> float:
    """The distance between neighbouring coordinates, 1 where there is only one."""
    return abs(float(mode.coords[1] - mode.coords[0])) if len(mode) > 1 else 1.0


def step_decimals(mode: Mode) -> int:
    """The decimals that tell neighbouring coordinates of an axis apart: 0 for 10 m, 4 for 0.00015°."""
    apart = mode_step(mode)
    return max(0, math.ceil(-math.log10(apart) - 1e-6)) if apart > 0 else 0


def short_word(mode: Mode, native: int) -> str:
    """One native position in as few characters as are still clear: "JFK", "07-14 08:00", "−26"."""
    value = mode.coords[native]
    if isinstance(value, np.datetime64):
        return str(np.datetime_as_string(value, unit="m")).replace("T", " ")[5:]
    if np.asarray(value).dtype.kind not in "iuf":
        return str(value)
    unit = 10.0 ** -step_decimals(mode)
    # −26.5 and −25.5 on an axis in steps of 1 would both be rounded to −26
    halved = mode_step(mode) < 1.01 * unit and abs(float(value) / unit % 1 - 0.5) < 0.01
    return place(float(value), unit / 10 if halved else unit)


def token_word(axis: TokenAxis, token: int) -> str:
    """A token in few characters: its middle for numbers, as the page says it, its first for names and dates."""
    mode = axis.mode
    if axis.stops[token] <= axis.starts[token]:
        return "before"
    if mode.name == "time" or mode.coords.dtype.kind not in "iuf":
        return short_word(mode, int(axis.starts[token]))
    return span_words(axis, token).removesuffix(f" {UNITS.get(mode.unit or '', mode.unit or '')}")
