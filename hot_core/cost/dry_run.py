"""A forward pass without data: torch's meta device runs shapes only, and every tensor's birth and death is seen.

No hooks: the modes below are seen by their own thread alone, and what is run is a copy without data.
"""

from __future__ import annotations

import copy
import weakref
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import flop_registry


class LiveBytes(TorchDispatchMode):
    """Counts the bytes of all tensors that are alive and were made since it was entered; works on any device.

    What a kernel takes and gives back within itself is not seen.

    Args:
        known: tensors that were there before, such as weights and input; they and their views count nothing.

    Attributes:
        live: bytes alive now.
        peak: the most that was alive at once.
    """

    def __init__(self, known: Iterable[Tensor] = ()) -> None:
        super().__init__()
        self.live = self.peak = 0
        self._held = [tensor.untyped_storage() for tensor in known]
        self._seen: dict[int, Any] = {id(storage): storage for storage in self._held}

    def __torch_dispatch__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Run the operation and take note of the storages of its results."""
        out = func(*args, **(kwargs or {}))
        for leaf in tree_leaves(out):
            if isinstance(leaf, Tensor):
                self._note(leaf.untyped_storage())
        return out

    def _note(self, storage: torch.UntypedStorage) -> None:
        key, size = id(storage), storage.nbytes()
        if key in self._seen:
            return

        def gone(_: object) -> None:
            self.live -= size
            self._seen.pop(key, None)

        self._seen[key] = weakref.ref(storage, gone)
        self.live += size
        self.peak = max(self.peak, self.live)


class MacCount(TorchDispatchMode):
    """Counts the multiply–adds of matrix products and convolutions with torch's own formulas (2 FLOPs each).

    `torch.utils.flop_counter.FlopCounterMode` would do the same, but it sets hooks on all modules of
    the process, and other threads may be running models of theirs.
    """

    def __init__(self) -> None:
        super().__init__()
        self.macs = 0

    def __torch_dispatch__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Run the operation and count it when it has a formula."""
        out = func(*args, **(kwargs or {}))
        formula = flop_registry.get(getattr(func, "_overloadpacket", None))
        if formula is not None:
            self.macs += formula(*args, **(kwargs or {}), out_val=out) // 2
        return out


class FusedAttention(TorchFunctionMode):
    """On the meta device, where torch has no fused kernel, attention keeps no weights either.

    The result is laid out as the CPU's kernel lays it out, tokens before heads.
    """

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Replace `scaled_dot_product_attention` by an empty result of its shape."""
        if func is not scaled_dot_product_attention:
            return func(*args, **(kwargs or {}))
        query, value = args[0], args[2]
        batch, heads, tokens, _ = query.shape
        return query.new_empty(batch, tokens, heads, value.shape[-1]).transpose(1, 2)


def without_data(module: nn.Module) -> nn.Module:
    """A copy in evaluation mode whose weights have shapes and no data; the module itself is only read.

    Returns:
        A module on the meta device.
    """
    memo: dict[int, Tensor] = {}
    for weight in module.parameters():
        memo[id(weight)] = nn.Parameter(torch.empty_like(weight, device="meta"), requires_grad=False)
    for buffer in module.buffers():
        memo[id(buffer)] = torch.empty_like(buffer, device="meta")
    return copy.deepcopy(module, memo).eval()


def dry_macs(module: nn.Module, inputs: Mapping[str, Any]) -> int:
    """The multiply–adds of a forward pass on the meta device, attention outside of matrix products left out."""
    count = MacCount()
    run(module, inputs, count)
    return count.macs


def dry_peak(module: nn.Module, inputs: Mapping[str, Any]) -> int:
    """The most bytes alive at once in a forward pass on the meta device, above weights and input."""
    given = [value for value in inputs.values() if isinstance(value, Tensor)]
    live = LiveBytes([*module.parameters(), *module.buffers(), *given])
    run(module, inputs, live)
    return live.peak


def run(module: nn.Module, inputs: Mapping[str, Any], watch: AbstractContextManager[Any]) -> None:
    """Run the module once under a watch; nothing is kept for a backward pass."""
    # not inference_mode: there, products are handed to the watch whole, before they are cut into kernels
    with torch.no_grad(), FusedAttention(), watch:
        module(**inputs)
