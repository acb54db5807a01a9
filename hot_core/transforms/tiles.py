"""The windows that cover a raster: where they lie, and how much each of them counts where they overlap."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np

from hot_core.errors import SelectionError

Interval: TypeAlias = tuple[int, int]


def intervals(size: int, patch: int, window: int, overlap: int) -> tuple[Interval, ...]:
    """Half-open intervals that cover `size` positions, as few as possible and evenly spread.

    All begin on the scene's own raster of patches, so that neighbours cut the scene into the same tokens;
    only the last may end inside a patch, with the scene.

    Args:
        size: positions to cover.
        patch: positions a token.
        window: most positions in an interval, a multiple of `patch`.
        overlap: least positions that neighbours share.

    Returns:
        The intervals in order; one where `size` is at most `window`.

    Raises:
        SelectionError: when the window is not a multiple of the patch, or the overlap leaves it no room to move.
    """
    if window < patch or window % patch:
        raise SelectionError(f"A window of {window} pixels is not a multiple of the patch, {patch}. Choose another.")
    tokens, width, shared = -(-size // patch), window // patch, -(-overlap // patch)
    if not 0 <= shared < width:
        raise SelectionError(
            f"Windows of {window} pixels cannot overlap by {overlap}. Choose an overlap from 0 to {window - patch}."
        )
    moves = -(-max(tokens - width, 0) // (width - shared))
    starts = [at * (tokens - width) // moves for at in range(moves + 1)] if moves else [0]
    return tuple((start * patch, min((start + width) * patch, size)) for start in starts)


def weights(windows: Sequence[Interval], size: int) -> np.ndarray:
    """How much each window counts at each position: a partition of unity.

    Over what it shares with a neighbour, a window rises from its edge as `sin²(π t / 2)`, `t` from 0 to 1, and
    falls likewise; the edge of the scene is no edge. Divided by the sum over windows, the weights add up to one.

    Args:
        windows: half-open intervals in order, from `intervals`.
        size: positions.

    Returns:
        float64 (window, position), 0 outside a window.
    """
    raw = np.zeros((len(windows), size))
    for at, (start, stop) in enumerate(windows):
        raw[at, start:stop] = 1.0
        if at > 0:
            ramp = rise(windows[at - 1][1] - start)
            raw[at, start : start + len(ramp)] *= ramp
        if at + 1 < len(windows):
            ramp = rise(stop - windows[at + 1][0])
            raw[at, stop - len(ramp) : stop] *= ramp[::-1]
    return raw / raw.sum(axis=0)


def rise(length: int) -> np.ndarray:
    """`sin²(π t / 2)` at the middles of `length` pixels that fill 0 … 1; a rise and its reverse add up to one."""
    return np.sin(np.pi / 2 * (np.arange(length) + 0.5) / max(length, 1)) ** 2
