"""A task about triples, learnt: one layer of tensor attention against ordinary attention with more parameters."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import plotly.graph_objects as go
import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from hot_core.attention import FullAttention, TensorAttention
from hot_core.experiments.finding import Cell, Column, Experiment, Finding, Plan
from hot_core.experiments.fit import count, fit, spread
from hot_core.experiments.grid_model import GridModel
from hot_core.figures.experiments import Curve, Panel, panels
from hot_core.lessons import match3
from hot_core.models import Block

BATCH = 64
Loss: TypeAlias = Callable[[], Tensor]


@dataclass(frozen=True)
class Task:
    """Match3: for each number, is there a pair with which it adds up to a multiple of the modulus?

    Attributes:
        numbers: `n` of a sample.
        modulus: `M`; near `n² / (2 ln 2)` half of the answers are yes.
        waves: frequencies of the circle that a number is shown as.
    """

    numbers: int
    modulus: int
    waves: int

    @property
    def channels(self) -> int:
        """Numbers that come in with each token: cosine and sine of every wave, and the blank's mark."""
        return 2 * self.waves + 1

    def draw(self, many: int, random: torch.Generator) -> tuple[Tensor, Tensor]:
        """Numbers (many, n), all remainders alike likely, and answers (many, n) bool."""
        numbers = torch.randint(0, self.modulus, (many, self.numbers), generator=random)
        return numbers, match3.truths(numbers, self.modulus)

    def shown(self, numbers: Tensor) -> Tensor:
        """What the models see, (many, n + 1, channels): waves of the numbers, and a blank token at the end."""
        angles = numbers[..., None] * torch.arange(1, self.waves + 1) * (2 * math.pi / self.modulus)
        waves = torch.cat([angles.cos(), angles.sin(), torch.zeros_like(angles[..., :1])], -1)
        blank = torch.eye(self.channels)[-1].expand(len(numbers), 1, -1)
        return torch.cat([waves, blank], 1)


@dataclass(frozen=True)
class Contender:
    """A model of the comparison.

    Attributes:
        name: in the table.
        build: its layers, made anew.
        dim: its width.
    """

    name: str
    build: Callable[[], list[nn.Module]]
    dim: int

    def model(self, task: Task) -> nn.Module:
        """The model with fresh weights."""
        return GridModel((task.numbers + 1,), task.channels, 1, self.build(), self.dim, placed=False)


CONTENDERS = (
    Contender("tensor attention, order 3, one layer", lambda: [Block(TensorAttention(64, 1), 64, 128)], 64),
    Contender("ordinary attention, one layer, wider", lambda: [Block(FullAttention(96, 4), 96, 192)], 96),
    Contender("ordinary attention, two layers", lambda: [Block(FullAttention(80, 4), 80, 160) for _ in range(2)], 80),
)


@dataclass(frozen=True)
class Learnt:
    """One training.

    Attributes:
        choosing: share of right answers on the samples by which a rate is chosen.
        score: share of right answers on 2,000 other samples.
        seconds: the median time of a step.
        parameters: trainable numbers.
    """

    choosing: float
    score: float
    seconds: float
    parameters: int


def learnt(one: Contender, task: Task, steps: int, rate: float, seed: int) -> Learnt:
    """Train a model on fresh samples and measure it on others.

    Args:
        one: the model.
        task: what it learns.
        steps: updates.
        rate: the highest learning rate.
        seed: of weights and samples; those to choose by and the held-out ones are drawn apart.

    Returns:
        What it came to.
    """
    torch.manual_seed(seed)
    random, model = torch.Generator().manual_seed(seed), one.model(task)

    def loss() -> Tensor:
        numbers, right = task.draw(BATCH, random)
        found = model(task.shown(numbers))[:, :-1, 0]
        return binary_cross_entropy_with_logits(found, right.to(found.dtype))

    seconds = fit(model, loss, steps, rate)
    choosing, score = (share_right(model, task, first + seed) for first in (20_000, 10_000))
    return Learnt(choosing, score, seconds, count(model))


def share_right(model: nn.Module, task: Task, seed: int) -> float:
    """The share of right answers on 2,000 samples of a seed."""
    numbers, right = task.draw(2000, torch.Generator().manual_seed(seed))
    with torch.no_grad():
        found = torch.cat([model(task.shown(some))[:, :-1, 0] for some in numbers.split(250)]) > 0
    return float((found == right).double().mean())


