"""What a forecaster has to beat: persistence, the same hour yesterday, and one linear map for all series.

All of them see exactly what the model sees: the valid values of the window, nothing after it.
"""

from __future__ import annotations

import numpy as np

DAY = 24


def carry(values: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """Fill gaps with the last valid value before them (the first valid value at the start, else 0).

    Args:
        values: (…, time).
        valid: bool, the same shape.

    Returns:
        The filled values.
    """
    steps = np.arange(values.shape[-1])
    last = np.maximum.accumulate(np.where(valid, steps, -1), axis=-1)
    first = np.argmax(valid, axis=-1)[..., None]
    filled = np.take_along_axis(values, np.where(last >= 0, last, first), axis=-1)
    return np.where(valid.any(-1, keepdims=True), filled, 0.0)


def persistence(values: np.ndarray, valid: np.ndarray, horizon: int) -> np.ndarray:
    """The last valid value, for every step to come.

    Args:
        values: (…, lookback).
        valid: bool, the same shape.
        horizon: steps to forecast.

    Returns:
        (…, horizon).
    """
    return np.repeat(carry(values, valid)[..., -1:], horizon, axis=-1)


def same_hour_yesterday(values: np.ndarray, valid: np.ndarray, horizon: int) -> np.ndarray:
    """The last day again and again; gaps in it are carried over.

    Args:
        values: (…, lookback), hourly.
        valid: bool, the same shape.
        horizon: steps to forecast.

    Returns:
        (…, horizon).
    """
    day = carry(values, valid)[..., -DAY:]
    return np.concatenate([day] * (-(-horizon // DAY)), axis=-1)[..., :horizon]


class LinearMap:
    """One ridge regression lookback → horizon shared by every entity and variable.

    Each window is shifted by its last value before and after, so that only its shape is mapped.
    """

    def __init__(self, lookback: int, horizon: int, ridge: float = 1.0) -> None:
        self.gram = ridge * np.eye(lookback + 1)
        self.moment = np.zeros((lookback + 1, horizon))

    def add(self, values: np.ndarray, valid: np.ndarray, target: np.ndarray, target_valid: np.ndarray) -> None:
        """Learn from windows; series with a gap among the targets are left out.

        Args:
            values: (…, lookback).
            valid: bool, the same shape.
            target: (…, horizon).
            target_valid: bool, the same shape.
        """
        whole = target_valid.all(-1) & valid.any(-1)
        features, last = self._features(values[whole], valid[whole])
        self.gram += features.T @ features
        self.moment += features.T @ (target[whole] - last)

    def forecast(self, values: np.ndarray, valid: np.ndarray) -> np.ndarray:
        """Forecast windows.

        Args:
            values: (…, lookback).
            valid: bool, the same shape.

        Returns:
            (…, horizon).
        """
        features, last = self._features(values, valid)
        return features @ np.linalg.solve(self.gram, self.moment) + last

    @staticmethod
    def _features(values: np.ndarray, valid: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        filled = carry(values, valid).astype(np.float64)
        last = filled[..., -1:]
        return np.concatenate([filled - last, np.ones_like(last)], axis=-1), last
