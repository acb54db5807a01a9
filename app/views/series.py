"""Time series: the forecast on dated lines, and every series' time steps coloured by what the query looks at."""

import streamlit as st

from app import cache, state
from app.messages import plain
from app.parts import glance, kronecker_map, linked, matrices, page
from app.parts.show import explain, heading, picture
from app.parts.view import View
from hot_core.backtest import scores
from hot_core.figures.fields import pair_figure, token_field
from hot_core.figures.picking import Click, Token, pick_series
from hot_core.figures.score_words import (
    MEANING,
    all_words,
    score_table,
    scored_words,
    season_words,
    skill_words,
)
from hot_core.figures.series import Shown, series_figure, strip_rows
from hot_core.figures.words import band_words, coverage_words
from hot_core.transforms import Forecast


def choose_shown(view: View) -> Shown:
    """Which series the lines show; it follows the query until another one is chosen."""
    entity, variable, _ = view.analysis.grid.axes
    names = [[str(name) for name in axis.mode.coords] for axis in (entity, variable)]
    sha256 = view.analysis.sample.source.sha256
    keys = [state.own_key(f"series_{word}", sha256) for word in ("entity", "variable")]
    if state.get("series_followed") != (sha256, view.query[:2]):
        state.put("series_followed", (sha256, view.query[:2]))
        for key, index in zip(keys, view.query[:2], strict=True):
            state.put(key, index)
    words, left, right = st.columns([2, 1, 1], vertical_alignment="center")
    with words:
        heading("Forecast and attention", "orange: the query · blue: the key · click, or Shift-click")
    at = [
        box.selectbox(
            word,
            range(len(options)),
            format_func=options.__getitem__,
            key=key,
            label_visibility="collapsed",
        )
        for box, word, key, options in zip((left, right), ("entity", "variable"), keys, names, strict=True)
    ]
    return Shown(int(at[0]), int(at[1]))


def draw_data(view: View, forecast: Forecast) -> Shown:
    """Lines with the strips below them."""
    shown = choose_shown(view)
    figure = series_figure(
        forecast, view.pictured, view.analysis.grid, view.query, shown, uniform=view.uniform, key=view.key
    )
    picture(figure, "series_data", f"Forecast of one series and attention over all of them. {view.reading}")
    explain(
        "series_data_help",
        "Above, the last days of one series with the model's forecast and the seasonal-naive line, which repeats the "
        "last season. Below, one strip for every series: how strongly the query, framed in orange, looks at each of "
        f"its time steps (or is seen by them). {band_words(forecast)}",
    )
    return shown


def draw_numbers(view: View, forecast: Forecast, shown: Shown) -> None:
    """Forecast errors, and the attention by entity and variable."""
    left, right = st.columns(2, gap="large")
    with left:
        heading("Which series the query looks at" if view.direction == "row" else "Which series look at the query")
        tokens = token_field(view.pictured, view.analysis.grid)
        figure = pair_figure(
            tokens,
            "entity",
            "variable",
            (view.query[0], view.query[1]),
            key=None if view.key is None else (view.key[0], view.key[1]),
            uniform=view.uniform,
            valid=view.analysis.record.valid,
        )
        picture(figure, "series_summary", "Attention by entity and variable, summed over time.")
        explain(
            "series_summary_help",
            "The weights of the strips above, added up over time for every entity and variable. "
            "If everything were looked at alike, every cell would have the colour at the mark ▲.",
        )
    with right:
        draw_score(view, forecast, shown)


def draw_score(view: View, forecast: Forecast, shown: Shown) -> None:
    """The forecast beside seasonal naive: in words, and as a table of the entity's variables."""
    analysis = view.analysis
    found = cache.remember(analysis, "scores", lambda: scores(analysis, cache.model(analysis.model_name)))
    heading("How good is this forecast?", "seasonal naive is the yardstick")
    stop = int(analysis.grid.axes[2].stops[-1])
    with st.container(key="series_skill"):
        said = (
            skill_words(found, forecast, shown.entity, shown.variable),
            all_words(found),
            scored_words(found),
        )
        st.markdown("\n\n".join(words for words in said if words))
    coverage = coverage_words(forecast, shown.entity, shown.variable)
    if coverage:
        st.markdown(coverage)
    if found is not None:
        st.dataframe(score_table(found, forecast, shown.entity), hide_index=True, key="series_errors", width="stretch")
    explain("series_errors_help", f"{MEANING}\n\n{plain(season_words(analysis.sample, found, stop))}")


def show() -> None:
    """The page."""
    view = page.begin("series")
    if view is None or not isinstance(view.analysis.prediction, Forecast):
        return
    forecast = view.analysis.prediction
    left, right = st.columns([6, 5], gap="medium")
    with left:
        shown = draw_data(view, forecast)
    with right:
        kronecker_map.draw(view)
    matrices.draw(view)
    glance.draw(view)
    draw_numbers(view, forecast, shown)
    page.end(view)
    grid = view.analysis.grid
    strips = strip_rows(token_field(view.pictured, grid), grid, view.query, shown, view.key)

    def pick_line(click: Click, _: Token) -> Token:
        return pick_series(click, grid, strips, shown)

    def pick_pair(click: Click, base: Token) -> Token:
        return base if click.cell is None else (*click.cell, base[2])

    linked.link(view, {"series_data": pick_line, "series_summary": pick_pair})


show()
