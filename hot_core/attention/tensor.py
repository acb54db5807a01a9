"""Tensor attention, exact: every query weighs all tuples of keys. With two keys, attention over triples.

Source: Alman and Song, "How to Capture Higher-order Correlations? Generalizing Matrix Softmax Attention to Kronecker
Computation", arXiv 2310.04064, section 1; order 3 there, any order here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from hot_core.attention.tensor_checks import (
    Masks,
    check_causal,
    check_chunk,
    check_entries,
    check_finite,
    check_parts,
    check_scale,
    check_work,
)
from hot_core.attention.tuples import TupleAttention, Tuples, gathered, logits_of
from hot_core.errors import SelectionError, ShapeError
from hot_core.record import AttentionRecord

AT_ONCE = 2**20
"""Weights, and numbers of members' rows, that are held at once when no chunk is given: 8 MB in float64."""


def tensor_attention(
    q: Tensor,
    keys: Sequence[Tensor],
    values: Sequence[Tensor],
    scale: float | None = None,
    chunk: int | None = None,
    *,
    mask: Masks = None,
    causal: bool = False,
    record: AttentionRecord | None = None,
) -> Tensor:
    """Softmax attention of every query over all tuples of keys, exact.

    With `m` keys (order `m + 1`) a weight belongs to a query `i` and a tuple `(j_1, …, j_m)`:

        logit = scale · Σ_l q[i, l] · k_1[j_1, l] ⋯ k_m[j_m, l]
        out[i] = Σ softmax(logit over all tuples) · v_1[j_1] ∘ … ∘ v_m[j_m]

    which for `m = 2` is `D⁻¹ exp(scale · Q (K₁⊘K₂)ᵀ) (V₁⊘V₂)`, and for `m = 1` ordinary attention. Time is
    `O(n · ∏ n_j · d)`, cubic at order 3; memory is `O(n · chunk)`, in the backward pass too, which can be run once and
    not be differentiated again. `hot.bounded_tensor_attention` is near-linear, for small entries.

    Args:
        q: [..., n, d], queries; any leading axes, such as batch and head.
        keys: `m` tensors [..., n_j, d].
        values: `m` tensors [..., n_j, e], one for each key.
        scale: of the logits; None for `1/d`, as in the source. Two-simplicial attention (Clift et al., arXiv
            1909.00668, and its later uses) takes `1/√d`.
        chunk: tuples handled at once; None chooses.
        mask: True where a key is valid: one tensor [..., n_j] for all keys, or one for each key. Invalid keys get
            weight exactly 0 whatever they and their values hold; a query that may see no tuple gives 0. A query that
            holds NaN gives NaN, and only that one.
        causal: a query sees only tuples whose members all stand at its own position or before.
        record: filled with the rows of its queries when given, each of shape `(n, …, n)` with one axis for each key.

    Returns:
        [..., n, e], in the type of `q`; numbers of half precision are computed in float32.

    Raises:
        ShapeError: when the shapes do not fit, there is no key, a valid key or value is not finite, or there are more
            weights than can be computed in reasonable time.
        RegimeError: when logits overflow the number type.
        SelectionError: when a query of the record lies outside the tokens.
    """
    owner = "tensor_attention"
    check_parts(owner, q, keys, values, mask)
    check_causal(owner, q, keys, causal)
    check_chunk(owner, chunk)
    check_scale(owner, scale)
    check_work(owner, q, keys)
    query, cleared, carried, tuples = prepared(q, keys, values, mask, causal, chunk)
    check_entries(owner, {"keys": cleared, "values": carried})
    factor = scale_of(scale, q.shape[-1])
    if record is not None:
        _record(record, q, weights_of(q, keys, _flat(record, q, keys), scale, mask=mask, causal=causal))
    out: Tensor = TupleAttention.apply(tuples, factor, query, *cleared, *carried)
    out = out.reshape(*q.shape[:-1], -1).to(q.dtype)
    check_finite(owner, out, (query, *cleared, *carried))
    return out


