"""Three planes through a volume: the picture, what is looked at, and the labels, in mm and with letters."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
import xarray as xr
from plotly.subplots import make_subplots

from hot_core.figures.axes import number_look, plain, token_axis
from hot_core.figures.fields import field_limit, token_field, uniform_level
from hot_core.figures.planes import PLANES, Look, Plane, Spans, cut, edges_of, extent, shown_spans
from hot_core.figures.style import GREY, QUERY, class_colours, colour_axis, finish, frame, number, overlay_scale
from hot_core.modes import Mode, TokenGrid
from hot_core.transforms.results import Segmentation


def slices_figure(
    data: xr.DataArray, modes: Sequence[Mode], grid: TokenGrid, look: Look, *, query: tuple[int, ...] | None = None,
    field: xr.DataArray | None = None, prediction: Segmentation | None = None, fill: bool = False, height: int = 560,
) -> go.Figure:  # fmt: skip
    """Draw coronal, sagittal and axial planes, aligned with each other, in one scale.

    Args:
        data: the volume (x, y, z).
        modes: its modes with coordinates.
        grid: the tokens.
        look: where the planes go and how they are turned.
        query: the chosen token, framed in orange.
        field: attention over the native grid, laid over the picture.
        prediction: labels, drawn as outlines.
        fill: fill the labels as well.
        height: of the figure, in pixels.

    Returns:
        A figure with anatomical aspect; R/L/A/P/S/I stand at the edges, the colour bars in the fourth field.
    """
    spans = shown_spans(grid, [len(mode) for mode in modes], look.whole)
    sizes = [extent(mode, span) for mode, span in zip(modes, spans, strict=True)]
    figure = make_subplots(
        2, 2, column_widths=[sizes[0], sizes[1]], row_heights=[sizes[2], sizes[1]],
        horizontal_spacing=0.09, vertical_spacing=0.1, specs=[[{}, {}], [{}, None]],
    )  # fmt: skip
    tokens = None if field is None else token_field(field, grid)
    for at, plane in enumerate(PLANES):
        _draw_picture(figure, data, modes, spans, plane, look.position)
        if tokens is not None:
            _draw_field(figure, tokens, grid, plane, look.position)
        if prediction is not None:
            _draw_labels(figure, prediction, modes, spans, plane, look.position, fill)
        if query is not None:
            _draw_query(figure, grid, plane, query, look.position)
        _draw_axes(figure, modes, spans, plane, look.radiological, "" if at == 0 else str(at + 1))
    _draw_bars(figure, data, grid, tokens)
    return finish(figure, height, margin={"l": 8, "r": 14, "t": 22, "b": 8})


def _draw_picture(
    figure: go.Figure, data: xr.DataArray, modes: Sequence[Mode], spans: Spans, plane: Plane,
    position: tuple[int, int, int],
) -> None:  # fmt: skip
    names = [modes[plane.across].name, modes[plane.up].name]
    figure.add_trace(
        go.Heatmap(
            z=cut(data.values, spans, plane, position).astype(np.float32), coloraxis="coloraxis",
            x=edges_of(modes, spans, plane.across), y=edges_of(modes, spans, plane.up),
            hovertemplate=f"{names[0]} %{{x:.4g}}, {names[1]} %{{y:.4g}}<br>value %{{z:.4g}}<extra></extra>",
        ),
        row=plane.row, col=plane.col,
    )  # fmt: skip


def _draw_field(
    figure: go.Figure, tokens: xr.DataArray, grid: TokenGrid, plane: Plane, position: tuple[int, int, int]
) -> None:
    through = grid.axes[plane.through]
    inside = (through.starts <= position[plane.through]) & (position[plane.through] < through.stops)
    if not inside.any():
        return
    across, up = token_axis(grid.axes[plane.across]), token_axis(grid.axes[plane.up])
    index: list[int | slice] = [slice(None)] * 3
    index[plane.through] = int(np.argmax(inside))
    figure.add_trace(
        go.Heatmap(
            z=tokens.values[tuple(index)].T.astype(np.float32), x=across.values, y=up.values, coloraxis="coloraxis2",
            hovertemplate=f"{across.title} %{{x:.4g}}, {up.title} %{{y:.4g}}<br>weight %{{z:.3g}}<extra></extra>",
        ),
        row=plane.row, col=plane.col,
    )  # fmt: skip


def _draw_labels(
    figure: go.Figure, prediction: Segmentation, modes: Sequence[Mode], spans: Spans, plane: Plane,
    position: tuple[int, int, int], fill: bool,
) -> None:  # fmt: skip
    labels = cut(prediction.labels.values, spans, plane, position)
    for index, (_, colour) in enumerate(class_colours(prediction.classes).items()):
        mask = labels == index
        if colour is None or not mask.any():
            continue
        place = {"row": plane.row, "col": plane.col}
        axes = {a: edges_of(modes, spans, n) for a, n in (("x", plane.across), ("y", plane.up))}
        if fill:
            flat = np.where(mask, 1.0, np.nan).astype(np.float32)
            solid = {"colorscale": [[0, colour], [1, colour]], "showscale": False, "hoverinfo": "skip"}
            figure.add_trace(go.Heatmap(z=flat, **axes, opacity=0.45, **solid), **place)
        middles = {name: (edges[1:] + edges[:-1]) / 2 for name, edges in axes.items()}
        level = {"start": 0.5, "end": 0.5, "size": 1, "coloring": "none"}
        line = {"color": colour, "width": 2, "smoothing": 0}
        outline = go.Contour(z=mask.astype(np.uint8), **middles, contours=level, line=line, showscale=False)
        figure.add_trace(outline.update(hoverinfo="skip"), **place)


def _draw_query(
    figure: go.Figure, grid: TokenGrid, plane: Plane, query: tuple[int, ...], position: tuple[int, int, int]
) -> None:
    across, up = token_axis(grid.axes[plane.across]), token_axis(grid.axes[plane.up])
    covered = grid.native_of(query)[plane.through]
    through_query = covered.start <= position[plane.through] < covered.stop
    box = (*across.cell(query[plane.across]), *up.cell(query[plane.up]))
    if through_query:
        for shape in frame(*box):
            figure.add_shape(**shape, row=plane.row, col=plane.col)
        return
    # the plane misses the query: its place is only projected, and drawn so
    line = {"color": QUERY, "width": 2, "dash": "dot"}
    figure.add_shape(type="rect", x0=box[0], x1=box[1], y0=box[2], y1=box[3], line=line, row=plane.row, col=plane.col)


def _draw_axes(
    figure: go.Figure, modes: Sequence[Mode], spans: Spans, plane: Plane, radiological: bool, name: str
) -> None:
    place = {"row": plane.row, "col": plane.col}
    across, up = (modes[a] for a in (plane.across, plane.up))
    quiet = {"showgrid": False, "zeroline": False, "ticks": "outside", "ticklen": 3, "constrain": "domain"}
    x_edges, y_edges = (edges_of(modes, spans, a) for a in (plane.across, plane.up))
    limits = [plain(x_edges[0]), plain(x_edges[-1])]
    flipped = radiological and plane.across == 0
    title = f"{across.name} ({across.unit or 'voxel'})"
    figure.update_xaxes(
        **quiet, **number_look(across), range=limits[::-1] if flipped else limits, title_text=title, title_standoff=2,
        **place,
    )  # fmt: skip
    figure.update_yaxes(
        **quiet, **number_look(up), range=[plain(y_edges[0]), plain(y_edges[-1])], scaleanchor=f"x{name}",
        title_text=f"{up.name} ({up.unit or 'voxel'})", title_standoff=2, **place,
    )  # fmt: skip
    left, right, low, high = plane.letters
    if flipped:
        left, right = right, left
    corners = ((left, 0.02, 0.5), (right, 0.98, 0.5), (low, 0.5, 0.03), (high, 0.5, 0.97))
    for letter, x, y in corners:
        _letter(figure, letter, x, y, name)
    figure.add_annotation(
        text=f"<b>{plane.name}</b>", x=0, y=1, xref=f"x{name} domain", yref=f"y{name} domain", showarrow=False,
        xanchor="left", yanchor="bottom",
    )  # fmt: skip


def _letter(figure: go.Figure, letter: str, x: float, y: float, name: str) -> None:
    figure.add_annotation(
        text=letter, x=x, y=y, xref=f"x{name} domain", yref=f"y{name} domain", showarrow=False,
        font={"color": "white", "size": 12}, bgcolor="rgba(0,0,0,0.5)", borderpad=1,
    )  # fmt: skip


def _draw_bars(figure: go.Figure, data: xr.DataArray, grid: TokenGrid, tokens: xr.DataArray | None) -> None:
    """The colour bars, in the field that the three planes leave free."""
    left = figure.layout.xaxis2.domain[0]
    top = figure.layout.yaxis3.domain[1]
    place = {"x": left, "xanchor": "left", "len": 1 - left, "thickness": 10, "yanchor": "top"}
    low, high = (float(v) for v in np.nanpercentile(data.values, (0.5, 99.5)))
    high = high if high > low else low + 1
    bar = {
        "orientation": "h", "title": {"text": "value in the file", "side": "top"}, "outlinewidth": 0,
        "tickvals": [low, (low + high) / 2, high], "ticktext": [number(v) for v in (low, (low + high) / 2, high)],
    }  # fmt: skip
    grey = {"colorscale": GREY, "cmin": low, "cmax": high, "colorbar": {**place, **bar, "y": top * 0.55}}
    figure.update_layout(coloraxis=grey)
    if tokens is not None:
        uniform = uniform_level(grid)
        title = {"text": "attention weight", "side": "top"}
        limit = field_limit(tokens.values, uniform)
        figure.update_layout(coloraxis2=colour_axis(limit, uniform, scale=overlay_scale(), **place, y=top, title=title))
