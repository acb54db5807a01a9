"""The whole of a large raster with the window that was read and the region that is analysed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import plotly.graph_objects as go
from rasterio.transform import Affine

from hot_core.figures.axes import native_edges
from hot_core.figures.composite import Composite
from hot_core.figures.raster import map_axes, placed
from hot_core.figures.style import HALO, INK, QUERY, Part, assemble, margins
from hot_core.io.geotiff_grid import is_rotated
from hot_core.modes import Mode, Overview, RasterGeometry

Area = tuple[int, int, int, int]
CLICKS = 64
"""Unseen cells a side that take the clicks; where exactly was clicked is reported beside the cell."""


def overview_figure(
    picture: Composite, overview: Overview, geometry: RasterGeometry, region: Sequence[tuple[int, int]],
    height: int = 300,
) -> go.Figure:  # fmt: skip
    """Draw the whole file as its tiles are drawn, framed where it was read and where it is analysed.

    Args:
        picture: the overview as a picture.
        overview: the same in numbers.
        geometry: of the window that was read.
        region: rows and columns of the window that are analysed, half-open.
        height: of the figure, in pixels.

    Returns:
        A figure with equal scales in which a box can be drawn.
    """
    rotated = is_rotated(Affine(*geometry.transform))
    modes = [replace(mode, rotated=rotated) for mode in overview.modes]
    rows, columns = (native_edges(mode) for mode in modes)
    across, down = (np.linspace(edges[0], edges[-1], CLICKS + 1) for edges in (columns, rows))
    cells = {
        "type": "heatmap", "z": np.zeros((CLICKS, CLICKS), np.uint8), "x": across, "y": down, "hoverinfo": "none",
        "showscale": False, "colorscale": [[0, "rgba(0,0,0,0)"], [1, "rgba(0,0,0,0)"]],
    }  # fmt: skip
    top, left = geometry.window[:2]
    inner = (top + region[0][0], left + region[1][0], *(stop - start for start, stop in region))
    shapes = [
        *_frame(geometry.window, overview, geometry, "white"),
        *_frame(inner, overview, geometry, QUERY, dash="2px,2px"),
    ]  # fmt: skip
    axes = map_axes(modes)
    for axis in axes.values():
        axis |= {"fixedrange": True}
    return assemble(
        [cells], height, margin=margins(84, 46, 6), images=[placed(picture, modes)], shapes=shapes,
        dragmode="select", newselection={"line": {"color": "white", "dash": "solid"}}, **axes,
    )  # fmt: skip


def _frame(area: Sequence[int], overview: Overview, geometry: RasterGeometry, colour: str, **line: str) -> list[Part]:
    """A frame around file pixels, with a dark or pale rim so that it stands out on any picture."""
    top, left, down, across = area
    (y0, x0), (y1, x1) = (
        place(overview.modes, geometry.file_shape, *at) for at in ((top, left), (top + down, left + across))
    )
    box: Part = {"type": "rect", "x0": x0, "x1": x1, "y0": y0, "y1": y1, "layer": "above"}
    rim = {"color": INK if colour == "white" else HALO, "width": 4}
    return [box | {"line": rim}, box | {"line": {"color": colour, "width": 2, **line}}]


def place(modes: Sequence[Mode], shape: tuple[int, int], row: float, column: float) -> tuple[float, float]:
    """Where a position in file pixels lies in the picture of the whole file.

    Args:
        modes: row and column of the picture.
        shape: rows and columns of the file.
        row: from the file's first edge, so that the middle of the first row is at 0.5.
        column: likewise.

    Returns:
        y and x on the axes of the picture.
    """
    edges = [native_edges(mode) for mode in modes[:2]]
    y, x = (float(e[0] + (e[-1] - e[0]) * at / size) for e, at, size in zip(edges, (row, column), shape, strict=True))
    return y, x


def pixel(modes: Sequence[Mode], shape: tuple[int, int], y: float, x: float) -> tuple[int, int]:
    """The pixel at a place in a picture; the nearest one for places beside it.

    Args:
        modes: row and column of the picture.
        shape: rows and columns of what the picture shows.
        y: on the axis of the picture.
        x: likewise.

    Returns:
        Row and column, from 0.
    """
    found = []
    for mode, size, at in zip(modes, shape, (y, x), strict=False):
        edges = native_edges(mode)
        share = (at - float(edges[0])) / float(edges[-1] - edges[0])
        found.append(min(max(int(np.floor(share * size)), 0), size - 1))
    return found[0], found[1]


def window_around(middle: tuple[int, int], size: tuple[int, int], shape: tuple[int, int]) -> Area:
    """A window of some size with a pixel in its middle, pushed inside the file.

    Returns:
        (row, column, height, width).
    """
    size = (min(size[0], shape[0]), min(size[1], shape[1]))
    row, column = (min(max(at - n // 2, 0), whole - n) for at, n, whole in zip(middle, size, shape, strict=True))
    return row, column, *size


def window_of_box(corners: tuple[tuple[int, int], tuple[int, int]], most: int, shape: tuple[int, int]) -> Area:
    """The window between two pixels, both included; its middle where it holds more than `most` pixels a side.

    Returns:
        (row, column, height, width), at least two pixels each way.
    """
    (r0, c0), (r1, c1) = corners
    sides = [min(max(abs(r1 - r0) + 1, 2), most), min(max(abs(c1 - c0) + 1, 2), most)]
    return window_around(((r0 + r1 + 1) // 2, (c0 + c1 + 1) // 2), (sides[0], sides[1]), shape)


def region_around(middle: tuple[int, int], window: Area, side: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """The part of a window to analyse: `side` pixels around a file pixel, inside the window.

    Returns:
        Half-open rows and columns of the window.
    """
    top, left, down, across = window
    row, column, height, width = window_around((middle[0] - top, middle[1] - left), (side, side), (down, across))
    return (row, row + height), (column, column + width)
