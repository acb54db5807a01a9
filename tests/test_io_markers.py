"""One mark at a known place is read at that place: a bright voxel, a hot pixel, a spike.

Each file is written by nibabel, rasterio or by hand; the expected place comes from the affine, the
transform or the stamp alone, in two lines, without our code.
"""

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from rasterio.transform import Affine

from hot_core.io import read
from tests.io_makers import (
    ANISOTROPIC,
    ENTITIES,
    LAS,
    NORTH_UP,
    RAS,
    STEPS,
    VARIABLES,
    long_csv,
    nifti_bytes,
    oblique_affine,
    raster_values,
    series_values,
    stamps,
    tiff_bytes,
    wide_csv,
)

VOXEL = (3, 2, 7)
AFFINES = {"RAS": RAS, "LAS": LAS, "anisotropic PIR": ANISOTROPIC, "oblique": oblique_affine()}


def bright_volume(affine, **options):
    values = np.zeros((5, 7, 11), np.int16)
    values[VOXEL] = 1000
    return read(nifti_bytes(values, affine, **options), "mark.nii"), affine @ (*VOXEL, 1)


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("name", AFFINES)
def test_bright_voxel_keeps_its_world_position(name, order, version):
    sample, world = bright_volume(AFFINES[name], version=version, order=order)
    place = np.unravel_index(np.argmax(sample.data.values), sample.data.shape)
    assert sample.data.values[place] == 1000
    np.testing.assert_allclose(sample.geometry.affine @ (*place, 1), world, atol=1e-4)


@pytest.mark.parametrize("name", ["RAS", "LAS", "anisotropic PIR"])
def test_axis_aligned_coordinates_are_world_mm(name):
    sample, world = bright_volume(AFFINES[name])
    mark = sample.data.where(sample.data == 1000, drop=True)
    np.testing.assert_allclose([mark[axis].item() for axis in "xyz"], world[:3], atol=1e-4)
    assert not sample.geometry.oblique


def test_oblique_coordinates_are_mm_along_the_array_and_said_so():
    sample, world = bright_volume(AFFINES["oblique"])
    mark = sample.data.where(sample.data == 1000, drop=True)
    along = np.array([mark[axis].item() for axis in "xyz"])
    axes = sample.geometry.affine[:3, :3] / np.array(sample.geometry.zooms)
    np.testing.assert_allclose(axes @ along + sample.geometry.affine[:3, 3], world[:3], atol=1e-4)
    assert any("oblique" in note for note in sample.notes)


@pytest.mark.parametrize("name", AFFINES)
def test_the_way_back_gives_the_files_own_voxel(name):
    sample, _ = bright_volume(AFFINES[name])
    geometry = sample.geometry
    back = nib.orientations.ornt_transform([[0, 1], [1, 1], [2, 1]], geometry.orientation)
    own = nib.orientations.apply_orientation(sample.data.values, back)
    assert own.shape == geometry.file_shape == (5, 7, 11)
    assert own[VOXEL] == 1000
    np.testing.assert_allclose(geometry.file_affine, AFFINES[name], atol=1e-5)


PIXEL = (4, 11)
GRIDS = {
    "north-up": (NORTH_UP, "EPSG:32633"),
    "south-up": (Affine(10, 0, 340240, 0, 10, 5817550), "EPSG:32633"),
    "geographic": (Affine(0.25, 0, 12.0, 0, -0.5, 53.0), "EPSG:4326"),
    "anisotropic": (Affine(30, 0, -70, 0, -7, 11), "EPSG:31985"),
}


def hot_raster(transform, crs, **options):
    values = np.ones((3, 13, 17), np.uint16)
    values[1][PIXEL] = 999
    x, y = transform @ (PIXEL[1] + 0.5, PIXEL[0] + 0.5)
    return read(tiff_bytes(values, transform, crs), "mark.tif", **options), x, y


@pytest.mark.parametrize("name", GRIDS)
def test_hot_pixel_keeps_its_map_coordinates(name):
    sample, x, y = hot_raster(*GRIDS[name])
    mark = sample.data.where(sample.data == 999, drop=True)
    np.testing.assert_allclose([mark["column"].item(), mark["row"].item()], [x, y], rtol=1e-12)
    assert str(mark["band"].values[0]) == "band 2"
    assert sample.geometry.unit == ("degree" if name == "geographic" else "metre")


