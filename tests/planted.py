"""The verdict on cases whose truth is known: `python -m tests.planted [DRAWS]` prints the table and writes it to docs.

Every case is a model made by hand (`tests.makers_evidence`) on a small file, a map, and what there is to say of it:

    supported       the prediction is what the attention brings from the places it looks at
    weak            these places are enough but not needed (the upper of two ways), or needed but not enough (the lower)
    not supported   the attention carries nothing, wherever it looks; the prediction ignores its input; the map is not
                    the model's; it looks at places where there is nothing; it is the same everywhere
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from scipy.stats import binomtest

from hot_core.evidence import FORMS, Focus, Form, Target, judge
from hot_core.evidence.deletion import deletion
from hot_core.evidence.edits import shuffled
from hot_core.evidence.probe import Probe
from hot_core.evidence.use import use
from hot_core.record import AttentionRecord
from hot_core.transforms import Settings, to_input
from tests.makers_evidence import SIZES, Plan, planted

DOCS = Path(__file__).resolve().parent.parent / "docs" / "evidence-planted.md"


@dataclass(frozen=True)
class Case:
    """A planted model, the map that is looked at, and the truth.

    Attributes:
        name: what is planted, in words.
        truth: the verdict that is right.
        plan: the model.
        focus: the map.
        moved: None for the model's own map; else the seed by which its keys are shuffled before it is shown.
    """

    name: str
    truth: str
    plan: Plan
    focus: Focus
    moved: int | None = None


def looks(kind: str, seed: int) -> tuple[tuple[int, ...], ...]:
    """Slices to look at: two of every mode but the shortest, which gets one."""
    rng = np.random.default_rng(seed)
    sizes = SIZES[kind]
    return tuple(tuple(rng.choice(n, 1 if n == min(sizes) else 2, replace=False).tolist()) for n in sizes)


def box(kind: str, slices: tuple[tuple[int, ...], ...]) -> np.ndarray:
    """The tokens at these slices."""
    found = np.zeros(SIZES[kind], bool)
    found[np.ix_(*slices)] = True
    return found


def others(kind: str, slices: tuple[tuple[int, ...], ...], seed: int) -> tuple[tuple[int, ...], ...]:
    """Slices to look at, apart from the first ones in every mode that is long enough."""
    rng = np.random.default_rng(seed)
    left = [[at for at in range(n) if at not in own] for n, own in zip(SIZES[kind], slices, strict=True)]
    return tuple(
        tuple(rng.choice(free, len(own), replace=False).tolist()) for free, own in zip(left, slices, strict=True)
    )


def cases_of(kind: str, seed: int) -> list[Case]:
    """Every case for one kind of data."""
    here = looks(kind, seed)
    there = others(kind, here, seed)
    rng = np.random.default_rng(seed)
    query = (*(int(rng.integers(n)) for n in SIZES[kind][:-1]), SIZES[kind][-1] - 1)
    both, layer, head = (here, here), Focus("layer", query), Focus("head", query, 0, 0)
    second = Focus("head", query, 0, 1)
    plan = Plan(kind, both, query, seed=seed)
    direct = replace(plan, path="direct", direct=box(kind, here))
    yes, no = "supported", "not supported"
    return [
        Case("through the attention", yes, plan, layer),
        Case("through the attention, data missing", yes, replace(plan, missing=0.15, seed=seed + 1), head),
        Case("through a Kronecker sum", yes, replace(plan, combine="sum", seed=seed + 2), layer),
        Case("through the attention, rollout", yes, replace(plan, seed=seed + 3), Focus("model", query)),
        Case("one head works", yes, replace(plan, looks=(here, there), carries=(1.0, 0.0)), head),
        Case("two heads at two places", yes, replace(plan, looks=(here, there), seed=seed + 4), layer),
        Case("first of two layers", yes, replace(plan, layers=2, seed=seed + 5), layer),
        Case("half through the attention", yes, replace(plan, path="both", carries=(0.5, 0.5), direct=box(kind, here)),
             layer),
        Case("values of 0, right places", no, replace(direct, path="both", carries=(0.0, 0.0)), layer),
        Case("values of 0, wrong places", no, replace(direct, path="both", carries=(0.0, 0.0), looks=(there, there)),
             layer),
        Case("output of 0, right places", no, replace(direct, path="both", written=0.0), layer),
        Case("not connected, rollout", no, direct, Focus("model", query)),
        Case("idle head beside one that works", no, replace(plan, carries=(1.0, 0.0)), second),
        Case("second layer after all is mixed", no, replace(plan, layers=2), Focus("layer", query, 1)),
        Case("constant prediction", no, replace(plan, path="constant"), layer),
        Case("shuffled map", no, plan, layer, moved=seed),
        Case("a sum, map of another position", no, replace(plan, combine="sum"),
             Focus("layer", elsewhere(kind, query))),
        Case("map of another head", no, replace(plan, looks=(here, there), carries=(1.0, 0.0)), second),
        Case("even attention", no, replace(plan, looks=(((),) * 3,) * 2), layer),
        *empty_case(kind, plan, there, layer),
        weak_case("enough but not needed", "upper", plan, layer),
        weak_case("needed but not enough", "lower", plan, layer),
    ]  # fmt: skip


def elsewhere(kind: str, query: tuple[int, ...]) -> tuple[int, ...]:
    """A position that shares no slice with another one."""
    return tuple((at + 1) % size for at, size in zip(query, SIZES[kind], strict=True))


def empty_case(kind: str, plan: Plan, there: tuple[tuple[int, ...], ...], focus: Focus) -> list[Case]:
    """Attention that looks at places with nothing in them, beside a prediction made elsewhere; not for series, whose
    scaling leaves no value without content."""
    if kind == "series":
        return []
    signal, nothing = box(kind, plan.looks[0]), box(kind, there)
    found = replace(plan, path="both", direct=signal, looks=(there, there), empty=nothing, carries=(0.2, 0.2))
    return [Case("looks at empty places", "not supported", found, focus)]


def weak_case(name: str, path: str, plan: Plan, focus: Focus) -> Case:
    """The upper or lower of two ways: what the attention brings, and the tokens that its map names last."""
    analysis, _ = planted(plan)
    row = focus.row(analysis)
    last = row <= np.partition(row.reshape(-1), 3)[3]
    plan = replace(plan, path=path, direct=last)
    analysis, model = planted(plan)
    values, mask = (torch.from_numpy(part)[None] for part in given_to(model, analysis))
    with torch.inference_mode():
        brought, past = model.ways(values, mask)
    brought, past = float(brought[(0, *plan.query)]), float(past)
    carried = past / brought * (1.1 if path == "upper" else 0.9)
    return Case(name, "weak", replace(plan, carries=(carried, carried)), focus)


def given_to(model, analysis) -> tuple[np.ndarray, np.ndarray]:
    """Values and mask as the model takes them."""
    given = to_input(analysis.sample, model.config, Settings.model_validate(analysis.provenance["settings"]))
    return given.values, given.mask


def cases() -> list[Case]:
    """All of them."""
    return [case for number, kind in enumerate(SIZES) for case in cases_of(kind, 10 * number)]


def moved(analysis, seed: int):
    """An analysis whose record holds the model's factors with shuffled keys: a map that nobody attended by."""
    generator = torch.Generator().manual_seed(seed)
    record = AttentionRecord(analysis.grid.modes)
    for number, layer in enumerate(analysis.record.layers):
        heads = {(number, head) for head in range(2)}
        factors = shuffled(heads, generator)(number, layer.factors)
        record.add_factors(factors, layer.combine, layer.normalize, layer.mask)
    return replace(analysis, record=record)


