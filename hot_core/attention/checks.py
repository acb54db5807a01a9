"""Checks of shapes, shared by every attention; each error prints all arguments with their named shapes."""

from __future__ import annotations

from torch import Tensor

from hot_core.errors import ShapeError


def check_width(owner: str, dim: int, heads: int) -> None:
    """Refuse a width that the heads do not divide into even parts."""
    if heads < 1 or dim % heads or (dim // heads) % 2:
        raise ShapeError(
            f"{owner}: dim={dim} cannot be cut into heads={heads} of one even width. "
            f"Choose dim as a multiple of {2 * max(heads, 1)}."
        )


def check_call(owner: str, x: Tensor, mask: Tensor | None, dim: int, num_modes: int | None) -> None:
    """Refuse input of another rank or width, and a mask of another shape."""
    modes = x.ndim - 2
    named = f"x [batch, n_1, …, n_{modes}, dim] = {tuple(x.shape)}"
    if modes < 1 or (num_modes is not None and modes != num_modes) or x.shape[-1] != dim:
        wanted = "at least one mode" if num_modes is None else f"{num_modes} modes"
        raise ShapeError(f"{owner}: {named}, but it takes {wanted} and dim = {dim}.")
    if min(x.shape[1:-1]) < 1:
        raise ShapeError(f"{owner}: {named} has an empty mode; every mode needs at least one token.")
    if mask is not None and mask.shape != x.shape[:-1]:
        raise ShapeError(
            f"{owner}: {named}, mask [batch, n_1, …, n_{modes}] = {tuple(mask.shape)}; the mask must be {x.shape[:-1]}."
        )
