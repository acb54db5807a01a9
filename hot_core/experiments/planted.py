"""Experiment `planted`: attention with known factors is learnt again from inputs and outputs, or not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product as pairs

import plotly.graph_objects as go
import torch
from torch import Tensor

from hot_core.experiments.finding import Cell, Column, Experiment, Finding, Plan
from hot_core.experiments.fit import UNTUNED, fit, r_squared, relative_error, spread
from hot_core.experiments.grid_model import FORMS, GridModel, attention
from hot_core.experiments.noisy_map import Recovered, noisy_maps, table
from hot_core.experiments.teachers import dense, teacher_of
from hot_core.figures.experiments import Curve, Panel, panels
from hot_core.record import AttentionRecord, LayerFactors

TEACHERS = {
    "product": "product, fixed factors",
    "sum": "sum, fixed factors",
    "following": "product, factors follow the input",
}
STUDENTS = ("product", "sum", "full")
OWN = {"product": "product", "sum": "sum", "following": "product"}
"""The student of the teacher's own structure."""


@dataclass(frozen=True)
class Size:
    """Everything that is chosen: sizes of the tensor, numbers of examples, steps, levels of noise."""

    sizes: tuple[int, ...] = (3, 5, 7)
    channels: int = 4
    dim: int = 32
    examples: int = 512
    held_out: int = 64
    steps: int = 400
    batch: int = 16
    rate: float = 1e-2
    noise: tuple[float, ...] = (0.0, 0.5, 2.0)
    map_noise: tuple[float, ...] = (0.03, 0.1, 0.3, 1.0, 3.0, 10.0)


QUICK = Size((2, 3), 2, 8, 16, 4, 2, 4, 1e-2, (0.0, 0.5), (0.1, 1.0))


@dataclass(frozen=True)
class Learnt:
    """What one student learnt.

    Attributes:
        score: R² of its outputs on held-out inputs, against the teacher's without noise.
        factors: relative error of its factors, the mean over modes; NaN where it has none.
        uniform: the same for factors that weigh all alike.
        whole: relative error of the N×N map that they make, or of full attention's own.
    """

    score: float
    factors: float
    uniform: float
    whole: float


def run(plan: Plan) -> Finding:
    """Teach every student by every teacher, and find the factors of a map under noise."""
    size = QUICK if plan.quick else Size()
    runs: dict[tuple[str, float, str], list[Learnt]] = {}
    for teacher, noise, student in cases(size):
        for seed in plan.seeds:
            learnt = teach(teacher, student, noise, seed, size)
            runs.setdefault((teacher, noise, student), []).append(learnt)
        plan.told(f"{TEACHERS[teacher]}, noise {noise}, student {student}: R² {learnt.score:.3f}")
    recovered = noisy_maps(size.sizes, size.map_noise, plan.seeds)
    return told(runs, recovered, size)


def cases(size: Size) -> list[tuple[str, float, str]]:
    """Every teacher with every student without noise; where the structure is right, and for full, with noise too."""
    clean = [(teacher, 0.0, student) for teacher, student in pairs(TEACHERS, STUDENTS)]
    noisy = [("product", noise, student) for noise in size.noise if noise for student in ("product", "full")]
    return clean + noisy


def teach(kind: str, form: str, noise: float, seed: int, size: Size) -> Learnt:
    """One student, one teacher.

    Args:
        kind: of the teacher, one of `TEACHERS`.
        form: of the student's attention.
        noise: standard deviation of what is added to the outputs, in units of theirs.
        seed: of teacher, inputs, noise and weights.
        size: sizes and numbers.

    Returns:
        How near the student came.
    """
    rng = torch.Generator().manual_seed(seed)
    teacher = teacher_of(kind, size.sizes, size.channels, rng)
    x, tests = (torch.randn(n, *size.sizes, size.channels, generator=rng) for n in (size.examples, size.held_out))
    clean, wanted = teacher.answer(x), teacher.answer(tests)
    scale = float(clean.std())
    heard = clean + noise * scale * torch.randn(clean.shape, generator=rng)
    torch.manual_seed(seed)
    layer = attention(form, size.dim, len(size.sizes), 1)
    model = GridModel(size.sizes, size.channels, size.channels, [layer], size.dim, placed=kind != "following")

    def loss() -> Tensor:
        chosen = torch.randint(size.examples, (size.batch,), generator=rng)
        return ((model(x[chosen]) - heard[chosen]) / scale).square().mean()

    fit(model, loss, size.steps, size.rate)
    everywhere = list(pairs(*(range(n) for n in size.sizes))) if form == "full" else []
    record = AttentionRecord(queries=everywhere)
    with torch.no_grad():
        score = r_squared(model(tests, None, record), wanted)
    return compared(score, record, teacher.factors(tests), teacher.combine)


