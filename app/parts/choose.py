"""The narrow column: file, model, layer, head, direction and query."""

from __future__ import annotations

from functools import partial

import streamlit as st

from app import cache, content, state
from app.content import Content
from app.navigation import KIND_WORDS
from app.parts import table
from app.parts.view import View
from hot_core.analysis.words import span_words
from hot_core.errors import ModelError
from hot_core.modes import Kind
from hot_core.pipeline import Analysis

FORMATS: dict[Kind, str] = {
    "series": "CSV or TSV, gzipped too",
    "volume": "NIfTI: .nii or .nii.gz",
    "raster": "GeoTIFF: .tif",
}


def source(kind: Kind) -> Content:
    """Choose a bundled sample or bring a file; a brought file stays until it is put away."""
    entries = content.samples(kind)
    own = state.upload(kind)
    st.selectbox(
        "Sample", range(len(entries)), format_func=lambda at: entries[at].title, key=f"{kind}_sample",
        disabled=own is not None, persist_state="session",
    )  # fmt: skip
    st.file_uploader(
        "Your own file", key=f"{kind}_upload", on_change=_take, args=(kind,), max_upload_size=100,
        help=f"{FORMATS[kind]}; up to 100 MB. It stays in this session's memory and is never written to disk.",
    )  # fmt: skip
    if own is None:
        return content.open_bundled(entries[state.get(f"{kind}_sample", 0)])
    st.button(
        "Back to the sample", key=f"{kind}_back", on_click=state.keep_upload, args=(kind, None), width="stretch",
        icon=":material/undo:",
    )  # fmt: skip
    return table.choose(own) if kind == "series" else own


def _take(kind: Kind) -> None:
    """Keep what was dropped; a click on its cross puts it away."""
    found = state.get(f"{kind}_upload")
    state.keep_upload(kind, None if found is None else content.open_upload(found.name, found.getvalue()))


def model_for(kind: Kind, chosen: Content) -> str:
    """The model: given with a bundled sample, otherwise the one chosen among those for this kind."""
    if chosen.model is not None:
        return chosen.model
    fitting = [name for name in cache.model_names() if cache.model(name).config.kind == kind]
    if not fitting:
        raise ModelError(f"No bundled model takes a {KIND_WORDS[kind]}. Restore the assets folder, or train one.")
    key = f"{kind}_model"
    preferred = content.samples(kind)[0].model
    state.settle(key, fitting, preferred if preferred in fitting else fitting[0])
    if len(fitting) > 1:
        st.selectbox("Model", fitting, key=key, persist_state="session")
    return str(state.get(key))


def view(kind: Kind, analysis: Analysis, credit: str) -> View:
    """Choose layer, head, direction and query."""
    modes = analysis.record.modes
    identity = prepare(kind, analysis)
    st.segmented_control(
        "Layer", range(analysis.record.num_layers), key=f"{kind}_layer", required=True, persist_state="session",
        format_func=str, width="stretch",
    )  # fmt: skip
    heads = range(-1, analysis.record.num_heads)
    st.segmented_control(
        "Head", heads, key=f"{kind}_head", required=True, persist_state="session", width="stretch",
        format_func=lambda head: "all" if head < 0 else str(head),
    )  # fmt: skip
    st.segmented_control(
        "The query", ["row", "column"], key=f"{kind}_direction", required=True, persist_state="session",
        format_func=lambda way: {"row": "looks at →", "column": "← is seen by"}[way], width="stretch",
    )  # fmt: skip
    with st.container(key=f"{kind}_query", gap=None):
        st.markdown(":material/my_location: **Query** :gray[or click a picture]")
        for at, axis in enumerate(analysis.grid.axes):
            key = state.own_key(f"{kind}_slider_{modes[at]}", identity)
            state.put(key, state.query(kind)[at])  # the slider follows the query, not the query the slider
            with st.container(key=f"{kind}_query_{modes[at]}"):
                st.select_slider(
                    modes[at], range(len(axis)), key=key, on_change=state.slide_query, args=(kind, at, key, identity),
                    format_func=partial(span_words, axis),
                )  # fmt: skip
    head = int(state.get(f"{kind}_head"))
    return View(
        kind, analysis, int(state.get(f"{kind}_layer")), None if head < 0 else head,
        state.get(f"{kind}_direction"), state.query(kind), credit,
    )  # fmt: skip


def prepare(kind: Kind, analysis: Analysis) -> tuple[str, str, tuple[int, ...]]:
    """Give every choice a value that this analysis knows; a newly opened one starts at its own query.

    Returns:
        What tells this analysis from another: the file's hash, the model and the shape of the token grid.
    """
    record = analysis.record
    layer, head = content.first_look(kind, record.num_layers, record.num_heads)
    state.settle(f"{kind}_layer", range(record.num_layers), layer)
    state.settle(f"{kind}_head", range(-1, record.num_heads), head)
    state.settle(f"{kind}_direction", ("row", "column"), "row")
    shape = analysis.grid.shape
    token = state.query(kind)
    inside = len(token) == len(shape) and all(at < size for at, size in zip(token, shape, strict=True))
    identity = (analysis.sample.source.sha256, analysis.model_name, shape)
    if state.opened(kind, identity) or not inside:
        state.choose_query(kind, analysis.default_query())
        state.zoom(kind, None)
    return identity


def rule_words(analysis: Analysis) -> str:
    """How the layer combines its factors, plainly."""
    count = len(analysis.record.modes)
    return f"{'Kronecker product' if analysis.record.combine == 'product' else 'Kronecker sum'} of {count} factors"


def wrong_kind(kind: Kind, found: Kind) -> str:
    """The sentence for a file that belongs on another page."""
    return (
        f"This file is a {KIND_WORDS[found]}, not a {KIND_WORDS[kind]}. Open the page for it from the top of the page."
    )
