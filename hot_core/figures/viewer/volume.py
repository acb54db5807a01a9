"""A volume for the viewer: values, labels, and what turns its voxels into the file's indices and into world mm."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
import xarray as xr

from hot_core.figures.style import class_colours
from hot_core.figures.viewer.packing import packed
from hot_core.figures.viewer.windows import display_windows, looks_like_hounsfield
from hot_core.modes import TokenGrid, VolumeGeometry
from hot_core.transforms.results import Segmentation

NO_LABEL = -1
SHOWN_VOXELS = 2**24
"""256³; a larger volume is sent in part: software graphics and phones stall, and Streamlit sends no 200 MB."""

Box = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Held:
    """A volume as the browser holds it.

    Attributes:
        identity: tells this volume, its region and its labels from any other; says nothing of the file.
        payload: the message.
        box: the part of the volume that was sent, a half-open interval along x, y and z; the browser counts its voxels
            from there.
        whole: whether that is all of it.
    """

    identity: str
    payload: bytes
    box: Box
    whole: bool

    @property
    def origin(self) -> tuple[int, ...]:
        """The first voxel of what was sent."""
        return tuple(start for start, _ in self.box)


def volume_bytes(
    data: xr.DataArray,
    geometry: VolumeGeometry,
    grid: TokenGrid,
    prediction: Segmentation | None = None,
    most: int = SHOWN_VOXELS,
) -> Held:
    """What the browser keeps of a volume as long as it is shown.

    The values go without loss: as whole numbers of 8 or 16 bits where they are such, as float32 otherwise. Of a volume
    above the limit goes the analysed region with as much around it as fits.

    Args:
        data: one volume (x, y, z) in RAS+ array order.
        geometry: its place.
        grid: the tokens; their window is the analysed region.
        prediction: labels, sent for the region only.
        most: voxels that go at most, as long as the region fits.

    Returns:
        The message and its identity. Its header has the `shape` of what is sent, `zooms` (mm), `affine` (voxel of that
        to world mm, row by row), `file` (for each of the file's axes: the axis here, its direction, and the file's
        index of the first voxel here), `region`, `windows`, `placed`, `oriented`, `oblique`, `unit` of the values and
        `labels`; then come the values and the labels of the region, x fastest.
    """
    values = data.values
    kind = whole_numbers(values) or np.float32
    box = shown_box(values.shape, grid.window, most)
    image = values[tuple(slice(*interval) for interval in box)].astype(kind)
    origin = [start for start, _ in box]
    affine = geometry.affine.copy()
    affine[:3, 3] += affine[:3, :3] @ origin
    header = {
        "shape": list(image.shape), "type": image.dtype.name, "zooms": list(geometry.zooms),
        "affine": affine.tolist(), "file": file_axes(geometry, origin),
        "region": [[start - first, stop - first] for (start, stop), first in zip(grid.window, origin, strict=True)],
        "windows": [vars(window) for window in display_windows(values)],
        "placed": geometry.placed, "oriented": geometry.oriented, "oblique": geometry.oblique,
        "unit": "HU, as it seems" if looks_like_hounsfield(values) else "",
        "labels": None if prediction is None else {
            "names": list(prediction.classes), "colours": list(class_colours(prediction.classes).values()),
        },
    }  # fmt: skip
    arrays = [np.asfortranarray(image)]
    if prediction is not None:
        region = tuple(slice(*interval) for interval in grid.window)
        arrays.append(np.asfortranarray(prediction.labels.values[region].astype(np.int8)))
    digest = hashlib.sha256(packed(header, arrays)).hexdigest()[:16]
    whole = image.shape == values.shape
    return Held(digest, packed({"identity": digest, **header}, arrays), box, whole)


def shown_box(shape: Sequence[int], region: Sequence[tuple[int, int]], most: int) -> Box:
    """The region with an equally wide margin on all sides, as wide as fits into a number of voxels.

    Args:
        shape: of the volume.
        region: half-open interval along each axis.
        most: voxels.

    Returns:
        The widest such box within the volume; the region itself, however large, where no margin fits.
    """
    found: Box = tuple((int(start), int(stop)) for start, stop in region)
    low, high = 0, max(shape)
    while low < high:
        margin = (low + high + 1) // 2
        box = tuple((max(0, a - margin), min(size, b + margin)) for (a, b), size in zip(region, shape, strict=True))
        if prod(b - a for a, b in box) <= most:
            low, found = margin, box
        else:
            high = margin - 1
    return found


def whole_numbers(values: np.ndarray) -> type[np.integer] | None:
    """The smallest of uint8 and int16 that holds all values without loss; None where neither does."""
    if not np.isfinite(values).all() or np.any(values != np.round(values)):
        return None
    low, high = float(values.min()), float(values.max())
    if low >= 0 and high <= 255:
        return np.uint8
    return np.int16 if low >= -32768 and high <= 32767 else None


def file_axes(geometry: VolumeGeometry, origin: Sequence[int]) -> list[list[int]]:
    """The way from a voxel of a part of the RAS+ array to its indices in the file.

    Args:
        geometry: of the whole.
        origin: the part's first voxel.

    Returns:
        For each axis of the file: the RAS+ axis that it became, 1 or −1 where it was turned round, and the file's
        index of the part's first voxel. A voxel `v` of the part has the index `first + way · v[axis]`.
    """
    turned = geometry.orientation.astype(int).tolist()
    return [
        [axis, way, int(origin[axis] if way > 0 else size - 1 - origin[axis])]
        for (axis, way), size in zip(turned, geometry.file_shape, strict=True)
    ]
