"""Clicks in plotly figures, brought back to Python."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import streamlit as st

from app.components.modules import joined

_listener = st.components.v2.component("hot_lens_plot_events", js=joined(Path(__file__).parent / "plot_events.js"))


def listen(key: str, figures: Sequence[str], on_event: Callable[[], None]) -> None:
    """Listen to figures by their keys; mount once on a page.

    Args:
        key: of the listener; `state.events(key)` holds what happened while `on_event` runs: the figure's key, x, y and
            axis of the click, the cell in a heatmap, and whether Shift was held.
        figures: keys of the `st.plotly_chart`s whose clicks count.
        on_event: called before the rerun that follows.
    """
    _listener(key=key, data={"figures": list(figures)}, on_event_change=on_event, height=1)
