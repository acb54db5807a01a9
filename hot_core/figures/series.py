"""A time series with its forecast, and where a query looks: every series' time steps coloured below the lines."""

from __future__ import annotations

from itertools import islice

import numpy as np
import plotly.graph_objects as go
import xarray as xr

from hot_core.figures.axes import PlotAxis, plain, token_axis
from hot_core.figures.fields import field_limit, token_field, uniform_level
from hot_core.figures.names import NARROW, safe, short_names
from hot_core.figures.series_lines import NO_UNIT, Shown, lines_of, rest_of_file, unit_of, value_range
from hot_core.figures.series_range import Range, ends
from hot_core.figures.style import KEY, MUTED, QUERY, Box, Part, assemble, colour_axis, frames, margins, title
from hot_core.modes import TokenGrid
from hot_core.transforms.results import Forecast

__all__ = ["MOST_STRIPS", "RIBBON", "Range", "Shown", "series_figure", "series_name", "strip_rows"]

LEGEND = 68
"""Pixels above the lines: the legend takes two rows on a page of 1280 px, three on a phone."""

MOST_STRIPS = 24
"""More series than this do not fit below the lines: those with the most weight are shown, and it is said."""

RIBBON = "this series"
"""What stands beside the ribbon: the attention over time of the series that the lines show."""


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
    key: tuple[int, ...] | None = None, uniform: float | None = None, height: int = 600,
    data: xr.DataArray | None = None, span: Range | None = None, zoom: tuple[object, object] | None = None,
) -> go.Figure:  # fmt: skip
    """Draw one series with its forecast, its attention over time as a ribbon, and below it that of every series.

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
        data: the series of the whole file, for what lies around the window; None shows the window alone.
        span: which part of it is shown; None for window and forecast.
        zoom: two times between which somebody has zoomed; None for all of the part. The values' axis fits to it.

    Returns:
        A figure with a shared dated axis, dragged to zoom; gaps in the data stay gaps.
    """
    tokens = token_field(field, grid)
    rows = strip_rows(tokens, grid, query, shown, key)
    time = token_axis(grid.axes[2])
    weights = np.stack([tokens.values[e, v, time.first :] for e, v in rows]).astype(np.float32)
    strips = _heat(weights, time, [series_name(grid, *pair) for pair in rows], "y2")
    labels = _labels(grid, rows)
    own = tokens.values[shown.entity, shown.variable, time.first :].astype(np.float32)
    ribbon = [_heat(own[None], time, [RIBBON], "y3")] if len(rows) > 1 else []
    uniform = uniform_level(grid) if uniform is None else uniform
    rest = _rest(data, span, grid, forecast, shown)
    lines = lines_of(forecast, shown, rest)
    x_range = [time.range[0], plain(forecast.mean["time"].values[-1])]
    if data is not None and span is not None:
        x_range = list(ends(span, data, forecast.mean["time"].values))
    x_range = x_range if zoom is None else list(zoom)
    (name,) = _labels(grid, [(shown.entity, shown.variable)])
    left = 24 + int(5.6 * max(map(len, labels)))
    return assemble(
        [*lines, *ribbon, strips],
        height, margin=margins(left, 84, LEGEND), showlegend=True, dragmode="zoom",
        hovermode="x", hoverdistance=-1,  # a click beside a line means its time, too
        legend={"orientation": "h", "y": 1, "yref": "container", "yanchor": "top", "x": 0.02,
            "xref": "container", "font": {"size": 12}},
        **_axes(lines, x_range, _title(name, unit_of(forecast, shown)), strips["y"], labels),
        shapes=[_begin_of_forecast(forecast), *_marks(time, rows, shown, query, key)],
        coloraxis=colour_axis(
            field_limit(weights, uniform), uniform, yref="container", y=0.045, yanchor="bottom",
        ),
    )  # fmt: skip


