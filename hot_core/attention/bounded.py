"""Tensor attention in near-linear time, for small entries, with a bound of its error; refused for large ones.

Source: Alman and Song, arXiv 2310.04064, which shows that such an algorithm exists for entries `o((log n)^{1/3})` and
that none can be truly subcubic for entries `Ω((log n)^{1/3})` unless the Strong Exponential Time Hypothesis fails. The
construction here: `exp` becomes its Taylor polynomial, each monomial of which splits into a factor of the query and one
of every key.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from hot_core.attention.monomials import Monomials, monomials
from hot_core.attention.promise import check_degree, refusal, settled
from hot_core.attention.tensor import prepared, scale_of
from hot_core.attention.tensor_checks import Masks, check_entries, check_finite, check_parts, check_scale
from hot_core.errors import RegimeError

ENTRIES_AT_ONCE = 2**22
"""Monomials that are held at once: 32 MB in float64."""


class RegimeWarning(UserWarning):
    """A result of the bounded form whose error cannot be promised."""


@dataclass(frozen=True, eq=False)
class BoundedResult:
    """What the bounded form gives.

    Attributes:
        output: [..., n, e].
        error_bound: `δ = e^{2M} (M^{g+1}/(g+1)! + rounding)`: no weight before normalisation is off by more than this
            share of itself; infinite where it overflows. See `promised`.
        degree: `g` of the Taylor polynomial.
        columns: `r = C(d+g, g)`, the rank of the approximation.
        largest_logit: `M`, which no logit exceeds: `scale · max_i Σ_l |q_il| · ∏ max |k_j|`.
        largest_value: `∏ max |v_j|`, which no product of values exceeds.
    """

    output: Tensor
    error_bound: float
    degree: int
    columns: int
    largest_logit: float
    largest_value: float

    @property
    def output_bound(self) -> float:
        """No entry of the output is further from the exact one; infinite from `δ = 1` on.

        `(2δ/(1−δ) + ε) · ∏ max |v_j|`, with the rounding `ε` of the output's number type.
        """
        delta, rounding = self.error_bound, torch.finfo(self.output.dtype).eps
        return math.inf if not delta < 1 else (2 * delta / (1 - delta) + rounding) * self.largest_value


def bounded_tensor_attention(
    q: Tensor,
    keys: Sequence[Tensor],
    values: Sequence[Tensor],
    degree: int | None = 4,
    scale: float | None = None,
    tolerance: float = 0.1,
    strict: bool = True,
    *,
    mask: Masks = None,
) -> BoundedResult:
    """`hot.tensor_attention` in `O(n r (d + e))`, never forming pairs of keys, where the entries are small enough.

    With the Taylor polynomial of even degree `g`, positive everywhere, in place of `exp`,

        exp(scale · Σ_l q_l k₁_l ⋯ k_m_l) ≈ Σ_{|α| ≤ g} scale^|α| / α! · q^α · k₁^α ⋯ k_m^α = U₀ (U₁ ⊘ … ⊘ U_m)ᵀ
        out = U₀ ((U₁ᵀ V₁) ∘ … ∘ (U_mᵀ V_m)) / U₀ ((U₁ᵀ 1) ∘ … ∘ (U_mᵀ 1))

    with `r = C(d+g, g)` columns in every `U`, in float64 whatever comes in. The error is the Taylor remainder at the
    largest logit `M` and the rounding, see `BoundedResult`; measured errors are far below what can be promised.

    Args:
        q: [..., n, d], queries.
        keys: `m` tensors [..., n_j, d]; order `m + 1`.
        values: `m` tensors [..., n_j, e].
        degree: `g`, even; None for the smallest whose bound is within `tolerance`.
        scale: of the logits; None for `1/d`.
        tolerance: the error bound that is accepted.
        strict: refuse when the bound is above `tolerance`; otherwise warn and return the result with its bound.
        mask: True where a key is valid: one tensor [..., n_j] for all keys, or one for each key. There is no causal
            form; `hot.tensor_attention` has one.

    Returns:
        The output, its error bound, and what they depend on. A query without any valid tuple gives 0.

    Raises:
        ShapeError: when the shapes do not fit, an entry is not finite, the degree is odd, or there would be too many
            columns.
        RegimeError: when the entries are too large for the wanted error.
    """
    owner = "bounded_tensor_attention"
    check_parts(owner, q, keys, values, mask)
    check_scale(owner, scale)
    check_degree(owner, degree, tolerance)
    query, cleared, carried, tuples = prepared(q, keys, values, mask, False, None, torch.float64)
    check_entries(owner, {"q": [query], "keys": cleared, "values": carried})
    factor, width = scale_of(scale, q.shape[-1]), q.shape[-1]
    size = abs(factor) * largest(query.abs().sum(-1, keepdim=True), *cleared)
    chosen, columns, bound = settled(owner, size, degree, tolerance, width, sum(tuples.sizes))
    if not bound <= tolerance:
        sentence = refusal(owner, (query, *cleared), size, chosen, bound, tolerance)
        if strict:
            raise RegimeError(sentence)
        warnings.warn(sentence, RegimeWarning, stacklevel=2)
    basis, valid = monomials(width, chosen), ones(carried, tuples.masks)
    output = low_rank(basis, factor, query, cleared, carried, valid).to(q.dtype)
    check_finite(owner, output, (query, *cleared, *carried))
    return BoundedResult(
        output.reshape(*q.shape[:-1], -1), bound, chosen, columns, size, largest(*carried)
    )  # fmt: skip


def low_rank(
    basis: Monomials,
    scale: float,
    query: Tensor,
    keys: Sequence[Tensor],
    values: Sequence[Tensor],
    seen: Sequence[Tensor],
) -> Tensor:
    """`U₀ (∏ U_jᵀ V_j) / U₀ (∏ U_jᵀ 1)`, some rows of each `U` at a time.

    Args:
        basis: the monomials.
        scale: of the logits.
        query: (lead, n, d).
        keys: tensors (lead, n_j, d).
        values: tensors (lead, n_j, e), 0 where not valid.
        seen: tensors (lead, n_j, 1), 0 where not valid.

    Returns:
        (lead, n, e); 0 where no tuple is valid.
    """
    rows = max(1, ENTRIES_AT_ONCE // (len(basis.degrees) * max(1, query.shape[0])))
    sums = torch.ones_like(values[0][:, :1, :1])
    for key, value, one in zip(keys, values, seen, strict=True):
        both = torch.cat((value, one), -1)
        parts = zip(key.split(rows, 1), both.split(rows, 1), strict=True)
        sums = sums * torch.stack([basis.of(some).transpose(1, 2) @ with_one for some, with_one in parts]).sum(0)
    out = torch.cat([basis.weighted(some, scale) @ sums for some in query.split(rows, 1)], 1)
    total = out[..., -1:]
    some_tuple = total != 0
    return torch.where(some_tuple, out[..., :-1] / torch.where(some_tuple, total, 1.0), 0.0)


def ones(values: Sequence[Tensor], masks: Sequence[Tensor | None]) -> list[Tensor]:
    """For each key (lead, n_j, 1): 1 where it is valid, 0 elsewhere."""
    every = [torch.ones_like(value[..., :1]) for value in values]
    return [one if mask is None else one * mask[..., None] for one, mask in zip(every, masks, strict=True)]


def largest(*parts: Tensor) -> float:
    """The product of the largest entries by size."""
    return math.prod(float(part.detach().abs().max()) for part in parts)
