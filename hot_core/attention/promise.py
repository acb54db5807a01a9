"""What the bounded form of tensor attention can promise, which degree it takes for that, and when it refuses."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from hot_core.attention.monomials import columns_of
from hot_core.errors import ShapeError

MOST_COLUMNS = 50_000
"""More columns than these are refused: every token would carry as many numbers."""
MOST_DEGREE = 40
"""The highest degree that is chosen."""


def remainder(size: float, degree: int) -> float:
    """`e^{2M} M^{g+1}/(g+1)!`: the Taylor remainder `e^M M^{g+1}/(g+1)!` over the smallest weight `e^{−M}`.

    Args:
        size: `M`, the largest logit there can be.
        degree: `g`.

    Returns:
        The relative error of a weight at most; infinite where it overflows.
    """
    if size == 0:
        return 0.0
    logarithm = 2 * size + (degree + 1) * math.log(size) - math.lgamma(degree + 2)
    return math.inf if not logarithm < 700 else math.exp(logarithm)


def promised(size: float, degree: int, columns: int, tokens: int) -> float:
    """`δ`: the remainder, and the rounding of sums over columns and tokens, at worst `(r + Σ n_j + 3g) ε e^{2M}`.

    Args:
        size: `M`, the largest logit there can be.
        degree: `g`.
        columns: `r`.
        tokens: `Σ n_j`.

    Returns:
        The relative error of a weight at most; infinite where it overflows.
    """
    exact = remainder(size, degree)
    if not 2 * size < 700:
        return math.inf
    return exact + (columns + tokens + 3 * degree) * torch.finfo(torch.float64).eps * math.exp(2 * size)


def enough(size: float, tolerance: float, width: int, tokens: int) -> int:
    """The smallest even degree from 2 on whose promise is within the tolerance.

    Args:
        size: `M`, the largest logit there can be.
        tolerance: the error bound that is accepted.
        width: `d`, which limits the degree by the columns it makes.
        tokens: `Σ n_j`.

    Returns:
        The degree; the highest that makes few enough columns where none is within the tolerance.
    """
    degrees = [degree for degree in range(2, MOST_DEGREE + 1, 2) if columns_of(width, degree) <= MOST_COLUMNS] or [2]
    kept = (degree for degree in degrees if promised(size, degree, columns_of(width, degree), tokens) <= tolerance)
    return next(kept, degrees[-1])


def settled(
    owner: str, size: float, degree: int | None, tolerance: float, width: int, tokens: int
) -> tuple[int, int, float]:
    """The degree that is taken, its columns, and what it promises.

    Args:
        owner: who asks.
        size: `M`, the largest logit there can be.
        degree: `g`; None for the smallest that keeps the tolerance.
        tolerance: the error bound that is accepted.
        width: `d`.
        tokens: `Σ n_j`.

    Returns:
        `g`, `r` and `δ`.
    """
    chosen = enough(size, tolerance, width, tokens) if degree is None else degree
    columns = columns_of(width, chosen)
    check_columns(owner, width, chosen, columns)
    return chosen, columns, promised(size, chosen, columns, tokens)


def check_degree(owner: str, degree: int | None, tolerance: float) -> None:
    """Refuse an odd degree, and a tolerance that is no error."""
    whole = isinstance(degree, int) and not isinstance(degree, bool)
    if degree is not None and (not whole or degree < 2 or degree % 2):
        raise ShapeError(
            f"{owner}: degree={degree!r}; give an even number from 2 on, or None to choose it. A Taylor polynomial of "
            "odd degree is negative for large negative logits, and weights must stay positive."
        )
    if not 0 < tolerance < math.inf:
        raise ShapeError(f"{owner}: tolerance={tolerance!r}; give a positive relative error, such as 0.1.")


def check_columns(owner: str, width: int, degree: int, columns: int) -> None:
    """Refuse more columns than `MOST_COLUMNS`."""
    if columns > MOST_COLUMNS:
        raise ShapeError(
            f"{owner}: width {width} at degree {degree} makes C({width + degree}, {degree}) = {columns:,} columns, "
            f"above the limit of {MOST_COLUMNS:,}. Take a lower degree, narrower heads, or hot.tensor_attention."
        )


def refusal(
    owner: str, parts: Sequence[Tensor], size: float, degree: int, bound: float, tolerance: float
) -> str:  # fmt: skip
    """Why the bounded form cannot promise the wanted error, and what to do."""
    entry, order, width = max(float(part.detach().abs().max()) for part in parts), len(parts), parts[0].shape[-1]
    tokens = sum(part.shape[1] for part in parts[1:])
    better = enough(size, tolerance, width, tokens)
    columns = columns_of(width, better)
    does = promised(size, better, columns, tokens) <= tolerance
    higher = f"degree {better}, with {columns:,} columns, would do" if does else "no degree does"
    regime = math.log(max(parts[1].shape[1], 2)) ** (1 / order)
    error = f"{bound:.2g}" if bound < math.inf else "infinity"
    take = f"degree {better}, smaller" if does else "smaller"
    return (
        f"{owner}: entries up to {entry:.3g} allow logits up to {size:.3g}, for which degree {degree} promises no "
        f"better relative error of the weights than {error}, above the tolerance of {tolerance:g}; {higher}. "
        f"The method is for entries well below (ln n)^(1/{order}) = {regime:.2g}. Take {take} "
        "entries or scale, hot.tensor_attention, which is exact, or strict=False to see the result with its bound."
    )
