"""Match3 in pictures: the cube of weights in space, the slice of one query as a matrix, scores beside the truth."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from hot_core.figures.style import (
    ACCENT,
    INK,
    KEY,
    KEY_DASH,
    QUERY,
    QUIET,
    Part,
    assemble,
    colour_axis,
    frame,
    margins,
    title,
)
from hot_core.lessons.match3 import THRESHOLD
from hot_core.lessons.triples import Match, partners

FAINT = 1e-3
"""Of the largest weight; what is lighter is left out of the cube."""
FEW = 5
"""So many ticks of the cube stand beside each other on a phone."""
SMALLEST, LARGEST = 3.0, 15.0
"""Diameters of the cube's balls in pixels."""


def names(found: Match) -> list[str]:
    """The ticks of the keys: each number, and the blank."""
    return [*map(str, found.numbers), "blank"]


def limit(found: Match) -> float:
    """The upper end of the colours of cube and slice."""
    return float(found.cube.max())


def cube_figure(found: Match, query: int) -> go.Figure:
    """Draw every weight above a thousandth of the largest as a ball; its size and colour are its weight.

    Args:
        found: the numbers with their cube.
        query: whose slice is framed in orange.

    Returns:
        A figure in space that can be turned.
    """
    i, j, k = np.nonzero(found.cube > FAINT * limit(found))
    weights = found.cube[i, j, k]
    words = names(found)
    said = [
        f"x = {words[a]}, {words[b]}, {words[c]}: {w:.3g}" for a, b, c, w in zip(i, j, k, weights, strict=True)
    ]  # fmt: skip
    balls: Part = {
        "type": "scatter3d", "mode": "markers", "x": i.tolist(), "y": j.tolist(), "z": k.tolist(), "text": said,
        "hovertemplate": "%{text}<extra></extra>",
        "marker": {"color": weights.tolist(), "coloraxis": "coloraxis", "opacity": 0.9, "line": {"width": 0},
            "size": (SMALLEST + (LARGEST - SMALLEST) * np.sqrt(weights / limit(found))).tolist()},
    }  # fmt: skip
    end = len(found.numbers) + 0.5
    around: Part = {
        "type": "scatter3d", "mode": "lines", "x": [query] * 5, "y": [-0.5, end, end, -0.5, -0.5],
        "z": [-0.5, -0.5, end, end, -0.5], "line": {"color": QUERY, "width": 6}, "hoverinfo": "skip",
    }  # fmt: skip
    places = [*map(str, range(len(words) - 1)), "blank"]
    scene = {
        "xaxis": _space(places[:-1], "query i"), "yaxis": _space(places, "first key j"),
        "zaxis": _space(places, "second key k"), "aspectmode": "cube",
        "camera": {"eye": {"x": 1.7, "y": 1.6, "z": 0.8}}, "dragmode": "orbit",
    }  # fmt: skip
    return assemble(
        [balls, around], 500, margin=margins(0, 0, 44, 0), scene=scene, dragmode="orbit",
        coloraxis=colour_axis(limit(found), found.uniform, len=0.86),
    )  # fmt: skip


def _space(words: list[str], text: str) -> Part:
    """An axis in space with indices as its ticks, every second one and the blank where they are many."""
    last = len(words) - 1
    kept = [at for at in range(len(words)) if at == last or len(words) <= FEW or (at % 2 == 0 and at < last - 1)]
    return {
        "tickvals": kept, "ticktext": [words[at] for at in kept], "title": title(text, 13), "tickfont": {"size": 11},
        "range": [-0.7, len(words) - 0.3], "showbackground": False, "gridcolor": "#AEB7C4",
        "zeroline": False, "showspikes": False,
    }  # fmt: skip


def slice_figure(found: Match, query: int) -> go.Figure:
    """Draw the weights of one query to all pairs; the pairs that match are framed.

    Args:
        found: the numbers with their cube.
        query: the chosen one.

    Returns:
        A matrix, first key down, second key across, on the scale of the cube.
    """
    words, side = names(found), len(found.numbers) + 1
    heat: Part = {
        "type": "heatmap", "z": found.cube[query].astype(np.float32), "coloraxis": "coloraxis",
        "x": list(range(side)), "y": list(range(side)),
        "hovertemplate": "j = %{y}, k = %{x}<br>weight %{z:.3g}<extra></extra>",
    }  # fmt: skip
    pairs = {ordered for j, k in partners(found.numbers, found.modulus, query) for ordered in ((j, k), (k, j))}
    shapes = [
        shape for j, k in sorted(pairs)
        for shape in frame(k - 0.5, k + 0.5, j - 0.5, j + 0.5, colour=KEY, dash=KEY_DASH)
    ]  # fmt: skip
    axis: Part = QUIET | {"tickvals": list(range(side)), "ticktext": words, "tickfont": {"size": 12}}
    return assemble(
        [heat], 470, margin=margins(66, 56, 44, 24), shapes=shapes,
        coloraxis=colour_axis(limit(found), found.uniform),
        xaxis=axis | {"title": title("second key k: its number", 13), "range": [-0.5, side - 0.5], "tickangle": 0},
        yaxis=axis | {"title": title("first key j: its number", 13), "range": [side - 0.5, -0.5]},
    )  # fmt: skip


def scores_figure(found: Match, query: int) -> go.Figure:
    """Draw what the head says of every number beside the truth.

    Args:
        found: the numbers with scores and truth.
        query: the chosen one, orange.

    Returns:
        A bar for each score, a diamond at 1 (yes) or 0 (no) for the truth, a line at the threshold.
    """
    places = list(range(len(found.numbers)))
    bars: Part = {
        "type": "bar", "x": places, "y": found.scores.tolist(), "name": "score of the head",
        "marker": {"color": [QUERY if at == query else ACCENT for at in places]},
        "hovertemplate": "score %{y:.3f}<extra></extra>",
    }  # fmt: skip
    truth: Part = {
        "type": "scatter", "mode": "markers", "x": places, "y": found.truth.astype(int).tolist(), "cliponaxis": False,
        "name": "truth: 1 yes, 0 no", "hovertemplate": "truth %{y}<extra></extra>",
        "marker": {"symbol": "diamond", "size": 12, "color": INK, "line": {"color": "white", "width": 1}},
    }  # fmt: skip
    line: Part = {
        "type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": THRESHOLD, "y1": THRESHOLD,
        "line": {"color": INK, "width": 1.5, "dash": "dot"},
    }  # fmt: skip
    return assemble(
        [bars, truth], 250, margin=margins(66, 50, 40), shapes=[line], showlegend=True, bargap=0.35,
        legend={"orientation": "h", "x": 0, "y": 1.04, "yanchor": "bottom", "font": {"size": 12}},
        xaxis=QUIET | {"tickvals": places, "ticktext": list(map(str, found.numbers)), "tickfont": {"size": 12},
            "title": title("number", 13)},
        yaxis=QUIET | {"range": [-0.06, 1.08], "tickvals": [0, THRESHOLD, 1], "tickfont": {"size": 12},
            "title": title("weight on pairs", 13)},
    )  # fmt: skip
