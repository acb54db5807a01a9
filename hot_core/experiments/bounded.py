"""The near-linear form of tensor attention: its error beside the promised bound, and time against the tokens."""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import plotly.graph_objects as go
import torch
from torch import Tensor

from hot_core.attention import RegimeWarning, bounded_tensor_attention, tensor_attention
from hot_core.experiments.finding import Cell, Column, Experiment, Finding, Plan, Table
from hot_core.experiments.fit import relative_error, spread
from hot_core.figures.experiments import Curve, Panel, panels

CASES = ((4, 1.0, 4, 3), (4, 1.0, 8, 3), (8, 1.0, 4, 3), (4, 1.5, 4, 3), (4, 2.0, 4, 3), (3, 1.0, 4, 4), (3, 1.0, 6, 4))
"""Width d, largest entry B, degree g, order: the query and so many keys less one."""
TOKENS = {3: 128, 4: 24}
"""Tokens for the errors by order: the exact form weighs n to the order of tuples."""

ACCEPTED = 0.1
"""The promised error up to which the strict form answers, if not told otherwise."""
WIDTH, DEGREE = 4, 4
REPEATS = 3

Parts = tuple[Tensor, list[Tensor], list[Tensor]]


@dataclass(frozen=True)
class Measured:
    """One case on one seed.

    Attributes:
        largest: the largest difference of an output's entry from the exact one.
        relative: relative Frobenius error of the output.
        promised: the bound of the relative error of a weight.
        columns: of the approximation.
    """

    largest: float
    relative: float
    promised: float
    columns: int


def entries(tokens: int, width: int, size: float, seed: int, order: int = 3) -> Parts:
    """Query, `order − 1` keys and as many values, entries uniform in ±size, float64, each (tokens, width)."""
    random = torch.Generator().manual_seed(seed)
    parts = [
        size * (2 * torch.rand(tokens, width, generator=random, dtype=torch.float64) - 1) for _ in range(2 * order - 1)
    ]
    return parts[0], parts[1:order], parts[order:]


def compared(tokens: int, width: int, size: float, degree: int, seed: int, order: int = 3) -> Measured:
    """The bounded form beside the exact one on random entries, whatever its bound says."""
    parts = entries(tokens, width, size, seed, order)
    exact = tensor_attention(*parts)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RegimeWarning)  # that the bound forbids it is what the table shows
        near = bounded_tensor_attention(*parts, degree, strict=False)
    gap = float((near.output - exact).abs().max())
    return Measured(gap, relative_error(near.output, exact), near.error_bound, near.columns)


def seconds_of(work: Callable[[], object], repeats: int = REPEATS) -> float:
    """The shortest processor time of some runs: what other work on the machine takes is not counted."""
    found = []
    for _ in range(repeats):
        begun = time.process_time()
        work()
        found.append(time.process_time() - begun)
    return min(found)


def slope(sizes: Sequence[int], seconds: Sequence[float]) -> float:
    """The exponent `p` of `seconds ≈ c · sizes^p`, by least squares on logarithms."""
    x, y = [math.log(size) for size in sizes], [math.log(second) for second in seconds]
    mean_x, mean_y = sum(x) / len(x), sum(y) / len(y)
    above = sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True))
    return above / sum((a - mean_x) ** 2 for a in x)


def run(plan: Plan) -> Finding:
    """Errors, then times."""
    tokens = dict.fromkeys(TOKENS, 7) if plan.quick else TOKENS
    rows: list[tuple[Cell, ...]] = []
    for width, size, degree, order in CASES:
        runs = [compared(tokens[order], width, size, degree, seed, order) for seed in plan.seeds]
        rows.append((order, tokens[order], width, size, degree, *summed(runs)))
    plan.told("bounded: errors done")
    exact, near = times(plan)
    slopes = slope(list(exact), list(exact.values())), slope(list(near), list(near.values()))
    return Finding(
        answer(rows, slopes, near),
        (
            Column("order", "d"), Column("tokens n", "d"), Column("width d", "d"),
            Column("entries within ±B", "g"), Column("degree g", "d"),
            Column("columns C(d+g, g)", "d"),
            Column("largest error of an output", ".1e"), Column("± over seeds", ".0e"),
            Column("relative error of the output", ".1e"), Column("promised relative error of a weight", ".1e"),
            Column("if strict"),
        ),
        tuple(rows), picture(rows, exact, near),
        "left the measured and the promised error of each case, right the time against the number of tokens for the "
        f"exact form (slope {slopes[0]:.2f}) and the bounded form (slope {slopes[1]:.2f}), both axes logarithmic.",
        (
            "Errors with entries uniform in ±B, scale 1/d, float64; they are differences to the exact "
            "form.",
            "The promise is Taylor's remainder at the largest logit that such entries allow. Measured errors are far "
            "below it: no random entry comes near the worst, and the softmax divides common errors out.",
            f"Times at order 3, d = {WIDTH}, degree {DEGREE}, B = 1: the shortest processor time of {REPEATS} "
            "runs on the machine that made this page, all threads together; slopes are least squares on logarithms "
            "over all sizes shown.",
        ),
        {"seeds for the times": plan.seeds[0], "type": "float64"},
        (table_of_times(exact, near),),
    )  # fmt: skip


