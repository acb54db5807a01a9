"""Norms of a map from its factors: Frobenius norms exactly, the spectral norm by an iteration that knows its error."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from hot_core.errors import HotError

Term = Sequence[Tensor | None]  # one Kronecker product; None stands for the identity
Operator = Callable[[Tensor], Tensor]

DENSE = 1024  # up to this many tokens of one mode its matrix is decomposed directly
BASIS, KEPT = 16, 6
TOLERANCE = 1e-10
CYCLES = 500


def terms_of_sum(factors: Sequence[Tensor]) -> list[Term]:
    """A Kronecker sum as a sum of `k` Kronecker products with identities.

    Returns:
        For each term one matrix, or None for the identity, for each mode.
    """
    return [[factor if i == mode else None for i in range(len(factors))] for mode, factor in enumerate(factors)]


def inner_product(left: Sequence[Term], right: Sequence[Term], sizes: Sequence[int]) -> float:
    """`tr(AᵀB)` of two sums of Kronecker products: `Σ_{s,t} ∏_i tr(A_siᵀ B_ti)`.

    Returns:
        The Frobenius inner product, exact up to rounding.
    """
    return sum(
        math.prod(_inner(a, b, size) for a, b, size in zip(first, second, sizes, strict=True))
        for first in left
        for second in right
    )


def _inner(a: Tensor | None, b: Tensor | None, size: int) -> float:
    if a is None:
        return float(size if b is None else b.double().trace())
    return float(a.double().trace() if b is None else (a.double() * b.double()).sum())


def matrix_stable_rank(matrix: Tensor) -> float:
    """`‖A‖_F² / ‖A‖₂²` of one explicit matrix; 0 for a matrix of zeros."""
    matrix = matrix.double()
    square = float(matrix.square().sum())
    if square == 0:
        return 0.0
    if len(matrix) <= DENSE:
        return square / float(torch.linalg.matrix_norm(matrix, 2)) ** 2
    start = torch.zeros(len(matrix), dtype=torch.float64, device=matrix.device)
    return square / squared_spectral_norm(lambda x: matrix @ x, lambda x: matrix.T @ x, start)


def squared_spectral_norm(apply: Operator, transposed: Operator, like: Tensor) -> float:
    """The largest eigenvalue of `AᵀA` by the Lanczos iteration with thick restarts.

    Stops when the residual `‖AᵀA v − θ v‖` is at most `1e-10 θ`, which puts an eigenvalue that close to `θ`.
    The start is a positive vector (seed 0): for non-negative maps it is never orthogonal to the leading
    singular vector, which is non-negative too. Source: Wu and Simon, "Thick-Restart Lanczos Method for Large
    Symmetric Eigenvalue Problems", SIAM J. Matrix Anal. Appl. 22 (2000).

    Args:
        apply: `x → A x`.
        transposed: `x → Aᵀ x`.
        like: float64 array of the shape and device of `x`.

    Returns:
        `‖A‖₂²`.

    Raises:
        HotError: when the residual stays above that after 500 restarts.
    """
    noise = torch.rand(like.shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    vector = (1 + noise).to(like.device).flatten()
    basis, images = vector.new_zeros(0, len(vector)), vector.new_zeros(0, len(vector))
    value, residual = 0.0, math.inf
    for _ in range(CYCLES):
        basis, images = _grown(basis, images, vector, lambda v: transposed(apply(v.reshape(like.shape))).flatten())
        values, turns = torch.linalg.eigh(_symmetric(basis @ images.T))
        kept = turns.T.flip(0)[:KEPT]
        value, basis, images = float(values[-1]), kept @ basis, kept @ images
        vector = images[0] - value * basis[0]
        residual = float(vector.norm())
        if residual <= TOLERANCE * value:
            return value
    raise HotError(
        f"stable_rank: the spectral norm did not settle in {CYCLES} restarts; the residual is {residual / value:.1e} "
        f"of it, {TOLERANCE:.0e} was asked. The largest singular values lie too close together to be told apart."
    )


def _grown(basis: Tensor, images: Tensor, vector: Tensor, operator: Operator) -> tuple[Tensor, Tensor]:
    """Add directions until the basis is full, or until the space is exhausted."""
    rows, mapped = list(basis), list(images)
    while len(rows) < min(BASIS, len(vector)):
        before = float(vector.norm())
        for _ in range(2 if rows else 0):  # once is not enough in floating point
            known = torch.stack(rows)
            vector = vector - known.T @ (known @ vector)
        length = float(vector.norm())
        if length <= 1e-13 * before or length == 0:
            break
        rows.append(vector / length)
        mapped.append(operator(rows[-1]))
        vector = mapped[-1]
    return torch.stack(rows), torch.stack(mapped)


def _symmetric(matrix: Tensor) -> Tensor:
    return (matrix + matrix.T) / 2
