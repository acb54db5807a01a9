"""How much of a layer's output each head makes: what a record keeps beside the factors.

`share_h = ‖Y_h W_hᵀ‖_F / Σ_g ‖Y_g W_gᵀ‖_F` over the valid tokens, where `Y_h = A_h V_h` holds the head's values,
their bias included, after attention, and `W_h` the head's columns of the output projection. `Σ_h Y_h W_hᵀ` is the
layer's output without its bias: that belongs to no head and is left out. The heads' parts may cancel each other,
which norms do not show. With the Gram matrix of the head,

    ‖Y_h W_hᵀ‖_F² = tr(W_h (Y_hᵀ Y_h) W_hᵀ) = ⟨W_hᵀ W_h, Y_hᵀ Y_h⟩

so no head's output (token × D) is formed, and all heads together cost `O(N·D·d)`. That much is done during the
forward pass; the rest, in many small steps that a short forward pass would feel, when the shares are asked for.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import normalize


@dataclass(frozen=True, eq=False)
class HeadShares:
    """What the shares of one layer are made from, on the CPU; calling it gives them.

    Attributes:
        gram: `Zᵀ Z` of every head's valid tokens, where `Y = Z + 1 bᵀ`; (batch, head, dim, dim).
        metric: `Wᵀ W`, (head, dim, dim).
        sums: `Zᵀ 1`, (batch, head, dim); None without `bias`.
        bias: `b`, (head · dim); None where `Z` holds it already.
        tokens: the number `N` of tokens.
    """

    gram: Tensor
    metric: Tensor
    sums: Tensor | None
    bias: Tensor | None
    tokens: int

    def __call__(self) -> Tensor:
        """The shares.

        Returns:
            (batch, head), adding up to 1 over the heads; 0 for all of them where the output is 0.
        """
        gram = self.gram
        if self.bias is not None and self.sums is not None:
            # (Z + 1 bᵀ)ᵀ (Z + 1 bᵀ) but for what a symmetric matrix does not see: Zᵀ Z + 2 (Zᵀ 1 + N/2 b) bᵀ
            added = self.bias.unflatten(0, (len(self.metric), -1))
            half = torch.add(self.sums, added, alpha=self.tokens / 2)
            gram = gram.addcmul(half[..., None], added[:, None], value=2)
        norms = (self.metric * gram).sum((2, 3)).clamp(min=0).sqrt()  # rounding may leave a square just below 0
        return normalize(norms, p=1.0, dim=1, eps=torch.finfo(norms.dtype).tiny)


@torch.no_grad()
def head_shares(out: Tensor, weight: Tensor, bias: Tensor | None, mask: Tensor | None) -> HeadShares:
    """Take from a forward pass what its heads' shares are made from.

    Args:
        out: `Z`, the values after attention, (batch, head, token, dim of the head).
        weight: of the output projection, (D, head · dim of the head).
        bias: `b`, what is still to be added to every token of `out`, (head · dim of the head); None with a mask.
        mask: (batch, n_1, …, n_k), True where a token is valid; None when all are.

    Returns:
        The shares, to be called for; detached, and of no memory of the layer's own.
    """
    heads, tokens, dtype = out.shape[1], out.shape[2], torch.promote_types(out.dtype, torch.float32)
    with torch.autocast(out.device.type, enabled=False):  # squares of thousands of tokens overflow half precision
        out, weight = out.to(dtype), weight.to(dtype).unflatten(1, (heads, -1)).transpose(0, 1)
        seen = out if mask is None else out * mask.flatten(1)[:, None, :, None]
        gram = torch.matmul(seen.transpose(2, 3), out).cpu()
        metric = torch.matmul(weight.transpose(1, 2), weight).cpu()
    if bias is None:
        return HeadShares(gram, metric, None, None, tokens)
    return HeadShares(gram, metric, out.sum(2).cpu(), bias.to(dtype, copy=True).cpu(), tokens)
