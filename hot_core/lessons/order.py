"""What becomes of a map when its flat list is read with the modes in another order: everything is there, elsewhere.

In TimeSformer's published maps patch and time indices were exchanged (facebookresearch/TimeSformer, issue 76). Here
the mistake is made on purpose. A reader who *reshapes* the flat list with the sizes in another order never gets an
error; one who hands over the *transposed array* gets one only where the exchanged sizes differ.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from hot_core.analysis.words import number
from hot_core.errors import ShapeError
from hot_core.modes import Mode, TokenGrid

Place = tuple[int, ...]


@dataclass(frozen=True)
class Step:
    """One division of the reader who takes the modes in another order.

    Attributes:
        mode: the index of the mode that it thinks it reads.
        rest: what is left of the flat index before.
        stride: how many entries it thinks lie behind one step of this mode.
        index: the quotient, which it takes for the position on this mode.
    """

    mode: int
    rest: int
    stride: int
    index: int


def check(sizes: Sequence[int], order: Sequence[int]) -> None:
    """Refuse what is no order of the modes.

    Raises:
        ShapeError: when so.
    """
    if sorted(order) != list(range(len(sizes))) or min(sizes, default=0) < 1:
        raise ShapeError(
            f"lesson order: order={tuple(order)} for sizes={tuple(sizes)}; "
            f"give each of 0 … {len(sizes) - 1} once, and sizes of at least 1."
        )


def misread(values: np.ndarray, order: Sequence[int]) -> np.ndarray:
    """The field as it is seen by who takes its flat list for one over the modes in another order.

    Args:
        values: (n_1, …, n_k), in C order as everywhere.
        order: the modes as the reader thinks that they are nested, the slowest first; 0 … k−1 is right.

    Returns:
        The same shape and the same numbers, at other places.

    Raises:
        ShapeError: when `order` is no order of the modes.
    """
    check(values.shape, order)
    believed = values.ravel().reshape([values.shape[mode] for mode in order])
    return believed.transpose(np.argsort(order))


def moved(place: Place, sizes: Sequence[int]) -> str:
    """What is said of a place beyond the last index of a mode, which is taken as the last; empty within the grid."""
    parts = [
        f"on mode {mode + 1} index {at} is beyond the last one, {size - 1}"
        for mode, (at, size) in enumerate(zip(place, sizes, strict=True))
        if at >= size
    ]
    return f"The marker is asked for outside the grid: {'; '.join(parts)}. It stands at the last one." if parts else ""


def found_at(place: Place, sizes: Sequence[int], order: Sequence[int]) -> Place:
    """Where that reader sees the entry that lies at `place`."""
    steps = decoding(place, sizes, order)
    return tuple(next(step.index for step in steps if step.mode == mode) for mode in range(len(sizes)))


def flat_index(place: Place, sizes: Sequence[int]) -> int:
    """`((p_1 n_2 + p_2) n_3 + …)`."""
    flat = 0
    for at, size in zip(place, sizes, strict=True):
        flat = flat * size + at
    return flat


def decoding(place: Place, sizes: Sequence[int], order: Sequence[int]) -> tuple[Step, ...]:
    """The divisions by which the flat index of a place is taken apart with the modes in another order.

    Returns:
        One step for each mode, in the reader's order.

    Raises:
        ShapeError: when `order` is no order of the modes.
    """
    check(sizes, order)
    rest, steps = flat_index(place, sizes), []
    for at, mode in enumerate(order):
        stride = prod(sizes[later] for later in order[at + 1 :])
        steps.append(Step(mode, rest, stride, rest // stride))
        rest %= stride
    return tuple(steps)


def misplaced(sizes: Sequence[int], order: Sequence[int]) -> int:
    """How many of the `N` entries are seen at a place where they do not belong."""
    here = np.arange(prod(sizes)).reshape(tuple(sizes))
    return int((misread(here, order) != here).sum())


def exchanged(values: np.ndarray, order: Sequence[int]) -> np.ndarray:
    """The array itself with its axes exchanged; the same as `misread` exactly where the sizes still fit.

    Returns:
        Axis `m` of the result is the axis of `values` that stands at `m` in the reader's order turned round.
    """
    check(values.shape, order)
    return values.transpose(np.argsort(order))


def refusal(grid: TokenGrid, values: np.ndarray, order: Sequence[int]) -> str | None:
    """What is said when the array itself is handed over with its axes in another order.

    Args:
        grid: the tokens, with their sizes.
        values: (n_1, …, n_k).
        order: the modes as the reader thinks that they are nested.

    Returns:
        The library's own sentence; None where the sizes happen to fit and nobody notices.
    """
    try:
        grid.spread(exchanged(values, order))
    except ShapeError as error:
        return str(error)
    return None


def marked_row(sizes: Sequence[int], marker: Place) -> np.ndarray:
    """A row of a Kronecker product that looks at one place: `∏ 2^{−|p_i − m_i|}`, made to add up to 1.

    Args:
        sizes: the grid.
        marker: where it looks; a position beyond the last one is the last one.

    Returns:
        (n_1, …, n_k), float64, the largest entry at the marker.
    """
    row = np.ones(())
    for size, at in zip(sizes, clamped(marker, sizes), strict=True):
        factor = 0.5 ** np.abs(np.arange(size) - at)
        row = np.multiply.outer(row, factor / factor.sum())
    return row


def clamped(place: Place, sizes: Sequence[int]) -> Place:
    """The place, or where it lies outside the nearest one on the grid."""
    return tuple(min(max(at, 0), size - 1) for at, size in zip(place, sizes, strict=True))


def counted_grid(sizes: Sequence[int]) -> TokenGrid:
    """A grid of tokens that are only counted: modes "mode 1", "mode 2", … from 0."""
    modes = [Mode(f"mode {at + 1}", np.arange(size), "token") for at, size in enumerate(sizes)]
    return TokenGrid.regular(modes, [1] * len(modes), [(0, size) for size in sizes])


def plane(order: Sequence[int]) -> tuple[int, int]:
    """The two modes to look at: the first two that stand elsewhere in this order, the last two where none does."""
    moved = [mode for at, mode in enumerate(order) if at != mode]
    first, second = sorted(moved)[:2] if moved else (len(order) - 2, len(order) - 1)
    return first, second


def strongest(values: np.ndarray) -> Place:
    """The place of the largest entry."""
    return tuple(int(at) for at in np.unravel_index(int(values.argmax()), values.shape))


def summary(values: np.ndarray, marker: Place, order: Sequence[int]) -> dict[str, list[str]]:
    """What is seen by a check of the numbers alone, and by one of a place; as columns of a table."""
    checks = {
        "sum of all weights": lambda field: field.sum(),
        "largest weight": lambda field: field.max(),
        "median weight": lambda field: np.median(field),
        "smallest weight": lambda field: field.min(),
        "weight at the marker's place": lambda field: field[marker],
    }
    pair = {"right order": values, "other order": misread(values, order)}
    return {"what is checked": list(checks)} | {
        name: [number(float(check(field))) for check in checks.values()] for name, field in pair.items()
    }
