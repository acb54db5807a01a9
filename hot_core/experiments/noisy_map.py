"""A Kronecker product under noise: how near the nearest product of the sum is to the product that was planted."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from hot_core.experiments.finding import Column, Table
from hot_core.experiments.fit import relative_error, spread
from hot_core.experiments.teachers import fixed_teacher
from hot_core.kronecker import KroneckerMap, nearest_kronecker


@dataclass(frozen=True)
class Recovered:
    """One level of noise.

    Attributes:
        noise: its Frobenius norm over that of the map.
        error, spread: of the nearest product against the planted map, relative; mean and standard deviation.
        theory: what `expected_error` says.
        left: what the nearest product leaves of the noisy map, over the planted map's norm.
    """

    noise: float
    error: float
    spread: float
    theory: float
    left: float


def expected_error(sizes: Sequence[int], noise: float) -> float:
    """The relative error of the nearest Kronecker product, to first order in the noise.

    A product of factors `n_i × n_i` is a rank-one tensor of modes `n_i²` and lies on a surface of dimension
    `Σ n_i² − (k − 1)`. Small white noise of `∏ n_i²` equal parts moves the nearest point by its part along the
    surface only, so that

        error ≈ noise · √( (Σ n_i² − k + 1) / ∏ n_i² ).

    It holds while the noise is small; when the noise's own best rank-one part outgrows the map, nothing is found.

    Args:
        sizes: `n_1 … n_k`.
        noise: Frobenius norm of the noise over that of the map.

    Returns:
        Expected `‖found − planted‖_F / ‖planted‖_F`.
    """
    squares = [n * n for n in sizes]
    return noise * math.sqrt((sum(squares) - len(squares) + 1) / math.prod(squares))


def noisy_maps(sizes: Sequence[int], levels: Sequence[float], seeds: Sequence[int]) -> list[Recovered]:
    """Plant a product of row-stochastic factors, add white noise, take the nearest product.

    Args:
        sizes: tokens along each mode.
        levels: Frobenius norms of the noise over that of the map.
        seeds: of map and noise.

    Returns:
        One entry for each level.
    """
    found = []
    for level in levels:
        errors, left = [], []
        for seed in seeds:
            rng = torch.Generator().manual_seed(seed)
            true = KroneckerMap(fixed_teacher(sizes, 1, "product", rng).fixed).dense().double()
            noise = torch.randn(true.shape, generator=rng, dtype=torch.float64)
            noisy = true + noise * (level * true.norm() / noise.norm())
            nearest = nearest_kronecker(noisy, sizes, 1, seed=seed)
            errors.append(relative_error(KroneckerMap(nearest.terms[0]).dense(), true))
            left.append(float(nearest.residual * noisy.norm() / true.norm()))
        found.append(Recovered(level, *spread(errors), expected_error(sizes, level), spread(left)[0]))
    return found


def table(recovered: Sequence[Recovered]) -> Table:
    """Measured and expected errors."""
    columns = (
        Column("noise ÷ map", ".2f"), Column("error", ".4f"), Column("± sd", ".4f"), Column("by theory", ".4f"),
        Column("left over ÷ map", ".3f"),
    )  # fmt: skip
    rows = tuple((one.noise, one.error, one.spread, one.theory, one.left) for one in recovered)
    return Table(
        "The nearest Kronecker product of a planted map under white noise (relative Frobenius norms)", columns, rows
    )
