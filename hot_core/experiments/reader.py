"""A trained layer of full attention on the real sample series, whose maps the factorisations are to write down."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from hot_core.attention import FullAttention
from hot_core.experiments.fit import fit, r_squared
from hot_core.experiments.grid_model import Places
from hot_core.io import read

FILE = Path(__file__).resolve().parents[2] / "sample_data" / "nyc_airport_weather_2013.csv"
PATCH = 12
"""Hours in a token."""


@dataclass(frozen=True, eq=False)
class Trained:
    """A map as a trained layer made it.

    Attributes:
        sizes: tokens along each mode.
        maps: (head, N, N) softmax weights for a window the layer was not trained on.
        values: (head, N, width) what they weigh.
        score: R² of the layer on hidden tokens of the part of the year it was not trained on.
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
    series = standardised()
    edge, length = int(0.8 * series.shape[-1]), tokens * PATCH
    sizes = (*series.shape[:-1], tokens)
    torch.manual_seed(seed)
    reader = Reader(sizes, dim, heads)

    def windows(low: int, high: int, many: int) -> tuple[Tensor, Tensor]:
        starts = torch.randint(low, high - length, (many,)).tolist()
        patches = torch.stack([series[..., at : at + length].unflatten(-1, (tokens, PATCH)) for at in starts])
        return patches, torch.rand(many, *sizes) < 0.3

    fit(reader, lambda: missed(reader, *windows(0, edge, 16)), steps)
    with torch.no_grad():
        patches, hidden = windows(edge, series.shape[-1], 64)
        score = r_squared(reader(patches, hidden)[hidden], patches[hidden])
        maps, values = reader.maps(patches[0])
    return Trained(sizes, maps.double(), values.double(), score)


def missed(reader: Callable[[Tensor, Tensor], Tensor], patches: Tensor, hidden: Tensor) -> Tensor:
    """Mean squared error over the hidden tokens."""
    return (reader(patches, hidden) - patches)[hidden].square().mean()


def standardised() -> Tensor:
    """The sample series, (airport, variable, hour): mean 0, deviation 1 over its first four fifths; gaps are 0."""
    values = torch.tensor(read(FILE).data.values, dtype=torch.float32)
    known = values[..., : int(0.8 * values.shape[-1])]
    mean = known.nanmean(-1, keepdim=True)
    deviation = (known - mean).square().nanmean(-1, keepdim=True).sqrt()
    return ((values - mean) / deviation).nan_to_num()
