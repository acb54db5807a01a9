"""Noise within the precision of the measurement itself: how exactly do we know the numbers of a file?

    recorded in steps   the smallest increment between different values; noise uniform within ± half of it
    not in steps        σ = median |D x| / (0.6745 · √6ᵏ), D = the second difference [1, −2, 1] along time or along each
                        of the k axes of space at once; noise normal with this deviation
    volumes             whichever of the two has the larger deviation; that of a step is step / √12
    binary shapes       voxels on either side of the surface change sides, each with the probability `FLIP`

Values are in steps where half of the different values occur more than once, or where all increments are whole multiples
of the smallest. Missing values stay missing.

Source: noise from second differences, Immerkær, doi 10.1006/cviu.1996.0060; the median in the mean's place, so that
edges and peaks count less.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.ndimage import binary_dilation

from hot_core.analysis.words import number
from hot_core.modes import RasterGeometry, Sample

FLIP = 0.1
"""Probability that a voxel on the surface of a shape lies on the other side: outlines drawn twice differ by as much."""
MULTIPLE = 0.05
"""How far, in steps, an increment may be from a whole number of them."""
MAD = 0.6745
"""The median of |x| for a normal x of deviation 1."""
MOST_NAMES = 6


@dataclass(frozen=True, eq=False)
class Noise:
    """What is added to a sample.

    Attributes:
        words: the amount in the unit of the file, for a sentence; "" where there is none.
        half_steps: half a rounding step for each variable or band (one for a volume); 0 where noise is normal.
        deviations: the deviation of normal noise for each; 0 where it is uniform.
        draw: from a random generator to a sample with noise; None where nothing is to be added.
    """

    words: str
    half_steps: np.ndarray
    deviations: np.ndarray
    draw: Callable[[np.random.Generator], Sample] | None

    def samples(self, seed: int, draws: int) -> Iterator[Sample]:
        """So many noisy samples; none where nothing is to be added."""
        if self.draw is not None:
            for draw in range(draws):
                yield self.draw(np.random.default_rng([seed, draw]))


def noise_of(sample: Sample, window: Sequence[tuple[int, int]]) -> Noise:
    """The noise that the numbers of a sample can hold without being another measurement.

    Args:
        sample: a series, a raster or a single volume.
        window: half-open native interval of each mode that is analysed: deviations are estimated there, steps over all.

    Returns:
        The amounts and how to draw.
    """
    data = sample.data.values
    if sample.kind == "volume" and is_shape(data):
        words = f"voxels on either side of the surface change sides with a probability of {100 * FLIP:g} %"
        none = np.zeros(1)
        return Noise(words, none, none, lambda rng: replace(sample, data=sample.data.copy(data=flipped(data, rng))))
    axis = {"series": 1, "raster": 2, "volume": None}[sample.kind]
    part = data[tuple(slice(*ends) if at != axis else slice(None) for at, ends in enumerate(window))]
    across = (2,) if sample.kind == "series" else tuple(at for at in range(data.ndim) if at != axis)
    lines = [(data, part)] if axis is None else [(data.take(at, axis), part.take([at], axis)) for at in
                                                 range(data.shape[axis])]  # fmt: skip
    steps = np.array([step_of(whole) for whole, _ in lines])
    sigma = np.array([
        0.0 if step > 0 and axis is not None else deviation_of(inside, across)
        for step, (_, inside) in zip(steps, lines, strict=True)
    ])  # fmt: skip
    rounded = steps / np.sqrt(12) >= sigma
    half, deviations = np.where(rounded, steps / 2, 0.0), np.where(rounded, 0.0, sigma)
    if not half.any() and not deviations.any():
        return Noise("", half, deviations, None)

    def draw(rng: np.random.Generator) -> Sample:
        shape = [-1 if at == axis else 1 for at in range(data.ndim)]
        spread = half.reshape(shape) * rng.uniform(-1, 1, data.shape)
        spread += deviations.reshape(shape) * rng.standard_normal(data.shape)
        return replace(sample, data=sample.data.copy(data=(data + spread).astype(np.result_type(data, np.float32))))

    return Noise(amounts_in_words(sample, half, deviations), half, deviations, draw)


def step_of(values: np.ndarray) -> float:
    """The step in which values were recorded: the smallest increment between different ones.

    Increments at the precision of the numbers themselves are none.

    Args:
        values: any shape; what is not finite is left out.

    Returns:
        The step; 0 where values are in no steps, or do not vary.
    """
    levels, counts = np.unique(values[np.isfinite(values)], return_counts=True)
    gaps = np.diff(levels).astype(np.float64)
    precision = np.finfo(levels.dtype).eps if np.issubdtype(levels.dtype, np.floating) else 0.0
    gaps = gaps[gaps > 8 * precision * np.abs(levels).max(initial=0.0)]
    if not gaps.size:
        return 0.0
    smallest = float(gaps.min())
    multiples = np.abs(gaps / smallest - np.round(gaps / smallest)).max() <= MULTIPLE
    return smallest if multiples or np.median(counts) >= 2 else 0.0


def deviation_of(values: np.ndarray, axes: tuple[int, ...]) -> float:
    """The deviation of the noise in values that otherwise vary smoothly, see the module.

    Args:
        values: any shape; NaN where missing.
        axes: the axes along which second differences are taken, one after another.

    Returns:
        σ; 0 with fewer than three values along an axis, or where more than half of the differences vanish.
    """
    if min(values.shape[axis] for axis in axes) < 3:
        return 0.0
    found = values.astype(np.float64)
    for axis in axes:
        found = np.diff(found, n=2, axis=axis)
    found = np.abs(found[np.isfinite(found)])
    return float(np.median(found) / (MAD * np.sqrt(6.0) ** len(axes))) if found.size else 0.0


def is_shape(values: np.ndarray) -> bool:
    """Whether a volume has two levels of which one is 0."""
    levels = np.unique(values[np.isfinite(values)])
    return levels.size == 2 and bool((levels == 0).any())


def flipped(values: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A shape with some voxels of its surface on the other side.

    A voxel lies on the surface when one of its six neighbours lies on the other side; the edge of the data is no
    surface.

    Args:
        values: two levels of which one is 0; NaN where missing.
        rng: draws.

    Returns:
        The same levels.
    """
    known = np.isfinite(values)
    inside = known & (values != 0)
    edge = inside & binary_dilation(known & ~inside) | known & ~inside & binary_dilation(inside)
    turned = edge & (rng.random(values.shape) < FLIP)
    return np.where(known, np.where(inside ^ turned, values[inside].flat[0], 0), values).astype(values.dtype)


