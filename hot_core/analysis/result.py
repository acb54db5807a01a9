"""The result of one analysis: everything that the page shows and the exports hold comes from it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import xarray as xr

from hot_core.analysis.reading import (
    Direction,
    check_direction,
    even_level,
    heads_words,
    pair_words,
    reading,
    rollout_words,
)
from hot_core.analysis.rollout import rollout, rollout_maps
from hot_core.familiarity import Familiarity
from hot_core.kronecker import KroneckerMap, KroneckerMixture
from hot_core.kronecker.checks import check_position
from hot_core.modes import Sample, TokenGrid
from hot_core.record import AttentionRecord, HeadWeights
from hot_core.transforms.results import Prediction, Segmentation


@dataclass(frozen=True, eq=False)
class Analysis:
    """What a model said about a sample, and how its attention lay while saying it.

    Attributes:
        sample: what was read.
        model_name: name of the model.
        model_config: its configuration, as plain values.
        prediction: forecast, segmentation or classification, in the data's own space.
        record: the attention of the forward pass.
        grid: which native positions each token covers.
        provenance: input hash, model and weights hash, settings, versions, seed; no file name.
        notes: what was chosen or assumed on the way, in sentences.
        familiarity: whether the input is like what the model has learnt from; None where that is not known.
    """

    sample: Sample
    model_name: str
    model_config: Mapping[str, Any]
    prediction: Prediction
    record: AttentionRecord
    grid: TokenGrid
    provenance: Mapping[str, Any]
    notes: tuple[str, ...] = ()
    familiarity: Familiarity | None = None

    def kronecker_map(
        self, layer: int, head: int | None = None, *, weights: HeadWeights = "equal"
    ) -> KroneckerMap | KroneckerMixture:
        """The attention of one head over all tokens; of all heads for `head=None`.

        Args:
            layer: the layer, from 0.
            head: the head, from 0, or None.
            weights: of all heads: "equal", or "output" for each head's share of the layer's output.

        Returns:
            The map, as an operator.
        """
        return self.record.kronecker_map(layer, head, weights=weights)

    def field(
        self, layer: int, head: int | None, query: tuple[int, ...], direction: Direction = "row",
        *, weights: HeadWeights = "equal",
    ) -> xr.DataArray:  # fmt: skip
        """Attention weights over the sample's native grid.

        Every position carries the weight of the token that covers it (not divided among positions);
        NaN where no token lies.

        Args:
            layer: the layer, from 0.
            head: the head, from 0; None mixes all heads.
            query: a token, one index for each mode.
            direction: "row": where this token looks; "column": who looks at it.
            weights: how all heads are mixed, see `kronecker_map`.

        Returns:
            float32 over the sample's grid; attrs hold layer, head, query, direction, combine, what
                whole rows add up to, and the weights in words.

        Raises:
            SelectionError: when layer, head, token or direction does not exist.
        """
        check_direction(direction)
        kmap = self.kronecker_map(layer, head, weights=weights)
        line = kmap.row(query) if direction == "row" else kmap.column(query)
        field = self.grid.spread(line.float().numpy())
        where = "all" if head is None else head
        field.attrs = {"layer": layer, "head": where, "query": [int(p) for p in query], "direction": direction}
        field.attrs |= {"combine": kmap.combine, "weights": heads_words(self.record, layer, head, weights)}
        field.attrs["row_sum"] = round(float(kmap.row_sums().max()), 3)
        return field

    def rollout(self, query: tuple[int, ...], direction: Direction = "row") -> xr.DataArray:
        """What all layers together carry from token to token, with the residual, over the sample's native grid.

        Attention rollout (see `hot_core.analysis.rollout`): heads mixed equally, each layer averaged with the
        identity, layers multiplied. Every position carries the share of the token that covers it (not
        divided among positions); NaN where no token lies. Over the tokens a row adds up to 1.

        Args:
            query: a token, one index for each mode.
            direction: "row": the share of every token of the input in this token of the last layer; "column": the
                share of this token of the input in every token of the last layer.

        Returns:
            float32 over the sample's grid; attrs hold method, layers, heads, residual, query, direction, combine.

        Raises:
            SelectionError: when the token or direction does not exist, or the attention has no factors.
        """
        share = self.rollout_tokens(query, direction).astype(np.float32)
        field = self.grid.spread(share, name="rollout")
        layers = self.record.num_layers
        field.attrs = {"method": "attention rollout", "layers": layers, "heads": "equal", "residual": 0.5}
        field.attrs |= {"query": [int(p) for p in query], "direction": direction, "combine": self.record.combine}
        return field

    def rollout_tokens(self, query: tuple[int, ...], direction: Direction = "row") -> np.ndarray:
        """The row or column that `rollout` spreads over the data, one float64 share a token, shape `grid.shape`."""
        valid = None if self.record.valid is None else torch.from_numpy(self.record.valid)
        return rollout(rollout_maps(self.record), query, direction, valid=valid).cpu().numpy()

    def rollout_uniform(self) -> float:
        """The share of every token in every other one if all were mixed alike: one over the valid tokens."""
        valid = self.record.valid
        return 1 / max(math.prod(self.grid.shape) if valid is None else int(valid.sum()), 1)

    def rollout_reading(self, query: tuple[int, ...], direction: Direction = "row") -> str:
        """Two sentences on the whole model: what a token is made of ("row"), or where it goes ("column"), by rollout.

        Returns:
            "Whole model (attention rollout over 3 layers): apart from itself, JFK · … is made most of …, …".
        """
        return rollout_words(
            self.rollout_tokens(query, direction), self.grid, query, layers=self.record.num_layers,
            direction=direction, valid=self.record.valid, geometry=self.sample.geometry,
        )  # fmt: skip

    def rollout_pair_words(self, query: tuple[int, ...], key: tuple[int, ...], direction: Direction = "row") -> str:
        """One share of the rollout in words: of `key` in `query` ("row"), or of `query` in `key` ("column").

        Returns:
            "EWR · … → JFK · …: 0.031 by rollout, 3.2 times uniform"; the arrow begins at the token that is made.
        """
        weight = float(self.rollout_tokens(query, direction)[check_position(key, self.grid.shape)])
        looks, there = (query, key) if direction == "row" else (key, query)
        level, geometry = self.rollout_uniform(), self.sample.geometry
        return pair_words(self.grid, looks, there, weight, level, geometry=geometry, unit=" by rollout")

    def default_query(self) -> tuple[int, ...]:
        """A token worth a first look, the same for the same data.

        The last step of the first series; on volumes and rasters the valid token nearest to the middle
        of what was found (all classes but the first), or of what holds data.

        Returns:
            One index for each mode.
        """
        shape = self.grid.shape
        valid = np.ones(shape, dtype=bool) if self.record.valid is None else self.record.valid
        tokens = np.argwhere(valid)
        if self.sample.kind == "series":
            aim, weight = np.array([0.0, 0.0, shape[-1] - 1]), np.array([1e6, 1e3, 1.0])
        else:
            aim, weight = tokens.mean(axis=0), np.ones(len(shape))
            found = self._found()
            aim[: len(found)] = found
        distance = (weight * (tokens - aim) ** 2).sum(axis=1)
        return tuple(int(i) for i in tokens[distance.argmin()])

    def reading(
        self, layer: int, head: int | None, query: tuple[int, ...], direction: Direction = "row",
        *, weights: HeadWeights = "equal",
    ) -> str:  # fmt: skip
        """One sentence on where a token looks, or who looks at it, with coordinates, units and times uniform.

        Args:
            layer: the layer, from 0.
            head: the head, from 0; None mixes all heads.
            query: a token, one index for each mode.
            direction: "row" or "column".
            weights: how all heads are mixed, see `kronecker_map`; the sentence says it.

        Returns:
            The sentence.
        """
        kmap = self.kronecker_map(layer, head, weights=weights)
        name = f"Layer {layer}, {heads_words(self.record, layer, head, weights)}"
        valid, geometry = self.record.valid, self.sample.geometry
        return reading(kmap, self.grid, query, name=name, direction=direction, valid=valid, geometry=geometry)

    def uniform(self, layer: int, head: int | None, query: tuple[int, ...], *, weights: HeadWeights = "equal") -> float:
        """What every valid token would get if the row of `query` were spread evenly: `row sum / N_valid`.

        Returns:
            The level that `reading` and `pair_words` compare with, in both directions.
        """
        return even_level(self.kronecker_map(layer, head, weights=weights), query, self.record.valid)

    def pair_words(
        self, layer: int, head: int | None, query: tuple[int, ...], key: tuple[int, ...],
        direction: Direction = "row", *, weights: HeadWeights = "equal",
    ) -> str:  # fmt: skip
        """One chosen pair in words: `query → key` in "row"; `key → query` in "column", where the key looks.

        Returns:
            "EWR · humidity · 2013-12-30 14:00–18:00 → JFK · …: 0.031, 3.2 times uniform".
        """
        check_direction(direction)
        kmap = self.kronecker_map(layer, head, weights=weights)
        query, key = (check_position(token, self.grid.shape) for token in (query, key))
        looks, there = (query, key) if direction == "row" else (key, query)
        weight, level = kmap.entry(looks, there), even_level(kmap, query, self.record.valid)
        geometry, valid = self.sample.geometry, self.record.valid
        return pair_words(self.grid, looks, there, weight, level, geometry=geometry, valid=valid)

    def _found(self) -> np.ndarray:
        """The middle of everything that is not the first class, in tokens; empty when there is none."""
        if not isinstance(self.prediction, Segmentation) or self.sample.kind != "volume":
            return np.array([])
        inside = np.argwhere(self.prediction.labels.values > 0)
        if not len(inside):
            return np.array([])
        return np.array(self.grid.token_of([int(p) for p in np.round(inside.mean(axis=0))]), dtype=float)
