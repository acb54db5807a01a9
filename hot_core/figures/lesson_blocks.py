"""Pictures of the lesson on product and sum: the map growing block by block, and what one row reaches."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from hot_core.figures.lesson_matrix import Cells, cell, matrix, strip
from hot_core.figures.lesson_modes import stacked, token_names
from hot_core.figures.style import Box, colour_axis
from hot_core.lessons.blocks import Growth
from hot_core.lessons.modes import COLUMNS, ROWS


def growing(growth: Growth, query: tuple[int, int]) -> go.Figure:
    """The map so far: the newest block blue, the query's row orange, every row's sum beside it."""
    names = token_names()
    cells = Cells(
        growth.shown, names, stacked(names), "query: row, column", "key: row over column", 2, (COLUMNS, COLUMNS),
        [f"Σ {total:.2f}" for total in growth.sums_now],
    )  # fmt: skip
    row = query[0] * COLUMNS + query[1]
    return matrix(
        cells, colour_axis(float(growth.full.max()), np.inf), height=470, query=strip(row, len(names)),
        key=_block(growth.block), left=50, right=46, square=False,
    )  # fmt: skip


def reach(growth: Growth, query: tuple[int, int]) -> go.Figure:
    """What the query's row reaches, as the grid of its keys; keys that it can never reach stay empty."""
    field = growth.full[query[0] * COLUMNS + query[1]].reshape(ROWS, COLUMNS)
    rows, columns = ([str(place + 1) for place in range(size)] for size in field.shape)
    cells = Cells(np.where(field == 0, np.nan, field), rows, columns, "row", "column", 3)
    return matrix(
        cells, colour_axis(float(growth.full.max()), np.inf), height=290, query=cell(*query), left=40, square=False,
    )  # fmt: skip


def _block(block: tuple[int, int] | None) -> Box | None:
    """The box around a block of the map."""
    if block is None:
        return None
    row, column = (at * COLUMNS - 0.5 for at in block)
    return column, column + COLUMNS, row, row + COLUMNS
