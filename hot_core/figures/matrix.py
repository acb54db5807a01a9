"""A mode's attention matrix: query down, key across, both in the mode's real coordinates."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
import xarray as xr

from hot_core.figures.axes import PlotAxis, token_axis
from hot_core.figures.style import QUIET, Part, assemble, colour_axis, frame, margins, title
from hot_core.modes import TokenAxis


def shared_limit(factors: Sequence[xr.DataArray]) -> float:
    """The common end of a mode's colour bars: the largest weight given, at least twice uniform."""
    return max(2 / factors[0].sizes["key"], *(float(factor.max()) for factor in factors))


def matrix_figure(
    factor: xr.DataArray, axis: TokenAxis, query: int, *, limit: float, direction: str = "row", height: int = 310
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
    plot = token_axis(axis)
    data: list[Part] = []
    layout: Part = {"shapes": [], "annotations": []}
    for at in range(heads):
        name = "" if at == 0 else str(at + 1)
        weights = np.ascontiguousarray(factor.values[at, plot.first :, plot.first :], dtype=np.float32)
        data.append(_cells(weights, plot, factor.sizes["key"], name))
        framed = _framed(plot, query, direction)
        layout["shapes"] += [shape | {"xref": f"x{name}", "yref": f"y{name}"} for shape in frame(*framed)]
        layout |= _axes(plot, at, down, across, name)
        if heads > 1:
            layout["annotations"].append(_head_name(int(factor.coords["head"].values[at]), name))
    layout["coloraxis"] = colour_axis(limit, 1 / factor.sizes["key"], y=1.02 if heads == 1 else 1.07)
    return assemble(data, height, margin=margins(plot.left, plot.below, 34 if heads == 1 else 50), **layout)


def _cells(weights: np.ndarray, plot: PlotAxis, keys: int, name: str) -> Part:
    return {
        "type": "heatmap",
        "z": weights,
        "x": plot.values,
        "y": plot.values,
        "xaxis": f"x{name}",
        "yaxis": f"y{name}",
        "customdata": weights * np.float32(keys),
        "coloraxis": "coloraxis",
        "hovertemplate": "from %{y}<br>to %{x}<br>weight %{z:.3g} = %{customdata:.2f}× uniform<extra></extra>",
    }


def _framed(plot: PlotAxis, query: int, direction: str) -> tuple[object, object, object, object]:
    whole, cell = plot.range, plot.cell(query)
    if direction == "row":
        return whole[0], whole[1], cell[0], cell[1]
    return cell[0], cell[1], whole[0], whole[1]


def _axes(plot: PlotAxis, at: int, down: int, across: int, name: str) -> Part:
    """The axes of one panel; only the outer panels carry labels. The first query stands at the top."""
    row, column = at // across, at % across
    width, height = 1 / across, 1 / down
    gap = 0.02
    x = {"domain": [column * width + gap * (column > 0), (column + 1) * width - gap * (column < across - 1)]}
    top = 1 - row * height
    y = {"domain": [top - height + gap * 2 * (row < down - 1), top - gap * 2 * (row > 0)]}
    outer_x, outer_y = row == down - 1, column == 0
    return {
        f"xaxis{name}": QUIET | plot.look | x | {
            "range": plot.range, "anchor": f"y{name}", "showticklabels": outer_x,
            "tickangle": -35 if plot.slanted else 0, "title": title(f"looks at · {plot.title}" if outer_x else ""),
        },
        f"yaxis{name}": QUIET | plot.look | y | {
            "range": plot.range[::-1], "anchor": f"x{name}", "showticklabels": outer_y,
            "title": title(f"from · {plot.title}" if outer_y else ""),
        },
    }  # fmt: skip


def _head_name(head: int, name: str) -> Part:
    place = {"xref": f"x{name} domain", "yref": f"y{name} domain", "xanchor": "left", "yanchor": "bottom"}
    return {"text": f"head {head}", "x": 0, "y": 1, "showarrow": False, "font": {"size": 11}, **place}
