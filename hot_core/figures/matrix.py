"""A mode's attention matrix: query down, key across, both in the mode's real coordinates."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
import xarray as xr
from plotly.subplots import make_subplots

from hot_core.figures.axes import PlotAxis, token_axis
from hot_core.figures.style import colour_axis, finish, frame
from hot_core.modes import TokenAxis


def shared_limit(factors: Sequence[xr.DataArray]) -> float:
    """The common end of a mode's colour bars: the largest weight given, at least twice uniform."""
    return max(2 / factors[0].sizes["key"], *(float(factor.max()) for factor in factors))


def matrix_figure(
    factor: xr.DataArray, axis: TokenAxis, query: int, *, limit: float, direction: str = "row", height: int = 330
) -> go.Figure:
    """Draw the matrix of one head, or the matrices of several heads beside each other.

    Args:
        factor: weights with dims (head, query, key); every head given is drawn.
        axis: the mode's token axis.
        query: the chosen token of this mode, framed in orange.
        limit: the end of the colour bar, shared by all matrices of the mode.
        direction: "row" frames what the query looks at, "column" who looks at it.
        height: of the figure, in pixels.

    Returns:
        A figure with square cells in data units, the uniform level 1/n marked on the bar.
    """
    heads = factor.sizes["head"]
    across = math.ceil(math.sqrt(heads))
    down = math.ceil(heads / across)
    titles = [f"head {int(h)}" for h in factor.coords["head"].values] if heads > 1 else None
    figure = make_subplots(
        down, across, subplot_titles=titles, shared_xaxes=True, shared_yaxes=True,
        horizontal_spacing=0.03, vertical_spacing=0.09,
    )  # fmt: skip
    plot = token_axis(axis)
    for at in range(heads):
        row, column = at // across + 1, at % across + 1
        weights = np.ascontiguousarray(factor.values[at, plot.first :, plot.first :], dtype=np.float32)
        figure.add_trace(_cells(weights, plot, factor.sizes["key"]), row=row, col=column)
        for shape in frame(*_framed(plot, query, direction)):
            figure.add_shape(**shape, row=row, col=column)
    _label_axes(figure, plot, down, across)
    figure.update_annotations(font_size=11, yshift=-3)
    figure.update_layout(coloraxis=colour_axis(limit, 1 / factor.sizes["key"], y=1.03 if heads == 1 else 1.1))
    return finish(figure, height, margin={"l": 8, "r": 8, "t": 44 if heads == 1 else 58, "b": 8})


def _cells(weights: np.ndarray, plot: PlotAxis, keys: int) -> go.Heatmap:
    return go.Heatmap(
        z=weights,
        x=plot.values,
        y=plot.values,
        customdata=weights * np.float32(keys),
        coloraxis="coloraxis",
        hovertemplate="from %{y}<br>to %{x}<br>weight %{z:.3g} = %{customdata:.2f}× uniform<extra></extra>",
    )


def _framed(plot: PlotAxis, query: int, direction: str) -> tuple[object, object, object, object]:
    whole, cell = plot.range, plot.cell(query)
    if direction == "row":
        return whole[0], whole[1], cell[0], cell[1]
    return cell[0], cell[1], whole[0], whole[1]


def _label_axes(figure: go.Figure, plot: PlotAxis, down: int, across: int) -> None:
    quiet = {"showgrid": False, "zeroline": False, "ticks": "outside", "ticklen": 3, "tickfont": {"size": 11}}
    figure.update_xaxes(**quiet, **plot.look, range=plot.range, title_standoff=4)
    # the first query stands at the top, as in every matrix
    figure.update_yaxes(**quiet, **plot.look, range=plot.range[::-1], title_standoff=4)
    figure.update_xaxes(title_text=f"looks at · {plot.title}", row=down)
    figure.update_yaxes(title_text=f"from · {plot.title}", col=1)
    figure.update_xaxes(title_font_size=12)
    figure.update_yaxes(title_font_size=12)
