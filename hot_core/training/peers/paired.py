"""Seed by seed: two kinds that got the same weights outside their attention and the same order of batches."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scipy.stats import t as student


@dataclass(frozen=True)
class Difference:
    """One kind minus another on the seeds that both have.

    Attributes:
        by_seed: seed → difference.
    """

    by_seed: Mapping[int, float]

    @property
    def mean(self) -> float:
        """Mean over the seeds."""
        return statistics.fmean(self.by_seed.values())

    @property
    def deviation(self) -> float | None:
        """Standard deviation over the seeds (n − 1), None for a single one."""
        return deviation(list(self.by_seed.values()))

    @property
    def interval(self) -> tuple[float, float] | None:
        """95 % interval of the mean by Student's t, as for normal differences; None for a single seed."""
        spread, count = self.deviation, len(self.by_seed)
        if spread is None:
            return None
        half = float(student.ppf(0.975, count - 1)) * spread / math.sqrt(count)
        return self.mean - half, self.mean + half

    @property
    def sign(self) -> int:
        """1 or −1 where the interval leaves out 0, else 0: these seeds do not tell."""
        if self.interval is None or self.interval[0] <= 0 <= self.interval[1]:
            return 0
        return 1 if self.mean > 0 else -1


def difference(ours: Mapping[int, float], theirs: Mapping[int, float], seedless: bool = False) -> Difference | None:
    """Subtract seed by seed.

    Args:
        ours: seed → number.
        theirs: seed → number.
        seedless: `ours` holds one number that no seed changes; it is held against every seed.

    Returns:
        `ours − theirs`, None where they have no seed in common.
    """
    if seedless and ours:
        ours = dict.fromkeys(theirs, next(iter(ours.values())))
    shared = [seed for seed in ours if seed in theirs]
    return Difference({seed: ours[seed] - theirs[seed] for seed in shared}) if shared else None


def signed(value: float) -> str:
    """Four decimals with a plus or a minus."""
    return f"{value:+.4f}".replace("-", "−")


def deviation(values: Sequence[float]) -> float | None:
    """Standard deviation (n − 1), None for fewer than two."""
    return statistics.stdev(values) if len(values) > 1 else None
