"""A raster tile in its own coordinates: the composite, what is looked at, and the class map.

A map has north on top and east on the right whichever way its file runs. A raster that is rotated, or whose file names
no reference system, stands as it is stored: first row on top, first column on the left.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
import xarray as xr

from hot_core.figures.axes import as_stored, native_edges, number_look, step_decimals, token_axis, unit_word
from hot_core.figures.composite import Composite, thin
from hot_core.figures.fields import field_limit
from hot_core.figures.graticule import Graticule, drawn_lines
from hot_core.figures.names import safe
from hot_core.figures.style import (
    QUIET,
    Part,
    assemble,
    class_colours,
    colour_axis,
    frames,
    margins,
    number,
    overlay_scale,
    title,
)
from hot_core.io.geotiff_grid import ANGLES
from hot_core.modes import Mode, TokenGrid
from hot_core.transforms.results import Segmentation

OPACITY = 0.85
"""How opaque the strongest attention is over the picture when nobody chooses."""


def tile_figure(
    picture: Composite, modes: Sequence[Mode], grid: TokenGrid, *, tokens: xr.DataArray | None = None,
    uniform: float | None = None, query: tuple[int, ...] | None = None, key: tuple[int, ...] | None = None,
    height: int = 520, opacity: float = OPACITY, lines: Graticule | None = None,
) -> go.Figure:  # fmt: skip
    """Draw the tile in its coordinates with the attention over it.

    Args:
        picture: the composite.
        modes: the sample's modes; row and column coordinates are pixel centres.
        grid: the tokens.
        tokens: attention by (row, column) token, other modes summed or chosen; None draws the tile alone.
        uniform: the weight of every cell if all keys were looked at alike (see `summed_level`); None: the mean.
        query: the chosen token, framed in orange.
        key: its chosen partner, framed in blue and dashed.
        height: of the figure, in pixels.
        opacity: of the strongest attention, 0 to 1.
        lines: the graticule to draw over it.

    Returns:
        A figure with equal scales along both axes.
    """
    cells, clear = _cells(modes, grid, tokens, uniform, opacity)
    data, layout = [cells, *_lines(lines, modes)], {}
    if picture.legend is not None:
        data.append(
            {"type": "scatter", "x": [None], "y": [None], "mode": "markers", "hoverinfo": "skip",
             "marker": {"color": [0.0], "coloraxis": "coloraxis2"}}
        )  # fmt: skip
        layout = {"coloraxis2": picture.legend}
    right = 10 if picture.legend is None else 62
    return assemble(
        data, height, margin=margins(token_axis(grid.axes[0]).left, 46, right=right), coloraxis=clear, **layout,
        images=[placed(picture, modes)], shapes=_frames(grid, query, key), **map_axes(modes),
    )  # fmt: skip


def _lines(lines: Graticule | None, modes: Sequence[Mode]) -> list[Part]:
    """The graticule; its words lean towards the middle of the picture, so that neither edge cuts them off."""
    traces = drawn_lines(lines)
    if traces:
        bottom, top = _ranges(modes)[1]
        upper = [abs(y - top) < abs(y - bottom) for y in traces[-1]["y"]]
        traces[-1]["textposition"] = ["bottom right" if high else "top right" for high in upper]
    return traces


def _cells(
    modes: Sequence[Mode], grid: TokenGrid, tokens: xr.DataArray | None, uniform: float | None = None,
    opacity: float = OPACITY,
) -> tuple[Part, Part]:  # fmt: skip
    """The tokens of a tile as cells with their colour axis; without weights they are unseen and only take clicks."""
    rows, columns = token_axis(grid.axes[0]), token_axis(grid.axes[1])
    values = np.zeros((len(rows), len(columns)), np.float32) if tokens is None else tokens.values.astype(np.float32)
    what = "weight %{z:.3g}<extra></extra>" if tokens is not None else "<extra></extra>"
    x_name, y_name = _axis_names(modes)
    cells = {
        "type": "heatmap", "z": values, "x": columns.values, "y": rows.values, "coloraxis": "coloraxis",
        "hovertemplate": (
            f"{x_name} %{{x:,.{step_decimals(modes[1])}f}}<br>{y_name} %{{y:,.{step_decimals(modes[0])}f}}<br>{what}"
        ),
    }  # fmt: skip
    if tokens is None:
        return cells, {"colorscale": [[0, "rgba(0,0,0,0)"], [1, "rgba(0,0,0,0)"]], "showscale": False}
    uniform = float(np.nansum(values)) / values.size if uniform is None else uniform
    return cells, colour_axis(field_limit(values, uniform), uniform, scale=overlay_scale(opacity))


def _frames(grid: TokenGrid, query: tuple[int, ...] | None, key: tuple[int, ...] | None) -> list[Part]:
    """Query and key on the map."""
    rows, columns = token_axis(grid.axes[0]), token_axis(grid.axes[1])
    boxes = [None if token is None else (*columns.cell(token[1]), *rows.cell(token[0])) for token in (query, key)]
    return frames(*boxes)


def classes_figure(
    prediction: Segmentation, modes: Sequence[Mode], *, grid: TokenGrid | None = None,
    query: tuple[int, ...] | None = None, key: tuple[int, ...] | None = None, height: int = 460,
) -> go.Figure:  # fmt: skip
    """The class map with its legend; the legend holds how much of each class there is.

    Args:
        prediction: the segmentation of a raster.
        modes: the sample's modes.
        grid: the tokens; given, the map takes clicks on them and frames query and key.
        query: the chosen token, framed in orange.
        key: its chosen partner, framed in blue and dashed.
        height: of the figure, in pixels.

    Returns:
        A figure with equal scales along both axes; pixels without a class stay empty.
    """
    labels = prediction.labels.values[:: thin(len(modes[0])), :: thin(len(modes[1]))]
    rgba = np.zeros((*labels.shape, 4), dtype=np.uint8)
    legend_entries: list[Part] = []
    for index, (name, colour) in enumerate(class_colours(prediction.classes).items()):
        if colour is None:
            continue
        rgba[labels == index] = (*(int(colour[i : i + 2], 16) for i in (1, 3, 5)), 255)
        text = f"{safe(name)} · {number(prediction.amounts[name])} {prediction.unit}"
        marker = {"color": colour, "symbol": "square", "size": 12}
        entry = {"type": "scatter", "x": [None], "y": [None], "mode": "markers"}
        legend_entries.append(entry | {"marker": marker, "name": text})
    # below, where a narrow page, which needs more rows for it, leaves room
    legend = {"orientation": "h", "y": 0, "yref": "container", "yanchor": "bottom", "x": 0.02, "xref": "container"}
    on_map: Part = {}
    if grid is not None:
        cells, on_map["coloraxis"] = _cells(modes, grid, None)
        legend_entries.append(cells)
        on_map["shapes"] = _frames(grid, query, key)
    return assemble(
        legend_entries, height, showlegend=True, legend=legend, margin=margins(90, 78, 12),
        images=[placed(Composite(rgba, ""), modes)], **on_map, **map_axes(modes),
    )  # fmt: skip


def placed(picture: Composite, modes: Sequence[Mode]) -> Part:
    """A picture under the traces, its edges on the axes of `map_axes`, whichever way rows and columns run."""
    rows, columns = native_edges(modes[0]), native_edges(modes[1])
    (left, right), (bottom, top) = _ranges(modes)
    down = -1 if rows[0] == bottom else 1  # the first row is the lowest one: turned round
    across = -1 if columns[0] == right else 1
    # plotly wants the upper left corner and lengths, and never mirrors a picture on an axis that runs down
    place = {"x": left, "y": top, "sizex": abs(right - left), "sizey": abs(top - bottom), "xref": "x", "yref": "y"}
    return place | {"source": picture.source(down, across), "sizing": "stretch", "layer": "below"}


def map_axes(modes: Sequence[Mode]) -> Part:
    """Both axes in one scale, on a map y up; angles are narrowed by the cosine of the latitude."""
    angle = 0.0 if as_stored(modes[0]) else ANGLES.get(modes[0].unit or "", 0.0)
    x_name, y_name = _axis_names(modes)
    ratio = 1 / max(float(np.cos(np.deg2rad(angle * np.mean(native_edges(modes[0]))))), 0.05)
    common = QUIET | {"constrain": "domain"}
    x_range, y_range = _ranges(modes)
    return {
        "xaxis": common | number_look(modes[1]) | {"range": x_range, "title": title(x_name)},
        "yaxis": common | number_look(modes[0]) | {
            "range": y_range, "title": title(y_name), "scaleanchor": "x", "scaleratio": ratio, "constraintoward": "top",
        },
    }  # fmt: skip


def _ranges(modes: Sequence[Mode]) -> tuple[list[float], list[float]]:
    """Left and right, bottom and top: upwards and to the right on a map, otherwise as the file runs."""
    (first, last), (start, stop) = ((float(e[0]), float(e[-1])) for e in map(native_edges, modes[:2]))
    if as_stored(modes[0]):
        return [start, stop], [last, first]
    return sorted((start, stop)), sorted((first, last))


def _axis_names(modes: Sequence[Mode]) -> tuple[str, str]:
    """What x and y are called, with their unit."""
    unit = modes[0].unit or "pixel"
    if modes[0].rotated:
        x, y = "along the rows", "down the columns"
    elif unit == "pixel":
        x, y = "column", "row"
    elif unit == "map unit":
        x, y = "x", "y"
    else:
        x, y = ("longitude", "latitude") if unit in ANGLES else ("easting", "northing")
    return f"{x} ({unit_word(unit)})", f"{y} ({unit_word(unit)})"
