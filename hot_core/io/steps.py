"""The step of a time axis: the most frequent difference, where it starts, which rows lie off it, and its name."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

# A grid may have so many times more steps than stamps; beyond, a stray date would make gigabytes of gaps.
SPARSE = 20
MOST = 0.5
"""Where more rows than this share lie off the step, it is no step of the series."""


@dataclass(frozen=True)
class Grid:
    """Times that are equally far apart.

    Attributes:
        step: their distance: nanoseconds, or the counter's own numbers.
        phase: the remainder of each of them; for counters the first.
        dated: whether nanoseconds are counted, which have no rounding.
    """

    step: int | float
    phase: int | float
    dated: bool

    def off(self, values: np.ndarray) -> np.ndarray:
        """Which of the numbers do not lie on the grid."""
        if self.dated:
            return np.asarray((values - self.phase) % self.step != 0)
        offset = (values - self.phase) / self.step
        return np.asarray(np.abs(offset - np.round(offset)) > 1e-3)

    def nearest(self, values: np.ndarray) -> np.ndarray:
        """The places of the grid that are nearest to dated numbers; halves go up."""
        step, phase = int(self.step), int(self.phase)
        return np.asarray((values - phase + step // 2) // step * step + phase)

    def trouble(self, values: np.ndarray) -> str:
        """Why no choice about single rows makes the series regular; "" where one does."""
        off = self.off(values)
        if off.mean() > MOST:
            return (
                f"there is no common step: the most frequent one, {self.words}, leaves out "
                f"{int(off.sum()):,} of {len(values):,} rows"
            )
        different = np.unique(values[~off])
        steps = float(different[-1] - different[0]) / float(self.step)
        if steps > SPARSE * len(different):
            return f"its {len(different):,} time stamps would need a grid of {steps:,.0f} steps of {self.words}"
        return ""

    @property
    def words(self) -> str:
        """The step: "15 min", "14 s", "0.5"."""
        return step_words(np.timedelta64(int(self.step), "ns")) if self.dated else f"{self.step:g}"


def time_numbers(stamps: pd.Series) -> tuple[np.ndarray, bool]:
    """Stamps as numbers that can be subtracted, and whether they are dates (then nanoseconds)."""
    dated = np.issubdtype(np.asarray(stamps.to_numpy()).dtype, np.datetime64)
    if dated:
        return stamps.to_numpy().astype("datetime64[ns]").astype(np.int64), True
    return stamps.to_numpy(np.float64), False


def find_grid(values: np.ndarray, dated: bool) -> Grid:
    """The grid of the most frequent step of at least two different times."""
    different = np.unique(values)
    step = _common_step(np.diff(different))
    return Grid(step, _phase(different, step), dated)


def step_words(step: np.timedelta64 | None) -> str:
    """A sampling step: "1 h", "15 min", "1 d", "1 month", "2 years"."""
    if step is None:
        return "step"
    if np.datetime_data(step)[0] == "M":  # which has no fixed length in seconds
        months = int(step.astype(int))
        count, word = (months // 12, "year") if months % 12 == 0 else (months, "month")
        return f"{count} {word}{'' if count == 1 else 's'}"
    seconds = float(step / np.timedelta64(1, "s"))
    for length, word in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds % length == 0:
            return f"{seconds / length:,.0f} {word}"
    return f"{seconds:g} s"


def _common_step(steps: np.ndarray) -> int | float:
    """The most frequent step, the smallest of equals; counters that are not whole may wobble in the sixth digit."""
    scale = 1 if steps.dtype.kind == "i" else float(np.median(steps))
    rounded = steps if steps.dtype.kind == "i" else np.round(steps / scale, 6)
    found, counts = np.unique(rounded, return_counts=True)
    return found[np.argmax(counts)].item() * scale or scale


def _phase(numbers: np.ndarray, step: int | float) -> int | float:
    """The most frequent remainder, so that a stray first stamp does not condemn all others."""
    if numbers.dtype.kind != "i":
        return float(numbers[0])
    found, counts = np.unique(numbers % step, return_counts=True)
    return found[np.argmax(counts)].item()
