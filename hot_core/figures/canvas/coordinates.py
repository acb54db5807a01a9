"""Positions of a map in words, in a form that the browser can put together for any of up to 10¹² entries."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from hot_core.analysis.words import UNITS, middle_place, spacing, span_words, world_of
from hot_core.figures.axes import token_axis, token_word, unit_word
from hot_core.figures.canvas.slots import Listed, Slot, Summed, counts, evens, step_decimals
from hot_core.modes import Geometry, RasterGeometry, TokenAxis, TokenGrid, VolumeGeometry

Piece = str | int


@dataclass(frozen=True)
class ModeWords:
    """One mode of the map, as its axes call it.

    Attributes:
        name: the mode's name.
        title: the name with its unit, and the rows' order where it is not the usual one.
        labels: one short label for each token.
        unit: what follows a label that stands alone: " mm", "°", "".
    """

    name: str
    title: str
    labels: tuple[str, ...]
    unit: str

    def header(self) -> dict[str, Any]:
        """The mode as plain values."""
        return {"name": self.name, "title": self.title, "unit": self.unit, "labels": list(self.labels)}


@dataclass(frozen=True)
class Coordinates:
    """What the positions of a map are called.

    Attributes:
        modes: the modes in the map's order.
        template: what a position's full words are put together from: text, and numbers of slots.
        slots: the parts that change from token to token.
    """

    modes: tuple[ModeWords, ...]
    template: tuple[Piece, ...]
    slots: tuple[Slot, ...]

    @property
    def sizes(self) -> tuple[int, ...]:
        """Tokens along each mode."""
        return tuple(len(mode.labels) for mode in self.modes)

    def header(self) -> dict[str, Any]:
        """Modes and words as plain values."""
        words = {"template": list(self.template), "slots": [slot.header() for slot in self.slots]}
        return {"modes": [mode.header() for mode in self.modes], "words": words}


def mode_coordinates(axis: TokenAxis) -> Coordinates:
    """Coordinates of a mode-wise matrix: its tokens as `span_words` says them, "−28.5 mm", "EWR"."""
    return Coordinates((_mode_words(axis),), (0,), (_spans(axis, 0),))


def grid_coordinates(grid: TokenGrid, geometry: Geometry | None = None) -> Coordinates:
    """Coordinates of a map over all tokens: positions as `position_words` says them.

    Args:
        grid: the token grid.
        geometry: the sample's, for world positions on oblique volumes and rotated rasters too.

    Returns:
        Coordinates with as many modes as the grid.
    """
    modes = tuple(_mode_words(axis) for axis in grid.axes)
    names = [axis.mode.name for axis in grid.axes]
    if names == ["x", "y", "z"]:
        return Coordinates(modes, *_volume(grid, geometry))
    if names[:2] == ["row", "column"]:
        return Coordinates(modes, *_raster(grid, geometry))
    template: list[Piece] = [0]
    for mode in range(1, len(modes)):
        template += [" · ", mode]
    return Coordinates(modes, tuple(template), tuple(_spans(axis, mode) for mode, axis in enumerate(grid.axes)))


def _mode_words(axis: TokenAxis) -> ModeWords:
    labels = tuple(token_word(axis, token) for token in range(len(axis)))
    unit = unit_word(axis.mode.unit) if axis.mode.unit else ""
    return ModeWords(axis.mode.name, token_axis(axis).title, labels, unit if unit in ("", "°") else f" {unit}")


def _spans(axis: TokenAxis, mode: int) -> Listed:
    return Listed(mode, tuple(span_words(axis, token) for token in range(len(axis))))


def _middles(values: list[float], axis: TokenAxis, mode: int, step: float, signs: tuple[str, ...] = ()) -> Listed:
    """Numbers that depend on one mode, written as `middle_place` writes them."""
    shown = [abs(value) for value in values] if signs else values
    texts = [middle_place(v, step, int(n)) for v, n in zip(shown, counts(axis), strict=True)]
    ends = [signs[int(value < 0)] for value in values] if signs else [""] * len(values)
    return Listed(mode, tuple(text + end for text, end in zip(texts, ends, strict=True)))


def _volume(grid: TokenGrid, geometry: Geometry | None) -> tuple[tuple[Piece, ...], tuple[Slot, ...]]:
    """The three coordinates of a volume's token; in world mm where the affine is known."""
    placed = isinstance(geometry, VolumeGeometry) and geometry.placed
    slots = []
    for mode, axis in enumerate(grid.axes):
        if placed and isinstance(geometry, VolumeGeometry):
            slots.append(_world(grid, geometry.affine, mode))
        else:
            slots.append(_middles([float(c) for c in axis.coords], axis, mode, spacing(axis)))
    unit = grid.axes[0].mode.unit or "mm"
    start, end = ("voxel (", ")") if unit == "voxel" else ("(", f") {unit}")
    return (start, 0, ", ", 1, ", ", 2, end), tuple(slots)


def _world(grid: TokenGrid, affine: np.ndarray, mode: int) -> Slot:
    """One world coordinate of a volume: `affine[mode] · (voxel, 1)`."""
    axis = grid.axes[mode]
    voxels = [(each.starts + each.stops - 1) / 2 for each in grid.axes]
    if not any(affine[mode, other] for other in range(3) if other != mode):
        points = [[float(v) if at == mode else 0.0 for at in range(3)] for v in voxels[mode]]
        return _middles([world_of(point, affine)[mode] for point in points], axis, mode, spacing(axis))
    terms = tuple(tuple((affine[mode, at] * v).tolist()) for at, v in enumerate(voxels))
    return Summed(terms, float(affine[mode, 3]), step_decimals(spacing(axis)), mode, evens(axis))


def _raster(grid: TokenGrid, geometry: Geometry | None) -> tuple[tuple[Piece, ...], tuple[Slot, ...]]:
    """The map coordinates of a patch's middle, and its band."""
    unit = geometry.unit if isinstance(geometry, RasterGeometry) else grid.axes[0].mode.unit or ""
    degrees = unit.startswith("degree")
    east, north = (("° E", "° W"), ("° N", "° S")) if degrees else ((), ())
    if isinstance(geometry, RasterGeometry):
        a, b, c, d, e, f = geometry.transform
        across = _mapped(grid, (b, a, c), 1, math.hypot(a, d), east)
        down = _mapped(grid, (e, d, f), 0, math.hypot(b, e), north)
    else:
        rows, columns = grid.axes[:2]
        across = _middles([float(c) for c in columns.coords], columns, 1, spacing(columns), east)
        down = _middles([float(c) for c in rows.coords], rows, 0, spacing(rows), north)
    slots = across, down, _spans(grid.axes[2], 2)
    if degrees:
        return (0, ", ", 1, " · ", 2), slots
    return ("x ", 0, ", y ", 1, f"{f' {UNITS.get(unit, unit)}' if unit else ''} · ", 2), slots


def _mapped(
    grid: TokenGrid, row_column_offset: tuple[float, float, float], mode: int, step: float, signs: tuple[str, ...]
) -> Slot:
    """One map coordinate of a raster: `by_row · row + by_column · column + offset`, of a patch's middle."""
    *factors, offset = row_column_offset
    middles = [(axis.starts + axis.stops) / 2 for axis in grid.axes[:2]]
    terms = [tuple((by * middle).tolist()) for by, middle in zip(factors, middles, strict=True)]
    if factors[1 - mode] == 0:
        return _middles([term + offset for term in terms[mode]], grid.axes[mode], mode, step, signs)
    return Summed((*terms, ()), offset, step_decimals(step), mode, evens(grid.axes[mode]), signs)
