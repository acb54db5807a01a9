"""Three planes through a volume: picture, attention and labels, with units and letters where the file has them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
import xarray as xr

from hot_core.figures.axes import number_look, plain, short_word
from hot_core.figures.fields import field_limit, token_field, uniform_level
from hot_core.figures.plane_parts import field_trace, label_traces, picture_trace, token_shapes
from hot_core.figures.planes import PLANES, Look, Plane, Spans, edges_of, extent, shown_spans
from hot_core.figures.style import (
    GREY,
    QUIET,
    Part,
    assemble,
    class_colours,
    colour_axis,
    margins,
    number,
    overlay_scale,
    title,
)
from hot_core.modes import Mode, TokenGrid
from hot_core.transforms.results import Segmentation

GAPS = (0.07, 0.09)
"""What lies between the planes, as shares of width and height."""


def slices_figure(
    data: xr.DataArray, modes: Sequence[Mode], grid: TokenGrid, look: Look, *, query: tuple[int, ...] | None = None,
    key: tuple[int, ...] | None = None, field: xr.DataArray | None = None, prediction: Segmentation | None = None,
    uniform: float | None = None, height: int = 560,
) -> go.Figure:  # fmt: skip
    """Draw coronal, sagittal and axial planes, aligned with each other, in one scale.

    Args:
        data: the volume (x, y, z).
        modes: its modes with coordinates.
        grid: the tokens.
        look: where the planes go and how they are turned.
        query: the chosen token, framed in orange; dotted in a plane beside it.
        key: its chosen partner, framed in blue and dashed in every plane that cuts it.
        field: attention over the native grid, laid over the picture.
        prediction: labels, drawn as outlines.
        uniform: the weight each key would get if all were looked at alike; None: one over their number.
        height: of the figure, in pixels.

    Returns:
        A figure with anatomical aspect; R/L/A/P/S/I stand at the edges where sides are known, the colour bars in
        the fourth field.
    """
    spans = shown_spans(grid, [len(mode) for mode in modes])
    tokens = None if field is None else token_field(field, grid)
    traces: list[Part] = []
    layout: Part = {"shapes": [], "annotations": []}
    corner = free_corner(modes, spans)
    for plane in PLANES:
        traces.append(picture_trace(data, modes, spans, plane, look.position))
        if tokens is not None:
            traces += field_trace(tokens, grid, plane, look.position)
        if prediction is not None:
            traces += label_traces(prediction, modes, spans, plane, look.position)
        layout["shapes"] += token_shapes(grid, plane, look.position, query, key)
        layout |= _axes(modes, spans, plane, look, corner)
        layout["annotations"] += [*_letters(plane, look), _heading(modes, plane, look)]
    layout |= _bars(data, tokens, corner, uniform_level(grid) if uniform is None else uniform)
    if prediction is not None:
        layout["annotations"].append(_legend(prediction, corner))
    return assemble(traces, height, margin=margins(52, 44, 20, 14), **layout)


def free_corner(modes: Sequence[Mode], spans: Spans) -> tuple[float, float]:
    """Where the field without a plane begins: left edge and upper edge, as shares of the figure."""
    # columns as wide as x and y are long, rows as high as z and y: then all planes have one scale
    x, y, z = (extent(mode, span) for mode, span in zip(modes, spans, strict=True))
    column, row = (1 - GAPS[0]) * x / (x + y), (1 - GAPS[1]) * y / (z + y)
    return column + GAPS[0], row


def _axes(modes: Sequence[Mode], spans: Spans, plane: Plane, look: Look, corner: tuple[float, float]) -> Part:
    across, up = modes[plane.across], modes[plane.up]
    x_edges, y_edges = edges_of(modes, spans, plane.across), edges_of(modes, spans, plane.up)
    limits = [plain(x_edges[0]), plain(x_edges[-1])]
    x_domain = [0, corner[0] - GAPS[0]] if plane.col == 1 else [corner[0], 1]
    y_domain = [corner[1] + GAPS[1], 1] if plane.row == 1 else [0, corner[1]]
    # coronal stands above axial and beside sagittal, on the same axes: one title for each pair is enough
    x_words = "" if plane.name == "coronal" else f"{across.name} ({across.unit or 'voxel'})"
    y_words = "" if plane.name == "sagittal" else f"{up.name} ({up.unit or 'voxel'})"
    common = QUIET | {"constrain": "domain"}
    # panels that do not fill their field keep together at the cross in the middle
    toward = ("right" if plane.col == 1 else "left", "bottom" if plane.row == 1 else "top")
    x = {"domain": x_domain, "constraintoward": toward[0], "anchor": f"y{plane.panel}", "title": title(x_words)}
    y = {
        "domain": y_domain,
        "constraintoward": toward[1],
        "anchor": f"x{plane.panel}",
        "title": title(y_words),
        "scaleanchor": f"x{plane.panel}",
    }
    return {
        f"xaxis{plane.panel}": common
        | number_look(across)
        | x
        | {"range": limits[::-1] if look.flips(plane) else limits},
        f"yaxis{plane.panel}": common | number_look(up) | y | {"range": [plain(y_edges[0]), plain(y_edges[-1])]},
    }


def _letters(plane: Plane, look: Look) -> list[Part]:
    """R/L/A/P/S/I at the four edges of a plane, where the file says which is which."""
    if not look.sided:
        return []
    left, right, low, high = plane.letters
    if look.flips(plane):
        left, right = right, left
    # below and above beside a corner: labels lie in the middle, and a letter there would cover their outline
    places = ((left, 0.03, 0.5), (right, 0.97, 0.5), (low, 0.9, 0.04), (high, 0.9, 0.96))
    look_of = {"showarrow": False, "font": {"color": "white", "size": 12}, "bgcolor": "rgba(0,0,0,0.3)", "borderpad": 1}
    return [_inside(plane) | look_of | {"text": letter, "x": x, "y": y} for letter, x, y in places]


def _heading(modes: Sequence[Mode], plane: Plane, look: Look) -> Part:
    through = modes[plane.through]
    at, unit = short_word(through, look.position[plane.through]), through.unit or ""
    words = f"voxel {through.name} {at}" if unit == "voxel" else f"{through.name} {at} {unit}"
    name = plane.name if look.sided else f"{modes[plane.across].name}–{modes[plane.up].name} plane"
    place = {"x": 0, "y": 1, "xanchor": "left", "yanchor": "bottom", "showarrow": False}
    return _inside(plane) | place | {"text": f"<b>{name}</b> · {words}"}


def _inside(plane: Plane) -> Part:
    return {"xref": f"x{plane.panel} domain", "yref": f"y{plane.panel} domain"}


def grey_window(values: np.ndarray, most: int = 48) -> tuple[float, float]:
    """From the 0.5th to the 99.5th percentile of the values, of a regular selection where there are many."""
    thinned = values[tuple(slice(None, None, max(1, size // most)) for size in values.shape)]
    low, high = (float(v) for v in np.nanpercentile(thinned, (0.5, 99.5)))
    return low, high if high > low else low + 1


def _bars(data: xr.DataArray, tokens: xr.DataArray | None, corner: tuple[float, float], uniform: float) -> Part:
    """The colour bars, in the field that the three planes leave free."""
    left, top = corner[0], corner[1] - 0.07  # below the title of the sagittal plane's axis
    place = {"x": left, "xanchor": "left", "len": 1 - left, "thickness": 10, "yanchor": "top"}
    low, high = grey_window(data.values)
    ticks = [low, (low + high) / 2, high]
    bar = {
        "orientation": "h", "title": {"text": "value in the file", "side": "top", "font": {"size": 12}},
        "outlinewidth": 0, "tickvals": ticks, "ticktext": [number(v) for v in ticks], "tickfont": {"size": 11},
        "xpad": 0, "ypad": 0,
    }  # fmt: skip
    layout: Part = {"coloraxis": {"colorscale": GREY, "cmin": low, "cmax": high}}
    layout["coloraxis"]["colorbar"] = place | bar | {"y": top - (0.17 if tokens is not None else 0)}
    if tokens is not None:
        words = {"text": "attention weight", "side": "top", "font": {"size": 12}}
        bar_at = place | {"y": top, "title": words}
        limit = field_limit(tokens.values, uniform)
        layout["coloraxis2"] = colour_axis(limit, uniform, scale=overlay_scale(), **bar_at)
    return layout


def _legend(prediction: Segmentation, corner: tuple[float, float]) -> Part:
    """The colours of the labels, below the colour bars."""
    colours = {name: colour for name, colour in class_colours(prediction.classes).items() if colour}
    words = "   ".join(f"<span style='color:{colour}'>■</span> {name}" for name, colour in colours.items())
    place = {"xref": "paper", "yref": "paper", "xanchor": "left", "yanchor": "top", "showarrow": False}
    return place | {"text": words, "x": corner[0], "y": corner[1] - 0.38, "font": {"size": 13}}
