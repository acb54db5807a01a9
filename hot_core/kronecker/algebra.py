"""Mode products and outer products: what one factor after another does to an array."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import torch
from torch import Tensor

from hot_core.errors import ShapeError


def mode_product(x: Tensor, factor: Tensor, mode: int) -> Tensor:
    """The mode product `x ×_mode factor`: `out[…, q, …] = Σ_k factor[q, k] x[…, k, …]`.

    Returns:
        A tensor of the shape of `x`.
    """
    return torch.tensordot(factor, x, dims=([1], [mode])).movedim(0, mode)


def apply_factors(method: str, x: Tensor, factors: Sequence[Tensor], combine: str) -> Tensor:
    """All mode products after one another (product), or each on its own and added up (sum).

    Args:
        method: who asks, for the message of an error.
        x: shape `(n_1, …, n_k)`, or with further feature dims behind.
        factors: one for each mode.
        combine: "product" or "sum".

    Returns:
        The shape of `x`, in the wider of the two dtypes.

    Raises:
        ShapeError: when the values are no tensor, or sizes or devices of values and factors differ.
    """
    if not isinstance(x, Tensor):
        raise ShapeError(
            f"KroneckerMap.{method}: values must be a torch tensor, got {type(x).__name__}; use torch.as_tensor."
        )
    sizes = tuple(factor.shape[0] for factor in factors)
    if tuple(x.shape[: len(sizes)]) != sizes:
        raise ShapeError(f"KroneckerMap.{method}: values {tuple(x.shape)} do not begin with the sizes {sizes}.")
    if x.device != factors[0].device:
        raise ShapeError(
            f"KroneckerMap.{method}: values are on {x.device}, the factors on {factors[0].device}; move one of them."
        )
    dtype = reduce(torch.promote_types, [factor.dtype for factor in factors], x.dtype)
    x, factors = x.to(dtype), [factor.to(dtype) for factor in factors]
    if combine == "product":
        for mode, factor in enumerate(factors):
            x = mode_product(x, factor, mode)
        return x
    out = mode_product(x, factors[0], 0)
    for mode, factor in enumerate(factors[1:], start=1):
        out = out + mode_product(x, factor, mode)
    return out


def sum_dtype(factors: Sequence[Tensor]) -> torch.dtype:
    """What sums over the factors' entries are given in: their widest dtype, at least float32."""
    return reduce(torch.promote_types, [factor.dtype for factor in factors], torch.float32)


def outer(vectors: Sequence[Tensor]) -> Tensor:
    """The outer product of one vector for each mode, `(n_1, …, n_k)`."""
    out = vectors[0]
    for vector in vectors[1:]:
        out = out.unsqueeze(-1) * vector
    return out


def along(vector: Tensor, mode: int, modes: int) -> Tensor:
    """A vector that lies along one of `modes` axes, the others of length 1."""
    return vector.reshape([-1 if axis == mode else 1 for axis in range(modes)])


def spread(lines: Sequence[Tensor], position: tuple[int, ...], combine: str) -> Tensor:
    """A row (or column) of the map from the factors' rows (columns) at its position.

    Returns:
        Shape `(n_1, …, n_k)`: the outer product; for the sum the lines through the position, 0 elsewhere.
    """
    if combine == "product":
        return outer(lines)
    sizes = [len(line) for line in lines]
    out = torch.zeros(sizes, dtype=lines[0].dtype, device=lines[0].device)
    for mode, line in enumerate(lines):
        place: tuple[int | slice, ...] = (*position[:mode], slice(None), *position[mode + 1 :])
        out[place] += line
    return out


def dense_of(factors: Sequence[Tensor], combine: str) -> Tensor:
    """The Kronecker product or sum of the factors as a matrix."""
    if combine == "product":
        return reduce(torch.kron, factors)
    out = factors[0]
    for factor in factors[1:]:  # A ⊕ B = A ⊗ I + I ⊗ B
        before, behind = (torch.eye(len(f), dtype=f.dtype, device=f.device) for f in (out, factor))
        out = torch.kron(out, behind) + torch.kron(before, factor)
    return out
