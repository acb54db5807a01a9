"""Which window of a large raster is read: clicked or drawn in a picture of the whole file, or given in numbers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import streamlit as st

from app import cache, state
from app.content import Content
from app.messages import plain
from app.parts import bands, picture
from app.parts.show import CONFIG, explain, heading
from app.parts.view import View
from hot_core.errors import HotError
from hot_core.figures.overview import (
    Area,
    overview_figure,
    pixel,
    region_around,
    window_around,
    window_of_box,
)
from hot_core.figures.picking import Click, Token
from hot_core.modes import Overview, RasterGeometry
from hot_core.transforms.inputs import geometry_of
from hot_core.transforms.raster import REGION

FILE = "raster_window_file"
MOST = 2048
"""Rows and columns of the largest window that the page reads."""
PARTS = ("first row", "first column", "rows", "columns")


def of(chosen: Content) -> Content:
    """A file with the window that somebody chose in it."""
    state.put(FILE, chosen)
    window = state.get(f"raster_window_{chosen.sha256}")
    return chosen if window is None else replace(chosen, reading=replace(chosen.reading, window=window))


def figure_key(view: View) -> str:
    """The key of the picture: another one for another window, so that no drawn box stays behind."""
    return state.own_key("raster_overview", view.analysis.sample.source.sha256, _geometry(view).window)


def draw(view: View) -> None:
    """The whole file with the window in it; nothing for files that are read whole."""
    overview = view.analysis.sample.overview
    if overview is None:
        return
    geometry = _geometry(view)
    rows, columns = geometry.file_shape
    heading(
        "The whole file",
        f"{rows:,} × {columns:,} pixels · white: what is read · orange: what is analysed · click, or draw a box",
    )
    image = cache.remember(view.analysis, ("overview", picture.choice()), lambda: picture.whole(view, overview))
    drawing = overview_figure(image, overview, geometry, view.analysis.grid.window[:2])
    key = figure_key(view)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        st.plotly_chart(
            drawing, key=key, config=CONFIG, width="stretch", on_select=lambda: _boxed(view, overview, key),
            selection_mode="box", alt="The whole file with a frame around the window that was read.",
        )  # fmt: skip
    with right:
        _numbers(view, geometry)
        problem = state.get(_problem_key(state.get(FILE)))
        if problem:
            st.error(plain(problem), icon=":material/error:")
        st.caption(plain(overview.words))
    explain(
        "raster_overview_help",
        "The whole file, made small, in its own coordinates and in the colours of the tile below. Only the pixels in "
        "the white frame were read, in full; the model looked at those in the orange one. Click to read around a "
        "place, or draw a box to read what is in it.",
    )


def pick(view: View, click: Click, base: Token) -> Token:
    """Follow a click in the picture of the whole file: read around it and analyse there; the query stays."""
    overview = view.analysis.sample.overview
    if overview is not None:
        geometry = _geometry(view)
        y, x = click.place
        at = pixel(overview.modes, geometry.file_shape, y, x)
        window = window_around(at, (geometry.window[2], geometry.window[3]), geometry.file_shape)
        _take(window, region_around(at, window, REGION))
    return base


def _boxed(view: View, overview: Overview, key: str) -> None:
    """Read the box that was drawn."""
    boxes: list[dict[str, Any]] = (state.get(key) or {}).get("selection", {}).get("box", [])
    if not boxes:
        return
    shape = _geometry(view).file_shape
    corners = [pixel(overview.modes, shape, float(boxes[-1]["y"][i]), float(boxes[-1]["x"][i])) for i in (0, 1)]
    _take(window_of_box((corners[0], corners[1]), MOST, shape), None)


def _numbers(view: View, geometry: RasterGeometry) -> None:
    """The window in numbers, for those who know it or use no mouse."""
    limits = (geometry.file_shape[0] - 2, geometry.file_shape[1] - 2, MOST, MOST)
    keys = [
        state.own_key(f"raster_window_{at}", view.analysis.sample.source.sha256, geometry.window) for at in range(4)
    ]
    with st.form("raster_window_form", border=False):
        boxes = st.columns(4)
        for box, name, key, value, most, least in zip(
            boxes, PARTS, keys, geometry.window, limits, (0, 0, 2, 2), strict=True
        ):
            box.number_input(name.capitalize(), least, most, value, key=key)
        st.form_submit_button("Read this window", key="raster_window_read", on_click=_typed, args=(keys,))


def _typed(keys: list[str]) -> None:
    """Read the window whose numbers were typed."""
    row, column, rows, columns = (int(state.get(key)) for key in keys)
    _take((row, column, rows, columns), None)


def _take(window: Area, region: tuple[tuple[int, int], ...] | None) -> None:
    """Keep a window when it can be read; otherwise say why and stay."""
    chosen: Content = state.get(FILE)
    asked = replace(chosen, reading=replace(chosen.reading, window=window))
    try:
        cache.sample(asked, bands.known(chosen))
    except HotError as error:
        state.put(_problem_key(chosen), str(error))
        return
    state.put(_problem_key(chosen), None)
    state.put(f"raster_window_{chosen.sha256}", window)
    state.put("raster_region", region)
    state.put("raster_opened", None)  # the same token is elsewhere in another window: begin anew


def _problem_key(chosen: Content) -> str:
    """Where it is kept why a window of this very file could not be read."""
    return f"raster_window_problem_{chosen.sha256}"


def _geometry(view: View) -> RasterGeometry:
    return geometry_of(view.analysis.sample, RasterGeometry)
