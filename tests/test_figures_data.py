"""Series, planes and tiles: what is drawn stands where it is."""

import base64
import io
import re

import numpy as np
import pytest
import xarray as xr
from PIL import Image

from hot_core.analysis.score import score
from hot_core.figures.composite import composite
from hot_core.figures.picking import Click, pick_series, pick_tile
from hot_core.figures.planes import Look, shown_spans
from hot_core.figures.prediction import probability_figure
from hot_core.figures.raster import classes_figure, tile_figure
from hot_core.figures.score_words import skill_words
from hot_core.figures.series import MOST_STRIPS, Shown, series_figure, strip_rows
from hot_core.figures.style import QUERY
from hot_core.figures.volume import slices_figure
from hot_core.modes import Mode, TokenGrid
from hot_core.transforms.results import Classification, Segmentation
from tests.makers_figures import forecast, raster_grid, raster_modes, series_grid, volume

ROLES = ("blue", "green", "red", "nir", "swir2")


def spread(grid: TokenGrid, token: tuple[int, ...]) -> xr.DataArray:
    """A field with all weight on one token."""
    weights = np.zeros(grid.shape, np.float32)
    weights[token] = 1
    return grid.spread(weights)


# series


def test_every_series_has_a_strip_and_the_weight_is_in_the_right_cell() -> None:
    grid = series_grid()
    figure = series_figure(forecast(), spread(grid, (1, 1, 3)), grid, (2, 0, 1), Shown(0, 1))
    strips = figure.data[-1]
    assert list(strips.y) == [f"{e} · {v}" for e in ("EWR", "JFK", "LGA") for v in ("temp", "humid")]
    assert np.argwhere(strips.z == 1).tolist() == [[3, 3]]
    frame = next(shape for shape in figure.layout.shapes if shape.line.color == QUERY)
    assert (frame.x0, frame.y0, frame.y1) == ("2013-07-14T04:00:00", 3.5, 4.5)


def test_lines_show_the_chosen_series_with_its_unit_and_gaps_stay_gaps() -> None:
    made = forecast()
    made.lookback[2, 1, 7] = np.nan
    grid = series_grid()
    figure = series_figure(made, spread(grid, (0, 0, 0)), grid, (0, 0, 0), Shown(2, 1))
    history = next(trace for trace in figure.data if trace.name == "history")
    assert np.isnan(history.y[7])
    assert history.connectgaps is False
    assert figure.layout.yaxis.title.text == "LGA · humid [%]"
    assert {trace.name for trace in figure.data if trace.name} == {"history", "seasonal naive", "observed", "forecast"}


def test_without_truth_there_is_no_line_for_it() -> None:
    grid = series_grid()
    figure = series_figure(forecast(truth=False), spread(grid, (0, 0, 0)), grid, (0, 0, 0), Shown(0, 0))
    assert "observed" not in {trace.name for trace in figure.data}
    assert "cannot be compared" in skill_words(None, forecast(truth=False), 0, 0)


def test_too_many_series_show_the_weightiest_and_the_query() -> None:
    names = np.array([f"s{i}" for i in range(31)])
    modes = (Mode("entity", names), Mode("variable", np.array(["a"])), Mode("time", np.arange(8)))
    grid = TokenGrid.regular(modes, (1, 1, 4), ((0, 31), (0, 1), (0, 8)))
    rows = strip_rows(spread(grid, (29, 0, 1)).isel(time=[0, 4]), grid, (30, 0, 0), Shown(28, 0))
    assert len(rows) <= MOST_STRIPS
    assert {(28, 0), (29, 0), (30, 0)} <= set(rows)


def test_a_click_in_the_lines_or_the_strips_is_a_time_of_that_series() -> None:
    grid = series_grid()
    strips = strip_rows(spread(grid, (0, 0, 0)), grid, (0, 0, 0), Shown(0, 0))
    assert pick_series(Click("2013-07-14 10:10", 3.0), grid, strips, Shown(2, 1)) == (2, 1, 2)
    assert pick_series(Click("2013-07-14 14:00", "JFK · humid", cell=(3, 3)), grid, strips, Shown(2, 1)) == (1, 1, 3)


def test_worse_than_naive_is_said_in_words() -> None:
    made = forecast()
    made.mean[:] = made.truth + 3
    made.naive[:] = made.truth + 1
    flat = made.lookback.copy(data=np.zeros(made.lookback.shape))
    assert skill_words(score(made, flat), made, 0, 1) == (
        "Mean absolute error 3 %, seasonal naive 1 %; no MASE, since the past never changes from one season to the "
        "next: **worse than naive** here."
    )


