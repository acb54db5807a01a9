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
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Literal, Protocol, TypeAlias, runtime_checkable

import torch
from torch import Tensor

from hot_core.errors import SelectionError, ShapeError
from hot_core.kronecker.boxes import Boxes, boxes_of, pixel_edges

Combine: TypeAlias = Literal["product", "sum"]
Position: TypeAlias = Sequence[int]


@runtime_checkable
class AttentionMap(Protocol):
    """What every map of N queries over N keys can answer, whatever it is made of."""

    @property
    def sizes(self) -> tuple[int, ...]:
        """Tokens along each mode."""

    def entry(self, query: Position, key: Position) -> float:
        """The weight that `query` gives to `key`."""

    def row(self, query: Position) -> Tensor:
        """Where `query` looks: weights of shape `sizes`."""

    def column(self, key: Position) -> Tensor:
        """Who looks at `key`: weights of shape `sizes`."""

    def apply(self, x: Tensor) -> Tensor:
        """The map applied to values of shape `sizes` or `sizes + (features,)`."""

    def apply_transposed(self, x: Tensor) -> Tensor:
        """The transposed map applied to such values: weight flows from queries to keys."""

    def row_sums(self) -> Tensor:
        """The weight that each query gives in all, of shape `sizes`."""

    def view(
        self, rows: tuple[int, int], cols: tuple[int, int], height: int, width: int, reduce: str = "mean"
    ) -> Tensor:
        """Exact block means of a rectangle of the map, of shape `(height, width)`."""


