"""A regular time axis: sorted, without duplicates, one step; what does not fit is named by its rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from hot_core.io.limits import refuse
from hot_core.io.table_text import rows_in_words

Duplicates = Literal["error", "first", "mean"]
Irregular = Literal["error", "drop", "nearest"]
# A grid may have so many times more steps than stamps; beyond, a stray date would make gigabytes of gaps.
_SPARSE = 20


@dataclass(frozen=True, eq=False)
class Axis:
    """A regular axis.

    Attributes:
        coords: datetime64[ns] stamps or integer steps.
        places: for each row of the table, its position on the axis.
        step: the step; months as timedelta64[M], None for counted steps.
        notes: sentences for the user.
    """

    coords: np.ndarray
    places: np.ndarray
    step: np.timedelta64 | None
    notes: tuple[str, ...]


def merge_duplicates(
    frame: pd.DataFrame, keys: list[str], duplicates: Duplicates, name: str
) -> tuple[pd.DataFrame, list[str]]:
    """One row for each value of `keys`; the frame keeps the row numbers of the file as its index.

    Returns:
        The frame without duplicates, and notes.

    Raises:
        ReadError: when rows repeat and `duplicates` is "error".
    """
    repeated = frame.duplicated(keys)
    if not bool(repeated.any()):
        return frame, []
    if duplicates == "error":
        rows = [int(row) for row in frame.index[repeated]]
        shown = stamp_in_words(frame.loc[rows[0], "time"])
        raise refuse(
            name,
            f"{int(repeated.sum()):,} rows repeat a time stamp: {rows_in_words(rows[:3], max(0, len(rows) - 3))}, "
            f"the first at {shown}",
            'Remove them (a clock change? then use UTC), or pass duplicates="first" or duplicates="mean"',
        )
    note = f"{int(repeated.sum()):,} rows repeat a time stamp; "
    if duplicates == "first":
        return frame[~repeated], [note + "the first of each is kept."]
    rows_of = frame.index.to_series().groupby([frame[key] for key in keys], sort=False).first()
    merged = frame.groupby(keys, sort=False, as_index=False).mean()
    merged.index = pd.Index(rows_of.to_numpy())
    return merged, [note + "their mean is taken."]


def off_step(stamps: pd.Series) -> tuple[np.ndarray, int]:
    """Which dated rows do not lie on the most frequent step, and that step in nanoseconds (0 where there is none)."""
    values = stamps.to_numpy().astype("datetime64[ns]").astype(np.int64)
    numbers = np.unique(values)
    if len(numbers) < 2 or _months(stamps) is not None:
        return np.zeros(len(values), dtype=bool), 0
    step = int(_common_step(np.diff(numbers)))
    return (values - int(_phase(numbers, step))) % step != 0, step


def settle_irregular(frame: pd.DataFrame, irregular: Irregular) -> tuple[pd.DataFrame, list[str]]:
    """What a person has said about dated rows beside the step: leave them out, or move them to the nearest one.

    Args:
        frame: with a column "time"; its index holds the row numbers of the file.
        irregular: "error" leaves them for `regular_axis` to refuse.

    Returns:
        The frame and a note.
    """
    if irregular == "error" or not np.issubdtype(frame["time"].to_numpy().dtype, np.datetime64):
        return frame, []
    wrong, step = off_step(frame["time"])
    if not wrong.any():
        return frame, []
    rows = [int(row) for row in frame.index[wrong]]
    which = rows_in_words(rows[:3], max(0, len(rows) - 3))
    if irregular == "drop":
        return frame[~wrong], [f"{len(rows):,} rows beside the step of the others are left out: {which}."]
    values = frame["time"].to_numpy().astype("datetime64[ns]").astype(np.int64)
    phase = int(_phase(np.unique(values), step))
    nearest = (values - phase + step // 2) // step * step + phase
    note = f"{len(rows):,} rows beside the step of the others are moved to the nearest one: {which}."
    return frame.assign(time=nearest.astype("datetime64[ns]")), [note]


def stamp_in_words(stamp: object) -> str:
    """A time stamp or a counter, as short as it can be said."""
    if isinstance(stamp, pd.Timestamp):
        return str(stamp)
    return f"{float(str(stamp)):g}"


def counted_axis(places: np.ndarray) -> Axis:
    """The axis of rows that are only in order."""
    return Axis(np.arange(int(places.max()) + 1), places, None, ())


def regular_axis(stamps: pd.Series, name: str, entities: pd.Series | None = None) -> Axis:
    """Lay stamps on a grid of one step; missing steps become gaps, stamps beside the grid are an error.

    The step is the most frequent difference of neighbouring stamps. Stamps on one day of the month (or
    on its last day) have a step of whole months.

    Args:
        stamps: datetime64[ns] or floats, indexed by the file's row number.
        name: the file's name, for sentences.
        entities: the entity of each row, where rows of several share the axis.

    Returns:
        The axis with the place of every row.

    Raises:
        ReadError: when there is no common step; the message names the first rows that break it.
    """
    dated = np.issubdtype(np.asarray(stamps.to_numpy()).dtype, np.datetime64)
    backwards = stamps.diff() if entities is None else stamps.groupby(entities).diff()
    turned = bool((backwards < (pd.Timedelta(0) if dated else 0)).any())
    notes = ["The rows were not in the order of time; they are sorted."] if turned else []
    values = stamps.to_numpy().astype("datetime64[ns]").astype(np.int64) if dated else stamps.to_numpy(np.float64)
    numbers = np.unique(values)
    if len(numbers) < 2:
        raise refuse(name, "all rows have the same time", "Give at least two steps in time")
    months = _months(stamps) if dated else None
    if months is not None:
        return _with_gaps(*months, notes, len(numbers))
    step = _common_step(np.diff(numbers))
    span = float(numbers[-1] - numbers[0]) / float(step)
    offset = (numbers - _phase(numbers, step)) / step
    wrong = np.abs(offset - np.round(offset)) > (0 if dated else 1e-3)
    if wrong.any():
        raise _irregular(stamps, np.isin(values, numbers[wrong]), step, name)
    if span > _SPARSE * len(numbers):
        raise refuse(
            name,
            f"its {len(numbers):,} time stamps would need a grid of {span:,.0f} steps",
            "Resample the series to one step, or take out the stray dates",
        )
    places = np.round((values - numbers[0]) / step).astype(np.int64)
    counted = np.arange(int(places.max()) + 1)
    if not dated:
        return _with_gaps(counted, places, None, notes, len(numbers))
    width = np.timedelta64(int(step), "ns")
    return _with_gaps(numbers[0].astype("datetime64[ns]") + width * counted, places, width, notes, len(numbers))


def _with_gaps(
    coords: np.ndarray, places: np.ndarray, step: np.timedelta64 | None, notes: list[str], present: int
) -> Axis:
    missing = len(coords) - present
    if missing:
        notes = [*notes, f"{missing:,} steps have no row in the file; they stay gaps."]
    return Axis(coords, places, step, tuple(notes))


def _common_step(steps: np.ndarray) -> int | float:
    """The most frequent step, the smallest of equals; counters that are not whole may wobble in the sixth digit."""
    scale = 1 if steps.dtype.kind == "i" else float(np.median(steps))
    rounded = steps if steps.dtype.kind == "i" else np.round(steps / scale, 6)
    found, counts = np.unique(rounded, return_counts=True)
    return found[np.argmax(counts)].item() * scale or scale


def _phase(numbers: np.ndarray, step: int | float) -> int | float:
    """The most frequent remainder, so that a stray first stamp does not condemn all others."""
    if numbers.dtype.kind != "i":
        return float(numbers[0])
    found, counts = np.unique(numbers % step, return_counts=True)
    return found[np.argmax(counts)].item()


def _irregular(stamps: pd.Series, wrong: np.ndarray, step: int | float, name: str) -> Exception:
    rows = stamps.index[wrong]
    words = ", ".join(stamp_in_words(stamp) for stamp in stamps.loc[rows[:3]])
    dated = isinstance(stamps.iloc[0], pd.Timestamp)
    width = str(pd.Timedelta(int(step), "ns")) if dated else f"{step:g}"
    listed = rows_in_words([int(row) for row in rows[:3]], max(0, len(rows) - 3))
    return refuse(
        name,
        f"the time stamps are irregular: {listed} ({words}) do not lie on the most frequent step of {width}",
        'Resample the series to one step, correct these rows, or pass irregular="drop" or irregular="nearest"',
    )


def _months(stamps: pd.Series) -> tuple[np.ndarray, np.ndarray, np.timedelta64] | None:
    """The axis of stamps that lie on one day of the month, or on its last day, at one time of day."""
    unique = stamps.drop_duplicates().sort_values()
    clock = unique - unique.dt.normalize()
    same_day = unique.dt.day.nunique() == 1
    if len(unique) < 3 or clock.nunique() > 1 or not (same_day or bool(unique.dt.is_month_end.all())):
        return None
    number = (unique.dt.year * 12 + unique.dt.month).to_numpy()
    steps = np.diff(number)
    if steps.min() < 1:
        return None
    step = int(np.gcd.reduce(steps))
    count = int(number[-1] - number[0]) // step + 1
    if count > _SPARSE * len(unique):
        return None
    # Each stamp is counted from the first: adding month by month would drift from the 31st to the 28th.
    origin, move = unique.iloc[0], (pd.DateOffset if same_day else _month_ends)
    coords = np.array([origin + move(months=step * at) for at in range(count)], dtype="datetime64[ns]")
    own = (stamps.dt.year * 12 + stamps.dt.month).to_numpy()
    return coords, (own - number[0]) // step, np.timedelta64(step, "M")


def _month_ends(months: int) -> pd.offsets.MonthEnd:
    return pd.offsets.MonthEnd(months)
