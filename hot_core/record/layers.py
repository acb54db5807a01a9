"""What one attention layer leaves behind: its factors, or the rows of chosen queries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, TypeAlias

from torch import Tensor

from hot_core.kronecker import Combine

HeadWeights: TypeAlias = Literal["equal", "output"]
"""How the heads of a layer are mixed: all alike, or by each head's share of the layer's output."""


@dataclass(frozen=True, eq=False)
class LayerFactors:
    """One layer's mode-wise factors.

    Attributes:
        factors: one for each mode, (batch, head, query, key).
        combine: "product" or "sum".
        normalize: whether a sum is divided by the number of modes.
        mask: (batch, n_1, …, n_k), True where a token was valid; None without mask.
        make_shares: gives `shares`, which are made when they are first asked for; None where not recorded.
    """

    factors: tuple[Tensor, ...]
    combine: Combine
    normalize: bool
    mask: Tensor | None = None
    make_shares: Callable[[], Tensor] | None = None

    @cached_property
    def shares(self) -> Tensor | None:
        """Each head's share of the layer's output, (batch, head), adding up to 1 over the heads; None if not recorded.

        `hot_core.attention.shares` defines them.
        """
        return None if self.make_shares is None else self.make_shares()

    @property
    def sizes(self) -> tuple[int, ...]:
        """Tokens along each mode."""
        return tuple(factor.shape[-1] for factor in self.factors)

    @property
    def counts(self) -> tuple[int, int]:
        """Elements of the batch, and heads."""
        return self.factors[0].shape[0], self.factors[0].shape[1]


@dataclass(frozen=True, eq=False)
class LayerRows:
    """One layer's rows for chosen queries.

    Attributes:
        rows: (batch, head, chosen, key); attention over tuples has a weight for each tuple of keys, in C order.
        queries: the flat index of each chosen query.
        sizes: tokens along each mode.
        mask: (batch, n_1, …, n_k), True where a token was valid; None without mask.
        keys: how many keys a tuple has; 1 for ordinary attention.
    """

    rows: Tensor
    queries: tuple[int, ...]
    sizes: tuple[int, ...]
    mask: Tensor | None = None
    keys: int = 1

    @property
    def counts(self) -> tuple[int, int]:
        """Elements of the batch, and heads."""
        return self.rows.shape[0], self.rows.shape[1]
