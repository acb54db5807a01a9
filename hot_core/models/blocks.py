"""The pre-norm block with SwiGLU, and the trunk of blocks that every bundled model shares."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn.functional import silu

from hot_core.attention import KroneckerAttention
from hot_core.models.config import ModelConfig
from hot_core.record import AttentionRecord


class SwiGLU(nn.Module):
    """`W₂ (silu(W₁ x) ∘ W₃ x)` without biases. Source: Shazeer, arXiv 2002.05202, equation 6."""

    def __init__(self, dim: int, hidden: int) -> None:
        super().__init__()
        self.gate = nn.Linear(dim, hidden, bias=False)
        self.up = nn.Linear(dim, hidden, bias=False)
        self.down = nn.Linear(hidden, dim, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Token by token; the shape is kept."""
        return self.down(silu(self.gate(x)) * self.up(x))


class Block(nn.Module):
    """`x + attention(norm(x))`, then `x + mlp(norm(x))`.

    Args:
        attention: any attention with the call `attention(x, mask, record)`.
        dim: width of the tokens.
        hidden: hidden width of the SwiGLU.
        dropout: probability of dropping features of a branch while training.
    """

    def __init__(self, attention: nn.Module, dim: int, hidden: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.attention = attention
        self.mlp = SwiGLU(dim, hidden)
        self.attention_norm = nn.LayerNorm(dim)
        self.mlp_norm = nn.LayerNorm(dim)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, mask: Tensor | None = None, record: AttentionRecord | None = None) -> Tensor:
        """[batch, n_1, …, n_k, dim] → the same shape."""
        x = x + self.dropout(self.attention(self.attention_norm(x), mask, record))
        return x + self.dropout(self.mlp(self.mlp_norm(x)))


class Trunk(nn.Module):
    """The blocks of a bundled model and the norm behind them."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(
            Block(
                KroneckerAttention(
                    config.dim,
                    len(config.modes),
                    config.heads,
                    config.combine,
                    rope_modes=config.rope_modes,
                ),
                config.dim,
                config.mlp,
                config.dropout,
            )
            for _ in range(config.layers)
        )
        self.norm = nn.LayerNorm(config.dim)

    def forward(self, x: Tensor, mask: Tensor, record: AttentionRecord | None = None) -> Tensor:
        """[batch, n_1, …, n_k, dim] → the same shape, every layer recorded when asked."""
        for block in self.blocks:
            x = block(x, mask, record)
        return self.norm(x)
