"""Several heads seen together: a weighted sum of Kronecker maps, which is in general not one."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from hot_core.errors import SelectionError, ShapeError
from hot_core.kronecker.checks import check_count, check_countable, check_dense, check_finite, check_position
from hot_core.kronecker.marginals import entropy_of
from hot_core.kronecker.operator import KroneckerMap
from hot_core.kronecker.protocol import Position
from hot_core.kronecker.scan import top_of_heads
from hot_core.kronecker.spectrum import inner_product, squared_spectral_norm
from hot_core.kronecker.top import TopEntries, top_of
from hot_core.kronecker.view import axes_of


@dataclass(frozen=True, eq=False)
class KroneckerMixture:
    """The map `Σ_h w_h A_h` of several heads.

    A mixture of products has Kronecker rank up to the number of heads: never show it as one Kronecker product.
    A mixture of sums is again a Kronecker sum, `Σ_h w_h (A_h1 ⊕ A_h2 …) = (Σ_h w_h A_h1) ⊕ (Σ_h w_h A_h2) …`,
    and so everything that one map can answer is exact for it too.

    Attributes:
        maps: the heads' maps, of equal sizes, all products or all sums, on one device.
        weights: one weight for each map; they say how the heads are mixed and belong on the picture.

    Raises:
        ShapeError: when there is no map, the sizes, forms or devices differ, or the weights do not fit.
    """

    maps: tuple[KroneckerMap, ...]
    weights: tuple[float, ...]

    def __post_init__(self) -> None:
        sizes = {single.sizes for single in self.maps}
        if len(sizes) != 1 or len(self.weights) != len(self.maps):
            raise ShapeError(
                f"KroneckerMixture: {len(self.maps)} maps of sizes {sorted(sizes)} and {len(self.weights)} weights; "
                "give at least one map, equal sizes and one weight for each map."
            )
        if not all(math.isfinite(weight) for weight in self.weights):
            raise ShapeError(f"KroneckerMixture: weights must be finite numbers, got {self.weights}.")
        kinds = sorted({f"{single.combine} on {single.factors[0].device}" for single in self.maps})
        if len(kinds) != 1:
            raise ShapeError(f"KroneckerMixture: maps of different kinds, {', '.join(kinds)}; mix only maps of one.")

    @classmethod
    def equal(cls, maps: Sequence[KroneckerMap]) -> KroneckerMixture:
        """The plain mean over heads."""
        return cls(tuple(maps), tuple(1 / len(maps) for _ in maps))

    @property
    def sizes(self) -> tuple[int, ...]:
        """Tokens along each mode."""
        return self.maps[0].sizes

    @property
    def shape(self) -> tuple[int, int]:
        """The shape `(N, N)` of the matrix that is never formed."""
        return self.maps[0].shape

    @property
    def combine(self) -> str:
        """How each head combines its factors: "product" or "sum"."""
        return self.maps[0].combine

    def entry(self, query: Position, key: Position) -> float:
        """The weighted sum of the heads' entries."""
        return sum(w * single.entry(query, key) for w, single in zip(self.weights, self.maps, strict=True))

    def row(self, query: Position) -> Tensor:
        """Where `query` looks, over all heads; shape `sizes`."""
        return self._mix(lambda single: single.row(query))

    def column(self, key: Position) -> Tensor:
        """Who looks at `key`, over all heads; shape `sizes`."""
        return self._mix(lambda single: single.column(key))

    def apply(self, x: Tensor) -> Tensor:
        """The mixed map applied to values of shape `sizes` or `sizes + (features,)`."""
        return self._mix(lambda single: single.apply(x))

    def apply_transposed(self, x: Tensor) -> Tensor:
        """The transposed mixed map applied to values; see `KroneckerMap.apply_transposed`."""
        return self._mix(lambda single: single.apply_transposed(x))

    def row_sums(self) -> Tensor:
        """The weight that each query gives in all, over all heads; shape `sizes`."""
        return self._mix(lambda single: single.row_sums())

    def view(
        self, rows: tuple[int, int], cols: tuple[int, int], height: int, width: int, reduce: str = "mean"
    ) -> Tensor:
        """Exact block means, since a mean is linear in the map; see `KroneckerMap.view`.

        Returns:
            float64 of shape `(height, width)`, on the CPU.

        Raises:
            SelectionError: as `KroneckerMap.view`; and when the maximum over blocks is asked of several product
                heads, since the heads' largest entries stand at different places.
        """
        one = self.as_one()
        if one is not None:
            return one.view(rows, cols, height, width, reduce)
        if reduce == "max" and not axes_of(rows, cols, height, width, self.sizes).single:
            raise SelectionError(
                f"view: reduce='max' is not exact for a mixture of {len(self.maps)} heads, whose largest entries stand "
                "at different places. Ask for reduce='mean', for one head, or zoom in until a pixel is one entry."
            )
        return self._mix(lambda single: single.view(rows, cols, height, width, reduce))

    def entropy(self, query: Position) -> float:
        """How spread a query's attention over all heads is, in nats; from its row, `O(N)`; see `KroneckerMap`."""
        position = check_position(query, self.sizes)
        self._check_finite("entropy", position)
        return entropy_of(self._exact().row(position))

    def stable_rank(self) -> float:
        """`‖A‖_F² / ‖A‖₂²` of the mixed map.

        `‖A‖_F² = Σ_{g,h} w_g w_h ∏_i tr(A_giᵀ A_hi)`; `‖A‖₂` by an iteration with mode products.

        Returns:
            The stable rank, to a relative 1e-9; 0 for a map of zeros.

        Raises:
            SelectionError: when a factor holds NaN or infinite values.
            HotError: when the iteration does not settle.
        """
        self._check_finite("stable_rank")
        one = self.as_one()
        if one is not None:
            return one.stable_rank()
        exact = self._exact()
        terms = [[single.factors] for single in exact.maps]
        square = sum(
            v * w * inner_product(left, right, self.sizes)
            for v, left in zip(self.weights, terms, strict=True)
            for w, right in zip(self.weights, terms, strict=True)
        )
        if square <= 0:  # rounding may leave it just below 0
            return 0.0
        like = torch.empty(self.sizes, dtype=torch.float64, device=self.maps[0].factors[0].device)
        return square / squared_spectral_norm(exact.apply, exact.apply_transposed, like)

    def row_marginals(self, query: Position) -> tuple[Tensor, ...]:
        """Where `query` looks along each mode, over all heads; see `KroneckerMap.row_marginals`."""
        return self._mix_each(lambda single: single.row_marginals(query))

    def column_marginals(self, key: Position) -> tuple[Tensor, ...]:
        """Who looks at `key` along each mode, over all heads; see `KroneckerMap.column_marginals`."""
        return self._mix_each(lambda single: single.column_marginals(key))

    def marginal(self, mode: int) -> Tensor:
        """The mixed map along one mode, (query, key); see `KroneckerMap.marginal`."""
        return self._mix(lambda single: single.marginal(mode))

    def top_of_row(self, query: Position, count: int) -> TopEntries:
        """The `count` largest weights of a query over all heads; see `KroneckerMap.top_of_row`."""
        position = check_position(query, self.sizes)
        self._check_finite("top_of_row", position)
        return top_of(self._exact().row(position), position, count)

    def top(self, count: int) -> TopEntries:
        """The `count` largest weights of the mixed map, exact; see `KroneckerMap.top`.

        Returns:
            In descending order, equal weights by flat query, then key index.

        Raises:
            SelectionError: when a weight or a factor is negative, the count lies outside what there is, or the
                search would take too long, since several heads bound their sum only loosely, and there are more
                than 1e9 entries, too many to look at all of them.
        """
        count = check_count(count, self.shape[0] ** 2, "top")
        check_countable(self.sizes, "top")
        self._check_finite("top")
        one = self.as_one()
        if one is not None:
            return one.top(count)
        negative = any(bool((factor < 0).any()) for single in self.maps for factor in single.factors)
        if negative or min(self.weights) < 0:
            raise SelectionError("top: needs non-negative factors and weights, one is negative. Ask for top_of_row.")
        return top_of_heads([single.factors for single in self.maps], self.weights, count)

    def dense(self, limit: int = 10_000_000) -> Tensor:
        """The explicit mixed matrix, where it has no more than `limit` entries; see `KroneckerMap.dense`."""
        check_dense(self.shape[0], limit)
        return self._mix(lambda single: single.dense(limit))

    def as_one(self) -> KroneckerMap | None:
        """The same map as a single `KroneckerMap` in float64, where that is what it is.

        Returns:
            A sum of mixed factors for sums, the head itself where at most one has weight, otherwise None.
        """
        weighty = [(w * m.scale, m.factors) for w, m in zip(self.weights, self.maps, strict=True) if w != 0]
        weighty = weighty or [(0.0, self.maps[0].factors)]
        if self.combine == "sum":
            modes = range(len(self.sizes))
            return KroneckerMap(tuple(_total([w * f[i].double() for w, f in weighty]) for i in modes), "sum")
        if len(weighty) != 1:
            return None
        weight, (first, *others) = weighty[0]
        return KroneckerMap((weight * first.double(), *(factor.double() for factor in others)))

    def _exact(self) -> KroneckerMixture:
        """The same mixture with factors in float64."""
        maps = (KroneckerMap(tuple(f.detach().double() for f in m.factors), m.combine, m.normalize) for m in self.maps)
        return KroneckerMixture(tuple(maps), self.weights)

    def _check_finite(self, where: str, query: tuple[int, ...] | None = None) -> None:
        """Refuse NaN and infinite values in any head's factors, or in their rows at a query."""
        for head, single in enumerate(self.maps):
            rows = single.factors if query is None else [f[p] for f, p in zip(single.factors, query, strict=True)]
            check_finite(f"{where}: head {head}", rows)

    def _mix(self, part: Callable[[KroneckerMap], Tensor]) -> Tensor:
        return _total([weight * part(single) for weight, single in zip(self.weights, self.maps, strict=True)])

    def _mix_each(self, parts: Callable[[KroneckerMap], tuple[Tensor, ...]]) -> tuple[Tensor, ...]:
        of_heads = [parts(single) for single in self.maps]
        return tuple(
            _total([w * p for w, p in zip(self.weights, heads, strict=True)]) for heads in zip(*of_heads, strict=True)
        )


def _total(terms: Sequence[Tensor]) -> Tensor:
    """Tensors added up in their order."""
    return functools.reduce(torch.add, terms)
