"""Full high-order attention: softmax over all pairs of flattened tokens. The oracle and the baseline."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from hot_core.attention.checks import check_call, check_width
from hot_core.attention.softmax import masked_softmax
from hot_core.record import AttentionRecord


class FullAttention(nn.Module):
    """Multi-head attention over all `N = ∏ n_i` tokens: `softmax(Q Kᵀ / √d) V`, fused.

    It takes the same call as `KroneckerAttention`, for any number of modes. `N²` weights a head are
    never stored; `AttentionRecord(queries=[…])` keeps the rows of chosen queries.

    Args:
        dim: width of the tokens.
        heads: number of heads; each is `d = dim/heads` wide, and `d` must be even.

    Raises:
        ShapeError: when `heads` does not divide `dim` into even parts.
    """

    def __init__(self, dim: int, heads: int = 8) -> None:
        super().__init__()
        check_width("FullAttention", dim, heads)
        self.dim, self.heads = dim, heads
        self.query, self.key, self.value, self.output = (nn.Linear(dim, dim) for _ in range(4))

    def forward(self, x: Tensor, mask: Tensor | None = None, record: AttentionRecord | None = None) -> Tensor:
        """Attend.

        Args:
            x: [batch, n_1, …, n_k, dim].
            mask: [batch, n_1, …, n_k], True where a token is valid; invalid tokens are never looked
                at, and a row without any valid key is 0 before the output projection.
            record: filled with the rows of its queries when given.

        Returns:
            The shape of `x`.

        Raises:
            ShapeError: when the shapes do not fit.
        """
        check_call("FullAttention", x, mask, self.dim, None)
        sizes = x.shape[1:-1]
        tokens = x.flatten(1, -2)
        keys_valid = None if mask is None else mask.flatten(1)
        query, key, value = (
            layer(tokens).unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for layer in (self.query, self.key, self.value)
        )
        if record is not None:
            chosen = query[:, :, record.flat_queries(tuple(sizes))]
            logits = chosen @ key.transpose(-1, -2) / key.shape[-1] ** 0.5
            record.add_rows(masked_softmax(logits, keys_valid), tuple(sizes), mask)
        if keys_valid is None:
            out = scaled_dot_product_attention(query, key, value)
        else:
            # SDPA gives NaN where a row has no valid key: let such rows see everything, then clear them
            some = keys_valid.any(-1)
            allowed = (keys_valid | ~some[:, None])[:, None, None]
            out = scaled_dot_product_attention(query, key, value, attn_mask=allowed)
            out = torch.where(some[:, None, None, None], out, 0.0)
        return self.output(out.transpose(1, 2).flatten(-2)).reshape(x.shape)
