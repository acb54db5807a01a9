"""The largest tensor that any operation makes, forward and backward: what grows as N² cannot hide."""

from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


class LargestTensor(TorchDispatchMode):
    """While active, `elements` is the largest number of elements that one operation gave back."""

    def __init__(self):
        super().__init__()
        self.elements = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        tensors = [t for t in tree_leaves(out) if isinstance(t, Tensor)]
        self.elements = max(self.elements, *(t.untyped_storage().nbytes() // t.element_size() for t in tensors), 0)
        return out
