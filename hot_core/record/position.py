"""A chosen query as plain whole numbers."""

from __future__ import annotations

import operator

from hot_core.errors import SelectionError
from hot_core.kronecker import Position


def position_in(query: Position, sizes: tuple[int, ...]) -> tuple[int, ...]:
    """A position as plain ints.

    Returns:
        One index for each mode.

    Raises:
        SelectionError: when it is not made of whole numbers, or lies outside the tokens.
    """
    try:
        position = tuple(operator.index(p) for p in query)
    except TypeError:
        position = ()
    if len(position) != len(sizes) or not all(0 <= p < n for p, n in zip(position, sizes, strict=True)):
        raise SelectionError(
            f"AttentionRecord: query {query} lies outside the token grid {tuple(sizes)}. "
            "Give one whole index for each mode, counted from 0."
        )
    return position
