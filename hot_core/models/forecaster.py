"""`air-quality`: the next steps of every variable at every entity, over entity × variable × time."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from hot_core.models.base import HOTModel
from hot_core.models.config import ModelConfig
from hot_core.models.patches import patchify, token_mask
from hot_core.record import AttentionRecord

FLOOR = 1e-4
"""Added to the variance of a window, so that a constant window is not blown up."""


class Forecaster(HOTModel):
    """Patches of a few steps are tokens; the head reads a series' tokens in order.

    Each series is normalised by its own window, and neither entities nor variables carry a position,
    so any number of them works and exchanging them exchanges the forecast. Where the configuration names two
    quantiles, the forecast has an interval: its ends lie below and above the point by positive distances, and
    `widening` (one factor for each step ahead, fitted on data that were not learnt) makes it as wide as it claims.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        step = config.patch[-1]
        self.embed = nn.Linear(2 * step, config.dim)
        features = config.lookback // step * config.dim
        self.head = nn.Linear(features, config.horizon)
        if config.quantiles:
            self.spread = nn.Linear(features, 2 * config.horizon)
            self.register_buffer("widening", torch.ones(config.horizon))

    def forward(self, values: Tensor, mask: Tensor, record: AttentionRecord | None = None) -> Tensor:
        """Forecast.

        Args:
            values: [batch, entity, variable, lookback], z-scored by each series' own history.
            mask: the same shape, False where a value is missing.
            record: filled with every layer's factors when given.

        Returns:
            In the units of `values`: [batch, entity, variable, horizon], or with an interval
            [batch, entity, variable, horizon, 3], the point forecast and the interval's lower and upper end.
        """
        centre, scale = window_scale(values, mask)
        normal = torch.where(mask, (values - centre) / scale, 0.0)
        patches = patchify(normal, self.config.patch)
        present = patchify(mask, self.config.patch).to(values.dtype)
        tokens = self.embed(torch.cat([patches, present], dim=-1))
        tokens = self.trunk(tokens, token_mask(mask, self.config.patch), record)
        features = tokens.flatten(-2)
        point = self.head(features)
        if not self.config.quantiles:
            return point * scale + centre
        below, above = (softplus(self.spread(features)).unflatten(-1, (2, -1)) * self.widening).unbind(-2)
        return torch.stack([point, point - below, point + above], dim=-1) * scale[..., None] + centre[..., None]


def window_scale(values: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of the valid steps of each window, 0 and about 0 where there is none.

    Returns:
        Centre and scale, [batch, entity, variable, 1].
    """
    count = mask.sum(-1, keepdim=True).clamp(min=1)
    centre = torch.where(mask, values, 0.0).sum(-1, keepdim=True) / count
    variance = torch.where(mask, values - centre, 0.0).square().sum(-1, keepdim=True) / count
    return centre, (variance + FLOOR).sqrt()
