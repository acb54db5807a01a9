"""Cells that may mean two things: dates whose day and month may be swapped, commas and points in numbers."""

from __future__ import annotations

from typing import Literal, TypeAlias

import pandas as pd

from hot_core.errors import ReadError
from hot_core.io.stamps import DAY_MONTH, parse_dates
from hot_core.io.table_numbers import Decimal, decide_decimal, is_missing, to_numbers

Found: TypeAlias = tuple[Literal["dayfirst", "decimal"], str, str, str, pd.Series, pd.Series, bool]
"""Answer, words, what is done, column, mask of the rows, their cells, whether an answer is needed."""

_GROUPED = r"^[-+]?[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?$"
_GROUPED_BY_POINTS = r"^[-+]?[1-9]\d{0,2}(?:\.\d{3})+(?:,\d+)?$"
_COMMA = r"^[-+]?\d+,\d+(?:[eE][-+]?\d+)?$"
_SURE_COMMA = r"^[-+]?\d+,(?:\d{1,2}|\d{4,})(?:[eE][-+]?\d+)?$"
_SURE_POINT = r"^[-+]?(?:0*\.\d+|\d+\.(?:\d{1,2}|\d{4,})|0\d*\.\d+|\d{4,}\.\d+)(?:[eE][-+]?\d+)?$"
OPEN = "The file is not read until you say which."


def date_findings(column: pd.Series, dayfirst: bool | None) -> list[Found]:
    """Dates such as 01/02/2013, which may be two days.

    Args:
        column: the column that tells the time, stripped text.
        dayfirst: what a person has said.

    Returns:
        At most one finding, with the rows whose day and month could be swapped.
    """
    parts = column.str.extract(DAY_MONTH)
    if not bool(parts["a"].notna().all()):
        return []
    first, second = parts["a"].astype(int), parts["b"].astype(int)
    either = (first <= 12) & (second <= 12) & (first != second)
    if not bool(either.any()):
        return []
    done, needs = _order(column, dayfirst)
    count = int(either.sum())
    words = f"{count:,} date{'' if count == 1 else 's'} such as {column[either].iloc[0]} may be two days"
    return [("dayfirst", words, done, str(column.name), either, column, needs)]


def _order(column: pd.Series, dayfirst: bool | None) -> tuple[str, bool]:
    """What is done about the order of day and month."""
    if dayfirst is not None:
        return f"The {'day' if dayfirst else 'month'} is taken first, as you said.", False
    try:
        notes = parse_dates(column, None, "the table")[1]
    except ReadError:
        return OPEN, True
    return (notes[0] if notes else "Both orders give the same days."), False


def decimal_findings(cells: pd.DataFrame, decimal: Decimal | None) -> list[Found]:
    """Numbers with commas, and points that may group thousands.

    Args:
        cells: text columns without the dates.
        decimal: what a person has said.

    Returns:
        One finding a column and kind, with the rows that show it.
    """
    try:
        sign = decide_decimal(cells, decimal, "the table")
    except ReadError:
        sign = None
    found: list[Found] = []
    # 1.234 in every cell proves nothing, since a point may group, too; one 1.5 or 0.123 anywhere proves the point
    proven = any(bool(cells[label].str.match(_SURE_POINT).any()) for label in cells)
    for label in map(str, cells.columns):
        column = cells[label]
        found += [] if decimal is None else _lost(column, decimal)
        for pattern, words in _kinds(sign, proven or decimal is not None):
            where = column.str.match(pattern)
            if bool(where.any()):
                done, example = _sign_words(sign, decimal), column[where].iloc[0]
                count = int(where.sum())
                text = f"{count:,} cell{'' if count == 1 else 's'} of {label} such as {example} {words}"
                found.append(("decimal", text, done, label, where, column, sign is None))
    return found


def _lost(column: pd.Series, said: Decimal) -> list[Found]:
    """Cells that are numbers only with the other decimal sign than what a person has said."""
    lost = to_numbers(column, said)[1]
    if not bool(lost.any()) or bool(to_numbers(column, "," if said == "." else ".")[1].any()):
        return []
    count, whole = int(lost.sum()), int(lost.sum()) * 2 >= int((~is_missing(column)).sum())
    name = "comma" if said == "," else "point"
    cells = f"{count:,} cell{'' if count == 1 else 's'} of {column.name} such as {column[lost].iloc[0]}"
    words = f"{cells} {'is no number' if count == 1 else 'are no numbers'} with a decimal {name}"
    done = "The column is left out." if whole else "The file is not read so: take the other sign, or mend the cells."
    return [("decimal", words, done, str(column.name), lost, column, False)]


def _kinds(sign: Decimal | None, proven: bool) -> list[tuple[str, str]]:
    """What to look for in a column, and what it means."""
    if sign is None:
        return [(_GROUPED, "may have a decimal comma or group thousands"), (_SURE_COMMA, "have a decimal comma")]
    if sign == ",":
        return [(_COMMA, "have a decimal comma"), (_GROUPED_BY_POINTS, "group thousands by points")]
    doubtful = [] if proven else [(_GROUPED_BY_POINTS, "may group thousands by points")]
    return [(_GROUPED, "group thousands by commas"), *doubtful]


def _sign_words(sign: Decimal | None, said: Decimal | None) -> str:
    """What is done about the decimal sign."""
    if sign is None:
        return OPEN
    name = "comma" if sign == "," else "point"
    if said is not None:
        return f"The {name} is taken as the decimal sign, as you said."
    return f"The {name} is taken as the decimal sign, as the table's other numbers have it."
