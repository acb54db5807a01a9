"""How much of a series its picture shows: a range by its button, a part of it by dragging, and the way back."""

from __future__ import annotations

import streamlit as st

from app import state
from app.components.plot_zoom import listen_zoom
from app.parts.view import View
from hot_core.figures.series_range import Range, ranges
from hot_core.transforms import Forecast


def choose_range(view: View, forecast: Forecast) -> Range:
    """How much of the file around the forecast the picture shows."""
    offered = ranges(view.analysis.sample, view.analysis.grid.window[2], forecast.mean.sizes["time"])
    names = [one.name for one in offered]
    state.settle("series_range", names, "window")
    buttons, words = st.columns([3, 2], vertical_alignment="center")
    with buttons:
        st.segmented_control(
            "Range", names, key="series_range", required=True, label_visibility="collapsed", persist_state="session",
            on_change=forget,
        )  # fmt: skip
    span = offered[names.index(state.get("series_range"))]
    with words:
        if of(view, span) is None:
            st.caption("Drag the mouse across to zoom.")
        else:  # a button, since a double click would also choose what lies under it
            st.button("Whole range", key="series_zoom_back", on_click=forget, icon=":material/zoom_out_map:")
    return span


def owner(view: View, span: Range) -> str:
    """What a zoom belongs to: the file, the window and the range."""
    return state.own_key("zoom", view.analysis.sample.source.sha256, view.analysis.grid.window[2], span.name)


def of(view: View, span: Range) -> tuple[object, object] | None:
    """The times that somebody has zoomed to; clicks leave them as they are, another range begins anew."""
    whose, zoom = state.get("series_zoom", ("", None))
    return zoom if whose == owner(view, span) else None


def _take() -> None:
    """Keep a zoom."""
    for event in state.events("series_zoom_events"):
        state.put("series_zoom", (event["of"], tuple(event["range"])))


def forget() -> None:
    """Back to all of the range; a range chosen again begins whole, too."""
    state.put("series_zoom", ("", None))


def listen(figure: str, view: View, span: Range) -> None:
    """Keep what somebody zooms to in a figure."""
    listen_zoom("series_zoom_events", figure, owner(view, span), _take)
