"""What the functions of tensor attention refuse, each in a sentence with the shapes, the limit and the way out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TypeAlias

import torch
from torch import Tensor

from hot_core.errors import RegimeError, ShapeError

Masks: TypeAlias = Tensor | Sequence[Tensor] | None

MOST_WEIGHTS = 3e10
"""More weights than these are refused: two cores make some 3e8 in a second, so this is about two minutes."""


def check_parts(owner: str, q: Tensor, keys: Sequence[Tensor], values: Sequence[Tensor], mask: Masks) -> None:
    """Refuse keys, values and masks that do not fit the queries or each other."""
    if not isinstance(q, Tensor):
        raise ShapeError(f"{owner}: q is a {type(q).__name__}; give torch tensors, torch.as_tensor(…).")
    if isinstance(keys, Tensor) or isinstance(values, Tensor):
        raise ShapeError(
            f"{owner}: keys and values are sequences of tensors, one for each key; give (k1, k2), (v1, v2)."
        )
    if not keys:
        raise ShapeError(
            f"{owner}: no key makes order 1; the lowest order is 2, one key, which is ordinary attention. "
            "Give two keys and two values for attention over triples."
        )
    if len(keys) != len(values):
        raise ShapeError(f"{owner}: {len(keys)} keys and {len(values)} values; give one value for each key.")
    parts = [("q", q), *((f"keys[{at}]", key) for at, key in enumerate(keys))]
    parts += [(f"values[{at}]", value) for at, value in enumerate(values)]
    said = ", ".join(f"{name} {tuple(part.shape)}" for name, part in parts)
    if any(part.ndim < 2 or part.shape[:-2] != q.shape[:-2] or 0 in part.shape for _, part in parts):
        raise ShapeError(f"{owner}: {said}; all must be [..., n, dim] with the same leading axes, none of them empty.")
    pairs = zip(keys, values, strict=True)
    if any(key.shape[-1] != q.shape[-1] or key.shape[-2] != value.shape[-2] for key, value in pairs):
        raise ShapeError(f"{owner}: {said}; each key needs the width of q, and as many rows as its value.")
    if len({value.shape[-1] for value in values}) > 1:
        raise ShapeError(f"{owner}: {said}; all values must have one width, since they are multiplied entry by entry.")
    _check_numbers(owner, [part for _, part in parts])
    _check_masks(owner, q, keys, mask)


def check_causal(owner: str, q: Tensor, keys: Sequence[Tensor], causal: bool) -> None:
    """Refuse causal attention where positions of queries and keys are not the same."""
    sizes = [key.shape[-2] for key in keys]
    if causal and set(sizes) != {q.shape[-2]}:
        raise ShapeError(
            f"{owner}: causal attention needs as many rows in every key as there are queries; {q.shape[-2]} queries, "
            f"keys of {', '.join(map(str, sizes))}. Use masks instead."
        )


def check_chunk(owner: str, chunk: int | None) -> None:
    """Refuse a chunk that is no positive whole number."""
    if chunk is not None and (not isinstance(chunk, int) or isinstance(chunk, bool) or chunk < 1):
        raise ShapeError(f"{owner}: chunk={chunk!r}; give a whole number of tuples from 1 on, or None.")


def check_work(
    owner: str, q: Tensor, keys: Sequence[Tensor], limit: float = MOST_WEIGHTS, remedy: str | None = None
) -> None:
    """Refuse more weights than `limit`."""
    lead, n, sizes = math.prod(q.shape[:-2]), q.shape[-2], [key.shape[-2] for key in keys]
    weights = lead * n * math.prod(sizes)
    if weights <= limit:
        return
    tokens = int((limit / lead) ** (1 / (len(sizes) + 1)))
    beside = f" for each of {lead:,} leading elements" if lead > 1 else ""
    way = remedy or (
        f"Take up to {tokens:,} tokens (some two minutes on two cores), or hot.bounded_tensor_attention, which is "
        "near-linear for small entries"
    )
    raise ShapeError(
        f"{owner}: {n:,} queries × {' × '.join(f'{size:,}' for size in sizes)} keys{beside} make "
        f"{weights:.1e} weights, above the limit of {limit:.1e}. {way}."
    )


def check_scale(owner: str, scale: float | None) -> None:
    """Refuse a scale that is no finite number."""
    if scale is not None and (not isinstance(scale, int | float) or not math.isfinite(scale)):
        raise ShapeError(f"{owner}: scale={scale!r}; give a finite number, or None for 1/d.")


def check_entries(owner: str, parts: Mapping[str, Sequence[Tensor]]) -> None:
    """Refuse numbers that are not finite where they would be used."""
    for name, tensors in parts.items():
        for at, tensor in enumerate(tensors):
            wrong = 0 if tensor.is_meta else int((~tensor.isfinite()).sum())
            if wrong:
                which = name if len(tensors) == 1 else f"{name}[{at}]"
                raise ShapeError(
                    f"{owner}: {which} holds {wrong:,} entries that are NaN or infinite. "
                    "Replace them, or leave their tokens out by a mask."
                )


def check_finite(owner: str, out: Tensor, parts: Sequence[Tensor]) -> None:
    """Refuse logits that overflowed: the output is not finite although everything that went in is."""
    if out.is_meta or bool(out.isfinite().all()) or not all(bool(part.isfinite().all()) for part in parts):
        return
    largest = max(float(part.detach().abs().max()) for part in parts)
    raise RegimeError(
        f"{owner}: logits or values overflow {out.dtype}; the largest entry is {largest:.1e}, and products of "
        f"{len(parts) // 2 + 1} entries are taken. Use float64, or scale the inputs down."
    )


def _check_numbers(owner: str, parts: Sequence[Tensor]) -> None:
    first = parts[0]
    if not first.is_floating_point() or any(part.dtype != first.dtype for part in parts):
        raise ShapeError(
            f"{owner}: the tensors hold {', '.join(sorted({str(part.dtype) for part in parts}))}; "
            "give floating-point numbers of one type."
        )
    if any(part.device != first.device for part in parts):
        raise ShapeError(
            f"{owner}: the tensors are on {', '.join(sorted({str(part.device) for part in parts}))}; move them to one."
        )


def _check_masks(owner: str, q: Tensor, keys: Sequence[Tensor], mask: Masks) -> None:
    if mask is None:
        return
    masks = [mask] * len(keys) if isinstance(mask, Tensor) else list(mask)
    if len(masks) != len(keys):
        raise ShapeError(f"{owner}: {len(masks)} masks for {len(keys)} keys; give one for all, or one for each.")
    for one, key in zip(masks, keys, strict=True):
        wanted = key.shape[:-1]
        fits = one.ndim <= len(wanted) and all(
            have in (want, 1) for have, want in zip(reversed(one.shape[:-1]), reversed(wanted[:-1]), strict=False)
        )
        if one.dtype != torch.bool or not one.ndim or one.shape[-1] != wanted[-1] or not fits:
            raise ShapeError(
                f"{owner}: a mask of {tuple(one.shape)}, {one.dtype}, for a key {tuple(key.shape)} with q "
                f"{tuple(q.shape)}; it must be torch.bool of {tuple(wanted)}, True where a key is valid."
            )
