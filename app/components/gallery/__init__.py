"""The gallery: every head of every layer along one mode, small, sorted in the browser; a click opens one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from app.components.modules import joined

HERE = Path(__file__).parent

_gallery = st.components.v2.component(
    "hot_lens_gallery",
    html=(HERE / "gallery.html").read_text(encoding="utf-8"),
    css=(HERE / "gallery.css").read_text(encoding="utf-8"),
    js=joined(HERE / "gallery.js"),
)


def gallery(key: str, payload: bytes, on_event: Callable[[], None]) -> None:
    """Show all heads.

    Args:
        key: of the gallery; `state.events(key)` holds {"type": "open", "layer", "head"} while `on_event` runs.
        payload: what `hot_core.figures.gallery.gallery_bytes` made.
        on_event: called before the rerun that follows.
    """
    _gallery(key=key, data=payload, on_event_change=on_event)
