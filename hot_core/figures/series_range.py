"""Which part of a series a picture shows: a day, a week, the window, or the whole file, thinned where it is long."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from hot_core.figures.axes import plain
from hot_core.modes import Sample, SeriesGeometry

MOST_POINTS = 3000
"""More points than this on a line are thinned: a picture is not wider, and every click sends it anew."""

_HOUR = 3_600_000_000_000
_LENGTHS = (
    ("6 h", 6 * _HOUR), ("1 d", 24 * _HOUR), ("1 w", 168 * _HOUR), ("30 d", 720 * _HOUR), ("90 d", 2160 * _HOUR),
    ("1 y", 8760 * _HOUR),
)  # fmt: skip
_MONTHS = (("1 y", 12), ("2 y", 24), ("5 y", 60), ("10 y", 120), ("20 y", 240))
_STEPS = (("24 steps", 24), ("100 steps", 100), ("1,000 steps", 1000))
FEWEST = 6
"""Steps that a range must hold to be worth a button."""


@dataclass(frozen=True)
class Range:
    """Steps of a file, half open: what of the past is drawn, and how far the picture goes.

    Attributes:
        name: what its button says.
        start: the first step drawn.
        stop: the first step after the picture; beyond the file it is a step of the forecast.
    """

    name: str
    start: int
    stop: int


def ranges(sample: Sample, window: tuple[int, int], horizon: int) -> tuple[Range, ...]:
    """The ranges that a picture offers: each ends with the forecast and begins so much before it.

    Args:
        sample: what was read.
        window: half-open steps of the look-back window.
        horizon: steps of the forecast.

    Returns:
        From the shortest to "all"; "window" is always among them, the others where they differ from it.
    """
    start, stop = window
    end = stop + horizon
    lengths = _lengths(sample)
    shorter = [Range(name, stop - steps, end) for name, steps in lengths if FEWEST <= steps < stop - start]
    longer = [Range(name, stop - steps, end) for name, steps in lengths if stop - start < steps < stop]
    whole = Range("all", 0, max(end, len(sample.modes[2])))
    own = Range("window", start, end)
    rest = [] if (whole.start, whole.stop) == (own.start, own.stop) else [whole]
    return (*shorter[-1:], own, *longer[:1], *rest)


def _lengths(sample: Sample) -> list[tuple[str, int]]:
    """Names of lengths with their steps, where they are a whole number of them."""
    step = sample.geometry.step if isinstance(sample.geometry, SeriesGeometry) else None
    if step is None:
        return list(_STEPS)
    if np.datetime_data(step)[0] == "M":
        months = int(step.astype(int))
        return [(name, length // months) for name, length in _MONTHS if length % months == 0]
    width = int(step.astype("timedelta64[ns]").astype(np.int64))
    return [(name, length // width) for name, length in _LENGTHS if length % width == 0]


def ends(span: Range, data: xr.DataArray, foretold: np.ndarray) -> tuple[object, object]:
    """Where a range begins and ends on the axis of a picture.

    Args:
        span: the range.
        data: the series of the file.
        foretold: coordinates of the forecast's steps.

    Returns:
        Two coordinates as plotly takes them.
    """
    time = data["time"].values
    last = time[span.stop - 1] if span.stop <= len(time) else max(time[-1], foretold[-1])
    return plain(time[max(span.start, 0)]), plain(last)


def thin(values: np.ndarray, most: int = MOST_POINTS) -> np.ndarray:
    """Which steps to draw of a long line: of every stretch its lowest and highest value and its first gap.

    All points stay where they are and a gap, however short, stays one; what lies between the extremes goes.

    Args:
        values: one line, NaN in the gaps.
        most: as many values as are drawn whole; thinned lines have about so many.

    Returns:
        Indices in rising order.
    """
    if len(values) <= most:
        return np.arange(len(values))
    size = -(-2 * len(values) // most)
    padded = np.pad(values.astype(np.float64), (0, -len(values) % size), mode="edge").reshape(-1, size)
    begins = np.arange(len(padded)) * size
    missing = np.isnan(padded)
    lowest = np.where(missing, np.inf, padded).argmin(axis=1) + begins
    highest = np.where(missing, -np.inf, padded).argmax(axis=1) + begins
    gaps = (missing.argmax(axis=1) + begins)[missing.any(axis=1)]
    kept = np.unique(np.concatenate([lowest, highest, gaps, [0, len(values) - 1]]))
    return kept[kept < len(values)]
