"""The end of a run: test, reference output, weights, what was learnt from, card with its pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from hot_core.models import HOTModel, ModelConfig, save_model
from hot_core.training.card import card
from hot_core.training.loop import Run
from hot_core.training.pictures import training_curve
from hot_core.training.plan import Plan
from hot_core.training.recipe import Evaluation, Picture, Recipe
from hot_core.training.unlike import FULL, QUICK, keep_learnt

REFERENCE_VALUES = 24
"""Numbers of the reference output that config.json keeps."""


def finish(
    recipe: Recipe, run: Run, plan: Plan, out: Path, quick: bool = False, outside: Path | None = None
) -> Evaluation:
    """Test the kept weights once and write the model's folder.

    Args:
        recipe: what was learnt.
        run: the finished run.
        plan: how long it was meant to go.
        out: the folder to write.
        quick: whether this was a quick run; the card says so.
        outside: a folder with further files, to see whether they are recognised as unlike the training data.

    Returns:
        What the test part says.
    """
    evaluation = recipe.evaluate(run.model)
    learnt, found = keep_learnt(recipe, out, outside, QUICK if quick else FULL)
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
        "familiarity": learnt,
    }
    save_model(run.model, out, extra)
    evaluation = replace(evaluation, pictures=(*evaluation.pictures, curve_picture(run)))
    write_card(out, card(recipe, evaluation, run, plan, quick, found), evaluation.pictures)
    return evaluation


def curve_picture(run: Run) -> Picture:
    """How the training went."""
    caption = (
        "Training loss and validation score over the steps; the weights were kept where the score was highest, marked "
        "in orange."
    )
    return Picture("curve", caption, training_curve(run.curve, "validation score"), section="curves")


def write_card(out: Path, text: str, pictures: Sequence[Picture]) -> None:
    """CARD.md and its pictures; pictures of an earlier run are taken away.

    Args:
        out: the model's folder.
        text: of the card.
        pictures: they go into `pictures/`.
    """
    folder = out / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.png"):
        old.unlink()
    for picture in pictures:
        (folder / f"{picture.name}.png").write_bytes(picture.png)
    (out / "CARD.md").write_text(text, encoding="utf-8")


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
