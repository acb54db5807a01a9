"""GeoTIFF: windows, masks, scales, roles of bands, reference systems."""

import numpy as np
import pytest
from rasterio.enums import ColorInterp
from rasterio.shutil import copy

from hot_core.errors import HotError
from hot_core.io import read
from hot_core.io.band_roles import find_roles
from hot_core.io.geotiff_grid import choose_window
from hot_core.io.limits import Limits
from tests.io_makers import NORTH_UP, raster_values, tiff_bytes

SIX = ("blue", "green", "red", "nir", "swir1", "swir2")
ROLES = {
    "words": (("B1 blue", "B2 green", "B3 red", "B4 nir", "B5 swir1", "B7 swir2"), {}, SIX),
    "turned words": (("SWIR 2", "SWIR 1", "Near Infrared", "Red", "Green", "Blue"), {}, SIX[::-1]),
    "STAC names": (("blue", "green", "red", "nir08", "swir16", "swir22"), {}, SIX),
    "long words": (("short-wave infrared 1", "shortwave infrared 2", "NIR"), {}, ("swir1", "swir2", "nir")),
    "red edge is not red": (("red edge 1", "red", "rededge2"), {}, ("-", "red", "-")),
    "Sentinel-2 codes": (("B02", "B03", "B04", "B08", "B11", "B12"), {}, SIX),
    "ten bands of Sentinel-2": (
        ("B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B11", "B12"),
        {},
        ("blue", "green", "red", "-", "-", "-", "nir", "-", "swir1", "swir2"),
    ),
    "Landsat 5 by its metadata": (("SR_B1", "SR_B2", "SR_B3", "SR_B4"), {"SPACECRAFT": "LANDSAT_5"}, SIX[:4]),
    "Landsat 8 by its metadata": (("SR_B2", "SR_B3", "SR_B4", "SR_B5"), {"PLATFORM": "Landsat-8"}, SIX[:4]),
    "Landsat 9 by its product": (("B4", "B5"), {"PRODUCT_ID": "LC09_L2SP_193023"}, ("red", "nir")),
    "Sentinel-2 by its product": (("B2", "B3"), {"PRODUCT": "S2A_MSIL2A_2017"}, ("blue", "green")),
    "codes of an unknown sensor": (("B2", "B3", "B4", "B5", "B6", "B7"), {}, ()),
    "two sensors named": (("B2", "B3"), {"a": "Sentinel-2", "b": "Landsat-8"}, ()),
    "no names": (("", "", ""), {}, ()),
    "other names": (("dem", "slope"), {}, ()),
    "one role twice": (("red", "red", "nir"), {}, ()),
}


@pytest.mark.parametrize("name", ROLES)
def test_roles_come_from_names_or_a_known_sensor(name):
    descriptions, tags, roles = ROLES[name]
    assert find_roles(descriptions, tags)[0] == roles
    values = raster_values(len(descriptions))
    sample = read(tiff_bytes(values, descriptions=descriptions, tags=tags), "a.tif")
    assert sample.roles == roles
    assert len(sample.modes[2]) == len(descriptions)


@pytest.mark.parametrize("bands", [3, 4, 6])
def test_roles_never_come_from_the_order_of_bands(bands):
    sample = read(tiff_bytes(raster_values(bands, dtype=np.uint8), photometric="rgb"), "a.tif")
    assert sample.roles == ()
    assert any("does not say which band" in note for note in sample.notes)


def test_roles_can_be_given():
    sample = read(tiff_bytes(raster_values(4)), "a.tif", bands=("red", "-", "NIR", "blue"))
    assert sample.roles == ("red", "-", "nir", "blue")
    assert sample.data.sizes["band"] == 4


def test_names_kept_in_band_tags_are_found():
    def name(dataset):
        for index, role in enumerate(("red", "nir", "green"), 1):
            dataset.update_tags(index, common_name=role)

    assert read(tiff_bytes(edit=name), "a.tif").roles == ("red", "nir", "green")


def test_equal_names_become_different_coordinates():
    sample = read(tiff_bytes(descriptions=("x", "x", "y")), "a.tif")
    assert list(sample.modes[2].coords) == ["x (band 1)", "x (band 2)", "y (band 3)"]


def test_nodata_is_nan():
    values = raster_values()
    values[0, 3, 5] = values[2, 7, 11] = 0
    sample = read(tiff_bytes(values, nodata=0), "a.tif")
    assert sample.geometry.nodata == 0
    assert np.argwhere(np.isnan(sample.data.values)).tolist() == [[3, 5, 0], [7, 11, 2]]


def test_nan_and_infinite_are_missing():
    values = raster_values(dtype=np.float32)
    values[0, 3, 5], values[2, 7, 11] = np.nan, -np.inf
    sample = read(tiff_bytes(values), "a.tif")
    assert np.argwhere(np.isnan(sample.data.values)).tolist() == [[3, 5, 0], [7, 11, 2]]
    assert "1 infinite values are treated as missing." in sample.notes


def test_mask_band_is_honoured():
    valid = np.ones((13, 17), bool)
    valid[2, 4] = False
    sample = read(tiff_bytes(edit=lambda dataset: dataset.write_mask(valid)), "a.tif")
    assert np.argwhere(np.isnan(sample.data.values)).tolist() == [[2, 4, 0], [2, 4, 1], [2, 4, 2]]


