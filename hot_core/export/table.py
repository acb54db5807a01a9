"""CSV in the input's own layout: wide or long, the same time column, units in brackets, gaps empty."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd
import xarray as xr

from hot_core.io.layout import ENTITY, SINGLE, headings, wide_layout
from hot_core.modes import SeriesGeometry

MIME = "text/csv"
SUFFIX = ".csv"


def csv_bytes(values: xr.DataArray, geometry: SeriesGeometry) -> bytes:
    """A series as the reader would take it again.

    Args:
        values: (entity, variable, time); a coordinate `unit` on "variable" goes into the headings.
        geometry: the input's, for the layout, the name of the time column and whether its times are UTC.

    Returns:
        UTF-8 text.
    """
    values = values.transpose("entity", "variable", "time")
    stamps = time_texts(values["time"].values, geometry.zoned)
    wide = geometry.layout == "wide" and _told_apart(values)
    frame = wide_frame(values, stamps, geometry) if wide else long_frame(values, stamps, geometry)
    # pandas writes as many digits as tell a number from its neighbours: what is read again is what was written
    return frame.to_csv(index=False, lineterminator="\n").encode("utf-8")


def _told_apart(values: xr.DataArray) -> bool:
    """Whether the headings of a wide table give the reader entities and variables as they are.

    One entity alone, or names with underscores, may be split elsewhere; a long table then says which is which.

    Returns:
        Whether a wide table reads back.
    """
    entities = tuple(str(name) for name in values["entity"].values)
    names = tuple(heading.name for heading in headings(variable_headings(values)))
    columns = [column_name(entity, heading, entities) for entity in entities for heading in variable_headings(values)]
    if len(set(columns)) < len(columns):
        return False
    layout = wide_layout(columns, "the export")
    return (layout.entities, layout.variables) == (entities, names)


def column_name(entity: str, heading: str, entities: Sequence[str]) -> str:
    """The heading of a series in a wide table; the only entity of a table that names none is not written."""
    return heading if tuple(entities) == (SINGLE,) else f"{entity}_{heading}"


def wide_frame(values: xr.DataArray, stamps: np.ndarray, geometry: SeriesGeometry) -> pd.DataFrame:
    """One row a step, one column for each entity and variable."""
    columns: dict[str, np.ndarray] = {geometry.time_name: stamps}
    entities = [str(name) for name in values["entity"].values]
    for i, entity in enumerate(entities):
        for j, heading in enumerate(variable_headings(values)):
            columns[column_name(entity, heading, entities)] = values.values[i, j]
    return pd.DataFrame(columns)


def long_frame(values: xr.DataArray, stamps: np.ndarray, geometry: SeriesGeometry) -> pd.DataFrame:
    """One row for each step and entity, one column for each variable."""
    count = values.sizes["entity"]
    table = values.transpose("time", "entity", "variable").values.reshape(-1, values.sizes["variable"])
    frame = pd.DataFrame(table, columns=variable_headings(values))
    frame.insert(0, ENTITY, np.tile(values["entity"].values, len(stamps)))
    frame.insert(0, geometry.time_name, np.repeat(stamps, count))
    return frame


def variable_headings(values: xr.DataArray) -> list[str]:
    """The variables' names with their units in brackets, as the reader splits them again."""
    names = [str(name) for name in values["variable"].values]
    if "unit" not in values.coords:
        return names
    units = [str(unit) for unit in values["unit"].values]
    return [n if not u or n.endswith((f"[{u}]", f"({u})")) else f"{n} [{u}]" for n, u in zip(names, units, strict=True)]


def time_texts(time: np.ndarray, zoned: bool) -> np.ndarray:
    """ISO stamps, to the second where that is exact, with a Z where they are known as UTC; step numbers as they are."""
    if time.dtype.kind != "M":
        return time
    whole = bool(np.all(time == time.astype("datetime64[s]")))
    zone: Literal["UTC", "naive"] = "UTC" if zoned else "naive"
    return np.asarray(np.datetime_as_string(time, unit="s" if whole else "ns", timezone=zone))
