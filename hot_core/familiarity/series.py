"""What is measured on each series of a window: its course, not its level, which every model removes itself."""

from __future__ import annotations

import numpy as np

from hot_core.familiarity.grids import correlation, likeness

FEWEST = 24
"""Values that a series needs to be described; one with fewer says nothing."""
SEASON = 24


def series_statistics(values: np.ndarray, mask: np.ndarray) -> dict[str, np.ndarray]:
    """The course of every series in a window.

    Args:
        values: (entity, variable, time).
        mask: bool of the same shape, True where a value is present.

    Returns:
        For every name one number a series, in the order of (entity, variable).
    """
    flat, there = values.reshape(-1, values.shape[-1]), mask.reshape(-1, mask.shape[-1])
    rows = [_one(line, known) for line, known in zip(flat, there, strict=True) if known.sum() >= FEWEST]
    names = rows[0] if rows else _one(np.zeros(1), np.zeros(1, bool))
    return {name: np.array([row[name] for row in rows]) for name in names}


def _one(line: np.ndarray, known: np.ndarray) -> dict[str, float]:
    present = line[known].astype(np.float64)
    spread = float(present.std()) if present.size else 0.0
    normal = (present - present.mean()) / spread if spread > 1e-6 else np.full(present.size, np.nan)
    both = known[1:] & known[:-1]
    jumps = np.abs(np.diff(line.astype(np.float64)))[both] / spread if spread > 1e-6 else np.empty(0)
    hours = np.flatnonzero(known).astype(np.float64)
    return {
        "likeness of one step and the next": likeness(line, known, 0),
        "likeness of steps 6 apart": likeness(line, known, 0, 6),
        f"likeness of steps {SEASON} apart": likeness(line, known, 0, SEASON),
        "trend (correlation with time)": abs(correlation(present, hours)),
        "skewness": _mean(normal**3),
        "kurtosis": _mean(normal**4),
        "largest change in one step, in deviations": float(jumps.max()) if jumps.size else float("nan"),
        "share of steps without a change": float((jumps == 0).mean()) if jumps.size else float("nan"),
    }


def _mean(numbers: np.ndarray) -> float:
    return float(numbers.mean()) if numbers.size else float("nan")
