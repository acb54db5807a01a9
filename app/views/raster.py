"""Raster: the tile in its own coordinates with what the query looks at, and the class map."""

import streamlit as st
import xarray as xr

from app import cache, messages, state
from app.parts import glance, inspector, kronecker_map, linked, matrices, page, picture, scene, window
from app.parts.evidence import section
from app.parts.show import explain, heading
from app.parts.show import picture as figure_of
from app.parts.view import View
from hot_core.errors import HotError
from hot_core.figures.fields import mode_bars, summed_level, token_field
from hot_core.figures.graticule import Graticule, graticule
from hot_core.figures.picking import Click, Token, pick_tile
from hot_core.figures.raster import classes_figure, tile_figure
from hot_core.modes import RasterGeometry
from hot_core.transforms import Segmentation
from hot_core.transforms.inputs import geometry_of

OVERS = {"attention": "Attention", "rollout": "Rollout", "nothing": "Nothing"}
LINES = {"none": "no lines", "map": "lines in map units", "degrees": "lines in degrees"}


def draw_data(view: View) -> None:
    """The picture with the attention over it, summed over bands or for one band."""
    analysis = view.analysis
    heading("The tile", "the bands as colours, the attention over them")
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        picture.choose(view)
        with st.popover("Over it", icon=":material/layers:", key="raster_layers"):
            band = choose_layers(view)
    image = picture.tile(view)
    tokens, uniform, words = over(view, band)
    figure = tile_figure(
        image, analysis.sample.modes, analysis.grid, tokens=tokens, query=view.query, key=view.key, uniform=uniform,
        opacity=float(state.get("raster_opacity")), lines=lines(view),
    )  # fmt: skip
    figure_of(figure, "raster_data", f"Tile in its own coordinates with attention. {view.reading}")
    st.caption(messages.plain(f"{image.words} {words}"))
    inspector.draw(view)
    explain(
        "raster_data_help",
        "The scene in its own coordinates; colour is how strongly the query, framed in orange, looks at each patch "
        "of pixels (or is seen by it), transparent where that is near zero. Bands are positions too: the bars below "
        "show how the same weight spreads over them.",
    )


def choose_layers(view: View) -> int:
    """What lies over the picture, and how opaque it is.

    Returns:
        The band whose attention is shown; -1 for all together.
    """
    names = [str(name) for name in view.analysis.grid.axes[2].coords]
    state.settle("raster_over", tuple(OVERS), "attention")
    st.segmented_control(
        "Over the picture", list(OVERS), key="raster_over", format_func=lambda name: OVERS[name], required=True,
        persist_state="session", help="Attention of what is chosen on the left, or the rollout over the whole model.",
    )  # fmt: skip
    state.settle("raster_shown_band", range(-1, len(names)), -1)
    st.selectbox(
        "Of which band", range(-1, len(names)), key="raster_shown_band",
        format_func=lambda at: "all bands, weights added" if at < 0 else f"band {names[at]} only",
    )  # fmt: skip
    st.slider("Opacity", 0.1, 1.0, 0.85, 0.05, key="raster_opacity", persist_state="session")
    state.settle("raster_lines", tuple(LINES), "none")
    st.selectbox(
        "Graticule", list(LINES), key="raster_lines", format_func=lambda name: LINES[name], persist_state="session"
    )
    return int(state.get("raster_shown_band"))


def over(view: View, band: int) -> tuple[xr.DataArray | None, float, str]:
    """What lies over the picture, one weight a patch, its uniform level, and what it is in words."""
    analysis, shown = view.analysis, state.get("raster_over")
    kept, valid = ((0, 1) if band < 0 else (0, 1, 2)), analysis.record.valid
    field, uniform, what = view.pictured, view.uniform, view.title
    if shown == "rollout" and view.shown != "model":
        field, uniform, what = view.rollout, analysis.rollout_uniform(), "Rollout over the whole model"
    level = summed_level(uniform, analysis.grid.shape, kept, valid)
    if shown == "nothing":
        return None, level, ""
    tokens = token_field(field, analysis.grid)
    bands = "all bands added" if band < 0 else f"band {tokens.coords['band'].values[band]}"
    colour = f"Over it: {what}, {bands}; the bar is in weights."
    return (tokens.sum("band") if band < 0 else tokens.isel(band=band)), level, colour


def lines(view: View) -> Graticule | None:
    """The graticule, when one is asked for."""
    wanted, sample = state.get("raster_lines"), view.analysis.sample
    if wanted == "none":
        return None
    geometry = geometry_of(sample, RasterGeometry)
    try:
        return cache.remember(
            view.analysis, ("lines", wanted), lambda: graticule(sample.modes, geometry, wanted == "degrees")
        )
    except HotError as error:
        messages.say(error)
        return None


def draw_prediction(view: View) -> None:
    """The class map with its areas, and the attention by band."""
    analysis = view.analysis
    left, right = st.columns([5, 3], gap="medium")
    if isinstance(analysis.prediction, Segmentation):
        with left:
            classes = scene.choose(view, analysis.prediction)
            figure = classes_figure(classes, analysis.sample.modes, grid=analysis.grid, query=view.query, key=view.key)
            figure_of(figure, "raster_prediction", "Class map in the same coordinates.")
            scene.offer(view)
    with right:
        heading("Which bands the query looks at" if view.direction == "row" else "Which bands look at the query")
        tokens = token_field(view.pictured, analysis.grid)
        own = str(tokens.coords["band"].values[view.query[2]])
        partner = None if view.key is None else str(tokens.coords["band"].values[view.key[2]])
        bars = mode_bars(tokens, "band", own, key=partner, uniform=view.uniform, valid=analysis.record.valid)
        figure_of(bars, "raster_summary", "Attention by band, summed over the tile.")
        explain(
            "raster_summary_help",
            "The query's weights added up over the whole tile, for each band; the orange bar is the query's own band. "
            "The dotted line is the level at which all bands would be looked at alike.",
        )


def show() -> None:
    """The page."""
    view = page.begin("raster")
    if view is None:
        return
    picture.settle(view.analysis.sample)
    window.draw(view)
    left, right = st.columns([6, 5], gap="medium")
    with left:
        draw_data(view)
    with right:
        kronecker_map.draw(view)
    matrices.draw(view)
    glance.draw(view)
    draw_prediction(view)
    trust = section.draw(view)
    page.end(view)
    grid = view.analysis.grid
    names = [str(name) for name in grid.axes[2].coords]

    def pick_patch(click: Click, base: Token) -> Token:
        inspector.remember(view, click)
        return pick_tile(click, grid, base)

    def pick_band(click: Click, base: Token) -> Token:
        return (*base[:2], names.index(str(click.y))) if str(click.y) in names else base

    def pick_window(click: Click, base: Token) -> Token:
        return window.pick(view, click, base)

    pickers: dict[str, linked.Picker] = {
        "raster_data": pick_patch,
        "raster_prediction": pick_patch,
        "raster_summary": pick_band,
    }
    if view.analysis.sample.overview is not None:
        pickers[window.figure_key(view)] = pick_window
    linked.link(view, pickers | trust)


show()
