"""A time series with its forecast, and where a query looks: every series' time steps coloured below the lines."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

import numpy as np
import plotly.graph_objects as go
import xarray as xr

from hot_core.figures.axes import PlotAxis, plain, token_axis
from hot_core.figures.fields import field_limit, token_field, uniform_level
from hot_core.figures.style import (
    ACCENT,
    BAND,
    INK,
    KEY,
    MUTED,
    QUERY,
    Box,
    Part,
    assemble,
    colour_axis,
    frames,
    margins,
    title,
)
from hot_core.modes import TokenGrid
from hot_core.transforms.results import Forecast

LEGEND = 46
"""Pixels above the lines: on a page of 1280 px the legend takes two rows."""

MOST_STRIPS = 24
"""More series than this do not fit below the lines: those with the most weight are shown, and it is said."""

LAST = 2000
"""A rank in the legend behind all that have plotly's usual 1000: the band is drawn first and named last."""


@dataclass(frozen=True)
class Shown:
    """Which series the lines show: indices of entity and variable."""

    entity: int
    variable: int


def strip_rows(
    tokens: xr.DataArray, grid: TokenGrid, query: tuple[int, ...], shown: Shown, key: tuple[int, ...] | None = None
) -> list[tuple[int, int]]:
    """The (entity, variable) pairs that get a strip: all in order, or the weightiest when there are too many.

    Returns:
        Pairs of indices; the series of the query, of the key and the one shown are always among them.
    """
    entities, variables = len(grid.axes[0]), len(grid.axes[1])
    pairs = [(e, v) for e in range(entities) for v in range(variables)]
    if len(pairs) <= MOST_STRIPS:
        return pairs
    weight = np.nan_to_num(tokens.values.sum(axis=2)).reshape(-1)
    chosen = {(query[0], query[1]), (shown.entity, shown.variable), *([] if key is None else [(key[0], key[1])])}
    others = (pairs[at] for at in np.argsort(-weight, kind="stable") if pairs[at] not in chosen)
    return sorted([*chosen, *islice(others, MOST_STRIPS - len(chosen))])


def series_figure(
    forecast: Forecast, field: xr.DataArray, grid: TokenGrid, query: tuple[int, ...], shown: Shown, *,
    key: tuple[int, ...] | None = None, uniform: float | None = None, height: int = 560,
) -> go.Figure:  # fmt: skip
    """Draw one series with its forecast, and below it the weight that every series' time steps get.

    Args:
        forecast: what the model saw and foretold, with its interval if it has one, the naive line, and the truth
            where it is known.
        field: attention over the native grid.
        grid: the tokens.
        query: the chosen token (entity, variable, time).
        shown: which series the lines show.
        key: the query's chosen partner, framed in blue and dashed in the strip of its series.
        uniform: the weight each key would get if all were looked at alike; None: one over their number.
        height: of the figure, in pixels.

    Returns:
        A figure with a shared dated axis; gaps in the data stay gaps.
    """
    tokens = token_field(field, grid)
    rows = strip_rows(tokens, grid, query, shown, key)
    time = token_axis(grid.axes[2])
    weights = np.stack([tokens.values[e, v, time.first :] for e, v in rows]).astype(np.float32)
    strips: Part = {
        "type": "heatmap", "z": weights, "x": time.values, "y": [series_name(grid, *pair) for pair in rows],
        "ygap": 1, "coloraxis": "coloraxis", "xaxis": "x", "yaxis": "y2",
        "hovertemplate": "%{y}<br>%{x}<br>weight %{z:.3g}<extra></extra>",
    }  # fmt: skip
    unit = str(forecast.mean.coords["unit"].values[shown.variable] or "")
    own = f"{series_name(grid, shown.entity, shown.variable)}{unit and f' [{unit}]'}"
    uniform = uniform_level(grid) if uniform is None else uniform
    bar = {"yref": "container", "y": 0.045, "yanchor": "bottom"}
    left = 24 + int(5.6 * max(len(name) for name in strips["y"]))
    end = plain(forecast.mean["time"].values[-1])
    return assemble(
        [*_band_of_forecast(forecast, shown), *_lines(forecast, shown, unit), strips],
        height, margin=margins(left, 84, LEGEND), showlegend=True,
        hovermode="x", hoverdistance=-1,  # a click beside a line means its time, too
        legend={"orientation": "h", "y": 1, "yref": "container", "yanchor": "top", "x": 0.02,
            "xref": "container", "font": {"size": 12}},
        xaxis={"range": [time.range[0], end], "showgrid": False, "zeroline": False, "anchor": "y2"},
        yaxis={"domain": [0.52, 1], "title": title(own), "zeroline": False, "nticks": 6},
        yaxis2={
            "domain": [0, 0.48], "autorange": "reversed", "type": "category", "showgrid": False, "tickmode": "linear",
            "tickfont": {"size": 10}, "ticks": "",
        },
        shapes=[_begin_of_forecast(forecast), *_marks(time, rows, shown, query, key)],
        coloraxis=colour_axis(field_limit(weights, uniform), uniform, **bar),
    )  # fmt: skip


