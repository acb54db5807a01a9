"""A Gaussian with shrunken correlations, and the Mahalanobis distance to it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Gaussian:
    """Where statistics lie and how they vary together.

    Attributes:
        mean: one number a statistic.
        scale: standard deviations.
        precision: inverse of the shrunken correlations.
    """

    mean: np.ndarray
    scale: np.ndarray
    precision: np.ndarray

    def distance(self, rows: np.ndarray) -> np.ndarray:
        """Root of the mean Mahalanobis distance per statistic: `√(zᵀ R⁻¹ z / p)` with `z = (x − mean) / scale`.

        The use of this distance for input unlike the training data: Lee et al. 2018 (arXiv 1807.03888), there on a
        network's features, here on named statistics.

        Args:
            rows: (row, statistic); a NaN is taken as the mean and adds nothing.

        Returns:
            One number a row, 1 on average (in the square) over the rows that were fitted.
        """
        z = np.nan_to_num((rows - self.mean) / self.scale)
        squares = np.einsum("ij,jk,ik->i", z, self.precision, z) / rows.shape[1]
        return np.asarray(np.sqrt(np.maximum(squares, 0.0)))


def fit(rows: np.ndarray) -> Gaussian:
    """Mean, deviation and correlation of rows, the correlation drawn towards none.

    Args:
        rows: (row, statistic); NaN where a statistic is not there.

    Returns:
        The Gaussian. A statistic that hardly varies gets a hundredth of its size as deviation, so that nothing is
        divided by zero.
    """
    mean, spread = np.nanmean(rows, 0), np.nanstd(rows, 0)
    scale = np.maximum(spread, 0.01 * np.abs(mean) + 1e-6)
    z = np.nan_to_num((rows - mean) / scale)
    return Gaussian(mean, scale, np.linalg.inv(shrunken_correlation(z)))


def shrunken_correlation(z: np.ndarray) -> np.ndarray:
    """Correlations times `1 − λ`, with `λ = Σ Var(r_ij) / Σ r_ij²` over i ≠ j, from 0.01 to 1.

    Schäfer and Strimmer 2005 (Stat. Appl. Genet. Mol. Biol. 4, 32), target D with unit variances; the floor of λ keeps
    the inverse finite when two statistics say the same.

    Args:
        z: (row, statistic), centred and scaled.

    Returns:
        (statistic, statistic), ones on the diagonal, positive definite.
    """
    count, size = z.shape
    products = z.T @ z / count
    variance = ((z**2).T @ (z**2) / count - products**2) / max(count - 1, 1)
    off = ~np.eye(size, dtype=bool)
    total = float((products[off] ** 2).sum())
    share = float(np.clip(variance[off].sum() / total, 0.01, 1.0)) if total > 0 else 1.0
    return np.where(off, (1 - share) * products, 1.0)
