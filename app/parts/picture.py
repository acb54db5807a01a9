"""How the raster is shown: a preset or any three bands, an index, the stretch; and what lies over it."""

from __future__ import annotations

from collections.abc import Hashable

import streamlit as st

from app import cache, state
from app.parts.view import View
from hot_core.figures.composite import Composite, composite
from hot_core.figures.indices import index_names, index_picture, index_title
from hot_core.figures.recipes import Recipe, presets
from hot_core.modes import Overview, RasterGeometry, Sample
from hot_core.transforms.inputs import geometry_of

SHOWN = "raster_picture"
OWN = "own"
STRETCHES = {"2–98 %": (2.0, 98.0), "1–99 %": (1.0, 99.0), "0–100 %": (0.0, 100.0)}
COLOURS = ("Red", "Green", "Blue")


def settle(sample: Sample) -> None:
    """Give every choice a value that this file knows, before anything is drawn: another file may have fewer bands."""
    state.settle(SHOWN, list(_titles(sample)), _value(_presets(sample)[0]))
    state.settle("raster_stretch", list(STRETCHES), "2–98 %")
    bands = sample.data.sizes["band"]
    for colour, band in zip(COLOURS, _presets(sample)[0].bands, strict=True):
        state.settle(f"raster_own_{colour}", range(bands), band)


def _titles(sample: Sample) -> dict[str, str]:
    """What can be shown, by the value of the choice."""
    titles = {_value(recipe): recipe.name for recipe in _presets(sample)}
    indices = {f"index {name}": index_title(name) for name in index_names(sample.roles)}
    return titles | indices | {OWN: "Own choice of three bands"}


def choose(view: View) -> None:
    """The picture, its stretch and, for a person's own choice, its three bands."""
    sample = view.analysis.sample
    titles = _titles(sample)
    st.selectbox(
        "Picture", list(titles), key=SHOWN, format_func=lambda name: titles[name], label_visibility="collapsed",
        width=230, persist_state="session",
    )  # fmt: skip
    if state.get(SHOWN) == OWN:
        _own(sample)
    if not _is_index():
        st.selectbox(
            "Stretch", list(STRETCHES), key="raster_stretch", label_visibility="collapsed", width=110,
            persist_state="session",
            help="Percentiles of each band's values between which its colour runs from black to full.",
        )  # fmt: skip


def choice() -> Hashable:
    """What was chosen, to keep pictures under."""
    bands = tuple(state.get(f"raster_own_{colour}") for colour in COLOURS)
    return state.get(SHOWN), state.get("raster_stretch"), bands


def tile(view: View) -> Composite:
    """The part that was read, as chosen; made once."""
    sample = view.analysis.sample
    samples = None if sample.overview is None else sample.overview.samples

    def make() -> Composite:
        if _is_index():
            return index_picture(sample.data, sample.roles, _index())
        return composite(sample.data, sample.roles, _recipe(sample), STRETCHES[state.get("raster_stretch")], samples)

    return cache.remember(view.analysis, ("picture", choice()), make)


def whole(view: View, overview: Overview) -> Composite:
    """The whole file by its overview, in the same bands and between the same limits."""
    sample = view.analysis.sample
    if _is_index():
        return index_picture(overview.data, sample.roles, _index())
    stretch = STRETCHES[state.get("raster_stretch", "2–98 %")]
    return composite(overview.data, sample.roles, _recipe(sample), stretch, overview.samples)


def _own(sample: Sample) -> None:
    """Three bands for red, green and blue."""
    names = [str(name) for name in sample.data.coords["band"].values]
    for colour in COLOURS:
        st.selectbox(
            f"{colour} shows", range(len(names)), key=f"raster_own_{colour}", format_func=lambda at: names[at],
            width=120, persist_state="session",
        )  # fmt: skip


def _presets(sample: Sample) -> tuple[Recipe, ...]:
    names = [str(name) for name in sample.data.coords["band"].values]
    return presets(sample.roles, names, geometry_of(sample, RasterGeometry).sensor)


def _recipe(sample: Sample) -> Recipe:
    """The chosen preset, or the person's own bands."""
    shown = str(state.get(SHOWN, ""))
    if shown == OWN:
        red, green, blue = (int(state.get(f"raster_own_{colour}", 0)) for colour in COLOURS)
        return Recipe("Own choice", (red, green, blue))
    recipes = _presets(sample)
    return next((recipe for recipe in recipes if _value(recipe) == shown), recipes[0])


def _value(recipe: Recipe) -> str:
    """What the choice of a preset is kept as: its name, for another file's second preset is another one."""
    return f"preset {recipe.name}"


def _is_index() -> bool:
    return str(state.get(SHOWN, "")).startswith("index ")


def _index() -> str:
    return str(state.get(SHOWN)).removeprefix("index ")