def compared(score: float, record: AttentionRecord, true: Sequence[Tensor], combine: str) -> Learnt:
    """Errors of what a student's only layer recorded against the true factors (batch, n_i, n_i)."""
    layer, nothing = record.layers[0], float("nan")
    uniform = spread([relative_error(torch.full_like(f, 1 / f.shape[-1]), f) for f in true])[0]
    wanted = dense(true, combine)
    if not isinstance(layer, LayerFactors):
        return Learnt(score, nothing, uniform, relative_error(layer.rows[:, 0], wanted))
    found = [factor[:, 0] for factor in layer.factors]
    errors = [relative_error(f, t) for f, t in zip(found, true, strict=True)]
    return Learnt(score, spread(errors)[0], uniform, relative_error(dense(found, layer.combine), wanted))


COLUMNS = (
    Column("teacher"), Column("noise (÷ sd of outputs)", ".1f"), Column("student"), Column("R² held out", ".4f"),
    Column("± sd", ".4f"), Column("factors' error", ".3f"), Column("± sd", ".3f"), Column("uniform's error", ".3f"),
    Column("map's error", ".3f"),
)  # fmt: skip


def told(runs: dict[tuple[str, float, str], list[Learnt]], recovered: list[Recovered], size: Size) -> Finding:
    """The table, the figure and the answer."""
    rows = tuple(row(key, learnt) for key, learnt in runs.items())
    return Finding(
        answer=answer(runs, recovered),
        columns=COLUMNS,
        rows=rows,
        figure=figure(runs, recovered),
        alt="left: R² of every student of every teacher; middle: error of the factors beside that of uniform ones; "
        "right: error of a map found under noise, measured and by theory.",
        notes=(
            "Errors are Frobenius norms of the difference over that of the truth, on held-out inputs; factors' error "
            "is the mean over the modes, and what uniform factors get stands beside it. R² is against the teacher "
            "without noise.",
            "Students have one head, one layer, learn where a token stands, and see inputs and outputs alone. Full "
            "attention with places can be a product of fixed factors exactly; its map can not be a sum, which needs "
            "logits of −∞.",
            "Where the factors follow the input no student has places, full attention neither: it sees a token's own "
            "values there, not the means of slices that make the teacher's factors, and its score says no more.",
            without_counterpart(runs),
            UNTUNED,
        ),
        settings={
            "sizes": "×".join(map(str, size.sizes)), "channels": size.channels, "width": size.dim,
            "examples": size.examples, "held out": size.held_out, "steps": size.steps, "batch": size.batch,
            "rate": size.rate,
        },
        more=(table(recovered),),
    )  # fmt: skip


def without_counterpart(runs: dict[tuple[str, float, str], list[Learnt]]) -> str:
    """What the factors' errors are where student and teacher differ in structure, in the numbers."""
    said = []
    for teacher, student in pairs(TEACHERS, STUDENTS):
        if student in (OWN[teacher], "full"):
            continue
        learnt = runs[teacher, 0.0, student]
        factors, uniform = (spread([getattr(one, what) for one in learnt])[0] for what in ("factors", "uniform"))
        word = "below" if factors < uniform else "not below"
        said.append(f"{FORMS[student]} taught by {TEACHERS[teacher]} {factors:.3f}, {word} uniform's {uniform:.3f}")
    start = "Where student and teacher differ in structure the factors' error compares what has no counterpart: "
    return start + "; ".join(said) + "."


