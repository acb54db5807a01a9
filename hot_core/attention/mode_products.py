"""Factors applied to values, mode after mode, each as one matrix product and without a copy between them.

Multiplying a factor with the *transpose* of the values brings the last mode to the front. After all
modes, last to first, the order of the axes is

    (dim, n_1, …, n_k)  →  (n_k, dim, n_1, …, n_{k−1})  →  …  →  (n_1, …, n_k, dim)

so the values come in with the features first, as `W Xᵀ` gives them, and leave with the tokens first,
as the output projection wants them.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from hot_core.attention.factors import Factor


def last_mode_first(values: Tensor, size: int) -> Tensor:
    """(head, …) with the last mode of `size` positions brought to the front: a view (head, size, rest)."""
    return values.reshape(values.shape[0], -1, size).transpose(1, 2)


def product(factors: Sequence[Factor], values: Tensor, sizes: Sequence[int]) -> Tensor:
    """`V ×₁A_1 ×₂A_2 … ×ₖA_k`, the Kronecker product applied.

    Args:
        factors: one for each mode.
        values: (head, dim · n_1 ⋯ n_k), features first.
        sizes: `(n_1, …, n_k)`.

    Returns:
        (head, n_1 ⋯ n_k · dim), tokens first.
    """
    for factor, size in zip(reversed(factors), reversed(sizes), strict=True):
        values = factor.times(last_mode_first(values, size)).flatten(1)
    return values


def total(factors: Sequence[Factor], values: Tensor, sizes: Sequence[int]) -> Tensor:
    """`Σ_i V ×ᵢA_i`, the Kronecker sum applied; values and sum go round the modes together.

    Args:
        factors: one for each mode.
        values: (head, dim · n_1 ⋯ n_k), features first.
        sizes: `(n_1, …, n_k)`.

    Returns:
        (head, n_1 ⋯ n_k · dim), tokens first.
    """
    *earlier, last = zip(factors, sizes, strict=True)
    values = last_mode_first(values, last[1])
    out = last[0].times(values)
    for factor, size in reversed(earlier):
        values = last_mode_first(values.flatten(1), size)
        out = last_mode_first(out.flatten(1), size) + factor.times(values)
    return out.flatten(1)
