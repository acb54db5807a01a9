"""Volumes: a grey crop for the segmenter, a binary shape for the classifier, and the way back."""

from __future__ import annotations

from functools import partial

import numpy as np
import xarray as xr

from hot_core.errors import ModelError, SelectionError
from hot_core.modes import Mode, Sample, TokenGrid, VolumeGeometry
from hot_core.transforms.guess import gland_region, hippocampus_region
from hot_core.transforms.inputs import (
    Config,
    ModelInput,
    check_present,
    check_region,
    check_tokens,
    geometry_of,
    masked,
)
from hot_core.transforms.normalise import percentile_scale
from hot_core.transforms.resample import coarser, finer, refinement, scale_notes
from hot_core.transforms.results import Classification, Segmentation, softmax
from hot_core.transforms.settings import Settings


def to_input(sample: Sample, config: Config, settings: Settings) -> ModelInput:
    """Take one volume and one region of it, scaled as the model was trained.

    Returns:
        The input (x, y, z) and the way back.

    Raises:
        ModelError: when the values are not what the model takes, or none is present.
        SelectionError: when the volume or the region does not exist, or makes too many tokens.
    """
    data, notes = one_volume(sample, settings.volume)
    to = shape_input if config.task == "classify" else grey_input
    return to(sample, data.values, config, settings, notes)


def shape_input(
    sample: Sample, values: np.ndarray, config: Config, settings: Settings, notes: tuple[str, ...]
) -> ModelInput:
    """A binary shape, voxel by voxel."""
    shape, shape_notes = binary(values, config.name)
    region, region_notes = choose(settings, sample, gland_region(shape))
    grid = TokenGrid.regular(sample.modes[:3], config.patch, region)
    check_limit(grid, config)
    given, mask = masked(shape[tuple(slice(*interval) for interval in region)])
    check_present(mask, config.name)
    back = partial(to_classification, config)
    return ModelInput(given, mask, grid, back, notes=(*notes, *shape_notes, *region_notes))


