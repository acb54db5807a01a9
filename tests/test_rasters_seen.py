"""What an analyst sees of a raster: presets, stretches, indices, one pixel in numbers, lines of equal coordinate."""

from __future__ import annotations

import re

import numpy as np
import pytest
import xarray as xr
from pyproj import Transformer
from rasterio.transform import Affine

import hot_core as hot
from hot_core.analysis import position_words
from hot_core.analysis.pixel import Pixel, inspect
from hot_core.errors import SelectionError
from hot_core.figures.composite import composite, limits
from hot_core.figures.graticule import degree_words, drawn_lines, graticule, ticks
from hot_core.figures.indices import index_names, index_picture, index_values
from hot_core.figures.overview import overview_figure
from hot_core.figures.raster import map_axes
from hot_core.figures.recipes import Recipe, presets
from hot_core.figures.style import QUERY
from hot_core.io import read
from tests.io_makers import tiff_bytes
from tests.makers_big import big_tiff
from tests.makers_samples import ROLES, geotiff, land_cover
from tests.test_markers import TRANSFORMS

S2 = ("B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B11", "B12")
S2_ROLES = ("-", "blue", "green", "red", "-", "-", "-", "nir", "-", "swir1", "swir2")


# --- presets -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("roles", "first", "bands"),
    [
        (ROLES, "Natural colour", (2, 1, 0)),
        (ROLES[::-1], "Natural colour", (3, 4, 5)),
        (("green", "red", "nir"), "Colour infrared", (2, 1, 0)),
        (("nir", "red", "green"), "Colour infrared", (0, 1, 2)),
        (("red", "nir", "swir1"), "Vegetation", (2, 1, 0)),
        ((), "False colour", (2, 1, 0)),
    ],
)
def test_the_first_preset_is_what_the_bands_allow(roles: tuple[str, ...], first: str, bands: tuple[int, ...]) -> None:
    found = presets(roles, ["a", "b", "c", "d", "e", "f"][: max(len(roles), 3)])
    assert (found[0].name, found[0].bands) == (first, bands)


def test_a_sensor_adds_presets_with_bands_of_its_own() -> None:
    plain = {recipe.name for recipe in presets(S2_ROLES, S2)}
    known = {recipe.name: recipe.bands for recipe in presets(S2_ROLES, S2, "Sentinel-2")}
    assert set(known) - plain == {"Red edge", "Bathymetric"}
    assert [S2[band] for band in known["Red edge"]] == ["B07", "B06", "B05"]
    assert [S2[band] for band in known["Agriculture"]] == ["B11", "B08", "B02"]
    landsat = {
        r.name: r.bands for r in presets(("-", *ROLES), ("B1", "B2", "B3", "B4", "B5", "B6", "B7"), "Landsat 8–9")
    }
    assert landsat["Bathymetric"] == (3, 2, 0)


def test_one_band_is_grey() -> None:
    assert presets((), ("dem",)) == (Recipe("One band as grey", (0, 0, 0)),)
    data = xr.DataArray(np.arange(35.0).reshape(5, 7, 1), dims=("row", "column", "band"), coords={"band": ["dem"]})
    picture = composite(data, ())
    assert picture.words.startswith("One band as grey: dem (")
    assert (picture.pixels[..., 0] == picture.pixels[..., 2]).all()


# --- stretch -------------------------------------------------------------------------------------


def literal_stretch(values: np.ndarray, bands: tuple[int, ...], ends: tuple[float, float]) -> np.ndarray:
    """RGBA, pixel by pixel."""
    taken = [p for line in values for p in line if all(np.isfinite(p[b]) for b in bands)]
    low = [np.percentile([p[b] for p in taken], ends[0]) for b in bands]
    high = [np.percentile([p[b] for p in taken], ends[1]) for b in bands]
    out = np.zeros((*values.shape[:2], 4), np.uint8)
    for i, line in enumerate(values):
        for j, p in enumerate(line):
            if all(np.isfinite(p[b]) for b in bands):
                shares = [(p[b] - a) / (z - a) for b, a, z in zip(bands, low, high, strict=True)]
                out[i, j] = [int(min(max(s, 0), 1) * 255) for s in shares] + [255]
    return out


