"""Every mode's attention matrix, side by side, on its own coordinates."""

from __future__ import annotations

import streamlit as st

from app.messages import plain
from app.parts.show import explain, heading, picture
from app.parts.view import View
from hot_core.analysis.words import span_words
from hot_core.figures.matrix import matrix_figure, shared_limit


def draw(view: View) -> None:
    """One matrix a mode; all heads in small where all heads are chosen. Limits are shared over layers and heads."""
    record, grid = view.analysis.record, view.analysis.grid
    rule = (" ⊗ " if record.combine == "product" else " ⊕ ").join(record.modes)
    if view.head is None:  # a mean of products is in general no product
        rule = f"mean over heads of ({rule})"
    st.markdown(f"##### The factors :gray[layer {view.layer}, {view.head_words}: map = {rule}]")
    for column, mode, axis, at in zip(st.columns(len(record.modes)), record.modes, grid.axes, view.query, strict=True):
        with column:
            heading(mode, f"{len(axis)} × {len(axis)} · query {plain(span_words(axis, at))}")
            limit = shared_limit([record.factor(layer, mode) for layer in range(record.num_layers)])
            chosen = record.factor(view.layer, mode).isel(head=view.heads)
            figure = matrix_figure(chosen, axis, at, limit=limit, direction=view.direction)
            picture(figure, matrix_key(view, mode), f"Attention matrix of mode {mode}, layer {view.layer}.")
    explain(
        f"{view.kind}_matrices_help",
        "Each matrix says how strongly the positions of one mode (down) look at the positions of the same mode "
        "(across); every row adds up to 1, and the rows of the query are framed in orange. The colour scale of a mode "
        "is the same for all layers and heads, so that they can be compared; ▲ marks the uniform level 1/n. "
        "Layers and heads are counted from 0.",
    )


def matrix_key(view: View, mode: str) -> str:
    """The key of a mode's matrix."""
    return f"{view.kind}_matrix_{mode}"
