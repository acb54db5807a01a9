"""Limits, ticks, sums over modes, colour bars."""

import numpy as np
import pytest
import xarray as xr

from hot_core.figures.fields import field_limit, mode_bars, shared_limit, summed_level, token_field
from hot_core.figures.style import QUERY, class_colours, colour_axis
from hot_core.modes import Mode, TokenGrid
from tests.makers_figures import series_grid, volume
from tests.oracles_ticks import flat_ticks


def factor(heads: int = 1, size: int = 5) -> xr.DataArray:
    weights = np.random.default_rng(1).dirichlet(np.ones(size), (heads, size)).astype(np.float32)
    return xr.DataArray(weights, dims=("head", "query", "key"), coords={"head": np.arange(heads)})


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


def test_ticks_are_coordinates_from_the_first_mode_to_all_of_them() -> None:
    grid = series_grid()  # 3 × 2 × 5 tokens
    far = flat_ticks((0, 30), grid, 4)
    assert far.words == ["EWR", "JFK", "LGA"]
    assert far.places == [0.5, 10.5, 20.5]
    near = flat_ticks((11, 15), grid, 9)
    assert near.words[0] == "07-14 04:00"
    assert near.title == "entity JFK · variable temp · time"


def test_ticks_of_a_volume_name_the_middle_of_a_token_with_its_unit() -> None:
    _, _, grid = volume()  # 3 × 4 × 5 tokens
    ticks = flat_ticks((21, 29), grid, 9)
    assert ticks.title == "x 1 mm · y (mm) · z (mm)"
    assert ticks.words[0] == "−37 · 16"


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


def test_labels_of_bars_stand_beyond_the_uniform_line() -> None:
    grid = series_grid()
    tokens = token_field(grid.spread(np.full(grid.shape, 1 / 30, np.float32)), grid)
    figure = mode_bars(tokens, "entity", "JFK")
    labels = [note for note in figure.layout.annotations if note.xref == "paper"]
    assert [(note.y, note.text) for note in labels] == [("EWR", "0.333"), ("JFK", "0.333"), ("LGA", "0.333")]
    assert {(note.x, note.xanchor) for note in labels} == {(1, "right")}
    assert figure.layout.shapes[0].x1 <= 0.8 * figure.layout.xaxis.range[1] + 1e-9


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


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("kept", [(0,), (2,), (0, 1), (1, 2), (0, 1, 2)])
def test_the_level_of_a_sum_counts_the_valid_tokens_behind_it(kept: tuple[int, ...], masked: bool) -> None:
    shape = (3, 5, 7)
    valid = np.random.default_rng(2).random(shape) < 0.6 if masked else None
    if valid is not None:
        valid[1] = False
    behind: dict[tuple[int, ...], int] = {}
    for token in np.ndindex(*shape):
        if valid is None or valid[token]:
            place = tuple(token[mode] for mode in kept)
            behind[place] = behind.get(place, 0) + 1
    expected = 0.25 * sum(behind.values()) / len(behind)
    assert summed_level(0.25, shape, kept, valid) == pytest.approx(expected, rel=1e-12)
    assert summed_level(0.25, shape, kept, np.zeros(shape, dtype=bool)) == 0


def test_a_given_level_stays_where_a_token_is_left_out() -> None:
    grid = series_grid()
    weights = np.full(grid.shape, 0.2 / 29, np.float32)
    weights[1, 0, 2] = np.nan  # what keeps 0.8
    tokens = token_field(grid.spread(weights), grid)
    valid = np.ones(grid.shape, dtype=bool)
    valid[2] = False
    for given, mask, bars in ((None, None, 0.2 / 3), (1 / 30, None, 1 / 3), (1 / 20, valid, 1 / 2)):
        line = mode_bars(tokens, "entity", "JFK", uniform=given, valid=mask).layout
        assert line.shapes[0].x0 == pytest.approx(bars, rel=1e-6)
        assert line.annotations[0].text == f"▼ uniform {bars:.3g}"