# volumes


def test_a_bright_voxel_stands_at_its_coordinate_in_all_three_planes() -> None:
    data, modes, grid = volume()
    data[7, 3, 11] = 5
    figure = slices_figure(data, modes, grid, Look((7, 3, 11)))
    where = {"x": -10 + 2 * 7, "y": -40 + 2 * 3, "z": 5 + 2 * 11}
    for trace, (across, up) in zip(figure.data, (("x", "z"), ("y", "z"), ("x", "y")), strict=True):
        (row, column) = np.argwhere(trace.z == 5)[0]
        assert (trace.x[column] + trace.x[column + 1]) / 2 == where[across]
        assert (trace.y[row] + trace.y[row + 1]) / 2 == where[up]


def test_radiological_turns_left_and_right_and_the_letters_with_them() -> None:
    data, modes, grid = volume()
    for radiological, first in ((True, "R"), (False, "L")):
        figure = slices_figure(data, modes, grid, Look((5, 5, 5), radiological=radiological))
        coronal = [note for note in figure.layout.annotations if note.xref == "x domain" and len(note.text) == 1]
        assert min(coronal, key=lambda note: note.x).text == first
        assert (figure.layout.xaxis.range[0] > figure.layout.xaxis.range[1]) is radiological
        assert figure.layout.xaxis2.range[0] < figure.layout.xaxis2.range[1]  # sagittal: anterior on the right


def test_planes_have_one_scale_in_mm() -> None:
    data, modes, grid = volume((11, 13, 17), 2.0)
    figure = slices_figure(data, modes, grid, Look((5, 5, 5)))
    widths = [np.ptp(figure.layout[f"xaxis{n}"].domain) for n in ("", "2")]
    assert widths[0] / widths[1] == pytest.approx(11 / 13)
    assert figure.layout.yaxis2.scaleanchor == "x2"
    assert figure.layout.xaxis3.title.text == "x (mm)"


def test_the_field_lies_on_the_planes_in_tokens_and_the_query_is_framed() -> None:
    data, modes, grid = volume()
    figure = slices_figure(data, modes, grid, Look((5, 5, 5)), query=(1, 1, 1), field=spread(grid, (2, 1, 1)))
    coronal = figure.data[1]
    assert coronal.coloraxis == "coloraxis2"
    assert np.argwhere(coronal.z == 1).tolist() == [[1, 2]]
    frames = [shape for shape in figure.layout.shapes if shape.line.color == QUERY]
    assert (frames[0].x0, frames[0].x1, frames[0].y0, frames[0].y1) == (-3, 5, 12, 20)
    assert not any(shape.line.dash for shape in frames)


def test_a_query_outside_the_plane_is_only_dotted() -> None:
    data, modes, grid = volume()
    figure = slices_figure(data, modes, grid, Look((1, 1, 1)), query=(2, 2, 2))
    frames = [shape for shape in figure.layout.shapes if shape.line.color == QUERY]
    assert [shape.line.dash for shape in frames] == ["dot"] * 3


def test_of_a_head_the_region_is_shown_with_a_margin() -> None:
    _, modes, _ = volume((31, 37, 41))
    grid = TokenGrid.regular(modes, (4, 4, 4), ((8, 20), (0, 37), (36, 41)))
    assert shown_spans(grid, (31, 37, 41)) == [(6, 22), (0, 37), (34, 41)]


def test_labels_are_outlined_and_the_background_is_not() -> None:
    data, modes, grid = volume()
    labels = data.astype(np.int16)
    labels[2:6, 2:8, 3:9] = 2
    segmentation = Segmentation(("background", "anterior", "posterior"), labels, data, {"posterior": 1.0}, "mm³")
    figure = slices_figure(data, modes, grid, Look((3, 4, 5)), prediction=segmentation)
    outlines = [trace for trace in figure.data if trace.type == "contour"]
    assert len(outlines) == 3
    assert {trace.line.color for trace in outlines} == {"#CC79A7"}
    assert outlines[0].z.sum() == 4 * 6  # coronal: x by z