@dataclass(frozen=True, eq=False)
class KroneckerMap:
    """One head's map over all tokens, held as its mode-wise factors.

    Attributes:
        factors: `k` tensors of shape `(n_i, n_i)`, query × key; their dtype is kept.
        combine: "product" for the Kronecker product, "sum" for the Kronecker sum.
        normalize: sum form only: divide by `k`, so that rows sum to 1 and not to `k`.

    Raises:
        ShapeError: when there is no factor or one is not square.
    """

    factors: tuple[Tensor, ...]
    combine: Combine = "product"
    normalize: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "factors", tuple(self.factors))
        shapes = [tuple(factor.shape) for factor in self.factors]
        if not shapes or any(len(shape) != 2 or shape[0] != shape[1] for shape in shapes):
            raise ShapeError(f"KroneckerMap: factors must be square matrices (query, key), got {shapes}.")
        if self.combine not in ("product", "sum"):
            raise ShapeError(f"KroneckerMap: combine must be 'product' or 'sum', got {self.combine!r}.")

    @property
    def sizes(self) -> tuple[int, ...]:
        """Tokens along each mode, `(n_1, …, n_k)`."""
        return tuple(factor.shape[0] for factor in self.factors)

    @property
    def shape(self) -> tuple[int, int]:
        """The shape `(N, N)` of the matrix that is never formed."""
        return math.prod(self.sizes), math.prod(self.sizes)

    @property
    def scale(self) -> float:
        """What the combined factors are multiplied by: `1/k` for the normalised sum, otherwise 1."""
        return 1 / len(self.factors) if self.combine == "sum" and self.normalize else 1.0

    def entry(self, query: Position, key: Position) -> float:
        """The weight that `query` gives to `key`: `∏ A_i[q_i, k_i]`, or `Σ_i A_i[q_i, k_i] ∏_{j≠i} [q_j = k_j]`.

        Returns:
            The weight, a plain number.
        """
        query, key = self._position(query), self._position(key)
        weights = [float(factor[q, k]) for factor, q, k in zip(self.factors, query, key, strict=True)]
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
        position = self._position(query)
        return self._spread([factor[p] for factor, p in zip(self.factors, position, strict=True)], position)

    def column(self, key: Position) -> Tensor:
        """Who looks at `key`.

        Returns:
            Weights of shape `(n_1, …, n_k)`, one for each query; they need not add up to 1.
        """
        position = self._position(key)
        return self._spread([factor[:, p] for factor, p in zip(self.factors, position, strict=True)], position)

    def apply(self, x: Tensor) -> Tensor:
        """The map applied to values, mode after mode: `x ×₁A_1 … ×ₖA_k`, or `Σ_i x ×ᵢ A_i`.

        Args:
            x: shape `(n_1, …, n_k)`, or with further feature dims behind.

        Returns:
            The same shape as `x`: each query's weighted sum of the values at its keys.

        Raises:
            ShapeError: when `x` does not begin with the map's sizes or lives on another device.
        """
        return self._mode_products("apply", x, self.factors)

    def apply_transposed(self, x: Tensor) -> Tensor:
        """The transposed map applied to values, `Aᵀ x` (the row vector `x A`): weight flows from queries to keys.

        Args:
            x: one value for each query, shape `(n_1, …, n_k)`, or with further feature dims behind.

        Returns:
            The same shape as `x`: at each key the sum over the queries of `x[query] · A[query, key]`.

        Raises:
            ShapeError: when `x` does not begin with the map's sizes or lives on another device.
        """
        return self._mode_products("apply_transposed", x, [factor.T for factor in self.factors])

    def row_sums(self) -> Tensor:
        """The weight that each query gives in all: `∏_i Σ_k A_i[q_i, k]`, or `scale · Σ_i Σ_k A_i[q_i, k]`.

        Returns:
            Shape `(n_1, …, n_k)`; 1 everywhere for row-stochastic factors (`k` for the plain sum), less where
            rows of a factor are masked.
        """
        sums = [factor.sum(1) for factor in self.factors]
        if self.combine == "product":
            return outer(sums)
        spread = [along(vector, mode, len(sums)) for mode, vector in enumerate(sums)]
        return self.scale * reduce(torch.add, spread)

    def view(
        self, rows: tuple[int, int], cols: tuple[int, int], height: int, width: int, reduce: str = "mean"
    ) -> Tensor:
        """A picture of a rectangle of the map: each pixel the exact mean over its block of entries.

        Pixel `i` averages the rows from `r0 + floor(i·(r1−r0)/height)` to
        `r0 + floor((i+1)·(r1−r0)/height)`; where a pixel is narrower than one entry it shows that
        entry. An interval of flat indices is at most `2k−1` boxes, and the sum over a box of rows and
        a box of columns comes from prefix sums of the factors: for the product `∏_i Δ_i`, for the sum
        `Σ_i Δ_i ∏_{j≠i} |rows_j ∩ cols_j|`. The cost, `O(height·width·k³)`, does not depend on `N`.

        Args:
            rows: half-open range of flat query indices.
            cols: half-open range of flat key indices.
            height: pixels along the queries.
            width: pixels along the keys.
            reduce: what a pixel shows of its block; "mean" is the one that every map has exactly.

        Returns:
            float64 means of shape `(height, width)`.

        Raises:
            SelectionError: when a range is empty or leaves the map, a size is not positive, or `reduce` is
                not "mean".
        """
        if reduce != "mean":
            raise SelectionError(f"view: reduce={reduce!r} is not offered; a pixel shows the exact mean of its block.")
        row_edges = pixel_edges(rows, height, self.shape[0], "rows")
        col_edges = pixel_edges(cols, width, self.shape[1], "cols")
        row_boxes, col_boxes = boxes_of(row_edges, self.sizes), boxes_of(col_edges, self.sizes)
        counts = torch.outer((row_edges[1] - row_edges[0]).double(), (col_edges[1] - col_edges[0]).double())
        return self._box_sums(row_boxes, col_boxes).div_(counts).mul_(self.scale)

    def _box_sums(self, rows: Boxes, cols: Boxes) -> Tensor:
        """Sum of the entries over every pixel: all pairs of a row box and a column box, added up."""
        total = torch.zeros(rows.pixels, cols.pixels, dtype=torch.float64)
        partials = [row_sums(factor, rows, mode) for mode, factor in enumerate(self.factors)]
        for a in rows.used:
            for b in cols.used:
                blocks = [col_sums(partial[a], cols, mode, b) for mode, partial in enumerate(partials)]
                if self.combine == "product":
                    total += reduce(torch.mul, blocks)
                    continue
                shared = [overlap(rows, cols, mode, a, b) for mode in range(len(blocks))]
                for i, block in enumerate(blocks):
                    total += reduce(torch.mul, [block, *shared[:i], *shared[i + 1 :]])
        return total

    def _spread(self, vectors: Sequence[Tensor], position: tuple[int, ...]) -> Tensor:
        """Combine one vector per mode into an array over all positions."""
        if self.combine == "product":
            return outer(vectors)
        out = torch.zeros(self.sizes, dtype=vectors[0].dtype, device=vectors[0].device)
        for mode, vector in enumerate(vectors):
            line: tuple[int | slice, ...] = (*position[:mode], slice(None), *position[mode + 1 :])
            out[line] += self.scale * vector
        return out

    def _mode_products(self, method: str, x: Tensor, factors: Sequence[Tensor]) -> Tensor:
        """All mode products after one another (product), or each on its own and added up (sum)."""
        if tuple(x.shape[: len(self.sizes)]) != self.sizes:
            raise ShapeError(
                f"KroneckerMap.{method}: values {tuple(x.shape)} do not begin with the sizes {self.sizes}."
            )
        if x.device != factors[0].device:
            raise ShapeError(
                f"KroneckerMap.{method}: values are on {x.device}, the factors on {factors[0].device}; "
                "move one of them."
            )
        dtype = reduce(torch.promote_types, [factor.dtype for factor in factors], x.dtype)
        x, factors = x.to(dtype), [factor.to(dtype) for factor in factors]
        if self.combine == "product":
            for mode, factor in enumerate(factors):
                x = mode_product(x, factor, mode)
            return x
        out = mode_product(x, factors[0], 0)
        for mode, factor in enumerate(factors[1:], start=1):
            out = out + mode_product(x, factor, mode)
        return self.scale * out

    def _position(self, position: Position) -> tuple[int, ...]:
        inside = len(position) == len(self.sizes) and all(
            0 <= p < n for p, n in zip(position, self.sizes, strict=False)
        )
        if not inside:
            raise SelectionError(f"Position {tuple(position)} lies outside the token grid {self.sizes}.")
        return tuple(int(p) for p in position)


