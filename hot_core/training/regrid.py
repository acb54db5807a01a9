"""The same scan on another voxel grid, to ask a model about files of other voxel sizes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def overlap_weights(size: int, old: float, new: float) -> np.ndarray:
    """How much of each old voxel lies in each new one, along one axis; both grids begin at the same edge.

    Args:
        size: number of old voxels.
        old: side of an old voxel.
        new: side of a new voxel; a new voxel that would leave the old grid is left out.

    Returns:
        Matrix (new voxels, size) with rows that sum to 1.
    """
    count = int(size * old / new + 1e-9)
    starts, edges = np.arange(count) * new, np.arange(size) * old
    ends = np.minimum(starts[:, None] + new, edges + old)
    return np.maximum(ends - np.maximum(starts[:, None], edges), 0.0) / new


def linear_weights(size: int, old: float, new: float) -> np.ndarray:
    """Linear interpolation between the centres of the old voxels, at those of the new; held constant at the ends.

    Args:
        size: number of old voxels.
        old: side of an old voxel.
        new: side of a new voxel.

    Returns:
        Matrix (new voxels, size) with rows that sum to 1.
    """
    count = int(size * old / new + 1e-9)
    centres = np.clip((np.arange(count) + 0.5) * new / old - 0.5, 0, size - 1)
    return np.maximum(0.0, 1.0 - np.abs(centres[:, None] - np.arange(size)))


def regrid(values: np.ndarray, old: Sequence[float], new: Sequence[float]) -> np.ndarray:
    """Grey values on another grid: the mean over a larger voxel, interpolated in a smaller one.

    Args:
        values: (x, y, z).
        old: sides of its voxels in mm.
        new: sides wanted.

    Returns:
        float64 on the new grid.
    """
    for axis, (before, after) in enumerate(zip(old, new, strict=True)):
        weights = overlap_weights if after >= before else linear_weights
        values = _along(weights(values.shape[axis], before, after), values, axis)
    return values


def regrid_labels(labels: np.ndarray, old: Sequence[float], new: Sequence[float], classes: int) -> np.ndarray:
    """Labels on another grid: the class that fills most of a new voxel, the lowest of several.

    Args:
        labels: integers 0 … classes-1 (x, y, z).
        old: sides of its voxels in mm.
        new: sides wanted.
        classes: number of classes.

    Returns:
        int64 on the new grid.
    """
    shares = []
    for one in range(classes):
        share = (labels == one).astype(np.float64)
        for axis, (before, after) in enumerate(zip(old, new, strict=True)):
            share = _along(overlap_weights(share.shape[axis], before, after), share, axis)
        shares.append(share)
    # Sums of thirds and fifths differ in the last digit: what ties must tie.
    return np.round(np.stack(shares), 9).argmax(0)


def regrid_affine(affine: np.ndarray, old: Sequence[float], new: Sequence[float]) -> np.ndarray:
    """Where the voxels of the new grid lie: voxel 0 keeps its outer edge, not its centre."""
    scale = np.asarray(new, float) / np.asarray(old, float)
    step = np.eye(4)
    step[:3, :3], step[:3, 3] = np.diag(scale), scale / 2 - 0.5
    return affine @ step


def _along(weights: np.ndarray, values: np.ndarray, axis: int) -> np.ndarray:
    return np.moveaxis(np.tensordot(weights, values, axes=(1, axis)), 0, axis)
