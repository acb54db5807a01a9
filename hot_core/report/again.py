"""How to have a report again: the command that gives it, or what the command line cannot be told."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from hot_core.evidence import Evidence, Target
from hot_core.report.choices import Inspection
from hot_core.report.summary import Check

READ = (
    "Answers that were given while the table was read (rows of one time, day or month first, decimal sign, rows beside "
    "the step, shifted series, divided series) are not kept: give the same ones, see --help."
)


def again(shown: Inspection, evidence: Evidence | None, checks: Mapping[str, Check]) -> dict[str, str]:
    """The command, or a sentence on why there is none, and what has to be known beside it.

    Args:
        shown: what is reported.
        evidence: that of the report.
        checks: "sanity" and "stability" where they were asked for.

    Returns:
        `command`, "" where none gives the same; `missing`, a sentence or "".
    """
    lacking = without(shown, evidence, checks)
    if lacking:
        told = f"No command gives this report again: the command line has no option for {' and '.join(lacking)}."
        return {"command": "", "missing": told}
    return {
        "command": command(shown, evidence, checks),
        "missing": READ if shown.analysis.sample.kind == "series" else "",
    }


def without(shown: Inspection, evidence: Evidence | None, checks: Mapping[str, Check]) -> list[str]:
    """What of a report the command line cannot be told."""
    focus, settings = shown.focus, shown.analysis.provenance["settings"]
    seeds = {one.summary().get("seed", settings["seed"]) for one in checks.values()} | (
        {evidence.seed} if evidence else set()
    )
    found = {
        "the whole model": shown.rolled,
        "heads weighted by what they put out": not shown.rolled and focus.weights != "equal",
        "chosen entities or variables": bool(settings["entities"] or settings["variables"]),
        "evidence on another map than the one shown": evidence is not None and evidence.focus != focus,
        "another seed for the evidence than for the analysis": bool(seeds - {settings["seed"]}),
    }
    return [words for words, lacks in found.items() if lacks]


def command(shown: Inspection, evidence: Evidence | None, checks: Mapping[str, Check]) -> str:
    """The command for what it can be told, see `without`; names of a file stand in it nowhere."""
    focus, settings = shown.focus, shown.analysis.provenance["settings"]
    words = ["python -m hot_core explain FILE --model", shlex.quote(shown.analysis.model_name), "--out DIR --report"]
    words += [f"--layer {focus.layer} --query {listed(focus.query)} --direction {shown.choices.direction}"]
    words += [f"--key {listed(shown.key)}"] if shown.key is not None else []
    words += [f"--head {focus.head}"] * (focus.head is not None)
    words += [f"--seed {settings['seed']}"]
    words += [f"--device {settings['device']}"] * (settings["device"] != "cpu")
    words += [f"--window {settings['window']}"] * (settings["window"] is not None)
    words += [f"--region {box(settings['region'])}"] if settings["region"] is not None else []
    words += [f"--hide {box(part)}" for part in settings["hidden"]]
    words += [f"--volume {settings['volume']}"] * (settings["volume"] > 0)
    words += [f"--bands {','.join(shown.analysis.sample.roles)}"] if shown.analysis.sample.roles else []
    return " ".join([*words, *asked(shown, evidence), *(f"--{name}" for name in checks)])


def asked(shown: Inspection, evidence: Evidence | None) -> list[str]:
    """The options for the evidence; none for what the command does without being told."""
    if evidence is None:
        return ["--evidence none"]
    target, usual = evidence.target, Target(token=shown.query)
    words = [f"--evidence {evidence.form.name}"] * (evidence.form.name != "quick")
    words += [f"--target-step {target.step}"] * (target.step is not None)
    words += [f"--target-token {listed(target.token)}"] if target.token not in (None, usual.token) else []
    words += [f"--target-label {target.label}"] * (target.label is not None)
    words += [f"--target-area {target.area}"] * (target.area != usual.area)
    return words


def listed(token: Sequence[int]) -> str:
    """A token as an option takes it."""
    return ",".join(map(str, token))


def box(part: Any) -> str:
    """One interval for each axis as an option takes it."""
    return ",".join(f"{start}:{stop}" for start, stop in part)
