"""Rasters: bands by their roles, the region, the scale of the scene, classes and areas back on the grid."""

from __future__ import annotations

import numpy as np
import pytest
from rasterio.transform import Affine

from hot_core.errors import ModelError, SelectionError
from hot_core.io import read
from hot_core.modes import Sample
from hot_core.transforms import Segmentation, Settings, to_input
from hot_core.transforms.raster import around_data
from tests.makers_samples import ROLES, geotiff, land_cover

CONFIG = land_cover().config
NORTH_UP = Affine(10, 0, 340_000, 0, -20, 5_820_000)


def scene(
    rows: int = 37, columns: int = 29, names: tuple[str, ...] = ROLES, crs: str | None = "EPSG:32633", **options: float
) -> Sample:
    values = np.random.default_rng(0).integers(1, 5000, (rows, columns, len(names))).astype(np.uint16)
    if "nodata" in options:
        values[3:5, 7] = options["nodata"]
        values[11, 13, 2] = options["nodata"]
    return read(geotiff(values, NORTH_UP, crs, descriptions=names, **options), "scene.tif")


def test_bands_are_scaled_over_the_whole_scene() -> None:
    sample = scene()
    given = to_input(sample, CONFIG, Settings(region=((5, 18), (2, 19))))
    for band in range(6):
        whole = sample.data.values[..., band].astype(float)
        expected = (whole - whole.mean()) / whole.std()
        np.testing.assert_allclose(given.values[..., band], expected[5:18, 2:19], atol=1e-5)
    assert given.grid.shape == (4, 5, 6)
    assert given.roles == ROLES


def test_nodata_is_masked_left_out_of_the_scale_and_unlabelled() -> None:
    sample = scene(nodata=0)
    given = to_input(sample, CONFIG, Settings())
    np.testing.assert_array_equal(given.mask, ~np.isnan(sample.data.values))
    valid = given.values[given.mask[..., 2], 2]
    assert valid.mean() == pytest.approx(0, abs=1e-6)
    assert valid.std() == pytest.approx(1, abs=1e-5)
    result = given.back(np.ones((4, 37, 29)))
    assert isinstance(result, Segmentation)
    assert np.argwhere(result.labels.values == -1).tolist() == [[3, 7], [4, 7]]
    assert result.amounts["water"] == pytest.approx((37 * 29 - 2) * 0.02)
    assert result.unit == "ha"


def test_classes_come_back_in_place() -> None:
    given = to_input(scene(), CONFIG, Settings(region=((5, 18), (2, 19))))
    logits = np.zeros((4, 13, 17))
    logits[1] = 1
    logits[3, 7, 11] = 4
    result = given.back(logits)
    assert isinstance(result, Segmentation)
    assert np.argwhere(result.labels.values == 3).tolist() == [[12, 13]]
    assert result.amounts == pytest.approx({"water": 0, "open": 220 * 0.02, "woody": 0, "developed": 0.02})


def test_areas_without_a_place_are_pixels() -> None:
    values = np.random.default_rng(0).integers(1, 5000, (13, 11, 6)).astype(np.uint16)
    sample = read(geotiff(values, Affine(0.001, 0, 13, 0, -0.001, 52), None), "nowhere.tif")
    result = to_input(sample, CONFIG, Settings()).back(np.ones((4, 13, 11)))
    assert isinstance(result, Segmentation)
    assert result.amounts["water"] == 143
    assert result.unit == "px"


def test_feet_are_not_metres() -> None:
    values = np.random.default_rng(0).integers(1, 5000, (13, 11, 6)).astype(np.uint16)
    sample = read(geotiff(values, Affine(100, 0, 2e6, 0, -100, 7e5), "EPSG:2264"), "feet.tif")
    result = to_input(sample, CONFIG, Settings()).back(np.ones((4, 13, 11)))
    assert isinstance(result, Segmentation)
    assert result.amounts["water"] == pytest.approx(143 * (100 * 1200 / 3937) ** 2 / 1e4)


def test_any_order_and_any_subset_of_bands() -> None:
    sample = scene(names=("swir2", "red", "nir"))
    given = to_input(sample, CONFIG, Settings())
    assert given.roles == ("swir2", "red", "nir")
    assert given.values.shape == (37, 29, 3)
    assert "3 of the model's 6 bands; without blue, green, swir1" in given.notes[0]


def test_roles_are_asked_for_never_guessed() -> None:
    sample = scene(names=("a", "b", "c"))
    with pytest.raises(ModelError, match=r"does not say which band is which. Say what the 3 bands are, .*--bands"):
        to_input(sample, CONFIG, Settings())
    given = to_input(sample, CONFIG, Settings(bands=("red", "-", "nir")))
    assert given.roles == ("red", "nir")
    assert given.grid.native_of((0, 0, 1))[2] == slice(2, 3)
    with pytest.raises(ModelError, match=r"2 roles for 3 bands"):
        to_input(sample, CONFIG, Settings(bands=("red", "nir")))
    for wrong in (("red", "red", "nir"), ("red", "purple", "nir"), ("-", "-", "-")):
        with pytest.raises(ModelError, match=r"are unknown, missing or repeated"):
            to_input(sample, CONFIG, Settings(bands=wrong))


def test_a_large_scene_is_cut_in_the_middle_and_said() -> None:
    given = to_input(scene(307, 281), CONFIG, Settings())
    assert given.grid.window == ((25, 281), (12, 268), (0, 6))
    assert "The middle 256 × 256 pixels of 307 × 281" in given.notes[0]


def test_wrong_regions_are_said() -> None:
    with pytest.raises(SelectionError, match=r"0 … 38 of row is empty or leaves the data \(0 … 37\)"):
        to_input(scene(), CONFIG, Settings(region=((0, 38), (0, 5))))
    with pytest.raises(SelectionError, match=r"A region of a raster is rows and columns"):
        to_input(scene(), CONFIG, Settings(region=((0, 5), (0, 5), (0, 3))))
    with pytest.raises(SelectionError, match=r"67,500 tokens \(125 row × 90 column × 6 band\)"):
        to_input(scene(499, 359), CONFIG, Settings(region=((0, 499), (0, 359))))


def test_where_the_middle_holds_nothing_the_nearest_data_are_analysed() -> None:
    values = np.full((1201, 1301, 6), np.nan, np.float32)
    values[200:210, 700:720] = np.random.default_rng(0).uniform(1, 50, (10, 20, 6))
    sample = read(geotiff(values, Affine(10, 0, 340_000, 0, -20, 5_820_000), "EPSG:32633", float("nan")), "gaps.tif")
    given = to_input(sample, CONFIG, Settings())
    assert given.grid.window[:2] == ((209 - 128, 209 + 128), (700 - 128, 700 + 128))  # the corner nearest to the middle
    assert any("the data nearest to it are analysed" in note for note in given.notes)
    assert given.mask.any()
    assert around_data(values[:200], ((0, 20), (3, 33))) == ((0, 20), (3, 33))  # nothing anywhere: said elsewhere
