"""The largest entries of a map, found without forming it.

The entries are the leaves of a tree: the first mode's query and key digit, then the second's, and so on.
A node's bound is what its largest leaf can at most weigh. The search always opens the node with the
largest bound; a leaf that comes up is therefore the largest entry left. Nodes of equal bound are opened in
the order of the flat indices of their first leaf, so that ties come out in that order. Bounds are computed
with the same operations in the same order as entries, which in floating point keeps them bounds.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor

from hot_core.errors import SelectionError
from hot_core.kronecker.checks import check_count

WORK = 400_000_000  # factor entries that a search may look at: a few seconds
FIRST = 64  # children of a node that are put in order at first


@dataclass(frozen=True, eq=False)
class TopEntries:
    """The largest entries, in descending order; equal weights in the order of the flat query, then key index.

    Attributes:
        queries: positions of the queries, int64 of shape (entry, mode).
        keys: positions of the keys, int64 of shape (entry, mode).
        weights: their weights, float64 of shape (entry,).
    """

    queries: Tensor
    keys: Tensor
    weights: Tensor


class LooseBoundsError(SelectionError):
    """A search would take too long."""


@runtime_checkable
class Tree(Protocol):
    """What the search asks of a map: bounds for the children of a node, and the state of one of them."""

    sizes: tuple[int, ...]
    heads: int

    def root(self) -> Any:
        """The state before any digit is chosen."""

    def bounds(self, state: Any, mode: int) -> np.ndarray:
        """What the largest leaf of each child may weigh, (query digit, key digit)."""

    def child(self, state: Any, mode: int, query: int, key: int) -> Any:
        """The state when these digits are chosen."""


class ProductTree:
    """`Σ_h w_h ∏_i A_hi`, bounded by the maxima of the factors that are still open."""

    def __init__(self, heads: Sequence[Sequence[Tensor]], weights: Sequence[float]):
        stacks = [torch.stack([factor.detach().double().cpu() for factor in mode]) for mode in zip(*heads, strict=True)]
        self.factors = [stack.numpy() for stack in stacks]
        self.weights = np.array(weights, dtype=np.float64)
        self.largest = [stack.max((1, 2)) for stack in self.factors]
        self.sizes, self.heads = tuple(stack.shape[1] for stack in self.factors), len(weights)

    def root(self) -> np.ndarray:
        """The heads' weights."""
        return self.weights

    def bounds(self, state: np.ndarray, mode: int) -> np.ndarray:
        """The heads' products so far, times the maxima behind, added up."""
        total = np.zeros(self.factors[mode].shape[1:])
        for head, product in enumerate(state):
            part = product * self.factors[mode][head]
            for behind in self.largest[mode + 1 :]:
                part *= behind[head]
            total += part
        return total

    def child(self, state: np.ndarray, mode: int, query: int, key: int) -> np.ndarray:
        """The heads' products with one factor more."""
        return state * self.factors[mode][:, query, key]


class SumTree:
    """`A_1 ⊕ … ⊕ A_k`. A state is how many modes differ so far (2: two or more) and the weight so far."""

    heads = 1

    def __init__(self, factors: Sequence[Tensor]):
        self.factors = [factor.detach().double().cpu().numpy() for factor in factors]
        self.sizes = tuple(len(factor) for factor in factors)
        self.diagonal = [factor.diagonal().max() for factor in self.factors]
        apart = [np.where(np.eye(len(factor), dtype=bool), 0.0, factor).max() for factor in self.factors]
        self.apart = [max(apart[mode:], default=0.0) for mode in range(len(apart) + 1)]

    def root(self) -> tuple[int, float]:
        """Nothing differs, nothing weighs."""
        return 0, 0.0

    def bounds(self, state: tuple[int, float], mode: int) -> np.ndarray:
        """On the diagonal so far: what the diagonals or a single later mode can give; off it: what is fixed."""
        differing, weight = state
        size = self.sizes[mode]
        if differing:
            return np.diag(np.full(size, weight if differing == 1 else 0.0))
        out = self.factors[mode].copy()
        same = weight + out.diagonal()
        for largest in self.diagonal[mode + 1 :]:
            same = same + largest
        np.fill_diagonal(out, np.maximum(same, self.apart[mode + 1]))
        return out

    def child(self, state: tuple[int, float], mode: int, query: int, key: int) -> tuple[int, float]:
        """One mode more, equal or not."""
        differing, weight = state
        if query == key:
            return (0, weight + self.factors[mode][query, key]) if differing == 0 else state
        return (1, float(self.factors[mode][query, key])) if differing == 0 else (2, 0.0)


