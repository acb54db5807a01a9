"""What a run measures."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

Sizes = tuple[int, ...]


def words(sizes):
    """ "14×14×14"."""
    return "×".join(map(str, sizes))


@dataclass(frozen=True)
class Grid:
    """Tokens of one batch: `batch` elements over `sizes`."""

    sizes: Sizes
    batch: int = 1

    @property
    def name(self):
        return words(self.sizes)


@dataclass(frozen=True)
class Series:
    """Grids over which the time of one form is fitted against `N`."""

    name: str
    form: str
    grids: tuple[Sizes, ...]
    at_most: float


@dataclass(frozen=True)
class View:
    """A map that is drawn whole; of several heads their equal mixture."""

    sizes: Sizes
    combine: str = "product"
    heads: int = 1

    @property
    def name(self):
        return words(self.sizes)

    @property
    def form(self):
        """ "product", "sum" or "mixture"."""
        return self.combine if self.heads == 1 else "mixture"

    @property
    def entries(self):
        return math.prod(self.sizes) ** 2

    @property
    def key(self):
        return "view", self.name, self.combine, str(self.heads)


@dataclass(frozen=True)
class Settings:
    """One run.

    Attributes:
        grids: where all rivals are compared.
        series: whose slopes are fitted.
        views: the maps that are drawn.
        rounds: how often each case is timed; a case of which `budget` seconds allow fewer is timed less often.
        fewest: but never less often than this.
    """

    grids: tuple[Grid, ...]
    series: tuple[Series, ...]
    views: tuple[View, ...]
    rounds: int
    fewest: int
    budget: float
    dim: int = 128
    heads: int = 8
    pixels: int = 512


GRIDS = (
    Grid((7, 7, 7), 8),
    Grid((14, 14, 14)),
    Grid((28, 28, 28)),
    Grid((66, 66)),
    Grid((128, 128)),
    Grid((21, 24), 8),
    Grid((321, 24)),
    Grid((862, 24)),
)


def cubes(*sides):
    return tuple((n, n, n) for n in sides)


def squares(*sides):
    return tuple((n, n) for n in sides)


def series(full, product_2d, product_3d, linear: Mapping[str, tuple[Sizes, ...]]):
    """The series of a run; of linear factors one for each range of sizes, by what sets it apart."""
    return (
        Series("full, 2-D", "full", full, 2.2),
        Series("product, 2-D", "product", product_2d, 1.6),
        Series("product, 3-D", "product", product_3d, 1.45),
        *(Series(f"linear factors, 2-D{where}", "linear", grids, 1.15) for where, grids in linear.items()),
    )


MILLION = (100, 100, 100)
"""A million tokens, so a map of 10¹² entries."""
VIEWS = (
    View((28, 28, 28)),
    View((28, 28, 28), heads=8),
    View(MILLION),
    View(MILLION, "sum"),
    View((1009, 991)),
    View((1009, 991), "sum"),
    View(MILLION, heads=8),
)


FULL = Settings(
    GRIDS,
    series(
        squares(64, 80, 96, 112),
        squares(96, 128, 192, 256),
        cubes(20, 28, 40, 56),
        {", tensors below 32 MB": squares(96, 128, 160, 224), ", to 75 MB": squares(128, 192, 256, 384)},
    ),
    VIEWS,
    rounds=21,
    fewest=3,
    budget=8.0,
)
QUICK = Settings(
    (Grid((7, 7, 7), 8), Grid((14, 14, 14)), Grid((21, 24), 8)),
    series(squares(24, 32, 48), squares(48, 64, 96), cubes(12, 16, 20), {"": squares(64, 96, 128)}),
    (View((28, 28, 28)), View(MILLION), View(MILLION, "sum"), View(MILLION, heads=8)),
    rounds=5,
    fewest=2,
    budget=0.5,
)
TINY = Settings(
    (Grid((3, 5), 2), Grid((2, 3, 5))),
    series(squares(5, 7), squares(5, 7), cubes(3, 5), {"": squares(5, 7)}),
    (View((3, 5, 7), "sum"), View((3, 5, 7), heads=2)),
    rounds=2,
    fewest=1,
    budget=0.5,
    dim=24,
    heads=3,
    pixels=11,
)
"""For the tests: everything once, nothing that means anything."""
