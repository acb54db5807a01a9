"""What a map refuses before it computes: positions, counts and factors that have no answer, each with a sentence."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from hot_core.errors import HotError, SelectionError, ShapeError

MOST = 100_000  # largest entries that may be asked for
PIXELS = 100_000_000  # pixels of one picture: 0.8 GB
COUNTED = 2**63 - 1  # flat indices are int64


def whole(value: Any, what: str, error: type[HotError] = SelectionError) -> int:
    """A whole number as a plain int; one of numpy or torch counts as one, 2.0 does not.

    Returns:
        The number.

    Raises:
        HotError: of the kind `error`, when it is not a whole number.
    """
    try:
        return operator.index(value)
    except TypeError:
        raise error(f"{what} must be a whole number, got {value!r}.") from None


def whole_numbers(values: Any, what: str, error: type[HotError] = SelectionError) -> tuple[int, ...]:
    """Several whole numbers as plain ints.

    Returns:
        The numbers.

    Raises:
        HotError: of the kind `error`, when these are not several, or one is not a whole number.
    """
    try:
        return tuple(operator.index(value) for value in values)
    except TypeError:
        raise error(f"{what} must be several whole numbers, got {values!r}.") from None


def check_position(position: Sequence[int], sizes: tuple[int, ...]) -> tuple[int, ...]:
    """A position as plain integers.

    Returns:
        One index for each mode.

    Raises:
        SelectionError: when it is not one whole number for each mode, or lies outside the grid.
    """
    plain = whole_numbers(position, f"A position in the token grid {sizes}")
    if len(plain) != len(sizes) or not all(0 <= p < n for p, n in zip(plain, sizes, strict=True)):
        raise SelectionError(f"Position {plain} lies outside the token grid {sizes}.")
    return plain


def check_count(count: int, entries: int, where: str) -> int:
    """How many of the largest entries, as a plain integer.

    Returns:
        The count.

    Raises:
        SelectionError: when it is not a whole number, not positive, or larger than there is or than is allowed.
    """
    count = whole(count, f"{where}: how many entries")
    if not 1 <= count <= min(entries, MOST):
        raise SelectionError(
            f"{where}: {count:,} entries asked of {entries:,}; ask for 1 to {min(entries, MOST):,} of them."
        )
    return count


def check_pixels(height: int, width: int) -> None:
    """Refuse a picture that would be too large.

    Raises:
        SelectionError: when it has more than 1e8 pixels.
    """
    if height * width > PIXELS:
        raise SelectionError(f"view: {height:,} × {width:,} pixels; ask for at most {PIXELS:,} in all.")


def check_countable(sizes: Sequence[int], where: str) -> None:
    """Refuse a grid whose tokens have no int64 flat index.

    Raises:
        SelectionError: when it has 2⁶³ tokens or more.
    """
    total = math.prod(sizes)
    if total > COUNTED:
        raise SelectionError(
            f"{where}: a grid of {tuple(sizes)} has {total:.1e} tokens, more than flat indices can count (2⁶³ − 1). "
            "Ask for entries, for marginals or for the entropy of a query."
        )


def check_finite(where: str, factors: Sequence[Tensor]) -> None:
    """Refuse factors that would make an answer meaningless.

    Raises:
        SelectionError: when a factor (or its row at a query) holds NaN or an infinite value.
    """
    for mode, factor in enumerate(factors):
        if not bool(torch.isfinite(factor).all()):
            found = "NaN, which is not a number" if bool(torch.isnan(factor).any()) else "an infinite value"
            raise SelectionError(f"{where}: factor {mode} holds {found}; it has no answer. Find where it comes from.")


def check_factors(factors: Sequence[Tensor]) -> None:
    """Refuse what cannot be the factors of a map.

    Raises:
        ShapeError: when there is none, one is no square matrix of real numbers, or they live on different devices.
    """
    strange = sorted({type(factor).__name__ for factor in factors if not isinstance(factor, Tensor)})
    if strange:
        raise ShapeError(f"KroneckerMap: factors must be torch tensors, got {', '.join(strange)}; use torch.as_tensor.")
    shapes = [tuple(factor.shape) for factor in factors]
    if not shapes or any(len(shape) != 2 or shape[0] != shape[1] or shape[0] == 0 for shape in shapes):
        raise ShapeError(f"KroneckerMap: factors must be square matrices (query, key), not empty, got {shapes}.")
    kinds = sorted({f"{factor.dtype} on {factor.device}" for factor in factors})
    if len({factor.device for factor in factors}) > 1 or not all(factor.is_floating_point() for factor in factors):
        raise ShapeError(
            f"KroneckerMap: factors must be floating point and on one device, got {', '.join(kinds)}; convert them."
        )


def check_dense(total: int, limit: int) -> None:
    """Refuse a matrix that would be too large.

    Raises:
        SelectionError: when `total` tokens give more than `limit` entries.
    """
    if total**2 > limit:
        entries, most = (f"{number:.1e}".replace("e+0", "e").replace("e+", "e") for number in (total**2, limit))
        raise SelectionError(
            f"kronecker_map.dense: {total:,} tokens give {entries} entries, above the limit of {most}. "
            "Ask for a row or a view."
        )
