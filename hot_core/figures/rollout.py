"""The rollout of a chosen position, mode by mode: bars at the tokens' own coordinates."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from hot_core.analysis.words import span_words
from hot_core.figures.axes import PlotAxis, plain, token_axis
from hot_core.figures.names import safe
from hot_core.figures.picking import Click, Token
from hot_core.figures.style import ACCENT, INK, QUERY, QUIET, Part, assemble, frames, margins, number, title
from hot_core.modes import TokenAxis, TokenGrid

OWN = "rgba(242,106,15,0.4)"
"""The share of the chosen token itself, on top of its position's bar: the query's orange, paler."""
MOST_NAMES = 12
ABOVE = 22
"""Pixels above a panel for its words."""


def rollout_profiles_figure(
    share: np.ndarray, grid: TokenGrid, query: Token, direction: str = "row", *, key: Token | None = None,
    valid: np.ndarray | None = None, height: int | None = None,
) -> go.Figure:  # fmt: skip
    """Draw a row or column of the rollout as one panel a mode, one below the other, summed over the other modes.

    The chosen token's own share, which the residual makes large, stands pale on top of its position's bar;
    where it would flatten the rest the bar is cut off at the top, and the panel says so with its number.

    Args:
        share: the rollout of the chosen token, one share a token, of shape `grid.shape`.
        grid: the token grid.
        query: the chosen token.
        direction: "row": the share of every token in the chosen one; "column": its share in every token.
        key: its chosen partner, whose bar along every mode is framed in blue and dashed.
        valid: which tokens hold data; None means all. Others are not counted, but for the token itself.
        height: of the figure, in pixels; None for 160 a panel, more where names below it are long.

    Returns:
        A figure whose x axis number `i` is that of mode `i`; `pick_profile` says what a click in it means.
    """
    own = float(share[query])
    rest = np.array(share if valid is None else np.where(valid, share, 0.0), dtype=np.float64)
    rest[query] = 0.0
    counted = np.ones(share.shape, dtype=bool) if valid is None else valid
    data: list[Part] = []
    layout: Part = {"shapes": [], "annotations": []}
    plots = [token_axis(axis) for axis in grid.axes]
    below = max(plot.below for plot in plots)
    height = len(plots) * max(160, 92 + ABOVE + below) if height is None else height
    for mode, (axis, plot) in enumerate(zip(grid.axes, plots, strict=True)):
        name = "" if mode == 0 else str(mode + 1)
        others, even = along(rest, mode)[plot.first :], along(counted / max(int(counted.sum()), 1), mode)[plot.first :]
        top = 1.3 * max(float(others.max()), float(even.max()), 1e-12)
        at = max(query[mode] - plot.first, 0)
        panel = _bars(plot, axis, others, own, at, direction) + _level(plot, even)
        data += [trace | {"xaxis": f"x{name}", "yaxis": f"y{name}"} for trace in panel]
        layout |= _axes(plot, axis, name, _domain(mode, len(plots), (below + ABOVE) / (height - below - ABOVE)), top)
        if key is not None and key[mode] >= plot.first:
            lane = (*plot.cell(key[mode]), 0, 1)
            layout["shapes"] += frames(None, lane, xref=f"x{name}", yref=f"y{name} domain")
        layout["annotations"] += [
            note | {"xref": f"x{name} domain", "yref": f"y{name} domain"}
            for note in _notes(own, float(others[at]) + own > top, even)
        ]
    words = "share in the chosen token" if direction == "row" else "share of the chosen token"
    layout["yaxis"]["title"] = title(words)
    return assemble(data, height, margin=margins(58, below, ABOVE), barmode="stack", hovermode="x", **layout)


def _domain(mode: int, count: int, gap: float) -> tuple[float, float]:
    """The share of the height that a mode's panel takes, the first one at the top."""
    tall = (1 - (count - 1) * gap) / count
    top = 1 - mode * (tall + gap)
    return max(top - tall, 0.0), top  # rounding may leave the last one just below 0


def along(values: np.ndarray, mode: int) -> np.ndarray:
    """Token values summed over all modes but one."""
    return values.sum(axis=tuple(other for other in range(values.ndim) if other != mode))


