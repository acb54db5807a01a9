"""Raster: the tile in map coordinates with what the query looks at, and the class map."""

import streamlit as st

from app import cache, state
from app.parts import glance, kronecker_map, linked, matrices, page, scene
from app.parts.show import explain, heading, picture
from app.parts.view import View
from hot_core.figures.fields import mode_bars, summed_level, token_field
from hot_core.figures.picking import Click, Token, pick_tile
from hot_core.figures.raster import Composite, classes_figure, composite, tile_figure
from hot_core.transforms import Segmentation


def draw_data(view: View) -> Composite:
    """The composite with the attention over it, summed over bands or for one band."""
    analysis = view.analysis
    tokens = token_field(view.pictured, analysis.grid)
    names = [str(name) for name in tokens.coords["band"].values]
    heading("Tile", "orange: the query · blue: the key · click, or Shift-click")
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        state.settle("raster_shown_band", range(-1, len(names)), -1)
        st.selectbox(
            "Attention to", range(-1, len(names)), key="raster_shown_band", label_visibility="collapsed", width=260,
            format_func=lambda at: "all bands, weights added" if at < 0 else f"band {names[at]} only",
        )  # fmt: skip
        st.toggle("Attention", value=True, key="raster_overlay", persist_state="session")
    band = int(state.get("raster_shown_band"))
    over = tokens.sum("band") if band < 0 else tokens.isel(band=band)
    sample = analysis.sample
    image = cache.remember(analysis, "composite", lambda: composite(sample.data, sample.roles))
    overlay = over if state.get("raster_overlay") else None
    kept, valid = ((0, 1) if band < 0 else (0, 1, 2)), analysis.record.valid
    figure = tile_figure(
        image, analysis.sample.modes, analysis.grid, tokens=overlay, query=view.query, key=view.key,
        uniform=summed_level(view.uniform, analysis.grid.shape, kept, valid),
    )  # fmt: skip
    picture(figure, "raster_data", f"Tile in map coordinates with attention. {view.reading}")
    st.caption(image.words)
    explain(
        "raster_data_help",
        "The scene in its own map coordinates; colour is how strongly the query, framed in orange, looks at each patch "
        "of pixels (or is seen by it), transparent where that is near zero. Bands are positions too: the bars below "
        "show how the same weight spreads over them.",
    )
    return image


def draw_prediction(view: View) -> None:
    """The class map with its areas, and the attention by band."""
    analysis = view.analysis
    left, right = st.columns([5, 3], gap="medium")
    if isinstance(analysis.prediction, Segmentation):
        with left:
            classes = scene.choose(view, analysis.prediction)
            figure = classes_figure(classes, analysis.sample.modes, grid=analysis.grid, query=view.query, key=view.key)
            picture(figure, "raster_prediction", "Class map in map coordinates.")
            scene.offer(view)
    with right:
        heading("Which bands the query looks at" if view.direction == "row" else "Which bands look at the query")
        tokens = token_field(view.pictured, analysis.grid)
        own = str(tokens.coords["band"].values[view.query[2]])
        partner = None if view.key is None else str(tokens.coords["band"].values[view.key[2]])
        bars = mode_bars(tokens, "band", own, key=partner, uniform=view.uniform, valid=analysis.record.valid)
        picture(bars, "raster_summary", "Attention by band, summed over the tile.")
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
    left, right = st.columns([6, 5], gap="medium")
    with left:
        draw_data(view)
    with right:
        kronecker_map.draw(view)
    matrices.draw(view)
    glance.draw(view)
    draw_prediction(view)
    page.end(view)
    grid = view.analysis.grid
    names = [str(name) for name in grid.axes[2].coords]

    def pick_patch(click: Click, base: Token) -> Token:
        return pick_tile(click, grid, base)

    def pick_band(click: Click, base: Token) -> Token:
        return (*base[:2], names.index(str(click.y))) if str(click.y) in names else base

    linked.link(view, {"raster_data": pick_patch, "raster_prediction": pick_patch, "raster_summary": pick_band})


show()
