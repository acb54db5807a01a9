"""Two maps side by side and their difference: A | B | B − A, on the same limits, the difference around zero."""

from __future__ import annotations

from dataclasses import dataclass, replace

import plotly.graph_objects as go

from hot_core.evidence.compare import Comparison
from hot_core.figures.evidence_fields import Ground, Panel, limit_of, panel_figures, tokens_of
from hot_core.figures.picking import Token


@dataclass(frozen=True, eq=False)
class Side:
    """One of the two maps as it is drawn.

    Attributes:
        title: what it shows, in a few words.
        ground: what lies under it.
        query: the chosen token in it, framed in orange.
        uniform: the level of even attention.
        key: the query's partner, framed in blue; None while none is chosen.
    """

    title: str
    ground: Ground
    query: Token
    uniform: float
    key: Token | None = None


def sides_figures(found: Comparison, one: Side, other: Side) -> list[go.Figure]:
    """Draw both sides, and their difference where there is one.

    Args:
        found: what was compared.
        one: how the first is drawn.
        other: how the second is drawn.

    Returns:
        Two figures whose colour bars end alike, and a third, diverging around zero, where there is a difference.
    """
    panels = [
        Panel(f"{letter} · {side.title}", field, "weight", uniform=side.uniform * scale)
        for letter, side, field, scale in zip("AB", (one, other), (found.one, found.other), found.scales, strict=True)
    ]
    limit = max(
        limit_of(panel, tokens_of(panel, side.ground), side.ground)
        for panel, side in zip(panels, (one, other), strict=True)
    )
    figures = [
        panel_figures(side.ground, [replace(panel, least=limit)], side.query, side.key)[0]
        for panel, side in zip(panels, (one, other), strict=True)
    ]
    if found.difference is not None:
        panel = Panel("B − A", found.difference, "difference of weights", "signed")
        figures += panel_figures(one.ground, [panel], one.query, one.key)
    return figures