def _heat(weights: np.ndarray, time: PlotAxis, names: list[str], axis: str) -> Part:
    """Weights of series over time, on the colour scale that all of the picture shares."""
    full = list(map(safe, names))
    return {
        "type": "heatmap", "z": weights, "x": time.values, "y": full, "ygap": 1, "coloraxis": "coloraxis",
        "text": [[name] * weights.shape[1] for name in full],  # under the mouse %{y} would be the short name, too
        "xaxis": "x", "yaxis": axis, "hovertemplate": "%{text}<br>%{x}<br>weight %{z:.3g}<extra></extra>",
    }  # fmt: skip


def _rest(
    data: xr.DataArray | None, span: Range | None, grid: TokenGrid, forecast: Forecast, shown: Shown
) -> list[Part]:
    """What the file holds around window and forecast, where the range goes beyond them."""
    if data is None or span is None:
        return []
    return rest_of_file(data, shown, span, grid.window[2], forecast.mean.sizes["time"])


def _title(name: str, unit: str) -> str:
    """A series with its unit, which is never guessed."""
    return safe(f"{name} [{unit}]" if unit else f"{name} · {NO_UNIT}")


def _labels(grid: TokenGrid, rows: list[tuple[int, int]]) -> list[str]:
    """What stands beside the strips: the series' names, short; in full they are under the mouse."""
    entities, variables = (short_names([str(name) for name in axis.mode.coords], NARROW) for axis in grid.axes[:2])
    return [f"{entities[entity]} · {variables[variable]}" for entity, variable in rows]


def _axes(lines: list[Part], x_range: list[object], words: str, names: list[str], labels: list[str]) -> Part:
    """The common time below; the lines, the ribbon and the strips above each other."""
    kind = lines[0]["x"].dtype.kind
    begin, end = (np.datetime64(str(x)) if kind == "M" else float(str(x)) for x in x_range)
    values = value_range(lines, begin, end)
    strip = {"type": "category", "showgrid": False, "ticks": "", "tickfont": {"size": 10}, "fixedrange": True}
    return {
        "xaxis": {"range": x_range, "showgrid": False, "zeroline": False, "anchor": "y2"},
        "yaxis": {"domain": [0.56, 1], "title": title(words), "zeroline": False, "nticks": 6, "fixedrange": True}
            | ({} if values is None else {"range": values}),
        # ranges of their own, or the frames' line widths would leave a rim where a click means nothing
        "yaxis2": strip | {"domain": [0, 0.48], "range": [len(names) - 0.5, -0.5], "tickmode": "array",
            "tickvals": names, "ticktext": list(map(safe, labels))},
        "yaxis3": strip | {"domain": [0.5, 0.54], "range": [-0.5, 0.5]},
    }  # fmt: skip


def series_name(grid: TokenGrid, entity: int, variable: int) -> str:
    """The name of a series: "JFK · humid"."""
    return f"{grid.axes[0].mode.coords[entity]} · {grid.axes[1].mode.coords[variable]}"


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
    own = [(shown.entity, shown.variable)]
    ribbon = (_strip_cell(time, own, query), None if key is None else _strip_cell(time, own, key))
    return [*bands, *frames(*boxes, yref="y2"), *(frames(*ribbon, yref="y3") if len(rows) > 1 else [])]


def _band(time: PlotAxis, token: tuple[int, ...], shown: Shown, colour: str) -> list[Part]:
    """A token's time under the lines, strong where they show its own series; nothing before the data begin."""
    if token[2] < time.first:
        return []
    begin, end = time.cell(token[2])
    own = (shown.entity, shown.variable) == (token[0], token[1])
    place = {"type": "rect", "x0": begin, "x1": end, "y0": 0, "y1": 1, "yref": "y domain", "line": {"width": 0}}
    return [place | {"fillcolor": colour, "opacity": 0.3 if own else 0.1, "layer": "below"}]


def _strip_cell(time: PlotAxis, rows: list[tuple[int, int]], token: tuple[int, ...]) -> Box | None:
    if token[2] < time.first or (token[0], token[1]) not in rows:
        return None
    at = rows.index((token[0], token[1]))
    return (*time.cell(token[2]), at - 0.5, at + 0.5)
