"""The other pictures of the evidence: hiding, changed attention, randomised weights, small changes of the input."""

from __future__ import annotations

from typing import Literal

import streamlit as st

from app import messages, state
from app.parts.evidence import asked, fields
from app.parts.show import picture
from app.parts.view import View
from hot_core.evidence import MAP, Evidence, Target
from hot_core.figures.evidence import ablation_figure, hiding_figure, use_figure
from hot_core.figures.evidence_fields import Panel
from hot_core.figures.evidence_sanity import sanity_figure
from hot_core.figures.evidence_stability import stability_figure


def hiding(view: View, target: Target, evidence: Evidence) -> None:
    """What hiding in the order of a map did."""
    names = list(evidence.deletion.orders)
    key = f"{view.kind}_hiding_of"
    state.settle(key, names, MAP)
    st.segmented_control("In the order of", names, key=key, required=True, format_func=str.capitalize)
    name = str(state.get(key))
    picture(
        hiding_figure(evidence, name), f"{view.kind}_hiding",
        f"Change of the prediction while tokens are hidden in the order of {name}, and of the same map laid elsewhere.",
    )  # fmt: skip
    st.caption(
        "Tokens are hidden as missing values, which the model has met in training. A map that names what matters rises "
        "early where its strongest places go first (left half), and stays low where its weakest do (right half). The "
        "band is the same map laid elsewhere, places exchanged along every mode: strongest first on the left, weakest "
        "first on the right."
    )


def changed(view: View, target: Target, evidence: Evidence) -> None:
    """What changing the attention did."""
    left, right = st.columns(2, gap="medium")
    with left:
        picture(use_figure(evidence), f"{view.kind}_use", "Change of the prediction when this attention is changed.")
    table = ablation_figure(evidence)
    with right:
        if table is None:
            st.caption("Which head and layer matter: every one is silenced in turn in the full check.")
        else:
            picture(table, f"{view.kind}_ablation", "Change of the prediction without each head and layer.")


def sane(view: View, target: Target, evidence: Evidence) -> None:
    """Whether the map depends on what was learnt."""
    found = asked.sanity_of(view, target)
    if found is None:
        _ask(view, target, "sanity", "Randomise the weights", "Does the map change when what was learnt is destroyed?")
        return
    st.markdown(messages.plain(found.words))
    picture(sanity_figure(found), f"{view.kind}_sanity", f"Similarity of the map to the original. {found.words}")


def stable(view: View, target: Target, evidence: Evidence) -> None:
    """Whether the map survives small changes."""
    found = asked.stability_of(view, target)
    if found is None:
        _ask(view, target, "stability", "Disturb the input", "Noise within the measurement's precision, small shifts, "
             "and a second seed of the model.")  # fmt: skip
        return
    st.markdown(messages.plain(found.words))
    picture(stability_figure(found), f"{view.kind}_stability", f"Similarity under small changes. {found.words}")
    panels = [Panel("Coefficient of variation", found.variation, "deviation / mean", "ratio")]
    fields.show(view, f"{view.kind}_variation", panels)


def _ask(view: View, target: Target, part: Literal["sanity", "stability"], button: str, words: str) -> None:
    now = asked.running(view, target)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button(
            button, key=f"{view.kind}_check_{part}", on_click=asked.start, args=(view, target, part),
            disabled=now is not None,
        )  # fmt: skip
        st.caption(words if now is None else "One question at a time: the bar above shows how far the present one is.")
