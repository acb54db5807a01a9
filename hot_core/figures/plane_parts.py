"""What is drawn in one plane of a volume: the picture, the attention, the labels and the query."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr

from hot_core.figures.axes import token_axis
from hot_core.figures.planes import Plane, Spans, Voxel, cut, edges_of
from hot_core.figures.style import Box, Part, class_colours, frame, frames
from hot_core.modes import Mode, TokenGrid
from hot_core.transforms.results import Segmentation


def picture_trace(data: xr.DataArray, modes: Sequence[Mode], spans: Spans, plane: Plane, position: Voxel) -> Part:
    """The grey values of a plane."""
    across, up = modes[plane.across].name, modes[plane.up].name
    return _on(plane) | {
        "type": "heatmap",
        "z": cut(data.values, spans, plane, position).astype(np.float32),
        "x": edges_of(modes, spans, plane.across),
        "y": edges_of(modes, spans, plane.up),
        "coloraxis": "coloraxis",
        "hovertemplate": f"{across} %{{x:.4g}}, {up} %{{y:.4g}}<br>value %{{z:.4g}}<extra></extra>",
    }


def field_trace(tokens: xr.DataArray, grid: TokenGrid, plane: Plane, position: Voxel) -> list[Part]:
    """The attention in a plane, one cell for each token; nothing where the plane misses the analysed region."""
    through = grid.axes[plane.through]
    inside = (through.starts <= position[plane.through]) & (position[plane.through] < through.stops)
    if not inside.any():
        return []
    across, up = token_axis(grid.axes[plane.across]), token_axis(grid.axes[plane.up])
    index: list[int | slice] = [slice(None)] * 3
    index[plane.through] = int(np.argmax(inside))
    trace = _on(plane) | {
        "type": "heatmap",
        "z": tokens.values[tuple(index)].T.astype(np.float32),
        "x": across.values,
        "y": up.values,
        "coloraxis": "coloraxis2",
        "hovertemplate": f"{across.title} %{{x:.4g}}, {up.title} %{{y:.4g}}<br>weight %{{z:.3g}}<extra></extra>",
    }
    return [trace]


def label_traces(
    prediction: Segmentation, modes: Sequence[Mode], spans: Spans, plane: Plane, position: Voxel
) -> list[Part]:
    """Each label of a plane as an outline."""
    labels = cut(prediction.labels.values, spans, plane, position)
    edges = (edges_of(modes, spans, plane.across), edges_of(modes, spans, plane.up))
    middles = {name: (line[1:] + line[:-1]) / 2 for name, line in zip("xy", edges, strict=True)}
    traces: list[Part] = []
    for index, colour in enumerate(class_colours(prediction.classes).values()):
        mask = labels == index
        if colour is None or not mask.any():
            continue
        common = _on(plane) | {"showscale": False, "hoverinfo": "skip"}
        level = {"start": 0.5, "end": 0.5, "size": 1, "coloring": "none"}
        line = {"color": colour, "width": 2, "smoothing": 0}
        outline = {"type": "contour", "z": mask.astype(np.uint8), "contours": level, "line": line}
        traces.append(common | middles | outline)
    return traces


def token_shapes(
    grid: TokenGrid, plane: Plane, position: Voxel, query: tuple[int, ...] | None, key: tuple[int, ...] | None
) -> list[Part]:
    """The frames of query and key in a plane; a query beside it is dotted, a key beside it is not drawn."""
    axes = {"xref": f"x{plane.panel}", "yref": f"y{plane.panel}"}
    own = None if query is None else _box(grid, plane, query)
    partner = _box(grid, plane, key) if key is not None and is_cut(grid, plane, position, key) else None
    if query is None or is_cut(grid, plane, position, query):
        return frames(own, partner, **axes)
    return [*frames(None, partner, **axes), *frame(*_box(grid, plane, query), dash="dot", halo=False, **axes)]


def is_cut(grid: TokenGrid, plane: Plane, position: Voxel, token: tuple[int, ...]) -> bool:
    """Whether a plane through a voxel goes through a token."""
    covered = grid.native_of(token)[plane.through]
    return bool(covered.start <= position[plane.through] < covered.stop)


def _box(grid: TokenGrid, plane: Plane, token: tuple[int, ...]) -> Box:
    across, up = token_axis(grid.axes[plane.across]), token_axis(grid.axes[plane.up])
    return (*across.cell(token[plane.across]), *up.cell(token[plane.up]))


def _on(plane: Plane) -> Part:
    return {"xaxis": f"x{plane.panel}", "yaxis": f"y{plane.panel}"}
