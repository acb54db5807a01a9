"""Attention over tensors: mode-wise (HOT), and as baselines over all tokens, along lines, and in steps."""

from hot_core.attention.axial import AxialAttention
from hot_core.attention.divided import DividedAttention
from hot_core.attention.full import FullAttention
from hot_core.attention.mode_wise import KroneckerAttention

__all__ = ["AxialAttention", "DividedAttention", "FullAttention", "KroneckerAttention"]
