"""docs/peers.md: a table for each data set, the comparison by seed and what follows, from whatever is there."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence

from hot_core.training.peers.findings import (
    Found,
    against_product,
    attention_macs,
    findings,
    in_a_word,
    in_short,
)
from hot_core.training.peers.kinds import KINDS, REFERENCE, Kind
from hot_core.training.peers.pace import Paces
from hot_core.training.peers.paired import deviation, signed
from hot_core.training.peers.scores import TASKS, by_kind
from hot_core.training.peers.store import Result

NOTHING = "–"
QUICK = "**Quick run: it proves the road. Its numbers mean nothing.**"
HEADING = """# HOT against its peers

A Higher-Order Transformer (HOT) attends by the Kronecker product of one small matrix for each mode of the data. Is that
better or worse than other attention, or another model, in its place, and what does it cost? Every kind below is
trained by the data set's own recipe: the same batches in the same order for the same seed as far as its run goes, the
same loss, optimiser and choice of weights on the validation part, a learning rate that rises over 100 steps (a tenth of
a run below 1,000) and falls along a cosine; the test part is measured at the end of a run. Equal is the CPU time of the
training steps on one thread: the number of steps is that time divided by the time of a step, which was measured for all
kinds in turns before. What a run took in the end varies with what else the machine did, and stands beside it. Apart
from what is named under "What differs" the models are the same, and what they share begins with the same weights for
the same seed.

**What favours the product**: the recipes, their learning rate and weight decay were settled with it, at times after a
look at the test part (the cards say where), and nothing is tuned for the others. Intervals of differences are by
Student's t over the seeds: they tell of other seeds, not of other data. Many comparisons stand side by side and none
is corrected for that: "better" and "worse" stand where the 95 % interval of the difference leaves out 0. – stands for
what has not been run or is not to be had; MACs are multiply–adds.
"""
AGAIN = """## Again

```
.venv/bin/python -m hot_core.training.peers air-quality --data DIR --markdown docs/peers.md
.venv/bin/python -m hot_core.training.peers hippocampus --data DIR --markdown docs/peers.md
```

