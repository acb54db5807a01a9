"""Pictures of the lesson on modes: the two small matrices, the whole map, and one query's field."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from hot_core.figures.lesson_matrix import Cells, cell, matrix, strip
from hot_core.figures.style import colour_axis
from hot_core.lessons.modes import COLUMNS, ROWS, Entry, Softmax


def token_names() -> list[str]:
    """The twelve tokens in the order of the map: "1,1" … "3,4", row and column from 1."""
    return [f"{row + 1},{column + 1}" for row in range(ROWS) for column in range(COLUMNS)]


def stacked(names: list[str]) -> list[str]:
    """The same with row over column, for narrow columns."""
    return [name.replace(",", "<br>") for name in names]


def factor(one: Softmax, name: str, limit: float, at: tuple[int, int] | None) -> go.Figure:
    """One factor with its numbers.

    Args:
        one: its softmax.
        name: what it attends along: "row" or "column".
        limit: the end of the colour bar, shared with the other factor.
        at: query and key along this mode, framed; None frames nothing.

    Returns:
        The figure; the query's row orange, the key's cell blue.
    """
    size = len(one.sums)
    names = [str(place + 1) for place in range(size)]
    cells = Cells(one.weights, names, names, f"query {name}", f"key {name}", 3)
    query, key = (strip(at[0], size), cell(*at)) if at else (None, None)
    return matrix(cells, colour_axis(limit, 1 / size), height=300, query=query, key=key, left=40, square=False)


def whole(values: np.ndarray, limit: float, at: Entry | None, *, height: int = 430) -> go.Figure:
    """The 12×12 map; the query's row orange, the one entry blue.

    Args:
        values: (12, 12).
        limit: the end of the colour bar, shared with the query's field.
        at: the entry that is spoken of; None frames nothing.
        height: in pixels.

    Returns:
        The figure, with lines around the blocks of one pair of rows.
    """
    names = token_names()
    cells = Cells(values, names, stacked(names), "query: row, column", "key: row over column", 2, (COLUMNS, COLUMNS))
    query, key = (strip(at.flat[0], len(names)), cell(*at.flat)) if at else (None, None)
    return matrix(cells, colour_axis(limit, 1 / len(names)), height=height, query=query, key=key, square=False, left=50)


def field(at: Entry, limit: float, *, height: int = 300) -> go.Figure:
    """The query's row of the map, laid out as the grid of its keys; the query itself orange, the key blue."""
    rows, columns = ([str(place + 1) for place in range(size)] for size in at.field.shape)
    cells = Cells(at.field, rows, columns, "row", "column", 3)
    return matrix(
        cells,
        colour_axis(limit, 1 / at.field.size),
        height=height,
        query=cell(*at.query),
        key=cell(*at.key),
        left=40,
        square=False,
    )
