"""Figures for a projector: everything that is written in them, larger."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

LARGER = 1.4
"""How much larger the large type is."""


def enlarged(figure: go.Figure, by: float = LARGER) -> go.Figure:
    """The same figure with every font, its height and its margins `by` times as large; its width is the page's.

    Args:
        figure: left as it is.
        by: the factor.

    Returns:
        Another figure with the same data.
    """
    parts = {
        "data": [trace.to_plotly_json() for trace in figure.data],  # copies; the figure's own way would encode arrays
        "layout": figure.layout.to_plotly_json(),
    }
    _enlarge(parts["layout"], by)
    for trace in parts["data"]:
        _enlarge(trace, by)
    layout = parts["layout"]
    layout.setdefault("font", {}).setdefault("size", 12 * by)  # what has no size of its own follows this one
    if "height" in layout:
        layout["height"] *= by
    for side in ("l", "r", "t", "b"):
        if side in layout.get("margin", {}):
            layout["margin"][side] *= by
    return go.Figure(parts)


def _enlarge(part: Any, by: float) -> None:
    """Every size of a font in a part of a figure, in place; arrays of data are not looked through."""
    if isinstance(part, dict):
        for name, value in part.items():
            if name.endswith("font") and isinstance(value, dict) and isinstance(value.get("size"), int | float):
                value["size"] *= by
            else:
                _enlarge(value, by)
    elif isinstance(part, list | tuple) and part and isinstance(part[0], dict):
        for one in part:
            _enlarge(one, by)
