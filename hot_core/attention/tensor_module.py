"""Tensor attention as a module with the call of every other attention, so that a block can hold it."""

from __future__ import annotations

import math

from torch import Tensor, nn

from hot_core.attention.checks import check_call, check_whole, check_width
from hot_core.attention.lines import clear_invalid, split_heads
from hot_core.attention.tensor import tensor_attention, weights_of
from hot_core.errors import ShapeError
from hot_core.record import AttentionRecord

LOWEST_ORDER, HIGHEST_ORDER = 2, 5


class TensorAttention(nn.Module):
    """Multi-head attention of every token over all tuples of tokens, exact; see `hot.tensor_attention`.

    Order 3 attends over pairs of keys (triples with the query), order `m + 1` over tuples of `m`, order 2 is ordinary
    attention but for its scale. It takes the call of `FullAttention`, for any number of modes, and knows nothing of
    their order. Time is `O(N^order)`: at order 3 some hundreds of tokens.

    Args:
        dim: width of the tokens.
        heads: number of heads; each is `d = dim/heads` wide, and `d` must be even.
        order: keys and query together, 2 … 5.
        causal: tokens, in C order, see only tuples that stand at their own position or before.
        scale: of the logits; None for `1/d`.
        chunk: tuples handled at once; None chooses.

    Raises:
        ShapeError: when `heads` does not divide `dim` into even parts, or the order is out of range.
    """

    def __init__(
        self,
        dim: int,
        heads: int = 8,
        order: int = 3,
        *,
        causal: bool = False,
        scale: float | None = None,
        chunk: int | None = None,
    ) -> None:
        super().__init__()
        check_width("TensorAttention", dim, heads)
        check_order("TensorAttention", order)
        self.dim, self.heads, self.order = dim, heads, order
        self.causal, self.scale, self.chunk = causal, scale, chunk
        self.query, self.output = nn.Linear(dim, dim), nn.Linear(dim, dim)
        self.keys = nn.ModuleList(nn.Linear(dim, dim) for _ in range(order - 1))
        self.values = nn.ModuleList(nn.Linear(dim, dim) for _ in range(order - 1))

    def forward(self, x: Tensor, mask: Tensor | None = None, record: AttentionRecord | None = None) -> Tensor:
        """Attend.

        Args:
            x: [batch, n_1, …, n_k, dim].
            mask: [batch, n_1, …, n_k], True where a token is valid; invalid tokens are never looked at, whatever they
                hold, and a token that may see no tuple is 0 before the output projection.
            record: filled with the rows of its queries when given: a weight for every tuple of tokens.

        Returns:
            The shape of `x`.

        Raises:
            ShapeError: when the shapes do not fit, or there are too many tokens for the exact form.
            SelectionError: when a query of the record lies outside the tokens.
        """
        check_call("TensorAttention", x, mask, record, dim=self.dim, num_modes=None, weight=self.query.weight)
        seen, sizes = clear_invalid(x, mask), tuple(x.shape[1:-1])
        query = self._heads(self.query, x)
        keys = [self._heads(key, seen) for key in self.keys]
        values = [self._heads(value, seen) for value in self.values]
        valid = None if mask is None else mask.flatten(1)[:, None].expand(-1, self.heads, -1)
        if record is not None:
            chosen = record.flat_queries(sizes)
            rows = weights_of(query, keys, chosen, self.scale, mask=valid, causal=self.causal)
            record.add_rows(rows.flatten(3), sizes, mask, keys=self.order - 1)
        out = tensor_attention(query, keys, values, self.scale, self.chunk, mask=valid, causal=self.causal)
        return self.output(out.transpose(1, 2).reshape(x.shape))

    def _heads(self, layer: nn.Module, x: Tensor) -> Tensor:
        """Projected tokens as (batch, head, N, dim/head)."""
        return split_heads(layer(x), self.heads).reshape(
            x.shape[0], math.prod(x.shape[1:-1]), self.heads, -1
        ).transpose(1, 2)  # fmt: skip


def check_order(owner: str, order: int) -> None:
    """Refuse an order that is no attention, or too high to be computed."""
    check_whole(owner, order=order)
    if not LOWEST_ORDER <= order <= HIGHEST_ORDER:
        raise ShapeError(
            f"{owner}: order={order}; give {LOWEST_ORDER} … {HIGHEST_ORDER}: {LOWEST_ORDER} is ordinary attention, "
            "3 attends over pairs of keys. Each order more multiplies the time by the number of tokens."
        )
