"""The cross-dimensional attention map as an operator: entries, rows and views without the N×N matrix.

With factors `A_1 … A_k`, `A_i` of shape `(n_i, n_i)` (query × key), and `N = ∏ n_i`, the map is

    product:  A = A_1 ⊗ A_2 ⊗ … ⊗ A_k
    sum:      A = A_1 ⊕ A_2 ⊕ … ⊕ A_k = Σ_i I ⊗ … ⊗ A_i ⊗ … ⊗ I

Index order is C order: position `(p_1, …, p_k)` has the flat index `((p_1·n_2 + p_2)·n_3 + …)`,
so that the product equals `torch.kron(A_1, torch.kron(A_2, …))`.
Source: Omranpour, Rabusseau, Rabbany, "Higher-Order Transformers With Kronecker-Structured
Attention", arXiv 2412.02919, section 4.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import reduce

import torch
from torch import Tensor

from hot_core.errors import SelectionError, ShapeError
from hot_core.kronecker.algebra import along, apply_factors, dense_of, outer, spread, sum_dtype
from hot_core.kronecker.checks import check_dense, check_factors, check_position
from hot_core.kronecker.maximum import block_maxima
from hot_core.kronecker.measures import Measures
from hot_core.kronecker.protocol import Combine, Position
from hot_core.kronecker.view import axes_of, block_means


@dataclass(frozen=True, eq=False)
class KroneckerMap(Measures):
    """One head's map over all tokens, held as its mode-wise factors.

    Attributes:
        factors: `k` tensors of shape `(n_i, n_i)`, query × key; their dtype is kept.
        combine: "product" for the Kronecker product, "sum" for the Kronecker sum.
        normalize: sum form only: divide by `k`, so that rows sum to 1 and not to `k`.

    Raises:
        ShapeError: when there is no factor, one is no square tensor of real numbers or is empty, they live on
            different devices, or `normalize` is asked of a product.
    """

    factors: tuple[Tensor, ...]
    combine: Combine = "product"
    normalize: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "factors", tuple(self.factors))
        check_factors(self.factors)
        if self.combine not in ("product", "sum"):
            raise ShapeError(f"KroneckerMap: combine must be 'product' or 'sum', got {self.combine!r}.")
        if self.normalize and self.combine == "product":
            raise ShapeError(
                "KroneckerMap: normalize divides a Kronecker sum by the number of modes; rows of a product add up to 1 "
                "already. Leave it out, or ask for combine='sum'."
            )

    @property
    def scale(self) -> float:
        """What the combined factors are multiplied by: `1/k` for the normalised sum, otherwise 1."""
        return 1 / len(self.factors) if self.normalize else 1.0

    def entry(self, query: Position, key: Position) -> float:
        """The weight that `query` gives to `key`: `∏ A_i[q_i, k_i]`, or `Σ_i A_i[q_i, k_i] ∏_{j≠i} [q_j = k_j]`.

        Returns:
            The weight, a plain number.
        """
        query, key = check_position(query, self.sizes), check_position(key, self.sizes)
        weights = [float(factor.detach()[q, k]) for factor, q, k in zip(self.factors, query, key, strict=True)]
        if self.combine == "product":
            return math.prod(weights)
        same = [q == k for q, k in zip(query, key, strict=True)]
        return self.scale * sum(w for i, w in enumerate(weights) if all(same[:i] + same[i + 1 :]))

    def row(self, query: Position) -> Tensor:
        """Where `query` looks.

        Returns:
            Weights of shape `(n_1, …, n_k)`; they add up to 1 (product, normalised sum) or `k` (sum)
            when the factors are row-stochastic.
        """
        position = check_position(query, self.sizes)
        lines = [factor[p] for factor, p in zip(self.factors, position, strict=True)]
        return self._scaled(spread(lines, position, self.combine))

    def column(self, key: Position) -> Tensor:
        """Who looks at `key`.

        Returns:
            Weights of shape `(n_1, …, n_k)`, one for each query; they need not add up to 1.
        """
        position = check_position(key, self.sizes)
        lines = [factor[:, p] for factor, p in zip(self.factors, position, strict=True)]
        return self._scaled(spread(lines, position, self.combine))

    def apply(self, x: Tensor) -> Tensor:
        """The map applied to values, mode after mode: `x ×₁A_1 … ×ₖA_k`, or `Σ_i x ×ᵢ A_i`.

        Args:
            x: shape `(n_1, …, n_k)`, or with further feature dims behind.

        Returns:
            The same shape as `x`: each query's weighted sum of the values at its keys.

        Raises:
            ShapeError: when `x` does not begin with the map's sizes or lives on another device.
        """
        return self._scaled(apply_factors("apply", x, self.factors, self.combine))

    def apply_transposed(self, x: Tensor) -> Tensor:
        """The transposed map applied to values, `Aᵀ x` (the row vector `x A`): weight flows from queries to keys.

        Args:
            x: one value for each query, shape `(n_1, …, n_k)`, or with further feature dims behind.

        Returns:
            The same shape as `x`: at each key the sum over the queries of `x[query] · A[query, key]`.

        Raises:
            ShapeError: when `x` does not begin with the map's sizes or lives on another device.
        """
        turned = [factor.T for factor in self.factors]
        return self._scaled(apply_factors("apply_transposed", x, turned, self.combine))

    def row_sums(self) -> Tensor:
        """The weight that each query gives in all: `∏_i Σ_k A_i[q_i, k]`, or `scale · Σ_i Σ_k A_i[q_i, k]`.

        Returns:
            Shape `(n_1, …, n_k)`; 1 everywhere for row-stochastic factors (`k` for the plain sum), less where
            rows of a factor are masked. Added up in float64; in the factors' dtype, at least float32.
        """
        sums = [factor.sum(1, dtype=torch.float64) for factor in self.factors]
        if self.combine == "product":
            return outer(sums).to(sum_dtype(self.factors))
        total = reduce(torch.add, [along(vector, mode, len(sums)) for mode, vector in enumerate(sums)])
        return self._scaled(total).to(sum_dtype(self.factors))

    def view(
        self, rows: tuple[int, int], cols: tuple[int, int], height: int, width: int, reduce: str = "mean"
    ) -> Tensor:
        """A picture of a rectangle of the map: each pixel the exact mean (or maximum) over its block of entries.

        Pixel `i` shows the rows from `r0 + floor(i·(r1−r0)/height)` to
        `r0 + floor((i+1)·(r1−r0)/height)`; where a pixel is narrower than one entry it shows that
        entry. The cost, about `height·width·k`, does not depend on `N`; `kronecker/view.py` says how.

        Args:
            rows: half-open range of flat query indices.
            cols: half-open range of flat key indices.
            height: pixels along the queries.
            width: pixels along the keys.
            reduce: what a pixel shows of its block, "mean" or "max". The maximum needs non-negative factors,
                unless there is one factor or each pixel is one entry.

        Returns:
            float64 of shape `(height, width)`, on the CPU.

        Raises:
            SelectionError: when a range is empty or leaves the map, a size is not positive, there are more than 1e8
                pixels or 2⁶³ tokens, or the maximum is asked where the factors do not give it.
        """
        if reduce not in ("mean", "max"):
            raise SelectionError(f"view: reduce={reduce!r} is not offered; ask for 'mean' or 'max'.")
        axes = axes_of(rows, cols, height, width, self.sizes)
        largest = reduce == "max" and not axes.single
        return self._scaled((block_maxima if largest else block_means)(self.factors, self.combine, axes))

    def dense(self, limit: int = 10_000_000) -> Tensor:
        """The explicit matrix, for maps small enough.

        Args:
            limit: how many entries it may have.

        Returns:
            Shape `(N, N)`, in the dtype and on the device of the factors.

        Raises:
            SelectionError: when there are more.
        """
        check_dense(self.shape[0], limit)
        return self._scaled(dense_of(self.factors, self.combine))

    def _scaled(self, values: Tensor) -> Tensor:
        return values if self.scale == 1 else self.scale * values
