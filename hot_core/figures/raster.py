"""A raster tile in map coordinates: the composite, what is looked at, and the class map."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import plotly.graph_objects as go
import xarray as xr
from PIL import Image

from hot_core.figures.axes import native_edges, number_look, step_decimals, token_axis, unit_word
from hot_core.figures.fields import field_limit
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
from hot_core.modes import Mode, TokenGrid
from hot_core.transforms.results import Segmentation

MOST_PIXELS = 900
"""Larger pictures are thinned to this many pixels a side before they are sent to the browser."""


@dataclass(frozen=True, eq=False)
class Composite:
    """A picture of a tile: RGBA bytes, and the sentence that says how it was made."""

    pixels: np.ndarray
    words: str
    _made: dict[tuple[int, int], str] = field(default_factory=dict, init=False, repr=False)

    def source(self, down: int, across: int) -> str:
        """The picture as a PNG in a data address; -1 turns rows or columns round. Made once: a click waits for it."""
        if (down, across) not in self._made:
            self._made[down, across] = png_uri(self.pixels[::down, ::across])
        return self._made[down, across]


def composite(data: xr.DataArray, roles: Sequence[str]) -> Composite:
    """True colour where red, green and blue are known; otherwise the first bands, and said so.

    Every colour is stretched between its own 2nd and 98th percentile; missing pixels are transparent.

    Args:
        data: the raster (row, column, band).
        roles: the role of every band, () while unknown.

    Returns:
        The picture with its description.
    """
    stretch = "each colour stretched from its 2nd to its 98th percentile"
    if {"red", "green", "blue"} <= set(roles):
        bands = [list(roles).index(role) for role in ("red", "green", "blue")]
        words = f"True colour, {stretch}."
    elif data.sizes["band"] >= 3:
        bands = [2, 1, 0]
        names = [str(data.coords["band"].values[b]) for b in bands]
        words = f"False colour: red, green, blue show {', '.join(names)}; {stretch}."
    else:
        bands = [0, 0, 0]
        words = f"One band as grey: {data.coords['band'].values[0]}; stretched from its 2nd to its 98th percentile."
    values = data.values[:: thin(data.sizes["row"]), :: thin(data.sizes["column"])][..., bands].astype(np.float64)
    known = np.isfinite(values).all(axis=-1)
    rgba = np.zeros((*known.shape, 4), dtype=np.uint8)
    if known.any():
        low, high = np.percentile(values[known], (2, 98), axis=0)
        scaled = (np.nan_to_num(values) - low) / np.where(high > low, high - low, 1.0)
        rgba[..., :3] = (np.clip(scaled, 0, 1) * 255).astype(np.uint8)
    rgba[..., 3] = np.where(known, 255, 0)
    return Composite(rgba, words)


def thin(size: int) -> int:
    """Every how many pixels one is drawn."""
    return -(-size // MOST_PIXELS)


def tile_figure(
    picture: Composite, modes: Sequence[Mode], grid: TokenGrid, *, tokens: xr.DataArray | None = None,
    uniform: float | None = None, query: tuple[int, ...] | None = None, key: tuple[int, ...] | None = None,
    height: int = 560,
) -> go.Figure:  # fmt: skip
    """Draw the tile in map coordinates with the attention over it.

    Args:
        picture: the composite.
        modes: the sample's modes; row and column coordinates are pixel centres on the map.
        grid: the tokens.
        tokens: attention by (row, column) token, other modes summed or chosen; None draws the tile alone.
        uniform: the weight of every cell if all keys were looked at alike (see `summed_level`); None: the mean.
        query: the chosen token, framed in orange.
        key: its chosen partner, framed in blue and dashed.
        height: of the figure, in pixels.

    Returns:
        A figure with equal scales along both map axes.
    """
    cells, clear = _cells(modes, grid, tokens, uniform)
    return assemble(
        [cells], height, margin=margins(token_axis(grid.axes[0]).left, 46), coloraxis=clear,
        images=[_placed(picture, modes)], shapes=_frames(grid, query, key), **_map_axes(modes),
    )  # fmt: skip


def _cells(
    modes: Sequence[Mode], grid: TokenGrid, tokens: xr.DataArray | None, uniform: float | None = None
) -> tuple[Part, Part]:
    """The tokens of a tile as cells with their colour axis; without weights they are unseen and only take clicks."""
    rows, columns = token_axis(grid.axes[0]), token_axis(grid.axes[1])
    values = np.zeros((len(rows), len(columns)), np.float32) if tokens is None else tokens.values.astype(np.float32)
    what = "weight %{z:.3g}<extra></extra>" if tokens is not None else "<extra></extra>"
    x_name, y_name = _map_names(modes)
    cells = {
        "type": "heatmap", "z": values, "x": columns.values, "y": rows.values, "coloraxis": "coloraxis",
        "hovertemplate": (
            f"{x_name} %{{x:,.{step_decimals(modes[1])}f}}<br>{y_name} %{{y:,.{step_decimals(modes[0])}f}}<br>{what}"
        ),
    }  # fmt: skip
    if tokens is None:
        return cells, {"colorscale": [[0, "rgba(0,0,0,0)"], [1, "rgba(0,0,0,0)"]], "showscale": False}
    uniform = float(np.nansum(values)) / values.size if uniform is None else uniform
    return cells, colour_axis(field_limit(values, uniform), uniform, scale=overlay_scale())


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
        A figure with equal scales along both map axes; pixels without a class stay empty.
    """
    labels = prediction.labels.values[:: thin(len(modes[0])), :: thin(len(modes[1]))]
    rgba = np.zeros((*labels.shape, 4), dtype=np.uint8)
    legend_entries: list[Part] = []
    for index, (name, colour) in enumerate(class_colours(prediction.classes).items()):
        if colour is None:
            continue
        rgba[labels == index] = (*(int(colour[i : i + 2], 16) for i in (1, 3, 5)), 255)
        text = f"{name} · {number(prediction.amounts[name])} {prediction.unit}"
        marker = {"color": colour, "symbol": "square", "size": 12}
        entry = {"type": "scatter", "x": [None], "y": [None], "mode": "markers"}
        legend_entries.append(entry | {"marker": marker, "name": text})
    legend = {"orientation": "h", "y": 1, "yref": "container", "yanchor": "top", "x": 0.02, "xref": "container"}
    on_map: Part = {}
    if grid is not None:
        cells, on_map["coloraxis"] = _cells(modes, grid, None)
        legend_entries.append(cells)
        on_map["shapes"] = _frames(grid, query, key)
    return assemble(
        legend_entries, height, showlegend=True, legend=legend, margin=margins(90, 46, 44),
        images=[_placed(Composite(rgba, ""), modes)], **on_map, **_map_axes(modes),
    )  # fmt: skip


