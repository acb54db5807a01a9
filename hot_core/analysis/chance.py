"""How likely a pattern is by chance: a bound on what weights placed at random would give.

A pattern says that of every query `q` a mass `X_q` lies on `c_q` chosen keys. If each query's weights were
dealt to the keys at random, `Σ X_q` would reach what was found with a probability of at most
(Chernoff, *Annals of Mathematical Statistics* 23, 1952)

    min_s  exp(−s Σ_q X_q) · Π_q E[exp(s X_q)].

The moment of a deal is exact: with `x_k = exp(s A[q, k])` it is the mean of the product of `c_q` different `x_k`,
the elementary symmetric mean. Beyond `EXACT` keys, where evidence abounds, the bound of Hoeffding
(*JASA* 58, 1963, theorem 4) is enough, since `0 ≤ X_q ≤ 1`:

    E[exp(s X_q)] ≤ min( (mean_k x_k)^{c_q},  1 + (c_q / n)(exp(s) − 1) ).

All of this holds for every matrix whose rows are exchangeable, so the rate of false alarms needs no fit.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import numpy as np

TILTS = 2.0 ** np.arange(-1.0, 10.5, 0.5)
"""The values of `s` that are tried; any of them gives a valid bound. Each is twice the last but one."""
EXACT = 24
"""Up to so many keys the moments are exact: they cost n³ for every tilt."""
VANISHED = 1e-250
"""Below this a mean of products has lost its digits, and the tilt is not used."""


class LogMoments:
    """The logarithm of `E[exp(s X)]`, or a bound on it, of every query for every tilt.

    Nothing is computed before it is asked for, and of many keys only two numbers a query and tilt are kept:
    a table over all counts would take 180 MB for 1000 positions.
    """

    def __init__(self, weights: np.ndarray) -> None:
        """Remember the weights (query, key), rows that sum to 1."""
        self.weights = weights
        self.highest = weights.max(axis=1)

    def at(self, counts: np.ndarray) -> np.ndarray:
        """The moments when a query has so many chosen keys.

        Args:
            counts: one whole number for every query, 0 … number of keys.

        Returns:
            (tilt, query); +inf where a tilt cannot be used.
        """
        scale = TILTS[:, None] * self.highest * counts
        if self.weights.shape[1] <= EXACT:
            return self._exact[:, np.arange(len(counts)), counts] + scale
        share = counts / self.weights.shape[1]
        with np.errstate(divide="ignore"):
            two_ended = np.logaddexp(np.log1p(-share), np.log(share) + TILTS[:, None])
        return np.minimum(counts * self._means + scale, two_ended)

    def _shrunk(self) -> Iterator[np.ndarray]:
        """For every tilt (query, key): `exp(s A)` over its row's largest, 0 … 1, so that nothing overflows."""
        below = self.weights - self.highest[:, None]
        latest = [np.exp(tilt * below) for tilt in TILTS[:2]]
        for at in range(len(TILTS)):
            yield latest[at % 2]
            latest[at % 2] = np.square(latest[at % 2])  # every second tilt is twice the one before: no further exp

    @cached_property
    def _exact(self) -> np.ndarray:
        """(tilt, query, count): the logarithm of the mean of products, for all counts."""
        means = symmetric_means(np.stack(list(self._shrunk())))
        with np.errstate(divide="ignore"):
            return np.where(means > VANISHED, np.log(means), np.inf)

    @cached_property
    def _means(self) -> np.ndarray:
        """(tilt, query): the logarithm of the mean over the keys."""
        return np.stack([np.log(shrunk.mean(axis=1)) for shrunk in self._shrunk()])


def symmetric_means(values: np.ndarray) -> np.ndarray:
    """The mean of the product of `c` different values, for `c` = 0 … n.

    Built up value by value, `p_c ← ((m − c) p_c + c x_m p_{c−1}) / m`: only sums of positive numbers.

    Args:
        values: (…, n), numbers from 0 to 1.

    Returns:
        (…, n + 1), the first of them 1.
    """
    keys = values.shape[-1]
    means = np.zeros((*values.shape[:-1], keys + 1))
    means[..., 0] = 1.0
    for m in range(1, keys + 1):
        share = np.arange(1, m + 1) / m
        grown = share * values[..., m - 1, None] * means[..., :m]
        means[..., 1 : m + 1] = (1 - share) * means[..., 1 : m + 1] + grown
    return means


def log_chance(moments: LogMoments, mass: np.ndarray, counts: np.ndarray) -> float:
    """The logarithm of the bound for one fixed choice of keys.

    A choice that was searched for must be charged for the search: add the logarithm of the number of choices.

    Args:
        moments: those of the rows.
        mass: the weight of every query on its chosen keys, 0 … 1.
        counts: how many keys are chosen for every query, whole numbers.

    Returns:
        The natural logarithm of the bound, 0 or less.
    """
    chosen = moments.at(counts).sum(axis=1)
    return min(0.0, float((chosen - TILTS * mass.sum()).min()))
