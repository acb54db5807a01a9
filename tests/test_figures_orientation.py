"""Which way up a raster stands: on a map north is on top, without one the first row of the file.

Where something appears on the screen is worked out here by plotly's rules: an axis runs from the first to the second
number of its range, left to right or bottom to top; a picture has its upper left corner at (x, y), its size is a length
on the axes, and it is never mirrored.
"""

from __future__ import annotations

import base64
import io

import numpy as np
import plotly.graph_objects as go
import pytest
import xarray as xr
from PIL import Image
from rasterio.transform import Affine

from hot_core.figures.axes import token_axis
from hot_core.figures.composite import Composite, composite
from hot_core.figures.graticule import graticule
from hot_core.figures.overview import overview_figure, pixel
from hot_core.figures.picking import Click, pick_tile
from hot_core.figures.raster import classes_figure, tile_figure
from hot_core.figures.style import KEY, QUERY
from hot_core.figures.thumbnails import draw
from hot_core.io import read
from hot_core.modes import Mode, Overview, Sample, TokenGrid
from hot_core.transforms.results import Segmentation
from tests.io_makers import tiff_bytes

ROWS, COLUMNS, MARK = 23, 29, (2, 17)
"""The marked pixel is near the first row, in the right half."""

UTM, WGS = "EPSG:32633", "EPSG:4326"
TURNED = Affine.translation(340_000, 5_820_000) @ Affine.rotation(30) @ Affine.scale(10, -7)

# transform, CRS, whether the first row is on top, whether the first column is on the left, names of x and y
CASES: dict[str, tuple[Affine | None, str | None, bool, bool, str, str]] = {
    "no place": (None, None, True, True, "column (pixel)", "row (pixel)"),
    "rotated": (TURNED, UTM, True, True, "along the rows (m)", "down the columns (m)"),
    "rotated, mirrored": (
        Affine(10, 3, 340_000, 4, 12, 5_820_000), UTM, True, True, "along the rows (m)", "down the columns (m)"
    ),
    "rotated, in degrees": (
        Affine(0.001, 0.0004, 13, 0.0005, -0.002, 52), WGS, True, True, "along the rows (°)", "down the columns (°)"
    ),
    "rotated, no system": (TURNED, None, True, True, "along the rows (map unit)", "down the columns (map unit)"),
    "no system": (Affine(10, 0, 340_000, 0, -7, 5_820_000), None, True, True, "x (map unit)", "y (map unit)"),
    "no system, y down": (Affine(10, 0, 340, 0, 7, 582), None, True, True, "x (map unit)", "y (map unit)"),
    "north-up": (Affine(10, 0, 340_000, 0, -7, 5_820_000), UTM, True, True, "easting (m)", "northing (m)"),
    "south-up": (Affine(10, 0, 340_000, 0, 7, 5_820_000), UTM, False, True, "easting (m)", "northing (m)"),
    "half a turn": (Affine(-10, 0, 340_000, 0, 7, 5_820_000), UTM, False, False, "easting (m)", "northing (m)"),
    "degrees": (Affine(0.001, 0, 13, 0, -0.002, 52), WGS, True, True, "longitude (°)", "latitude (°)"),
}  # fmt: skip


def marked(name: str, window: tuple[int, int, int, int] | None = None) -> Sample:
    """A raster of one kind with one bright pixel at `MARK` of the file, and a dim first row."""
    values = np.zeros((3, ROWS, COLUMNS), np.uint16)
    values[:, 0] = 400
    values[:, MARK[0], MARK[1]] = 1000
    transform, crs = CASES[name][:2]
    return read(tiff_bytes(values, transform, crs, descriptions=("red", "green", "blue")), "mark.tif", window=window)


def whole(sample: Sample) -> Composite:
    return composite(sample.data, ("red", "green", "blue"), stretch=(0, 100))


def tokens_of(sample: Sample) -> TokenGrid:
    return TokenGrid.regular(sample.modes, (4, 4, 1), [(0, len(mode)) for mode in sample.modes])


def on_screen(figure: go.Figure, x: float, y: float) -> tuple[float, float]:
    """Shares from the left and from the top."""
    (left, right), (bottom, top) = figure.layout.xaxis.range, figure.layout.yaxis.range
    return (x - left) / (right - left), (top - y) / (top - bottom)


def in_data(figure: go.Figure, across: float, down: float) -> tuple[float, float]:
    """What plotly reports for a click there: x and y."""
    (left, right), (bottom, top) = figure.layout.xaxis.range, figure.layout.yaxis.range
    return left + across * (right - left), top + down * (bottom - top)


