"""`hippocampus`: a class for every voxel, over x × y × z."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from hot_core.models.base import HOTModel
from hot_core.models.config import ModelConfig
from hot_core.models.patches import pad_to_multiple, token_mask, unpatchify
from hot_core.record import AttentionRecord


class VolumeSegmenter(HOTModel):
    """Fine convolutional features give the tokens and sharpen the edges; the trunk gives the context."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        fine = config.stem
        self.stem = nn.Sequential(convolution(2, fine), nn.GELU(), convolution(fine, fine), nn.GELU())
        px, py, pz = config.patch
        self.embed = nn.Conv3d(fine, config.dim, (px, py, pz), stride=(px, py, pz))
        self.expand = nn.Linear(config.dim, fine * math.prod(config.patch))
        self.head = nn.Sequential(
            convolution(2 * fine, fine), nn.GELU(), convolution(fine, fine), nn.GELU(),
            nn.Conv3d(fine, len(config.classes), 1),
        )  # fmt: skip

    def forward(self, values: Tensor, mask: Tensor, record: AttentionRecord | None = None) -> Tensor:
        """Segment.

        Args:
            values: [batch, x, y, z], scaled by the volume's own percentiles; any size.
            mask: the same shape, False where a voxel holds no value.
            record: filled with every layer's factors when given.

        Returns:
            Logits [batch, class, x, y, z].
        """
        patch, sizes = self.config.patch, values.shape[1:]
        mask = pad_to_multiple(mask, patch)
        values = torch.where(mask, pad_to_multiple(values, patch), 0.0)
        fine = self.stem(torch.stack([values, mask.to(values.dtype)], dim=1))
        tokens = self.trunk(self.embed(fine).movedim(1, -1), token_mask(mask, patch), record)
        context = unpatchify(self.expand(tokens), patch)
        logits = self.head(torch.cat([fine, context], dim=1))
        return logits[..., : sizes[0], : sizes[1], : sizes[2]]


def convolution(inputs: int, outputs: int) -> nn.Sequential:
    """A 3×3×3 convolution that keeps the size, normalised over groups of channels."""
    return nn.Sequential(nn.Conv3d(inputs, outputs, 3, padding=1, bias=False), nn.GroupNorm(outputs // 4, outputs))
