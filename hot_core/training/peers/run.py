"""Train every kind with every seed by the data set's own recipe, and write down what each reaches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from hot_core.training.loop import train
from hot_core.training.peers.kinds import Kind, kinds_of
from hot_core.training.peers.pace import Pace, paces
from hot_core.training.peers.store import Result, append, read
from hot_core.training.plan import Plan
from hot_core.training.recipe import Recipe

QUICK_STEPS = 2


@dataclass(frozen=True)
class Budget:
    """How long every run goes, and where its traces lie.

    Attributes:
        minutes: CPU minutes of training steps.
        folder: where checkpoints, costs and results go.
        quick: two steps instead, in files of their own.
    """

    minutes: float
    folder: Path
    quick: bool = False

    @property
    def results(self) -> Path:
        """The file of results."""
        return self.folder / f"results{'-quick' if self.quick else ''}.jsonl"

    @property
    def notes(self) -> Path:
        """The file of what happened to the runs, in words; written by hand, put into the page, need not be there."""
        return self.folder / f"notes{'-quick' if self.quick else ''}.md"

    def pace(self, dataset: str) -> Path:
        """The file of the costs of a data set's kinds."""
        return self.folder / f"pace-{dataset}{'-quick' if self.quick else ''}.json"

    def run(self, dataset: str, kind: str, seed: int) -> Path:
        """The folder of one run's checkpoint and log."""
        length = "quick" if self.quick else f"{self.minutes:g}min"
        return self.folder / dataset / f"{kind}-seed{seed}-{length}"


def run_all(
    recipe: Recipe, kinds: Sequence[Kind], seeds: Sequence[int], budget: Budget, after: Callable[[], None]
) -> None:
    """Every kind with the first seed, then with the next: the table is whole after the first third.

    What stands in the results is not run again; a run that was interrupted goes on from its checkpoint.

    Args:
        recipe: the data set's.
        kinds: what to run.
        seeds: of weights and batches.
        budget: how long.
        after: called at the beginning and after every result.
    """
    torch.set_num_threads(1)
    measured = paces(recipe, kinds_of(recipe.name), budget.pace(recipe.name), budget.quick)
    after()
    for seed in seeds:
        for kind in kinds:
            # What has no seed is the same for all of them.
            wanted = Result(recipe.name, kind.name, seed if kind.trained else 0, budget.minutes)
            if wanted.identity in {result.identity for result in read(budget.results)[0]}:
                continue
            append(budget.results, run_one(recipe, kind, wanted, budget, measured.kinds[kind.name]))
            after()


def run_one(recipe: Recipe, kind: Kind, wanted: Result, budget: Budget, pace: Pace) -> Result:
    """Train one kind with one seed and measure it on the test part.

    The number of steps is the budget divided by the time of a step that was measured for all kinds together: the
    loop's own estimate from the first steps of a run would give each seed another length.

    Args:
        recipe: the data set's.
        kind: what is trained.
        wanted: which run it is.
        budget: how long.
        pace: what a step of this kind costs.

    Returns:
        `wanted` with its numbers.
    """
    if not kind.trained:
        model = kind.make(recipe, 0).eval()
        return Result(*wanted.identity, test=recipe.measure(model, "test"))
    steps = QUICK_STEPS if budget.quick else pace.steps(budget.minutes)
    plan = Plan(budget.minutes, wanted.seed, steps, validations=1 if budget.quick else 20, device="cpu")
    folder = budget.run(recipe.name, kind.name, wanted.seed)
    done = train(recipe, plan, folder, model=kind.make(recipe, wanted.seed))
    state = done.state
    return Result(
        *wanted.identity, state.steps, state.best_step, state.cpu_seconds, state.best_score,
        recipe.measure(done.model, "test"),
    )  # fmt: skip
