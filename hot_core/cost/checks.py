"""What `hot.cost` refuses, and in which words."""

from __future__ import annotations

import operator
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from torch import nn

from hot_core.cost.forms import FORMS
from hot_core.errors import SelectionError, ShapeError
from hot_core.models import HOTModel


def checked_sizes(shape: Sequence[int], what: str = "shape") -> tuple[int, ...]:
    """Whole sizes of at least 1.

    Returns:
        The sizes as plain ints.

    Raises:
        ShapeError: when there are none, or one is not a whole number above 0.
    """
    try:
        sizes = tuple(operator.index(size) for size in shape)
    except TypeError:
        sizes = ()
    if not sizes or min(sizes) < 1:
        raise ShapeError(f"hot.cost: {what}={shape!r}; give whole sizes of at least 1, such as (862, 24).")
    return sizes


def check_rank(owner: str, sizes: tuple[int, ...], modes: tuple[str, ...]) -> None:
    """Refuse sizes that are not one for each mode."""
    if len(sizes) != len(modes):
        raise ShapeError(
            f"hot.cost: shape={sizes} has {len(sizes)} sizes, but {owner} takes {len(modes)}: ({', '.join(modes)})."
        )


def check_forms(forms: Sequence[str]) -> None:
    """Refuse forms that there are not."""
    unknown = [form for form in ([forms] if isinstance(forms, str) else forms) if form not in FORMS]
    if isinstance(forms, str) or unknown:
        raise SelectionError(f"hot.cost: forms={forms!r}; give a list of some of {', '.join(FORMS)}.")


@contextmanager
def too_large_said(sizes: tuple[int, ...], batch: int) -> Iterator[None]:
    """Say in a sentence that sizes are beyond what torch can address, even without data."""
    try:
        yield
    except (RuntimeError, TypeError, OverflowError) as error:
        if not overflowed(error):
            raise
        raise ShapeError(
            f"hot.cost: shape={sizes} with batch={batch} makes a tensor of more than 2⁶³ bytes, which no machine can "
            "address; give smaller sizes."
        ) from error


def overflowed(error: Exception) -> bool:
    """Whether torch refused a size because its bytes cannot be counted; it has no error of its own for this."""
    return isinstance(error, OverflowError) or "overflow" in str(error).lower()


def needs(module: nn.Module) -> str:
    """What a model asks of its input, from its configuration."""
    if not isinstance(module, HOTModel):
        return "it takes a token grid."
    config = module.config
    known = {"lookback": config.lookback, "bands": len(config.roles), "tokens at most": config.grid}
    limits = "".join(f", {name} {value}" for name, value in known.items() if value)
    return f"it takes ({', '.join(config.modes)}) in patches of {config.patch}{limits}."
