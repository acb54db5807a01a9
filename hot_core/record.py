"""What the attention layers leave behind when asked: factors, or the rows of chosen queries.

A record is handed into `forward(x, record=record)` and filled there. No hooks: a model that is
shared by several sessions then never writes one session's maps into another's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import xarray as xr
from torch import Tensor

from hot_core.errors import SelectionError
from hot_core.kronecker import Combine, KroneckerMap, KroneckerMixture, Position
from hot_core.modes import Mode


@dataclass(frozen=True, eq=False)
class LayerFactors:
    """One layer's mode-wise factors, each of shape (batch, head, query, key)."""

    factors: tuple[Tensor, ...]
    combine: Combine
    normalize: bool


@dataclass(frozen=True, eq=False)
class LayerRows:
    """One layer's rows for chosen flat queries, of shape (batch, head, chosen, key)."""

    rows: Tensor
    queries: tuple[int, ...]


@dataclass
class AttentionRecord:
    """The attention of one forward pass, detached; holds no model.

    Attributes:
        token_modes: the token modes in order, with coordinates; positions are counted when not given.
        queries: token positions whose rows attention without factors (full, axial) records.
        layers: one entry a layer, in the order of the forward pass.
        valid: bool of shape `(n_1, …, n_k)`, False where a token held no valid value; None without mask.
    """

    token_modes: Sequence[Mode] = ()
    queries: Sequence[Position] = ()
    layers: list[LayerFactors | LayerRows] = field(default_factory=list)
    valid: np.ndarray | None = None
    sizes: tuple[int, ...] = ()

    def add_factors(self, factors: Sequence[Tensor], combine: Combine, normalize: bool, mask: Tensor | None) -> None:
        """Called by attention layers with factors of their own making; keeps them on the CPU, detached."""
        self.sizes = tuple(factor.shape[-1] for factor in factors)
        kept = tuple(factor.detach().cpu() for factor in factors)
        self.layers.append(LayerFactors(kept, combine, normalize))
        self._keep_valid(mask)

    def add_rows(self, rows: Tensor, sizes: tuple[int, ...], mask: Tensor | None) -> None:
        """Called by attention layers without factors, with the rows of `flat_queries(sizes)`."""
        self.sizes = sizes
        self.layers.append(LayerRows(rows.detach().cpu().clone(), tuple(self.flat_queries(sizes))))
        self._keep_valid(mask)

    def positions(self, sizes: tuple[int, ...]) -> list[tuple[int, ...]]:
        """The chosen queries as plain positions.

        Returns:
            One index for each mode and query.

        Raises:
            SelectionError: when a query lies outside the tokens.
        """
        for query in self.queries:
            if len(query) != len(sizes) or not all(0 <= p < n for p, n in zip(query, sizes, strict=True)):
                raise SelectionError(
                    f"AttentionRecord: query {tuple(query)} lies outside the token grid {tuple(sizes)}. "
                    "Give one index for each mode, counted from 0."
                )
        return [tuple(int(p) for p in query) for query in self.queries]

    def flat_queries(self, sizes: tuple[int, ...]) -> list[int]:
        """The flat C-order index of every chosen query."""
        return [int(np.ravel_multi_index(query, sizes)) for query in self.positions(sizes)]

    @property
    def num_layers(self) -> int:
        """Recorded layers."""
        return len(self.layers)

    @property
    def num_heads(self) -> int:
        """Heads of a layer."""
        layer = self._layer(0)
        return layer.rows.shape[1] if isinstance(layer, LayerRows) else layer.factors[0].shape[1]

    @property
    def modes(self) -> tuple[str, ...]:
        """The names of the modes in order."""
        if self.token_modes:
            return tuple(mode.name for mode in self.token_modes)
        return tuple(f"mode {number}" for number in range(1, len(self.sizes) + 1))

    @property
    def combine(self) -> Combine:
        """How the layers combine their factors: "product" or "sum"."""
        return self._factors(0).combine

    def factor(self, layer: int, mode: str | int, batch: int = 0) -> xr.DataArray:
        """One mode's attention matrices.

        Args:
            layer: the layer, from 0.
            mode: name or index of the mode.
            batch: the element of the batch.

        Returns:
            Weights with dims (head, query, key); query and key carry the mode's token coordinates.
        """
        index = self._mode_index(mode)
        weights = self._factors(layer).factors[index][batch].float().numpy()
        count = weights.shape[-1]
        coords = self.token_modes[index].coords if self.token_modes else np.arange(count)
        return xr.DataArray(
            weights,
            dims=("head", "query", "key"),
            coords={"head": np.arange(weights.shape[0]), "query": coords, "key": coords},
            name=f"{self.modes[index]} attention",
            attrs={"mode": self.modes[index], "unit": self.token_modes[index].unit if self.token_modes else None},
        )

    def kronecker_map(self, layer: int, head: int | None = None, batch: int = 0) -> KroneckerMap | KroneckerMixture:
        """The map over all tokens of one head, or the equal mixture of a layer's heads.

        Returns:
            A `KroneckerMap` for a head; a `KroneckerMixture` with equal weights for `head=None`.
        """
        if head is None:
            return KroneckerMixture.equal([self._head_map(layer, h, batch) for h in range(self.num_heads)])
        return self._head_map(layer, head, batch)

    def row(self, layer: int, head: int, query: Position, batch: int = 0) -> np.ndarray:
        """Where a query looks, whatever kind of attention was recorded.

        Returns:
            Weights of shape `(n_1, …, n_k)`.

        Raises:
            SelectionError: when attention without factors did not record this query.
        """
        found = self._layer(layer)
        if isinstance(found, LayerFactors):
            return self._head_map(layer, head, batch).row(query).float().numpy()
        flat = int(np.ravel_multi_index(tuple(query), self.sizes))
        if flat not in found.queries:
            raise SelectionError(
                f"The row of query {tuple(query)} was not recorded. Name it before the forward pass: "
                f"AttentionRecord(queries=[{tuple(query)}])."
            )
        return found.rows[batch, head, found.queries.index(flat)].float().numpy().reshape(self.sizes)

    def _head_map(self, layer: int, head: int, batch: int) -> KroneckerMap:
        found = self._factors(layer)
        if not 0 <= head < self.num_heads:
            raise SelectionError(f"Head {head} does not exist; layer {layer} has the heads 0 … {self.num_heads - 1}.")
        return KroneckerMap(
            tuple(factor[batch, head] for factor in found.factors), found.combine, normalize=found.normalize
        )

    def _layer(self, layer: int) -> LayerFactors | LayerRows:
        if not 0 <= layer < len(self.layers):
            raise SelectionError(
                f"Layer {layer} was not recorded; there are {len(self.layers)} layers, counted from 0."
            )
        return self.layers[layer]

    def _factors(self, layer: int) -> LayerFactors:
        found = self._layer(layer)
        if isinstance(found, LayerRows):
            raise SelectionError("This attention has no mode-wise factors; ask for record.row(layer, head, query).")
        return found

    def _mode_index(self, mode: str | int) -> int:
        names = self.modes
        if isinstance(mode, int) and 0 <= mode < len(names):
            return mode
        if isinstance(mode, str) and mode in names:
            return names.index(mode)
        raise SelectionError(f"Mode {mode!r} does not exist; the modes are {', '.join(names)}.")

    def _keep_valid(self, mask: Tensor | None) -> None:
        if mask is not None:
            self.valid = mask[0].detach().cpu().numpy()
