"""Training crops of `land-cover`: round a pixel of a class drawn first, turned, rescaled, with gaps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hot_core.training.augment import hidden_tokens
from hot_core.training.scenes import ROLES, Scene

PATCH = (4, 4, 1)
"""Rows, columns and bands of a token."""

SIDES, LARGEST = (32, 40, 48, 56, 64, 72, 80, 96), 128
"""Sides of the training crops, in pixels; one batch in eight has the largest."""
PIXELS = 2 * 96**2
"""Pixels of a batch, about; never fewer than two crops of each scene."""
RESCALED = 0.1
"""Share of the crops that are scaled by a window around them."""
SURROUNDINGS = 256
"""Side of the window by which a crop is sometimes scaled: scenes that users bring are about as large."""


def sides(rng: np.random.Generator) -> tuple[int, int]:
    """The side of a batch's crops and how many there are of each scene.

    Both scenes are in every batch: with a crop or two, each step undid what the last had learnt of the other scene.

    Args:
        rng: draws the side.

    Returns:
        Side in pixels, crops of each scene.
    """
    side = LARGEST if rng.random() < 1 / 8 else int(rng.choice(SIDES))
    return side, max(PIXELS // side**2 // 2, 2)


def crop(
    scene: Scene, learnt: np.ndarray, places: Sequence[np.ndarray], side: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A crop with training labels in it, turned, scaled by more or less around it, half of them with hidden tokens.

    Args:
        scene: where it is cut.
        learnt: labels of the training part, -1 elsewhere.
        places: for every class that the training part has, (pixel, 2) rows and columns of its pixels.
        side: side in pixels.
        rng: draws everything.

    Returns:
        Values float32 (side, side, band), their validity, and labels (side, side).
    """
    # Round a pixel of a class drawn first: uniform crops hardly ever meet a class that lies in one corner.
    of_class = places[int(rng.integers(len(places)))]
    pixel = of_class[rng.integers(len(of_class))]
    row, column = (
        int(np.clip(at - rng.integers(0, side), 0, max(size - side, 0)))
        for at, size in zip(pixel, learnt.shape, strict=True)
    )
    box = (slice(row, row + side), slice(column, column + side))
    values, valid, labels = _square(scene, learnt, box, side)
    if rng.random() < RESCALED:
        values = _rescaled(values, scene, (row, column), rng)
    # Small: the classes of the winter scene lie a third of a deviation apart (LOG.md has what more did).
    values = values * rng.uniform(0.98, 1.02, 6) + rng.uniform(-0.02, 0.02, 6)
    # What is hidden keeps its label: the surroundings have to tell it.
    valid &= ~hidden_tokens(rng, valid.shape, PATCH)
    turns, mirror = int(rng.integers(4)), rng.random() < 0.5
    turned = [np.rot90(array, turns) for array in (np.where(valid, values, 0).astype(np.float32), valid, labels)]
    values, valid, labels = (np.ascontiguousarray(array[::-1] if mirror else array) for array in turned)
    return values, valid, labels


def _square(scene: Scene, learnt: np.ndarray, box: tuple[slice, slice], side: int) -> tuple[np.ndarray, ...]:
    """Cut a box; a scene smaller than the box is filled up with what is not valid."""
    height, width = learnt[box].shape
    gap = ((0, side - height), (0, side - width))
    return (
        np.pad(scene.values[box], (*gap, (0, 0))),
        np.pad(scene.valid[box], (*gap, (0, 0))),
        np.pad(learnt[box], gap, constant_values=-1),
    )


def _rescaled(values: np.ndarray, scene: Scene, corner: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Z-score a crop by a window around it instead of the whole scene."""
    row, column = (
        int(np.clip(at - rng.integers(0, SURROUNDINGS - LARGEST), 0, max(size - SURROUNDINGS, 0)))
        for at, size in zip(corner, scene.labels.shape, strict=True)
    )
    box = (slice(row, row + SURROUNDINGS), slice(column, column + SURROUNDINGS))
    around, known = scene.values[box], scene.valid[box]
    count = np.maximum(known.sum((0, 1)), 1)
    centre = around.sum((0, 1)) / count
    deviation = np.sqrt((np.where(known, around - centre, 0) ** 2).sum((0, 1)) / count)
    return (values - centre) / np.maximum(deviation, 0.2)


def some_bands(rng: np.random.Generator) -> list[int]:
    """All six bands in six batches of ten, otherwise a random subset in the usual order.

    Args:
        rng: draws.

    Returns:
        Indices of `ROLES`.
    """
    if rng.random() < 0.6:
        return list(range(len(ROLES)))
    return sorted(rng.permutation(len(ROLES))[: rng.integers(1, len(ROLES))].tolist())
