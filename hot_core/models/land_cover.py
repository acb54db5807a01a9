"""`land-cover`: a class for every pixel from any of the six known bands, over row × column × band."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d

from hot_core.models.base import HOTModel
from hot_core.models.config import ModelConfig
from hot_core.models.patches import pad_to_multiple, patchify, token_mask, unpatchify
from hot_core.record import AttentionRecord

SQUARES = (5, 9)
"""Sides, in pixels, of the squares whose mean and deviation stand beside the value of a pixel: texture tells built-up
land from bare fields where the colours of one pixel do not."""
FEATURES = 2 + 2 * len(SQUARES)
"""Numbers for each pixel and band: its value, whether it is valid, mean and deviation of each square."""
WIDTH = 32
"""Channels of the head."""
DROPPED = 0.1
"""Probability of dropping a channel of the head while training."""


class LandCover(HOTModel):
    """Bands are a mode: each band's patches are tokens that know their band's role.

    The context of a patch is the mean over its valid bands; pixels are then classified from their own
    values, the mean and the deviation around them, their neighbours' and this context.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        area = math.prod(config.patch)
        self.embed = nn.Linear(2 * area + FEATURES - 2, config.dim)
        self.role = nn.Embedding(len(config.roles), config.dim)
        self.expand = nn.Linear(config.dim, config.stem * area)
        self.head = nn.Sequential(
            nn.Conv2d(FEATURES * len(config.roles) + config.stem, WIDTH, 1), nn.GELU(),
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
        tokens = self.embed(token_features(features, patch)) + self.role(index)
        valid = token_mask(mask, patch)
        tokens = self.trunk(tokens, valid, record) * valid[..., None]
        context = tokens.sum(3) / valid.sum(3).clamp(min=1)[..., None]
        local = features.new_zeros(*values.shape[:3], len(self.config.roles), FEATURES)
        local[..., index, :] = features
        pixels = [local.flatten(3).movedim(-1, 1), unpatchify(self.expand(context), patch[:2])]
        return self.head(torch.cat(pixels, dim=1))[..., :height, :width]


def pixel_features(values: Tensor, mask: Tensor) -> Tensor:
    """What is known of every pixel and band: value, validity, then mean and deviation of each of `SQUARES`.

    Args:
        values: [batch, row, column, band], 0 where invalid.
        mask: the same shape, True where valid.

    Returns:
        [batch, row, column, band, feature].
    """
    around = [part for side in SQUARES for part in surroundings(values, mask, side)]
    return torch.stack([values, mask.to(values.dtype), *around], dim=-1)


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
    """What a token is made of: all values and validities of its patch, the patch's mean of the others.

    Args:
        features: [batch, row, column, band, feature] of `pixel_features`.
        patch: pixels a token along row, column and band.

    Returns:
        [batch, row, column, band, 2·area + FEATURES − 2].
    """
    every = [patchify(features[..., i], patch) for i in range(FEATURES)]
    return torch.cat([*every[:2], *(part.mean(-1, keepdim=True) for part in every[2:])], dim=-1)
