"""Experiment `sparse`: entries of a tensor foretold from very few others."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import plotly.graph_objects as go
import torch
from torch import Tensor

from hot_core.attention import FullAttention, KroneckerAttention
from hot_core.cost import cost
from hot_core.experiments.finding import Cell, Column, Experiment, Finding, Plan
from hot_core.experiments.fit import TWICE, UNTUNED, apart, count, fit, r_squared, spread
from hot_core.experiments.series import Series, weather
from hot_core.experiments.sparse_models import Dense, Listed, between, completed, series_mean
from hot_core.figures.experiments import Curve, Panel, panels
from hot_core.models import Block

Filler: TypeAlias = Callable[[Tensor, Tensor, Tensor], Tensor]
"""(values, seen, flat indices wanted) → (batch, wanted)."""


@dataclass(frozen=True)
class Size:
    """Everything that is chosen; steps of time are hours."""

    steps_of_time: int = 96
    dim: int = 24
    heads: int = 2
    depth: int = 2
    steps: int = 200
    batch: int = 8
    wanted: int = 64
    rate: float = 5e-3
    tests: int = 24
    shares: tuple[float, ...] = (0.5, 0.1, 0.01, 0.001)
    cp_rank: int = 2
    cp_rounds: int = 40


QUICK = Size(6, 8, 2, 1, 2, 2, 4, 5e-3, 2, (0.5, 0.1), 1, 2)

NAMES = ("HOT, masked", "HOT, hidden tokens kept", "full, seen tokens", "CP completion", "lines in time",
         "mean of the series", "long mean")  # fmt: skip
LEARNT = NAMES[:3]


@dataclass(frozen=True)
class Filled:
    """R² over the entries asked for, and seconds for one window (the median)."""

    score: float
    seconds: float


def run(plan: Plan) -> Finding:
    """Train the three models on all shares at once, then fill test windows at each share by every way."""
    size, series = QUICK if plan.quick else Size(), weather()
    runs: dict[tuple[str, float], list[Filled]] = {}
    for seed in plan.seeds:
        for name, filler in fillers(seed, size, series).items():
            for share in size.shares:
                runs.setdefault((name, share), []).append(score(filler, share, seed, size, series))
            told = ", ".join(f"{share:.1%} {runs[name, share][-1].score:.3f}" for share in size.shares)
            plan.told(f"seed {seed}, {name}: R² {told}")
    return found(runs, size, grid_of(size, series))


def grid_of(size: Size, series: Series) -> tuple[int, int, int]:
    """Entries along airport, variable and time."""
    return series.values.shape[0], series.values.shape[1], size.steps_of_time


def fillers(seed: int, size: Size, series: Series) -> dict[str, Filler]:
    """Every way to fill, the learnt ones trained."""
    torch.manual_seed(seed)
    sizes = grid_of(size, series)
    models = {name: network(name, size, sizes) for name in LEARNT}
    for model in models.values():
        train(model, seed, size, series)
    ways: dict[str, Filler] = dict(models)
    ways[NAMES[3]] = one_by_one(lambda v, s: completed(v, s, size.cp_rank, size.cp_rounds, seed))
    ways[NAMES[4]] = one_by_one(between)
    ways[NAMES[5]] = one_by_one(series_mean)
    ways[NAMES[6]] = one_by_one(lambda v, s: torch.zeros_like(v))
    return ways


def network(name: str, size: Size, grid: tuple[int, int, int]) -> torch.nn.Module:
    """One of `LEARNT` with fresh weights."""
    if name == NAMES[2]:
        return Listed(grid, size.dim, size.heads, size.depth)
    return Dense(grid, size.dim, size.heads, size.depth, masked=name == NAMES[0])


def one_by_one(fill: Callable[[Tensor, Tensor], Tensor]) -> Filler:
    """A way to fill one tensor, as a way to answer for a batch."""
    return lambda values, seen, wanted: torch.stack(
        [fill(v, s).flatten()[at] for v, s, at in zip(values, seen, wanted, strict=True)]
    )


def train(model: torch.nn.Module, seed: int, size: Size, series: Series) -> None:
    """Every step hides all but a share drawn between the least and the largest, even in its logarithm."""
    rng = torch.Generator().manual_seed(seed)
    low, high = torch.tensor([min(size.shares), max(size.shares)]).log()

    def loss() -> Tensor:
        values, valid = series.draw(size.batch, size.steps_of_time, rng)
        share = float((low + (high - low) * torch.rand((), generator=rng)).exp())
        seen, wanted = hide(valid, share, size.wanted, rng)
        return (model(values, seen, wanted) - values.flatten(1).gather(1, wanted)).square().mean()

    fit(model, loss, size.steps, size.rate)


def hide(valid: Tensor, share: float, wanted: int, rng: torch.Generator) -> tuple[Tensor, Tensor]:
    """Which entries are seen, and which are asked for; both at random among the known ones, never the same.

    Args:
        valid: bool (batch, n_1, …, n_k), where a value is known.
        share: of all entries that is seen, at least one entry.
        wanted: how many are asked for.
        rng: draws.

    Returns:
        `seen` as `valid`, and flat indices (batch, wanted).
    """
    entries = valid[0].numel()
    order = torch.where(valid.flatten(1), torch.rand(len(valid), entries, generator=rng), 2.0).argsort(1)
    count = min(max(1, round(share * entries)), entries - wanted)
    seen = torch.zeros(len(valid), entries, dtype=torch.bool).scatter_(1, order[:, wanted : wanted + count], True)
    return seen.reshape(valid.shape) & valid, order[:, :wanted]


def score(filler: Filler, share: float, seed: int, size: Size, series: Series) -> Filled:
    """R² over the last part of the year, and the time of a window."""
    values, valid = series.tests(size.steps_of_time, size.tests)
    seen, wanted = hide(valid, share, size.wanted, torch.Generator().manual_seed(1000 + seed))
    answers, seconds = [], []
    for at in range(len(values)):
        begun = time.perf_counter()
        with torch.no_grad():
            answers.append(filler(values[at : at + 1], seen[at : at + 1], wanted[at : at + 1]))
        seconds.append(time.perf_counter() - begun)
    return Filled(r_squared(torch.cat(answers), values.flatten(1).gather(1, wanted)), statistics.median(seconds))


def memory(name: str, share: float, size: Size, grid: tuple[int, int, int]) -> Cell:
    """Peak bytes of a block for one window in KiB; a dash for what is no network."""
    if name not in LEARNT:
        return "–"
    entries = grid[0] * grid[1] * grid[2]
    full = name == NAMES[2]
    layer = FullAttention(size.dim, size.heads) if full else KroneckerAttention(size.dim, 3, size.heads)
    shape = (max(1, round(share * entries)) + size.wanted,) if full else grid
    return cost(Block(layer, size.dim, 2 * size.dim), shape, forms=()).peak_bytes / 1024


COLUMNS = (
    Column("seen", ".1%"), Column("filled by"), Column("R² of hidden entries", ".3f"), Column("± sd", ".3f"),
    Column("time of a window (ms)", ".1f"), Column("peak of a block (KiB)", ",.0f"), Column("parameters", ",d"),
)  # fmt: skip


def found(runs: dict[tuple[str, float], list[Filled]], size: Size, grid: tuple[int, int, int]) -> Finding:
    """The table, the figure and the answer."""
    rows = []
    parameters: dict[str, Cell] = {name: count(network(name, size, grid)) for name in LEARNT}
    for share in size.shares:
        for name in NAMES:
            filled = runs[name, share]
            ms = spread([1000 * one.seconds for one in filled])[0]
            ends = spread([one.score for one in filled])
            rows.append((share, name, *ends, ms, memory(name, share, size, grid), parameters.get(name, "–")))
    return Finding(
        answer=answer(runs, size),
        columns=COLUMNS,
        rows=tuple(rows),
        figure=figure(runs, size),
        alt="left: R² of hidden entries against the share of entries seen, for each way to fill; right: the time of a "
        "window.",
        notes=(
            "Real data: windows of the sample weather; entries are hidden at random, beside the file's own gaps, which "
            "are neither seen nor asked for. Learnt from the first 75 % of the year, scored on the last 25 %. Values "
            "are scaled by mean and deviation of the first part: the long mean is 0.",
            "Each network is trained once for all shares, drawn anew in each step. CP completion, lines and means know "
            "nothing but the window's seen entries (and the long means).",
            "Masked HOT takes hidden tokens out of pooling and values, and what its rows put on them is lost; a slice "
            "of a mode without a seen entry has no query of its own. With hidden tokens kept, they carry their places.",
            f"Times and memory of full attention are of the seen tokens and the {size.wanted} wanted ones; of HOT, "
            f"of the whole grid of {math.prod(grid):,}. Times on a shared machine are good for ratios only; memory is "
            "counted, not measured.",
            TWICE,
            UNTUNED,
        ),
        settings={
            "grid": "×".join(map(str, grid)), "width": size.dim, "heads": size.heads, "blocks": size.depth,
            "steps": size.steps, "batch": size.batch, "rate": size.rate, "wanted a window": size.wanted,
            "test windows": size.tests, "CP rank": size.cp_rank, "CP rounds": size.cp_rounds,
        },
    )  # fmt: skip


def answer(runs: dict[tuple[str, float], list[Filled]], size: Size) -> str:
    """The answer, from the numbers: share by share, who fills best, who is level with it, and where HOT stands."""
    parts = []
    for share in size.shares:
        every = {name: [one.score for one in runs[name, share]] for name in NAMES}
        scores = {name: spread(ends)[0] for name, ends in every.items()}
        best, hot = max(scores, key=lambda name: scores[name]), max(LEARNT[:2], key=lambda name: scores[name])
        level = [name for name in NAMES if name != best and not apart(every[name], every[best])]
        beside = f", level with {' and '.join(level)}" if level else ""
        tail = "" if best == hot else f"; the better HOT ({hot}) {scores[hot]:.3f}"
        parts.append(f"with {share:.1%} seen {best} fills best{beside} (R² {scores[best]:.3f}{tail})")
    return f"W{'; '.join(parts)[1:]}."


def figure(runs: dict[tuple[str, float], list[Filled]], size: Size) -> go.Figure:
    """Scores and times against the share that is seen."""
    percent = [100 * share for share in size.shares]
    scores, times = [], []
    for name in NAMES:
        ends = [spread([one.score for one in runs[name, share]]) for share in size.shares]
        scores.append(Curve(name, percent, [e[0] for e in ends], [e[1] for e in ends]))
        ms = [spread([1000 * one.seconds for one in runs[name, share]])[0] for share in size.shares]
        times.append(Curve(name, percent, ms))
    return panels([
        Panel("Hidden entries", "entries seen (%)", "R² (cut at −1)", scores, "x", -1.0, 1.05, level=0.0),
        Panel("Time", "entries seen (%)", "time of a window (ms)", times, "xy"),
    ])  # fmt: skip


EXPERIMENT = Experiment(
    name="sparse",
    title="Extremely sparse tensors",
    question="Of a real tensor (airport × variable × hour) 50 to 99.9 % of the entries are hidden. How well are they "
    "told from the rest by Kronecker-structured attention, full attention, CP completion and plain means?",
    source="the question of sparse tensors of Omranpour, Rabusseau, Rabbany, arXiv 2412.02919; CP: tensorly; the data "
    "are sample_data/nyc_airport_weather_2013.csv",
    run=run,
)
