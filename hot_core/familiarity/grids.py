"""Numbers about a dense array with gaps: differences and likeness of neighbours, only where both are present."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def pairs(values: np.ndarray, mask: np.ndarray, axis: int, lag: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """All pairs `lag` steps apart along an axis of which both are present.

    Args:
        values: any shape.
        mask: bool of the same shape, True where a value is present.
        axis: along which axis.
        lag: how many steps apart.

    Returns:
        The earlier and the later values, flat.
    """
    size = values.shape[axis]
    if size <= lag:
        return np.empty(0), np.empty(0)
    first, second = (np.moveaxis(values, axis, 0)[part] for part in (slice(None, -lag), slice(lag, None)))
    there = np.moveaxis(mask, axis, 0)
    both = there[:-lag] & there[lag:]
    return first[both].astype(np.float64), second[both].astype(np.float64)


def change(values: np.ndarray, mask: np.ndarray, axis: int) -> float:
    """The mean absolute difference of neighbours along an axis; NaN without neighbours."""
    first, second = pairs(values, mask, axis)
    return float(np.abs(second - first).mean()) if first.size else float("nan")


def likeness(values: np.ndarray, mask: np.ndarray, axis: int, lag: int = 1) -> float:
    """The correlation of the values `lag` steps apart along an axis; NaN where they do not vary."""
    return correlation(*pairs(values, mask, axis, lag))


def correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Pearson's correlation; NaN where either does not vary, or of fewer than three pairs.

    Args:
        first: flat.
        second: flat, as many.

    Returns:
        A number from -1 to 1.
    """
    if first.size < 3:
        return float("nan")
    a, b = first - first.mean(), second - second.mean()
    scale = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum()) / scale if scale > 1e-12 else float("nan")


def quantiles(values: np.ndarray, mask: np.ndarray, levels: Sequence[float]) -> list[float]:
    """Quantiles of what is present, linearly interpolated; NaN where nothing is.

    Args:
        values: any shape.
        mask: bool of the same shape.
        levels: from 0 to 1.

    Returns:
        One number for each level.
    """
    present = values[mask]
    return [float(q) for q in np.quantile(present, levels)] if present.size else [float("nan")] * len(levels)
