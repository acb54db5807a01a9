"""Dots with their intervals, one line each: how like itself a map stays under one change after another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go

from hot_core.analysis.words import number
from hot_core.evidence.rerun import Interval, correlation
from hot_core.figures.names import safe
from hot_core.figures.style import ACCENT, INK, MUTED, Part, assemble, margins, title

LINE = 22
"""Pixels of a line."""
LEFT, TOP, FOOT = 172, 24, 46


class Dot(NamedTuple):
    """One line of the picture.

    Attributes:
        name: what was changed.
        rho: rank correlation with its interval.
        grey: whether it counts for nothing.
        hover: what else is to be said of it.
    """

    name: str
    rho: Interval
    grey: bool
    hover: str


class Group(NamedTuple):
    """Lines under a heading.

    Attributes:
        heading: what they have in common.
        limit: a value of the rule, as a dotted line through these; None where the rule says nothing of them.
        rule: what the limit means: "stable from".
        lines: the dots.
    """

    heading: str
    limit: float | None
    rule: str
    lines: Sequence[Dot]


def dots(groups: Sequence[Group]) -> go.Figure:
    """Draw groups of dots under each other.

    Args:
        groups: those without lines are left out.

    Returns:
        Rank correlations from 0, or lower where one is, to 1; a line without a number says so.
    """
    placed: list[tuple[float, Dot]] = []
    shapes, words, at = [_upright(0.0, 0.0, 1.0, yref="paper")], [], 0.0
    for group in groups:
        if group.lines:
            end = at + 0.5 + len(group.lines)
            placed += [(at + 1 + step, dot) for step, dot in enumerate(group.lines)]
            words.append(_heading(at, group.heading))
            if group.limit is not None:
                shapes.append(_upright(group.limit, at + 0.5, end, dash="dot"))
                words.append(_rule(at, group.limit, group.rule))
            at = end + 0.8
    least = min([0.0, *(end for _, dot in placed for end in dot.rho[:2] if np.isfinite(end))])
    words += [_missing(y) for y, dot in placed if not np.isfinite(dot.rho.mean)]
    data = [_trace([pair for pair in placed if pair[1].grey == grey], grey) for grey in (False, True)]
    return assemble(
        data, int(TOP + FOOT + LINE * at), margin=margins(LEFT, FOOT, TOP, 14), shapes=shapes, annotations=words,
        xaxis={"title": title("rank correlation"), "range": [least - 0.05, 1.05], "nticks": 6, "zeroline": False},
        yaxis={"range": [at - 0.6, -0.6], "tickmode": "array", "tickvals": [y for y, _ in placed],
               "ticktext": [_name(dot) for _, dot in placed], "ticks": "", "showgrid": False, "zeroline": False},
    )  # fmt: skip


def _name(dot: Dot) -> str:
    return f'<span style="color:{MUTED}">{safe(dot.name)}</span>' if dot.grey else safe(dot.name)


def _trace(placed: list[tuple[float, Dot]], grey: bool) -> Part:
    """Dots of one colour with their intervals."""
    means = np.array([dot.rho.mean for _, dot in placed])
    up, down = (np.array([abs(end) for end in ends]) for ends in (
        [dot.rho.high - dot.rho.mean for _, dot in placed], [dot.rho.mean - dot.rho.low for _, dot in placed],
    ))  # fmt: skip
    colour = MUTED if grey else ACCENT
    return {
        "type": "scatter", "mode": "markers", "x": means, "y": [y for y, _ in placed],
        "marker": {"color": colour, "size": 9, "symbol": "circle-open" if grey else "circle"},
        "error_x": {"type": "data", "array": np.nan_to_num(up), "arrayminus": np.nan_to_num(down), "symmetric": False,
                    "color": colour, "thickness": 2, "width": 0},
        "hovertext": [_hover(dot) for _, dot in placed], "hovertemplate": "%{hovertext}<extra></extra>",
    }  # fmt: skip


def _hover(dot: Dot) -> str:
    mean, low, high = map(correlation, dot.rho)
    ends = f", 95 % interval {low} to {high}" if np.isfinite(dot.rho.low) else ""
    more = f"<br>{safe(dot.hover)}" if dot.hover else ""
    return f"{safe(dot.name)}<br>rank correlation {mean}{ends}{more}"


def _upright(value: float, top: float, bottom: float, dash: str = "solid", yref: str = "y") -> Part:
    line = {"color": INK, "width": 1.5 if dash == "dot" else 1, "dash": dash}
    ends = {"x0": value, "x1": value, "y0": top, "y1": bottom, "yref": yref}
    return {"type": "line", "line": line, "layer": "below"} | ends


def _heading(y: float, text: str) -> Part:
    """A heading from the left edge of the figure on."""
    place: Part = {"x": 0, "xref": "paper", "xanchor": "left", "xshift": 4 - LEFT, "y": y, "showarrow": False}
    return place | {"text": f"<b>{safe(text)}</b>", "font": {"size": 12}}


def _rule(y: float, limit: float, rule: str) -> Part:
    """What the limit means, above its line and to its left."""
    place: Part = {"x": limit, "y": y, "xanchor": "right", "xshift": 4, "showarrow": False}
    return place | {"text": f"{safe(rule)} {number(limit)} ┊", "font": {"size": 11}}


def _missing(y: float) -> Part:
    """What stands in place of a dot."""
    place: Part = {"x": 0, "y": y, "xanchor": "left", "xshift": 6, "showarrow": False}
    return place | {"text": "no order", "font": {"size": 11, "color": MUTED}}
