"""Changes of attention that ask what a prediction owes to it; see `hot_core.record.edit`.

Every one touches the chosen heads alone, and of them all modes or one. A key that holds no data stays without weight.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from hot_core.evidence.focus import Heads
from hot_core.record import Edit

Change = Callable[[Tensor, int], Tensor]
"""From one head's matrix (batch, query, key) of a mode, and the mode's number, to another."""


def changed(heads: Heads, change: Change) -> Edit:
    """An edit that applies a change to some heads of some layers.

    Args:
        heads: (layer, head) pairs.
        change: what becomes of each of their matrices.

    Returns:
        The edit.
    """

    def edit(layer: int, factors: Sequence[Tensor]) -> list[Tensor]:
        found = [factor.clone() for factor in factors]
        for mode, factor in enumerate(found):
            for at in range(factor.shape[1]):
                if (layer, at) in heads:
                    factor[:, at] = change(factor[:, at], mode)
        return found

    return edit


def uniform(heads: Heads) -> Edit:
    """Every query looks at all keys alike that it gave any weight; rows keep their sum."""

    def even(matrix: Tensor, mode: int) -> Tensor:
        some = (matrix > 0).to(matrix.dtype)
        return some * matrix.sum(-1, keepdim=True) / some.sum(-1, keepdim=True).clamp(min=1)

    return changed(heads, even)


def shuffled(heads: Heads, generator: torch.Generator, only: int | None = None) -> Edit:
    """The keys of every matrix change places at random, for all queries alike: rows keep their weights, not their aim.

    Args:
        heads: (layer, head) pairs.
        generator: draws the places, on the CPU.
        only: the one mode whose keys change places; None means all modes.

    Returns:
        The edit.
    """

    def moved(matrix: Tensor, mode: int) -> Tensor:
        if only is not None and mode != only:
            return matrix
        keys = torch.nonzero((matrix > 0).any(0).any(0))[:, 0]
        places = torch.arange(matrix.shape[-1])
        places[keys] = keys[torch.randperm(len(keys), generator=generator)]
        return matrix[..., places]

    return changed(heads, moved)


def silenced(heads: Heads) -> Edit:
    """The heads add nothing to the output of their layer: all their weights are 0."""
    return changed(heads, lambda matrix, mode: torch.zeros_like(matrix))
