"""Experiment `rank`: how many Kronecker terms (heads) a real series needs."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product as pairs

import plotly.graph_objects as go
import torch
from torch import Tensor, nn

from hot_core.experiments.finding import Cell, Column, Experiment, Finding, Plan, Table
from hot_core.experiments.fit import UNTUNED, apart, count, fit, spread
from hot_core.experiments.grid_model import Places, attention
from hot_core.experiments.series import Series, linear_forecast, linear_map, persistence, seasonal, weather
from hot_core.figures.experiments import Curve, Panel, panels
from hot_core.kronecker import nearest_kronecker
from hot_core.models import Block
from hot_core.models.forecaster import window_scale
from hot_core.record import AttentionRecord, LayerRows


@dataclass(frozen=True)
class Size:
    """Everything that is chosen; steps of time are hours."""

    lookback: int = 72
    horizon: int = 24
    patch: int = 6
    dim: int = 32
    steps: int = 250
    batch: int = 16
    rate: float = 3e-3
    tests: int = 160
    heads: tuple[int, ...] = (1, 2, 4, 8)
    full_heads: int = 4
    terms: int = 16


QUICK = Size(12, 4, 6, 8, 2, 2, 3e-3, 4, (1, 2), 2, 2)


class Foreteller(nn.Module):
    """Patches of each series are tokens of airport × variable × time; one block; each series' tokens foretell it."""

    def __init__(self, form: str, heads: int, size: Size, series: Series) -> None:
        super().__init__()
        self.patch, times = size.patch, size.lookback // size.patch
        self.sizes = (*series.values.shape[:2], times)
        self.enter = nn.Linear(2 * size.patch, size.dim)
        self.places = Places(self.sizes, size.dim)
        self.block = Block(attention(form, size.dim, 3, heads), size.dim, 2 * size.dim)
        self.leave = nn.Linear(times * size.dim, size.horizon)

    def forward(self, values: Tensor, valid: Tensor, record: AttentionRecord | None = None) -> Tensor:
        """[batch, airport, variable, lookback] → [batch, airport, variable, horizon], in the units of the values."""
        centre, scale = window_scale(values, valid)
        normal = torch.where(valid, (values - centre) / scale, 0.0)
        parts = [part.unflatten(-1, (-1, self.patch)) for part in (normal, valid.to(values.dtype))]
        tokens = self.block(self.places(self.enter(torch.cat(parts, -1))), None, record)
        return self.leave(tokens.flatten(-2)) * scale + centre


@dataclass(frozen=True)
class Scored:
    """Mean absolute error on the last part in standard deviations of the first, and the model's parameters."""

    error: float
    parameters: int


def run(plan: Plan) -> Finding:
    """Train with 1 … 8 heads and with full attention, score, and take the spectrum of the full map."""
    size, series = QUICK if plan.quick else Size(), weather()
    runs: dict[str, list[Scored]] = {}
    errors: dict[str, list[list[float]]] = {"trained": [], "untrained": []}
    for seed in plan.seeds:
        for heads in size.heads:
            scored, _ = train("product", heads, seed, size, series)
            runs.setdefault(f"HOT, {heads} head{'s' if heads > 1 else ''}", []).append(scored)
            plan.told(f"seed {seed}, {heads} heads: {scored.error:.4f}")
        errors["untrained"] += spectra(fresh("full", size.full_heads, seed, size, series), size, series)
        scored, model = train("full", size.full_heads, seed, size, series)
        runs.setdefault(f"full, {size.full_heads} heads", []).append(scored)
        errors["trained"] += spectra(model, size, series)
        plan.told(f"seed {seed}, full: {scored.error:.4f}")
    return told(runs, simple(size, series), errors, size)


def fresh(form: str, heads: int, seed: int, size: Size, series: Series) -> Foreteller:
    """A model that has learnt nothing."""
    torch.manual_seed(seed)
    return Foreteller(form, heads, size, series)


