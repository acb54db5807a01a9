"""Exports: the input's geometry exactly, read back by others and by ourselves; the same bytes; nothing private."""

from __future__ import annotations

import gzip
import io
import json
import math
from dataclasses import replace

import nibabel as nib
import numpy as np
import pytest
import torch
from rasterio.transform import Affine

import hot_core as hot
from hot_core.errors import ShapeError
from hot_core.export import factors_bytes, field_bytes, manifest, prediction_bytes
from hot_core.export.nifti import nifti_bytes
from hot_core.kronecker import KroneckerMap
from hot_core.modes import VolumeGeometry
from hot_core.transforms import Segmentation
from tests.makers_samples import (
    ROLES,
    classifier,
    forecaster,
    geotiff,
    land_cover,
    long_csv,
    nifti,
    open_csv,
    open_nii,
    open_tif,
    segmenter,
    wide_csv,
)  # fmt: skip
from tests.test_markers import AFFINES, ENTITIES, TRANSFORMS, VARIABLES
from tests.test_pipeline import CASES, raster, series, shape, volume


@pytest.mark.parametrize("name", CASES)
def test_the_same_analysis_gives_the_same_bytes(name: str) -> None:
    make, build, _ = CASES[name]
    exports = []
    for _ in range(2):
        analysis = hot.analyse(make(), build())
        field = analysis.field(0, 0, analysis.default_query())
        files = (factors_bytes(analysis), field_bytes(analysis, field)[0], prediction_bytes(analysis)[0])
        exports.append((*files, json.dumps(manifest(analysis))))
    assert exports[0] == exports[1]


# --- NIfTI ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("codes", [(2, 1), (1, 0), (0, 1), (4, 4), (0, 0)])
@pytest.mark.parametrize("name", [n for n in AFFINES if "oblique" not in n])
def test_nifti_keeps_orientation_codes_and_units(name: str, codes: tuple[int, int]) -> None:
    sform, qform = codes
    values = np.random.default_rng(0).gamma(2.0, 100.0, (13, 17, 23)).astype(np.float32)
    content = nifti(values, AFFINES[name], sform=sform, qform=qform)
    original = nib.Nifti1Image.from_bytes(content)
    sample = hot.read(content, "scan.nii")
    # The data themselves, sent out again, must be the file's own array.
    image = open_nii(nifti_bytes(sample.data.values, sample.geometry))
    np.testing.assert_array_equal(np.asarray(image.dataobj), values)
    np.testing.assert_allclose(image.affine, original.affine, atol=1e-5)
    for ours, theirs in zip(
        (*image.get_sform(coded=True), *image.get_qform(coded=True)),
        (*original.get_sform(coded=True), *original.get_qform(coded=True)),
        strict=True,
    ):
        if ours is None or theirs is None:
            assert ours is theirs
        else:
            np.testing.assert_allclose(ours, theirs, atol=1e-5)
    np.testing.assert_allclose(image.header.get_zooms(), original.header.get_zooms(), atol=1e-6)
    assert image.header.get_xyzt_units() == ("mm", "sec")


@pytest.mark.parametrize("name", AFFINES)
@pytest.mark.parametrize("version", [1, 2])
def test_oblique_nifti_and_both_versions(name: str, version: int) -> None:
    values = np.random.default_rng(0).gamma(2.0, 100.0, (13, 17, 23)).astype(np.float32)
    sample = hot.read(nifti(values, AFFINES[name], version=version), "scan.nii")
    content = nifti_bytes(sample.data.values, sample.geometry)
    image = open_nii(content)
    assert isinstance(image, nib.Nifti2Image) == (version == 2)
    np.testing.assert_array_equal(np.asarray(image.dataobj), values)
    np.testing.assert_allclose(image.affine, AFFINES[name], atol=1e-5)


