"""Clicks and zooms in plotly figures, brought back to Python."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import streamlit as st

_listener = st.components.v2.component(
    "hot_lens_plot_events", js=(Path(__file__).parent / "plot_events.js").read_text(encoding="utf-8")
)


def listen(key: str, figures: Sequence[str], *more: Any) -> None:
    """Listen to figures by their keys; mount once on a page.

    Args:
        key: of the listener; `state.event(key)` holds what happened while `on_event` runs.
        figures: keys of the `st.plotly_chart`s whose clicks count.
        more: `on_event`, called before the rerun that follows; before it, while the Kronecker map is still a plotly
            figure, the keys of those whose zooms and double clicks count too.
    """
    *zoomed, on_event = more
    zooming = zoomed[0] if zoomed else ()
    _listener(key=key, data={"figures": list(figures), "zooming": list(zooming)}, on_event_change=on_event, height=1)
