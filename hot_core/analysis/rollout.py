"""Attention rollout: how much of each token is in another one after all layers, with the residual.

Source: Abnar and Zuidema, "Quantifying Attention Flow in Transformers", arXiv 2005.00928, section 3.
With the map `A_l` of layer `l` (heads mixed equally), `V` the diagonal matrix of valid tokens (all
where no mask was given) and `s_l = 1/row sum` of `A_l V`,

    Ã_l = ½ (diag(s_l) A_l V + I)           a row of Ã_l is that of I where A_l V has none
    R   = Ã_L ⋯ Ã_2 Ã_1                     later layers on the left

Every row of `R` adds up to 1: the share of each input token in an output token. A layer's values are 0
at invalid tokens, hence `V`: what a row puts there is lost to the output, and the rest is brought to 1;
rows of a Kronecker sum, which add up to `k`, are brought to 1 in the same step.

`R` is not Kronecker (already `½(A ⊗ B + I)` has Kronecker rank 2, and the rank doubles with each
layer), so it is not formed: one row or column is carried through the layers by mode products, in
`O(layers · heads · N · Σn_i)` time and `O(N)` numbers beside the factors. float64 throughout.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import torch
from torch import Tensor

from hot_core.analysis.reading import Direction, check_direction
from hot_core.errors import SelectionError, ShapeError
from hot_core.kronecker import KroneckerMap, KroneckerMixture, Position
from hot_core.kronecker.checks import check_position
from hot_core.record import AttentionRecord, LayerRows

Map: TypeAlias = KroneckerMap | KroneckerMixture


def rollout(
    maps: Sequence[Map], position: Position, direction: Direction = "row", *, valid: Tensor | None = None
) -> Tensor:
    """One row or column of the rollout `R` defined at the top of this file.

    Args:
        maps: each layer's map, in the order of the layers; a mixture is mixed by its own weights.
        position: a token, one index for each mode.
        direction: "row": the share of every input token in this output token, adding up to 1;
            "column": the share of this input token in every output token.
        valid: bool of shape `(n_1, …, n_k)`, True where a token is valid; None means all.

    Returns:
        float64 of shape `(n_1, …, n_k)`.

    Raises:
        SelectionError: when there is no layer, or the position or direction does not exist.
        ShapeError: when the layers or `valid` differ in their sizes.
    """
    check_direction(direction)
    sizes = common_sizes(maps, valid)
    position = check_position(position, sizes)
    share = torch.zeros(sizes, dtype=torch.float64, device=device_of(maps[0]))
    share[position] = 1.0
    if direction == "row":
        for kmap in reversed(maps):
            share = LayerStep.of(kmap, valid).backward(share)
    else:
        for kmap in maps:
            share = LayerStep.of(kmap, valid).forward(share)
    return share


def rollout_matrix(maps: Sequence[Map], *, valid: Tensor | None = None, limit: int = 10_000_000) -> Tensor:
    """The whole rollout `R`, for small sizes.

    Args:
        maps: each layer's map, in the order of the layers.
        valid: bool of shape `(n_1, …, n_k)`, True where a token is valid; None means all.
        limit: the most entries that may be formed.

    Returns:
        float64 (query, key) of shape `(N, N)`, in C order; rows add up to 1.

    Raises:
        SelectionError: when there is no layer, or `N²` lies above the limit.
        ShapeError: when the layers or `valid` differ in their sizes.
    """
    sizes = common_sizes(maps, valid)
    tokens = maps[0].shape[0]
    if tokens**2 > limit:
        entries, most = (f"{count:.1e}".replace("e+0", "e").replace("e+", "e") for count in (tokens**2, limit))
        raise SelectionError(
            f"rollout_matrix: {tokens:,} tokens give {entries} entries, above the limit of {most}. "
            "Ask rollout for a row or a column."
        )
    whole = torch.eye(tokens, dtype=torch.float64, device=device_of(maps[0])).reshape(*sizes, tokens)
    for kmap in maps:
        whole = LayerStep.of(kmap, valid).forward(whole)
    return whole.reshape(tokens, tokens)


def rollout_maps(record: AttentionRecord, batch: int = 0) -> tuple[Map, ...]:
    """The maps of all recorded layers, heads mixed equally.

    Args:
        record: of attention with factors.
        batch: the element of the batch.

    Returns:
        One mixture for each layer.

    Raises:
        SelectionError: when nothing was recorded, or a layer kept only the rows of chosen queries.
    """
    for number, layer in enumerate(record.layers):
        if isinstance(layer, LayerRows):
            raise SelectionError(
                f"Rollout needs the row of every query in every layer, and layer {number} kept those of "
                f"{len(layer.queries)} queries: its attention has no mode-wise factors. "
                "Use a model with Kronecker attention."
            )
    if not record.layers:
        raise SelectionError("Rollout needs at least one recorded layer; pass a record into the forward pass.")
    return tuple(record.kronecker_map(number, None, batch) for number in range(record.num_layers))


@dataclass(frozen=True, eq=False)
class LayerStep:
    """One layer's `Ã = ½ (diag(s) A V + I)` as an operator, float64, each array of shape `(n_1, …, n_k)`.

    Attributes:
        kmap: the map `A`.
        seen: the diagonal of `V`, 1 where a token is valid.
        looks: ½ over the row sum of `A V`; 0 where that is 0.
        stays: what the residual keeps, ½; 1 where there is nothing to look at.
    """

    kmap: Map
    seen: Tensor
    looks: Tensor
    stays: Tensor

    @classmethod
    def of(cls, kmap: Map, valid: Tensor | None) -> LayerStep:
        """The step of a layer's map, with the valid tokens (all for None)."""
        kmap = in_double(kmap)
        seen = torch.ones(kmap.sizes, dtype=torch.float64, device=device_of(kmap))
        seen = seen if valid is None else valid.to(seen)
        sums = kmap.row_sums() if valid is None else kmap.apply(seen)
        some = sums > 0
        return cls(kmap, seen, torch.where(some, 0.5 / sums.where(some, 1.0), 0.0), torch.where(some, 0.5, 1.0))

    def backward(self, row: Tensor) -> Tensor:
        """A row vector times the layer, `x Ã`: from an output of the layer to its inputs."""
        return self.kmap.apply_transposed(row * self.looks) * self.seen + row * self.stays

    def forward(self, columns: Tensor) -> Tensor:
        """The layer times column vectors, `Ã x`, with or without a last dim that counts them."""
        shape = (*self.kmap.sizes, *[1] * (columns.ndim - len(self.kmap.sizes)))
        seen, looks, stays = (part.reshape(shape) for part in (self.seen, self.looks, self.stays))
        return self.kmap.apply(columns * seen) * looks + columns * stays


