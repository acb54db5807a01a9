"""Rotary position embedding (RoPE): a query–key product that depends on the distance alone."""

from __future__ import annotations

import torch
from torch import Tensor

BASE = 10_000.0


def rotate(x: Tensor) -> Tensor:
    """Rotate each pair of features `(x_j, x_{j+d/2})` by `p·BASE^(−2j/d)` at position `p`.

    Source: Su et al., RoFormer, arXiv 2104.09864, section 3.2; pairs taken from the two halves.

    Args:
        x: (…, position, dim) with an even dim.

    Returns:
        The same shape; norms are kept.
    """
    positions, dim = x.shape[-2:]
    half = dim // 2
    # angles in float64, whatever x is: far positions would lose their last digits otherwise
    frequency = BASE ** (-torch.arange(half, device=x.device, dtype=torch.float64) / half)
    angle = torch.arange(positions, device=x.device, dtype=torch.float64)[:, None] * frequency
    cos, sin = angle.cos().to(x.dtype), angle.sin().to(x.dtype)
    first, second = x[..., :half], x[..., half:]
    return torch.cat([first * cos - second * sin, first * sin + second * cos], dim=-1)
