"""A map of attention written down with few numbers: Kronecker terms against the tensor formats, at equal budgets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go
from torch import Tensor

from hot_core.experiments.finding import Cell, Column, Experiment, Finding, Plan
from hot_core.experiments.fit import relative_error, spread
from hot_core.experiments.formats import FORMATS, ROUNDS, TOLERANCE
from hot_core.experiments.reader import trained
from hot_core.experiments.series import SAMPLE
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
            *(column for budget in budgets
              for column in (Column(f"error, R = {budget}", ".3f"), Column("± over maps", ".3f"))),
            Column(f"numbers at R = {budgets[-1]}", ",d"), Column(f"error of outputs, R = {budgets[-1]}", ".3f"),
        ),
        tuple(rows), picture(runs), alt(runs),
        (
            f"A budget of R is what R Kronecker terms store, R · Σ nᵢ² numbers; no format stores more, and "
            f"most store a little less ({MISSING} where the smallest form is larger, or not asked). Ranks of Tensor "
            "Train and Tucker begin at one threshold on singular values, of a ring equal, and rise one at a time while "
            "one more fits; other choices of ranks may do better. The errors are relative Frobenius errors, means over "
            "seeds and heads, with the standard deviation over these maps.",
            "All formats write the same maps. One is ahead of another only where its error is less by more than twice "
            "the standard deviation of the difference over the maps; else they are level.",
            "Pairs: one axis for each mode's (query, key) pair, sizes nᵢ². Split: the query's modes, then the key's. "
            "Kronecker terms are the CP format of the pairs, so CP stands only once more, for the split tensor.",
            f"CP, Tensor Ring, Tucker and Kronecker terms are found by alternating rounds, at most {ROUNDS} and until "
            f"one gains less than {TOLERANCE:g}, each by its own measure of gain; they need not be the best there is. "
            "Tensor Train and the low-rank matrix are found by singular values.",
            f"The bundled model's map is the mean of {terms or 'its'} heads, each a Kronecker product: a sum of as "
            "many terms by its making, which favours that format. The trained layer owes nothing to any of them.",
            "What is compared is how few numbers hold a given map; nothing is said about learning in a format.",
        ),
        settings,
    )  # fmt: skip


def bundled_map() -> KroneckerMixture:
    """The mean of the heads of the first layer of a bundled model on the sample series."""
    model = load_model(MODEL)
    analysis = analyse(read(SAMPLE), model)
    maps = [analysis.kronecker_map(layer=0, head=head) for head in range(model.config.heads)]
    return KroneckerMixture.equal([single for single in maps if isinstance(single, KroneckerMap)])


def rows_of(
    name: str, runs: Sequence[dict[tuple[str, str], list[Point]]], budgets: Sequence[int]
) -> list[tuple[Cell, ...]]:
    """The table's lines for one kind of map, means over runs."""
    rows: list[tuple[Cell, ...]] = []
    for kind in FORMATS:
        cells: list[Cell] = [name, *kind]
        for budget in budgets:
            errors = errors_of(runs, kind, budget)
            cells += spread(errors) if errors else (MISSING, MISSING)
        last = [point for run in runs for point in run[kind] if point.budget == budgets[-1]]
        cells += [last[0].numbers, spread([point.output_error for point in last])[0]] if last else [MISSING, MISSING]
        rows.append(tuple(cells))
    return rows


def errors_of(
    runs: Sequence[dict[tuple[str, str], list[Point]]], kind: tuple[str, str], budget: int
) -> list[float]:  # fmt: skip
    """The errors of one format at one budget, map by map; none where its smallest form is larger."""
    return [point.map_error for run in runs for point in run[kind] if point.budget == budget]


def ahead(one: Sequence[float], other: Sequence[float]) -> bool:
    """Whether one format's errors are less than another's on the same maps, by more than twice the difference's sd."""
    if len(one) < 2:
        return False
    gain, noise = spread([theirs - ours for ours, theirs in zip(one, other, strict=True)])
    return gain > 2 * noise


def answer(runs: Sequence[dict[tuple[str, str], list[Point]]], budgets: Sequence[int]) -> str:
    """Who holds the trained map best at each budget, and how many formats are ahead of the Kronecker terms."""
    kronecker = next(iter(FORMATS))
    said, unbeaten = [], 0
    for budget in budgets:
        errors = {kind: errors_of(runs, kind, budget) for kind in FORMATS}
        known = {kind: some for kind, some in errors.items() if some}
        means = {kind: spread(some)[0] for kind, some in known.items()}
        best = min(means, key=lambda kind: means[kind])
        before = sum(ahead(some, known[kronecker]) for some in known.values())
        behind = sum(ahead(known[kronecker], some) for some in known.values())
        unbeaten += not before
        own = "" if best == kronecker else f", Kronecker terms {means[kronecker]:.3f}"
        level = len(known) - 1 - before - behind
        said.append(
            f"R = {budget}: {' on '.join(best)} {means[best]:.3f}{own} (of the others {before} ahead of Kronecker "
            f"terms, {level} level, {behind} behind)"
        )
    return (
        f"On maps of a trained full attention no other of {len(FORMATS)} formats is ahead of Kronecker terms at "
        f"{unbeaten} of {len(budgets)} budgets. Smallest relative error at equal numbers: {'; '.join(said)}."
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
