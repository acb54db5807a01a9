"""`adrenal`: one class for a whole shape, over x × y × z."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from hot_core.models.base import HOTModel
from hot_core.models.config import ModelConfig
from hot_core.models.patches import pad_to_multiple, patchify, token_mask
from hot_core.record import AttentionRecord

EMPTY = 1e-6
"""Least weight to divide by: a volume without any shape gets the mean 0."""
LARGE = 10.0
"""Below any normalised feature: what stands for the maximum over no token."""


class VolumeClassifier(HOTModel):
    """Strided convolutions make the tokens; their mean over the shape and their maximum are classified.

    The convolutions overlap, so that the thickness of a shape can be told from its inside and its edge together,
    and the mean weighs a token by the voxels of the shape in it: empty space says nothing.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        fine = config.stem
        self.embed = nn.Sequential(
            nn.Conv3d(2, fine, 4, stride=2, padding=1), nn.GELU(),
            nn.Conv3d(fine, 2 * fine, 4, stride=2, padding=1), nn.GELU(),
            nn.Conv3d(2 * fine, config.dim, 2, stride=2),
        )  # fmt: skip
        self.positions = nn.ParameterList(0.02 * torch.randn(count, config.dim) for count in config.grid)
        self.head = nn.Sequential(nn.Dropout(config.dropout), nn.Linear(2 * config.dim, len(config.classes)))

    def forward(self, values: Tensor, mask: Tensor, record: AttentionRecord | None = None) -> Tensor:
        """Classify.

        Args:
            values: [batch, x, y, z], 1 inside the shape and 0 outside; at most `patch · grid` voxels a side.
            mask: the same shape, False where a voxel holds no value.
            record: filled with every layer's factors when given.

        Returns:
            Logits [batch, class].
        """
        patch = self.config.patch
        mask = pad_to_multiple(mask, patch)
        values = torch.where(mask, pad_to_multiple(values, patch), 0.0)
        tokens = self.embed(torch.stack([values, mask.to(values.dtype)], dim=1)).movedim(1, -1)
        for mode, table in enumerate(self.positions):
            count = tokens.shape[mode + 1]
            tokens = tokens + table[:count].reshape(count, *[1] * (2 - mode), -1)
        valid = token_mask(mask, patch)
        tokens = self.trunk(tokens, valid, record).flatten(1, 3)
        weight = patchify(values, patch).mean(-1).flatten(1)[..., None]
        mean = (tokens * weight).sum(1) / weight.sum(1).clamp(min=EMPTY)
        top = tokens.masked_fill(weight == 0, -LARGE).amax(1)
        return self.head(torch.cat([mean, top], dim=-1))
