"""The pictures of the evidence: what hiding did, and what changing the attention did."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from hot_core.evidence import MAP, Evidence
from hot_core.figures.names import safe
from hot_core.figures.style import ACCENT, INK, MUTED, QUERY, Part, assemble, colour_axis, margins, title

CHANCE = "rgba(100,116,139,0.22)"


def hiding_figure(evidence: Evidence, name: str = MAP, *, height: int = 300) -> go.Figure:
    """The change of the prediction over the share of hidden tokens: for a map, and for the tested map laid elsewhere.

    Args:
        evidence: what was gathered.
        name: the map.
        height: of the figure, in pixels.

    Returns:
        The strongest first as a solid orange line, the weakest first as a dashed blue one; layings elsewhere as a grey
        band from the smallest to the largest with their mean, strongest first up to a half of the tokens, then weakest.
    """
    hidden = evidence.deletion
    order, x, unit = hidden.orders[name], 100 * hidden.shares, safe(evidence.unit)
    low, high = hidden.random.min(axis=0), hidden.random.max(axis=0)
    band = {
        "type": "scatter", "mode": "lines", "x": np.r_[x, x[::-1]], "y": np.r_[high, low[::-1]], "fill": "toself",
        "fillcolor": CHANCE, "line": {"width": 0}, "hoverinfo": "skip",
        "name": f"{len(hidden.random)} layings elsewhere",
    }  # fmt: skip

    def line(y: np.ndarray, words: str, colour: str, dash: str = "solid") -> Part:
        return {
            "type": "scatter", "mode": "lines+markers", "x": x, "y": y, "name": words, "marker": {"size": 5},
            "line": {"color": colour, "dash": dash, "width": 2},
            "hovertemplate": f"%{{x:.0f}} % hidden<br>changes by %{{y:.3g}} {unit}<extra>{words}</extra>",
        }  # fmt: skip

    lines = [
        band, line(hidden.random.mean(axis=0), "their mean", INK, "dot"),
        line(order.weakest, "weakest hidden first", ACCENT, "dash"),
        line(order.strongest, "strongest hidden first", QUERY),
    ]  # fmt: skip
    legend = {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "font": {"size": 11}}
    return assemble(
        lines, height, showlegend=True, legend=legend, margin=margins(64, 44, 52),
        xaxis={"title": title("tokens hidden (%)"), "range": [0, 100], "ticksuffix": ""},
        shapes=[{"type": "line", "x0": 50, "x1": 50, "y0": 0, "y1": 1, "yref": "paper",
                 "line": {"color": MUTED, "dash": "dot", "width": 1}}],
        yaxis={"title": title(f"change of the prediction ({unit or 'in the file’s unit'})"), "rangemode": "tozero"},
    )  # fmt: skip


def use_figure(evidence: Evidence, *, height: int = 0) -> go.Figure:
    """How far the prediction moves when this attention is changed, in percent of the scale.

    Returns:
        Dots with the range of the draws: all modes shuffled, evened out, and each mode's factor shuffled alone.
    """
    used = evidence.use
    rows: list[tuple[str, np.ndarray]] = [
        ("all keys shuffled", used.shuffled),
        ("made uniform", np.array([used.uniform])),
    ]
    rows += [(f"{mode} shuffled", draws) for mode, draws in used.modes.items()]
    means = [100 * float(draws.mean()) for _, draws in rows]
    lows = [100 * float(draws.mean() - draws.min()) for _, draws in rows]
    highs = [100 * float(draws.max() - draws.mean()) for _, draws in rows]
    names = [name for name, _ in rows]
    dots = {
        "type": "scatter", "mode": "markers", "x": means, "y": names, "marker": {"color": ACCENT, "size": 9},
        "error_x": {"type": "data", "symmetric": False, "array": highs, "arrayminus": lows, "color": ACCENT},
        "hovertemplate": "%{y}<br>%{x:.2g} %<extra></extra>",
    }  # fmt: skip
    limit = {"type": "line", "x0": 2, "x1": 2, "y0": 0, "y1": 1, "yref": "paper"}
    end = max(4.0, 1.15 * max(mean + high for mean, high in zip(means, highs, strict=True)))
    return assemble(
        [dots], height or 70 + 26 * len(rows), margin=margins(140, 44, 22),
        shapes=[limit | {"line": {"color": MUTED, "dash": "dot", "width": 1.5}}],
        annotations=[
            {"x": 2, "y": 1, "yref": "paper", "yanchor": "bottom", "text": "2 %: the rule's limit", "showarrow": False,
             "font": {"size": 10, "color": INK}, "xanchor": "left"}
        ],
        xaxis={"title": title("change of the prediction (% of the scale)"), "range": [0, end]},
        yaxis={"autorange": "reversed", "type": "category", "ticks": ""},
    )  # fmt: skip


def ablation_figure(evidence: Evidence, *, height: int = 0) -> go.Figure | None:
    """What silencing each head, and each layer as a whole, does to the prediction; None in the quick form.

    Returns:
        A matrix layers × heads with a last column for the whole layer, in percent of the scale.
    """
    used = evidence.use
    if used.heads.size == 0:
        return None
    values = 100 * np.c_[used.heads, used.layers]
    names: Sequence[str] = [f"head {at}" for at in range(used.heads.shape[1])] + ["whole layer"]
    rows = [f"layer {at}" for at in range(len(values))]
    cells = {
        "type": "heatmap", "z": values, "x": list(names), "y": rows, "coloraxis": "coloraxis", "xgap": 2, "ygap": 2,
        "texttemplate": "%{z:.1f}", "hovertemplate": "%{y}, %{x}: %{z:.2g} %<extra></extra>",
    }  # fmt: skip
    words = {"text": "change of the prediction without it (% of the scale)", "side": "top", "font": {"size": 11}}
    return assemble(
        [cells], height or 110 + 34 * len(rows), margin=margins(64, 30, 62),
        coloraxis=colour_axis(float(values.max()), float("inf"), title=words),
        xaxis={"type": "category", "ticks": ""}, yaxis={"type": "category", "autorange": "reversed", "ticks": ""},
    )  # fmt: skip
