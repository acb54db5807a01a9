"""The experiments by name; each is a module of its own, imported when asked for: some bring much with them."""

from __future__ import annotations

import time
from importlib import import_module
from pathlib import Path

from hot_core.errors import SelectionError
from hot_core.experiments.finding import Experiment, Plan
from hot_core.experiments.page import write

NAMES: tuple[str, ...] = (
    "planted",
    "small",
    "rank",
    "sparse",
    "factorisations",
    "joint",
    "match3",
    "triples",
    "bounded",
)
"""Every experiment; `hot_core.experiments.NAME` holds it as `EXPERIMENT`."""


def find(name: str) -> Experiment:
    """An experiment by its name.

    Args:
        name: one of `NAMES`.

    Returns:
        The experiment, not yet run.

    Raises:
        SelectionError: when there is none of this name.
    """
    if name not in NAMES:
        raise SelectionError(f"There is no experiment {name!r}. Choose one of {', '.join(NAMES)}.")
    found: Experiment = import_module(f"hot_core.experiments.{name}").EXPERIMENT
    return found


def run(name: str, plan: Plan, folder: Path) -> str:
    """Run an experiment and write its files.

    Args:
        name: one of `NAMES`.
        plan: how.
        folder: where its files go.

    Returns:
        The page in Markdown.

    Raises:
        SelectionError: when there is none of this name, or no seed.
    """
    experiment = find(name)
    if not plan.seeds:
        raise SelectionError(f"The experiment {name!r} was given no seed. Give one or more, as in --seed 0 --seed 1.")
    begun = time.perf_counter()
    finding = experiment.run(plan)
    return write(experiment, plan, finding, folder, time.perf_counter() - begun)
