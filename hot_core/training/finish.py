"""The end of a run: test, reference output, weights, card."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch

from hot_core.models import HOTModel, ModelConfig, save_model
from hot_core.training.card import card
from hot_core.training.loop import Plan, Run
from hot_core.training.recipe import Evaluation, Recipe

REFERENCE_VALUES = 24
"""Numbers of the reference output that config.json keeps."""


def finish(recipe: Recipe, run: Run, plan: Plan, out: Path, quick: bool = False) -> Evaluation:
    """Test the kept weights once and write the model's folder.

    Args:
        recipe: what was learnt.
        run: the finished run.
        plan: how long it was meant to go.
        out: the folder to write.
        quick: whether this was a quick run; the card says so.

    Returns:
        What the test part says.
    """
    evaluation = recipe.evaluate(run.model)
    extra: dict[str, Any] = {
        "scores": {name: float(value) for name, value in evaluation.scores.items()},
        "yardsticks": {name: float(value) for name, value in evaluation.yardsticks.items()},
        "training": {
            "seed": plan.seed,
            "steps": run.state.steps,
            "best_step": run.state.best_step,
            "cpu_minutes": round(run.state.cpu_seconds / 60, 2),
            "quick": quick,
            "curve": [{name: round(value, 5) for name, value in line.items()} for line in run.curve],
        },
        "reference": reference(run.model),
    }
    save_model(run.model, out, extra)
    (out / "CARD.md").write_text(card(recipe, evaluation, run, plan, quick), encoding="utf-8")
    return evaluation


def reference_input(config: ModelConfig, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """A small made input that any copy of the weights must answer in the same way.

    Args:
        config: the model's architecture.
        seed: of the numbers.

    Returns:
        Values and mask, a tenth of the places invalid.
    """
    shape = {
        "air-quality": (1, 3, 2, config.lookback),
        "hippocampus": (1, 13, 18, 11),
        "adrenal": (1, 64, 64, 64),
        "land-cover": (1, 23, 17, len(config.roles)),
    }[config.name]
    rng = np.random.default_rng(seed)
    values = rng.standard_normal(shape).astype(np.float32)
    mask = rng.random(shape) > 0.1
    if config.task == "classify":
        # A ball, since noise is no shape.
        axis = np.arange(64) - 31.5
        distance = axis[:, None, None] ** 2 + axis[None, :, None] ** 2 + axis[None, None, :] ** 2
        values, mask = (distance < 15**2).astype(np.float32)[None], np.ones(shape, bool)
    return torch.from_numpy(np.where(mask, values, 0).astype(np.float32)), torch.from_numpy(mask)


@torch.no_grad()
def reference(model: HOTModel, seed: int = 0) -> dict[str, Any]:
    """What the model says to the made input: evenly spaced numbers of its flattened output.

    Args:
        model: the model in evaluation mode.
        seed: of the input.

    Returns:
        The seed, the places and the values.
    """
    output = model(*reference_input(model.config, seed)).flatten()
    places = np.linspace(0, len(output) - 1, min(REFERENCE_VALUES, len(output))).astype(int)
    return {"seed": seed, "places": places.tolist(), "values": [float(output[i]) for i in places]}
