"""The picture of the sanity checks: how like itself a map stays while the model forgets what it learnt."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from hot_core.analysis.words import number
from hot_core.evidence.fresh import Way
from hot_core.evidence.sanity import UNCHANGED, Sanity, Step
from hot_core.figures.evidence_dots import Dot, Group, dots

HEADINGS: dict[Way, str] = {
    "all": "all weights random",
    "alone": "one part random",
    "cascade": "random from the output down",
    "control": "attention changed",
}


def sanity_figure(found: Sanity) -> go.Figure:
    """Draw the similarity of a map to itself, step by step.

    Args:
        found: the sanity checks.

    Returns:
        One line for each step, with the limit of the rule; steps that cannot matter to this map are grey.
    """
    steps = (*found.steps, *found.controls)
    return dots([
        Group(heading, UNCHANGED if way == "all" else None, "called out above",
              [_dot(step, found) for step in steps if step.way == way])
        for way, heading in HEADINGS.items()
    ])  # fmt: skip


def _dot(step: Step, found: Sanity) -> Dot:
    change = step.change.mean
    said = [] if step.matters else ["comes after this attention and cannot matter to it"]
    said += [f"{found.measure}: {number(change)} {found.unit}".strip()] if np.isfinite(change) else []
    return Dot(step.name, step.rho, not step.matters, "; ".join(said))
