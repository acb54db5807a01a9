"""Attention over tensors: mode-wise (HOT) and, as oracle and baseline, over the flattened tokens."""

from hot_core.attention.full import FullAttention
from hot_core.attention.mode_wise import KroneckerAttention

__all__ = ["FullAttention", "KroneckerAttention"]
