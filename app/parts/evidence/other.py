"""What the page is compared with: another head or layer, the whole model, another model, or another sample."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

import streamlit as st

from app import cache, content, state
from app.content import Content
from app.messages import plain
from app.own_model import OwnModel, own_model
from app.parts import bands
from app.parts.view import View
from app.selection import Selection
from hot_core.analysis.counterpart import Counterpart, counterpart, shared_place
from hot_core.errors import HotError
from hot_core.evidence.compare import NO_PLACE
from hot_core.figures.composition import Shown
from hot_core.modes import Kind
from hot_core.pipeline import Analysis, Settings, analyse

WITH = {
    "head": "Another head", "layer": "A layer", "model": "The whole model", "weights": "Another model",
    "sample": "Another sample",
}  # fmt: skip
OWN = "own"
HEADS = (
    "Heads of separately trained models have nothing to do with each other, even where they have the same number; a "
    "layer or the whole model is the fairer comparison."
)
OTHER_FILE = "B is another file: its coordinates mean the same place, not that the same thing lies there."
With = Literal["head", "layer", "model", "weights", "sample"]


@dataclass(frozen=True, eq=False)
class Other:
    """B.

    Attributes:
        view: the same choices as the page's, of what B is.
        title: what it is, in words.
        short: the same for the head of a picture.
        note: what is not the same about it, in a sentence; "" where nothing is.
        apart: why it cannot be subtracted although its coordinates agree; "" where it can.
        another_model: whether another model gave it.
        place: where a position is kept that was chosen in B and is nowhere in A.
    """

    view: View
    title: str
    short: str
    note: str = ""
    apart: str = ""
    another_model: bool = False
    place: str = ""


def last(kind: Kind) -> str:
    """Where the newest comparison of a page is kept; what somebody puts away goes from there, too."""
    return f"{kind}_compare_last"


def choose(view: View) -> Other | None:
    """The widgets that choose B.

    Returns:
        B; None while it is still to be brought.
    """
    kind = view.kind
    key = f"{kind}_compare_with"
    state.settle(key, tuple(WITH), "head")
    st.segmented_control(
        "Compare with", list(WITH), key=key, format_func=WITH.__getitem__, required=True, persist_state="session"
    )
    what: With = state.get(key)
    if what == "weights":
        return _model(view)
    if what == "sample":
        return _sample(view)
    return _seen(view, view.analysis, what)


def _seen(view: View, analysis: Analysis, shown: Shown, name: str = "", short: str = "") -> Other:
    """A head, a layer or the whole of an analysis; of another model or sample it begins with what the page shows."""
    record = analysis.record
    layer, head = min(view.layer, record.num_layers - 1), None
    with st.container(horizontal=True, gap="medium"):
        if shown != "model":
            layer = _pick(view, "Layer", record.num_layers, layer, name)
        if shown == "head":
            own, heads = view.head or 0, record.heads_of(layer)
            head = _pick(view, "Head", heads, min(own, heads - 1) if name else (own + 1) % heads, name)
    found = replace(view, analysis=analysis, shown=shown, layer=layer, head=head)
    if shown != "layer":
        found = replace(found, weights="equal")
    return Other(found, f"{found.title} · {name}" if name else found.title, short or found.title)


def _pick(view: View, what: str, count: int, first: int, name: str) -> int:
    """One of so many; beside another model or sample it follows what the page shows."""
    key = f"{view.kind}_compare_{what.lower()}"
    if name:
        key = state.own_key(key, name, view.layer, view.head)
    state.settle(key, range(count), first)
    st.segmented_control(
        f"{what} of B", range(count), key=key, required=True, format_func=str, persist_state="session"
    )  # fmt: skip
    return int(state.get(key))


def _model(view: View) -> Other | None:
    """The same input given to another model."""
    kind, name = view.kind, view.analysis.model_name
    others = [one for one in cache.model_names() if one != name and cache.model(one).config.kind == kind]
    options = [*content.variants(name), *others, OWN]
    key = state.own_key(f"{kind}_compare_model", name)
    state.settle(key, options, options[0])
    st.selectbox("Model of B", options, key=key, format_func=partial(_model_words, name), width=380)
    which = str(state.get(key))
    if which == OWN:
        own = _bring(kind)
        if own is None:
            return None
        analysis, title = own.of(view.analysis), "own model"
    else:
        with st.spinner("Running the other model …", show_time=True):
            analysis, title = _by(view.analysis, which), _model_words(name, which)
    found = _seen(view, analysis, view.shown, title, title.rpartition(", ")[2])
    note = HEADS if view.shown == "head" else ""
    return replace(_placed(view, found, which, note), another_model=True)


def _by(analysis: Analysis, which: str) -> Analysis:
    """The same input analysed by another bundled model, kept as long as the analysis itself."""
    settings = Settings.model_validate(analysis.provenance["settings"])
    return cache.remember(analysis, ("by model", which), lambda: analyse(analysis.sample, cache.model(which), settings))


def _model_words(own: str, which: str) -> str:
    """What a choice of model is called."""
    if which == OWN:
        return "Your own checkpoint …"
    base, _, variant = which.partition("/")
    return f"{base}, {content.VARIANTS[variant]}" if variant else which


def _bring(kind: Kind) -> OwnModel | None:
    """Ask for a model's files; what was brought stays in this session."""
    st.file_uploader(
        "model.safetensors and config.json, or a zip of both", key=f"{kind}_own_model_files",
        accept_multiple_files=True, type=["safetensors", "json", "zip"], max_upload_size=64, width=560,
        on_change=_take, args=(kind,),
        help="As hot_core.models.save_model writes them; up to 64 MB. Weights are safetensors only: they hold numbers "
        "and no code. The model is kept in this session alone, and its files are removed once they are read.",
    )  # fmt: skip
    problem = state.get(f"{kind}_own_model_problem")
    if problem:
        st.error(plain(problem), icon=":material/error:")
    found: OwnModel | None = state.get(f"{kind}_own_model")
    return found


