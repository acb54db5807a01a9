"""Where `land-cover` fails most: the worst test block of each scene, and what is measured about why."""

from __future__ import annotations

import numpy as np

from hot_core.training.metrics import confusion
from hot_core.training.pictures import map_case
from hot_core.training.recipe import Picture
from hot_core.training.scenes import BLOCK, CLASSES, Scene

FEWEST = 300
"""Labelled pixels of a block that may be shown; a handful of wrong pixels is no failure to learn from."""


def failure(scene: Scene, name: str, predicted: np.ndarray, forest: np.ndarray, learnt: int, part: int) -> Picture:
    """The block with the largest share of wrong pixels, with half a block around it.

    Args:
        scene: the scene.
        name: of the picture's file.
        predicted: the model's classes (row, column).
        forest: the forest's.
        learnt: the part whose class means are compared with.
        part: the part that is looked at.

    Returns:
        The picture; its caption says what was confused, and whether the forest and the colours err too.
    """
    truth = scene.labels_of(part)
    row, column = worst_block(predicted, truth)
    box = (slice(row, row + BLOCK), slice(column, column + BLOCK))
    around = tuple(slice(max(at - BLOCK // 2, 0), at + BLOCK + BLOCK // 2) for at in (row, column))
    title = f"{scene.name}, rows {row} to {row + BLOCK}, columns {column} to {column + BLOCK}"
    caption = f"{title}, the test block with the most wrong pixels. {reason(scene, box, predicted, forest, learnt)}"
    drawn = map_case(composite(scene, around), truth[around], predicted[around], CLASSES, title)
    return Picture(name, caption, drawn)


def worst_block(predicted: np.ndarray, truth: np.ndarray, block: int = BLOCK, fewest: int = FEWEST) -> tuple[int, int]:
    """The corner of the block with the largest share of wrong pixels.

    Args:
        predicted: classes (row, column).
        truth: classes of the same shape, -1 where nothing is asked.
        block: side of a block.
        fewest: labelled pixels that a block needs; where none has as many, all blocks count.

    Returns:
        Row and column of its first pixel.
    """
    found = []
    for row in range(0, truth.shape[0], block):
        for column in range(0, truth.shape[1], block):
            box = (slice(row, row + block), slice(column, column + block))
            count = int((truth[box] >= 0).sum())
            wrong = int(((predicted[box] != truth[box]) & (truth[box] >= 0)).sum())
            found.append((count >= fewest, wrong / max(count, 1), -row, -column))
    _, _, row, column = max(found)
    return -row, -column


def reason(
    scene: Scene, box: tuple[slice, slice], predicted: np.ndarray, forest: np.ndarray, learnt: int
) -> str:  # fmt: skip
    """What is confused in a block, and whether the forest and the mean colours of the classes err there too.

    Args:
        scene: the scene.
        box: rows and columns of the block.
        predicted: the model's classes (row, column).
        forest: the forest's.
        learnt: the part whose class means are compared with.

    Returns:
        Three sentences.
    """
    truth = scene.labels[box]
    known = truth >= 0
    total = confusion(predicted[box][known], truth[known], len(CLASSES))
    off = total * ~np.eye(len(CLASSES), dtype=bool)
    real, guess = (int(i) for i in np.unravel_index(off.argmax(), off.shape))
    wrong, by_forest = (float((m[box][known] != truth[known]).mean()) for m in (predicted, forest))
    confused = known & (truth == real) & (predicted[box] == guess)
    own, other = (class_mean(scene, learnt, label) for label in (real, guess))
    values = scene.values[box][confused]
    nearer = float((((values - other) ** 2).sum(1) < ((values - own) ** 2).sum(1)).mean()) if len(values) else 0.0
    return (
        f"{wrong:.0%} of its labelled pixels are wrong, mostly {CLASSES[real]} called {CLASSES[guess]}; the forest "
        f"has {by_forest:.0%} wrong. In the six bands, {nearer:.0%} of these pixels lie nearer to the learnt mean of "
        f"{CLASSES[guess]} than to that of {CLASSES[real]}."
    )


def class_mean(scene: Scene, part: int, label: int) -> np.ndarray:
    """The mean of every band over the pixels of a class in a part; 0, the scene's mean, where there are none."""
    chosen = scene.labels_of(part) == label
    return scene.values[chosen].mean(0) if chosen.any() else np.zeros(scene.values.shape[-1], np.float32)


def composite(scene: Scene, box: tuple[slice, ...]) -> np.ndarray:
    """Red, green and blue of a part of the scene, each stretched from its 2nd to its 98th percentile there.

    Args:
        scene: the scene.
        box: rows and columns.

    Returns:
        (row, column, 3) from 0 to 1; black where a band is missing.
    """
    bands, there = scene.values[box][..., [2, 1, 0]], scene.valid[box][..., [2, 1, 0]]
    picture = np.zeros(bands.shape)
    for i in range(3):
        present = bands[..., i][there[..., i]]
        low, high = np.percentile(present, (2, 98)) if present.size else (0.0, 1.0)
        picture[..., i] = np.clip((bands[..., i] - low) / max(high - low, 1e-6), 0, 1)
    return np.where(there.all(-1, keepdims=True), picture, 0.0)
