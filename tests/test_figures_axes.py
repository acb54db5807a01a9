import numpy as np
import pytest

from hot_core.figures.axes import native_edges, short_word, token_axis, token_word
from hot_core.modes import Mode, TokenAxis, TokenGrid
from tests.makers_figures import hours, raster_grid, raster_modes, series_grid, volume


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


@pytest.mark.parametrize(
    ("start", "step", "unit", "expected"),
    [
        (52.50001, 0.00015, "degree", ["52.5000", "52.5002", "52.5003", "52.5005"]),
        (152.5, -0.001, "degree", ["152.500", "152.499", "152.498", "152.497"]),
        (5_818_865.0, -10.0, "metre", ["5,818,865", "5,818,855", "5,818,845", "5,818,835"]),
        (298_412.25, 0.5, "metre", ["298,412.2", "298,412.8", "298,413.2", "298,413.8"]),
        (-26.5, 1.0, "mm", ["−26.5", "−25.5", "−24.5", "−23.5"]),
        (-2.0, 2.0, "mm", ["−2", "0", "2", "4"]),
    ],
)
def test_a_number_has_the_decimals_of_its_axis(start: float, step: float, unit: str, expected: list[str]) -> None:
    mode = Mode("row", start + step * np.arange(4), unit)
    assert [short_word(mode, at) for at in range(4)] == expected


def test_a_token_is_named_by_its_middle() -> None:
    _, _, grid = volume()
    assert [token_word(grid.axes[0], token) for token in range(3)] == ["−7", "1", "8"]
    assert token_word(series_grid().axes[2], 1) == "07-14 04:00"
    assert token_word(TokenAxis(Mode("time", np.arange(8)), np.array([0, 4]), np.array([4, 8])), 1) == "4"


def test_rows_of_a_file_that_runs_north_say_so() -> None:
    assert token_axis(raster_grid(raster_modes(up=True)).axes[0]).title == "row (m), south first"
    assert token_axis(raster_grid(raster_modes()).axes[0]).title == "row (m)"