def row(key: tuple[str, float, str], learnt: list[Learnt]) -> tuple[Cell, ...]:
    """One line of the table; a dash where a student has no factors."""
    score, factors = spread([one.score for one in learnt]), spread([one.factors for one in learnt])
    cells: tuple[Cell, ...] = ("–", "–") if factors[0] != factors[0] else factors
    uniform, whole = spread([one.uniform for one in learnt])[0], spread([one.whole for one in learnt])[0]
    return (TEACHERS[key[0]], key[1], FORMS[key[2]], *score, *cells, uniform, whole)


def answer(runs: dict[tuple[str, float, str], list[Learnt]], recovered: list[Recovered]) -> str:
    """The answer, from the numbers."""
    own = {t: spread([one.factors for one in runs[t, 0.0, OWN[t]]])[0] for t in TEACHERS}
    worst = max(own, key=lambda t: own[t])
    uniform = spread([one.uniform for one in runs[worst, 0.0, OWN[worst]]])[0]
    word = "Yes" if own[worst] < 0.1 * uniform else "In part" if own[worst] < 0.5 * uniform else "No"
    wrong = {
        (t, s): spread([one.score for one in runs[t, 0.0, s]])[0] for t in TEACHERS for s in STUDENTS if s != OWN[t]
    }
    best = max(wrong, key=lambda pair: wrong[pair])
    right = min(spread([one.score for one in runs[t, 0.0, OWN[t]]])[0] for t in TEACHERS)
    ratios = [one.error / one.theory for one in recovered if one.theory < 0.2]
    theory = f" The nearest Kronecker product of a noisy map errs {min(ratios):.2f} to {max(ratios):.2f} times what " \
        "theory says where that is below 0.2." if ratios else ""  # fmt: skip
    return (
        f"{word}: without noise a student of the teacher's own structure ends with an error of its factors of at most "
        f"{own[worst]:.3f} ({TEACHERS[worst]}; uniform factors: {uniform:.3f}) and R² of at least {right:.4f}. Of the "
        f"others {FORMS[best[1]]} comes nearest, R² {wrong[best]:.4f} on the teacher “{TEACHERS[best[0]]}”; the lowest "
        f"is {min(wrong.values()):.4f}.{theory}"
    )


def figure(runs: dict[tuple[str, float, str], list[Learnt]], recovered: list[Recovered]) -> go.Figure:
    """Scores, factors, and the map under noise."""
    scores, factors = [], []
    short = {"product": "product", "sum": "sum", "following": "follows"}
    for student in STUDENTS:
        ends = [spread([one.score for one in runs[t, 0.0, student]]) for t in TEACHERS]
        x = [short[t] for t in TEACHERS]
        scores.append(Curve(FORMS[student], x, [e[0] for e in ends], [e[1] for e in ends], line=False))
        if student != "full":
            ends = [spread([one.factors for one in runs[t, 0.0, student]]) for t in TEACHERS]
            factors.append(Curve(FORMS[student], x, [e[0] for e in ends], [e[1] for e in ends], line=False))
    uniform = [spread([one.uniform for one in runs[t, 0.0, OWN[t]]])[0] for t in TEACHERS]
    factors.append(Curve("uniform factors", [short[t] for t in TEACHERS], uniform, line=False))
    levels = [one.noise for one in recovered]
    found = Curve("nearest product", levels, [one.error for one in recovered], [one.spread for one in recovered])
    theory = Curve("by theory", levels, [one.theory for one in recovered], dash=1)
    return panels([
        Panel("Outputs", "teacher", "R² on held-out inputs", scores, level=1.0),
        Panel("Factors", "teacher", "relative error of the factors", factors, "y"),
        Panel("A map under noise", "noise ÷ map (Frobenius norms)", "relative error", [found, theory], "xy"),
    ])  # fmt: skip


EXPERIMENT = Experiment(
    name="planted",
    title="Planted Kronecker structure",
    question="Data are made by attention whose map is a Kronecker product (or sum) of unknown factors. Does Kronecker-"
    "structured attention find the factors from inputs and outputs alone, and does another structure?",
    source="the claim of Omranpour, Rabusseau, Rabbany, arXiv 2412.02919, section 4; nearest product: Van Loan and "
    "Pitsianis 1993",
    run=run,
)
