"""Median and 95th percentile of what was timed."""

import math
import statistics
from dataclasses import dataclass


@dataclass(frozen=True)
class Spread:
    """Milliseconds, one number for each time; `missed` more came to nothing within their time."""

    ms: tuple[float, ...]
    missed: int = 0

    @property
    def median(self):
        return statistics.median(self.ms) if self.ms else math.nan

    @property
    def p95(self):
        """The smallest number that at least 95 % do not exceed; a miss is longer than any number."""
        place = math.ceil(0.95 * (len(self.ms) + self.missed))
        return sorted(self.ms)[place - 1] if 0 < place <= len(self.ms) else math.inf

    @property
    def most(self):
        return max(self.ms, default=math.nan)
