"""Slow literal twins of what sanity and stability compute, from the definitions, without their code."""

from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Sequence

import numpy as np

from hot_core.modes import TokenGrid


def ranks(values: Sequence[float]) -> list[float]:
    """From 1; equal values share the mean of their places."""
    return [
        sum(other < value for other in values) + (1 + sum(other == value for other in values)) / 2 for value in values
    ]


def rho(one: Sequence[float], other: Sequence[float]) -> float:
    return statistics.correlation(ranks(one), ranks(other))


def interval(draws: Sequence[float], t: float) -> tuple[float, float, float]:
    """Mean ± t · sd / √R; `t` from a table."""
    mean = math.fsum(draws) / len(draws)
    variance = math.fsum((draw - mean) ** 2 for draw in draws) / (len(draws) - 1)
    half = t * math.sqrt(variance) / math.sqrt(len(draws))
    return mean, mean - half, mean + half


def variation(rows: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """Deviation (R − 1) over mean, token by token."""
    found = np.full(kept.shape, np.nan)
    for token in np.ndindex(*kept.shape):
        draws = [float(row[token]) for row in rows]
        if kept[token] and math.fsum(draws) > 0:
            found[token] = statistics.stdev(draws) / statistics.fmean(draws)
    return found


def deviation(values: np.ndarray, axes: Sequence[int]) -> float:
    """The median of |second difference along all the axes at once| over 0.6745 √6ᵏ, place by place."""
    found = []
    for place in np.ndindex(*values.shape):
        total = 0.0
        for moves in itertools.product((0, 1, 2), repeat=len(axes)):
            at = list(place)
            for axis, move in zip(axes, moves, strict=True):
                at[axis] += move
            if any(a >= size for a, size in zip(at, values.shape, strict=True)):
                break
            total += math.prod((1, -2, 1)[move] for move in moves) * float(values[tuple(at)])
        else:
            if math.isfinite(total):
                found.append(abs(total))
    return statistics.median(found) / (0.6745 * math.sqrt(6) ** len(axes))


def surface(shape: np.ndarray) -> np.ndarray:
    """Known voxels with a known neighbour, of six, on the other side."""
    found = np.zeros(shape.shape, dtype=bool)
    for place in np.ndindex(*shape.shape):
        for axis, step in itertools.product(range(3), (-1, 1)):
            at = list(place)
            at[axis] += step
            if 0 <= at[axis] < shape.shape[axis]:
                here, there = float(shape[place]), float(shape[tuple(at)])
                found[place] |= math.isfinite(here + there) and (here != 0) != (there != 0)
    return found


def on_tokens(values: np.ndarray, source: TokenGrid, target: TokenGrid) -> np.ndarray:
    """For every token, the mean over its native places of what covers them in the other grid."""

    def places(grid: TokenGrid, token: tuple[int, ...]) -> itertools.product:
        return itertools.product(*(range(part.start, part.stop) for part in grid.native_of(token)))

    there = {place: float(values[token]) for token in np.ndindex(*source.shape) for place in places(source, token)}
    found = np.full(target.shape, np.nan)
    for token in np.ndindex(*target.shape):
        seen = [there[place] for place in places(target, token) if math.isfinite(there.get(place, math.nan))]
        if seen:
            found[token] = math.fsum(seen) / len(seen)
    return found
