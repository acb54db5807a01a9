"""The yardstick of every forecast: the same moment of the season before."""

from __future__ import annotations

import numpy as np

from hot_core.modes import Geometry, SeriesGeometry

DAY = np.timedelta64(1, "D")


def season_of(geometry: Geometry, past: int) -> tuple[int, str]:
    """Steps in a season, and a sentence that says which was taken.

    A day where the step is shorter and divides it; a week for daily steps; a year for months that divide it;
    otherwise, and where the past is shorter than a season, 1: the last value again.

    Args:
        geometry: the series geometry, for its sampling step.
        past: known steps before the forecast.

    Returns:
        The number of steps, and the sentence.
    """
    last = "The naive line repeats the last value"
    step = geometry.step if isinstance(geometry, SeriesGeometry) else None
    if step is None:
        return 1, f"{last}: without dates no season is known."
    if np.datetime_data(step)[0] == "M":  # which has no fixed length in days
        months = int(step.astype(int))
        if 12 % months or months == 12:
            return 1, f"{last}: the step is no part of a year."
        season, name = 12 // months, "year"
    elif step == DAY:
        season, name = 7, "week"
    elif step < DAY and DAY % step == np.timedelta64(0):
        season, name = int(DAY // step), "day"
    else:
        return 1, f"{last}: the step is neither a day nor a part of one."
    if season > past:
        return 1, f"{last}: the past is shorter than a {name}."
    return season, f"The naive line repeats the last {name} ({season} steps)."


def seasonal_naive(past: np.ndarray, season: int, horizon: int) -> np.ndarray:
    """Repeat the last season; where a value is missing, take the one a season earlier, and so on.

    Args:
        past: (entity, variable, time), NaN where missing.
        season: steps in a season.
        horizon: steps to give.

    Returns:
        (entity, variable, horizon); NaN where no earlier season has a value.
    """
    past = np.asarray(past, dtype=np.float64)
    steps = past.shape[-1]
    result = np.full((*past.shape[:-1], season), np.nan)
    for stop in range(steps, 0, -season):
        part = past[..., max(0, stop - season) : stop]
        slot = result[..., season - part.shape[-1] :]
        slot[...] = np.where(np.isnan(slot), part, slot)
        if not np.isnan(result).any():
            break
    return result[..., np.arange(horizon) % season]
