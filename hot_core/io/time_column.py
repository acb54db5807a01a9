"""Which columns tell the time of a row: a date, date and clock, year/month/day/hour, or a counter."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from hot_core.io.limits import refuse
from hot_core.io.stamps import add_clock, looks_like_clock, looks_like_dates, parse_dates
from hot_core.io.table_numbers import is_missing, to_numbers
from hot_core.io.table_text import name_rows

DATE_WORDS = frozenset(
    ("date", "datetime", "date_time", "time", "timestamp", "time_hour", "datum", "zeit", "zeitstempel", "ds", "utc")
)
STEP_WORDS = frozenset(("time", "t", "step", "timestep", "time_step", "time_idx"))
COUNTER_WORDS = frozenset(("no", "no.", "nr", "nr.", "index", "idx", "row", "#", "column 1", "unnamed: 0", "id"))
EPOCH_WORDS = frozenset(("timestamp", "time", "epoch", "unixtime", "unix_time", "dt", "ts"))
_PARTS = ("year", "month", "day", "hour", "minute", "second")


@dataclass(frozen=True, eq=False)
class TimeColumn:
    """When each row was measured.

    Attributes:
        stamps: datetime64[ns] without zone, float counters, or None when the rows are only in order.
        used: columns that are used up and are no variables.
        label: the name of the column.
        notes: sentences for the user.
        zoned: the stamps had a zone and are in UTC.
    """

    stamps: pd.Series | None
    used: tuple[str, ...]
    label: str
    notes: tuple[str, ...]
    zoned: bool = False


def find_time(cells: pd.DataFrame, dayfirst: bool | None, name: str) -> TimeColumn:
    """Find and parse the time of the rows: text dates first, then parts, then counters.

    Returns:
        The time of each row and the columns that it uses up.

    Raises:
        ReadError: when a column of dates has rows that are none.
    """
    counters = _row_counters(cells)
    parts = _parts(cells)
    label = dated_label(cells)
    if label is None:
        _refuse_bad_dates(cells, name)
    else:
        stamps, notes = parse_dates(cells[label], dayfirst, name)
        zoned, stamps = stamps.dt.tz is not None, stamps.dt.tz_localize(None)
        used = list(dict.fromkeys([label, *counters, *(parts.values() if len(parts) >= 3 else ())]))
        clocks = [str(one) for one in cells if one != label and looks_like_clock(cells[one])]
        if clocks and bool((stamps == stamps.dt.normalize()).all()):
            stamps = add_clock(stamps, cells[clocks[0]])
            used.append(clocks[0])
        return TimeColumn(stamps, tuple(used), label, tuple(notes), zoned)
    if {"year", "month", "day"} <= parts.keys() or _years_alone(cells, parts):
        stamps = _from_parts(cells, parts, name)
        note = f"The time is put together from the columns {', '.join(parts.values())}."
        return TimeColumn(stamps, (*parts.values(), *counters), "time", (note,))
    return _counter(cells, counters)


def dated_label(cells: pd.DataFrame) -> str | None:
    """The column of text dates that tells the time: the first that is called so, else the first; None without one."""
    dated = [str(label) for label in cells if looks_like_dates(cells[label])]
    return next((one for one in dated if one.lower() in DATE_WORDS), next(iter(dated), None))


def _parts(cells: pd.DataFrame) -> dict[str, str]:
    """Part of a date → the column that holds it, in the order of `_PARTS`."""
    lower = {str(label).lower(): str(label) for label in cells}
    return {part: lower[part] for part in _PARTS if part in lower}


def _years_alone(cells: pd.DataFrame, parts: dict[str, str]) -> bool:
    """Whether a year, or year and month, without a day tell the time: whole years in every row."""
    if tuple(parts) not in {("year",), ("year", "month")}:
        return False
    years = to_numbers(cells[parts["year"]], ".")[0]
    return bool((years.between(1701, 2249) & (years == years.round())).all())


def _refuse_bad_dates(cells: pd.DataFrame, name: str) -> None:
    """A column that is called date but holds other text is a mistake, not a variable."""
    for label in cells:
        if str(label).lower() in DATE_WORDS - {"ds", "utc"}:
            numbers, text = to_numbers(cells[label], ".")
            if str(label).lower() in {"date", "datetime", "datum"}:
                text = text | numbers.notna()
            if bool(text.any()) and not looks_like_clock(cells[label]):
                raise refuse(
                    name,
                    f"column '{label}' should hold dates, but {name_rows(text)} cannot be read as dates",
                    "Write the dates as 2013-01-31 06:00",
                )


def _from_parts(cells: pd.DataFrame, parts: dict[str, str], name: str) -> pd.Series:
    numbers = pd.DataFrame({"year": 1970, "month": 1, "day": 1}, index=cells.index).assign(
        **{part: to_numbers(cells[label], ".")[0] for part, label in parts.items()}
    )
    whole = numbers.notna() & (numbers == numbers.round())
    wrong = ~whole.all(axis=1)
    stamps = pd.to_datetime(numbers.where(whole, 1).astype(int), errors="coerce")
    wrong = wrong | stamps.isna()
    if bool(wrong.any()):
        raise refuse(
            name,
            f"the columns {', '.join(parts.values())} give no date in {name_rows(wrong)}",
            "Fill in whole numbers: year, month 1–12, day 1–31, hour 0–23",
        )
    return stamps.astype("datetime64[ns]")


def _row_counters(cells: pd.DataFrame) -> list[str]:
    """Columns that only number the rows."""
    found = []
    for label in cells:
        if str(label).lower() in COUNTER_WORDS:
            values = to_numbers(cells[label], ".")[0].to_numpy()
            if len(values) > 1 and np.all(np.diff(values) == 1):
                found.append(str(label))
    return found


def _counter(cells: pd.DataFrame, counters: list[str]) -> TimeColumn:
    for label in cells:
        lower = str(label).lower()
        values, text = to_numbers(cells[label], ".")
        if bool(text.any()) or bool(values.isna().any()) or len(values) < 2:
            continue
        if lower in EPOCH_WORDS and bool(values.between(1e8, 4.2e9).all() | values.between(1e11, 4.2e12).all()):
            seconds = float(values.max()) < 1e11
            milliseconds = (values * (1000 if seconds else 1)).round().astype("int64")
            stamps = pd.Series(milliseconds.to_numpy().astype("datetime64[ms]").astype("datetime64[ns]"))
            note = f"Column '{label}' counts {'seconds' if seconds else 'milliseconds'} since 1970 (UTC)."
            return TimeColumn(stamps, (str(label), *counters), str(label), (note,))
        if lower in STEP_WORDS:
            note = f"Column '{label}' holds numbers, not dates; positions in time are steps 0, 1, 2 …"
            return TimeColumn(values, (str(label), *counters), str(label), (note,))
    note = "There is no date column; positions in time are steps 0, 1, 2 … in the order of the rows."
    return TimeColumn(None, tuple(counters), "step", (note,))


def without_time(cells: pd.DataFrame, time: TimeColumn) -> pd.DataFrame:
    """The other columns, without those that have neither name nor content."""
    rest = cells.drop(columns=list(time.used))
    nameless = [label for label in rest if str(label).startswith("column ") and bool(is_missing(rest[label]).all())]
    return rest.drop(columns=nameless)
