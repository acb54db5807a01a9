"""The attention map: one instrument for every matrix, drawn in the browser from the factors alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from app.components.modules import kept

HERE = Path(__file__).parent
CODE, CALL = kept("attentionMap", HERE / "main.js")

_code = st.components.v2.component("hot_lens_attention_map_code", js=CODE)
_instrument = st.components.v2.component(
    "hot_lens_attention_map",
    html=(HERE / "instrument.html").read_text(encoding="utf-8"),
    css=(HERE / "instrument.css").read_text(encoding="utf-8"),
    js=CALL,
)


def prepare(key: str) -> None:
    """Bring the instrument's code into the browser; once on every page that shows one.

    Args:
        key: of the element, which shows nothing.
    """
    _code(key=key)


def attention_map(key: str, payload: bytes, on_event: Callable[[], None]) -> None:
    """Show a map, or one mode's matrix.

    Args:
        key: of the instrument; `state.events(key)` holds what happened while `on_event` runs:
            {"type": "pick", "role": "query" or "key", "position": flat index}, {"type": "pair", "query", "key"},
            {"type": "undo"} or {"type": "redo"}.
        payload: what `hot_core.figures.canvas.encode` made.
        on_event: called before the rerun that follows.
    """
    _instrument(key=key, data=payload, on_event_change=on_event)
