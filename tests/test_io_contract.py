"""One contract for every reader: what a `Sample` promises holds for each kind of file."""

import gzip
import hashlib
import re

import numpy as np
import pytest

from hot_core.io import read
from hot_core.modes import RasterGeometry, SeriesGeometry, VolumeGeometry
from tests.io_makers import LAS, STEPS, long_csv, nifti_bytes, oblique_affine, tiff_bytes, volume_values, wide_csv

FILES = {
    "wide.csv": (wide_csv, "series", (3, 2, STEPS)),
    "semicolon.csv": (lambda: wide_csv(delimiter=";", decimal=","), "series", (3, 2, STEPS)),
    "tabs.tsv": (lambda: wide_csv(delimiter="\t"), "series", (3, 2, STEPS)),
    "long.csv": (long_csv, "series", (3, 2, STEPS)),
    "one.nii": (nifti_bytes, "volume", (5, 7, 11)),
    "two.nii": (lambda: nifti_bytes(version=2), "volume", (5, 7, 11)),
    "big_endian.nii": (lambda: nifti_bytes(order=">", affine=LAS), "volume", (5, 7, 11)),
    "big_endian_two.nii": (lambda: nifti_bytes(order=">", version=2), "volume", (5, 7, 11)),
    "oblique.nii": (lambda: nifti_bytes(affine=oblique_affine()), "volume", (5, 7, 11)),
    "four.nii": (lambda: nifti_bytes(volume_values((5, 7, 11, 3))), "volume", (5, 7, 11, 3)),
    "plain.tif": (tiff_bytes, "raster", (13, 17, 3)),
    "big.tif": (lambda: tiff_bytes(BIGTIFF="YES"), "raster", (13, 17, 3)),
    "motorola.tif": (lambda: tiff_bytes(ENDIANNESS="BIG"), "raster", (13, 17, 3)),
    "nowhere.tif": (lambda: tiff_bytes(transform=None), "raster", (13, 17, 3)),
}
DIMS = {
    "series": ("entity", "variable", "time"),
    "volume": ("x", "y", "z", "volume"),
    "raster": ("row", "column", "band"),
}
GEOMETRY = {"series": SeriesGeometry, "volume": VolumeGeometry, "raster": RasterGeometry}
SENTENCE = re.compile(r"^[A-Z].*\.$", re.DOTALL)


@pytest.fixture(params=FILES)
def made(request):
    """Name, bytes, kind and shape of one file."""
    maker, kind, shape = FILES[request.param]
    return request.param, maker(), kind, shape


def test_dims_are_the_mode_names_and_every_position_has_a_coordinate(made):
    name, data, kind, shape = made
    sample = read(data, name)
    assert sample.kind == kind
    assert sample.data.shape == shape
    assert sample.data.dims == DIMS[kind][: len(shape)] == tuple(mode.name for mode in sample.modes)
    assert isinstance(sample.geometry, GEOMETRY[kind])
    for mode, size in zip(sample.modes, shape, strict=True):
        assert len(mode) == size
        np.testing.assert_array_equal(sample.data[mode.name].values, mode.coords)


def test_source_names_the_file_and_its_hash(made):
    name, data, _, _ = made
    source = read(data, f"/home/jane_doe/{name}").source
    assert (source.name, source.size, source.sha256) == (name, len(data), hashlib.sha256(data).hexdigest())
    assert source.format in {"CSV", "NIfTI-1", "NIfTI-2", "GeoTIFF"}


def test_a_path_gives_the_same_as_its_bytes(made, tmp_path):
    name, data, _, _ = made
    path = tmp_path / name
    path.write_bytes(data)
    from_path, from_text, from_bytes = read(path), read(str(path)), read(data, name)
    for other in (from_text, from_bytes):
        assert other.source == from_path.source
        assert other.notes == from_path.notes
        np.testing.assert_array_equal(other.data.values, from_path.data.values)


def test_gzip_holds_the_same_data_under_another_hash(made):
    name, data, _, _ = made
    zipped = gzip.compress(data)
    plain, packed = read(data, name), read(zipped, f"{name}.gz")
    assert plain.data.identical(packed.data)
    assert packed.notes == plain.notes
    assert (packed.source.size, packed.source.sha256) == (len(zipped), hashlib.sha256(zipped).hexdigest())


def test_content_decides_not_the_name(made):
    _, data, kind, _ = made
    assert read(data, "holiday.jpg").kind == kind


def test_a_sample_is_frozen(made):
    name, data, _, _ = made
    sample = read(data, name)
    with pytest.raises(AttributeError, match="cannot assign"):
        sample.notes = ()
    with pytest.raises(ValueError, match="read-only"):
        sample.data.values[...] = 0
    with pytest.raises(ValueError, match="read-only"):
        sample.modes[-1].coords[0] = sample.modes[-1].coords[-1]


def test_notes_are_sentences(made):
    name, data, _, _ = made
    for note in read(data, name).notes:
        assert SENTENCE.match(note), note


def test_values_are_floats_and_gaps_are_nan(made):
    name, data, _, _ = made
    values = read(data, name).data.values
    assert values.dtype.kind == "f"
    assert np.isfinite(values).all()


@pytest.mark.parametrize("maker", [wide_csv, nifti_bytes, tiff_bytes])
def test_wide_types_of_bytes_are_taken(maker):
    data = maker()
    first = read(data, "a").data
    assert first.identical(read(bytearray(data), "a").data)
    assert first.identical(read(memoryview(data), "a").data)


SHIPPED = {
    "nyc_airport_weather_2013.csv": (3, 6, 8730),
    "mni152_t1_2mm.nii.gz": (99, 117, 95),
    "mni152_hippocampus_L.nii.gz": (36, 52, 36),
    "mni152_hippocampus_R.nii.gz": (36, 52, 36),
    "L7_ETMs.tif": (352, 349, 6),
    "s2_brandenburg_256_6band.tif": (256, 256, 6),
    "s2_brandenburg_256_osm_labels.tif": (256, 256, 1),
}


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_samples_open_without_arguments(name, sample_data):
    sample = read(sample_data / name)
    assert sample.data.shape == SHIPPED[name]
    if SHIPPED[name][-1] == 6:
        assert sample.roles == ("blue", "green", "red", "nir", "swir1", "swir2")


def test_shipped_weather_has_real_gaps_and_units(sample_data):
    sample = read(sample_data / "nyc_airport_weather_2013.csv")
    assert list(sample.modes[0].coords) == ["EWR", "JFK", "LGA"]
    assert list(sample.data["unit"].values) == ["°F", "°F", "%", "mph", "mbar", "mi"]
    assert np.isnan(sample.data.sel(variable="pressure")).mean() > 0.09
    missing = np.isnan(sample.data).all(dim=("entity", "variable"))
    assert int(missing.sum()) == 16
    assert str(sample.data["time"].values[0]) == "2013-01-01T06:00:00.000000000"


def test_hippocampus_crops_lie_on_their_sides(sample_data):
    left, right = (read(sample_data / f"mni152_hippocampus_{side}.nii.gz") for side in "LR")
    assert left.data["x"].max() < 0 < right.data["x"].min()


def test_every_shipped_file_is_described(sample_data):
    text = (sample_data / "README.md").read_text(encoding="utf-8")
    for path in sample_data.iterdir():
        assert path.name == "README.md" or f"`{path.name}`" in text, path.name