def train(form: str, heads: int, seed: int, size: Size, series: Series) -> tuple[Scored, Foreteller]:
    """One model, trained on windows of the first part and scored on the last."""
    model, rng = fresh(form, heads, seed, size, series), torch.Generator().manual_seed(seed)

    def loss() -> Tensor:
        values, valid = series.draw(size.batch, size.lookback + size.horizon, rng)
        seen, later = values[..., : size.lookback], values[..., size.lookback :]
        known = valid[..., size.lookback :]
        return ((model(seen, valid[..., : size.lookback]) - later).abs() * known).sum() / known.sum()

    fit(model, loss, size.steps, size.rate)
    values, valid = series.tests(size.lookback + size.horizon, size.tests)
    with torch.no_grad():
        forecast = model(values[..., : size.lookback], valid[..., : size.lookback])
    return Scored(mean_error(forecast, values, valid, size), count(model)), model


def mean_error(forecast: Tensor, values: Tensor, valid: Tensor, size: Size) -> float:
    """Mean absolute error over the known values behind the lookback."""
    known = valid[..., size.lookback :]
    return float((forecast - values[..., size.lookback :]).abs()[known].double().mean())


def simple(size: Size, series: Series) -> dict[str, float]:
    """Errors of forecasts that learn nothing or little, on the same windows."""
    length, lookback = size.lookback + size.horizon, size.lookback
    values, valid = series.tests(length, size.tests)
    seen = values[..., :lookback], valid[..., :lookback]
    past, known = series.windows(torch.arange(0, series.cut - length + 1, max(1, size.patch)), length)
    weights = linear_map(past[..., :lookback], known[..., :lookback], past[..., lookback:], known[..., lookback:])
    forecasts = {
        "persistence (last value)": persistence(*seen, size.horizon),
        "the last day again": seasonal(*seen, size.horizon),
        "linear, one map for all series": linear_forecast(weights, *seen),
    }
    return {name: mean_error(forecast, values, valid, size) for name, forecast in forecasts.items()}


def spectra(model: Foreteller, size: Size, series: Series) -> list[list[float]]:
    """For each head of full attention on the first test window: relative errors of 1, 2, … Kronecker terms."""
    record = AttentionRecord(queries=list(pairs(*(range(n) for n in model.sizes))))
    values, valid = series.tests(size.lookback + size.horizon, 1)
    with torch.no_grad():
        model(values[..., : size.lookback], valid[..., : size.lookback], record)
    layer = record.layers[0]
    if not isinstance(layer, LayerRows):
        return []
    return [list(nearest_kronecker(m, model.sizes, size.terms, iterations=60).errors) for m in layer.rows[0]]


COLUMNS = (
    Column("forecast"), Column("mean absolute error (sd)", ".4f"), Column("± sd over seeds", ".4f"),
    Column("÷ persistence", ".3f"), Column("parameters", ",d"),
)  # fmt: skip


def told(
    runs: dict[str, list[Scored]], others: dict[str, float], errors: dict[str, list[list[float]]], size: Size
) -> Finding:
    """The tables, the figure and the answer."""
    base = others["persistence (last value)"]
    rows: list[tuple[Cell, ...]] = []
    for name, scored in runs.items():
        mean, deviation = spread([one.error for one in scored])
        rows.append((name, mean, deviation, mean / base, scored[0].parameters))
    rows += [(name, error, 0.0, error / base, 0) for name, error in others.items()]
    shown = [terms for terms in (1, 2, 4, 8, 16) if terms <= size.terms]
    return Finding(
        answer=answer(runs, others, errors),
        columns=COLUMNS,
        rows=tuple(rows),
        figure=figure(runs, others, errors, size),
        alt="left: error of the forecast against the number of heads, with the yardsticks as lines; right: error of "
        "the nearest sum of Kronecker products of full attention's map against the number of terms.",
        notes=(
            "Each series is scaled by mean and standard deviation of the first 75 % of the year, which alone is learnt "
            "from; the error is over windows spread over the last 25 %, all airports, variables and hours ahead. Gaps "
            "count nowhere.",
            "Width is the same for all numbers of heads: more heads are more Kronecker terms, each over a narrower "
            "slice of the values. One block, learnt places. The yardsticks have no seed.",
            UNTUNED,
            "The second table is of the map of each head of full attention on one test window, the mean over heads and "
            "seeds; with three modes the nearest sum is what an alternating method finds in at most 60 rounds.",
        ),
        settings={
            "lookback (h)": size.lookback, "horizon (h)": size.horizon, "patch (h)": size.patch, "width": size.dim,
            "steps": size.steps, "batch": size.batch, "rate": size.rate, "test windows": size.tests,
        },
        more=(spectrum_table(errors, shown),),
    )  # fmt: skip


