"""How far somebody has zoomed a plotly figure along x, brought back to Python, which draws it so from then on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from app.components.modules import joined

_listener = st.components.v2.component("hot_lens_plot_zoom", js=joined(Path(__file__).parent / "plot_zoom.js"))


def listen_zoom(key: str, figure: str, of: str, on_event: Callable[[], None]) -> None:
    """Listen to one figure by its key.

    Args:
        key: of the listener; `state.events(key)` holds "range", two coordinates, and "of".
        figure: key of the `st.plotly_chart`.
        of: what the figure shows; a zoom of something else is not for it.
        on_event: called before the rerun that follows.
    """
    _listener(key=key, data={"figure": figure, "of": of}, on_event_change=on_event, height=1)