@pytest.mark.parametrize("ends", [(2.0, 98.0), (1.0, 99.0), (0.0, 100.0)])
def test_colours_are_the_literal_stretch_and_the_limits_are_said(ends: tuple[float, float]) -> None:
    values = np.random.default_rng(0).gamma(2, 300, (13, 17, 5))
    values[3, 5, 1] = values[7, 11, 4] = np.nan
    data = xr.DataArray(values, dims=("row", "column", "band"), coords={"band": list(ROLES[:5])})
    picture = composite(data, ROLES[:5], Recipe("Own choice", (4, 0, 1)), ends)
    np.testing.assert_array_equal(picture.pixels, literal_stretch(values, (4, 0, 1), ends))
    low, high = limits(values, (4, 0, 1), ends)
    said = [float(text.replace(",", "")) for text in re.findall(r"[\d,.]*\d", picture.words.split(";")[0])[1::1]]
    for value in (low[0], high[0]):
        assert any(value == pytest.approx(number, rel=0.01) for number in said), picture.words
    assert ("smallest to the largest" in picture.words) == (ends == (0.0, 100.0))


def test_a_window_is_stretched_by_the_whole_file_and_says_so() -> None:
    values = np.random.default_rng(0).uniform(0, 100, (7, 11, 3))
    data = xr.DataArray(values, dims=("row", "column", "band"), coords={"band": ["a", "b", "c"]})
    samples = np.random.default_rng(1).uniform(0, 1000, (501, 3))
    picture = composite(data, (), samples=samples)
    assert picture.pixels[..., :3].max() < 40
    assert picture.words.endswith("percentile of the whole file's overview.")
    empty = composite(data * np.nan, ())
    assert empty.pixels.max() == 0


# --- indices -------------------------------------------------------------------------------------

LITERAL = {
    "NDVI": ("nir", "red"), "GNDVI": ("nir", "green"), "NDMI": ("nir", "swir1"), "NDWI": ("green", "nir"),
    "MNDWI": ("green", "swir1"), "NBR": ("nir", "swir2"), "NDBI": ("swir1", "nir"),
}  # fmt: skip


@pytest.mark.parametrize("name", LITERAL)
@pytest.mark.parametrize("order", [ROLES, ROLES[::-1]])
def test_an_index_is_the_normalised_difference_of_its_bands(name: str, order: tuple[str, ...]) -> None:
    values = np.random.default_rng(0).uniform(1, 5000, (7, 11, 6))
    values[2, 3], values[5, 6] = 0, -7 - np.arange(6)
    values[3, 4, order.index(LITERAL[name][0])] = np.nan
    found = index_values(values, order, name)
    for i in range(7):
        for j in range(11):
            a, b = (values[i, j, order.index(role)] for role in LITERAL[name])
            if np.isfinite(a + b) and a + b > 0:
                assert found[i, j] == pytest.approx((a - b) / (a + b), rel=1e-12)
            else:
                assert np.isnan(found[i, j])
    np.testing.assert_allclose(index_values(values / 10_000, order, name), found, rtol=1e-9)  # any scale of reflectance


def test_indices_are_offered_where_their_bands_are() -> None:
    assert index_names(ROLES) == tuple(LITERAL)
    assert index_names(("green", "red", "nir")) == ("NDVI", "GNDVI", "NDWI")
    assert index_names(()) == index_names(("red", "-")) == ()


