"""What a training step and an inference cost, all kinds of a data set in one run, one after the other in turns."""

from __future__ import annotations

import copy
import json
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from tqdm import tqdm

from hot_core.cost import cost
from hot_core.cost.dry_run import dry_macs, dry_peak, without_data
from hot_core.cost.forms import is_attention
from hot_core.models import HOTModel
from hot_core.training.loop import Trainer
from hot_core.training.peers.kinds import Kind
from hot_core.training.peers.store import replace
from hot_core.training.plan import Plan
from hot_core.training.recipe import Recipe

GRIDS = {"air-quality": (12, 10, 24), "hippocampus": (9, 13, 9)}
"""The token grid of a whole sample: all stations, variables and hours; the largest crop."""
STEP_ROUNDS, SAMPLE_ROUNDS = 40, 15


@dataclass(frozen=True)
class Pace:
    """What one kind costs.

    Attributes:
        parameters: numbers that make up the model.
        macs: multiply–adds of one forward pass on a whole sample.
        peak_bytes: bytes of activations alive at once in it.
        sample_ms: CPU milliseconds of it on one thread, median.
        step_seconds: mean CPU seconds of a training step, 0 for what is not trained.
    """

    parameters: int
    macs: int
    peak_bytes: int
    sample_ms: float
    step_seconds: float

    def steps(self, minutes: float) -> int:
        """Steps that fit into a budget of CPU minutes, at least one."""
        return max(round(minutes * 60 / self.step_seconds), 1)


@dataclass(frozen=True)
class Paces:
    """The costs of all kinds of a data set, measured together.

    Attributes:
        machine: in words, what the times are from.
        heads: heads of the recipe's own architecture.
        kinds: by the kind's name.
    """

    machine: str
    heads: int
    kinds: dict[str, Pace]


def paces(recipe: Recipe, kinds: Sequence[Kind], path: Path, quick: bool = False) -> Paces:
    """The costs from their file, measured first when they are not all there.

    Args:
        recipe: the data set's.
        kinds: all kinds of the data set.
        path: the file.
        quick: one round only.

    Returns:
        The costs of every kind, from one run.
    """
    if path.exists():
        known = load(path)
        if all(kind.name in known.kinds for kind in kinds):
            return known
    found = _measured(recipe, kinds, *((1, 1) if quick else (STEP_ROUNDS, SAMPLE_ROUNDS)))
    replace(path, json.dumps(asdict(found), indent=1) + "\n")
    return found


def load(path: Path) -> Paces:
    """Read what `paces` has written."""
    read = json.loads(path.read_text(encoding="utf-8"))
    return Paces(read["machine"], read["heads"], {name: Pace(**each) for name, each in read["kinds"].items()})


def _measured(recipe: Recipe, kinds: Sequence[Kind], step_rounds: int, sample_rounds: int) -> Paces:
    grid = GRIDS[recipe.name]
    models = {kind.name: kind.make(recipe, 0) for kind in kinds}
    steps = _step_seconds(recipe, {k.name: copy.deepcopy(models[k.name]) for k in kinds if k.trained}, step_rounds)
    samples = _sample_ms({name: model.eval() for name, model in models.items()}, grid, sample_rounds)
    found = {name: Pace(*counted(model, grid), samples[name], steps.get(name, 0.0)) for name, model in models.items()}
    return Paces(_machine(), recipe.config().heads, found)


def counted(model: HOTModel, grid: tuple[int, ...]) -> tuple[int, int, int]:
    """Parameters, multiply–adds and peak bytes of a forward pass on a token grid; `hot.cost`, or its dry run.

    Args:
        model: with one form of attention or without any.
        grid: tokens along each mode.

    Returns:
        The three numbers; without attention every product is counted on the meta device.
    """
    sizes = model.config.native_sizes(grid)
    if _attends(model):
        own = cost(model, sizes, forms=()).own
        return own.parameters, own.macs, own.peak_bytes
    dry = without_data(model)
    inputs = {
        "values": torch.empty(1, *sizes, device="meta"),
        "mask": torch.empty(1, *sizes, dtype=torch.bool, device="meta"),
    }
    return sum(p.numel() for p in model.parameters()), dry_macs(dry, inputs), dry_peak(dry, inputs)


def _attends(model: HOTModel) -> bool:
    return any(is_attention(part) for part in model.modules())


def _step_seconds(recipe: Recipe, models: dict[str, HOTModel], rounds: int) -> dict[str, float]:
    """Mean CPU seconds of the loop's own step; every kind gets the same batches in the same order."""
    times: dict[str, list[float]] = {name: [] for name in models}
    plan = Plan(steps=rounds + 1, device="cpu")
    with tempfile.TemporaryDirectory() as folder:
        trainers = {name: Trainer(recipe, plan, Path(folder), model) for name, model in models.items()}
        for turn in tqdm(range(rounds + _unheard(rounds)), desc="training steps timed"):
            for name in _in_turn(trainers, turn):
                began = time.process_time()
                trainers[name].step()
                times[name].append(time.process_time() - began)
    return {name: statistics.fmean(each[_unheard(rounds) :]) for name, each in times.items()}


@torch.no_grad()
def _sample_ms(models: dict[str, HOTModel], grid: tuple[int, ...], rounds: int) -> dict[str, float]:
    """Median CPU milliseconds of a forward pass on one whole sample."""
    times: dict[str, list[float]] = {name: [] for name in models}
    for turn in tqdm(range(rounds + _unheard(rounds)), desc="inferences timed"):
        for name in _in_turn(models, turn):
            sizes = models[name].config.native_sizes(grid)
            values = torch.randn(1, *sizes, generator=torch.Generator().manual_seed(turn))
            mask = torch.ones_like(values, dtype=torch.bool)
            began = time.process_time()
            models[name](values, mask)
            times[name].append(1000 * (time.process_time() - began))
    return {name: statistics.median(each[_unheard(rounds) :]) for name, each in times.items()}


def _unheard(rounds: int) -> int:
    """One round more goes first and does not count: it fetches code and memory. Not for a single round."""
    return int(rounds > 1)


def _in_turn(names: Iterable[str], turn: int) -> list[str]:
    """Another one first each time, so that none always follows the same one."""
    ordered = list(names)
    start = turn % len(ordered)
    return ordered[start:] + ordered[:start]


def _machine() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        named = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    except OSError:
        named = []
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    processor = named[0] if named else platform.processor() or platform.machine()
    return f"{processor}, {os.cpu_count()} cores{load}, {torch.get_num_threads()} thread, torch {torch.__version__}"
