"""The slow, literal twin of blending, and the measure of seams."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

Interval = tuple[int, int]


def weight_at(x: float, windows: Sequence[Interval], which: int) -> float:
    """The weight of one window at one position, from the definition."""

    def raw(at: int) -> float:
        start, stop = windows[at]
        if not start <= x < stop:
            return 0.0
        value = 1.0
        if at > 0:
            shared = windows[at - 1][1] - start
            if x - start < shared:
                value *= math.sin(math.pi / 2 * (x - start) / shared) ** 2
        if at + 1 < len(windows):
            shared = stop - windows[at + 1][0]
            if stop - x < shared:
                value *= math.sin(math.pi / 2 * (stop - x) / shared) ** 2
        return value

    return raw(which) / sum(raw(at) for at in range(len(windows)))


def blended(
    values: np.ndarray,
    rows: Sequence[Interval],
    columns: Sequence[Interval],
    classify: Callable[[np.ndarray, np.ndarray], np.ndarray],
    classes: int,
) -> np.ndarray:
    """Probabilities (class, row, column), pixel by pixel; NaN where all bands are missing.

    Every band is scaled by the mean and deviation of all its pixels; `classify` gets the scaled numbers of a
    window (0 where missing) with their mask, and gives logits.
    """
    height, width, bands = values.shape
    scaled = np.empty_like(values)
    for band in range(bands):
        known = [float(v) for v in values[..., band].ravel() if not math.isnan(v)]
        mean = math.fsum(known) / len(known)
        scaled[..., band] = (values[..., band] - mean) / math.sqrt(
            math.fsum((v - mean) ** 2 for v in known) / len(known)
        )
    found: dict[tuple[int, int], np.ndarray] = {}
    for i, (top, bottom) in enumerate(rows):
        for j, (left, right) in enumerate(columns):
            part = scaled[top:bottom, left:right]
            if np.isnan(part).all():
                continue
            logits = classify(np.nan_to_num(part), ~np.isnan(part)).astype(np.float64)
            found[i, j] = np.exp(logits) / np.exp(logits).sum(axis=0)
    result = np.full((classes, height, width), np.nan)
    for y in range(height):
        for x in range(width):
            if np.isnan(values[y, x]).all():
                continue
            total = np.zeros(classes)
            for (i, j), shares in found.items():
                if rows[i][0] <= y < rows[i][1] and columns[j][0] <= x < columns[j][1]:
                    weight = weight_at(y + 0.5, rows, i) * weight_at(x + 0.5, columns, j)
                    total += weight * shares[:, y - rows[i][0], x - columns[j][0]]
            result[:, y, x] = total
    return result


def seam_ratio(
    maps: Sequence[tuple[np.ndarray, np.ndarray, Sequence[int]]], segment: int = 32, draws: int = 999, seed: int = 0
) -> tuple[float, float, float]:
    """How large the step across window borders is, beside the same places in a map that has no border there.

    Args:
        maps: for every direction, the step between a row and the one above it (see `steps`) in a map with window
            borders at `lines`, the same in a map of the same scene whose borders lie elsewhere, and the lines.
        segment: pixels along a border that are drawn together.
        draws: of the bootstrap over segments.
        seed: of the bootstrap.

    Returns:
        Ratio of the two mean steps, and its 95 % interval.
    """
    counts = []
    for own, other, lines in maps:
        for line in lines:
            for start in range(0, own.shape[1], segment):
                counts.append([np.nansum(m[line, start : start + segment]) for m in (own, other)])
    table = np.array(counts, dtype=float)
    drawn = np.random.default_rng(seed).integers(0, len(table), (draws, len(table)))
    sums = table[drawn].sum(axis=1)
    low, high = np.percentile(sums[:, 0] / sums[:, 1], (2.5, 97.5))
    return float(table[:, 0].sum() / table[:, 1].sum()), float(low), float(high)


def steps(shares: np.ndarray, of: str) -> np.ndarray:
    """The step between each row and the one above it: 1 where the class changes, or half the change of probability.

    Args:
        shares: probabilities (class, row, column), NaN where there is none.
        of: "class" or "probability".

    Returns:
        (row, column), NaN in the first row and beside missing pixels.
    """
    before, after = shares[:, :-1], shares[:, 1:]
    known = np.isfinite(before).all(axis=0) & np.isfinite(after).all(axis=0)
    moved = np.abs(after - before).sum(axis=0) / 2
    if of == "class":
        moved = (after.argmax(axis=0) != before.argmax(axis=0)).astype(float)
    return np.concatenate([np.full((1, shares.shape[2]), np.nan), np.where(known, moved, np.nan)])
