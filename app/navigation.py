"""The pages and their order; everything that links to a page takes it from here."""

from __future__ import annotations

from pathlib import Path

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from hot_core.modes import Kind

VIEWS = Path(__file__).resolve().parent / "views"
PAGES: dict[str, tuple[str, str]] = {
    "start": ("Start", ":material/home:"),
    "series": ("Time series", ":material/show_chart:"),
    "volume": ("Volume", ":material/deployed_code:"),
    "raster": ("Raster", ":material/satellite_alt:"),
    "learn": ("Learn", ":material/school:"),
    "models": ("Models", ":material/neurology:"),
}
KIND_WORDS: dict[Kind, str] = {"series": "time series", "volume": "volume", "raster": "raster"}


def page(name: str) -> StreamlitPage:
    """A page by its short name."""
    title, icon = PAGES[name]
    return st.Page(VIEWS / f"{name}.py", title=title, icon=icon, url_path=name, default=name == "start")


def navigate() -> StreamlitPage:
    """Draw the navigation and say which page is open."""
    return st.navigation([page(name) for name in PAGES], position="top")