def mode_product(x: Tensor, factor: Tensor, mode: int) -> Tensor:
    """The mode product `x ×_mode factor`: `out[…, q, …] = Σ_k factor[q, k] x[…, k, …]`.

    Returns:
        A tensor of the shape of `x`.
    """
    return torch.tensordot(factor, x, dims=([1], [mode])).movedim(0, mode)


def outer(vectors: Sequence[Tensor]) -> Tensor:
    """The outer product of one vector per mode, `(n_1, …, n_k)`."""
    out = vectors[0]
    for vector in vectors[1:]:
        out = out.unsqueeze(-1) * vector
    return out


def along(vector: Tensor, mode: int, modes: int) -> Tensor:
    """A vector that lies along one of `modes` axes, the others of length 1."""
    return vector.reshape([-1 if axis == mode else 1 for axis in range(modes)])


def row_sums(factor: Tensor, rows: Boxes, mode: int) -> Tensor:
    """Factor rows summed over each row box, then prefix sums along the keys, (box, pixel, n + 1)."""
    prefix = torch.nn.functional.pad(factor.double(), (1, 0, 1, 0)).cumsum(0).cumsum(1).cpu()
    return prefix[rows.high[mode]] - prefix[rows.low[mode]]


def col_sums(partial: Tensor, cols: Boxes, mode: int, box: int) -> Tensor:
    """Block sums (row pixel, column pixel) of one factor for one row box and one column box."""
    return partial[:, cols.high[mode, box]] - partial[:, cols.low[mode, box]]


def overlap(rows: Boxes, cols: Boxes, mode: int, a: int, b: int) -> Tensor:
    """How many positions of one mode a row box and a column box share, (row pixel, column pixel)."""
    high = torch.minimum(rows.high[mode, a][:, None], cols.high[mode, b][None])
    low = torch.maximum(rows.low[mode, a][:, None], cols.low[mode, b][None])
    return (high - low).clamp_(min=0).double()
