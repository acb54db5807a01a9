"""What is done to a case before it is learnt, so that a place, a brightness or a gap is nothing new later."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch


def cropped(
    values: np.ndarray, labels: np.ndarray, size: Sequence[int], rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cut a random box; where it leaves the case, nothing is valid and the label is -1.

    Args:
        values: any number of dims.
        labels: the same shape.
        size: sides of the box.
        rng: draws the place.

    Returns:
        Values (float32, 0 outside), mask (bool) and labels of shape `size`.
    """
    inner, outer = [], []
    for side, want in zip(values.shape, size, strict=True):
        # Either direction of the difference is a free shift: of the box in the case, or of the case in the box.
        shift = int(rng.integers(0, abs(side - want) + 1))
        take = min(side, want)
        inner.append(slice(shift, shift + take) if side > want else slice(0, take))
        outer.append(slice(0, take) if side > want else slice(shift, shift + take))
    out = np.zeros(size, np.float32)
    mask = np.zeros(size, bool)
    out_labels = np.full(size, -1, np.int64)
    out[tuple(outer)] = values[tuple(inner)]
    out_labels[tuple(outer)] = labels[tuple(inner)]
    mask[tuple(outer)] = True
    return out, mask, out_labels


def intensity(values: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Random contrast, brightness, gamma and noise of a volume that lies about between 0 and 1.

    Args:
        values: any shape.
        rng: draws the change.

    Returns:
        float32 of the same shape.
    """
    gamma = float(np.exp(rng.normal(0, 0.15)))
    bent = np.sign(values) * np.abs(values) ** gamma
    changed = bent * rng.uniform(0.85, 1.15) + rng.uniform(-0.1, 0.1)
    return (changed + rng.normal(0, rng.uniform(0, 0.04), values.shape)).astype(np.float32)


def turned(shape: np.ndarray, rng: np.random.Generator, axes: Sequence[int]) -> np.ndarray:
    """Mirror a case along each of `axes` with probability one half.

    Args:
        shape: any array.
        rng: draws.
        axes: the axes that may be mirrored.

    Returns:
        A view of the same shape.
    """
    return np.flip(shape, tuple(axis for axis in axes if rng.random() < 0.5))


def rotated(
    shapes: torch.Tensor, rng: np.random.Generator, degrees: float, stretch: float, shift: float
) -> torch.Tensor:
    """Turn, stretch and move binary shapes a little, every one differently; the result is binary again.

    Args:
        shapes: [batch, x, y, z] in {0, 1}, a cube.
        rng: draws the change of each.
        degrees: standard deviation of the angle about each axis.
        stretch: standard deviation of the logarithm of the size along each axis.
        shift: standard deviation of the shift, as a share of half the side.

    Returns:
        The same shape, float32.
    """
    count = len(shapes)
    angles = np.deg2rad(rng.normal(0, degrees, (count, 3)))
    matrices = np.stack([_turn(a, 0) @ _turn(b, 1) @ _turn(c, 2) for a, b, c in angles])
    matrices *= np.exp(rng.normal(0, stretch, (count, 1, 3)))
    theta = np.concatenate([matrices, rng.normal(0, shift, (count, 3, 1))], axis=2)
    grid = torch.nn.functional.affine_grid(
        torch.from_numpy(theta.astype(np.float32)), [count, 1, *shapes.shape[1:]], align_corners=False
    )
    moved = torch.nn.functional.grid_sample(shapes[:, None].float(), grid, align_corners=False)
    return (moved[:, 0] > 0.5).float()


def _turn(angle: float, axis: int) -> np.ndarray:
    matrix = np.eye(3)
    first, second = (i for i in range(3) if i != axis)
    matrix[first, first] = matrix[second, second] = np.cos(angle)
    matrix[first, second], matrix[second, first] = -np.sin(angle), np.sin(angle)
    return matrix
