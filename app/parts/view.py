"""What is looked at on an inspection page: one analysis, what of it is shown, and the chosen query and key."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import xarray as xr

from app.selection import Role, Selection, Token
from hot_core.analysis.reading import Direction
from hot_core.evidence import Focus
from hot_core.figures.composition import Shown
from hot_core.kronecker import KroneckerMap, KroneckerMixture
from hot_core.modes import Kind
from hot_core.pipeline import Analysis
from hot_core.record import HeadWeights
from hot_core.report import Choices, Inspection


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

    @property
    def focus(self) -> Focus:
        """The map that is shown and the chosen position, as the evidence takes it; the same for every direction."""
        layer = 0 if self.shown == "model" else self.layer
        return Focus(self.shown, self.query, layer, self.head, self.weights)

    @cached_property
    def inspection(self) -> Inspection:
        """What is shown, as the report takes it."""
        return Inspection(self.analysis, Choices(self.focus, self.direction, self.key))

    @property
    def map(self) -> KroneckerMap | KroneckerMixture:
        """The Kronecker map of the chosen head, or of the layer's heads; the whole model has none."""
        return self.inspection.map

    @cached_property
    def field(self) -> xr.DataArray:
        """The row (or column) of the chosen position over the data, with the position itself."""
        return self.analysis.rollout(self.query, self.direction) if self.shown == "model" else self.inspection.field

    @property
    def pictured(self) -> xr.DataArray:
        """The field as pictures show it: of a rollout without the chosen position itself, which would outshine all."""
        return self.inspection.field

    @cached_property
    def rollout(self) -> xr.DataArray:
        """The rollout of the chosen position through the whole model, without the position itself."""
        return Inspection(self.analysis, Choices(Focus("model", self.query), self.direction)).field

    @property
    def uniform(self) -> float:
        """The weight each key would get if all were looked at alike."""
        return self.inspection.uniform

    @property
    def reading(self) -> str:
        """The row (or column) of the chosen position in words."""
        return self.inspection.reading

    @property
    def pair(self) -> str:
        """The weight between the chosen query and key in words; empty without a key."""
        return self.inspection.pair

    @property
    def title(self) -> str:
        """What is shown, in few words."""
        return self.inspection.title

    @property
    def formula(self) -> str:
        """How what is shown is made from the factors."""
        return self.inspection.formula

    @property
    def about(self) -> str:
        """What is shown and what it is not, in two sentences."""
        return self.inspection.about

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
