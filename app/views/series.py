"""Time series: the forecast on dated lines, and every series' time steps coloured by what the query looks at."""

import streamlit as st

from app import cache, state
from app.messages import plain
from app.parts import glance, kronecker_map, linked, matrices, page, zoom
from app.parts.evidence import section
from app.parts.show import explain, heading, picture
from app.parts.view import View
from hot_core.backtest import Scores, scores
from hot_core.figures.fields import token_field
from hot_core.figures.picking import Click, Token, pick_series
from hot_core.figures.score_words import MEANING, all_words, score_table, scored_words, season_words, skill_words
from hot_core.figures.series import Shown, series_figure, strip_rows
from hot_core.figures.series_bars import pick_bar, series_bars, spread
from hot_core.figures.words import band_words, coverage_words
from hot_core.transforms import Forecast


def choose_shown(view: View) -> Shown:
    """Which series the lines show; it follows the query until another one is chosen."""
    entity, variable, _ = view.analysis.grid.axes
    names = [tuple(str(name) for name in axis.mode.coords) for axis in (entity, variable)]
    sha256 = view.analysis.sample.source.sha256
    keys = [state.own_key(f"series_{word}", sha256, *names) for word in ("entity", "variable")]
    if state.get("series_followed") != (keys, view.query[:2]):
        state.put("series_followed", (keys, view.query[:2]))
        for key, index in zip(keys, view.query[:2], strict=True):
            state.put(key, index)
    heading("Forecast and attention")
    left, right = st.columns(2)
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


def draw_data(view: View, forecast: Forecast, found: Scores | None) -> Shown:
    """Lines with ribbon and strips below them, and what entities and variables get."""
    shown = choose_shown(view)
    span = zoom.choose_range(view, forecast)
    figure = series_figure(
        forecast, view.pictured, view.analysis.grid, view.query, shown, uniform=view.uniform, key=view.key,
        data=view.analysis.sample.data, span=span, zoom=zoom.of(view, span),
    )  # fmt: skip
    alt = f"Forecast of one series and attention over all of them. {view.reading}"
    picture(figure, "series_data", alt)
    zoom.listen("series_data", view, span)
    whose = "This forecast:" if found is None or found.backtest is None else "An earlier forecast (backtest):"
    st.markdown(f":gray[{whose}] {skill_words(found, forecast, shown.entity, shown.variable)}")
    tokens = token_field(view.pictured, view.analysis.grid)
    if spread(tokens):
        bars = series_bars(
            tokens, view.query, key=view.key, uniform=view.uniform, valid=view.analysis.record.valid
        )  # fmt: skip
        picture(bars, "series_summary", "Attention by entity and by variable, each summed over all else.")
    else:
        st.caption("With one entity and one variable all weight falls on this series; it spreads over time alone.")
    explain(
        "series_data_help",
        "Above, the last days of one series with the model's forecast and the seasonal-naive line, which repeats the "
        "last season; what is missing stays a gap. The ribbon under the lines says how strongly the query, framed in "
        "orange, looks at each time step of this series (or is seen by them), the strips below say it of every "
        "series, all on one colour scale. The bars add the weights up by entity and by variable. "
        f"{band_words(forecast)}",
    )
    return shown


def draw_score(view: View, forecast: Forecast, shown: Shown, found: Scores | None) -> None:
    """The forecast beside seasonal naive: in words, and as a table of the entity's variables."""
    heading("How good is this forecast?", "seasonal naive is the yardstick")
    with st.container(key="series_skill"):
        st.markdown("\n\n".join(words for words in (scored_words(found), all_words(found)) if words))
    coverage = coverage_words(forecast, shown.entity, shown.variable)
    if coverage:
        st.markdown(coverage)
    if found is not None:
        table = score_table(found, forecast, shown.entity)
        with st.container(key="series_errors"):
            st.table(table, hide_index=True, border="horizontal")  # wraps where the column is narrow
    season = season_words(view.analysis.sample, found, int(view.analysis.grid.axes[2].stops[-1]))
    explain("series_errors_help", f"{MEANING}\n\n{plain(season)}")


def show() -> None:
    """The page."""
    view = page.begin("series")
    if view is None or not isinstance(view.analysis.prediction, Forecast):
        return
    analysis, forecast = view.analysis, view.analysis.prediction
    found = cache.remember(analysis, "scores", lambda: scores(analysis, cache.model(analysis.model_name)))
    left, right = st.columns([6, 5], gap="medium")
    with left:
        shown = draw_data(view, forecast, found)
    with right:
        kronecker_map.draw(view)
        draw_score(view, forecast, shown, found)
    matrices.draw(view)
    glance.draw(view)
    trust = section.draw(view)
    page.end(view)
    grid = analysis.grid
    strips = strip_rows(token_field(view.pictured, grid), grid, view.query, shown, view.key)

    def pick_line(click: Click, _: Token) -> Token:
        return pick_series(click, grid, strips, shown)

    def pick_name(click: Click, base: Token) -> Token:
        return pick_bar(click, grid, base)

    linked.link(view, {"series_data": pick_line, "series_summary": pick_name} | trust)


show()
