"""The official formulation of Kronecker attention, kept to measure against: project every token, then pool."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from hot_core.attention import KroneckerAttention
from hot_core.attention.checks import check_call
from hot_core.attention.rotary import rotate
from hot_core.errors import ModelError
from hot_core.kronecker import Combine
from hot_core.record import AttentionRecord


class ProjectFirstAttention(nn.Module):
    """Kronecker attention in the order of the published layer; same numbers as `KroneckerAttention`, more work.

    For each mode: queries and keys of *all* `N` tokens (one wide projection, `D → kD`, each, cut into
    modes), pooled over the other modes by one einsum, layer-normed, softmax over `q·k / √d` laid out
    as (batch, query, key, head), and applied to the values, tokens first, by one einsum. Written anew
    after arXiv 2412.02919, section 4, and the published code (s-omranpour/HOT). One change: pooling
    divides by the number of tokens, where theirs adds them up, so that the layer norm's epsilon
    weighs the same and outputs can be compared digit by digit; it costs `n_i · D` divisions. Theirs
    has no masks, no record and no linear factors, so neither has this.

    Args:
        dim: width of the tokens.
        num_modes: number of modes.
        heads: number of heads.
        combine: "product" or "sum".
        share_qk: one query and one key projection for all modes; not in the official code.
        rope_modes: indices of the modes whose queries and keys are rotated.
    """

    def __init__(
        self,
        dim: int,
        num_modes: int,
        heads: int = 8,
        combine: Combine = "product",
        *,
        share_qk: bool = False,
        rope_modes: tuple[int, ...] = (),
    ) -> None:
        super().__init__()
        self.dim, self.num_modes, self.heads = dim, num_modes, heads
        self.combine: Combine = combine
        self.share_qk, self.rope_modes = share_qk, rope_modes
        width = dim if share_qk else dim * num_modes
        self.query = nn.Linear(dim, width)
        self.key = nn.Linear(dim, width)
        self.value = nn.Linear(dim, dim)
        self.output = nn.Linear(dim, dim)
        self.query_norm = nn.LayerNorm(dim // heads)
        self.key_norm = nn.LayerNorm(dim // heads)

    @classmethod
    def like(cls, attention: KroneckerAttention) -> ProjectFirstAttention:
        """The same layer in this formulation, with copies of the weights of `attention`.

        Returns:
            A module whose outputs equal those of softmax factors without dropout, causal modes and `normalize`.
        """
        a = attention
        made = cls(a.dim, a.num_modes, a.heads, a.combine, share_qk=a.share_qk, rope_modes=a.rope_modes)
        state = {name: tensor for name, tensor in a.state_dict().items() if not name.startswith(("query.", "key."))}
        for name, layers in (("query", a.query), ("key", a.key)):
            for part in ("weight", "bias"):
                state[f"{name}.{part}"] = torch.cat([getattr(layer, part) for layer in layers])
        made.to(a.value.weight).load_state_dict(state)
        return made.train(a.training)

    def forward(self, x: Tensor, mask: Tensor | None = None, record: AttentionRecord | None = None) -> Tensor:
        """Attend.

        Args:
            x: [batch, n_1, …, n_k, dim].
            mask: refused: the official code knows none.
            record: refused, for the same reason.

        Returns:
            The shape of `x`.

        Raises:
            ModelError: when there is a mask or a record.
            ShapeError: when the shape does not fit.
        """
        for name, given in (("mask", mask), ("record", record)):
            if given is not None:
                raise ModelError(
                    f"ProjectFirstAttention: {name} was given, but the official formulation has none. "
                    f"Leave it out, or use KroneckerAttention with the same weights."
                )
        check_call(
            "ProjectFirstAttention", x, None, None, dim=self.dim, num_modes=self.num_modes, weight=self.value.weight
        )
        queries, keys = self.query(x).split(self.dim, -1), self.key(x).split(self.dim, -1)
        value = self.value(x).unflatten(-1, (self.heads, -1))
        out = value
        for mode in range(self.num_modes):
            which = 0 if self.share_qk else mode
            weights = self._weights(queries[which], keys[which], mode)
            moved = value.transpose(mode + 1, -3)
            term = torch.einsum("bqkh,b...khd->b...qhd", weights, moved).transpose(mode + 1, -3)
            if self.combine == "product":
                value = out = term
            else:
                out = out.add_(term) if mode else term
        return self.output(out.flatten(-2))

    def _weights(self, query: Tensor, key: Tensor, mode: int) -> Tensor:
        """One mode's weights (batch, query, key, head) from the projections (batch, n_1, …, n_k, dim)."""
        tokens = math.prod(query.shape[1:-1]) // query.shape[mode + 1]
        query, key = (
            torch.einsum("b...nhd->bnhd", t.transpose(mode + 1, -2).unflatten(-1, (self.heads, -1))) / tokens
            for t in (query, key)
        )
        query, key = self.query_norm(query), self.key_norm(key)
        if mode in self.rope_modes:
            query, key = (rotate(t.transpose(1, 2)).transpose(1, 2) for t in (query, key))
        logits = torch.einsum("bqhd,bkhd->bqkh", query, key) / math.sqrt(query.shape[-1])
        return logits.softmax(2)
