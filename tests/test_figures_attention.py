"""Matrices, Kronecker maps, sums over modes, colour bars."""

import math

import numpy as np
import pytest
import torch
import xarray as xr

from hot_core.figures import kronecker
from hot_core.figures.fields import field_limit, mode_bars, pair_figure, token_field
from hot_core.figures.flat_axis import FlatAxis, flat_ticks
from hot_core.figures.matrix import matrix_figure, shared_limit
from hot_core.figures.picking import Click, pick_map, pick_matrix
from hot_core.figures.style import QUERY, class_colours, colour_axis
from hot_core.kronecker import KroneckerMap
from hot_core.modes import Mode, TokenGrid
from tests.makers_figures import series_grid, volume


def factor(heads: int = 1, size: int = 5) -> xr.DataArray:
    weights = np.random.default_rng(1).dirichlet(np.ones(size), (heads, size)).astype(np.float32)
    return xr.DataArray(weights, dims=("head", "query", "key"), coords={"head": np.arange(heads)})


def orange(figure) -> list:
    return [shape for shape in figure.layout.shapes if shape.line.color == QUERY]


def test_a_matrix_shows_the_weights_themselves_under_a_shared_limit() -> None:
    one = factor()
    figure = matrix_figure(one, series_grid().axes[2], 3, limit=0.9)
    np.testing.assert_array_equal(figure.data[0].z, one.values[0])
    assert figure.layout.coloraxis.cmin == 0
    assert figure.layout.coloraxis.cmax == 0.9
    assert any("uniform 0.2" in text for text in figure.layout.coloraxis.colorbar.ticktext)


def test_the_first_query_stands_at_the_top() -> None:
    y = matrix_figure(factor(), series_grid().axes[2], 0, limit=1.0).layout.yaxis
    assert y.range[0] > y.range[1]


def test_the_frame_follows_query_and_direction() -> None:
    axis = series_grid().axes[2]
    (row,) = orange(matrix_figure(factor(), axis, 3, limit=1.0))
    assert (row.y0, row.y1) == ("2013-07-14T12:00:00", "2013-07-14T16:00:00")
    assert (row.x0, row.x1) == ("2013-07-14T00:00:00", "2013-07-14T20:00:00")
    (column,) = orange(matrix_figure(factor(), axis, 3, limit=1.0, direction="column"))
    assert (column.x0, column.x1) == (row.y0, row.y1)


def test_all_heads_stand_side_by_side() -> None:
    figure = matrix_figure(factor(heads=3), series_grid().axes[2], 0, limit=1.0)
    assert len(figure.data) == 3
    assert [note.text for note in figure.layout.annotations] == ["head 0", "head 1", "head 2"]
    assert all(trace.coloraxis == "coloraxis" for trace in figure.data)


def test_limits_are_shared_and_never_make_noise_bright() -> None:
    even = factor().copy(data=np.full((1, 5, 5), 0.2, np.float32))
    assert shared_limit([even]) == pytest.approx(0.4)
    assert shared_limit([even, factor()]) == pytest.approx(float(factor().max()))
    assert field_limit(np.array([0.1, np.nan]), 0.1) == pytest.approx(0.2)


def test_the_uniform_level_is_marked_and_its_neighbours_make_room() -> None:
    bar = colour_axis(1.0, 0.45)["colorbar"]
    assert bar["tickvals"] == [0.0, 0.45, 1.0]
    assert bar["ticktext"][1] == "<b>▲ uniform 0.45</b>"


def test_the_query_owns_its_colour() -> None:
    classes = class_colours(("background", "water", "open", "woody", "developed", "a", "b"))
    assert classes["background"] is None
    drawn = [colour for colour in classes.values() if colour]
    assert len(set(drawn)) == len(drawn) - 1 or len(set(drawn)) == len(drawn)
    assert not {"#E69F00", QUERY} & set(drawn)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(3.2, 8.9, (3, 9)), (8.9, 3.2, (3, 9)), (-5, 200, (0, 30)), (29.5, 29.6, (26, 30)), (7.1, 7.2, (7, 11))],
)
def test_a_dragged_range_is_whole_and_inside(low: float, high: float, expected: tuple[int, int]) -> None:
    assert kronecker.clamp_range(float(low), float(high), 30) == expected


