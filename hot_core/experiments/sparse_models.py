"""Models that fill a tensor of which few entries are seen, and fillers that need no training."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import tensorly
import torch
from tensorly.decomposition import parafac
from torch import Tensor, nn

from hot_core.attention import FullAttention, KroneckerAttention
from hot_core.experiments.grid_model import Places
from hot_core.models import Block


class Dense(nn.Module):
    """HOT over the whole grid: one token for every entry, seen or not.

    Args:
        sizes: entries along each mode.
        dim: width of the tokens.
        heads: Kronecker terms of each layer.
        depth: blocks.
        masked: True: hidden tokens are masked out of pooling and values; False: they take part as tokens that say
            where they stand and that they are hidden.
    """

    def __init__(self, sizes: Sequence[int], dim: int, heads: int, depth: int, masked: bool) -> None:
        super().__init__()
        self.enter, self.places, self.masked = nn.Linear(2, dim), Places(sizes, dim), masked
        self.blocks = nn.ModuleList(
            Block(KroneckerAttention(dim, len(sizes), heads), dim, 2 * dim) for _ in range(depth)
        )
        self.leave = nn.Linear(dim, 1)

    def forward(self, values: Tensor, seen: Tensor, wanted: Tensor) -> Tensor:
        """Fill.

        Args:
            values: (batch, n_1, …, n_k); only seen ones are read.
            seen: bool, the same shape.
            wanted: (batch, m), flat indices of the entries asked for.

        Returns:
            (batch, m).
        """
        x = self.places(self.enter(told(values, seen)))
        for block in self.blocks:
            x = block(x, seen if self.masked else None)
        return self.leave(x)[..., 0].flatten(1).gather(1, wanted)


class Listed(nn.Module):
    """Full attention over a list: the seen entries, and those asked for, which look and are not looked at."""

    def __init__(self, sizes: Sequence[int], dim: int, heads: int, depth: int) -> None:
        super().__init__()
        self.enter, self.places = nn.Linear(2, dim), Places(sizes, dim)
        self.blocks = nn.ModuleList(Block(FullAttention(dim, heads), dim, 2 * dim) for _ in range(depth))
        self.leave = nn.Linear(dim, 1)

    def forward(self, values: Tensor, seen: Tensor, wanted: Tensor) -> Tensor:
        """As `Dense.forward`."""
        order, valid = listed(seen.flatten(1))
        at = torch.cat([order, wanted], 1)
        looked_at = torch.cat([valid, torch.zeros_like(wanted, dtype=torch.bool)], 1)
        x = self.enter(told(values, seen).flatten(1, -2).gather(1, at[..., None].expand(-1, -1, 2)))
        x = x + self.places.codes().flatten(0, -2)[at]
        for block in self.blocks:
            x = block(x, looked_at)
        return self.leave(x)[:, order.shape[1] :, 0]


def told(values: Tensor, seen: Tensor) -> Tensor:
    """What a token holds: its value (0 where hidden) and whether it is seen, (…, 2)."""
    return torch.stack([torch.where(seen, values, 0.0), seen.to(values.dtype)], -1)


def listed(seen: Tensor) -> tuple[Tensor, Tensor]:
    """The flat indices of the seen entries of each element of the batch, filled up to one length.

    Args:
        seen: bool (batch, N).

    Returns:
        Indices (batch, most) in ascending order, at least one wide, and which of them are seen.
    """
    most = max(1, int(seen.sum(1).max()))
    order = (~seen).to(torch.uint8).argsort(dim=1, stable=True)[:, :most]
    return order, seen.gather(1, order)


def series_mean(values: Tensor, seen: Tensor) -> Tensor:
    """The mean of the seen entries along the last mode, 0 (the long mean) for a series without any."""
    count = seen.sum(-1, keepdim=True)
    return (torch.where(seen, values, 0.0).sum(-1, keepdim=True) / count.clamp(min=1)).expand_as(values)


def between(values: Tensor, seen: Tensor) -> Tensor:
    """Straight lines in time between the seen entries of a series, level beyond them; 0 for a series without any."""
    out = np.zeros(values.shape)
    steps = np.arange(values.shape[-1])
    for at in np.ndindex(*values.shape[:-1]):
        known = seen[at].numpy()
        if known.any():
            out[at] = np.interp(steps, steps[known], values[at].numpy()[known])
    return torch.from_numpy(out).to(values.dtype)


def completed(values: Tensor, seen: Tensor, rank: int, rounds: int, seed: int) -> Tensor:
    """CP completion of one tensor from its seen entries alone, by alternating least squares (tensorly).

    Args:
        values: (n_1, …, n_k).
        seen: bool, the same shape.
        rank: number of terms.
        rounds: of the alternation; hidden entries are filled with the last fit in each.
        seed: of the beginning.

    Returns:
        The fitted tensor; 0 everywhere where nothing is seen.
    """
    if not bool(seen.any()):
        return torch.zeros_like(values)
    known = seen.double().numpy()
    found = parafac(
        tensorly.tensor(values.double().numpy() * known), rank, n_iter_max=rounds, init="random", mask=known,
        random_state=seed, l2_reg=0.1, tol=0,
    )  # fmt: skip
    return torch.from_numpy(np.asarray(tensorly.cp_to_tensor(found))).to(values.dtype)
