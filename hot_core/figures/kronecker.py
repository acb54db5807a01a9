"""The Kronecker map of a layer: an exact view of any part of it, its axes decoded to coordinates."""

from __future__ import annotations

import math

import numpy as np
import plotly.graph_objects as go

from hot_core.figures.axes import short_word
from hot_core.figures.style import HALO, QUERY, colour_axis, finish, number
from hot_core.modes import TokenGrid

PIXELS = 256
Range = tuple[int, int]


def whole_range(total: int) -> Range:
    """All positions."""
    return 0, total


def around(position: int, total: int, span: int) -> Range:
    """The `span` flat positions around one, shifted to stay inside the map."""
    span = min(span, total)
    start = min(max(position - span // 2, 0), total - span)
    return start, start + span


def clamp_range(low: float, high: float, total: int) -> Range:
    """A range as the mouse drew it, as whole positions inside the map, at least four of them."""
    low, high = min(low, high), max(low, high)
    start = int(min(max(math.floor(low), 0), max(total - 4, 0)))
    return start, int(min(max(math.ceil(high), start + 4), total))


def pixels_for(span: Range) -> int:
    """How many pixels a side shows: never more than there are entries."""
    return min(PIXELS, span[1] - span[0])


def pooled_words(rows: Range, cols: Range) -> str:
    """How many entries of the map one pixel stands for, in words."""
    height, width = (rows[1] - rows[0]) / pixels_for(rows), (cols[1] - cols[0]) / pixels_for(cols)
    if height <= 1 and width <= 1:
        return "each pixel is one entry"
    return f"each pixel is the exact mean of about {number(height * width)} entries"


def kronecker_figure(
    view: np.ndarray, rows: Range, cols: Range, grid: TokenGrid, query: int, *, uniform: float,
    direction: str = "row", height: int = 470,
) -> go.Figure:  # fmt: skip
    """Draw a view of the map.

    Args:
        view: pixel means, [height, width], as `KroneckerMap.view` returns them.
        rows: the half-open range of flat query positions shown.
        cols: the half-open range of flat key positions shown.
        grid: decodes flat positions to coordinates.
        query: flat position of the query, drawn as an orange line.
        uniform: the level at which all keys would be looked at alike.
        direction: "row" draws the query's row, "column" its column.
        height: of the figure, in pixels.

    Returns:
        A figure whose axes are flat positions labelled with coordinates; drag zooms.
    """
    pixels = np.ascontiguousarray(view, dtype=np.float32)
    figure = go.Figure(
        go.Heatmap(
            z=pixels, x0=cols[0] + _step(cols, pixels.shape[1]) / 2, dx=_step(cols, pixels.shape[1]),
            y0=rows[0] + _step(rows, pixels.shape[0]) / 2, dy=_step(rows, pixels.shape[0]),
            coloraxis="coloraxis",
            hovertemplate="from %{y:,.0f}<br>to %{x:,.0f}<br>mean weight %{z:.3g}<extra></extra>",
        )
    )  # fmt: skip
    on_row = direction == "row"
    for colour, width in ((HALO, 4), (QUERY, 2)):
        line = {"color": colour, "width": width}
        if on_row and rows[0] <= query < rows[1]:
            figure.add_shape(type="line", x0=cols[0], x1=cols[1], y0=query + 0.5, y1=query + 0.5, line=line)
        if not on_row and cols[0] <= query < cols[1]:
            figure.add_shape(type="line", y0=rows[0], y1=rows[1], x0=query + 0.5, x1=query + 0.5, line=line)
    quiet = {"showgrid": False, "zeroline": False, "ticks": "outside", "ticklen": 3, "tickfont": {"size": 11}}
    names = " · ".join(axis.mode.name for axis in grid.axes)
    figure.update_xaxes(
        **quiet, **flat_ticks(cols, grid, 4), range=list(cols), title_text=f"looks at · {names}", tickangle=-30
    )
    figure.update_yaxes(**quiet, **flat_ticks(rows, grid, 7), range=[rows[1], rows[0]], title_text=f"from · {names}")
    figure.update_layout(coloraxis=colour_axis(float(pixels.max()), uniform))
    return finish(figure, height, margin={"l": 8, "r": 8, "t": 44, "b": 8}, dragmode="zoom")


def _step(span: Range, pixels: int) -> float:
    return (span[1] - span[0]) / pixels


def flat_ticks(span: Range, grid: TokenGrid, most: int) -> dict[str, object]:
    """Ticks at the beginnings of blocks, labelled with the coordinates that tell the blocks apart.

    The coarsest level at which at least three blocks begin inside the range is chosen: far out it is
    the first mode alone ("JFK"), close up all modes ("JFK · humid · 14:00").

    Args:
        span: half-open range of flat positions.
        grid: decodes flat positions to coordinates.
        most: how many ticks there may be.

    Returns:
        `tickvals` and `ticktext` for a plotly axis.
    """
    shape = grid.shape
    for depth in range(1, len(shape) + 1):
        block = math.prod(shape[depth:])
        begins = np.arange(-(-span[0] // block) * block, span[1], block)
        if len(begins) >= 3 or depth == len(shape):
            break
    begins = begins[:: max(1, -(-len(begins) // most))]
    words = []
    for begin in begins:
        token = np.unravel_index(int(begin), shape)[:depth]
        words.append(" · ".join(short_word(a.mode, int(a.starts[t])) for a, t in zip(grid.axes, token, strict=False)))
    # half a position on: the tick stands in the middle of the block's first entry
    return {"tickmode": "array", "tickvals": (begins + 0.5).tolist(), "ticktext": words}
