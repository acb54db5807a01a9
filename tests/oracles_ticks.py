"""Ticks on the axes of a Kronecker map, the slow way: the twin of the browser's."""

import math
from dataclasses import dataclass

import numpy as np

from hot_core.figures.axes import mode_title, token_word, unit_word
from hot_core.modes import Mode, TokenGrid

Range = tuple[int, int]


@dataclass(frozen=True)
class Ticks:
    """Where ticks stand on an axis of flat positions, what they say, and what the axis is called."""

    places: list[float]
    words: list[str]
    title: str


def flat_ticks(span: Range, grid: TokenGrid, most: int) -> Ticks:
    """Ticks at the beginnings of blocks, labelled with the coordinates that tell the blocks apart.

    The coarsest level at which at least three blocks begin inside the range is chosen: far out it is
    the first mode alone ("JFK"), close up all modes ("JFK · humid · 14:00"). What all ticks have in
    common is said once, in the axis title.

    Args:
        span: half-open range of flat positions.
        grid: decodes flat positions to coordinates.
        most: how many ticks there may be.

    Returns:
        Places and words of the ticks, and the title's names of the modes.
    """
    shape = grid.shape
    for depth in range(1, len(shape) + 1):
        block = math.prod(shape[depth:])
        begins = np.arange(-(-span[0] // block) * block, span[1], block)
        if len(begins) >= 3 or depth == len(shape):
            break
    begins = begins[:: max(1, -(-len(begins) // most))]
    words = [coordinates(int(begin), grid)[:depth] for begin in begins]
    shared = 0
    while len(words) > 1 and shared < depth - 1 and len({word[shared] for word in words}) == 1:
        shared += 1
    modes = [axis.mode for axis in grid.axes]
    common = [_common(mode, word) for mode, word in zip(modes, words[0][:shared] if words else [], strict=False)]
    # half a position on: the tick stands in the middle of the block's first entry
    places = (begins + 0.5).tolist()
    titles = [*common, *(mode_title(mode) for mode in modes[shared:])]
    return Ticks(places, [" · ".join(word[shared:]) for word in words], " · ".join(titles))


def _common(mode: Mode, word: str) -> str:
    """A coordinate that all ticks share, as the title says it: "entity JFK", "x −26 mm", "row 52.4994°"."""
    unit = unit_word(mode.unit) if mode.unit and not word.startswith("voxel") else ""
    return f"{mode.name} {word}{unit if unit in ('', '°') else f' {unit}'}"


def coordinates(flat: int, grid: TokenGrid) -> list[str]:
    """The coordinate of every mode at a flat position, in few characters."""
    token = np.unravel_index(flat, grid.shape)
    return [token_word(axis, int(at)) for axis, at in zip(grid.axes, token, strict=True)]
