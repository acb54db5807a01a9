"""Two maps of attention beside each other: what differs where, and how much they have in common.

    difference            other − one, token by token, on the same grid alone
    rank correlation      Spearman's ρ over the tokens, see `agreement`
    strongest 10 %        how many of them both name; chance alone shares a tenth. Of tokens that tie for the last
                          places each counts by its part, so that a map that is the same everywhere names none
    total variation       ½ Σ |q − p| of two rows, each brought to a sum of 1 over the tokens that both have: the share
                          of the weight that lies elsewhere, 0 for the same row, 1 for nothing in common

Rows of a Kronecker sum add up to the number of modes, unless the sum is divided by it; a field's `row_sum` tells.
Beside rows that add up to 1 they are divided by it, and `note` says so.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import xarray as xr

from hot_core.analysis.words import number, position_words
from hot_core.evidence.agreement import Agreement, agreement
from hot_core.modes import Geometry, TokenGrid

TOP = 0.1
NONE = "There is no difference to show"
SCALE = "Both have the same scale."
NO_PLACE = f"{NONE}: the two files have no coordinates in common. {SCALE}"
NOWHERE = np.empty(0)


@dataclass(frozen=True, eq=False)
class Comparison:
    """Two fields, and what they have in common.

    Attributes:
        one, other: the fields as they are compared and drawn, on the native grids.
        difference: other − one on their grid, NaN where one of them has no value; None where they are apart.
        apart: why there is no difference, in a sentence; "" where there is one.
        tokens: how many have a value in both.
        agreement: of their order; None where they are apart.
        overlap: the share of the strongest 10 % that both name, 0 to 1; None where they are apart.
        top: how many tokens these 10 % are.
        distance: the total variation distance, 0 to 1; None where they are apart, are no rows, or have no weight.
        scales: what the weights of both were multiplied by.
    """

    one: xr.DataArray
    other: xr.DataArray
    difference: xr.DataArray | None = None
    apart: str = ""
    tokens: int = 0
    agreement: Agreement | None = None
    overlap: float | None = None
    top: int = 0
    distance: float | None = None
    scales: tuple[float, float] = (1.0, 1.0)

    @property
    def note(self) -> str:
        """What was done to the weights, in a sentence; "" where nothing was."""
        if min(self.scales) == 1:
            return ""
        which, count = "A" if self.scales[0] < 1 else "B", round(1 / min(self.scales))
        return f"Rows of a Kronecker sum of {count} modes add up to {count}: the weights of {which} are divided by it."

    @property
    def same(self) -> bool:
        """Whether they do not differ anywhere."""
        return self.difference is not None and not np.nan_to_num(self.difference.values).any()

    @property
    def limit(self) -> float:
        """The upper end of the scale that both share: the largest value of the two; 0 where there is none."""
        return max(_largest(self.one.values), _largest(self.other.values))

    @property
    def reach(self) -> float:
        """The end of the difference's scale, which runs from −reach to reach."""
        return 0.0 if self.difference is None else _largest(np.abs(self.difference.values))

    def words(self, grid: TokenGrid | None = None, geometry: Geometry | None = None) -> str:
        """The comparison in sentences, with its numbers.

        Args:
            grid: the tokens; given, the places of the largest differences are named.
            geometry: the sample's.

        Returns:
            Sentences; of what is apart, why.
        """
        if self.difference is None or self.agreement is None or self.overlap is None:
            return self.apart
        if self.same:
            return f"A and B are the same at all {self.tokens:,} tokens: the difference is 0 everywhere."
        found = (
            f"Over {self.tokens:,} tokens: {self.agreement.words}; of the strongest 10 % "
            f"({self.top:,} token{'s' * (self.top > 1)}) A and B share {100 * self.overlap:.0f} %, where chance shares "
            "10 %"
        )
        if self.distance is not None:
            found += f"; {100 * self.distance:.0f} % of B's weight lies elsewhere than A's (total variation distance)"
        return f"{found}.{'' if grid is None else _places(self.difference, grid, geometry)}"


def _places(difference: xr.DataArray, grid: TokenGrid, geometry: Geometry | None) -> str:
    values = np.nan_to_num(by_token(difference, grid))
    said = []
    for word, at in (("more", values.argmax()), ("less", values.argmin())):
        place = np.unravel_index(int(at), values.shape)
        if values[place] > 0 if word == "more" else values[place] < 0:
            where = position_words(grid, tuple(int(i) for i in place), geometry)
            said.append(f"{number(abs(float(values[place])))} {word} at {where}")
    return f" B has at most {', and '.join(said)}."


