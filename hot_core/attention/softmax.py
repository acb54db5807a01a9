"""Softmax over the keys with a mask that says what happens to missing tokens."""

from __future__ import annotations

import torch
from torch import Tensor


def masked_softmax(logits: Tensor, mask: Tensor | None) -> Tensor:
    """Softmax over the keys; a masked key gets exactly 0, a row without any valid key is 0, never NaN.

    Args:
        logits: (batch, head, query, key).
        mask: (batch, key), True where a key is valid; None when all are.

    Returns:
        Weights of the shape of `logits`.
    """
    if mask is None:
        return logits.softmax(-1)
    valid = mask[:, None, None, :]
    # the lowest finite number instead of −inf: a row without any valid key stays finite, then becomes 0
    return logits.masked_fill(~valid, torch.finfo(logits.dtype).min).softmax(-1) * valid
