"""Full high-order attention: softmax over all pairs of flattened tokens. The oracle and the baseline."""

from __future__ import annotations

from torch import Tensor, nn

from hot_core.attention.checks import check_call, check_dropout, check_width
from hot_core.attention.lines import attend, clear_invalid, rows_along, split_heads
from hot_core.record import AttentionRecord


class FullAttention(nn.Module):
    """Multi-head attention over all `N = ∏ n_i` tokens: `softmax(Q Kᵀ / √d) V`, fused.

    It takes the same call as `KroneckerAttention`, for any number of modes, and knows nothing of
    their order. `N²` weights a head are computed and never stored; `AttentionRecord(queries=[…])`
    keeps the rows of chosen queries. One exception: while training with `dropout > 0` on a CPU,
    where the fused kernel has no dropout, torch stores them.

    Args:
        dim: width of the tokens.
        heads: number of heads; each is `d = dim/heads` wide, and `d` must be even.
        dropout: probability of dropping a weight while training; recorded rows are those before it.

    Raises:
        ShapeError: when `heads` does not divide `dim` into even parts, or `dropout` is no probability.
    """

    def __init__(self, dim: int, heads: int = 8, *, dropout: float = 0.0) -> None:
        super().__init__()
        check_width("FullAttention", dim, heads)
        check_dropout("FullAttention", dropout)
        self.dim, self.heads, self.dropout = dim, heads, dropout
        self.query, self.key, self.value, self.output = (nn.Linear(dim, dim) for _ in range(4))

    def forward(self, x: Tensor, mask: Tensor | None = None, record: AttentionRecord | None = None) -> Tensor:
        """Attend.

        Args:
            x: [batch, n_1, …, n_k, dim].
            mask: [batch, n_1, …, n_k], True where a token is valid; invalid tokens are never looked
                at, whatever they hold, and a row without any valid key is 0 before the output projection.
            record: filled with the rows of its queries when given.

        Returns:
            The shape of `x`.

        Raises:
            ShapeError: when the shapes do not fit.
            SelectionError: when a query of the record lies outside the tokens.
        """
        check_call(type(self).__name__, x, mask, record, dim=self.dim, num_modes=None, weight=self.value.weight)
        seen, sizes = clear_invalid(x, mask), tuple(x.shape[1:-1])
        query, key = self.queries_and_keys(x, seen)
        value = split_heads(self.value(seen), self.heads)
        everywhere = range(len(sizes))
        if record is not None:
            rows = rows_along(query, key, everywhere, mask, record.positions(sizes))
            record.add_rows(rows, sizes, mask)
        out = attend(query, key, value, everywhere, mask, self.dropout if self.training else 0.0)
        return self.output(out.flatten(-2))

    def queries_and_keys(self, x: Tensor, seen: Tensor) -> tuple[Tensor, Tensor]:
        """The heads' queries and keys; a subclass may give them positions here.

        Args:
            x: [batch, n_1, …, n_k, dim], what looks.
            seen: the same shape, what is looked at: 0 where invalid.

        Returns:
            Two tensors [batch, n_1, …, n_k, head, dim / heads].
        """
        return split_heads(self.query(x), self.heads), split_heads(self.key(seen), self.heads)
