"""A field of attention as pictures need it: by token, summed over modes, on a scale that can be compared."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
import xarray as xr

from hot_core.figures.names import safe
from hot_core.figures.style import ACCENT, INK, QUERY, Box, Part, assemble, frames, margins, number, title
from hot_core.modes import TokenGrid


def token_field(field: xr.DataArray, grid: TokenGrid) -> xr.DataArray:
    """One value per token from a field over the native grid, where every position has its token's value."""
    last = {axis.mode.name: len(axis.mode) - 1 for axis in grid.axes}
    picks = {axis.mode.name: np.minimum(axis.starts, last[axis.mode.name]) for axis in grid.axes}
    return field.isel(picks)


def uniform_level(grid: TokenGrid, summed: Sequence[str] = ()) -> float:
    """The weight each key would get if all were looked at alike; `summed` modes are added up."""
    return 1 / math.prod(len(axis) for axis in grid.axes if axis.mode.name not in summed)


def summed_level(
    uniform: float, shape: Sequence[int], kept: Sequence[int], valid: np.ndarray | None = None
) -> float:  # fmt: skip
    """What a sum of weights over some modes would be if all keys were looked at alike.

    Args:
        uniform: the weight each key would get.
        shape: tokens along every mode.
        kept: the modes that are not summed.
        valid: which tokens hold data, of that shape; None means all.

    Returns:
        `uniform` times the number of valid tokens behind a position of the kept modes; its mean where they differ,
        over the positions that have any.
    """
    others = tuple(mode for mode in range(len(shape)) if mode not in kept)
    behind = (np.ones(shape, dtype=bool) if valid is None else valid).sum(axis=others)
    return uniform * float(behind.sum()) / max(int(np.count_nonzero(behind)), 1)


def field_limit(weights: np.ndarray, uniform: float) -> float:
    """The end of the colour bar: the largest weight, and at least twice uniform, so that noise stays dim."""
    finite = weights[np.isfinite(weights)]
    return max(float(finite.max()) if finite.size else 0.0, 2 * uniform)


def shared_limit(factors: Sequence[xr.DataArray]) -> float:
    """The common end of a mode's colour bars: the largest weight given, at least twice uniform."""
    return max(2 / factors[0].sizes["key"], *(float(factor.max()) for factor in factors))


def mode_bars(
    tokens: xr.DataArray, mode: str, query: str | None, *, key: str | None = None, uniform: float | None = None,
    valid: np.ndarray | None = None, height: int = 240,
) -> go.Figure:  # fmt: skip
    """How the weight spreads over the positions of one named mode, all other modes summed.

    Args:
        tokens: one weight per token.
        mode: the mode whose positions become bars.
        query: the name of the query's own position, in orange; None when it has none.
        key: the name of the key's own position, framed in blue; None when there is none.
        uniform: the weight each key would get if all were looked at alike; None: the mean of what is given, which is
            too low when a token is left out of it.
        valid: which tokens hold data; None means all.
        height: of the figure, in pixels.

    Returns:
        Horizontal bars with the uniform level as a line.
    """
    totals = tokens.sum([name for name in tokens.dims if name != mode])
    names = [str(name) for name in totals.coords[mode].values]
    level = _level(tokens, totals, uniform, valid)
    bars = {
        "type": "bar", "x": totals.values.astype(np.float32), "y": names, "orientation": "h",
        "hovertext": list(map(safe, names)), "textposition": "none",
        "marker": {"color": [QUERY if name == query else ACCENT for name in names]},
        "hovertemplate": "%{hovertext}<br>weight %{x:.3g}<extra></extra>",
    }  # fmt: skip
    end = 1.3 * max(level, float(totals.max()))
    line = {"x0": level, "x1": level, "y0": 0, "y1": 1, "yref": "paper"}
    words = {"x": level, "y": 1, "yref": "paper", "yanchor": "bottom", "showarrow": False, "font": {"size": 11}}
    # the values stand in a column of their own, where neither a bar nor the line reaches
    column: Part = {"x": 1, "xref": "paper", "xanchor": "right", "showarrow": False, "xshift": -6, "font": {"size": 12}}
    values = [column | {"y": name, "text": number(float(v))} for name, v in zip(names, totals.values, strict=True)]
    return assemble(
        [bars], height, margin=margins(28 + int(7 * max(map(len, names))), 46, 22), bargap=0.35,
        hovermode="y", hoverdistance=-1,  # a click beside a short bar means its name, too
        shapes=[
            line | {"type": "line", "line": {"color": INK, "dash": "dot", "width": 1.5}},
            *frames(None, _lane(names.index(key)) if key in names else None, xref="paper"),
        ],
        annotations=[words | {"text": f"▼ uniform {number(level)}"}, *values],
        xaxis={"title": title("weight, summed over the other modes"), "nticks": 5, "range": [0, end]},
        yaxis={
            "autorange": "reversed", "type": "category", "ticks": "", "tickmode": "array", "tickvals": names,
            "ticktext": list(map(safe, names)),  # a click names the value, a person reads the text
        },
    )  # fmt: skip


def _level(tokens: xr.DataArray, totals: xr.DataArray, uniform: float | None, valid: np.ndarray | None) -> float:
    """The uniform level of sums of weights."""
    if uniform is None:
        return float(totals.sum()) / totals.size
    return summed_level(uniform, tokens.shape, [tokens.dims.index(name) for name in totals.dims], valid)


def _lane(at: int) -> Box:
    """The strip across the picture in which a bar lies; x in shares of the width."""
    return 0, 1, at - 0.45, at + 0.45
