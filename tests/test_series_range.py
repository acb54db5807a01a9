"""Ranges, thinned lines, bars and ribbon: what the picture of a series shows stands where it is."""

from __future__ import annotations

import html
import re

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from hot_core.figures import thumbnails
from hot_core.figures.fields import token_field
from hot_core.figures.names import short, short_names
from hot_core.figures.picking import Click, pick_series
from hot_core.figures.series import RIBBON, Shown, series_figure, strip_rows
from hot_core.figures.series_bars import MOST_BARS, bar_rows, pick_bar, series_bars, spread
from hot_core.figures.series_lines import value_range
from hot_core.figures.series_range import Range, ends, ranges, thin
from hot_core.figures.style import KEY, QUERY
from hot_core.io import read
from hot_core.modes import Mode, TokenGrid
from tests.makers_figures import forecast, hours, series_grid


def table(freq: str, steps: int):
    stamps = pd.date_range("2013-01-31", periods=steps, freq=freq)
    return read(pd.DataFrame({"time": stamps, "a": np.arange(steps) * 1.5}).to_csv(index=False).encode(), "t.csv")


@pytest.mark.parametrize(
    ("freq", "steps", "expected"),
    [
        ("h", 997, ["1 d", "window", "1 w", "all"]),
        ("h", 97, ["1 d", "window"]),
        ("15min", 997, ["6 h", "window", "1 w", "all"]),
        ("D", 499, ["90 d", "window", "1 y", "all"]),
        ("D", 199, ["90 d", "window", "all"]),
        ("ME", 199, ["5 y", "window", "10 y", "all"]),
        ("7D", 199, ["window", "all"]),
    ],
)
def test_ranges_suit_the_step(freq: str, steps: int, expected: list[str]) -> None:
    sample = table(freq, steps)
    stop = steps - 1
    offered = ranges(sample, (max(stop - 96, 0), stop), 24)
    names = [one.name for one in offered]
    assert names == expected
    for one in offered:
        assert one.stop == stop + 24
        if one.name not in ("window", "all"):
            number, unit = one.name.split()
            length = sample.data["time"].values[stop] - sample.data["time"].values[one.start]
            days = int(number) * {"h": 1 / 24, "d": 1, "w": 7, "y": 365.25}[unit]
            assert length / np.timedelta64(1, "D") == pytest.approx(days, abs=2)


def test_counted_steps_have_ranges_too_and_a_middle_window_shows_what_comes_after() -> None:
    sample = read(("a\n" + "\n".join(map(str, range(1009)))).encode(), "c.csv")
    offered = ranges(sample, (400, 496), 24)
    assert [(one.name, one.start, one.stop) for one in offered] == [
        ("24 steps", 472, 520), ("window", 400, 520), ("100 steps", 396, 520), ("all", 0, 1009),
    ]  # fmt: skip
    assert ends(offered[-1], sample.data, np.arange(496, 520)) == (0, 1008)
    late = Range("window", 913, 1033)
    assert ends(late, sample.data, np.arange(1009, 1033)) == (913, 1032)


OWN = Shown(2, 1)