def test_an_index_is_coloured_around_zero_on_one_scale() -> None:
    values = np.array([[[1, 1, 1, 1, 1, 1], [1, 1, 1, 3, 1, 1], [1, 1, 3, 1, 1, 1], [1, 1, 1, np.nan, 1, 1]]], float)
    data = xr.DataArray(values, dims=("row", "column", "band"), coords={"band": list(ROLES)})
    picture = index_picture(data, ROLES, "NDVI")
    zero, green, brown, none = picture.pixels[0].astype(int)
    assert zero.tolist() == [245, 245, 245, 255]  # the middle of the scale
    assert green[1] > green[0]
    assert brown[0] > brown[2]
    assert none.tolist()[3] == 0
    assert (picture.legend["cmin"], picture.legend["cmax"]) == (-1, 1)
    assert "(N-R)/(N+R) with N = nir, R = red" in picture.words
    assert picture.words.endswith("Here −0.5 to 0.5.")


# --- one pixel -----------------------------------------------------------------------------------


@pytest.mark.parametrize("window", [None, (3, 5, 31, 23)])
@pytest.mark.parametrize("name", TRANSFORMS)
def test_a_pixel_says_where_it_lies_and_what_it_holds(name: str, window: tuple[int, int, int, int] | None) -> None:
    transform, crs = TRANSFORMS[name]
    array = np.random.default_rng(0).integers(1, 50, (37, 29, 5)).astype(np.uint16)
    array[7, 21, 3] = 9000
    sample = read(geotiff(array, transform, crs, descriptions=ROLES[:5]), "mark.tif", window=window)
    analysis = hot.analyse(sample, land_cover())
    at = tuple(int(i) for i in np.argwhere(sample.data.values == 9000)[0][:2])
    query = analysis.grid.token_of((*at, 3))
    field, uniform = analysis.field(0, 1, query), analysis.uniform(0, 1, query)
    found = inspect(analysis, at, field, uniform)
    assert (found.row, found.column) == (7, 21)
    x, y = transform @ (21.5, 7.5)
    assert (found.x, found.y) == pytest.approx((x, y), rel=1e-12)
    east, north = Transformer.from_crs(crs, "EPSG:4326", always_xy=True).transform(x, y)
    assert (found.longitude, found.latitude) == pytest.approx((east, north), abs=1e-8)
    assert crs in found.line
    assert f"{abs(north):.6f}° {'N' if north > 0 else 'S'}, {abs(east):.6f}° {'E' if east > 0 else 'W'}" in found.line
    assert found.table["Value"].tolist()[3] == "9000"
    label = int(analysis.prediction.labels.values[at])
    share = float(analysis.prediction.probabilities.values[label][at])
    assert f"class {analysis.prediction.classes[label]}, probability {share:.2f}" in found.line
    times = float(analysis.kronecker_map(0, 1).entry(query, query)) / uniform
    assert float(found.table["Attention × uniform"][3].replace(",", "")) == pytest.approx(times, rel=0.006)
    assert "\n" not in found.line


def test_a_pixel_knows_units_scales_gaps_and_what_was_not_analysed() -> None:
    values = np.random.default_rng(0).integers(1, 200, (6, 13, 17)).astype(np.uint16)
    values[:, 2, 3] = 0

    def told(dataset) -> None:
        dataset.scales, dataset.offsets, dataset.units = (0.5,) * 6, (-7,) * 6, ("reflectance",) * 6

    sample = read(tiff_bytes(values, descriptions=ROLES, nodata=0, edit=told), "a.tif")
    analysis = hot.analyse(sample, land_cover(), hot.Settings(region=((0, 8), (0, 8))))
    field, uniform = analysis.field(0, 0, (0, 1, 2)), analysis.uniform(0, 0, (0, 1, 2))
    gap, outside = inspect(analysis, (2, 3), field, uniform), inspect(analysis, (11, 13), field, uniform)
    assert set(gap.table["Value"]) == {"no data"}
    assert outside.table["Value"][4] == f"{values[4, 11, 13] * 0.5 - 7:g}"
    assert set(outside.table["Unit"]) == {"reflectance (stored × 0.5 − 7)"}
    assert "no class: not analysed, or no data" in gap.line
    assert "no class: not analysed, or no data" in outside.line
    assert set(outside.table["Attention × uniform"]) == {""}


