"""The bounded algorithm's errors over the size of the entries: promised, of a weight, of the output."""

from __future__ import annotations

from collections.abc import Sequence
from math import log10

import plotly.graph_objects as go

from hot_core.figures.style import ACCENT, INK, Part, assemble, margins, title
from hot_core.lessons.regime import TOLERANCE, Regime

HIGHEST, LOWEST = 1e6, 1e-16
"""The axis ends here: what is promised beyond is no promise any more, and below the numbers themselves are no finer."""
LINES = (
    ("promised, of a weight", "promised", "#B0528F", "dash"),
    ("measured, of a weight", "weight_error", "#3F9A6B", "solid"),
    ("measured, of the output", "output_error", ACCENT, "solid"),
)


def regime_figure(sweep: Sequence[Regime], now: Regime, refused_from: float) -> go.Figure:
    """Draw the three errors over B on a logarithmic axis.

    Args:
        sweep: the algorithm at several sizes of the entries, rising.
        now: the chosen size.
        refused_from: the size from which the algorithm refuses.

    Returns:
        Three lines, the chosen size as diamonds, and grey ground where the algorithm refuses.
    """
    shown = sorted({one.size: one for one in (*sweep, now)}.values(), key=lambda one: one.size)
    data: list[Part] = []
    for name, what, colour, dash in LINES:
        points = [(one.size, float(getattr(one, what))) for one in shown]
        data.append({
            "type": "scatter", "mode": "lines", "x": [x for x, _ in points], "y": [_on_axis(y) for _, y in points],
            "name": name, "line": {"color": colour, "width": 2.5, "dash": dash},
            "text": [f"{y:.2g}" for _, y in points],
            "hovertemplate": "B = %{x}: %{text}<extra>%{fullData.name}</extra>",
        })  # fmt: skip
        value = float(getattr(now, what))
        data.append({
            "type": "scatter", "mode": "markers", "x": [now.size], "y": [_on_axis(value)], "showlegend": False,
            "marker": {"symbol": "diamond", "size": 11, "color": colour, "line": {"color": "white", "width": 1}},
            "hoverinfo": "skip", "cliponaxis": False,
        })  # fmt: skip
    shapes: list[Part] = [
        {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": TOLERANCE, "y1": TOLERANCE,
            "line": {"color": INK, "width": 1.5, "dash": "dot"}},
    ]  # fmt: skip
    if refused_from < shown[-1].size:
        shapes.append({
            "type": "rect", "yref": "paper", "y0": 0, "y1": 1, "x0": refused_from, "x1": shown[-1].size,
            "layer": "below", "fillcolor": "rgba(130,145,160,0.16)", "line": {"width": 0},
        })  # fmt: skip
    axis: Part = {"gridcolor": "rgba(130,145,160,0.25)", "ticks": "outside", "zeroline": False}
    return assemble(
        data, 420, margin=margins(80, 54, 62), showlegend=True, shapes=shapes,
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "font": {"size": 12}},
        xaxis=axis | {"title": title("B: entries lie within ±B", 13)},
        yaxis=axis | {"type": "log", "title": title("error", 13), "exponentformat": "power", "dtick": 4,
            "range": [log10(LOWEST), log10(HIGHEST)]},
    )  # fmt: skip


def _on_axis(value: float) -> float:
    """A value within the axis; the numbers under the mouse are the true ones."""
    return min(max(value, LOWEST), HIGHEST)