def verdict_of(case: Case, form: Form, seed: int = 0):
    """What the rule says of a case."""
    analysis, model = planted(case.plan)
    shown = analysis if case.moved is None else moved(analysis, case.moved)
    probe = Probe(analysis, model, Target(token=case.plan.query))
    found = deletion(probe, {"map": case.focus.row(shown)}, form, seed)
    owed = use(probe, analysis.record, case.focus, found.scale, form, seed)
    return judge(found, found.orders["map"], owed.level), found


@dataclass(frozen=True)
class Null:
    """How often a map that names nothing was called supported.

    Attributes:
        name: what kind of map.
        supported, weak, draws: how many.
    """

    name: str
    supported: int
    weak: int
    draws: int

    @property
    def rate(self) -> float:
        """The false alarm rate of "supported"."""
        return self.supported / self.draws

    @property
    def interval(self) -> tuple[float, float]:
        """Its 95 % interval, by Wilson."""
        found = binomtest(self.supported, self.draws).proportion_ci(method="wilson")
        return float(found.low), float(found.high)


def null_maps(case: Case, analysis, seed: int) -> dict[str, np.ndarray]:
    """Maps that know nothing of the prediction, each by its kind."""
    rng = np.random.default_rng(seed)
    kind, valid = case.plan.kind, analysis.record.valid
    stranger = replace(case.plan, looks=(looks(kind, seed + 7), looks(kind, seed + 8)), seed=seed, missing=0.0)
    return {
        "the map with its keys shuffled": case.focus.row(moved(analysis, seed)),
        "the map of another model": np.where(valid, case.focus.row(planted(stranger)[0]), 0.0),
        "random numbers": rng.random(SIZES[kind]),
    }


