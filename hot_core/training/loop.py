"""Run any recipe: AdamW, one cycle, moving average of the weights, resumable, selected on validation."""

from __future__ import annotations

import copy
import json
import math
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from hot_core.errors import ModelError
from hot_core.models import HOTModel, ModelConfig, build_model
from hot_core.training.device import brought_here, called_from_here, chosen
from hot_core.training.plan import Plan
from hot_core.training.recipe import Numbers, Recipe

WARM_UP = 100
"""Steps over which the learning rate rises; it then falls along a cosine. A fixed number, so that the first steps
are the same whether the length of the run is given or worked out; runs below a thousand steps rise over a tenth."""
TIMING_STEPS = 10
"""Steps that are timed before the length of a run is fixed."""


@dataclass
class State:
    """What a checkpoint holds beside the weights."""

    step: int = 0
    steps: int = 0
    cpu_seconds: float = 0.0
    best_score: float = -math.inf
    best_step: int = 0


@dataclass(frozen=True)
class Run:
    """What a finished run hands on: the kept weights are in `model`."""

    model: HOTModel
    state: State
    curve: tuple[Numbers, ...]


def train(recipe: Recipe, plan: Plan, runs: Path, threads: int = 1, model: HOTModel | None = None) -> Run:
    """Train to the end of the plan, going on from the checkpoint in `runs` if there is one.

    Every step draws its batch from a generator seeded by (seed, step), so that a run that was
    interrupted goes on exactly as it would have gone.

    Args:
        recipe: what is learnt.
        plan: how long.
        runs: folder of this run's checkpoint and log.
        threads: CPU threads.
        model: fresh weights to begin with, instead of those that the recipe's architecture and the seed give.

    Returns:
        The model with the averaged weights that scored best on the validation part.
    """
    torch.set_num_threads(threads)
    runs.mkdir(parents=True, exist_ok=True)
    trainer = Trainer(recipe, plan, runs, model)
    trainer.resume()
    trainer.run()
    return trainer.finished()


