"""Series of whole months that stand on another day of the month than the others: found, and moved to their day."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from hot_core.io.regular import month_grid, rows_of
from hot_core.io.steps import MOST, Grid, step_words, time_numbers

NAMED = 3
LAST = 32
"""The day of what stands on the last day of every month: after all others."""
NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, order=True)
class Place:
    """Where in a step of whole months a series stands.

    Attributes:
        phase: the month, counted from January 1970, by the step.
        day: of the month, or `LAST`.
        clock: the time of day, nanoseconds.
    """

    phase: int
    day: int
    clock: int

    def times(self, months: np.ndarray) -> np.ndarray:
        """This day and time in each of the months, which are counted from January 1970; datetime64[ns]."""
        starts = months.astype("datetime64[M]")
        last = (starts + 1).astype("datetime64[D]") - 1
        days = np.minimum(starts.astype("datetime64[D]") + (self.day - 1), last)
        return np.asarray(days.astype("datetime64[ns]") + np.timedelta64(self.clock, "ns"))

    def words(self, step: int, clock: bool) -> str:
        """The place: "the 15th of the month", "the last day of Mar, Jun, Sep and Dec at 12:00"."""
        ending = "th" if self.day in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(self.day % 10, "th")
        day = "last day" if self.day == LAST else f"{self.day}{ending}"
        named = [NAMES[at] for at in range(self.phase % step, 12, step)] if step > 1 and 12 % step == 0 else []
        month = " and ".join([", ".join(named[:-1]), named[-1]]).removeprefix(" and ") if named else "the month"
        time = pd.Timestamp(self.clock)
        at = f" at {time:%H:%M}" if self.clock % 60_000_000_000 == 0 else f" at {time:%H:%M:%S}"
        return f"the {day} of {month}{at if clock else ''}"


@dataclass(frozen=True, eq=False)
class MonthShift:
    """Entities of whole months that stand on another day of the month than the others.

    Attributes:
        rows: which rows are theirs.
        entities: their names.
        place: where they stand.
        usual: where the others stand.
        step: of all series, months.
        together: the step that all times would have.
        trouble: why no step holds all times; "" where one does.
    """

    rows: np.ndarray
    entities: tuple[str, ...]
    place: Place
    usual: Place
    step: int
    together: Grid
    trouble: str

    @property
    def words(self) -> str:
        """What was found: "150 rows of B stand on the last day of the month, the others on the 1st of the month"."""
        stand = "stands" if self.rows.sum() == 1 else "stand"
        clock = self.place.clock != self.usual.clock
        there, usual = (one.words(self.step, clock) for one in (self.place, self.usual))
        return f"{rows_of(self.rows)} of {names_in_words(self.entities)} {stand} on {there}, the others on {usual}"

    @property
    def kept(self) -> str:
        """What keeping the times does."""
        return f"all times are kept: the step becomes {self.together.words}, and what lies between is missing"

    def moved(self, stamps: pd.Series, way: Literal["before", "after"]) -> tuple[pd.Series, str]:
        """The times of the file with these moved to the others' day before or after, and what was done.

        The whole series goes by one rule: to the others' day in its own month or in a neighbouring one. Single rows
        that do not stand where their series does stay, for the axis to refuse.

        Returns:
            The times, and words.
        """
        values = stamps.to_numpy("datetime64[ns]")
        months = _months_of(values)
        begun = months - (months - self.usual.phase) % self.step
        later = ((self.place.phase - self.usual.phase) % self.step, self.place.day, self.place.clock)
        earlier = 0 if later > (0, self.usual.day, self.usual.clock) else self.step
        goal = self.usual.times(begun - earlier + (self.step if way == "after" else 0))
        theirs = self.rows & (self.place.times(months) == values)
        apart = step_words(np.timedelta64(self.step, "M"))
        to = self.usual.words(self.step, self.place.clock != self.usual.clock)
        return (
            pd.Series(np.where(theirs, goal, values), stamps.index, name=stamps.name),
            f"they are moved {'earlier' if way == 'before' else 'later'}, to {to}; the step is {apart}",
        )


def find_month_shifts(stamps: pd.Series, owner: pd.Series, names: list[str], together: Grid) -> list[MonthShift]:
    """Entities of whole months that stand on another day, or at another time of day, than most of them.

    On one axis they would have a step of days and gaps nearly everywhere, or no step at all.

    Args:
        stamps: datetime64[ns].
        owner: the entity of each row.
        names: the entities that have no fixed step of their own.
        together: the grid of all stamps, which are no grid of months.

    Returns:
        One shift for every place in the month that occurs, in rising order.
    """
    theirs = owner.isin(names)
    groups = stamps[theirs].groupby(owner[theirs], sort=False)
    own = {str(name): found for name, one in groups if (found := _own_months(one)) is not None}
    if not own:
        return []
    step = int(np.gcd.reduce([months for _, months in own.values()]))
    places = {name: Place(place.phase % step, place.day, place.clock) for name, (place, _) in own.items()}
    usual = Counter(places.values()).most_common(1)[0][0]
    apart: dict[Place, list[str]] = {}
    for name, place in places.items():
        if place != usual:
            apart.setdefault(place, []).append(name)
    numbers = time_numbers(stamps)[0]
    off, trouble = together.off(numbers), together.trouble(numbers)
    if off.any() and not trouble:
        trouble = f"the most frequent step, {together.words}, leaves out {int(off.sum()):,} of {len(off):,} rows"
    return [
        MonthShift(owner.isin(found).to_numpy(), tuple(found), place, usual, step, together, trouble)
        for place, found in sorted(apart.items())
    ]


def names_in_words(names: tuple[str, ...]) -> str:
    """The first of many names: "A, B, C and 4 more"."""
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more:,} more" if more > 0 else "")


def _own_months(stamps: pd.Series) -> tuple[Place, int] | None:
    """Where most of one entity's times stand, its first month as the phase, and its step in months; or None."""
    times = stamps.drop_duplicates()
    clocks = (times - times.dt.normalize()).astype("timedelta64[ns]").astype(np.int64)
    clock, day = int(clocks.mode().iloc[0]), int(times.dt.day.mode().iloc[0])
    ends, same = ((clocks == clock) & where for where in (times.dt.is_month_end, times.dt.day == day))
    mask, day = (ends, LAST) if ends.sum() >= same.sum() else (same, day)
    grid = month_grid(times[mask]) if mask.mean() >= 1 - MOST else None
    if grid is None:
        return None
    first = int(_months_of(times[mask].to_numpy("datetime64[ns]")).min())
    return Place(first, day, clock), int(grid[2].astype(int))


def _months_of(values: np.ndarray) -> np.ndarray:
    return np.asarray(values.astype("datetime64[M]").astype(np.int64))
