"""The made samples of `adrenal`: the mean shape of each class of the training part, thresholded."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np


def mean_shape(shapes: np.ndarray) -> np.ndarray:
    """The mean of binary shapes, cut at the level that keeps their mean volume.

    Args:
        shapes: (case, x, y, z), 0 or 1.

    Returns:
        uint8 (x, y, z) with as many voxels as the shapes have in the mean (rounded).
    """
    frequency = shapes.mean(0, dtype=np.float64)
    count = round(float(frequency.sum()))
    # Ties at the level are broken by place, so that the count is exact.
    inside = np.argsort(-frequency, axis=None, kind="stable")[:count]
    cut = np.zeros(frequency.size, np.uint8)
    cut[inside] = 1
    return cut.reshape(frequency.shape)


def write_shape(shape: np.ndarray, path: Path) -> None:
    """Write a shape as NIfTI-1 with voxels of side 1 and no claim about their unit or place.

    Args:
        shape: uint8 (x, y, z).
        path: `….nii.gz`.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # Both codes 0: no position in a scanner or an atlas is claimed. NIfTI then says that x runs from right to left,
    # so x is turned round here, and comes back as it was learnt in the RAS+ array of any reader.
    image = nib.Nifti1Image(shape[::-1].copy(), None)
    image.header.set_xyzt_units("unknown", "unknown")
    nib.save(image, path)
