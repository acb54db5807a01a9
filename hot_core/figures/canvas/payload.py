"""A map as bytes for the browser: a header in JSON and the factors behind it, from which every pixel follows.

    u32 little endian L | L bytes of UTF-8 JSON, padded with spaces until 4 + L is a multiple of 8 |
    float32 little endian factors, head after head, mode after mode, each row-major (query, key)

A map of N tokens over k modes has N² entries and `Σ n_i²` numbers in its factors: 9.2 kB for 28³ tokens, whose
map has 4.8·10⁸ entries.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from torch import Tensor

from hot_core.analysis.reading import Direction
from hot_core.errors import SelectionError, ShapeError
from hot_core.figures.canvas.coordinates import Coordinates
from hot_core.kronecker import KroneckerMap, KroneckerMixture

VERSION = 1


@dataclass(frozen=True)
class Picture:
    """How a map is shown, and what is chosen on it. Holds neither a name nor a value of the file.

    Attributes:
        title: what is seen: "Layer 2, head 3".
        formula: how the map is made: "entity ⊗ variable ⊗ time".
        about: what this picture is and is not, in a sentence or two.
        uniform: the weight every key would get if all were looked at alike.
        scale: the colour scale to begin with: "linear", "log", or "uniform" for multiples of the uniform level.
        limit: the upper end of the colour scale where it is shared with other pictures, in data units.
        limit_words: what it is shared with: "all layers and heads".
        top: the strongest entries of the whole map as (query, key, weight), flat positions.
        query: flat position of the chosen query.
        key: flat position of its chosen partner.
        direction: "row": the query looks; "column": it is looked at.
        picks: what a plain click chooses; a shift-click chooses the other.
        identity: when this text changes, another thing is shown and the zoom starts anew.
        small: a compact instrument, for a mode-wise matrix.
        missing: half-open ranges of flat positions without data, in order; none of them is named as the strongest.
    """

    title: str
    formula: str
    about: str
    uniform: float
    scale: Literal["linear", "log", "uniform"] = "uniform"
    limit: float | None = None
    limit_words: str = ""
    top: Sequence[tuple[int, int, float]] | None = None
    query: int | None = None
    key: int | None = None
    direction: Direction = "row"
    picks: Literal["query", "key"] = "query"
    identity: str = ""
    small: bool = False
    missing: Sequence[tuple[int, int]] = ()


def runs(flags: np.ndarray) -> list[tuple[int, int]]:
    """The half-open ranges of flat C-order positions at which flags are set.

    Args:
        flags: bool, any shape.

    Returns:
        Ranges in order; none touches the next.
    """
    steps = np.flatnonzero(np.diff(np.concatenate([[False], flags.ravel(), [False]]).astype(np.int8)))
    return list(zip(steps[::2].tolist(), steps[1::2].tolist(), strict=True))


def encode(kmap: KroneckerMap | KroneckerMixture, coordinates: Coordinates, picture: Picture) -> bytes:
    """The bytes that the browser draws a map from.

    Args:
        kmap: the map of a head, or of several; a mixture of sums is one sum and is sent as one.
        coordinates: what its positions are called.
        picture: how it is shown.

    Returns:
        Header and float32 factors; `Σ_heads Σ_i 4·n_i²` bytes besides the header.

    Raises:
        ShapeError: when the coordinates are of other sizes than the map.
        SelectionError: when the chosen query or key lies outside the map.
    """
    if coordinates.sizes != kmap.sizes:
        raise ShapeError(
            f"canvas.encode: the map has sizes {kmap.sizes}, its coordinates {coordinates.sizes}. "
            "Give the coordinates of the map's own token grid."
        )
    for name, flat in (("query", picture.query), ("key", picture.key)):
        if flat is not None and not 0 <= flat < kmap.shape[0]:
            raise SelectionError(f"canvas.encode: {name} {flat} lies outside the map's {kmap.shape[0]:,} positions.")
    maps, weights = _parts(kmap)
    form: dict[str, Any] = {"sizes": list(kmap.sizes), "heads": len(maps), "weights": weights}
    form |= {"combine": maps[0].combine, "scale": maps[0].scale}
    header = {"version": VERSION, "map": form} | coordinates.header() | vars(picture)
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    text += b" " * (-(4 + len(text)) % 8)
    return b"".join([struct.pack("<I", len(text)), text, *(_raw(f) for each in maps for f in each.factors)])


def _parts(kmap: KroneckerMap | KroneckerMixture) -> tuple[tuple[KroneckerMap, ...], list[float]]:
    """The maps to send and their weights."""
    if isinstance(kmap, KroneckerMap):
        return (kmap,), [1.0]
    one = kmap.as_one()
    return ((one,), [1.0]) if one is not None else (kmap.maps, [float(weight) for weight in kmap.weights])


def _raw(factor: Tensor) -> bytes:
    """A factor as float32, little endian, row-major."""
    return np.ascontiguousarray(factor.detach().cpu().float().numpy(), dtype="<f4").tobytes()
