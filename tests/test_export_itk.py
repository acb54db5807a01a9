"""What leaves a volume's page, read by ITK: an independent library with its own idea of NIfTI, left and right."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk
import xarray as xr

import hot_core as hot
from hot_core.export import field_bytes, prediction_bytes
from hot_core.transforms import Segmentation
from tests.makers_samples import segmenter

SIZES = (13, 17, 23)


def turned(*signs: float) -> np.ndarray:
    """A rotation about two axes, voxels of three sizes, some axes reversed; ITK takes no shear."""
    a, b = np.deg2rad(17), np.deg2rad(-9)
    about_z = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
    about_x = np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
    affine = np.eye(4)
    affine[:3, :3] = about_z @ about_x @ np.diag(np.array([0.7, 1.3, 1.1]) * signs)
    affine[:3, 3] = (-31, 17, -43)
    return affine


PIR = np.array([[0.0, 0, 0.9, -31], [-1.2, 0, 0, 17], [0, -2.0, 0, 43], [0, 0, 0, 1]])
AFFINES = {
    "RAS": np.diag([1.0, 1, 1, 1]), "LAS": np.diag([-1.0, 1, 1, 1]), "PIR, anisotropic": PIR,
    "oblique, anisotropic": turned(1, 1, 1), "oblique, LAS": turned(-1, 1, 1), "oblique, LPI": turned(-1, -1, -1),
}  # fmt: skip


def scan(affine: np.ndarray, volumes: int) -> bytes:
    """Noise as NIfTI-1; ITK reads no NIfTI-2."""
    values = np.random.default_rng(0).integers(0, 900, (*SIZES, volumes)).astype(np.int16)
    image = nib.Nifti1Image(values[..., 0] if volumes == 1 else values, affine)
    image.set_sform(affine, 1)
    image.set_qform(affine, 1)
    image.header.set_xyzt_units("mm", "sec")
    return image.to_bytes()


def by_itk(content: bytes, folder: Path) -> tuple[sitk.Image, np.ndarray]:
    """The image, and its values in the file's own axis order."""
    path = folder / "export.nii.gz"
    path.write_bytes(content)
    image = sitk.ReadImage(str(path))
    return image, sitk.GetArrayFromImage(image).T


def world_of(image: sitk.Image, index: np.ndarray) -> np.ndarray:
    """ITK's point of a voxel, which counts towards Left and Posterior, as NIfTI counts: towards Right and Anterior."""
    return np.array(image.TransformIndexToPhysicalPoint([int(at) for at in index])) * (-1, -1, 1)


@pytest.mark.parametrize("volumes", [1, 3])
@pytest.mark.parametrize("name", AFFINES)
def test_itk_finds_every_voxel_of_the_exports_where_the_file_has_it(name: str, volumes: int, tmp_path: Path) -> None:
    affine = AFFINES[name]
    sample = hot.read(scan(affine, volumes), "scan.nii")
    region = ((1, 9), (3, 11), (2, 12))
    analysis = hot.analyse(sample, segmenter(), hot.Settings(region=region, volume=volumes - 1))
    field = analysis.field(1, 1, (1, 0, 1))
    for content, ours in (
        (field_bytes(analysis, field)[0], field),
        (prediction_bytes(analysis)[0], labels_of(analysis)),
    ):
        image, values = by_itk(content, tmp_path)
        assert image.GetDimension() == 3
        assert values.shape == SIZES
        np.testing.assert_allclose(image.GetSpacing(), np.linalg.norm(affine[:3, :3], axis=0), rtol=1e-6)
        for index in np.ndindex(2, 2, 2):
            corner = np.array(index) * (np.array(SIZES) - 1)
            np.testing.assert_allclose(world_of(image, corner), (affine @ [*corner, 1])[:3], atol=1e-4)
        # every value, from its place in the world back to its place in our array
        inverse = np.linalg.inv(analysis.sample.geometry.affine)
        for index in np.random.default_rng(1).integers(0, SIZES, (40, 3)):
            voxel = np.rint(inverse @ [*world_of(image, index), 1])[:3].astype(int)
            expected = ours.values[tuple(voxel)]  # ITK has no NaN: what lies beside the region is 0 to it
            assert values[tuple(index)] == (0 if np.isnan(expected) else expected)


def labels_of(analysis: hot.Analysis) -> xr.DataArray:
    """The labels as they are written: nothing outside the region."""
    assert isinstance(analysis.prediction, Segmentation)
    return analysis.prediction.labels.clip(min=0)


@pytest.mark.parametrize("name", AFFINES)
def test_a_marked_token_lies_at_its_millimetres_for_itk(name: str, tmp_path: Path) -> None:
    affine, mark = AFFINES[name], (11, 4, 18)
    sample = hot.read(scan(affine, 1), "scan.nii")
    analysis = hot.analyse(sample, segmenter())
    world = (affine @ [*mark, 1])[:3]
    voxel = np.rint(np.linalg.inv(sample.geometry.affine) @ [*world, 1])[:3].astype(int)
    token = analysis.grid.token_of(tuple(int(at) for at in voxel))
    field = analysis.field(0, 0, (0, 0, 0))
    field.values[:] = 0
    field.values[analysis.grid.native_of(token)] = 1
    image, values = by_itk(field_bytes(analysis, field)[0], tmp_path)
    places = np.array([world_of(image, index) for index in np.argwhere(values == 1)])
    assert len(places) == np.prod([part.stop - part.start for part in analysis.grid.native_of(token)])
    assert np.linalg.norm(places - world, axis=1).min() < 1e-4
    assert np.ptp(places, axis=0).max() < 4 * 2.0 * np.sqrt(3)
