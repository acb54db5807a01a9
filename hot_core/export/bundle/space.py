"""Where the data lie: one straight line of coordinates for each axis, the same numbers as on the page."""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np

from hot_core.analysis.result import Analysis
from hot_core.export.bundle.about import Axis
from hot_core.modes import Geometry, Mode, RasterGeometry, SeriesGeometry, VolumeGeometry

HOUR = np.timedelta64(3600, "s")
OBLIQUE = (
    "The volume is oblique: x, y and z are mm along the array's own axes, not world mm; "
    "the affine in the manifest gives the world position."
)
ROTATED = (
    "The raster is rotated: row and column are distances along its own axes from the corner of the file, "
    "not map coordinates; the transform in the manifest gives the position."
)


def axes(analysis: Analysis) -> tuple[Axis, ...]:
    """One axis for each mode of the analysis, in order."""
    geometry = analysis.sample.geometry
    return tuple(_axis(analysis, index, mode, geometry) for index, mode in enumerate(_modes(analysis)))


def _modes(analysis: Analysis) -> tuple[Mode, ...]:
    return tuple(axis.mode for axis in analysis.grid.axes)


def _axis(analysis: Analysis, index: int, mode: Mode, geometry: Geometry) -> Axis:
    """A mode's coordinates as first and step."""
    if mode.name in ("entity", "variable", "band"):
        names = tuple(str(name) for name in mode.coords)
        units = _units(analysis) if mode.name == "variable" else ()
        return Axis(name=mode.name, names=names, units=units, roles=_roles(analysis) if mode.name == "band" else ())
    if isinstance(geometry, SeriesGeometry):
        return time_axis(mode, analysis.grid.window[index][0], geometry.zoned)
    first = float(mode.coords[0])
    if isinstance(geometry, VolumeGeometry):
        step = float(geometry.zooms[index]) if geometry.placed else 1.0
    else:
        step = _pixel(geometry)[index]
    return Axis(name=mode.name, unit=mode.unit, first=first, step=step)


def _pixel(geometry: RasterGeometry) -> tuple[float, float]:
    """From one row, and one column, to the next: signed in map units, or along the raster's own axes."""
    a, b, _, d, e, _ = geometry.transform
    return (math.hypot(b, e), math.hypot(a, d)) if rotated(geometry) else (e, a)


def time_axis(mode: Mode, start: int, zoned: bool = False) -> Axis:
    """Hours since the window began; counted steps where the stamps are no straight line (months), or there are none.

    Args:
        mode: the time mode.
        start: the first native position of the window.
        zoned: its stamps are known as UTC, and the origin says so by a Z.

    Returns:
        The axis.
    """
    coords = mode.coords
    steps = np.diff(coords)
    dated = coords.dtype.kind == "M"
    zone: Literal["UTC", "naive"] = "UTC" if zoned else "naive"
    origin = str(np.datetime_as_string(coords[start], unit="s", timezone=zone)) if dated else None
    if not dated or (steps != steps[0]).any():
        return Axis(name=mode.name, first=float(-start), origin=origin)
    step = float(steps[0] / HOUR)
    return Axis(name=mode.name, unit="hour", first=-start * step, step=step, origin=origin)


def _units(analysis: Analysis) -> tuple[str | None, ...]:
    """The unit of every variable, None where the file gives none."""
    data = analysis.sample.data
    if "unit" not in data.coords:
        return (None,) * data.sizes["variable"]
    return tuple(None if str(unit) in ("", "None", "nan") else str(unit) for unit in data["unit"].values)


def _roles(analysis: Analysis) -> tuple[str, ...]:
    """The role of every band, as the model was told or as the file says."""
    chosen = analysis.provenance["settings"].get("bands") or analysis.sample.roles
    return tuple("" if role == "-" else str(role) for role in chosen)


def upwards(analysis: Analysis) -> bool:
    """Whether pictures are drawn upwards: heads, and maps with a place; not tables, rotated rasters, plain pictures."""
    geometry = analysis.sample.geometry
    if isinstance(geometry, RasterGeometry):
        if geometry.unit == "pixel":
            return False  # no place, whatever reference system the file names
        southwards = geometry.transform[4] < 0
        return not rotated(geometry) and (southwards or bool(geometry.crs))
    return isinstance(geometry, VolumeGeometry)


def rotated(geometry: RasterGeometry) -> bool:
    """Whether rows and columns are not parallel to the map's axes."""
    a, b, _, d, e, _ = geometry.transform
    return abs(b) + abs(d) > 1e-9 * (abs(a) + abs(e))


def note(analysis: Analysis) -> str:
    """What must be known to read the coordinates."""
    geometry = analysis.sample.geometry
    if isinstance(geometry, VolumeGeometry) and geometry.oblique and geometry.placed:
        return OBLIQUE
    if isinstance(geometry, VolumeGeometry) and not geometry.oriented:
        return "The file does not say where its axes point: left and right are unknown."
    return ROTATED if isinstance(geometry, RasterGeometry) and rotated(geometry) else ""


def placement(analysis: Analysis) -> dict[str, Any]:
    """The geometry itself, for whoever needs the world position where coordinates run along the array's axes."""
    geometry = analysis.sample.geometry
    if isinstance(geometry, VolumeGeometry):
        return {"affine": tuple(tuple(float(v) for v in row) for row in geometry.affine)}
    if isinstance(geometry, RasterGeometry):
        return {"transform": tuple(float(v) for v in geometry.transform), "crs": geometry.crs}
    return {}
