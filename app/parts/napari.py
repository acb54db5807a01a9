"""The bundle for napari: always to save, with the line that opens it; a button where a window can be seen."""

from __future__ import annotations

import streamlit as st

from app import desktop, messages
from app.parts.view import View
from hot_core.export.bundle import SUFFIX, bundle_bytes
from hot_core.pipeline import Analysis

HELP = (
    "One file with the data, the prediction, the attention of the chosen position in every layer, and all factors, "
    "each in its place in mm or map units, for napari, a viewer on the desktop."
)


def draw(view: View, analysis: Analysis, place: str) -> None:
    """The bundle of what is shown, and the way into napari.

    Args:
        view: the choices.
        analysis: what is kept: the view's, or with the map of the whole scene.
        place: the layer and head in the file's name.
    """
    name = f"attention_{place}{SUFFIX}"
    st.download_button(
        "Everything, for napari", data=lambda: _bundle(view, analysis), key=f"{view.kind}_download_bundle",
        file_name=name, on_click="ignore", width="stretch", help=HELP,
    )  # fmt: skip
    if desktop.here():
        opened = st.button(
            "Open in napari", key=f"{view.kind}_napari", icon=":material/open_in_new:", width="stretch",
            help="Opens a window of its own on the desktop of the computer that runs this page.",
        )  # fmt: skip
        if opened:
            _open(view, analysis)
    st.caption("Drop the saved file on a napari that has HOT Lens installed, or from the folder of HOT Lens:")
    st.code(f".venv/bin/python -m hot_core view ~/Downloads/{name}", language=None, wrap_lines=True)


def _bundle(view: View, analysis: Analysis) -> bytes:
    """The file."""
    layer = None if view.shown == "model" else view.layer
    return bundle_bytes(analysis, view.query, layer, view.head, view.direction, weights=view.weights)


def _open(view: View, analysis: Analysis) -> None:
    """Start napari, and say what came of it."""
    with messages.spoken(), st.spinner("napari opens, about ten seconds …"):
        if desktop.open_in_napari(_bundle(view, analysis)):
            st.success("napari is open, in a window of its own.")
        else:
            st.info("napari takes long today; its window may still come.")
