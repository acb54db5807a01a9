"""Predictions that are neither a curve nor a map: the probability of each class."""

from __future__ import annotations

import plotly.graph_objects as go

from hot_core.figures.names import safe
from hot_core.figures.style import MUTED, assemble, class_colours, margins, title
from hot_core.transforms.results import Classification


def probability_figure(prediction: Classification, *, height: int = 150) -> go.Figure:
    """The probability of each class as bars from 0 to 1.

    Args:
        prediction: the classification.
        height: of the figure, in pixels.

    Returns:
        Horizontal bars, the probabilities written on them.
    """
    colours = class_colours(prediction.classes)
    shares = [prediction.probabilities[name] for name in prediction.classes]
    bars = {
        "type": "bar", "x": shares, "y": list(prediction.classes), "orientation": "h", "hoverinfo": "skip",
        "marker": {"color": [colours[name] for name in prediction.classes]},
        "text": [f"{share:.1%}" for share in shares], "textposition": "auto",
    }  # fmt: skip
    even = {"type": "line", "x0": 0.5, "x1": 0.5, "y0": 0, "y1": 1, "yref": "paper"}
    return assemble(
        [bars], height, bargap=0.4, margin=margins(90, 46, 8),
        shapes=[even | {"line": {"color": MUTED, "dash": "dot", "width": 1.5}}],
        xaxis={"range": [0, 1], "tickformat": ".0%", "title": title("probability")},
        yaxis={
            "autorange": "reversed", "type": "category", "tickmode": "array", "tickvals": list(prediction.classes),
            "ticktext": list(map(safe, prediction.classes)),
        },
    )  # fmt: skip
