"""Colours, colour bars and layout shared by every figure: the visual language, kept in one place.

The query is always orange and solid, the key blue and dashed; the attention field always the same perceptually
even scale (viridis); differences diverge around zero; classes are Okabe-Ito without its orange, which belongs to the
query.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, TypeAlias

import plotly.graph_objects as go
from plotly.colors import get_colorscale, sequential, unlabel_rgb

Part: TypeAlias = dict[str, Any]
"""A piece of a plotly figure as a plain dictionary."""

Box: TypeAlias = tuple[object, object, object, object]
"""A rectangle in the units of a panel's axes: x0, x1, y0, y1."""

QUERY = "#F26A0F"
KEY = "#3D7BFF"
KEY_DASH = "5px,3px"
BOTH_DASH = "6px,6px"
HALO = "rgba(255,255,255,0.9)"
ACCENT = "#2E7FA8"
BAND = "rgba(46,127,168,0.24)"
"""The accent, thinned: what lies around an accented line."""
INK = "#64748B"
MUTED = "#98A3B3"
ATTENTION = "Viridis"
GREY = "Greys_r"
DIFFERENCE = "RdBu_r"

_NAMED_CLASSES = {
    "water": "#0072B2",
    "open": "#F0E442",
    "woody": "#009E73",
    "developed": "#CC79A7",
    "anterior": "#56B4E9",
    "posterior": "#CC79A7",
    "normal": "#009E73",
    "mass": "#CC79A7",
}
_OTHER_CLASSES = ("#56B4E9", "#CC79A7", "#009E73", "#F0E442", "#0072B2", "#D55E00")


