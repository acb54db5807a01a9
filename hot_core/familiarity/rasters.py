"""What is measured on the bands of a raster: each band's course, and how alike two bands are."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from hot_core.familiarity.grids import correlation, likeness, quantiles


def raster_statistics(
    values: np.ndarray, mask: np.ndarray, roles: Sequence[str], known: Sequence[str]
) -> dict[str, float]:
    """How each band is distributed and changes from pixel to pixel, and how bands go together.

    Args:
        values: (row, column, band), z-scored for the scene and band.
        mask: bool of the same shape, True where a value is present.
        roles: the role of each band.
        known: every role that the model knows, in its order; a band that is not there gives NaN.

    Returns:
        Numbers by their names.
    """
    place = {role: at for at, role in enumerate(roles)}
    found: dict[str, float] = {}
    for role in known:
        at = place.get(role)
        band, there = (values[..., at], mask[..., at]) if at is not None else (np.zeros((0, 0)), np.zeros((0, 0), bool))
        low, middle, high = quantiles(band, there, (0.05, 0.5, 0.95))
        found[f"{role}: middle of the range"] = middle
        found[f"{role}: lean of the distribution"] = (high + low - 2 * middle) / (high - low) if high > low else np.nan
        found[f"{role}: likeness of neighbours"] = 0.5 * (likeness(band, there, 0) + likeness(band, there, 1))
    for one, other in combinations(known, 2):
        found[f"likeness of {one} and {other}"] = _between(values, mask, place.get(one), place.get(other))
    return found


def _between(values: np.ndarray, mask: np.ndarray, one: int | None, other: int | None) -> float:
    if one is None or other is None:
        return float("nan")
    both = mask[..., one] & mask[..., other]
    return correlation(values[..., one][both].astype(np.float64), values[..., other][both].astype(np.float64))
