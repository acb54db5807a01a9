"""CSV in the input's own layout: wide or long, the same time column, units in brackets, gaps empty."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

from hot_core.modes import SeriesGeometry

MIME = "text/csv"
SUFFIX = ".csv"
SINGLE = "series"
"""The reader's word for the only entity of a table that names none."""


def csv_bytes(values: xr.DataArray, geometry: SeriesGeometry) -> bytes:
    """A series as the reader would take it again.

    Args:
        values: (entity, variable, time); a coordinate `unit` on "variable" goes into the headings.
        geometry: the input's, for the layout and the name of the time column.

    Returns:
        UTF-8 text.
    """
    values = values.transpose("entity", "variable", "time")
    stamps = time_texts(values["time"].values)
    frame = long_frame(values, stamps, geometry) if geometry.layout == "long" else wide_frame(values, stamps, geometry)
    return frame.to_csv(index=False, lineterminator="\n", float_format="%.9g").encode("utf-8")


def wide_frame(values: xr.DataArray, stamps: np.ndarray, geometry: SeriesGeometry) -> pd.DataFrame:
    """One row a step, one column for each entity and variable."""
    columns: dict[str, np.ndarray] = {geometry.time_name: stamps}
    headings = variable_headings(values)
    for i, entity in enumerate(values["entity"].values):
        prefix = "" if values.sizes["entity"] == 1 and entity == SINGLE else f"{entity}_"
        for j, heading in enumerate(headings):
            columns[prefix + heading] = values.values[i, j]
    return pd.DataFrame(columns)


def long_frame(values: xr.DataArray, stamps: np.ndarray, geometry: SeriesGeometry) -> pd.DataFrame:
    """One row for each step and entity, one column for each variable."""
    count = values.sizes["entity"]
    table = values.transpose("time", "entity", "variable").values.reshape(-1, values.sizes["variable"])
    frame = pd.DataFrame(table, columns=variable_headings(values))
    frame.insert(0, "entity", np.tile(values["entity"].values, len(stamps)))
    frame.insert(0, geometry.time_name, np.repeat(stamps, count))
    return frame


def variable_headings(values: xr.DataArray) -> list[str]:
    """The variables' names with their units in brackets, as the reader splits them again."""
    names = [str(name) for name in values["variable"].values]
    if "unit" not in values.coords:
        return names
    units = [str(unit) for unit in values["unit"].values]
    return [n if not u or n.endswith((f"[{u}]", f"({u})")) else f"{n} [{u}]" for n, u in zip(names, units, strict=True)]


def time_texts(time: np.ndarray) -> np.ndarray:
    """ISO stamps, to the second where that is exact; step numbers as they are."""
    if time.dtype.kind != "M":
        return time
    whole = bool(np.all(time == time.astype("datetime64[s]")))
    return np.asarray(np.datetime_as_string(time, unit="s" if whole else "ns"))
