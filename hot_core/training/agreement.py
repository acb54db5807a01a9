"""How far measured amounts agree with the expert's: bias, errors, limits of agreement, correlation."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from hot_core.training.metrics import bootstrap


class Agreement(NamedTuple):
    """Differences `measured − truth` over the cases, in the unit of the amounts where no other is named.

    Attributes:
        mean: mean of the truth.
        bias: mean difference.
        bias_low, bias_high: its 95 % bootstrap interval.
        absolute: mean absolute difference.
        relative: mean of `|difference| / truth`, a share.
        low, high: limits of agreement, bias ∓ 1.96 standard deviations of the differences (n − 1).
        correlation: Pearson's, NaN where one side does not vary.
    """

    mean: float
    bias: float
    bias_low: float
    bias_high: float
    absolute: float
    relative: float
    low: float
    high: float
    correlation: float


def agreement(measured: np.ndarray, truth: np.ndarray) -> Agreement:
    """Compare two measurements of the same cases.

    Args:
        measured: one amount per case, at least two cases.
        truth: the expert's, each above 0.

    Returns:
        The summary. Source: Bland and Altman, Lancet 327, 307 (1986).
    """
    difference = measured.astype(np.float64) - truth
    bias, spread = float(difference.mean()), 1.96 * float(difference.std(ddof=1))
    bias_low, bias_high = bootstrap(lambda drawn: float(difference[drawn].mean()), np.zeros(len(difference)))
    varies = measured.std() > 0 and truth.std() > 0
    return Agreement(
        mean=float(truth.mean()), bias=bias, bias_low=bias_low, bias_high=bias_high,
        absolute=float(np.abs(difference).mean()), relative=float((np.abs(difference) / truth).mean()),
        low=bias - spread, high=bias + spread,
        correlation=float(np.corrcoef(measured, truth)[0, 1]) if varies else float("nan"),
    )  # fmt: skip
