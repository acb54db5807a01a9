"""The narrow column: file, model, what is shown of its attention, and the direction."""

from __future__ import annotations

import streamlit as st

from app import cache, content, state
from app.content import Content
from app.navigation import KIND_WORDS
from app.parts import folder, position, table, window
from app.parts.show import step
from app.parts.view import View
from hot_core.errors import ModelError
from hot_core.figures.composition import Shown
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
        disabled=own is not None or (kind == "raster" and folder.chosen()), persist_state="session",
    )  # fmt: skip
    lying = folder.choose(kind, own is not None)
    st.file_uploader(
        "Your own file", key=f"{kind}_upload", on_change=_take, args=(kind,), max_upload_size=100,
        help=f"{FORMATS[kind]}; up to 100 MB. It stays in this session's memory and is never written to disk.",
    )  # fmt: skip
    if lying is not None:
        return window.of(lying)
    if own is None:
        return content.open_bundled(entries[state.get(f"{kind}_sample", 0)])
    st.button(
        "Back to the sample", key=f"{kind}_back", on_click=state.keep_upload, args=(kind, None), width="stretch",
        icon=":material/undo:",
    )  # fmt: skip
    return table.choose(own) if kind == "series" else window.of(own)


def _take(kind: Kind) -> None:
    """Keep what was dropped; a click on its cross puts it away."""
    found = state.get(f"{kind}_upload")
    state.keep_upload(kind, None if found is None else content.open_upload(found.name, found.getvalue()))


def model_for(kind: Kind, chosen: Content) -> str:
    """The model: given with a bundled sample, otherwise the one chosen for this very file among those for its kind."""
    if chosen.model is not None:
        return chosen.model
    fitting = [name for name in cache.model_names() if cache.model(name).config.kind == kind]
    if not fitting:
        raise ModelError(f"No bundled model takes a {KIND_WORDS[kind]}. Restore the assets folder, or train one.")
    key = state.own_key(f"{kind}_model", chosen.sha256)
    preferred = content.samples(kind)[0].model
    state.settle(key, fitting, preferred if preferred in fitting else fitting[0])
    if len(fitting) > 1:
        st.selectbox("Model", fitting, key=key, persist_state="session")
    return str(state.get(key))


def view(kind: Kind, analysis: Analysis, credit: str) -> View:
    """Choose what is shown, the direction, and query and key."""
    identity = prepare(kind, analysis)
    step("See")
    shown = composition(kind, analysis)
    st.segmented_control(
        "The chosen position", ["row", "column"], key=f"{kind}_direction", required=True, persist_state="session",
        format_func=lambda way: {"row": "looks at →", "column": "← is seen by"}[way], width="stretch",
    )  # fmt: skip
    step("Ask")
    position.choose(kind, analysis.grid)
    return View(
        kind, analysis, shown, int(state.get(f"{kind}_layer")),
        int(state.get(f"{kind}_head")) if shown == "head" else None,
        state.get(f"{kind}_weights") if shown == "layer" else "equal",
        state.get(f"{kind}_direction"), state.selection(kind), state.picks(kind), state.own_key(kind, identity), credit,
    )  # fmt: skip


def composition(kind: Kind, analysis: Analysis) -> Shown:
    """Choose one head, a layer's heads together, or the whole model, and what else that asks for."""
    st.segmented_control(
        "What is shown", ["head", "layer", "model"], key=f"{kind}_shown", required=True, persist_state="session",
        format_func=lambda what: {"head": "Head", "layer": "Layer", "model": "Model"}[what],
        width="stretch",
    )  # fmt: skip
    shown: Shown = state.get(f"{kind}_shown")
    if shown != "model":
        st.segmented_control(
            "Layer", range(analysis.record.num_layers), key=f"{kind}_layer", required=True, persist_state="session",
            format_func=str, width="stretch",
        )  # fmt: skip
    if shown == "head":
        st.segmented_control(
            "Head", range(analysis.record.num_heads), key=f"{kind}_head", required=True, persist_state="session",
            format_func=str, width="stretch",
        )  # fmt: skip
    if shown == "layer":
        st.segmented_control(
            "Heads count", ["equal", "output"], key=f"{kind}_weights", required=True, persist_state="session",
            format_func=lambda how: {"equal": "all alike", "output": "by their output"}[how], width="stretch",
            help="By their output: each head weighs as much as its share of the layer's output, measured by its norm.",
        )  # fmt: skip
    return shown


def prepare(kind: Kind, analysis: Analysis) -> tuple[str, str, tuple[int, ...]]:
    """Give every choice a value that this analysis knows; a newly opened one starts at its own query.

    Returns:
        What tells this analysis from another: the file's hash, the model and the shape of the token grid.
    """
    record = analysis.record
    layer, head = content.first_look(kind, record.num_layers, record.num_heads)
    state.settle(f"{kind}_shown", ("head", "layer", "model"), "head")
    state.settle(f"{kind}_layer", range(record.num_layers), layer)
    state.settle(f"{kind}_head", range(record.num_heads), head)
    state.settle(f"{kind}_weights", ("equal", "output"), "equal")
    state.settle(f"{kind}_direction", ("row", "column"), "row")
    state.settle(f"{kind}_picks", ("query", "key"), "query")
    shape = analysis.grid.shape
    identity = (analysis.sample.source.sha256, analysis.model_name, shape)
    found = state.history(kind)
    if state.opened(kind, identity) or found is None or not found.now.fits(shape):
        state.start(kind, analysis.default_query())
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
