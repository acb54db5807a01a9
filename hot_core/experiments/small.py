"""Experiment `small`: forms of attention at equal width on small tensors whose tokens need each other across modes."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product as pairs

import plotly.graph_objects as go
import torch
from torch import Tensor

from hot_core.cost import cost
from hot_core.experiments.finding import Column, Experiment, Finding, Plan
from hot_core.experiments.fit import TWICE, UNTUNED, apart, count, fit, r_squared, spread
from hot_core.experiments.grid_model import FORMS, GridModel, attention
from hot_core.experiments.small_tasks import BY_ITSELF, TASKS, channels, draw
from hot_core.figures.experiments import Curve, Panel, panels


@dataclass(frozen=True)
class Size:
    """Everything that is chosen."""

    sizes: tuple[int, ...] = (4, 5, 6)
    values: int = 4
    dim: int = 32
    heads: int = 2
    steps: int = 250
    batch: int = 16
    held_out: int = 64
    rate: float = 1e-2


QUICK = Size((2, 3), 2, 8, 2, 2, 4, 4)


@dataclass(frozen=True)
class Trained:
    """One model on one task: R² on new examples, its parameters, and the median seconds of a step of training."""

    score: float
    parameters: int
    seconds: float


def run(plan: Plan) -> Finding:
    """Train every form on every task."""
    size = QUICK if plan.quick else Size()
    runs: dict[tuple[str, str], list[Trained]] = {}
    for task, form in pairs(TASKS, FORMS):
        runs[task, form] = [train(task, form, seed, size) for seed in plan.seeds]
        plan.told(f"{task}, {form}: R² {spread([one.score for one in runs[task, form]])[0]:.3f}")
    return told(runs, {form: macs(form, size) for form in FORMS}, size)


def train(task: str, form: str, seed: int, size: Size) -> Trained:
    """One model on one task; every step draws new examples, and so does the test."""
    rng = torch.Generator().manual_seed(seed)
    torch.manual_seed(seed)
    layer = attention(form, size.dim, len(size.sizes), size.heads)
    model = GridModel(size.sizes, channels(task, size.values), size.values, [layer], size.dim)

    def loss() -> Tensor:
        x, wanted = draw(task, size.batch, size.sizes, size.values, rng)
        return (model(x) - wanted).square().mean()

    seconds = fit(model, loss, size.steps, size.rate)
    x, wanted = draw(task, size.held_out, size.sizes, size.values, rng)
    with torch.no_grad():
        return Trained(r_squared(model(x), wanted), count(model), seconds)


def macs(form: str, size: Size) -> int:
    """Multiply–adds of the layer for one example."""
    return cost(attention(form, size.dim, len(size.sizes), size.heads), size.sizes, forms=()).macs


COLUMNS = (
    Column("task"), Column("attention"), Column("R² on new examples", ".3f"), Column("± sd", ".3f"),
    Column("parameters", ",d"), Column("multiply–adds of the layer", ",d"), Column("÷ full", ".2f"),
    Column("time of a step ÷ full", ".2f"),
)  # fmt: skip


def told(runs: dict[tuple[str, str], list[Trained]], work: dict[str, int], size: Size) -> Finding:
    """The table, the figure and the answer."""
    rows = []
    for (task, form), trained in runs.items():
        score = spread([one.score for one in trained])
        rows.append((task, FORMS[form], *score, trained[0].parameters, work[form], work[form] / work["full"],
                     time_ratio(runs, task, form)))  # fmt: skip
    return Finding(
        answer=answer(runs, work),
        columns=COLUMNS,
        rows=tuple(rows),
        figure=figure(runs, work),
        alt="left: R² of each form of attention on each task; right: parameters and multiply–adds over those of full.",
        notes=(
            *(f"{name}: {words}." for name, words in TASKS.items()),
            f"Equal width ({size.dim}), heads and steps, one bare layer (no norm, no MLP, no way around) and learnt "
            "places for all. "
            "HOT has more parameters than full attention at equal width: queries and keys for every mode.",
            "`marked` and `shift` can be answered by one Kronecker product; `partner` needs a pairing of tokens that "
            "no product of mode-wise factors is.",
            "A token that looks at itself alone gets R² "
            + ", ".join(f"{level} on `{task}`" for task, level in BY_ITSELF.items())
            + ": a score near it says that nothing was learnt in these steps.",
            TWICE,
            UNTUNED,
            "Times are medians of training steps on a machine that does other work too: only their ratios are told.",
        ),
        settings={
            "sizes": "×".join(map(str, size.sizes)), "values": size.values, "width": size.dim, "heads": size.heads,
            "layers": 1, "steps": size.steps, "batch": size.batch, "held out": size.held_out,
            "rate": size.rate,
        },
    )  # fmt: skip


def time_ratio(runs: dict[tuple[str, str], list[Trained]], task: str, form: str) -> float:
    """Seconds of a step over those of full attention on the same task, the mean over seeds."""
    both = zip(runs[task, form], runs[task, "full"], strict=True)
    return spread([one.seconds / full.seconds for one, full in both])[0]


def answer(runs: dict[tuple[str, str], list[Trained]], work: dict[str, int]) -> str:
    """The answer, from the numbers: task by task who is ahead of full attention, and at what price."""
    parts = []
    for task in TASKS:
        every = {form: [one.score for one in runs[task, form]] for form in FORMS}
        scores = {form: spread(ends)[0] for form, ends in every.items()}
        best = max(("product", "sum"), key=lambda form: scores[form])
        ahead = "ahead of" if scores[best] > scores["full"] else "behind"
        word = ahead if apart(every[best], every["full"]) else "level with"
        if max(scores.values()) < BY_ITSELF[task] + 0.1:
            word = "as far from an answer as"
        axial = f"axial {scores['axial']:.3f}"
        parts.append(f"on `{task}` {FORMS[best]} is {word} full ({scores[best]:.3f} to {scores['full']:.3f}; {axial})")
    ratio = work["product"] / work["full"]
    times = [time_ratio(runs, task, "product") for task in TASKS]
    more = runs["shift", "product"][0].parameters / runs["shift", "full"][0].parameters
    return (
        f"R² at equal width: {'; '.join(parts)}. HOT takes {ratio:.2f} times the multiply–adds of full attention, "
        f"{more:.2f} times its parameters and {min(times):.2f} to {max(times):.2f} times its time to train."
    )


def figure(runs: dict[tuple[str, str], list[Trained]], work: dict[str, int]) -> go.Figure:
    """Scores beside prices."""
    scores, prices = [], []
    for form, name in FORMS.items():
        ends = [spread([one.score for one in runs[task, form]]) for task in TASKS]
        scores.append(Curve(name, list(TASKS), [e[0] for e in ends], [e[1] for e in ends], line=False))
        parameters = runs["shift", form][0].parameters / runs["shift", "full"][0].parameters
        times = spread([time_ratio(runs, task, form) for task in TASKS])
        kinds = ["multiply–adds", "parameters", "time of a step"]
        prices.append(Curve(name, kinds, [work[form] / work["full"], parameters, times[0]], [0, 0, times[1]], False))
    return panels([
        Panel("What it learns", "task", "R² on new examples", scores, level=1.0),
        Panel("What it costs", "", "times that of full attention", prices, level=1.0),
    ])  # fmt: skip


EXPERIMENT = Experiment(
    name="small",
    title="Small tensors: HOT against full and axial attention",
    question="On a tensor of 4×5×6 tokens whose tokens need each other across modes: what does Kronecker-structured "
    "attention learn beside full and axial attention of the same width, and what does it cost?",
    source="the comparison of Omranpour, Rabusseau, Rabbany, arXiv 2412.02919, section 5, in the small",
    run=run,
)