def compare(
    one: xr.DataArray, other: xr.DataArray, grids: tuple[TokenGrid, TokenGrid] | None = None, *, apart: str = "",
    seed: int = 0,
) -> Comparison:  # fmt: skip
    """Compare two fields of attention.

    Args:
        one: over its native grid, every position with its token's value; NaN where there is none.
        other: likewise.
        grids: the tokens of both; None takes every position for a token.
        apart: why positions of the two cannot be told to be the same although their coordinates agree; "" where they
            can.
        seed: of the bootstrap of the rank correlation.

    Returns:
        The comparison. Where grids or tokens are not the same nothing is subtracted, and `apart` says why.
    """
    scales = _scales(one, other)
    one, other = (_scaled(field, scale) for field, scale in zip((one, other), scales, strict=True))
    apart = apart or _apart(one, other, grids)
    if apart:
        return Comparison(one, other, apart=apart, scales=scales)
    first, second = (by_token(field, grids[0] if grids else None) for field in (one, other))
    valid = np.isfinite(first) & np.isfinite(second)
    if not valid.any():
        return Comparison(one, other, apart="There is no token where both have a value.", scales=scales)
    difference = one.copy(data=other.values - one.values).rename("difference")
    difference.attrs = {}
    top = math.ceil(TOP * int(valid.sum()))
    rows = all(field.attrs.get("direction", "row") == "row" for field in (one, other))
    first, second = (values.astype(np.float64) for values in (first, second))
    return Comparison(
        one, other, difference, "", int(valid.sum()), agreement(first, second, valid, seed),
        overlap(first[valid], second[valid], top), top, total_variation(first[valid], second[valid]) if rows else None,
        scales,
    )  # fmt: skip


def by_token(field: xr.DataArray, grid: TokenGrid | None) -> np.ndarray:
    """One value for each token of a field where every position has its token's; NaN for tokens that cover nothing."""
    if grid is None:
        found: np.ndarray = field.values
        return found
    values = field.values[np.ix_(*(np.minimum(axis.starts, len(axis.mode) - 1) for axis in grid.axes))]
    covers = np.meshgrid(*(axis.stops > axis.starts for axis in grid.axes), indexing="ij")
    return np.where(np.logical_and.reduce(covers), values, np.nan)


def overlap(one: np.ndarray, other: np.ndarray, count: int) -> float:
    """The share of the `count` largest values that two flat arrays have in common, 0 to 1.

    Returns:
        `Σ min(m, m′) / count` of how far each token belongs to the largest; tokens that tie for the last places share
        these evenly.
    """
    return float(np.minimum(_belongs(one, count), _belongs(other, count)).sum() / count)


def total_variation(one: np.ndarray, other: np.ndarray) -> float | None:
    """`½ Σ |q − p|` of two flat arrays of weights, each divided by its sum; None where a sum is 0."""
    sums = one.sum(), other.sum()
    if min(sums) <= 0:
        return None
    return float(0.5 * np.abs(other / sums[1] - one / sums[0]).sum())


def _belongs(values: np.ndarray, count: int) -> np.ndarray:
    """How far each value belongs to the `count` largest: 1, 0, or its part of the places left over for equal ones."""
    level = np.partition(values, -count)[-count]
    above, tied = values > level, values == level
    found: np.ndarray = above + tied * ((count - above.sum()) / tied.sum())
    return found


def _scales(one: xr.DataArray, other: xr.DataArray) -> tuple[float, float]:
    """What both are multiplied by: where their rows add up to other numbers, one over that of each."""
    sums = [float(field.attrs.get("row_sum", 1)) or 1.0 for field in (one, other)]
    return (1.0, 1.0) if sums[0] == sums[1] else (1 / sums[0], 1 / sums[1])


def _scaled(field: xr.DataArray, scale: float) -> xr.DataArray:
    return field if scale == 1 else (field * scale).assign_attrs(field.attrs)


def _apart(one: xr.DataArray, other: xr.DataArray, grids: tuple[TokenGrid, TokenGrid] | None) -> str:
    """Why two fields cannot be subtracted; "" where they can."""
    if one.dims != other.dims or one.shape != other.shape:
        sizes = [" × ".join(f"{size:,}" for size in field.shape) for field in (one, other)]
        return f"{NONE}: A has {sizes[0]} positions, B {sizes[1]}. {SCALE}"
    for name in one.dims:
        if not np.array_equal(one.coords.get(name, NOWHERE), other.coords.get(name, NOWHERE)):
            return f"{NONE}: A and B lie at other places along {name}. {SCALE}"
    if grids is None:
        return ""
    for first, second in zip(grids[0].axes, grids[1].axes, strict=True):
        if not (np.array_equal(first.starts, second.starts) and np.array_equal(first.stops, second.stops)):
            return (
                f"{NONE}: the tokens of A and B do not cover the same along {first.mode.name}, and weights of unlike "
                f"tokens cannot be subtracted. {SCALE}"
            )
    return ""


def _largest(values: np.ndarray) -> float:
    finite = values[np.isfinite(values)]
    return float(finite.max()) if finite.size else 0.0
