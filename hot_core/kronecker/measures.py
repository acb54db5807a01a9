"""What a Kronecker map says in numbers: entropy, stable rank, marginals and largest entries, from its factors."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from hot_core.errors import SelectionError
from hot_core.kronecker.algebra import apply_factors, spread, sum_dtype
from hot_core.kronecker.checks import check_count, check_countable, check_finite, check_position
from hot_core.kronecker.marginals import line_marginals, mode_marginal, row_entropy
from hot_core.kronecker.protocol import Combine, Position
from hot_core.kronecker.scan import top_of_heads
from hot_core.kronecker.spectrum import inner_product, matrix_stable_rank, squared_spectral_norm, terms_of_sum
from hot_core.kronecker.top import SumTree, TopEntries, search, top_of


class Measures:
    """The numbers of a `KroneckerMap`, which gives the factors."""

    factors: tuple[Tensor, ...]
    combine: Combine

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
        """What the combined factors are multiplied by."""
        raise NotImplementedError

    def entropy(self, query: Position) -> float:
        """How spread a query's attention is: `−Σ w ln w` of its row divided by the row's sum.

        The product's is the sum of the modes' entropies; the sum's comes from the `1 + Σ(n_i − 1)` weights that
        its row has. `exp(entropy)` is the effective number of keys.

        Returns:
            Nats, from 0 to `ln N`; 0 for a row without weight.

        Raises:
            SelectionError: when the query lies outside the grid, or a weight is negative or not finite.
        """
        position = check_position(query, self.sizes)
        rows = [factor.detach()[p] for factor, p in zip(self.factors, position, strict=True)]
        check_finite(f"entropy of {position}", rows)
        return row_entropy(rows, position, self.combine)

    def stable_rank(self) -> float:
        """`‖A‖_F² / ‖A‖₂²`: from 1 (all queries look alike) to `N` (all differ and count the same).

        Product: the product of the factors' stable ranks. Sum: `‖A‖_F²` is the sum over pairs of terms
        `Σ_i (∏_{j≠i} n_j) ‖A_i‖_F² + 2 Σ_{i<j} (∏_{l≠i,j} n_l) tr A_i tr A_j`; `‖A‖₂` by an iteration with
        mode products, since it is not `Σ ‖A_i‖₂` unless the factors are symmetric.

        Returns:
            The stable rank, to a relative 1e-9; 0 for a map of zeros.

        Raises:
            SelectionError: when a factor holds NaN or infinite values.
            HotError: when the iteration does not settle.
        """
        check_finite("stable_rank", self.factors)
        exact = [factor.detach().double() for factor in self.factors]
        if self.combine == "product" or len(exact) == 1:
            return math.prod(matrix_stable_rank(factor) for factor in exact)
        terms = terms_of_sum(exact)
        square = inner_product(terms, terms, self.sizes)
        if square <= 0:  # rounding may leave it just below 0
            return 0.0
        turned = [factor.T for factor in exact]
        like = torch.empty(self.sizes, dtype=torch.float64, device=self.factors[0].device)
        return square / squared_spectral_norm(
            lambda x: apply_factors("stable_rank", x, exact, "sum"),
            lambda x: apply_factors("stable_rank", x, turned, "sum"),
            like,
        )

    def row_marginals(self, query: Position) -> tuple[Tensor, ...]:
        """Where `query` looks along each mode: its row summed over all the other modes.

        Returns:
            For mode `i` a vector `(n_i,)` over the keys; each adds up to the row's sum. Added up in float64; in
            the factors' dtype, at least float32.
        """
        position = check_position(query, self.sizes)
        lines = [factor[p] for factor, p in zip(self.factors, position, strict=True)]
        return self._marginals(lines, position)

    def column_marginals(self, key: Position) -> tuple[Tensor, ...]:
        """Who looks at `key` along each mode: its column summed over all the other modes.

        Returns:
            For mode `i` a vector `(n_i,)` over the queries; each adds up to the column's sum. Added up in
            float64; in the factors' dtype, at least float32.
        """
        position = check_position(key, self.sizes)
        lines = [factor[:, p] for factor, p in zip(self.factors, position, strict=True)]
        return self._marginals(lines, position)

    def marginal(self, mode: int) -> Tensor:
        """The whole map along one mode: summed over the keys' other modes, the mean over the queries' other modes.

        `M[a, b]` is the weight that a query with `p_i = a` gives, on the mean, to the keys with `q_i = b`.

        Returns:
            Shape `(n_i, n_i)`, query × key; for the product of row-stochastic factors it is the factor itself.
            Added up in float64; in the factors' dtype, at least float32.

        Raises:
            SelectionError: when there is no such mode.
        """
        return (self.scale * mode_marginal(self.factors, mode, self.combine)).to(sum_dtype(self.factors))

    def top_of_row(self, query: Position, count: int) -> TopEntries:
        """The `count` largest weights of a query, exact, from its row (`O(N)`).

        Returns:
            In descending order, equal weights by flat key index; weights in float64.

        Raises:
            SelectionError: when the query lies outside the grid, the count outside what there is, or a weight is
                not finite.
        """
        position = check_position(query, self.sizes)
        lines = [factor.detach()[p].double() for factor, p in zip(self.factors, position, strict=True)]
        check_finite(f"top_of_row of {position}", lines)
        return top_of(self.scale * spread(lines, position, self.combine), position, count)

    def top(self, count: int) -> TopEntries:
        """The `count` largest weights of the whole map, exact, by a search over the factors' entries.

        Returns:
            In descending order, equal weights by flat query, then key index; weights in float64.

        Raises:
            SelectionError: when a factor has negative entries or values that are not finite, the count lies outside
                what there is, or there are 2⁶³ tokens or more.
        """
        count = check_count(count, self.shape[0] ** 2, "top")
        check_countable(self.sizes, "top")
        check_finite("top", self.factors)
        if any(bool((factor < 0).any()) for factor in self.factors):
            raise SelectionError("top: needs non-negative factors, one has negative entries. Ask for top_of_row.")
        if self.combine == "product":
            return top_of_heads([self.factors], [1.0], count)
        return search(SumTree([self.scale * factor.double() for factor in self.factors]), count)

    def _marginals(self, lines: list[Tensor], position: tuple[int, ...]) -> tuple[Tensor, ...]:
        dtype = sum_dtype(self.factors)
        return tuple((self.scale * line).to(dtype) for line in line_marginals(lines, position, self.combine))
