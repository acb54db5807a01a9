"""Which values of a volume are black and which are white: windows to begin with, chosen by what the values are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

MOST = 96
"""Positions along each axis of the regular selection from which percentiles are taken."""

AIR = (-1100.0, -900.0)
TISSUE = (-150.0, 250.0)
CT = (("CT brain", 40.0, 80.0), ("CT soft tissue", 40.0, 400.0), ("CT bone", 500.0, 2000.0))
"""Name, level and width in Hounsfield units, as radiology departments commonly set them."""


@dataclass(frozen=True)
class Window:
    """An interval of values: `low` and below are black, `high` and above are white."""

    name: str
    low: float
    high: float


def display_windows(values: np.ndarray) -> tuple[Window, ...]:
    """The windows that fit a volume, the automatic one first.

    "auto" is the 0.5th to the 99.5th percentile, then follow the 2nd to the 98th and the full range. Windows for CT
    are among them only where the values look like Hounsfield units. A window without width, as of a few bright voxels
    in empty space, becomes the full range; where that has none either, it gets a width of 1.

    Args:
        values: of the volume, in the file's unit; what is not finite is left out. At least one value is finite.

    Returns:
        The windows, in the file's unit.
    """
    thinned = _thinned(values)
    percent = np.percentile(thinned, (0.5, 99.5, 2, 98)).tolist()
    finite = values[np.isfinite(values)]
    low, high = float(finite.min()), float(finite.max())
    whole = (low, high if high > low else low + 1)
    found = [
        Window("auto, 0.5–99.5 %", *(percent[:2] if percent[1] > percent[0] else whole)),
        Window("2–98 %", *(percent[2:] if percent[3] > percent[2] else whole)),
        Window("full range", *whole),
    ]
    if looks_like_hounsfield(values):
        found += [Window(name, level - width / 2, level + width / 2) for name, level, width in CT]
    return tuple(found)


def looks_like_hounsfield(values: np.ndarray) -> bool:
    """Whether values look like Hounsfield units: some of air (−1100 … −900) and of soft tissue (−150 … 250).

    A twentieth of each is asked for, and that nothing lies beyond what scanners write (−4096 … 32767).

    Args:
        values: of a volume; what is not finite is left out.

    Returns:
        True or False; a guess, since NIfTI has no unit for values.
    """
    thinned = _thinned(values)
    if thinned.min() < -4096 or thinned.max() > 32767:
        return False
    return all(float(np.mean((low <= thinned) & (thinned <= high))) >= 0.05 for low, high in (AIR, TISSUE))


def _thinned(values: np.ndarray) -> np.ndarray:
    """The finite values at no more than `MOST` positions along each axis; of all positions if those have none."""
    part = values[tuple(slice(None, None, -(-size // MOST)) for size in values.shape)]
    finite = part[np.isfinite(part)]
    return finite if finite.size else values[np.isfinite(values)]