def test_around_a_position_stays_inside() -> None:
    assert kronecker.around(1, 30, 10) == (0, 10)
    assert kronecker.around(29, 30, 10) == (20, 30)
    assert kronecker.around(15, 30, 10) == (10, 20)
    assert kronecker.around(3, 5, 10) == (0, 5)


def test_what_was_pooled_says_so() -> None:
    assert kronecker.pooled_words((0, 30), (0, 30)) == "each pixel is one entry"
    assert kronecker.pooled_words((0, 512), (0, 1024)) == "each pixel is the exact mean of about 8 entries"


def test_ticks_are_coordinates_from_the_first_mode_to_all_of_them() -> None:
    grid = series_grid()  # 3 × 2 × 5 tokens
    far = flat_ticks((0, 30), grid, 4)
    assert far.words == ["EWR", "JFK", "LGA"]
    assert far.places == [0.5, 10.5, 20.5]
    near = flat_ticks((11, 15), grid, 9)
    assert near.words[0] == "07-14 04:00"
    assert near.title == "entity JFK · variable temp · time"


def test_the_map_shows_the_view_and_the_query_in_it() -> None:
    grid = series_grid()
    factors = tuple(torch.softmax(torch.randn(n, n, dtype=torch.float64), -1) for n in grid.shape)
    kmap, total = KroneckerMap(factors), math.prod(grid.shape)
    view = kmap.view((0, total), (0, total), total, total).numpy()
    figure = kronecker.kronecker_figure(view, (0, total), (0, total), grid, 13, uniform=1 / total)
    np.testing.assert_allclose(figure.data[0].z, view, rtol=1e-6)
    (line,) = orange(figure)
    assert line.y0 == line.y1 == 13
    away = kronecker.kronecker_figure(view[:5, :5], (0, 5), (0, 5), grid, 13, uniform=1 / total)
    assert not orange(away)


def test_a_click_in_the_map_is_the_first_position_of_its_pixel() -> None:
    grid = series_grid()
    rows, cols = FlatAxis((0, 30), 30, grid), FlatAxis((5, 29), 12, grid)
    assert pick_map(Click("x", "y", cell=(13, 2)), rows, cols, (0, 0, 0), "row") == (1, 0, 3)
    assert pick_map(Click("x", "y", cell=(13, 2)), rows, cols, (0, 0, 0), "column") == (0, 1, 4)


@pytest.mark.parametrize(("span", "pixels"), [((0, 30), 30), ((3, 26), 7), ((0, 30), 11)])
def test_pixels_of_the_axis_begin_where_the_view_cuts_them(span: tuple[int, int], pixels: int) -> None:
    grid = series_grid()
    kmap = KroneckerMap(tuple(torch.eye(n, dtype=torch.float64) for n in grid.shape))
    axis = FlatAxis(span, pixels, grid)
    for pixel in range(pixels):
        column = kmap.view((0, 30), (axis.first(pixel), axis.first(pixel) + 1), 30, 1)[:, 0]
        assert kmap.view((0, 30), span, 30, pixels)[axis.first(pixel), pixel] > 0
        assert int(column.argmax()) == axis.first(pixel)
    assert axis.flat(axis.place(17.25)) == pytest.approx(17.25)


def test_the_hover_text_of_the_map_is_coordinates_and_no_two_are_merged() -> None:
    names = FlatAxis((0, 30), 30, series_grid()).names
    assert names[13] == "JFK · temp · 2013-07-14 12:00–16:00"
    assert len(set(names)) == 30


def test_ticks_and_hover_of_a_volume_name_the_middle_of_a_token_with_its_unit() -> None:
    _, _, grid = volume()  # 3 × 4 × 5 tokens
    ticks = flat_ticks((21, 29), grid, 9)
    assert ticks.title == "x 1 mm · y (mm) · z (mm)"
    assert ticks.words[0] == "−37 · 16"
    assert FlatAxis((21, 29), 8, grid).names[0] == "(1, −37, 16) mm"


