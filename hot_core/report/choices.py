"""What a report is about: the map that is shown, its query and key, and in which direction it is read."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import xarray as xr

from hot_core.analysis.reading import Direction
from hot_core.analysis.result import Analysis
from hot_core.analysis.words import position_words
from hot_core.evidence import Focus
from hot_core.figures.composition import formula, what
from hot_core.kronecker import KroneckerMap, KroneckerMixture


@dataclass(frozen=True)
class Choices:
    """The choices that every picture of a report follows, as those of the page do.

    Attributes:
        focus: one head, a layer's heads together or the whole model, and the query.
        direction: "row": where the query looks; "column": who looks at it.
        key: the query's chosen partner; None while there is none.
    """

    focus: Focus
    direction: Direction = "row"
    key: tuple[int, ...] | None = None


@dataclass(frozen=True, eq=False)
class Inspection:
    """An analysis with what of it is shown.

    Attributes:
        analysis: everything that is known of the input.
        choices: what is shown.
    """

    analysis: Analysis
    choices: Choices

    @property
    def focus(self) -> Focus:
        """The map and its query."""
        return self.choices.focus

    @property
    def query(self) -> tuple[int, ...]:
        """The chosen position."""
        return self.focus.query

    @property
    def key(self) -> tuple[int, ...] | None:
        """Its partner."""
        return self.choices.key

    @property
    def rolled(self) -> bool:
        """Whether the whole model is shown, which has a rollout and no map."""
        return self.focus.shown == "model"

    @cached_property
    def map(self) -> KroneckerMap | KroneckerMixture:
        """The Kronecker map of the head, or of the layer's heads; the whole model has none."""
        return self.analysis.kronecker_map(self.focus.layer, self.focus.head, weights=self.focus.weights)

    @cached_property
    def field(self) -> xr.DataArray:
        """The row (or column) of the query over the data; of a rollout without the query, which would outshine all."""
        focus, way = self.focus, self.choices.direction
        if not self.rolled:
            return self.analysis.field(focus.layer, focus.head, focus.query, way, weights=focus.weights)
        others = self.analysis.rollout(focus.query, way).copy()
        others[self.analysis.grid.native_of(focus.query)] = np.nan
        return others

    @cached_property
    def uniform(self) -> float:
        """The weight each key would get if all were looked at alike."""
        focus = self.focus
        if self.rolled:
            return self.analysis.rollout_uniform()
        return self.analysis.uniform(focus.layer, focus.head, focus.query, weights=focus.weights)

    @cached_property
    def reading(self) -> str:
        """The row (or column) of the query in words."""
        focus, way = self.focus, self.choices.direction
        if self.rolled:
            return self.analysis.rollout_reading(focus.query, way)
        return self.analysis.reading(focus.layer, focus.head, focus.query, way, weights=focus.weights)

    @cached_property
    def pair(self) -> str:
        """The weight between query and key in words; "" without a key."""
        focus, way = self.focus, self.choices.direction
        if self.key is None:
            return ""
        if self.rolled:
            return self.analysis.rollout_pair_words(focus.query, self.key, way)
        return self.analysis.pair_words(focus.layer, focus.head, focus.query, self.key, way, weights=focus.weights)

    @property
    def title(self) -> str:
        """What is shown, in few words."""
        if self.rolled:
            return "Whole model"
        if self.focus.head is not None:
            return f"Layer {self.focus.layer}, head {self.focus.head}"
        how = "mean" if self.focus.weights == "equal" else "output-weighted mean"
        return f"Layer {self.focus.layer}, {how} of {self.analysis.record.heads_of(self.focus.layer)} heads"

    @property
    def formula(self) -> str:
        """How what is shown is made from the factors."""
        return formula(self.analysis.record, self.focus.shown, self.focus.weights, self.focus.layer)

    @property
    def about(self) -> str:
        """What is shown and what it is not, in two sentences."""
        focus = self.focus
        return what(self.analysis.record, focus.shown, focus.layer, focus.head, focus.weights)

    def place(self, token: tuple[int, ...]) -> str:
        """Where a token lies, in the words and units of the data."""
        return position_words(self.analysis.grid, token, self.analysis.sample.geometry)