def test_alpha_band_masks_and_is_no_measurement():
    values = raster_values(4, dtype=np.uint8)
    values[3] = 255
    values[3, 2, 4] = 0

    def alpha(dataset):
        dataset.colorinterp = [ColorInterp.gray, *[ColorInterp.undefined] * 2, ColorInterp.alpha]

    sample = read(tiff_bytes(values, edit=alpha), "a.tif")
    assert sample.data.sizes["band"] == 3
    assert np.argwhere(np.isnan(sample.data.values)).tolist() == [[2, 4, 0], [2, 4, 1], [2, 4, 2]]


def test_scale_and_offset_are_applied():
    def scale(dataset):
        dataset.scales, dataset.offsets = (0.5, 1, 0.25), (-7, 0, 3)

    values = raster_values()
    got = read(tiff_bytes(values, edit=scale), "a.tif").data.values
    np.testing.assert_allclose(got[..., 0], values[0] * 0.5 - 7)
    np.testing.assert_allclose(got[..., 1], values[1])
    np.testing.assert_allclose(got[..., 2], values[2] * 0.25 + 3)


@pytest.mark.parametrize("dtype", ["uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64"])
def test_every_kind_of_number(dtype):
    values = raster_values(dtype=dtype) % 100
    values[0, 0, 0] = 2**31 - 7 if dtype in {"uint32", "int32", "float64"} else 101
    np.testing.assert_array_equal(read(tiff_bytes(values), "a.tif").data.values, np.moveaxis(values, 0, -1))


@pytest.mark.parametrize("options", [{"tiled": True, "blockxsize": 16, "blockysize": 16}, {"interleave": "pixel"}])
@pytest.mark.parametrize("compress", ["deflate", "lzw", "packbits", None])
def test_layouts_and_compressions(options, compress):
    values = raster_values(3, (37, 41))
    sample = read(tiff_bytes(values, compress=compress, **options), "a.tif", window=(5, 3, 29, 31))
    np.testing.assert_array_equal(sample.data.values, np.moveaxis(values, 0, -1)[5:34, 3:34])
    assert sample.geometry.window == (5, 3, 29, 31)
    assert sample.geometry.file_shape == (37, 41)
    assert sample.geometry.transform == (10, 0, 340240 + 30, 0, -10, 5820120 - 50)


def test_a_large_raster_is_read_in_its_centre_and_says_so():
    area, notes = choose_window(5000, 9000, 3, None, Limits(), "a.tif")
    assert area == (1988, 3988, 1024, 1024)
    assert "central 1,024 × 1,024" in notes[0]
    assert choose_window(2000, 2000, 3, None, Limits(), "a.tif") == ((0, 0, 2000, 2000), [])
    area, _ = choose_window(5000, 211, 3, None, Limits(pixels=1000, side=500), "a.tif")
    assert area == (2250, 0, 500, 211)


def test_a_large_file_by_path_is_read_by_window_and_hashed_by_what_was_read(tmp_path):
    values = np.zeros((1, 2203, 2311), np.uint8)
    values[0, 1200, 1300] = 77
    path = tmp_path / "large.tif"
    path.write_bytes(tiff_bytes(values, tiled=True, blockxsize=256, blockysize=256, compress="deflate"))
    whole, limited = read(path), read(path, max_bytes=1000)
    assert whole.data.shape == (1024, 1024, 1)
    assert any("central" in note for note in whole.notes)
    mark = whole.data.where(whole.data == 77, drop=True)
    x, y = NORTH_UP @ (1300.5, 1200.5)
    assert (mark["column"].item(), mark["row"].item()) == (x, y)
    assert limited.source.sha256 != whole.source.sha256
    assert limited.source.sha256 == read(path, max_bytes=1000).source.sha256


def test_reference_systems_are_kept():
    utm = read(tiff_bytes(), "a.tif")
    assert "32633" in utm.geometry.crs
    assert [mode.unit for mode in utm.modes] == ["metre", "metre", None]
    world = read(tiff_bytes(crs="EPSG:4326"), "a.tif")
    assert [mode.unit for mode in world.modes] == ["degree", "degree", None]


def test_without_a_reference_system_the_reader_says_so():
    sample = read(tiff_bytes(crs=None), "a.tif")
    assert sample.geometry.crs == ""
    assert any("no coordinate reference system" in note for note in sample.notes)
    nowhere = read(tiff_bytes(transform=None), "a.tif")
    assert nowhere.modes[0].unit == "pixel"
    np.testing.assert_array_equal(nowhere.modes[0].coords, np.arange(13) + 0.5)
    assert any("does not say where" in note for note in nowhere.notes)


def test_truncation_outside_the_window_is_found(tmp_path):
    data = tiff_bytes(raster_values(3, (211, 223)), interleave="pixel")
    path = tmp_path / "cut.tif"
    path.write_bytes(data[:-5000])
    for source in (path, data[:-5000]):
        with pytest.raises(HotError, match="truncated"):
            read(source, "cut.tif", window=(0, 0, 7, 7))


def test_missing_tiles_are_found_where_the_directory_is_whole(tmp_path):
    """A cloud-optimised file has its directory in front: a cut takes pixels alone, here outside the window."""
    whole, cog = tmp_path / "whole.tif", tmp_path / "cog.tif"
    whole.write_bytes(tiff_bytes(raster_values(3, (523, 541))))
    copy(whole, cog, driver="COG", BLOCKSIZE=128, COMPRESS="DEFLATE", OVERVIEWS="NONE")
    data = cog.read_bytes()
    assert read(data, "cog.tif", window=(0, 0, 7, 7)).data.shape == (7, 7, 3)
    with pytest.raises(HotError, match="truncated"):
        read(data[: len(data) * 9 // 10], "cog.tif", window=(0, 0, 7, 7))
