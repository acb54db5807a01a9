"""What is measured on a binary shape, in voxels: where, how large, how thick, how smooth, how many pieces."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import torch
from torch.nn.functional import max_pool3d, pad


def shape_statistics(values: np.ndarray, mask: np.ndarray, middle: Sequence[float] | None = None) -> dict[str, float]:
    """The size, form and place of what is 1.

    Args:
        values: (x, y, z), 1 inside and 0 outside.
        mask: bool of the same shape; a missing voxel counts as outside.
        middle: the voxel that learnt shapes lie around; None where any place is as good, which gives NaN.

    Returns:
        Numbers by their names, in voxels; NaN for an empty shape.
    """
    inside = (values > 0.5) & mask
    places = np.argwhere(inside)
    if not len(places):
        return dict.fromkeys(_NAMES, float("nan"))
    sides = places.max(0) - places.min(0) + 1
    box = inside[tuple(slice(low, low + side) for low, side in zip(places.min(0), sides, strict=True))]
    count = float(len(places))
    away = float("nan") if middle is None else float(np.linalg.norm(places.mean(0) - np.asarray(middle)))
    numbers = (
        count, *(float(side) for side in sides), count / float(sides.prod()), depth(box), surface(box) / count,
        float(pieces(box)), away,
    )  # fmt: skip
    return dict(zip(_NAMES, numbers, strict=True))


_NAMES = (
    "volume in voxels", "length along x in voxels", "length along y in voxels", "length along z in voxels",
    "share of its box that it fills", "mean depth in voxels", "surface to volume (faces per voxel)",
    "number of pieces", "distance from the middle in voxels",
)  # fmt: skip


def depth(inside: np.ndarray) -> float:
    """The mean depth of the voxels of a shape: how many erosions by a 3×3×3 cube take each of them away.

    Args:
        inside: bool (x, y, z), not empty; beyond the array is outside.

    Returns:
        At least 1.
    """
    outside = pad(1 - torch.from_numpy(inside)[None, None].float(), (1,) * 6, value=1.0)
    left = []
    while (outside < 1).any():
        left.append(float((1 - outside).sum()))
        outside = max_pool3d(outside, 3, stride=1, padding=1)
    return sum(left) / left[0]


def surface(inside: np.ndarray) -> int:
    """The number of voxel faces between inside and outside; beyond the array is outside."""
    padded = np.pad(inside, 1)
    return sum(int((np.diff(padded.astype(np.int8), axis=axis) != 0).sum()) for axis in range(inside.ndim))


def pieces(inside: np.ndarray) -> int:
    """The number of connected pieces; voxels that share a face, an edge or a corner are connected.

    Args:
        inside: bool (x, y, z).

    Returns:
        0 for an empty shape.
    """
    padded = np.pad(inside, 1)
    strides = np.array(padded.strides) // padded.itemsize
    around = np.array(list(itertools.product((-1, 0, 1), repeat=inside.ndim))) @ strides
    left, count = padded.reshape(-1).copy(), 0
    for seed in np.flatnonzero(left):
        count += int(left[seed])
        reached = np.array([seed] if left[seed] else [], dtype=np.intp)
        while reached.size:
            left[reached] = False
            near = (reached[:, None] + around).reshape(-1)
            reached = np.unique(near[left[near]])
    return count
