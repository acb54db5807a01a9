"""An experiment's result as files: a table for people, a table for programs, a figure that opens without a network."""

from __future__ import annotations

import csv
import io
import json
import platform
from pathlib import Path

import torch

from hot_core.experiments.finding import Experiment, Finding, Plan, Table


def write(experiment: Experiment, plan: Plan, finding: Finding, folder: Path, seconds: float) -> str:
    """Write NAME.md, NAME.csv, NAME.json and NAME.html.

    Args:
        experiment: what was asked.
        plan: how it was run.
        finding: what came out.
        folder: where to; made when it is not there.
        seconds: how long it took.

    Returns:
        The page in Markdown, the text of NAME.md.
    """
    folder.mkdir(parents=True, exist_ok=True)
    page = markdown(experiment, plan, finding, seconds, folder)
    (folder / f"{experiment.name}.md").write_text(page, encoding="utf-8")
    (folder / f"{experiment.name}.csv").write_text(table_csv(finding), encoding="utf-8")
    (folder / f"{experiment.name}.json").write_text(record(experiment, plan, finding, seconds), encoding="utf-8")
    finding.figure.write_html(folder / f"{experiment.name}.html", include_plotlyjs=True, full_html=True)
    return page


def markdown(experiment: Experiment, plan: Plan, finding: Finding, seconds: float, folder: Path | None = None) -> str:
    """The page: question, answer, table, notes, settings, and the command that makes it again.

    Args:
        experiment: what was asked.
        plan: how it was run.
        finding: what came out.
        seconds: how long it took.
        folder: where the page will lie; a picture NAME.png that lies there is shown, else NAME.html is linked.

    Returns:
        The text of NAME.md.
    """
    name = experiment.name
    shown = folder is not None and (folder / f"{name}.png").is_file()
    drawn = f"![{name}]({name}.png) " if shown else f"[{name}.html]({name}.html), "
    seeds = " ".join(f"--seed {seed}" for seed in plan.seeds)
    quick = " --quick" if plan.quick else ""
    lines = [f"# {experiment.title}", "", experiment.question, ""]
    if plan.quick:
        lines += ["*A quick run: it proves that the experiment works; its numbers mean nothing.*", ""]
    lines += [finding.answer, "", *table_markdown(finding), ""]
    for table in finding.more:
        lines += [f"## {table.title}", "", *table_markdown(table), ""]
    lines += [f"- {note}" for note in finding.notes]
    settings = ", ".join(f"{name} {value}" for name, value in finding.settings.items())
    lines += [
        f"- Settings: {settings}." if settings else "",
        f"- Source: {experiment.source}.",
        f"- Figure: {drawn}{finding.alt}",
        f"- Made by `python -m hot_core experiment {experiment.name} {seeds}{quick}` in {seconds:.0f} s on "
        f"{torch.get_num_threads()} threads, torch {torch.__version__}, Python {platform.python_version()}.",
    ]
    return "\n".join(line for at, line in enumerate(lines) if line or lines[at - 1]) + "\n"


def table_markdown(table: Finding | Table) -> list[str]:
    """The table's lines in Markdown; columns of numbers are set to the right."""
    numeric = [all(not isinstance(row[at], str) for row in table.rows) for at in range(len(table.columns))]
    head = "| " + " | ".join(column.title for column in table.columns) + " |"
    rule = "|" + "|".join("---:" if right else "---" for right in numeric) + "|"
    return [head, rule, *("| " + " | ".join(cells) + " |" for cells in texts(table))]


def texts(table: Finding | Table) -> list[list[str]]:
    """The table's cells as they are written."""
    return [[column.text(cell) for column, cell in zip(table.columns, row, strict=True)] for row in table.rows]


def table_csv(finding: Finding) -> str:
    """The table with full digits, for programs."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([column.title for column in finding.columns])
    writer.writerows(finding.rows)
    return out.getvalue()


def record(experiment: Experiment, plan: Plan, finding: Finding, seconds: float) -> str:
    """Everything as JSON."""
    told = {
        "experiment": experiment.name,
        "question": experiment.question,
        "answer": finding.answer,
        "seeds": list(plan.seeds),
        "quick": plan.quick,
        "settings": finding.settings,
        "columns": [column.title for column in finding.columns],
        "rows": [list(row) for row in finding.rows],
        "more": [
            {"title": table.title, "columns": [c.title for c in table.columns], "rows": [list(r) for r in table.rows]}
            for table in finding.more
        ],
        "notes": list(finding.notes),
        "seconds": round(seconds, 1),
        "torch": torch.__version__,
    }
    return json.dumps(told, indent=2, ensure_ascii=False) + "\n"