def device_of(kmap: Map) -> torch.device:
    """Where the factors of a map lie."""
    return (kmap if isinstance(kmap, KroneckerMap) else kmap.maps[0]).factors[0].device


def in_double(kmap: Map) -> Map:
    """The same map with factors in float64."""
    if isinstance(kmap, KroneckerMixture):
        return replace(
            kmap, maps=tuple(replace(head, factors=tuple(f.double() for f in head.factors)) for head in kmap.maps)
        )
    return replace(kmap, factors=tuple(factor.double() for factor in kmap.factors))


def common_sizes(maps: Sequence[Map], valid: Tensor | None) -> tuple[int, ...]:
    """The sizes that all layers share.

    Returns:
        Tokens along each mode.

    Raises:
        SelectionError: when there is no layer.
        ShapeError: when the layers or `valid` differ in their sizes.
    """
    if not maps:
        raise SelectionError("Rollout needs at least one recorded layer; pass a record into the forward pass.")
    sizes = maps[0].sizes
    if any(kmap.sizes != sizes for kmap in maps) or (valid is not None and tuple(valid.shape) != sizes):
        found = "" if valid is None else f", valid (n_1, …, n_k) = {tuple(valid.shape)}"
        raise ShapeError(
            f"Rollout: layers of sizes {[kmap.sizes for kmap in maps]}{found}; give equal sizes, since the product "
            "of the layers needs the same tokens in all of them."
        )
    return sizes
