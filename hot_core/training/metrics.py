"""Scores, literally from their definitions; each is held against another implementation in the tests."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np


def dice(predicted: np.ndarray, truth: np.ndarray, label: int) -> float:
    """Overlap 2·|A ∩ B| / (|A| + |B|) of one label; 1 when neither has it.

    Args:
        predicted: integer labels.
        truth: integer labels of the same shape.
        label: the label to compare.

    Returns:
        The Dice coefficient, 0 to 1.
    """
    a, b = predicted == label, truth == label
    total = int(a.sum()) + int(b.sum())
    return 2.0 * int((a & b).sum()) / total if total else 1.0


def confusion(predicted: np.ndarray, truth: np.ndarray, classes: int) -> np.ndarray:
    """Count (truth, predicted) pairs.

    Args:
        predicted: integer labels 0 … classes-1.
        truth: integer labels of the same shape.
        classes: number of classes.

    Returns:
        int64 array (classes, classes); rows are the truth.
    """
    flat = truth.astype(np.int64).ravel() * classes + predicted.astype(np.int64).ravel()
    return np.bincount(flat, minlength=classes * classes).reshape(classes, classes)


def f1_scores(counts: np.ndarray) -> np.ndarray:
    """F1 of every class from a confusion matrix; a class that is neither there nor predicted scores 0.

    Args:
        counts: rows truth, columns predicted.

    Returns:
        One score per class; their mean is macro-F1.
    """
    hits = np.diag(counts).astype(float)
    total = counts.sum(0) + counts.sum(1)
    return np.divide(2 * hits, total, out=np.zeros_like(hits), where=total > 0)


def auc(score: np.ndarray, positive: np.ndarray) -> float:
    """Area under the ROC curve: the chance that a positive scores above a negative, ties counted half.

    Args:
        score: one number per case, higher means more positive.
        positive: bool per case; both kinds must occur.

    Returns:
        The area, 0 to 1.
    """
    _, place, count = np.unique(score, return_inverse=True, return_counts=True)
    # The mean rank of tied scores (1-based) is what counts a tie half.
    rank = (np.cumsum(count) - (count - 1) / 2)[place]
    positives = int(positive.sum())
    negatives = len(positive) - positives
    return float((rank[positive].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def bootstrap(
    measure: Callable[[np.ndarray], float], strata: np.ndarray, draws: int = 1000, seed: int = 0
) -> tuple[float, float]:
    """95 % percentile interval of a measure when cases are drawn again with replacement, within each stratum.

    Args:
        measure: takes the indices of the drawn cases and gives a number.
        strata: one label per case; every draw keeps their counts.
        draws: number of redrawn samples.
        seed: of the drawing.

    Returns:
        The 2.5th and 97.5th percentile.
    """
    rng = np.random.default_rng(seed)
    groups = [np.flatnonzero(strata == value) for value in np.unique(strata)]
    values = [measure(np.concatenate([rng.choice(g, len(g)) for g in groups])) for _ in range(draws)]
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high)
