"""Softmax attention along some of the modes, all other modes fixed: what full, axial and divided attention share.

A *group* is the modes along which a token looks, in ascending order. One mode: the line through the
token. Several: the slab through it. All of them: every token, which is full attention.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from hot_core.attention.softmax import masked_softmax


def split_heads(x: Tensor, heads: int) -> Tensor:
    """(batch, n_1, …, n_k, dim) → (batch, n_1, …, n_k, head, dim/head)."""
    return x.unflatten(-1, (heads, -1))


def clear_invalid(x: Tensor, mask: Tensor | None) -> Tensor:
    """The tokens with 0 in place of whatever invalid ones hold, so that not even a NaN gets into keys and values."""
    return x if mask is None else x.masked_fill(~mask[..., None], 0.0)


def attend(
    query: Tensor, key: Tensor, value: Tensor, group: Sequence[int], mask: Tensor | None, dropout: float = 0.0
) -> Tensor:
    """Fused attention of every token to the valid tokens of its slab along `group`.

    Tokens are read where they lie: the modes behind the group stand beside the heads as further
    heads, the modes before it beside the batch. Only a group with gaps, such as (0, 2), is copied.

    Args:
        query: (batch, n_1, …, n_k, head, dim).
        key: as `query`.
        value: as `query`.
        group: the modes along which to look, ascending.
        mask: (batch, n_1, …, n_k), True where a token is valid.
        dropout: probability of dropping a weight.

    Returns:
        The shape of `query`; 0 where a slab has no valid key.
    """
    order, start = slab_order(group, query.ndim - 3)
    shape = query.permute(*order, -2, -1).shape
    sizes = (math.prod(shape[:start]), math.prod(shape[start : start + len(group)]))
    q, k, v = (t.permute(*order, -2, -1).reshape(*sizes, -1, shape[-1]).transpose(1, 2) for t in (query, key, value))
    if mask is None:
        out = scaled_dot_product_attention(q, k, v, dropout_p=dropout)
    else:
        valid = mask.permute(order).reshape(*sizes, -1).transpose(1, 2)
        out = attend_valid(q, k, v, valid[:, :, None].expand(-1, -1, shape[-2], -1).flatten(1, 2), dropout)
    back = [order.index(dim) for dim in range(len(order))]
    return out.transpose(1, 2).reshape(shape).permute(*back, -2, -1)


def slab_order(group: Sequence[int], modes: int) -> tuple[list[int], int]:
    """Dims (batch, n_1, …, n_k) so ordered that those of the group stand together, as they were where they do already.

    Returns:
        The order, and the place of the group's first mode in it.
    """
    others = [mode for mode in range(modes) if mode not in group]
    before = [mode + 1 for mode in others if mode < group[0]]
    behind = [mode + 1 for mode in others if mode > group[0]]
    return [0, *before, *(mode + 1 for mode in group), *behind], 1 + len(before)


def attend_valid(query: Tensor, key: Tensor, value: Tensor, valid: Tensor, dropout: float) -> Tensor:
    """Fused attention to valid keys only.

    Args:
        query: (batch, head, query, dim).
        key: (batch, head, key, dim).
        value: as `key`.
        valid: (batch, head, key), True where a key is valid.
        dropout: probability of dropping a weight.

    Returns:
        The shape of `query`; 0 where no key is valid.
    """
    # a row without any valid key is NaN from some of SDPA's kernels: it sees everything here, then it is cleared
    some = valid.any(-1, keepdim=True)
    allowed = (valid | ~some)[:, :, None]
    out = scaled_dot_product_attention(query, key, value, attn_mask=allowed, dropout_p=dropout)
    return torch.where(some[..., None], out, 0.0)


def rows_along(
    query: Tensor, key: Tensor, group: Sequence[int], mask: Tensor | None, positions: Sequence[tuple[int, ...]]
) -> Tensor:
    """The rows of chosen queries over all `N` keys, 0 outside the slab of the query.

    Args:
        query: (batch, n_1, …, n_k, head, dim).
        key: as `query`.
        group: the modes along which to look, ascending.
        mask: (batch, n_1, …, n_k), True where a token is valid.
        positions: the chosen queries.

    Returns:
        Weights (batch, head, chosen, N), detached, at least float32; a row adds up to 1, or to 0 without a valid key.
    """
    precise = torch.promote_types(query.dtype, torch.float32)
    query, key = query.detach(), key.detach()
    batch, *sizes, heads, dim = query.shape
    rows = torch.zeros(batch, heads, len(positions), *sizes, dtype=precise, device=query.device)
    for chosen, position in enumerate(positions):
        place: list[Any] = list(position)
        slab = [slice(None) if mode in group else at for mode, at in enumerate(place)]
        one, keys = query[:, *place].to(precise), key[:, *slab].to(precise)
        logits = torch.einsum("bhd,bnhd->bhn", one, keys.flatten(1, -3)) / math.sqrt(dim)
        weights = masked_softmax(logits[:, :, None], None if mask is None else mask[:, *slab].flatten(1))
        rows[:, :, chosen, *slab] = weights.reshape(batch, heads, *keys.shape[1:-2])
    return rows.flatten(3)
