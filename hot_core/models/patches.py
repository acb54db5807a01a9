"""Native grids cut into patches, one token each, and back."""

from __future__ import annotations

import math
from collections.abc import Sequence

from torch import Tensor
from torch.nn.functional import pad


def pad_to_multiple(x: Tensor, patch: Sequence[int]) -> Tensor:
    """Pad the last `len(patch)` dims with zeros (False for masks) up to a multiple of the patch."""
    missing = [-size % step for size, step in zip(x.shape[-len(patch) :], patch, strict=True)]
    widths = [width for gap in reversed(missing) for width in (0, gap)]
    return pad(x, widths) if any(missing) else x


def patchify(x: Tensor, patch: Sequence[int]) -> Tensor:
    """(…, n_1·p_1, …, n_k·p_k) → (…, n_1, …, n_k, p_1·…·p_k), the features of a patch in C order.

    Returns:
        A tensor with one vector for each token.
    """
    k = len(patch)
    lead = x.ndim - k
    for mode, step in enumerate(patch):
        x = x.unflatten(lead + 2 * mode, (-1, step))
    tokens = [lead + 2 * mode for mode in range(k)]
    inner = [lead + 2 * mode + 1 for mode in range(k)]
    return x.permute(*range(lead), *tokens, *inner).flatten(-k)


def unpatchify(x: Tensor, patch: Sequence[int]) -> Tensor:
    """(batch, n_1, …, n_k, channel·p_1·…·p_k) → (batch, channel, n_1·p_1, …, n_k·p_k).

    Returns:
        The native grid, the inverse of `patchify` for every channel.
    """
    k = len(patch)
    x = x.unflatten(-1, (x.shape[-1] // math.prod(patch), *patch))
    pairs = [dim for mode in range(k) for dim in (1 + mode, k + 2 + mode)]
    x = x.permute(0, k + 1, *pairs)
    for mode in range(k):
        x = x.flatten(2 + mode, 3 + mode)
    return x


def token_mask(mask: Tensor, patch: Sequence[int]) -> Tensor:
    """A token is valid when any of its native positions is; (batch, n_1, …, n_k)."""
    return patchify(mask, patch).any(-1)
