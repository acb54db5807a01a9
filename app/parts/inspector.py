"""One pixel in numbers: where it lies, what every band holds, what the model says, how much it is looked at."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from app import state
from app.messages import plain
from app.parts.show import heading
from app.parts.view import View
from hot_core.analysis.pixel import inspect
from hot_core.figures.overview import pixel
from hot_core.figures.picking import Click
from hot_core.modes import RasterGeometry
from hot_core.transforms.inputs import geometry_of

KEY = "raster_pixel"


def remember(view: View, click: Click) -> None:
    """Keep the pixel that was clicked."""
    modes = view.analysis.sample.modes[:2]
    y, x = click.place
    state.put(KEY, (_read(view), pixel(modes, (len(modes[0]), len(modes[1])), y, x)))


def _read(view: View) -> tuple[str, tuple[int, ...]]:
    """What the rows and columns of a pixel count in: this file, and the window of it that was read."""
    return view.identity, geometry_of(view.analysis.sample, RasterGeometry).window


def draw(view: View) -> None:
    """The last clicked pixel while query or key lies on it, otherwise the middle of the query."""
    at = _pixel(view)
    found = inspect(view.analysis, at, view.pictured, view.uniform)
    heading("Pixel", "the one that was clicked, or the middle of the query")
    st.code(found.line, language=None, wrap_lines=True)
    with st.expander("Every band of this pixel", key="raster_pixel_bands"):
        st.markdown(_as_text(found.table))
        st.markdown(
            "Row and column count the file's pixels from 0. Coordinates are those of the pixel's middle, in the file's "
            "own reference system and, where that is known, as longitude and latitude (WGS 84). Attention is that of "
            "the patch the pixel lies in, for each band, as a multiple of the level at which everything is looked at "
            "alike. The line above can be copied as it is."
        )


def _as_text(table: pd.DataFrame) -> str:
    """A table in Markdown: a click waits for it, and a grid takes a hundred times as long to draw."""
    known = [name for name in table.columns if name != "Unit" or table["Unit"].any()]
    rows = [[plain(str(cell)) for cell in row] for row in [known, *table[known].to_numpy().tolist()]]
    rows.insert(1, ["---"] * len(known))
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def _pixel(view: View) -> tuple[int, int]:
    """Which pixel, in rows and columns of what was read."""
    grid = view.analysis.grid
    of, at = state.get(KEY, (None, None))
    if of == _read(view) and at is not None:
        for token in (view.query, view.key):
            if token is not None:
                rows, columns = grid.native_of(token)[:2]
                if rows.start <= at[0] < rows.stop and columns.start <= at[1] < columns.stop:
                    return int(at[0]), int(at[1])
    row, column = grid.centre_of(view.query)[:2]
    return row, column
