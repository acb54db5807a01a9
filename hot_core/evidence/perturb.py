"""One map under changes of the input or of the training: noise, another cut, another model."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

import numpy as np

from hot_core.analysis.result import Analysis
from hot_core.errors import HotError
from hot_core.evidence.agreement import agreement
from hot_core.evidence.focus import Focus
from hot_core.evidence.gather import Work
from hot_core.evidence.noise import Noise
from hot_core.evidence.rerun import Interval, again, alike, mean_of, moved, plain
from hot_core.evidence.shifts import on_tokens
from hot_core.models import HOTModel
from hot_core.transforms import Settings, to_input

Kind: TypeAlias = Literal["noise", "shift", "seed"]


@dataclass(frozen=True, eq=False)
class Perturbation:
    """What one change of the input or the training did.

    Attributes:
        name: what was changed, in words.
        kind: "noise", "shift" or "seed".
        rhos: rank correlation with the map as it is, (draw); NaN where a map is the same everywhere.
        changes: how far the prediction moved, (draw).
        rho: the mean; its interval is over draws of noise, and over tokens (bootstrap) where there is a single draw.
    """

    name: str
    kind: Kind
    rhos: np.ndarray
    changes: np.ndarray
    rho: Interval

    @property
    def change(self) -> Interval:
        """The mean change of the prediction, with its interval where there are draws."""
        return mean_of(self.changes)

    def summary(self) -> dict[str, Any]:
        """The perturbation as plain values."""
        return {
            "name": self.name, "kind": self.kind, "draws": len(self.rhos),
            "rho": [plain(end) for end in (self.rho.mean, self.rho.low, self.rho.high)],
            "prediction_change": [plain(end) for end in (self.change.mean, self.change.low, self.change.high)],
        }  # fmt: skip


class Runs:
    """One map, and the same again under changes.

    Attributes:
        base: the analysis of a `pinned` sample.
        model: a `resting` model.
        before: the map as it is.
        kept: which tokens hold data.
    """

    def __init__(self, base: Analysis, model: HOTModel, focus: Focus, seed: int, work: Work) -> None:
        self.base, self.model, self.focus, self.seed, self.work = base, model, focus, seed, work
        self.before = focus.row(base)
        valid = base.record.valid
        self.kept: np.ndarray = np.ones(self.before.shape, dtype=bool) if valid is None else valid

    def under_noise(self, noise: Noise, settings: Settings, draws: int, found: list[Perturbation]) -> np.ndarray:
        """Run the road again on noisy data, and add what it did to the findings.

        Returns:
            The rows, (draw, *tokens); none where no noise was added.
        """
        rows, changes = [], []
        for sample in noise.samples(self.seed, draws):
            after = again(self.base, self.model, to_input(sample, self.model.config, settings))
            rows.append(self.focus.row(after))
            changes.append(moved(self.base, after, self.focus.query))
            self.work.step()
        if rows:
            rhos = np.array([alike(self.before, row, self.kept) for row in rows])
            found.append(Perturbation("noise", "noise", rhos, np.array(changes), mean_of(rhos, most=1.0)))
        return np.array(rows).reshape(-1, *self.before.shape)

    def attempt(
        self, name: str, kind: Kind, model: HOTModel, settings: Settings, found: list[Perturbation], notes: list[str]
    ) -> None:
        """Run a model on another cut of the data, and add what it did to the findings, or why not to the notes."""
        try:
            after = again(self.base, model, to_input(self.base.sample, model.config, settings))
            rows = self.rows_of(after, kind)
            rhos = {which: alike(self.before, row, self.kept & np.isfinite(row)) for which, row in rows.items()}
            best = max(rhos, key=lambda which: np.nan_to_num(rhos[which], nan=-2.0))
            seen = agreement(self.before, rows[best], self.kept & np.isfinite(rows[best]), self.seed)
            known = np.isfinite(rhos[best])
            rho = Interval(rhos[best], *((seen.low, seen.high) if known else (np.nan, np.nan)))
            change = np.array([moved(self.base, after, self.focus.query)])
            found.append(Perturbation(name + best, kind, np.array([rhos[best]]), change, rho))
        except HotError as error:
            notes.append(f"{name[0].upper()}{name[1:]} could not be compared. {error}")
        self.work.step()

    def rows_of(self, after: Analysis, kind: Kind) -> dict[str, np.ndarray]:
        """The row of the same place in another run, on the tokens of the map as it is, NaN where nothing is shared.

        Returns:
            One row, by the name ""; of another training's head, those of all heads of its layer, by their names.
        """
        query = after.grid.token_of(self.base.grid.centre_of(self.focus.query))
        focuses = {"": replace(self.focus, query=query)}
        if kind == "seed" and self.focus.shown == "head":
            heads = range(after.record.heads_of(self.focus.layer))
            focuses = {f", its head {head}": replace(self.focus, query=query, head=head) for head in heads}
        valid = after.record.valid
        seen = True if valid is None else valid
        return {
            name: on_tokens(np.where(seen, focus.row(after), np.nan), after.grid, self.base.grid)
            for name, focus in focuses.items()
        }


def variation_of(rows: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """The coefficient of variation of every token, standard deviation (R − 1) over mean.

    Args:
        rows: (draw, *tokens), not negative.
        kept: which tokens hold data.

    Returns:
        float64 of the token grid; NaN where the mean is 0, a token holds no data, or there are fewer than two draws.
    """
    if len(rows) < 2:
        return np.full(kept.shape, np.nan)
    mean = rows.mean(axis=0)
    some = kept & (mean > 0)
    found: np.ndarray = np.where(some, rows.std(axis=0, ddof=1) / np.where(some, mean, 1.0), np.nan)
    return found
