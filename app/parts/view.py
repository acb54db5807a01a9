"""What is looked at on an inspection page: one analysis, what of it is shown, and the chosen query and key."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import xarray as xr

from app.selection import Role, Selection, Token
from hot_core.figures.composition import Shown, formula, what
from hot_core.kronecker import KroneckerMap, KroneckerMixture
from hot_core.modes import Kind
from hot_core.pipeline import Analysis
from hot_core.record import HeadWeights

Direction = Literal["row", "column"]


@dataclass(frozen=True, eq=False)
class View:
    """The choices that every picture of a page follows.

    Attributes:
        kind: the page.
        analysis: what is shown.
        shown: one head, a layer's heads together, or the whole model.
        layer: from 0.
        head: from 0; None unless one head is shown.
        weights: how the heads of a layer are weighted.
        direction: "row": where the chosen position looks; "column": who looks at it.
        selection: the chosen query and key.
        picks: what a plain click moves.
        identity: what tells this analysis from another.
        credit: whose data it is.
    """

    kind: Kind
    analysis: Analysis
    shown: Shown
    layer: int
    head: int | None
    weights: HeadWeights
    direction: Direction
    selection: Selection
    picks: Role = "query"
    identity: str = ""
    credit: str = ""

    @property
    def query(self) -> Token:
        """The chosen position."""
        return self.selection.query

    @property
    def key(self) -> Token | None:
        """Its partner, if one is chosen."""
        return self.selection.key

    @cached_property
    def map(self) -> KroneckerMap | KroneckerMixture:
        """The Kronecker map of the chosen head, or of the layer's heads; the whole model has none."""
        return self.analysis.kronecker_map(self.layer, self.head, weights=self.weights)

    @cached_property
    def field(self) -> xr.DataArray:
        """The row (or column) of the chosen position over the data."""
        if self.shown == "model":
            return self.analysis.rollout(self.query, self.direction)
        return self.analysis.field(self.layer, self.head, self.query, self.direction, weights=self.weights)

    @cached_property
    def pictured(self) -> xr.DataArray:
        """The field as pictures show it: of a rollout without the chosen position itself, which would outshine all."""
        if self.shown != "model":
            return self.field
        others = self.field.copy()
        others[self.analysis.grid.native_of(self.query)] = np.nan
        return others

    @cached_property
    def rollout(self) -> xr.DataArray:
        """The rollout of the chosen position through the whole model, without the position itself."""
        others = self.analysis.rollout(self.query, self.direction).copy()
        others[self.analysis.grid.native_of(self.query)] = np.nan
        return others

    @cached_property
    def uniform(self) -> float:
        """The weight each key would get if all were looked at alike."""
        if self.shown == "model":
            return self.analysis.rollout_uniform()
        return self.analysis.uniform(self.layer, self.head, self.query, weights=self.weights)

    @cached_property
    def reading(self) -> str:
        """The row (or column) of the chosen position in words."""
        if self.shown == "model":
            return self.analysis.rollout_reading(self.query, self.direction)
        return self.analysis.reading(self.layer, self.head, self.query, self.direction, weights=self.weights)

    @cached_property
    def pair(self) -> str:
        """The weight between the chosen query and key in words; empty without a key."""
        if self.key is None:
            return ""
        if self.shown == "model":
            return self.analysis.rollout_pair_words(self.query, self.key, self.direction)
        return self.analysis.pair_words(
            self.layer, self.head, self.query, self.key, self.direction, weights=self.weights
        )

    @property
    def title(self) -> str:
        """What is shown, in few words."""
        if self.shown == "model":
            return "Whole model"
        return f"Layer {self.layer}, {self.head_words}"

    @property
    def head_words(self) -> str:
        """Which head or heads the pictures show."""
        if self.head is not None:
            return f"head {self.head}"
        how = "mean" if self.weights == "equal" else "output-weighted mean"
        return f"{how} of {self.analysis.record.num_heads} heads"

    @property
    def formula(self) -> str:
        """How what is shown is made from the factors."""
        return formula(self.analysis.record, self.shown, self.weights, self.layer)

    @property
    def about(self) -> str:
        """What is shown and what it is not, in two sentences."""
        return what(self.analysis.record, self.shown, self.layer, self.head, self.weights)

    @property
    def signed(self) -> str:
        """Where a saved picture is from: the model; never the file."""
        return f"Model {self.analysis.model_name}, a demonstration."

    @cached_property
    def missing(self) -> np.ndarray:
        """Which tokens hold no data."""
        valid = self.analysis.record.valid
        return np.zeros(self.analysis.grid.shape, dtype=bool) if valid is None else ~valid

    def flat(self, token: Token | None) -> int | None:
        """A token's position on the axes of the Kronecker map."""
        return None if token is None else int(np.ravel_multi_index(token, self.analysis.grid.shape))

    def token(self, flat: int) -> Token:
        """The token at a position on the axes of the Kronecker map."""
        return tuple(int(at) for at in np.unravel_index(flat, self.analysis.grid.shape))
