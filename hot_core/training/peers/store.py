"""Results as they come: one JSON line each, never changed, told apart by data set, kind, seed and minutes."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path

from hot_core.training.recipe import Numbers


@dataclass(frozen=True)
class Result:
    """One finished run.

    Attributes:
        dataset, kind, seed, minutes: which run it is; minutes are the budget.
        steps: steps done in the budget.
        best_step: the step whose weights the validation part chose.
        cpu_seconds: what the steps took.
        validation: the best score on the validation part.
        test: the plain scores on the test part.
    """

    dataset: str
    kind: str
    seed: int
    minutes: float
    steps: int = 0
    best_step: int = 0
    cpu_seconds: float = 0.0
    validation: float | None = None
    test: Numbers = field(default_factory=dict)

    @property
    def identity(self) -> tuple[str, str, int, float]:
        """What makes it the same run as another."""
        return self.dataset, self.kind, self.seed, self.minutes


def append(path: Path, result: Result) -> None:
    """Add a line in one piece, behind whatever a kill has left.

    Args:
        path: the file; made when it is not there.
        result: what was measured.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    torn = path.exists() and path.read_bytes()[-1:] not in {b"", b"\n"}
    line = ("\n" if torn else "") + json.dumps(asdict(result)) + "\n"
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(handle, line.encode())
        os.fsync(handle)
    finally:
        os.close(handle)


def read(path: Path) -> tuple[tuple[Result, ...], int]:
    """All results; of two with one identity the later counts.

    Args:
        path: the file; it need not be there.

    Returns:
        The results in the order of their lines, and how many lines were torn and count as not run.
    """
    found: dict[tuple[str, str, int, float], Result] = {}
    torn = 0
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else []:
        try:
            result = Result(**json.loads(line))
        except (json.JSONDecodeError, TypeError):
            torn += 1
            continue
        found.pop(result.identity, None)
        found[result.identity] = result
    return tuple(found.values()), torn


def replace(path: Path, text: str) -> None:
    """Write a text beside the old one, then put it in its place.

    Args:
        path: the file; its folder is made when it is not there.
        text: all of it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)