def test_probabilities_go_from_nothing_to_one() -> None:
    figure = probability_figure(Classification(("normal", "mass"), {"normal": 0.25, "mass": 0.75}))
    assert list(figure.data[0].x) == [0.25, 0.75]
    assert tuple(figure.layout.xaxis.range) == (0, 1)


# rasters


def tile(up: bool = False, unit: str = "metre") -> tuple[xr.DataArray, tuple[Mode, ...], TokenGrid]:
    modes = raster_modes(up=up, unit=unit)
    values = np.random.default_rng(0).uniform(0, 1, [len(mode) for mode in modes])
    return (
        xr.DataArray(values, dims=("row", "column", "band"), coords={"band": modes[2].coords}),
        modes,
        raster_grid(modes),
    )


def pixels_of(figure) -> np.ndarray:
    data = figure.layout.images[0].source.split(",", 1)[1]
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data))))


def test_true_colour_takes_the_bands_by_their_roles_and_says_how() -> None:
    data, _, _ = tile()
    data[3, 5] = [0, 0, 9, 0, 0]  # the third band is red
    picture = composite(data, ROLES)
    assert picture.pixels[3, 5].tolist() == [255, 0, 0, 255]
    assert picture.words.startswith("Natural colour: red B04 (")
    assert "from the 2nd to the 98th percentile" in picture.words


def test_without_roles_the_colours_are_called_false_and_named() -> None:
    picture = composite(tile()[0], ())
    assert re.match(r"False colour: red B04 \(.*\), green B03 \(.*\), blue B02 \(", picture.words)


def test_missing_pixels_are_transparent() -> None:
    data, _, _ = tile()
    data[0, 0, 2] = np.nan
    pixels = composite(data, ROLES).pixels
    assert pixels[0, 0, 3] == 0
    assert pixels[1:, :, 3].min() == 255


@pytest.mark.parametrize("up", [False, True])
def test_north_is_up_whichever_way_the_rows_run(up: bool) -> None:
    data, modes, grid = tile(up)
    data[:] = 0
    north = 10 if up else 0
    data[north, 2] = 9
    figure = tile_figure(composite(data, ROLES), modes, grid)
    pixels = pixels_of(figure)
    assert pixels[0, 2, :3].min() == 255
    assert pixels[1:, :, :3].max() == 0
    image = figure.layout.images[0]
    assert image.y == pytest.approx(max(modes[0].coords) + 5)
    assert image.x == pytest.approx(min(modes[1].coords) - 5)
    assert figure.layout.yaxis.range[0] < figure.layout.yaxis.range[1]


def test_the_field_and_the_query_stand_in_map_coordinates() -> None:
    data, modes, grid = tile()
    tokens = spread(grid, (1, 2, 0)).isel(row=[0, 4, 8], column=[0, 4, 8, 12]).sum("band")
    figure = tile_figure(composite(data, ROLES), modes, grid, tokens=tokens, query=(2, 0, 3))
    cells = figure.data[0]
    row, column = np.argwhere(cells.z == 1)[0]
    assert (cells.x[column], cells.y[row]) == (340_000 + 10 * 8 - 5, 5_800_000 - 10 * 4 + 5)
    frame = next(shape for shape in figure.layout.shapes if shape.line.color == QUERY)
    assert (frame.x0, frame.x1) == (339_995, 340_035)
    assert pick_tile(Click(340_085.0, 5_799_958.0), grid, (0, 0, 3)) == (1, 2, 3)


def test_degrees_are_narrowed_by_the_latitude() -> None:
    data, modes, grid = tile(unit="degree")
    axis = tile_figure(composite(data, ROLES), modes, grid).layout
    assert axis.yaxis.scaleratio == pytest.approx(1 / np.cos(np.deg2rad(52)), rel=1e-3)
    assert axis.xaxis.title.text == "longitude (°)"


def test_the_class_map_has_its_colours_and_areas() -> None:
    data, modes, _ = tile()
    labels = data.isel(band=0).astype(np.int16) * 0
    labels[0, 0], labels[1, 1] = 1, -1
    amounts = {"water": 1.25, "open": 0.01}
    segmentation = Segmentation(("water", "open"), labels, data, amounts, "ha")
    figure = classes_figure(segmentation, modes)
    assert [trace.name for trace in figure.data] == ["water · 1.25 ha", "open · 0.01 ha"]
    pixels = pixels_of(figure)
    assert pixels[0, 0].tolist() == [0xF0, 0xE4, 0x42, 255]
    assert pixels[1, 1, 3] == 0
