"""What the two volume recipes share: which cases are shown, which tokens are hidden, how an interval is printed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def evenly(count: int, most: int) -> list[int]:
    """Up to `most` places, evenly spread over `count`, the first and the last among them.

    Args:
        count: how many there are.
        most: how many may be taken; 1 takes the first.

    Returns:
        Rising places, no two the same.
    """
    taken = min(count, most)
    return [i * (count - 1) // max(taken - 1, 1) for i in range(taken)]


def share_hidden(sizes: Sequence[int], patch: Sequence[int], share: float, rng: np.random.Generator) -> np.ndarray:
    """Hide a fixed share of the tokens, drawn at random.

    Args:
        sizes: native positions along each mode.
        patch: native positions per token along each mode.
        share: of the tokens, 0 to 1; their number is rounded.
        rng: draws which.

    Returns:
        bool of shape `sizes`, True where hidden.
    """
    counts = [-(-size // step) for size, step in zip(sizes, patch, strict=True)]
    total = int(np.prod(counts))
    hidden = np.zeros(total, bool)
    hidden[rng.permutation(total)[: round(share * total)]] = True
    hidden = hidden.reshape(counts)
    for mode, (size, step) in enumerate(zip(sizes, patch, strict=True)):
        hidden = hidden.repeat(step, axis=mode).take(np.arange(size), axis=mode)
    return hidden


def interval(low: float, high: float, digits: int = 3) -> str:
    """A range as a card prints it: "0.859 to 0.931"."""
    return f"{low:.{digits}f} to {high:.{digits}f}"
