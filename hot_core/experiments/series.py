"""The real series of the experiments: weather at three airports, cut into windows; and forecasts without learning."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from hot_core.io import read
from hot_core.transforms.normalise import zscore

SAMPLE = Path(__file__).resolve().parents[2] / "sample_data" / "nyc_airport_weather_2013.csv"
DAY = 24
"""Steps of a day."""


@dataclass(frozen=True, eq=False)
class Series:
    """Hourly weather, each series scaled by mean and deviation of its first part alone.

    Attributes:
        values: (airport, variable, time), 0 where missing.
        valid: bool, the same shape.
        cut: the first step of the last part, which nothing is learnt from.
    """

    values: Tensor
    valid: Tensor
    cut: int

    def windows(self, starts: Tensor, length: int) -> tuple[Tensor, Tensor]:
        """Values and validity from these steps on.

        Args:
            starts: first steps.
            length: steps of a window.

        Returns:
            Two tensors (window, airport, variable, length).
        """
        index = starts[:, None] + torch.arange(length)
        return self.values[:, :, index].movedim(2, 0), self.valid[:, :, index].movedim(2, 0)

    def draw(self, batch: int, length: int, rng: torch.Generator) -> tuple[Tensor, Tensor]:
        """Windows at random places that end before the cut."""
        return self.windows(torch.randint(self.cut - length + 1, (batch,), generator=rng), length)

    def tests(self, length: int, count: int) -> tuple[Tensor, Tensor]:
        """At most `count` windows, evenly spread over the part from the cut on."""
        last = self.values.shape[-1] - length
        return self.windows(torch.linspace(self.cut, last, count).long().unique(), length)


@cache
def weather(share: float = 0.75) -> Series:
    """The sample series.

    Args:
        share: of the time that is learnt from.

    Returns:
        The series.
    """
    data = read(SAMPLE).data.transpose("entity", "variable", "time").to_numpy()
    cut = int(share * data.shape[-1])
    _, centre, scale = zscore(data[..., :cut], -1)
    scaled = (data - centre) / scale
    valid = ~np.isnan(scaled)
    return Series(torch.from_numpy(np.where(valid, scaled, 0.0)).float(), torch.from_numpy(valid), cut)


def carried(values: Tensor, valid: Tensor) -> Tensor:
    """Gaps filled with the last valid value before them, at the start with the first behind them, else with 0."""
    steps = torch.arange(values.shape[-1]).expand(values.shape)
    last = torch.where(valid, steps, -1).cummax(-1).values
    first = valid.long().argmax(-1, keepdim=True).expand(values.shape)
    filled = values.gather(-1, torch.where(last >= 0, last, first))
    return torch.where(valid.any(-1, keepdim=True), filled, 0.0)


def persistence(values: Tensor, valid: Tensor, horizon: int) -> Tensor:
    """The last valid value, for every step to come: (…, lookback) → (…, horizon)."""
    return carried(values, valid)[..., -1:].expand(*values.shape[:-1], horizon)


def seasonal(values: Tensor, valid: Tensor, horizon: int) -> Tensor:
    """The last day again and again: (…, lookback) → (…, horizon)."""
    day = carried(values, valid)[..., -DAY:]
    return torch.cat([day] * -(-horizon // DAY), -1)[..., :horizon]


def linear_map(values: Tensor, valid: Tensor, target: Tensor, known: Tensor, ridge: float = 10.0) -> Tensor:
    """Ridge regression from a window, less its last value, to what follows, less the same; one for all series.

    Args:
        values: (…, lookback).
        valid: bool, the same shape.
        target: (…, horizon).
        known: bool, the same shape; series with a gap in the target are left out.
        ridge: added to the diagonal.

    Returns:
        (lookback + 1, horizon), the last row for the constant.
    """
    whole = known.all(-1) & valid.any(-1)
    features, last = linear_features(values[whole], valid[whole])
    gram = features.T @ features + ridge * torch.eye(features.shape[-1], dtype=features.dtype)
    return torch.linalg.solve(gram, features.T @ (target[whole] - last).double())


def linear_forecast(weights: Tensor, values: Tensor, valid: Tensor) -> Tensor:
    """What `linear_map` foretells: (…, lookback) → (…, horizon)."""
    features, last = linear_features(values, valid)
    return (features @ weights).float() + last


def linear_features(values: Tensor, valid: Tensor) -> tuple[Tensor, Tensor]:
    """(…, lookback + 1) in float64: the filled window less its last value, and 1; and that value (…, 1)."""
    filled = carried(values, valid)
    last = filled[..., -1:]
    return torch.cat([filled - last, torch.ones_like(last)], -1).double(), last
