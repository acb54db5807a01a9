"""Series whose times lie between those of the others: found by their rests, moved or kept only as a person says."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from hot_core.io.limits import refuse
from hot_core.io.regular import dated_grid, rows_of
from hot_core.io.shifted_months import MonthShift, find_month_shifts, names_in_words
from hot_core.io.steps import MOST, Grid, step_words, time_numbers
from hot_core.io.table_text import rows_in_words

Shifted = Literal["error", "keep", "before", "after"]
FEWEST = 3
"""An entity of fewer different times has no step of its own."""
MOVED = "Say whether they are moved to the step before or after (option shifted)"
OR_KEPT = "Say whether they are moved to the step before or after, or all times are kept (option shifted)"


@dataclass(frozen=True, eq=False)
class Shift:
    """Entities of one step whose times all lie equally far after those of the others.

    Attributes:
        rows: which rows are theirs.
        entities: their names.
        by: how far they lie after a time of the others, nanoseconds; below the step.
        step: of all series, nanoseconds.
    """

    rows: np.ndarray
    entities: tuple[str, ...]
    by: int
    step: int

    trouble = ""
    """Why the times cannot all be kept; a finer step always holds them."""

    @property
    def words(self) -> str:
        """What was found: "61 rows of B lie 30 min after the others' times, which are 1 h apart"."""
        lie = "lies" if self.rows.sum() == 1 else "lie"
        names = names_in_words(self.entities)
        return (
            f"{rows_of(self.rows)} of {names} {lie} {_length(self.by)} after the others' times, which are {self.apart}"
        )

    @property
    def apart(self) -> str:
        """The step of every series."""
        return f"{_length(self.step)} apart"

    @property
    def kept(self) -> str:
        """What keeping the times does."""
        return "all times are kept, and what lies between is missing"

    def moved(self, stamps: pd.Series, way: Literal["before", "after"]) -> tuple[pd.Series, str]:
        """The times of the file with these moved to the step before or after, and what was done."""
        by = -self.by if way == "before" else self.step - self.by
        turn = "earlier" if by < 0 else "later"
        words = f"they are moved {_length(abs(by))} {turn}, to the step {way}"
        return stamps.where(~self.rows, stamps + pd.Timedelta(by, "ns")), words


def find_shifts(stamps: pd.Series, entities: pd.Series) -> list[Shift | MonthShift]:
    """Entities of the smallest step whose times lie between those of most; on one axis all would have gaps.

    The place of an entity is the remainder of its times by the step that it has by itself; that of most entities
    counts, the first one's among equals. Entities whose rows mostly lie beside the step of all rows together are no
    matter of this: they have few rows, and `settle_irregular` names them. Series of whole months have a place in the
    month instead, see `find_month_shifts`.

    Args:
        stamps: datetime64[ns], indexed by the file's row number.
        entities: the entity of each row.

    Returns:
        One shift for every distance that occurs, in rising order, then those of months; [] where nothing is dated or
        shifted.
    """
    if not time_numbers(stamps)[1]:
        return []
    owned = {str(name): _own_grid(one) for name, one in stamps.groupby(entities, sort=False)}
    grids = {name: grid for name, grid in owned.items() if grid is not None}
    together, owner = dated_grid(stamps), entities.astype(str)
    even = _even_shifts(stamps, owner, grids, together)
    if together is None or any(grid.step <= together.step for grid in grids.values()):
        return [*even]  # all lie on one grid of months, or a series has so fine a step that it holds the months, too
    return [*even, *find_month_shifts(stamps, owner, [name for name in owned if name not in grids], together)]


def _even_shifts(stamps: pd.Series, owner: pd.Series, grids: dict[str, Grid], together: Grid | None) -> list[Shift]:
    step = min((int(grid.step) for grid in grids.values()), default=0)
    phases = {name: int(grid.phase) for name, grid in grids.items() if grid.step == step}
    if len(set(phases.values())) < 2:
        return []
    usual = Counter(phases.values()).most_common(1)[0][0]
    apart: dict[int, list[str]] = {}
    for name, phase in phases.items():
        if phase != usual:
            apart.setdefault((phase - usual) % step, []).append(name)
    found = [Shift(owner.isin(names).to_numpy(), tuple(names), by, step) for by, names in sorted(apart.items())]
    values = time_numbers(stamps)[0]
    if together is not None and not together.trouble(values):
        found = [one for one in found if together.off(values[one.rows]).mean() <= MOST]
    return found


def settle_shifted(
    stamps: pd.Series, entities: pd.Series, shifted: Shifted, name: str
) -> tuple[pd.Series, list[str]]:  # fmt: skip
    """What a person has said about series between the others: kept, or moved to the step before or after.

    Args:
        stamps: datetime64[ns], indexed by the file's row number.
        entities: the entity of each row.
        shifted: "error" refuses; "keep" leaves the times, so that the step becomes finer and what lies between is
            missing; "before" and "after" move whole series, with the distances between their own times as they are.
        name: the file's name, for sentences.

    Returns:
        The times and notes.

    Raises:
        ReadError: when series lie between the others and `shifted` is "error", or when no step holds all that
            "keep" would keep.
    """
    found = find_shifts(stamps, entities)
    if not found:
        return stamps, []
    if shifted == "error":
        rows = [int(row) for row in stamps.index[found[0].rows]]
        listed = rows_in_words(rows[:3], max(0, len(rows) - 3))
        raise refuse(
            name,
            f"series lie between the times of the others: {found[0].words} ({listed})",
            MOVED if any(one.trouble for one in found) else OR_KEPT,
        )
    if shifted == "keep":
        if trouble := next((one.trouble for one in found if one.trouble), ""):
            raise refuse(
                name,
                f"the times cannot all be kept: {found[0].words}, and {trouble}",
                MOVED,
            )
        return stamps, [f"{one.words}; {one.kept}." for one in found]
    notes = []
    for one in found:
        stamps, done = one.moved(stamps, shifted)
        notes.append(f"{one.words}; {done}.")
    return stamps, notes


def _own_grid(stamps: pd.Series) -> Grid | None:
    """The grid of one entity's times; None where it has no step of its own."""
    grid = dated_grid(stamps) if stamps.nunique() >= FEWEST else None
    return None if grid is None or grid.trouble(time_numbers(stamps)[0]) else grid


def _length(nanoseconds: int) -> str:
    return step_words(np.timedelta64(nanoseconds, "ns"))
