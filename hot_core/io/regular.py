"""A regular time axis: sorted, without duplicates, one step; what does not fit is named by its rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from hot_core.io.limits import refuse
from hot_core.io.table_text import rows_in_words

Duplicates = Literal["error", "first", "mean"]


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
    unique = np.sort(stamps.unique())
    if len(unique) < 2:
        raise refuse(name, "all rows have the same time", "Give at least two steps in time")
    backwards = stamps.diff() if entities is None else stamps.groupby(entities).diff()
    turned = bool((backwards < (pd.Timedelta(0) if dated else 0)).any())
    notes = ["The rows were not in the order of time; they are sorted."] if turned else []
    values = stamps.to_numpy().astype("datetime64[ns]").astype(np.int64) if dated else stamps.to_numpy(np.float64)
    if dated:
        months = _months(stamps, unique)
        if months is not None:
            return _with_gaps(*months, notes, len(unique), name)
    numbers = np.unique(values)
    step, share = _common_step(np.diff(numbers))
    offset = (numbers - _phase(numbers, step)) / step
    wrong = np.abs(offset - np.round(offset)) > (0 if dated else 1e-3)
    if wrong.any() or share < 0.5:
        raise _irregular(stamps, values, numbers, wrong, step, dated, name)
    origin = numbers[0]
    places = np.round((values - origin) / step).astype(np.int64)
    count = int(places.max()) + 1
    if not dated:
        return _with_gaps(np.arange(count), places, None, notes, len(unique), name)
    width = np.timedelta64(int(step), "ns")
    if count > 20 * len(unique):
        raise _sparse(name, count, len(unique))
    coords = numbers[0].astype("datetime64[ns]") + width * np.arange(count)
    return _with_gaps(coords, places, width, notes, len(unique), name)


def _with_gaps(
    coords: np.ndarray, places: np.ndarray, step: np.timedelta64 | None, notes: list[str], present: int, name: str
) -> Axis:
    missing = len(coords) - present
    if len(coords) > 20 * present:
        raise _sparse(name, len(coords), present)
    if missing:
        notes = [*notes, f"{missing:,} steps have no row in the file; they stay gaps."]
    return Axis(coords, places, step, tuple(notes))


def _sparse(name: str, count: int, present: int) -> Exception:
    return refuse(
        name,
        f"its {present:,} time stamps would need a grid of {count:,} steps",
        "Resample the series to one step, or take out the stray dates",
    )


def _common_step(steps: np.ndarray) -> tuple[float, float]:
    """The most frequent step (the smallest of equals), and the share of steps that are whole multiples of it."""
    rounded = steps if steps.dtype.kind == "i" else np.round(steps, 9)
    found, counts = np.unique(rounded, return_counts=True)
    step = found[np.argmax(counts)]
    return step, float(counts.max() / len(steps)) if len(steps) > 2 else 1.0


def _phase(numbers: np.ndarray, step: float) -> float:
    """The most frequent remainder, so that a stray first stamp does not condemn all others."""
    remainders = numbers % step
    if numbers.dtype.kind != "i":
        return float(numbers[0])
    found, counts = np.unique(remainders, return_counts=True)
    return found[np.argmax(counts)]


def _irregular(
    stamps: pd.Series,
    values: np.ndarray,
    numbers: np.ndarray,
    wrong: np.ndarray,
    step: float,
    dated: bool,
    name: str,
) -> Exception:
    if not wrong.any():
        # No step prevails: name the first stamps after which the step changes.
        wrong = np.concatenate([[False], np.diff(numbers) != step])
    rows = stamps.index[np.isin(values, numbers[wrong])]
    shown = stamps.loc[rows[:3]]
    words = ", ".join(stamp_in_words(stamp) for stamp in shown)
    width = str(pd.Timedelta(int(step), "ns")) if dated else f"{step:g}"
    listed = rows_in_words([int(row) for row in rows[:3]], max(0, len(rows) - 3))
    return refuse(
        name,
        f"the time stamps are irregular: {listed} ({words}) do not lie on the most frequent step of {width}",
        "Resample the series to one step, or correct these rows",
    )


def _months(stamps: pd.Series, unique: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.timedelta64] | None:
    """The axis of stamps that lie on one day of the month, or on its last day, at one time of day."""
    series = pd.Series(pd.DatetimeIndex(unique))
    clock = series - series.dt.normalize()
    same_day = bool((series.dt.day == series.dt.day.iloc[0]).all())
    if clock.nunique() > 1 or not (same_day or bool(series.dt.is_month_end.all())) or len(series) < 3:
        return None
    number = (series.dt.year * 12 + series.dt.month).to_numpy()
    step = int(np.gcd.reduce(np.diff(number)))
    if step < 1 or int(pd.Timedelta(series.diff().min()).days) < 28:
        return None
    origin = pd.Timestamp(unique[0])
    count = (int(number[-1]) - int(number[0])) // step + 1
    if count > 20 * len(unique):
        return None
    offset = pd.DateOffset(months=step) if same_day else pd.offsets.MonthEnd(step)
    coords = pd.date_range(origin, periods=count, freq=offset).to_numpy().astype("datetime64[ns]")
    own = (stamps.dt.year * 12 + stamps.dt.month).to_numpy()
    return coords, (own - number[0]) // step, np.timedelta64(step, "M")
