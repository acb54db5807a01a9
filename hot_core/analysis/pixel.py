"""One pixel of a raster in numbers and words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr
from rasterio.crs import CRS
from rasterio.errors import RasterioError
from rasterio.transform import Affine

from hot_core.analysis.result import Analysis
from hot_core.analysis.words import UNITS, number, place
from hot_core.errors import SelectionError
from hot_core.modes import RasterGeometry
from hot_core.transforms import earth
from hot_core.transforms.inputs import geometry_of
from hot_core.transforms.results import Segmentation


@dataclass(frozen=True, eq=False)
class Pixel:
    """What is known of one pixel.

    Attributes:
        row, column: in the file, from 0.
        x, y: of its middle, in the file's reference system.
        longitude, latitude: in degrees (WGS 84), from −180 and −90; None where the file does not say where it lies and
            beyond the edge of the earth.
        place: the same in words.
        table: one row a band: name, value, unit, attention × uniform.
        line: everything on one line, to be copied.
    """

    row: int
    column: int
    x: float
    y: float
    longitude: float | None
    latitude: float | None
    place: str
    table: pd.DataFrame
    line: str


def inspect(analysis: Analysis, at: tuple[int, int], field: xr.DataArray, uniform: float) -> Pixel:
    """Everything about one pixel.

    Args:
        analysis: of a raster.
        at: row and column of what was read, from 0.
        field: attention over the sample's grid (row, column, band).
        uniform: the weight each key would get if all were looked at alike.

    Returns:
        The pixel.
    """
    geometry = geometry_of(analysis.sample, RasterGeometry)
    row, column = at[0] + geometry.window[0], at[1] + geometry.window[1]
    x, y = Affine(*geometry.transform) @ (at[1] + 0.5, at[0] + 0.5)
    longitude, latitude = lonlat(geometry, x, y)
    where = _place(geometry, row, column, (x, y), (longitude, latitude))
    said = _class_words(analysis.prediction, at) if isinstance(analysis.prediction, Segmentation) else ""
    table = _bands(analysis, geometry, at, field.values[at] / uniform)
    parts = [where, said, *_values(table)]
    line = " | ".join(part for part in parts if part)
    return Pixel(row, column, x, y, longitude, latitude, f"{where}  \n{said}".strip(), table, line)


def lonlat(geometry: RasterGeometry, x: float, y: float) -> tuple[float | None, float | None]:
    """Longitude and latitude in degrees (WGS 84) of a place in the file's reference system; None where unknown."""
    if not geometry.crs or geometry.unit == "pixel":
        return None, None
    try:
        longitude, latitude = earth.lonlat(CRS.from_wkt(geometry.crs), np.array([x]), np.array([y]))
    except (RasterioError, SelectionError):
        return None, None
    found = earth.turned(float(longitude[0])), float(latitude[0])
    return found if all(np.isfinite(found)) else (None, None)


def _place(
    geometry: RasterGeometry, row: int, column: int, here: tuple[float, float], spot: tuple[float | None, float | None]
) -> str:
    """The place in words, with the name of the reference system."""
    step = abs(geometry.transform[0] * geometry.transform[4] - geometry.transform[1] * geometry.transform[3]) ** 0.5
    unit = UNITS.get(geometry.unit, geometry.unit)
    x, y = (_plain(value, step) for value in here)
    words = f"row {row}, column {column} · x {x}, y {y} {unit}"
    name = "" if geometry.unit == "pixel" else crs_name(geometry)
    words += f" ({name})" if name else ""
    if spot[0] is None or spot[1] is None:
        return f"{words} · no longitude or latitude here" if name else words
    return f"{words} · {abs(spot[1]):.6f}° {'NS'[spot[1] < 0]}, {abs(spot[0]):.6f}° {'EW'[spot[0] < 0]}"


def _plain(value: float, step: float) -> str:
    """A coordinate as programs read it, with the digits that the middle of a pixel of some width needs."""
    text = place(value, step / 1e4).replace(",", "").replace("−", "-")
    return text.rstrip("0").rstrip(".") if "." in text else text


def crs_name(geometry: RasterGeometry) -> str:
    """The name of the reference system, as EPSG:32633 where it has a number."""
    if not geometry.crs:
        return ""
    crs = CRS.from_wkt(geometry.crs)
    code = crs.to_epsg()
    return f"EPSG:{code}" if code else geometry.crs.split('"')[1] if '"' in geometry.crs else "own reference system"


def _class_words(prediction: Segmentation, at: tuple[int, int]) -> str:
    """The class with its probability; that there is none where nothing was analysed."""
    label = int(prediction.labels.values[at])
    if label < 0:
        return "no class: not analysed, or no data"
    return f"class {prediction.classes[label]}, probability {float(prediction.probabilities.values[label][at]):.2f}"


def _bands(analysis: Analysis, geometry: RasterGeometry, at: tuple[int, int], times: np.ndarray) -> pd.DataFrame:
    """One row a band."""
    names = [str(name) for name in analysis.sample.data.coords["band"].values]
    values = analysis.sample.data.values[at]
    units = geometry.units or ("",) * len(names)
    return pd.DataFrame(
        {
            "Band": names,
            "Value": ["no data" if not np.isfinite(v) else f"{float(v):.6g}" for v in values],
            "Unit": [(unit + _scale(geometry, band)).strip() for band, unit in enumerate(units)],
            "Attention × uniform": ["" if not np.isfinite(v) else number(float(v)) for v in times],
        }
    )


def _scale(geometry: RasterGeometry, band: int) -> str:
    """How a stored number became the value, where the file says so."""
    if not geometry.scales:
        return ""
    scale, offset = geometry.scales[band]
    more = f" {'−' if offset < 0 else '+'} {abs(offset):g}" if offset else ""
    return f" (stored × {scale:g}{more})"


def _values(table: pd.DataFrame) -> list[str]:
    """The bands on one line."""
    values = ", ".join(
        f"{name} {value} {unit}".strip()
        for name, value, unit in zip(table["Band"], table["Value"], table["Unit"], strict=True)
    )
    looked = [f"{n} {v}" for n, v in zip(table["Band"], table["Attention × uniform"], strict=True) if v]
    return [values, "attention × uniform: " + ", ".join(looked)] if looked else [values]
