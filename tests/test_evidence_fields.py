"""Fields beside each other in the data's own space: every marker at its place, limits shared, clicks brought back."""

import numpy as np
import plotly.graph_objects as go
import pytest
import xarray as xr

from hot_core.figures.evidence_fields import Ground, Panel, panel_figures, pick_panel, tokens_of
from hot_core.figures.picking import Click
from hot_core.figures.planes import PLANES
from hot_core.io import read
from hot_core.models import HOTModel
from hot_core.pipeline import Analysis, Settings, analyse
from tests.makers_samples import (
    ROLES,
    Affine,
    forecaster,
    geotiff,
    land_cover,
    nifti,
    segmenter,
    wide_csv,
)

RNG = np.random.default_rng(5)
VARIABLES = {"temp": "°F", "humid": "%"}


def series() -> Analysis:
    values = RNG.normal(50, 5, (3, 2, 130))
    return run(wide_csv(values, ("EWR", "JFK", "LGA"), VARIABLES), "a.csv", forecaster())


def volume() -> Analysis:
    content = nifti(RNG.normal(100, 9, (11, 17, 13)).astype(np.float32), np.diag([1.0, 1.0, 1.0, 1.0]))
    return run(content, "a.nii", segmenter(), Settings(region=((0, 11), (0, 17), (0, 13))))


def raster(north_up: bool = True) -> Analysis:
    move = Affine(10, 0, 5000, 0, -10 if north_up else 10, 90_000)
    values = RNG.integers(1, 900, (19, 29, 6)).astype(np.int16)
    return run(geotiff(values, move), "a.tif", land_cover())


def run(content: bytes, name: str, model: HOTModel, settings: Settings | None = None) -> Analysis:
    return analyse(read(content, name, **({"bands": ROLES} if name.endswith("tif") else {})), model, settings)


def marked(analysis: Analysis, token: tuple[int, ...], value: float = 1.0) -> xr.DataArray:
    tokens = np.zeros(analysis.grid.shape)
    tokens[token] = value
    return analysis.grid.spread(tokens)


def one(analysis: Analysis, panel: Panel, query: tuple[int, ...]) -> go.Figure:
    return panel_figures(Ground(analysis.sample, analysis.grid), [panel], query)[0]


def test_a_marker_in_a_series_lies_in_the_row_of_its_series_at_its_time() -> None:
    analysis, token = series(), (2, 1, 7)
    figure = one(analysis, Panel("A", marked(analysis, token), "weight"), token)
    cells = figure.data[0]
    row, column = np.argwhere(np.asarray(cells["z"]) == 1).tolist()[0]
    assert figure.layout["yaxis"]["ticktext"][row] == "LGA · humid"
    start = analysis.sample.modes[2].coords[analysis.grid.axes[2].starts[7]]
    assert np.datetime64(str(cells["x"][column])) == start
    low, high = figure.layout["yaxis"]["range"]
    assert low > high, "the first series stands on top"


@pytest.mark.parametrize("plane", PLANES, ids=lambda plane: plane.name)
def test_a_marker_in_a_volume_lies_in_every_plane_through_the_query(plane) -> None:
    analysis, token = volume(), (1, 3, 2)
    figure = one(analysis, Panel("A", marked(analysis, token), "weight"), token)
    found = [
        t for t in figure.data if t.type == "heatmap" and t.coloraxis == "coloraxis2" and t.xaxis == f"x{plane.panel}"
    ]
    z = np.asarray(found[0]["z"])
    assert np.argwhere(z == 1).tolist() == [[token[plane.up], token[plane.across]]]


@pytest.mark.parametrize("north_up", [True, False])
def test_a_marker_in_a_raster_lies_at_its_coordinates(north_up: bool) -> None:
    analysis, token = raster(north_up), (1, 5, 2)
    figure = one(analysis, Panel("A", marked(analysis, token), "weight"), token)
    cells = next(t for t in figure.data if t["type"] == "heatmap")
    row, column = np.argwhere(np.asarray(cells["z"]) == 1).tolist()[0]
    down = -10 if north_up else 10
    assert sorted(cells["y"][row : row + 2]) == sorted([90_000 + 4 * down, 90_000 + 8 * down])
    assert list(cells["x"][column : column + 2]) == [5200, 5240]


