"""Axial attention: every token looks along the lines through it, one line for each mode, and adds up."""

from __future__ import annotations

from torch import Tensor, nn

from hot_core.attention.checks import check_call, check_dropout, check_num_modes, check_width
from hot_core.attention.lines import attend, clear_invalid, rows_along, split_heads
from hot_core.record import AttentionRecord


class AxialAttention(nn.Module):
    """The Kronecker sum without pooling: each line along a mode has an attention matrix of its own.

    For each mode `i` and head, with the position `p` of the query,

        a_i = softmax over the line {q : q_j = p_j for all j ≠ i} of  query_i(x_p) · key_i(x_q) / √d
        out_p = Σ_i Σ_{q on line i} a_i[q] value(x_q)                 (÷ k with `normalize`)

    The row of a query over all `N` tokens is the sum of its `k` lines: `1 + Σ(n_i − 1)` entries, of
    which its own place is in every line, adding up to `k` (to 1 with `normalize`). `KroneckerAttention`
    with `combine="sum"` is the same sum with one matrix a mode for all lines together. `N·Σn_i`
    weights a head are computed and not stored.

    Ho, Kalchbrenner, Weissenborn, Salimans, "Axial Attention in Multidimensional Transformers", arXiv
    1912.12180, look along another mode in each layer. The sum over modes within a layer is the form
    of the package `axial-attention`, whose modes however each have values and an output of their own;
    here both are shared, as in `KroneckerAttention`.

    Args:
        dim: width of the tokens.
        num_modes: number of modes, 1 … 5.
        heads: number of heads; each is `d = dim/heads` wide, and `d` must be even.
        normalize: divide by `k`.
        dropout: probability of dropping a weight while training; recorded rows are those before it.

    Raises:
        ShapeError: when `dim` and `heads`, `num_modes` or `dropout` are out of range.
    """

    def __init__(
        self, dim: int, num_modes: int, heads: int = 8, *, normalize: bool = False, dropout: float = 0.0
    ) -> None:
        super().__init__()
        check_width("AxialAttention", dim, heads)
        check_num_modes("AxialAttention", num_modes)
        check_dropout("AxialAttention", dropout)
        self.dim, self.num_modes, self.heads = dim, num_modes, heads
        self.normalize, self.dropout = normalize, dropout
        self.query = nn.ModuleList(nn.Linear(dim, dim) for _ in range(num_modes))
        self.key = nn.ModuleList(nn.Linear(dim, dim) for _ in range(num_modes))
        self.value = nn.Linear(dim, dim)
        self.output = nn.Linear(dim, dim)

    def forward(self, x: Tensor, mask: Tensor | None = None, record: AttentionRecord | None = None) -> Tensor:
        """Attend.

        Args:
            x: [batch, n_1, …, n_k, dim].
            mask: [batch, n_1, …, n_k], True where a token is valid; invalid tokens are never looked
                at, whatever they hold, and a line without any valid key adds 0.
            record: filled with the rows of its queries when given; one entry a call.

        Returns:
            The shape of `x`.

        Raises:
            ShapeError: when the shapes do not fit.
            SelectionError: when a query of the record lies outside the tokens.
        """
        check_call(
            type(self).__name__, x, mask, record, dim=self.dim, num_modes=self.num_modes, weight=self.value.weight
        )
        seen = clear_invalid(x, mask)
        value = split_heads(self.value(seen), self.heads)
        rate, sizes = self.dropout if self.training else 0.0, tuple(x.shape[1:-1])
        outputs, rows = [], []
        for mode in range(self.num_modes):
            query, key = self.queries_and_keys(x, seen, mode)
            outputs.append(attend(query, key, value, (mode,), mask, rate))
            if record is not None:
                rows.append(rows_along(query, key, (mode,), mask, record.positions(sizes)))
        if record is not None:
            record.add_rows(self._summed(rows), sizes, mask)
        return self.output(self._summed(outputs).flatten(-2))

    def queries_and_keys(self, x: Tensor, seen: Tensor, mode: int) -> tuple[Tensor, Tensor]:
        """The heads' queries and keys along a mode; a subclass may give them positions here.

        Args:
            x: [batch, n_1, …, n_k, dim], what looks.
            seen: the same shape, what is looked at: 0 where invalid.
            mode: index of the mode.

        Returns:
            Two tensors [batch, n_1, …, n_k, head, dim / heads].
        """
        return split_heads(self.query[mode](x), self.heads), split_heads(self.key[mode](seen), self.heads)

    def _summed(self, terms: list[Tensor]) -> Tensor:
        """The sum over modes, divided by their number with `normalize`."""
        total = terms[0]
        for term in terms[1:]:
            total = total + term
        return total / self.num_modes if self.normalize else total
