"""Softmax over the keys with a mask that says what happens to missing tokens."""

from __future__ import annotations

import torch
from torch import Tensor


def masked_softmax(logits: Tensor, mask: Tensor | None, causal: bool = False) -> Tensor:
    """Softmax over the keys; a masked key gets exactly 0, a row without any valid key is 0, never NaN.

    Args:
        logits: (batch, …, query, key).
        mask: (batch, key), True where a key is valid; None when all are.
        causal: keys after the query, by position, are masked too.

    Returns:
        Weights of the shape of `logits`.
    """
    if mask is None and not causal:
        return logits.softmax(-1)
    valid = torch.ones(logits.shape[-2:], dtype=torch.bool, device=logits.device)
    valid = valid.tril() if causal else valid
    if mask is not None:
        valid = valid & mask.reshape(mask.shape[0], *[1] * (logits.ndim - 2), -1)
    # the lowest finite number instead of −inf: a row without any valid key stays finite, then becomes 0
    return logits.masked_fill(~valid, torch.finfo(logits.dtype).min).softmax(-1) * valid
