"""The largest entries of products of several heads: by a search over bounds, or by looking at every entry once.

Where the heads are nearly uniform, the sum of their bounds hardly differs from one node to the next, and a
search (see `top`) would open all of them. Looking at all entries, a block of rows at a time, then takes less.
Entries are computed with the same operations in the same order as in the search, so that equal ones are equal.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from torch import Tensor

from hot_core.kronecker.top import WORK, LooseBoundsError, ProductTree, TopEntries, entries_at, largest_first, search

SCAN = 1_000_000_000  # entries that may be looked at one by one: some ten seconds for a few heads
BLOCK = 2**18  # entries worked on at once


def top_of_heads(heads: Sequence[Sequence[Tensor]], weights: Sequence[float], count: int) -> TopEntries:
    """The largest entries of `Σ_h w_h ∏_i A_hi`.

    Args:
        heads: the factors of every head, non-negative.
        weights: one for each head, not negative.
        count: how many entries.

    Returns:
        The entries in order, equal weights by flat query, then key index.

    Raises:
        LooseBoundsError: when the search does not decide, and there are too many entries to look at all.
    """
    tree = ProductTree(heads, weights)
    entries = math.prod(tree.sizes) ** 2
    if entries > SCAN:
        return search(tree, count, WORK)
    try:
        return search(tree, count, min(WORK, entries * tree.heads))  # a longer search costs more than a scan
    except LooseBoundsError:
        return scan(tree, count)


def scan(tree: ProductTree, count: int, block: int = BLOCK) -> TopEntries:
    """The largest entries, from all of them; memory for a block of rows and the entries kept.

    Args:
        tree: the heads.
        count: how many entries.
        block: about how many entries are formed at once; at least one row.

    Returns:
        The entries in order, equal weights by flat query, then key index.
    """
    tokens = math.prod(tree.sizes)
    rows = max(block // tokens, 1)
    best, places = np.zeros(0), np.zeros(0, dtype=np.int64)
    for start in range(0, tokens, rows):
        values = rows_of(tree, start, min(start + rows, tokens)).ravel()
        # later entries have larger flat indices: one that only equals the last entry kept comes after it
        found = np.flatnonzero(values > best[-1]) if len(best) == count else np.arange(len(values))
        if len(found):
            candidates = np.concatenate([best, values[found]])
            at = np.concatenate([places, start * tokens + found])
            order = largest_first(candidates, count)
            best, places = candidates[order], at[order]
    return entries_at(places // tokens, places % tokens, best, tree.sizes)


def rows_of(tree: ProductTree, start: int, stop: int) -> np.ndarray:
    """The rows of the flat queries from `start` up to `stop`, (query, flat key)."""
    digits = np.unravel_index(np.arange(start, stop), tree.sizes)
    total = np.zeros((stop - start, math.prod(tree.sizes)))
    for head, weight in enumerate(tree.weights):
        row = np.full((stop - start, 1), weight)
        for factor, digit in zip(tree.factors, digits, strict=True):
            row = (row[:, :, None] * factor[head, digit][:, None, :]).reshape(stop - start, -1)
        total += row
    return total
