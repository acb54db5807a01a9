"""CSV and TSV: a table becomes entity × variable × time; gaps stay NaN."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from hot_core.io.assemble import frozen_sample
from hot_core.io.blob import Blob
from hot_core.io.layout import SINGLE, entity_column, headings, wide_layout
from hot_core.io.limits import Limits, refuse
from hot_core.io.regular import (
    Axis,
    Duplicates,
    Irregular,
    counted_axis,
    merge_duplicates,
    regular_axis,
    settle_irregular,
)
from hot_core.io.rescale import Scaled, rescale
from hot_core.io.shifted import Shifted, settle_shifted
from hot_core.io.table_numbers import Decimal, decide_decimal, is_missing, numeric_columns
from hot_core.io.table_text import name_rows, parse_table
from hot_core.io.time_column import TimeColumn, find_time, without_time
from hot_core.io.units import take_units_row
from hot_core.modes import Mode, Sample, SeriesGeometry


@dataclass(frozen=True)
class TableOptions:
    """What a person may say about a table; see `read`."""

    duplicates: Duplicates = "error"
    dayfirst: bool | None = None
    decimal: Decimal | None = None
    irregular: Irregular = "error"
    scale: tuple[Scaled, ...] = ()
    shifted: Shifted = "error"


@dataclass(frozen=True, eq=False)
class _Cube:
    """Values (entity, variable, time) with the names of their axes."""

    values: np.ndarray
    entities: tuple[str, ...]
    variables: tuple[str, ...]
    units: tuple[str, ...]
    axis: Axis
    notes: tuple[str, ...]


def read_table(blob: Blob, options: TableOptions, limits: Limits) -> Sample:
    """Read a delimited text.

    Args:
        blob: the decompressed file.
        options: how to decide what the file leaves open.
        limits: what may be asked for.

    Returns:
        A sample with the modes entity, variable, time.

    Raises:
        ReadError: when the table has no numbers, or its time axis is not regular.
    """
    name = blob.name
    table = parse_table(blob.data, name)
    cells, units = take_units_row(table.cells)
    time = find_time(cells, options.dayfirst, name)
    rest = without_time(cells, time)
    decimal = decide_decimal(rest, options.decimal, name)
    numbers, texts, empty = numeric_columns(rest, decimal, name)
    entity = entity_column(rest, texts, time.stamps)
    numbers = numbers.drop(columns=[entity], errors="ignore")
    if numbers.empty or len(numbers.columns) == len(set(empty) & set(numbers.columns)):
        raise refuse(name, "no column holds numbers to look at", "Give at least one column of numbers beside the date")
    if len(numbers) < 2:
        raise refuse(name, "there is only one row", "Give at least two steps in time")
    dropped = [label for label in texts if label != entity]
    if entity is None:
        cube, left = _wide(numbers, empty, time, options, limits, name)
    else:
        cube, left = (
            _long(numbers.drop(columns=empty, errors="ignore"), rest[entity], time, options, limits, name),
            empty,
        )
    notes = [*table.notes, *units, *time.notes, *cube.axis.notes, *cube.notes]
    if dropped:
        notes.append(f"Columns without numbers are left out: {', '.join(dropped)}.")
    notes += rescale(cube.values, cube.entities, cube.variables, options.scale, name)
    if left:
        notes.append(f"Empty columns are left out: {', '.join(left)}.")
    return _sample(cube, time, "wide" if entity is None else "long", blob, notes)


def _wide(
    numbers: pd.DataFrame, empty: list[str], time: TimeColumn, options: TableOptions, limits: Limits, name: str
) -> tuple[_Cube, list[str]]:
    """One row a step; an empty column stays only where the grid of entities and variables needs it."""
    layout, left = wide_layout(list(numbers.columns), name), []
    if empty and layout.entities == (SINGLE,):
        left = empty
        numbers = numbers.drop(columns=empty)
        layout = wide_layout(list(numbers.columns), name)
    notes: list[str] = []
    labels = {str(label): at for at, label in enumerate(numbers)}
    # Numbered columns: a variable may be called "time" too.
    numbers = numbers.set_axis(range(len(labels)), axis=1)
    if time.stamps is None:
        axis = counted_axis(np.arange(len(numbers)))
    else:
        numbers, moved, grid = settle_irregular(numbers.assign(time=time.stamps), options.irregular)
        numbers, merged = merge_duplicates(numbers, ["time"], options.duplicates, name)
        notes = [*moved, *merged]
        axis = regular_axis(numbers["time"], name, settled=grid)
    _check_values(len(labels) * len(axis.coords), limits, name)
    values = np.full((len(layout.entities), len(layout.variables), len(axis.coords)), np.nan)
    entity_at = {entity: at for at, entity in enumerate(layout.entities)}
    variable_at = {variable: at for at, variable in enumerate(layout.variables)}
    for (entity, variable), label in layout.columns.items():
        values[entity_at[entity], variable_at[variable], axis.places] = numbers[labels[label]].to_numpy()
    return _Cube(values, layout.entities, layout.variables, layout.units, axis, tuple(notes)), left


def _long(
    numbers: pd.DataFrame, entity: pd.Series, time: TimeColumn, options: TableOptions, limits: Limits, name: str
) -> _Cube:
    """One row for each entity and step."""
    if bool(is_missing(entity).any()):
        raise refuse(
            name, f"{name_rows(is_missing(entity))} name no entity in column '{entity.name}'", "Fill in the names"
        )
    columns = headings(list(numbers.columns))
    codes, names = pd.factorize(entity)
    frame = numbers.set_axis(range(len(columns)), axis=1).assign(entity=codes)
    notes: list[str] = []
    if time.stamps is None:
        axis = counted_axis(frame.groupby("entity").cumcount().to_numpy())
    else:
        stamps, between = settle_shifted(time.stamps, entity, options.shifted, name)
        frame, moved, grid = settle_irregular(frame.assign(time=stamps), options.irregular)
        frame, merged = merge_duplicates(frame, ["entity", "time"], options.duplicates, name)
        notes = [*between, *moved, *merged]
        axis = regular_axis(frame["time"], name, frame["entity"], grid)
    _check_values(len(names) * len(columns) * len(axis.coords), limits, name)
    values = np.full((len(names), len(columns), len(axis.coords)), np.nan)
    for at in range(len(columns)):
        values[frame["entity"].to_numpy(), at, axis.places] = frame[at].to_numpy()
    return _Cube(
        values,
        tuple(str(one) for one in names),
        tuple(heading.name for heading in columns),
        tuple(heading.unit for heading in columns),
        axis,
        tuple(notes),
    )


def _check_values(count: int, limits: Limits, name: str) -> None:
    if count > limits.values:
        raise refuse(name, f"the series would hold {count:,} values, above the limit of {limits.values:,}", "Cut it")


def _sample(cube: _Cube, time: TimeColumn, layout: str, blob: Blob, notes: list[str]) -> Sample:
    values = cube.values
    if bool(np.isnan(values).all()):
        raise refuse(blob.name, "no cell holds a number", "Give at least one column of numbers beside the date")
    missing = float(np.isnan(values).mean())
    if missing:
        notes.append(f"{missing:.2%} of the values are missing and stay so.")
    dated = np.issubdtype(cube.axis.coords.dtype, np.datetime64)
    modes = (
        Mode("entity", np.array(cube.entities)),
        Mode("variable", np.array(cube.variables)),
        Mode("time", cube.axis.coords, None if dated else "step"),
    )
    geometry = SeriesGeometry(cube.axis.step, time.label, "long" if layout == "long" else "wide", time.zoned)
    units = {"unit": ("variable", np.array(cube.units))}
    return frozen_sample(values, modes, geometry, blob.source("CSV"), notes, extra=units)
