"""Slow and literal twins of every numerical function, straight from the definitions, in float64."""

import math
from itertools import product

import numpy as np
import torch


def positions(sizes):
    """Every position of a grid in C order."""
    return list(product(*(range(n) for n in sizes)))


def dense_map(factors, combine, normalize=False):
    """The explicit N×N matrix by the definition of an entry, position by position."""
    sizes = [len(f) for f in factors]
    grid = positions(sizes)
    out = torch.zeros(len(grid), len(grid), dtype=torch.float64)
    for a, query in enumerate(grid):
        for b, key in enumerate(grid):
            if combine == "product":
                out[a, b] = math.prod(float(f[q, k]) for f, q, k in zip(factors, query, key, strict=True))
            else:
                for i, f in enumerate(factors):
                    if all(query[j] == key[j] for j in range(len(sizes)) if j != i):
                        out[a, b] += float(f[query[i], key[i]])
    return out / len(factors) if normalize else out


def kron_of(factors, combine):
    """The same matrix by torch.kron, the library's own definition."""
    if combine == "product":
        out = factors[0]
        for factor in factors[1:]:
            out = torch.kron(out, factor)
        return out
    total = 0
    for i, factor in enumerate(factors):
        term = torch.ones(1, 1, dtype=torch.float64)
        for j, other in enumerate(factors):
            term = torch.kron(term, factor if i == j else torch.eye(len(other), dtype=torch.float64))
        total = total + term
    return total


def pixel_span(span, pixels, i):
    """The half-open interval of flat indices that pixel i averages."""
    start, stop = span
    low = start + (i * (stop - start)) // pixels
    return low, max(start + ((i + 1) * (stop - start)) // pixels, low + 1)


def view(dense, rows, cols, height, width):
    """Block means, pixel by pixel."""
    out = torch.zeros(height, width, dtype=torch.float64)
    for i in range(height):
        for j in range(width):
            (a, b), (c, d) = pixel_span(rows, height, i), pixel_span(cols, width, j)
            out[i, j] = dense[a:b, c:d].mean()
    return out


def layer_norm(x, norm):
    mean = x.mean(-1, keepdim=True)
    variance = ((x - mean) ** 2).mean(-1, keepdim=True)
    return (x - mean) / torch.sqrt(variance + norm.eps) * norm.weight + norm.bias


def rope(x):
    """Rotate feature pairs (j, j + d/2) of position p by p · 10000^(−2j/d), one number at a time."""
    out = x.clone()
    half = x.shape[-1] // 2
    for p in range(x.shape[0]):
        for j in range(half):
            angle = p * 10_000.0 ** (-2 * j / (2 * half))
            a, b = x[p, j], x[p, j + half]
            out[p, j] = a * math.cos(angle) - b * math.sin(angle)
            out[p, j + half] = a * math.sin(angle) + b * math.cos(angle)
    return out


def factor(module, x, mask, mode, head):
    """One mode's matrix for one batch element: project every token, pool the valid ones, norm, weigh."""
    sizes = x.shape[:-1]
    d = module.dim // module.heads
    part = slice(head * d, (head + 1) * d)
    which = 0 if module.share_qk else mode
    queries, keys, valid = [], [], []
    for p in range(sizes[mode]):
        slab = x.select(mode, p).reshape(-1, module.dim)
        keep = torch.ones(len(slab), dtype=torch.bool) if mask is None else mask.select(mode, p).reshape(-1)
        valid.append(bool(keep.any()))
        for layer, out in ((module.query[which], queries), (module.key[which], keys)):
            projected = slab @ layer.weight.T + layer.bias  # project first, then pool
            out.append(projected[keep].mean(0)[part] if keep.any() else layer.bias[part])
    q = layer_norm(torch.stack(queries), module.query_norm)
    k = layer_norm(torch.stack(keys), module.key_norm)
    if mode in module.rope_modes:
        q, k = rope(q), rope(k)
    weights = torch.zeros(sizes[mode], sizes[mode], dtype=x.dtype)
    for a in range(sizes[mode]):
        for b in range(sizes[mode]):
            if valid[b] and not (mode in module.causal_modes and b > a):
                weights[a, b] = kernel(module, q[a], k[b])
    return weights / weights.sum(1, keepdim=True).where(weights.sum(1, keepdim=True) > 0, 1.0)


def kernel(module, q, k):
    """The weight of one query and one key before normalisation."""
    d = len(q)
    if module.kernel == "softmax":
        return math.exp((q @ k).item() / math.sqrt(d))
    q, k = q / d**0.25, k / d**0.25
    terms = [(w @ q - q @ q / 2).exp() * (w @ k - k @ k / 2).exp() for w in module.directions]
    return sum(terms).item() / len(terms)


def kronecker_attention(module, x, mask=None):
    """The whole layer through the explicit N×N matrix of every head."""
    out = torch.zeros_like(x)
    d = module.dim // module.heads
    for n in range(len(x)):
        keep = None if mask is None else mask[n]
        value = (x[n] @ module.value.weight.T + module.value.bias).reshape(-1, module.dim)
        if keep is not None:
            value = value * keep.reshape(-1, 1)
        mixed = torch.zeros_like(value)
        for head in range(module.heads):
            factors = [factor(module, x[n], keep, mode, head) for mode in range(module.num_modes)]
            dense = kron_of(factors, module.combine)
            if module.combine == "sum" and module.normalize:
                dense = dense / module.num_modes
            part = slice(head * d, (head + 1) * d)
            mixed[:, part] = dense @ value[:, part]
        out[n] = (mixed @ module.output.weight.T + module.output.bias).reshape(x[n].shape)
    return out


def full_attention(module, x, mask=None):
    """softmax(Q Kᵀ / √d) V over the flattened tokens, row by row; returns output and weights."""
    d = module.dim // module.heads
    out = torch.zeros_like(x)
    count = int(np.prod(x.shape[1:-1]))
    weights = torch.zeros(len(x), module.heads, count, count, dtype=x.dtype)
    for n in range(len(x)):
        tokens = x[n].reshape(-1, module.dim)
        valid = torch.ones(count, dtype=torch.bool) if mask is None else mask[n].reshape(-1)
        q, k, v = (tokens @ layer.weight.T + layer.bias for layer in (module.query, module.key, module.value))
        mixed = torch.zeros_like(tokens)
        for head in range(module.heads):
            part = slice(head * d, (head + 1) * d)
            for a in range(count):
                logits = (k[valid][:, part] @ q[a, part]) / math.sqrt(d)
                if len(logits):
                    weights[n, head, a, valid] = torch.softmax(logits, 0)
            mixed[:, part] = weights[n, head] @ v[:, part]
        out[n] = (mixed @ module.output.weight.T + module.output.bias).reshape(x[n].shape)
    return out, weights
