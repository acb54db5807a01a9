"""Intervals of flat indices, cut into boxes of mode positions.

The positions of a C-ordered grid whose flat index lies in `[start, stop)` are not a box, but at most
`2k−1` of them. With digits `s` of `start` and `t` of `stop`, and `j` the first mode in which they
differ, these are: in between, digits before `j` as in `s` and digit `j` in `(s_j, t_j)`; for each
later mode `l` the tail of `s` (digits before `l` as in `s`, digit `l` above `s_l`) and the head of
`t` (digits before `l` as in `t`, digit `l` below `t_l`); everything behind is full. `start` itself is
inside and counts with the tail of the last mode.

So an interval has two *sides*, one that follows the digits of `start` (the part in between and the
tails) and one that follows those of `stop` (the heads), and each side has at most one box for each
mode: digits before it fixed, its own digit in a range, digits behind full.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hot_core.errors import SelectionError
from hot_core.kronecker.checks import whole_numbers


@dataclass(frozen=True, eq=False)
class Cuts:
    """For every pixel of one axis, the boxes that make up its interval of flat indices.

    Attributes:
        digit: the digits that each side follows, int64 of shape (mode, side, pixel).
        low: the first digit of the box of each mode, int64 of shape (mode, side, pixel).
        high: one past its last digit; the box is empty where `high == low`.
    """

    digit: np.ndarray
    low: np.ndarray
    high: np.ndarray


def pixel_edges(span: tuple[int, int], pixels: int, total: int, name: str) -> tuple[np.ndarray, np.ndarray]:
    """The half-open interval of flat indices that each pixel shows.

    Returns:
        First indices and one past the last ones, int64 of shape (pixel,).

    Raises:
        SelectionError: when the range is no pair of whole numbers, empty or leaves the map, or there are no pixels.
    """
    edges = whole_numbers(span, f"view: the {name}")
    if len(edges) != 2:
        raise SelectionError(f"view: {name} {edges} must be a first and one past the last index.")
    start, stop = edges
    if not 0 <= start < stop <= total:
        raise SelectionError(f"view: {name} {start} … {stop} must be a range within 0 … {total}.")
    if pixels < 1:
        raise SelectionError(f"view: {pixels} pixels along the {name}; ask for at least 1.")
    step, rest = divmod(stop - start, pixels)
    index = np.arange(pixels + 1, dtype=np.int64)  # i·(stop − start) itself could leave int64
    bounds = start + index * step + index * rest // pixels
    return bounds[:-1], np.maximum(bounds[1:], bounds[:-1] + 1)


def digits_of(flat: np.ndarray, sizes: Sequence[int]) -> np.ndarray:
    """Mixed-radix digits of flat indices, (mode, index); the first digit may reach `n_1`."""
    digits = []
    for mode in range(len(sizes)):
        stride = math.prod(sizes[mode + 1 :])
        digits.append(flat // stride)
        flat = flat % stride
    return np.stack(digits)


def cut(edges: tuple[np.ndarray, np.ndarray], sizes: Sequence[int]) -> Cuts:
    """Cut each interval of flat indices into its boxes.

    Args:
        edges: first indices and one past the last ones.
        sizes: positions along each mode.

    Returns:
        The boxes; the second side is left out where no interval needs it.
    """
    start, stop = digits_of(edges[0], sizes), digits_of(edges[1], sizes)
    first_difference = (start == stop).cumprod(0).sum(0)
    level = np.arange(len(sizes))[:, None]
    last = level == len(sizes) - 1
    full = np.broadcast_to(np.array(sizes)[:, None], start.shape)

    begin = start + ~last  # `start` itself is inside, counted at the last mode
    end = np.where(level == first_difference, stop, full)
    own = level >= first_difference
    low, high = np.where(own, begin, 0), np.where(own, end, 0)
    heads = np.where(level > first_difference, stop, 0)
    if not heads.any():
        return Cuts(start[:, None], low[:, None], high[:, None])
    inside = np.minimum(stop, full - 1)  # where `stop` is the end of the grid, its side has no box
    return Cuts(np.stack([start, inside], 1), np.stack([low, np.zeros_like(low)], 1), np.stack([high, heads], 1))
