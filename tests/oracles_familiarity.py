"""Slow and literal twins of the statistics of an input and of their distance, from the definitions, in float64."""

import itertools
import math

import numpy as np


def neighbours(values, mask, axis, lag=1):
    """Every pair `lag` apart along an axis of which both are present."""
    found = []
    for place in itertools.product(*(range(n) for n in values.shape)):
        other = list(place)
        other[axis] += lag
        if other[axis] < values.shape[axis] and mask[place] and mask[tuple(other)]:
            found.append((float(values[place]), float(values[tuple(other)])))
    return found


def change(values, mask, axis):
    found = neighbours(values, mask, axis)
    return sum(abs(b - a) for a, b in found) / len(found) if found else math.nan


def correlation(found):
    n = len(found)
    ma, mb = sum(a for a, _ in found) / n, sum(b for _, b in found) / n
    up = sum((a - ma) * (b - mb) for a, b in found)
    return up / math.sqrt(sum((a - ma) ** 2 for a, _ in found) * sum((b - mb) ** 2 for _, b in found))


def likeness(values, mask, axis, lag=1):
    return correlation(neighbours(values, mask, axis, lag))


def quantile(present, level):
    ordered = sorted(float(v) for v in present)
    at = level * (len(ordered) - 1)
    low = math.floor(at)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (at - low) * (ordered[high] - ordered[low])


def change_from(values, mask, chosen):
    """Mean absolute step to the next voxel along each axis, from voxels that `chosen` takes."""
    total = count = 0
    for axis in range(3):
        for place in itertools.product(*(range(n) for n in values.shape)):
            other = list(place)
            other[axis] += 1
            if other[axis] < values.shape[axis] and mask[place] and mask[tuple(other)] and chosen(values[place]):
                total += abs(float(values[tuple(other)]) - float(values[place]))
                count += 1
    return total / count


def one_series(line, known):
    """The eight statistics of a series, in the order of the library."""
    there = [t for t in range(len(line)) if known[t]]
    present = [float(line[t]) for t in there]
    n = len(present)
    mean = sum(present) / n
    spread = math.sqrt(sum((v - mean) ** 2 for v in present) / n)

    def apart(lag):
        return correlation([(float(line[t]), float(line[t + lag])) for t in there if t + lag in set(there)])

    jumps = [abs(float(line[t + 1]) - float(line[t])) / spread for t in there if t + 1 in set(there)]
    return [
        apart(1), apart(6), apart(24), abs(correlation(list(zip(present, there, strict=True)))),
        sum(((v - mean) / spread) ** 3 for v in present) / n, sum(((v - mean) / spread) ** 4 for v in present) / n,
        max(jumps), sum(j == 0 for j in jumps) / len(jumps),
    ]  # fmt: skip


def depth(inside):
    """Mean over the voxels of a shape of the Chebyshev distance to the nearest voxel outside, the margin included."""
    places = [tuple(p) for p in np.argwhere(inside)]
    outside = [p for p in itertools.product(*(range(-1, n + 1) for n in inside.shape)) if p not in set(places)]
    return sum(
        min(max(abs(a - b) for a, b in zip(p, q, strict=True)) for q in outside) for p in places
    ) / len(places)  # fmt: skip


def surface(inside):
    places = {tuple(int(i) for i in p) for p in np.argwhere(inside)}
    steps = [(1, 0, 0), (-1, 0, 0), (0, 1, 0), (0, -1, 0), (0, 0, 1), (0, 0, -1)]
    return sum(tuple(a + b for a, b in zip(p, s, strict=True)) not in places for p in places for s in steps)


def pieces(inside):
    left = {tuple(int(i) for i in p) for p in np.argwhere(inside)}
    count = 0
    while left:
        count += 1
        waiting = [left.pop()]
        while waiting:
            p = waiting.pop()
            for step in itertools.product((-1, 0, 1), repeat=3):
                q = tuple(a + b for a, b in zip(p, step, strict=True))
                if q in left:
                    left.remove(q)
                    waiting.append(q)
    return count


def gaussian(rows):
    """Mean, deviation and shrunken correlation, entry by entry (Schäfer and Strimmer 2005, target D)."""
    count, size = len(rows), len(rows[0])
    mean, scale = [], []
    for j in range(size):
        there = [row[j] for row in rows if not math.isnan(row[j])]
        mean.append(sum(there) / len(there))
        spread = math.sqrt(sum((v - mean[j]) ** 2 for v in there) / len(there))
        scale.append(max(spread, 0.01 * abs(mean[j]) + 1e-6))
    z = [[0.0 if math.isnan(row[j]) else (row[j] - mean[j]) / scale[j] for j in range(size)] for row in rows]
    r = np.eye(size)
    variances = squares = 0.0
    for i in range(size):
        for j in range(size):
            if i != j:
                w = [row[i] * row[j] for row in z]
                middle = sum(w) / count
                r[i, j] = middle
                variances += sum((v - middle) ** 2 for v in w) / count / max(count - 1, 1)
                squares += middle**2
    share = min(max(variances / squares, 0.01), 1.0) if squares > 0 else 1.0
    for i in range(size):
        for j in range(size):
            if i != j:
                r[i, j] *= 1 - share
    return mean, scale, r


def distance(fitted, row):
    mean, scale, r = fitted
    z = np.array([0.0 if math.isnan(v) else (v - m) / s for v, m, s in zip(row, mean, scale, strict=True)])
    return math.sqrt(float(z @ np.linalg.solve(r, z)) / len(row))


def compare(table, fold, plain, units, rate):
    """Distance and threshold of an input with `units` (unit, statistic), every statistic as it is (no logarithms)."""
    have = [j for j in range(table.shape[2]) if any(not math.isnan(u[j]) for u in units)]
    units = [[u[j] for j in have] for u in units if any(not math.isnan(v) for v in u)]
    most = table.shape[1]
    if len(units) > most:
        step = (len(units) - 1) / (most - 1) if most > 1 else 0
        units = [units[math.floor(i * step + 1e-9)] for i in range(most)]

    def rows_of(example):
        rows = [[table[example, u, j] for j in have] for u in range(table.shape[1])]
        return [row for row in rows if any(not math.isnan(v) for v in row)]

    def fit(chosen):
        return gaussian([row for example in range(len(table)) if chosen(example) for row in rows_of(example)])

    def median(numbers):
        return quantile(numbers, 0.5)

    whole = fit(lambda example: True)
    held = []
    for example in range(len(table)):
        if plain[example] and rows_of(example):
            fitted = fit(lambda other, own=fold[example]: fold[other] != own)
            held.append(median([distance(fitted, row) for row in rows_of(example)[: len(units)]]))
    held.sort()
    place = math.ceil((len(held) + 1) * (1 - rate)) - 1
    return median([distance(whole, unit) for unit in units]), held[min(place, len(held) - 1)]
