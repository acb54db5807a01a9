"""The same model, or one like it, run once more: on what, with which weights, and how far the prediction moved."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import torch
import xarray as xr
from scipy.stats import t as student

from hot_core.analysis.result import Analysis
from hot_core.errors import ModelError
from hot_core.evidence.agreement import spearman
from hot_core.evidence.deletion import is_flat
from hot_core.models import HOTModel
from hot_core.record import AttentionRecord, Edit
from hot_core.transforms import Classification, Forecast, ModelInput, Segmentation

CONFIDENCE = 0.95


class Interval(NamedTuple):
    """A number with its 95 % interval; the ends are NaN where nothing says how sure it is."""

    mean: float
    low: float
    high: float


def mean_of(draws: np.ndarray, most: float = np.inf) -> Interval:
    """The mean of some draws with the interval of the mean, `mean ± t · sd / √R`.

    Args:
        draws: one number each; those that are not numbers are left out.
        most: the interval is cut at ± this, which no draw can pass.

    Returns:
        The mean, NaN without a draw; the ends are NaN with fewer than two.
    """
    kept = draws[np.isfinite(draws)]
    if not kept.size:
        return Interval(np.nan, np.nan, np.nan)
    mean = float(kept.mean())
    if kept.size < 2:
        return Interval(mean, np.nan, np.nan)
    half = float(student.ppf((1 + CONFIDENCE) / 2, kept.size - 1) * kept.std(ddof=1) / np.sqrt(kept.size))
    return Interval(mean, max(mean - half, -most), min(mean + half, most))


def alike(one: np.ndarray, other: np.ndarray, kept: np.ndarray) -> float:
    """Spearman's ρ of two maps.

    Args:
        one: a number for each token.
        other: likewise.
        kept: which tokens are compared.

    Returns:
        ρ; NaN where one of them is the same everywhere but for rounding, and so has no order.
    """
    first, second = one[kept], other[kept]
    return float("nan") if is_flat(first) or is_flat(second) else spearman(first, second)


def correlation(value: float) -> str:
    """A rank correlation in words: two decimals, a typographic minus: "0.50", "−0.12", "0.00"."""
    text = f"{value:.2f}".replace("-", "−")
    return text.lstrip("−") if text == "−0.00" else text


def plain(value: float) -> float | None:
    """A number as a record holds it: nine significant digits, None where there is none."""
    return float(f"{value:.9g}") if np.isfinite(value) else None


def resting(model: HOTModel) -> HOTModel:
    """A copy on the CPU that gives the same numbers every time; the model may be shared and stays as it is."""
    return copy.deepcopy(model).cpu().eval().requires_grad_(False)


def again(analysis: Analysis, model: HOTModel, given: ModelInput, edit: Edit | None = None) -> Analysis:
    """Run a model on an input and put what came out in the place of an analysis.

    Args:
        analysis: what everything else is taken from.
        model: a `resting` model.
        given: the input.
        edit: what becomes of the attention on the way.

    Returns:
        An analysis with the prediction, attention and tokens of this run.

    Raises:
        ModelError: when the output is not a number.
    """
    record = AttentionRecord(given.grid.modes, shares=True, edit=edit)
    extra: dict[str, Any] = {"roles": given.roles} if given.roles else {}
    with torch.inference_mode():
        values, mask = (torch.from_numpy(array)[None] for array in (given.values, given.mask))
        output = model(values, mask, record=record, **extra)[0].double().numpy()
    if not np.isfinite(output).all():
        raise ModelError(f"{model.config.name}: the model gave no number when it was run again. Load it again.")
    return replace(analysis, prediction=given.back(output), record=record, grid=given.grid)


def moved(before: Analysis, after: Analysis, query: tuple[int, ...]) -> float:
    """How far the prediction moved, in the unit of `moved_words`.

    A forecast: mean of |difference| of the series at the query, over the dates that both foretell. Classes: mean of
    |difference| of the probability of the class that was predicted, of a whole shape, or at the query's voxels or
    pixels.

    Args:
        before: the analysis that is put to the test.
        after: the one that it is compared with, on the same native grid.
        query: a token of `before`, one index for each mode.

    Returns:
        The change; NaN where nothing can be compared.
    """
    one, other = before.prediction, after.prediction
    if isinstance(one, Forecast) and isinstance(other, Forecast):
        lines = (forecast.mean[query[0], query[1]] for forecast in (one, other))
        return mean_gap(*xr.align(*lines, join="inner"))
    if isinstance(one, Classification) and isinstance(other, Classification):
        return abs(one.probabilities[one.label] - other.probabilities.get(one.label, np.nan))
    if isinstance(one, Segmentation) and isinstance(other, Segmentation) and one.classes == other.classes:
        places = before.grid.native_of(query)[: one.labels.ndim]
        found = one.labels.values[places]
        if (found >= 0).any():
            label = int(np.bincount(found[found >= 0]).argmax())
            return mean_gap(*(shown.probabilities[label][places] for shown in (one, other)))
    return float("nan")


def mean_gap(one: xr.DataArray, other: xr.DataArray) -> float:
    """The mean of |difference| where both hold a number; NaN where they never do."""
    gaps = np.abs(one.values.astype(np.float64) - other.values)
    return float(gaps[np.isfinite(gaps)].mean()) if np.isfinite(gaps).any() else float("nan")


def moved_words(analysis: Analysis, query: tuple[int, ...]) -> tuple[str, str]:
    """What `moved` measures: a name, and the unit."""
    prediction = analysis.prediction
    if isinstance(prediction, Forecast):
        units = prediction.mean.coords.get("unit")
        unit = "" if units is None else str(units.values[query[1]])
        return "mean change of the forecast of the chosen series", unit
    place = "" if isinstance(prediction, Classification) else ", at the chosen position"
    return f"change of the probability of the predicted class{place}", ""
