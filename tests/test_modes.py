"""The token grid against a literal walk over native positions, and samples that contradict themselves."""

import numpy as np
import pytest
import xarray as xr

from hot_core.errors import SelectionError, ShapeError
from hot_core.modes import Mode, Sample, SeriesGeometry, Source, TokenAxis, TokenGrid

MODES = (
    Mode("x", np.arange(11) * 1.5 - 4, "mm"),
    Mode("y", np.arange(17) * -2.0, "mm"),
    Mode("time", np.datetime64("2020-01-01", "ns") + np.arange(7) * np.timedelta64(1, "h")),
)
GRID = TokenGrid.regular(MODES, (4, 5, 3), ((2, 11), (0, 13), (1, 7)))


def test_every_native_position_belongs_to_the_token_that_covers_it():
    assert GRID.shape == (3, 3, 2)
    assert GRID.window == ((2, 11), (0, 13), (1, 7))
    for position in np.ndindex(11, 17, 7):
        inside = all(a <= p < b for p, (a, b) in zip(position, GRID.window, strict=True))
        if not inside:
            with pytest.raises(SelectionError, match="lies outside the analysed window"):
                GRID.token_of(position)
            continue
        token = tuple((p - a) // step for p, (a, _), step in zip(position, GRID.window, (4, 5, 3), strict=True))
        assert GRID.token_of(position) == token
        assert all(s.start <= p < s.stop for p, s in zip(position, GRID.native_of(token), strict=True))


def test_spread_gives_each_native_position_its_own_token_and_nan_outside():
    values = np.arange(18, dtype=np.float64).reshape(3, 3, 2)
    native = GRID.spread(values, "field")
    assert native.dims == ("x", "y", "time")
    assert native.name == "field"
    for position in np.ndindex(11, 17, 7):
        if all(a <= p < b for p, (a, b) in zip(position, GRID.window, strict=True)):
            assert native.values[position] == values[GRID.token_of(position)]
        else:
            assert np.isnan(native.values[position])
    with pytest.raises(ShapeError, match=r"values \(3, 2, 3\), token grid \(3, 3, 2\)"):
        GRID.spread(values.transpose(0, 2, 1))


def test_centres_and_coordinates_lie_in_their_tokens():
    for token in np.ndindex(GRID.shape):
        assert GRID.token_of(GRID.centre_of(token)) == token
    x, y, time = GRID.modes
    assert x.coords.tolist() == [(-1 + 3.5) / 2, (5 + 9.5) / 2, 11.0]  # the last patch covers one voxel
    assert y.coords.tolist() == [-4.0, -14.0, -22.0]
    assert time.coords[1] == np.datetime64("2020-01-01T04")
    assert (x.name, x.unit, time.unit) == ("x", "mm", None)


def test_positions_between_tokens_belong_to_none():
    grid = TokenGrid((TokenAxis(Mode("band", np.array(["a", "b", "c"])), np.array([0, 2]), np.array([1, 3])),))
    assert grid.token_of((2,)) == (1,)
    with pytest.raises(SelectionError, match="band 1 lies outside"):
        grid.token_of((1,))
    np.testing.assert_array_equal(grid.spread(np.array([5.0, 7.0])).values, [5, np.nan, 7])


def test_a_sample_whose_modes_are_not_its_dims_is_refused():
    data = xr.DataArray(np.zeros((3, 5)), dims=("entity", "time"))
    modes = (Mode("time", np.arange(5)), Mode("entity", np.arange(3)))
    with pytest.raises(ShapeError, match="data has dims"):
        Sample(data, modes, SeriesGeometry(None, "time", "wide"), Source("a.csv", "CSV", 1, "0"))
