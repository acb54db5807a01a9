"""Dates: which columns tell the time, in which form, and whether the form leaves the day open."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from hot_core.io.limits import refuse
from hot_core.io.table_numbers import is_missing
from hot_core.io.table_text import name_rows

_CLOCK = r"\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?"
_ZONE = r"(?:\s*(?:Z|UTC|[+-]\d{2}:?\d{2}|[+-]\d{2}))?"
ISO = re.compile(rf"^\d{{4}}([-/.])\d{{1,2}}\1\d{{1,2}}(?:[T ]\s*{_CLOCK}{_ZONE})?$")
DAY_MONTH = re.compile(
    rf"^(?P<a>\d{{1,2}})(?P<sign>[./-])(?P<b>\d{{1,2}})(?P=sign)(?P<year>\d{{4}})"
    rf"(?:[T ,]+(?P<clock>{_CLOCK})\s*(?P<half>[AaPp][Mm])?)?$"
)
WORDED = re.compile(
    r"^(?:\d{1,2}[-. ]+[A-Za-z]{3,9}[-. ,]+\d{4}|[A-Za-z]{3,9}\.? \d{1,2},? \d{4}|\d{4}[- ][A-Za-z]{3,9}[- ]\d{1,2})"
    rf"(?:[T ,]+{_CLOCK}\s*(?:[AaPp][Mm])?)?$"
)
MONTHLY = re.compile(r"^\d{4}[-/]\d{1,2}$")
TWO_DIGIT_YEAR = re.compile(rf"^\d{{1,2}}[./-]\d{{1,2}}[./-]\d{{2}}(?:[T ]+{_CLOCK})?$")
COMPACT = re.compile(r"^(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:\d{2}){0,3}$")
CLOCK = re.compile(rf"^{_CLOCK}$")
_FORMS = (ISO, DAY_MONTH, WORDED, MONTHLY, TWO_DIGIT_YEAR)
_MEND = "Write the dates as 2013-01-31 06:00"


def looks_like_dates(column: pd.Series) -> bool:
    """Whether most filled cells of the column have the form of a date."""
    filled = column[~is_missing(column)]
    if filled.empty:
        return False
    unique = filled.unique()[:2000]
    # 20130131 may be any number: only the column's name makes it a date.
    forms = (*_FORMS, COMPACT) if re.search("date|time|stamp|datum|zeit", str(column.name).lower()) else _FORMS
    return max(sum(bool(form.match(text)) for text in unique) for form in forms) > len(unique) / 2


def looks_like_clock(column: pd.Series) -> bool:
    """Whether every cell is a time of day."""
    return bool(column.str.match(CLOCK).all())


def parse_dates(column: pd.Series, dayfirst: bool | None, name: str) -> tuple[pd.Series, list[str]]:
    """Time stamps of a text column.

    Args:
        column: stripped text.
        dayfirst: whether 01/02/2013 is the first of February; None lets the column prove it.
        name: the file's name, for sentences.

    Returns:
        datetime64[ns] stamps, without a zone or, where the file tells zones, in UTC; and notes.

    Raises:
        ReadError: when a row has no date, a wrong one, or the order of day and month stays open.
    """
    label = str(column.name)
    if bool(is_missing(column).any()):
        raise refuse(name, f"{name_rows(is_missing(column))} have no date in column '{label}'", "Fill in the dates")
    form = max((*_FORMS, COMPACT), key=lambda known: float(column.str.match(known).mean()))
    wrong = ~column.str.match(form)
    if bool(wrong.any()):
        raise refuse(name, f"column '{label}' has something else than a date in {name_rows(wrong)}", _MEND)
    if form is TWO_DIGIT_YEAR:
        raise refuse(name, f"column '{label}' has years of two digits", "Write the year with four digits")
    if form is DAY_MONTH:
        return _day_month(column, dayfirst, name)
    if form is ISO:
        return _iso(column, name)
    if form is COMPACT:
        padded = column.str.pad(14, side="right", fillchar="0")
        return _checked(pd.to_datetime(padded, errors="coerce", format="%Y%m%d%H%M%S"), label, name), []
    text = column.str.replace("/", "-") + "-01" if form is MONTHLY else column
    parsed = pd.to_datetime(text, errors="coerce", format="ISO8601" if form is MONTHLY else "mixed")
    return _checked(parsed, label, name), []


def _iso(column: pd.Series, name: str) -> tuple[pd.Series, list[str]]:
    text = column.str.replace(r"^(\d{4})[/.](\d{1,2})[/.](\d{1,2})", r"\1-\2-\3", regex=True)
    text = text.str.replace(r"(\d):(\d{2}(?::\d{2})?),(\d)", r"\1:\2.\3", regex=True).str.replace("UTC", "Z")
    text = text.str.replace(r"^(\d{4})-(\d)-", r"\1-0\2-", regex=True)
    text = text.str.replace(r"^(\d{4}-\d{2})-(\d)(?!\d)", r"\1-0\2", regex=True)
    text = text.str.replace(r"([T ])\s*(\d):", r"\g<1>0\2:", regex=True).str.replace(r"\s+([Z+-])", r"\1", regex=True)
    parsed = pd.to_datetime(text, errors="coerce", format="ISO8601", utc=True)
    zoned = bool(text.str.contains(r":.*(?:Z|[+-]\d{2}(?::?\d{2})?)$", regex=True).any())
    notes = ["Time stamps carry a time zone; they are shown in UTC."] if zoned else []
    return _checked(parsed if zoned else parsed.dt.tz_localize(None), str(column.name), name), notes


def _day_month(column: pd.Series, dayfirst: bool | None, name: str) -> tuple[pd.Series, list[str]]:
    parts = column.str.extract(DAY_MONTH)
    first, second = parts["a"].astype(int), parts["b"].astype(int)
    label = str(column.name)
    clock = _clock(parts["clock"], parts["half"])
    if dayfirst is None:
        dayfirst, why = _proof(first, second, parts["year"], clock, column, name)
        note = [f"In column '{label}' the {'day' if dayfirst else 'month'} comes first, as {why}."] if why else []
    else:
        note = []
    return _checked(_stamps(first, second, parts["year"], clock, dayfirst), label, name), note


def _proof(
    first: pd.Series, second: pd.Series, year: pd.Series, clock: pd.Series, column: pd.Series, name: str
) -> tuple[bool, str]:
    """Whether the day comes first, and what proves it."""
    if bool((first > 12).any()):
        return True, "some first numbers are above 12"
    if bool((second > 12).any()):
        return False, "some second numbers are above 12"
    if bool((first == second).all()):
        return True, ""
    even = {order: _evenly(_stamps(first, second, year, clock, order)) for order in (True, False)}
    if even[True] != even[False]:
        return even[True], "only so the steps are equal"
    raise refuse(
        name,
        f"in column '{column.name}' a date such as {column[first != second].iloc[0]} may mean two days",
        "Write dates as 2013-01-31, or say whether the day or the month comes first (option dayfirst)",
    )


def _evenly(stamps: pd.Series) -> bool:
    """Whether the different stamps, in the order of the file, have one step: fixed, or of whole months."""
    unique = stamps.drop_duplicates()
    if len(unique) < 3 or bool(unique.isna().any()):
        return False
    steps = unique.diff().iloc[1:]
    months = unique.dt.year * 12 + unique.dt.month
    monthly = bool(unique.dt.day.eq(unique.dt.day.iloc[0]).all()) and months.diff().iloc[1:].nunique() == 1
    fixed = steps.nunique() == 1 and steps.iloc[0] > pd.Timedelta(0)
    return bool(fixed or (monthly and months.diff().iloc[1] > 0))


def _stamps(first: pd.Series, second: pd.Series, year: pd.Series, clock: pd.Series, dayfirst: bool) -> pd.Series:
    day, month = (first, second) if dayfirst else (second, first)
    days = pd.to_datetime(pd.DataFrame({"year": year.astype(int), "month": month, "day": day}), errors="coerce")
    return days + clock


def _clock(text: pd.Series, half: pd.Series) -> pd.Series:
    """Time of day as a difference; 12 AM is midnight."""
    clock = text.fillna("0:00").str.replace(",", ".")
    clock = clock.where(clock.str.count(":") == 2, clock + ":00")
    passed = pd.to_timedelta(clock, errors="coerce")
    twelve = passed.dt.floor("h") == pd.Timedelta(hours=12)
    afternoon, morning = half.str.lower().eq("pm").fillna(False), half.str.lower().eq("am").fillna(False)
    passed = passed + pd.to_timedelta(np.where(afternoon & ~twelve, 12, 0), unit="h")
    return passed - pd.to_timedelta(np.where(morning & twelve, 12, 0), unit="h")


def _checked(stamps: pd.Series, label: str, name: str) -> pd.Series:
    if bool(stamps.isna().any()):
        raise refuse(name, f"column '{label}' has a date that does not exist in {name_rows(stamps.isna())}", _MEND)
    if not 1700 < int(stamps.dt.year.min()) <= int(stamps.dt.year.max()) < 2250:
        raise refuse(name, f"column '{label}' has years outside 1700 … 2250", "Check the dates")
    return stamps.dt.as_unit("ns")


def add_clock(stamps: pd.Series, clock: pd.Series) -> pd.Series:
    """Dates from one column and the time of day from another."""
    return stamps + _clock(clock, pd.Series("", index=clock.index))
