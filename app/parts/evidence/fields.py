"""Attention, rollout and attributions beside each other in the data's own space."""

from __future__ import annotations

import streamlit as st

from app import cache
from app.parts import picture as pictures
from app.parts.linked import Picker
from app.parts.show import picture
from app.parts.view import View
from hot_core.evidence import Evidence
from hot_core.figures.composite import composite
from hot_core.figures.evidence_fields import Ground, Panel, panel_figures, pick_panel
from hot_core.figures.evidence_maps import map_panel

COLUMNS = 3


def draw(view: View, evidence: Evidence) -> dict[str, Picker]:
    """Every map of the evidence.

    Returns:
        What a click in each means.
    """
    return show(view, f"{view.kind}_fields", [map_panel(view.analysis, evidence, name) for name in evidence.maps])


def show(view: View, key: str, panels: list[Panel], ground: Ground | None = None) -> dict[str, Picker]:
    """Draw panels side by side, three in a row.

    Args:
        view: what the page shows.
        key: what the keys of the figures begin with.
        panels: what is drawn.
        ground: what lies under them; None takes the page's own data.

    Returns:
        What a click in each figure means, by its key.
    """
    ground = ground or ground_of(view)
    figures = panel_figures(ground, panels, view.query, view.key)
    keys = [f"{key}_{at}" for at in range(len(figures))]
    for start in range(0, len(figures), COLUMNS):
        row = st.columns(COLUMNS, gap="small")
        for column, figure, panel, name in zip(
            row, figures[start : start + COLUMNS], panels[start : start + COLUMNS], keys[start : start + COLUMNS],
            strict=False,
        ):  # fmt: skip
            with column:
                picture(figure, name, f"{panel.title} over the data, in {panel.unit}.")
    return {name: lambda click, base: pick_panel(click, ground, base) for name in keys}


def ground_of(view: View) -> Ground:
    """What lies under the panels: the page's own data, a raster as it is shown above."""
    analysis = view.analysis
    under = None
    if view.kind == "raster":
        under = pictures.tile(view)
        if under.legend is not None:  # an index has a colour bar of its own, which would meet the panel's
            sample = analysis.sample
            under = cache.remember(analysis, "plain picture", lambda: composite(sample.data, sample.roles))
    volume = int(analysis.provenance["settings"]["volume"])
    return Ground(analysis.sample, analysis.grid, under, volume)