def literal_thin(values: list[float], most: int) -> set[int]:
    """Of every stretch the first lowest, the first highest and the first missing value; and both ends."""
    size = -(-2 * len(values) // most)
    kept = {0, len(values) - 1}
    for begin in range(0, len(values), size):
        stretch = range(begin, min(begin + size, len(values)))
        known = [at for at in stretch if not np.isnan(values[at])]
        if known:
            kept.add(min(known, key=lambda at: (values[at], at)))
            kept.add(max(known, key=lambda at: (values[at], -at)))
        missing = [at for at in stretch if np.isnan(values[at])]
        if missing:
            kept.add(missing[0])
    return kept


@pytest.mark.parametrize(("steps", "most"), [(997, 101), (499, 47), (1009, 1008)])
def test_a_thinned_line_keeps_extremes_and_gaps_where_they_are(steps: int, most: int) -> None:
    values = np.random.default_rng(steps).normal(size=steps).round(1)
    values[[13, 14, 200, *range(300, 380)]] = np.nan
    found = thin(values, most)
    expected = literal_thin(list(values), most)
    assert set(found.tolist()) - expected <= {at for at in range(300, 380)}  # of an empty stretch any step will do
    assert expected <= set(found.tolist())
    assert (np.diff(found) > 0).all()
    assert len(found) <= 1.6 * most + 2
    assert 200 in found
    np.testing.assert_array_equal(thin(values, steps), np.arange(steps))


def long_file() -> tuple[xr.DataArray, TokenGrid]:
    """A file of 61 hours around the window of `makers_figures.forecast`, which sees hours 20 to 39."""
    coords = {"entity": ["EWR", "JFK", "LGA"], "variable": ["temp", "humid"], "time": hours(61, "2013-07-13T04")}
    data = xr.DataArray(np.arange(366.0).reshape(3, 2, 61), dims=("entity", "variable", "time"), coords=coords)
    modes = tuple(Mode(name, np.asarray(coords[name])) for name in ("entity", "variable", "time"))
    return data, TokenGrid.regular(modes, (1, 1, 4), ((0, 3), (0, 2), (20, 40)))


def figure_of(span: Range | None, shown: Shown = OWN):
    data, grid = long_file()
    weights = grid.spread(np.random.default_rng(1).dirichlet(np.ones(30)).reshape(grid.shape).astype(np.float32))
    query = (2, 1, 3)
    return series_figure(forecast(), weights, grid, query, shown, key=(0, 0, 1), data=data, span=span), weights, grid


def test_the_rest_of_the_file_is_drawn_around_the_window_at_its_own_time() -> None:
    figure, _, _ = figure_of(Range("all", 0, 61))
    rest = next(trace for trace in figure.data if trace.name == "rest of the file")
    drawn = {np.datetime64(x): y for x, y in zip(rest.x, rest.y, strict=True) if np.isfinite(y)}
    data, _ = long_file()
    expected = {t: data.values[2, 1, at] for at, t in enumerate(data["time"].values) if at <= 20 or at >= 44}
    assert drawn == expected
    assert np.isnan(rest.y[21])  # no line across window and forecast
    assert list(figure.layout.xaxis.range) == ["2013-07-13T04:00:00", "2013-07-15T16:00:00"]
    only, _, _ = figure_of(Range("window", 20, 45))
    assert "rest of the file" not in {trace.name for trace in only.data}
    assert list(only.layout.xaxis.range) == ["2013-07-14T00:00:00", "2013-07-15T00:00:00"]


def test_the_values_axis_fits_what_the_range_shows() -> None:
    x = np.arange(7)
    traces = [{"x": x, "y": np.array([50, 1, 2, np.nan, 3, 2, -50.0])}, {"x": x, "y": np.full(7, np.nan)}]
    assert value_range(traces, 1, 5) == pytest.approx([1 - 0.12, 3 + 0.12])
    assert value_range(traces, 3, 3) is None
    assert value_range(traces, 1, 1) == pytest.approx([0.94, 1.06])
    assert value_range([{"x": x, "y": np.zeros(7)}], 0, 6) == [-1, 1]


def test_a_zoom_shows_its_times_with_the_values_between_them() -> None:
    data, grid = long_file()
    field = grid.spread(np.full(grid.shape, 1 / 30, np.float32))
    zoom = ("2013-07-14T20:30:00", "2013-07-14T23:10:00")
    made = forecast()
    figure = series_figure(made, field, grid, (0, 0, 0), OWN, data=data, span=Range("all", 0, 61), zoom=zoom)
    assert tuple(figure.layout.xaxis.range) == zoom
    inside = [line.values[2, 1, 1:4] for line in (made.mean, made.naive, made.truth)]  # the forecast begins at 20:00
    low, high = figure.layout.yaxis.range
    assert (low, high) == pytest.approx(
        (np.min(inside) - 0.06 * np.ptp(inside), np.max(inside) + 0.06 * np.ptp(inside))
    )
    assert figure.layout.dragmode == "zoom"
    assert not figure.layout.xaxis.fixedrange
    assert all(figure.layout[f"yaxis{n}"].fixedrange for n in ("", "2", "3"))


def test_the_ribbon_shows_the_series_of_the_lines_on_the_scale_of_all() -> None:
    figure, weights, grid = figure_of(None)
    ribbon = next(trace for trace in figure.data if trace.type == "heatmap" and list(trace.y) == [RIBBON])
    np.testing.assert_array_equal(ribbon.z[0], token_field(weights, grid).values[2, 1])
    assert ribbon.coloraxis == figure.data[-1].coloraxis == "coloraxis"
    frames = [s for s in figure.layout.shapes if s.yref == "y3" and s.line.color in (QUERY, KEY)]
    assert [(s.line.color, s.x0, s.y0, s.y1) for s in frames] == [(QUERY, "2013-07-14T12:00:00", -0.5, 0.5)]
    other = figure_of(None, Shown(0, 0))[0]
    frames = [s for s in other.layout.shapes if s.yref == "y3" and s.line.color in (QUERY, KEY)]
    assert [(s.line.color, s.x0) for s in frames] == [(KEY, "2013-07-14T04:00:00")]


def test_ribbon_and_strips_fill_their_panels() -> None:
    """Left to plotly, the width of the frames' lines leaves a rim where nothing is under the mouse."""
    figure = figure_of(None)[0]
    rows = len(figure.data[-1].y)
    assert rows > 1
    assert figure.layout.yaxis2.range == (rows - 0.5, -0.5)  # the first at the top
    assert figure.layout.yaxis3.range == (-0.5, 0.5)


def test_a_click_in_the_ribbon_is_the_series_of_the_lines() -> None:
    grid = series_grid()
    strips = strip_rows(token_field(grid.spread(np.ones(grid.shape)), grid), grid, (0, 0, 0), Shown(2, 1))
    assert pick_series(Click("2013-07-14 14:00", RIBBON, cell=(0, 3)), grid, strips, Shown(2, 1)) == (2, 1, 3)


def test_a_file_without_units_says_so_and_no_unit_is_invented() -> None:
    made = forecast()
    made.mean.coords["unit"].values[1] = ""
    grid = series_grid()
    field = grid.spread(np.ones(grid.shape, np.float32))
    figure = series_figure(made, field, grid, (0, 0, 0), Shown(1, 1))
    assert figure.layout.yaxis.title.text == "JFK · humid · no unit given"


# --- bars ----------------------------------------------------------------------------------------


def test_bars_are_sums_over_everything_else_with_the_query_in_orange() -> None:
    grid = series_grid()
    weights = np.random.default_rng(0).dirichlet(np.ones(30)).reshape(grid.shape)
    tokens = token_field(grid.spread(weights), grid)
    figure = series_bars(tokens, (2, 1, 0), key=(0, 1, 2), uniform=1 / 30)
    for mode, bars in enumerate(figure.data):
        others = tuple(at for at in range(3) if at != mode)
        np.testing.assert_allclose(bars.x, weights.sum(others), rtol=1e-6)
        assert [at for at, c in enumerate(bars.marker.color) if c == QUERY] == [(2, 1)[mode]]
    lines = [s.x0 for s in figure.layout.shapes if s.type == "line"]
    assert lines == pytest.approx([1 / 3, 1 / 2])
    lanes = {(s.yref, s.y0) for s in figure.layout.shapes if s.line.color == KEY}
    assert lanes == {("y", -0.45), ("y2", 0.55)}
    assert figure.layout.annotations[0].text == "by entity<br>┊ uniform 0.333"


def test_long_names_stay_beside_their_panel() -> None:
    """At 320 pixels of panels, narrower than any screen of a desk leaves them."""
    grid = series_grid()
    tokens = token_field(grid.spread(np.full(grid.shape, 1 / 30)), grid)
    tokens = tokens.assign_coords(variable=["relative_humidity_pct", "soil_temperature_5cm"])
    layout = series_bars(tokens, (0, 0, 0), uniform=1 / 30).layout
    gap = layout.xaxis2.domain[0] - layout.xaxis.domain[1]
    assert max(map(len, layout.yaxis2.ticktext)) * 6.6 <= 320 * gap


@pytest.mark.parametrize("several", ["entity", "variable"])
def test_a_panel_of_one_bar_is_left_out(several: str) -> None:
    grid = series_grid()
    weights = np.random.default_rng(0).dirichlet(np.ones(30)).reshape(grid.shape)
    tokens = token_field(grid.spread(weights), grid)
    one = "variable" if several == "entity" else "entity"
    axis = "x" if several == "entity" else "x2"
    part = tokens.isel({one: [0]})
    figure = series_bars(part, (0, 0, 0), uniform=1 / part.size)
    (bars,) = figure.data
    assert list(bars.y) == [str(name) for name in tokens[several].values]
    assert bars.xaxis == axis
    assert figure.layout[f"{axis[0]}axis{axis[1:]}"].domain == (0, 1)
    assert [note.text for note in figure.layout.annotations if note.text.startswith("by ")] == [
        f"by {several}<br>┊ uniform {'0.333' if several == 'entity' else '0.5'}"
    ]
    assert spread(tokens.isel(entity=[0], variable=[0])) == []


def test_many_names_show_the_weightiest_and_the_chosen() -> None:
    totals = np.arange(37.0)
    assert bar_rows(totals, [0, 1]) == [0, 1, *range(27, 37)]
    assert bar_rows(totals[:MOST_BARS], [0]) == list(range(MOST_BARS))
    names = [f"s{at}" for at in range(37)]
    modes = (Mode("entity", np.array(names)), Mode("variable", np.array(["a", "b"])), Mode("time", np.arange(8)))
    grid = TokenGrid.regular(modes, (1, 1, 4), ((0, 37), (0, 2), (0, 8)))
    weights = np.random.default_rng(2).dirichlet(np.ones(37 * 4)).reshape(grid.shape)
    figure = series_bars(token_field(grid.spread(weights), grid), (5, 0, 0), uniform=1 / 148)
    assert len(figure.data[0].y) == MOST_BARS
    assert "s5" in figure.data[0].y
    assert "the 12 weightiest of 37" in figure.layout.annotations[0].text
    by_name = dict(zip(figure.data[0].y, figure.data[0].x, strict=True))
    assert by_name["s5"] == pytest.approx(weights[5].sum(), rel=1e-5)


def test_a_click_on_a_bar_moves_one_mode() -> None:
    grid = series_grid()
    assert pick_bar(Click(0.1, "JFK"), grid, (2, 0, 3)) == (1, 0, 3)
    assert pick_bar(Click(0.1, "humid", axis="x2"), grid, (2, 0, 3)) == (2, 1, 3)
    assert pick_bar(Click(0.1, "elsewhere", axis="x2"), grid, (2, 0, 3)) == (2, 0, 3)


# --- names ---------------------------------------------------------------------------------------


def test_long_names_leave_room_and_are_told_apart_in_full_under_the_mouse() -> None:
    names = [f"Station <b>Nord & Ost</b> number {at} of the measuring network" for at in range(3)]
    other = ["R&D <i>", "humid"]
    modes = (Mode("entity", np.array(names)), Mode("variable", np.array(other)), series_grid().modes[2])
    grid = TokenGrid.regular(modes, (1, 1, 4), ((0, 3), (0, 2), (0, len(modes[2]))))
    made = forecast()
    field = grid.spread(np.ones(grid.shape, np.float32))
    figure = series_figure(made, field, grid, (0, 0, 0), Shown(1, 0))
    strips, axis = figure.data[-1], figure.layout.yaxis2
    assert figure.layout.margin.l <= 190
    assert list(strips.y) == list(axis.tickvals)
    assert [row[0] for row in strips.text] == list(strips.y)
    assert np.shape(strips.text) == np.shape(strips.z)
    whole = [html.unescape(name) for name in strips.y]
    assert whole == [f"{e} · {v}" for e in names for v in other]
    shown = [html.unescape(text) for text in axis.ticktext]
    assert len(set(shown)) == 6
    assert html.unescape(figure.layout.yaxis.title.text) == f"{shown[2]} [°F]"
    assert max(map(len, shown)) <= 2 * 16 + 3
    assert shown[0].startswith("Statio…")
    assert shown[0].endswith(" · R&D <i>")
    bars = series_bars(token_field(field, grid), (0, 0, 0), uniform=0.1)
    assert bars.layout.margin.l <= 150
    assert list(bars.data[0].hovertext) == list(bars.data[0].y) == list(bars.layout.yaxis.tickvals)
    assert [html.unescape(name) for name in bars.data[0].y] == names
    assert pick_bar(Click(0.1, bars.data[0].y[2]), grid, (0, 1, 0)) == (2, 1, 0)
    assert pick_bar(Click(0.1, bars.data[1].y[0], axis="x2"), grid, (0, 1, 0)) == (0, 0, 0)
    texts = [*strips.y, *axis.ticktext, *bars.data[0].y, *bars.layout.yaxis.ticktext, figure.layout.yaxis.title.text]
    assert not [text for text in texts if "<" in text or re.search("&(?!amp;|lt;)", text)]


def test_a_name_is_cut_in_its_middle() -> None:
    assert short("wind_speed", 10) == "wind_speed"
    assert short("wind_speeds", 10) == "wind_…eeds"
    assert short_names(["abcdefgh", "abcxefgh", "abc"], 5) == ["ab…gh (1)", "ab…gh (2)", "abc"]


def test_the_small_picture_has_a_unit_values_and_dates() -> None:
    grid, made = series_grid(), forecast()
    field = grid.spread(np.full(grid.shape, 1 / 30))
    figure = thumbnails.draw(table("h", 20), made, grid, (0, 0, 0), field)
    assert [note.text for note in figure.layout.annotations] == [f"EWR · temp [{made.mean['unit'].values[0]}]"]
    assert figure.layout.yaxis.showticklabels
    assert not figure.layout.yaxis2.showticklabels
    assert figure.layout.xaxis.showticklabels is not False
    assert (figure.layout.margin.b, figure.layout.margin.l) == (36, 30)
