"""The three planes of a volume: where they lie and what of them is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from hot_core.figures.axes import native_edges
from hot_core.modes import Mode, TokenGrid

Spans: TypeAlias = Sequence[tuple[int, int]]
Voxel: TypeAlias = tuple[int, int, int]


@dataclass(frozen=True)
class Plane:
    """One of the three planes: which array axes lie across, up and through, and where it stands.

    `panel` is what plotly appends to the names of its axes: "", "2", "3".
    """

    name: str
    across: int
    up: int
    through: int
    row: int
    col: int
    letters: tuple[str, str, str, str]
    panel: str


PLANES = (
    Plane("coronal", 0, 2, 1, 1, 1, ("L", "R", "I", "S"), ""),
    Plane("sagittal", 1, 2, 0, 1, 2, ("P", "A", "I", "S"), "2"),
    Plane("axial", 0, 1, 2, 2, 1, ("L", "R", "P", "A"), "3"),
)


@dataclass(frozen=True)
class Look:
    """How the planes are drawn.

    Attributes:
        position: the voxel that the planes go through.
        radiological: whether the patient's left is on the right of the picture.
        sided: whether the patient's sides are known; otherwise nothing is named after them, nor turned.
    """

    position: Voxel
    radiological: bool = True
    sided: bool = True

    def flips(self, plane: Plane) -> bool:
        """Whether a plane is drawn with its x axis from right to left."""
        return self.sided and self.radiological and plane.across == 0


def shown_spans(grid: TokenGrid, sizes: Sequence[int]) -> list[tuple[int, int]]:
    """The native interval of each axis that is shown: the analysed region with a margin."""
    spans = []
    for (start, stop), size in zip(grid.window, sizes, strict=True):
        margin = max(2, (stop - start) // 8) if (start, stop) != (0, size) else 0
        spans.append((max(0, start - margin), min(size, stop + margin)))
    return spans


def extent(mode: Mode, span: tuple[int, int]) -> float:
    """How long the shown part of an axis is, in its unit."""
    edges = native_edges(mode)
    return abs(float(edges[span[1]] - edges[span[0]]))


def cut(values: np.ndarray, spans: Spans, plane: Plane, position: Voxel) -> np.ndarray:
    """The plane's part of a volume, rows up and columns across."""
    index: list[int | slice] = [slice(*span) for span in spans]
    index[plane.through] = position[plane.through]
    part = values[tuple(index)]
    return part.T  # array order is (across, up) in every plane


def edges_of(modes: Sequence[Mode], spans: Spans, axis: int) -> np.ndarray:
    """The edges of the shown voxels along an axis."""
    return native_edges(modes[axis])[spans[axis][0] : spans[axis][1] + 1]
