"""The search for each named pattern in one attention matrix, with its excess over uniform attention.

Every pattern chooses some keys for every query. `weight` `w` is the mean over queries of what lies on them,
`uniform` `u` is what it would be if all keys were looked at alike, and the *excess*

    (w − u) / (1 − u)

is 0 for uniform attention and 1 when everything lies there, so patterns can be compared.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

MAX_SINKS = 3
"""A sink is one key or few: at most this many, and never more than a quarter of the keys."""
SINK_GAIN = 0.1
"""A further key joins a sink when it raises the excess by this much."""
BAND_TIE = 0.02
"""Among bands this close to the best one the narrowest is taken: any wider one holds its weight too."""


@dataclass(frozen=True, eq=False)
class Matrix:
    """The part of an attention matrix that holds data.

    Attributes:
        weights: (query, key), rows sum to 1; rows and columns without data are left out.
        queries, keys: the positions of rows and columns on the mode's axis, ascending.
        size: positions of the mode, those without data too.
    """

    weights: np.ndarray
    queries: np.ndarray
    keys: np.ndarray
    size: int


@dataclass(frozen=True, eq=False)
class Found:
    """A pattern as it was found.

    Attributes:
        name: "diagonal", "vertical", "banded" or "block".
        weight: mean over queries of the weight that lies in the pattern, 0 … 1.
        uniform: the same for uniform attention.
        mass, counts: for every query its weight in the pattern and its number of keys.
        log_tries: the natural logarithm of how many such patterns were tried.
        places: diagonal: (); vertical: the keys; banded: first and last offset, key − query; block: the
            positions at which a block begins, the first of them included.
    """

    name: str
    weight: float
    uniform: float
    mass: np.ndarray
    counts: np.ndarray
    log_tries: float
    places: tuple[int, ...]

    @property
    def excess(self) -> float:
        """(w − u) / (1 − u): 0 is uniform, 1 is all."""
        return excess(self.weight, self.uniform)


def excess(weight: float, uniform: float) -> float:
    """What a weight is above uniform, of what it could be: `(w − u) / (1 − u)`, 0 where u is 1."""
    return (weight - uniform) / (1 - uniform) if uniform < 1 else 0.0


def found(name: str, matrix: Matrix, chosen: np.ndarray, tries: float, places: tuple[int, ...]) -> Found:
    """A pattern from the keys (columns) that it chooses for every query (row), and the logarithm of its tries."""
    mass, counts = (matrix.weights * chosen).sum(axis=1), chosen.sum(axis=1)
    uniform = float(counts.mean()) / len(matrix.keys)
    return Found(name, float(mass.mean()), uniform, mass, counts, tries, places)


def diagonal(matrix: Matrix) -> Found:
    """The query's own position."""
    return found("diagonal", matrix, matrix.queries[:, None] == matrix.keys, 0.0, ())


def vertical(matrix: Matrix) -> Found:
    """The one key, or the few, that get most: another one only while it adds `SINK_GAIN` to the excess."""
    means, total = matrix.weights.mean(axis=0), len(matrix.keys)
    order = np.argsort(-means, kind="stable")
    most = max(1, min(MAX_SINKS, total // 4))
    count = 1
    while count < most:
        now, more = (excess(float(means[order[:c]].sum()), c / total) for c in (count, count + 1))
        if more < now + SINK_GAIN:
            break
        count += 1
    columns = np.sort(order[:count])
    chosen = np.broadcast_to(np.isin(np.arange(total), columns), matrix.weights.shape)
    tries = math.log(most) + math.log(math.comb(total, count))
    return found("vertical", matrix, chosen, tries, tuple(int(k) for k in matrix.keys[columns]))


def widest_band(size: int) -> int:
    """The most offsets a band may have and still be called narrow: a third of the positions, 3 where these are few."""
    return min(max(3, size // 3), size // 2)


def banded(matrix: Matrix) -> Found:
    """The band beside the diagonal, first to last offset, with the largest excess; the narrowest of nearly equal."""
    offsets = matrix.keys - matrix.queries[:, None]
    size, widest = matrix.size, widest_band(matrix.size)
    flat = (offsets + size - 1).ravel()
    weights = np.bincount(flat, matrix.weights.ravel(), 2 * size - 1) / len(matrix.queries)
    counts = np.bincount(flat, minlength=2 * size - 1) / matrix.weights.size
    sums = [np.concatenate([[0.0], np.cumsum(values)]) for values in (weights, counts)]
    best: list[tuple[float, int]] = []
    for width in range(1, widest + 1):
        weight, uniform = (total[width:] - total[:-width] for total in sums)
        above = (weight - uniform) / (1 - uniform)
        best.append((float(above.max()), int(above.argmax())))
    highest = max(value for value, _ in best)
    width = next(w for w, (value, _) in enumerate(best, start=1) if value >= highest - BAND_TIE)
    first = best[width - 1][1] - size + 1
    chosen = (offsets >= first) & (offsets < first + width)
    tries = math.log(sum(2 * size - w for w in range(1, widest + 1)))
    return found("banded", matrix, chosen, tries, (first, first + width - 1))


def block(matrix: Matrix) -> Found:
    """Contiguous blocks that look at themselves; the boundaries stand where `w − u` is largest.

    Blocks have `least_block(n)` positions at least, and there are 2 of them at least; where that is not possible,
    there is one block.

    Returns:
        The best blocks, however weak.
    """
    positions = np.union1d(matrix.queries, matrix.keys)
    rows, columns = (np.searchsorted(positions, part) for part in (matrix.queries, matrix.keys))
    gain = np.zeros((len(positions), len(positions)))
    gain[np.ix_(rows, columns)] = matrix.weights - 1 / len(matrix.keys)
    size, least = len(positions), least_block(len(positions))
    starts = best_partition(gain, least)
    label = np.searchsorted(starts, np.arange(len(positions)), side="right")
    chosen = label[rows][:, None] == label[columns]
    others = math.comb(size - len(starts) * (least - 1) - 1, len(starts) - 1)  # partitions into as many blocks
    tries = math.log(max(1, size // least - 1)) + math.log(others)
    return found("block", matrix, chosen, tries, tuple(int(positions[start]) for start in starts))


def least_block(size: int) -> int:
    """The fewest positions of a block: 2, and a twelfth of the axis where that is more; narrower ones are a band."""
    return max(2, size // 12)


def best_partition(gain: np.ndarray, least: int = 2) -> list[int]:
    """The partition into contiguous blocks, two or more, with the largest sum of `gain` inside its blocks.

    By dynamic programming over the end of the last block: `best(e) = max_s best(s) + Σ gain[s:e, s:e]`.

    Args:
        gain: (n, n), what an entry adds when it lies inside a block.
        least: the fewest positions of a block.

    Returns:
        Where each block begins, 0 first; [0] where two blocks have no room.
    """
    size = len(gain)
    if size < 2 * least:
        return [0]
    total = np.zeros((size + 1, size + 1))
    total[1:, 1:] = gain.cumsum(axis=0).cumsum(axis=1)
    corner = total.diagonal()
    best, came = np.full(size + 1, -np.inf), np.zeros(size + 1, dtype=int)
    best[0] = 0.0
    for end in range(least, size + 1):
        starts = np.arange(max(0, end - (size - least)), end - least + 1)
        inside = corner[end] - total[starts, end] - total[end, starts] + corner[starts]
        values = best[starts] + inside
        came[end], best[end] = starts[values.argmax()], values.max()
    ends = [size]
    while ends[-1]:
        ends.append(int(came[ends[-1]]))
    return ends[:0:-1]
