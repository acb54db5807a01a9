"""How the experiments train, all alike: AdamW, one cycle, a given number of steps; and how they add up seeds."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor, nn

CLIP = 1.0
"""The largest norm of a gradient."""

LEAST_GAP = 0.001
"""Scores that differ by less than this are level, however small their deviation."""

UNTUNED = (
    "All forms train at the same learning rate (in the settings), tuned for none of them: a rate of its own could "
    "help one form more than another."
)
"""The note of every experiment that compares forms at one rate."""

TWICE = "Two means count as different when they are more than twice the larger standard deviation over seeds apart."
"""The note on `apart`."""


def fit(model: nn.Module, loss: Callable[[], Tensor], steps: int, rate: float = 3e-3) -> float:
    """Train a model in place; it is left in evaluation mode.

    The rate rises over the first tenth of the steps and falls along half a cosine to nothing.

    Args:
        model: its parameters are changed.
        loss: draws a batch of its own and says how wrong the model is.
        steps: updates.
        rate: the highest learning rate.

    Returns:
        The median time of a step in seconds.
    """
    optimiser = torch.optim.AdamW(model.parameters(), lr=rate, betas=(0.9, 0.98), weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: one_cycle(step, steps))
    seconds = []
    model.train()
    for _ in range(steps):
        begun = time.perf_counter()
        optimiser.zero_grad()
        loss().backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP)
        optimiser.step()
        schedule.step()
        seconds.append(time.perf_counter() - begun)
    model.eval()
    return statistics.median(seconds)


def one_cycle(step: int, steps: int) -> float:
    """Share of the highest rate at a step: a line up over the first tenth, then half a cosine down to 0."""
    rise = max(1, steps // 10)
    if step < rise:
        return (step + 1) / rise
    return 0.5 * (1 + math.cos(math.pi * (step - rise) / max(1, steps - rise)))


def r_squared(found: Tensor, wanted: Tensor) -> float:
    """`1 − Σ (found − wanted)² / Σ (wanted − mean)²`: 1 is perfect, 0 as good as the mean, below 0 worse than it."""
    left = (found - wanted).double().square().sum()
    return float(1 - left / (wanted - wanted.mean()).double().square().sum())


def relative_error(found: Tensor, wanted: Tensor) -> float:
    """`‖found − wanted‖_F / ‖wanted‖_F` over all entries."""
    return float((found - wanted).double().norm() / wanted.double().norm())


def spread(values: Sequence[float]) -> tuple[float, float]:
    """Mean and standard deviation over seeds, with `n − 1`; a single value has none and gets 0."""
    return float(np.mean(values)), float(np.std(values, ddof=1)) if len(values) > 1 else 0.0


def apart(one: Sequence[float], other: Sequence[float]) -> bool:
    """Whether means differ by more than `LEAST_GAP` and twice the larger deviation over seeds; never for one seed."""
    (first, noise), (second, more) = spread(one), spread(other)
    return min(len(one), len(other)) > 1 and abs(first - second) > max(2 * max(noise, more), LEAST_GAP)


def count(model: nn.Module) -> int:
    """Trainable numbers of a model."""
    return sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)
