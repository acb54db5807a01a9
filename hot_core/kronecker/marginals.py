"""What a map looks like along one mode, and how spread a query's row is, from sums over the factors alone."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from hot_core.errors import SelectionError
from hot_core.kronecker.checks import whole


def line_marginals(lines: Sequence[Tensor], position: tuple[int, ...], combine: str) -> tuple[Tensor, ...]:
    """A row (or column) summed over all modes but one, for each mode in turn.

    Product: `line_i · ∏_{j≠i} Σ line_j`. Sum: `line_i`, and at the position itself `Σ_{j≠i} Σ line_j` more.

    Args:
        lines: the factors' rows (columns) at the position, `(n_i,)` each.
        position: the query (the key) whose lines they are.
        combine: "product" or "sum".

    Returns:
        One vector `(n_i,)` in float64 for each mode; each adds up to the whole row.
    """
    lines = [line.double() for line in lines]
    sums = [line.sum() for line in lines]
    out = []
    for mode, line in enumerate(lines):
        others = sums[:mode] + sums[mode + 1 :]
        if combine == "product":
            out.append(math.prod(others, start=line))
            continue
        line = line.clone()
        line[position[mode]] += sum(others, start=torch.zeros_like(line[0]))
        out.append(line)
    return tuple(out)


def mode_marginal(factors: Sequence[Tensor], mode: int, combine: str) -> Tensor:
    """The whole map along one mode: summed over the keys' other modes, the mean over the queries' other modes.

    With `r_j` the mean row sum of factor `j`: product `A_i · ∏_{j≠i} r_j`, sum `A_i + I · Σ_{j≠i} r_j`.

    Args:
        factors: one for each mode.
        mode: which mode is kept.
        combine: "product" or "sum".

    Returns:
        float64 of shape (query, key) of that mode.

    Raises:
        SelectionError: when there is no such mode.
    """
    mode = whole(mode, "marginal: the mode")
    if not 0 <= mode < len(factors):
        raise SelectionError(f"marginal: mode {mode} is not one of the {len(factors)} modes, 0 … {len(factors) - 1}.")
    factor = factors[mode].double()
    means = [other.sum(1, dtype=torch.float64).mean() for j, other in enumerate(factors) if j != mode]
    if combine == "product":
        return math.prod(means, start=factor)
    return factor + torch.diag(sum(means, start=torch.zeros_like(factor[0, 0])).expand(len(factor)))


def entropy_of(weights: Tensor) -> float:
    """The entropy `−Σ w ln w` of weights that are first divided by their sum, in nats.

    Returns:
        At least 0; 0 for weights that are all 0.

    Raises:
        SelectionError: when a weight is negative, or their sum not finite.
    """
    weights = weights.flatten().double()
    if bool((weights < 0).any()):
        raise SelectionError("entropy: the row has negative weights, which have no entropy. Look at the row itself.")
    total = weights.sum()
    if not bool(torch.isfinite(total)):
        raise SelectionError("entropy: the row adds up to no finite number, so it has no entropy. Look at its weights.")
    if total == 0:
        return 0.0
    return max(0.0, float(torch.special.entr(weights / total).sum()))


def row_entropy(rows: Sequence[Tensor], position: tuple[int, ...], combine: str) -> float:
    """The entropy of a query's row, from the factors' rows.

    Product: the sum of the modes' entropies. Sum: the row has one weight for each key that differs from the
    query in one mode, and on the query itself the sum of the modes' weights; nothing else.

    Args:
        rows: the factors' rows at the query, `(n_i,)` each.
        position: the query.
        combine: "product" or "sum".

    Returns:
        Nats; 0 for a row without weight.
    """
    rows = [row.double() for row in rows]
    if combine == "product":
        entropies = [entropy_of(row) for row in rows]
        return 0.0 if any(row.sum() == 0 for row in rows) else sum(entropies)
    own = torch.stack([row[p] for row, p in zip(rows, position, strict=True)]).sum()
    others = [torch.cat([row[:p], row[p + 1 :]]) for row, p in zip(rows, position, strict=True)]
    return entropy_of(torch.cat([own[None], *others]))
