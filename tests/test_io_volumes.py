"""NIfTI: scaling, number types, codes and units, position, privacy."""

import gzip
import re

import nibabel as nib
import numpy as np
import pytest

from hot_core.io import read
from tests.io_makers import ANISOTROPIC, LAS, RAS, nifti_bytes, oblique_affine, patched, volume_values


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    "dtype", ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float32", "float64"]
)
def test_every_kind_of_number(dtype, order, version):
    values = volume_values() % 100
    data = nifti_bytes(values.astype(dtype), order=order, version=version)
    sample = read(data, "a.nii")
    np.testing.assert_array_equal(sample.data.values, values)
    assert sample.source.format == f"NIfTI-{version}"


def test_scaling_is_applied():
    data = nifti_bytes(edit=lambda header: header.set_slope_inter(0.25, -10))
    raw = nib.Nifti1Image.from_bytes(data)
    assert raw.dataobj.slope == 0.25
    np.testing.assert_allclose(read(data, "a.nii").data.values, raw.get_fdata(), atol=1e-5)


def test_a_slope_of_zero_means_no_scaling():
    data = bytearray(nifti_bytes())
    data[112:116] = b"\0\0\0\0"
    np.testing.assert_array_equal(read(bytes(data), "a.nii").data.values, volume_values())


@pytest.mark.parametrize("affine", [RAS, LAS, ANISOTROPIC, oblique_affine()])
@pytest.mark.parametrize(("sform", "qform"), [(2, 0), (0, 1), (4, 3), (1, 1)])
def test_codes_and_forms_are_kept(affine, sform, qform):
    geometry = read(nifti_bytes(affine=affine, sform=sform, qform=qform), "a.nii").geometry
    assert (geometry.sform_code, geometry.qform_code) == (sform, qform)
    assert (geometry.qform is None) == (qform == 0)
    np.testing.assert_allclose(geometry.file_affine, affine, atol=1e-4)
    if qform:
        np.testing.assert_allclose(geometry.qform, affine, atol=1e-4)
    assert geometry.zooms == pytest.approx(np.linalg.norm(geometry.affine[:3, :3], axis=0))


def test_ras_axes_come_from_the_closest_file_axes():
    sample = read(nifti_bytes(affine=ANISOTROPIC), "a.nii")
    assert sample.data.shape == (11, 5, 7)
    assert sample.geometry.file_shape == (5, 7, 11)
    assert sample.geometry.zooms == pytest.approx((3.5, 0.75, 1.25))
    for mode in sample.modes:
        assert mode.unit == "mm"
        assert np.all(np.diff(mode.coords) > 0)
    assert any("turned to RAS" in note for note in sample.notes)


@pytest.mark.parametrize(("unit", "scale"), [("mm", 1), ("meter", 1000), ("micron", 0.001), ("unknown", 1)])
def test_other_units_become_millimetres(unit, scale):
    sample = read(nifti_bytes(edit=lambda header: header.set_xyzt_units(unit, "sec"), qform=1), "a.nii")
    assert sample.geometry.units == (unit, "sec")
    np.testing.assert_allclose(sample.modes[0].coords, (np.arange(5) * 2 - 11) * scale)
    np.testing.assert_allclose(sample.geometry.file_affine, np.diag([scale, scale, scale, 1]) @ RAS)
    np.testing.assert_allclose(sample.geometry.qform, np.diag([scale, scale, scale, 1]) @ RAS, rtol=1e-6)
    assert any("shown in mm" in note for note in sample.notes) == (scale != 1)


def test_a_unit_that_is_not_named_is_said_to_be_assumed():
    silent = nifti_bytes(edit=lambda header: header.set_xyzt_units("unknown", "unknown"))
    sample = read(silent, "a.nii")
    assert "The header names no unit; millimetres are assumed." in sample.notes
    assert sample.modes[0].unit == "mm"
    assert sample.geometry.placed
    named = read(nifti_bytes(edit=lambda header: header.set_xyzt_units("mm", "sec")), "a.nii")
    assert not any("unit" in note for note in named.notes)


