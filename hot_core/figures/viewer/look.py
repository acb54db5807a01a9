"""What changes with every choice: query and key, and for each layer one number a token."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from hot_core.analysis.reading import Direction
from hot_core.analysis.result import Analysis
from hot_core.errors import ShapeError
from hot_core.figures.fields import field_limit
from hot_core.figures.viewer.packing import packed
from hot_core.figures.viewer.volume import Held
from hot_core.modes import TokenGrid

Token = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Layer:
    """Numbers over the tokens, in one scale.

    Attributes:
        name: under which the browser keeps how it is drawn: "attention" for what the page is about, "rollout" for the
            whole model beside it.
        word: what the readout calls its numbers.
        title: what it shows: "Layer 2, head 2: looks at".
        tokens: weights (x, y, z) of the tokens; NaN where there is none.
        uniform: the weight each key would get if all were looked at alike.
    """

    name: Literal["attention", "rollout"]
    word: str
    title: str
    tokens: np.ndarray
    uniform: float


@dataclass(frozen=True)
class Marks:
    """What is chosen and how the planes are turned.

    Attributes:
        query: the chosen token.
        key: its partner, if one is chosen.
        radiological: the patient's left on the right of the picture.
    """

    query: Token
    key: Token | None = None
    radiological: bool = True


def rollout_layer(analysis: Analysis, query: Token, direction: Direction) -> Layer:
    """The rollout of the whole model for a query, without its own share, which would outshine all others.

    Returns:
        A layer "rollout"; NaN at the query.
    """
    tokens = analysis.rollout_tokens(query, direction).copy()
    tokens[query] = np.nan
    way = "is made of" if direction == "row" else "goes into"
    return Layer("rollout", "Rollout", f"Whole model (rollout): {way}", tokens, analysis.rollout_uniform())


def look_bytes(volume: Held, grid: TokenGrid, marks: Marks, layers: Sequence[Layer]) -> bytes:
    """The message of one choice.

    Args:
        volume: what it belongs to, as it was sent.
        grid: the tokens.
        marks: query, key and how the planes are turned.
        layers: what lies over the picture; the first one's strongest token can be jumped to.

    Returns:
        A header with the `volume`, the `starts` and `stops` of the tokens along each axis, the
        intervals of `query` and `key`, and each layer's `name`, `word`, `title`, `limit` (the end of its
        colours, in data units) and `uniform`; then for each layer float32 numbers, one a token, z fastest.

    Raises:
        ShapeError: when a layer has another shape than the token grid.
    """
    for layer in layers:
        if layer.tokens.shape != grid.shape:
            raise ShapeError(f"look_bytes: {layer.name} has shape {layer.tokens.shape}, the tokens {grid.shape}.")
    described = [
        {
            "name": each.name, "word": each.word, "title": each.title, "uniform": each.uniform,
            "limit": field_limit(each.tokens, each.uniform),
        }
        for each in layers
    ]  # fmt: skip
    axes = list(zip(grid.axes, volume.origin, strict=True))
    key = None if marks.key is None else _box(grid, marks.key, volume.origin)
    header = {
        "volume": volume.identity, "query": _box(grid, marks.query, volume.origin), "key": key,
        "radiological": marks.radiological, "layers": described,
        "starts": [(axis.starts - first).tolist() for axis, first in axes],
        "stops": [(axis.stops - first).tolist() for axis, first in axes],
    }  # fmt: skip
    return packed(header, [np.ascontiguousarray(each.tokens, dtype=np.float32) for each in layers])


def _box(grid: TokenGrid, token: Token, origin: Sequence[int]) -> list[list[int]]:
    """The half-open interval of a token along each axis, counted from the first voxel that was sent."""
    return [[own.start - first, own.stop - first] for own, first in zip(grid.native_of(token), origin, strict=True)]