@pytest.mark.parametrize("name", GRIDS)
def test_hot_pixel_in_a_window_keeps_its_map_coordinates(name):
    sample, x, y = hot_raster(*GRIDS[name], window=(3, 5, 7, 11))
    assert sample.data.shape == (7, 11, 3)
    mark = sample.data.where(sample.data == 999, drop=True)
    np.testing.assert_allclose([mark["column"].item(), mark["row"].item()], [x, y], rtol=1e-12)
    row, column, _ = np.argwhere(sample.data.values == 999)[0]
    np.testing.assert_allclose(Affine(*sample.geometry.transform) @ (column + 0.5, row + 0.5), (x, y), rtol=1e-12)


def test_hot_pixel_of_a_rotated_raster_is_found_by_the_transform():
    transform = Affine.translation(340240, 5820120) @ Affine.rotation(30) @ Affine.scale(10, -7)
    sample, x, y = hot_raster(transform, "EPSG:32633")
    row, column, _ = np.argwhere(sample.data.values == 999)[0]
    np.testing.assert_allclose(Affine(*sample.geometry.transform) @ (column + 0.5, row + 0.5), (x, y), rtol=1e-12)
    np.testing.assert_allclose(float(sample.data["column"][column]), 10 * 11.5)
    np.testing.assert_allclose(float(sample.data["row"][row]), 7 * 4.5)
    assert any("rotated" in note for note in sample.notes)


SPIKE = (2, 1, 17)


def spiked(seed=0):
    values = series_values(seed)
    values[SPIKE] = 12345.67
    return values


TABLES = {
    "wide": lambda values: wide_csv(values),
    "wide decimal comma": lambda values: wide_csv(values, delimiter=";", decimal=",", form="%d.%m.%Y %H:%M"),
    "wide American dates": lambda values: wide_csv(values, form="%m/%d/%Y %I:%M %p"),
    "wide tabs": lambda values: wide_csv(values, delimiter="\t", form="%Y/%m/%d %H:%M:%S"),
    "long": lambda values: long_csv(values),
    "long decimal comma": lambda values: long_csv(values, delimiter=";", decimal=","),
}


@pytest.mark.parametrize("name", TABLES)
def test_spike_keeps_its_stamp_entity_and_variable(name):
    sample = read(TABLES[name](spiked()), "mark.csv")
    mark = sample.data.where(sample.data == 12345.67, drop=True)
    assert mark.shape == (1, 1, 1)
    assert str(mark["entity"].values[0]) == ENTITIES[2]
    assert str(mark["variable"].values[0]) == VARIABLES[1][0]
    assert str(mark["unit"].values[0]) == VARIABLES[1][1]
    assert mark["time"].values[0] == stamps()[17].to_datetime64()
    assert sample.data.dtype == np.float64


@pytest.mark.parametrize("name", TABLES)
def test_every_value_lies_where_it_was_written(name):
    values = series_values()
    values[1, 0, 5:9] = np.nan
    sample = read(TABLES[name](values), "all.csv")
    np.testing.assert_array_equal(sample.data.values, values)
    np.testing.assert_array_equal(sample.data["time"].values, stamps().to_numpy().astype("datetime64[ns]"))


def test_spike_in_shuffled_rows_is_sorted_to_its_stamp():
    lines = wide_csv(spiked()).decode().splitlines()
    order = np.random.default_rng(5).permutation(STEPS)
    shuffled = "\n".join([lines[0], *(lines[1 + at] for at in order)]).encode()
    sample = read(shuffled, "shuffled.csv")
    np.testing.assert_array_equal(sample.data.values, spiked())
    assert any("sorted" in note for note in sample.notes)


def test_beijing_form_of_separate_columns():
    when = pd.date_range("2013-02-27 20:00", periods=STEPS, freq="h")
    rows = ['"No","year","month","day","hour","PM2.5","wd","station"']
    for at, stamp in enumerate(when):
        value = "NA" if at == 3 else 999 if at == 11 else at
        rows.append(f'{at + 1},{stamp.year},{stamp.month},{stamp.day},{stamp.hour},{value},"NW","Changping"')
    sample = read("\n".join(rows).encode(), "PRSA.csv")
    assert sample.data.shape == (1, 1, STEPS)
    assert list(sample.data["entity"].values) == ["Changping"]
    assert sample.data["time"].values[int(sample.data.argmax("time").item())] == when[11].to_datetime64()
    assert np.isnan(sample.data.values[0, 0, 3])


def test_raster_values_are_laid_out_row_column_band():
    values = raster_values()
    np.testing.assert_array_equal(read(tiff_bytes(values), "a.tif").data.values, np.moveaxis(values, 0, -1))