@pytest.mark.parametrize("code", [0, 7])
def test_without_unit_and_orientation_positions_count_the_files_voxels(code):
    data = patched(patched(nifti_bytes(), 252, b"\0\0\0\0"), 123, bytes([code]))
    sample = read(data, "a.nii")
    assert not sample.geometry.placed
    assert not sample.geometry.oriented
    for mode, size in zip(sample.modes, (5, 7, 11), strict=True):
        assert mode.unit == "voxel"
        np.testing.assert_array_equal(mode.coords, np.arange(size))
    # the standard lets x run from right to left where nothing is said, and the training shapes are written so
    np.testing.assert_array_equal(sample.data.values, volume_values()[::-1])
    assert any("positions count voxels" in note for note in sample.notes)
    assert not any("millimetres" in note or "RAS" in note for note in sample.notes)
    assert any("counted from the file's last voxel" in note for note in sample.notes)


def test_without_orientation_the_reader_says_what_is_unknown():
    sample = read(patched(nifti_bytes(), 252, b"\0\0\0\0"), "a.nii")
    assert (sample.geometry.sform_code, sample.geometry.qform_code, sample.geometry.qform) == (0, 0, None)
    assert sample.geometry.zooms == (2, 2, 2)
    assert any("left and right are unknown" in note for note in sample.notes)


def test_a_damaged_qform_beside_a_good_sform_is_left_out():
    data = bytearray(nifti_bytes(qform=1))
    data[256:268] = np.array([5, 5, 5], "<f4").tobytes()
    sample = read(bytes(data), "a.nii")
    assert sample.geometry.qform is None
    assert sample.geometry.qform_code == 0
    assert any("qform is damaged" in note for note in sample.notes)


@pytest.mark.parametrize(
    ("shape", "read_as"),
    [((5, 7, 11, 1), (5, 7, 11)), ((5, 7, 11, 1, 1), (5, 7, 11)), ((5, 7, 11, 3, 1), (5, 7, 11, 3))],
)
def test_trailing_axes_of_one_are_dropped(shape, read_as):
    values = volume_values(shape)
    sample = read(nifti_bytes(values), "a.nii")
    np.testing.assert_array_equal(sample.data.values, values.reshape(read_as))
    assert [mode.name for mode in sample.modes] == ["x", "y", "z", "volume"][: len(read_as)]


def test_a_series_of_volumes_is_turned_as_one():
    values = volume_values((5, 7, 11, 3))
    sample = read(nifti_bytes(values, LAS), "a.nii")
    np.testing.assert_array_equal(sample.data.values, values[::-1])
    np.testing.assert_array_equal(sample.modes[3].coords, [0, 1, 2])


def test_missing_and_infinite_voxels():
    values = volume_values().astype(np.float32)
    values[1, 2, 3], values[4, 5, 6] = np.nan, np.inf
    sample = read(nifti_bytes(values), "a.nii")
    assert np.argwhere(np.isnan(sample.data.values)).tolist() == [[1, 2, 3], [4, 5, 6]]
    assert "1 voxels are missing (NaN) and stay so." in sample.notes
    assert "1 infinite values are treated as missing." in sample.notes


def test_an_empty_volume_is_told():
    sample = read(nifti_bytes(np.zeros((5, 7, 11), np.uint8)), "a.nii")
    assert any("same value" in note for note in sample.notes)


def secret(header):
    header["descrip"] = b"Jane Doe 1970-01-31"


def test_text_that_may_be_personal_is_told_but_not_shown():
    sample = read(nifti_bytes(edit=secret), "a.nii")
    assert any("personal data" in note for note in sample.notes)
    assert not re.search("Jane|Doe|1970", repr((sample.notes, sample.geometry, sample.source, sample.data.attrs)))
    assert not any("personal data" in note for note in read(nifti_bytes(), "a.nii").notes)


@pytest.mark.parametrize("version", [1, 2])
def test_header_extensions_are_told_but_not_shown(version):
    image = (nib.Nifti1Image if version == 1 else nib.Nifti2Image)(volume_values(), RAS)
    image.header.extensions.append(nib.nifti1.Nifti1Extension("comment", b"Jane Doe"))
    sample = read(image.to_bytes(), "a.nii")
    np.testing.assert_array_equal(sample.data.values, volume_values())
    assert any("personal data" in note for note in sample.notes)
    assert "Jane" not in repr(sample)


def test_a_little_padding_at_the_end_is_forgiven():
    padded = nifti_bytes() + b"\0" * 512
    np.testing.assert_array_equal(read(padded, "a.nii").data.values, volume_values())
    np.testing.assert_array_equal(read(gzip.compress(padded), "a.nii.gz").data.values, volume_values())


def test_gzip_in_several_members():
    data = nifti_bytes()
    members = gzip.compress(data[:1000]) + gzip.compress(data[1000:])
    np.testing.assert_array_equal(read(members, "a.nii.gz").data.values, volume_values())
