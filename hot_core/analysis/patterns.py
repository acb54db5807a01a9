"""Which named pattern an attention matrix shows, by a written rule.

1. Fewer than `FEWEST` positions with data show no pattern.
2. A pattern counts when its excess over uniform (see `pattern_search`) is `LEAST_STRENGTH` or more, and weights
   dealt to the keys at random would reach as much with a probability below `CHANCE` (see `chance`).
3. Among those that count the one with the largest excess gives the name; a simpler one that comes within `TIE`
   of it wins: diagonal before vertical before banded before block. None is named while a simpler one has a larger
   excess, even one that chance could explain: a broad diagonal would otherwise be called blocks.
4. If none counts, the matrix is uniform where its entropy is `UNIFORM_SHARE` of the largest possible; else mixed.

The order of positions carries no meaning for entities, variables and bands: band and block are not offered there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from hot_core.analysis.chance import LogMoments, log_chance
from hot_core.analysis.pattern_search import Found, Matrix, banded, block, diagonal, vertical

FEWEST = 4
"""With 3 positions, rows at random lie on the diagonal once in 27 times: no pattern could be told from chance."""
LEAST_STRENGTH = 0.4
"""Below this excess most of the weight lies elsewhere, and a name would mislead."""
CHANCE = 0.004
"""For each of four patterns: together fewer than 2 false alarms in 100 random matrices."""
TIE = 0.05
"""A pattern with more freedom must be better by this much than one with less."""
SINK_QUERIES, SINK_EACH = 0.8, 0.2
"""Nearly all queries look at a sink: 4 of 5 at least, each with half the excess that the mean must have."""
UNIFORM_SHARE = 0.95
"""Entropy as a share of ln n: with 24 positions weights as even as over 20 or 21 of them."""

TOO_FEW, UNIFORM, MIXED = "too few positions", "uniform", "mixed"


@dataclass(frozen=True, eq=False)
class Pattern:
    """A name with its measure.

    Attributes:
        name: "diagonal", "vertical", "banded", "block", "uniform", "mixed" or "too few positions".
        strength: the excess over uniform; for "uniform" the entropy's share of ln n; 0 for the last two.
        entropy_share: mean entropy of the rows over ln n, 1 for one position, NaN without data.
        found: the pattern itself; for "mixed" the one that comes nearest; None for the others.
    """

    name: str
    strength: float
    entropy_share: float
    found: Found | None = None


def matrix_of(weights: np.ndarray, valid: np.ndarray | None = None) -> Matrix:
    """Leave out what holds no data.

    Args:
        weights: (n, n), query × key; rows sum to 1, or to 0 where a slice holds no data.
        valid: (n,), which positions hold data; without it those whose row or column holds any weight.

    Returns:
        The rows with weight, scaled to sum to exactly 1, and the columns that hold data.
    """
    weights = np.asarray(weights, dtype=np.float64)
    looks = weights.sum(axis=1) > 0
    has_data = looks | (weights.sum(axis=0) > 0) if valid is None else np.asarray(valid, dtype=bool)
    queries, keys = np.flatnonzero(looks & has_data), np.flatnonzero(has_data)
    kept = weights[np.ix_(queries, keys)]
    sums = kept.sum(axis=1, keepdims=True)
    return Matrix(kept / np.where(sums > 0, sums, 1.0), queries, keys, len(weights))


def row_entropies(matrix: Matrix) -> np.ndarray:
    """−Σ_k A ln A of every row, in nats."""
    weights = matrix.weights
    return np.asarray(-(weights * np.log(np.where(weights > 0, weights, 1.0))).sum(axis=1))


def name_pattern(matrix: Matrix, ordered: bool) -> Pattern:
    """Name the pattern of one matrix by the rule above.

    Args:
        matrix: what holds data.
        ordered: whether neighbours on the axis are neighbours in the data.

    Returns:
        The pattern; "mixed" says which one comes nearest.
    """
    share = entropy_share(matrix)
    if min(matrix.weights.shape) < FEWEST:
        return Pattern(TOO_FEW, 0.0, share)
    searches = (diagonal, vertical, banded, block) if ordered else (diagonal, vertical)
    tried = [search(matrix) for search in searches]
    moments = LogMoments(matrix.weights)
    so_far = np.maximum.accumulate([each.excess for each in tried])
    counting = [
        each for each, best in zip(tried, so_far, strict=True) if each.excess >= best and counts(each, matrix, moments)
    ]
    if counting:
        best = max(each.excess for each in counting)
        named = next(each for each in counting if each.excess >= best - TIE)
        return Pattern(named.name, named.excess, share, named)
    if share >= UNIFORM_SHARE:
        return Pattern(UNIFORM, share, share)
    return Pattern(MIXED, 0.0, share, max(tried, key=lambda each: each.excess))


def entropy_share(matrix: Matrix) -> float:
    """The mean entropy of the rows as a share of ln n; 1 for a single key, NaN without rows."""
    if not matrix.weights.size:
        return math.nan
    keys = len(matrix.keys)
    return float(row_entropies(matrix).mean()) / math.log(keys) if keys > 1 else 1.0


def counts(found: Found, matrix: Matrix, moments: LogMoments) -> bool:
    """Whether a pattern is strong enough, is not chance, and, for a sink, holds for nearly all queries."""
    if found.excess < LEAST_STRENGTH:
        return False
    if found.name == "vertical":
        each = (found.mass - found.uniform) / (1 - found.uniform)
        if (each >= SINK_EACH).mean() < SINK_QUERIES:
            return False
    return log_chance(moments, found.mass, found.counts) + found.log_tries <= math.log(CHANCE)
