"""The evidence for one map and one prediction: attribution, faithfulness and the verdict, in one frozen record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from hot_core.analysis.result import Analysis
from hot_core.errors import ModelError
from hot_core.evidence import attribution, deletion, use
from hot_core.evidence.agreement import Agreement, agreement
from hot_core.evidence.attribution import Attribution
from hot_core.evidence.deletion import Deletion
from hot_core.evidence.focus import Focus
from hot_core.evidence.form import FORMS, Form, FormName
from hot_core.evidence.probe import Done, Probe, Told
from hot_core.evidence.target import Target
from hot_core.evidence.use import Use
from hot_core.evidence.verdict import Judgement, judge
from hot_core.models import HOTModel

MAP = "attention"
ROLLOUT = "rollout"


@dataclass(frozen=True, eq=False)
class Evidence:
    """How far to trust one map as an explanation of one prediction.

    Attributes:
        focus: the map that is put to the test.
        target: what is explained.
        words: what is explained, in words.
        level: its value, in `unit`.
        unit: "log-odds", or that of the file.
        form: how thoroughly.
        seed: of everything random.
        maps: an importance for each token, float64: `MAP`, `ROLLOUT` (where it is another), and each attribution by its
            method, signed.
        attributions: how each attribution was made.
        deletion: hiding in the order of every map, and of `MAP` laid elsewhere.
        use: what changing the attention does.
        judgements: the verdict, on `MAP` alone: the layings elsewhere that the rule compares with are of this map.
        agreements: of `MAP` with every other map, attributions by their size.
        notes: what could not be done, in sentences.
    """

    focus: Focus
    target: Target
    words: str
    level: float
    unit: str
    form: Form
    seed: int
    maps: Mapping[str, np.ndarray]
    attributions: tuple[Attribution, ...]
    deletion: Deletion
    use: Use
    judgements: Mapping[str, Judgement]
    agreements: Mapping[str, Agreement]
    notes: tuple[str, ...] = ()

    @property
    def judgement(self) -> Judgement:
        """The verdict on the map that is put to the test."""
        return self.judgements[MAP]


class Work:
    """Counts forward passes and tells how far they are."""

    def __init__(self, total: int, told: Told | None) -> None:
        self.total, self.told, self.done, self.what = total, told, 0, ""

    def begin(self, what: str) -> None:
        """Name what comes next."""
        self.what = what
        self._tell()

    def step(self) -> None:
        """One more pass."""
        self.done += 1
        self._tell()

    def _tell(self) -> None:
        if self.told is not None:
            self.told(Done(min(self.done, self.total), self.total, self.what))


def gather(
    analysis: Analysis, model: HOTModel, focus: Focus, target: Target | None = None, *, form: FormName = "quick",
    seed: int = 0, told: Told | None = None,
) -> Evidence:  # fmt: skip
    """Put a map to the test: does the prediction depend on what it shows, and do other methods agree?

    Args:
        analysis: the analysis that the map is of.
        model: the model that made it; it is not changed.
        focus: the map.
        target: what is explained; None takes what is predicted at the focus's query.
        form: "quick" or "full".
        seed: of the layings elsewhere, shuffles and the bootstrap.
        told: is told how far the work is; whatever it raises ends the work.

    Returns:
        The evidence.

    Raises:
        SelectionError: when focus or target do not exist, or nothing is predicted there.
        ModelError: when the prediction is not a number.
    """
    how, target = FORMS[form], target or Target(token=focus.query)
    probe = Probe(analysis, model, target)
    maps = {MAP: focus.row(analysis)}
    if focus.shown != "model":
        maps[ROLLOUT] = Focus("model", focus.query).row(analysis)
    work = Work(passes(probe, analysis, how), told)
    attributions, notes = attribute(probe, how, work)
    maps |= {found.method: found.tokens for found in attributions}
    work.begin("hiding tokens")
    ordered = {name: np.abs(values) for name, values in maps.items() if name in (MAP, ROLLOUT, best(attributions))}
    hidden = deletion.deletion(probe, ordered, how, seed, work.step)
    work.begin("changing the attention")
    used = use.use(probe, analysis.record, focus, hidden.scale, how, seed, work.step)
    judgements = {MAP: judge(hidden, hidden.orders[MAP], used.level)}
    others = {name: agreement(maps[MAP], np.abs(values), probe.valid, seed) for name, values in maps.items()}
    del others[MAP]
    return Evidence(
        focus, target, probe.score.words, probe.level, probe.score.unit, how, seed, maps, attributions, hidden, used,
        judgements, others, notes,
    )  # fmt: skip


def attribute(probe: Probe, form: Form, work: Work) -> tuple[tuple[Attribution, ...], tuple[str, ...]]:
    """Every attribution that the model allows.

    Returns:
        The attributions, and what to say where one is not possible.
    """
    notes: list[str] = []
    found: list[Attribution] = []
    work.begin("gradients")
    try:
        found += [
            attribution.integrated_gradients(probe, form, work.step),
            attribution.gradient_input(probe, work.step),
        ]
    except ModelError as error:
        notes.append(str(error))
    work.begin("occlusion")
    found.append(attribution.occlusion(probe, form, work.step))
    first = found[0]
    if first.gap is not None and first.gap > form.gap:
        notes.append(
            f"Integrated gradients leave {100 * first.gap:.2g} % of the change unexplained after {first.steps} steps, "
            f"more than the {100 * form.gap:g} % asked for: take them with care."
        )
    return tuple(found), tuple(notes)


def best(attributions: tuple[Attribution, ...]) -> str:
    """The attribution whose order is put to the test beside the map: the first, integrated gradients where possible."""
    return attributions[0].method


def passes(probe: Probe, analysis: Analysis, form: Form) -> int:
    """About how many forward passes there are."""
    return attribution.passes(probe, form) + deletion.passes(probe, form, 3) + use.passes(form, analysis.record)
