"""What if the model had not seen this: hide a part by hand, and see prediction and attention before and after."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from app import messages, state
from app.parts.evidence import fields, hiding
from app.parts.linked import Picker
from app.parts.show import explain, heading, picture
from app.parts.view import View
from hot_core.evidence.what_if import WhatIf, difference
from hot_core.figures.evidence_fields import Panel, panel_figures, pick_panel
from hot_core.figures.evidence_what_if import change_table, change_words, forecast_figure, outlined
from hot_core.figures.series_lines import Shown
from hot_core.pipeline import Analysis
from hot_core.transforms import Box
from hot_core.transforms.hidden_words import box_words

ABOUT = (
    "The model is asked again with the hidden values missing, as some were while it learnt; they are framed by dots. "
    "Nothing else is changed: "
    "the scaling, and for a series the seasonal-naive line and what happened, stay those of the whole file. Before and "
    "after share one colour scale; the difference is after less before, red where a place is looked at more, blue "
    "where less, and exactly 0 where nothing moved. Weights compare with a uniform level that rises when fewer places "
    "are left. What changes tells what this model uses, not what causes what in the world."
)


def draw(view: View) -> dict[str, Picker]:
    """Choose what to hide, list it, and show what it does.

    Returns:
        What a click in the pictures means, by their keys.
    """
    owner = hiding.owner(view)
    hidden = state.hidden(view.kind, owner)
    st.fragment(hiding.choose)(view)
    _listed(view, owner, hidden)
    found: dict[str, Picker] = {}
    if not hidden:
        st.caption("Nothing is hidden yet. Choose a part and hide it: prediction and attention are then compared.")
        return found
    with messages.spoken():
        found = _show(view, hiding.analysed(view, hidden))
    return found


def _listed(view: View, owner: str, hidden: tuple[Box, ...]) -> None:
    """Every hidden part in words with the way to show it again, and the way back."""
    kind, analysis = view.kind, view.analysis
    for at, box in enumerate(hidden):
        words, button = st.columns([7, 1.2], vertical_alignment="center", gap="small")
        with words:
            told = messages.plain(box_words(box, analysis.grid, analysis.sample.geometry))
            st.markdown(f":material/visibility_off: {told}")
        rest = hidden[:at] + hidden[at + 1 :]
        button.button(
            "Show", key=state.own_key(f"{kind}_what_if_remove_{at}", owner, hidden), on_click=state.hide,
            args=(kind, owner, rest), width="stretch", help="Show this part to the model again.",
        )  # fmt: skip
    if not state.hid_before(kind, owner):
        return
    with st.container(horizontal=True, gap="small"):
        st.button(
            "Undo", key=state.own_key(f"{kind}_what_if_undo", owner), on_click=state.undo_hiding, args=(kind, owner),
            icon=":material/undo:", help="Back to what was hidden before.",
        )  # fmt: skip
        st.button(
            "Show everything again", key=state.own_key(f"{kind}_what_if_all", owner), on_click=state.hide,
            args=(kind, owner, ()), icon=":material/visibility:", disabled=not hidden,
        )  # fmt: skip


def _show(view: View, after: Analysis) -> dict[str, Picker]:
    """Prediction and attention, before, after and their difference."""
    kind, found = view.kind, WhatIf(view.analysis, after)
    shown = Shown(*view.query[:2]) if kind == "series" else None
    with st.container(key=f"{kind}_what_if_words"):
        st.markdown(f"**{messages.plain(change_words(found, shown))}**")
    if shown is not None:
        picture(forecast_figure(found, shown), f"{kind}_what_if_lines", "Forecast of one series before and after.")
    pickers = _fields(view, found)
    st.markdown(f":gray[After:] {messages.plain(replace(view, analysis=after).reading)}")
    numbers, notes = st.columns([5, 3] if shown is None else [7, 2], gap="medium")
    with numbers:
        heading("The prediction in numbers")
        st.dataframe(change_table(found), hide_index=True, key=f"{kind}_what_if_changes", width="stretch")
    with notes:
        _notes(view, after)
    explain(f"{kind}_what_if_help", ABOUT)
    return pickers


def _fields(view: View, found: WhatIf) -> dict[str, Picker]:
    """The attention in the data's space, the hidden parts framed."""
    ground, panels = fields.ground_of(view), _panels(view, found.after)
    figures = panel_figures(ground, panels, view.query, view.key)
    outlined(figures, found, view.query)
    keys = [f"{view.kind}_what_if_{name}" for name in ("before", "after", "difference")]
    for column, figure, panel, key in zip(st.columns(3, gap="small"), figures, panels, keys, strict=True):
        with column:
            picture(figure, key, f"{panel.title} over the data, in {panel.unit}; what is hidden is framed.")
    return {key: lambda click, base: pick_panel(click, ground, base) for key in keys}


def _panels(view: View, after: Analysis) -> list[Panel]:
    """The field of the chosen position before, after, and the difference."""
    other = replace(view, analysis=after)
    unit = "share, own left out" if view.shown == "model" else "attention weight"
    group = "what if"
    return [
        Panel(f"Before · {view.title}", view.pictured, unit, uniform=view.uniform, group=group),
        Panel(f"After · {view.title}", other.pictured, unit, uniform=other.uniform, group=group),
        Panel("After less before", difference(view.pictured, other.pictured), unit, "signed"),
    ]


def _notes(view: View, after: Analysis) -> None:
    """What the library says about what is hidden, beyond what was said of the file."""
    for note in after.notes[len(view.analysis.notes) :]:
        if not note.startswith("Hidden from the model: "):
            st.caption(messages.plain(note))
