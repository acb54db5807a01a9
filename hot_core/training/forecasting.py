"""What a forecast of `air-quality` is: how far it looks back and ahead, and how windows are put to a model."""

from __future__ import annotations

import numpy as np
import torch

from hot_core.models import HOTModel
from hot_core.training.series_data import Windows

LOOKBACK, HORIZON = 96, 24
STEP = 4
"""Hours in a token."""
QUANTILES = (0.1, 0.9)
SHARE = QUANTILES[1] - QUANTILES[0]
"""Share of the values that the interval claims to hold."""


def cut_up(windows: Windows, starts: np.ndarray, size: int = 8) -> list[tuple[np.ndarray, np.ndarray]]:
    """Windows in batches.

    Args:
        windows: where they are cut.
        starts: first step of each.
        size: windows in a batch.

    Returns:
        Values and validity of each batch, (window, entity, variable, time).
    """
    return [windows.cut(starts[i : i + size]) for i in range(0, len(starts), size)]


@torch.no_grad()
def forecast(model: HOTModel, values: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """What a model says to windows of which it sees the first `LOOKBACK` steps.

    Args:
        model: in evaluation mode.
        values: (window, entity, variable, time).
        valid: bool, the same shape.

    Returns:
        (window, entity, variable, horizon, 3): point, lower and upper end of the interval.
    """
    seen = (torch.from_numpy(np.ascontiguousarray(array[..., :LOOKBACK])) for array in (values, valid))
    ahead: torch.Tensor = model(*seen)
    return ahead.numpy()
