"""A planted joint dependency: where to look in one mode hangs on the other mode. One Kronecker term cannot do it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import plotly.graph_objects as go
import torch
from torch import Tensor, nn

from hot_core.experiments.by_place import FullByPlace, KroneckerByPlace
from hot_core.experiments.finding import Cell, Column, Experiment, Finding, Plan
from hot_core.experiments.fit import UNTUNED, count, fit, relative_error, spread
from hot_core.experiments.grid_model import GridModel
from hot_core.figures.experiments import Curve, Panel, panels
from hot_core.kronecker import Combine
from hot_core.kronecker.nearest import rearranged

SHIFTS = ((1, 1), (-1, -1), (2, -2), (-2, 2))
"""Where the targets lie, (steps along the first mode, steps along the second), all different in either mode."""

DIM = 32
CASES = (("product", 1), ("product", 2), ("product", 4), ("sum", 4), ("full", 1))
"""Form of attention and heads."""

FORMS: dict[str, Combine] = {"product": "product", "sum": "sum"}
NAMES = {"product": "HOT, product", "sum": "HOT, sum", "full": "full attention"}


def shift(size: int, step: int) -> Tensor:
    """The cyclic shift `P` with `(P x)_i = x_{i + step}`, (size, size)."""
    return torch.eye(size, dtype=torch.float64).roll(step, 1)


def planted(sizes: Sequence[int], terms: int) -> Tensor:
    """`1/S · Σ_s P_s ⊗ P'_s`: the mean over `S` tokens that lie a joint shift away, (N, N), rows sum to 1."""
    parts = [torch.kron(shift(sizes[0], first), shift(sizes[1], second)) for first, second in SHIFTS[:terms]]
    return torch.stack(parts).mean(0)


def least_errors(matrix: Tensor, sizes: Sequence[int]) -> list[float]:
    """The least relative error of 1, 2, … Kronecker terms: tails of the singular values after Van Loan and Pitsianis.

    For white values it is also the least relative error of the outputs that a map can have that does not depend on the
    values.

    Args:
        matrix: (N, N).
        sizes: two modes.

    Returns:
        One number for each rank from 1.
    """
    values = torch.linalg.svdvals(rearranged(matrix, sizes))
    tails = values.square().flip(0).cumsum(0).flip(0)
    return [math.sqrt(max(0.0, float(tail / tails[0]))) for tail in [*tails[1:], torch.zeros(())]]


def learnt(form: str, heads: int, sizes: Sequence[int], terms: int, steps: int, seed: int) -> tuple[float, int]:
    """Train one layer on the planted map and measure it on fresh values.

    Args:
        form: of attention, "product", "sum" or "full".
        heads: of the layer; its width is `DIM` for any.
        sizes: tokens along the two modes.
        terms: of the planted map.
        steps: updates.
        seed: of weights and values.

    Returns:
        Relative error of the outputs on 256 fresh samples, and the layer's parameters.
    """
    torch.manual_seed(seed)
    matrix = planted(sizes, terms).float()
    layer = FullByPlace(sizes, DIM, heads) if form == "full" else KroneckerByPlace(sizes, DIM, heads, FORMS[form])
    model: nn.Module = GridModel(sizes, 1, 1, [layer], DIM, placed=False)

    def drawn(many: int) -> tuple[Tensor, Tensor]:
        values = torch.randn(many, *sizes, 1)
        return values, (matrix @ values.flatten(1, 2)).view_as(values)

    def loss() -> Tensor:
        values, wanted = drawn(32)
        return (model(values) - wanted).square().mean() * terms  # of the order of 1 for any number of terms

    fit(model, loss, steps, rate=1e-2)
    with torch.no_grad():
        values, wanted = drawn(256)
        return relative_error(model(values), wanted), count(layer)


def run(plan: Plan) -> Finding:
    """Plant 1, 2 and 4 terms; learn each with 1, 2 and 4 product heads, with the sum form and with full attention."""
    sizes, steps = ((3, 5), 4) if plan.quick else ((5, 7), 400)
    ranks = (1, 2) if plan.quick else (1, 2, 4)
    cases = CASES[:1] if plan.quick else CASES
    bounds = {terms: [*least_errors(planted(sizes, terms), sizes), 0.0] for terms in ranks}
    found: dict[tuple[str, int, int], tuple[float, float]] = {}
    rows: list[tuple[Cell, ...]] = []
    for form, heads in cases:
        cells: list[Cell] = []
        parameters = 0
        for terms in ranks:
            runs = [learnt(form, heads, sizes, terms, steps, seed) for seed in plan.seeds]
            parameters = runs[0][1]
            mean, deviation = found[form, heads, terms] = spread([error for error, _ in runs])
            cells += [bounds[terms][heads - 1] if form == "product" else "–", mean, deviation]
            plan.told(f"joint: {form}, {heads} heads, {terms} terms: {mean:.3f} ± {deviation:.3f}")
        rows.append((NAMES[form], heads, parameters, *cells))
    titles = [
        column
        for terms in ranks
        for column in (
            Column(f"least possible, {words(terms)}", ".3f"), Column(f"error, {words(terms)}", ".3f"),
            Column("± over seeds", ".3f"),
        )
    ]  # fmt: skip
    values = torch.linalg.svdvals(rearranged(planted(sizes, ranks[-1]), sizes))[: ranks[-1] + 1]
    return Finding(
        answer(found, bounds, ranks),
        (Column("attention"), Column("heads", "d"), Column("parameters of the layer", ",d"), *titles),
        tuple(rows), picture(found, bounds, ranks),
        f"relative error of the outputs against the number of heads, one panel for each planted map of {ranks} terms; "
        "the least that so many Kronecker terms can reach is drawn beside what was learnt.",
        (
            "Planted: every token's target is the mean of the tokens at joint shifts " + ", ".join(map(str, SHIFTS))
            + f" (the first {', '.join(map(str, ranks))} of them), around the edges; the values are white noise.",
            f"The planted map of {words(ranks[-1])} has the Van Loan and Pitsianis singular values "
            + ", ".join(f"{float(value):.3f}" for value in values)
            + ": equal and then nothing, so R terms leave the relative error √(1 − R/S).",
            "Queries and keys know the places, one learnt vector each, and nothing of the values: the map is the same "
            "for all values, and an error can be below the least possible only by chance of the samples.",
            "Each head has its own slice of the values; the value projection copies the one number of a token into "
            "every slice, and only so does a sum over heads become a sum of Kronecker terms over one value.",
            "The sum form looks along the axes of the grid only and all targets lie off them: its least is 1, to say "
            "nothing.",
            UNTUNED,
        ),
        {
            "tokens": "×".join(map(str, sizes)), "width": DIM, "steps": steps, "batch": 32, "highest rate": 0.01,
            "white values on held-out samples": 256,
        },
    )  # fmt: skip


def words(terms: int) -> str:
    """The number with its noun: `1 term`, `2 terms`."""
    return f"{terms} term" + "s" * (terms > 1)


def answer(
    found: dict[tuple[str, int, int], tuple[float, float]], bounds: dict[int, list[float]], ranks: Sequence[int]
) -> str:  # fmt: skip
    """Whether heads buy the rank, in the numbers."""
    said = []
    for terms in ranks:
        by_heads = [
            f"{mean:.3f} with {heads} (least possible {bounds[terms][heads - 1]:.3f})"
            for (form, heads, planted_terms), (mean, _) in found.items()
            if form == "product" and planted_terms == terms
        ]
        said.append(f"{words(terms)}: heads {', '.join(by_heads)}")
    full = found.get(("full", 1, ranks[-1]))
    beside = f" One head of full attention leaves {full[0]:.3f} of the last." if full else ""
    planted_maps = "; of ".join(said)
    return f"Relative error of the outputs, learnt by one product layer, for a planted map of {planted_maps}.{beside}"


def picture(
    found: dict[tuple[str, int, int], tuple[float, float]], bounds: dict[int, list[float]], ranks: Sequence[int]
) -> go.Figure:  # fmt: skip
    """Error against heads, a panel for each number of planted terms."""
    shown = []
    for terms in ranks:
        curves = []
        for form, name in NAMES.items():
            at = [heads for kind, heads, planted_terms in found if kind == form and planted_terms == terms]
            points = [found[form, heads, terms] for heads in at]
            if at:
                curves.append(Curve(name, [str(h) for h in at], [m for m, _ in points], [sd for _, sd in points]))
        heads = [heads for kind, heads, planted_terms in found if kind == "product" and planted_terms == terms]
        least = [bounds[terms][h - 1] for h in heads]
        curves.append(Curve("least possible for a product", [str(h) for h in heads], least, dash=2))
        shown.append(
            Panel(f"planted: {words(terms)}", "heads", "relative error of the outputs", curves, least=-0.05, most=1.1)
        )
    return panels(shown)


EXPERIMENT = Experiment(
    "joint",
    "A joint dependency needs more than one Kronecker term",
    "When where to look in one mode hangs on where one looks in the other, do more heads learn what one cannot?",
    "Omranpour, Rabusseau, Rabbany, arXiv 2412.02919, section 4 (rank is the number of heads); Van Loan and "
    "Pitsianis 1993 for the bound",
    run,
)