def test_ticks_of_a_map_in_degrees_are_told_apart() -> None:
    modes = (
        Mode("row", 52.5 - 0.00015 * np.arange(32), "degree"),
        Mode("column", 13.4 + 0.00015 * np.arange(32), "degree"),
        Mode("band", np.array(["nir"])),
    )
    grid = TokenGrid.regular(modes, (3, 3, 1), [(0, 24), (0, 24), (0, 1)])
    far, near = flat_ticks((0, 64), grid, 9), flat_ticks((8, 16), grid, 9)
    assert (far.title, near.title) == ("row (°) · column (°) · band", "row 52.4994° · column (°) · band")
    for ticks, axis in ((far, grid.axes[0]), (near, grid.axes[1])):
        assert len(set(ticks.words)) == len(ticks.words) == 8
        np.testing.assert_allclose([float(word) for word in ticks.words], axis.coords, atol=5.1e-5)
    assert FlatAxis((8, 16), 8, grid).names[1] == "13.4006° E, 52.4994° N · nir"


def test_the_hover_text_says_what_was_pooled() -> None:
    grid = series_grid()
    one = kronecker.kronecker_figure(np.ones((5, 5)), (0, 5), (0, 5), grid, 0, uniform=1 / 30).data[0]
    assert one.hovertemplate == "from %{y}<br>to %{x}<br>weight %{z:.3g}<extra></extra>"
    pooled = kronecker.kronecker_figure(np.ones((5, 10)), (0, 5), (0, 30), grid, 0, uniform=1 / 30).data[0]
    words = "from %{y}<br>to %{x} on<br>mean weight of about 3 entries %{z:.3g}<extra></extra>"
    assert pooled.hovertemplate == words


def test_labels_of_bars_stand_beyond_the_uniform_line() -> None:
    grid = series_grid()
    tokens = token_field(grid.spread(np.full(grid.shape, 1 / 30, np.float32)), grid)
    figure = mode_bars(tokens, "entity", "JFK")
    labels = [note for note in figure.layout.annotations if note.xref == "paper"]
    assert [(note.y, note.text) for note in labels] == [("EWR", "0.333"), ("JFK", "0.333"), ("LGA", "0.333")]
    assert {(note.x, note.xanchor) for note in labels} == {(1, "right")}
    assert figure.layout.shapes[0].x1 <= 0.8 * figure.layout.xaxis.range[1] + 1e-9


def test_a_click_in_a_matrix_moves_one_mode() -> None:
    grid = series_grid()
    click = Click("x", "y", cell=(2, 4))
    assert pick_matrix(click, grid, 2, (1, 1, 0), "row") == (1, 1, 2)
    assert pick_matrix(click, grid, 2, (1, 1, 0), "column") == (1, 1, 4)


def test_token_fields_come_back_from_the_native_grid() -> None:
    grid = series_grid()
    weights = np.arange(30, dtype=np.float32).reshape(grid.shape)
    np.testing.assert_array_equal(token_field(grid.spread(weights), grid).values, weights)


def test_sums_over_modes_keep_the_whole_weight() -> None:
    grid = series_grid()
    weights = np.random.default_rng(0).dirichlet(np.ones(30)).reshape(grid.shape).astype(np.float32)
    tokens = token_field(grid.spread(weights), grid)
    bars = mode_bars(tokens, "entity", "JFK")
    np.testing.assert_allclose(bars.data[0].x, weights.sum((1, 2)), rtol=1e-6)
    assert bars.data[0].marker.color[1] == QUERY
    pairs = pair_figure(tokens, "entity", "variable", (2, 1))
    np.testing.assert_allclose(pairs.data[0].z, weights.sum(2), rtol=1e-6)
    (cell,) = orange(pairs)
    assert (cell.x0, cell.y0) == (0.5, 1.5)
