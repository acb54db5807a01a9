"""Full and axial attention that know the order of the modes, as Kronecker attention does: rotated queries and keys."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from hot_core.attention import AxialAttention, FullAttention
from hot_core.attention.checks import check_modes
from hot_core.attention.rotary import rotate
from hot_core.errors import ShapeError


class RotatedFull(FullAttention):
    """Full attention whose heads are cut into one even slice for each mode with an order, rotated along that mode.

    A query–key product then depends on the differences of positions along these modes: the axial form of rotary
    embedding in Heo et al., arXiv 2403.13298, with the frequencies of `rotate`.

    Args:
        dim: width of the tokens.
        heads: number of heads.
        rope_modes: indices of the modes with an order; () leaves plain full attention.
        dropout: probability of dropping a weight while training.

    Raises:
        ShapeError: when the heads cannot be cut into even slices.
    """

    def __init__(self, dim: int, heads: int, rope_modes: Sequence[int], *, dropout: float = 0.0) -> None:
        super().__init__(dim, heads, dropout=dropout)
        self.rope_modes = tuple(rope_modes)
        if self.rope_modes and dim // heads % (2 * len(self.rope_modes)):
            raise ShapeError(
                f"RotatedFull: heads of width {dim // heads} cannot be cut into {len(self.rope_modes)} even slices, "
                f"one for each mode with an order. Choose dim / heads as a multiple of {2 * len(self.rope_modes)}."
            )

    def queries_and_keys(self, x: Tensor, seen: Tensor) -> tuple[Tensor, Tensor]:
        """Those of `FullAttention`, each slice of a head rotated along its mode."""
        query, key = super().queries_and_keys(x, seen)
        return rotated(query, self.rope_modes), rotated(key, self.rope_modes)


class RotatedAxial(AxialAttention):
    """Axial attention whose queries and keys along a mode with an order are rotated along it, whole heads.

    Args:
        dim: width of the tokens.
        num_modes: number of modes.
        heads: number of heads.
        rope_modes: indices of the modes with an order; () leaves plain axial attention.
        dropout: probability of dropping a weight while training.
    """

    def __init__(
        self, dim: int, num_modes: int, heads: int, rope_modes: Sequence[int], *, dropout: float = 0.0
    ) -> None:
        super().__init__(dim, num_modes, heads, dropout=dropout)
        self.rope_modes = check_modes("RotatedAxial", "rope_modes", rope_modes, num_modes)

    def queries_and_keys(self, x: Tensor, seen: Tensor, mode: int) -> tuple[Tensor, Tensor]:
        """Those of `AxialAttention`, rotated along the mode where it has an order."""
        query, key = super().queries_and_keys(x, seen, mode)
        along = (mode,) if mode in self.rope_modes else ()
        return rotated(query, along), rotated(key, along)


def rotated(x: Tensor, modes: Sequence[int]) -> Tensor:
    """Rotate equal slices of every head, the first along the first of `modes`, and so on.

    Args:
        x: (batch, n_1, …, n_k, head, dim), dim a multiple of twice the number of modes.
        modes: the modes with an order.

    Returns:
        The same shape; norms are kept.
    """
    if not modes:
        return x
    slices = x.chunk(len(modes), dim=-1)
    turned = [
        rotate(part.movedim(mode + 1, -2)).movedim(-2, mode + 1) for mode, part in zip(modes, slices, strict=True)
    ]
    return torch.cat(turned, dim=-1)
