"""The query and its key are framed where they are: read → token → frame, for every kind of data and odd geometry.

Places are worked out here from the file's own coordinates and the size of a patch, not by the figures' axes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

from hot_core.analysis import Analysis
from hot_core.figures.composite import composite
from hot_core.figures.fields import mode_bars, token_field
from hot_core.figures.planes import PLANES, Look
from hot_core.figures.raster import classes_figure, tile_figure
from hot_core.figures.series import MOST_STRIPS, Shown, series_figure, strip_rows
from hot_core.figures.style import HALO, KEY, QUERY, frames
from hot_core.figures.volume import slices_figure
from hot_core.io import read
from hot_core.modes import Mode, TokenGrid
from hot_core.pipeline import analyse
from tests.makers_figures import forecast, series_grid, volume
from tests.makers_samples import ROLES, forecaster, geotiff, hours, land_cover, long_csv, nifti, segmenter, wide_csv
from tests.test_markers import AFFINES, ENTITIES, TRANSFORMS, VARIABLES, far_query, pointing

Token = tuple[int, ...]
DIRECTIONS = ("row", "column")


def framed(figure: go.Figure, colour: str, x: str = "x", y: str = "y") -> list[tuple[Any, ...]]:
    """The frames of a colour in one panel: x0, x1, y0, y1, dash."""
    shapes = [s for s in figure.layout.shapes if s.line.color == colour and s.layer == "above"]
    return [(s.x0, s.x1, s.y0, s.y1, s.line.dash) for s in shapes if (s.xref or "x") == x and (s.yref or "y") == y]


def interval(coords: np.ndarray, token: int, patch: int) -> tuple[float, float]:
    """From the beginning of a patch's first position to the end of its last one, lower end first."""
    step = (coords[-1] - coords[0]) / (len(coords) - 1)
    first, last = coords[token * patch], coords[min(token * patch + patch, len(coords)) - 1]
    low, high = sorted((first - step / 2, last + step / 2))
    return float(low), float(high)


def chosen(direction: str, mark: Token, other: Token) -> tuple[Token, Token]:
    """Query and key of a figure in which `other` looks at `mark`: the mark is looked at, or is the one chosen."""
    return (other, mark) if direction == "row" else (mark, other)


def peak_cell(trace: Any) -> tuple[float, float, float, float]:
    """The edges of the one cell of a heatmap with the largest weight: x low, x high, y low, y high."""
    weights = np.asarray(trace.z)
    ((row, column),) = np.argwhere(weights == weights.max())
    x, y = np.asarray(trace.x), np.asarray(trace.y)
    return (*sorted((float(x[column]), float(x[column + 1]))), *sorted((float(y[row]), float(y[row + 1]))))


def tidy(box: tuple[Any, ...]) -> tuple[float, ...]:
    return (*sorted((float(box[0]), float(box[1]))), *sorted((float(box[2]), float(box[3]))))


# --- volumes -------------------------------------------------------------------------------------


