import numpy as np
import pytest

from hot_core.figures.axes import native_edges, short_word, token_axis
from hot_core.modes import Mode, TokenAxis, TokenGrid
from tests.makers_figures import hours, series_grid, volume


def test_numbers_get_the_edges_of_their_cells_in_native_units() -> None:
    _, _, grid = volume()
    x = token_axis(grid.axes[0])
    np.testing.assert_allclose(x.starts, [-11, -3, 5])  # voxels of 2 mm, centres from −10: the first begins at −11
    np.testing.assert_allclose(x.stops, [-3, 5, 11])
    assert x.title == "x (mm)"
    assert x.cell(1) == (-3, 5)


def test_a_stamp_is_the_beginning_of_its_step() -> None:
    time = token_axis(series_grid().axes[2])
    assert time.starts[1] == np.datetime64("2013-07-14T04")
    assert time.stops[-1] == np.datetime64("2013-07-14T20")
    assert time.range == ["2013-07-14T00:00:00", "2013-07-14T20:00:00"]


def test_names_stand_at_whole_numbers() -> None:
    entity = token_axis(series_grid().axes[0])
    assert list(entity.values) == ["EWR", "JFK", "LGA"]
    assert entity.cell(2) == (1.5, 2.5)


def test_descending_coordinates_keep_their_direction() -> None:
    mode = Mode("row", np.array([70.0, 60.0, 50.0]), "metre")
    np.testing.assert_allclose(native_edges(mode), [75, 65, 55, 45])


@pytest.mark.parametrize(
    ("axis", "value", "token"), [(0, "LGA", 2), (2, "2013-07-14 09:30", 2), (2, "2013-07-14 19:59", 4)]
)
def test_a_place_on_the_axis_is_a_token(axis: int, value: str, token: int) -> None:
    assert token_axis(series_grid().axes[axis]).nearest(value) == token


def test_tokens_before_the_data_are_left_out_and_counted() -> None:
    mode = Mode("time", hours(8))
    time = TokenGrid((TokenAxis(mode, np.array([0, 0, 0, 4]), np.array([0, 0, 4, 8])),)).axes[0]
    plot = token_axis(time)
    assert (len(plot), plot.first) == (2, 2)
    assert plot.nearest("2013-07-14 05:00") == 3
    assert plot.cell(3)[0] == "2013-07-14T04:00:00"


def test_one_position_in_few_characters() -> None:
    assert short_word(Mode("time", hours(3)), 2) == "07-14 02:00"
    assert short_word(Mode("x", np.array([-26.0]), "mm"), 0) == "−26"
    assert short_word(Mode("entity", np.array(["JFK"])), 0) == "JFK"
