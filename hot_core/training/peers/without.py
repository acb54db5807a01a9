"""Peers without attention: no exchange at all, one network for each series, one linear map, a small U-Net."""

from __future__ import annotations

from typing import cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, max_pool3d

from hot_core.models import HOTModel, ModelConfig
from hot_core.models.patches import pad_to_multiple
from hot_core.models.segmenter import convolution
from hot_core.record import AttentionRecord
from hot_core.training.naive import LinearMap


class NoExchange(nn.Module):
    """In the place of an attention: every token gets 0, so that no token learns of another in the trunk."""

    def forward(self, x: Tensor, mask: Tensor | None = None, record: AttentionRecord | None = None) -> Tensor:
        """[batch, n_1, …, n_k, dim] → zeros of the same shape."""
        return torch.zeros_like(x)


class SeriesTrunk(nn.Module):
    """In the place of a forecaster's trunk: `x + W₂ gelu(W₁ norm(x))` on all tokens of one series at once.

    No series learns of another; the hours of a series are mixed freely, each at its own place.

    Args:
        config: the architecture whose trunk it replaces.
        hidden: width of the hidden layer.
    """

    def __init__(self, config: ModelConfig, hidden: int) -> None:
        super().__init__()
        width = config.lookback // config.patch[-1] * config.dim
        self.mix = nn.Sequential(nn.Linear(width, hidden), nn.GELU(), nn.Dropout(config.dropout))
        self.back = nn.Linear(hidden, width)
        self.first_norm, self.norm = nn.LayerNorm(config.dim), nn.LayerNorm(config.dim)

    def forward(self, x: Tensor, mask: Tensor | None = None, record: AttentionRecord | None = None) -> Tensor:
        """[batch, entity, variable, time, dim] → the same shape."""
        mixed = self.back(self.mix(self.first_norm(x).flatten(-2)))
        return self.norm(x + mixed.unflatten(-1, x.shape[-2:]))


class SharedLinear(HOTModel):
    """The shared linear map as a model, in torch: gaps carried forward, shifted by the last value, one matrix.

    Args:
        config: the forecaster that it stands beside.
        fitted: the map, with its windows learnt.
    """

    def __init__(self, config: ModelConfig, fitted: LinearMap) -> None:
        super().__init__(config)
        del self.trunk
        matrix = np.linalg.solve(fitted.gram, fitted.moment)
        self.matrix = nn.Parameter(torch.from_numpy(matrix).float(), requires_grad=False)

    def forward(self, values: Tensor, mask: Tensor, record: AttentionRecord | None = None) -> Tensor:
        """Forecast.

        Args:
            values: [batch, entity, variable, lookback].
            mask: the same shape, False where a value is missing.
            record: left empty.

        Returns:
            [batch, entity, variable, horizon], or with an interval in the configuration [..., horizon, 3] with both
            ends at the point: the map has no interval.
        """
        filled = _carried(values, mask)
        last = filled[..., -1:]
        point = torch.cat([filled - last, torch.ones_like(last)], dim=-1) @ self.matrix + last
        return point[..., None].expand(*point.shape, 3) if self.config.quantiles else point


def _carried(values: Tensor, mask: Tensor) -> Tensor:
    """`naive.carry` in torch: the last valid value, the first one before it, 0 where there is none."""
    steps = torch.arange(values.shape[-1], device=values.device)
    last = torch.where(mask, steps, -1).cummax(-1).values
    first = mask.to(torch.int8).argmax(-1, keepdim=True)
    filled = values.gather(-1, torch.where(last >= 0, last, first))
    return torch.where(mask.any(-1, keepdim=True), filled, 0.0)


class SmallUNet(HOTModel):
    """A 3-D U-Net of three levels: two convolutions a level, halved by maxima, doubled by nearest neighbours.

    Source: Çiçek et al., arXiv 1606.06650, with group norm and GELU, as in the segmenter that it stands beside.

    Args:
        config: the segmenter that it stands beside.
        width: channels of the finest level, a multiple of 4; the next levels have twice and four times as many.
    """

    def __init__(self, config: ModelConfig, width: int) -> None:
        super().__init__(config)
        del self.trunk
        self.fine, self.middle = _level(2, width), _level(width, 2 * width)
        self.coarse = _level(2 * width, 4 * width)
        self.middle_up, self.fine_up = _level(6 * width, 2 * width), _level(3 * width, width)
        self.dropout = nn.Dropout(config.dropout)
        self.head = nn.Conv3d(width, len(config.classes), 1)

    def forward(self, values: Tensor, mask: Tensor, record: AttentionRecord | None = None) -> Tensor:
        """Segment.

        Args:
            values: [batch, x, y, z], any size.
            mask: the same shape, False where a voxel holds no value.
            record: left empty.

        Returns:
            Logits [batch, class, x, y, z].
        """
        sizes, step = values.shape[1:], (4, 4, 4)
        mask = pad_to_multiple(mask, step)
        values = torch.where(mask, pad_to_multiple(values, step), 0.0)
        fine = self.fine(torch.stack([values, mask.to(values.dtype)], dim=1))
        middle = self.middle(max_pool3d(fine, 2))
        coarse = self.dropout(self.coarse(max_pool3d(middle, 2)))
        middle = self.middle_up(torch.cat([middle, _doubled(coarse)], dim=1))
        logits = self.head(self.fine_up(torch.cat([fine, _doubled(middle)], dim=1)))
        return cast(Tensor, logits[..., : sizes[0], : sizes[1], : sizes[2]])


def _level(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(convolution(inputs, outputs), nn.GELU(), convolution(outputs, outputs), nn.GELU())


def _doubled(x: Tensor) -> Tensor:
    return interpolate(x, scale_factor=2, mode="nearest")
