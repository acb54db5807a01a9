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

import numpy as np

TILTS = 2.0 ** np.arange(-1.0, 10.5, 0.5)
"""The values of `s` that are tried; any of them gives a valid bound."""
EXACT = 24
"""Up to so many keys the moments are exact: they cost n³ for every tilt."""
VANISHED = 1e-250
"""Below this a mean of products has lost its digits, and the tilt is not used."""


def log_moments(weights: np.ndarray) -> np.ndarray:
    """The logarithm of `E[exp(s X)]`, or a bound on it, for every tilt, query and number of chosen keys.

    Args:
        weights: (query, key), rows that sum to 1.

    Returns:
        (tilt, query, count): counts 0 … n along the last axis; +inf where a tilt cannot be used.
    """
    keys = weights.shape[1]
    highest = weights.max(axis=1)
    shrunk = np.exp(TILTS[:, None, None] * (weights - highest[:, None]))  # 0 … 1, so that nothing overflows
    counts = np.arange(keys + 1)
    scale = TILTS[:, None, None] * highest[:, None] * counts
    with np.errstate(divide="ignore"):
        if keys <= EXACT:
            means = symmetric_means(shrunk)
            return np.where(means > VANISHED, np.log(means), np.inf) + scale
        replaced = counts * np.log(shrunk.mean(axis=2))[..., None] + scale
        share = counts / keys
        two_ended = np.logaddexp(np.log1p(-share), np.log(share) + TILTS[:, None])[:, None, :]
    return np.minimum(replaced, two_ended)


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


def log_chance(moments: np.ndarray, mass: np.ndarray, counts: np.ndarray) -> float:
    """The logarithm of the bound for one fixed choice of keys.

    A choice that was searched for must be charged for the search: add the logarithm of the number of choices.

    Args:
        moments: `log_moments` of the rows.
        mass: the weight of every query on its chosen keys, 0 … 1.
        counts: how many keys are chosen for every query, whole numbers.

    Returns:
        The natural logarithm of the bound, 0 or less.
    """
    chosen = moments[:, np.arange(len(counts)), counts].sum(axis=1)
    return min(0.0, float((chosen - TILTS * mass.sum()).min()))
