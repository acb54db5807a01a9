"""One small model over a grid of tokens, in which only the form of attention is exchanged."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from hot_core.attention import AxialAttention, FullAttention, KroneckerAttention
from hot_core.errors import SelectionError
from hot_core.record import AttentionRecord

FORMS: dict[str, str] = {"product": "HOT, product", "sum": "HOT, sum", "full": "full", "axial": "axial"}
"""Forms of attention that are compared, with their names in the tables."""


def attention(form: str, dim: int, modes: int, heads: int) -> nn.Module:
    """An attention layer by the name of its form.

    Args:
        form: one of `FORMS`.
        dim: width of the tokens.
        modes: number of modes.
        heads: number of heads.

    Returns:
        A layer with the call `layer(x, mask, record)`; sums are divided by the number of modes.

    Raises:
        SelectionError: when there is no such form.
    """
    if form == "product":
        return KroneckerAttention(dim, modes, heads)
    if form == "sum":
        return KroneckerAttention(dim, modes, heads, "sum", normalize=True)
    if form == "axial":
        return AxialAttention(dim, modes, heads, normalize=True)
    if form == "full":
        return FullAttention(dim, heads)
    raise SelectionError(f"There is no form of attention {form!r} to compare. Choose one of {', '.join(FORMS)}.")


class Places(nn.Module):
    """Adds to each token one learnt vector for each of its indices: `x[p_1, …, p_k] + Σ_i e_i[p_i]`.

    With such places the logits of full attention can be `Σ_i s_i[p_i, q_i]`, whose softmax is the Kronecker product
    of the softmaxes of the `s_i`: full attention can be any product whose factors do not depend on the data.

    Args:
        sizes: tokens along each mode.
        dim: width of the tokens.
    """

    def __init__(self, sizes: Sequence[int], dim: int) -> None:
        super().__init__()
        self.of_mode = nn.ParameterList(nn.Parameter(0.3 * torch.randn(size, dim)) for size in sizes)

    def forward(self, x: Tensor) -> Tensor:
        """[batch, n_1, …, n_k, dim] → the same shape."""
        return x + self.codes()

    def codes(self) -> Tensor:
        """`Σ_i e_i[p_i]` for every place, [n_1, …, n_k, dim]."""
        modes = len(self.of_mode)
        lines = [
            vectors.reshape([-1 if at == mode else 1 for at in range(modes)] + [vectors.shape[1]])
            for mode, vectors in enumerate(self.of_mode)
        ]
        return sum(lines[1:], start=lines[0])


class GridModel(nn.Module):
    """Tokens in, places added, layers of attention, tokens out.

    Args:
        sizes: tokens along each mode.
        channels: numbers that come in with each token.
        targets: numbers that are wanted for each token.
        layers: attention layers, bare or in blocks; each is called with `(x, mask, record)`.
        dim: their width.
        placed: whether tokens learn where they stand.
    """

    def __init__(
        self, sizes: Sequence[int], channels: int, targets: int, layers: Sequence[nn.Module], dim: int,
        placed: bool = True,
    ) -> None:  # fmt: skip
        super().__init__()
        self.enter = nn.Linear(channels, dim)
        self.places = Places(sizes, dim) if placed else nn.Identity()
        self.layers = nn.ModuleList(layers)
        self.leave = nn.Linear(dim, targets)

    def forward(self, x: Tensor, mask: Tensor | None = None, record: AttentionRecord | None = None) -> Tensor:
        """[batch, n_1, …, n_k, channels] → [batch, n_1, …, n_k, targets]."""
        x = self.places(self.enter(x))
        for layer in self.layers:
            x = layer(x, mask, record)
        return self.leave(x)
