"""Slow and literal twins of what a Kronecker map answers, straight from the definitions, in float64."""

import math

import numpy as np
import torch

from tests.oracles import kron_of, pixel_span, positions


def block(factors, combine, rows, cols):
    """The entries of a rectangle of flat ranges, each by the definition of an entry."""
    sizes = [len(f) for f in factors]
    queries = np.unravel_index(np.arange(*rows), sizes)
    keys = np.unravel_index(np.arange(*cols), sizes)
    weights = [f.double().numpy()[p[:, None], q[None]] for f, p, q in zip(factors, queries, keys, strict=True)]
    if combine == "product":
        return math.prod(weights)
    same = [p[:, None] == q[None] for p, q in zip(queries, keys, strict=True)]
    out = np.zeros(weights[0].shape)
    for i, weight in enumerate(weights):
        out += weight * math.prod((s for j, s in enumerate(same) if j != i), start=np.ones(out.shape))
    return out


def largest(dense, rows, cols, height, width):
    """Block maxima, pixel by pixel."""
    out = torch.zeros(height, width, dtype=torch.float64)
    for i in range(height):
        for j in range(width):
            (a, b), (c, d) = pixel_span(rows, height, i), pixel_span(cols, width, j)
            out[i, j] = dense[a:b, c:d].max()
    return out


def entropy(row):
    """−Σ w ln w of a row divided by its sum, weight by weight."""
    total = sum(row.tolist())
    if total == 0:
        return 0.0
    return -sum(w / total * math.log(w / total) for w in row.tolist() if w > 0)


def stable_rank(dense):
    """The squared Frobenius norm over the squared largest singular value."""
    values = np.linalg.svd(dense.numpy(), compute_uv=False)
    return float((values**2).sum() / values[0] ** 2)


def line_marginals(line, sizes):
    """A row (or column) added up over all modes but one, weight by weight."""
    out = [torch.zeros(n, dtype=torch.float64) for n in sizes]
    for flat, position in enumerate(positions(sizes)):
        for mode, p in enumerate(position):
            out[mode][p] += line[flat]
    return out


def marginal(dense, sizes, mode):
    """Weights added up over the keys' other modes, the mean over the queries' other modes, entry by entry."""
    grid = positions(sizes)
    out = torch.zeros(sizes[mode], sizes[mode], dtype=torch.float64)
    for a, query in enumerate(grid):
        for b, key in enumerate(grid):
            out[query[mode], key[mode]] += dense[a, b]
    return out / (len(grid) / sizes[mode])


def top(dense, count):
    """All entries sorted: larger weights first, then smaller flat indices."""
    total = dense.shape[1]
    entries = [(-w, flat) for flat, w in enumerate(dense.flatten().tolist())]
    return [(flat // total, flat % total, -w) for w, flat in sorted(entries)[:count]]


def nearest_error(matrix, sizes, rank):
    """The error of the best sum of Kronecker products of two factors: the tail of the rearrangement's SVD."""
    first, second = sizes
    moved = np.zeros((first**2, second**2))
    for (a, query), (b, key) in (
        ((a, q), (b, k)) for a, q in enumerate(positions(sizes)) for b, k in enumerate(positions(sizes))
    ):
        moved[query[0] * first + key[0], query[1] * second + key[1]] = matrix[a, b]
    values = np.linalg.svd(moved, compute_uv=False)
    return math.sqrt(sum(v**2 for v in values[rank:])) / math.sqrt(sum(v**2 for v in values))


def mixed(maps, weights):
    """The explicit matrix of a weighted sum of maps."""
    return sum(
        w * m.scale * kron_of([f.double() for f in m.factors], m.combine) for m, w in zip(maps, weights, strict=True)
    )
