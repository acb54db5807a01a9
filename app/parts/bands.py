"""Which band is which: asked for when the file does not say, never guessed."""

from __future__ import annotations

import streamlit as st

from app import cache, state
from app.content import Content
from app.messages import plain
from hot_core.errors import HotError

ROLES = ("blue", "green", "red", "nir", "swir1", "swir2")
LEAVE_OUT = "-"
WORDS = {
    LEAVE_OUT: "leave out",
    "nir": "near infrared",
    "swir1": "short-wave infrared 1",
    "swir2": "short-wave infrared 2",
}


def known(chosen: Content) -> tuple[str, ...] | None:
    """The roles that somebody gave this file's bands on the page."""
    roles: tuple[str, ...] | None = state.get(f"raster_bands_{chosen.sha256}")
    return roles


def ask(chosen: Content) -> None:
    """A form with one choice for each band; nothing is chosen beforehand."""
    data = cache.sample(chosen).data
    st.subheader("Which band is which?")
    st.markdown(
        "The file does not say what its bands are, and the result depends on it. Choose each band's part of the "
        "spectrum; bands that are none of these can be left out."
    )
    with st.form("raster_bands", width=560):
        for at, name in enumerate(data.coords["band"].values):
            st.selectbox(
                f"Band {at + 1}: {plain(str(name))}", [*ROLES, LEAVE_OUT], index=None, key=f"raster_band_{at}",
                placeholder="choose", format_func=lambda role: WORDS.get(role, role),
            )  # fmt: skip
        st.form_submit_button("Analyse", key="raster_bands_submit", on_click=_take, args=(chosen, data.sizes["band"]))
    problem = state.get(f"raster_bands_problem_{chosen.sha256}")
    if problem:
        st.error(plain(problem), icon=":material/error:")


def _take(chosen: Content, count: int) -> None:
    """Keep the answer when the reader accepts it; otherwise say what is wrong with it."""
    roles = tuple(state.get(f"raster_band_{at}") or LEAVE_OUT for at in range(count))
    try:
        cache.sample(chosen, roles)
    except HotError as error:
        state.put(f"raster_bands_problem_{chosen.sha256}", str(error))
        return
    state.put(f"raster_bands_problem_{chosen.sha256}", None)
    state.put(f"raster_bands_{chosen.sha256}", roles)