def _take(kind: Kind) -> None:
    """Load what was brought; both files may come one after the other."""
    files = [(found.name, found.getvalue()) for found in state.get(f"{kind}_own_model_files") or ()]
    state.put(f"{kind}_own_model", None)
    state.put(f"{kind}_own_model_problem", None)
    state.put(last(kind), None)
    if not files:
        return
    try:
        state.put(f"{kind}_own_model", own_model(files, kind))
    except HotError as error:
        state.put(f"{kind}_own_model_problem", str(error))


def _sample(view: View) -> Other | None:
    """The same model on another sample: a bundled one, or a second file."""
    kind, name = view.kind, view.analysis.model_name
    here = view.analysis.sample.source.name
    entries = {one.file: one for one in content.samples(kind) if one.model == name and one.file != here}
    options = [*entries, OWN]
    key = state.own_key(f"{kind}_compare_sample", here, name)
    state.settle(key, options, options[0])
    st.selectbox(
        "Sample of B", options, key=key, width=380,
        format_func=lambda file: entries[file].title if file in entries else "Your own second file …",
    )  # fmt: skip
    which = str(state.get(key))
    chosen = content.open_bundled(entries[which]) if which in entries else _second(kind)
    if chosen is None:
        return None
    with st.spinner("Analysing the other sample …", show_time=True):
        roles = bands.known(chosen) if kind == "raster" else None
        analysis = cache.analysis(chosen, name, Settings(), roles)
    found = _seen(view, analysis, view.shown, chosen.title, "another sample")
    common = shared_place(view.analysis.sample, analysis.sample)
    found = _placed(view, found, analysis.sample.source.sha256, OTHER_FILE if common else "")
    return replace(found, apart="" if common else NO_PLACE)


def _placed(view: View, found: Other, which: str, note: str) -> Other:
    """B at the page's position; or, while the page's stays, at one that was chosen in B and is nowhere in A."""
    analysis = found.view.analysis
    place = counterpart(view.query, view.analysis, analysis)
    key = state.own_key(f"{view.kind}_compare_place", which, view.identity, view.query, analysis.grid.shape)
    own = state.get(key)
    if own is not None:
        place = Counterpart(own, "B's position was chosen in B: that place is not in A, whose position stays.")
    partner = None if view.key is None else counterpart(view.key, view.analysis, analysis)
    selection = Selection(place.token, partner.token if partner is not None and not partner.words else None)
    return replace(found, view=replace(found.view, selection=selection), note=place.words or note, place=key)


def _second(kind: Kind) -> Content | None:
    """A file beside the page's own; it stays while the page's is looked at."""
    key = f"{kind}_compare_content"
    st.file_uploader(
        "Your second file", key=f"{kind}_compare_file", max_upload_size=100, width=560, on_change=_keep, args=(kind,),
        help="It stays in this session's memory. A file that the page has to ask about is opened on the page first.",
    )  # fmt: skip
    found: Content | None = state.get(key)
    return found


def _keep(kind: Kind) -> None:
    """Remember or forget the second file."""
    found = state.get(f"{kind}_compare_file")
    kept = None if found is None else content.open_upload(found.name, found.getvalue())
    state.put(f"{kind}_compare_content", kept)
    state.put(last(kind), None)
