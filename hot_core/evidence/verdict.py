"""The rule by which a map is called supported, weak or not supported; written so that anyone can apply it.

In this order:

1. Whatever is hidden changes the prediction by next to nothing (`hot_core.evidence.probe.least_of`), or the map is the
   same everywhere: **not supported**.
2. Shuffling the map's keys and making it uniform change the prediction by less than `USED` of the scale: the prediction
   does not go through this attention, wherever it points: **not supported**.
3. Deletion holds when it lies above the 95 % prediction interval of the same map laid elsewhere and at least a gap
   above its mean; insertion holds when it lies below that interval and at least as far below the mean. The gap is
   `GAP`, and `FEW_GAP` with fewer than `ENOUGH` layings elsewhere. Both hold: **supported**; one: **weak**; none: **not
   supported**.

Of models whose truth is known the rule is right in `docs/evidence-planted.md`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from hot_core.analysis.words import number
from hot_core.evidence.deletion import ENOUGH, Deletion, Order

Verdict: TypeAlias = Literal["supported", "weak", "not supported"]

GAP = 0.05
"""Least distance from the mean of layings elsewhere, in units of the scale: of many tokens it hardly varies."""
FEW_GAP = 0.25
"""The same where the layings elsewhere are few, and an interval of them may miss that one in ten is far out."""
USED = 0.02
"""Least effect of changing the attention, in units of the scale."""

RULE = (
    "Supported: hiding the places that the map names first changes the prediction more than hiding the places of the "
    "same map laid elsewhere, up to a half of all places; and once more than half is hidden, weakest first, it has "
    "changed less. Both lie beyond the 95 % interval of the same map laid elsewhere and at least "
    f"{GAP:g} of the scale away from its mean ({FEW_GAP:g} where it was laid fewer than {ENOUGH} times); and "
    f"shuffling or evening out this attention changes the prediction by at least {USED:g} of the scale. Weak: only one "
    "of the first two. Not supported: neither, or the prediction does not go through this attention, or it practically "
    "does not depend on the input (a constant series; or the scale is below 1 % of the standard deviation of the "
    "target's series, or below 0.01 log-odds), or the map is the same everywhere. The scale is the most that hiding in "
    "the order of the same map laid elsewhere changes the prediction on average."
)


@dataclass(frozen=True)
class Judgement:
    """What the rule says of one map.

    Attributes:
        verdict: the verdict.
        reason: why, in a sentence without the map's name.
        deletion, insertion: whether each holds.
        used: whether the prediction goes through the attention; None where that was not asked.
    """

    verdict: Verdict
    reason: str
    deletion: bool
    insertion: bool
    used: bool | None


def judge(found: Deletion, order: Order, use: float | None = None) -> Judgement:
    """Apply the rule to one map.

    Args:
        found: hiding in the order of the same map laid elsewhere, for comparison.
        order: hiding in the order of the map.
        use: the effect of changing the attention, of `hot_core.evidence.use`; None for what is no attention.

    Returns:
        The judgement.
    """
    gap = gap_of(found)
    first = bool(order.deletion > max(found.interval[1], found.level + gap))
    last = bool(order.insertion < min(found.rest_interval[0], found.rest_level - gap))
    used = None if use is None else use >= USED
    if found.scale <= 0:
        return Judgement("not supported", "whatever is hidden, the prediction stays the same", False, False, used)
    if not found.depends:
        reason = "the prediction practically does not depend on the input: whatever is hidden, it hardly moves"
        return Judgement("not supported", reason, False, False, used)
    if order.flat:
        return Judgement("not supported", "it is the same everywhere and names no place", False, False, used)
    if used is False:
        reason = (
            "the prediction does not go through this attention: shuffling or evening it out moves the prediction by"
        )
        return Judgement("not supported", f"{reason} {part(use)} of the scale at most on average", first, last, used)
    verdict: Verdict = "supported" if first and last else "weak" if first or last else "not supported"
    return Judgement(verdict, reason_of(first, last), first, last, used)


def gap_of(found: Deletion) -> float:
    """The least distance from the mean, for as many layings elsewhere as there were."""
    return GAP if len(found.areas) >= ENOUGH else FEW_GAP


def reason_of(first: bool, last: bool) -> str:
    """What deletion and insertion found, in words."""
    more = "hiding what it names first changes the prediction more than the same map laid elsewhere"
    less = "hiding it last changes it less"
    if first and last:
        return f"{more}, and {less}"
    if first:
        return f"{more}, but hiding it last changes it no less"
    if last:
        return (
            "hiding what it names last changes the prediction less than the same map laid elsewhere, but hiding it "
            "first changes it no more"
        )
    return "hiding what it names, first or last, tells it from no other place: the same map laid elsewhere does as much"


def part(share: float | None) -> str:
    """A share of the scale in percent."""
    return f"{number(100 * (share or 0.0), 2)} %"
