"""A time series with its forecast, and where a query looks: every series' time steps coloured below the lines."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
import xarray as xr
from plotly.subplots import make_subplots

from hot_core.figures.axes import PlotAxis, plain, token_axis
from hot_core.figures.fields import field_limit, token_field, uniform_level
from hot_core.figures.style import ACCENT, INK, MUTED, QUERY, colour_axis, finish, frame
from hot_core.modes import TokenGrid
from hot_core.transforms.results import Forecast

MOST_STRIPS = 24
"""More series than this do not fit below the lines: those with the most weight are shown, and it is said."""


@dataclass(frozen=True)
class Shown:
    """Which series the lines show: indices of entity and variable."""

    entity: int
    variable: int


def strip_rows(tokens: xr.DataArray, grid: TokenGrid, query: tuple[int, ...], shown: Shown) -> list[tuple[int, int]]:
    """The (entity, variable) pairs that get a strip: all in order, or the weightiest when there are too many.

    Returns:
        Pairs of indices; the query's own series and the one shown are always among them.
    """
    entities, variables = len(grid.axes[0]), len(grid.axes[1])
    pairs = [(e, v) for e in range(entities) for v in range(variables)]
    if len(pairs) <= MOST_STRIPS:
        return pairs
    weight = np.nan_to_num(tokens.sum("time").values).reshape(-1)
    best = {pairs[at] for at in np.argsort(-weight, kind="stable")[: MOST_STRIPS - 2]}
    return sorted(best | {(query[0], query[1]), (shown.entity, shown.variable)})


def series_figure(
    forecast: Forecast, field: xr.DataArray, grid: TokenGrid, query: tuple[int, ...], shown: Shown, *,
    height: int = 560,
) -> go.Figure:  # fmt: skip
    """Draw one series with its forecast, and below it the weight that every series' time steps get.

    Args:
        forecast: what the model saw and foretold, the naive line, and the truth where it is known.
        field: attention over the native grid.
        grid: the tokens.
        query: the chosen token (entity, variable, time).
        shown: which series the lines show.
        height: of the figure, in pixels.

    Returns:
        A figure with a shared dated axis; gaps in the data stay gaps.
    """
    tokens = token_field(field, grid)
    rows = strip_rows(tokens, grid, query, shown)
    names = [series_name(grid, *pair) for pair in rows]
    time = token_axis(grid.axes[2])
    figure = make_subplots(2, 1, shared_xaxes=True, vertical_spacing=0.04, row_heights=[0.52, 0.48])
    _draw_lines(figure, forecast, shown)
    weights = np.stack([tokens.values[e, v, time.first :] for e, v in rows]).astype(np.float32)
    figure.add_trace(
        go.Heatmap(
            z=weights, x=time.values, y=names, ygap=1, coloraxis="coloraxis",
            hovertemplate="%{y}<br>%{x}<br>weight %{z:.3g}<extra></extra>",
        ),
        row=2, col=1,
    )  # fmt: skip
    _mark_query(figure, time, rows, query, shown)
    unit = str(forecast.mean.coords["unit"].values[shown.variable] or "")
    figure.update_yaxes(title_text=f"{series_name(grid, shown.entity, shown.variable)} {unit and f'[{unit}]'}", row=1)
    figure.update_yaxes(autorange="reversed", type="category", showgrid=False, row=2, tickfont_size=11)
    figure.update_yaxes(tickmode="linear", row=2)
    end = forecast.mean["time"].values[-1]
    figure.update_xaxes(range=[time.range[0], plain(end)], showgrid=False, zeroline=False)
    uniform = uniform_level(grid)
    bar = {"y": -0.075, "yanchor": "top", "ticklabelposition": "outside bottom"}
    figure.update_layout(coloraxis=colour_axis(field_limit(weights, uniform), uniform, **bar))
    legend = {"orientation": "h", "y": 1.01, "yanchor": "bottom", "x": 0, "font": {"size": 12}}
    return finish(figure, height, showlegend=True, legend=legend, margin={"l": 8, "r": 8, "t": 30, "b": 8})


def series_name(grid: TokenGrid, entity: int, variable: int) -> str:
    """The name of a series: "JFK · humid"."""
    return f"{grid.axes[0].mode.coords[entity]} · {grid.axes[1].mode.coords[variable]}"


def _draw_lines(figure: go.Figure, forecast: Forecast, shown: Shown) -> None:
    """History, forecast, seasonal naive and truth of one series; each begins where the history ends."""
    lines = [
        ("history", forecast.lookback, {"color": INK, "width": 1.8}),
        (f"seasonal naive ({forecast.season} steps)", forecast.naive, {"color": MUTED, "width": 1.8, "dash": "dot"}),
        ("what happened", forecast.truth, {"color": INK, "width": 1.2}),
        ("forecast", forecast.mean, {"color": ACCENT, "width": 3}),
    ]
    for name, data, line in lines:
        if data is None:
            continue
        one = data.isel(entity=shown.entity, variable=shown.variable)
        figure.add_trace(
            go.Scatter(
                x=one["time"].values, y=one.values.astype(np.float32), name=name, mode="lines", line=line,
                connectgaps=False, hovertemplate="%{x}<br>%{y:.4g}<extra>" + name + "</extra>",
            ),
            row=1, col=1,
        )  # fmt: skip
    begins = plain(forecast.mean["time"].values[0])
    figure.add_shape(
        type="line", x0=begins, x1=begins, y0=0, y1=1, yref="y domain", line={"color": MUTED, "width": 1}, row=1, col=1
    )


def _mark_query(
    figure: go.Figure, time: PlotAxis, rows: list[tuple[int, int]], query: tuple[int, ...], shown: Shown
) -> None:
    """The query's time as an orange band under the lines, and its cell framed among the strips."""
    begin, end = time.cell(query[2])
    own = (shown.entity, shown.variable) == (query[0], query[1])
    figure.add_shape(
        type="rect", x0=begin, x1=end, y0=0, y1=1, yref="y domain", line={"width": 0},
        fillcolor=QUERY, opacity=0.3 if own else 0.1, layer="below", row=1, col=1,
    )  # fmt: skip
    at = rows.index((query[0], query[1]))
    for shape in frame(begin, end, at - 0.5, at + 0.5):
        figure.add_shape(**shape, row=2, col=1)