def nulls(form: Form, draws: int, seed: int = 0) -> list[Null]:
    """Judge maps that know nothing, on models whose attention matters; whether it is used is left out of the rule.

    Args:
        form: how thoroughly.
        draws: how many of each kind of map.
        seed: of the first.

    Returns:
        The counts for each kind of map, and for all of them together.
    """
    models = [case for case in cases() if case.truth == "supported" and case.plan.combine == "product"]
    found: dict[str, Counter] = {}
    for draw in range(draws):
        case = models[draw % len(models)]
        analysis, model = planted(replace(case.plan, seed=seed + 5000 + draw))
        probe = Probe(analysis, model, Target(token=case.plan.query))
        for name, importance in null_maps(case, analysis, seed + draw).items():
            hidden = deletion(probe, {"map": importance}, form, seed + draw)
            found.setdefault(name, Counter())[judge(hidden, hidden.orders["map"]).verdict] += 1
    found["all"] = sum(found.values(), Counter())
    return [Null(name, count["supported"], count["weak"], count.total()) for name, count in found.items()]


def results(form: Form) -> list[tuple[Case, str]]:
    """Every case with its verdict."""
    return [(case, verdict_of(case, form)[0].verdict) for case in cases()]


def accuracy(found: list[tuple[Case, str]]) -> float:
    """The share of right verdicts."""
    return sum(case.truth == verdict for case, verdict in found) / len(found)


def table(form: Form, draws: int) -> list[str]:
    """Lines of Markdown: right verdicts for each kind of data and truth, then the false alarms."""
    found = results(form)
    lines = [
        f"## {form.name.capitalize()} form",
        "",
        "| data | truth | cases | supported | weak | not supported | right |",
    ]
    lines.append("|---|---|---|---|---|---|---|")
    for kind in SIZES:
        for truth in ("supported", "weak", "not supported"):
            said = Counter(verdict for case, verdict in found if (case.plan.kind, case.truth) == (kind, truth))
            numbers = [said.total(), said["supported"], said["weak"], said["not supported"]]
            lines.append(
                f"| {NAMES[kind]} | {truth} | {' | '.join(map(str, numbers))} | {said[truth]}/{said.total()} |"
            )
    right = sum(case.truth == verdict for case, verdict in found)
    wrong = [f"{NAMES[case.plan.kind]}, {case.name}: {verdict}, not {case.truth}" for case, verdict in found
             if verdict != case.truth]  # fmt: skip
    lines += [
        "",
        f"Right: {right} of {len(found)}, {100 * accuracy(found):.1f} %. Wrong: {'; '.join(wrong) or 'none'}.",
        "",
    ]
    lines += [
        "| maps that know nothing | draws | supported | false alarm rate [95 % interval] | weak |",
        "|---|---|---|---|---|",
    ]
    for null in nulls(form, draws):
        low, high = null.interval
        rate = f"{100 * null.rate:.1f} % [{100 * low:.1f}, {100 * high:.1f}]"
        lines.append(
            f"| {null.name} | {null.draws} | {null.supported} | {rate} | {100 * null.weak / null.draws:.1f} % |"
        )
    return [*lines, ""]


NAMES = {"series": "series", "segment": "volume, segmented", "classify": "volume, classified", "raster": "raster"}


def main(draws: int) -> None:
    """Print the tables and write them into the documentation."""
    start = time.perf_counter()
    lines = HEAD.splitlines()
    for form in (FORMS["quick"], FORMS["full"]):
        lines += table(form, draws)
    DOCS.write_text("\n".join(lines) + "\n")
    print("\n".join(lines), f"\n{time.perf_counter() - start:.0f} s")


HEAD = """# The verdict on cases whose truth is known

Written by `python -m tests.planted`. The models are made by hand, with the real Kronecker attention; what their
predictions hang on is known (`tests/planted.py` says how). A false alarm is a map that knows nothing of the prediction
and is called "supported" beside an attention that is used; that it is used is left out of the rule here.
"""

if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
