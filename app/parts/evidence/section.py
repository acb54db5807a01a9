"""The last part of an inspection page: evidence for the map above, what if, and comparison; one of them at a time."""

from __future__ import annotations

import streamlit as st

from app import state
from app.parts.evidence import compare, panel, what_if
from app.parts.linked import Picker
from app.parts.view import View

PARTS = {"evidence": "Evidence", "what if": "What if …", "compare": "Compare"}
ABOUT = {
    "evidence": "does the prediction depend on what the map shows, and do other methods agree?",
    "what if": "hide a part of the input by hand, and see what changes",
    "compare": "another head, layer, sample or model beside this one",
}


def draw(view: View) -> dict[str, Picker]:
    """The heading with the choice, and the chosen part.

    Returns:
        What a click in its figures means, by their keys.
    """
    key = f"{view.kind}_trust"
    state.settle(key, tuple(PARTS), "evidence")
    words, choice = st.columns([3, 2], vertical_alignment="center")
    with choice:
        st.segmented_control(
            "How far to trust it", list(PARTS), key=key, format_func=PARTS.__getitem__, required=True,
            label_visibility="collapsed", persist_state="session", width="stretch",
        )  # fmt: skip
    part = str(state.get(key))
    with words:
        st.markdown(f"##### How far to trust this :gray[{ABOUT[part]}]")
    with st.container(key=f"{view.kind}_trust_{part.replace(' ', '_')}"):
        return {"evidence": panel.draw, "what if": what_if.draw, "compare": compare.draw}[part](view) or {}
