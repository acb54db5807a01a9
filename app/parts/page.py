"""The skeleton of an inspection page: the narrow column, the header with its reading, and the foot."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from app import cache, content, messages
from app.components import attention_map
from app.content import Content
from app.parts import bands, card, choose, horizon, keep, region, report
from app.parts.show import step
from app.parts.view import View
from hot_core.errors import HotError, ModelError
from hot_core.familiarity import UNKNOWN
from hot_core.figures.words import prediction_words, sample_words
from hot_core.modes import Kind
from hot_core.pipeline import Analysis, Settings


@dataclass(frozen=True)
class Opened:
    """A file with its analysis."""

    content: Content
    analysis: Analysis


def begin(kind: Kind) -> View | None:
    """Draw the narrow column and the header.

    Returns:
        What the page shows; None while the page waits for an answer.
    """
    with st.sidebar:
        step("Choose")
        chosen = choose.source(kind)
    opened = _open(kind, chosen)
    if opened is None:
        return None
    with st.sidebar:
        view = choose.view(kind, opened.analysis, opened.content.credit)
        with st.expander("What is analysed", key=f"{kind}_part"):
            region.choose(kind, opened.analysis)
    with st.container(key=f"{kind}_code"):
        attention_map.prepare(f"{kind}_instrument")
    _header(view, opened.content)
    return view


def _open(kind: Kind, chosen: Content) -> Opened | None:
    """Read and analyse what was chosen; when an upload fails, say why and go on with the sample."""
    try:
        return _attempt(kind, chosen)
    except HotError as error:
        messages.say(error)
    if not chosen.bundled:
        hint = " Where a table may mean two things, say which under “How to read the table”." * (kind == "series")
        instead = content.open_bundled(content.samples(kind)[0])
        st.caption(f"Your file is not what you see below: that is the bundled sample “{instead.title}”.{hint}")
        with messages.spoken():
            return _attempt(kind, instead)
    return None


def _attempt(kind: Kind, chosen: Content) -> Opened | None:
    """One file from reading to analysis; None while the page asks which band is which."""
    with st.spinner("Reading the file and running the model …", show_time=True):
        roles = bands.known(chosen) if kind == "raster" else None
        sample = cache.sample(chosen, roles)
        if sample.kind != kind:
            raise ModelError(choose.wrong_kind(kind, sample.kind))
        if kind == "raster" and not sample.roles:
            bands.ask(chosen)
            return None
        with st.sidebar:
            if kind == "series":
                horizon.offer(sample, chosen.sha256)
            model = choose.model_for(kind, chosen)
        settings = region.settings(kind, chosen.sha256)
        try:
            return Opened(chosen, cache.analysis(chosen, model, settings, roles))
        except HotError as error:
            if settings == Settings():
                raise
            messages.say(error)
            region.forget(kind)
            return Opened(chosen, cache.analysis(chosen, model, Settings(), roles))


def _header(view: View, chosen: Content) -> None:
    """What is shown, what the model says, and the reading of the query, with what can be kept beside it."""
    analysis = view.analysis
    words, *buttons = st.columns([6.6, 1.1, 1.2], vertical_alignment="top")
    with words:
        st.markdown(f"### {messages.plain(chosen.title)}\n:gray[{sample_words(analysis.sample)}]")
    with buttons[0]:
        keep.draw(view)
    with buttons[1]:
        report.draw(view)
    known, remark = analysis.familiarity, content.REMARKS.get(chosen.credit, "")
    if known is not None and known.far:
        with st.container(key=f"{view.kind}_unlike"):
            st.markdown(
                ":orange[:material/warning: This input is unlike what the model has learnt from. What follows may mean "
                f"little.] :small[:gray[Stands out: {messages.plain(known.apart())}.]]"
            )
            if remark:
                st.caption(remark)
            remark = ""
    with st.container(key=f"{view.kind}_plainly"):
        st.markdown(plainly(view))
    with st.container(key=f"{view.kind}_reading"):
        st.markdown(messages.plain(view.reading))
    with st.container(key=f"{view.kind}_pair"):  # always there, so that nothing moves when a key is chosen
        st.markdown(
            messages.plain(view.pair) or ":gray[Shift and click, or move “the key” on the left: a second position.]"
        )
    config = analysis.model_config
    st.caption(
        f"Model **{analysis.model_name}**: {prediction_words(analysis.prediction, analysis.sample)}. "
        f"{choose.rule_words(analysis)} ({' × '.join(config['modes'])}), {config['layers']} layers of "
        f"{config['heads']} heads."
        f"{' The pictures leave out what the chosen position keeps of itself.' if view.shown == 'model' else ''}"
        f"{' ' + remark if remark else ''}"
    )


def plainly(view: View) -> str:
    """The page in one sentence, for who sees it for the first time."""
    who = {"head": "this head", "layer": "this layer", "model": "the model"}[view.shown]
    draws = f"the more {who} draws on it there" if view.direction == "row" else f"the more {who} draws on orange for it"
    return f"**Orange** is the place you ask about; the **brighter** another place, {draws}. Click to ask elsewhere."


def end(view: View) -> None:
    """What was done to the file, and what the model is for."""
    analysis = view.analysis
    st.divider()
    notes = [*analysis.sample.notes, *analysis.notes]
    count = f"{len(notes)} note{'' if len(notes) == 1 else 's'}"
    with st.expander(f"What was done to the file · {count}", key=f"{view.kind}_notes"):
        st.markdown("\n".join(f"- {messages.plain(note)}" for note in notes) or "Nothing: it was taken as it is.")
    with st.expander(
        "Demonstration model, not a medical device · what it was trained on", key=f"{view.kind}_card",
        icon=":material/info:",
    ):  # fmt: skip
        known = analysis.familiarity
        st.markdown(messages.plain(UNKNOWN if known is None else known.words()))
        card.draw(cache.model(analysis.model_name))
    st.caption(
        f"Attention is not cause: it shows where a layer's numbers come from, not why the model decides. {view.credit}"
    )
