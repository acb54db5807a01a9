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


def hidden_tokens(rng: np.random.Generator, sizes: Sequence[int], patch: Sequence[int]) -> np.ndarray:
    """Tokens to hide, so that a model has met what the evidence does to it: deletion, token by token or in regions.

    Half of the draws hide nothing. A quarter hide tokens at random, each with the chance u² of one uniform u: a few
    mostly, nearly all now and then. A quarter hide a box of at most half of each mode; a mode may be hidden along its
    whole length, which makes a slab, a whole station, a whole band. Never everything: that teaches nothing.

    Args:
        rng: draws.
        sizes: native positions along each mode.
        patch: native positions per token along each mode.

    Returns:
        bool of shape `sizes`, True where hidden.
    """
    counts = [-(-size // step) for size, step in zip(sizes, patch, strict=True)]
    kind = rng.random()
    hidden = np.zeros(counts, bool)
    if kind >= 0.75:
        hidden = rng.random(counts) < rng.random() ** 2
        hidden.flat[int(rng.integers(hidden.size))] = False
    elif kind >= 0.5 and max(counts) > 1:
        lengths = [int(rng.integers(1, max(count // 2, 1) + 1)) for count in counts]
        whole = rng.random(len(counts)) < 0.4
        whole[int(rng.choice(np.flatnonzero(np.array(counts) > 1)))] = False
        starts = [int(rng.integers(0, n - length + 1)) for n, length in zip(counts, lengths, strict=True)]
        box = (slice(None) if all_ else slice(s, s + n) for all_, s, n in zip(whole, starts, lengths, strict=True))
        hidden[tuple(box)] = True
    for mode, (size, step) in enumerate(zip(sizes, patch, strict=True)):
        hidden = hidden.repeat(step, axis=mode).take(np.arange(size), axis=mode)
    return hidden


def warped(
    values: np.ndarray, labels: np.ndarray, rng: np.random.Generator, degrees: float, stretch: float
) -> tuple[np.ndarray, np.ndarray]:
    """Turn and stretch a grey volume and its labels together about its middle; outside lies the nearest edge.

    Args:
        values: (x, y, z).
        labels: the same shape.
        rng: draws the change.
        degrees: standard deviation of the angle about each axis.
        stretch: standard deviation of the logarithm of the size along each axis.

    Returns:
        float32 values (linear) and labels (nearest), the same shape.
    """
    matrix = _turn_about_all(np.deg2rad(rng.normal(0, degrees, 3))) * np.exp(rng.normal(0, stretch, 3))
    # grid_sample counts the last axis first and from -1 to 1 along each: sides of one length keep angles true.
    half = np.array(values.shape[::-1], float)
    theta = np.concatenate([matrix[::-1, ::-1] * half / half[:, None], np.zeros((3, 1))], axis=1)[None]
    shape = [1, 1, *values.shape]
    grid = torch.nn.functional.affine_grid(torch.from_numpy(theta.astype(np.float32)), shape, align_corners=False)
    ways = ((values.astype(np.float32), "bilinear"), (labels.astype(np.float32), "nearest"))
    moved, kept = (
        torch.nn.functional.grid_sample(
            torch.from_numpy(np.ascontiguousarray(array))[None, None], grid, mode, "border", align_corners=False
        )[0, 0].numpy()
        for array, mode in ways
    )
    return moved, kept.astype(labels.dtype)


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
    matrices = np.stack([_turn_about_all(each) for each in angles])
    matrices *= np.exp(rng.normal(0, stretch, (count, 1, 3)))
    theta = np.concatenate([matrices, rng.normal(0, shift, (count, 3, 1))], axis=2)
    grid = torch.nn.functional.affine_grid(
        torch.from_numpy(theta.astype(np.float32)), [count, 1, *shapes.shape[1:]], align_corners=False
    )
    moved = torch.nn.functional.grid_sample(shapes[:, None].float(), grid, align_corners=False)
    return (moved[:, 0] > 0.5).float()


def _turn_about_all(angles: np.ndarray) -> np.ndarray:
    first, second, third = angles
    return _turn(first, 0) @ _turn(second, 1) @ _turn(third, 2)


def _turn(angle: float, axis: int) -> np.ndarray:
    matrix = np.eye(3)
    first, second = (i for i in range(3) if i != axis)
    matrix[first, first] = matrix[second, second] = np.cos(angle)
    matrix[first, second], matrix[second, first] = -np.sin(angle), np.sin(angle)
    return matrix
