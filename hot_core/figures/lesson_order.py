"""The right picture beside the one that is read in another order of the modes, on one scale."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from hot_core.figures.axes import PlotAxis, token_axis
from hot_core.figures.style import KEY, QUIET, Box, Part, assemble, colour_axis, frames, margins, title
from hot_core.lessons.order import Place
from hot_core.modes import TokenGrid

TITLES = ("read in the right order", "read in the other order")
TOP = 92
"""Pixels above the panels, for their titles and the colour bar."""
FEW = 7
"""So many counted tokens have a tick each, of more every second one."""


def order_figure(
    pictures: tuple[np.ndarray, np.ndarray], grid: TokenGrid, modes: tuple[int, int], marker: Place, seen: Place, *,
    query: Place | None = None, uniform: float, upwards: bool = False,
) -> go.Figure:  # fmt: skip
    """Draw one plane of the field twice, through the marker.

    Args:
        pictures: the field right and misread, both (n_1, …, n_k).
        grid: its tokens.
        modes: the two modes of the plane, the smaller first; the others stand at the marker's place.
        marker: where the marker must be, framed in both panels.
        seen: where the misread field has it, a cross where that lies in the plane.
        query: the token that looks, framed in orange where it lies in the plane.
        uniform: the weight that every token would get if all were looked at alike.
        upwards: whether the first mode runs across and the second upwards, as in a volume; otherwise the first runs
            down and the second across, as in a table.

    Returns:
        Two panels with the same limits.
    """
    down, across = modes[::-1] if upwards else modes
    limit = max(float(picture.max()) for picture in pictures)
    axes = token_axis(grid.axes[across]), token_axis(grid.axes[down])
    data: list[Part] = []
    shapes: list[Part] = []
    layout: Part = {}
    for panel, picture in enumerate(pictures):
        suffix = "" if panel == 0 else "2"
        data.append(_heat(_cut(picture, modes, marker, turned=upwards), axes, suffix))
        layout |= _axes(axes, suffix, [[0.0, 0.46], [0.54, 1.0]][panel], upwards)
        own = {"xref": f"x{suffix}", "yref": f"y{suffix}"}
        orange = None if query is None or not _in_plane(query, modes, marker) else _cell(axes, query, across, down)
        shapes += frames(orange, _cell(axes, marker, across, down), **own)
    if _in_plane(seen, modes, marker):
        data.append(_cross(axes, seen, across, down))
    height = 396 if upwards else 136 + min(300, 24 * max(6, len(axes[1])))
    words = [
        {"text": words, "showarrow": False, "x": x, "y": 1.0, "xref": "paper", "yref": "paper", "xanchor": "center",
            "yanchor": "bottom", "font": {"size": 13}}
        for words, x in zip(TITLES, (0.23, 0.77), strict=True)
    ]  # fmt: skip
    left, below = min(axes[1].left, 130), axes[0].below
    bar = {"y": 1 + 46 / (height - TOP - below), "tickfont": {"size": 12}}  # above the panels' titles
    return assemble(
        data, height, margin=margins(left, below, TOP, 34), shapes=shapes, annotations=words,
        coloraxis=colour_axis(limit, uniform, **bar), **layout,
    )  # fmt: skip


def _cut(picture: np.ndarray, modes: tuple[int, int], marker: Place, *, turned: bool) -> np.ndarray:
    """The plane through the marker, rows first."""
    at = tuple(slice(None) if mode in modes else marker[mode] for mode in range(picture.ndim))
    found = picture[at]
    return found.T if turned else found


def _heat(values: np.ndarray, axes: tuple[PlotAxis, PlotAxis], suffix: str) -> Part:
    across, down = axes
    return {
        "type": "heatmap", "z": values.astype(np.float32), "x": across.values, "y": down.values,
        "xaxis": f"x{suffix}", "yaxis": f"y{suffix}", "coloraxis": "coloraxis",
        "hovertemplate": f"{across.title} %{{x}}<br>{down.title} %{{y}}<br>weight %{{z:.3g}}<extra></extra>",
    }  # fmt: skip


def _axes(axes: tuple[PlotAxis, PlotAxis], suffix: str, domain: list[float], upwards: bool) -> Part:
    """The place of a panel; the names of the rows stand once, on the left."""
    across, down = axes
    rows = down.range if upwards else down.range[::-1]
    named: Part = {"title": title(down.title, 13)} if not suffix else {"showticklabels": False}
    look = {key: value for key, value in QUIET.items() if key != "tickfont"} | {"tickfont": {"size": 12}}
    return {
        f"xaxis{suffix}": look | _look(across) | {"domain": domain, "range": across.range, "anchor": f"y{suffix}",
            "title": title(across.title, 13)},
        f"yaxis{suffix}": look | _look(down) | {"range": rows, "anchor": f"x{suffix}"} | named,
    }  # fmt: skip


def _look(axis: PlotAxis) -> Part:
    """An axis's own look."""
    counted = axis.title.endswith("(token)")
    return {**axis.look, **({"tickformat": ",d", "dtick": 1 if len(axis) <= FEW else 2} if counted else {})}


def _cell(axes: tuple[PlotAxis, PlotAxis], place: Place, across: int, down: int) -> Box:
    """The rectangle of a token: x0, x1, y0, y1."""
    return (*axes[0].cell(place[across]), *axes[1].cell(place[down]))


def _in_plane(place: Place, modes: tuple[int, int], marker: Place) -> bool:
    """Whether a place lies in the plane through the marker."""
    return all(at == marker[mode] for mode, at in enumerate(place) if mode not in modes)


def _cross(axes: tuple[PlotAxis, PlotAxis], place: Place, across: int, down: int) -> Part:
    """A cross on the right panel where the marker is seen."""
    x, y = (
        axis.values[place[mode] - axis.first] if len(axis.values) == len(axis) else _middle(axis, place[mode])
        for axis, mode in ((axes[0], across), (axes[1], down))
    )
    return {
        "type": "scatter", "mode": "markers", "x": [x], "y": [y], "xaxis": "x2", "yaxis": "y2",
        "marker": {"symbol": "x-thin", "size": 15, "line": {"width": 3, "color": KEY}},
        "hovertemplate": "the marker is seen here<extra></extra>",
    }  # fmt: skip


def _middle(axis: PlotAxis, token: int) -> object:
    """The middle of a token's cell."""
    start, stop = axis.starts[token - axis.first], axis.stops[token - axis.first]
    middle = start + (stop - start) / 2
    return str(middle.astype("datetime64[s]")) if isinstance(middle, np.datetime64) else float(middle)
