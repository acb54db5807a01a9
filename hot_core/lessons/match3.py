"""Match3 by hand: one small head over pairs answers what ordinary attention cannot while its size stays fixed.

    Match3(x)_i = is there a pair (j, k) with x_i + x_j + x_k ≡ 0 (mod M)?

With the angles `a_i = 2π x_i / M` a triple matches when `cos(a_i + a_j + a_k) = 1`, and the cosine of a sum is a sum
of four products, each with one factor of query, first key and second key:

    cos(a + b + c) = cos a cos b cos c − cos a sin b sin c − sin a cos b sin c − sin a sin b cos c.

One layer of ordinary attention, over single tokens, cannot, for widths and heads that do not grow with n.

These are four of the five coordinates; the fifth lets the query look at a *blank* token when no pair matches. The
indices j and k may be equal, and may be i itself, as in the source: Sanford, Hsu, Telgarsky, "Representational
Strengths and Limitations of Transformers", arXiv 2306.02896. The head is the tensor attention of Alman and Song,
arXiv 2310.04064.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from hot_core.attention.tensor import tensor_attention, weights_of
from hot_core.errors import ShapeError

WIDTH = 5
"""Coordinates of queries and keys: four for the cosine of the sum, one for the blank."""

SCALE = 1.0
"""The scale of the logits that the construction is made for; β is inside the queries."""

THRESHOLD = 0.5
"""A score above it says yes."""


def truth(numbers: Tensor, modulus: int) -> Tensor:
    """The right answers.

    Args:
        numbers: (n,) whole numbers; only their remainders count.
        modulus: `M`, 2 or more.

    Returns:
        (n,) bool: whether there is a pair (j, k), equal ones allowed, with `x_i + x_j + x_k ≡ 0 (mod M)`.

    Raises:
        ShapeError: when the numbers are no row of whole numbers, or the modulus is below 2.
    """
    _check(numbers, modulus)
    return truths(numbers[None].long(), modulus)[0]


def truths(numbers: Tensor, modulus: int) -> Tensor:
    """The right answers of many samples at once, unchecked: (many, n) whole numbers to (many, n) bool."""
    sums = (numbers[:, :, None] + numbers[:, None]).remainder(modulus).flatten(1)
    there = torch.zeros(len(numbers), modulus, dtype=torch.bool, device=numbers.device).scatter_(1, sums, True)
    return there.gather(1, (-numbers).remainder(modulus))


def queries_keys_values(
    numbers: Tensor, modulus: int, beta: float
) -> tuple[Tensor, tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """The head's queries, two keys and two values; the blank token is the last key.

    A pair of tokens gets the logit `β cos(2π (x_i + x_j + x_k) / M)`, which is β where it matches and at most
    `β cos(2π/M)` where not. The pair (blank, blank) gets the middle of these two, a token with a blank gets 0. The
    values are 1 for a token and 0 for the blank, so the output is the weight that lies on pairs of tokens.

    Args:
        numbers: (n,) whole numbers.
        modulus: `M`, 2 or more.
        beta: sharpness β, above 0; it is the size of the largest logit.

    Returns:
        q (n, 5); (k₁, k₂), each (n + 1, 5); (v₁, v₂), each (n + 1, 1); all float64, for the scale `SCALE` = 1.

    Raises:
        ShapeError: when the numbers are no row of whole numbers, the modulus is below 2, or β is not above 0.
    """
    _check(numbers, modulus)
    if not 0 < beta < math.inf:
        raise ShapeError(f"match3: beta={beta!r} must be a number above 0; {beta_for(len(numbers), modulus):.0f} fits.")
    angles = (numbers % modulus).double() * (2 * math.pi / modulus)
    c, s, none = angles.cos(), angles.sin(), torch.zeros_like(angles)
    blank = torch.eye(WIDTH, dtype=torch.float64, device=numbers.device)[-1:]
    level = torch.full_like(angles, (1 + math.cos(2 * math.pi / modulus)) / 2)
    query = beta * torch.stack([c, -c, -s, -s, level], -1)
    first = torch.cat([torch.stack([c, s, c, s, none], -1), blank])
    second = torch.cat([torch.stack([c, s, s, c, none], -1), blank])
    value = torch.ones(len(first), 1, dtype=torch.float64, device=numbers.device)
    value[-1] = 0
    return query, (first, second), (value, value.clone())


def weights(numbers: Tensor, modulus: int, beta: float) -> Tensor:
    """The cube of weights, (n, n + 1, n + 1): query, first key, second key; the blank is the last of both keys.

    It is formed whole, `8 n (n + 1)²` bytes: for pictures of few tokens.

    Args:
        numbers: (n,) whole numbers.
        modulus: `M`, 2 or more.
        beta: sharpness β, above 0.

    Returns:
        Each query's slice sums to 1.
    """
    query, keys, _ = queries_keys_values(numbers, modulus, beta)
    return weights_of(query, keys, range(len(query)), SCALE)


def head(numbers: Tensor, modulus: int, beta: float) -> Tensor:
    """What the head says: the weight on pairs of tokens, (n,) from 0 to 1; above `THRESHOLD` it means yes."""
    return tensor_attention(*queries_keys_values(numbers, modulus, beta), SCALE)[:, 0]


def beta_for(tokens: int, modulus: int) -> float:
    """The sharpness from which the head is always right, `β = 4 ln n / (1 − cos(2π/M))` rounded up.

    With it the `n²` pairs that do not match, each at most `e^{−β (1 − cos(2π/M))/2}` of the blank pair's weight,
    together stay below it. The further pairs of one token and one blank have the logit 0 and weigh less still.

    Args:
        tokens: `n`.
        modulus: `M`, 2 or more.

    Returns:
        β.
    """
    return math.ceil(4 * math.log(max(tokens, 2)) / (1 - math.cos(2 * math.pi / modulus)))


def _check(numbers: Tensor, modulus: int) -> None:
    """Refuse what is no row of whole numbers, and a modulus that makes no circle."""
    whole = isinstance(numbers, Tensor) and numbers.dtype in (torch.int64, torch.int32, torch.int16)
    if not whole or numbers.ndim != 1 or not len(numbers):
        shape = f"{tuple(numbers.shape)} of {numbers.dtype}" if isinstance(numbers, Tensor) else repr(numbers)
        raise ShapeError(f"match3: numbers are {shape}; give a tensor (n,) of whole numbers, n at least 1.")
    if not isinstance(modulus, int) or modulus < 2:
        raise ShapeError(f"match3: modulus={modulus!r} must be a whole number, 2 or more.")
