"""Fields beside each other in the data's own space: attention, rollout, attributions, before and after, differences.

One figure for each panel, so that a narrow page can set them below each other. Panels of one group share their limits.
A series is a row of time steps for each of its variables; a volume is cut by three planes through the query; a raster
lies under its field, the bands' weights added (their mean for a ratio).
"""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from hot_core.figures.axes import token_axis
from hot_core.figures.evidence_grounds import (
    Ground,
    Panel,
    draw_raster,
    draw_series,
    draw_volume,
    limit_of,
    tokens_of,
)
from hot_core.figures.picking import Click, Token
from hot_core.figures.planes import PLANES

__all__ = ["Ground", "Panel", "limit_of", "panel_figures", "pick_panel", "tokens_of"]


def panel_figures(
    ground: Ground, panels: Sequence[Panel], query: Token, key: Token | None = None
) -> list[go.Figure]:  # fmt: skip
    """Draw every panel.

    Args:
        ground: what lies under them.
        panels: in the order in which they are shown.
        query: the chosen token, framed in orange in each.
        key: its partner, framed in blue and dashed; None while none is chosen.

    Returns:
        As many figures.
    """
    shown = [tokens_of(panel, ground) for panel in panels]
    draw = {"series": draw_series, "volume": draw_volume, "raster": draw_raster}[ground.sample.kind]
    figures = []
    for panel, tokens in zip(panels, shown, strict=True):
        alike = [
            limit_of(other, values, ground)
            for other, values in zip(panels, shown, strict=True)
            if other is panel or (panel.group and other.group == panel.group)
        ]
        figures.append(draw(ground, panel, tokens, max(alike), query, key))
    return figures


def pick_panel(click: Click, ground: Ground, query: Token) -> Token:
    """The token under the mouse in any panel; what a picture does not tell keeps the query's position."""
    grid = ground.grid
    if ground.sample.kind == "series":
        if click.cell is None:
            return query
        entity, variable = divmod(click.cell[0], len(grid.axes[1]))
        return entity, variable, token_axis(grid.axes[2]).nearest(click.x)
    y, x = click.place
    if ground.sample.kind == "raster":
        return (token_axis(grid.axes[0]).nearest(y), token_axis(grid.axes[1]).nearest(x), *query[2:])
    plane = next(plane for plane in PLANES if f"x{plane.panel}" == click.axis)
    found = list(query)
    found[plane.across] = token_axis(grid.axes[plane.across]).nearest(x)
    found[plane.up] = token_axis(grid.axes[plane.up]).nearest(y)
    return tuple(found)
