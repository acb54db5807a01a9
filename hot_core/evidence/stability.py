"""Stability: does a map stay when the input moves within its own precision, and does another training find it too?

    noise     the data with noise within its precision (`hot_core.evidence.noise`), the whole road run again
    shifts    the window a step earlier and later; the region a voxel or pixel along each axis, both ways
    seeds     the same model trained from another start

    ρ = Spearman's rank correlation of the row before and after
    coefficient of variation of a token = standard deviation (R − 1) of its weight over R draws of noise / its mean

A shifted map is brought to the native grid and averaged over the places of every token of the map as it is, those that
both cover, so that the same places are compared. Heads are in no order that two trainings share: a head is compared
with the head of the same layer that is most like it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import xarray as xr

from hot_core.analysis.result import Analysis
from hot_core.evidence.deletion import is_flat
from hot_core.evidence.focus import Focus
from hot_core.evidence.form import Form
from hot_core.evidence.gather import Work
from hot_core.evidence.noise import noise_of
from hot_core.evidence.perturb import Kind, Perturbation, Runs, variation_of
from hot_core.evidence.probe import Told
from hot_core.evidence.rerun import correlation, mean_of, moved_words, plain, resting
from hot_core.evidence.shifts import pinned, shifts_of
from hot_core.models import HOTModel, list_models, load_model
from hot_core.models.registry import ASSETS
from hot_core.modes import TokenGrid

STEADY: dict[Kind, float] = {"noise": 0.9, "shift": 0.7, "seed": 0.5}
"""Least rank correlation of a map that stays: on average over noise, over shifts, and in every other training."""

RULE = (
    f"Stable: the rank correlation of the map with itself is at least {STEADY['noise']:g} on average under noise "
    f"within the precision of the data, and at least {STEADY['shift']:g} on average over small shifts. Unsteady: one "
    f"of them is lower. Another training finds the map too when the rank correlation with its map is at least "
    f"{STEADY['seed']:g}; that is said beside the verdict and does not enter it."
)


@dataclass(frozen=True, eq=False)
class Stability:
    """How steady a map is.

    Attributes:
        focus: the map.
        form: how many draws.
        seed: of the noise and the bootstrap.
        noise: what was added to the data, in words.
        perturbations: noise, shifts, other trainings, in this order; those that were possible.
        tokens: the coefficient of variation over the draws of noise, one for each token; NaN where the mean is 0, where
            there is no data, and everywhere when no noise was added.
        grid: the tokens.
        flat: whether the map is the same everywhere, so that there is nothing to compare.
        measure: what a change of the prediction is, in words.
        unit: its unit.
        notes: what could not be done, in sentences.
    """

    focus: Focus
    form: Form
    seed: int
    noise: str
    perturbations: tuple[Perturbation, ...]
    tokens: np.ndarray
    grid: TokenGrid
    flat: bool
    measure: str
    unit: str
    notes: tuple[str, ...] = ()

    @property
    def variation(self) -> xr.DataArray:
        """`tokens` over the native grid."""
        return self.grid.spread(self.tokens, name="coefficient of variation")

    def mean(self, kind: Kind) -> float:
        """The mean rank correlation of one kind of change; NaN where there was none."""
        return mean_of(np.array([found.rho.mean for found in self.perturbations if found.kind == kind])).mean

    @property
    def stable(self) -> bool | None:
        """What the rule says; None where nothing could be compared."""
        kinds: tuple[Kind, ...] = ("noise", "shift")
        found = {kind: self.mean(kind) for kind in kinds}
        known = [mean >= STEADY[kind] for kind, mean in found.items() if np.isfinite(mean)]
        return all(known) if known else None

    @property
    def words(self) -> str:
        """What was found, in sentences."""
        if self.flat:
            return "The map is the same everywhere: it has no order that could change."
        head = {True: "Stable", False: "Unsteady", None: "Nothing could be compared"}[self.stable]
        under: dict[Kind, str] = {"noise": "under noise within the precision of the data", "shift": "over small shifts"}
        means = {words: self.mean(kind) for kind, words in under.items()}
        said = [f"{correlation(mean)} {words}" for words, mean in means.items() if np.isfinite(mean)]
        first = f"{head}: mean rank correlation {' and '.join(said)}." if said else f"{head}."
        return " ".join([first, *(seed_words(found) for found in self.perturbations if found.kind == "seed")])

    def summary(self) -> dict[str, Any]:
        """Everything but the map as plain values, floats with nine significant digits, None where there is none."""
        known = self.tokens[np.isfinite(self.tokens)]
        return {
            "map": self.focus.words, "form": self.form.name, "seed": self.seed, "rule": RULE, "stable": self.stable,
            "words": self.words, "noise": self.noise, "measure": self.measure, "unit": self.unit,
            "median_coefficient_of_variation": plain(float(np.median(known))) if known.size else None,
            "perturbations": [found.summary() for found in self.perturbations], "notes": list(self.notes),
        }  # fmt: skip


def seed_words(found: Perturbation) -> str:
    """What another training says of the map, in a sentence."""
    if not np.isfinite(found.rho.mean):
        return "The map of another training is the same everywhere and cannot be compared."
    best = f" (its most similar head of the layer,{found.name.partition(', its')[2]})" if ", its" in found.name else ""
    finds = "finds the map too" if found.rho.mean >= STEADY["seed"] else "does not find this map"
    return f"Another training{best} {finds}: rank correlation {correlation(found.rho.mean)}."


def stability(
    analysis: Analysis, model: HOTModel, focus: Focus, form: Form, seed: int = 0, others: Sequence[HOTModel] = (),
    told: Told | None = None,
) -> Stability:  # fmt: skip
    """Move the input a little, and take another training, and see whether a map stays.

    Args:
        analysis: the analysis that the map is of.
        model: the model that made it; it is not changed.
        focus: the map.
        form: how many draws.
        seed: of the noise and the bootstrap.
        others: the same model from other seeds, see `second_seed`.
        told: is told how far the work is; whatever it raises ends the work.

    Returns:
        How steady the map is.

    Raises:
        SelectionError: when the focus does not exist.
        ModelError: when the model gives no numbers.
    """
    sample, settings = pinned(analysis)
    base = replace(analysis, sample=sample)
    noise = noise_of(sample, analysis.grid.window)
    shifts, notes = shifts_of(base, settings, model.config)
    if noise.draw is None:
        notes.append("No step and no noise could be told from the data, so none was added.")
    work = Work(form.noise * (noise.draw is not None) + len(shifts) + len(others), told)
    runs = Runs(base, resting(model), focus, seed, work)
    found: list[Perturbation] = []
    work.begin("noise")
    rows = runs.under_noise(noise, settings, form.noise, found)
    work.begin("small shifts")
    for name, cut in shifts:
        runs.attempt(name, "shift", runs.model, cut, found, notes)
    work.begin("other trainings")
    for other in others:
        if other.weights_sha256 and other.weights_sha256 == analysis.provenance["model"]["weights_sha256"]:
            notes.append("Another training has the same weights as this model and was left out.")
            continue
        runs.attempt("another training", "seed", resting(other), settings, found, notes)
    return Stability(
        focus, form, seed, noise.words, tuple(found), variation_of(rows, runs.kept),
        base.grid, is_flat(runs.before[runs.kept]), *moved_words(analysis, focus.query), tuple(notes),
    )  # fmt: skip


def second_seed(name: str) -> HOTModel | None:
    """The same bundled model trained from another seed; None where none ships.

    Args:
        name: the model's name.

    Returns:
        The model, with its own weights' hash: `stability` leaves it out where it is the model itself.
    """
    folder = ASSETS / name / "seed1"
    return load_model(folder) if name in list_models() and (folder / "model.safetensors").is_file() else None