It wants the packages of `requirements-dev.txt`; `docs/training-data.md` says what lies in DIR. A run that was
interrupted goes on from its last checkpoint. `mkdir -p runs && cp -r docs/peers runs/` takes up the results and paces
behind this page: what is in them is not run again. Without the paces the machine measures its own, and the number of
steps is another. This page is written by the command, its sentences too.
"""


def document(
    results: Sequence[Result], paces: Mapping[str, Paces], plots: Mapping[str, str], quick: bool, notes: str = ""
) -> str:  # fmt: skip
    """The whole page.

    Args:
        results: all that there are.
        paces: the costs of each data set that has been measured.
        plots: file name of the picture of each data set that has one, relative to the page.
        quick: whether these are quick runs; the page says so.
        notes: Markdown on what happened to these runs, written by who made them.

    Returns:
        Markdown.
    """
    found = {dataset: by_kind(results, dataset) for dataset in KINDS if dataset in paces}
    short = [f"- {in_short(dataset, runs)}" for dataset, runs in found.items() if runs]
    sections = [_section(dataset, runs, paces[dataset], plots.get(dataset)) for dataset, runs in found.items()]
    return "\n".join([
        HEADING, *([QUICK, ""] if quick else []), *(["## In short", "", *short, ""] if short else []),
        *(["## About these runs", "", notes.strip(), ""] if notes else []), *sections, AGAIN,
    ])  # fmt: skip


def _section(dataset: str, found: Found, paces: Paces, plot: str | None) -> str:
    task = TASKS[dataset]
    seeds = sorted({0, 1, 2} | {seed for runs in found.values() for seed in runs})
    minutes = next((result.minutes for runs in found.values() for result in runs.values()), None)
    budget = f"Budget: {minutes:g} CPU minutes of steps for each run. {_still_learning(found)}" if minutes else ""
    lines = [
        f"## {dataset}", "",
        f"{budget}Scores: {task.test}. Inference: {task.sample}, batch 1, median CPU milliseconds; training: mean CPU "
        f"seconds of a step of the recipe's batches; MACs and peak memory of activations by the formulas and the dry "
        f"run of `hot.cost`, for that inference; the attention's MACs are what is more than without any; no kind forms "
        f"a matrix of all pairs of tokens, so that the peak mostly lies outside the attention. The product has "
        f"{paces.heads} heads. Times: all kinds in turns in one run on {paces.machine}.", "",
        *_scores(dataset, found, paces), "",
        *([f"![{task.main_title} against multiply–adds of every kind]({plot})", ""] if plot else []),
        "### Findings", "", *(f"- {sentence}" for sentence in findings(dataset, found, paces)), "",
        "### Seed by seed", "", *_by_seed(dataset, found, seeds), "",
        f"### {task.main_title} minus that of the product, seed by seed", "",
        *_pairs(dataset, found, seeds), "",
        "### What differs", "", *(f"- **{kind.title}**: {kind.differs}" for kind in KINDS[dataset]), "",
    ]  # fmt: skip
    return "\n".join(lines)


def _still_learning(found: Found) -> str:
    """Whether the runs had come to rest."""
    trained = [result for runs in found.values() for result in runs.values() if result.steps]
    late = sum(result.best_step >= 0.95 * result.steps for result in trained)
    hours = sum(result.cpu_seconds for result in trained) / 3600
    return (
        f"In {late} of {len(trained)} trained runs, {hours:.1f} CPU hours together, the best weights came in the last "
        "twentieth of the steps: the table says what a kind learns in this time, not what it reaches in the end. "
    )


def _scores(dataset: str, found: Found, paces: Paces) -> Iterable[str]:
    task = TASKS[dataset]
    scores = [*(f"{title}, mean ± sd" for title in task.columns.values()), f"{task.main_title} against the product's"]
    costs = [
        "steps",
        "CPU min",
        "parameters",
        "MACs, million",
        "of these the attention's, million",
        "s a step",
        "ms an inference",
        "peak, MiB",
    ]
    yield _row(["kind", *scores, *costs])
    yield _row(["---", *["---:"] * (len(scores) + len(costs))])
    for kind in KINDS[dataset]:
        runs = found.get(kind.name, {})
        means = [mean_and_deviation([float(result.test[key]) for result in runs.values()]) for key in task.columns]
        apart = against_product(kind, dataset, found)
        told = in_a_word(apart, task) if apart else NOTHING
        yield _row([kind.title, *means, told, *_done(runs, kind), *_costs(kind, paces)])


def _by_seed(dataset: str, found: Found, seeds: Sequence[int]) -> Iterable[str]:
    columns = TASKS[dataset].columns
    yield _row(["kind", *(f"{title}, seeds {', '.join(map(str, seeds))}" for title in columns.values())])
    yield _row(["---", *["---:"] * len(columns)])
    for kind in KINDS[dataset]:
        runs = found.get(kind.name, {})
        yield _row(
            [kind.title, *(_seeds({s: float(r.test[key]) for s, r in runs.items()}, seeds, kind) for key in columns)]
        )


def mean_and_deviation(values: Sequence[float]) -> str:
    """Mean ± standard deviation (n − 1); the mean alone for one value, – for none."""
    if not values:
        return NOTHING
    spread = deviation(values)
    return f"{statistics.fmean(values):.4f}" + (f" ± {spread:.4f}" if spread is not None else "")


def _seeds(values: Mapping[int, float], seeds: Sequence[int], kind: Kind) -> str:
    if not kind.trained:
        return "no seed"
    return " ".join(f"{values[seed]:.4f}" if seed in values else NOTHING for seed in seeds)


def _done(runs: Mapping[int, Result], kind: Kind) -> list[str]:
    if not runs or not kind.trained:
        return [NOTHING, NOTHING]
    minutes = statistics.fmean(result.cpu_seconds / 60 for result in runs.values())
    return [" ".join(f"{steps:,}" for steps in dict.fromkeys(r.steps for r in runs.values())), f"{minutes:.1f}"]


def _costs(kind: Kind, paces: Paces) -> list[str]:
    pace, attention = paces.kinds[kind.name], attention_macs(kind, paces)
    return [
        f"{pace.parameters:,}", f"{pace.macs / 1e6:,.1f}", f"{attention / 1e6:,.1f}" if attention else NOTHING,
        f"{pace.step_seconds:.3f}" if pace.step_seconds else NOTHING, f"{pace.sample_ms:.1f}",
        f"{pace.peak_bytes / 2**20:.1f}",
    ]  # fmt: skip


def _pairs(dataset: str, found: Found, seeds: Sequence[int]) -> Iterable[str]:
    yield _row(["kind", *(f"seed {seed}" for seed in seeds), "mean ± sd", "95 % interval"])
    yield _row(["---", *["---:"] * (len(seeds) + 2)])
    for kind in KINDS[dataset]:
        if kind.name == REFERENCE:
            continue
        apart = against_product(kind, dataset, found)
        if apart is None:
            yield _row([kind.title, *[NOTHING] * (len(seeds) + 2)])
            continue
        each = (signed(apart.by_seed[seed]) if seed in apart.by_seed else NOTHING for seed in seeds)
        spread = f" ± {apart.deviation:.4f}" if apart.deviation is not None else ""
        ends = f"{signed(apart.interval[0])} … {signed(apart.interval[1])}" if apart.interval else NOTHING
        yield _row([kind.title, *each, signed(apart.mean) + spread, ends])


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"
