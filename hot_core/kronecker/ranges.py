"""Sums and maxima over ranges of one mode, without ever subtracting.

A difference of prefix sums loses digits where a range holds little of the whole. Here a range that
begins at the first digit comes from running totals forwards, one that ends at the last digit from
running totals backwards, and the few in between are added up. All terms are added as they are, so
that for non-negative weights the relative error stays near the rounding of float64.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from hot_core.kronecker.cuts import Cuts

CHUNK = 2**21  # entries of a factor that are held in float64 at once


@dataclass(frozen=True, eq=False)
class Rule:
    """How the entries of a block become one number.

    Attributes:
        ufunc: `np.add` for sums; `np.maximum` for maxima, which need non-negative entries.
        nothing: the value of a block without entries, before any is seen.
    """

    ufunc: np.ufunc
    nothing: float

    def join(self, into: Tensor, other: Tensor, times: float = 1.0) -> Tensor:
        """Combine two parts of the same blocks, the second multiplied; written into the first."""
        if self.ufunc is np.add:
            return into.add_(other, alpha=times)
        return torch.maximum(into, other if times == 1 else other * times, out=into)

    def count(self, lengths: np.ndarray) -> np.ndarray:
        """A block of ones of these lengths: how many, or whether there is any."""
        return np.asarray(lengths, dtype=np.float64) if self.ufunc is np.add else (lengths > 0).astype(np.float64)


SUM = Rule(np.add, 0.0)
MAX = Rule(np.maximum, -np.inf)


@dataclass(frozen=True, eq=False)
class Digits:
    """One mode of one axis, its digits gathered into segments that no box cuts.

    Attributes:
        breaks: first digits of the segments and the end of the last, (segment + 1,).
        digit: the segment of each piece's own digit, which is that digit alone; (side, pixel).
        low: the first segment of each piece's box, (side, pixel).
        high: one past the last segment of each piece's box, (side, pixel).
    """

    breaks: np.ndarray
    digit: np.ndarray
    low: np.ndarray
    high: np.ndarray

    @property
    def boxed(self) -> bool:
        """Whether any piece has a box in this mode."""
        return bool((self.high > self.low).any())


def segments(cuts: Cuts, mode: int, size: int, full: bool) -> Digits:
    """Gather the digits of a mode into segments.

    Args:
        cuts: the boxes of one axis.
        mode: which mode; in the last one all digits are in boxes and none stands alone.
        size: how many digits the mode has.
        full: cover all digits, also those that no piece names.

    Returns:
        The segments and where the pieces lie in them.
    """
    digit, low, high = cuts.digit[mode], cuts.low[mode], cuts.high[mode]
    used = high > low
    alone = digit.ravel() if mode < len(cuts.digit) - 1 else digit[:0].ravel()
    ends = np.array([0, size] if full else [], dtype=np.int64)
    breaks = np.unique(np.concatenate([alone, alone + 1, low[used], high[used], ends]))
    low, high = np.where(used, low, breaks[0]), np.where(used, high, breaks[0])
    return Digits(breaks, *(np.searchsorted(breaks, wanted) for wanted in (digit, low, high)))


def gathered(factor: Tensor, rows: np.ndarray, cols: np.ndarray, rule: Rule) -> np.ndarray:
    """A factor with its rows and columns gathered into segments, read a few rows at a time.

    Returns:
        float64 of shape (row segment, column segment).
    """
    part = factor[int(rows[0]) : int(rows[-1]), int(cols[0]) : int(cols[-1])]
    starts, across = rows - rows[0], (cols - cols[0])[:-1]
    out = np.full((len(rows) - 1, len(across)), rule.nothing)
    step = max(CHUNK // max(part.shape[1], 1), 1)
    for begin in range(0, part.shape[0], step):
        block = part[begin : begin + step].detach().double().cpu().numpy()
        if len(across) < block.shape[1]:
            block = rule.ufunc.reduceat(block, across, axis=1)
        first = int(np.searchsorted(starts, begin, side="right")) - 1
        last = int(np.searchsorted(starts, begin + len(block), side="left"))
        inner = np.maximum(starts[first:last] - begin, 0)
        if len(inner) < len(block):
            block = rule.ufunc.reduceat(block, inner, axis=0)
        rule.ufunc(out[first:last], block, out=out[first:last])
    return out


def gathered_identity(rows: np.ndarray, cols: np.ndarray, rule: Rule) -> np.ndarray:
    """The identity with its rows and columns gathered: how many digits, or whether any, two segments share.

    Returns:
        float64 of shape (row segment, column segment).
    """
    low = np.maximum(rows[:-1, None], cols[None, :-1])
    high = np.minimum(rows[1:, None], cols[None, 1:])
    return rule.count(np.maximum(high - low, 0))


def range_table(values: np.ndarray, low: np.ndarray, high: np.ndarray, rule: Rule) -> tuple[Tensor, Tensor]:
    """Rows added up (or their maximum taken) over ranges.

    Args:
        values: float64 of shape (segment, column).
        low: first segments of the ranges, any shape.
        high: one past their last segments, of that shape.
        rule: sum or maximum.

    Returns:
        A table of rows and, for every range in C order, which of its rows to take. Empty ranges are 0.
    """
    low, high, count = low.ravel(), high.ravel(), len(values)
    used = high > low
    head = used & (low == 0)
    tail = used & (high == count) & ~head
    middle = used & ~head & ~tail
    heads, tails = _rows_needed(head, count), _rows_needed(tail, count)
    table = np.empty((1 + heads + tails + int(middle.sum()), values.shape[1]))
    table[0] = 0.0
    index = np.zeros(low.shape, dtype=np.int64)
    index[head] = 1 + _running(values, high[head], rule, table[1 : 1 + heads])
    index[tail] = 1 + heads + _running(values[::-1], count - low[tail], rule, table[1 + heads : 1 + heads + tails])
    index[middle] = 1 + heads + tails + np.arange(int(middle.sum()))
    _between(values, low[middle], high[middle], rule, table[1 + heads + tails :])
    return torch.from_numpy(table), torch.from_numpy(index)


FEW = 2  # so few ranges from an end are added up one by one, without all running totals


def _rows_needed(wanted: np.ndarray, count: int) -> int:
    """How many rows of the table hold the ranges from one end."""
    ranges = int(wanted.sum())
    return ranges if ranges <= FEW else count


def _running(values: np.ndarray, lengths: np.ndarray, rule: Rule, out: np.ndarray) -> np.ndarray:
    """Write the ranges that begin at the first row; returns which row holds which."""
    if len(lengths) > FEW:
        running_totals(values, rule, out)
        return lengths - 1
    for row, length in zip(out, lengths, strict=True):
        rule.ufunc.reduce(values[:length], axis=0, out=row)
    return np.arange(len(lengths))


WIDE = 64  # from so many columns on, adding row to row is faster than numpy's accumulate down the columns


def running_totals(values: np.ndarray, rule: Rule, out: np.ndarray) -> None:
    """Write the sum (or the maximum) of each row and all rows before it."""
    if values.shape[1] < WIDE:
        rule.ufunc.accumulate(values, axis=0, out=out)
        return
    out[0] = values[0]
    for row in range(1, len(values)):
        rule.ufunc(out[row - 1], values[row], out=out[row])


def _between(values: np.ndarray, low: np.ndarray, high: np.ndarray, rule: Rule, out: np.ndarray) -> None:
    """Write the ranges that touch neither end."""
    if not len(low):
        return
    lengths = high - low
    if (lengths == 1).all():
        np.take(values, low, axis=0, out=out, mode="clip")
    elif rule is SUM and lengths.sum() > 4 * len(values):  # ranges overlap or repeat: a matrix product is cheaper
        place = np.arange(len(values))
        inside = (place >= low[:, None]) & (place < high[:, None])
        torch.mm(torch.from_numpy(inside.astype(np.float64)), torch.from_numpy(values), out=torch.from_numpy(out))
    else:
        out[:] = rule.ufunc.reduceat(values, np.stack([low, high], 1).ravel(), axis=0)[::2]
