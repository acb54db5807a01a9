"""What a row or column of attention says, in one sentence made from its numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from hot_core.analysis.words import number, position_words
from hot_core.errors import SelectionError
from hot_core.kronecker import KroneckerMap, KroneckerMixture
from hot_core.modes import Geometry, TokenGrid
from hot_core.record import AttentionRecord, HeadWeights

Direction: TypeAlias = Literal["row", "column"]


@dataclass(frozen=True)
class Strongest:
    """The strongest entry of a row or column.

    Attributes:
        token: where it is.
        weight: the entry itself.
        times_uniform: the entry over what it would be if the query's row were spread evenly over all
            valid tokens: `weight · N_valid / row sum`; 0 where nothing can be spread. A sum of `k` modes has row
            sum `k`.
        level: what the entry is compared with, `row sum / N_valid`.
        on_missing: the share of the row or column that lies on tokens without data.
        row_sum: what the rows of this map add up to.
    """

    token: tuple[int, ...]
    weight: float
    times_uniform: float
    on_missing: float
    row_sum: float
    level: float


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
    best = largest(np.where(valid, values, -1.0))
    row_sum, total = float(row.sum()), float(values.sum())
    weight = float(values[best])
    level = level_of(row, valid)
    missing = float(values[~valid].sum()) / total if total > 0 else 0.0
    return Strongest(best, weight, times_even(weight, level), missing, row_sum, level)


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
    sentence = f"{name}: {position_words(grid, token, geometry)} {verb} {there}"
    sentence += ratio_words(found.weight, found.level)
    if kmap.combine == "sum":
        count = len(kmap.sizes)
        rule = f"divided by {count}" if abs(found.row_sum - 1) < 1e-3 else f"rows add up to {number(found.row_sum)}"
        sentence += f" (sum of {count} modes, {rule})"
    if found.on_missing >= 0.005:
        sentence += f"; {number(100 * found.on_missing, 2)} % lies where data is missing"
    return sentence + "."


def check_direction(direction: str) -> None:
    """Refuse a direction that is neither "row" nor "column"."""
    if direction not in ("row", "column"):
        raise SelectionError(f"Direction {direction!r} does not exist; choose 'row' or 'column'.")


def largest(values: np.ndarray) -> tuple[int, ...]:
    """Where the largest of some values is, the first of equal ones."""
    return tuple(int(i) for i in np.unravel_index(int(values.argmax()), values.shape))


def even_level(kmap: KroneckerMap | KroneckerMixture, query: tuple[int, ...], valid: np.ndarray | None) -> float:
    """The weight every valid token would get if the row of a query were spread evenly over them, `row sum / N_valid`.

    Args:
        kmap: the map of a head, or of several.
        query: whose row; in direction "column" the row of the token that is looked at, as `strongest` has it.
        valid: which tokens hold data; None means all.

    Returns:
        The level that "times uniform" compares with; 0 when no token is valid.
    """
    return level_of(kmap.row(query).double().numpy(), valid)


def level_of(row: np.ndarray, valid: np.ndarray | None) -> float:
    """The sum of a row over the number of valid tokens; 0 when there is none."""
    count = row.size if valid is None else int(valid.sum())
    return float(row.sum()) / count if count else 0.0


def times_even(weight: float, level: float) -> float:
    """A weight over the even level; 0 where there is no level."""
    return weight / level if level > 0 else 0.0


def heads_words(record: AttentionRecord, layer: int, head: int | None, weights: HeadWeights) -> str:
    """Which head is meant, or how a layer's heads are mixed.

    Returns:
        "head 2", "mean of 4 heads", "4 heads weighted by their share of the output (0.41, 0.31, 0.20, 0.08)".
    """
    if head is not None:
        return f"head {head}"
    if weights == "equal":
        return f"mean of {record.heads_of(layer)} heads"
    shares = ", ".join(f"{share:.2f}" for share in record.head_shares(layer))
    return f"{record.heads_of(layer)} heads weighted by their share of the output ({shares})"


def pair_words(
    grid: TokenGrid,
    looks: tuple[int, ...],
    there: tuple[int, ...],
    weight: float,
    level: float,
    *,
    geometry: Geometry | None = None,
    valid: np.ndarray | None = None,
    unit: str = "",
) -> str:
    """One entry of a map in words.

    Args:
        grid: the token grid.
        looks: the token that looks.
        there: the token that is looked at.
        weight: the entry.
        level: what the entry would be if everything were looked at alike; 0 when nothing can be looked at.
        geometry: the sample's.
        valid: which tokens hold data; None means all.
        unit: what the entry is, after its number: " by rollout".

    Returns:
        "EWR · humidity · … → JFK · pressure · …: 0.031, 3.2 times uniform".
    """
    start, end = (position_words(grid, token, geometry) for token in (looks, there))
    lost = "" if valid is None or valid[there] else "; data are missing there, so it is lost"
    return f"{start} → {end}: {number(weight)}{unit}{ratio_words(weight, level)}{lost}"


def rollout_words(
    share: np.ndarray,
    grid: TokenGrid,
    token: tuple[int, ...],
    *,
    layers: int,
    direction: Direction = "row",
    valid: np.ndarray | None = None,
    geometry: Geometry | None = None,
) -> str:
    """What a token is made of after all layers, or where it goes, and what rollout leaves out.

    Args:
        share: the row or column of the rollout, of shape `grid.shape`.
        grid: the token grid.
        token: the chosen token.
        layers: how many layers were multiplied.
        direction: "row": what the token is made of; "column": where it goes.
        valid: which tokens hold data; None means all.
        geometry: the sample's.

    Returns:
        Two sentences: the largest share of *another* token over `1/N_valid` and the token's own, then the rules.
    """
    count = share.size if valid is None else int(valid.sum())
    others = share.copy() if valid is None else np.where(valid, share, 0.0)
    others[token] = 0.0
    best = largest(others)
    here = position_words(grid, token, geometry)
    if others[best] <= 0:
        found = f"{here} is made of nothing but itself" if direction == "row" else f"{here} goes nowhere but to itself"
    else:
        verb = "is made most of" if direction == "row" else "goes most into"
        own = "is its own" if direction == "row" else "of its own place it still makes up"
        percent = f"{number(100 * float(share[token]), 2)} %"
        rest = f"{percent} {own}" if direction == "row" else f"{own} {percent}"
        ratio = times(times_even(float(others[best]), 1 / count))
        found = f"apart from itself, {here} {verb} {position_words(grid, best, geometry)}, {ratio}; {rest}"
    depth = f"{layers} layer{'' if layers == 1 else 's'}"
    rules = (
        "Rollout mixes heads equally, takes half of each layer from the residual, and ignores values, MLPs and norms."
    )
    return f"Whole model (attention rollout over {depth}): {found}. {rules}"


def times(ratio: float) -> str:
    """A ratio to the uniform level in words.

    Returns:
        "4.1 times uniform"; "as much as uniform" within one per cent.
    """
    return "as much as uniform" if abs(ratio - 1) < 0.01 else f"{number(ratio, 2 if ratio < 100 else 3)} times uniform"


def ratio_words(weight: float, level: float) -> str:
    """How far a weight is above the even level.

    Returns:
        ", 4.1 times uniform"; "" where there is no level to compare with.
    """
    return f", {times(times_even(weight, level))}" if level > 0 else ""