@pytest.mark.parametrize(("unit", "factor"), [("micron", 1e3), ("meter", 1e-3), ("mm", 1.0)])
def test_units_other_than_mm_are_written_again(unit: str, factor: float) -> None:
    affine = np.diag([factor, factor, factor, 1.0]) @ AFFINES["LAS"]
    values = np.random.default_rng(0).gamma(2.0, 100.0, (13, 17, 23)).astype(np.float32)
    image = nib.Nifti1Image(values, affine)
    image.set_sform(affine, 2)
    image.set_qform(affine, 1)
    image.header.set_xyzt_units(unit, "sec")
    sample = hot.read(image.to_bytes(), "scan.nii")
    assert isinstance(sample.geometry, VolumeGeometry)
    assert sample.geometry.zooms == pytest.approx((1, 1, 1))
    written = open_nii(nifti_bytes(sample.data.values, sample.geometry))
    np.testing.assert_allclose(written.affine, affine, rtol=1e-6)
    np.testing.assert_allclose(written.get_qform(), affine, rtol=1e-5)
    assert written.header.get_xyzt_units()[0] == unit


def test_a_volume_without_place_goes_back_as_it_came() -> None:
    values = np.random.default_rng(0).gamma(2.0, 100.0, (13, 17, 23)).astype(np.float32)
    image = nib.Nifti1Image(values, None)
    sample = hot.read(image.to_bytes(), "scan.nii")
    written = open_nii(nifti_bytes(sample.data.values, sample.geometry))
    np.testing.assert_array_equal(np.asarray(written.dataobj), values)
    np.testing.assert_allclose(written.affine, nib.Nifti1Image.from_bytes(image.to_bytes()).affine)
    assert (int(written.header["sform_code"]), int(written.header["qform_code"])) == (0, 0)
    assert written.header.get_xyzt_units() == ("unknown", "unknown")


def test_nifti_field_is_missing_outside_the_region_and_labels_are_background() -> None:
    sample = volume("LAS")
    analysis = hot.analyse(sample, segmenter(), hot.Settings(region=((2, 10), (5, 16), (0, 23))))
    field = open_nii(field_bytes(analysis, analysis.field(0, 0, (0, 0, 0)))[0])
    assert field.get_data_dtype() == np.float32
    present = np.isfinite(np.asarray(field.dataobj))
    assert present.sum() == 8 * 11 * 23
    assert field.header["intent_name"].item() == b"att row L0 H0"
    mean = open_nii(field_bytes(analysis, analysis.field(1, None, (0, 0, 0), "column"))[0])
    assert mean.header["intent_name"].item() == b"att col L1 mean"
    assert mean.header["descrip"].item() == b""
    assert present[3:11, 5:16, :].all()  # the file runs from right to left: x 2 … 9 are its voxels 10 … 3
    content, suffix, mime = prediction_bytes(analysis)
    labels = open_nii(content)
    assert (suffix, mime) == (".nii.gz", "application/gzip")
    assert labels.get_data_dtype() == np.int16
    assert isinstance(analysis.prediction, Segmentation)
    np.testing.assert_array_equal(np.asarray(labels.dataobj), np.maximum(analysis.prediction.labels.values[::-1], 0))


def test_our_reader_takes_our_nifti() -> None:
    analysis = hot.analyse(volume("PIR"), segmenter())
    field = analysis.field(0, 1, (1, 2, 3))
    again = hot.read(field_bytes(analysis, field)[0], "field.nii.gz")
    np.testing.assert_array_equal(again.data.values, field.values)
    for dim in "xyz":
        np.testing.assert_allclose(again.data[dim].values, field[dim].values, atol=1e-5)


