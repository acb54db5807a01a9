"""The Kronecker map beside the data: any part of it, exact, its axes decoded."""

from __future__ import annotations

import math
from typing import Any

import streamlit as st

from app import cache, state
from app.parts.choose import rule_words
from app.parts.show import explain, heading, picture
from app.parts.view import View
from hot_core.figures import kronecker
from hot_core.figures.flat_axis import FlatAxis

CLOSE_UP = 256


def draw(view: View) -> None:
    """The map of the chosen head, with the way back out and the way to the query."""
    grid = view.analysis.grid
    total = math.prod(grid.shape)
    rows, cols = state.map_range(view.kind, total)
    heading("Kronecker map", f"{total:,} × {total:,} · {view.head_words}")
    pixels = view.map.view(rows, cols, kronecker.pixels_for(rows), kronecker.pixels_for(cols))
    figure = kronecker.kronecker_figure(
        pixels.numpy(), rows, cols, grid, view.flat, uniform=view.uniform, direction=view.direction,
        geometry=view.analysis.sample.geometry,
    )  # fmt: skip
    picture(figure, f"{view.kind}_map", f"Kronecker map of layer {view.layer}, {view.head_words}. {view.reading}")
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button("Whole map", key=f"{view.kind}_map_whole", on_click=state.zoom, args=(view.kind, None))
        near = kronecker.around(view.flat, total, CLOSE_UP)
        st.button(
            "Around the query", key=f"{view.kind}_map_near", on_click=state.zoom, args=(view.kind, (near, near)),
        )  # fmt: skip
        st.caption(f"Drag to zoom; {kronecker.pooled_words(rows, cols)}.")
    mixed = " With all heads it is their mean, which is in general not one Kronecker product."
    explain(
        f"{view.kind}_map_help",
        "Every row is one position of the data, every column a position it may look at: the "
        f"{rule_words(view.analysis)} below, computed for the part on screen and never stored. The orange line is the "
        f"query; ▲ marks the level at which all would be looked at alike.{mixed if view.head is None else ''}\n\n"
        f"{cache.savings(view.analysis.model_name, grid.shape)}",
    )


def zoomed(view: View, event: dict[str, Any]) -> None:
    """Follow the mouse: a dragged part, or all after a double click."""
    if event["type"] == "reset":
        state.zoom(view.kind, None)
        return
    total = math.prod(view.analysis.grid.shape)
    ranges = []
    for axis, (low, high) in zip(axes(view), (event["y"], event["x"]), strict=True):
        missing = low is None or high is None  # dragged along one axis only
        ranges.append(axis.span if missing else kronecker.clamp_range(axis.flat(low), axis.flat(high), total))
    state.zoom(view.kind, (ranges[0], ranges[1]))


def axes(view: View) -> tuple[FlatAxis, FlatAxis]:
    """What is shown now: rows and columns."""
    grid = view.analysis.grid
    rows, cols = state.map_range(view.kind, math.prod(grid.shape))
    return FlatAxis(rows, kronecker.pixels_for(rows), grid), FlatAxis(cols, kronecker.pixels_for(cols), grid)
