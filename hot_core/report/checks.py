"""The tables of the further checks, sanity and stability: one row for each change, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hot_core.report.tables import Table, cell, plain_words, rank

CAPTIONS = {
    "steps": "Weights made random: the map and the prediction before and after",
    "controls": "For comparison: the map with another attention",
    "perturbations": "Small changes of the input, and another training: the map and the prediction before and after",
}
HEADS = {
    "name": "what was changed", "way": "how", "parts": "parts of the model", "matters": "can the map depend on it?",
    "rho": "rank correlation of the map with itself", "draws": "draws", "kind": "kind of change",
}  # fmt: skip
WAYS = {
    "all": "everything at once", "alone": "alone", "cascade": "with all that comes after it", "control": "comparison",
}  # fmt: skip
AFTER = "no: it comes after the map"


def check_tables(found: Mapping[str, Any]) -> list[Table]:
    """Whatever a further check holds as lists of rows: each list is a table, three numbers are mean and interval.

    Args:
        found: the summary of `hot_core.evidence.sanity`, of `stability`, or of another check.

    Returns:
        One table for each list, with heads in words and units.
    """
    tables = []
    for name, value in found.items():
        if not (isinstance(value, list) and value and all(isinstance(row, dict) for row in value)):
            continue
        columns = [key for key in value[0] if told(key, value)]
        rows = [[cell_of(key, row.get(key)) for key in columns] for row in value]
        caption = CAPTIONS.get(name, plain_words(name))
        if any(row.get("matters") is False for row in value):
            caption += ". A layer's attention cannot depend on what comes after it: such rows count for nothing"
        tables.append(Table(caption, [head(key, found) for key in columns], rows))
    return tables


def told(key: str, rows: list[dict[str, Any]]) -> bool:
    """Whether a column says something: parts stand in the names of the rows, and a comparison has nothing else."""
    control = all(row.get("way") == "control" for row in rows)
    hidden = ("parts", "way", "matters", "prediction_change") if control else ("parts",)
    return key not in hidden and not isinstance(rows[0][key], dict)


def head(key: str, found: Mapping[str, Any]) -> str:
    """The head of a column, with the unit of the change where it is known."""
    if key == "prediction_change":
        measure, unit = found.get("measure") or "change of the prediction", found.get("unit")
        return f"{measure} ({unit})" if unit else str(measure)
    return HEADS.get(key, plain_words(key))


def cell_of(key: str, value: Any) -> str:
    """One value as text, by its column."""
    if key == "rho" and isinstance(value, list):
        return rank(*value)
    if key == "matters":
        return "yes" if value else AFTER
    return WAYS.get(value, str(value)) if key == "way" else cell(value)
