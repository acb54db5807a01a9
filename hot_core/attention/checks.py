"""Checks of arguments and shapes, shared by every attention; each error prints all of them with their named shapes."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor

from hot_core.errors import ShapeError
from hot_core.record import AttentionRecord


def check_width(owner: str, dim: int, heads: int) -> None:
    """Refuse a width that the heads do not divide into even parts."""
    check_whole(owner, dim=dim, heads=heads)
    if heads < 1 or dim < 1 or dim % heads or (dim // heads) % 2:
        raise ShapeError(
            f"{owner}: dim={dim} cannot be cut into heads={heads} of one even width. "
            f"Choose dim as a multiple of {2 * max(heads, 1)}."
        )


def check_num_modes(owner: str, num_modes: int) -> None:
    """Refuse a number of modes that no attention here takes."""
    check_whole(owner, num_modes=num_modes)
    if not 1 <= num_modes <= 5:
        raise ShapeError(f"{owner}: num_modes={num_modes}; give 1 … 5 modes.")


def check_modes(owner: str, name: str, chosen: Sequence[int], num_modes: int) -> tuple[int, ...]:
    """Mode indices as plain ints.

    Returns:
        The indices.

    Raises:
        ShapeError: when one is no whole number, out of range, or named twice.
    """
    if not isinstance(chosen, Iterable):
        raise ShapeError(f"{owner}: {name}={chosen!r}; give a tuple of modes, such as ({chosen!r},).")
    for mode in chosen:
        check_whole(owner, **{name: mode})
    modes = tuple(operator.index(mode) for mode in chosen)
    if any(not 0 <= mode < num_modes for mode in modes):
        raise ShapeError(f"{owner}: {name}={modes} leave the modes 0 … {num_modes - 1}.")
    if len(set(modes)) != len(modes):
        raise ShapeError(f"{owner}: {name}={modes} name a mode twice; name each mode once.")
    return modes


def check_dropout(owner: str, dropout: float) -> None:
    """Refuse a dropout that is not a probability below 1."""
    if not isinstance(dropout, int | float) or not 0 <= dropout < 1:
        raise ShapeError(f"{owner}: dropout={dropout!r} must be a probability, 0 or more and below 1.")


def check_whole(owner: str, **arguments: Any) -> None:
    """Refuse numbers that are not whole."""
    for name, value in arguments.items():
        if not hasattr(value, "__index__"):
            raise ShapeError(f"{owner}: {name}={value!r} is no whole number; give an int.")


def check_call(
    owner: str,
    x: Tensor,
    mask: Tensor | None,
    record: AttentionRecord | None,
    *,
    dim: int,
    num_modes: int | None,
    weight: object,
) -> None:
    """Refuse input of another rank, width, number type or device than the layer's, and a mask of another shape."""
    if not isinstance(x, Tensor) or not isinstance(mask, Tensor | None):
        raise ShapeError(
            f"{owner}: x is a {type(x).__name__}, mask a {type(mask).__name__}; give torch tensors, torch.as_tensor(…)."
        )
    if not isinstance(record, AttentionRecord | None):
        raise ShapeError(f"{owner}: record is a {type(record).__name__}; give an AttentionRecord().")
    modes = x.ndim - 2
    if modes < 1 or (num_modes is not None and modes != num_modes) or x.shape[-1] != dim:
        wanted = "at least one mode" if num_modes is None else f"{num_modes} modes"
        raise ShapeError(f"{owner}: {named(x)}, but it takes {wanted} and dim = {dim}.")
    if min(x.shape[:-1]) < 1:
        raise ShapeError(f"{owner}: {named(x)} has an empty batch or mode; there must be at least one of each.")
    check_numbers(owner, x, weight)
    if mask is not None and (mask.shape != x.shape[:-1] or mask.dtype != torch.bool):
        raise ShapeError(
            f"{owner}: {named(x)}, mask [batch, {size_names(modes)}] = {tuple(mask.shape)} of {mask.dtype}; "
            f"the mask must be {tuple(x.shape[:-1])} of torch.bool, True where a token is valid."
        )


def check_numbers(owner: str, x: Tensor, weight: object) -> None:
    """Refuse numbers of another type or on another device than the weights; autocast may change the type."""
    if not isinstance(weight, Tensor):  # a quantised layer has packed its weights away
        return
    if not x.is_floating_point():
        raise ShapeError(f"{owner}: {named(x)} holds {x.dtype}; give floating-point numbers.")
    if x.device != weight.device:
        raise ShapeError(f"{owner}: {named(x)} is on {x.device}, the weights on {weight.device}; move one of them.")
    if x.dtype != weight.dtype and not torch.is_autocast_enabled(x.device.type):
        raise ShapeError(
            f"{owner}: {named(x)} holds {x.dtype}, the weights are {weight.dtype}; convert one of them, "
            "x.to(…) or the module's .to(…), or use torch.autocast."
        )


def named(x: Tensor) -> str:
    """The input's shape with the names of its axes; other ranks than a batch of tokens are shown as they are.

    Returns:
        "x [batch, n_1, …, n_3, dim] = (2, 3, 5, 7, 12)".
    """
    modes = x.ndim - 2
    return f"x [batch, {size_names(modes)}, dim] = {tuple(x.shape)}" if modes > 0 else f"x = {tuple(x.shape)}"


def size_names(modes: int) -> str:
    """The modes' sizes by name: `n_1`, `n_1, n_2`, `n_1, …, n_5`."""
    return "n_1" if modes == 1 else "n_1, n_2" if modes == 2 else f"n_1, …, n_{modes}"
