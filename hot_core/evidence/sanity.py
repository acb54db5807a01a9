"""Sanity: does a map depend on what the model learnt? Weights are made random, and the map is compared with itself.

    ρ(parts) = Spearman's rank correlation of the row before and after fresh weights in these parts

All weights at once, each part alone, and one part after another from the output down to the input. The fresh weights of
a draw are those of a new model, the same at every step. A layer's attention cannot depend on what comes after it: such
steps are measured, marked, and count for nothing. For comparison: the same row with uniform attention, and with
shuffled keys, which is how alike maps are by chance.

Source: Adebayo et al., Sanity checks for saliency maps, arXiv 1810.03292.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from hot_core.analysis.result import Analysis
from hot_core.evidence.deletion import is_flat
from hot_core.evidence.edits import shuffled, uniform
from hot_core.evidence.focus import Focus
from hot_core.evidence.form import Form
from hot_core.evidence.fresh import Way, matters, plans_of, randomised
from hot_core.evidence.gather import Work
from hot_core.evidence.probe import Told
from hot_core.evidence.rerun import Interval, again, alike, correlation, mean_of, moved, moved_words, plain, resting
from hot_core.models import HOTModel
from hot_core.transforms import Settings, to_input

UNCHANGED = 0.5
"""Above this mean rank correlation with all weights random, the map is called out."""

RULE = (
    "The map is called out when its rank correlation with itself is above "
    f"{UNCHANGED:g} on average after all weights were made random: then most of its order is there without learning."
)


@dataclass(frozen=True, eq=False)
class Step:
    """What one change of the model did to the map.

    Attributes:
        name: what was changed, in words.
        way: "all", "alone" or "cascade" for fresh weights, "control" for changed attention.
        parts: which parts got fresh weights.
        matters: whether the map can depend on them at all.
        rhos: rank correlation with the map as it is, (draw); NaN where a map is the same everywhere.
        changes: how far the prediction moved, (draw); empty for controls, see `hot_core.evidence.use`.
    """

    name: str
    way: Way
    parts: tuple[str, ...]
    matters: bool
    rhos: np.ndarray
    changes: np.ndarray

    @property
    def rho(self) -> Interval:
        """The mean rank correlation with its interval."""
        return mean_of(self.rhos, most=1.0)

    @property
    def change(self) -> Interval:
        """The mean change of the prediction with its interval."""
        return mean_of(self.changes)

    def summary(self) -> dict[str, Any]:
        """The step as plain values."""
        rho, change = self.rho, self.change
        return {
            "name": self.name, "way": self.way, "parts": list(self.parts), "matters": self.matters,
            "rho": [plain(end) for end in (rho.mean, rho.low, rho.high)],
            "prediction_change": [plain(end) for end in (change.mean, change.low, change.high)],
            "draws": len(self.rhos),
        }  # fmt: skip


@dataclass(frozen=True, eq=False)
class Sanity:
    """Whether a map depends on what the model learnt.

    Attributes:
        focus: the map.
        form: how many draws.
        seed: of the fresh weights and shuffles.
        steps: all at once, each part alone, then from the output downwards.
        controls: uniform attention, and shuffled keys.
        flat: whether the map is the same everywhere, so that there is nothing to compare.
        measure: what a change of the prediction is, in words.
        unit: its unit.
    """

    focus: Focus
    form: Form
    seed: int
    steps: tuple[Step, ...]
    controls: tuple[Step, ...]
    flat: bool
    measure: str
    unit: str

    @property
    def unchanged(self) -> bool:
        """Whether the map is called out by the rule."""
        return self.steps[0].rho.mean > UNCHANGED

    @property
    def words(self) -> str:
        """What was found, in a sentence or two."""
        rho = self.steps[0].rho
        if self.flat:
            return "The map is the same everywhere: it has no order that random weights could change."
        if not np.isfinite(rho.mean):
            return "With all weights random the map is the same everywhere: it keeps nothing of its order."
        ends = f" [{correlation(rho.low)}, {correlation(rho.high)}]" if np.isfinite(rho.low) else ""
        found = f"rank correlation {correlation(rho.mean)}{ends}, {len(self.steps[0].rhos)} draws"
        doubt = " The interval reaches across the limit of the rule: more draws would settle it."
        doubt = doubt if rho.low <= UNCHANGED <= rho.high else ""
        if self.unchanged:
            return (
                f"The map hardly changes when all weights are random ({found}): it comes from the shape of the input "
                f"and of the model, not from what was learnt. Do not read it as what the model knows.{doubt}"
            )
        return f"The map changes when all weights are random ({found}): it depends on what the model learnt.{doubt}"

    def summary(self) -> dict[str, Any]:
        """Everything as plain values, floats with nine significant digits, None where there is no number."""
        return {
            "map": self.focus.words, "form": self.form.name, "seed": self.seed, "rule": RULE,
            "called_out": self.unchanged, "words": self.words, "measure": self.measure, "unit": self.unit,
            "steps": [step.summary() for step in self.steps],
            "controls": [step.summary() for step in self.controls],
        }  # fmt: skip


def sanity(
    analysis: Analysis, model: HOTModel, focus: Focus, form: Form, seed: int = 0, told: Told | None = None
) -> Sanity:  # fmt: skip
    """Make the weights of a model random and see whether a map notices.

    Args:
        analysis: the analysis that the map is of.
        model: the model that made it; it is not changed.
        focus: the map.
        form: how many draws.
        seed: of fresh weights and shuffles.
        told: is told how far the work is; whatever it raises ends the work.

    Returns:
        The similarity of the map to itself, step by step.

    Raises:
        SelectionError: when the focus does not exist.
        ModelError: when no fresh weights fit the model, or it gives no numbers with them.
    """
    before, valid = focus.row(analysis), analysis.record.valid
    kept = np.ones(before.shape, dtype=bool) if valid is None else valid
    given = to_input(analysis.sample, model.config, Settings.model_validate(analysis.provenance["settings"]))
    borrowed = resting(model)
    plans = list(plans_of(model, focus))
    sets = list(dict.fromkeys(parts for _, _, parts in plans))
    seeds = np.random.default_rng(seed).integers(2**31, size=form.noise).tolist()
    work = Work(len(sets) * len(seeds) + form.shuffles + 1, told)

    def rho(after: Analysis) -> float:
        work.step()
        return alike(before, focus.row(after), kept)

    work.begin("making weights random")
    found: dict[tuple[str, ...], list[tuple[float, float]]] = {parts: [] for parts in sets}
    for draw in seeds:
        for parts, weights in randomised(model, sets, draw):
            borrowed.load_state_dict(weights)
            after = again(analysis, borrowed, given)
            found[parts].append((rho(after), moved(analysis, after, focus.query)))
    borrowed.load_state_dict(model.state_dict())
    work.begin("uniform and shuffled attention")
    generator, heads = torch.Generator().manual_seed(seed), focus.heads(analysis.record)
    even = [rho(again(analysis, borrowed, given, uniform(heads)))]
    mixed = [rho(again(analysis, borrowed, given, shuffled(heads, generator))) for _ in range(form.shuffles)]
    steps = tuple(
        Step(name, way, parts, matters(parts, focus), *np.array(found[parts]).T) for name, way, parts in plans
    )
    controls = tuple(
        Step(name, "control", (), True, np.array(rhos), np.empty(0))
        for name, rhos in (("uniform attention", even), ("shuffled keys", mixed))
    )
    return Sanity(
        focus, form, seed, steps, controls, is_flat(before[kept]), *moved_words(analysis, focus.query)
    )  # fmt: skip
