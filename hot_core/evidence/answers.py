"""The verdict's three questions with their answers in the prediction's own unit, as rows that a reviewer can check."""

from __future__ import annotations

from dataclasses import dataclass

from hot_core.analysis.words import number
from hot_core.evidence.gather import MAP, Evidence
from hot_core.evidence.summary import amount, percent
from hot_core.evidence.verdict import USED, gap_of

HEAD = ("Hidden or changed", "the prediction moves by", "held against", "as it should be")


@dataclass(frozen=True)
class Answer:
    """One question of the rule.

    Attributes:
        what: was hidden or changed.
        moved: the mean change of the prediction, with its unit.
        expected: what it is held against, with its unit: the mean and interval of the same map laid elsewhere.
        holds: whether it is as it should be.
        words: the same in words.
    """

    what: str
    moved: str
    expected: str
    holds: bool
    words: str

    @property
    def cells(self) -> tuple[str, str, str, str]:
        """The row under `HEAD`."""
        return self.what, self.moved, self.expected, f"{'✓' if self.holds else '✗'} {self.words}"


def answers(evidence: Evidence) -> tuple[Answer, ...]:
    """Deletion, insertion and use of the map that is put to the test; none where nothing moves the prediction.

    Args:
        evidence: of the map.

    Returns:
        Three rows, or none.
    """
    hidden, own, judged = evidence.deletion, evidence.deletion.orders[MAP], evidence.judgement
    if not hidden.depends:
        return ()

    def chance(level: float, ends: tuple[float, float]) -> str:
        low, high = (number(end * hidden.scale) for end in ends)
        return f"elsewhere {amount(evidence, level)} [{low}, {high}]"

    none = "it names no place" if own.flat else ""
    return (
        Answer(
            f"The places it names first, up to {percent(hidden.first)}", amount(evidence, own.deletion),
            chance(hidden.level, hidden.interval), judged.deletion, none or ("more" if judged.deletion else "not more"),
        ),
        Answer(
            f"All but the strongest {percent(hidden.left)}, then ever more of these", amount(evidence, own.insertion),
            chance(hidden.rest_level, hidden.rest_interval), judged.insertion,
            none or ("less" if judged.insertion else "not less"),
        ),
        Answer(
            "This attention, shuffled or evened out", amount(evidence, evidence.use.level),
            f"at least {amount(evidence, USED)}", bool(judged.used), "enough" if judged.used else "too little",
        ),
    )  # fmt: skip


def answers_words(evidence: Evidence) -> str:
    """How the rows are to be read; empty where there are none."""
    hidden = evidence.deletion
    if not hidden.depends:
        return ""
    return (
        f"Means over {len(hidden.shares) - 2} shares of hidden places. Elsewhere: the same map laid elsewhere, "
        f"{len(hidden.areas)} times; in brackets, where one more would lie with 95 % confidence. To count, a change "
        f"lies beyond that and at least {amount(evidence, gap_of(hidden))} from their mean. The scale of all this is "
        f"the most that they move the prediction on average, {amount(evidence, 1)}."
    )
