"""Kronecker-structured attention (HOT): one small attention matrix for each mode, combined.

Source: Omranpour, Rabusseau, Rabbany, "Higher-Order Transformers With Kronecker-Structured
Attention", arXiv 2412.02919, section 4. Symbols: `k` = num_modes, `H` = heads, `D` = dim, `d` = D/H.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

import torch
from torch import Tensor, nn
from torch.nn.functional import dropout as drop
from torch.nn.functional import layer_norm, linear

from hot_core.attention.checks import (
    check_call,
    check_dropout,
    check_modes,
    check_num_modes,
    check_whole,
    check_width,
)
from hot_core.attention.factors import Factor, LinearFactor, SoftmaxFactor, replaced
from hot_core.attention.features import orthogonal_directions, positive_features
from hot_core.attention.mode_products import product, total
from hot_core.attention.pooling import pooled
from hot_core.attention.rotary import rotate
from hot_core.attention.shares import head_shares
from hot_core.attention.softmax import masked_softmax
from hot_core.errors import ShapeError
from hot_core.kronecker import Combine
from hot_core.record import AttentionRecord

Kernel: TypeAlias = Literal["softmax", "linear"]


class KroneckerAttention(nn.Module):
    """Attention over a tensor of tokens as a Kronecker product or sum of mode-wise matrices.

    For each mode `i` and head: pool the tokens over all other modes, project to queries and keys,
    layer-norm over the head width, rotate where the mode has an order, then

        A_i = softmax(q_i k_iᵀ / √d)                  (n_i × n_i, row-stochastic)
        product: out = (A_1 ⊗ … ⊗ A_k) vec V = V ×₁A_1 … ×ₖA_k
        sum:     out = (A_1 ⊕ … ⊕ A_k) vec V = Σ_i V ×ᵢA_i        (÷ k with `normalize`)

    Values are not pooled. Pooling comes *before* the projection: both are linear and commute, and
    the projection then runs on `n_i` instead of `N` vectors. Pooling is the mean over valid tokens,
    where the paper sums; the layer norm makes the two the same but for its epsilon.

    Linear factors (`kernel="linear"`) replace the softmax by positive random features,
    `A_i = φ(q_i) φ(k_i)ᵀ / row sums`: cost and memory are linear in every `n_i`, and `A_i` is formed
    only for a record. The expectation of `φ(q)·φ(k)` is the softmax's numerator, but with the few
    features that make it cheap it is a kernel of its own, to be trained as such: for layer-normed
    queries and keys the factor is as far from the softmax as uniform attention is (`LOG.md`).

    Missing tokens (`mask`): a slice of a mode without any valid token gets weight exactly 0 as a
    key; a row with no valid key is 0; values of invalid tokens are 0, and nothing is renormalised,
    so the mass that a row puts on invalid tokens is lost to the output. What invalid tokens hold,
    NaN too, is never read.

    Causal modes: in the factor of a causal mode every key after the query has weight exactly 0, so
    no *value* reaches an earlier position. The *weights* of the other modes' factors still come from
    means over the whole causal mode, later positions included: with one mode the output is causal
    in the strict sense, with more it is not, and no map that is one Kronecker product can be,
    unless its other factors ignore the data. Do not train such a model to foretell its own input.

    The weights of `value`, `output` and the norms are used directly, without calling these modules:
    hooks on them do not fire, and wrappers that replace `forward` (adapters, dynamic quantisation) are
    passed by.

    Args:
        dim: width of the tokens.
        num_modes: number of modes, 1 … 5.
        heads: number of heads; each is one Kronecker term over its own slice of the values.
        combine: "product" or "sum".
        kernel: "softmax", or "linear" for factors of positive random features.
        normalize: sum only: divide by `k`, so that rows sum to 1 (the official code does not).
        rope_modes: indices of the modes with an order, whose queries and keys are rotated.
        share_qk: one query and one key projection for all modes, instead of one for each.
        causal_modes: indices of the modes in which a query sees earlier keys and itself only.
        dropout: probability of dropping a weight of a factor (linear: a feature of a key) while
            training; what is left is scaled up, records show the weights before it.
        features: linear only: the number `m` of features; None takes `2d`.

    Raises:
        ShapeError: when an argument is out of its range, or two contradict each other.
    """

    directions: Tensor

    def __init__(
        self,
        dim: int,
        num_modes: int,
        heads: int = 8,
        combine: Combine = "product",
        kernel: Kernel = "softmax",
        *,
        normalize: bool = False,
        rope_modes: Sequence[int] = (),
        share_qk: bool = False,
        causal_modes: Sequence[int] = (),
        dropout: float = 0.0,
        features: int | None = None,
    ) -> None:
        super().__init__()
        check_width("KroneckerAttention", dim, heads)
        check_num_modes("KroneckerAttention", num_modes)
        check_forms(combine, kernel, normalize, features)
        check_dropout("KroneckerAttention", dropout)
        self.dim, self.num_modes, self.heads = dim, num_modes, heads
        self.combine: Combine = combine
        self.kernel: Kernel = kernel
        self.normalize, self.share_qk, self.dropout = normalize, share_qk, dropout
        self.rope_modes = check_modes("KroneckerAttention", "rope_modes", rope_modes, num_modes)
        self.causal_modes = check_modes("KroneckerAttention", "causal_modes", causal_modes, num_modes)
        projections = 1 if share_qk else num_modes
        self.query = nn.ModuleList(nn.Linear(dim, dim) for _ in range(projections))
        self.key = nn.ModuleList(nn.Linear(dim, dim) for _ in range(projections))
        self.value = nn.Linear(dim, dim)
        self.output = nn.Linear(dim, dim)
        self.query_norm = nn.LayerNorm(dim // heads)
        self.key_norm = nn.LayerNorm(dim // heads)
        self.features = 0 if kernel == "softmax" else features or 2 * (dim // heads)
        if self.features:
            self.register_buffer("directions", orthogonal_directions(self.features, dim // heads))

    def forward(self, x: Tensor, mask: Tensor | None = None, record: AttentionRecord | None = None) -> Tensor:
        """Attend.

        Args:
            x: [batch, n_1, …, n_k, dim].
            mask: [batch, n_1, …, n_k], True where a token is valid.
            record: filled with this layer's factors when given, and with its heads' shares of the output if it asks.

        Returns:
            The shape of `x`.

        Raises:
            ShapeError: when the shapes do not fit.
        """
        check_call(
            "KroneckerAttention", x, mask, record, dim=self.dim, num_modes=self.num_modes, weight=self.value.weight
        )
        batch, sizes = x.shape[0], x.shape[1:-1]
        if mask is not None:
            x = torch.where(mask[..., None], x, 0.0)
        factors = self.factors(x, mask)
        passes = self._bias_passes(mask)
        if record is not None and record.edit is not None:
            factors, passes = replaced(factors, self.heads, record), False
        apply = product if self.combine == "product" else total
        out = apply(factors, self._values(x, mask, passes), sizes)
        out = out.reshape(batch, self.heads, -1, self.dim // self.heads)
        row_sum = self.num_modes if self.combine == "sum" and not self.normalize else 1
        if self.normalize:
            out = out / self.num_modes
        if record is not None:
            matrices = [factor.matrix().unflatten(0, (batch, self.heads)) for factor in factors]
            left = row_sum * self.value.bias if passes else None
            shares = head_shares(out, self.output.weight, left, mask) if record.shares else None
            record.add_factors(matrices, self.combine, self.normalize, mask, shares)
        out = out.transpose(1, 2).reshape(x.shape)
        return linear(out, self.output.weight, self._output_bias(row_sum, passes))

    def factors(self, x: Tensor, mask: Tensor | None) -> list[Factor]:
        """The attention of every mode, for every batch element and head.

        Args:
            x: (batch, n_1, …, n_k, dim), 0 where a token is not valid.
            mask: (batch, n_1, …, n_k), True where a token is valid.

        Returns:
            One factor for each mode; rows sum to 1, or to 0 where no key is valid.
        """
        means, valid = pooled(x, mask)
        # the 1/√d of the logits: half of it to each side for the features, all of it to the queries for the softmax
        width = self.dim // self.heads
        of_query, of_key = (width**-0.25, width**-0.25) if self.kernel == "linear" else (width**-0.5, 1.0)
        queries = self._projected(self.query, self.query_norm, means, of_query)
        keys = self._projected(self.key, self.key_norm, means, of_key)
        return [self._factor(*parts, mode) for mode, parts in enumerate(zip(queries, keys, valid, strict=True))]

    def _projected(
        self, layers: nn.ModuleList, norm: nn.LayerNorm, means: list[Tensor], scale: float
    ) -> Sequence[Tensor]:
        """Queries or keys of every mode, normed and scaled for all modes at once: (batch · head, n_i, dim/head)."""
        of_mode = [layers[0 if self.share_qk else mode](mean) for mode, mean in enumerate(means)]
        heads_last = torch.cat(of_mode, dim=1).unflatten(-1, (self.heads, -1))
        normed = layer_norm(heads_last, norm.normalized_shape, norm.weight * scale, norm.bias * scale, norm.eps)
        return normed.transpose(1, 2).flatten(0, 1).split([mean.shape[1] for mean in means], dim=1)

    def _factor(self, query: Tensor, key: Tensor, valid: Tensor | None, mode: int) -> Factor:
        """One mode's factor from its queries and keys (batch · head, n_i, dim/head) and its valid slices."""
        if mode in self.rope_modes:
            query, key = rotate(query), rotate(key)
        causal = mode in self.causal_modes
        if valid is not None:
            valid = valid.repeat_interleave(self.heads, 0)
        if self.kernel == "linear":
            query, key = positive_features(query, key, self.directions, valid)
            return LinearFactor.normalised(query, key, drop(key, self.dropout, self.training), causal)
        weights = masked_softmax(torch.bmm(query, key.transpose(1, 2)), valid, causal)
        return SoftmaxFactor(weights, drop(weights, self.dropout, self.training))

    def _values(self, x: Tensor, mask: Tensor | None, passes: bool) -> Tensor:
        """`W Xᵀ`, and `+ b` where rows may not sum to 1: (batch · head, dim/head · n_1 ⋯ n_k), features first."""
        batch = x.shape[0]
        values = torch.bmm(self.value.weight.expand(batch, -1, -1), x.flatten(1, -2).transpose(1, 2))
        if not passes:
            bias = self.value.bias[:, None]
            values = values + (bias if mask is None else bias * mask.flatten(1)[:, None])
        return values.reshape(batch * self.heads, -1)

    def _bias_passes(self, mask: Tensor | None) -> bool:
        """Whether every row sums to the same, so that the bias of the values goes straight to the output's."""
        may_vanish = self.kernel == "linear" and self.causal_modes  # a row of tiny features, see LinearFactor
        return mask is None and not (self.training and self.dropout) and not may_vanish

    def _output_bias(self, row_sum: int, passes: bool) -> Tensor:
        """The output's bias, with what is left of the values' bias after attention: `A (b ⊗ 1) = row sum · b`."""
        if not passes:
            return self.output.bias
        return torch.addmv(self.output.bias, self.output.weight, self.value.bias, alpha=row_sum)


def check_forms(combine: str, kernel: str, normalize: bool, features: int | None) -> None:
    """Refuse a form of attention that does not exist."""
    if combine not in ("product", "sum"):
        raise ShapeError(f"KroneckerAttention: combine={combine!r}; give 'product' or 'sum'.")
    if kernel not in ("softmax", "linear"):
        raise ShapeError(f"KroneckerAttention: kernel={kernel!r}; give 'softmax' or 'linear'.")
    if normalize and combine == "product":
        raise ShapeError(
            "KroneckerAttention: normalize=True belongs to combine='sum'; rows of a product sum to 1 already."
        )
    if features is None:
        return
    check_whole("KroneckerAttention", features=features)
    if kernel == "softmax" or features < 1:
        raise ShapeError(
            f"KroneckerAttention: features={features} with kernel={kernel!r}; features belong to 'linear', 1 or more."
        )
