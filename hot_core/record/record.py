"""What the attention layers leave behind when asked: factors, or the rows of chosen queries.

A record is handed into `forward(x, record=record)` and filled there. No hooks: a model that is
shared by several sessions then never writes one session's maps into another's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import xarray as xr
from torch import Tensor

from hot_core.errors import SelectionError
from hot_core.kronecker import Combine, KroneckerMap, KroneckerMixture, Position
from hot_core.modes import Mode
from hot_core.record.edit import Edit
from hot_core.record.layers import HeadWeights, LayerFactors, LayerRows
from hot_core.record.position import position_in


@dataclass
class AttentionRecord:
    """The attention of one forward pass, detached; holds no model. A second pass is appended to the first.

    Attributes:
        token_modes: the token modes in order, with coordinates; positions are counted when not given.
        queries: token positions whose rows attention without factors (full, axial) records.
        layers: one entry a layer, in the order of the forward pass.
        shares: whether layers with factors keep each head's share of their output too, which makes the attention
            of a layer some 7 to 19 % dearer.
        edit: what becomes of a layer's factors before it uses them, see `hot_core.record.edit`; None for nothing.
    """

    token_modes: Sequence[Mode] = ()
    queries: Sequence[Position] = ()
    layers: list[LayerFactors | LayerRows] = field(default_factory=list)
    shares: bool = False
    edit: Edit | None = None

    def add_factors(
        self,
        factors: Sequence[Tensor],
        combine: Combine,
        normalize: bool,
        mask: Tensor | None,
        make_shares: Callable[[], Tensor] | None = None,
    ) -> None:
        """Called by attention layers with factors of their own making; keeps them on the CPU, detached."""
        kept = tuple(factor.detach().cpu() for factor in factors)
        self.layers.append(LayerFactors(kept, combine, normalize, on_cpu(mask), make_shares))

    def add_rows(self, rows: Tensor, sizes: tuple[int, ...], mask: Tensor | None, keys: int = 1) -> None:
        """Called by attention layers without factors, with the rows of `flat_queries(sizes)`, over tuples of keys."""
        chosen = tuple(self.flat_queries(sizes))
        self.layers.append(LayerRows(rows.detach().cpu(), chosen, sizes, on_cpu(mask), keys))

    def positions(self, sizes: tuple[int, ...]) -> list[tuple[int, ...]]:
        """The chosen queries as plain positions.

        Returns:
            One index for each mode and query.

        Raises:
            SelectionError: when a query lies outside the tokens.
        """
        return [position_in(query, sizes) for query in self.queries]

    def flat_queries(self, sizes: tuple[int, ...]) -> list[int]:
        """The flat C-order index of every chosen query."""
        return [int(np.ravel_multi_index(query, sizes)) for query in self.positions(sizes)]

    @property
    def sizes(self) -> tuple[int, ...]:
        """Tokens along each mode in the first layer; () before anything was recorded."""
        return self.layers[0].sizes if self.layers else ()

    @property
    def valid(self) -> np.ndarray | None:
        """`valid_tokens()` of the first layer and batch element; None before anything was recorded."""
        return self.valid_tokens() if self.layers else None

    def valid_tokens(self, layer: int = 0, batch: int = 0) -> np.ndarray | None:
        """Which tokens held a valid value.

        Returns:
            Bool of shape `(n_1, …, n_k)`; None where the pass had no mask.
        """
        mask = self._layer(layer, batch).mask
        return None if mask is None else mask[batch].numpy()

    def heads_of(self, layer: int) -> int:
        """Heads of one layer."""
        return self._layer(layer).counts[1]

    @property
    def num_layers(self) -> int:
        """Recorded layers."""
        return len(self.layers)

    @property
    def num_heads(self) -> int:
        """Heads of the first layer."""
        return self.heads_of(0)

    @property
    def modes(self) -> tuple[str, ...]:
        """The names of the modes in order."""
        if self.token_modes:
            return tuple(mode.name for mode in self.token_modes)
        return tuple(f"mode {number}" for number in range(1, len(self.sizes) + 1))

    @property
    def combine(self) -> Combine:
        """How the first layer combines its factors: "product" or "sum"."""
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
        weights = self._factors(layer, batch).factors[index][batch].float().numpy()
        count = weights.shape[-1]
        coords = self.token_modes[index].coords if self.token_modes else np.arange(count)
        return xr.DataArray(
            weights,
            dims=("head", "query", "key"),
            coords={"head": np.arange(weights.shape[0]), "query": coords, "key": coords},
            name=f"{self.modes[index]} attention",
            attrs={"mode": self.modes[index], "unit": self.token_modes[index].unit if self.token_modes else None},
        )

    def kronecker_map(
        self, layer: int, head: int | None = None, batch: int = 0, weights: HeadWeights = "equal"
    ) -> KroneckerMap | KroneckerMixture:
        """The map over all tokens of one head, or the mixture of a layer's heads.

        Args:
            layer: the layer, from 0.
            head: the head, from 0; None mixes all heads.
            batch: the element of the batch.
            weights: "equal", or "output" for each head's share of the layer's output; a single head has none.

        Returns:
            A `KroneckerMap` for a head; a `KroneckerMixture` with weights that add up to 1 for `head=None`.

        Raises:
            SelectionError: when layer, head or weights do not exist, or the shares were not recorded.
        """
        if weights not in ("equal", "output"):
            raise SelectionError(f"Head weights {weights!r} do not exist; choose 'equal' or 'output'.")
        if head is not None:
            return self._head_map(layer, head, batch)
        maps = tuple(self._head_map(layer, each, batch) for each in range(self.heads_of(layer)))
        return (
            KroneckerMixture.equal(maps)
            if weights == "equal"
            else KroneckerMixture(maps, self.head_shares(layer, batch))
        )

    def head_shares(self, layer: int, batch: int = 0) -> tuple[float, ...]:
        """Each head's share of the layer's output, by the norm over the valid tokens; see `head_shares` of attention.

        Returns:
            One number for each head; they add up to 1.

        Raises:
            SelectionError: when the layer keeps no shares, or its output is 0 or not finite.
        """
        shares = self._factors(layer, batch).shares
        if shares is None:
            raise SelectionError(
                f"Layer {layer} kept no shares of its heads in the output. Record with AttentionRecord(shares=True), "
                "or choose weights='equal'."
            )
        found = shares[batch].double()
        if not 0.5 < float(found.sum()) < 2:  # 1 but for rounding, otherwise 0 or NaN
            raise SelectionError(
                f"The heads of layer {layer} have no shares in its output: it is 0 or not finite at all valid tokens. "
                "Choose weights='equal'."
            )
        return tuple((found / found.sum()).tolist())

    def row(self, layer: int, head: int, query: Position, batch: int = 0) -> np.ndarray:
        """Where a query looks, whatever kind of attention was recorded.

        Returns:
            Weights of shape `(n_1, …, n_k)`, which attention over tuples repeats for each key.

        Raises:
            SelectionError: when attention without factors did not record this query.
        """
        found = self._layer(layer, batch, head)
        if isinstance(found, LayerFactors):
            return self._head_map(layer, head, batch).row(query).float().numpy()
        flat = int(np.ravel_multi_index(position_in(query, found.sizes), found.sizes))
        if flat not in found.queries:
            raise SelectionError(
                f"The row of query {tuple(query)} was not recorded. Name it before the forward pass: "
                f"AttentionRecord(queries=[{tuple(query)}])."
            )
        return found.rows[batch, head, found.queries.index(flat)].float().numpy().reshape(found.sizes * found.keys)

    def _head_map(self, layer: int, head: int, batch: int) -> KroneckerMap:
        found = self._factors(layer, batch, head)
        return KroneckerMap(
            tuple(factor[batch, head] for factor in found.factors), found.combine, normalize=found.normalize
        )

    def _layer(self, layer: int, batch: int = 0, head: int = 0) -> LayerFactors | LayerRows:
        if not 0 <= layer < len(self.layers):
            raise SelectionError(
                f"Layer {layer} was not recorded; there are {len(self.layers)} layers, counted from 0."
            )
        found = self.layers[layer]
        for name, index, count in zip(("batch element", "head"), (batch, head), found.counts, strict=True):
            if not 0 <= index < count:
                raise SelectionError(
                    f"{name.capitalize()} {index} does not exist; layer {layer} has the {name}s 0 … {count - 1}."
                )
        return found

    def _factors(self, layer: int, batch: int = 0, head: int = 0) -> LayerFactors:
        found = self._layer(layer, batch, head)
        if isinstance(found, LayerRows):
            raise SelectionError("This attention has no mode-wise factors; ask for record.row(layer, head, query).")
        return found

    def _mode_index(self, mode: str | int) -> int:
        names = self.modes
        if isinstance(mode, int | np.integer) and 0 <= mode < len(names):
            return int(mode)
        if isinstance(mode, str) and mode in names:
            return names.index(mode)
        raise SelectionError(f"Mode {mode!r} does not exist; the modes are {', '.join(names)}.")


def on_cpu(mask: Tensor | None) -> Tensor | None:
    """A copy of the mask that nobody else changes."""
    return None if mask is None else mask.detach().cpu().clone()
