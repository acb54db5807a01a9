"""Ways to write down a matrix of attention with few numbers: Kronecker terms and the tensor formats, each to a budget.

The matrix of `N = ∏ n_i` tokens is read as a tensor in one of two arrangements: `pairs`, one axis for each mode's pair
(query digit, key digit), sizes `n_1², …, n_k²`; and `split`, the query's modes and then the key's, `n_1, …, n_k,
n_1, …, n_k`. A sum of `R` Kronecker products is the CP format of the first. Numbers are counted as they are stored;
that some of them could be fixed (the freedom between neighbouring cores) is not counted off for anyone.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
import tensorly as tl
import torch
from tensorly.decomposition import parafac, tensor_ring_als, tensor_train, tucker
from torch import Tensor

from hot_core.kronecker import nearest_kronecker

Array: TypeAlias = np.ndarray
Arrangement: TypeAlias = Literal["pairs", "split"]

ROUNDS = 80
"""Rounds of the alternating methods at most, the same for all."""
TOLERANCE = 1e-6
"""The gain of a round below which an alternating method ends, the same for all."""


@dataclass(frozen=True, eq=False)
class Written:
    """A matrix in a format.

    Attributes:
        matrix: what the format holds, (N, N).
        numbers: how many numbers it stores.
    """

    matrix: Tensor
    numbers: int


Format: TypeAlias = Callable[[Tensor, Sequence[int], int, int], Written | None]
"""(matrix, sizes, budget, seed) → the best of at most so many numbers; None where the smallest is larger."""


def arranged(matrix: Tensor, sizes: Sequence[int], how: Arrangement) -> Array:
    """The matrix as a tensor in one of the two arrangements."""
    split = matrix.double().reshape(*sizes, *sizes)
    if how == "split":
        return split.numpy()
    k = len(sizes)
    order = [axis for mode in range(k) for axis in (mode, k + mode)]
    return split.permute(order).reshape([size**2 for size in sizes]).numpy()


def matrix_of(array: Array, sizes: Sequence[int], how: Arrangement) -> Tensor:
    """The way back from `arranged`."""
    tensor, k, total = torch.as_tensor(np.ascontiguousarray(array)), len(sizes), math.prod(sizes)
    if how == "split":
        return tensor.reshape(total, total)
    pairs = tensor.reshape([size for size in sizes for _ in range(2)])
    return pairs.permute([*range(0, 2 * k, 2), *range(1, 2 * k, 2)]).reshape(total, total)


def kronecker(matrix: Tensor, sizes: Sequence[int], budget: int, seed: int) -> Written | None:
    """`R` Kronecker terms, `R · Σ n_i²` numbers; equally the CP format of the pairs."""
    term = sum(size**2 for size in sizes)
    rank = min(budget // term, math.prod(size**2 for size in sizes) // max(sizes) ** 2)
    if not rank:
        return None
    near = nearest_kronecker(matrix, sizes, rank, seed=seed, tolerance=TOLERANCE, iterations=ROUNDS)
    return Written(near.mixture().dense(), rank * term)


def low_rank(matrix: Tensor, sizes: Sequence[int], budget: int, seed: int) -> Written | None:
    """A product of two thin matrices, `2 N r` numbers: the truncated singular value decomposition."""
    rank = min(budget // (2 * len(matrix)), len(matrix))
    if not rank:
        return None
    left, values, right = torch.linalg.svd(matrix.double(), full_matrices=False)
    return Written((left[:, :rank] * values[:rank]) @ right[:rank], 2 * len(matrix) * rank)


def cp(matrix: Tensor, sizes: Sequence[int], budget: int, seed: int) -> Written | None:
    """CP of the split tensor, `R · 2 Σ n_i` numbers, by alternating least squares."""
    array = arranged(matrix, sizes, "split")
    rank = budget // sum(array.shape)
    if not rank:
        return None
    found = quietly(parafac, array, rank, init="random", n_iter_max=ROUNDS, tol=TOLERANCE, random_state=seed)
    return Written(matrix_of(tl.cp_to_tensor(found), sizes, "split"), rank * sum(array.shape))


def train(how: Arrangement) -> Format:
    """Tensor train; its ranks by `ranks_within` from the unfoldings' singular values."""

    def write(matrix: Tensor, sizes: Sequence[int], budget: int, seed: int) -> Written | None:
        array = arranged(matrix, sizes, how)
        modes = array.shape
        cuts = [array.reshape(math.prod(modes[:at]), -1) for at in range(1, len(modes))]

        def numbers(ranks: Sequence[int]) -> int:
            ends = (1, *ranks, 1)
            return sum(ends[at] * size * ends[at + 1] for at, size in enumerate(modes))

        ranks = ranks_within(cuts, numbers, budget)
        if ranks is None:
            return None
        cores = tensor_train(array, rank=[1, *ranks, 1])
        return Written(matrix_of(tl.tt_to_tensor(cores), sizes, how), sum(core.size for core in cores))

    return write


