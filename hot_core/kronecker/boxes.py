"""Intervals of flat indices, cut into boxes of mode positions.

The positions of a C-ordered grid whose flat index lies in `[start, stop)` are not a box, but at most
`2k−1` of them. With digits `s` of `start` and `t` of `stop`, and `j` the first mode in which they
differ, these are: in between, digits before `j` as in `s` and digit `j` in `(s_j, t_j)`; for each
later mode `l` the tail of `s` (digits before `l` as in `s`, digit `l` above `s_l`) and the head of
`t` (digits before `l` as in `t`, digit `l` below `t_l`); everything behind is full.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from hot_core.errors import SelectionError


@dataclass(frozen=True, eq=False)
class Boxes:
    """For every pixel, the boxes that make up its interval.

    Attributes:
        low: first position, int64 of shape (mode, box, pixel).
        high: one past the last position; a box with `high == low` in some mode is empty.
        used: the boxes that are not empty for every pixel.
    """

    low: Tensor
    high: Tensor
    used: tuple[int, ...]

    @property
    def pixels(self) -> int:
        """How many intervals were cut."""
        return self.low.shape[2]


def pixel_edges(span: tuple[int, int], pixels: int, total: int, name: str) -> tuple[Tensor, Tensor]:
    """The half-open interval of flat indices that each pixel averages.

    Returns:
        First indices and one past the last ones, int64 of shape (pixel,).

    Raises:
        SelectionError: when the range is empty or leaves the map, or there are no pixels.
    """
    start, stop = (int(edge) for edge in span)
    if not 0 <= start < stop <= total:
        raise SelectionError(f"view: {name} {start} … {stop} must be a range within 0 … {total}.")
    if pixels < 1:
        raise SelectionError(f"view: {pixels} pixels along the {name}; ask for at least 1.")
    edges = start + torch.arange(pixels + 1) * (stop - start) // pixels
    return edges[:-1], torch.maximum(edges[1:], edges[:-1] + 1)


def digits_of(flat: Tensor, sizes: Sequence[int]) -> Tensor:
    """Mixed-radix digits of flat indices, (mode, index); the first digit may reach `n_1`."""
    strides = [math.prod(sizes[mode + 1 :]) for mode in range(len(sizes))]
    digits = []
    for stride in strides:
        digits.append(flat // stride)
        flat = flat % stride
    return torch.stack(digits)


def boxes_of(edges: tuple[Tensor, Tensor], sizes: Sequence[int]) -> Boxes:
    """Cut each interval of flat indices into at most `2k−1` boxes; empty ones are kept as empty.

    Args:
        edges: first indices and one past the last ones.
        sizes: positions along each mode.

    Returns:
        The boxes, the one in between first, then tails and heads from the last mode upwards.
    """
    modes = len(sizes)
    start, stop = digits_of(edges[0], sizes), digits_of(edges[1], sizes)
    same_before = torch.cat([torch.ones(1, start.shape[1]).bool(), (start == stop).cumprod(0).bool()])
    first_difference = same_before[1:].sum(0)
    low = torch.zeros(modes, 2 * modes - 1, start.shape[1], dtype=torch.int64)
    high = torch.zeros_like(low)
    full = torch.tensor(sizes)[:, None]

    for level in range(modes):
        last = int(level == modes - 1)
        here = first_difference == level
        after_start = start[level] + 1 - last  # `start` itself is inside, counted at the last mode
        fill(low, high, 0, level, (start, after_start, stop[level]), here, full)
        if level > 0:
            below = first_difference < level
            fill(low, high, 2 * level - 1, level, (start, after_start, full[level].expand_as(after_start)), below, full)
            fill(low, high, 2 * level, level, (stop, torch.zeros_like(after_start), stop[level]), below, full)
    used = tuple(box for box in range(low.shape[1]) if bool((high[:, box] > low[:, box]).all(0).any()))
    return Boxes(low, high, used)


def fill(
    low: Tensor,
    high: Tensor,
    box: int,
    level: int,
    span: tuple[Tensor, Tensor, Tensor],
    where: Tensor,
    full: Tensor,
) -> None:
    """Write one box: digits before `level` fixed, digit `level` in a range, digits behind full."""
    digits, begin, end = span
    where = where & (end > begin)
    for mode in range(low.shape[0]):
        lo = digits[mode] if mode < level else (begin if mode == level else torch.zeros_like(begin))
        hi = digits[mode] + 1 if mode < level else (end if mode == level else full[mode].expand_as(end))
        low[mode, box] = torch.where(where, lo, low[mode, box])
        high[mode, box] = torch.where(where, hi, high[mode, box])
