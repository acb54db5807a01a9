"""Which part of a volume is taken when nobody chose one; always said in the notes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hot_core.modes import VolumeGeometry
from hot_core.transforms.inputs import central

CROP_MM = (36.0, 52.0, 36.0)
"""The size of the crops that the hippocampus model was trained on."""

LEFT_HIPPOCAMPUS = (-26.0, -21.0, -14.0)
"""Its middle in MNI152 space, in mm."""

WHOLE_BELOW_MM = 72.0
"""A volume no longer than this in any direction is a crop already."""

ALIGNED = 2
"""From this NIfTI code on, coordinates are aligned to a template or to another scan; 1 is the scanner's own."""


def hippocampus_region(
    geometry: VolumeGeometry, shape: tuple[int, ...]
) -> tuple[tuple[tuple[int, int], ...], tuple[str, ...]]:
    """The whole of a crop; of a head, the left hippocampus in template space, otherwise the middle.

    Returns:
        The half-open interval of each axis, and the sentence that says what was taken.
    """
    extent = [size * zoom for size, zoom in zip(shape, geometry.zooms, strict=True)]
    if max(extent) <= WHOLE_BELOW_MM:
        return tuple((0, size) for size in shape), ()
    lengths = [max(4, round(mm / zoom)) for mm, zoom in zip(CROP_MM, geometry.zooms, strict=True)]
    box = "the model takes a crop of about 36 × 52 × 36 mm; choose another region if this one misses"
    centre = np.linalg.solve(geometry.affine, [*LEFT_HIPPOCAMPUS, 1.0])[:3]
    starts = [round(float(c) - length / 2) for c, length in zip(centre, lengths, strict=True)]
    inside = all(s >= 0 and s + n <= size for s, n, size in zip(starts, lengths, shape, strict=True))
    if inside and max(geometry.sform_code, geometry.qform_code) >= ALIGNED:
        region = tuple((s, s + n) for s, n in zip(starts, lengths, strict=True))
        return region, (f"The region is a guess: the left hippocampus near (−26, −21, −14) mm in MNI space; {box}.",)
    region = tuple(central(size, n) for size, n in zip(shape, lengths, strict=True))
    return region, (f"The region is the middle of the volume, no more than a guess: {box}.",)


def gland_region(shape: np.ndarray, limit: int = 64) -> tuple[tuple[tuple[int, int], ...], tuple[str, ...]]:
    """The whole volume up to `limit` voxels a side; of a larger one, the box around the shape's middle.

    Returns:
        The half-open interval of each axis, and the sentence that says what was taken.
    """
    if max(shape.shape) <= limit:
        small = max(shape.shape) < limit
        said = (f"The volume is smaller than the {limit}³ voxels the model was trained on.",) if small else ()
        return tuple((0, size) for size in shape.shape), said
    inside = np.argwhere(shape == 1)
    low, high = inside.min(axis=0), inside.max(axis=0) + 1
    region = []
    for axis, size in enumerate(shape.shape):
        length = min(limit, size)
        start = int(np.clip((low[axis] + high[axis] - length) // 2, 0, size - length))
        region.append((start, start + length))
    cut = any(s > lo or e < hi for (s, e), lo, hi in zip(region, low, high, strict=True))
    note = f"The region is the {limit}³ voxels around the shape." + (" The shape is larger and was cut." if cut else "")
    return tuple(region), (note,)


def moved_around(
    window: Sequence[tuple[int, int]], voxel: Sequence[int], sizes: Sequence[int]
) -> tuple[tuple[int, int], ...]:
    """A region of the same size with a voxel in its middle, pushed inside where it would leave the volume.

    Args:
        window: half-open interval of each axis.
        voxel: the new middle; of an even length the upper one of the two middle voxels.
        sizes: voxels of the volume along each axis, no fewer than the region has.

    Returns:
        Half-open intervals: begin at `voxel − length // 2`, no less than 0 and no more than `size − length`.
    """
    moved = []
    for (start, stop), at, size in zip(window, voxel, sizes, strict=True):
        begin = min(max(int(at) - (stop - start) // 2, 0), size - (stop - start))
        moved.append((begin, begin + stop - start))
    return tuple(moved)
