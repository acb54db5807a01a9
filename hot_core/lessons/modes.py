"""From one matrix to modes: a 3×4 grid of tokens whose attention is two small matrices, with every step in between.

Rows and columns are counted from 0 here; the page counts them from 1.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

import numpy as np
import torch

from hot_core.errors import SelectionError
from hot_core.kronecker import KroneckerMap

Logits: TypeAlias = tuple[tuple[int, ...], ...]
"""Small whole numbers, query × key: what is compared before the softmax."""

ROWS, COLUMNS = 3, 4
LARGEST = 9
"""Logits go from −9 to 9: e⁹ = 8,103 is still a number to write down."""

PRESETS: Mapping[str, tuple[Logits, Logits]] = MappingProxyType(
    {
        "neighbours": (
            ((2, 1, 0), (1, 2, 1), (0, 1, 2)),
            ((2, 1, 0, -1), (1, 2, 1, 0), (0, 1, 2, 1), (-1, 0, 1, 2)),
        ),
        "one before": (
            ((2, 0, 0), (3, 0, 0), (0, 3, 0)),
            ((2, 0, 0, 0), (3, 0, 0, 0), (0, 3, 0, 0), (0, 0, 3, 0)),
        ),
        "all to one": (((0, 0, 4),) * 3, ((0, 3, 0, 0),) * 4),
        "alike": (((0, 0, 0),) * 3, ((0, 0, 0, 0),) * 4),
    }
)
"""Logits of the rows and of the columns to begin with."""


@dataclass(frozen=True, eq=False)
class Softmax:
    """A softmax with all that stands between.

    Attributes:
        logits: query × key.
        powers: `e^logit`.
        sums: the sum of each row's powers.
        weights: `e^logit / sum`; each row adds up to 1.
    """

    logits: np.ndarray
    powers: np.ndarray
    sums: np.ndarray
    weights: np.ndarray


@dataclass(frozen=True, eq=False)
class Entry:
    """One entry of the whole map, from one entry of each factor.

    Attributes:
        query: row and column of the token that looks.
        key: row and column of the token that is looked at.
        flat: where the entry stands in the 12×12 map: row · 4 + column, of query and key.
        of_rows: `A₁[row, row′]`.
        of_columns: `A₂[column, column′]`.
        weight: their product.
        field: the query's whole row of the map, as the 3×4 grid of its keys.
    """

    query: tuple[int, int]
    key: tuple[int, int]
    flat: tuple[int, int]
    of_rows: float
    of_columns: float
    weight: float
    field: np.ndarray


def read_logits(text: str, size: int) -> Logits:
    """Logits from a line such as `2_1_0.1_2_1.0_1_2`: numbers apart by underscores, rows by dots.

    Commas or spaces do as well as underscores, semicolons or strokes as well as dots.

    Args:
        text: the line.
        size: how many rows of how many numbers there must be.

    Returns:
        The logits, query × key.

    Raises:
        SelectionError: when these are not size × size whole numbers from −9 to 9.
    """
    rows = [re.split(r"[_,\s]+", row.strip()) for row in re.split(r"[.;/|]", text.strip())]
    found = " × ".join(str(n) for n in (len(rows), max(map(len, rows))))
    if len(rows) != size or any(len(row) != size for row in rows):
        raise SelectionError(
            f"The logits must be {size} rows of {size} whole numbers, got {found}. Write them like "
            f"{write_logits(((0,) * size,) * size)}."
        )
    for word in (word for row in rows for word in row):
        if not re.fullmatch(r"[-−+]?\d{1,3}", word, re.ASCII) or abs(int(word.replace("−", "-"))) > LARGEST:
            raise SelectionError(
                f"A logit here is a whole number from −{LARGEST} to {LARGEST}, got “{word[:12]}”. Mend that one."
            )
    return tuple(tuple(int(word.replace("−", "-")) for word in row) for row in rows)


def write_logits(logits: Sequence[Sequence[int]]) -> str:
    """Logits as a line that is short in a link: `2_1_0.1_2_1.0_1_2`."""
    return ".".join("_".join(str(value) for value in row) for row in logits)


def edited(logits: Logits, edits: Mapping[int, Mapping[int, float | None]]) -> Logits:
    """Logits with some changed in a table: kept whole and between −9 and 9; an emptied cell counts as 0.

    Args:
        logits: before.
        edits: for each changed row the new values by column.

    Returns:
        The logits after.
    """
    out = [list(row) for row in logits]
    for row, cells in edits.items():
        for column, value in cells.items():
            out[row][column] = int(np.clip(round(value or 0), -LARGEST, LARGEST))
    return tuple(tuple(row) for row in out)


def softmax(logits: Sequence[Sequence[int]]) -> Softmax:
    """The softmax of every row, with its steps: `weight = e^logit / Σ e^logit`."""
    plain = np.asarray(logits, dtype=np.float64)
    powers = np.exp(plain)
    sums = powers.sum(1)
    return Softmax(plain, powers, sums, powers / sums[:, None])


def whole(rows: Softmax, columns: Softmax) -> np.ndarray:
    """The map of all tokens at once, `A₁ ⊗ A₂`, of shape (12, 12): its 144 numbers come from 9 + 16."""
    return np.kron(rows.weights, columns.weights)


def entry(rows: Softmax, columns: Softmax, query: tuple[int, int], key: tuple[int, int]) -> Entry:
    """One entry of the map as a product of two numbers, and the field of its query."""
    kmap = KroneckerMap((torch.from_numpy(rows.weights), torch.from_numpy(columns.weights)))
    width = len(columns.sums)
    return Entry(
        query, key, (query[0] * width + query[1], key[0] * width + key[1]),
        float(rows.weights[query[0], key[0]]), float(columns.weights[query[1], key[1]]),
        kmap.entry(query, key), kmap.row(query).numpy(),
    )  # fmt: skip


def steps(one: Softmax, name: str) -> dict[str, list[str]]:
    """The softmax as a table to follow by hand: one line for each query, rounded to three decimals.

    Args:
        one: the softmax.
        name: what the queries are: "row" or "column".

    Returns:
        Columns of a table: the query, its logits, their powers, the sum, the weights, and what these add up to.
    """
    lines = range(len(one.sums))

    def joined(values: np.ndarray, digits: int, between: str) -> list[str]:
        return [between.join(f"{value:.{digits}f}".replace("-", "−") for value in row) for row in values]

    return {
        "query": [f"{name} {line + 1}" for line in lines],
        "logits": joined(one.logits, 0, ", "),
        "e to the logit": joined(one.powers, 3, " + "),
        "sum": [f"{total:.3f}" for total in one.sums],
        "weights = power / sum": joined(one.weights, 3, ", "),
        "add up to": [f"{total:.3f}" for total in one.weights.sum(1)],
    }
