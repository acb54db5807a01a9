"""A small matrix for a lesson: cells with their numbers, names along the axes, frames around what is spoken of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from hot_core.figures.style import HALO, INK, QUIET, Box, Part, assemble, frames, margins, title

FEW = 6
"""Up to so many columns there is room for large numbers."""


@dataclass(frozen=True)
class Cells:
    """What a matrix shows.

    Attributes:
        values: (rows, columns); NaN stays empty.
        rows: a name for each row.
        columns: a name for each column; `<br>` begins a new line.
        row_title: what the rows are.
        column_title: what the columns are.
        digits: of the numbers in the cells; None writes none. Of many columns they are whole hundredths, which have
            room: "58" is 0.58.
        steps: lines after every so many rows and columns, (rows, columns); 0 draws none.
        beside: a word to the right of every row, such as its sum.
    """

    values: np.ndarray
    rows: Sequence[str]
    columns: Sequence[str]
    row_title: str = "query"
    column_title: str = "key"
    digits: int | None = 2
    steps: tuple[int, int] = (0, 0)
    beside: Sequence[str] = ()


def cell(row: int, column: int) -> Box:
    """The box around one cell."""
    return column - 0.5, column + 0.5, row - 0.5, row + 0.5


def strip(row: int, columns: int) -> Box:
    """The box around a whole row."""
    return -0.5, columns - 0.5, row - 0.5, row + 0.5


def matrix(
    cells: Cells, colours: Part, *, height: int, query: Box | None = None, key: Box | None = None,
    square: bool = True, left: int = 66, right: int = 12,
) -> go.Figure:  # fmt: skip
    """The matrix as a picture.

    Args:
        cells: what it shows.
        colours: the colour axis in data units, from `style.colour_axis` or `style.signed_axis`.
        height: in pixels.
        query: what is framed in orange.
        key: what is framed in blue.
        square: whether the cells are as high as they are wide.
        left: margin in pixels, for the names of the rows.
        right: margin in pixels, for what stands beside the rows.

    Returns:
        A figure without zoom.
    """
    rows, columns = cells.values.shape
    named = [f"{cells.row_title} {name}" for name in cells.rows]
    gap = 0 if cells.digits is None else 1  # many small cells would be lost between dark lines
    trace: Part = {
        "type": "heatmap", "z": cells.values, "coloraxis": "coloraxis", "hoverongaps": False, "xgap": gap, "ygap": gap,
        "hovertemplate": "%{customdata}<br>%{z:.4f}<extra></extra>",
        "x": list(range(columns)), "y": list(range(rows)),
        "customdata": [[f"{across}<br>{cells.column_title} {c}" for c in cells.columns] for across in named],
    }  # fmt: skip
    if cells.digits is not None:
        few = columns <= FEW
        trace |= {"text": _texts(cells, few), "texttemplate": "%{text}", "textfont": {"size": 12 if few else 11}}
    x: Part = {"title": title(cells.column_title), "tickvals": list(range(columns)), "ticktext": list(cells.columns)}
    y: Part = {"title": title(cells.row_title), "tickvals": list(range(rows)), "ticktext": list(cells.rows)}
    below = 62 if any("<br>" in name for name in cells.columns) else 48
    ends: Part = {"constrain": "domain", "ticks": ""}
    return assemble(
        [trace], height, margin=margins(left, below, 40, right), coloraxis=colours,
        xaxis=QUIET | ends | x | {"range": [-0.5, columns - 0.5], "tickangle": 0},
        yaxis=QUIET | ends | y | {"range": [rows - 0.5, -0.5]} | ({"scaleanchor": "x"} if square else {}),
        shapes=[*_lines(cells), *frames(query, key)], annotations=_beside(cells),
    )  # fmt: skip


def _texts(cells: Cells, few: bool) -> list[list[str]]:
    """The numbers in the cells; of many columns whole hundredths, so that they fit on a phone."""

    def written(value: float) -> str:
        return "" if np.isnan(value) else f"{value:.{cells.digits}f}" if few else f"{100 * value:.0f}"

    return [[written(value) for value in line] for line in cells.values.tolist()]


def _lines(cells: Cells) -> list[Part]:
    """Thin lines between blocks."""
    rows, columns = cells.values.shape
    down, across = cells.steps
    ends = [(-0.5, columns - 0.5, at - 0.5, at - 0.5) for at in _every(rows, down)]
    ends += [(at - 0.5, at - 0.5, -0.5, rows - 0.5) for at in _every(columns, across)]
    return [
        {"type": "line", "x0": x0, "x1": x1, "y0": y0, "y1": y1, "line": line, "layer": "above"}
        for line in ({"color": HALO, "width": 3}, {"color": INK, "width": 1.5})
        for x0, x1, y0, y1 in ends
    ]


def _every(count: int, step: int) -> range:
    return range(step, count, step) if step else range(0)


def _beside(cells: Cells) -> list[Part]:
    """What stands to the right of the rows."""
    at: Part = {"x": cells.values.shape[1] - 0.5, "xanchor": "left", "xshift": 6, "showarrow": False}
    return [at | {"y": row, "text": words, "font": {"size": 11}} for row, words in enumerate(cells.beside)]
