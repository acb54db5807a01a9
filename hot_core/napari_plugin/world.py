"""Where the layers lie: napari's world axes, with the coordinates that the page shows.

The last two axes are drawn, the last one to the right: x and y of a volume (an axial plane), columns and rows of a
raster, time and entities of a series. Each axis is a straight line given by scale and translate alone, and arrays are
turned, never resampled; affines that exchange axes crash napari (napari#3410), and data in RAS+ order need none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hot_core.export.bundle import Axis, Bundle, Held

ORDER = {
    "volume": ("z", "y", "x"),
    "raster": ("band", "row", "column"),
    "series": ("variable", "entity", "time"),
}
UNITS = {
    "mm": "mm", "metre": "m", "meter": "m", "kilometre": "km", "foot": "foot", "US survey foot": "survey_foot",
    "degree": "degree", "grad": "grad", "radian": "radian", "hour": "hour",
}  # fmt: skip
"""What the units are called in pint, which napari asks; names, voxels and unknown units are counted ("pixel")."""
SIDES = {"x": "Left to Right", "y": "Posterior to Anterior", "z": "Inferior to Superior"}
"""What grows along the axes of a volume whose file says how the patient lies."""
ASPECT = 0.4
"""Height over width of a picture whose rows are names."""


@dataclass(frozen=True)
class Line:
    """One world axis: the coordinate of native position `i` is `first + step · i`."""

    label: str
    first: float
    step: float
    unit: str

    def at(self, position: float) -> float:
        """The coordinate of a native position."""
        return self.first + self.step * position


@dataclass(frozen=True)
class World:
    """The world axes of a bundle.

    Attributes:
        order: the data's axes from the outermost slider to the one drawn to the right.
        lines: the axes by name; "layer" and "head" are counted.
        upwards: whether the second last axis is drawn upwards.
    """

    order: tuple[str, ...]
    lines: dict[str, Line]
    upwards: bool

    def settings(self, dims: Sequence[str], start: Sequence[float]) -> dict[str, Any]:
        """Scale, translate, units and axis labels of an array with these axes and this first native position."""
        lines = [self.lines[dim] for dim in dims]
        return {
            "scale": [line.step for line in lines],
            "translate": [line.at(at) for line, at in zip(lines, start, strict=True)],
            "units": [line.unit for line in lines],
            "axis_labels": [line.label for line in lines],
        }

    def turned(self, values: np.ndarray, held: Held) -> tuple[np.ndarray, dict[str, Any]]:
        """An array of the bundle with its axes in the world's order, and where it lies."""
        dims = [dim for dim in ("layer", *self.order) if dim in held.dims]
        source = [held.dims.index(dim) for dim in dims]
        return values.transpose(source), self.settings(dims, [held.start[at] for at in source])


def world(bundle: Bundle) -> World:
    """The world axes of a bundle."""
    order = ORDER[bundle.about.kind]
    sides = SIDES if bundle.about.kind == "volume" and bundle.about.upwards else {}
    lines = {axis.name: _line(axis, sides.get(axis.name, "")) for axis in bundle.about.axes}
    lines |= {name: Line(name, 0.0, 1.0, "pixel") for name in ("layer", "head")}
    if bundle.about.kind == "series":
        lines["entity"] = _stretched(bundle, lines["entity"], lines["time"])
    return World(order, lines, bundle.about.upwards)


def _line(axis: Axis, sides: str) -> Line:
    """An axis with its unit, the patient's sides, and with what it counts from where that is a date."""
    label = axis.name if axis.origin is None else f"{axis.name} since {axis.origin.replace('T', ' ')}"
    label += sides and f" ({sides})"
    return Line(label, axis.first, axis.step, UNITS.get(axis.unit or "", "pixel"))


def _stretched(bundle: Bundle, entity: Line, time: Line) -> Line:
    """Rows that are names have no size of their own: as high as makes a picture that can be looked at."""
    steps = bundle.arrays["image"].shape[bundle.about.arrays["image"].dims.index("time")]
    count = len(bundle.axis("entity").names or ("",))
    return Line(entity.label, 0.0, ASPECT * steps * time.step / count, entity.unit)
