"""How much of a layer's output each head makes: what a record keeps beside the factors."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import normalize


@torch.no_grad()
def head_shares(out: Tensor, weight: Tensor, bias: Tensor | None, mask: Tensor | None) -> Tensor:
    """Each head's share of the layer's output, `share_h = ‖Y_h W_hᵀ‖_F / Σ_g ‖Y_g W_gᵀ‖_F`, over the valid tokens.

    `Y_h = A_h V_h + 1 b_hᵀ` holds the head's own values after attention and `W_h` its columns of the output
    projection, so `Σ_h Y_h W_hᵀ` is the layer's output without its bias: that belongs to no head and is left
    out. The heads' parts may cancel each other, which norms do not show. With the Gram matrix of the head,
    `‖Y_h W_hᵀ‖_F² = tr(W_h (Y_hᵀ Y_h) W_hᵀ) = ⟨W_hᵀ W_h, Y_hᵀ Y_h⟩`, so no head's output (token × D) is formed:
    `O(N·D·d)` for all heads.

    Args:
        out: `A_h V_h`, (batch, head, token, dim of the head).
        weight: of the output projection, (D, head · dim of the head).
        bias: what is still to be added to every token of `out`, (head · dim of the head); None with a mask.
        mask: (batch, n_1, …, n_k), True where a token is valid; None when all are.

    Returns:
        (batch, head), adding up to 1 over the heads; 0 for all of them where the output is 0.
    """
    heads, tokens, dtype = out.shape[1], out.shape[2], torch.promote_types(out.dtype, torch.float32)
    with torch.autocast(out.device.type, enabled=False):  # squares of thousands of tokens overflow half precision
        out, weight = out.to(dtype), weight.to(dtype).unflatten(1, (heads, -1)).transpose(0, 1)
        seen = out if mask is None else out * mask.flatten(1)[:, None, :, None]
        gram = torch.matmul(seen.transpose(2, 3), out)
        if bias is not None:
            # the Gram matrix of Y + 1 bᵀ, but for what a symmetric matrix does not see: Yᵀ Y + 2 (Yᵀ 1 + N/2 b) bᵀ
            added = bias.to(dtype).unflatten(0, (heads, -1))
            half = torch.add(out.sum(2), added, alpha=tokens / 2)
            gram = gram.addcmul(half[..., None], added[:, None], value=2)
        squares = (torch.matmul(weight.transpose(1, 2), weight) * gram).sum((2, 3))
    norms = squares.clamp(min=0).sqrt()  # rounding may leave a square just below 0
    return normalize(norms, p=1.0, dim=1, eps=torch.finfo(dtype).tiny)