def test_bands_are_added_and_a_ratio_is_their_mean() -> None:
    analysis = raster()
    tokens = RNG.random(analysis.grid.shape)
    ground, field = Ground(analysis.sample, analysis.grid), analysis.grid.spread(tokens)
    added = tokens_of(Panel("A", field, "weight"), ground).values
    mean = tokens_of(Panel("A", field, "ratio", "ratio"), ground).values
    np.testing.assert_allclose(added, tokens.sum(axis=2), rtol=1e-6)
    np.testing.assert_allclose(mean, tokens.mean(axis=2), rtol=1e-6)


def test_a_block_has_the_value_of_all_of_it_whatever_its_bands() -> None:
    analysis = raster()
    tokens = np.full(analysis.grid.shape, 2.5)
    panel = Panel("A", analysis.grid.spread(tokens), "log-odds", "signed", mean=True)
    found = tokens_of(panel, Ground(analysis.sample, analysis.grid)).values
    np.testing.assert_allclose(found, 2.5, rtol=1e-6)


@pytest.mark.parametrize("make", [series, volume, raster])
def test_panels_of_a_group_share_their_limits_and_others_do_not(make) -> None:
    analysis = make()
    token = (0, 0, 0)
    panels = [
        Panel("A", marked(analysis, token, 0.5), "weight", uniform=1e-6, group="g"),
        Panel("B", marked(analysis, token, 2.0), "weight", uniform=1e-6, group="g"),
        Panel("C", marked(analysis, token, 7.0), "weight", uniform=1e-6),
    ]
    name = "coloraxis2" if make is volume else "coloraxis"
    ends = [f.layout[name].cmax for f in panel_figures(Ground(analysis.sample, analysis.grid), panels, token)]
    assert ends == [2.0, 2.0, 7.0]


@pytest.mark.parametrize("make", [series, volume, raster])
def test_signed_fields_diverge_around_zero_in_data_units(make) -> None:
    analysis = make()
    figure = one(analysis, Panel("A", marked(analysis, (0, 0, 0), -3.0), "°F", "signed"), (0, 0, 0))
    axis = figure.layout["coloraxis2" if make is volume else "coloraxis"]
    assert (axis["cmin"], axis["cmax"]) == (-3.0, 3.0)
    assert list(axis["colorbar"]["ticktext"]) == ["−3", "0", "+3"]
    assert "°F" in axis["colorbar"]["title"]["text"]


@pytest.mark.parametrize("make", [series, volume, raster])
@pytest.mark.parametrize(("value", "words"), [(-13.0, "own −13 °F"), (13.0, "own +13 °F")])
def test_the_own_token_is_named_and_does_not_set_the_scale(make, value: float, words: str) -> None:
    analysis, token = make(), (1, 1, 2)
    field = marked(analysis, token, value) + marked(analysis, (0, 0, 1), 0.25)
    name = "coloraxis2" if make is volume else "coloraxis"
    axis = one(analysis, Panel("A", field, "°F", "signed", own=token), token).layout[name]
    assert (axis["cmin"], axis["cmax"]) == (-0.25, 0.25)
    assert words in axis["colorbar"]["title"]["text"]
    alone = one(analysis, Panel("A", field, "°F", "signed"), token).layout[name]
    assert alone["cmax"] == 13
    assert "own" not in alone["colorbar"]["title"]["text"]


def test_the_title_of_a_volume_stands_above_its_planes_at_the_left() -> None:
    analysis = volume()
    figure = one(analysis, Panel("Rollout<i>", marked(analysis, (0, 0, 0)), "share"), (0, 0, 0))
    (words,) = [each for each in figure.layout.annotations if "Rollout" in each.text]
    assert words.text == "<b>Rollout&lt;i></b>"
    assert (words.xref, words.yref, words.x, words.y, words.xanchor, words.yanchor) == (
        "paper", "paper", 0, 1, "left", "bottom",
    )  # fmt: skip
    assert "Rollout" not in figure.layout.coloraxis2.colorbar.title.text


