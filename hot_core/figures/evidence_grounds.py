"""One field over the data: what a panel is, how it is coloured, and how each kind of data draws it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import plotly.graph_objects as go
import xarray as xr

from hot_core.figures.axes import token_axis
from hot_core.figures.composite import Composite, composite
from hot_core.figures.fields import field_limit, summed_level, token_field
from hot_core.figures.names import NARROW, safe, short_names
from hot_core.figures.picking import Token
from hot_core.figures.planes import Look
from hot_core.figures.raster import tile_figure
from hot_core.figures.style import (
    ATTENTION,
    DIFFERENCE,
    Box,
    Part,
    assemble,
    colour_axis,
    frames,
    margins,
    number,
    overlay_scale,
    signed_axis,
    signed_overlay,
    title,
)
from hot_core.figures.volume import slices_figure
from hot_core.modes import Sample, TokenGrid

Scale: TypeAlias = Literal["weight", "signed", "ratio"]
ROW = 17
"""Pixels of one series."""
HEIGHTS = {"volume": 360, "raster": 350}
TITLE = 44
"""Pixels above the planes of a volume: the panel's title and the first plane's name."""
MOST_ROWS = 60
"""Series that get a row; the rest is left out, and the picture says so."""


@dataclass(frozen=True, eq=False)
class Panel:
    """One field with how it is coloured.

    Attributes:
        title: what it shows, in a few words.
        field: over the native grid, every position with its token's value; NaN where there is none.
        unit: what the colour bar counts: "attention weight", "°F", "log-odds".
        scale: "weight": from 0, uniform marked; "signed": diverging around 0; "ratio": from 0.
        uniform: the level of even attention; weights only.
        group: panels of the same group share their limits; "" stands alone.
        least: how far the colour bar goes at least, in data units.
        own: a token that does not set the limit and has its number beside the unit: it would outshine all else; signed.
        mean: of a raster's bands their mean is drawn and not their sum: what has one value for a block of tokens.
    """

    title: str
    field: xr.DataArray
    unit: str
    scale: Scale = "weight"
    uniform: float = 0.0
    group: str = ""
    least: float = 0.0
    own: Token | None = None
    mean: bool = False


@dataclass(frozen=True, eq=False)
class Ground:
    """What lies under the fields.

    Attributes:
        sample: what was read.
        grid: its tokens.
        picture: rasters: the composite; None takes the first preset.
        volume: volumes: which one of a 4-D file.
        radiological: volumes: whether the patient's left is on the right.
    """

    sample: Sample
    grid: TokenGrid
    picture: Composite | None = None
    volume: int = 0
    radiological: bool = True


def tokens_of(panel: Panel, ground: Ground) -> xr.DataArray:
    """One value for each token that is drawn; of a raster for each patch."""
    tokens = token_field(panel.field, ground.grid)
    if ground.sample.kind != "raster":
        return tokens
    return tokens.mean("band") if panel.mean or panel.scale == "ratio" else tokens.sum("band", min_count=1)


def level_of(panel: Panel, ground: Ground) -> float:
    """The uniform level of what is drawn."""
    kept = (0, 1) if ground.sample.kind == "raster" else (0, 1, 2)
    return summed_level(panel.uniform, ground.grid.shape, kept)


def limit_of(panel: Panel, tokens: xr.DataArray, ground: Ground) -> float:
    """The end of a panel's colour bar in data units."""
    if panel.scale == "weight":
        return max(field_limit(tokens.values, level_of(panel, ground)), panel.least)
    values = tokens.values
    if panel.own is not None:
        values = values.copy()
        values[panel.own[: values.ndim]] = np.nan
    finite = np.abs(values[np.isfinite(values)])
    return float(finite.max()) if finite.size and finite.max() > 0 else 1.0


def _colours(panel: Panel, tokens: xr.DataArray, limit: float, ground: Ground, over: bool, **bar: object) -> Part:
    """The colour axis of a panel; over a picture it fades out towards 0, and of a volume the title stands elsewhere."""
    unit, ticks = safe(panel.unit), [0.0, limit]
    words = ["0", number(limit)]
    level, apart = level_of(panel, ground), "<br>" if ground.sample.kind == "volume" else " · "
    if panel.scale == "weight" and level <= limit:  # a narrow panel has no room for the number at its mark
        unit += f"{apart}▲ uniform {number(level)}"
        ticks, words = [0.0, level, limit], ["" if level < 0.12 * limit else "0", "▲", number(limit)]
    if panel.own is not None:
        own = float(tokens.values[panel.own[: tokens.ndim]])
        unit += f"{apart}own {'+' * (own > 0)}{number(own).replace('-', '−')} {unit}" if math.isfinite(own) else ""
    text = f"<span style='font-size:10px'>{unit}</span>"
    if ground.sample.kind != "volume":
        text = f"<b>{safe(panel.title)}</b><br>{text}"
    look: Part = {"title": {"text": text, "side": "top", "font": {"size": 12}}, "len": 0.84, "tickfont": {"size": 10}}
    if panel.scale == "signed":
        return signed_axis(limit, scale=signed_overlay() if over else DIFFERENCE, **look | bar)
    look |= {"tickvals": ticks, "ticktext": words}
    return colour_axis(limit, math.inf, scale=overlay_scale() if over else ATTENTION, **look | bar)


