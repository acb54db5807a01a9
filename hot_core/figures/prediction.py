"""Predictions that are neither a curve nor a map: the probability of each class."""

from __future__ import annotations

import plotly.graph_objects as go

from hot_core.figures.style import MUTED, class_colours, finish
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
    figure = go.Figure(
        go.Bar(
            x=shares, y=list(prediction.classes), orientation="h",
            marker_color=[colours[n] for n in prediction.classes],
            text=[f"{share:.1%}" for share in shares], textposition="auto", hoverinfo="skip",
        )
    )  # fmt: skip
    figure.add_vline(x=0.5, line={"color": MUTED, "dash": "dot", "width": 1.5})
    figure.update_xaxes(range=[0, 1], tickformat=".0%", title_text="probability")
    figure.update_yaxes(autorange="reversed", type="category")
    return finish(figure, height, bargap=0.4)
