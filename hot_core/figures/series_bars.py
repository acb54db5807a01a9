"""How the weight of a query spreads over entities and over variables: two small panels of bars, to be clicked."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
import xarray as xr

from hot_core.figures.fields import summed_level
from hot_core.figures.names import NARROW, safe, short_names
from hot_core.figures.picking import Click, Token
from hot_core.figures.style import ACCENT, INK, QUERY, Box, Part, assemble, frames, margins, number
from hot_core.modes import TokenGrid

MODES = ("entity", "variable")
MOST_BARS = 12
"""More names than this do not fit: those with the most weight are shown, and it is said."""


def bar_rows(totals: np.ndarray, chosen: Sequence[int]) -> list[int]:
    """Which names get a bar: all in order, or the weightiest when there are too many; the chosen ones always do."""
    if len(totals) <= MOST_BARS:
        return list(range(len(totals)))
    others = [int(at) for at in np.argsort(-np.nan_to_num(totals), kind="stable") if at not in chosen]
    return sorted([*set(chosen), *others[: MOST_BARS - len(set(chosen))]])


def spread(tokens: xr.DataArray) -> list[int]:
    """Which of entity and variable have several names, among which weight can spread; bars of one name say nothing."""
    return [mode for mode, name in enumerate(MODES) if tokens.sizes[name] > 1]


def series_bars(
    tokens: xr.DataArray, query: Token, *, key: Token | None = None, uniform: float,
    valid: np.ndarray | None = None,
) -> go.Figure:  # fmt: skip
    """Draw the weight of every entity and of every variable, each summed over all else.

    Args:
        tokens: one weight per token, (entity, variable, time).
        query: the chosen token; its bars are orange.
        key: its partner, whose bars are framed in blue and dashed; None when there is none.
        uniform: the weight each key would get if all were looked at alike.
        valid: which tokens hold data; None means all.

    Returns:
        Two panels, entities on "x" and variables on "x2", or one where only one of both has several names; a dotted
        line marks the uniform level of each.
    """
    modes = spread(tokens) or [0, 1]
    rows = {mode: bar_rows(_totals(tokens, mode), _chosen(mode, query, key)) for mode in modes}
    data: list[Part] = []
    layout: Part = {"shapes": [], "annotations": []}
    for mode, shown in rows.items():
        panel = "" if mode == 0 else "2"
        totals = _totals(tokens, mode)
        level = summed_level(uniform, tokens.shape, [mode], valid)
        names = [str(name) for name in tokens.coords[MODES[mode]].values]
        labels = [safe(names[at]) for at in shown]
        end = 1.6 * max(level, float(np.nanmax(totals)), 1e-12)
        beside = short_names(names, NARROW) if len(modes) == 2 else short_names(names)
        data.append(_bars(totals[shown], labels, shown, query[mode], panel))
        domain = [0.0, 1.0] if len(modes) == 1 else [0, 0.4] if mode == 0 else [0.66, 1]
        layout |= _axes(panel, domain, end, labels, [beside[at] for at in shown])
        layout["shapes"] += [
            {"type": "line", "x0": level, "x1": level, "y0": 0, "y1": 1, "xref": f"x{panel}",
                "yref": f"y{panel} domain", "line": {"color": INK, "dash": "dot", "width": 1.5}},
            *frames(None, _lane(shown, key, mode), xref=f"x{panel} domain", yref=f"y{panel}"),
        ]  # fmt: skip
        layout["annotations"] += _words(panel, MODES[mode], level, labels, totals[shown], len(names))
    first = layout["yaxis" if 0 in modes else "yaxis2"]
    longest = max(map(len, first["ticktext"]))
    height = 64 + 21 * max(map(len, rows.values()))
    left = 16 + int(6.6 * longest)
    return assemble(data, height, margin=margins(left, 10, 40), bargap=0.3, hovermode="y", hoverdistance=-1, **layout)


def pick_bar(click: Click, grid: TokenGrid, base: Token) -> Token:
    """The token with the entity or variable whose bar was clicked; the other modes keep their position."""
    mode = 0 if click.axis == "x" else 1
    names = [str(name) for name in grid.axes[mode].mode.coords]
    shown = [safe(name) for name in names]
    if str(click.y) not in shown:
        return base
    return (*base[:mode], shown.index(str(click.y)), *base[mode + 1 :])


def _totals(tokens: xr.DataArray, mode: int) -> np.ndarray:
    """The weight along one mode, summed over the others."""
    return np.asarray(tokens.sum([name for name in tokens.dims if name != MODES[mode]]).values, dtype=np.float64)


def _chosen(mode: int, query: Token, key: Token | None) -> list[int]:
    return [query[mode], *([] if key is None else [key[mode]])]


def _bars(totals: np.ndarray, labels: list[str], shown: list[int], query: int, panel: str) -> Part:
    return {
        "type": "bar", "orientation": "h", "x": totals.astype(np.float32), "y": labels, "xaxis": f"x{panel}",
        "hovertext": labels, "textposition": "none",
        "yaxis": f"y{panel}", "marker": {"color": [QUERY if at == query else ACCENT for at in shown]},
        "hovertemplate": "%{hovertext}<br>weight %{x:.3g}<extra></extra>",
    }  # fmt: skip


def _axes(panel: str, domain: list[float], end: float, full: list[str], names: list[str]) -> Part:
    """The place of a panel, and its names, short; in full they are under the mouse."""
    quiet: Part = {"showgrid": False, "zeroline": False, "showticklabels": False}
    beside: Part = {
        "type": "category", "autorange": "reversed", "ticks": "", "showgrid": False, "tickmode": "array",
        "tickvals": full, "ticktext": list(map(safe, names)),
    }  # fmt: skip
    return {
        f"xaxis{panel}": quiet | {"domain": domain, "range": [0, end], "anchor": f"y{panel}"},
        f"yaxis{panel}": beside | {"anchor": f"x{panel}", "tickfont": {"size": 11}},
    }


def _lane(shown: list[int], key: Token | None, mode: int) -> Box | None:
    """The strip across a panel in which the key's bar lies; x in shares of its width."""
    if key is None or key[mode] not in shown:
        return None
    at = shown.index(key[mode])
    return 0, 1, at - 0.45, at + 0.45


def _words(panel: str, mode: str, level: float, labels: list[str], totals: np.ndarray, count: int) -> list[Part]:
    """The name of the panel with its uniform level, and the value at the end of each bar."""
    own: Part = {"xref": f"x{panel} domain", "yref": f"y{panel} domain", "showarrow": False}
    some = "" if len(labels) == count else f", the {len(labels)} weightiest of {count}"
    head = f"by {mode}{some}<br>┊ uniform {number(level)}"
    title = own | {
        "x": 0,
        "xanchor": "left",
        "y": 1,
        "yanchor": "bottom",
        "text": head,
        "align": "left",
        "font": {"size": 11},
    }
    at_end: Part = {"xref": f"x{panel} domain", "yref": f"y{panel}", "showarrow": False, "x": 1, "xanchor": "right"}
    values = [
        at_end | {"y": label, "text": number(float(value)), "font": {"size": 11}}
        for label, value in zip(labels, totals, strict=True)
    ]
    return [title, *values]
