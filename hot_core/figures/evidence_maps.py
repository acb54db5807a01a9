"""The maps of the evidence as panels: the same for the page and the report."""

from __future__ import annotations

import xarray as xr

from hot_core.analysis.result import Analysis
from hot_core.evidence import MAP, ROLLOUT, Evidence
from hot_core.evidence.attribution import OCCLUSION
from hot_core.figures.evidence_fields import Panel


def map_panel(analysis: Analysis, evidence: Evidence, name: str) -> Panel:
    """One map of the evidence as a picture takes it.

    Args:
        analysis: what the evidence is about.
        evidence: the evidence.
        name: one of `evidence.maps`.

    Returns:
        A panel. Of a rollout the query's own share is left out: the residual makes it large, and it would outshine all
        else. Attributions are signed, in the unit of what is explained; the query's own, often the largest by far,
        stands in words beside the scale of all others.
    """
    grid, rolled = analysis.grid, name == ROLLOUT or (name == MAP and evidence.focus.shown == "model")
    field: xr.DataArray = grid.spread(evidence.maps[name].astype("float32"))
    if name not in (MAP, ROLLOUT):
        unit = evidence.unit or "file's unit"
        blocks = name == OCCLUSION  # every token of a block has the value of all of it: bands must not be added
        unit += ", mean of bands" * (blocks and analysis.sample.kind == "raster")
        return Panel(name.capitalize(), field, unit, "signed", own=evidence.focus.query, mean=blocks)
    if rolled:
        field[grid.native_of(evidence.focus.query)] = float("nan")
        return Panel("Rollout to others", field, "share", uniform=analysis.rollout_uniform())
    level = float(evidence.maps[MAP].sum()) / max(evidence.deletion.tokens, 1)
    return Panel("Attention", field, "weight", uniform=level)
