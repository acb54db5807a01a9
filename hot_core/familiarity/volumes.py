"""What is measured on a grey volume and on a binary shape; nothing depends on the size of the crop."""

from __future__ import annotations

import numpy as np

from hot_core.familiarity.grids import change, likeness, quantiles

LEVELS = {
    0.05: "dark end of the grey values",
    0.25: "lower quartile of the grey values",
    0.5: "middle grey value",
    0.75: "upper quartile of the grey values",
    0.95: "bright end of the grey values",
}


def grey_statistics(values: np.ndarray, mask: np.ndarray) -> dict[str, float]:
    """How grey values are distributed and how they change from voxel to voxel.

    Args:
        values: (x, y, z), scaled by the volume's own percentiles.
        mask: bool of the same shape, True where a value is present.

    Returns:
        Numbers by their names, in the unit of the scaled values where they have one.
    """
    grey = quantiles(values, mask, tuple(LEVELS))
    found = dict(zip(LEVELS.values(), grey, strict=True))
    for axis, name in enumerate("xyz"):
        found[f"change per voxel along {name}"] = change(values, mask, axis)
        found[f"likeness of neighbours along {name}"] = likeness(values, mask, axis)
    return found | _by_brightness(values, mask, grey[1], grey[3])


def _by_brightness(values: np.ndarray, mask: np.ndarray, low: float, high: float) -> dict[str, float]:
    """How much neighbours differ from a dark voxel and from a bright one: the two change places on an inversion."""
    found = {}
    for name, chosen in (("dark", values <= low), ("bright", values >= high)):
        total, count = 0.0, 0
        for axis in range(values.ndim):
            later, earlier = (np.moveaxis(a, axis, 0) for a in (values, mask & chosen))
            both = earlier[:-1] & np.moveaxis(mask, axis, 0)[1:]
            total += float(np.abs(np.diff(later.astype(np.float64), axis=0))[both].sum())
            count += int(both.sum())
        found[f"change per voxel from {name} ones"] = total / count if count else float("nan")
    return found
