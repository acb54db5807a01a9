"""What every map of N queries over N keys can answer, whatever it is made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol, TypeAlias, runtime_checkable

from torch import Tensor

from hot_core.kronecker.top import TopEntries

Combine: TypeAlias = Literal["product", "sum"]
Position: TypeAlias = Sequence[int]


@runtime_checkable
class AttentionMap(Protocol):
    """A map of weights, query × key, over the tokens of a grid; `KroneckerMap` says what each method means."""

    @property
    def sizes(self) -> tuple[int, ...]:
        """Tokens along each mode."""

    @property
    def shape(self) -> tuple[int, int]:
        """The shape `(N, N)` of the matrix that is never formed."""

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
        """Exact block means or maxima of a rectangle of the map, of shape `(height, width)`."""

    def entropy(self, query: Position) -> float:
        """How spread a query's attention is, in nats."""

    def stable_rank(self) -> float:
        """How many directions the map uses: the squared Frobenius norm over the squared spectral norm."""

    def row_marginals(self, query: Position) -> tuple[Tensor, ...]:
        """Where `query` looks along each mode, summed over the other modes."""

    def column_marginals(self, key: Position) -> tuple[Tensor, ...]:
        """Who looks at `key` along each mode, summed over the other modes."""

    def marginal(self, mode: int) -> Tensor:
        """The whole map along one mode, (query, key)."""

    def top_of_row(self, query: Position, count: int) -> TopEntries:
        """The largest weights of a query."""

    def top(self, count: int) -> TopEntries:
        """The largest weights of the whole map."""

    def dense(self, limit: int = 10_000_000) -> Tensor:
        """The explicit matrix, where it has no more than `limit` entries."""
