"""A trained layer of full attention on the real sample series, whose maps the factorisations are to write down."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from hot_core.attention import FullAttention
from hot_core.experiments.fit import fit, r_squared
from hot_core.experiments.grid_model import Places
from hot_core.experiments.series import weather

PATCH = 12
"""Hours in a token."""


@dataclass(frozen=True, eq=False)
class Trained:
    """A map as a trained layer made it.

    Attributes:
        sizes: tokens along each mode.
        maps: (head, N, N) softmax weights for a window the layer was not trained on.
        values: (head, N, width) what they weigh.
        score: R² of the layer on the known hours of hidden tokens, in the part of the year it was not trained on.
    """

    sizes: tuple[int, ...]
    maps: Tensor
    values: Tensor
    score: float


class Reader(nn.Module):
    """Fills hidden tokens of a window from the others by one layer of full attention.

    Args:
        sizes: tokens along each mode.
        dim: width.
        heads: of the attention.
    """

    def __init__(self, sizes: tuple[int, ...], dim: int, heads: int) -> None:
        super().__init__()
        self.enter, self.places, self.norm = nn.Linear(PATCH + 1, dim), Places(sizes, dim), nn.LayerNorm(dim)
        self.attention = FullAttention(dim, heads)
        self.leave = nn.Sequential(nn.LayerNorm(dim), nn.Linear(dim, 2 * dim), nn.GELU(), nn.Linear(2 * dim, PATCH))

    def tokens(self, patches: Tensor, hidden: Tensor) -> Tensor:
        """What the attention sees, (batch, …, dim): patches (batch, …, hours) with zeros and a flag where hidden."""
        shown = torch.cat([patches * ~hidden[..., None], hidden[..., None].to(patches.dtype)], -1)
        return self.norm(self.places(self.enter(shown)))

    def forward(self, patches: Tensor, hidden: Tensor) -> Tensor:
        """Every token's hours, of the shape of `patches`."""
        x = self.tokens(patches, hidden)
        return self.leave(x + self.attention(x))

    def maps(self, patches: Tensor) -> tuple[Tensor, Tensor]:
        """Weights (head, N, N) and values (head, N, width) for one window (…, hours), nothing hidden."""
        x = self.tokens(patches[None], torch.zeros(1, *patches.shape[:-1], dtype=torch.bool))
        query, key = (part.flatten(1, -3)[0].transpose(0, 1) for part in self.attention.queries_and_keys(x, x))
        value = self.attention.value(x).flatten(1, -2)[0].unflatten(-1, (self.attention.heads, -1)).transpose(0, 1)
        return (query @ key.transpose(1, 2) * query.shape[-1] ** -0.5).softmax(-1), value


def trained(seed: int, *, tokens: int, steps: int, dim: int = 32, heads: int = 2) -> Trained:
    """Train a reader on the first four fifths of the sample series and take its maps from the rest.

    Args:
        seed: of weights, windows and what is hidden.
        tokens: tokens along the time of a window, of `PATCH` hours each.
        steps: updates, of 16 windows each.
        dim: width.
        heads: of the attention.

    Returns:
        The maps for one window of the last fifth, with the layer's score there.
    """
    series, length = weather(0.8), tokens * PATCH
    sizes = (*series.values.shape[:-1], tokens)
    torch.manual_seed(seed)
    reader = Reader(sizes, dim, heads)

    def windows(low: int, high: int, many: int) -> tuple[Tensor, Tensor, Tensor]:
        parts = series.windows(torch.randint(low, high - length + 1, (many,)), length)
        patches, valid = (part.unflatten(-1, (tokens, PATCH)) for part in parts)
        return patches, valid, torch.rand(many, *sizes) < 0.3

    fit(reader, lambda: missed(reader, *windows(0, series.cut, 16)), steps)
    with torch.no_grad():
        patches, valid, hidden = windows(series.cut, series.values.shape[-1], 64)
        asked = hidden[..., None] & valid
        score = r_squared(reader(patches, hidden)[asked], patches[asked])
        maps, values = reader.maps(patches[0])
    return Trained(sizes, maps.double(), values.double(), score)


def missed(reader: Callable[[Tensor, Tensor], Tensor], patches: Tensor, valid: Tensor, hidden: Tensor) -> Tensor:
    """Mean squared error over the known hours of the hidden tokens; a gap of the file is no truth."""
    asked = hidden[..., None] & valid
    return (reader(patches, hidden) - patches)[asked].square().mean()
