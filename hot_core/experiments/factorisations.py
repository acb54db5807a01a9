"""A map of attention written down with few numbers: Kronecker terms against the tensor formats, at equal budgets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go
from torch import Tensor

from hot_core.experiments.finding import Cell, Column, Experiment, Finding, Plan
from hot_core.experiments.fit import relative_error, spread
from hot_core.experiments.formats import FORMATS
from hot_core.experiments.reader import FILE, trained
from hot_core.figures.experiments import Curve, Panel, panels
from hot_core.io import read
from hot_core.kronecker import KroneckerMap, KroneckerMixture
from hot_core.models import load_model
from hot_core.pipeline import analyse

TRAINED, BUNDLED = "full attention, trained", "HOT, bundled model"
MODEL = "air-quality"
MISSING = "–"


@dataclass(frozen=True)
class Point:
    """One format at one budget on one map.

    Attributes:
        budget: Kronecker terms that the budget would hold.
        numbers: numbers stored.
        map_error: relative Frobenius error of the map.
        output_error: the same of the map times its values; 0 where there are no values.
    """

    budget: int
    numbers: int
    map_error: float
    output_error: float


def measured(
    matrix: Tensor, values: Tensor | None, sizes: Sequence[int], budgets: Sequence[int], seed: int
) -> dict[tuple[str, str], list[Point]]:
    """Every format at every budget on one map.

    Args:
        matrix: (N, N).
        values: (N, width) that it weighs, or None.
        sizes: tokens along each mode.
        budgets: each as a number of Kronecker terms, of `Σ n_i²` numbers each.
        seed: of the random beginnings.

    Returns:
        The points of each format; a budget too small for the format is left out.
    """
    term = sum(size**2 for size in sizes)
    found: dict[tuple[str, str], list[Point]] = {name: [] for name in FORMATS}
    for name, write in FORMATS.items():
        for budget in budgets:
            written = write(matrix, sizes, budget * term, seed)
            if written is not None:
                passed = 0.0 if values is None else relative_error(written.matrix @ values, matrix @ values)
                found[name].append(Point(budget, written.numbers, relative_error(written.matrix, matrix), passed))
    return found


def run(plan: Plan) -> Finding:
    """Train, factorise, compare."""
    budgets = (1, 4) if plan.quick else (1, 2, 4, 8, 16)
    tokens, steps, heads = (2, 3, 1) if plan.quick else (8, 300, 2)
    runs: list[dict[tuple[str, str], list[Point]]] = []
    scores: list[float] = []
    sizes: tuple[int, ...] = ()
    for seed in plan.seeds:
        layer = trained(seed, tokens=tokens, steps=steps)
        scores.append(layer.score)
        sizes = layer.sizes
        for head, (matrix, values) in enumerate(zip(layer.maps[:heads], layer.values[:heads], strict=True)):
            runs.append(measured(matrix, values, sizes, budgets, seed))
            plan.told(f"factorisations: seed {seed}, head {head} done, R² {layer.score:.3f}")
    rows = rows_of(TRAINED, runs, budgets)
    terms, bundled = 0, "none"
    if not plan.quick:
        mixture = bundled_map()
        terms, bundled = len(mixture.maps), "×".join(map(str, mixture.sizes))
        found = measured(mixture.dense(), None, mixture.sizes, (terms,), plan.seeds[0])
        rows += rows_of(BUNDLED, [found], budgets)
        plan.told("factorisations: the bundled model's map done")
    settings: dict[str, Cell] = {
        "tokens": "×".join(map(str, sizes)), "steps": steps, "width": 32, "heads": heads,
        "numbers in a Kronecker term": sum(size**2 for size in sizes),
        "R² of the trained layer on hidden tokens": f"{spread(scores)[0]:.3f}",
        "tokens of the bundled map": bundled,
    }  # fmt: skip
    return Finding(
        answer(runs, budgets),
        (
            Column("map"), Column("format"), Column("arrangement"),
            *(Column(f"error, R = {budget}", ".3f") for budget in budgets),
            Column(f"numbers at R = {budgets[-1]}", ",d"), Column(f"error of outputs, R = {budgets[-1]}", ".3f"),
        ),
        tuple(rows), picture(runs), alt(runs),
        (
            f"A budget of R is what R Kronecker terms store, R · Σ nᵢ² numbers; every format takes the largest ranks "
            f"within it ({MISSING} where its smallest form is larger, or not asked). The errors are relative Frobenius "
            "errors, means over seeds and heads.",
            "Pairs: one axis for each mode's (query, key) pair, sizes nᵢ². Split: the query's modes, then the key's. "
            "Kronecker terms are the CP format of the pairs, so CP stands only once more, for the split tensor.",
            "CP, Tensor Ring and Kronecker terms are found by alternating rounds from a random beginning and need not "
            "be the best there is; Tensor Train and the low-rank matrix by singular values.",
            f"The bundled model's map is the mean of {terms or 'its'} heads, each a Kronecker product: a sum of as "
            "many terms by its making, which favours that format. The trained layer owes nothing to any of them.",
            "What is compared is how few numbers hold a given map; nothing is said about learning in a format.",
        ),
        settings,
    )  # fmt: skip


def bundled_map() -> KroneckerMixture:
    """The mean of the heads of the first layer of a bundled model on the sample series."""
    model = load_model(MODEL)
    analysis = analyse(read(FILE), model)
    maps = [analysis.kronecker_map(layer=0, head=head) for head in range(model.config.heads)]
    return KroneckerMixture.equal([single for single in maps if isinstance(single, KroneckerMap)])


def rows_of(
    name: str, runs: Sequence[dict[tuple[str, str], list[Point]]], budgets: Sequence[int]
) -> list[tuple[Cell, ...]]:
    """The table's lines for one kind of map, means over runs."""
    rows: list[tuple[Cell, ...]] = []
    for kind in FORMATS:
        cells: list[Cell] = [name, *kind]
        cells += [mean_of(runs, kind, budget, "map_error") for budget in budgets]
        last = [point for run in runs for point in run[kind] if point.budget == budgets[-1]]
        cells += [last[0].numbers, spread([point.output_error for point in last])[0]] if last else [MISSING, MISSING]
        rows.append(tuple(cells))
    return rows