def pick_profile(click: Click, grid: TokenGrid, query: Token) -> Token:
    """The chosen token with the position along one mode, that of the panel clicked, replaced by the bar's."""
    mode = int(click.axis.removeprefix("x") or 1) - 1
    if not 0 <= mode < len(grid.axes):
        return query
    at = token_axis(grid.axes[mode]).nearest(click.x)
    return (*query[:mode], at, *query[mode + 1 :])


def _bars(plot: PlotAxis, axis: TokenAxis, others: np.ndarray, own: float, at: int, direction: str) -> list[Part]:
    """What the other tokens of every position hold, and on top of the chosen position the token itself."""
    places, widths = _places(plot)
    words = [safe(span_words(axis, plot.first + token)) for token in range(len(plot))]
    colours = [QUERY if token == at else ACCENT for token in range(len(plot))]
    bar = {"type": "bar", "customdata": words, "x": places, "width": widths}
    verb = "holds" if direction == "row" else "gets"
    return [
        bar | {
            "y": others.astype(np.float32), "marker": {"color": colours, "line": {"width": 0}},
            "hovertemplate": "%{customdata}<br>other tokens: share %{y:.3g}<extra></extra>",
        },
        bar | {
            "x": places[at : at + 1], "width": widths[at : at + 1], "customdata": words[at : at + 1],
            "y": [own], "marker": {"color": OWN, "line": {"width": 0}},
            "hovertemplate": f"the chosen token {verb} %{{y:.3g}} of itself<extra></extra>",
        },
    ]  # fmt: skip


def _places(plot: PlotAxis) -> tuple[list[object], list[float]]:
    """The middle of every bar and its width, 0.9 of the cell; on a dated axis the width is in milliseconds."""
    spans = plot.stops - plot.starts
    middles = [plain(middle) for middle in plot.starts + (spans // 2 if spans.dtype.kind == "m" else spans / 2)]
    sizes = spans / np.timedelta64(1, "ms") if spans.dtype.kind == "m" else spans
    return middles, [0.9 * abs(float(size)) for size in sizes]


def _level(plot: PlotAxis, even: np.ndarray) -> list[Part]:
    """The uniform level as a dotted line, in steps where positions hold different numbers of valid tokens."""
    edges = [plain(edge) for pair in zip(plot.starts, plot.stops, strict=True) for edge in pair]
    line = {"color": INK, "dash": "dot", "width": 1.5}
    return [
        {"type": "scatter", "mode": "lines", "x": edges, "y": np.repeat(even, 2), "line": line, "hoverinfo": "skip"}
    ]


def _notes(own: float, cut: bool, even: np.ndarray) -> list[Part]:
    """The chosen token's own share and the uniform level, in words above the panel."""
    small: Part = {"showarrow": False, "font": {"size": 11}, "y": 1, "yanchor": "bottom"}
    itself = f"itself {number(own)}{', bar cut off' if cut else ''}"
    low, high = number(float(even.min())), number(float(even.max()))
    level = low if low == high else f"{low}–{high}"
    return [
        small | {"text": itself, "x": 0, "xanchor": "left", "font": {"size": 11, "color": QUERY}},
        small | {"text": f"┄ uniform {level}", "x": 1, "xanchor": "right"},
    ]


def _axes(plot: PlotAxis, axis: TokenAxis, name: str, domain: Sequence[float], top: float) -> Part:
    """The two axes of a panel; names stand as ticks on an axis of numbers, so that bars have widths on all."""
    look = dict(plot.look)
    if look.get("type") == "category":
        step = -(-len(plot) // MOST_NAMES)
        shown = range(0, len(plot), step)
        look = {"type": "linear", "tickmode": "array", "tickvals": list(shown)}
        look["ticktext"] = [safe(str(plot.values[at])) for at in shown]
    x = {"domain": [0, 1], "range": plot.range, "anchor": f"y{name}", "title": title(plot.title)}
    x["tickangle"] = -35 if plot.slanted else 0
    y = {"domain": domain, "range": [0, top], "anchor": f"x{name}", "nticks": 4, "rangemode": "tozero"}
    return {f"xaxis{name}": QUIET | look | x, f"yaxis{name}": QUIET | y}
