"""How good a forecast is beside seasonal naive: MASE, by the field's own library."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import pandas as pd
import xarray as xr
from utilsforecast.losses import mase

from hot_core.transforms.results import Forecast

LINES = ("model", "seasonal naive")

Reason: TypeAlias = Literal["ends", "unknown", "apart"]
"""Why a forecast itself has no score: the file ends with the window; nothing is known of the steps after it; or what
is known meets no step that both forecast and naive line have."""


@dataclass(frozen=True, eq=False)
class Scores:
    """The errors of a forecast and of seasonal naive over the same steps.

    Attributes:
        mase: mean absolute scaled error (entity, variable, line) with lines "model" and "seasonal naive"; NaN where
            nothing can be compared, or where the past never changes from one season to the next.
        mae: mean absolute error in each variable's unit, same axes.
        steps: how many steps were compared, (entity, variable).
        horizon: how many steps were foretold.
        season: steps in a season, for the naive line and for the scale.
        past: steps before the forecast that the scale was taken from.
        backtest: why the forecast scored is one made for earlier steps; None where it is the forecast itself.
    """

    mase: xr.DataArray
    mae: xr.DataArray
    steps: xr.DataArray
    horizon: int
    season: int
    past: int
    backtest: Reason | None = None

    @property
    def worse(self) -> xr.DataArray:
        """Which series were foretold worse than by seasonal naive, (entity, variable)."""
        return self.mae.sel(line="model", drop=True) > self.mae.sel(line="seasonal naive", drop=True)

    @property
    def compared(self) -> xr.DataArray:
        """Which series could be compared at all, (entity, variable)."""
        return self.mae.notnull().all("line")


def score(forecast: Forecast, past: xr.DataArray, backtest: Reason | None = None) -> Scores | None:
    r"""Compare a forecast with what happened.

    ``MASE = mean_h |y_h - f_h| / mean_t |y_t - y_{t-m}|`` with the season ``m``; the mean above runs over the steps at
    which truth, forecast and naive line all have a value, the one below over all of the past whose value and whose
    value a season earlier are known. Source: Hyndman and Koehler, "Another look at measures of forecast accuracy",
    2006; computed by `utilsforecast.losses.mase`.

    Args:
        forecast: with its truth.
        past: what was known before it, (entity, variable, time) on a regular grid with NaN in the gaps.
        backtest: why it is one made for earlier steps than the forecast that matters; None where it is that one.

    Returns:
        The scores; None where no series can be compared.
    """
    errors = forecast.mae()
    if forecast.truth is None or errors is None or not bool(errors.notnull().any()):
        return None
    known = forecast.truth.notnull() & forecast.naive.notnull() & forecast.mean.notnull()
    scaled = [_entity(forecast, known, past, at) for at in range(forecast.mean.sizes["entity"])]
    return Scores(
        errors.copy(data=np.stack(scaled)), errors, known.sum("time"), forecast.mean.sizes["time"], forecast.season,
        past.sizes["time"], backtest,
    )  # fmt: skip


def _entity(forecast: Forecast, known: xr.DataArray, past: xr.DataArray, at: int) -> np.ndarray:
    """MASE of every variable of one entity, (variable, line); one entity at a time keeps long files small."""
    lines = {"y": forecast.truth, "model": forecast.mean, "seasonal naive": forecast.naive}
    frame = _frame({name: line.isel(entity=at).values for name, line in lines.items() if line is not None})
    frame = frame[known.isel(entity=at).values.reshape(-1)]
    found = mase(frame, list(LINES), forecast.season, _frame({"y": past.isel(entity=at).values}))
    series = range(past.sizes["variable"])
    values = found.set_index("unique_id").reindex(series)[list(LINES)].to_numpy(dtype=np.float64)
    return np.where(np.isfinite(values), values, np.nan)


def _frame(columns: dict[str, np.ndarray]) -> pd.DataFrame:
    """Series (variable, time) one below the other, as `utilsforecast` takes them."""
    count, steps = next(iter(columns.values())).shape
    names = {"unique_id": np.repeat(np.arange(count), steps), "ds": np.tile(np.arange(steps), count)}
    return pd.DataFrame(names | {name: values.astype(np.float64).reshape(-1) for name, values in columns.items()})