def draw_series(
    ground: Ground, panel: Panel, tokens: xr.DataArray, limit: float, query: Token, key: Token | None
) -> go.Figure:
    """A panel as a row of time steps for each series."""
    entity, variable, axis = ground.grid.axes
    time = token_axis(axis)
    rows = [(e, v) for e in range(len(entity)) for v in range(len(variable))][:MOST_ROWS]
    short = [short_names([str(name) for name in part.mode.coords], NARROW) for part in (entity, variable)]
    names = [safe(f"{short[0][e]} · {short[1][v]}") for e, v in rows]
    values = tokens.values[..., time.first :].reshape(-1, len(time))[: len(rows)].astype(np.float32)
    words = [[safe(f"{entity.mode.coords[e]} · {variable.mode.coords[v]}")] * len(time) for e, v in rows]
    cells = {
        "type": "heatmap", "z": values, "x": time.values, "y": list(range(len(rows))), "customdata": words,
        "coloraxis": "coloraxis",
        "hovertemplate": f"%{{customdata}}<br>%{{x}}<br>%{{z:.3g}} {safe(panel.unit)}<extra></extra>",
    }  # fmt: skip

    def box(token: Token | None) -> Box | None:
        if token is None or (token[0], token[1]) not in rows:
            return None
        at = rows.index((token[0], token[1]))
        return (*time.cell(token[2]), at - 0.5, at + 0.5)

    left = 20 + int(6.0 * max(map(len, names)))
    every = max(1, len(rows) // 30)
    ticks = {"tickvals": list(range(0, len(rows), every)), "ticktext": names[::every], "tickfont": {"size": 10}}
    more = len(entity) * len(variable) - len(rows)
    below = f"{time.title}; {more} more series are not drawn" if more else ""
    return assemble(
        [cells], 116 + ROW * len(rows), margin=margins(left, 44 if below else 30, 76, 8),
        coloraxis=_colours(panel, tokens, limit, ground, over=False), shapes=frames(box(query), box(key)),
        xaxis=dict(time.look) | {"range": time.range, "title": title(below), "tickfont": {"size": 10}, "nticks": 4},
        yaxis={"range": [len(rows) - 0.5, -0.5], "ticks": "", "showgrid": False, "zeroline": False} | ticks,
    )  # fmt: skip


def draw_volume(
    ground: Ground, panel: Panel, tokens: xr.DataArray, limit: float, query: Token, key: Token | None
) -> go.Figure:
    """A panel as three planes through the query, the title above them and the colour bar in the free corner."""
    data = ground.sample.data
    data = data if data.ndim == 3 else data.isel(volume=ground.volume)
    sided = bool(getattr(ground.sample.geometry, "oriented", True))
    x, y, z = ground.grid.centre_of(query)
    look = Look((x, y, z), ground.radiological, sided)
    figure = slices_figure(
        data, ground.sample.modes[:3], ground.grid, look, query=query, key=key, field=panel.field,
        height=HEIGHTS["volume"],
    )  # fmt: skip
    bar = figure.layout.coloraxis2.colorbar
    place = {name: bar[name] for name in ("x", "xanchor", "len", "thickness", "yanchor")} | {"y": bar.y - 0.05}
    figure.layout.coloraxis2 = _colours(panel, tokens, limit, ground, over=True, **place)
    figure.layout.coloraxis.showscale = False
    # the labels are those of the plane beside
    figure.update_layout(xaxis_showticklabels=False, yaxis2_showticklabels=False)
    for words in figure.layout.annotations:
        words.text = words.text.split(" · ")[0]
    figure.layout.margin.update(t=TITLE, b=36)
    figure.add_annotation(
        text=f"<b>{safe(panel.title)}</b>", font={"size": 12}, showarrow=False, xref="paper", yref="paper", x=0, y=1,
        xanchor="left", yanchor="bottom", xshift=-46, yshift=20,
    )  # fmt: skip
    figure.update_xaxes(nticks=4, tickfont={"size": 10})
    figure.update_yaxes(nticks=4, tickfont={"size": 10})
    return figure


def draw_raster(
    ground: Ground, panel: Panel, tokens: xr.DataArray, limit: float, query: Token, key: Token | None
) -> go.Figure:
    """A panel as the field over the picture."""
    sample = ground.sample
    picture = composite(sample.data, sample.roles) if ground.picture is None else ground.picture
    figure = tile_figure(
        picture, ground.sample.modes, ground.grid, tokens=tokens, query=query, key=key,
        uniform=level_of(panel, ground), height=HEIGHTS["raster"],
    )  # fmt: skip
    figure.layout.coloraxis = _colours(panel, tokens, limit, ground, over=True)
    figure.layout.margin.t = 76
    figure.update_xaxes(nticks=4, tickfont={"size": 10})
    figure.update_yaxes(nticks=4, tickfont={"size": 10})
    return figure
