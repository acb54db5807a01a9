"""How a forecaster would have done: the model run once more, a horizon earlier, where the file ends with the window."""

from __future__ import annotations

from dataclasses import replace

from hot_core.analysis.score import Scores, score
from hot_core.models import HOTModel
from hot_core.modes import Mode, Sample
from hot_core.pipeline import Analysis, Settings, analyse
from hot_core.transforms.results import Forecast
from hot_core.transforms.series import SHORTEST

__all__ = ["Scores", "scores"]


def scores(analysis: Analysis, model: HOTModel) -> Scores | None:
    """Score the forecast on what happened after the window; where nothing of it is known, by a backtest.

    A backtest foretells the last known horizon from what lies before it, and says nothing of the forecast that the
    page draws but how well the model did a horizon earlier.

    Args:
        analysis: of a series.
        model: the model that made it.

    Returns:
        The scores; None where there is no forecast, or the file is too short for a backtest, too.
    """
    forecast = analysis.prediction
    if not isinstance(forecast, Forecast):
        return None
    stop = int(analysis.grid.axes[2].stops[-1])
    found = score(forecast, analysis.sample.data.isel(time=slice(0, stop)))
    return _earlier(analysis, model, stop) if found is None else found


def _earlier(analysis: Analysis, model: HOTModel, stop: int) -> Scores | None:
    """The scores of a forecast of the last steps before `stop`."""
    lookback, horizon = model.config.lookback, model.config.horizon
    first = stop - horizon
    if first < SHORTEST:
        return None
    settings = Settings.model_validate(analysis.provenance["settings"])
    window = first - lookback if first >= lookback else None
    again = analyse(before(analysis.sample, first), model, settings.model_copy(update={"window": window}))
    forecast = again.prediction
    if not isinstance(forecast, Forecast):
        return None
    truth = forecast.mean.copy(data=analysis.sample.data.isel(time=slice(first, stop)).values)
    return score(replace(forecast, truth=truth), again.sample.data, backtest=True)


def before(sample: Sample, stop: int) -> Sample:
    """The same series without anything from a step on."""
    entity, variable, time = sample.modes
    modes = (entity, variable, Mode(time.name, time.coords[:stop], time.unit))
    return replace(sample, data=sample.data.isel(time=slice(0, stop)), modes=modes)
