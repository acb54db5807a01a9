"""From text cells to numbers: missing values, decimal comma, columns that are not numbers."""

from __future__ import annotations

import re
from typing import Literal

import numpy as np
import pandas as pd

from hot_core.io.limits import refuse
from hot_core.io.table_text import name_rows

MISSING = frozenset(
    ("", "na", "n/a", "#n/a", "nan", "#nan", "null", "none", "nil", "-", "--", "?", ".", "missing", "<na>")
)
_MINUS = "\u2212"
_COMMA = re.compile(r"^[-+]?(\d+|\d{1,3}(\.\d{3})+),\d+([eE][-+]?\d+)?$")
_COMMA_THOUSANDS = re.compile(r"^[-+]?\d{1,3}(,\d{3})+(\.\d+)?$")
_POINT = re.compile(r"^[-+]?\d{1,3}(,\d{3})*\.\d+([eE][-+]?\d+)?$|^[-+]?\d*\.\d+([eE][-+]?\d+)?$")
_AMBIGUOUS = re.compile(r"^[-+]?[1-9]\d{0,2},\d{3}$")
_POINT_THOUSANDS = re.compile(r"^[-+]?[1-9]\d{0,2}\.\d{3}$")

_PLAIN = frozenset("0123456789.-")

Decimal = Literal[".", ","]


def is_missing(column: pd.Series) -> pd.Series:
    """Which cells say that there is no value."""
    return column.str.lower().isin(MISSING)


def decide_decimal(cells: pd.DataFrame, asked: Decimal | None, name: str) -> Decimal:
    """The decimal sign of a table, when its cells prove it.

    `1,5` proves the comma, `1.5` the point. `1,234` alone may be either: then the person is asked.

    Args:
        cells: text columns without the dates.
        asked: what the person says, or None.
        name: the file's name, for sentences.

    Returns:
        The sign; "." when no cell has one.

    Raises:
        ReadError: when the cells contradict each other or leave it open.
    """
    if asked is not None:
        return asked
    # the different cells of the whole table at once: a few string operations, however many columns there are
    unique = pd.Series(pd.unique(cells.to_numpy(dtype=object).ravel()), dtype="str")
    unique = unique.str.replace(_MINUS, "-", regex=False)
    signed = unique[unique.str.contains(r"^[-+]?[\d.]*[.,][\d.,]*\d(?:[eE][-+]?\d+)?$", regex=True)]
    open_case = signed.str.match(_AMBIGUOUS)
    comma = bool((signed.str.match(_COMMA) & ~open_case).any())
    grouped = signed.str.match(_COMMA_THOUSANDS) & ~open_case
    # 1.234 proves nothing; without any comma in the table it is read as programs write it, with a point.
    sure_point = signed.str.match(_POINT) & ~signed.str.match(_POINT_THOUSANDS)
    point = bool((grouped | sure_point).any())
    if comma and point:
        raise refuse(
            name,
            "some numbers have a decimal comma and others a decimal point",
            "Use one sign, or say which one is decimal (option decimal)",
        )
    if bool(open_case.any()) and not comma and not point:
        doubtful = next(label for label in cells if cells[label].isin(signed[open_case]).any())
        raise refuse(
            name,
            f"column '{doubtful}' has numbers such as 1,234, which may be 1.234 or 1234",
            "Say whether the comma or the point is the decimal sign (option decimal)",
        )
    return "," if comma else "."


def to_numbers(column: pd.Series, decimal: Decimal) -> tuple[pd.Series, pd.Series]:
    """Numbers of a text column, and which cells are neither number nor missing.

    Args:
        column: stripped text.
        decimal: the decimal sign; the other sign may group thousands.

    Returns:
        float64 values (NaN where there is none), and a mask of the cells that are text.
    """
    missing = is_missing(column)
    if decimal == "." and set("".join(column)) <= _PLAIN:  # nothing grouped, no exponent: the usual column, fast
        values = pd.to_numeric(column.mask(missing), errors="coerce").astype("float64")
        return values.mask(np.isinf(values)), ~missing & values.isna()
    text = column.str.replace(_MINUS, "-", regex=False)
    if decimal == ",":
        grouped = text.str.match(r"^[-+]?\d{1,3}(\.\d{3})+(,\d+)?$")
        text = text.mask(grouped, text.str.replace(".", "", regex=False)).str.replace(",", ".", regex=False)
    else:
        grouped = text.str.match(_COMMA_THOUSANDS)
        text = text.mask(grouped, text.str.replace(",", "", regex=False))
    plain = text.str.match(r"^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d{1,3})?$")
    values = pd.to_numeric(text.where(plain & ~missing), errors="coerce").astype("float64")
    infinite = np.isinf(values) | text.str.lower().isin({"inf", "-inf", "+inf"})
    return values.mask(infinite), ~missing & ~plain & ~infinite


def numeric_columns(cells: pd.DataFrame, decimal: Decimal, name: str) -> tuple[pd.DataFrame, list[str], list[str]]:
    """Split columns into numbers, text, and empty.

    Args:
        cells: text columns.
        decimal: the decimal sign.
        name: the file's name, for sentences.

    Returns:
        The numeric columns (empty ones among them, all NaN), the names of text columns, of empty columns.

    Raises:
        ReadError: when a column of numbers holds some text.
    """
    numbers: dict[str, pd.Series] = {}
    texts, empty = [], []
    for label in cells:
        values, text = to_numbers(cells[label], decimal)
        filled = int((~is_missing(cells[label])).sum())
        wrong = int(text.sum())
        if wrong and wrong * 2 >= filled:
            texts.append(str(label))
            continue
        if wrong:
            raise refuse(
                name,
                f"column '{label}' holds text among its numbers, in {name_rows(text)}",
                "Leave these cells empty, or take the column out",
            )
        if not filled:
            empty.append(str(label))
        numbers[str(label)] = values
    return pd.DataFrame(numbers, index=cells.index), texts, empty
