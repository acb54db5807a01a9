"""The statistics of what a model has learnt from, and the comparison of an input with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from hot_core.familiarity.distance import Gaussian, fit
from hot_core.familiarity.result import Familiarity, Standout

FOLDS = 5
MOST_UNITS = 16
"""Series of an input whose statistics are kept; more say nothing new."""
SHOWN = 3
LOG_FROM = 3.0
"""Positive statistics whose 95 % quantile is above 1 and this many times their 5 % quantile are compared by their
logarithms."""

Statistics = Mapping[str, float | np.ndarray]
"""Numbers by name; an array where an input has several units (series), NaN where one is not there."""


@dataclass(frozen=True, eq=False)
class Reference:
    """A table of statistics; mean, correlations and threshold follow from it for whatever an input has of them.

    An input without some of the statistics (bands that are not there) is compared by the others, against a threshold
    for these others: nothing is filled in. Of an input with several units the middle unit counts, and the threshold is
    that of learnt inputs with as many.

    Attributes:
        names: of the statistics.
        table: (input, unit, statistic), NaN where there is none.
        fold: (input,) which fifth it belongs to; the threshold is set by distances from the other four.
        plain: (input,) bool, False for an input disturbed as while training, which widens the distribution and does
            not set the threshold.
        false_alarm_rate: share of inputs like the plain ones beyond the threshold.
    """

    names: tuple[str, ...]
    table: np.ndarray
    fold: np.ndarray
    plain: np.ndarray
    false_alarm_rate: float = 0.05

    def compare(self, statistics: Statistics) -> Familiarity | None:
        """Where an input lies among the learnt ones.

        Args:
            statistics: of the input, by name; a name that is missing is left out of the comparison.

        Returns:
            Its distance beside the threshold; None where no statistic can be compared.
        """
        columns = [np.atleast_1d(np.asarray(statistics.get(name, np.nan), np.float64)) for name in self.names]
        units = np.stack(np.broadcast_arrays(*columns), axis=-1)
        units = _spread(units[np.isfinite(units).any(1)], self.table.shape[1])
        have = np.isfinite(units).any(0) & np.isfinite(self.table).any((0, 1))
        if not have.any():
            return None
        logged = self._logged() & have
        table, units = _logarithms(self.table, self.table, logged)[..., have], _logarithms(units, self.table, logged)
        distance = float(np.median(_fit(table).distance(units[:, have])))
        threshold = _quantile(self._held_out(table, len(units)), 1 - self.false_alarm_rate)
        farthest = self._farthest(units, have, logged, len(units))
        return Familiarity(distance, threshold, self.false_alarm_rate, distance > threshold, farthest)

    def _logged(self) -> np.ndarray:
        """Which statistics are compared by their logarithms: sizes, never shares and correlations."""
        flat = self.table.reshape(-1, len(self.names))
        there = np.isfinite(flat)
        positive = (np.where(there, flat, 1.0) > 0).all(0) & there.any(0)
        low, high = np.nanquantile(np.where(there.any(0), flat, 1.0), (0.05, 0.95), axis=0)
        return positive & (high > LOG_FROM * low) & (high > 1)

    def _held_out(self, table: np.ndarray, count: int) -> np.ndarray:
        """The distance of every plain input from the other folds, by the middle of its first `count` units."""
        distances = np.full(len(table), np.nan)
        for fold in np.unique(self.fold[self.plain]):
            gaussian = _fit(table[self.fold != fold])
            for at in np.flatnonzero((self.fold == fold) & self.plain):
                rows = table[at][np.isfinite(table[at]).any(1)][:count]
                if len(rows):
                    distances[at] = np.median(gaussian.distance(rows))
        return distances[np.isfinite(distances)]

    def _farthest(self, units: np.ndarray, have: np.ndarray, logged: np.ndarray, count: int) -> tuple[Standout, ...]:
        """The statistics that lie farthest from the learnt ones, the middle over the units, in their own numbers."""
        usual = _middle(_logarithms(self.table, self.table, logged)[self.plain, :count][..., have], 1)
        found = _middle(units[:, have], 0)
        gaussian = fit(usual)
        apart = np.abs((found - gaussian.mean) / gaussian.scale)
        low, high = np.nanquantile(usual, (0.025, 0.975), axis=0)
        order = np.argsort(-apart, kind="stable")[:SHOWN]
        # Where none lies outside by itself, it is the two that are farthest which do not go together.
        outside = [i for i in order if not low[i] <= found[i] <= high[i]] or list(order[:2])
        back = [np.exp if log else float for log in logged[have]]
        names = [name for name, there in zip(self.names, have, strict=True) if there]
        return tuple(
            Standout(names[i], *(float(back[i](number)) for number in (found[i], low[i], high[i]))) for i in outside
        )


def _middle(values: np.ndarray, axis: int) -> np.ndarray:
    """The median of what is there, NaN where nothing is."""
    return np.asarray(np.ma.median(np.ma.masked_invalid(values), axis=axis).filled(np.nan))


def _spread(units: np.ndarray, most: int) -> np.ndarray:
    """At most `most` units, evenly spread: the middle of more would scatter less than the threshold allows for."""
    return units[np.linspace(0, max(len(units) - 1, 0), min(most, len(units))).astype(int)]


def _fit(table: np.ndarray) -> Gaussian:
    rows = table.reshape(-1, table.shape[-1])
    return fit(rows[np.isfinite(rows).any(1)])


def _logarithms(values: np.ndarray, table: np.ndarray, logged: np.ndarray) -> np.ndarray:
    """Logarithms of some statistics; what is not positive counts as a thousandth of the smallest learnt one."""
    least = np.where(logged, np.nanmin(np.where(np.isfinite(table), table, np.inf), axis=(0, 1)), 1.0)
    positive = np.where(logged, np.maximum(values, 1e-3 * least), 1.0)
    return np.where(logged, np.log(positive), values)


def _quantile(values: np.ndarray, level: float) -> float:
    """The smallest value that at least `level` of one more value like these would not pass (split conformal)."""
    place = int(np.ceil((len(values) + 1) * level)) - 1
    return float(np.sort(values)[min(place, len(values) - 1)])