def test_a_pixel_of_a_picture_without_a_place_has_no_longitude() -> None:
    sample = read(tiff_bytes(np.ones((6, 13, 17), np.uint8), transform=None, descriptions=ROLES), "a.tif")
    analysis = hot.analyse(sample, land_cover())
    found = inspect(analysis, (2, 3), analysis.field(0, 0, (0, 0, 0)), 1.0)
    assert (found.longitude, found.x, found.y) == (None, 3.5, 2.5)
    assert "°" not in found.line


def looked_at(transform: Affine, crs: str, at: tuple[int, int]) -> Pixel:
    """One pixel of a raster of 13 × 17 of ones."""
    analysis = hot.analyse(read(geotiff(np.ones((13, 17, 6), np.uint16), transform, crs), "a.tif"), land_cover())
    return inspect(analysis, at, analysis.field(0, 0, (0, 0, 0)), 1.0)


def test_a_longitude_beyond_180_is_said_from_the_other_side() -> None:
    found = looked_at(Affine(0.25, 0, 186, 0, -0.25, 60), "EPSG:4326", (2, 16))
    assert (found.x, found.longitude, found.latitude) == (190.125, -169.875, 59.375)
    assert "x 190.125, y 59.375 ° (EPSG:4326) · 59.375000° N, 169.875000° W" in found.line


@pytest.mark.parametrize(("step", "x"), [(10, "340165"), (1 / 32, "340000.515625"), (28.5, "340470.25")])
def test_a_copied_place_has_the_digits_of_a_pixels_middle(step: float, x: str) -> None:
    assert f" x {x}, " in looked_at(Affine(step, 0, 340_000, 0, -step, 5_820_000), "EPSG:32633", (3, 16)).line


def test_a_pixel_beyond_the_edge_of_the_earth_has_no_longitude() -> None:
    world = Affine(36e6 / 17, 0, -18e6, 0, -18e6 / 13, 9e6)
    corner, middle = (looked_at(world, "ESRI:54009", at) for at in ((0, 0), (6, 8)))
    assert (corner.longitude, corner.latitude) == (None, None)
    assert "· no longitude or latitude here" in corner.line
    assert "no longitude" not in middle.line
    assert (middle.longitude, middle.latitude) == pytest.approx((0, 0), abs=1e-9)


def test_a_negative_offset_is_subtracted_with_one_blank_before_it() -> None:
    values = np.ones((6, 13, 17), np.uint16)

    def told(dataset) -> None:
        dataset.scales, dataset.offsets = (0.0001,) * 6, (-0.1,) * 6

    analysis = hot.analyse(read(tiff_bytes(values, descriptions=ROLES, edit=told), "a.tif"), land_cover())
    line = inspect(analysis, (2, 3), analysis.field(0, 0, (0, 0, 0)), 1.0).line
    assert "blue -0.0999 (stored × 0.0001 − 0.1), " in line


# --- lines ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("degrees", [False, True])
@pytest.mark.parametrize("name", TRANSFORMS)
def test_every_line_runs_through_places_of_one_coordinate(name: str, degrees: bool) -> None:
    transform, crs = TRANSFORMS[name]
    array = np.random.default_rng(0).integers(1, 50, (37, 29, 5)).astype(np.uint16)
    sample = read(geotiff(array, transform, crs, descriptions=ROLES[:5]), "a.tif")
    lines = graticule(sample.modes, sample.geometry, degrees)
    assert 4 <= len(lines.labels) <= 14
    cuts = np.split(np.arange(len(lines.x)), np.flatnonzero(np.isnan(lines.x) & np.isnan(lines.y)))
    modes, seen = sample.modes, 0
    to_degrees = Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
    for cut in cuts:
        there = [i for i in cut if np.isfinite(lines.x[i])]
        if len(there) < 2:
            continue
        step = [mode.coords[1] - mode.coords[0] for mode in modes[:2]]
        column = (lines.x[there] - modes[1].coords[0]) / step[1] + 0.5
        row = (lines.y[there] - modes[0].coords[0]) / step[0] + 0.5
        assert min(row.min(), column.min()) > -1e-6
        assert max(row.max() - 37, column.max() - 29) < 1e-6
        first, second = transform @ (column, row)
        if degrees:
            first, second = to_degrees.transform(first, second)
        spans = [np.ptp(first), np.ptp(second)]
        assert min(spans) < 1e-4 * max(spans)
        seen += 1
    assert seen == len(lines.labels)
    assert all(trace["hoverinfo"] == "skip" for trace in drawn_lines(lines))