# --- GeoTIFF -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", TRANSFORMS)
def test_geotiff_keeps_place_and_says_what_it_holds(name: str) -> None:
    transform, crs = TRANSFORMS[name]
    values = np.random.default_rng(0).integers(1, 50, (37, 29, 5)).astype(np.uint16)
    sample = hot.read(geotiff(values, transform, crs, descriptions=ROLES[:5]), "tile.tif")
    analysis = hot.analyse(sample, land_cover(), hot.Settings(region=((4, 20), (8, 29))))
    field = analysis.field(1, 1, (0, 1, 2))
    dataset, bands = open_tif(field_bytes(analysis, field)[0])
    np.testing.assert_array_equal(bands, field.values)
    assert dataset.transform == transform
    assert dataset.crs.to_string() == crs
    assert math.isnan(dataset.nodata)
    assert dataset.profile["tiled"]
    assert dataset.compression.name == "deflate"
    assert dataset.descriptions[3] == "attention row, layer 1, head 1, band nir"
    assert np.isnan(bands[:4]).all()
    assert np.isfinite(bands[4:20, 8:]).all()

    content, suffix, mime = prediction_bytes(analysis)
    dataset, labels = open_tif(content)
    assert (suffix, mime) == (".tif", "image/tiff")
    assert dataset.nodata == -1
    assert dataset.dtypes == ("int16",)
    assert dataset.descriptions == ("class: 0 water, 1 open, 2 woody, 3 developed",)
    assert isinstance(analysis.prediction, Segmentation)
    np.testing.assert_array_equal(labels[..., 0], analysis.prediction.labels.values)
    assert dataset.transform == transform


def test_a_mixture_of_heads_is_named_so() -> None:
    analysis = hot.analyse(raster(), land_cover())
    dataset, _ = open_tif(field_bytes(analysis, analysis.field(0, None, (0, 0, 0), "column"))[0])
    assert dataset.descriptions[0] == "attention column, layer 0, mean of heads, band blue"


def test_our_reader_takes_our_geotiff() -> None:
    analysis = hot.analyse(raster(), land_cover())
    field = analysis.field(0, 0, (1, 2, 3))
    again = hot.read(field_bytes(analysis, field)[0], "field.tif")
    np.testing.assert_array_equal(again.data.values, field.values)
    np.testing.assert_array_equal(again.data["row"].values, field["row"].values)


def test_a_picture_without_a_place_stays_without() -> None:
    values = np.random.default_rng(0).integers(1, 50, (13, 11, 6)).astype(np.uint16)
    sample = hot.read(geotiff(values, Affine.identity(), None), "picture.tif")
    dataset, _ = open_tif(prediction_bytes(hot.analyse(sample, land_cover()))[0])
    assert dataset.crs is None
    assert dataset.transform == Affine.identity()


# --- CSV -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("maker", [wide_csv, long_csv])
def test_our_reader_takes_our_csv(maker: object) -> None:
    values = np.random.default_rng(0).normal(50, 9, (3, 5, 127)).round(3)
    sample = hot.read(maker(values, ENTITIES, VARIABLES), "series.csv")
    analysis = hot.analyse(sample, forecaster())
    field = analysis.field(0, 0, (1, 2, 3))
    content = field_bytes(analysis, field)[0]
    assert "humid attention row layer 0 head 0" in content.decode().splitlines()[0]
    again = hot.read(content, "field.csv")
    np.testing.assert_array_equal(again.data.values.astype(np.float32), field.values)
    for dim in ("entity", "time"):
        np.testing.assert_array_equal(again.data[dim].values, field[dim].values)
    assert again.data["variable"].values.tolist() == [f"{name} attention row layer 0 head 0" for name in VARIABLES]
    assert again.geometry.layout == sample.geometry.layout

    forecast = analysis.prediction
    back = hot.read(prediction_bytes(analysis)[0], "forecast.csv")
    assert back.data.sizes == {"entity": 3, "variable": 15, "time": 24}
    for label, line in (("forecast", forecast.mean), ("seasonal naive", forecast.naive), ("observed", forecast.truth)):
        for variable, unit in VARIABLES.items():
            read = back.data.sel(variable=f"{variable} {label}")
            np.testing.assert_allclose(read.values, line.sel(variable=variable).values, rtol=1e-7)
            assert read["unit"].item() == unit
    np.testing.assert_array_equal(back.data["time"].values, forecast.mean["time"].values)


def test_one_entity_and_no_dates() -> None:
    table = "a,b [K]\n" + "\n".join(f"{i % 7},{(i * i) % 11}" for i in range(131)) + "\n"
    sample = hot.read(table.encode(), "plain.csv")
    analysis = hot.analyse(sample, forecaster())
    content, _, _ = prediction_bytes(analysis)
    frame = open_csv(content)
    assert list(frame.columns) == [
        "step", "a forecast", "b forecast [K]", "a seasonal naive", "b seasonal naive [K]",
        "a observed", "b observed [K]",
    ]  # fmt: skip
    assert frame["step"].tolist() == list(range(107, 131))
    assert hot.read(content, "again.csv").data.sizes["time"] == 24


