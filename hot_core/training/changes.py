"""What is done to an input to see whether it is recognised as changed: harm that should be, harmless that should not.

Every function takes values and mask as arrays and gives both back, changed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import torch
from torch.nn.functional import avg_pool3d, max_pool3d

from hot_core.models import ModelConfig
from hot_core.training.augment import hidden_tokens
from hot_core.transforms.normalise import percentile_scale

Pair: TypeAlias = tuple[np.ndarray, np.ndarray]
Change: TypeAlias = Callable[[np.ndarray, np.ndarray, np.random.Generator], Pair]


def changes_of(config: ModelConfig) -> tuple[dict[str, Change], dict[str, Change]]:
    """The changes that fit a model.

    Args:
        config: its configuration.

    Returns:
        What should be recognised, and what should pass, by name.
    """
    harm, harmless = {
        ("series", "forecast"): (SERIES, SERIES_HARMLESS),
        ("volume", "segment"): (GREY, GREY_HARMLESS),
        ("volume", "classify"): (SHAPE, SHAPE_HARMLESS),
        ("raster", "segment"): (RASTER, RASTER_HARMLESS),
    }[config.kind, config.task]
    return harm, harmless | {"tokens hidden as while training": _hidden(config.patch)}


def _hidden(patch: tuple[int, ...]) -> Change:
    def change(values: np.ndarray, mask: np.ndarray, rng: np.random.Generator) -> Pair:
        hidden = np.zeros(mask.shape, bool)
        # Half of the draws hide nothing; here something is.
        while not hidden.any():
            hidden = hidden_tokens(rng, values.shape, patch)
        return values, mask & ~hidden

    return change


def _flipped(axis: int) -> Change:
    return lambda values, mask, rng: (np.flip(values, axis), np.flip(mask, axis))


def _order(*axes: int) -> Change:
    return lambda values, mask, rng: (values.transpose(axes), mask.transpose(axes))


def _noise(values: np.ndarray, mask: np.ndarray, rng: np.random.Generator) -> Pair:
    return rng.standard_normal(values.shape), mask


def _grey_noise(values: np.ndarray, mask: np.ndarray, rng: np.random.Generator) -> Pair:
    return percentile_scale(rng.standard_normal(values.shape)), mask


def _noisier(values: np.ndarray, mask: np.ndarray, rng: np.random.Generator) -> Pair:
    return percentile_scale(values + 0.15 * rng.standard_normal(values.shape)), mask


def _blurred(values: np.ndarray, mask: np.ndarray, rng: np.random.Generator) -> Pair:
    smooth = avg_pool3d(torch.from_numpy(np.ascontiguousarray(values, np.float32))[None, None], 5, 1, 2)
    return percentile_scale(smooth[0, 0].numpy()), mask


def _shuffled_steps(values: np.ndarray, mask: np.ndarray, rng: np.random.Generator) -> Pair:
    order = rng.permutation(values.shape[-1])
    return values[..., order], mask[..., order]


def _shuffled_pixels(values: np.ndarray, mask: np.ndarray, rng: np.random.Generator) -> Pair:
    order = rng.permutation(values.shape[0] * values.shape[1])
    flat = [a.reshape(len(order), -1)[order].reshape(a.shape) for a in (values, mask)]
    return flat[0], flat[1]


def _bands(order: tuple[int, ...]) -> Change:
    return lambda values, mask, rng: (values[..., order], mask[..., order])


def _box(*shares: float) -> Change:
    """The middle part of each axis."""

    def change(values: np.ndarray, mask: np.ndarray, rng: np.random.Generator) -> Pair:
        part = tuple(
            slice(round(n * (1 - share) / 2), n - round(n * (1 - share) / 2))
            for n, share in zip(values.shape, shares, strict=True)
        )
        return values[part], mask[part]

    return change


def _dilated(values: np.ndarray, mask: np.ndarray, rng: np.random.Generator) -> Pair:
    grown = max_pool3d(torch.from_numpy(np.ascontiguousarray(values, np.float32))[None, None], 3, 1, 1)
    return grown[0, 0].numpy(), mask


def _speckled(values: np.ndarray, mask: np.ndarray, rng: np.random.Generator) -> Pair:
    return np.where(rng.random(values.shape) < 0.005, 1 - values, values), mask


def _ball(values: np.ndarray, mask: np.ndarray, rng: np.random.Generator) -> Pair:
    axes = [np.arange(n) - (n - 1) / 2 for n in values.shape]
    square = axes[0][:, None, None] ** 2 + axes[1][None, :, None] ** 2 + axes[2][None, None, :] ** 2
    return (square < 12**2).astype(np.float32), mask


SERIES: dict[str, Change] = {
    "steps in random order": _shuffled_steps,
    "backwards in time": _flipped(-1),
    "white noise": _noise,
    "random walk": lambda v, m, rng: (np.cumsum(rng.standard_normal(v.shape), -1), m),
    "straight lines": lambda v, m, rng: (np.broadcast_to(np.linspace(-1.7, 1.7, v.shape[-1]), v.shape), m),
    "waves of 7 steps": lambda v, m, rng: (
        np.broadcast_to(np.sin(2 * np.pi * np.arange(v.shape[-1]) / 7), v.shape), m),
}  # fmt: skip
SERIES_HARMLESS: dict[str, Change] = {
    "one station": lambda v, m, rng: (v[:1], m[:1]),
    "one variable": lambda v, m, rng: (v[:, :1], m[:, :1]),
    "one series": lambda v, m, rng: (v[:1, :1], m[:1, :1]),
    "40 % of the values missing": lambda v, m, rng: (v, m & (rng.random(v.shape) > 0.4)),
}
GREY: dict[str, Change] = {
    "inverted": lambda v, m, rng: (1 - v, m),
    "upside down": _flipped(2),
    "back to front": _flipped(1),
    "axes exchanged": _order(1, 2, 0),
    "noise": _grey_noise,
    "blurred (mean of 5 × 5 × 5)": _blurred,
    "noise of 0.15 added": _noisier,
}
GREY_HARMLESS: dict[str, Change] = {"mirrored along x": _flipped(0), "cropped to 85 % a side": _box(0.85, 0.85, 0.85)}
SHAPE: dict[str, Change] = {
    "inverted": lambda v, m, rng: (1 - v, m),
    "axes exchanged": _order(1, 2, 0),
    "every second voxel only (half the size)": lambda v, m, rng: (v[::2, ::2, ::2], m[::2, ::2, ::2]),
    "one voxel thicker all round": _dilated,
    "0.5 % of the voxels turned over": _speckled,
    "a ball of radius 12": _ball,
    "noise": lambda v, m, rng: ((rng.random(v.shape) < 0.5).astype(np.float32), m),
}
SHAPE_HARMLESS: dict[str, Change] = {
    "mirrored along x": _flipped(0),
    "upside down (mirrored, as while training)": _flipped(2),
}
RASTER: dict[str, Change] = {
    "red and NIR exchanged": _bands((0, 1, 3, 2, 4, 5)),
    "blue and SWIR1 exchanged": _bands((4, 1, 2, 3, 0, 5)),
    "bands in reverse order": _bands((5, 4, 3, 2, 1, 0)),
    "inverted": lambda v, m, rng: (-v, m),
    "pixels in random order": _shuffled_pixels,
    "noise": _noise,
}
RASTER_HARMLESS: dict[str, Change] = {
    "turned round": _flipped(0),
    "a quarter of the side (64 pixels of 256)": _box(0.25, 0.25, 1.0),
    "red and NIR only": lambda v, m, rng: (v, m & np.isin(np.arange(v.shape[-1]), (2, 3))),
}
