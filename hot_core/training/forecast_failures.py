"""Where `air-quality` fails: the worst windows of the test part, as pictures of the card."""

from __future__ import annotations

import numpy as np

from hot_core.models import HOTModel
from hot_core.training import pictures
from hot_core.training.forecasting import LOOKBACK, forecast
from hot_core.training.recipe import Picture
from hot_core.training.series_data import UNITS, VARIABLES, Windows


def failures(
    model: HOTModel, windows: Windows, batches: list[tuple[np.ndarray, np.ndarray]], count: int = 2
) -> tuple[Picture, ...]:
    """The series of the test part with the largest mean squared error, one of each variable at most.

    Args:
        model: the kept weights.
        windows: for station names and units.
        batches: windows of the test part.
        count: number of pictures.

    Returns:
        The pictures, worst first.
    """
    worst: list[tuple[float, int, tuple[int, ...]]] = []
    for number, (values, valid) in enumerate(batches):
        keep = valid[..., LOOKBACK:]
        error = np.where(keep, forecast(model, values, valid)[..., 0] - values[..., LOOKBACK:], 0.0) ** 2
        # Half of the hours must be known, and of what came before.
        mean = np.where(keep.mean(-1) > 0.5, error.sum(-1) / np.maximum(keep.sum(-1), 1), -1.0)
        for variable in range(mean.shape[2]):
            window, entity = np.unravel_index(mean[:, :, variable].argmax(), mean.shape[:2])
            worst.append((float(mean[window, entity, variable]), number, (int(window), int(entity), variable)))
    chosen: dict[int, tuple[float, int, tuple[int, ...]]] = {}
    for case in sorted(worst, reverse=True):
        chosen.setdefault(case[2][2], case)
    return tuple(_failure(model, windows, batches, *case) for case in list(chosen.values())[:count])


def _failure(
    model: HOTModel,
    windows: Windows,
    batches: list[tuple[np.ndarray, np.ndarray]],
    error: float,
    number: int,
    place: tuple[int, ...],
) -> Picture:
    values, valid = batches[number]
    _, entity, variable = place
    ahead = forecast(model, values, valid)[place].astype(np.float64)
    scale, centre = windows.scale[entity, variable, 0], windows.centre[entity, variable, 0]
    series, known = values[place] * scale + centre, valid[place]
    seen = np.where(known, series, np.nan)
    point, low, high = (ahead * scale + centre).T
    station, name = windows.stations[entity], VARIABLES[variable]
    target = seen[LOOKBACK:]
    outside = int(((target < low) | (target > high)).sum())
    png = pictures.series_case(
        seen[:LOOKBACK], known[:LOOKBACK], target, point, low, high, f"{station} · {name}", UNITS[variable]
    )
    caption = (
        f"{station}, {name}: the worst window of this variable in the test part (mean squared error {error:.1f} in z "
        f"units, {outside} of {int(known[LOOKBACK:].sum())} known values outside the interval). The window before went "
        f"from {np.nanmin(seen[:LOOKBACK]):.0f} to {np.nanmax(seen[:LOOKBACK]):.0f}, what came from "
        f"{np.nanmin(target):.0f} to {np.nanmax(target):.0f} {UNITS[variable]}."
    )
    return Picture(f"failure-{name.lower().replace('.', '')}", caption, png)