class Trainer:
    """One run: the model, its moving average, the optimiser, the log."""

    def __init__(self, recipe: Recipe, plan: Plan, runs: Path, model: HOTModel | None = None) -> None:
        self.recipe, self.plan = recipe, plan
        self.checkpoint, self.log = runs / "checkpoint.pt", runs / "log.jsonl"
        self.device = chosen(plan.device)
        self.model = (build_model(recipe.config(), seed=plan.seed) if model is None else model).to(self.device)
        self.seconds = time.process_time if self.device.type == "cpu" else time.perf_counter
        self.average = copy.deepcopy(self.model).eval()
        self.best = copy.deepcopy(self.average.state_dict())
        self.optimiser = torch.optim.AdamW(
            _groups(self.model, recipe.weight_decay), lr=recipe.learning_rate, betas=(0.9, 0.98)
        )
        self.state = State(steps=plan.steps or 0)
        self.losses: list[float] = []

    def resume(self) -> None:
        """Take up the checkpoint, when there is one.

        Raises:
            ModelError: when it belongs to another architecture or another plan.
        """
        if not self.checkpoint.exists():
            self.log.unlink(missing_ok=True)
            return
        saved = torch.load(self.checkpoint, weights_only=True, map_location="cpu")
        # Read as a configuration, so that an entry that came later counts by its default.
        way = self.plan.way(self.recipe)
        same = ModelConfig.model_validate_json(saved["config"]) == self.recipe.config()
        for what, is_same in (
            ("architecture", same),
            ("seed, length or learning rate", saved.get("way", way) == way),
        ):
            if not is_same:
                raise ModelError(
                    f"{self.checkpoint} was made with another {what} of {self.recipe.name}. "
                    "Delete its folder to begin anew, or name another one with --runs."
                )
        self.model.load_state_dict(saved["model"])
        self.average.load_state_dict(saved["average"])
        self.optimiser.load_state_dict(saved["optimiser"])
        self.best, self.state = saved["best"], State(**saved["state"])
        self._forget_later_lines()

    def _forget_later_lines(self) -> None:
        """Drop what the log says of steps after the checkpoint: they are done again, and would stand there twice."""
        if self.log.exists():
            lines = self.log.read_text().splitlines()
            kept = [line for line in lines if json.loads(line)["step"] <= self.state.step]
            self.log.write_text("".join(f"{line}\n" for line in kept))

    def save(self) -> None:
        """Write the checkpoint beside the old one, then put it in its place: a kill never leaves half a file."""
        part = self.checkpoint.with_suffix(".part")
        torch.save(
            {
                "config": self.recipe.config().model_dump_json(),
                "way": self.plan.way(self.recipe),
                "model": self.model.state_dict(),
                "average": self.average.state_dict(),
                "optimiser": self.optimiser.state_dict(),
                "best": self.best,
                "state": asdict(self.state),
            },
            part,
        )
        part.replace(self.checkpoint)

    def run(self) -> None:
        """Step until the plan is done."""
        saved_at = time.monotonic()
        bar = tqdm(total=self.state.steps or None, initial=self.state.step, desc=self.recipe.name, mininterval=2.0)
        while not self.state.steps or self.state.step < self.state.steps:
            began = self.seconds()
            self.losses.append(self.step())
            self.state.cpu_seconds += self.seconds() - began
            if not self.state.steps and self.state.step == TIMING_STEPS:
                self.state.steps = _affordable(self.plan.minutes, self.state.cpu_seconds / TIMING_STEPS)
                bar.total = self.state.steps
            bar.update()
            if self.due():
                bar.set_postfix(self.validate())
                self.save()
            elif time.monotonic() - saved_at > self.plan.save_every:
                self.save()
                saved_at = time.monotonic()
        bar.close()

    def due(self) -> bool:
        """Whether the validation part is measured now: evenly spaced, and after the last step."""
        if not self.state.steps:
            return False
        every = max(self.state.steps // self.plan.validations, 1)
        return self.state.step % every == 0 or self.state.step == self.state.steps

    def step(self) -> float:
        """One batch, one update; returns the loss."""
        rng = np.random.default_rng((self.plan.seed, self.state.step))
        torch.manual_seed(int(rng.integers(2**31)))
        for group in self.optimiser.param_groups:
            group["lr"] = self.recipe.learning_rate * one_cycle(self.state.step, self.state.steps)
        self.model.train()
        self.optimiser.zero_grad()
        loss = self.recipe.loss(called_from_here(self.model), rng)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.plan.clip)
        self.optimiser.step()
        self.state.step += 1
        # The average is young at first, so that the random weights of step 0 do not linger in it.
        decay = min(0.995, self.state.step / (self.state.step + 10))
        with torch.no_grad():
            for mean, now in zip(self.average.parameters(), self.model.parameters(), strict=True):
                mean.lerp_(now, 1 - decay)
        return float(loss.detach())

    def validate(self) -> Numbers:
        """Measure the averaged weights, keep them if they are the best so far, write a line of the log."""
        with torch.no_grad():
            numbers = self.recipe.validate(called_from_here(self.average))
        if numbers["score"] > self.state.best_score:
            self.state.best_score, self.state.best_step = numbers["score"], self.state.step
            self.best = copy.deepcopy(self.average.state_dict())
        line = {"step": self.state.step, "cpu_seconds": self.state.cpu_seconds, "loss": float(np.mean(self.losses))}
        self.losses.clear()
        with self.log.open("a") as log:
            log.write(json.dumps(line | numbers) + "\n")
        return numbers

    def finished(self) -> Run:
        """The kept weights and the curve, with the recipe's last step done.

        Returns:
            What the run hands on.

        Raises:
            ModelError: when the validation part never gave a number, so that no weights were kept.
        """
        if not self.state.best_step:
            raise ModelError(f"No validation of {self.recipe.name} gave a number: nothing was learnt. See {self.log}.")
        self.average.load_state_dict(self.best)
        model = brought_here(self.average)
        self.recipe.finish(model)
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        return Run(model, self.state, tuple(json.loads(line) for line in lines))


def one_cycle(step: int, steps: int) -> float:
    """Share of the full learning rate: linear rise over 100 steps, a tenth of a short run, then half a cosine to 2 %.

    Args:
        step: steps done.
        steps: steps in all; 0 while that is not known yet, which is early in the rise.

    Returns:
        A factor between 0 and 1.
    """
    rise = min(WARM_UP, steps // 10) if steps else WARM_UP
    if step < rise:
        return (step + 1) / rise
    return 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * (step - rise) / max(steps - rise, 1)))


def _affordable(minutes: float, seconds_per_step: float) -> int:
    return max(round(minutes * 60 / seconds_per_step), TIMING_STEPS + 1)


def _groups(model: HOTModel, weight_decay: float) -> list[dict[str, object]]:
    """Weight decay for matrices only: on biases and norms it does harm."""
    matrices = [p for p in model.parameters() if p.ndim >= 2]
    others = [p for p in model.parameters() if p.ndim < 2]
    return [{"params": matrices, "weight_decay": weight_decay}, {"params": others, "weight_decay": 0.0}]
