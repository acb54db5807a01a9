"""Several heads seen together: a weighted sum of Kronecker maps, which is in general not one."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from hot_core.errors import ShapeError
from hot_core.kronecker.operator import KroneckerMap, Position


@dataclass(frozen=True, eq=False)
class KroneckerMixture:
    """The map `Σ_h w_h A_h` of several heads.

    A mixture has Kronecker rank up to the number of heads: never show it as one Kronecker product.

    Attributes:
        maps: the heads' maps, of equal sizes.
        weights: one weight for each map; they say how the heads are mixed and belong on the picture.

    Raises:
        ShapeError: when there is no map, the sizes differ, or the weights do not fit.
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
        """The weighted mean of the heads' entries."""
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
        """Exact block means, since a mean is linear in the map; see `KroneckerMap.view`."""
        return self._mix(lambda single: single.view(rows, cols, height, width, reduce))

    def _mix(self, part: Callable[[KroneckerMap], Tensor]) -> Tensor:
        terms = (weight * part(single) for weight, single in zip(self.weights, self.maps, strict=True))
        return functools.reduce(torch.add, terms)
