"""The evidence for the map on the page: asked for, followed, and shown as verdict, numbers and pictures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from app import messages, state
from app.background import Job
from app.parts.evidence import asked, fields, parts
from app.parts.evidence import target as targets
from app.parts.follow import follow
from app.parts.linked import Picker
from app.parts.show import explain
from app.parts.view import View
from hot_core.evidence import RULE, Evidence, Target
from hot_core.evidence.answers import HEAD, answers, answers_words
from hot_core.evidence.summary import (
    agreement_words,
    attribution_words,
    others_words,
    still_words,
    target_words,
    use_words,
)

CHIPS = {
    "supported": ":green[:material/check_circle: **Supported**]",
    "weak": ":orange[:material/help: **Weak**]",
    "not supported": ":red[:material/cancel: **Not supported**]",
}
TABS = ("Fields", "Hiding", "Attention changed", "Sanity", "Stability")


def draw(view: View) -> dict[str, Picker]:
    """Ask for evidence, or show it.

    Returns:
        What a click in its pictures means.
    """
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        target = targets.choose(view)
        _ask(view, target)
    if view.direction == "column":
        st.caption("The evidence is about where the chosen position looks, whichever direction the pictures show.")
    now = asked.running(view, target)
    if now is not None:
        _working(view, *now)
    for part in asked.WORK:
        error = asked.failure(view, target, part)
        if error is not None:
            messages.say(error)
    evidence = asked.evidence(view, target)
    if evidence is not None:
        return _show(view, target, evidence)
    if now is None:
        st.caption(
            "Nothing has been asked yet for this map, position and target. The quick check takes seconds, the full one "
            "minutes on a large picture, with more draws; the page can be used meanwhile."
        )
    return {}


def _ask(view: View, target: Target) -> None:
    """The two buttons."""
    busy = asked.running(view, target) is not None
    st.button(
        "Quick check", key=f"{view.kind}_check_quick", on_click=asked.start, args=(view, target, "quick"),
        type="primary", icon=":material/bolt:", disabled=busy,
        help="Few draws, wide intervals: under 20 s on a small computer for each of the bundled samples.",
    )  # fmt: skip
    st.button(
        "Full check", key=f"{view.kind}_check_full", on_click=asked.start, args=(view, target, "full"),
        icon=":material/fact_check:", disabled=busy,
        help="Many draws, narrow intervals, and every head and layer silenced in turn.",
    )  # fmt: skip


def _working(view: View, part: asked.Part, job: Job[Any]) -> None:
    """How far the work is, with the way to end it."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button(
            "Stop", key=f"{view.kind}_check_stop", on_click=asked.stop, args=(view,), icon=":material/stop:"
        )  # fmt: skip
        follow(job, {"quick": "Quick check", "full": "Full check"}.get(part, part.capitalize()))


def _show(view: View, target: Target, evidence: Evidence) -> dict[str, Picker]:
    """The verdict, the numbers, and one of the pictures."""
    judgement, plain = evidence.judgement, messages.plain
    focus = evidence.focus.words
    with st.container(key=f"{view.kind}_verdict"):
        st.markdown(
            f"{CHIPS[judgement.verdict]}: {focus[0].upper()}{focus[1:]} as an explanation of "
            f"**{plain(target_words(evidence))}**. {plain(sentence(judgement.reason))}"
        )
    rows = [answer.cells for answer in answers(evidence)]
    if rows:
        st.markdown(table(HEAD, rows))
        st.caption(plain(answers_words(evidence)))
    said = still_words(evidence), use_words(evidence), agreement_words(evidence), others_words(evidence)
    st.markdown("\n".join(f"- {plain(words)}" for words in said if words))
    for note in evidence.notes:
        st.caption(f":material/info: {plain(note)}")
    key = f"{view.kind}_evidence_tab"
    state.settle(key, TABS, TABS[0])
    st.segmented_control(
        "Evidence in pictures", TABS, key=key, required=True, label_visibility="collapsed", persist_state="session"
    )
    tab = state.get(key)
    pickers: dict[str, Picker] = {}
    if tab == "Fields":
        pickers = fields.draw(view, evidence)
        st.caption(plain(attribution_words(evidence)))
    else:
        {"Hiding": parts.hiding, "Attention changed": parts.changed, "Sanity": parts.sane, "Stability": parts.stable}[
            tab
        ](view, target, evidence)
    explain(
        f"{view.kind}_evidence_help",
        f"The rule of the verdict. {plain(RULE)}\n\nThis was a {plain(evidence.form.words)}; seed {evidence.seed}. "
        "A verdict is about this map, this position and this prediction, and about what this model does with missing "
        "values; it says nothing about causes in the world.",
    )
    return pickers


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Rows under a head, as Markdown."""
    lines = [head, ["---"] * len(head), *([messages.plain(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def sentence(reason: str) -> str:
    """A reason as a sentence of its own."""
    return f"{reason[0].upper()}{reason[1:]}."