def spectrum_table(errors: dict[str, list[list[float]]], shown: list[int]) -> Table:
    """Errors of so many Kronecker terms, of the trained and of the untrained map."""
    columns = (Column("Kronecker terms", "d"), Column("trained", ".3f"), Column("± sd", ".3f"),
               Column("untrained", ".3f"), Column("± sd", ".3f"))  # fmt: skip
    rows = tuple(
        (terms, *(end for name in ("trained", "untrained") for end in spread([e[terms - 1] for e in errors[name]])))
        for terms in shown
    )
    return Table("Full attention's map by so many Kronecker terms (relative Frobenius error)", columns, rows)


def answer(runs: dict[str, list[Scored]], others: dict[str, float], errors: dict[str, list[list[float]]]) -> str:
    """The answer, from the numbers."""
    every = {name: [one.error for one in scored] for name, scored in runs.items()}
    means = {name: spread(ends)[0] for name, ends in every.items()}
    hot = {name: mean for name, mean in means.items() if name.startswith("HOT")}
    low, high = (pick(hot, key=lambda name: hot[name]) for pick in (min, max))
    noise = max(spread(every[name])[1] for name in (low, high))
    word = "more than" if apart(every[low], every[high]) else "not more than"
    full = next(name for name in means if name.startswith("full"))
    sizes = [runs[name][0].parameters for name in hot]
    of = " to ".join(f"{number:,}" for number in sorted({min(sizes), max(sizes)}))
    yard = min(others, key=lambda name: others[name])
    terms = [spread([one[at] for one in errors["trained"]])[0] for at in (0, len(errors["trained"][0]) - 1)]
    return (
        f"Over the head counts the error of HOT lies from {hot[low]:.4f} ({low}) to {hot[high]:.4f} ({high}), a "
        f"difference of {hot[high] - hot[low]:.4f}, {word} twice the spread over seeds ({noise:.4f}); HOT has {of} "
        f"parameters. Full attention, with {runs[full][0].parameters:,}, comes to {means[full]:.4f}, the best "
        f"yardstick to {others[yard]:.4f} ({yard}). One Kronecker term leaves {terms[0]:.3f} of full attention's map, "
        f"{len(errors['trained'][0])} terms {terms[1]:.3f}."
    )


def figure(
    runs: dict[str, list[Scored]], others: dict[str, float], errors: dict[str, list[list[float]]], size: Size
) -> go.Figure:
    """Errors against heads and against terms."""
    ends = {name: spread([one.error for one in scored]) for name, scored in runs.items()}
    hot = [end for name, end in ends.items() if name.startswith("HOT")]
    curves = [Curve("HOT, product", list(size.heads), [e[0] for e in hot], [e[1] for e in hot])]
    flat = {name: end[0] for name, end in ends.items() if name.startswith("full")} | others
    across = [size.heads[0], size.heads[-1]]
    curves += [Curve(name, across, [error, error], dash=1) for name, error in flat.items()]
    terms = list(range(1, size.terms + 1))
    maps = []
    for name, found in errors.items():
        means = [spread([one[at - 1] for one in found]) for at in terms]
        maps.append(Curve(f"map, {name}", terms, [m[0] for m in means], [m[1] for m in means]))
    return panels([
        Panel("Forecast", "heads = Kronecker terms of the layer", "mean absolute error (sd)", curves),
        Panel("Full attention's map", "Kronecker terms", "relative error", maps),
    ])  # fmt: skip


EXPERIMENT = Experiment(
    name="rank",
    title="Rank on a real series",
    question="On a year of hourly weather at three airports: does a forecast get better with more heads, each one "
    "Kronecker term, at the same width? And how many terms make full attention's own map?",
    source="Omranpour, Rabusseau, Rabbany, arXiv 2412.02919, on the rank; the data are sample_data/"
    "nyc_airport_weather_2013.csv",
    run=run,
)