def marked_volume(name: str, mark: Token) -> tuple[Analysis, Token]:
    """A volume with one bright voxel, and where that is in the array that was read."""
    array = np.random.default_rng(0).integers(0, 50, (13, 17, 23)).astype(np.int16)
    array[mark] = 900
    sample = read(nifti(array, AFFINES[name]), "mark.nii")
    at = np.unravel_index(int(sample.data.values.argmax()), sample.data.shape)
    return analyse(sample, segmenter()), tuple(int(i) for i in at)


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("name", AFFINES)
def test_a_bright_voxel_is_framed_in_all_planes(name: str, direction: str) -> None:
    analysis, at = marked_volume(name, (11, 4, 18))
    grid, data = analysis.grid, analysis.sample.data
    token = tuple(i // 4 for i in at)
    other = far_query(analysis, token)
    query, key = chosen(direction, token, other)
    field = pointing(analysis, other, token).field(0, 0, query, direction)
    for place, colour, peak in ((token, QUERY if direction == "column" else KEY, direction == "row"),
                                (other, KEY if direction == "column" else QUERY, direction == "column")):  # fmt: skip
        look = Look(at if place == token else grid.centre_of(other))
        figure = slices_figure(data, analysis.sample.modes, grid, look, query=query, key=key, field=field)
        for index, plane in enumerate(PLANES):
            names = ("xyz"[plane.across], "xyz"[plane.up])
            expected = [interval(data[n].values, place["xyz".index(n)], 4) for n in names]
            ((*box, dash),) = framed(figure, colour, f"x{plane.panel}", f"y{plane.panel}")
            np.testing.assert_allclose(tidy(tuple(box)), np.ravel(expected), atol=1e-4)
            assert (dash is None) == (colour == QUERY)
            picture, weights = figure.data[2 * index], figure.data[2 * index + 1]
            if place == token:  # the picture itself is bright inside the frame
                row, column = np.unravel_index(int(np.asarray(picture.z).argmax()), np.asarray(picture.z).shape)
                x, y = (float(edges[i : i + 2].mean()) for edges, i in ((picture.x, column), (picture.y, row)))
                assert expected[0][0] < x < expected[0][1]
                assert expected[1][0] < y < expected[1][1]
            if peak:
                np.testing.assert_allclose(peak_cell(weights), np.ravel(expected), atol=1e-4)


@pytest.mark.parametrize("name", ["LAS", "oblique"])
@pytest.mark.parametrize("mode", range(3))
def test_a_key_is_framed_only_in_the_plane_that_cuts_it(mode: int, name: str) -> None:
    analysis, at = marked_volume(name, (5, 9, 2))
    query = tuple(i // 4 for i in at)
    away = far_query(analysis, query)
    key = (*away[:mode], query[mode], *away[mode + 1 :])
    sample = analysis.sample
    figure = slices_figure(sample.data, sample.modes, analysis.grid, Look(at), query=query, key=key)
    found = {plane.through for plane in PLANES if framed(figure, KEY, f"x{plane.panel}", f"y{plane.panel}")}
    assert found == {mode}
    assert len([s for s in figure.layout.shapes if s.line.color == QUERY]) == 3


def test_a_key_beside_a_query_that_is_beside_the_plane() -> None:
    data, modes, grid = volume()
    figure = slices_figure(data, modes, grid, Look((1, 1, 1)), query=(2, 2, 2), key=(0, 1, 2))
    assert [dash for *_, dash in framed(figure, QUERY, "x2", "y2")] == ["dot"]
    assert [box[:4] for box in framed(figure, KEY, "x2", "y2")] == [(-33, -25, 20, 28)]
    assert not framed(figure, KEY)
    assert not framed(figure, KEY, "x3", "y3")


def test_a_token_ends_where_the_next_one_begins() -> None:
    data, modes, grid = volume()
    for y, cut in ((3, False), (4, True), (7, True), (8, False)):
        figure = slices_figure(data, modes, grid, Look((0, y, 0)), query=(0, 0, 0), key=(2, 1, 2))
        assert bool(framed(figure, KEY)) is cut


# --- rasters -------------------------------------------------------------------------------------


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("name", TRANSFORMS)
def test_a_hot_pixel_is_framed_on_the_map(name: str, direction: str) -> None:
    transform, crs = TRANSFORMS[name]
    array = np.random.default_rng(0).integers(1, 50, (37, 29, 5)).astype(np.uint16)
    array[7, 21, 3] = 9000
    sample = read(geotiff(array, transform, crs, descriptions=ROLES[:5]), "mark.tif")
    at = np.unravel_index(int(sample.data.values.argmax()), sample.data.shape)
    analysis = analyse(sample, land_cover())
    token = (int(at[0]) // 4, int(at[1]) // 4, int(at[2]))
    other = far_query(analysis, token)
    query, key = chosen(direction, token, other)
    tokens = token_field(pointing(analysis, other, token).field(0, 0, query, direction), analysis.grid).sum("band")
    picture = composite(sample.data, sample.roles)
    figure = tile_figure(picture, sample.modes, analysis.grid, tokens=tokens, query=query, key=key)
    for place, colour in ((query, QUERY), (key, KEY)):
        expected = [interval(sample.data[n].values, place[i], 4) for n, i in (("column", 1), ("row", 0))]
        ((*box, dash),) = framed(figure, colour)
        np.testing.assert_allclose(tidy(tuple(box)), np.ravel(expected), rtol=1e-9)
        assert (dash is None) == (colour == QUERY)
    np.testing.assert_allclose(tidy(tuple(box)), peak_cell(figure.data[0]), rtol=1e-9)
    x, y = sample.data["column"].values[at[1]], sample.data["row"].values[at[0]]
    left, right, low, high = tidy(framed(figure, KEY if direction == "row" else QUERY)[0][:4])
    assert left < x < right
    assert low < y < high


def test_a_tile_is_packed_once_and_turned_as_its_map_asks() -> None:
    values = np.arange(7 * 11 * 3, dtype=np.uint8).reshape(7, 11, 3)
    names = ("south-up", "north-up")
    up, down = (read(geotiff(values, *TRANSFORMS[n], descriptions=("a", "b", "c")), "a.tif") for n in names)
    picture = composite(down.data, ())
    grid = TokenGrid.regular(down.modes, (4, 4, 1), [(0, len(mode)) for mode in down.modes])
    first, again, turned = (tile_figure(picture, s.modes, grid).layout.images[0].source for s in (down, down, up))
    assert first is again
    assert first != turned


def test_the_class_map_takes_clicks_and_frames_the_same_tokens() -> None:
    array = np.random.default_rng(0).integers(1, 50, (37, 29, 5)).astype(np.uint16)
    sample = read(geotiff(array, *TRANSFORMS["south-up"], descriptions=ROLES[:5]), "mark.tif")
    analysis = analyse(sample, land_cover())
    query, key = (7, 2, 0), (1, 5, 4)
    figure = classes_figure(analysis.prediction, sample.modes, grid=analysis.grid, query=query, key=key)
    for place, colour in ((query, QUERY), (key, KEY)):
        expected = [interval(sample.data[n].values, place[i], 4) for n, i in (("column", 1), ("row", 0))]
        ((*box, _),) = framed(figure, colour)
        np.testing.assert_allclose(tidy(tuple(box)), np.ravel(expected), rtol=1e-9)
    cells = figure.data[-1]
    assert (cells.type, np.asarray(cells.z).shape) == ("heatmap", (10, 8))
    assert {stop[1] for stop in figure.layout.coloraxis.colorscale} == {"rgba(0,0,0,0)"}
    assert not any(trace.type == "heatmap" for trace in classes_figure(analysis.prediction, sample.modes).data)


# --- series --------------------------------------------------------------------------------------


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("layout", ["wide", "long"])
def test_a_spike_is_framed_in_the_strip_of_its_series(layout: str, direction: str) -> None:
    values = np.random.default_rng(0).normal(size=(3, 5, 127)).round(3)
    values[2, 3, 41] = 500.0
    sample = read({"wide": wide_csv, "long": long_csv}[layout](values, ENTITIES, VARIABLES), "mark.csv")
    analysis = analyse(sample, forecaster())
    token, other = (2, 3, 8), (0, 1, 9)  # the analysed window begins at step 7: 7 + 8 · 4 = 39
    query, key = chosen(direction, token, other)
    field = pointing(analysis, other, token).field(0, 0, query, direction)
    prediction = analysis.prediction
    figure = series_figure(prediction, field, analysis.grid, query, Shown(2, 3), key=key)
    strips, stamps = figure.data[-1], hours(127)
    for place, colour in ((query, QUERY), (key, KEY)):
        steps = stamps[7 + 4 * place[2]], stamps[7 + 4 * place[2]] + np.timedelta64(4, "h")
        ((x0, x1, y0, y1, _),) = framed(figure, colour, y="y2")
        assert (np.datetime64(x0), np.datetime64(x1)) == tuple(np.datetime64(step) for step in steps)
        assert strips.y[int(y0 + 0.5)] == f"{ENTITIES[place[0]]} · {list(VARIABLES)[place[1]]}"
        assert y1 - y0 == 1
        (band,) = [s for s in figure.layout.shapes if s.fillcolor == colour]
        assert (band.x0, band.x1, band.yref, band.layer) == (x0, x1, "y domain", "below")
        assert band.opacity == (0.3 if place == token else 0.1)  # the lines show the spike's series
    assert np.argwhere(np.asarray(strips.z) == 1).tolist() == [[int(y0 + 0.5), key[2]]]
    history = next(trace for trace in figure.data if trace.name == "history")
    spike = np.datetime64(np.asarray(history.x)[int(np.argmax(history.y))])
    x0, x1, *_ = framed(figure, KEY if direction == "row" else QUERY, y="y2")[0]
    assert np.datetime64(x0) <= spike < np.datetime64(x1)


def test_the_strip_of_the_key_is_always_there() -> None:
    modes = (Mode("entity", np.array([f"s{i}" for i in range(31)])), Mode("variable", np.array(["a"])),
             Mode("time", np.arange(8)))  # fmt: skip
    grid = TokenGrid.regular(modes, (1, 1, 4), ((0, 31), (0, 1), (0, 8)))
    weights = np.zeros(grid.shape, np.float32)
    weights[:29] = 1
    rows = strip_rows(token_field(grid.spread(weights), grid), grid, (30, 0, 0), Shown(30, 0), (29, 0, 1))
    assert {(29, 0), (30, 0)} <= set(rows)
    assert len(rows) == MOST_STRIPS
    assert rows == sorted(rows)


def test_what_lies_before_a_short_series_is_not_framed() -> None:
    values = np.random.default_rng(0).normal(size=(3, 5, 67)).round(3)
    analysis = analyse(read(wide_csv(values, ENTITIES, VARIABLES), "short.csv"), forecaster())
    time = analysis.grid.axes[2]
    assert time.stops[0] == time.starts[0]  # the first token covers no data
    assert time.stops[-1] > time.starts[-1]
    field = analysis.field(0, 0, (0, 0, len(time) - 1))
    figure = series_figure(analysis.prediction, field, analysis.grid, (0, 0, len(time) - 1), Shown(0, 0), key=(1, 0, 0))
    assert len(framed(figure, QUERY, y="y2")) == 1
    assert framed(figure, KEY, y="y2") == []
    assert not [s for s in figure.layout.shapes if s.fillcolor == KEY]


# --- sums over modes, and both in one place ---------------------------------------------------------


def test_names_of_the_key_are_framed_in_sums_over_modes() -> None:
    grid = series_grid()
    tokens = token_field(grid.spread(np.random.default_rng(0).dirichlet(np.ones(30)).reshape(grid.shape)), grid)
    bars = mode_bars(tokens, "entity", "JFK", key="LGA")
    assert [(b[2], b[3]) for b in framed(bars, KEY, "paper")] == [(1.55, 2.45)]
    assert bars.data[0].marker.color[1] == QUERY
    assert not framed(mode_bars(tokens, "entity", "JFK", key="OSL"), KEY, "paper")


def test_query_and_key_in_one_place_are_both_seen() -> None:
    """The key's dashes lie on the query's line, and no halo between them hides it."""
    apart, together = frames((0, 1, 0, 1), (0, 1, 2, 3)), frames((0, 1, 0, 1), (0, 1, 0, 1))
    assert [shape["line"]["color"] for shape in apart] == [HALO, QUERY, HALO, KEY]
    assert [shape["line"]["color"] for shape in together] == [HALO, QUERY, KEY]
    on, off = (int(length.removesuffix("px")) for length in together[-1]["line"]["dash"].split(","))
    assert on == off
    assert frames(None, None) == []
    grid = series_grid()
    field = grid.spread(np.full(grid.shape, 1 / 30, np.float32))
    figure = series_figure(forecast(), field, grid, (1, 0, 2), Shown(1, 0), key=(1, 0, 2))
    (one,), (other,) = (framed(figure, colour, y="y2") for colour in (QUERY, KEY))
    assert one[:4] == other[:4] == ("2013-07-14T08:00:00", "2013-07-14T12:00:00", 1.5, 2.5)


def test_pictures_that_cannot_be_zoomed_cannot_be_dragged_either() -> None:
    data, modes, grid = volume()
    layout = slices_figure(data, modes, grid, Look((5, 5, 5))).layout
    assert all(layout[f"{axis}axis{panel}"].fixedrange for axis in "xy" for panel in ("", "2", "3"))
    assert all(layout[f"yaxis{panel}"].scaleanchor == f"x{panel}" for panel in ("", "2", "3"))
