"""The lines of a forecast: what the model saw and what it did not, the naive line, the interval, the forecast."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from hot_core.figures.names import safe
from hot_core.figures.series_range import Range, thin
from hot_core.figures.style import ACCENT, BAND, INK, MUTED, Part
from hot_core.transforms.results import Forecast

LAST = 2000
"""A rank in the legend behind all that have plotly's usual 1000: the band is drawn first and named last."""

NO_UNIT = "no unit given"


@dataclass(frozen=True)
class Shown:
    """Which series the lines show: indices of entity and variable."""

    entity: int
    variable: int

    def of(self, lines: xr.DataArray) -> xr.DataArray:
        """This series among (entity, variable, time)."""
        return lines.isel(entity=self.entity, variable=self.variable)


def unit_of(forecast: Forecast, shown: Shown) -> str:
    """The unit of a variable as the file gives it; "" where it gives none."""
    return str(forecast.mean.coords["unit"].values[shown.variable] or "")


def lines_of(forecast: Forecast, shown: Shown, rest: list[Part]) -> list[Part]:
    """Everything that is drawn of one series, from the back to the front; gaps stay gaps."""
    unit = unit_of(forecast, shown)
    return [*_band_of_forecast(forecast, shown), *rest, *_lines(forecast, shown, f" {safe(unit)}" if unit else "")]


def rest_of_file(data: xr.DataArray, shown: Shown, span: Range, window: tuple[int, int], horizon: int) -> list[Part]:
    """What the file holds around window and forecast, as far as the range goes; thinned where it is long.

    Args:
        data: the series of the file.
        shown: which of them.
        span: what the picture shows.
        window: half-open steps of the look-back window.
        horizon: steps of the forecast.

    Returns:
        One pale line, or nothing where the range shows no more than window and forecast.
    """
    one = shown.of(data)
    before = np.arange(max(span.start, 0), window[0] + 1 if span.start < window[0] else 0)
    after = np.arange(window[1] + horizon - 1, min(span.stop, one.sizes["time"]))
    parts = [steps for steps in (before, after if len(after) > 1 else after[:0]) if len(steps)]
    if not parts:
        return []
    times, values = one["time"].values, one.values
    kept = [steps[thin(values[steps])] for steps in parts]
    # a gap between both, where window and forecast are drawn by their own lines
    x = np.concatenate([np.append(times[steps], times[steps[-1]]) for steps in kept])
    y = np.concatenate([np.append(values[steps], np.nan) for steps in kept]).astype(np.float32)
    return [{
        "type": "scatter", "mode": "lines", "name": "rest of the file", "x": x, "y": y, "connectgaps": False,
        "line": {"color": MUTED, "width": 1}, "hovertemplate": "%{x}<br>not seen by the model %{y:.4g}<extra></extra>",
    }]  # fmt: skip


def value_range(traces: list[Part], begin: np.datetime64 | float, end: np.datetime64 | float) -> list[float] | None:
    """The lowest and highest value that lies between two times, with a margin; None where nothing does."""
    inside = [
        trace["y"][(trace["x"] >= begin) & (trace["x"] <= end) & np.isfinite(trace["y"])].astype(np.float64)
        for trace in traces
    ]
    values = np.concatenate(inside) if inside else np.empty(0)
    if not values.size:
        return None
    margin = 0.06 * float(np.ptp(values)) or 0.06 * abs(float(values[0])) or 1.0
    return [float(values.min()) - margin, float(values.max()) + margin]


def _band_of_forecast(forecast: Forecast, shown: Shown) -> list[Part]:
    """The interval of one series as a pale band below the lines; nothing where the series has no forecast."""
    ends = _interval(forecast, shown)
    if ends is None:
        return []
    low, high = ends
    times = forecast.mean["time"].values
    return [{
        "type": "scatter", "mode": "lines", "name": forecast.interval, "fill": "toself", "hoverinfo": "skip",
        "x": np.concatenate([times, times[::-1]]), "y": np.concatenate([high, low[::-1]]),
        "line": {"width": 0, "color": ACCENT}, "fillcolor": BAND, "legendrank": LAST,
    }]  # fmt: skip


def _interval(forecast: Forecast, shown: Shown) -> tuple[np.ndarray, np.ndarray] | None:
    """The interval's lower and upper end for one series; None where there is none."""
    if forecast.low is None or forecast.high is None:
        return None
    low, high = (shown.of(end).values.astype(np.float32) for end in (forecast.low, forecast.high))
    return (low, high) if np.isfinite(low).any() else None


def _lines(forecast: Forecast, shown: Shown, in_unit: str) -> list[Part]:
    """History, seasonal naive, truth and forecast of one series."""
    ends = _interval(forecast, shown)
    between = f"<br>{forecast.interval} %{{customdata[0]:.4g}} to %{{customdata[1]:.4g}}{in_unit}"
    lines = [
        ("history", forecast.lookback, {"color": INK, "width": 1.8}),
        ("seasonal naive", forecast.naive, {"color": MUTED, "width": 1.8, "dash": "dot"}),
        ("observed", forecast.truth, {"color": INK, "width": 1.2}),
        ("forecast", forecast.mean, {"color": ACCENT, "width": 3}),
    ]
    traces: list[Part] = []
    for name, data, line in lines:
        if data is not None:
            one = shown.of(data)
            more = {"customdata": np.stack(ends, axis=-1)} if ends is not None and data is forecast.mean else {}
            # the name stands in the text: plotly's own box for it, <extra>, is pale on a dark page
            hover = f"%{{x}}<br>{name} %{{y:.4g}}{in_unit}{between if more else ''}<extra></extra>"
            trace: Part = {"type": "scatter", "mode": "lines", "name": name, "line": line, "connectgaps": False}
            data_of = {"x": one["time"].values, "y": one.values.astype(np.float32), "hovertemplate": hover}
            traces.append(trace | data_of | more)
    return traces
