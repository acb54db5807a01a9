"""The Kronecker map of a layer: an exact view of any part of it, its axes decoded to coordinates."""

from __future__ import annotations

import math

import numpy as np
import plotly.graph_objects as go

from hot_core.figures.flat_axis import FlatAxis, Range, flat_ticks
from hot_core.figures.style import HALO, QUERY, QUIET, Part, assemble, colour_axis, margins, number, title
from hot_core.modes import Geometry, TokenGrid

PIXELS = 256


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
    direction: str = "row", geometry: Geometry | None = None, height: int = 470,
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
        geometry: the sample's, for world positions in the hover text.
        height: of the figure, in pixels.

    Returns:
        A figure whose axes are flat positions labelled with coordinates; drag zooms.
    """
    pixels = np.ascontiguousarray(view, dtype=np.float32)
    down, across = (FlatAxis(s, n, grid, geometry) for s, n in zip((rows, cols), pixels.shape, strict=True))
    cells = {
        "type": "heatmap", "z": pixels, "x": across.names, "y": down.names, "coloraxis": "coloraxis",
        "hovertemplate": _hover(down, across),
    }  # fmt: skip
    x_ticks, y_ticks = flat_ticks(cols, grid, 4), flat_ticks(rows, grid, 7)
    x = QUIET | across.settings(x_ticks) | {"tickangle": -30, "title": title(f"looks at · {x_ticks.title}")}
    y = QUIET | down.settings(y_ticks) | {"title": title(f"from · {y_ticks.title}")}
    y["range"] = y["range"][::-1]  # the first query stands at the top
    room = margins(32 + int(6 * y_ticks.longest), 46 + int(3.4 * x_ticks.longest))
    return assemble(
        [cells], height, margin=room, dragmode="zoom", xaxis=x, yaxis=y,
        shapes=_query_line(down, across, query, direction), coloraxis=colour_axis(float(pixels.max()), uniform),
    )  # fmt: skip


def _hover(down: FlatAxis, across: FlatAxis) -> str:
    """What the mouse reads: one entry, or where the entries begin whose mean a pixel shows."""
    start, end = (" on" if axis.step > 1 else "" for axis in (down, across))
    pooled = f"mean weight of about {number(down.step * across.step)} entries" if start or end else "weight"
    return f"from %{{y}}{start}<br>to %{{x}}{end}<br>{pooled} %{{z:.3g}}<extra></extra>"


def _query_line(down: FlatAxis, across: FlatAxis, query: int, direction: str) -> list[Part]:
    """The query's row or column as a line, where it lies in the part that is shown."""
    along, own = (across, down) if direction == "row" else (down, across)
    if not own.span[0] <= query < own.span[1]:
        return []
    x, y = ("x", "y") if direction == "row" else ("y", "x")
    at = own.place(query + 0.5)
    line: Part = {"type": "line", f"{x}0": -0.5, f"{x}1": along.pixels - 0.5, f"{y}0": at, f"{y}1": at}
    return [line | {"line": {"color": colour, "width": width}} for colour, width in ((HALO, 4), (QUERY, 2))]
