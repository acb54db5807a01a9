"""The result of one analysis: everything that the page shows and the exports hold comes from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import xarray as xr

from hot_core.analysis.reading import Direction, reading
from hot_core.analysis.rollout import rollout, rollout_maps
from hot_core.errors import SelectionError
from hot_core.kronecker import KroneckerMap, KroneckerMixture
from hot_core.modes import Sample, TokenGrid
from hot_core.record import AttentionRecord
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
    """

    sample: Sample
    model_name: str
    model_config: Mapping[str, Any]
    prediction: Prediction
    record: AttentionRecord
    grid: TokenGrid
    provenance: Mapping[str, Any]
    notes: tuple[str, ...] = ()

    def kronecker_map(self, layer: int, head: int | None = None) -> KroneckerMap | KroneckerMixture:
        """The attention of one head over all tokens; of all heads, equally weighted, for `head=None`.

        Args:
            layer: the layer, from 0.
            head: the head, from 0, or None.

        Returns:
            The map, as an operator.
        """
        return self.record.kronecker_map(layer, head)

    def field(self, layer: int, head: int | None, query: tuple[int, ...], direction: Direction = "row") -> xr.DataArray:
        """Attention weights over the sample's native grid.

        Every position carries the weight of the token that covers it (not divided among positions);
        NaN where no token lies.

        Args:
            layer: the layer, from 0.
            head: the head, from 0; None mixes all heads equally.
            query: a token, one index for each mode.
            direction: "row": where this token looks; "column": who looks at it.

        Returns:
            float32 over the sample's grid; attrs hold layer, head, query, direction and combine.

        Raises:
            SelectionError: when layer, head, token or direction does not exist.
        """
        if direction not in ("row", "column"):
            raise SelectionError(f"Direction {direction!r} does not exist; choose 'row' or 'column'.")
        kmap = self.kronecker_map(layer, head)
        weights = kmap.row(query) if direction == "row" else kmap.column(query)
        field = self.grid.spread(weights.float().numpy())
        where = "all" if head is None else head
        field.attrs = {"layer": layer, "head": where, "query": [int(p) for p in query], "direction": direction}
        field.attrs["combine"] = kmap.combine
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
        maps = rollout_maps(self.record)
        valid = None if self.record.valid is None else torch.from_numpy(self.record.valid)
        field = self.grid.spread(rollout(maps, query, direction, valid=valid).float().numpy(), name="rollout")
        field.attrs = {"method": "attention rollout", "layers": len(maps), "heads": "equal", "residual": 0.5}
        field.attrs |= {"query": [int(p) for p in query], "direction": direction, "combine": self.record.combine}
        return field

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

    def reading(self, layer: int, head: int | None, query: tuple[int, ...], direction: Direction = "row") -> str:
        """One sentence on where a token looks, or who looks at it, with coordinates, units and times uniform.

        Args:
            layer: the layer, from 0.
            head: the head, from 0; None mixes all heads equally.
            query: a token, one index for each mode.
            direction: "row" or "column".

        Returns:
            The sentence.
        """
        which = f"mean of {self.record.num_heads} heads" if head is None else f"head {head}"
        return reading(
            self.kronecker_map(layer, head),
            self.grid,
            query,
            name=f"Layer {layer}, {which}",
            direction=direction,
            valid=self.record.valid,
            geometry=self.sample.geometry,
        )

    def _found(self) -> np.ndarray:
        """The middle of everything that is not the first class, in tokens; empty when there is none."""
        if not isinstance(self.prediction, Segmentation) or self.sample.kind != "volume":
            return np.array([])
        inside = np.argwhere(self.prediction.labels.values > 0)
        if not len(inside):
            return np.array([])
        return np.array(self.grid.token_of([int(p) for p in np.round(inside.mean(axis=0))]), dtype=float)
