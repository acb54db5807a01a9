"""The intake report of a table: everything that could be read in two ways, with its rows, and what is done about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import pandas as pd

from hot_core.errors import ReadError
from hot_core.io.blob import Blob
from hot_core.io.intake_cells import date_findings, decimal_findings
from hot_core.io.layout import entity_column, headings, wide_layout
from hot_core.io.limits import Limits
from hot_core.io.recognise import is_gzip
from hot_core.io.regular import RESAMPLE, dated_grid, regular_axis, rows_of, settle_irregular, stamp_in_words
from hot_core.io.rescale import unit_surprises
from hot_core.io.shifted import find_shifts, settle_shifted
from hot_core.io.steps import Grid, find_grid, time_numbers
from hot_core.io.table_numbers import decide_decimal, numeric_columns
from hot_core.io.table_text import parse_table
from hot_core.io.tabular import TableOptions
from hot_core.io.time_column import dated_label, find_time, without_time
from hot_core.io.units import take_units_row

Answer: TypeAlias = Literal["duplicates", "dayfirst", "decimal", "irregular", "shifted", "scale", "step", "gaps"]
"""The option of `read` that settles a finding; about "step" and "gaps" there is nothing to choose."""


@dataclass(frozen=True)
class Finding:
    """One thing that could be read in two ways.

    Attributes:
        answer: the option of `read` that says which, or what a mere remark is about.
        words: what was found.
        done: what is done about it now.
        rows: the data rows that show it, counted from 1 below the header; () where it is a whole column.
        cells: what stands in those rows.
        column: where.
        open: whether the file cannot be read until somebody says which.
        scaled: entity, variable and divisor that are offered, for "scale".
    """

    answer: Answer
    words: str
    done: str
    rows: tuple[int, ...] = ()
    cells: tuple[str, ...] = ()
    column: str = ""
    open: bool = False
    scaled: tuple[str, str, float] | None = None


def intake(data: bytes, name: str, options: TableOptions) -> tuple[Finding, ...]:
    """Look a table over before it is read; nothing is decided here.

    Args:
        data: the file, gzipped or not.
        name: its name, for sentences.
        options: what a person has said about it.

    Returns:
        What could be read in two ways, what needs an answer first; () for what is no table at all.
    """
    blob, limits = Blob.of(data, name), Limits()
    try:
        if is_gzip(blob.head):
            blob = blob.decompressed(limits.text)
        cells, _ = take_units_row(parse_table(blob.data, name).cells)
        found = _look(cells, options, name)
    except ReadError:  # the reader says what is wrong; here is only what has two meanings
        return ()
    return tuple(sorted(found, key=lambda finding: not finding.open))


def intake_csv(findings: tuple[Finding, ...]) -> bytes:
    """Every finding with every row as a table: option, what was found, column, data row, cell, what is done."""
    columns = ["about", "found", "column", "data_row", "cell", "done"]
    lines = [
        (one.answer, one.words, one.column, row, cell, one.done)
        for one in findings
        for row, cell in (zip(one.rows, one.cells, strict=True) if one.rows else [(None, "")])
    ]
    table = pd.DataFrame(lines, columns=columns).astype({"data_row": "Int64"})
    return bytes(table.to_csv(index=False, lineterminator="\n").encode("utf-8"))


def _look(cells: pd.DataFrame, options: TableOptions, name: str) -> list[Finding]:
    """Dates, then signs, then rows and sizes: what stands on an open question is looked at when it is answered."""
    dated = dated_label(cells)  # other columns of dates are not used, so that nothing is asked about them
    found = [] if dated is None else [_finding(*one) for one in date_findings(cells[dated], options.dayfirst)]
    if any(one.open for one in found):
        rest = cells.drop(columns=[dated])
        return found + [_finding(*one) for one in decimal_findings(rest, options.decimal)]
    time = find_time(cells, options.dayfirst, name)
    rest = without_time(cells, time)
    found += [_finding(*one) for one in decimal_findings(rest, options.decimal)]
    if any(one.open for one in found):
        return found
    try:
        numbers, texts, empty = numeric_columns(rest, decide_decimal(rest, options.decimal, name), name)
    except ReadError:  # the reader names the cells that are text
        return found
    entity = entity_column(rest, texts, time.stamps)
    numbers = numbers.drop(columns=[entity, *empty], errors="ignore")
    names = None if entity is None else rest[entity]
    if time.stamps is not None:
        found += _rows(time.stamps, names, time.label, options)
    return found + _sizes(numbers, names, options, name)


def _finding(
    answer: Answer, words: str, done: str, column: str, where: pd.Series, cells: pd.Series, needs: bool
) -> Finding:
    """A finding from the mask of its rows."""
    rows = np.asarray(where).nonzero()[0]
    texts = tuple(str(cells.iloc[row]) for row in rows)
    return Finding(answer, words, done, tuple(int(row) + 1 for row in rows), texts, column, needs)


def _rows(stamps: pd.Series, names: pd.Series | None, label: str, options: TableOptions) -> list[Finding]:
    """Rows beside the step, rows that repeat a time, and rows after which some are missing."""
    frame = pd.DataFrame({"time": stamps})
    found: list[Finding] = []
    if names is not None:
        found = _between(stamps, names, label, options)
        if any(one.open for one in found):  # the step of the rest depends on it
            return found
        frame = frame.assign(entity=names, time=settle_shifted(stamps, names, options.shifted, label)[0])
    found += _beside(frame["time"], label, options)
    settled, _, grid = settle_irregular(frame, options.irregular)
    repeated = settled.duplicated().reindex(frame.index, fill_value=False)
    if bool(repeated.any()):
        done = {
            "error": "The file is not read until you say what to do.",
            "first": "The first row of each time is kept, as you said.",
            "mean": "Their mean is taken, as you said.",
        }[options.duplicates]
        words = f"{rows_of(repeated)} with a time stamp that stands in an earlier one"
        words += _clock_change(stamps[repeated]) if time_numbers(stamps)[1] else ""
        found.append(_finding("duplicates", words, done, label, repeated, stamps, options.duplicates == "error"))
    if any(one.open or one.answer == "step" for one in found):
        return found
    return found + _gaps(settled.drop_duplicates(), grid, stamps, label)


def _between(stamps: pd.Series, names: pd.Series, label: str, options: TableOptions) -> list[Finding]:
    """Entities whose times all lie between those of the others."""
    done = {
        "error": "The file is not read until you say what to do.",
        "keep": "All times are kept, as you said; what lies between is missing.",
        "before": "They are moved to the step before, as you said.",
        "after": "They are moved to the step after, as you said.",
    }[options.shifted]
    stuck = "They cannot all be kept: no step holds all times. Say that they are moved."
    keep, found = options.shifted == "keep", []
    for one in find_shifts(stamps, names):
        waits = options.shifted == "error" or (keep and bool(one.trouble))
        said = stuck if keep and waits else done
        found.append(
            _finding("shifted", one.words, said, label, pd.Series(one.rows, index=stamps.index), stamps, waits)
        )
    return found


def _beside(stamps: pd.Series, label: str, options: TableOptions) -> list[Finding]:
    """Rows beside the step with a choice, or, where no choice about rows helps, that there is no step."""
    values, dated = time_numbers(stamps)
    grid = dated_grid(stamps) if dated else find_grid(values, False) if stamps.nunique() > 1 else None
    if grid is None:
        return []
    wrong = grid.off(values)
    if trouble := grid.trouble(values):
        return [
            Finding(
                "step", f"{trouble[0].upper()}{trouble[1:]}", f"{RESAMPLE}; the file is not read so.", (), (), label
            )
        ]
    if not wrong.any():
        return []
    words, mask = (
        f"{rows_of(wrong)} beside the most frequent step of {grid.words}",
        pd.Series(wrong, index=stamps.index),
    )
    if not dated:
        return [_finding("step", words, "Correct these rows; the file is not read so.", label, mask, stamps, False)]
    done = {
        "error": "The file is not read until you say what to do.",
        "drop": "These rows are left out, as you said.",
        "nearest": "They are moved to the nearest step, as you said.",
    }[options.irregular]
    return [_finding("irregular", words, done, label, mask, stamps, options.irregular == "error")]


def _gaps(frame: pd.DataFrame, grid: Grid | None, stamps: pd.Series, label: str) -> list[Finding]:
    """Rows after which steps are missing, each entity by itself."""
    if frame["time"].nunique() < 2:
        return []
    places = pd.Series(regular_axis(frame["time"], "the table", settled=grid).places, index=frame.index).sort_values()
    owner = frame["entity"] if "entity" in frame else pd.Series("", index=frame.index)
    after = -places.groupby(owner.loc[places.index], sort=False).diff(-1) - 1  # the last row of each has NaN
    missing = after.reindex(stamps.index).fillna(0).astype(int)
    if not missing.any():
        return []
    total = int(missing.sum())
    words = f"{total:,} missing step{'' if total == 1 else 's'} after {rows_of(missing > 0)}"
    cells = stamps.map(stamp_in_words) + ", then " + missing.map("{:,}".format) + " missing"
    done = "It stays a gap." if total == 1 else "They stay gaps."
    return [_finding("gaps", words, done, label, missing > 0, cells, False)]


def _clock_change(stamps: pd.Series) -> str:
    """A remark where all repeated hours are those at which clocks go back: a Sunday night in autumn."""
    autumn = stamps.dt.month.isin([10, 11]) if bool((stamps.dt.month > 6).all()) else stamps.dt.month.isin([3, 4])
    if bool((autumn & (stamps.dt.day_of_week == 6) & (stamps.dt.hour <= 3)).all()):
        return "; it looks like the night when clocks go back (give the times in UTC to tell both hours apart)"
    return ""


def _sizes(numbers: pd.DataFrame, names: pd.Series | None, options: TableOptions, name: str) -> list[Finding]:
    """Series about 100 or 1000 times the same variable elsewhere."""
    numbers = numbers.abs().where(numbers != 0)  # hours without rain say nothing about its unit
    if names is None:
        layout = wide_layout([str(label) for label in numbers], name)
        entities, variables = layout.entities, layout.variables
        median = numbers.median()
        sizes = np.array([[float(median[layout.columns[e, v]]) for v in variables] for e in entities])
    else:
        grouped = numbers.groupby(names, sort=False).median()
        entities = tuple(str(one) for one in grouped.index)
        variables = tuple(heading.name for heading in headings([str(label) for label in numbers]))
        sizes = grouped.to_numpy(dtype=np.float64)
    said = {(entity, variable) for entity, variable, _ in options.scale}
    found = []
    for e, v, divisor in unit_surprises(sizes):
        pair = f"{entities[e]} · {variables[v]}"
        times = f"{divisor:,g} times" if divisor >= 1 else f"1/{1 / divisor:,g} of"
        done = "It is divided, as you said." if (entities[e], variables[v]) in said else "It is taken as it stands."
        words = f"{pair} is about {times} {variables[v]} elsewhere: it may be in another unit"
        found.append(Finding("scale", words, done, column=pair, scaled=(entities[e], variables[v], divisor)))
    return found
