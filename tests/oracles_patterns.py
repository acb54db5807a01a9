"""Slow and literal twins of the measures and patterns of heads, from the definitions, in float64."""

import math
from itertools import combinations, pairwise


def rows_and_keys(weights, valid=None):
    """Queries with weight and data, and keys with data, by looking at every position."""
    n = len(weights)
    keys, queries = [], []
    for p in range(n):
        looks = sum(weights[p][k] for k in range(n)) > 0
        seen = any(weights[q][p] > 0 for q in range(n))
        data = bool(valid[p]) if valid is not None else looks or seen
        if data:
            keys.append(p)
            if looks:
                queries.append(p)
    return queries, keys


def measures(weights, places=None, valid=None):
    """Mean entropy, its share of ln n, and mean distance (or the weight off the query for `places=None`)."""
    queries, keys = rows_and_keys(weights, valid)
    entropies, distances = [], []
    for q in queries:
        total = sum(weights[q][k] for k in keys)
        entropy = distance = 0.0
        for k in keys:
            a = weights[q][k] / total
            entropy -= a * math.log(a) if a > 0 else 0.0
            distance += a * (abs(places[k] - places[q]) if places is not None else float(k != q))
        entropies.append(entropy)
        distances.append(distance)
    mean = sum(entropies) / len(queries)
    return mean, mean / math.log(len(keys)), sum(distances) / len(queries)


def agreement(matrices, one):
    """Mean over the other heads of the mean over shared queries of 1 − ½ Σ |A − B|."""
    shares = []
    for other in range(len(matrices)):
        if other == one:
            continue
        a, b = matrices[one], matrices[other]
        both = [q for q in range(len(a)) if sum(a[q]) > 0 and sum(b[q]) > 0]
        overlaps = [1 - 0.5 * sum(abs(a[q][k] - b[q][k]) for k in range(len(a))) for q in both]
        if both:
            shares.append(sum(overlaps) / len(both))
    return sum(shares) / len(shares) if shares else math.nan


def inside(matrix, belongs):
    """Weight and uniform level of the keys that `belongs(query, key)` chooses."""
    total = count = 0.0
    for a, query in enumerate(matrix.queries):
        for b, key in enumerate(matrix.keys):
            if belongs(int(query), int(key)):
                total += matrix.weights[a, b]
                count += 1
    rows = len(matrix.queries)
    return total / rows, count / rows / len(matrix.keys)


def excess(weight, uniform):
    return (weight - uniform) / (1 - uniform)


def best_band(matrix, widest, tie):
    """Every band: the narrowest within `tie` of the best, and of its width the best, lower offsets first."""
    n = matrix.size
    every = {}
    for width in range(1, widest + 1):
        for first in range(-n + 1, n - width + 1):
            found = inside(matrix, lambda q, k, a=first, w=width: a <= k - q < a + w)
            every[width, first] = excess(*found)
    best = max(every.values())
    width = min(w for (w, _), value in every.items() if value >= best - tie)
    return max((value, -first) for (w, first), value in every.items() if w == width)[1] * -1, width


def best_partition(gain, least):
    """Every partition into two or more contiguous blocks of `least` or more; the one with the largest gain."""
    n, best, where = len(gain), -math.inf, None
    for count in range(1, n // least):
        for cuts in combinations(range(1, n), count):
            edges = [0, *cuts, n]
            if any(b - a < least for a, b in pairwise(edges)):
                continue
            value = sum(gain[i][j] for a, b in pairwise(edges) for i in range(a, b) for j in range(a, b))
            if value > best:
                best, where = value, edges[:-1]
    return where, best


def moment(row, count, tilt):
    """E[exp(s X)] of a deal: the mean over every choice of `count` different keys."""
    choices = list(combinations(row, count))
    return sum(math.exp(tilt * sum(chosen)) for chosen in choices) / len(choices)
