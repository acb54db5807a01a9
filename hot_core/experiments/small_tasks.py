"""Tasks on a small tensor that no token can answer alone: the answer lies at another place in every mode."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from hot_core.errors import SelectionError

TASKS = {
    "marked": "one place is marked; every token says what stands there",
    "shift": "every token says what stands one step further in every mode",
    "partner": "tokens come in pairs of one code at random places; each says the mean of what the two hold",
}
BY_ITSELF = {"marked": 0.0, "shift": 0.0, "partner": 0.5}
"""R² of the best answer of a token that looks at itself alone: 0, and half of its own values in a pair."""
CODE = 8
"""Numbers of a code."""


def channels(task: str, values: int) -> int:
    """Numbers that come in with a token: its values, and a mark or a code."""
    return values + {"marked": 1, "shift": 0, "partner": CODE}[task]


def draw(task: str, batch: int, sizes: Sequence[int], values: int, rng: torch.Generator) -> tuple[Tensor, Tensor]:
    """Examples of a task; values are normal and independent.

    Args:
        task: one of `TASKS`.
        batch: how many.
        sizes: tokens along each mode; for pairs their product is even.
        values: numbers that each token holds.
        rng: draws them.

    Returns:
        Inputs (batch, n_1, …, n_k, channels) and answers (batch, n_1, …, n_k, values).

    Raises:
        SelectionError: when there is no such task, or an odd number of tokens is to be paired.
    """
    tokens = math.prod(sizes)
    x = torch.randn(batch, tokens, values, generator=rng)
    if task == "marked":
        place = torch.randint(tokens, (batch,), generator=rng)
        mark = torch.zeros(batch, tokens, 1)
        mark[torch.arange(batch), place] = math.sqrt(tokens)  # of unit variance, as the values are
        told, wanted = torch.cat([x, mark], -1), x[torch.arange(batch), place][:, None].expand_as(x)
    elif task == "shift":
        grid = x.reshape(batch, *sizes, values)
        modes = tuple(range(1, len(sizes) + 1))
        told, wanted = x, grid.roll([-1] * len(modes), modes).flatten(1, -2)
    elif task == "partner":
        if tokens % 2:
            raise SelectionError(f"{tokens} tokens can not be put in pairs. Choose sizes with an even product.")
        order = torch.rand(batch, tokens, generator=rng).argsort(-1)
        partner = torch.empty_like(order).scatter_(1, order, order.roll(tokens // 2, 1))
        half = 2 * torch.randn(batch, tokens // 2, CODE, generator=rng)  # apart enough to be told from each other
        codes = torch.empty(batch, tokens, CODE).scatter_(
            1, order[..., None].expand(-1, -1, CODE), torch.cat([half, half], 1)
        )
        told, wanted = torch.cat([x, codes], -1), (x + x.gather(1, partner[..., None].expand_as(x))) / 2
    else:
        raise SelectionError(f"There is no task {task!r}. Choose one of {', '.join(TASKS)}.")
    return told.reshape(batch, *sizes, -1), wanted.reshape(batch, *sizes, values)
