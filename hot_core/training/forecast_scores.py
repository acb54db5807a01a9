"""Errors and intervals of forecasts over many windows, kept window by window so that weeks can be drawn again."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from hot_core.training.metrics import bootstrap

WEEK = 7
"""Daily windows that are drawn together: neighbouring days share their weather."""


@dataclass
class ForecastSums:
    """Sums over the valid targets of every window of one way to forecast.

    Attributes:
        errors: for each window the squared errors, the absolute errors and the number of targets.
        inside: for each window the targets inside the interval, the interval's widths and the number of targets.
    """

    errors: list[np.ndarray] = field(default_factory=list)
    inside: list[np.ndarray] = field(default_factory=list)

    def add(self, forecast: np.ndarray, target: np.ndarray, keep: np.ndarray) -> None:
        """Add a batch of windows.

        Args:
            forecast: (window, …), or (window, …, 3) with the ends of an interval.
            target: (window, …); what stands at invalid places is ignored.
            keep: bool, the same shape.
        """
        ends = forecast.ndim > target.ndim
        point = forecast[..., 0] if ends else forecast
        error = np.where(keep, point.astype(np.float64) - target, 0.0)
        axes = tuple(range(1, target.ndim))
        count = keep.sum(axes)
        self.errors.append(np.stack([(error**2).sum(axes), np.abs(error).sum(axes), count], axis=1))
        if ends:
            low, high = forecast[..., 1].astype(np.float64), forecast[..., 2].astype(np.float64)
            within = ((low <= target) & (target <= high) & keep).sum(axes)
            width = np.where(keep, high - low, 0.0).sum(axes)
            self.inside.append(np.stack([within, width, count], axis=1))

    @cached_property
    def table(self) -> np.ndarray:
        """(window, 3): squared, absolute, number."""
        return np.concatenate(self.errors)

    @property
    def mse(self) -> float:
        """Mean squared error over all valid targets."""
        return ratio(self.table, 0)

    @property
    def mae(self) -> float:
        """Mean absolute error over all valid targets."""
        return ratio(self.table, 1)

    @property
    def coverage(self) -> float:
        """Share of the valid targets inside the interval."""
        return ratio(np.concatenate(self.inside), 0)

    @property
    def width(self) -> float:
        """Mean width of the interval."""
        return ratio(np.concatenate(self.inside), 1)


def ratio(sums: np.ndarray, column: int) -> float:
    """The sum of a column over the sum of the last one, which counts.

    Args:
        sums: (window, column).
        column: which.

    Returns:
        A mean over all that was counted; 0 where nothing was.
    """
    return float(sums[:, column].sum() / max(sums[:, -1].sum(), 1))


def weekly_interval(ours: ForecastSums, column: int, theirs: ForecastSums | None = None) -> tuple[float, float]:
    """95 % interval of a mean error, or of its relative reduction against another forecast, over redrawn weeks.

    Args:
        ours: one way to forecast.
        column: 0 for squared, 1 for absolute errors.
        theirs: another way on the same windows; None for the error itself.

    Returns:
        Lower and upper end; a reduction is 1 − ours / theirs.
    """
    weeks = -(-len(ours.table) // WEEK)
    members = [np.arange(w * WEEK, min((w + 1) * WEEK, len(ours.table))) for w in range(weeks)]

    def measure(drawn: np.ndarray) -> float:
        index = np.concatenate([members[w] for w in drawn])
        value = ratio(ours.table[index], column)
        return value if theirs is None else 1 - value / ratio(theirs.table[index], column)

    return bootstrap(measure, np.zeros(weeks))


def widening(forecast: np.ndarray, target: np.ndarray, keep: np.ndarray, share: float) -> np.ndarray:
    """How much wider each step's interval must be to hold a share of the targets (split conformal, by lead time).

    A target lies inside when its distance from the point is at most `factor` times the interval's distance on its
    side; the factor is the ⌈(n + 1)·share⌉-th smallest of these quotients.

    Args:
        forecast: (…, horizon, 3): point, lower and upper end.
        target: (…, horizon).
        keep: bool, the same shape.
        share: what the interval claims to hold.

    Returns:
        One factor for each step, (horizon,). Source: Romano, Patterson, Candès, arXiv 1905.03222, in the
        multiplicative form; exact only for exchangeable cases, which days in a row are not.
    """
    point, low, high = np.moveaxis(forecast.astype(np.float64), -1, 0)
    error = target - point
    distance = np.where(error < 0, point - low, high - point)
    quotient = np.abs(error) / np.maximum(distance, 1e-9)
    factors = []
    for step in range(target.shape[-1]):
        kept = np.sort(quotient[..., step][keep[..., step]])
        place = min(int(np.ceil((len(kept) + 1) * share)), len(kept)) - 1
        factors.append(kept[place] if len(kept) else 1.0)
    return np.array(factors)
