"""Factor algebra: the cross-dimensional attention map as an operator, never as a matrix."""

from hot_core.kronecker.mixture import KroneckerMixture
from hot_core.kronecker.nearest import NearestKronecker, nearest_kronecker
from hot_core.kronecker.operator import KroneckerMap
from hot_core.kronecker.protocol import AttentionMap, Combine, Position
from hot_core.kronecker.top import TopEntries

__all__ = [
    "AttentionMap",
    "Combine",
    "KroneckerMap",
    "KroneckerMixture",
    "NearestKronecker",
    "Position",
    "TopEntries",
    "nearest_kronecker",
]
