"""Product and sum: how a Kronecker map of 3×4 tokens grows block by block, and what its rows hold."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch

from hot_core.kronecker import KroneckerMap
from hot_core.lessons.modes import COLUMNS, ROWS, softmax

Rule = Literal["product", "sum", "normalised"]
RULES: tuple[Rule, ...] = ("product", "sum", "normalised")
BLOCKS = ROWS * ROWS


@dataclass(frozen=True, eq=False)
class Growth:
    """A map of which the first blocks are filled.

    Attributes:
        first: `A₁`, (3, 3).
        second: `A₂`, (4, 4), the pattern inside a block.
        full: the whole map, (12, 12).
        shown: the same with NaN where a block is not filled yet.
        filled: how many blocks are.
        block: row and column of the last filled block; None when there is none.
        row_sums: what each row of `full` adds up to.
        sums_now: what each row adds up to with the blocks so far.
    """

    first: np.ndarray
    second: np.ndarray
    full: np.ndarray
    shown: np.ndarray
    filled: int
    block: tuple[int, int] | None
    row_sums: np.ndarray
    sums_now: np.ndarray


def factor(size: int, sharpness: int) -> np.ndarray:
    """A row-stochastic factor from whole logits, `−sharpness · |query − key|`: 0 is even, more looks nearby."""
    places = np.arange(size)
    return softmax((-sharpness * np.abs(places[:, None] - places)).tolist()).weights


def grow(sharpness: tuple[int, int], rule: Rule, filled: int) -> Growth:
    """The map with its first blocks filled, in reading order.

    Block (r, r′) of the product is `A₁[r, r′] · A₂`; of the sum `A₁[r, r′] · I`, and `+ A₂` where r = r′.

    Args:
        sharpness: of the factor of the rows and of the columns.
        rule: "product", "sum", or "normalised", the sum divided by the number of modes.
        filled: number of blocks, 0 … 9.

    Returns:
        The factors, the map and its row sums.
    """
    first, second = factor(ROWS, sharpness[0]), factor(COLUMNS, sharpness[1])
    factors = (torch.from_numpy(first), torch.from_numpy(second))
    kmap = KroneckerMap(factors) if rule == "product" else KroneckerMap(factors, "sum", rule == "normalised")
    full = kmap.dense().numpy()
    covered = np.kron((np.arange(BLOCKS) < filled).reshape(ROWS, ROWS), np.ones((COLUMNS, COLUMNS), dtype=bool))
    shown = np.where(covered, full, np.nan)
    block = divmod(filled - 1, ROWS) if filled else None
    return Growth(
        first, second, full, shown, filled, block, kmap.row_sums().numpy().reshape(-1), np.nansum(shown, axis=1)
    )


def block_of(growth: Growth, block: tuple[int, int]) -> np.ndarray:
    """One block of the map, (4, 4)."""
    row, column = (at * COLUMNS for at in block)
    return growth.full[row : row + COLUMNS, column : column + COLUMNS]


def supports(sizes: Sequence[int]) -> tuple[int, int]:
    """How many keys one row of the map can reach.

    Args:
        sizes: tokens along each mode.

    Returns:
        For the product `N = ∏ n_i`, every token; for the sum `1 + Σ (n_i − 1)`: those on a line through the query.
    """
    return math.prod(sizes), 1 + sum(size - 1 for size in sizes)


def support_table(grids: Sequence[Sequence[int]]) -> dict[str, list[str]]:
    """The supports of some grids as a table."""
    found = [supports(grid) for grid in grids]
    return {
        "tokens along the modes": [" × ".join(map(str, grid)) for grid in grids],
        "product: N": [f"{every:,}" for every, _ in found],
        "sum: 1 + Σ(n − 1)": [f"{lines:,}" for _, lines in found],
        "share": [f"{lines / every:.2%}" for every, lines in found],
    }
