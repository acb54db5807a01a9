"""Match3 by the constructed head: right when sharp enough, and then outside the regime of the near-linear form."""

from __future__ import annotations

import math
import warnings

import plotly.graph_objects as go
import torch
from torch import Tensor

from hot_core.attention import RegimeWarning, bounded_tensor_attention
from hot_core.errors import RegimeError
from hot_core.experiments.finding import Cell, Column, Experiment, Finding, Plan
from hot_core.experiments.fit import spread
from hot_core.figures.experiments import Curve, Panel, panels
from hot_core.lessons import match3

TOKENS = 12
MODULI = (37, 64)
SHARPNESS = (0.2, 2.0, 50.0, 200.0, 1000.0, 4000.0)
DEGREE = 4


def scored(modulus: int, beta: float, samples: int, seed: int) -> tuple[float, float, float]:
    """The head on random numbers, exact and by the bounded form.

    Args:
        modulus: `M`.
        beta: sharpness β.
        samples: how many rows of `TOKENS` numbers.
        seed: of the numbers.

    Returns:
        Shares of right answers, exact and bounded (not strict), and the share of yes among the right answers.
    """
    random = torch.Generator().manual_seed(seed)
    exact, bounded, yes = [], [], []
    for _ in range(samples):
        numbers = torch.randint(0, modulus, (TOKENS,), generator=random)
        right = match3.truth(numbers, modulus)
        exact.append(match3.head(numbers, modulus, beta) > match3.THRESHOLD)
        bounded.append(by_bounded(numbers, modulus, beta) > match3.THRESHOLD)
        exact[-1], bounded[-1] = exact[-1] == right, bounded[-1] == right
        yes.append(right)
    share = [float(torch.stack(part).double().mean()) for part in (exact, bounded, yes)]
    return share[0], share[1], share[2]


def by_bounded(numbers: Tensor, modulus: int, beta: float) -> Tensor:
    """The head's scores by the bounded form where its error cannot be promised, (n,)."""
    query, keys, values = match3.queries_keys_values(numbers, modulus, beta)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RegimeWarning)  # that it is outside its regime is what is measured
        result = bounded_tensor_attention(query, keys, values, DEGREE, match3.SCALE, strict=False)
    return result.output[:, 0]


def asked(modulus: int, beta: float) -> tuple[float, float, str]:
    """The bounded form asked as anyone would: the largest logit, what it promises, and its refusal ("" for none).

    Args:
        modulus: `M`.
        beta: sharpness β.

    Returns:
        `M`, the bound of the weights' relative error, the sentence of the refusal.
    """
    query, keys, values = match3.queries_keys_values(torch.arange(TOKENS) * 5 % modulus, modulus, beta)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RegimeWarning)
        result = bounded_tensor_attention(query, keys, values, DEGREE, match3.SCALE, strict=False)
    try:
        bounded_tensor_attention(query, keys, values, DEGREE, match3.SCALE)
    except RegimeError as refusal:
        return result.largest_logit, result.error_bound, str(refusal)
    return result.largest_logit, result.error_bound, ""


def run(plan: Plan) -> Finding:
    """Sweep the sharpness for both moduli."""
    samples = 2 if plan.quick else 200
    rows: list[tuple[Cell, ...]] = []
    refusals: dict[tuple[int, float], str] = {}
    for modulus in MODULI:
        for beta in SHARPNESS:
            runs = [scored(modulus, beta, samples, seed) for seed in plan.seeds]
            exact, deviation = spread([run[0] for run in runs])
            yes = spread([run[2] for run in runs])[0]
            logit, bound, refusals[modulus, beta] = asked(modulus, beta)
            says = "refused" if refusals[modulus, beta] else "answered"
            bounded = spread([run[1] for run in runs])[0]
            promise: Cell = bound if math.isfinite(bound) else "above 1e304"
            rows.append((modulus, beta, exact, deviation, max(yes, 1 - yes), logit, promise, says, bounded))
        plan.told(f"match3: modulus {modulus} done, β = {beta:g}: {exact:.4f}")
    sentence = refusals[MODULI[0], 1000.0]
    return Finding(
        answer(rows),
        (
            Column("modulus", "d"), Column("β", "g"), Column("share right, exact", ".4f"),
            Column("± over seeds", ".4f"),
            Column("commoner answer", ".3f"), Column("largest logit possible", ".1f"),
            Column("promised relative error of a weight", ".1e"), Column("bounded form"),
            Column("its share right, not strict", ".4f"),
        ),
        tuple(rows), picture(rows),
        "share of right answers against the sharpness β, exact and by the bounded form, one panel for each modulus; "
        "a dotted line marks the commoner answer.",
        (
            f"The head has {match3.WIDTH} coordinates: four for cos(a + b + c), one for a blank token; yes means that "
            f"more than {match3.THRESHOLD} of the weight lies on pairs of tokens.",
            f"It is always right from β = 4 ln n / (1 − cos(2π/M)) on: {match3.beta_for(TOKENS, MODULI[0]):,} for "
            f"M = {MODULI[0]}, {match3.beta_for(TOKENS, MODULI[1]):,} for M = {MODULI[1]}.",
            f"In the words of the bounded form at M = {MODULI[0]}, β = 1000: “{sentence}”",
            f"Not strict, degree {DEGREE}, is shown only to see what a refusal spares.",
        ),
        {"numbers in a sample": TOKENS, "samples for a seed": samples, "degree": DEGREE, "type": "float64"},
    )  # fmt: skip


def answer(rows: list[tuple[Cell, ...]]) -> str:
    """Where the head is right, and whether the bounded form refuses there."""
    said = []
    for modulus in MODULI:
        of = [row for row in rows if row[0] == modulus]
        sharp = [row for row in of if float(row[2]) == 1.0]
        perfect = f"right on every sample from β = {sharp[0][1]:g} on" if sharp else "never right on every sample"
        soft = of[SHARPNESS.index(50.0)]
        said.append(f"M = {modulus}: {soft[2]:.3f} right at β = {soft[1]:g}, {perfect}")
    sharp_rows = [row for row in rows if float(row[2]) == 1.0]
    refused = sum(row[7] == "refused" for row in sharp_rows)
    return (
        f"One head over pairs, with {match3.WIDTH} coordinates, answers Match3. {'; '.join(said)}. The bounded form "
        f"refuses {refused} of the {len(sharp_rows)} settings in which the head is always right, and "
        f"{sum(row[7] == 'refused' for row in rows)} of all {len(rows)}."
    )


def picture(rows: list[tuple[Cell, ...]]) -> go.Figure:
    """Share right against β, exact and bounded."""
    shown = []
    for modulus in MODULI:
        of = [row for row in rows if row[0] == modulus]
        betas = [float(row[1]) for row in of]
        exact = Curve("exact", betas, [float(row[2]) for row in of], [float(row[3]) for row in of])
        bounded = Curve(f"bounded, degree {DEGREE}, not strict", betas, [float(row[8]) for row in of], dash=1)
        level = sum(float(row[4]) for row in of) / len(of)
        shown.append(
            Panel(
                f"modulus {modulus}", "sharpness β", "share of right answers", [exact, bounded], "x", 0.0, 1.05, level
            )
        )
    return panels(shown)


EXPERIMENT = Experiment(
    "match3",
    "Match3 by one head over pairs",
    "Can one head of tensor attention answer Match3, and may the near-linear form be used for it?",
    "Sanford, Hsu, Telgarsky, arXiv 2306.02896; Alman and Song, arXiv 2310.04064",
    run,
)
