"""How far two maps order the tokens alike: Spearman's rank correlation, with a bootstrap interval over tokens.

    ρ = Pearson correlation of the ranks, equal values sharing their mean rank

The interval is the 2.5th to 97.5th percentile of `ρ` over resampled tokens, each draw ranked anew. Neighbouring tokens
are alike, so the true uncertainty is larger: the interval says how far `ρ` hangs on single tokens, and no more.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

DRAWS = 400
MOST = 4096
"""Tokens that a draw of the bootstrap takes at most; the interval of more is narrower than anybody needs to know."""


@dataclass(frozen=True)
class Agreement:
    """A rank correlation.

    Attributes:
        rho: Spearman's ρ, −1 to 1; NaN where one of the maps is the same everywhere.
        low, high: the 95 % bootstrap interval.
        tokens: how many tokens were compared.
    """

    rho: float
    low: float
    high: float
    tokens: int

    @property
    def words(self) -> str:
        """The numbers, for a sentence."""
        if not np.isfinite(self.rho):
            return "no rank correlation: one of the two is the same everywhere"
        return f"rank correlation {self.rho:.2f} [{self.low:.2f}, {self.high:.2f}]".replace("-", "−")


def spearman(one: np.ndarray, other: np.ndarray) -> float:
    """Spearman's ρ of two flat arrays; NaN where one is constant or they are shorter than 3."""
    if one.size < 3:
        return float("nan")
    return correlation(rankdata(one), rankdata(other))


def correlation(one: np.ndarray, other: np.ndarray) -> float:
    """Pearson's correlation of two lists of ranks; NaN where one is constant."""
    middle = (one.size + 1) / 2  # the mean of ranks, ties or not
    ranks = one - middle, other - middle
    norms = np.sqrt((ranks[0] @ ranks[0]) * (ranks[1] @ ranks[1]))
    return float(ranks[0] @ ranks[1] / norms) if norms > 0 else float("nan")


def ranks_of(codes: np.ndarray, pick: np.ndarray, different: int) -> np.ndarray:
    """The ranks of a resample, from the place of every value among the different ones: counted, not sorted again.

    Args:
        codes: for each value its place, from 0, among the different values in order.
        pick: which values the resample takes.
        different: how many different values there are.

    Returns:
        Ranks from 1, equal values sharing their mean rank.
    """
    taken = codes[pick]
    counts = np.bincount(taken, minlength=different)
    return (np.cumsum(counts) - (counts - 1) / 2)[taken]


def agreement(one: np.ndarray, other: np.ndarray, valid: np.ndarray, seed: int) -> Agreement:
    """Compare the order of two maps over the tokens that hold data.

    Args:
        one: a number for each token.
        other: likewise.
        valid: which tokens hold data.
        seed: of the bootstrap.

    Returns:
        ρ with its interval.
    """
    first, second = one[valid], other[valid]
    rng = np.random.default_rng(seed)
    size = min(first.size, MOST)
    rho, draws = spearman(first, second), np.empty(0)
    if np.isfinite(rho):
        codes = [np.unique(values, return_inverse=True)[1] for values in (first, second)]
        counts = [int(code.max()) + 1 for code in codes]
        picks = (rng.integers(first.size, size=size) for _ in range(DRAWS))
        draws = np.array(
            [correlation(*(ranks_of(code, pick, n) for code, n in zip(codes, counts, strict=True))) for pick in picks]
        )
    known = draws[np.isfinite(draws)]
    low, high = np.percentile(known, (2.5, 97.5)) if known.size else (float("nan"), float("nan"))
    return Agreement(rho, float(low), float(high), int(first.size))
