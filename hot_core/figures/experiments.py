"""Curves with their spread over seeds, in one or more panels side by side: the figures of the experiments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from hot_core.figures.names import safe
from hot_core.figures.style import ACCENT, INK, Part, assemble, margins, title

COLOURS = (ACCENT, "#CC79A7", "#009E73", "#444C5C", "#56B4E9", "#6A4C93", INK, "#B8A200", "#000000", "#8C564B")
"""Told apart with the symbols below also by who does not tell colours apart."""
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "x", "cross", "circle-open", "square-open", "star",
           "diamond-open")  # fmt: skip
DASHES = ("solid", "dash", "dot", "dashdot")
HEIGHT, WIDE, GAP = 420, 3, 0.1
"""Pixels of a row of panels, the most panels in a row, and the share of the width between two panels."""


@dataclass(frozen=True)
class Curve:
    """Points of one name.

    Attributes:
        name: one name has one colour and one symbol in all panels.
        x: numbers, or words for places along the axis.
        y: the means.
        spread: standard deviations, () for none.
        line: whether the points are joined.
        dash: how: an index into `DASHES`; 1 and above for what was not measured but worked out.
    """

    name: str
    x: Sequence[float | str]
    y: Sequence[float]
    spread: Sequence[float] = ()
    line: bool = True
    dash: int = 0


@dataclass(frozen=True)
class Panel:
    """One pair of axes.

    Attributes:
        title: above it.
        x, y: the axes' titles, with units.
        curves: what is drawn.
        log: which axes are logarithmic: "", "x", "y" or "xy".
        least, most: the ends of the vertical axis, None as the numbers have it (in powers of ten where logarithmic).
        level: a horizontal line at this value, None for none.
    """

    title: str
    x: str
    y: str
    curves: Sequence[Curve]
    log: str = ""
    least: float | None = None
    most: float | None = None
    level: float | None = None


def panels(shown: Sequence[Panel]) -> go.Figure:
    """Draw panels side by side with one legend below.

    Args:
        shown: from left to right.

    Returns:
        Means as points, standard deviations as bars; a name looks the same everywhere.
    """
    names = list(dict.fromkeys(curve.name for panel in shown for curve in panel.curves))
    width = (1 - GAP * (len(shown) - 1)) / len(shown)
    data: list[Part] = []
    layout: Part = {"annotations": [], "shapes": []}
    legend: set[str] = set()
    for at, panel in enumerate(shown):
        axis, left = str(at + 1) if at else "", at * (width + GAP)
        layout["xaxis" + axis] = _axis(panel.x, "x" in panel.log, [left, left + width], "y" + axis)
        layout["yaxis" + axis] = _axis(panel.y, "y" in panel.log, [0, 1], "x" + axis) | _ends(panel)
        layout["annotations"].append(_heading(panel.title, left + width / 2))
        if panel.level is not None:
            layout["shapes"].append(_level(panel.level, axis))
        words = list(dict.fromkeys(x for curve in panel.curves for x in curve.x if isinstance(x, str)))
        if words:
            layout["xaxis" + axis] |= {"tickvals": list(range(len(words))), "ticktext": [safe(word) for word in words],
                                       "range": [-0.5, len(words) - 0.5]}  # fmt: skip
        for beside, curve in enumerate(panel.curves):
            place = [_beside(words, x, beside, len(panel.curves)) for x in curve.x]
            data.append(_trace(curve, place, axis, names.index(curve.name), curve.name not in legend))
            legend.add(curve.name)
    below = {"orientation": "h", "x": 0.5, "xanchor": "center", "y": -0.24, "yanchor": "top"}
    rows = -(-len(names) // 5)
    return assemble(
        data, HEIGHT + 22 * rows, margin=margins(70, 92 + 22 * rows, 34, 16), showlegend=True, legend=below,
        paper_bgcolor="white", **layout,
    )  # fmt: skip


def _axis(text: str, logarithmic: bool, domain: list[float], anchor: str) -> Part:
    usual: Part = {
        "title": title(text), "domain": domain, "anchor": anchor, "gridcolor": "#E5E9F0", "zeroline": False,
        "linecolor": INK, "ticks": "outside", "ticklen": 3, "automargin": False,
    }  # fmt: skip
    return usual | (
        {"type": "log", "dtick": 1, "exponentformat": "power", "tickfont": {"size": 10}} if logarithmic else {}
    )


def _ends(panel: Panel) -> Part:
    """The ends of the vertical axis where they are given."""
    if panel.least is None or panel.most is None:
        return {}
    return {"range": [panel.least, panel.most]}


def _heading(text: str, x: float) -> Part:
    place: Part = {"x": x, "xref": "paper", "xanchor": "center", "y": 1, "yref": "paper", "yanchor": "bottom"}
    return place | {"yshift": 6, "text": f"<b>{safe(text)}</b>", "showarrow": False, "font": {"size": 12}}


def _level(value: float, axis: str) -> Part:
    line = {"color": INK, "width": 1, "dash": "dot"}
    ends = {"x0": 0, "x1": 1, "xref": f"x{axis} domain", "y0": value, "y1": value, "yref": f"y{axis}"}
    return {"type": "line", "line": line, "layer": "below"} | ends


def _beside(words: list[str], x: float | str, number: int, of: int) -> float:
    """Where a point stands: at its number, or by its word, the curves beside each other so that none hides another."""
    return words.index(x) + 0.12 * (number - (of - 1) / 2) if isinstance(x, str) else x


def _trace(curve: Curve, place: list[float], axis: str, number: int, legend: bool) -> Part:
    """One curve; its hover says name, place, mean and spread."""
    colour = COLOURS[number % len(COLOURS)]
    trace: Part = {
        "type": "scatter", "x": place, "customdata": [str(x) for x in curve.x], "y": list(curve.y),
        "name": safe(curve.name),
        "legendgroup": curve.name, "showlegend": legend, "xaxis": "x" + axis, "yaxis": "y" + axis,
        "mode": "lines+markers" if curve.line else "markers",
        "marker": {"color": colour, "size": 8, "symbol": SYMBOLS[number % len(SYMBOLS)]},
        "line": {"color": colour, "width": 2, "dash": DASHES[curve.dash % len(DASHES)]},
        "hovertemplate": "%{customdata}: %{y:.4g}",
    }  # fmt: skip
    if curve.spread:
        trace["error_y"] = {"type": "data", "array": list(curve.spread), "thickness": 1.5, "width": 4}
    return trace