def screen(figure: go.Figure) -> np.ndarray:
    """The picture as it fills the axes, RGBA."""
    (image,) = figure.layout.images
    (left, right), (bottom, top) = figure.layout.xaxis.range, figure.layout.yaxis.range
    assert on_screen(figure, image.x, image.y) == pytest.approx((0, 0), abs=1e-9)
    assert (image.sizex, image.sizey) == pytest.approx((abs(right - left), abs(top - bottom)))
    assert (image.xanchor or "left", image.yanchor or "top", image.sizing) == ("left", "top", "stretch")
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(image.source.split(",", 1)[1]))))


def expected(name: str, row: float, column: float, shape: tuple[int, int] = (ROWS, COLUMNS)) -> tuple[float, float]:
    """Where a place in pixels of the file, from its first edges, must appear: shares from the left and the top."""
    upright, straight = CASES[name][2:4]
    across, down = column / shape[1], row / shape[0]
    return across if straight else 1 - across, down if upright else 1 - down


def framed(figure: go.Figure, colour: str) -> tuple[float, float, float, float]:
    """Left, right, top and bottom of a frame, as shares of the screen."""
    (box,) = [s for s in figure.layout.shapes if s.line.color == colour]
    (x0, y0), (x1, y1) = on_screen(figure, box.x0, box.y0), on_screen(figure, box.x1, box.y1)
    return (*sorted((x0, x1)), *sorted((y0, y1)))


def box_of(name: str, rows: tuple[int, int], columns: tuple[int, int]) -> tuple[float, float, float, float]:
    """Where an interval of rows and columns must appear: left, right, top and bottom."""
    (x0, y0), (x1, y1) = expected(name, rows[0], columns[0]), expected(name, rows[1], columns[1])
    return (*sorted((x0, x1)), *sorted((y0, y1)))