def series_name(grid: TokenGrid, entity: int, variable: int) -> str:
    """The name of a series: "JFK · humid"."""
    return f"{grid.axes[0].mode.coords[entity]} · {grid.axes[1].mode.coords[variable]}"


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
    low, high = (
        end.isel(entity=shown.entity, variable=shown.variable).values.astype(np.float32)
        for end in (forecast.low, forecast.high)
    )
    return (low, high) if np.isfinite(low).any() else None


def _lines(forecast: Forecast, shown: Shown, unit: str) -> list[Part]:
    """History, seasonal naive, truth and forecast of one series; gaps stay gaps."""
    in_unit = f" {unit}" if unit else ""
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
            one = data.isel(entity=shown.entity, variable=shown.variable)
            more = {"customdata": np.stack(ends, axis=-1)} if ends is not None and data is forecast.mean else {}
            # the name stands in the text: plotly's own box for it, <extra>, is pale on a dark page
            hover = f"%{{x}}<br>{name} %{{y:.4g}}{in_unit}{between if more else ''}<extra></extra>"
            trace: Part = {"type": "scatter", "mode": "lines", "name": name, "line": line, "connectgaps": False}
            data_of = {"x": one["time"].values, "y": one.values.astype(np.float32), "hovertemplate": hover}
            traces.append(trace | data_of | more)
    return traces


def _begin_of_forecast(forecast: Forecast) -> Part:
    begins = plain(forecast.mean["time"].values[0])
    place = {"x0": begins, "x1": begins, "y0": 0, "y1": 1, "yref": "y domain"}
    return place | {"type": "line", "line": {"color": MUTED, "width": 1}}


def _marks(
    time: PlotAxis, rows: list[tuple[int, int]], shown: Shown, query: tuple[int, ...], key: tuple[int, ...] | None
) -> list[Part]:
    """The times of query and key as bands under the lines, and their cells framed among the strips."""
    bands = [*_band(time, query, shown, QUERY), *([] if key is None else _band(time, key, shown, KEY))]
    boxes = (_strip_cell(time, rows, query), None if key is None else _strip_cell(time, rows, key))
    return [*bands, *frames(*boxes, yref="y2")]


def _band(time: PlotAxis, token: tuple[int, ...], shown: Shown, colour: str) -> list[Part]:
    """A token's time under the lines, strong where they show its own series; nothing before the data begin."""
    if token[2] < time.first:
        return []
    begin, end = time.cell(token[2])
    own = (shown.entity, shown.variable) == (token[0], token[1])
    place = {"type": "rect", "x0": begin, "x1": end, "y0": 0, "y1": 1, "yref": "y domain", "line": {"width": 0}}
    return [place | {"fillcolor": colour, "opacity": 0.3 if own else 0.1, "layer": "below"}]


def _strip_cell(time: PlotAxis, rows: list[tuple[int, int]], token: tuple[int, ...]) -> Box | None:
    if token[2] < time.first:
        return None
    at = rows.index((token[0], token[1]))
    return (*time.cell(token[2]), at - 0.5, at + 0.5)
