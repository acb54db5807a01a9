"""The Kronecker map of a layer: an exact view of any part of it, its axes decoded to coordinates."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from hot_core.figures.axes import short_word
from hot_core.figures.style import HALO, QUERY, QUIET, Part, assemble, colour_axis, margins, number, title
from hot_core.modes import TokenGrid

PIXELS = 256
Range = tuple[int, int]


@dataclass(frozen=True)
class Ticks:
    """Where ticks stand on an axis of flat positions, what they say, and what the axis is called."""

    places: list[float]
    words: list[str]
    title: str

    @property
    def axis(self) -> Part:
        """Settings for a plotly axis."""
        return {"tickmode": "array", "tickvals": self.places, "ticktext": self.words}

    @property
    def longest(self) -> int:
        """Characters of the longest label."""
        return max((len(word) for word in self.words), default=0)


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
    across, down = flat_ticks(cols, grid, 4), flat_ticks(rows, grid, 7)
    x = QUIET | across.axis | {"range": list(cols), "tickangle": -30, "title": title(f"looks at · {across.title}")}
    y = QUIET | down.axis | {"range": [rows[1], rows[0]], "title": title(f"from · {down.title}")}
    room = margins(32 + int(6 * down.longest), 46 + int(3.4 * across.longest))
    return assemble(
        [cells], height, margin=room, dragmode="zoom",
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


def flat_ticks(span: Range, grid: TokenGrid, most: int) -> Ticks:
    """Ticks at the beginnings of blocks, labelled with the coordinates that tell the blocks apart.

    The coarsest level at which at least three blocks begin inside the range is chosen: far out it is
    the first mode alone ("JFK"), close up all modes ("JFK · humid · 14:00"). What all ticks have in
    common is said once, in the axis title.

    Args:
        span: half-open range of flat positions.
        grid: decodes flat positions to coordinates.
        most: how many ticks there may be.

    Returns:
        Places and words of the ticks, and the title's names of the modes.
    """
    shape = grid.shape
    for depth in range(1, len(shape) + 1):
        block = math.prod(shape[depth:])
        begins = np.arange(-(-span[0] // block) * block, span[1], block)
        if len(begins) >= 3 or depth == len(shape):
            break
    begins = begins[:: max(1, -(-len(begins) // most))]
    words = [_coordinates(int(begin), grid)[:depth] for begin in begins]
    shared = 0
    while len(words) > 1 and shared < depth - 1 and len({word[shared] for word in words}) == 1:
        shared += 1
    names = [axis.mode.name for axis in grid.axes]
    title_words = [f"{name} {word}" for name, word in zip(names, words[0] if words else [], strict=False)][:shared]
    # half a position on: the tick stands in the middle of the block's first entry
    places = (begins + 0.5).tolist()
    return Ticks(places, [" · ".join(word[shared:]) for word in words], " · ".join([*title_words, *names[shared:]]))


def _coordinates(flat: int, grid: TokenGrid) -> list[str]:
    """The coordinate of every mode at a flat position, in few characters."""
    token = np.unravel_index(flat, grid.shape)
    return [short_word(axis.mode, int(axis.starts[at])) for axis, at in zip(grid.axes, token, strict=True)]
