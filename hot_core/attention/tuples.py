"""Attention over tuples of keys at work: one pass over all tuples, a slice at a time, forward and backward.

Notation: `n` queries, `m` keys with `n_1, …, n_m` rows, `T = ∏ n_j` tuples, counted in C order; `⊘` multiplies rows of
different keys entry by entry. Softmax runs over all tuples of a query and is gathered while they go by (its largest
logit so far, and sums that are scaled down when a larger one comes), as in FlashAttention, arXiv 2205.14135.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable


@dataclass(frozen=True)
class Tuples:
    """All tuples of keys, and what is valid among them.

    Attributes:
        sizes: `(n_1, …, n_m)`.
        masks: for every key None or (lead, n_j), True where valid.
        causal: a query at `i` sees tuples whose members all stand at `i` or before.
        chunk: tuples that are handled at once.
    """

    sizes: tuple[int, ...]
    masks: tuple[Tensor | None, ...]
    causal: bool
    chunk: int

    def __iter__(self) -> Iterator[tuple[Tensor, ...]]:
        """The index of every member, for each slice of tuples."""
        total = math.prod(self.sizes)
        for start in range(0, total, self.chunk):
            yield self.members(torch.arange(start, min(start + self.chunk, total)))

    def members(self, flat: Tensor) -> tuple[Tensor, ...]:
        """Flat tuple indices as one index for each key."""
        found = []
        for size in reversed(self.sizes):
            found.append(flat % size)
            flat = flat // size
        return tuple(reversed(found))

    def valid(self, members: Sequence[Tensor], queries: Tensor) -> Tensor | None:
        """Which tuples each query may see.

        Args:
            members: the index of every member of some tuples.
            queries: positions of the queries.

        Returns:
            Bool that broadcasts to (lead, query, tuple); None when all may be seen.
        """
        found: Tensor | None = None
        for mask, index in zip(self.masks, members, strict=True):
            if mask is not None:
                one = mask[:, None, index]
                found = one if found is None else found & one
        if self.causal:
            last = torch.stack(tuple(members)).amax(0).to(queries.device)
            seen = (last <= queries[:, None])[None]
            found = seen if found is None else found & seen
        return found


def gathered(parts: Sequence[Tensor], members: Sequence[Tensor]) -> Tensor:
    """`⊘` of the members' rows.

    Args:
        parts: for each key a tensor (lead, n_j, width); one or more.
        members: the index of every member of some tuples.

    Returns:
        (lead, tuple, width).
    """
    return reduce(torch.mul, (part[:, index] for part, index in zip(parts, members, strict=True)))


def logits_of(query: Tensor, rows: Tensor, valid: Tensor | None, scale: float) -> Tensor:
    """`scale · Q Kᵀ`, the lowest finite number where a tuple may not be seen: (lead, query, tuple)."""
    logits = (query * scale) @ rows.transpose(1, 2)
    return logits if valid is None else logits.masked_fill(~valid, torch.finfo(logits.dtype).min)


class TupleAttention(torch.autograd.Function):
    """`softmax(scale · Q (K₁⊘…⊘K_m)ᵀ) (V₁⊘…⊘V_m)` with memory of `O((n + T̂) · width + n · T̂)`, `T̂` tuples at once.

    Backward makes the weights again from the logarithm of each row's sum instead of keeping them, so that training
    needs no more memory than the forward pass; it can be run once, not differentiated again.
    """

    @staticmethod
    def forward(ctx: Any, tuples: Tuples, scale: float, query: Tensor, *parts: Tensor) -> Tensor:
        """Attend.

        Args:
            ctx: torch's, keeps what backward needs.
            tuples: the tuples and their masks.
            scale: multiplies the logits.
            query: (lead, n, d).
            parts: keys (lead, n_j, d), then as many values (lead, n_j, e).

        Returns:
            (lead, n, e); 0 for a query that may see no tuple.
        """
        keys, values = parts[: len(parts) // 2], parts[len(parts) // 2 :]
        positions = torch.arange(query.shape[1], device=query.device)
        largest = query.new_full((*query.shape[:2], 1), torch.finfo(query.dtype).min)
        row_sum = torch.zeros_like(largest)
        out = query.new_zeros(*query.shape[:2], values[0].shape[-1])
        for members in tuples:
            valid = tuples.valid(members, positions)
            logits = logits_of(query, gathered(keys, members), valid, scale)
            now = torch.maximum(largest, logits.amax(-1, keepdim=True))
            weights = logits.sub_(now).exp_()
            if valid is not None:
                weights *= valid
            earlier = (largest - now).exp_()
            row_sum = row_sum * earlier + weights.sum(-1, keepdim=True)
            out = out * earlier + weights @ gathered(values, members)
            largest = now
        some = row_sum > 0
        out = out / torch.where(some, row_sum, 1.0)
        log_sum = torch.where(some, largest + row_sum.log(), math.inf)
        ctx.tuples, ctx.scale = tuples, scale
        ctx.save_for_backward(query, out, log_sum, *parts)
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        """Gradients of query, keys and values: `dL = P ∘ (dO Vᵀ − rowsum(dO ∘ O))`, then the products' rule."""
        query, out, log_sum, *parts = ctx.saved_tensors
        keys, values = parts[: len(parts) // 2], parts[len(parts) // 2 :]
        positions = torch.arange(query.shape[1], device=query.device)
        of_query, of_parts = torch.zeros_like(query), [torch.zeros_like(part) for part in parts]
        inner = (grad * out).sum(-1, keepdim=True)
        for members in ctx.tuples:
            valid = ctx.tuples.valid(members, positions)
            rows, carried = gathered(keys, members), gathered(values, members)
            weights = logits_of(query, rows, valid, ctx.scale).sub_(log_sum).exp_()
            of_logits = weights * (grad @ carried.transpose(1, 2) - inner) * ctx.scale
            of_query += of_logits @ rows
            _spread(of_parts[: len(keys)], keys, members, of_logits.transpose(1, 2) @ query)
            _spread(of_parts[len(keys) :], values, members, weights.transpose(1, 2) @ grad)
        return None, None, of_query, *of_parts


def _spread(grads: Sequence[Tensor], parts: Sequence[Tensor], members: Sequence[Tensor], of_tuples: Tensor) -> None:
    """Add the gradient of some tuples' products, (lead, tuple, width), to that of every member's row, in place."""
    for at, (grad, index) in enumerate(zip(grads, members, strict=True)):
        others = [(part, seen) for of, (part, seen) in enumerate(zip(parts, members, strict=True)) if of != at]
        share = of_tuples * gathered(*zip(*others, strict=True)) if others else of_tuples
        grad.index_add_(1, index.to(grad.device), share)