def summed(runs: Sequence[Measured]) -> tuple[Cell, ...]:
    """A line's end: columns, largest error with its spread, relative error, the weakest promise, what strict does."""
    gap, deviation = spread([one.largest for one in runs])
    promised = max(one.promised for one in runs)
    says = "answered" if promised <= ACCEPTED else "refused"
    return runs[0].columns, gap, deviation, spread([one.relative for one in runs])[0], promised, says


def times(plan: Plan) -> tuple[dict[int, float], dict[int, float]]:
    """Seconds of the exact and of the bounded form by number of tokens."""
    small = (16, 32) if plan.quick else (256, 384, 512, 768, 1024)
    large = (64, 128) if plan.quick else (4096, 8192, 16384, 32768, 65536)
    exact, near = {}, {}
    for tokens in small:
        exact[tokens] = seconds_of(partial(tensor_attention, *entries(tokens, WIDTH, 1.0, plan.seeds[0])))
        plan.told(f"bounded: exact, {tokens:,} tokens in {exact[tokens]:.3f} s")
    for tokens in large:
        parts = entries(tokens, WIDTH, 1.0, plan.seeds[0])
        near[tokens] = seconds_of(partial(bounded_tensor_attention, *parts, DEGREE, strict=False))
        plan.told(f"bounded: {tokens:,} tokens in {near[tokens]:.3f} s")
    return exact, near


def table_of_times(exact: dict[int, float], near: dict[int, float]) -> Table:
    """Both forms' times in one table."""
    rows = [("exact", tokens, seconds) for tokens, seconds in exact.items()]
    rows += [("bounded", tokens, seconds) for tokens, seconds in near.items()]
    return Table("Time", (Column("form"), Column("tokens", ",d"), Column("processor time (s)", ".4f")), tuple(rows))


def answer(rows: Sequence[tuple[Cell, ...]], slopes: tuple[float, float], near: dict[int, float]) -> str:
    """Errors, slopes and the largest size, from the numbers."""
    errors = [float(row[6]) for row in rows]
    most = max(near)
    refused = sum(row[-1] == "refused" for row in rows)
    return (
        f"The bounded form is off by {min(errors):.0e} to {max(errors):.0e} in these {len(rows)} cases, of which its "
        f"promise lets it answer {len(rows) - refused}. Time grows as n^{slopes[0]:.2f} for the exact form and as "
        f"n^{slopes[1]:.2f} for the bounded one, which takes {near[most]:.1f} s of a processor for {most:,} tokens."
    )


def picture(rows: Sequence[tuple[Cell, ...]], exact: dict[int, float], near: dict[int, float]) -> go.Figure:
    """Errors left, times right."""
    names = [f"{row[0]}: d{row[2]} B{row[3]:g} g{row[4]}" for row in rows]
    errors = [
        Curve("measured", names, [float(row[6]) for row in rows], line=False),
        Curve("promised", names, [float(row[-2]) for row in rows], line=False),
    ]
    seconds = [
        Curve("exact", [float(n) for n in exact], list(exact.values())),
        Curve("bounded", [float(n) for n in near], list(near.values())),
    ]
    return panels([
        Panel("error", "order: width, entries, degree", "error, absolute and of a weight", errors, "y"),
        Panel("time", "tokens n", "processor time (s)", seconds, "xy"),
    ])  # fmt: skip


EXPERIMENT = Experiment(
    "bounded",
    "Tensor attention in near-linear time: error and time",
    "How far is the near-linear form off, what can it promise, and how does its time grow with the tokens?",
    "Alman and Song, arXiv 2310.04064",
    run,
)
