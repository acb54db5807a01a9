"""What a model is given, and the way back to the data's own space."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from typing import Protocol, TypeVar, runtime_checkable

import numpy as np

from hot_core.errors import ModelError, SelectionError
from hot_core.modes import Mode, Sample, TokenGrid
from hot_core.transforms.results import Prediction

MAX_TOKENS = 65_536
"""A forward pass holds a few dozen arrays of tokens × width: above this, several gigabytes."""


Kept = TypeVar("Kept")


@runtime_checkable
class Config(Protocol):
    """The part of a model's configuration that the transforms read."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def task(self) -> str: ...  # noqa: D102
    @property
    def kind(self) -> str: ...  # noqa: D102
    @property
    def patch(self) -> Sequence[int]: ...  # noqa: D102
    @property
    def grid(self) -> Sequence[int]: ...  # noqa: D102
    @property
    def lookback(self) -> int: ...  # noqa: D102
    @property
    def horizon(self) -> int: ...  # noqa: D102
    @property
    def quantiles(self) -> Sequence[float]: ...  # noqa: D102
    @property
    def roles(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def classes(self) -> Sequence[str]: ...  # noqa: D102


@dataclass(frozen=True, eq=False)
class ModelInput:
    """One sample as a model takes it, without the batch axis.

    Attributes:
        values: float32, in the order of the modes; 0 where `mask` is False.
        mask: bool, True where a value is present.
        grid: which native positions each token covers.
        back: turns the model's output (without batch) into a prediction in the data's own space.
        roles: rasters: the role of each band in `values`.
        notes: what was chosen or assumed, in sentences.
    """

    values: np.ndarray
    mask: np.ndarray
    grid: TokenGrid
    back: Callable[[np.ndarray], Prediction]
    roles: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def geometry_of(sample: Sample, kind: type[Kept]) -> Kept:
    """The sample's geometry, known to be of one kind.

    Returns:
        The geometry, typed.

    Raises:
        ModelError: when it is of another.
    """
    if not isinstance(sample.geometry, kind):
        raise ModelError(f"{sample.source.name} is a {sample.kind}; read a file of the kind that the model takes.")
    return sample.geometry


def masked(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Split numbers with gaps into float32 numbers (0 in the gaps) and the mask of what is present."""
    mask = np.isfinite(values)
    return np.where(mask, values, 0.0).astype(np.float32), mask


def check_tokens(grid: TokenGrid, name: str) -> None:
    """Refuse an input whose forward pass would not fit into memory.

    Raises:
        SelectionError: above `MAX_TOKENS` tokens.
    """
    tokens = prod(grid.shape)
    if tokens > MAX_TOKENS:
        sizes = " × ".join(f"{size} {mode.name}" for size, mode in zip(grid.shape, grid.modes, strict=True))
        raise SelectionError(
            f"{name}: the input makes {tokens:,} tokens ({sizes}), above the limit of {MAX_TOKENS:,}. "
            "Choose a smaller region, or a file with fewer series or bands."
        )


def check_region(region: Sequence[tuple[int, int]], modes: Sequence[Mode]) -> tuple[tuple[int, int], ...]:
    """Check that a chosen region lies inside the data, one half-open interval for each mode.

    Returns:
        The region as plain integers.

    Raises:
        SelectionError: when the number of intervals is wrong, or one is empty or leaves the data.
    """
    names = ", ".join(mode.name for mode in modes)
    if len(region) != len(modes):
        raise SelectionError(f"The region has {len(region)} intervals; this data needs one for each of {names}.")
    for mode, (start, stop) in zip(modes, region, strict=True):
        if not 0 <= start < stop <= len(mode):
            raise SelectionError(
                f"The region {start} … {stop} of {mode.name} is empty or leaves the data (0 … {len(mode)}). "
                "Give a start below the stop, both inside the data."
            )
    return tuple((int(start), int(stop)) for start, stop in region)


def central(size: int, length: int) -> tuple[int, int]:
    """The middle `length` positions of `size` (all of them where there are fewer)."""
    length = min(size, length)
    start = (size - length) // 2
    return start, start + length


def check_present(mask: np.ndarray, name: str) -> None:
    """Refuse an input in which every value is missing.

    Raises:
        ModelError: when no value is present.
    """
    if not mask.any():
        raise ModelError(f"{name}: every value of the chosen part is missing. Choose another window or region.")
