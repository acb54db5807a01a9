"""Slow and literal twins of axial and divided attention: every pair of tokens asked, explicit N×N matrices."""

import math

import torch

from tests.oracles import layer_norm, positions


def project(layer, tokens):
    return (tokens @ layer.weight.T + layer.bias).detach()


def slab_weights(query, key, tokens, sizes, group, valid, heads):
    """(head, N, N): softmax over the valid keys that differ from the query in the modes of the group only."""
    q, k, grid = project(query, tokens), project(key, tokens), positions(sizes)
    d = tokens.shape[-1] // heads
    weights = torch.zeros(heads, len(grid), len(grid), dtype=tokens.dtype)
    for head in range(heads):
        part = slice(head * d, (head + 1) * d)
        for a, here in enumerate(grid):
            seen = [
                b
                for b, there in enumerate(grid)
                if valid[b] and all(here[j] == there[j] for j in range(len(sizes)) if j not in group)
            ]
            powers = [math.exp(float(q[a, part] @ k[b, part]) / math.sqrt(d)) for b in seen]
            for b, power in zip(seen, powers, strict=True):
                weights[head, a, b] = power / sum(powers)
    return weights


def mix(weights, value, output, tokens):
    """Every head's matrix on its own slice of the values, then the output projection."""
    v, mixed = project(value, tokens), torch.zeros_like(tokens)
    d = tokens.shape[-1] // len(weights)
    for head, matrix in enumerate(weights):
        part = slice(head * d, (head + 1) * d)
        mixed[:, part] = matrix @ v[:, part]
    return project(output, mixed)


def axial_attention(module, x, mask=None):
    """Output, and the weights (batch, head, N, N): the matrices of all modes added up."""
    out, all_weights = torch.zeros_like(x), []
    for n, tokens in enumerate(x.flatten(1, -2)):
        valid = [True] * len(tokens) if mask is None else mask[n].flatten().tolist()
        weights = sum(
            slab_weights(module.query[i], module.key[i], tokens, x.shape[1:-1], (i,), valid, module.heads)
            for i in range(module.num_modes)
        )
        weights = weights / module.num_modes if module.normalize else weights
        out[n] = mix(weights, module.value, module.output, tokens).reshape(x[n].shape)
        all_weights.append(weights)
    return out, torch.stack(all_weights)


def divided_attention(module, x, mask=None):
    """The branch, and the weights (batch, head, N, N) of each step."""
    out, all_weights = torch.zeros_like(x), []
    for n, first in enumerate(x.flatten(1, -2)):
        valid = [True] * len(first) if mask is None else mask[n].flatten().tolist()
        stream, steps = first, []  # the residual stream, as the paper draws it
        for s, group in enumerate(module.groups):
            tokens = first if s == 0 else layer_norm(stream, module.norm[s - 1])
            weights = slab_weights(module.query[s], module.key[s], tokens, x.shape[1:-1], group, valid, module.heads)
            stream = stream + mix(weights, module.value[s], module.output[s], tokens)
            steps.append(weights)
        out[n] = (stream - first).reshape(x[n].shape)
        all_weights.append(torch.stack(steps))
    return out, torch.stack(all_weights, dim=1)
