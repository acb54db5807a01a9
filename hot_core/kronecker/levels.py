"""One mode of a picture: how its matrix meets what is behind it, piece of rows by piece of columns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from hot_core.kronecker.ranges import Digits, Rule, range_table


@dataclass(frozen=True, eq=False)
class Margins:
    """What is behind a mode, over all columns, over all rows, and over everything.

    Attributes:
        rows: one number for each piece of the rows, (side · pixel,).
        cols: one number for each piece of the columns, (side · pixel,).
        total: over everything.
    """

    rows: np.ndarray
    cols: np.ndarray
    total: float

    def joined(self, other: Margins, rule: Rule) -> Margins:
        """The margins of two things put together."""
        join = rule.ufunc
        return Margins(join(self.rows, other.rows), join(self.cols, other.cols), float(join(self.total, other.total)))


class Level:
    """One mode's matrix (its factor or the identity) together with the margins of what is behind it."""

    def __init__(self, matrix: np.ndarray, rows: Digits, cols: Digits, behind: Margins, last: bool, rule: Rule):
        self.rule, self.last, self.tall, self.wide = rule, last, rows.boxed, cols.boxed
        self.digit = torch.from_numpy(rows.digit)
        self.rows_behind = torch.from_numpy(behind.rows).reshape(rows.digit.shape)
        self.across = _over_columns(matrix, cols, rule) if self.wide else torch.empty(0)
        self.entries = torch.empty(0) if last else torch.from_numpy(np.take(matrix, cols.digit.ravel(), axis=1))
        if self.tall:
            self.table, index = range_table(self._inside(behind).numpy(), rows.low, rows.high, rule)
            self.index = index.reshape(rows.digit.shape)
        self.margins = self._margins(matrix, rows, cols, behind)

    def _inside(self, behind: Margins) -> Tensor:
        """Each row against the pieces of the columns, all rows behind it included."""
        if self.last:
            return self.across
        own = self.entries * torch.from_numpy(behind.cols)
        return self.rule.join(own, self.across, behind.total) if self.wide else own

    def _margins(self, matrix: np.ndarray, rows: Digits, cols: Digits, behind: Margins) -> Margins:
        """The margins of this mode and what is behind it."""
        across, down = self.rule.ufunc.reduce(matrix, axis=1), self.rule.ufunc.reduce(matrix, axis=0)
        total = float(self.rule.ufunc.reduce(across)) * behind.total
        row_margin = self._margin(across, rows, behind.rows, behind.total)
        return Margins(row_margin, self._margin(down, cols, behind.cols, behind.total), total)

    def _margin(self, weights: np.ndarray, digits: Digits, behind: np.ndarray, total: float) -> np.ndarray:
        table, index = range_table(weights[:, None], digits.low, digits.high, self.rule)
        boxes = table.numpy()[index.numpy(), 0] * total
        if self.last:
            return boxes
        return self.rule.ufunc(boxes, weights[digits.digit.ravel()] * behind)

    def boxes(self, band: slice) -> Tensor:
        """The rows' boxes in this mode against all pieces of the columns; in the last mode that is `T_l`.

        Args:
            band: which row pixels.

        Returns:
            Shape (side · row pixel, side · column pixel).
        """
        return self.table[self.index[:, band].reshape(-1)]

    def meet(self, behind: Tensor, band: slice) -> Tensor:
        """`T_l` of an earlier mode, from `T_{l+1}`, which is overwritten.

        Args:
            behind: `T_{l+1}`, (side · row pixel, side · column pixel).
            band: which row pixels.

        Returns:
            The shape of `behind`.
        """
        digit = self.digit[:, band].reshape(-1)
        out = behind.mul_(self.entries[digit])
        if self.wide:
            self.rule.join(out, self.across[digit].mul_(self.rows_behind[:, band].reshape(-1, 1)))
        return self.rule.join(out, self.boxes(band)) if self.tall else out


def _over_columns(matrix: np.ndarray, cols: Digits, rule: Rule) -> Tensor:
    """The matrix over the columns' boxes, (row segment, side · column pixel)."""
    table, index = range_table(np.ascontiguousarray(matrix.T), cols.low, cols.high, rule)
    return table[index].T.contiguous()
