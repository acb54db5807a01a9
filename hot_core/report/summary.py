"""`analysis.json`: the analysis with its choices and its evidence in plain values."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, Protocol, runtime_checkable

from hot_core.evidence import Evidence
from hot_core.evidence import summary as evidence_summary
from hot_core.evidence.summary import plain
from hot_core.export import manifest
from hot_core.report.choices import Inspection
from hot_core.report.hardware import hardware


@runtime_checkable
class Check(Protocol):
    """A further check of a map, such as of its sanity or its stability: in words and in numbers."""

    @property
    def words(self) -> Any: ...  # noqa: D102

    def summary(self) -> Any: ...  # noqa: D102


def summary(
    shown: Inspection, evidence: Evidence | None = None, checks: dict[str, Check] | None = None,
    *, personal: bool = False,
) -> dict[str, Any]:  # fmt: skip
    """The analysis in values that JSON knows; the same analysis gives the same summary.

    Without the time and the machine, which `stamped` adds apart from the numbers.

    Args:
        shown: the analysis and what of it is shown.
        evidence: of the map that is shown; None where none was gathered.
        checks: further ones, by name.
        personal: whether the file's name may stand in it.

    Returns:
        The manifest, the choices with their places in the data's own coordinates, and the evidence.
    """
    focus, grid = shown.focus, shown.analysis.grid
    places = {"query": shown.place(focus.query)} | ({} if shown.key is None else {"key": shown.place(shown.key)})
    about = manifest(shown.analysis)
    about["chosen"] = {
        "shown": focus.shown,
        "layer": None if shown.rolled else focus.layer,
        "head": focus.head,
        "weights": None if shown.rolled or focus.head is not None else focus.weights,
        "query": [int(at) for at in focus.query],
        "key": None if shown.key is None else [int(at) for at in shown.key],
        "direction": shown.choices.direction,
        "places": places,
        "native": [[part.start, part.stop] for part in grid.native_of(focus.query)],
        "uniform": shown.uniform,
        "reading": shown.reading,
    }
    about["evidence"] = None if evidence is None else evidence_summary(evidence)
    about["checks"] = {name: {"words": plain(c.words), **plain(c.summary())} for name, c in (checks or {}).items()}
    if personal:
        about["file"] = shown.analysis.sample.source.name
    return about


def stamped(about: dict[str, Any], written: datetime | None = None) -> dict[str, Any]:
    """A summary with the machine and the time, which may differ where the numbers do not."""
    when = written or datetime.now(UTC)
    return {**about, "hardware": hardware(), "written": when.isoformat(timespec="seconds")}


def json_text(about: dict[str, Any]) -> str:
    """The values as the text of a file."""
    return json.dumps(about, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
