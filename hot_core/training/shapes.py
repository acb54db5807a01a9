"""Shapes as numbers: the thresholded mean of a class, which is a made sample, their depth, and what a forest sees."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np

from hot_core.familiarity.shapes import depth as depth_of_shape


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


def depth(shapes: np.ndarray) -> np.ndarray:
    """How thick shapes are: the mean depth of their voxels, counted in erosions by a 3×3×3 cube.

    Args:
        shapes: (case, x, y, z), 0 or 1; beyond the array is outside.

    Returns:
        One number per case, 0 for an empty shape.
    """
    return np.array([depth_of_shape(shape > 0) if shape.any() else 0.0 for shape in shapes])


def occupancies(shapes: np.ndarray, side: int = 16) -> np.ndarray:
    """The share of every coarse cell that a shape fills.

    Args:
        shapes: (case, x, y, z), 0 or 1; cubes whose side is a multiple of `side`.
        side: cells along each axis.

    Returns:
        float32 (case, side³), 0 to 1.
    """
    step = shapes.shape[1] // side
    cells = shapes.reshape(len(shapes), side, step, side, step, side, step)
    return cells.mean((2, 4, 6), dtype=np.float32).reshape(len(shapes), -1)
