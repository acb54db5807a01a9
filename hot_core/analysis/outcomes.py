"""What two models predict for the same input, beside each other in the data's own units."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import xarray as xr

from hot_core.analysis.result import Analysis
from hot_core.analysis.words import number
from hot_core.transforms.results import Classification, Forecast, Segmentation


@dataclass(frozen=True)
class Outcome:
    """One number of two predictions.

    Attributes:
        what: which number.
        one, other: of both; NaN where a model does not give it.
        unit: of both; "" where the file names none.
    """

    what: str
    one: float
    other: float
    unit: str

    @property
    def difference(self) -> float:
        """Other − one."""
        return self.other - self.one

    @property
    def row(self) -> tuple[str, str, str, str]:
        """What, one, other and the signed difference with their unit, for a table."""
        found = [number(value) if math.isfinite(value) else "–" for value in (self.one, self.other, self.difference)]
        if math.isfinite(self.difference) and self.difference > 0:
            found[2] = f"+{found[2]}"
        one, other, difference = (text if text == "–" or not self.unit else f"{text} {self.unit}" for text in found)
        return self.what, one, other, difference


def outcomes(one: Analysis, other: Analysis, query: tuple[int, ...]) -> tuple[Outcome, ...]:
    """The numbers of two predictions of the same data.

    Args:
        one: an analysis.
        other: of the same file by another model.
        query: the chosen token of `one`; of a forecast its series is taken.

    Returns:
        Forecasts: over the dates that both foretell, the mean, the largest difference of a step, and the mean absolute
        errors where it is known what happened. Segmentations: the amount of each class. Classifications: the
        probability of each class. () where the models do different things.
    """
    first, second = one.prediction, other.prediction
    if isinstance(first, Forecast) and isinstance(second, Forecast):
        return _forecasts(first, second, query)
    if isinstance(first, Segmentation) and isinstance(second, Segmentation):
        return _segmentations(first, second)
    if isinstance(first, Classification) and isinstance(second, Classification):
        return tuple(
            Outcome(f"probability of {name}", _percent(first, name), _percent(second, name), "%")
            for name in dict.fromkeys((*first.classes, *second.classes))
        )
    return ()


def _percent(found: Classification, name: str) -> float:
    return 100 * found.probabilities.get(name, math.nan)


def _forecasts(first: Forecast, second: Forecast, query: tuple[int, ...]) -> tuple[Outcome, ...]:
    entity, variable = query[:2]
    unit = str(first.mean.coords["unit"].values[variable]) if "unit" in first.mean.coords else ""
    name = f"{first.mean.coords['entity'].values[entity]} · {first.mean.coords['variable'].values[variable]}"
    shared = [data[entity, variable] for data in (first.mean, second.mean)]
    shared = list(xr.align(*shared, join="inner"))
    dates = shared[0].coords["time"].values
    if not dates.size:
        return (Outcome(f"{name}: the two forecasts have no date in common", math.nan, math.nan, unit),)
    steps = [np.searchsorted(forecast.mean.coords["time"].values, dates) + 1 for forecast in (first, second)]
    same = np.array_equal(*steps)
    which = f"the next {dates.size} steps" if same else f"the {dates.size} steps that both foretell"
    lines = tuple(line.values.astype(np.float64) for line in shared)
    found = [Outcome(f"{name}, mean of {which}", float(lines[0].mean()), float(lines[1].mean()), unit)]
    for at in _largest_step(*lines):
        step = f"step {steps[0][at]}" if same else f"step {steps[0][at]} of A and {steps[1][at]} of B"
        found.append(Outcome(f"{name}, {step}, where they differ most", float(lines[0][at]), float(lines[1][at]), unit))
    if first.truth is not None and second.truth is not None:
        truths = (truth[entity, variable].sel(time=dates).values for truth in (first.truth, second.truth))
        errors = [np.abs(line - truth) for line, truth in zip(lines, truths, strict=True)]
        known = np.isfinite(errors[0]) & np.isfinite(errors[1])
        if known.any():
            one, other = (float(error[known].mean()) for error in errors)
            found.append(Outcome(f"{name}, mean absolute error over {known.sum()} known steps", one, other, unit))
    return tuple(found)


def _largest_step(one: np.ndarray, other: np.ndarray) -> tuple[int, ...]:
    """The step where two lines differ most; () where they do not."""
    apart = np.nan_to_num(np.abs(other - one))
    return (int(apart.argmax()),) if apart.any() else ()


def _segmentations(first: Segmentation, second: Segmentation) -> tuple[Outcome, ...]:
    names = [name for name in dict.fromkeys((*first.classes, *second.classes)) if name != "background"]
    return tuple(
        Outcome(name, float(first.amounts.get(name, math.nan)), float(second.amounts.get(name, math.nan)), first.unit)
        for name in names
    )


def same_classes(one: Analysis, other: Analysis) -> str:
    """In how many places two segmentations of the same data have the same class, in a sentence.

    Returns:
        "A and B have the same class in 97.3 % of the 67,392 places that both classify."; "" where there is nothing to
        compare.
    """
    first, second = one.prediction, other.prediction
    if not isinstance(first, Segmentation) or not isinstance(second, Segmentation):
        return ""
    labels = first.labels.values, second.labels.values
    if first.classes != second.classes or labels[0].shape != labels[1].shape:
        return ""
    both = (labels[0] >= 0) & (labels[1] >= 0)
    if not both.any():
        return ""
    share = 100 * float((labels[0] == labels[1])[both].mean())
    return f"A and B have the same class in {number(share)} % of the {int(both.sum()):,} places that both classify."