def test_lines_have_round_numbers_and_words() -> None:
    assert ticks(340_240, 342_800, False) == [340_500 + 500 * i for i in range(5)]
    assert [degree_words(t, "EW") for t in ticks(12.6, 12.72, True)] == [
        "12°36′ E", "12°38′ E", "12°40′ E", "12°42′ E"
    ]  # fmt: skip
    assert degree_words(-34.9, "EW") == "34°54′ W"
    assert degree_words(-8.0125, "NS") == "8°00′45″ S"
    assert degree_words(0, "NS") == "0°"
    assert [degree_words(t, "EW") for t in (180, 190.125, 360, -180)] == ["180° E", "169°52′30″ W", "0°", "180° W"]
    assert ticks(5, 5, False) == []
    assert ticks(-0.3, 0.3, False)[0] == pytest.approx(-0.3)


def test_degrees_need_a_reference_system() -> None:
    sample = read(tiff_bytes(crs=None), "a.tif")
    assert graticule(sample.modes, sample.geometry, False).labels
    with pytest.raises(SelectionError, match=r"names no coordinate reference system: longitude and latitude"):
        graticule(sample.modes, sample.geometry, True)


@pytest.mark.parametrize(
    ("crs", "middle", "step", "has", "count"),
    [
        ("EPSG:3031", (180, -80), 1000, "179°30′ W", 8),
        ("EPSG:32660", (180, 50), 1000, "179°50′ W", 10),
        ("EPSG:3413", (0, 90), 10_000, "89° N", None),
        ("ESRI:54009", (0, 0), 1e6, "60° S", None),  # with corners beyond the earth
        ("EPSG:8857", (0, 0), 1e6, "60° S", None),
    ],
)
def test_degrees_run_over_the_date_line_a_pole_and_the_edge_of_the_earth(
    crs: str, middle: tuple[float, float], step: float, has: str, count: int | None
) -> None:
    x, y = Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform(*middle)
    transform = Affine(step, 0, x - 18.5 * step, 0, -step, y + 9.5 * step)
    sample = read(geotiff(np.ones((19, 37, 6), np.uint16), transform, crs), "a.tif")
    texts = [label[2] for label in graticule(sample.modes, sample.geometry, True).labels]
    assert has in texts
    assert count is None or len(texts) == pytest.approx(count, abs=4)


@pytest.mark.parametrize(
    ("crs", "pole", "step", "off"),
    [
        ("EPSG:3031", -90, 60_000, (0.0, 0.0)),
        ("EPSG:3413", 90, 60_000, (3.3, 2.2)),  # between the places that are looked at
        ("EPSG:32661", 90, 60_000, (0.5, 0.5)),
        ("EPSG:32661", 90, 10_000, (-11.3, -7.7)),
    ],
)
def test_meridians_meet_in_a_pole_that_the_tile_shows(
    crs: str, pole: float, step: float, off: tuple[float, float]
) -> None:
    x, y = Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform(0, pole)
    transform = Affine(step, 0, x - (18.5 + off[0]) * step, 0, -step, y + (9.5 + off[1]) * step)
    sample = read(geotiff(np.ones((19, 37, 6), np.uint16), transform, crs), "a.tif")
    lines = graticule(sample.modes, sample.geometry, True)
    texts = [label[2] for label in lines.labels]
    meridians = [f"{at}° {side}" for side in "EW" for at in range(30, 180, 30)] + ["0°", "180° E"]
    assert sorted(text for text in texts if text[-1] not in "NS") == sorted(meridians)
    assert "90°" not in {text[:3] for text in texts if text[-1] in "NS"}
    reaching = np.hypot(lines.x - x, lines.y - y) < 1e-6 * step
    assert reaching.sum() == 12


