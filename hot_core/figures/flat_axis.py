"""An axis of the Kronecker map: flat positions, shown as pixels, decoded to coordinates."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from hot_core.analysis.words import position_words
from hot_core.figures.axes import mode_title, token_word, unit_word
from hot_core.figures.style import Part
from hot_core.modes import Geometry, Mode, TokenGrid

Range = tuple[int, int]


@dataclass(frozen=True, eq=False)
class FlatAxis:
    """A part of the flat positions, shown in so many pixels.

    For plotly it is an axis of names, one for each pixel, so that the hover text says coordinates; places on
    it are pixel numbers, pixel `i` reaching from `i − 0.5` to `i + 0.5`.

    Attributes:
        span: half-open range of flat positions.
        pixels: how many pixels show it.
        grid: decodes flat positions to coordinates.
        geometry: the sample's, for world positions on oblique volumes and rotated rasters too.
    """

    span: Range
    pixels: int
    grid: TokenGrid
    geometry: Geometry | None = None

    @property
    def step(self) -> float:
        """Flat positions in a pixel."""
        return (self.span[1] - self.span[0]) / self.pixels

    def first(self, pixel: int) -> int:
        """The first flat position that a pixel shows, as `KroneckerMap.view` cuts them."""
        return self.span[0] + (pixel * (self.span[1] - self.span[0])) // self.pixels

    def place(self, flat: float) -> float:
        """Where a flat position lies on plotly's axis."""
        return (flat - self.span[0]) / self.step - 0.5

    def flat(self, place: float) -> float:
        """The flat position at a place on plotly's axis."""
        return self.span[0] + (place + 0.5) * self.step

    @property
    def names(self) -> list[str]:
        """The token each pixel begins with, in full words; made unique, since plotly merges equal names."""
        used: dict[str, int] = {}
        names = []
        for pixel in range(self.pixels):
            token = tuple(int(at) for at in np.unravel_index(self.first(pixel), self.grid.shape))
            word = position_words(self.grid, token, self.geometry)
            used[word] = used.get(word, -1) + 1
            names.append(word + "\u200b" * used[word])
        return names

    def settings(self, ticks: Ticks) -> Part:
        """Settings for a plotly axis."""
        places = [self.place(flat) for flat in ticks.places]
        drawn = {"type": "category", "range": [-0.5, self.pixels - 0.5]}
        return drawn | {"tickmode": "array", "tickvals": places, "ticktext": ticks.words}


@dataclass(frozen=True)
class Ticks:
    """Where ticks stand on an axis of flat positions, what they say, and what the axis is called."""

    places: list[float]
    words: list[str]
    title: str

    @property
    def longest(self) -> int:
        """Characters of the longest label."""
        return max((len(word) for word in self.words), default=0)


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