def _placed(picture: Composite, modes: Sequence[Mode]) -> Part:
    """A picture under the traces, its edges on the map, whichever way the rows run."""
    rows, columns = native_edges(modes[0]), native_edges(modes[1])
    down = -1 if rows[0] < rows[-1] else 1  # rows that run up the map are turned round
    across = -1 if columns[0] > columns[-1] else 1
    (left, right), (low, high) = (sorted((float(e[0]), float(e[-1]))) for e in (columns, rows))
    place = {"x": left, "y": high, "sizex": right - left, "sizey": high - low, "xref": "x", "yref": "y"}
    return place | {"source": picture.source(down, across), "sizing": "stretch", "layer": "below"}


def _map_axes(modes: Sequence[Mode]) -> Part:
    """Map axes: x to the right, y up, one scale; degrees are narrowed by the cosine of the latitude."""
    rows, columns = native_edges(modes[0]), native_edges(modes[1])
    degrees = (modes[0].unit or "").startswith("degree")
    x_name, y_name = _map_names(modes)
    ratio = 1 / max(float(np.cos(np.deg2rad(np.mean(rows)))), 0.05) if degrees else 1.0
    common = QUIET | {"constrain": "domain"}
    x_range, y_range = (sorted((float(e[0]), float(e[-1]))) for e in (columns, rows))
    return {
        "xaxis": common | number_look(modes[1]) | {"range": x_range, "title": title(x_name)},
        "yaxis": common | number_look(modes[0]) | {
            "range": y_range, "title": title(y_name), "scaleanchor": "x", "scaleratio": ratio,
        },
    }  # fmt: skip


def _map_names(modes: Sequence[Mode]) -> tuple[str, str]:
    """What x and y of the map are called, with their unit."""
    unit = unit_word(modes[0].unit or "pixel")
    x, y = ("longitude", "latitude") if (modes[0].unit or "").startswith("degree") else ("easting", "northing")
    return f"{x} ({unit})", f"{y} ({unit})"


def png_uri(pixels: np.ndarray) -> str:
    """RGBA pixels as a PNG in a data address."""
    target = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels), "RGBA").save(target, "PNG", compress_level=3)
    return "data:image/png;base64," + base64.b64encode(target.getvalue()).decode("ascii")