def test_daily_stamps_are_iso() -> None:
    rows = "\n".join(f"{np.datetime64('2020-01-31') + i},{i % 7}" for i in range(131))
    analysis = hot.analyse(hot.read(f"day,flow [m3/s]\n{rows}\n".encode(), "daily.csv"), forecaster())
    frame = open_csv(prediction_bytes(analysis)[0])
    assert frame["day"].iloc[0] == "2020-05-17T00:00:00"
    assert analysis.prediction.season == 7


def test_classes_as_a_table() -> None:
    analysis = hot.analyse(shape(), classifier())
    content, suffix, _ = prediction_bytes(analysis)
    frame = open_csv(content)
    assert suffix == ".csv"
    assert frame["class"].tolist() == ["normal", "mass"]
    assert frame["probability"].sum() == pytest.approx(1, abs=1e-5)


# --- factors and manifest ------------------------------------------------------------------------


@pytest.mark.parametrize("name", CASES)
def test_factors_rebuild_every_map_without_pickle(name: str) -> None:
    make, build, _ = CASES[name]
    analysis = hot.analyse(make(), build())
    file = np.load(io.BytesIO(factors_bytes(analysis)), allow_pickle=False)
    about = json.loads(file["manifest"].item())
    modes = [mode["name"] for mode in about["modes"]]
    query = analysis.default_query()
    for layer in range(about["layers"]):
        for head in range(about["heads"]):
            factors = tuple(torch.from_numpy(file[f"layer{layer}_{mode}"][head]) for mode in modes)
            rebuilt = KroneckerMap(factors, about["combine"])
            torch.testing.assert_close(rebuilt.row(query), analysis.kronecker_map(layer, head).row(query))
    for axis in analysis.grid.axes:
        name = axis.mode.name
        np.testing.assert_array_equal(file[f"coords_{name}"], axis.coords)
        np.testing.assert_array_equal(file[f"stops_{name}"], axis.stops)


def test_nothing_private_leaves() -> None:
    values = np.random.default_rng(0).gamma(2.0, 100.0, (13, 17, 23)).astype(np.float32)
    image = nib.Nifti1Image(values, AFFINES["LAS"])
    for field in ("descrip", "aux_file", "intent_name", "db_name"):
        image.header[field] = b"DOE^JANE"
    image.header.extensions.append(nib.nifti1.Nifti1Extension("comment", b"DOE^JANE born 1950"))
    sample = hot.read(image.to_bytes(), "DOE_JANE_1950.nii")
    analysis = hot.analyse(sample, segmenter())
    field = analysis.field(0, 0, analysis.default_query())
    contents = [
        gzip.decompress(field_bytes(analysis, field)[0]),
        gzip.decompress(prediction_bytes(analysis)[0]),
        np.load(io.BytesIO(factors_bytes(analysis)))["manifest"].item().encode(),
        json.dumps(manifest(analysis)).encode(),
    ]
    for content in contents:
        assert b"DOE" not in content
        assert b"JANE" not in content


def test_a_gzipped_export_carries_no_time_or_name() -> None:
    analysis = hot.analyse(volume(), segmenter())
    head = prediction_bytes(analysis)[0][:10]
    assert head[3] == 0
    assert head[4:8] == b"\0\0\0\0"


def test_notes_never_name_the_file() -> None:
    analysis = hot.analyse(series(), forecaster())
    noted = replace(analysis, notes=("series.csv was odd.",))
    assert manifest(noted)["notes"][-1] == "the file was odd."


def test_a_field_of_another_grid_is_refused() -> None:
    analysis = hot.analyse(volume(), segmenter())
    field = analysis.field(0, 0, (0, 0, 0))
    with pytest.raises(ShapeError, match=r"the field has shape \(12, 17, 23\), the sample's grid is \(13, 17, 23\)"):
        field_bytes(analysis, field[1:])