def mean_of(
    runs: Sequence[dict[tuple[str, str], list[Point]]], kind: tuple[str, str], budget: int, what: str
) -> Cell:  # fmt: skip
    """The mean over runs of one format at one budget; a dash where it has no point."""
    errors = [getattr(point, what) for run in runs for point in run[kind] if point.budget == budget]
    return spread(errors)[0] if errors else MISSING


def answer(runs: Sequence[dict[tuple[str, str], list[Point]]], budgets: Sequence[int]) -> str:
    """Who holds the trained map best at each budget, and where the Kronecker terms stand."""
    kronecker = next(iter(FORMATS))
    said, firsts = [], 0
    for budget in budgets:
        errors = {kind: mean_of(runs, kind, budget, "map_error") for kind in FORMATS}
        known = {kind: float(error) for kind, error in errors.items() if not isinstance(error, str)}
        best = min(known, key=lambda kind: known[kind])
        place = 1 + sum(error < known[kronecker] for error in known.values())
        firsts += best == kronecker
        said.append(
            f"R = {budget}: {' on '.join(best)} {known[best]:.3f}"
            + ("" if best == kronecker else f", Kronecker terms {known[kronecker]:.3f} (place {place} of {len(known)})")
        )
    return (
        f"On maps of a trained full attention, Kronecker terms are the best of {len(FORMATS)} formats at {firsts} of "
        f"{len(budgets)} budgets. Smallest relative error at equal numbers: {'; '.join(said)}."
    )


def picture(runs: Sequence[dict[tuple[str, str], list[Point]]]) -> go.Figure:
    """Error of the map and of the outputs against the numbers stored."""
    curves: dict[str, list[Curve]] = {"map_error": [], "output_error": []}
    for at, kind in enumerate(FORMATS):
        budgets = sorted({point.budget for run in runs for point in run[kind]})
        of = {b: [point for run in runs for point in run[kind] if point.budget == b] for b in budgets}
        stored = [spread([float(point.numbers) for point in of[b]])[0] for b in budgets]
        for what, lines in curves.items():
            both = [spread([getattr(point, what) for point in of[b]]) for b in budgets]
            name = kind[0] if "axis" in kind[1] else f"{kind[0]}, {kind[1].split()[0]}"
            lines.append(Curve(name, stored, [m for m, _ in both], [sd for _, sd in both], dash=2 if at > 3 else 0))
    across = "numbers stored"
    return panels([
        Panel("the map itself", across, "relative Frobenius error", curves["map_error"], "xy"),
        Panel("what it does to its values", across, "relative error of A·V", curves["output_error"], "xy"),
    ])  # fmt: skip


def alt(runs: Sequence[dict[tuple[str, str], list[Point]]]) -> str:
    """The figure in words."""
    parts = [
        f"{kind[0]} ({kind[1]}) {spread([run[kind][0].map_error for run in runs if run[kind]])[0]:.2f} to "
        f"{spread([run[kind][-1].map_error for run in runs if run[kind]])[0]:.2f}"
        for kind in FORMATS
        if any(run[kind] for run in runs)
    ]
    return "relative error of the map against the numbers stored, falling from and to: " + "; ".join(parts) + "."


EXPERIMENT = Experiment(
    "factorisations",
    "Kronecker terms against Tensor Train, Tensor Ring, CP and Tucker",
    "With equally many numbers, which format holds a map of high-order attention best?",
    "Omranpour, Rabusseau, Rabbany, arXiv 2412.02919, section 4 (any high-order attention is a sum of Kronecker "
    "products); Van Loan and Pitsianis 1993; formats by tensorly",
    run,
)
