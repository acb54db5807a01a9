"""Which map is put to the test: the row of one head, of a layer's heads together, or the rollout of the model."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from hot_core.analysis.result import Analysis
from hot_core.errors import SelectionError
from hot_core.record import AttentionRecord, HeadWeights

Shown: TypeAlias = Literal["head", "layer", "model"]
Heads: TypeAlias = Collection[tuple[int, int]]
"""(layer, head) pairs."""


@dataclass(frozen=True)
class Focus:
    """A map, and the query whose row of it is looked at.

    Attributes:
        shown: "head", "layer" (its heads mixed) or "model" (attention rollout).
        query: a token, one index for each mode.
        layer: from 0; of no meaning for "model".
        head: from 0; None unless `shown` is "head".
        weights: how the heads of a layer are mixed.
    """

    shown: Shown
    query: tuple[int, ...]
    layer: int = 0
    head: int | None = None
    weights: HeadWeights = "equal"

    def __post_init__(self) -> None:
        if self.shown not in ("head", "layer", "model") or (self.head is None) == (self.shown == "head"):
            raise SelectionError(
                f"Focus: {self.shown!r} with head {self.head}; a head belongs to 'head', and only there."
            )

    def row(self, analysis: Analysis) -> np.ndarray:
        """The row over the tokens, float64 of the grid's shape; 0 where a token holds no data."""
        if self.shown == "model":
            row = analysis.rollout_tokens(self.query)
        else:
            row = analysis.kronecker_map(self.layer, self.head, weights=self.weights).row(self.query).double().numpy()
        valid = analysis.record.valid
        found: np.ndarray = row if valid is None else np.where(valid, row, 0.0)
        return found

    def heads(self, record: AttentionRecord) -> Heads:
        """The heads that the map is made of."""
        if self.shown == "head" and self.head is not None:
            return {(self.layer, self.head)}
        layers = range(record.num_layers) if self.shown == "model" else (self.layer,)
        return {(layer, head) for layer in layers for head in range(record.heads_of(layer))}

    @property
    def words(self) -> str:
        """What it is called: "layer 2, head 3", "the heads of layer 2", "attention rollout"."""
        if self.shown == "model":
            return "attention rollout"
        return f"layer {self.layer}, head {self.head}" if self.shown == "head" else f"the heads of layer {self.layer}"
