"""How a forecaster would have done: the model run once more for earlier steps, where nothing later can be compared."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hot_core.analysis.score import Reason, Scores, score
from hot_core.models import HOTModel
from hot_core.modes import Mode, Sample
from hot_core.pipeline import Analysis, Settings, analyse
from hot_core.transforms.results import Forecast
from hot_core.transforms.series import SHORTEST

__all__ = ["Scores", "scores"]


def scores(analysis: Analysis, model: HOTModel) -> Scores | None:
    """Score the forecast on what happened after the window; where nothing of it is known, by a backtest.

    A backtest foretells the horizon that ends with the last step known before the window's end from what lies before
    it, and says nothing of the forecast that the page draws but how well the model did earlier.

    Args:
        analysis: of a series.
        model: the model that made it.

    Returns:
        The scores; None where there is no forecast, or the past is too short or too empty for a backtest, too.
    """
    forecast = analysis.prediction
    if not isinstance(forecast, Forecast):
        return None
    stop = int(analysis.grid.axes[2].stops[-1])
    found = score(forecast, analysis.sample.data.isel(time=slice(0, stop)))
    return _earlier(analysis, model, stop, _reason(forecast)) if found is None else found


def _reason(forecast: Forecast) -> Reason:
    """Why a forecast cannot be scored itself."""
    if forecast.truth is None:
        return "ends"
    return "apart" if bool(forecast.truth.notnull().any()) else "unknown"


def _earlier(analysis: Analysis, model: HOTModel, stop: int, reason: Reason) -> Scores | None:
    """The scores of a forecast of the horizon that ends with the last step before `stop` that holds anything."""
    lookback, horizon = model.config.lookback, model.config.horizon
    known = np.flatnonzero(analysis.sample.data.isel(time=slice(0, stop)).notnull().any(["entity", "variable"]))
    end = int(known[-1]) + 1 if len(known) else 0
    first = end - horizon
    if first < SHORTEST or not (known[known < first] >= first - lookback).any():
        return None
    settings = Settings.model_validate(analysis.provenance["settings"])
    window = first - lookback if first >= lookback else None
    again = analyse(before(analysis.sample, first), model, settings.model_copy(update={"window": window}))
    forecast = again.prediction
    if not isinstance(forecast, Forecast):
        return None
    truth = forecast.mean.copy(data=analysis.sample.data.isel(time=slice(first, end)).values)
    return score(replace(forecast, truth=truth), again.sample.data, backtest=reason)


def before(sample: Sample, stop: int) -> Sample:
    """The same series without anything from a step on."""
    entity, variable, time = sample.modes
    modes = (entity, variable, Mode(time.name, time.coords[:stop], time.unit))
    return replace(sample, data=sample.data.isel(time=slice(0, stop)), modes=modes)
