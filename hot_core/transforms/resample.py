"""Coarse voxels for a model that was trained on fine ones: whole-number interpolation, and the exact way back."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

TRAINED_MM = 1.0
TOLERANCE = 0.3
"""Voxel sizes within this share of the trained one are taken as they are."""


def refinement(zooms: Sequence[float], patch: Sequence[int]) -> tuple[int, ...]:
    """How many model voxels a native voxel becomes along each axis.

    A whole number that divides the patch, so that a token covers whole native voxels; 1 where the voxel
    has the trained size, or where no such number brings it there.

    Args:
        zooms: voxel sizes in mm.
        patch: model voxels of a token along each axis.

    Returns:
        One factor for each axis.
    """
    factors = []
    for zoom, step in zip(zooms, patch, strict=True):
        factor = max(1, round(zoom / TRAINED_MM))
        fits = step % factor == 0 and abs(zoom / factor / TRAINED_MM - 1) <= TOLERANCE
        factors.append(factor if fits else 1)
    return tuple(factors)


def finer(values: np.ndarray, mask: np.ndarray, factors: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """Interpolate linearly between voxel centres, from valid voxels alone.

    Args:
        values: one number per voxel; ignored where `mask` is False.
        mask: where a voxel has a value.
        factors: model voxels per native voxel along each axis.

    Returns:
        Values (float32, 0 where masked) and mask on the finer grid.
    """
    fine = mask
    total, weight = np.where(mask, values, 0.0).astype(np.float64), mask.astype(np.float64)
    for axis, factor in enumerate(factors):
        fine = np.repeat(fine, factor, axis=axis)
        matrix = linear_weights(values.shape[axis], factor)
        total = np.moveaxis(np.tensordot(matrix, total, axes=(1, axis)), 0, axis)
        weight = np.moveaxis(np.tensordot(matrix, weight, axes=(1, axis)), 0, axis)
    return np.where(fine, total / np.maximum(weight, 1e-12), 0.0).astype(np.float32), fine


def linear_weights(size: int, factor: int) -> np.ndarray:
    """The matrix (size · factor, size) of linear interpolation at the centres of the finer voxels."""
    centres = np.clip((np.arange(size * factor) + 0.5) / factor - 0.5, 0, size - 1)
    return np.maximum(0.0, 1.0 - np.abs(centres[:, None] - np.arange(size)))


def coarser(logits: np.ndarray, factors: Sequence[int]) -> np.ndarray:
    """The mean over the finer voxels of every native voxel.

    Args:
        logits: (class, …finer grid).
        factors: as given to `finer`.

    Returns:
        (class, …native grid).
    """
    for axis, factor in enumerate(factors, start=1):
        shape = (*logits.shape[:axis], -1, factor, *logits.shape[axis + 1 :])
        logits = logits.reshape(shape).mean(axis=axis + 1)
    return logits


def scale_notes(zooms: Sequence[float], factors: Sequence[int]) -> tuple[str, ...]:
    """What to say about voxels that are not of the trained size.

    Args:
        zooms: voxel sizes in mm.
        factors: what `refinement` gave for them.

    Returns:
        One sentence, or nothing.
    """
    sizes = " × ".join(f"{zoom:.3g}" for zoom in zooms)
    if any(abs(zoom / factor / TRAINED_MM - 1) > TOLERANCE for zoom, factor in zip(zooms, factors, strict=True)):
        return (
            f"Voxels are {sizes} mm; the model was trained on {TRAINED_MM:g} mm. This scale is outside its training "
            "data, and the result is not to be trusted: resample the file first.",
        )
    if max(factors) == 1:
        return ()
    return (
        f"Voxels are {sizes} mm; the model was trained on {TRAINED_MM:g} mm: it sees them interpolated to that size, "
        "and its answer is averaged back over each voxel.",
    )