class Siblings:
    """The children of a node in order, sorted only as far as they are asked for."""

    def __init__(self, tree: Tree, state: Any, mode: int, origin: tuple[int, int]):
        self.tree, self.state, self.mode, self.origin = tree, state, mode, origin
        self.order, self.values = np.zeros(0, dtype=np.int64), np.zeros(0)

    def item(self, place: int) -> tuple[float, int, int, int] | None:
        """The child at a place of the order: minus its bound, its first leaf's query and key, its digits."""
        size = self.tree.sizes[self.mode]
        if place >= size * size:
            return None
        if place >= len(self.order):
            bounds = self.tree.bounds(self.state, self.mode).ravel()
            self.order = largest_first(bounds, FIRST if place == 0 else 8 * place)
            self.values = bounds[self.order]
        digits = int(self.order[place])
        rest = int(np.prod(self.tree.sizes[self.mode + 1 :], dtype=object))
        query, key = digits // size, digits % size
        return -float(self.values[place]), self.origin[0] + query * rest, self.origin[1] + key * rest, digits


def largest_first(values: np.ndarray, count: int) -> np.ndarray:
    """Indices of the `count` largest values in descending order, equal ones by index."""
    if count >= len(values):
        return np.argsort(-values, kind="stable")
    threshold = np.partition(values, len(values) - count)[len(values) - count]
    above = np.flatnonzero(values > threshold)
    equal = np.flatnonzero(values == threshold)[: count - len(above)]
    chosen = np.concatenate([above, equal])
    return chosen[np.argsort(-values[chosen], kind="stable")]


def search(tree: Tree, count: int, work: int = WORK) -> TopEntries:
    """The largest leaves of a tree.

    Args:
        tree: the map, with non-negative factors and weights.
        count: how many entries.
        work: how many factor entries may be looked at.

    Returns:
        The entries in order.

    Raises:
        LooseBoundsError: when the bounds are too loose to find them within `work`.
    """
    found: list[tuple[int, int, float]] = []
    heap: list[tuple[tuple[float, int, int, int], int, int, Siblings]] = []
    looked, born = 0, 0

    def push(siblings: Siblings, place: int) -> None:
        nonlocal looked, born
        looked += tree.heads * tree.sizes[siblings.mode] ** 2 if place >= len(siblings.order) else 0
        item = siblings.item(place)
        if item is not None:
            born += 1
            heapq.heappush(heap, (item, born, place, siblings))

    push(Siblings(tree, tree.root(), 0, (0, 0)), 0)
    while len(found) < count:
        (bound, query, key, digits), _, place, siblings = heapq.heappop(heap)
        push(siblings, place + 1)
        mode, size = siblings.mode, tree.sizes[siblings.mode]
        if mode == len(tree.sizes) - 1:
            found.append((query, key, -bound))
            continue
        state = tree.child(siblings.state, mode, digits // size, digits % size)
        push(Siblings(tree, state, mode + 1, (query, key)), 0)
        if looked > work:
            raise LooseBoundsError(
                f"top: after {looked:.1e} factor entries only {len(found)} of the {count} largest are certain; the "
                "weights are too alike for the bounds to decide. Ask for fewer, for one head, or for a row."
            )
    queries, keys, weights = zip(*found, strict=True)
    return entries_at(queries, keys, weights, tree.sizes)


def entries_at(
    queries: Sequence[int] | np.ndarray,
    keys: Sequence[int] | np.ndarray,
    weights: Sequence[float] | np.ndarray,
    sizes: tuple[int, ...],
) -> TopEntries:
    """Entries at flat indices, as positions."""
    values = torch.from_numpy(np.array(weights, dtype=np.float64))
    return TopEntries(_positions(queries, sizes), _positions(keys, sizes), values)


def top_of(row: Tensor, query: tuple[int, ...], count: int) -> TopEntries:
    """The largest weights of one row.

    Args:
        row: all weights of the query, shape `sizes`.
        query: its position.
        count: how many.

    Returns:
        The entries in order; every one has the same query.
    """
    count = check_count(count, row.numel(), "top_of_row")
    flat = row.detach().double().cpu().flatten()
    order = largest_first(flat.numpy(), count)
    keys = _positions(order, tuple(row.shape))
    return TopEntries(torch.tensor(query).expand(count, -1), keys, flat[torch.from_numpy(order)])


def _positions(flat: Sequence[int] | np.ndarray, sizes: tuple[int, ...]) -> Tensor:
    digits = np.unravel_index(np.asarray(flat, dtype=np.int64), sizes)
    return torch.from_numpy(np.stack(digits, 1).astype(np.int64))
