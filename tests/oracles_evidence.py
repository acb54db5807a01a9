"""Literal twins of the evidence: loops in float64, straight from the definitions."""

import math
from itertools import pairwise, product

import numpy as np
import torch
from scipy.stats import t as student

from tests.oracles import dense_map


def half_means(shares, change, scale):
    """Trapezes one by one: up to ½ and beyond, each over its own width."""
    out = []
    for part in ([i for i, s in enumerate(shares) if s <= 0.5], [i for i, s in enumerate(shares) if s > 0.5]):
        total = width = 0.0
        for a, b in pairwise(part):
            total += (shares[b] - shares[a]) * (change[a] + change[b]) / 2
            width += shares[b] - shares[a]
        out.append(total / width / scale if width and scale else 0.0)
    return tuple(out)


def interval(values):
    """By rank from 39 on, else by t."""
    n = len(values)
    if n >= 39:
        k = math.floor(0.025 * (n + 1) + 1e-9)
        return sorted(values)[k - 1], sorted(values)[n - k]
    mean = sum(values) / n
    sd = math.sqrt(sum((v - mean) ** 2 for v in values) / (n - 1))
    half = student.ppf(0.975, n - 1) * sd * math.sqrt(1 + 1 / n)
    return mean - half, mean + half


def log_odds(logits, label):
    """ln(p / (1 − p)) of one vector of logits."""
    weights = [math.exp(float(v)) for v in logits]
    share = weights[label] / sum(weights)
    return math.log(share / (1 - share))


def by_token(values, patch):
    """Sums over every token's values, position by position; a token at the rim may hold fewer."""
    out = np.zeros([-(-n // p) for n, p in zip(values.shape, patch, strict=True)])
    for at in product(*map(range, values.shape)):
        out[tuple(i // p for i, p in zip(at, patch, strict=True))] += values[at]
    return out


def even(matrix):
    """Every row's sum shared alike among the keys that had any weight."""
    out = np.zeros_like(matrix)
    for i, row in enumerate(matrix):
        keys = [j for j, weight in enumerate(row) if weight > 0]
        for j in keys:
            out[i, j] = row.sum() / len(keys)
    return out


def attended(module, x, mask, matrices, combine, normalize=False):
    """The layer's output for given matrices (head, query, key) of every mode, by each head's explicit N×N matrix."""
    sizes, dim, heads = x.shape[:-1], module.dim, module.heads
    d = dim // heads
    flat = x.reshape(-1, dim)
    keep = torch.ones(len(flat), dtype=torch.bool) if mask is None else mask.reshape(-1)
    values = torch.zeros(len(flat), dim, dtype=torch.float64)
    for n in range(len(flat)):
        if keep[n]:
            values[n] = module.value.weight @ flat[n] + module.value.bias
    parts = [
        dense_map([m[h] for m in matrices], combine, normalize) @ values[:, h * d : (h + 1) * d] for h in range(heads)
    ]
    return (torch.cat(parts, 1) @ module.output.weight.T + module.output.bias).reshape(*sizes, dim)
