"""`land-cover`: a class for every pixel from any of the six known bands, over row × column × band."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from hot_core.models.base import HOTModel
from hot_core.models.config import ModelConfig
from hot_core.models.patches import pad_to_multiple, patchify, token_mask, unpatchify
from hot_core.record import AttentionRecord


class LandCover(HOTModel):
    """Bands are a mode: each band's patches are tokens that know their band's role.

    The context of a patch is the mean over its valid bands; pixels are then classified from their own
    values, their neighbours' and this context.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        area = math.prod(config.patch)
        self.embed = nn.Linear(2 * area, config.dim)
        self.role = nn.Embedding(len(config.roles), config.dim)
        self.expand = nn.Linear(config.dim, config.stem * area)
        self.head = nn.Sequential(
            nn.Conv2d(2 * len(config.roles) + config.stem, 32, 3, padding=1), nn.GELU(),
            nn.Conv2d(32, 32, 3, padding=1), nn.GELU(),
            nn.Conv2d(32, len(config.classes), 1),
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
        present = mask.to(values.dtype)
        tokens = self.embed(torch.cat([patchify(values, patch), patchify(present, patch)], dim=-1)) + self.role(index)
        valid = token_mask(mask, patch)
        tokens = self.trunk(tokens, valid, record) * valid[..., None]
        context = tokens.sum(3) / valid.sum(3).clamp(min=1)[..., None]
        local = torch.zeros(*values.shape[:3], 2 * len(self.config.roles), dtype=values.dtype, device=values.device)
        local[..., index] = values
        local[..., index + len(self.config.roles)] = present
        pixels = torch.cat([local.movedim(-1, 1), unpatchify(self.expand(context), patch[:2])], dim=1)
        return self.head(pixels)[..., :height, :width]
