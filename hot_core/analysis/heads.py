"""Every head of every layer in numbers: how spread, how far, how alike, and what pattern, for one mode.

All measures are means over the queries that hold data; rows of zeros, which slices without data leave, and
positions that the record's mask calls empty are left out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from hot_core.analysis.head_words import Ruler, agreement_words, distance_words, pattern_words, ruler_of
from hot_core.analysis.pattern_search import Matrix
from hot_core.analysis.patterns import matrix_of, name_pattern, row_entropies
from hot_core.modes import Mode
from hot_core.record import AttentionRecord


@dataclass(frozen=True)
class HeadMeasures:
    """What one head does along one mode.

    Attributes:
        layer, head: which one, from 0.
        entropy: mean over queries of −Σ A ln A, in nats.
        entropy_share: the entropy over its largest value ln n: 1 where all keys are looked at alike.
        distance: mean over queries of Σ_k A[q, k] |coordinate_k − coordinate_q|, in `unit`; for modes without
            order the share of the weight that leaves the query's own position.
        unit: of the distance: "h", "mm", "m", "°", "voxels", "steps", "positions"; "share" without order.
        agreement: mean over all other heads of all layers of the overlap 1 − ½ Σ_k |A_h[q, k] − A_g[q, k]|,
            0 … 1; NaN where there is no other head.
        pattern: its name (see `hot_core.analysis.patterns`).
        strength: the pattern's excess over uniform, 0 … 1; for "uniform" the entropy's share.
        weight: the share of the weight that lies in the pattern; for "uniform" the entropy's share; NaN for
            "mixed" and "too few positions".
        words: the pattern with its measure, in a sentence.
        details: the other measures with their units.
    """

    layer: int
    head: int
    entropy: float
    entropy_share: float
    distance: float
    unit: str
    agreement: float
    pattern: str
    strength: float
    weight: float
    words: str
    details: tuple[str, ...]


def head_measures(record: AttentionRecord, mode: str | int, batch: int = 0) -> tuple[HeadMeasures, ...]:
    """Measure every head of every layer along one mode.

    Args:
        record: attention with mode-wise factors.
        mode: name or index of the mode.
        batch: the element of the batch.

    Returns:
        Layer after layer, head after head.

    Raises:
        SelectionError: when the mode does not exist, or the attention has no factors.
    """
    factors = [record.factor(layer, mode, batch) for layer in range(max(1, record.num_layers))]
    index = record.modes.index(factors[0].attrs["mode"])
    ruler = ruler_of(Mode(record.modes[index], factors[0].coords["query"].values, factors[0].attrs["unit"]))
    places, matrices = [], []
    for layer, factor in enumerate(factors):
        valid = valid_positions(record, layer, index, batch)
        for head, weights in enumerate(factor.values):
            places.append((layer, head))
            matrices.append(matrix_of(weights, valid))
    agreements = agreements_of(matrices)
    return tuple(
        measured(*place, matrix, ruler, agreement)
        for place, matrix, agreement in zip(places, matrices, agreements, strict=True)
    )


def valid_positions(record: AttentionRecord, layer: int, mode: int, batch: int) -> np.ndarray | None:
    """Which positions of a mode hold data: those with any valid token; None where the pass had no mask."""
    tokens = record.valid_tokens(layer, batch)
    if tokens is None:
        return None
    others = tuple(axis for axis in range(tokens.ndim) if axis != mode)
    return np.asarray(tokens.any(axis=others))


def measured(layer: int, head: int, matrix: Matrix, ruler: Ruler, agreement: float) -> HeadMeasures:
    """All measures of one head, given how much it agrees with the others."""
    pattern = name_pattern(matrix, ruler.ordered)
    entropy = float(row_entropies(matrix).mean()) if matrix.weights.size else math.nan
    distance = mean_distance(matrix, ruler)
    named = pattern.strength > 0
    weight = pattern.found.weight if pattern.found and named else pattern.strength if named else math.nan
    details = [distance_words(distance, ruler), agreement_words(agreement)]
    if not math.isnan(entropy):
        details.insert(0, f"entropy {entropy:.2f} nats, {100 * pattern.entropy_share:.0f} % of ln {len(matrix.keys)}")
    return HeadMeasures(
        layer, head, entropy, pattern.entropy_share, distance, ruler.unit, agreement, pattern.name, pattern.strength,
        weight, pattern_words(pattern, ruler, len(matrix.keys)), tuple(details),
    )  # fmt: skip


def mean_distance(matrix: Matrix, ruler: Ruler) -> float:
    """Mean over queries of Σ_k A[q, k] |coordinate_k − coordinate_q|, or the weight off the query where unordered."""
    if not matrix.weights.size:
        return math.nan
    if ruler.ordered:
        away = np.abs(ruler.places[matrix.keys] - ruler.places[matrix.queries][:, None])
    else:
        away = (matrix.keys != matrix.queries[:, None]).astype(float)
    return float((matrix.weights * away).sum(axis=1).mean())


def agreements_of(matrices: list[Matrix]) -> list[float]:
    """For every head the mean overlap with all others, over the queries that both hold; NaN where there is none."""
    whole = [_whole(matrix) for matrix in matrices]
    shared = np.full((len(matrices), len(matrices)), np.nan)
    for one, other in combinations(range(len(matrices)), 2):
        both = np.intersect1d(matrices[one].queries, matrices[other].queries)
        if len(both):
            apart = whole[one] - whole[other]  # two at a time: all together would take a matrix a head once more
            np.abs(apart, out=apart)
            shared[one, other] = shared[other, one] = 1 - 0.5 * float(apart.sum(axis=1)[both].mean())
    return [float(row[~np.isnan(row)].mean()) if (~np.isnan(row)).any() else math.nan for row in shared]


def _whole(matrix: Matrix) -> np.ndarray:
    """The matrix with rows and columns of zeros where there are no data."""
    if matrix.weights.shape == (matrix.size, matrix.size):
        return matrix.weights
    weights = np.zeros((matrix.size, matrix.size))
    weights[np.ix_(matrix.queries, matrix.keys)] = matrix.weights
    return weights
