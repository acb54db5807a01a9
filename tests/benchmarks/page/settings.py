"""What a run measures."""

import math
from dataclasses import dataclass

from tests.benchmarks.settings import MILLION, words

KINDS = ("series", "volume", "raster")
MATRIX = {"series": "time", "volume": "x", "raster": "row"}
"""The mode whose matrix is clicked: one that the picture of the data shows."""
SOURCES = ("map", "matrix", "data")
"""Where a click falls: in the Kronecker map, in a mode's matrix, in the picture of the data."""
WORDS = {"series": "series", "volume": "planes", "raster": "tile"}


@dataclass(frozen=True)
class Drawn:
    """A map that the instrument draws."""

    sizes: tuple[int, ...]
    heads: int = 1
    combine: str = "product"

    @property
    def name(self):
        """ "28×28×28", "100×100×100, sum", "28×28×28, 8 heads"."""
        rule = ", sum" if self.combine == "sum" else ""
        return words(self.sizes) + rule + (f", {self.heads} heads" if self.heads > 1 else "")

    @property
    def tokens(self):
        return math.prod(self.sizes)


BASE = Drawn((28, 28, 28))
LARGE = (Drawn(MILLION), Drawn((1000, 1000)))
"""Maps of 10¹² entries."""

TOKENS = {
    drawn.tokens: drawn
    for drawn in (Drawn((4, 4)), Drawn((16, 16)), Drawn((16, 32)), Drawn((32, 32)), Drawn((32, 64)), BASE, LARGE[0])
}
"""Maps that are sent to a page and drawn, by their number of tokens."""


@dataclass(frozen=True)
class Settings:
    """One run.

    Attributes:
        drawn: the maps whose frames are timed.
        frames: how many pictures of each map, at as many places and depths of zoom.
        clicks: at each place of each page, and in the rival's heatmap.
        budget: seconds after which a case of clicks ends, however many there were.
        rival_budget: the same for the rival's heatmap.
        clicked: sides of the rival's heatmaps that are clicked.
        shown: sides of the rival's heatmaps that are drawn.
        sent: tokens of the attention maps that are drawn beside them.
        redrawn: how often each of these is drawn.
        tokens: what the packages for notebooks are given, as many tokens.
        patience: seconds after which drawing is given up.
    """

    drawn: tuple[Drawn, ...]
    frames: int
    clicks: int
    budget: float
    rival_budget: float
    clicked: tuple[int, ...]
    shown: tuple[int, ...]
    sent: tuple[int, ...]
    redrawn: int
    tokens: tuple[int, ...]
    patience: float
    heads: int = 4


FULL = Settings(
    drawn=(BASE, *LARGE, Drawn(MILLION, combine="sum"), *(Drawn((28, 28, 28), heads) for heads in (4, 8))),
    frames=40,
    clicks=100,
    budget=90.0,
    rival_budget=45.0,
    clicked=(256, 512),
    shown=(256, 512, 1024, 2048),
    sent=(256, 512, 1024, 2048, BASE.tokens, LARGE[0].tokens),
    redrawn=2,
    tokens=(64, 128, 256, 512, 1024, 2048),
    patience=45.0,
)
QUICK = Settings(
    drawn=(BASE, Drawn(MILLION), Drawn((28, 28, 28), 4)),
    frames=4,
    clicks=2,
    budget=8.0,
    rival_budget=8.0,
    clicked=(256,),
    shown=(256,),
    sent=(256,),
    redrawn=1,
    tokens=(64,),
    patience=10.0,
)
