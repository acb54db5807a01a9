"""Attention whose queries and keys know where a token stands, not what it holds: one map for all values."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from hot_core.attention import FullAttention, KroneckerAttention
from hot_core.attention.factors import Factor
from hot_core.kronecker import Combine


class KroneckerByPlace(KroneckerAttention):
    """Mode-wise factors from one learnt vector for each place; values from the tokens.

    Args:
        sizes: tokens along each mode.
        dim: width.
        heads: number of heads.
        combine: "product", or "sum", which is divided by the number of modes.
    """

    def __init__(self, sizes: Sequence[int], dim: int, heads: int, combine: Combine) -> None:
        super().__init__(dim, len(sizes), heads, combine, normalize=combine == "sum")
        self.codes = nn.Parameter(0.3 * torch.randn(*sizes, dim))

    def factors(self, x: Tensor, mask: Tensor | None) -> list[Factor]:
        """The factors of the places, whatever the tokens hold."""
        return super().factors(self.codes.expand_as(x), mask)


class FullByPlace(FullAttention):
    """Weights of all pairs from one learnt vector for each place; values from the tokens.

    Args:
        sizes: tokens along each mode.
        dim: width.
        heads: number of heads.
    """

    def __init__(self, sizes: Sequence[int], dim: int, heads: int) -> None:
        super().__init__(dim, heads)
        self.codes = nn.Parameter(0.3 * torch.randn(*sizes, dim))

    def queries_and_keys(self, x: Tensor, seen: Tensor) -> tuple[Tensor, Tensor]:
        """The heads' queries and keys of the places, whatever the tokens hold."""
        codes = self.codes.expand_as(x)
        return super().queries_and_keys(codes, codes)
