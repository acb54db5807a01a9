"""Attention over tensors: mode-wise (HOT), over tuples of keys (Alman and Song), and as baselines over all tokens."""

from hot_core.attention.axial import AxialAttention
from hot_core.attention.bounded import BoundedResult, RegimeWarning, bounded_tensor_attention
from hot_core.attention.divided import DividedAttention
from hot_core.attention.full import FullAttention
from hot_core.attention.mode_wise import KroneckerAttention
from hot_core.attention.tensor import tensor_attention
from hot_core.attention.tensor_module import TensorAttention

__all__ = [
    "AxialAttention",
    "BoundedResult",
    "DividedAttention",
    "FullAttention",
    "KroneckerAttention",
    "RegimeWarning",
    "TensorAttention",
    "bounded_tensor_attention",
    "tensor_attention",
]
