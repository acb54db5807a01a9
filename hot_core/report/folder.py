"""Everything that `explain` writes, as files in a folder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from hot_core.analysis.result import Analysis
from hot_core.evidence import Evidence
from hot_core.evidence.summary import target_words
from hot_core.export import factors_bytes, field_bytes, prediction_bytes
from hot_core.export.manifest import prediction_summary
from hot_core.models import HOTModel
from hot_core.report.choices import Choices, Inspection
from hot_core.report.document import report
from hot_core.report.summary import Check, json_text, stamped, summary
from hot_core.scene import OVERLAP, WINDOW
from hot_core.transforms import Segmentation

WINDOWS = {"window": WINDOW, "overlap": OVERLAP}


def write(
    analysis: Analysis, out: Path, choices: Choices, *, whole: Callable[[], Segmentation] | None = None,
    evidence: Callable[[], Evidence] | None = None, checks: Callable[[], dict[str, Check]] | None = None,
    reported: HOTModel | None = None, personal: bool = False,
) -> str:  # fmt: skip
    """Write every file; nothing is written when layer, head or token does not exist.

    Args:
        analysis: what is written.
        out: the folder; made when it is not there.
        choices: which map and position.
        whole: predicts the whole scene; None for none.
        evidence: gathers the evidence; None for none.
        checks: makes the further checks, "sanity" and "stability"; None for none.
        reported: the model, where report.html is written too; None for no report.
        personal: whether the file's name may stand in report and analysis.json.

    Returns:
        The reading, that of the pair where there is a key, and the verdict where evidence was gathered.
    """
    focus, shown = choices.focus, Inspection(analysis, choices)
    field_file, field_suffix, _ = field_bytes(
        analysis, analysis.field(focus.layer, focus.head, focus.query, choices.direction)
    )  # fmt: skip
    prediction_file, prediction_suffix, _ = prediction_bytes(analysis)
    files = {
        "factors.npz": factors_bytes(analysis),
        f"field{field_suffix}": field_file,
        f"prediction{prediction_suffix}": prediction_file,
    }
    reading, shown_pair = shown.reading, shown.pair  # a key that does not exist is told before the long work
    found, checked = None if evidence is None else evidence(), {} if checks is None else checks()
    written = datetime.now(UTC)
    about = summary(shown, found, checked, personal=personal)
    if whole is not None:
        scene = replace(analysis, prediction=whole())
        files["scene.tif"] = prediction_bytes(scene)[0]
        about["scene"] = {**prediction_summary(scene.prediction), **WINDOWS}
    if reported is not None:
        files["report.html"] = report(
            analysis, reported, choices, found, **checked, personal=personal, written=written
        )  # fmt: skip
    about["files"] = sorted(files)
    out.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (out / name).write_bytes(content)
    (out / "analysis.json").write_text(json_text(stamped(about, written)), encoding="utf-8")
    verdict = "" if found is None else verdict_words(shown, found)
    return "\n".join(said for said in (reading, shown_pair, verdict) if said)


def verdict_words(shown: Inspection, evidence: Evidence) -> str:
    """The verdict in a sentence, with the map and the prediction that it is about."""
    found, where = evidence.judgement, shown.place(evidence.focus.query)
    return (
        f"{evidence.focus.words.capitalize()} at {where}: {found.verdict} as an explanation of "
        f"{target_words(evidence)}; {found.reason}."
    )