def test_a_picture_without_a_place_has_no_longitude_whatever_system_its_file_names() -> None:
    data = geotiff(np.ones((13, 17, 6), np.uint8), Affine.identity(), "EPSG:32633")
    sample = read(data, "a.tif", window=(2, 3, 7, 11))
    assert sample.geometry.crs
    with pytest.raises(SelectionError, match="does not say where the picture lies"):
        graticule(sample.modes, sample.geometry, True)
    analysis = hot.analyse(sample, land_cover())
    found = inspect(analysis, (2, 3), analysis.field(0, 0, (0, 0, 0)), 1.0)
    assert (found.row, found.column, found.longitude) == (4, 6, None)
    assert "EPSG" not in found.line
    assert analysis.prediction.unit == "px"


def test_grads_are_called_grads() -> None:
    """EPSG:4807: grads from Paris; a right angle has 100."""
    transform = Affine(0.01, 0, 2.5, 0, -0.01, 54.0)
    found = looked_at(transform, "EPSG:4807", (6, 8))
    assert "x 2.585, y 53.935 grad (EPSG:4807)" in found.line
    east, north = Transformer.from_crs("EPSG:4807", "EPSG:4326", always_xy=True).transform(2.585, 53.935)
    assert (found.longitude, found.latitude) == pytest.approx((east, north), abs=1e-6)
    sample = read(geotiff(np.ones((13, 17, 6), np.uint16), transform, "EPSG:4807"), "a.tif")
    assert {mode.unit for mode in sample.modes[:2]} == {"grad"}
    analysis = hot.analyse(sample, land_cover())
    assert " grad · " in position_words(analysis.grid, (0, 0, 0), sample.geometry)
    axes = map_axes(sample.modes)
    assert axes["xaxis"]["title"]["text"] == "longitude (grad)"
    assert axes["yaxis"]["scaleratio"] == pytest.approx(1 / np.cos(np.pi * 53.935 / 200))


def test_lines_in_degrees_beyond_the_earth_are_refused_in_words() -> None:
    far = geotiff(np.ones((5, 7, 6), np.uint16), Affine(1e5, 0, -18e6, 0, -1e5, 9e6), "ESRI:54009")
    sample = read(far, "a.tif")
    with pytest.raises(SelectionError, match="no longitude or latitude here: the picture lies beyond the edge"):
        graticule(sample.modes, sample.geometry, True)


# --- the whole file ------------------------------------------------------------------------------


def test_window_and_region_are_framed_in_the_picture_of_the_whole(tmp_path) -> None:
    sample = read(big_tiff(tmp_path / "big.tif", 4603, (2, 4, 8)), window=(1200, 3000, 211, 223))
    picture = composite(sample.overview.data, sample.roles, samples=sample.overview.samples)
    figure = overview_figure(picture, sample.overview, sample.geometry, ((16, 80), (32, 96)))
    boxes = {s.line.color: (s.x0, s.x1, s.y0, s.y1) for s in figure.layout.shapes}
    assert boxes["white"] == pytest.approx((330_000, 332_230, 5_888_000, 5_885_890))
    assert boxes[QUERY] == pytest.approx((330_320, 330_960, 5_887_840, 5_887_200))
    assert figure.layout.dragmode == "select"
    names = figure.layout.xaxis.title.text, figure.layout.yaxis.title.text
    assert names == ("easting (m)", "northing (m)")
    assert figure.layout.images[0].sizex == pytest.approx(46_030)
