"""Interleaved timing: round after round every case, each time in another order.

A machine that slows down, or has other things to do, slows all cases then, so that ratios within one
run can be trusted more than any time.
"""

import math
import random
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch

ENOUGH = 0.02
"""Seconds that a short case is repeated for within one turn."""
MOST = 20
"""The most repeats within one turn."""
WARM = 0.1
"""Cases below so many seconds are called once before each turn, so that the case before them is out of the caches."""


@dataclass(frozen=True)
class Timing:
    """Seconds of one case, one number a round."""

    seconds: tuple[float, ...]

    @property
    def median(self):
        return statistics.median(self.seconds)

    @property
    def quartiles(self):
        if len(self.seconds) < 2:
            return self.median, self.median
        low, _, high = statistics.quantiles(self.seconds, n=4, method="inclusive")
        return low, high


def interleaved(cases: dict[tuple[str, ...], Callable[[], object]], settings, device, say=print):
    """Time every case; returns a `Timing` for each, in seconds of one call."""
    rehearsed = {key: rehearse(call, device) for key, call in cases.items()}
    turns = {key: rounds_for(seconds, settings) for key, seconds in rehearsed.items()}
    repeats = {key: min(max(round(ENOUGH / seconds), 1), MOST) for key, seconds in rehearsed.items()}
    warm = {key: seconds < WARM for key, seconds in rehearsed.items()}
    planned = sum(rehearsed[key] * turns[key] * (repeats[key] + warm[key]) for key in cases)
    say(f"{device}: {len(cases)} cases, up to {settings.rounds} rounds, about {planned:.0f} s")
    found: dict[tuple[str, ...], list[float]] = {key: [] for key in cases}
    shuffle = random.Random(0).shuffle
    for number in range(settings.rounds):
        due = [key for key in cases if is_due(number, turns[key], settings.rounds)]
        shuffle(due)
        for key in due:
            found[key].append(one_turn(cases[key], repeats[key], device, warm[key]))
    return {key: Timing(tuple(seconds)) for key, seconds in found.items()}


def rehearse(call, device):
    """Warm up; the seconds of the second call, or of the first where that took long already."""
    seconds = one_turn(call, 1, device, False)
    return seconds if seconds > 1 else one_turn(call, 1, device, False)


def rounds_for(seconds, settings):
    """As many rounds as the budget of a case allows, within `fewest` and `rounds`."""
    return min(max(int(settings.budget / seconds), settings.fewest), settings.rounds)


def is_due(number, turns, rounds):
    """Spread `turns` evenly over the rounds."""
    return math.floor((number + 1) * turns / rounds) > math.floor(number * turns / rounds)


def one_turn(call, repeats, device, warm):
    """Seconds of one call; `warm`: called once before."""
    if warm:
        call()
    synchronise(device)
    start = time.perf_counter()
    for _ in range(repeats):
        call()
    synchronise(device)
    return (time.perf_counter() - start) / repeats


def synchronise(device):
    if torch.device(device).type == "cuda":
        torch.cuda.synchronize()
