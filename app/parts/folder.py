"""In the narrow column: a raster of the folder that the page may read; nothing at all where no folder is named."""

from __future__ import annotations

import streamlit as st

from app import cache, folder, messages, state
from app.content import Content
from hot_core.errors import HotError

KEY = "raster_folder"
NONE = ""


def choose(kind: str, blocked: bool) -> Content | None:
    """Offer the rasters of the folder by their names.

    Args:
        kind: the page; only the one for rasters offers any.
        blocked: whether an uploaded file stands before them.

    Returns:
        The chosen file, or None.
    """
    if kind != "raster" or folder.root() is None:
        return None
    names = cache.folder_names()
    state.settle(KEY, (NONE, *names), NONE)
    st.selectbox(
        "From the folder", [NONE, *names], key=KEY, format_func=lambda name: name or "none", persist_state="session",
        disabled=blocked or not names,
        help="GeoTIFFs in the folder that this page was started with; they may be large, and are read where they lie."
        if names else "The folder that this page was started with holds no GeoTIFF.",
    )  # fmt: skip
    name = str(state.get(KEY))
    if blocked or name == NONE:
        return None
    try:
        return folder.open_raster(name)
    except HotError as error:
        messages.say(error)
        return None


def chosen() -> bool:
    """Whether a file of the folder is chosen."""
    return bool(state.get(KEY)) and folder.root() is not None


def put_away() -> None:
    """Back to the sample."""
    state.put(KEY, NONE)
