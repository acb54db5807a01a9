"""Changing attention on purpose: the same forward pass with other factors, to ask what a prediction owes to them.

An edit is an argument of one pass, like the record it comes with: no hooks, and a shared model stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from torch import Tensor

from hot_core.errors import ShapeError

Edit: TypeAlias = Callable[[int, Sequence[Tensor]], Sequence[Tensor]]
"""From the layer's number and its factors, one (batch, head, query, key) tensor for each mode, to as many others of the
same shapes. The pass goes on with what it gives, and that is what is recorded. Rows need not add up to 1."""


def edited(edit: Edit, layer: int, factors: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """What a layer's factors become.

    Args:
        edit: the change.
        layer: from 0.
        factors: (batch, head, query, key) for each mode.

    Returns:
        As many tensors of the same shapes.

    Raises:
        ShapeError: when the edit changes their number or shapes.
    """
    wanted = tuple(edit(layer, factors))
    if [matrix.shape for matrix in wanted] != [matrix.shape for matrix in factors]:
        raise ShapeError(
            f"AttentionRecord.edit: of factors {[tuple(f.shape) for f in factors]} it made "
            f"{[tuple(f.shape) for f in wanted]}; give one matrix of the same shape for each mode."
        )
    return wanted