def class_colours(classes: Sequence[str]) -> dict[str, str | None]:
    """The colour of every class; None for "background", which is not drawn."""
    fallback = iter(_OTHER_CLASSES * (1 + len(classes) // len(_OTHER_CLASSES)))
    return {name: None if name == "background" else _NAMED_CLASSES.get(name) or next(fallback) for name in classes}


def number(value: float) -> str:
    """A number as the pictures write it: three digits, without a trailing exponent where avoidable."""
    if value == 0:
        return "0"
    if 1e-3 <= abs(value) < 1e5:
        return f"{value:.3g}" if abs(value) < 1000 else f"{value:,.0f}"
    return f"{value:.1e}".replace("e-0", "e-").replace("e+0", "e")


def overlay_scale(strength: float = 0.85) -> list[tuple[float, str]]:
    """Viridis that fades in from transparent: what is not looked at leaves the picture below untouched."""
    stops = []
    for at, hexcode in enumerate(sequential.Viridis):
        share = at / (len(sequential.Viridis) - 1)
        red, green, blue = (int(hexcode[i : i + 2], 16) for i in (1, 3, 5)) if hexcode[0] == "#" else _rgb(hexcode)
        stops.append((share, f"rgba({red},{green},{blue},{strength * min(1.0, 1.6 * share**0.7):.3f})"))
    return stops


def signed_overlay(strength: float = 0.85) -> list[tuple[float, str]]:
    """Blue over red through transparent: what is near zero leaves the picture below untouched."""
    stops = []
    colours = sequential_of(DIFFERENCE)
    for at, (red, green, blue) in enumerate(colours):
        share = at / (len(colours) - 1)
        stops.append((share, f"rgba({red},{green},{blue},{strength * min(1.0, 1.6 * abs(2 * share - 1) ** 0.7):.3f})"))
    return stops


def sequential_of(name: str) -> list[tuple[int, int, int]]:
    """The colours of one of plotly's scales, as red, green and blue from 0 to 255."""
    return [_rgb(str(colour)) for _, colour in get_colorscale(name)]


def signed_axis(limit: float, *, scale: object = DIFFERENCE, **bar: object) -> Part:
    """A colour axis from −limit to limit, 0 in the middle.

    Args:
        limit: the upper end in data units, shared by all panels that are compared.
        scale: a diverging plotly colour scale.
        bar: settings of the colour bar that differ from the usual thin one on top.

    Returns:
        A value for `layout.coloraxis`.
    """
    plain = colour_axis(limit, math.inf, scale=scale, **bar)
    ticks = [-plain["cmax"], 0.0, plain["cmax"]]
    words = [number(value).replace("-", "−") for value in ticks]
    plain["colorbar"] |= {"tickvals": ticks, "ticktext": [words[0], "0", f"+{words[2]}"]}
    return plain | {"cmin": -plain["cmax"]}


def _rgb(colour: str) -> tuple[int, int, int]:
    red, green, blue = unlabel_rgb(colour)
    return int(red), int(green), int(blue)


def colour_axis(limit: float, uniform: float, *, scale: object = ATTENTION, **bar: object) -> Part:
    """A colour axis from 0 to `limit` in data units, its bar marked at the uniform level.

    Args:
        limit: the upper end, shared by all panels that are compared.
        uniform: the weight every key would get if all were looked at alike; infinity marks nothing.
        scale: a plotly colour scale.
        bar: settings of the colour bar that differ from the usual thin one on top.

    Returns:
        A value for `layout.coloraxis`.
    """
    limit = max(float(limit), 1e-12)
    plain = [value for value in (0.0, limit / 2, limit) if abs(value - uniform) > 0.38 * limit]
    ticks = sorted([*plain, uniform] if uniform <= limit else plain)
    words = [f"<b>▲ uniform {number(v)}</b>" if v == uniform else number(v) for v in ticks]
    usual: Part = {
        "orientation": "h",
        "thickness": 9,
        "len": 1.0,
        "x": 0.5,
        "y": 1.02,
        "yanchor": "bottom",
        "ypad": 0,
        "ticks": "outside",
        "ticklen": 3,
        "tickvals": ticks,
        "ticktext": words,
        "tickfont": {"size": 11},
        "tickangle": 0,
        "outlinewidth": 0,
    }
    return {"colorscale": scale, "cmin": 0.0, "cmax": limit, "colorbar": usual | bar}


def assemble(data: list[Part], height: int, **layout: Any) -> go.Figure:
    """A figure from its parts in one go, with the common quiet layout.

    Everything is handed over as plain dictionaries at once: plotly's own `add_…` and `update_…` calls check
    the whole figure at every step and cost a hundred times as much, and a click waits for this.

    Args:
        data: the traces.
        height: in pixels.
        layout: what differs from the usual: transparent, tight, without a legend.

    Returns:
        A checked figure.
    """
    # what cannot be zoomed must not be dragged either, not even with the shift key, which chooses the key
    fixed = {name: {"fixedrange": True} | axis for name, axis in layout.items() if name[1:5] == "axis"}
    usual: Part = {
        "height": height,
        "margin": margins(60, 46),
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "showlegend": False,
        "dragmode": False,
        "hoverlabel": {"font": {"size": 13}},
        "font": {"size": 12},
        "uirevision": "keep",
    }
    return go.Figure(data=data, layout=usual | layout | ({} if layout.get("dragmode") else fixed))


def margins(left: int, bottom: int, top: int = 34, right: int = 10) -> Part:
    """Fixed margins: nothing moves when a number, and with it the width of a label, changes."""
    return {"l": left, "r": right, "t": top, "b": bottom, "pad": 0, "autoexpand": False}


QUIET: Part = {"showgrid": False, "zeroline": False, "ticks": "outside", "ticklen": 3, "tickfont": {"size": 11}}
"""How an axis looks under a picture that fills it."""


def title(text: str, size: int = 12) -> Part:
    """An axis title."""
    return {"text": text, "font": {"size": size}}


def frame(
    x0: object, x1: object, y0: object, y1: object, *, colour: str = QUERY, dash: str | None = None, halo: bool = True,
    **more: object,
) -> list[Part]:  # fmt: skip
    """A frame with a pale halo so that it stands out on any colour; as it is, the orange one of the query."""
    box: Part = {"type": "rect", "x0": x0, "x1": x1, "y0": y0, "y1": y1, "layer": "above"} | more
    pale = [box | {"line": {"color": HALO, "width": 4}}] if halo else []
    line: Part = {"color": colour, "width": 2} | ({} if dash is None else {"dash": dash})
    return [*pale, box | {"line": line}]


def frames(query: Box | None, key: Box | None, **more: Any) -> list[Part]:
    """The frames of query and key in one panel, the key's on top.

    Args:
        query: where the query is, solid and orange; None where it is not in the panel.
        key: where the key is, dashed and blue; None where it is not in the panel.
        more: settings of both, such as the panel's axes.

    Returns:
        Shapes. Where both frames are the same, the key's comes without its halo, and orange shows between its dashes.
    """
    shapes = [] if query is None else frame(*query, **more)
    if key is None:
        return shapes
    dash = BOTH_DASH if key == query else KEY_DASH
    return [*shapes, *frame(*key, colour=KEY, dash=dash, halo=key != query, **more)]
