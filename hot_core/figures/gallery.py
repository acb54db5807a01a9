"""All heads of all layers along one mode as one small payload for the gallery in the browser."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from hot_core.analysis.head_words import percent
from hot_core.analysis.heads import HeadMeasures, valid_positions
from hot_core.figures.fields import shared_limit
from hot_core.kronecker import KroneckerMap
from hot_core.record import AttentionRecord

LARGEST, POOLED = 192, 64
"""A matrix of more than `LARGEST` positions is sent as exact means over `POOLED` × `POOLED` blocks."""


def gallery_bytes(
    record: AttentionRecord, mode: str, measures: Sequence[HeadMeasures], chosen: tuple[int, int] | None = None
) -> bytes:
    """Pack every head's matrix along a mode with its measures.

    Args:
        record: attention with mode-wise factors.
        mode: name of the mode.
        measures: `head_measures(record, mode)`.
        chosen: layer and head that are open now.

    Returns:
        The length of the header (unsigned, 4 bytes, little endian), the header (JSON, padded so that what follows
        begins at a multiple of 8), and for each head in the order of `measures` its matrix, query × key, as float32
        little endian, row after row.
    """
    factors = [record.factor(layer, mode) for layer in range(record.num_layers)]
    size = factors[0].sizes["key"]
    side = size if size <= LARGEST else POOLED
    valid = valid_positions(record, 0, record.modes.index(mode), 0)
    header = {
        "version": 1, "mode": mode, "positions": size, "side": side, "unit": measures[0].unit,
        "limit": shared_limit(factors), "uniform": 1 / max(1, size if valid is None else int(valid.sum())),
        "open": None if chosen is None else list(chosen), "heads": [described(each) for each in measures],
    }  # fmt: skip
    text = json.dumps(header, ensure_ascii=False, allow_nan=False).encode()
    text += b" " * (-(4 + len(text)) % 8)
    matrices = [pooled(weights, side).astype("<f4").tobytes() for factor in factors for weights in factor.values]
    return len(text).to_bytes(4, "little") + text + b"".join(matrices)


def described(head: HeadMeasures) -> dict[str, Any]:
    """One head as the gallery writes and sorts it; null where a measure does not exist."""
    caption = (
        head.pattern if math.isnan(head.weight) else f"{head.pattern} {percent(head.weight)}".replace(" %", "\u00a0%")
    )
    return {
        "layer": head.layer, "head": head.head, "caption": caption, "words": head.words, "details": list(head.details),
        "entropy": known(head.entropy), "distance": known(head.distance), "agreement": known(head.agreement),
    }  # fmt: skip


def known(value: float) -> float | None:
    """A number that JSON can hold, or None."""
    return float(value) if math.isfinite(value) else None


def pooled(weights: np.ndarray, side: int) -> np.ndarray:
    """The matrix itself, or exact means over `side` × `side` blocks of a larger one."""
    if len(weights) <= side:
        return weights
    whole = (0, len(weights))
    return KroneckerMap((torch.from_numpy(weights).double(),)).view(whole, whole, side, side).numpy()