@pytest.mark.parametrize("name", CASES)
def test_the_marked_pixel_appears_where_it_is_and_takes_the_click(name: str) -> None:
    sample = marked(name)
    grid = tokens_of(sample)
    token = (MARK[0] // 4, MARK[1] // 4, 1)
    tokens = xr.DataArray(np.zeros(grid.shape[:2]), dims=("row", "column"))
    tokens[token[:2]] = 1
    figure = tile_figure(whole(sample), sample.modes, grid, tokens=tokens, query=token, key=(5, 0, 0))
    drawn = screen(figure)
    upright, straight, x_name, y_name = CASES[name][2:]
    assert (drawn[0 if upright else -1, :, 0] > 90).all()  # the first row of the file
    across, down = expected(name, MARK[0] + 0.5, MARK[1] + 0.5)
    bright = np.argwhere(drawn[..., 0] == 255)
    assert bright.tolist() == [[int(down * ROWS), int(across * COLUMNS)]]
    assert straight == (bright[0, 1] == MARK[1])

    x, y = in_data(figure, across, down)
    assert pixel(sample.modes, (ROWS, COLUMNS), y, x) == MARK
    assert pick_tile(Click(x, y), grid, (0, 0, 1)) == token
    assert framed(figure, QUERY) == pytest.approx(box_of(name, (0, 4), (16, 20)))
    assert framed(figure, KEY) == pytest.approx(box_of(name, (20, 23), (0, 4)))
    cells = figure.data[0]
    ((i, j),) = np.argwhere(np.asarray(cells.z) == 1)
    corners = [on_screen(figure, cells.x[j + k], cells.y[i + k]) for k in (0, 1)]
    hot = (*sorted(c[0] for c in corners), *sorted(c[1] for c in corners))
    assert hot == pytest.approx(box_of(name, (0, 4), (16, 20)))

    assert (figure.layout.xaxis.title.text, figure.layout.yaxis.title.text) == (x_name, y_name)
    narrow = 1 / np.cos(np.deg2rad(52 - 0.002 * ROWS / 2)) if name == "degrees" else 1  # latitudes on a map alone
    assert figure.layout.yaxis.scaleratio == pytest.approx(narrow, rel=1e-12)
    assert cells.hovertemplate.startswith(f"{x_name} %{{x")
    assert f"<br>{y_name} %{{y" in cells.hovertemplate
    assert (token_axis(grid.axes[0]).title.endswith(", south first")) == (name in ("south-up", "half a turn"))


@pytest.mark.parametrize("name", CASES)
def test_the_class_map_stands_as_the_tile_does(name: str) -> None:
    sample = marked(name)
    labels = xr.DataArray(np.zeros((ROWS, COLUMNS), np.int16), dims=("row", "column"))
    labels[MARK] = 1
    amounts = {"open": 1.0, "water": 1.0}
    found = Segmentation(("open", "water"), labels, sample.data, amounts, "ha")
    figure = classes_figure(found, sample.modes, grid=tokens_of(sample), query=(0, 4, 0))
    drawn = screen(figure)
    across, down = expected(name, MARK[0] + 0.5, MARK[1] + 0.5)
    odd = np.argwhere((drawn != drawn[-1, 0]).any(axis=-1))
    assert odd.tolist() == [[int(down * ROWS), int(across * COLUMNS)]]
    assert framed(figure, QUERY) == pytest.approx(box_of(name, (0, 4), (16, 20)))


@pytest.mark.parametrize("name", CASES)
def test_window_and_region_are_framed_where_they_are_in_the_whole_file(name: str) -> None:
    window = (1, 11, 13, 17)
    sample, file = marked(name, window), marked(name)
    # as the reader makes it: row and column by name and unit alone
    modes = tuple(Mode(mode.name, mode.coords, mode.unit) for mode in file.modes[:2])
    overview = Overview(file.data, (modes[0], modes[1]), (1.0, 1.0), np.zeros((1, 3)), "")
    figure = overview_figure(whole(file), overview, sample.geometry, ((2, 7), (3, 14)))
    across, down = expected(name, MARK[0] + 0.5, MARK[1] + 0.5)
    assert np.argwhere(screen(figure)[..., 0] == 255).tolist() == [[int(down * ROWS), int(across * COLUMNS)]]
    assert framed(figure, "white") == pytest.approx(box_of(name, (1, 14), (11, 28)))
    assert framed(figure, QUERY) == pytest.approx(box_of(name, (3, 8), (14, 25)))
    x, y = in_data(figure, across, down)
    assert pixel(overview.modes, (ROWS, COLUMNS), y, x) == MARK
    # the window by itself shows the same pixel at its own place
    tile = tile_figure(whole(sample), sample.modes, tokens_of(sample))
    inside = expected(name, MARK[0] + 0.5 - 1, MARK[1] + 0.5 - 11, (13, 17))
    assert np.argwhere(screen(tile)[..., 0] == 255).tolist() == [[int(inside[1] * 13), int(inside[0] * 17)]]
    x, y = in_data(tile, *inside)
    assert pixel(sample.modes, (13, 17), y, x) == (MARK[0] - 1, MARK[1] - 11)


@pytest.mark.parametrize("name", ["no place", "rotated", "south-up", "north-up"])
def test_thumbnails_stand_as_the_tile_does(name: str) -> None:
    sample = marked(name)
    grid = tokens_of(sample)
    weights = np.zeros(grid.shape, np.float32)
    weights[0, 4, 1] = 1
    found = Segmentation(("water",), sample.data.isel(band=0), sample.data, {"water": 1.0}, "ha")
    figure = draw(sample, found, grid, (0, 4, 1), grid.spread(weights))
    drawn = screen(figure)
    assert (drawn[0 if CASES[name][2] else -1, :, 3] == 255).all()
    assert framed(figure, QUERY) == pytest.approx(box_of(name, (0, 4), (16, 20)))
    across, down = expected(name, MARK[0] + 0.5, MARK[1] + 0.5)
    assert np.argwhere(drawn[..., 0] == drawn[..., 0].max()).tolist().count([int(down * ROWS), int(across * COLUMNS)])


@pytest.mark.parametrize("name", CASES)
def test_lines_run_through_the_picture_and_their_words_stand_inside(name: str) -> None:
    sample = marked(name)
    lines = graticule(sample.modes, sample.geometry, False)
    figure = tile_figure(whole(sample), sample.modes, tokens_of(sample), lines=lines)
    path, words = figure.data[1], figure.data[3]
    transform = Affine(*sample.geometry.transform)
    for x, y, text, at in zip(words.x, words.y, words.text, words.textposition, strict=True):
        across, down = on_screen(figure, x, y)
        assert not (down < 0.01 and at.startswith("top"))  # above the upper edge they would be cut off
        assert not (down > 0.99 and at.startswith("bottom"))
        upright, straight = CASES[name][2:4]
        column, row = (across if straight else 1 - across) * COLUMNS, (down if upright else 1 - down) * ROWS
        value = float(text.replace("−", "-").replace(",", ""))
        there = transform @ (column, row)
        assert min(abs(there[i] - value) for i in (0, 1)) < 1e-6 * max(abs(value), 1)
    assert np.isfinite(path.x).any()