def test_the_uniform_level_of_a_raster_counts_its_bands() -> None:
    analysis = raster()
    even = analysis.grid.spread(np.full(analysis.grid.shape, 1e-3))
    axis = one(analysis, Panel("A", even, "weight", uniform=1e-3), (0, 0, 0)).layout["coloraxis"]
    assert axis["cmax"] == pytest.approx(2 * 6e-3)
    assert axis["colorbar"]["tickvals"][1] == pytest.approx(6e-3)


@pytest.mark.parametrize("make", [series, volume, raster])
def test_a_click_in_the_middle_of_a_cell_means_its_token(make) -> None:
    analysis = make()
    ground, shape, base = Ground(analysis.sample, analysis.grid), analysis.grid.shape, (0, 0, 0)
    for token in np.ndindex(*shape):
        for click, expected in clicks(analysis, token, base):
            assert pick_panel(click, ground, base) == expected


def clicks(analysis: Analysis, token: tuple[int, ...], base: tuple[int, ...]):
    """A click at a token in every panel, and the token it means: what the picture does not tell stays."""
    modes, axes = analysis.sample.modes, analysis.grid.axes
    middle = [middle_of(mode.coords[axis.starts[at] : axis.stops[at]], axis.starts[at])
              for mode, axis, at in zip(modes, axes, token, strict=True)]  # fmt: skip
    if analysis.sample.kind == "series":
        row = token[0] * len(axes[1]) + token[1]
        yield Click(middle[2], float(row), "x", (row, token[2])), token
    elif analysis.sample.kind == "raster":
        yield Click(middle[1], middle[0]), (*token[:2], base[2])
    else:
        for plane in PLANES:
            expected = list(base)
            expected[plane.across], expected[plane.up] = token[plane.across], token[plane.up]
            yield Click(middle[plane.across], middle[plane.up], f"x{plane.panel}"), tuple(expected)


def middle_of(coords: np.ndarray, index: int) -> float | str:
    """Where plotly says a cell was clicked: its middle, a name by its number."""
    if coords.dtype.kind == "M":
        return str(coords[0] + (coords[-1] - coords[0] + np.timedelta64(1, "h")) / 2)
    return float(coords.mean()) if coords.dtype.kind in "iuf" else float(index)


def test_a_click_beside_the_cells_of_a_series_moves_nothing() -> None:
    analysis = series()
    assert pick_panel(Click("2013-03-02", 1.0), Ground(analysis.sample, analysis.grid), (1, 1, 3)) == (1, 1, 3)


def test_names_of_a_file_are_no_markup() -> None:
    values = RNG.normal(50, 5, (2, 1, 130))
    analysis = run(wide_csv(values, ("<b>A", "B"), {"x<i>": "<u>"}), "a.csv", forecaster())
    figure = one(analysis, Panel("A<b>", marked(analysis, (0, 0, 0)), "<u>"), (0, 0, 0))
    assert "&lt;b>A" in figure.layout["yaxis"]["ticktext"][0]
    assert "<u>" not in figure.data[0]["hovertemplate"]
    assert "A&lt;b>" in figure.layout["coloraxis"]["colorbar"]["title"]["text"]


def test_more_series_than_rows_are_left_out_and_counted() -> None:
    values = RNG.normal(50, 5, (67, 1, 130))
    analysis = run(wide_csv(values, tuple(f"S{at}" for at in range(67)), {"x": "m"}), "a.csv", forecaster())
    figure = one(analysis, Panel("A", marked(analysis, (66, 0, 3)), "weight"), (66, 0, 3))
    assert len(figure.data[0]["z"]) == 60
    assert "7 more series" in figure.layout["xaxis"]["title"]["text"]
