"""Sentences made from the numbers: how the kinds compare with the product, whichever way it falls."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from hot_core.training.peers.kinds import ATTENTIONS, KINDS, NONE, REFERENCE, Kind
from hot_core.training.peers.pace import Paces
from hot_core.training.peers.paired import Difference, difference, signed
from hot_core.training.peers.scores import TASKS, Task
from hot_core.training.peers.store import Result

Found = dict[str, dict[int, Result]]
FEWEST = 3
"""Seeds below which nothing is said of a difference."""
SAID = {
    "better": "Better than the product", "worse": "Worse than the product", "not told apart": "Not told apart from it",
}  # fmt: skip
TOO_FEW = f"Fewer than {FEWEST} seeds yet"


def findings(dataset: str, found: Found, paces: Paces) -> list[str]:
    """One sentence or more for every kind that has been run, and one on all numbers of heads together.

    Args:
        dataset: which.
        found: its results, kind → seed → result.
        paces: its costs.

    Returns:
        Markdown, one string for each finding.
    """
    task = TASKS[dataset]
    if REFERENCE not in found:
        return ["The product has not been run: there is nothing to compare with yet."]
    others = [kind for kind in KINDS[dataset] if kind.name != REFERENCE and kind.name in found and not kind.heads]
    compared = [_compared(kind, dataset, found, paces) for kind in others]
    return [*compared, *_heads(dataset, task, found, paces)]


def in_short(dataset: str, found: Found) -> str:
    """The means of all that have seeds enough, in order, and what the seeds tell of each against the product.

    Args:
        dataset: which.
        found: its results, kind → seed → result.

    Returns:
        Markdown: the means; a sentence each for better, worse and not told apart; what has too few seeds. Those
        that say nothing are left out.
    """
    task, kinds = TASKS[dataset], {kind.name: kind for kind in KINDS[dataset] if kind.name in found}
    whole = [name for name, kind in kinds.items() if len(found[name]) >= FEWEST or not kind.trained]
    ranked = sorted(whole, key=lambda name: _mean(task, found[name]), reverse=not task.lower)
    told: dict[str, list[str]] = {head: [] for head in (*SAID.values(), TOO_FEW)}
    for name, kind in kinds.items():
        apart = against_product(kind, dataset, found)
        if name not in whole:
            told[TOO_FEW].append(kind.title)
        elif apart and len(apart.by_seed) >= FEWEST:
            told[SAID[in_a_word(apart, task)]].append(kind.title)
    sentences = {
        f"{task.main_title}, {'lower' if task.lower else 'higher'} is better":
            [f"{kinds[name].title} {_mean(task, found[name]):.4f}" for name in ranked], **told,
    }  # fmt: skip
    said = [f"{head}: {'; '.join(items)}." for head, items in sentences.items() if items]
    return " ".join([f"**{dataset}**.", *said])


def against_product(kind: Kind, dataset: str, found: Found) -> Difference | None:
    """A kind minus the product; None for the product itself and for what has no seed in common with it."""
    if kind.name == REFERENCE:
        return None
    ours, product = (numbers(TASKS[dataset], found.get(name, {})) for name in (kind.name, REFERENCE))
    return difference(ours, product, seedless=not kind.trained)


def in_a_word(apart: Difference, task: Task) -> str:
    """What the seeds tell of a kind against the product, short enough for a table."""
    if len(apart.by_seed) < FEWEST:
        return f"{len(apart.by_seed)} of {FEWEST} seeds"
    return better_or_worse(apart, task) or "not told apart"


def numbers(task: Task, runs: dict[int, Result]) -> dict[int, float]:
    """Seed → the leading number."""
    return {seed: task.value(result) for seed, result in runs.items()}


def verdict(apart: Difference, task: Task, other: str) -> str:
    """What the interval allows to say of the first against the second."""
    if len(apart.by_seed) < FEWEST:
        return f"fewer than {FEWEST} seeds say nothing about it"
    way = better_or_worse(apart, task)
    return f"{way} than {other}" if way else f"{len(apart.by_seed)} seeds do not tell it from {other}"


def better_or_worse(apart: Difference, task: Task) -> str:
    """The way that the interval tells, empty where it holds 0."""
    return ("better" if (apart.sign < 0) == task.lower else "worse") if apart.sign else ""


def spelt(apart: Difference) -> str:
    """The differences of all seeds, their mean and its interval."""
    seeds = ", ".join(signed(value) for value in apart.by_seed.values())
    ends = apart.interval
    interval = f" (95 % interval {signed(ends[0])} to {signed(ends[1])})" if ends else ""
    return f"{seeds} by seed, {signed(apart.mean)} on average{interval}"


def _mean(task: Task, runs: dict[int, Result]) -> float:
    return statistics.fmean(numbers(task, runs).values())


def _compared(kind: Kind, dataset: str, found: Found, paces: Paces) -> str:
    task = TASKS[dataset]
    apart = against_product(kind, dataset, found)
    head = (
        f"**{kind.title}**: {task.main_title} {_mean(task, found[kind.name]):.4f} against "
        f"{_mean(task, found[REFERENCE]):.4f} of the product"
    )
    told = f"; {spelt(apart)}: {verdict(apart, task, 'the product')}." if apart else "; no seed in common yet."
    steps = {name: next(iter(found[name].values())).steps for name in (kind.name, REFERENCE)}
    price = _price(kind, paces, steps)
    return f"{head}{told} {price}"


def _price(kind: Kind, paces: Paces, steps: dict[str, int]) -> str:
    own, product = paces.kinds[kind.name], paces.kinds[REFERENCE]
    ours, theirs = (attention_macs(each, paces) for each in (kind, ATTENTIONS[0]))
    training = alone = ""
    if kind.trained:
        training = (
            f"{_times(own.step_seconds, product.step_seconds)} its time for a training step (so "
            f"{steps[kind.name]:,} steps in the budget against {steps[REFERENCE]:,}), "
        )
    if ours and theirs:
        alone = f" (the attention by itself {_times(ours, theirs)})"
    return (
        f"It has {_times(own.parameters, product.parameters)} the parameters of the product and takes "
        f"{_times(own.macs, product.macs)} its multiply–adds{alone}, {training}"
        f"{_times(own.sample_ms, product.sample_ms)} its time for an inference."
    )


def _times(ours: float, theirs: float) -> str:
    ratio = ours / theirs
    return f"{ratio:.2f} times" if ratio >= 0.1 else f"{ratio:.2g} times"


def attention_macs(kind: Kind, paces: Paces) -> int | None:
    """Multiply–adds of the attention by itself, projections included: what is more than in the trunk without any.

    Args:
        kind: of which.
        paces: the costs of its data set.

    Returns:
        None where the trunk is another one, or where that without attention was not counted.
    """
    if kind.own_trunk or NONE.name not in paces.kinds:
        return None
    return paces.kinds[kind.name].macs - paces.kinds[NONE.name].macs


def _heads(dataset: str, task: Task, found: Found, paces: Paces) -> list[str]:
    """How the number of heads, which is the rank of the Kronecker sum, goes with the score."""
    named = {kind.heads: kind.name for kind in KINDS[dataset] if kind.heads} | {paces.heads: REFERENCE}
    there = {heads: found[named[heads]] for heads in sorted(named) if named[heads] in found}
    if len(there) < 2:
        return []
    listed = ", ".join(f"{heads}: {_mean(task, runs):.4f}" for heads, runs in there.items())
    best = sorted(there, key=lambda heads: _mean(task, there[heads]), reverse=not task.lower)[0]
    fewest, most = _ends(list(there))
    apart = difference(numbers(task, there[most]), numbers(task, there[fewest]))
    said = f" {most} against {fewest}: {spelt(apart)}; {verdict(apart, task, _heads_word(fewest))}." if apart else ""
    return [
        f"**Heads** of the product at the same width, {task.main_title} {listed}; best on average with {best}.{said}"
    ]


def _ends(heads: Sequence[int]) -> tuple[int, int]:
    return min(heads), max(heads)


def _heads_word(heads: int) -> str:
    return f"{heads} head{'s' if heads > 1 else ''}"
