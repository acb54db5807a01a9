"""Predictions in the data's own space and units."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import xarray as xr


@dataclass(frozen=True, eq=False)
class Forecast:
    """The next steps of every series, in the units of the file.

    Attributes:
        mean: forecast (entity, variable, time), coordinate `unit` on "variable"; NaN where a series
            has no value in the look-back window.
        naive: seasonal naive on the same grid: the latest known value a whole number of seasons earlier.
        season: steps in a season; 1 means "the last value again".
        lookback: what the model saw, same dims, NaN where values are missing.
        truth: what happened, same grid as `mean`; None when the window ends with the file.
        low: lower end of the prediction interval, same grid and units as `mean`; None when the model gives none.
        high: its upper end, likewise.
        share: the share of the true values that the interval was calibrated to hold, 0.8 for 80 %; None without one.
    """

    mean: xr.DataArray
    naive: xr.DataArray
    season: int
    lookback: xr.DataArray
    truth: xr.DataArray | None = None
    low: xr.DataArray | None = None
    high: xr.DataArray | None = None
    share: float | None = None

    @property
    def interval(self) -> str:
        """What the interval is called: "80 % interval"; "" where the model gives none."""
        return "" if self.share is None else f"{100 * self.share:.3g} % interval"

    def mae(self) -> xr.DataArray | None:
        """Mean absolute error of model and seasonal naive, in each variable's unit.

        Both are taken over the steps where model, naive line and truth all have a value.

        Returns:
            (entity, variable, line) with lines "model" and "seasonal naive", or None without truth.
        """
        if self.truth is None:
            return None
        known = self.truth.notnull() & self.naive.notnull() & self.mean.notnull()
        lines = [abs(line - self.truth).where(known).mean("time") for line in (self.mean, self.naive)]
        return xr.concat(lines, xr.IndexVariable("line", ["model", "seasonal naive"])).transpose(..., "line")

    def inside(self) -> xr.DataArray | None:
        """How many of the true values lie within the interval, its ends included.

        Returns:
            Whole numbers (entity, variable, count) with counts "inside" and "known", the latter the steps where truth
            and interval both have a value; None without an interval or without truth.
        """
        if self.truth is None or self.low is None or self.high is None:
            return None
        known = self.truth.notnull() & self.low.notnull() & self.high.notnull()
        within = known & (self.low <= self.truth) & (self.truth <= self.high)
        counts = [steps.sum("time") for steps in (within, known)]
        return xr.concat(counts, xr.IndexVariable("count", ["inside", "known"])).transpose(..., "count")


@dataclass(frozen=True, eq=False)
class Segmentation:
    """A class for every voxel or pixel.

    Attributes:
        classes: class names; the label is the index.
        labels: int16 over the sample's spatial dims; -1 outside the analysed region and where data is missing.
        probabilities: float32 (class, …spatial); NaN where the label is -1.
        amounts: how much of each class there is.
        unit: unit of the amounts: "mm³", "ha"; "voxels" or "px" where the file gives no size.
    """

    classes: tuple[str, ...]
    labels: xr.DataArray
    probabilities: xr.DataArray
    amounts: Mapping[str, float]
    unit: str


@dataclass(frozen=True, eq=False)
class Classification:
    """One class for the whole sample, with the probability of each class."""

    classes: tuple[str, ...]
    probabilities: Mapping[str, float]

    @property
    def label(self) -> str:
        """The most probable class."""
        return max(self.classes, key=lambda name: self.probabilities[name])


Prediction: TypeAlias = Forecast | Segmentation | Classification


def softmax(logits: np.ndarray, axis: int = 0) -> np.ndarray:
    """Softmax in float64, shifted by the maximum so that nothing overflows."""
    shifted = np.exp(logits.astype(np.float64) - logits.max(axis=axis, keepdims=True))
    return shifted / shifted.sum(axis=axis, keepdims=True)
