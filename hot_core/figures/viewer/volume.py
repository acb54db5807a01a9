"""A volume for the viewer: values, labels, and what turns its voxels into the file's indices and into world mm."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import xarray as xr

from hot_core.figures.style import class_colours
from hot_core.figures.viewer.packing import packed
from hot_core.figures.viewer.windows import display_windows, looks_like_hounsfield
from hot_core.modes import TokenGrid, VolumeGeometry
from hot_core.transforms.results import Segmentation

NO_LABEL = -1


@dataclass(frozen=True)
class Held:
    """A volume as the browser holds it.

    Attributes:
        identity: tells this volume, its region and its labels from any other; says nothing of the file.
        payload: the message.
    """

    identity: str
    payload: bytes


def volume_bytes(
    data: xr.DataArray, geometry: VolumeGeometry, grid: TokenGrid, prediction: Segmentation | None = None
) -> Held:
    """What the browser keeps of a volume as long as it is shown.

    The values go without loss: as whole numbers of 8 or 16 bits where they are such, as float32 otherwise.

    Args:
        data: one volume (x, y, z) in RAS+ array order.
        geometry: its place.
        grid: the tokens; their window is the analysed region.
        prediction: labels, sent for the region only.

    Returns:
        The message and its identity. Its header has the `shape`, `zooms` (mm), `affine` (voxel of this array to world
        mm, row by row), `file` (for each of the file's axes: the axis of this array, its direction, and its size),
        `region`, `windows`, `placed`, `oriented`, `oblique`, `unit` of the values and `labels`; then come the values
        and the labels of the region, x fastest.
    """
    values = data.values
    whole = whole_numbers(values)
    image = values.astype(np.float32) if whole is None else values.astype(whole)
    header = {
        "shape": list(values.shape), "type": image.dtype.name, "zooms": list(geometry.zooms),
        "affine": geometry.affine.tolist(), "file": file_axes(geometry),
        "region": [[int(start), int(stop)] for start, stop in grid.window],
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
    return Held(digest, packed({"identity": digest, **header}, arrays))


def whole_numbers(values: np.ndarray) -> type[np.integer] | None:
    """The smallest of uint8 and int16 that holds all values without loss; None where neither does."""
    if not np.isfinite(values).all() or np.any(values != np.round(values)):
        return None
    low, high = float(values.min()), float(values.max())
    if low >= 0 and high <= 255:
        return np.uint8
    return np.int16 if low >= -32768 and high <= 32767 else None


def file_axes(geometry: VolumeGeometry) -> list[list[int]]:
    """The way from a voxel of the RAS+ array to its indices in the file.

    Returns:
        For each axis of the file: the RAS+ axis that it became, 1 or −1 where it was turned round, and its length.
        A voxel `v` has the index `v[axis]`, or `size − 1 − v[axis]` where turned.
    """
    turned = geometry.orientation.astype(int).tolist()
    return [[axis, flip, int(size)] for (axis, flip), size in zip(turned, geometry.file_shape, strict=True)]
