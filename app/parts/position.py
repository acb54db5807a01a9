"""The chosen query and key in the narrow column: sliders, which of both a click moves, and the way back."""

from __future__ import annotations

from functools import partial

import streamlit as st

from app import state
from hot_core.analysis.words import span_words
from hot_core.modes import Kind, TokenGrid


def choose(kind: Kind, grid: TokenGrid) -> None:
    """One slider a mode for the query or the key, whichever is being moved."""
    with st.container(key=f"{kind}_query", gap=None):
        st.segmented_control(
            "**Sliders and clicks move**", ["query", "key"], key=f"{kind}_picks", required=True,
            persist_state="session", format_func=lambda role: {"query": "the query", "key": "the key"}[role],
            width="stretch",
            help="The query is the chosen position (orange), the key its partner (blue, dashed). A click with Shift "
            "moves the other one.",
        )  # fmt: skip
        role, owner = state.picks(kind), state.slider_owner(kind)
        token = state.selection(kind).token(role)
        for mode, axis in enumerate(grid.axes):
            name = axis.mode.name
            key = state.own_key(f"{kind}_slider_{name}", owner)
            state.put(key, token[mode])  # the slider follows the selection, not the selection the slider
            with st.container(key=f"{kind}_{role}_{name}"):
                st.select_slider(
                    name, range(len(axis)), key=key, on_change=state.slide, args=(kind, mode, key, owner),
                    format_func=partial(span_words, axis),
                )  # fmt: skip
        _steps(kind)


def _steps(kind: Kind) -> None:
    """Undo, redo, and no key."""
    history = state.history(kind)
    undo, redo = st.columns(2, gap="small")
    undo.button(
        "Undo", key=f"{kind}_undo", on_click=state.step, args=(kind, "undo"), width="stretch", shortcut="Mod+Z",
        disabled=not (history and history.past), help="Back to the query and key before.",
    )  # fmt: skip
    redo.button(
        "Redo", key=f"{kind}_redo", on_click=state.step, args=(kind, "redo"), width="stretch", shortcut="Mod+Y",
        disabled=not (history and history.future), help="Forward again.",
    )  # fmt: skip
    st.button(
        "No key", key=f"{kind}_nokey", on_click=state.forget_key, args=(kind,), width="stretch", type="tertiary",
        disabled=state.selection(kind).key is None, help="Show the query alone again.",
    )  # fmt: skip
