"""A regular time axis: sorted, without duplicates, one step; what does not fit is named by its rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from hot_core.io.limits import refuse
from hot_core.io.steps import SPARSE, Grid, find_grid, time_numbers
from hot_core.io.table_text import rows_in_words

Duplicates = Literal["error", "first", "mean"]
Irregular = Literal["error", "drop", "nearest"]
RESAMPLE = "Resample the series to one step first"


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
            f"{rows_of(repeated)} repeat{'' if repeated.sum() > 1 else 's'} a time stamp: "
            f"{rows_in_words(rows[:3], max(0, len(rows) - 3))}, "
            f"the first at {shown}",
            "Remove repeated rows (a clock change? then use UTC), or say that the first row or the mean is taken "
            "(option duplicates)",
        )
    note = f"{rows_of(repeated)} repeat{'' if repeated.sum() > 1 else 's'} a time stamp; "
    if duplicates == "first":
        return frame[~repeated], [note + "the first of each is kept."]
    firsts = frame.index.to_series().groupby([frame[key] for key in keys], sort=False).first()
    merged = frame.groupby(keys, sort=False, as_index=False).mean()
    merged.index = pd.Index(firsts.to_numpy())
    return merged, [note + "their mean is taken."]


def rows_of(mask: pd.Series | np.ndarray) -> str:
    """How many rows: "1 row", "12 rows"."""
    count = int(mask.sum())
    return f"{count:,} row{'' if count == 1 else 's'}"


def dated_grid(stamps: pd.Series) -> Grid | None:
    """The grid of dated rows; None for what is not dated, has one time only, or has whole months as its step."""
    values, dated = time_numbers(stamps)
    return find_grid(values, True) if dated and stamps.nunique() > 1 and month_grid(stamps) is None else None


def settle_irregular(frame: pd.DataFrame, irregular: Irregular) -> tuple[pd.DataFrame, list[str], Grid | None]:
    """What a person has said about dated rows beside the step: leave them out, or move them to the nearest one.

    Args:
        frame: with a column "time"; its index holds the row numbers of the file.
        irregular: "error" leaves them for `regular_axis` to refuse, and so does a series without a common step.

    Returns:
        The frame, a note, and the grid on which the rows now lie, for `regular_axis`; None where nothing was settled.
    """
    grid = None if irregular == "error" else dated_grid(frame["time"])
    if grid is None:
        return frame, [], None
    values, _ = time_numbers(frame["time"])
    wrong = grid.off(values)
    if not wrong.any() or grid.trouble(values):
        return frame, [], None
    rows = [int(row) for row in frame.index[wrong]]
    which = rows_in_words(rows[:3], max(0, len(rows) - 3))
    beside = f"{rows_of(wrong)} beside the step of the others {'is' if len(rows) == 1 else 'are'}"
    if irregular == "drop":
        return frame[~wrong], [f"{beside} left out: {which}."], grid
    nearest = grid.nearest(values).astype("datetime64[ns]")
    return frame.assign(time=nearest), [f"{beside} moved to the nearest one: {which}."], grid


def stamp_in_words(stamp: object) -> str:
    """A time stamp or a counter, as short as it can be said."""
    if isinstance(stamp, pd.Timestamp):
        return str(stamp)
    return f"{float(str(stamp)):g}"


def counted_axis(places: np.ndarray) -> Axis:
    """The axis of rows that are only in order."""
    return Axis(np.arange(int(places.max()) + 1), places, None, ())


def regular_axis(stamps: pd.Series, name: str, entities: pd.Series | None = None, settled: Grid | None = None) -> Axis:
    """Lay stamps on a grid of one step; missing steps become gaps, stamps beside the grid are an error.

    The step is the most frequent difference of neighbouring stamps. Stamps on one day of the month (or
    on its last day) have a step of whole months.

    Args:
        stamps: datetime64[ns] or floats, indexed by the file's row number.
        name: the file's name, for sentences.
        entities: the entity of each row, where rows of several share the axis.
        settled: the grid that `settle_irregular` has put the rows on; None finds it.

    Returns:
        The axis with the place of every row.

    Raises:
        ReadError: when there is no common step; the message names the first rows that break it.
    """
    values, dated = time_numbers(stamps)
    backwards = stamps.diff() if entities is None else stamps.groupby(entities).diff()
    turned = bool((backwards < (pd.Timedelta(0) if dated else 0)).any())
    notes = ["The rows were not in the order of time; they are sorted."] if turned else []
    numbers = np.unique(values)
    if len(numbers) < 2:
        raise refuse(name, "all rows have the same time", "Give at least two steps in time")
    months = month_grid(stamps) if dated and settled is None else None
    if months is not None:
        return _with_gaps(*months, notes, len(numbers))
    grid = settled or find_grid(values, dated)
    if trouble := grid.trouble(values):
        raise refuse(name, trouble, RESAMPLE)
    wrong = grid.off(values)
    if wrong.any():
        raise _irregular(stamps, wrong, grid, name)
    places = np.round((values - numbers[0]) / grid.step).astype(np.int64)
    counted = np.arange(int(places.max()) + 1)
    if not dated:
        return _with_gaps(counted, places, None, notes, len(numbers))
    width = np.timedelta64(int(grid.step), "ns")
    return _with_gaps(numbers[0].astype("datetime64[ns]") + width * counted, places, width, notes, len(numbers))


def _with_gaps(
    coords: np.ndarray, places: np.ndarray, step: np.timedelta64 | None, notes: list[str], present: int
) -> Axis:
    missing = len(coords) - present
    if missing:
        gaps = "1 step has no row in the file; it stays a gap."
        notes = [*notes, gaps if missing == 1 else f"{missing:,} steps have no row in the file; they stay gaps."]
    return Axis(coords, places, step, tuple(notes))


def _irregular(stamps: pd.Series, wrong: np.ndarray, grid: Grid, name: str) -> Exception:
    rows = stamps.index[wrong]
    words = ", ".join(stamp_in_words(stamp) for stamp in stamps.loc[rows[:3]])
    listed = rows_in_words([int(row) for row in rows[:3]], max(0, len(rows) - 3))
    lie = "does" if len(rows) == 1 else "do"
    return refuse(
        name,
        f"the time stamps are irregular: {listed} ({words}) {lie} not lie on the most frequent step of {grid.words}",
        "Resample the series to one step, or correct these rows"
        + (", or say that they are left out or moved to the nearest step (option irregular)" if grid.dated else ""),
    )


def month_grid(stamps: pd.Series) -> tuple[np.ndarray, np.ndarray, np.timedelta64] | None:
    """The axis of stamps that lie on one day of the month, or on its last day, at one time of day.

    Returns:
        The times of the axis, the place of every stamp on it and its step in months; None for all other stamps.
    """
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
    if count > SPARSE * len(unique):
        return None
    # Each stamp is counted from the first: adding month by month would drift from the 31st to the 28th.
    origin, move = unique.iloc[0], (pd.DateOffset if same_day else _month_ends)
    coords = np.array([origin + move(months=step * at) for at in range(count)], dtype="datetime64[ns]")
    own = (stamps.dt.year * 12 + stamps.dt.month).to_numpy()
    return coords, (own - number[0]) // step, np.timedelta64(step, "M")


def _month_ends(months: int) -> pd.offsets.MonthEnd:
    return pd.offsets.MonthEnd(months)
