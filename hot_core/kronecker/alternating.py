"""Sums of outer products close to an array of three or more axes, by alternating least squares.

`X ≈ Σ_r a_r ∘ b_r ∘ c_r …`: with all axes but one held, the best columns of that axis solve a linear
least-squares problem; the axes take turns. Source: Kolda and Bader, "Tensor Decompositions and
Applications", SIAM Review 51 (2009), section 3.4. The error never rises, but a best approximation need not
exist and the one found need not be the best (de Silva and Lim, "Tensor Rank and the Ill-Posedness of the
Best Low-Rank Approximation Problem", SIAM J. Matrix Anal. Appl. 30 (2008)).
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

STARTS = 3  # random beginnings of every new term; the best is kept
FEW = 30  # rounds that a new term alone is fitted to what is left


@dataclass(frozen=True, eq=False)
class Fit:
    """Where the alternation stands.

    Attributes:
        columns: for every axis its vectors, (axis length, term).
        error: the Frobenius norm of what is left.
        rounds: how often all axes had their turn.
        converged: whether the last round made the error smaller by less than the tolerance.
    """

    columns: tuple[Tensor, ...]
    error: float
    rounds: int
    converged: bool


def grown_fits(array: Tensor, rank: int, *, seed: int, tolerance: float, iterations: int) -> list[Fit]:
    """Fits with 1, 2, … `rank` terms, each begun with the one before and a new term fitted to what it left.

    Args:
        array: float64 of three or more axes.
        rank: how many terms the last fit has.
        seed: of the new terms' random beginnings.
        tolerance: a round that lowers the error by less than this part of it is the last.
        iterations: most rounds for each number of terms.

    Returns:
        One fit for each number of terms, with errors that never rise.
    """
    generator = torch.Generator().manual_seed(seed)
    columns = tuple(array.new_zeros(length, 0) for length in array.shape)
    fits: list[Fit] = []
    for _ in range(rank):
        left = array - _combined(columns)
        new = _one_term(left, generator)
        begun = tuple(torch.cat([old, more], 1) for old, more in zip(columns, new, strict=True))
        fits.append(_alternate(array, begun, tolerance, iterations))
        columns = fits[-1].columns
    return fits


def _alternate(array: Tensor, columns: tuple[Tensor, ...], tolerance: float, iterations: int) -> Fit:
    """Rounds over the axes until the error settles; the best columns seen are kept."""
    columns = _balanced(columns)
    best = Fit(columns, float((array - _combined(columns)).norm()), 0, False)
    floor = 1e-15 * float(array.norm())
    for number in range(1, iterations + 1):
        for axis in range(array.ndim):
            columns = _balanced(_improved(array, columns, axis))
        error = float((array - _combined(columns)).norm())
        settled = best.error - error <= tolerance * best.error or error <= floor
        best = Fit(*((columns, error) if error < best.error else (best.columns, best.error)), number, settled)
        if settled:
            break
    return best


def _improved(array: Tensor, columns: tuple[Tensor, ...], axis: int) -> tuple[Tensor, ...]:
    """The columns with those of one axis replaced by the best for all others."""
    others = _outer_columns([c for i, c in enumerate(columns) if i != axis])
    unfolded = array.movedim(axis, 0).reshape(array.shape[axis], -1)
    solved = torch.linalg.lstsq(others, unfolded.T).solution.T
    return (*columns[:axis], solved, *columns[axis + 1 :])


def _balanced(columns: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """Every term's length spread evenly over the axes."""
    lengths = torch.stack([c.norm(dim=0) for c in columns])
    even = lengths.log().mean(0).exp()  # a term of length 0 stays 0
    return tuple(c * (even / own.clamp(min=1e-300)) for c, own in zip(columns, lengths, strict=True))


def _one_term(left: Tensor, generator: torch.Generator) -> tuple[Tensor, ...]:
    """A single outer product close to what is left: the best of a few random beginnings."""
    fits = []
    for _ in range(STARTS):
        begun = (torch.randn(length, 1, generator=generator, dtype=torch.float64) for length in left.shape)
        fits.append(_alternate(left, tuple(c.to(left.device) for c in begun), 1e-3, FEW))
    return min(fits, key=lambda fit: fit.error).columns


def _outer_columns(columns: Sequence[Tensor]) -> Tensor:
    """The outer products of columns of equal number, flattened: (product of the lengths, term)."""
    return functools.reduce(lambda left, right: (left[:, None] * right).flatten(0, 1), columns)


def _combined(columns: Sequence[Tensor]) -> Tensor:
    """The array that the columns stand for."""
    first, *others = columns
    return (first @ _outer_columns(others).T).reshape([len(c) for c in columns])
