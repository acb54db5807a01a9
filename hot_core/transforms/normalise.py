"""Bring the numbers of a file to the scale that a model was trained on; used by training and pipeline alike.

Every function keeps missing values (NaN) missing and computes its statistics from the others.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

Axis = int | Sequence[int] | None


def zscore(values: np.ndarray, axis: Axis) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Centre and scale along `axis`: `scaled = (values - centre) / scale`, NaN left NaN.

    The scale is the population standard deviation, and 1 where the values do not vary (there is
    nothing to divide by) or where none is present (the centre is then 0).

    Args:
        values: any shape; NaN marks a missing value.
        axis: the axis or axes over which mean and deviation are taken; None means all.

    Returns:
        `(scaled, centre, scale)`, float64, with `centre` and `scale` broadcastable to `values`.
    """
    values = np.asarray(values, dtype=np.float64)
    axes = None if axis is None else tuple(np.atleast_1d(axis).tolist())
    valid = ~np.isnan(values)
    count = np.maximum(valid.sum(axis=axes, keepdims=True), 1)
    centre = np.where(valid, values, 0.0).sum(axis=axes, keepdims=True) / count
    spread = np.where(valid, values - centre, 0.0)
    scale = np.sqrt((spread**2).sum(axis=axes, keepdims=True) / count)
    # A constant far from zero leaves a rounding residue, not a spread.
    scale = np.where(scale > 1e-12 * np.abs(centre), scale, 1.0)
    return (values - centre) / scale, centre, scale


def percentile_scale(volume: np.ndarray) -> np.ndarray:
    """Scale a volume by its own percentiles: the 1st becomes 0, the 99th 1, clipped to [-0.5, 1.5].

    Grey values of MR images have no unit, and their maxima differ by orders of magnitude between
    scanners: only the volume's own distribution is comparable.

    Args:
        volume: any shape; NaN marks a missing value and stays NaN.

    Returns:
        float32, of the shape of `volume`; all 0 where the two percentiles coincide.
    """
    volume = np.asarray(volume, dtype=np.float64)
    present = volume[~np.isnan(volume)]
    if present.size == 0:
        return volume.astype(np.float32)
    low, high = np.percentile(present, (1.0, 99.0))
    if high <= low:
        return np.where(np.isnan(volume), np.nan, 0.0).astype(np.float32)
    return np.clip((volume - low) / (high - low), -0.5, 1.5).astype(np.float32)
