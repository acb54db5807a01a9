"""Checks of arguments and shapes, shared by every attention; each error prints all of them with their named shapes."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from hot_core.errors import ShapeError


def check_width(owner: str, dim: int, heads: int) -> None:
    """Refuse a width that the heads do not divide into even parts."""
    if heads < 1 or dim < 1 or dim % heads or (dim // heads) % 2:
        raise ShapeError(
            f"{owner}: dim={dim} cannot be cut into heads={heads} of one even width. "
            f"Choose dim as a multiple of {2 * max(heads, 1)}."
        )


def check_modes(owner: str, name: str, chosen: Sequence[int], num_modes: int) -> None:
    """Refuse mode indices that are out of range or named twice."""
    if any(not 0 <= mode < num_modes for mode in chosen):
        raise ShapeError(f"{owner}: {name}={tuple(chosen)} leave the modes 0 … {num_modes - 1}.")
    if len(set(chosen)) != len(chosen):
        raise ShapeError(f"{owner}: {name}={tuple(chosen)} name a mode twice; name each mode once.")


def check_dropout(owner: str, dropout: float) -> None:
    """Refuse a dropout that is not a probability below 1."""
    if not 0 <= dropout < 1:
        raise ShapeError(f"{owner}: dropout={dropout} must be a probability, 0 or more and below 1.")


def check_call(owner: str, x: Tensor, mask: Tensor | None, dim: int, num_modes: int | None) -> None:
    """Refuse input of another rank, width or kind, and a mask of another shape."""
    modes = x.ndim - 2
    if modes < 1 or (num_modes is not None and modes != num_modes) or x.shape[-1] != dim:
        wanted = "at least one mode" if num_modes is None else f"{num_modes} modes"
        raise ShapeError(f"{owner}: {named(x)}, but it takes {wanted} and dim = {dim}.")
    if min(x.shape[1:-1]) < 1:
        raise ShapeError(f"{owner}: {named(x)} has an empty mode; every mode needs at least one token.")
    if not x.is_floating_point():
        raise ShapeError(f"{owner}: {named(x)} holds {x.dtype}; give floating-point numbers.")
    if mask is not None and (mask.shape != x.shape[:-1] or mask.dtype != torch.bool):
        raise ShapeError(
            f"{owner}: {named(x)}, mask [batch, n_1, …, n_{modes}] = {tuple(mask.shape)} of {mask.dtype}; "
            f"the mask must be {tuple(x.shape[:-1])} of torch.bool, True where a token is valid."
        )


def named(x: Tensor) -> str:
    """The input's shape with the names of its axes; other ranks than a batch of tokens are shown as they are.

    Returns:
        "x [batch, n_1, …, n_3, dim] = (2, 3, 5, 7, 12)".
    """
    modes = x.ndim - 2
    if modes < 1:
        return f"x = {tuple(x.shape)}"
    sizes = "n_1" if modes == 1 else "n_1, n_2" if modes == 2 else f"n_1, …, n_{modes}"
    return f"x [batch, {sizes}, dim] = {tuple(x.shape)}"