def amounts_in_words(sample: Sample, half: np.ndarray, deviations: np.ndarray) -> str:
    """The amounts with names and units: "temp ± 0.09 °F, …" for steps, "σ 0.3 °F" for normal noise."""
    names, units = names_of(sample, len(half))
    said = []
    for name, unit, width, sigma in zip(names, units, half, deviations, strict=True):
        amount = f"± {number(width)}" if width > 0 else f"σ {number(sigma)}" if sigma > 0 else "none"
        said.append(" ".join(filter(None, (name, amount, unit if amount != "none" else ""))))
    more = f" and {len(said) - MOST_NAMES} more" if len(said) > MOST_NAMES else ""
    kinds = ["± is half a rounding step"] if half.any() else []
    kinds += ["σ is estimated from second differences"] if deviations.any() else []
    return f"{', '.join(said[:MOST_NAMES])}{more} ({'; '.join(kinds)})"


def names_of(sample: Sample, count: int) -> tuple[list[str], list[str]]:
    """What the amounts belong to, and their units; "" where nothing is said."""
    if sample.kind == "series":
        units = sample.data.coords["unit"].values if "unit" in sample.data.coords else [""] * count
        return [str(name) for name in sample.modes[1].coords], [str(unit) for unit in units]
    if not isinstance(sample.geometry, RasterGeometry):
        return [""], ["grey values"]
    units = sample.geometry.units if len(sample.geometry.units) == count else ("",) * count
    return [str(name) for name in sample.modes[2].coords], list(units)
