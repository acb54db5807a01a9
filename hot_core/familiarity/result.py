"""The answer to "is this input like what the model has learnt from?", in numbers and in words."""

from __future__ import annotations

from dataclasses import dataclass

NAMED = 2
"""Statistics that a warning names: the sentence stands above what people came for."""


@dataclass(frozen=True)
class Standout:
    """One statistic that lies apart.

    Attributes:
        name: what it is, in words.
        value: of this input.
        low: the 2.5 % quantile over the learnt inputs.
        high: their 97.5 % quantile.
    """

    name: str
    value: float
    low: float
    high: float

    def words(self) -> str:
        """The statistic beside what is usual."""
        low, high = _number(self.low), _number(self.high)
        usual = low if low == high else f"{low} to {high}"
        return f"{self.name} {_number(self.value)} (learnt: {usual})"


@dataclass(frozen=True)
class Familiarity:
    """How far an input lies from what a model has learnt from.

    Attributes:
        distance: Mahalanobis distance per statistic, root of the mean; about 1 for a learnt input.
        threshold: from here on an input counts as far.
        false_alarm_rate: the share of inputs like the learnt ones that lie beyond it all the same, as it was set.
        far: whether `distance` lies beyond `threshold`.
        farthest: the statistics that stand out most, the farthest first.
    """

    distance: float
    threshold: float
    false_alarm_rate: float
    far: bool
    farthest: tuple[Standout, ...]

    def warning(self) -> str:
        """The sentences for an input that is far, "" for any other."""
        if not self.far:
            return ""
        return f"This input is unlike what the model has learnt from: {self.apart()}. What follows may mean little."

    def apart(self) -> str:
        """What stands out most, with what was learnt."""
        return ", ".join(one.words() for one in self.farthest[:NAMED])

    def words(self) -> str:
        """The number with what it means, for any input."""
        return (
            f"Distance of this input from the training data: {self.distance:.2f}. From {self.threshold:.2f} on an "
            f"input counts as unlike them, which {self.false_alarm_rate:.0%} of inputs like them do as well."
        )


UNKNOWN = "Whether this input is like the training data is not known: it cannot be compared with them."
"""What is said where a model came without statistics, or an input has none."""


def _number(value: float) -> str:
    """Three digits, without an exponent where the number is no larger than a volume in voxels."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.2f}" if abs(value) < 10 else f"{value:.3g}"