def tucker_of(how: Arrangement) -> Format:
    """Tucker: a core and one matrix for each axis; ranks by `ranks_within`, then alternating rounds."""

    def write(matrix: Tensor, sizes: Sequence[int], budget: int, seed: int) -> Written | None:
        array = arranged(matrix, sizes, how)
        cuts = [np.moveaxis(array, axis, 0).reshape(array.shape[axis], -1) for axis in range(array.ndim)]

        def numbers(ranks: Sequence[int]) -> int:
            return math.prod(ranks) + sum(size * rank for size, rank in zip(array.shape, ranks, strict=True))

        ranks = ranks_within(cuts, numbers, budget)
        if ranks is None:
            return None
        found = quietly(tucker, array, rank=list(ranks), n_iter_max=ROUNDS, tol=TOLERANCE, random_state=seed)
        return Written(matrix_of(tl.tucker_to_tensor(found), sizes, how), found[0].size + sum(f.size for f in found[1]))

    return write


def ring(how: Arrangement) -> Format:
    """Tensor ring: ranks as equal as the budget allows, by alternating least squares."""

    def write(matrix: Tensor, sizes: Sequence[int], budget: int, seed: int) -> Written | None:
        array = arranged(matrix, sizes, how)
        ranks = ring_ranks(array.shape, budget)
        if ranks is None:
            return None
        found = quietly(
            tensor_ring_als, array, rank=[*ranks, ranks[0]], n_iter_max=ROUNDS, tol=TOLERANCE, random_state=seed
        )
        return Written(matrix_of(tl.tr_to_tensor(found), sizes, how), sum(core.size for core in found))

    return write


def ranks_within(
    unfoldings: Sequence[Array], numbers: Callable[[Sequence[int]], int], budget: int
) -> tuple[int, ...] | None:
    """Ranks within a budget: one threshold on all unfoldings' singular values, then one rank more while one fits.

    Each further rank is the one that fits and takes in the largest singular value; no rank can be raised at the end.

    Args:
        unfoldings: matrices, one for each rank.
        numbers: how many numbers a format with these ranks stores; it grows with each.
        budget: the most.

    Returns:
        At least 1 each; None where ranks of 1 are too many.
    """
    spectra = [np.linalg.svd(unfolding, compute_uv=False) for unfolding in unfoldings]
    levels = np.unique(np.concatenate(spectra))[::-1]  # from the highest: few singular values pass

    def ranks(level: float) -> tuple[int, ...]:
        return tuple(max(1, int((spectrum >= level).sum())) for spectrum in spectra)

    if numbers(ranks(np.inf)) > budget:
        return None
    low, high = -1, len(levels) - 1
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if numbers(ranks(levels[middle])) <= budget else (low, middle - 1)
    found = ranks(np.inf if low < 0 else levels[low])
    while True:
        raised = [
            (spectra[at][rank], (*found[:at], rank + 1, *found[at + 1 :]))
            for at, rank in enumerate(found)
            if rank < len(spectra[at])
        ]
        fitting = [one for one in raised if numbers(one[1]) <= budget]
        if not fitting:
            return found
        found = max(fitting)[1]


def ring_ranks(modes: Sequence[int], budget: int) -> tuple[int, ...] | None:
    """Ranks of a ring, one before each axis: equal, then raised in turn while one more fits the budget."""

    def numbers(ranks: Sequence[int]) -> int:
        return sum(ranks[at] * size * ranks[(at + 1) % len(modes)] for at, size in enumerate(modes))

    ranks = [1] * len(modes)
    if numbers(ranks) > budget:
        return None
    equal = math.isqrt(budget // sum(modes))
    ranks = [equal] * len(modes)
    at = passed = 0
    while passed < len(modes):  # so many ranks in a row that no longer fit: none does
        raised = [rank + (place == at) for place, rank in enumerate(ranks)]
        ranks, passed = (raised, 0) if numbers(raised) <= budget else (ranks, passed + 1)
        at = (at + 1) % len(modes)
    return tuple(ranks)


def quietly(method: Callable[..., Any], *args: object, **more: object) -> Any:
    """Runs a method of tensorly without its advice on ranks and solvers, which is for its developers."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return method(*args, **more)


FORMATS: dict[tuple[str, str], Format] = {
    ("Kronecker terms", "pairs (= CP)"): kronecker,
    ("Tensor Train", "pairs"): train("pairs"),
    ("Tensor Ring", "pairs"): ring("pairs"),
    ("Tucker", "pairs"): tucker_of("pairs"),
    ("CP", "split"): cp,
    ("Tensor Train", "split"): train("split"),
    ("Tensor Ring", "split"): ring("split"),
    ("Tucker", "split"): tucker_of("split"),
    ("low-rank matrix", "one query axis, one key axis"): low_rank,
}
"""Each format by its name and the arrangement it works in."""