def grey_input(
    sample: Sample, values: np.ndarray, config: Config, settings: Settings, notes: tuple[str, ...]
) -> ModelInput:
    """A crop of grey values, scaled by its own percentiles and, where voxels are coarse, interpolated."""
    geometry, modes = geometry_of(sample, VolumeGeometry), sample.modes[:3]
    region, region_notes = choose(settings, sample, hippocampus_region(geometry, values.shape))
    factors = refinement(geometry.zooms, config.patch)
    patch = [step // factor for step, factor in zip(config.patch, factors, strict=True)]
    grid = TokenGrid.regular(modes, patch, region)
    check_tokens(grid, config.name)
    part = values[tuple(slice(*interval) for interval in region)]
    native, seen = masked(percentile_scale(np.where(np.isfinite(part), part, np.nan)))
    check_present(seen, config.name)
    given, mask = finer(native, seen, factors) if max(factors) > 1 else (native, seen)
    back = partial(to_segmentation, config, modes, region, seen, voxel_volume(geometry), factors)
    scale = scale_notes(geometry.zooms, factors)
    if not geometry.placed:
        scale = (*scale, "The file names no unit: the model takes its voxel sizes as mm.")
    return ModelInput(given, mask, grid, back, notes=(*notes, *scale, *region_notes))


def choose(
    settings: Settings, sample: Sample, guess: tuple[tuple[tuple[int, int], ...], tuple[str, ...]]
) -> tuple[tuple[tuple[int, int], ...], tuple[str, ...]]:
    """The chosen region, checked, or the guess with its sentence."""
    return guess if settings.region is None else (check_region(settings.region, sample.modes[:3]), ())


def check_limit(grid: TokenGrid, config: Config) -> None:
    """Refuse a region that is larger than the positions a model has learnt.

    Raises:
        SelectionError: when there are more tokens along a mode than the model knows.
    """
    if config.grid and any(n > known for n, known in zip(grid.shape, config.grid, strict=True)):
        most = " × ".join(str(n * step) for n, step in zip(config.grid, config.patch, strict=True))
        raise SelectionError(f"{config.name} takes at most {most} voxels. Choose a smaller region.")


def one_volume(sample: Sample, number: int) -> tuple[xr.DataArray, tuple[str, ...]]:
    """The chosen volume of a 4-D file, or the only one of a 3-D file.

    Returns:
        The volume (x, y, z), and a sentence where there was a choice.

    Raises:
        SelectionError: when the file has no such volume.
    """
    count = sample.data.sizes.get("volume", 1)
    if not 0 <= number < count:
        raise SelectionError(f"Volume {number} does not exist; the file has {count}, counted from 0.")
    if "volume" not in sample.data.dims:
        return sample.data, ()
    return sample.data.isel(volume=number, drop=True), (f"Volume {number} of {count} is analysed.",)


def binary(values: np.ndarray, name: str) -> tuple[np.ndarray, tuple[str, ...]]:
    """A shape as 0 and 1; any two levels with 0 as the ground are taken as such.

    Returns:
        float 0, 1 and NaN where missing, and a sentence where another level was taken as 1.

    Raises:
        ModelError: when the values have more than two levels, or there is no shape.
    """
    levels = np.unique(values[np.isfinite(values)])
    if levels.size > 2 or (levels.size == 2 and levels[0] != 0):
        raise ModelError(
            f"{name} takes a binary shape (0 outside, 1 inside); this volume has {levels.size:,} different values "
            f"from {levels[0]:g} to {levels[-1]:g}. Save the mask of one structure, or choose another model."
        )
    if not levels.any():
        raise ModelError(f"{name} takes a binary shape; this volume has no voxel inside one. Give a filled mask.")
    note = () if levels[-1] == 1 else (f"The value {levels[-1]:g} is taken as inside (1).",)
    return np.where(np.isfinite(values), (values != 0).astype(np.float32), np.nan), note


def voxel_volume(geometry: VolumeGeometry) -> float | None:
    """The volume of one voxel in mm³, `|det A|` of the affine's 3 × 3 part, which holds for sheared voxels, too.

    Returns:
        mm³; None where the file gives no size.
    """
    x, y, z = geometry.affine[:3, :3].T
    return float(abs(np.dot(np.cross(x, y), z))) if geometry.placed else None  # exact for straight voxels


def to_classification(config: Config, output: np.ndarray) -> Classification:
    """Logits (class) as probabilities.

    Returns:
        The probability of each class.
    """
    shares = softmax(output)
    return Classification(tuple(config.classes), dict(zip(config.classes, map(float, shares), strict=True)))


def to_segmentation(
    config: Config,
    modes: tuple[Mode, ...],
    region: tuple[tuple[int, int], ...],
    mask: np.ndarray,
    voxel: float | None,
    factors: tuple[int, ...],
    output: np.ndarray,
) -> Segmentation:
    """Logits (class, …region, finer by `factors`) as labels and probabilities over the whole volume.

    Amounts are mm³, or voxels where `voxel`, the volume of one in mm³, is None.

    Returns:
        The segmentation; -1 and NaN outside the region and where voxels are missing.
    """
    labels, shares = whole(config, modes, region, mask, coarser(output, factors))
    counts = np.bincount(labels.values[labels.values >= 0], minlength=len(config.classes))
    size, unit = (1.0, "voxels") if voxel is None else (voxel, "mm³")
    amounts = {name: float(n) * size for name, n in zip(config.classes, counts, strict=True)}
    return Segmentation(tuple(config.classes), labels, shares, amounts, unit)


def whole(
    config: Config,
    modes: tuple[Mode, ...],
    region: tuple[tuple[int, int], ...],
    mask: np.ndarray,
    output: np.ndarray,
) -> tuple[xr.DataArray, xr.DataArray]:
    """Place the classes of a region in the whole native grid.

    Args:
        config: the model's configuration, for the class names.
        modes: the spatial modes.
        region: half-open native interval of each.
        mask: where a voxel or pixel of the region has a value.
        output: logits (class, …region).

    Returns:
        Labels (int16, -1 outside) and probabilities (float32, NaN outside).
    """
    shares = softmax(output)
    shape = tuple(len(mode) for mode in modes)
    inside = tuple(slice(*interval) for interval in region)
    labels = np.full(shape, -1, dtype=np.int16)
    labels[inside] = np.where(mask, shares.argmax(axis=0), -1)
    spread = np.full((len(config.classes), *shape), np.nan, dtype=np.float32)
    spread[(slice(None), *inside)] = np.where(mask, shares, np.nan)
    coords = {mode.name: mode.coords for mode in modes}
    return (
        xr.DataArray(labels, dims=list(coords), coords=coords, name="label"),
        xr.DataArray(
            spread, dims=["class", *coords], coords={"class": list(config.classes), **coords}, name="probability"
        ),
    )