def run(plan: Plan) -> Finding:
    """Choose each model's rate on the first seed, then train it on every seed."""
    task = Task(3, 7, 2) if plan.quick else Task(8, 46, 12)
    steps, rates = (3, (3e-3,)) if plan.quick else (1500, (1e-3, 3e-3))
    majority = share_of_majority(task)
    rows: list[tuple[Cell, ...]] = [("always the commoner answer", 0, "–", majority, 0.0, majority, "–")]
    for one in CONTENDERS:
        tried = {rate: learnt(one, task, steps, rate, plan.seeds[0]) for rate in rates}
        rate = max(tried, key=lambda rate: tried[rate].choosing)
        runs = [tried[rate], *(learnt(one, task, steps, rate, seed) for seed in plan.seeds[1:])]
        scores = [each.score for each in runs]
        mean, deviation = spread(scores)
        seconds = min(each.seconds for each in runs)
        rows.append((one.name, runs[0].parameters, f"{rate:g}", mean, deviation, min(scores), f"{1000 * seconds:.0f}"))
        plan.told(f"triples: {one.name}: {mean:.4f} ± {deviation:.4f} at {rate:g}, of {sorted(scores)}")
    settings: dict[str, Cell] = {
        "numbers in a sample": task.numbers, "modulus": task.modulus, "waves": task.waves, "steps": steps,
        "batch": BATCH, "rates tried": " and ".join(f"{rate:g}" for rate in rates), "held-out samples": 2000,
    }  # fmt: skip
    return Finding(
        answer(rows),
        (
            Column("model"), Column("parameters", ",d"), Column("rate"), Column("share right", ".4f"),
            Column("± over seeds", ".4f"), Column("worst seed", ".4f"), Column("time of a step (ms)"),
        ),
        tuple(rows), picture(rows, majority),
        "share of right answers of each model with its spread over seeds; a dotted line marks the commoner answer.",
        (
            f"Match3: is there a pair (j, k) with x_i + x_j + x_k ≡ 0 (mod {task.modulus}) among {task.numbers} random "
            f"numbers? The modulus is near n²/(2 ln 2) = {task.numbers**2 / (2 * math.log(2)):.0f}, so that the "
            "answers balance.",
            "Every model sees the same waves of the numbers and the same blank token, has the same block (attention, "
            "then a SwiGLU twice as wide), and the same number of steps and samples. For each the better of the rates "
            "was chosen on the first seed, by samples that are not those of the score.",
            "Samples are drawn anew at every step: there is no training set to learn by heart.",
            "It shows what was learnt in these steps. That a layer of ordinary attention cannot do it at all holds for "
            "widths and heads that do not grow with n (Sanford, Hsu, Telgarsky, theorem on Match3), not for any size.",
            "The time of a step is the fastest run's median on the machine that made this page.",
        ),
        settings,
    )  # fmt: skip


def share_of_majority(task: Task) -> float:
    """The share of the commoner answer among 20,000 samples."""
    _, right = task.draw(20_000, torch.Generator().manual_seed(0))
    yes = float(right.double().mean())
    return max(yes, 1 - yes)


def answer(rows: list[tuple[Cell, ...]]) -> str:
    """Whether the tensor layer stands apart from the wider ordinary one."""
    majority, tensor, wider, deeper = rows
    apart = float(tensor[3]) - float(tensor[4]) > float(wider[3]) + float(wider[4])
    verdict = "solves what" if apart and float(tensor[5]) > 0.99 else "is ahead of what" if apart else "is not ahead of"
    end = "does not" if apart and float(tensor[5]) > 0.99 else "reaches"
    one = f"one layer of tensor attention, {tensor[3]:.4f} right with {tensor[1]:,} parameters,"
    other = f"one wider layer of ordinary attention {end}, {wider[3]:.4f} with {wider[1]:,}"
    if not apart:
        other = f"one wider layer of ordinary attention, {wider[3]:.4f} with {wider[1]:,}"
    return (
        f"{one[0].upper()}{one[1:]} {verdict} {other}; two ordinary layers come to {deeper[3]:.4f} with {deeper[1]:,}, "
        f"and always saying the commoner answer to {majority[3]:.4f}."
    )


def picture(rows: list[tuple[Cell, ...]], majority: float) -> go.Figure:
    """Share right of every model against its parameters."""
    curves = [
        Curve(str(name), [float(parameters)], [float(mean)], [float(deviation)], line=False)
        for name, parameters, _, mean, deviation, *_ in rows[1:]
    ]
    across = "parameters"
    return panels(
        [
            Panel(
                "Match3 on fresh samples",
                across,
                "share of right answers",
                curves,
                least=0.45,
                most=1.02,
                level=majority,
            )
        ]
    )


EXPERIMENT = Experiment(
    "triples",
    "Match3, learnt: attention over triples beside attention over pairs",
    "Does one layer of tensor attention learn a task about triples on which ordinary attention with more parameters "
    "fails?",
    "Sanford, Hsu, Telgarsky, arXiv 2306.02896 (Match3); Alman and Song, arXiv 2310.04064",
    run,
)
