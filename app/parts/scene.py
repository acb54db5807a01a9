"""The class map of a raster that is larger than the analysed region: offered, made beside the page, shown, kept."""

from __future__ import annotations

from collections.abc import Hashable

import streamlit as st

from app import cache, messages, state
from app.background import Job
from app.parts.follow import follow
from app.parts.show import heading
from app.parts.view import View
from hot_core.errors import HotError
from hot_core.modes import RasterGeometry
from hot_core.pipeline import Analysis, Settings
from hot_core.scene import OVERLAP, WINDOW, Outlook, outlook, predict_scene
from hot_core.transforms import Segmentation
from hot_core.transforms.inputs import geometry_of

EXTENTS = ("region", "scene")


def whole_word(analysis: Analysis) -> str:
    """What the whole is: of a file too large to be read whole, the window that was read."""
    return "scene" if analysis.sample.overview is None else "window that was read"


def finished(analysis: Analysis) -> Segmentation | None:
    """The class map of the whole scene; None while there is none."""
    found = _job(analysis)
    try:
        return None if found is None else found.result
    except HotError:
        return None


def choose(view: View, region: Segmentation) -> Segmentation:
    """The heading of the class map, and what it is of: the region or, once that is made, the whole scene.

    Returns:
        The class map to show.
    """
    done = finished(view.analysis) if _goes_on(view.analysis) else None
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        heading("What the model says", "the most probable class of each pixel, with its area")
        if done is None:
            return region
        state.settle("raster_extent", EXTENTS, "scene")
        st.segmented_control(
            "The map shows", EXTENTS, key="raster_extent", required=True,
            format_func=lambda name: "region" if name == "region" else f"whole {whole_word(view.analysis)}",
            label_visibility="collapsed", persist_state="session",
        )  # fmt: skip
    return done if state.get("raster_extent") == "scene" else region


def offer(view: View) -> None:
    """Under the map of a part of a scene: the way to the whole, how far it is, or how it was made."""
    analysis = view.analysis
    if not _goes_on(analysis):
        return
    found = _job(analysis)
    if found is not None and found.running:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.button("Stop", key="raster_scene_stop", on_click=_stop, icon=":material/stop:")
            follow(found, "Classifying the whole scene")
    elif finished(analysis) is not None:
        st.caption(
            f"The whole {whole_word(analysis)} is blended from windows of {WINDOW} × {WINDOW} pixels that overlap by "
            f"{OVERLAP} or more. The attention on this page stays that of the analysed region. The map is under “Keep”."
        )
    else:
        _invite(analysis, found)


def _invite(analysis: Analysis, found: Job[Segmentation] | None) -> None:
    """The button, what it takes, and what went wrong the last time."""
    if found is not None:
        with messages.spoken():
            _ = found.result
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button(
            f"Classify the whole {whole_word(analysis)}", key="raster_scene_start", on_click=_start, args=(analysis,),
            icon=":material/grid_on:",
        )  # fmt: skip
        st.caption(
            f"The map ends with the analysed region. {_outlook(analysis).words}; the page can be used meanwhile."
        )


def _start(analysis: Analysis) -> None:
    """Begin, and show the whole scene when it is done."""
    model = cache.model(analysis.model_name)
    job = Job(lambda told: predict_scene(analysis.sample, model, _settings(analysis), progress=told))
    state.put("raster_scene", (_identity(analysis), job))
    state.put("raster_extent", "scene")


def _stop() -> None:
    """End the work; nothing of it is kept."""
    _, found = state.get("raster_scene", (None, None))
    state.put("raster_scene", (None, None))
    if found is not None:
        found.stop()


def _job(analysis: Analysis) -> Job[Segmentation] | None:
    """The work on this scene, if somebody asked for it; one scene is kept in a session."""
    of, found = state.get("raster_scene", (None, None))
    return found if of == _identity(analysis) else None


def _identity(analysis: Analysis) -> Hashable:
    """What the class map of a scene follows from: file, window of it, model, bands and seed; not the region."""
    about = analysis.provenance
    window = geometry_of(analysis.sample, RasterGeometry).window
    return about["input"]["sha256"], window, about["model"]["weights_sha256"], tuple(about["roles"]), about["seed"]


def _goes_on(analysis: Analysis) -> bool:
    """Whether the scene goes beyond what was analysed."""
    whole = tuple((0, len(mode)) for mode in analysis.sample.modes[:2])
    return analysis.grid.window[:2] != whole


def _outlook(analysis: Analysis) -> Outlook:
    """What the whole scene takes, timed once."""
    model = cache.model(analysis.model_name)
    return cache.remember(analysis, "scene_outlook", lambda: outlook(analysis.sample, model, _settings(analysis)))


def _settings(analysis: Analysis) -> Settings:
    """The choices that the analysis was made with."""
    return Settings.model_validate(analysis.provenance["settings"])
