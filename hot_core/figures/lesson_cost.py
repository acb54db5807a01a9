"""The savings over the size of the grid: how many times less work than full attention, and where the student stands."""

from __future__ import annotations

from math import log10

import plotly.graph_objects as go

from hot_core.figures.style import ACCENT, INK, Part, assemble, margins, title
from hot_core.lessons.cost import SOME, Curve

LOOKS = {"product": ("product or sum", ACCENT), "linear": ("linear factors", "#B0528F"), "axial": ("axial", "#3F9A6B")}
"""The forms in words, each with its colour."""


def cost_figure(found: Curve, tokens: int) -> go.Figure:
    """Draw the ratio of multiply–adds over the number of tokens, both axes logarithmic.

    Args:
        found: the ratios; `tokens` is one of its points.
        tokens: `N` of the chosen grid.

    Returns:
        A solid line for each form in the whole block, a dotted one for its layer alone; the chosen grid as a diamond
        with its number on each; a line at 1, where nothing is saved, and pale ground up to 2.
    """
    at = found.tokens.index(tokens)
    lines = [_line(found, form, part) for form in LOOKS for part in ("block", "layer")]
    here = [_here(found, form, part, at) for form in LOOKS for part in ("block", "layer")]
    highest = max(max(values) for values in found.ratios.values())
    lowest = min(min(values) for values in found.ratios.values())
    shapes: list[Part] = [
        {"type": "rect", "xref": "paper", "x0": 0, "x1": 1, "y0": lowest / 2, "y1": SOME, "layer": "below",
            "fillcolor": "rgba(130,145,160,0.16)", "line": {"width": 0}},
        {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": 1, "y1": 1, "line": {"color": INK, "width": 1.5}},
        {"type": "line", "yref": "paper", "y0": 0, "y1": 1, "x0": tokens, "x1": tokens,
            "line": {"color": INK, "width": 1, "dash": "dot"}},
    ]  # fmt: skip
    axis: Part = {
        "type": "log",
        "showgrid": True,
        "gridcolor": "rgba(130,145,160,0.25)",
        "ticks": "outside",
        "dtick": 1,
    }
    return assemble(
        [*lines, *here], 400, margin=margins(74, 54, 70), showlegend=True, shapes=shapes,
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "font": {"size": 12}},
        xaxis=axis | {"title": title("tokens N, all sizes growing in step", 13), "tickformat": ",d"},
        yaxis=axis | {"title": title("multiply–adds: full / this form", 13), "tickformat": ",~g",
            "range": [log10(lowest) - 0.25, log10(highest) + 0.15]},
    )  # fmt: skip


def _line(found: Curve, form: str, part: str) -> Part:
    """One curve."""
    name, colour = LOOKS[form]
    dash = "solid" if part == "block" else "dot"
    return {
        "type": "scatter", "mode": "lines", "x": list(found.tokens), "y": list(found.ratios[form, part]),
        "name": name, "legendgroup": form, "showlegend": part == "block",
        "text": "whole block" if part == "block" else "layer alone",
        "line": {"color": colour, "width": 2.5 if part == "block" else 1.5, "dash": dash},
        "hovertemplate": "%{x:,} tokens, %{text}: %{y:,.3~g} times<extra>%{fullData.name}</extra>",
    }  # fmt: skip


def _here(found: Curve, form: str, part: str, at: int) -> Part:
    """The chosen grid on one curve, its number beside the two curves of the product."""
    ratio = found.ratios[form, part][at]
    return {
        "type": "scatter", "mode": "markers+text" if form == "product" else "markers", "x": [found.tokens[at]],
        "y": [ratio], "text": [f"<b>{ratio:,.3g}×</b>"], "textposition": "top left", "textfont": {"size": 13},
        "marker": {"symbol": "diamond", "size": 11 if form == "product" else 8, "color": LOOKS[form][1],
            "line": {"color": "white", "width": 1}},
        "showlegend": False, "hoverinfo": "skip", "cliponaxis": False,
    }  # fmt: skip
