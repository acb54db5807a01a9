"""`land-cover`: a class for every pixel from any of the six known bands, over row × column × band."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, interpolate

from hot_core.models.base import HOTModel
from hot_core.models.config import ModelConfig
from hot_core.models.patches import pad_to_multiple, patchify, token_mask
from hot_core.record import AttentionRecord

SQUARES = (5, 9)
"""Sides, in pixels, of the squares whose mean and deviation the tokens know: texture tells built-up land from bare
fields where the colours of one pixel do not."""
OWN = 3
"""Numbers for each pixel and band that say nothing of its surroundings: value, validity, bent value."""
FEATURES = OWN + 3 * len(SQUARES)
"""Numbers for each pixel and band: its own, then mean, bent mean and log deviation of each square."""
WIDTH = 32
"""Channels of the head."""
DROPPED = 0.1
"""Probability of dropping a channel of the head while training."""
COLOURLESS = 0.25
"""Share of the training crops whose head gets no colours, so that the tokens learn to tell the classes by themselves.
With texture beside the colours in the head, the attention could be switched off and hardly anybody noticed."""


class LandCover(HOTModel):
    """Bands are a mode: each band's patches are tokens that know their band's role and the texture of their patch.

    The context of a patch is the mean over its valid bands (over all bands where none is valid: what the attention
    brought from elsewhere), drawn out smoothly to the pixels. A pixel is classified from its own and its neighbours'
    colours and this context.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        self.embed = nn.Linear(OWN * math.prod(config.patch) + FEATURES - OWN, config.dim)
        self.role = nn.Embedding(len(config.roles), config.dim)
        self.expand = nn.Linear(config.dim, config.stem)
        self.head = nn.Sequential(
            nn.Conv2d(OWN * len(config.roles) + config.stem, WIDTH, 1), nn.GELU(),
            nn.Conv2d(WIDTH, WIDTH, 3, padding=1), nn.GELU(), nn.Dropout2d(DROPPED),
            nn.Conv2d(WIDTH, WIDTH, 3, padding=2, dilation=2), nn.GELU(), nn.Dropout2d(DROPPED),
            nn.Conv2d(WIDTH, len(config.classes), 1),
        )  # fmt: skip

    def forward(
        self, values: Tensor, mask: Tensor, record: AttentionRecord | None = None, roles: Sequence[str] | None = None
    ) -> Tensor:
        """Classify every pixel.

        Args:
            values: [batch, row, column, band], z-scored for the scene and band; any size.
            mask: the same shape, False where a band holds no value.
            record: filled with every layer's factors when given.
            roles: the role of each band of `values`; None when they are all of `config.roles`, in order.

        Returns:
            Logits [batch, class, row, column].
        """
        patch, (height, width) = self.config.patch, values.shape[1:3]
        padded = (*patch[:2], 1)
        mask = pad_to_multiple(mask, padded)
        values = torch.where(mask, pad_to_multiple(values, padded), 0.0)
        index = torch.tensor([self.config.roles.index(r) for r in roles or self.config.roles], device=values.device)
        features = pixel_features(values, mask)
        valid = token_mask(mask, patch)
        tokens = self.trunk(self.embed(token_features(features, patch)) + self.role(index), valid, record)
        context = self.expand(mean_over_bands(tokens, valid)).movedim(-1, 1)
        context = interpolate(context, scale_factor=[float(step) for step in patch[:2]], mode="bilinear")
        pixels = torch.cat([self._colours(features[..., :OWN], index), context], dim=1)
        return self.head(pixels)[..., :height, :width]

    def _colours(self, own: Tensor, index: Tensor) -> Tensor:
        """[batch, row, column, band, number] → [batch, role·number, row, column], 0 for the roles that are missing."""
        colours = own.new_zeros(*own.shape[:3], len(self.config.roles), OWN)
        colours[..., index, :] = own
        colours = colours.flatten(3).movedim(-1, 1)
        if not self.training:
            return colours
        return colours * (torch.rand(len(colours), 1, 1, 1, device=colours.device) >= COLOURLESS)


def mean_over_bands(tokens: Tensor, valid: Tensor) -> Tensor:
    """The mean over the valid bands of every place; over all bands where none is valid.

    Args:
        tokens: [batch, row, column, band, feature].
        valid: [batch, row, column, band], True where a token holds any value.

    Returns:
        [batch, row, column, feature].
    """
    weight = (valid | ~valid.any(-1, keepdim=True)).to(tokens.dtype)[..., None]
    return (tokens * weight).sum(3) / weight.sum(3)


def bent(x: Tensor) -> Tensor:
    """`arsinh(4x) / 2`: steep near 0, where the classes of a dull scene lie close to each other, flat far away."""
    return torch.asinh(4 * x) / 2


def pixel_features(values: Tensor, mask: Tensor) -> Tensor:
    """What is known of every pixel and band: value, validity, bent value, then what lies in each of `SQUARES`.

    Of a square: mean, bent mean, and the deviation as `(ln(deviation + 0.02) + 1.6) / 0.8`, about 0 ± 1 over both
    training scenes, 0 where nothing is valid. The scenes' deviations lie a factor of three apart.

    Args:
        values: [batch, row, column, band], 0 where invalid.
        mask: the same shape, True where valid.

    Returns:
        [batch, row, column, band, feature].
    """
    parts = [values, mask.to(values.dtype), bent(values)]
    for side in SQUARES:
        mean, deviation = surroundings(values, mask, side)
        level = torch.where(deviation > 0, (torch.log(deviation + 0.02) + 1.6) / 0.8, 0.0)
        parts += [mean, bent(mean), level]
    return torch.stack(parts, dim=-1)


def surroundings(values: Tensor, mask: Tensor, side: int) -> tuple[Tensor, Tensor]:
    """Mean and deviation of what is valid in the square around every pixel, band by band.

    `mean = Σ v / n` and `deviation = √(Σ v² / n − mean² + 10⁻⁴)` over the `n` valid values in the square; both are 0
    where `n = 0`. Beyond the border nothing is valid. The 10⁻⁴ keeps the gradient finite where nothing varies.

    Args:
        values: [batch, row, column, band], 0 where invalid.
        mask: the same shape, True where valid.
        side: of the square in pixels, odd.

    Returns:
        Two tensors of the shape of `values`.
    """

    def box(x: Tensor) -> Tensor:
        # Rows, then columns: 2·side additions for each pixel instead of side².
        rows = avg_pool2d(x.movedim(-1, 1), (side, 1), 1, (side // 2, 0))
        return avg_pool2d(rows, (1, side), 1, (0, side // 2)).movedim(1, -1)

    share = box(mask.to(values.dtype))
    some = share > 0.5 / side**2
    share = torch.where(some, share, 1.0)
    mean = box(values) / share
    deviation = ((box(values**2) / share - mean**2).clamp(min=0) + 1e-4).sqrt()
    return torch.where(some, mean, 0.0), torch.where(some, deviation, 0.0)


def token_features(features: Tensor, patch: Sequence[int]) -> Tensor:
    """What a token is made of: all values, validities and bent values of its patch, the patch's mean of the others.

    Args:
        features: [batch, row, column, band, feature] of `pixel_features`.
        patch: pixels a token along row, column and band.

    Returns:
        [batch, row, column, band, OWN·area + FEATURES − OWN].
    """
    every = [patchify(features[..., i], patch) for i in range(FEATURES)]
    return torch.cat([*every[:OWN], *(part.mean(-1, keepdim=True) for part in every[OWN:])], dim=-1)
