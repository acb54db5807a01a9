"""Kronecker-structured attention (HOT): one small attention matrix for each mode, combined.

Source: Omranpour, Rabusseau, Rabbany, "Higher-Order Transformers With Kronecker-Structured
Attention", arXiv 2412.02919, section 4. Symbols: `k` = num_modes, `H` = heads, `D` = dim, `d` = D/H.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from hot_core.attention.checks import check_call, check_width
from hot_core.attention.rotary import rotate
from hot_core.attention.softmax import masked_softmax
from hot_core.errors import ShapeError
from hot_core.kronecker import Combine
from hot_core.record import AttentionRecord


class KroneckerAttention(nn.Module):
    """Attention over a tensor of tokens as a Kronecker product or sum of mode-wise matrices.

    For each mode `i` and head: pool the tokens over all other modes, project to queries and keys,
    layer-norm over the head width, rotate where the mode has an order, then

        A_i = softmax(q_i k_iᵀ / √d)                  (n_i × n_i, row-stochastic)
        product: out = (A_1 ⊗ … ⊗ A_k) vec V = V ×₁A_1 … ×ₖA_k
        sum:     out = (A_1 ⊕ … ⊕ A_k) vec V = Σ_i V ×ᵢA_i        (÷ k with `normalize`)

    Values are not pooled. Pooling comes *before* the projection: both are linear and commute, and
    the projection then runs on `n_i` instead of `N` vectors. Pooling is the mean over valid tokens,
    where the paper sums; the layer norm makes the two the same but for its epsilon.

    Missing tokens (`mask`): a slice of a mode without any valid token gets weight exactly 0 as a
    key; a row with no valid key is 0; values of invalid tokens are 0, and nothing is renormalised,
    so the mass that a row puts on invalid tokens is lost to the output.

    Args:
        dim: width of the tokens.
        num_modes: number of modes, 1 … 5.
        heads: number of heads; each is one Kronecker term over its own slice of the values.
        combine: "product" or "sum".
        normalize: sum only: divide by `k`, so that rows sum to 1 (the official code does not).
        rope_modes: indices of the modes with an order, whose queries and keys are rotated.

    Raises:
        ShapeError: when `dim` and `heads`, `num_modes`, `combine` or `rope_modes` are out of range.
    """

    def __init__(
        self,
        dim: int,
        num_modes: int,
        heads: int = 8,
        combine: Combine = "product",
        *,
        normalize: bool = False,
        rope_modes: Sequence[int] = (),
    ) -> None:
        super().__init__()
        check_width("KroneckerAttention", dim, heads)
        if not 1 <= num_modes <= 5 or combine not in ("product", "sum"):
            raise ShapeError(
                f"KroneckerAttention: num_modes={num_modes}, combine={combine!r}; "
                "give 1 … 5 modes and 'product' or 'sum'."
            )
        if any(not 0 <= mode < num_modes for mode in rope_modes):
            raise ShapeError(f"KroneckerAttention: rope_modes={tuple(rope_modes)} leave the modes 0 … {num_modes - 1}.")
        self.dim, self.num_modes, self.heads = dim, num_modes, heads
        self.combine: Combine = combine
        self.normalize, self.rope_modes = normalize, tuple(rope_modes)
        self.query = nn.ModuleList(nn.Linear(dim, dim) for _ in range(num_modes))
        self.key = nn.ModuleList(nn.Linear(dim, dim) for _ in range(num_modes))
        self.value = nn.Linear(dim, dim)
        self.output = nn.Linear(dim, dim)
        self.query_norm = nn.LayerNorm(dim // heads)
        self.key_norm = nn.LayerNorm(dim // heads)

    def forward(self, x: Tensor, mask: Tensor | None = None, record: AttentionRecord | None = None) -> Tensor:
        """Attend.

        Args:
            x: [batch, n_1, …, n_k, dim].
            mask: [batch, n_1, …, n_k], True where a token is valid.
            record: filled with this layer's factors when given.

        Returns:
            The shape of `x`.

        Raises:
            ShapeError: when the shapes do not fit.
        """
        check_call("KroneckerAttention", x, mask, self.dim, self.num_modes)
        value = self.value(x)
        if mask is not None:
            x, value = x * mask[..., None], value * mask[..., None]
        factors = [self.factor(x, mask, mode) for mode in range(self.num_modes)]
        if record is not None:
            record.add_factors(factors, self.combine, self.normalize, mask)
        return self.output(self._combined(factors, value))

    def factor(self, x: Tensor, mask: Tensor | None, mode: int) -> Tensor:
        """The attention matrix of one mode, (batch, head, query, key); invalid tokens of `x` must be 0.

        Returns:
            Row-stochastic weights, exactly 0 for keys without any valid token.
        """
        others = [dim for dim in range(1, x.ndim - 1) if dim != mode + 1]
        keys_valid = None
        if mask is None:
            pooled = x.mean(others) if others else x
        else:
            count = mask.sum(others) if others else mask.long()
            pooled = (x.sum(others) if others else x) / count.clamp(min=1)[..., None]
            keys_valid = count > 0
        query = self.query_norm(self._split(self.query[mode](pooled)))
        key = self.key_norm(self._split(self.key[mode](pooled)))
        if mode in self.rope_modes:
            query, key = rotate(query), rotate(key)
        return masked_softmax(query @ key.transpose(-1, -2) / math.sqrt(key.shape[-1]), keys_valid)

    def _split(self, pooled: Tensor) -> Tensor:
        """(batch, n, dim) → (batch, head, n, dim/head)."""
        return pooled.unflatten(-1, (self.heads, -1)).transpose(1, 2)

    def _combined(self, factors: list[Tensor], value: Tensor) -> Tensor:
        """Apply the factors to the values, mode after mode; (batch, n_1, …, n_k, dim)."""
        sizes = value.shape[1:-1]
        heads_first = value.unflatten(-1, (self.heads, -1)).movedim(-2, 1)
        if self.combine == "product":
            out = heads_first
            for mode, factor in enumerate(factors):
                out = apply_factor(factor, out, sizes, mode)
        else:
            out = apply_factor(factors[0], heads_first, sizes, 0)
            for mode, factor in enumerate(factors[1:], start=1):
                out = out + apply_factor(factor, heads_first, sizes, mode)
            out = out / self.num_modes if self.normalize else out
        return out.movedim(1, -2).flatten(-2)


def apply_factor(factor: Tensor, value: Tensor, sizes: Sequence[int], mode: int) -> Tensor:
    """The mode product `V ×_mode A` for every batch element and head.

    Args:
        factor: (batch, head, query, key).
        value: (batch, head, n_1, …, n_k, dim).
        sizes: `(n_1, …, n_k)`.
        mode: the mode, from 0.

    Returns:
        The shape of `value`.
    """
    before, after = math.prod(sizes[:mode]), math.prod(sizes[mode + 1 :])
    flat = value.reshape(*value.shape[:2], before, sizes[mode], after * value.shape[-1])
    return torch.matmul(factor[:, :, None], flat).reshape(value.shape)