def weights_of(
    q: Tensor,
    keys: Sequence[Tensor],
    queries: Sequence[int],
    scale: float | None = None,
    *,
    mask: Masks = None,
    causal: bool = False,
) -> Tensor:
    """The weights that chosen queries give to every tuple of keys.

    Args:
        q: [..., n, d].
        keys: `m` tensors [..., n_j, d].
        queries: which queries, from 0.
        scale: of the logits; None for `1/d`.
        mask: as for `tensor_attention`.
        causal: as for `tensor_attention`.

    Returns:
        [..., chosen, n_1, …, n_m], detached; every query's weights add up to 1, or to 0 where it may see no tuple.

    Raises:
        ShapeError: when the shapes do not fit, or the weights of these queries are more than should be held.
        SelectionError: when a query does not exist.
    """
    check_parts("weights_of", q, keys, keys, mask)
    wrong = [index for index in queries if not 0 <= index < q.shape[-2]]
    if wrong:
        raise SelectionError(f"weights_of: query {wrong[0]} does not exist; there are 0 … {q.shape[-2] - 1}.")
    check_causal("weights_of", q, keys, causal)
    check_work("weights_of", q[..., : len(queries), :], keys, limit=2**25, remedy="Ask for fewer queries at a time")
    query, cleared, _, tuples = prepared(q.detach(), [key.detach() for key in keys], (), mask, causal, None)
    chosen = torch.as_tensor(list(queries), dtype=torch.long, device=q.device)
    slices = []
    for members in tuples:
        rows = gathered(cleared, members)
        slices.append(logits_of(query[:, chosen], rows, tuples.valid(members, chosen), scale_of(scale, q.shape[-1])))
    logits = torch.cat(slices, -1)
    weights = logits.softmax(-1) * (logits > torch.finfo(logits.dtype).min)
    return weights.reshape(*q.shape[:-2], len(chosen), *tuples.sizes)


def scale_of(scale: float | None, width: int) -> float:
    """The factor of the logits: `1/d` unless given."""
    return 1.0 / width if scale is None else float(scale)


def prepared(
    q: Tensor,
    keys: Sequence[Tensor],
    values: Sequence[Tensor],
    mask: Masks,
    causal: bool,
    chunk: int | None,
    least: torch.dtype = torch.float32,
) -> tuple[Tensor, list[Tensor], list[Tensor], Tuples]:
    """Leading axes as one, numbers precise enough, zeros in place of what is not valid.

    Args:
        q: [..., n, d].
        keys: tensors [..., n_j, d].
        values: tensors [..., n_j, e]; may be none.
        mask: as for `tensor_attention`.
        causal: as for `tensor_attention`.
        chunk: tuples handled at once; None chooses.
        least: the number type to compute in at least.

    Returns:
        Query (lead, n, d), keys and values (lead, n_j, …), and the tuples.
    """
    lead = math.prod(q.shape[:-2])
    masks = masks_of(mask, keys, q.shape[:-2])
    precise = torch.promote_types(q.dtype, least)

    def flat(x: Tensor, valid: Tensor | None) -> Tensor:
        x = x.reshape(lead, *x.shape[-2:]).to(precise)
        return x if valid is None else x.masked_fill(~valid[..., None], 0.0)

    sizes = tuple(key.shape[-2] for key in keys)
    at_once = chunk or max(1, AT_ONCE // max(1, lead * (q.shape[-2] + q.shape[-1])))
    return (
        flat(q, None),
        [flat(key, valid) for key, valid in zip(keys, masks, strict=True)],
        [flat(value, valid) for value, valid in zip(values, masks[: len(values)], strict=True)],
        Tuples(sizes, masks, causal, min(at_once, math.prod(sizes))),
    )


def masks_of(mask: Masks, keys: Sequence[Tensor], lead: Sequence[int]) -> tuple[Tensor | None, ...]:
    """For each key None or (lead, n_j), from one mask for all or one for each."""
    if mask is None:
        return (None,) * len(keys)
    masks = [mask] * len(keys) if isinstance(mask, Tensor) else list(mask)
    return tuple(one.expand(*lead, one.shape[-1]).reshape(-1, one.shape[-1]) for one in masks)


def _flat(record: AttentionRecord, q: Tensor, keys: Sequence[Tensor]) -> list[int]:
    """The record's queries as indices."""
    sizes = {key.shape[-2] for key in keys}
    if sizes != {q.shape[-2]} or q.ndim > 4:
        raise ShapeError(
            f"tensor_attention: a record takes q [batch, head, n, dim] and keys of the same n; q is {tuple(q.shape)}, "
            f"the keys have {', '.join(map(str, sorted(sizes)))} rows. Use weights_of for other shapes."
        )
    return record.flat_queries((q.shape[-2],))


def _record(record: AttentionRecord, q: Tensor, weights: Tensor) -> None:
    """Hand the rows over as (batch, head, chosen, tuple)."""
    order = weights.ndim - (q.ndim - 1)
    rows = weights.reshape(*(1,) * (4 - q.ndim), *weights.shape[: weights.ndim - order], -1)
    record.add_rows(rows, (q.shape[-2],), None, keys=order)
