"""Divided attention: along one group of modes after another, each step seeing what the one before made."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from torch import Tensor, nn

from hot_core.attention.checks import check_call, check_dropout, check_num_modes, check_width
from hot_core.attention.lines import attend, clear_invalid, rows_along, split_heads
from hot_core.errors import ShapeError
from hot_core.record import AttentionRecord


class DividedAttention(nn.Module):
    """Attention in steps, each with projections of its own, along one group of modes after the other.

    Step `s` lets every token look at the tokens that differ from it only in the modes of group `s`:
    `A_s(y) = output_s(softmax(query_s(y) key_s(y)ᵀ / √d) value_s(y))`. With the residual and the
    layer norm between steps as in the paper, the module returns the *branch* of the residual:

        b_1 = A_1(x)
        b_s = b_{s−1} + A_s(norm_s(x + b_{s−1}))            returned: b_S

    so that it stands in a pre-norm block, `x + attention(norm(x))`, like every other attention; the
    block's norm is the first step's. One difference from the paper follows from that: there the sum
    in the norm of a later step holds the block's input, here the normed input, since a block
    hands over nothing else. With one group, b_1 = A_1(x): full attention where that group is all modes.

    Source: Bertasius, Wang, Torresani, "Is Space-Time Attention All You Need for Video
    Understanding?", arXiv 2102.05095, section 3, "divided space-time attention" (T+S).

    Args:
        dim: width of the tokens.
        num_modes: number of modes, 1 … 5.
        heads: number of heads; each is `d = dim/heads` wide, and `d` must be even.
        groups: the modes of each step, in the order of the steps, every mode in exactly one;
            `((0,), (1, 2))` is time first, then space jointly. Each mode is a step when not given.
        dropout: probability of dropping a weight while training; recorded rows are those before it.

    Attributes:
        groups: the modes of each step, ascending within a step.

    Raises:
        ShapeError: when `dim` and `heads`, `num_modes` or `dropout` are out of range, or the groups do
            not hold every mode exactly once.
    """

    def __init__(
        self,
        dim: int,
        num_modes: int,
        heads: int = 8,
        *,
        groups: Sequence[Sequence[int]] | None = None,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        check_width("DividedAttention", dim, heads)
        check_num_modes("DividedAttention", num_modes)
        check_dropout("DividedAttention", dropout)
        self.dim, self.num_modes, self.heads, self.dropout = dim, num_modes, heads, dropout
        self.groups = partition(num_modes, groups)
        self.query, self.key, self.value, self.output = (
            nn.ModuleList(nn.Linear(dim, dim) for _ in self.groups) for _ in range(4)
        )
        self.norm = nn.ModuleList(nn.LayerNorm(dim) for _ in self.groups[1:])

    def forward(self, x: Tensor, mask: Tensor | None = None, record: AttentionRecord | None = None) -> Tensor:
        """Attend, step after step.

        Args:
            x: [batch, n_1, …, n_k, dim].
            mask: [batch, n_1, …, n_k], True where a token is valid; invalid tokens are never looked
                at, whatever they hold, and a row without any valid key is 0 before its step's output projection.
            record: filled with the rows of its queries when given: one entry for each *step*, in the
                order of `groups`, over all `N` tokens and 0 outside the query's slab.

        Returns:
            The branch `b_S`, of the shape of `x`.

        Raises:
            ShapeError: when the shapes do not fit.
            SelectionError: when a query of the record lies outside the tokens.
        """
        check_call(
            "DividedAttention", x, mask, record, dim=self.dim, num_modes=self.num_modes, weight=self.value[0].weight
        )
        branch = self._step(0, x, mask, record)
        for step in range(1, len(self.groups)):
            branch = branch + self._step(step, self.norm[step - 1](x + branch), mask, record)
        return branch

    def _step(self, step: int, x: Tensor, mask: Tensor | None, record: AttentionRecord | None) -> Tensor:
        """`A_s` of tokens (batch, n_1, …, n_k, dim), recorded when asked."""
        seen, group = clear_invalid(x, mask), self.groups[step]
        query = split_heads(self.query[step](x), self.heads)
        key = split_heads(self.key[step](seen), self.heads)
        value = split_heads(self.value[step](seen), self.heads)
        if record is not None:
            sizes = tuple(x.shape[1:-1])
            record.add_rows(rows_along(query, key, group, mask, record.positions(sizes)), sizes, mask)
        out = attend(query, key, value, group, mask, self.dropout if self.training else 0.0)
        return self.output[step](out.flatten(-2))


def partition(num_modes: int, groups: Sequence[Sequence[int]] | None) -> tuple[tuple[int, ...], ...]:
    """The groups with ascending modes; each mode by itself when none are given.

    Returns:
        The modes of each step.

    Raises:
        ShapeError: when a mode is missing, stands twice or does not exist, or a group is empty.
    """
    if groups is None:
        return tuple((mode,) for mode in range(num_modes))
    if not all(isinstance(group, Iterable) for group in groups):
        raise ShapeError(f"DividedAttention: groups={groups} must be groups of modes, such as ((0,), (1, 2)).")
    chosen = tuple(tuple(sorted(group)) for group in groups)
    if () in chosen or sorted(mode for group in chosen for mode in group) != list(range(num_modes)):
        raise ShapeError(
            f"DividedAttention: groups={chosen} must hold each of the modes 0 … {num_modes - 1} exactly once, "
            "and no group may be empty."
        )
    return chosen
