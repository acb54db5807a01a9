"""Time series: a look-back window, scaled by each series' own past, and the forecast back in its units."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import xarray as xr

from hot_core.errors import ModelError, SelectionError
from hot_core.modes import Sample, SeriesGeometry, TokenAxis, TokenGrid
from hot_core.transforms.inputs import Config, ModelInput, check_present, check_tokens, masked
from hot_core.transforms.normalise import zscore
from hot_core.transforms.results import Forecast
from hot_core.transforms.season import season_of, seasonal_naive
from hot_core.transforms.settings import Settings

SHORTEST = 24
"""Below this many steps there is too little of a past to speak of."""


def to_input(sample: Sample, config: Config, settings: Settings) -> ModelInput:
    """Cut the look-back window and scale every series by its own past, the window included.

    Returns:
        The input (entity, variable, time) and the way back.

    Raises:
        ModelError: when the series is too short or the window holds no value.
        SelectionError: when the chosen window lies outside the file, or makes too many tokens.
    """
    if settings.region is not None:
        raise SelectionError("A region is for volumes and rasters; choose the window of a series by its first step.")
    start, stop, notes = choose_window(sample.data.sizes["time"], config, settings)
    past = sample.data.isel(time=slice(0, stop)).values.astype(np.float64)
    past = np.where(np.isfinite(past), past, np.nan)
    scaled, centre, scale = zscore(past, axis=-1)
    lead = config.lookback - (stop - start)
    window = np.pad(scaled[..., start:stop], ((0, 0), (0, 0), (lead, 0)), constant_values=np.nan)
    values, mask = masked(window)
    check_present(mask, config.name)
    grid = token_grid(sample, config, start, stop)
    check_tokens(grid, config.name)
    season, season_note = season_of(sample.geometry, stop)
    empty = int((~mask.any(axis=-1)).sum())
    if empty:
        notes.append(f"{empty} series have no value in the window: no forecast is given for them.")
    back = partial(to_forecast, sample, (start, stop), centre, scale, season, tuple(config.quantiles))
    return ModelInput(values, mask, grid, back, notes=(*notes, season_note))


def choose_window(steps: int, config: Config, settings: Settings) -> tuple[int, int, list[str]]:
    """The half-open native interval of the look-back window, and what to say about it."""
    need, ahead = config.lookback, config.horizon
    if steps < SHORTEST:
        raise ModelError(
            f"{config.name}: the file has {steps} steps; at least {SHORTEST} are needed "
            f"({need} for a full window). Give a longer series."
        )
    if steps < need:
        start = steps % config.patch[-1]
        return start, steps, [f"The file has {steps} steps; the {need - steps + start} before are taken as missing."]
    if settings.window is not None:
        if not 0 <= settings.window <= steps - need:
            raise SelectionError(
                f"{config.name}: a window of {need} steps cannot start at step {settings.window} of {steps}. "
                f"Choose a start from 0 to {steps - need}."
            )
        return settings.window, settings.window + need, []
    if steps < need + ahead:
        note = f"The window is the last {need} steps: the file is too short to hold back {ahead} for comparison."
        return steps - need, steps, [note]
    start = steps - need - ahead
    note = f"The window ends {ahead} steps before the end of the file, so that the forecast meets what happened."
    return start, start + need, [note]


def token_grid(sample: Sample, config: Config, start: int, stop: int) -> TokenGrid:
    """Tokens over the window; those before the first step of a short file cover nothing."""
    window = [(0, len(sample.modes[0])), (0, len(sample.modes[1])), (start, stop)]
    grid = TokenGrid.regular(sample.modes, config.patch, window)
    entity, variable, time = grid.axes
    before = -(-config.lookback // config.patch[-1]) - len(time)
    nothing = np.full(before, start)
    axis = TokenAxis(time.mode, np.r_[nothing, time.starts], np.r_[nothing, time.stops])
    return TokenGrid((entity, variable, axis))


def to_forecast(
    sample: Sample,
    window: tuple[int, int],
    centre: np.ndarray,
    scale: np.ndarray,
    season: int,
    quantiles: tuple[float, ...],
    output: np.ndarray,
) -> Forecast:
    """Undo the scaling, give every step its date, and lay the naive line and the truth beside it.

    Point and interval are brought back alike, `z · scale + centre`; the scale is positive, so their order stays.

    Args:
        sample: what was read.
        window: native interval of the look-back window.
        centre: what `zscore` subtracted, (entity, variable, 1).
        scale: what `zscore` divided by, (entity, variable, 1).
        season: steps in a season.
        quantiles: the two quantiles that the model's interval runs between, () when it gives none.
        output: the model's output in z units: (entity, variable, horizon), or with quantiles
            (entity, variable, horizon, 3) with point, lower and upper end.

    Returns:
        The forecast in the units of the file.
    """
    start, stop = window
    data = sample.data
    lines = np.moveaxis(output, -1, 0) if quantiles else output[None]
    horizon = lines.shape[-1]
    lookback = data.isel(time=slice(start, stop))
    seen = lookback.notnull().any("time").values[..., None]
    step = sample.geometry.step if isinstance(sample.geometry, SeriesGeometry) else None
    template = future(data, stop, horizon, step)
    mean, *ends = [template.copy(data=np.where(seen, line * scale + centre, np.nan)) for line in lines]
    past = data.isel(time=slice(0, stop)).values
    naive = template.copy(data=seasonal_naive(past, season, horizon))
    known = data.isel(time=slice(stop, stop + horizon))
    truth = known.astype(np.float64).reindex_like(template) if known.sizes["time"] else None
    forecast = Forecast(mean.rename("forecast"), naive.rename("seasonal naive"), season, lookback, truth)
    if not quantiles:
        return forecast
    low, high = (end.rename(name) for end, name in zip(ends, ("low", "high"), strict=True))
    return replace(forecast, low=low, high=high, share=round(quantiles[1] - quantiles[0], 9))


def future(data: xr.DataArray, stop: int, horizon: int, step: np.timedelta64 | None = None) -> xr.DataArray:
    """An empty array over the steps after `stop`, with the dates (or step numbers) they have.

    Dates of the file are taken as they are. Beyond its end they go on by the last step, and in months by the
    calendar: on the same day, or at the end of each month where all of the file's dates lie there.

    Args:
        data: the series of the file.
        stop: first step that is not seen.
        horizon: number of steps.
        step: the file's step, in months where it has no fixed length.

    Returns:
        NaN over (entity, variable, horizon).
    """
    time = data["time"].values
    known = time[stop : stop + horizon]
    beyond = len(known) + np.arange(horizon - len(known)) + stop
    if step is not None and np.datetime_data(step)[0] == "M":
        dates = pd.DatetimeIndex(time)
        ends = dates.is_month_end.all() and len(set(dates.day)) > 1
        move = pd.offsets.MonthEnd if ends else lambda months: pd.DateOffset(months=months)
        later = np.array([dates[0] + move(int(step.astype(int)) * int(at)) for at in beyond], dtype=time.dtype)
    else:
        later = time[-1] + (time[-1] - time[-2]) * (beyond - len(time) + 1)
    coords = {name: c for name, c in data.coords.items() if "time" not in c.dims}
    coords["time"] = ("time", np.concatenate([known, later]))
    shape = (data.sizes["entity"], data.sizes["variable"], horizon)
    return xr.DataArray(np.full(shape, np.nan), dims=data.dims, coords=coords)
