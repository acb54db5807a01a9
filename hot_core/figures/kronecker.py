"""The Kronecker map of a layer: an exact view of any part of it, its axes decoded to coordinates."""

from __future__ import annotations

import math

import numpy as np
import plotly.graph_objects as go

from hot_core.figures.axes import short_word
from hot_core.figures.style import HALO, QUERY, QUIET, Part, assemble, colour_axis, margins, number, title
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
    dx, dy = _step(cols, pixels.shape[1]), _step(rows, pixels.shape[0])
    cells = {
        "type": "heatmap", "z": pixels, "x0": cols[0] + dx / 2, "dx": dx, "y0": rows[0] + dy / 2, "dy": dy,
        "coloraxis": "coloraxis",
        "hovertemplate": "from %{y:,.0f}<br>to %{x:,.0f}<br>mean weight %{z:.3g}<extra></extra>",
    }  # fmt: skip
    names = " · ".join(axis.mode.name for axis in grid.axes)
    x = (
        QUIET
        | flat_ticks(cols, grid, 4)
        | {"range": list(cols), "tickangle": -30, "title": title(f"looks at · {names}")}
    )
    y = QUIET | flat_ticks(rows, grid, 7) | {"range": [rows[1], rows[0]], "title": title(f"from · {names}")}
    longest = [max(len(word) for word in axis["ticktext"]) for axis in (x, y)]
    return assemble(
        [cells], height, margin=margins(32 + int(6 * longest[1]), 46 + int(3.4 * longest[0])), dragmode="zoom",
        xaxis=x, yaxis=y,
        shapes=_query_line(rows, cols, query, direction), coloraxis=colour_axis(float(pixels.max()), uniform),
    )  # fmt: skip


def _query_line(rows: Range, cols: Range, query: int, direction: str) -> list[Part]:
    """The query's row or column as a line, where it lies in the part that is shown."""
    along, own = (cols, rows) if direction == "row" else (rows, cols)
    if not own[0] <= query < own[1]:
        return []
    x, y = ("x", "y") if direction == "row" else ("y", "x")
    line: Part = {"type": "line", f"{x}0": along[0], f"{x}1": along[1], f"{y}0": query + 0.5, f"{y}1": query + 0.5}
    return [line | {"line": {"color": colour, "width": width}} for colour, width in ((HALO, 4), (QUERY, 2))]


def _step(span: Range, pixels: int) -> float:
    return (span[1] - span[0]) / pixels


def flat_ticks(span: Range, grid: TokenGrid, most: int) -> Part:
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
