"""The picture of stability: how like itself a map stays when the input moves a little, and in another training."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from hot_core.analysis.words import number
from hot_core.evidence.perturb import Kind, Perturbation
from hot_core.evidence.stability import STEADY, Stability
from hot_core.figures.evidence_dots import Dot, Group, dots

HEADINGS: dict[Kind, str] = {
    "noise": "measurement noise",
    "shift": "small shifts",
    "seed": "other trainings",
}


def stability_figure(found: Stability) -> go.Figure:
    """Draw the similarity of a map to itself under every change.

    Args:
        found: how steady the map is.

    Returns:
        One line for each change, with the rule's limits.
    """
    return dots([
        Group(heading, STEADY[kind], "found too from" if kind == "seed" else "stable from",
              [_dot(item, found) for item in found.perturbations if item.kind == kind])
        for kind, heading in HEADINGS.items()
    ])  # fmt: skip


def _dot(item: Perturbation, found: Stability) -> Dot:
    change = item.change.mean
    said = f"{found.measure}: {number(change)} {found.unit}".strip() if np.isfinite(change) else ""
    return Dot(item.name, item.rho, False, said)
