"""Pooling: the mean of the valid tokens in every slice of a mode."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor


def over_other_modes(x: Tensor, reduce: Callable[[Tensor, int], Tensor]) -> list[Tensor]:
    """For each mode, `x` reduced over all the other modes.

    The first mode is reduced away once for all later modes, so all of it together reads `x` twice and
    what is left of it ever less. Slices of one mode have equal sizes: a mean of means is the mean.

    Args:
        x: (batch, n_1, …, n_k, dim).
        reduce: `torch.sum` or `torch.mean`.

    Returns:
        `k` tensors (batch, n_i, dim).
    """
    if x.ndim == 3:
        return [x]
    return [reduce(x.flatten(2, -2), 2), *over_other_modes(reduce(x, 1), reduce)]


def pooled(x: Tensor, mask: Tensor | None) -> tuple[list[Tensor], list[Tensor | None]]:
    """The mean over the valid tokens of every slice.

    Args:
        x: (batch, n_1, …, n_k, dim), 0 where a token is not valid.
        mask: (batch, n_1, …, n_k), True where a token is valid.

    Returns:
        For each mode the means (batch, n_i, dim), 0 for a slice without any valid token; and for each
        mode which slices have one, bool (batch, n_i), None without mask.
    """
    if mask is None:
        means = over_other_modes(x, torch.mean)
        return means, [None] * len(means)
    counts = over_other_modes(mask.long()[..., None], torch.sum)
    sums = over_other_modes(x, torch.sum)
    means = [total / count.clamp(min=1) for total, count in zip(sums, counts, strict=True)]
    return means, [count[..., 0] > 0 for count in counts]
