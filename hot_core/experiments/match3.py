"""Match3 by the constructed head: right when sharp enough, and then outside the regime of the near-linear form."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass

import plotly.graph_objects as go
import torch
from torch import Tensor

from hot_core.attention import BoundedResult, RegimeWarning, bounded_tensor_attention
from hot_core.errors import RegimeError
from hot_core.experiments.finding import Cell, Column, Experiment, Finding, Plan
from hot_core.experiments.fit import spread
from hot_core.figures.experiments import Curve, Panel, panels
from hot_core.lessons import match3

TOKENS = 12
MODULI = (37, 64)
SHARPNESS = (0.2, 2.0, 50.0, 200.0, 1000.0, 4000.0)
DEGREE = 4


@dataclass(frozen=True, eq=False)
class Scored:
    """The head on the samples of one seed.

    Attributes:
        exact, bounded: shares of right answers, exact and by the bounded form, not strict.
        yes: share of yes among the right answers.
        bound: the largest bound of the weights' relative error that the bounded form gave over the samples.
        logit: `M` of that sample, which no logit exceeds.
        worst: the numbers of that sample, (n,).
    """

    exact: float
    bounded: float
    yes: float
    bound: float
    logit: float
    worst: Tensor


def scored(modulus: int, beta: float, samples: int, seed: int) -> Scored:
    """The head on random numbers, exact and by the bounded form.

    Args:
        modulus: `M`.
        beta: sharpness β.
        samples: how many rows of `TOKENS` numbers.
        seed: of the numbers.

    Returns:
        Shares of right answers, and the sample of which the bounded form can promise least.
    """
    random = torch.Generator().manual_seed(seed)
    exact, bounded, yes, promises = [], [], [], []
    for _ in range(samples):
        numbers = torch.randint(0, modulus, (TOKENS,), generator=random)
        right = match3.truth(numbers, modulus)
        near = by_bounded(numbers, modulus, beta)
        exact.append((match3.head(numbers, modulus, beta) > match3.THRESHOLD) == right)
        bounded.append((near.output[:, 0] > match3.THRESHOLD) == right)
        yes.append(right)
        promises.append((near.largest_logit, near.error_bound, numbers))
    share = [float(torch.stack(part).double().mean()) for part in (exact, bounded, yes)]
    logit, bound, worst = max(promises, key=lambda one: one[:2])  # the bound grows with the logit and may overflow
    return Scored(share[0], share[1], share[2], bound, logit, worst)


def by_bounded(numbers: Tensor, modulus: int, beta: float) -> BoundedResult:
    """The head by the bounded form where its error cannot be promised; its output (n, 1) holds the scores."""
    query, keys, values = match3.queries_keys_values(numbers, modulus, beta)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RegimeWarning)  # that it is outside its regime is what is measured
        return bounded_tensor_attention(query, keys, values, DEGREE, match3.SCALE, strict=False)


def asked(numbers: Tensor, modulus: int, beta: float) -> str:
    """The bounded form asked strictly, as anyone would: the sentence of its refusal, "" when it answers."""
    query, keys, values = match3.queries_keys_values(numbers, modulus, beta)
    try:
        bounded_tensor_attention(query, keys, values, DEGREE, match3.SCALE)
    except RegimeError as refusal:
        return str(refusal)
    return ""


def run(plan: Plan) -> Finding:
    """Sweep the sharpness for both moduli."""
    samples = 2 if plan.quick else 200
    rows: list[tuple[Cell, ...]] = []
    refusals: dict[tuple[int, float], str] = {}
    for modulus in MODULI:
        for beta in SHARPNESS:
            runs = [scored(modulus, beta, samples, seed) for seed in plan.seeds]
            exact, deviation = spread([run.exact for run in runs])
            yes = spread([run.yes for run in runs])[0]
            worst = max(runs, key=lambda run: (run.logit, run.bound))
            logit, bound, refusals[modulus, beta] = worst.logit, worst.bound, asked(worst.worst, modulus, beta)
            says = "refused" if refusals[modulus, beta] else "answered"
            bounded = spread([run.bounded for run in runs])[0]
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
            "Largest logit, promise and answer or refusal are those of the sample, of all that were scored, of which "
            "the bounded form can promise least.",
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
