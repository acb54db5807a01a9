"""Factor algebra: the cross-dimensional attention map as an operator, never as a matrix."""

from hot_core.kronecker.mixture import KroneckerMixture
from hot_core.kronecker.operator import AttentionMap, Combine, KroneckerMap, Position

__all__ = ["AttentionMap", "Combine", "KroneckerMap", "KroneckerMixture", "Position"]
