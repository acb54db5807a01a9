"""Three bands as a picture: stretched between percentiles whose values are said."""

from __future__ import annotations

import base64
import io
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import xarray as xr
from PIL import Image

from hot_core.analysis.words import number
from hot_core.figures.recipes import Recipe, presets
from hot_core.figures.style import Part

MOST_PIXELS = 900
"""Larger pictures are thinned to this many pixels a side before they are sent to the browser."""

STRETCH = (2.0, 98.0)
"""Percentiles that the colours run between when nobody chooses."""

SAMPLED = 2**20
"""Percentiles are taken of about so many pixels."""


@dataclass(frozen=True, eq=False)
class Composite:
    """A picture of a tile: RGBA bytes, and the sentence that says how it was made.

    Attributes:
        pixels: (row, column, 4).
        words: how it was made.
        legend: a plotly colour axis with its bar, for pictures of one measured number; None for colours.
    """

    pixels: np.ndarray
    words: str
    legend: Part | None = None
    _made: dict[tuple[int, int], str] = field(default_factory=dict, init=False, repr=False)

    def source(self, down: int, across: int) -> str:
        """The picture as a PNG in a data address; -1 turns rows or columns round. Made once: a click waits for it."""
        if (down, across) not in self._made:
            self._made[down, across] = png_uri(self.pixels[::down, ::across])
        return self._made[down, across]


def composite(
    data: xr.DataArray, roles: Sequence[str], recipe: Recipe | None = None, stretch: tuple[float, float] = STRETCH,
    samples: np.ndarray | None = None,
) -> Composite:  # fmt: skip
    """Three bands as red, green and blue, each stretched between two of its own percentiles.

    `colour = 255 · clip((value − low) / (high − low), 0, 1)` with `low` and `high` the percentiles over the pixels
    that hold all three bands; missing pixels are transparent.

    Args:
        data: the raster (row, column, band).
        roles: the role of every band, () while unknown.
        recipe: which bands; None for the first preset that the roles allow.
        stretch: the two percentiles, 0 to 100.
        samples: (number, band): what the percentiles are taken of instead of the data: pixels of the whole file, of
            which the data are a window.

    Returns:
        The picture; its words name bands and limits in the file's own units.
    """
    names = [str(name) for name in data.coords["band"].values]
    recipe = presets(roles, names)[0] if recipe is None else recipe
    bands = list(recipe.bands)
    values = thinned(data)[..., bands].astype(np.float64)
    known = np.isfinite(values).all(axis=-1)
    low, high = limits(data.values if samples is None else samples, bands, stretch)
    scaled = (np.nan_to_num(values) - low) / np.where(high > low, high - low, 1.0)
    rgba = np.zeros((*known.shape, 4), dtype=np.uint8)
    rgba[known, :3] = (np.clip(scaled[known], 0, 1) * 255).astype(np.uint8)
    rgba[..., 3] = np.where(known, 255, 0)
    return Composite(rgba, _words(recipe, names, (low, high), stretch, samples is not None))


def limits(values: np.ndarray, bands: Sequence[int], stretch: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
    """Two percentiles of each band over the pixels that hold all of them; 0 and 1 where none does.

    Of very many pixels some are taken, evenly spread over all rows and columns; for 0 and 100 all of them.

    Args:
        values: (…, band).
        bands: which bands.
        stretch: the two percentiles.

    Returns:
        Lower and upper limits, one for each band.
    """
    flat = values.reshape(-1, values.shape[-1])
    step = 1 if tuple(stretch) == (0.0, 100.0) else max(1, len(flat) // SAMPLED)
    width = values.shape[-2] if values.ndim == 3 else 1
    step = next(each for each in itertools.count(step) if math.gcd(each, width) == 1)  # or some columns are never seen
    taken = flat[::step][:, list(bands)].astype(np.float64)
    taken = taken[np.isfinite(taken).all(axis=-1)]
    if not len(taken):
        return np.zeros(len(bands)), np.ones(len(bands))
    low, high = np.percentile(taken, stretch, axis=0)
    return low, high


def _words(
    recipe: Recipe, names: Sequence[str], ends: tuple[np.ndarray, np.ndarray], stretch: tuple[float, float], whole: bool
) -> str:
    """What is shown, as in: Natural colour: red B04 (210 to 1,320), …; from the 2nd to the 98th percentile."""
    ranges = [f"{number(low)} to {number(high)}" for low, high in zip(*ends, strict=True)]
    shown = [f"{names[band]} ({span})" for band, span in zip(recipe.bands, ranges, strict=True)]
    if len(set(recipe.bands)) == 1:
        what = f"{recipe.name}: {shown[0]}"
    else:
        what = f"{recipe.name}: " + ", ".join(f"{c} {s}" for c, s in zip(("red", "green", "blue"), shown, strict=True))
    of = " of the whole file's overview" if whole else ""
    if tuple(stretch) == (0.0, 100.0):
        return f"{what}; from the smallest to the largest value{of}."
    low, high = (f"{share:.3g}{ {1: 'st', 2: 'nd'}.get(int(share), 'th') }" for share in stretch)
    return f"{what}; from the {low} to the {high} percentile{of}."


def thinned(data: xr.DataArray) -> np.ndarray:
    """The values (row, column, band), thinned to what is sent to the browser."""
    return np.asarray(data.values[:: thin(data.sizes["row"]), :: thin(data.sizes["column"])])


def thin(size: int) -> int:
    """Every how many pixels one is drawn."""
    return -(-size // MOST_PIXELS)


def png_uri(pixels: np.ndarray) -> str:
    """RGBA pixels as a PNG in a data address."""
    target = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels), "RGBA").save(target, "PNG", compress_level=3)
    return "data:image/png;base64," + base64.b64encode(target.getvalue()).decode("ascii")
