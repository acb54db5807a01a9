"""What if the model had not seen this: prediction and attention before and after, and their difference.

    difference = after − before, at every position and number that both have a value for

Two passes of one model over one input are the same to the last bit, so that the difference is exactly 0 when nothing
that the model sees was hidden.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from hot_core.analysis.result import Analysis
from hot_core.errors import SelectionError
from hot_core.transforms import Box, Classification, Forecast, Segmentation, Settings


@dataclass(frozen=True)
class Change:
    """One number of a prediction, before and after.

    Attributes:
        name: the class, or the series: "EWR · temp".
        before, after: a class's amount or probability, or the mean of a series' forecast; NaN where there is none.
        unit: "mm³", "ha", "voxels", "px"; "" for a probability; that of the file for a series.
        most: forecasts: the largest difference at one step, by its size; NaN where one of both has no forecast.
        errors: forecasts: the mean absolute error before and after, where what happened is known.
    """

    name: str
    before: float
    after: float
    unit: str
    most: float | None = None
    errors: tuple[float, float] | None = None

    @property
    def difference(self) -> float:
        """After less before."""
        return self.after - self.before


@dataclass(frozen=True, eq=False)
class WhatIf:
    """Two analyses that differ in what was hidden from the model, and in nothing else.

    Attributes:
        before: with nothing hidden, or less.
        after: with something hidden.
    """

    before: Analysis
    after: Analysis

    def __post_init__(self) -> None:
        found = [_identity(analysis) for analysis in (self.before, self.after)]
        apart = [name for name in found[0] if found[0][name] != found[1][name]]
        if apart:
            raise SelectionError(
                f"Before and after differ in more than what is hidden: {', '.join(apart)}. Analyse the same sample "
                "with the same model and settings."
            )

    @property
    def hidden(self) -> tuple[Box, ...]:
        """The parts that the second analysis did not see."""
        return Settings.model_validate(self.after.provenance["settings"]).hidden

    def predictions(self) -> xr.DataArray:
        """How the prediction differs, in the data's own space.

        Returns:
            Forecast: (entity, variable, time) in the unit of the file. Segmentation: probabilities over (class, …the
            sample's grid). Classification: probabilities over (class).
        """
        return difference(*(_numbers(analysis) for analysis in (self.before, self.after)))

    def changes(self) -> tuple[Change, ...]:
        """Every number of the prediction, before and after: series by series, or class by class."""
        one, other = self.before.prediction, self.after.prediction
        if isinstance(one, Forecast) and isinstance(other, Forecast):
            return _series(one, other)
        if isinstance(one, Segmentation) and isinstance(other, Segmentation):
            return tuple(Change(name, one.amounts[name], other.amounts[name], one.unit) for name in one.classes)
        shares = [p.probabilities for p in (one, other) if isinstance(p, Classification)]
        return tuple(Change(name, shares[0][name], shares[1][name], "") for name in shares[0])

    def moved(self) -> xr.DataArray | None:
        """Where the class is another one: bool over the sample's spatial grid; None where places have no class."""
        one, other = self.before.prediction, self.after.prediction
        if not (isinstance(one, Segmentation) and isinstance(other, Segmentation)):
            return None
        return one.labels.copy(data=one.labels.values != other.labels.values).rename("another class")

    def places(self) -> tuple[int, int] | None:
        """How many voxels or pixels have another class, and how many have one; None where places have no class."""
        moved, one = self.moved(), self.before.prediction
        if moved is None or not isinstance(one, Segmentation):
            return None
        return int(moved.sum()), int((one.labels >= 0).sum())


def difference(before: xr.DataArray, after: xr.DataArray) -> xr.DataArray:
    """After less before, position by position: fields of attention, or numbers of a prediction.

    Args:
        before: over any grid.
        after: over the same.

    Returns:
        Like `before`; NaN where one of the two has no value.

    Raises:
        SelectionError: when the grids differ.
    """
    if before.dims != after.dims or before.shape != after.shape:
        sizes = [" × ".join(f"{size} {name}" for name, size in each.sizes.items()) for each in (before, after)]
        raise SelectionError(f"Before is {sizes[0]}, after {sizes[1]}: only fields of one grid have a difference.")
    return before.copy(data=after.values - before.values).rename("difference")


def _numbers(analysis: Analysis) -> xr.DataArray:
    """A prediction's numbers with their coordinates."""
    prediction = analysis.prediction
    if isinstance(prediction, Forecast):
        return prediction.mean
    if isinstance(prediction, Segmentation):
        return prediction.probabilities
    names = list(prediction.classes)
    return xr.DataArray([prediction.probabilities[name] for name in names], dims=["class"], coords={"class": names})


def _series(before: Forecast, after: Forecast) -> tuple[Change, ...]:
    """The mean of every series' forecast, how far one step of it moves at most, and its errors."""
    names = [[str(name) for name in before.mean.coords[mode].values] for mode in ("entity", "variable")]
    units = before.mean.coords["unit"].values if "unit" in before.mean.coords else [""] * len(names[1])
    apart = difference(before.mean, after.mean).values
    errors = [forecast.mae() for forecast in (before, after)]
    found = []
    for entity, variable in np.ndindex(apart.shape[:2]):
        steps = apart[entity, variable]
        known = np.isfinite(steps)
        most = float(steps[np.argmax(np.abs(np.where(known, steps, 0)))]) if known.any() else float("nan")
        means = [float(forecast.mean.values[entity, variable].mean()) for forecast in (before, after)]
        pair = [float(each.values[entity, variable, 0]) for each in errors if each is not None]
        both = (pair[0], pair[1]) if len(pair) == 2 else None
        name = f"{names[0][entity]} · {names[1][variable]}"
        found.append(Change(name, means[0], means[1], str(units[variable] or ""), most, both))
    return tuple(found)


def _identity(analysis: Analysis) -> Mapping[str, Any]:
    """All that an analysis follows from but what is hidden."""
    about = analysis.provenance
    settings = {name: value for name, value in about["settings"].items() if name != "hidden"}
    return {
        "sample": about["input"]["sha256"], "model": about["model"], "settings": settings, "bands": about["roles"],
        "window": analysis.grid.window, "tokens": analysis.grid.shape,
    }  # fmt: skip
