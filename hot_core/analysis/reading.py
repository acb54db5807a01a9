"""What a row or column of attention says, in one sentence made from its numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from hot_core.analysis.words import number, position_words
from hot_core.kronecker import KroneckerMap, KroneckerMixture
from hot_core.modes import Geometry, TokenGrid

Direction: TypeAlias = Literal["row", "column"]


@dataclass(frozen=True)
class Strongest:
    """The strongest entry of a row or column.

    Attributes:
        token: where it is.
        weight: the entry itself.
        times_uniform: the entry over what it would be if the query's row were spread evenly over all
            valid tokens: `weight · N_valid / row sum`. A sum of `k` modes has row sum `k`.
        on_missing: the share of the row or column that lies on tokens without data.
        row_sum: what the rows of this map add up to.
    """

    token: tuple[int, ...]
    weight: float
    times_uniform: float
    on_missing: float
    row_sum: float


def strongest(
    kmap: KroneckerMap | KroneckerMixture, token: tuple[int, ...], direction: Direction, valid: np.ndarray | None
) -> Strongest:
    """Find the strongest entry among tokens that hold data.

    Args:
        kmap: the map of a head, or of several.
        token: the query (direction "row") or the key ("column").
        direction: "row": where the token looks; "column": who looks at it.
        valid: which tokens hold data; None means all.

    Returns:
        The entry, its place, and what it is worth.
    """
    row = kmap.row(token).double().numpy()
    values = row if direction == "row" else kmap.column(token).double().numpy()
    valid = np.ones(values.shape, dtype=bool) if valid is None else valid
    candidates = np.where(valid, values, -1.0)
    best = tuple(int(i) for i in np.unravel_index(int(candidates.argmax()), candidates.shape))
    row_sum, total = float(row.sum()), float(values.sum())
    weight = float(values[best])
    ratio = weight * int(valid.sum()) / row_sum if row_sum > 0 else 0.0
    missing = float(values[~valid].sum()) / total if total > 0 else 0.0
    return Strongest(best, weight, ratio, missing, row_sum)


def reading(
    kmap: KroneckerMap | KroneckerMixture,
    grid: TokenGrid,
    token: tuple[int, ...],
    *,
    name: str,
    direction: Direction = "row",
    valid: np.ndarray | None = None,
    geometry: Geometry | None = None,
) -> str:
    """One sentence: who looks most at what, where these lie, and how far above uniform.

    Args:
        kmap: the map of a head, or of several.
        grid: the token grid.
        token: the query or key.
        name: what the map is of: "Layer 0, head 2".
        direction: "row": where the token looks; "column": who looks at it.
        valid: which tokens hold data; None means all.
        geometry: the sample's geometry.

    Returns:
        "Layer 0, head 2: JFK · humidity · 2013-12-30 14:00–18:00 looks most at …, 4.1 times uniform."
    """
    found = strongest(kmap, token, direction, valid)
    verb = "looks most at" if direction == "row" else "is looked at most by"
    there = "itself" if found.token == tuple(token) else position_words(grid, found.token, geometry)
    sentence = f"{name}: {position_words(grid, token, geometry)} {verb} {there}, {times(found.times_uniform)}"
    if kmap.combine == "sum":
        count = len(kmap.sizes)
        rule = f"divided by {count}" if abs(found.row_sum - 1) < 1e-3 else f"rows add up to {number(found.row_sum)}"
        sentence += f" (sum of {count} modes, {rule})"
    if found.on_missing >= 0.005:
        sentence += f"; {number(100 * found.on_missing, 2)} % lies where data is missing"
    return sentence + "."


def times(ratio: float) -> str:
    """A ratio to the uniform level in words.

    Returns:
        "4.1 times uniform"; "as much as uniform" within one per cent.
    """
    return "as much as uniform" if abs(ratio - 1) < 0.01 else f"{number(ratio, 2 if ratio < 100 else 3)} times uniform"
