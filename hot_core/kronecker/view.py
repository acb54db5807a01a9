"""Pictures of any rectangle of a Kronecker map: each pixel the exact mean (or maximum) over its block.

Both axes are cut into pieces (see `cuts`). A piece of rows and a piece of columns meet mode by mode,
from the last mode to the first. With `E_l` the entries of the mode's factor at the pieces' own digits,
`[·]` its block over the pieces' boxes of that mode, and `T_{l+1}` the result for the modes behind,

    T_l = [rows' box, columns' box] · total_{l+1}  +  [rows' box, own column] · cols_{l+1}
        + [own row, columns' box] · rows_{l+1}     +  E_l · T_{l+1},

where `rows_{l+1}`, `cols_{l+1}` and `total_{l+1}` are the sums over all columns, all rows and both of what
is behind. Replacing + by the maximum gives maxima, as long as no factor is negative. The Kronecker sum
obeys `S_l = A_l ⊗ I + I ⊗ S_{l+1}`: the same step, taken with the factor and with the identity.

The cost, `O(height · width · k)` and a little for each factor, does not depend on `N`. Nothing is ever
subtracted, so each pixel is right to the rounding of float64 at every zoom (for non-negative factors).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from hot_core.kronecker.checks import check_countable, check_pixels, whole
from hot_core.kronecker.cuts import Cuts, cut, pixel_edges
from hot_core.kronecker.levels import Level, Margins
from hot_core.kronecker.ranges import SUM, Rule, gathered, gathered_identity, segments

BAND = 2**16  # numbers worked on at once: they stay in the processor's cache


@dataclass(frozen=True, eq=False)
class Axes:
    """What a picture shows: for rows and columns, each pixel's interval of flat indices and its boxes.

    Attributes:
        row_edges: first rows of the pixels and one past their last ones.
        col_edges: the same for the columns.
        rows: the boxes of the rows.
        cols: the boxes of the columns.
    """

    row_edges: tuple[np.ndarray, np.ndarray]
    col_edges: tuple[np.ndarray, np.ndarray]
    rows: Cuts
    cols: Cuts

    @property
    def single(self) -> bool:
        """Whether every pixel shows a single entry."""
        return all(bool((stop - start == 1).all()) for start, stop in (self.row_edges, self.col_edges))


def axes_of(rows: tuple[int, int], cols: tuple[int, int], height: int, width: int, sizes: Sequence[int]) -> Axes:
    """Cut both axes of a picture.

    Returns:
        The pixels' intervals and boxes.
    """
    check_countable(sizes, "view")
    height, width = whole(height, "view: pixels along the rows"), whole(width, "view: pixels along the cols")
    check_pixels(height, width)
    total = math.prod(sizes)
    down, across = pixel_edges(rows, height, total, "rows"), pixel_edges(cols, width, total, "cols")
    return Axes(down, across, cut(down, sizes), cut(across, sizes))


def block_means(factors: Sequence[Tensor], combine: str, axes: Axes) -> Tensor:
    """The mean of every block of the map.

    Returns:
        float64 of shape (row pixel, column pixel).
    """
    heights, widths = (torch.from_numpy(e[1] - e[0]).double() for e in (axes.row_edges, axes.col_edges))
    return blocks(factors, combine, axes, SUM).div_(heights[:, None]).div_(widths)


def blocks(factors: Sequence[Tensor], combine: str, axes: Axes, rule: Rule) -> Tensor:
    """The sum or the maximum of every block of the map, a band of row pixels at a time.

    Returns:
        float64 of shape (row pixel, column pixel).
    """
    modes = _modes(factors, combine, axes, rule)
    (_, sides, height), (_, _, width) = axes.rows.digit.shape, axes.cols.digit.shape
    out = torch.empty(height, width, dtype=torch.float64)
    step = max(BAND // (sides * axes.cols.digit[0].size), 1)
    for begin in range(0, height, step):
        band = slice(begin, min(begin + step, height))
        pieces = _band(modes, band, rule)
        if sides == 2:
            upper, lower = pieces.chunk(2, 0)
            pieces = rule.join(upper, lower)
        if pieces.shape[1] > width:
            left, right = pieces.chunk(2, 1)
            pieces = rule.join(left, right)
        out[band] = pieces
    return out


@dataclass(frozen=True, eq=False)
class Mode:
    """What one mode needs: its factor, and for the Kronecker sum the identity in its place.

    Attributes:
        own: the factor; before the product of the factors behind, or before identities (sum).
        kept: the identity before identities (sum; not needed in the first mode).
        passed: the identity before the sum of the factors behind (sum; nothing is behind the last mode).
    """

    own: Level
    kept: Level | None = None
    passed: Level | None = None


def _modes(factors: Sequence[Tensor], combine: str, axes: Axes, rule: Rule) -> list[Mode]:
    """Everything that does not depend on the band, from the last mode to the first."""
    behind = Margins(np.zeros(axes.rows.digit[0].size), np.zeros(axes.cols.digit[0].size), 1.0)
    sums: Margins | None = None
    modes = []
    for mode in reversed(range(len(factors))):
        last = mode == len(factors) - 1
        # a box of an earlier mode leaves this one full: all its digits count
        full = any((cuts.high[:mode] > cuts.low[:mode]).any() for cuts in (axes.rows, axes.cols))
        rows, cols = (segments(cuts, mode, factors[mode].shape[0], full) for cuts in (axes.rows, axes.cols))
        own = Level(gathered(factors[mode], rows.breaks, cols.breaks, rule), rows, cols, behind, last, rule)
        if combine == "product":
            modes.append(Mode(own))
            behind = own.margins
            continue
        identity = gathered_identity(rows.breaks, cols.breaks, rule)
        kept = Level(identity, rows, cols, behind, last, rule) if mode else None
        passed = Level(identity, rows, cols, sums, last, rule) if sums else None
        modes.append(Mode(own, kept, passed))
        behind = kept.margins if kept else behind
        sums = own.margins.joined(passed.margins, rule) if passed else own.margins
    return modes


def _band(modes: list[Mode], band: slice, rule: Rule) -> Tensor:
    """All pieces of a band of row pixels, (side · row pixel, side · column pixel)."""
    last, *earlier = modes
    result = last.own.boxes(band)
    ones = last.kept.boxes(band) if last.kept else result
    for mode in earlier:
        if mode.passed is None:
            result = mode.own.meet(result, band)
            continue
        own = mode.own.meet(ones.clone(), band)
        result = rule.join(own, mode.passed.meet(result, band))
        ones = mode.kept.meet(ones, band) if mode.kept else ones
    return result
