"""Pictures of the lesson on rank: the error over the number of terms, and original, approximation and difference."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from hot_core.figures.lesson_matrix import Cells, cell, matrix
from hot_core.figures.style import (
    ACCENT,
    ATTENTION,
    INK,
    QUERY,
    QUIET,
    Part,
    assemble,
    colour_axis,
    margins,
    signed_axis,
    title,
)
from hot_core.lessons.rank import Approximation


def error_curve(made: Approximation) -> go.Figure:
    """The relative error over the number of terms, the chosen one orange; bars are the singular values' shares."""
    counts = list(range(1, len(made.errors) + 1))
    norm = float(np.sqrt((made.singular**2).sum()))
    bars: Part = {
        "type": "bar", "x": counts, "y": made.singular / norm, "name": "singular value σ/‖A‖", "hovertemplate":
        "term %{x}: σ/‖A‖ = %{y:.3f}<extra></extra>", "marker": {"color": [INK if r <= made.terms else
        "rgba(100,116,139,0.35)" for r in counts]},
    }  # fmt: skip
    line: Part = {
        "type": "scatter", "x": counts, "y": made.errors, "mode": "lines+markers", "name": "error with R terms",
        "line": {"color": ACCENT, "width": 2.5}, "marker": {"size": [13 if r == made.terms else 7 for r in counts],
        "color": [QUERY if r == made.terms else ACCENT for r in counts]},
        "hovertemplate": "R = %{x}: relative error %{y:.3f}<extra></extra>",
    }  # fmt: skip
    return assemble(
        [bars, line], 270, margin=margins(56, 46, 40), showlegend=True, bargap=0.4,
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "font": {"size": 12}},
        xaxis=QUIET | {"title": title("number of Kronecker terms R"), "dtick": 1, "range": [0.4, len(counts) + 0.6]},
        yaxis=QUIET | {"title": title("share of ‖A‖"), "range": [0, 1.06], "showgrid": True, "nticks": 6},
    )  # fmt: skip


def limits(made: Approximation) -> tuple[float, float]:
    """The ends of the colour bars: of original and approximation together, and of the difference."""
    return float(max(made.full.max(), made.close.max())), max(float(np.abs(made.close - made.full).max()), 1e-3)


def panel(values: np.ndarray, made: Approximation, names: Sequence[str], *, lost: bool = False) -> go.Figure:
    """The original or the approximation, on the scale of both; `lost` frames the strongest entry that vanished."""
    return _square(values, names, colour_axis(limits(made)[0], 1 / len(values), scale=ATTENTION), made, lost)


def difference(made: Approximation, names: Sequence[str]) -> go.Figure:
    """Approximation minus original, red where it is too large, blue where too small."""
    return _square(made.close - made.full, names, signed_axis(limits(made)[1]), made, lost=True)


def _square(
    values: np.ndarray, names: Sequence[str], colours: Part, made: Approximation, lost: bool
) -> go.Figure:  # fmt: skip
    """A matrix without numbers, its tokens counted along the axes and named under the pointer."""
    gone = [fate for fate in made.fates if not fate.kept]
    frame = cell(gone[0].query, gone[0].key) if lost and gone else None
    figure = matrix(Cells(values, names, names, "query", "key", None), colours, height=330, key=frame, left=40)
    marks = [place for place in range(len(names)) if place % 4 == 0]
    ticks: Part = {"tickvals": marks, "ticktext": [str(place + 1) for place in marks]}
    figure.update_layout(xaxis=ticks, yaxis=ticks)
    return figure
