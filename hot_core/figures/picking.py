"""What a click in a figure means: the token under the mouse, whatever kind of picture it was made in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hot_core.figures.axes import token_axis
from hot_core.figures.series import RIBBON, Shown
from hot_core.modes import TokenGrid

Token = tuple[int, ...]


@dataclass(frozen=True)
class Click:
    """A click as plotly reports it.

    Attributes:
        x, y: the place in the axes' own coordinates.
        axis: plotly's name of the x axis ("x", "x2", …), which tells the panels apart.
        cell: row and column of the cell in a heatmap, None elsewhere.
        exact: where the mouse was, x and y, on axes of numbers; plotly tells only the middle of a cell.
    """

    x: float | str
    y: float | str
    axis: str = "x"
    cell: tuple[int, int] | None = None
    exact: tuple[float, float] | None = None

    @property
    def place(self) -> tuple[float, float]:
        """Where a picture was clicked, y and x: exactly when that is known, otherwise the middle of the cell."""
        x, y = (self.x, self.y) if self.exact is None else self.exact
        return float(y), float(x)


def pick_series(click: Click, grid: TokenGrid, strips: Sequence[tuple[int, int]], shown: Shown) -> Token:
    """The time under the mouse: of the series shown, in lines and ribbon, or of the strip that was clicked."""
    time = token_axis(grid.axes[2]).nearest(click.x)
    if click.cell is not None and click.y != RIBBON:
        entity, variable = strips[min(click.cell[0], len(strips) - 1)]
        return entity, variable, token_axis(grid.axes[2]).first + click.cell[1]
    return shown.entity, shown.variable, time


def pick_tile(click: Click, grid: TokenGrid, query: Token) -> Token:
    """The (row, column) token under the mouse; the other modes keep the query's position."""
    row, column = token_axis(grid.axes[0]).nearest(click.y), token_axis(grid.axes[1]).nearest(click.x)
    return (row, column, *query[2:])
