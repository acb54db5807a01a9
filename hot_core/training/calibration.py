"""Whether probabilities hold: a slope and an offset that make them, and the measures of how well they do."""

from __future__ import annotations

import numpy as np


def platt(score: np.ndarray, labels: np.ndarray, rounds: int = 50) -> tuple[float, float]:
    """Slope and offset that make `slope · score + offset` the logit of the class (Platt 1999), by Newton steps.

    Args:
        score: one number per case.
        labels: 0 or 1 per case; the targets are drawn in a little, as Platt does, so that the fit is finite.
        rounds: Newton steps.

    Returns:
        Slope and offset; (1, 0) where the fit would turn the order round.
    """
    ones = int((labels == 1).sum())
    target = np.where(labels == 1, (ones + 1) / (ones + 2), 1 / (len(labels) - ones + 2))
    design = np.stack([score.astype(np.float64), np.ones(len(score))], axis=1)
    weights = np.zeros(2)
    for _ in range(rounds):
        share = 1 / (1 + np.exp(-design @ weights))
        curvature = design.T @ (design * (share * (1 - share))[:, None]) + 1e-6 * np.eye(2)
        weights += np.linalg.solve(curvature, design.T @ (target - share))
    return (float(weights[0]), float(weights[1])) if weights[0] > 0 else (1.0, 0.0)


def reliability_bins(share: np.ndarray, positive: np.ndarray, bins: int = 10) -> list[tuple[float, float, int]]:
    """Probability and frequency over equal bins of probability; bins without a case are left out.

    Args:
        share: probability of the positive class, 0 to 1.
        positive: bool per case.
        bins: number of bins; bin `b` holds `b/bins ≤ share < (b+1)/bins`, the last one 1 too.

    Returns:
        Rows (mean probability, frequency of the positive class, cases), in rising order.
    """
    place = np.minimum((share * bins).astype(int), bins - 1)
    inside = [place == b for b in range(bins) if (place == b).any()]
    return [(float(share[i].mean()), float(positive[i].mean()), int(i.sum())) for i in inside]


def calibration_error(share: np.ndarray, positive: np.ndarray, bins: int = 10) -> float:
    """Expected calibration error: how far probability and frequency lie apart, over equal bins of probability.

    Args:
        share: probability of the positive class.
        positive: bool per case.
        bins: number of bins.

    Returns:
        The mean distance, weighted by the cases in each bin.

    Source: Naeini, Cooper, Hauskrecht, AAAI 2015, for two classes.
    """
    rows = reliability_bins(share, positive, bins)
    return sum(abs(given - found) * count for given, found, count in rows) / len(share)


def brier(share: np.ndarray, positive: np.ndarray) -> float:
    """Brier score `mean((share − positive)²)`, 0 at best; a constant share q scores `p(1−q)² + (1−p)q²`.

    Args:
        share: probability of the positive class, per case or one for all.
        positive: bool per case.

    Returns:
        The mean squared distance, 0 to 1.
    """
    return float(np.mean((share - positive.astype(np.float64)) ** 2))
