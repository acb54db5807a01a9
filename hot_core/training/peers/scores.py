"""What is compared on each data set, and which number leads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hot_core.training.peers.store import Result


@dataclass(frozen=True)
class Task:
    """The scores of a data set.

    Attributes:
        columns: key in the recipe's numbers → column head.
        main: keys whose mean leads the comparison.
        main_title: its name.
        lower: whether lower is better.
        test: what the scores are from.
        sample: what one inference is timed on.
    """

    columns: Mapping[str, str]
    main: tuple[str, ...]
    main_title: str
    lower: bool
    test: str
    sample: str

    def value(self, result: Result) -> float:
        """The leading number of a result."""
        return sum(result.test[key] for key in self.main) / len(self.main)


TASKS: Mapping[str, Task] = {
    "air-quality": Task(
        {"mse": "MSE", "mae": "MAE"}, ("mse",), "MSE", True,
        "errors on the test part, last 20 % of the time, 96 h → 24 h, one window a day, z units; lower is better",
        "12 stations × 10 variables × 96 hours",
    ),
    "hippocampus": Task(
        {"anterior": "Dice anterior", "posterior": "Dice posterior"}, ("anterior", "posterior"), "mean Dice", False,
        "Dice of each held-out subject, averaged; higher is better",
        "36 × 52 × 36 voxels",
    ),
}  # fmt: skip


def by_kind(results: Sequence[Result], dataset: str) -> dict[str, dict[int, Result]]:
    """The results of one data set at one budget, that of its last line.

    Args:
        results: in the order in which they came.
        dataset: which.

    Returns:
        Kind → seed → result; seeds in order.
    """
    own = [result for result in results if result.dataset == dataset]
    of_budget = [result for result in own if result.minutes == own[-1].minutes]
    found: dict[str, dict[int, Result]] = {}
    for result in sorted(of_budget, key=lambda each: each.seed):
        found.setdefault(result.kind, {})[result.seed] = result
    return found
