"""NIfTI in the input's own voxel grid: its orientation, shape, affine, codes and units, and nothing else of it."""

from __future__ import annotations

import gzip

import nibabel as nib
import numpy as np

from hot_core.modes import VolumeGeometry

MIME = "application/gzip"
SUFFIX = ".nii.gz"
PER_MM = {"meter": 1e-3, "micron": 1e3}
"""Geometry is held in mm; a file that counts in another unit is written in it again."""


def nifti_bytes(values: np.ndarray, geometry: VolumeGeometry, name: str = "") -> bytes:
    """A volume in the file's own array order, as gzipped NIfTI.

    The header is made anew: no description, no extension, no name of the input passes over. The gzip
    stamp is 0, so that the same numbers give the same bytes.

    Args:
        values: (x, y, z) in RAS+ order, float32 or int16.
        geometry: the input's.
        name: what the values are, at most 15 letters; never anything out of the input.

    Returns:
        The file.
    """
    own = nib.orientations.apply_orientation(values, to_file(geometry))
    make = nib.Nifti1Image if geometry.nifti_version == 1 else nib.Nifti2Image
    spatial, temporal = geometry.units
    millimetres = np.diag([PER_MM.get(spatial, 1.0)] * 3 + [1.0])
    affine = millimetres @ geometry.file_affine
    image = make(np.ascontiguousarray(own), affine, dtype=values.dtype)
    header = image.header
    if geometry.qform is not None:
        header.set_qform(millimetres @ geometry.qform, geometry.qform_code)
    else:
        header["qform_code"] = 0
    if geometry.sform_code > 0:
        header.set_sform(affine, geometry.sform_code)
    else:
        header.set_sform(None, 0)
    header.set_xyzt_units(spatial, temporal)
    # not the description: readers (ours too) warn of personal data there
    header["intent_name"] = name.encode("ascii")[:15]
    return gzip.compress(bytes(image.to_bytes()), mtime=0)


def to_file(geometry: VolumeGeometry) -> np.ndarray:
    """The orientation transform RAS+ → file, the inverse of `geometry.orientation`.

    `geometry.orientation[i]` names, for file axis `i`, the RAS+ axis it becomes and whether it is flipped.

    Returns:
        What `nibabel.orientations.apply_orientation` takes.
    """
    ras = np.array([[0, 1], [1, 1], [2, 1]])
    return nib.orientations.ornt_transform(ras, geometry.orientation)
