"""What the hover text of a raster tile says."""

import numpy as np
import pytest
import xarray as xr

from hot_core.figures.composite import composite, limits
from hot_core.figures.raster import tile_figure
from tests.makers_figures import raster_grid, raster_modes


@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        ("metre", "easting (m) %{x:,.0f}<br>northing (m) %{y:,.0f}<br>"),  # 5,800,000 in steps of 10
        ("degree", "longitude (°) %{x:,.3f}<br>latitude (°) %{y:,.3f}<br>"),  # 52 in steps of 0.001
    ],
)
@pytest.mark.parametrize("up", [True, False])
def test_hover_has_the_decimals_of_the_pixels(unit: str, expected: str, up: bool) -> None:
    modes = raster_modes(up=up, unit=unit)
    data = xr.DataArray(
        np.ones([len(mode) for mode in modes]), dims=("row", "column", "band"), coords={"band": modes[2].coords}
    )
    figure = tile_figure(composite(data, ()), modes, raster_grid(modes))
    assert figure.data[0].hovertemplate.startswith(expected)


def test_the_smallest_and_the_largest_value_are_found_wherever_they_are() -> None:
    values = np.full((1031, 2048, 1), 100.0)
    values[517, 1023], values[3, 2] = 60_000, 1
    low, high = limits(values, [0], (0.0, 100.0))
    assert (low.item(), high.item()) == (1, 60_000)


def test_percentiles_see_all_columns_of_a_wide_raster() -> None:
    values = np.repeat(np.tile([0.0, 0, 0, 1000], 512)[None, :, None], 1031, axis=0)
    low, high = limits(values, [0], (2.0, 98.0))
    assert (low.item(), high.item()) == (0, 1000)
    low, high = limits(values, [0], (60.0, 70.0))
    assert (low.item(), high.item()) == (0, 0)
