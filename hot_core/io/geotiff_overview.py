"""A raster too large to be read whole, at a glance: from its own overviews, or from blocks spread over it.

A file without overviews would have to be decoded from end to end for a small picture of it. Instead, a regular
selection of its stored blocks is read, as many as can be decoded in about a second.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import xarray as xr
from rasterio.io import DatasetReader

from hot_core.io.geotiff_grid import centres
from hot_core.io.geotiff_pixels import read_values
from hot_core.io.limits import Limits
from hot_core.modes import Mode, Overview

SIDE = 512
"""The coarsest overview whose longer side has at least so many pixels is taken."""

MOST = 1024
"""A longer side is thinned to so many pixels."""

SAMPLES = 32
"""Every block that is read for a file without overviews gives about so many samples a side."""

LEAST = 8
"""So many blocks are read down and across at least, where there are so many, however large: fewer are no picture."""

SAMPLED = 2**17
"""Statistics are taken of up to so many pixels of an overview, evenly spread."""

MAKE = (
    "Overviews make it sharp: gdaladdo -r average FILE 2 4 8 16 32 64, or rio overview --build auto "
    "--resampling average FILE"
)


def read_overview(
    dataset: DatasetReader, indexes: Sequence[int], modes: Sequence[Mode], limits: Limits, name: str
) -> Overview:
    """The whole raster in a picture of up to 1024 pixels a side.

    Args:
        dataset: the file, open.
        indexes: the bands, from 1.
        modes: any row, column and band modes of the file: their names and units.
        limits: how many values may be decoded for it.
        name: the file's name, for the sentence.

    Returns:
        The overview, its samples for statistics with it.

    Raises:
        ReadError: when pixels cannot be read.
    """
    size = overview_size(dataset, len(indexes), limits.overview)
    if size is None:
        found = _from_blocks(dataset, indexes, name, limits.overview)
    else:
        found = _from_level(dataset, size, indexes, name)
    rows, columns = found.values.shape[:2]
    step = (dataset.height / rows, dataset.width / columns)
    y, x = centres(dataset.transform, (np.arange(rows) + 0.5) * step[0], (np.arange(columns) + 0.5) * step[1])
    for array in (found.values, found.samples, y, x):
        array.flags.writeable = False
    places = Mode("row", y, modes[0].unit), Mode("column", x, modes[1].unit)
    data = xr.DataArray(
        found.values, dims=("row", "column", "band"), coords={"row": y, "column": x, "band": modes[2].coords}
    )
    return Overview(data, places, step, found.samples, found.words)


class _Found(NamedTuple):
    """Values (row, column, band), samples (number, band), and how they were made."""

    values: np.ndarray
    samples: np.ndarray
    words: str


def overview_size(dataset: DatasetReader, bands: int, most: int) -> tuple[int, int] | None:
    """Rows and columns of the coarsest overview of at least 512 pixels a side, or of the finest below that.

    Returns:
        The size; None where the file has no overview that is small enough.
    """
    sizes = sorted((-(-dataset.height // f), -(-dataset.width // f)) for f in dataset.overviews(1))
    usable = [size for size in sizes if size[0] * size[1] * bands <= most]
    return next((size for size in usable if max(size) >= SIDE), usable[-1] if usable else None)


def _from_level(dataset: DatasetReader, size: tuple[int, int], indexes: Sequence[int], name: str) -> _Found:
    """An overview of the file, thinned, one band after another."""
    stride = max(1, -(-max(size) // MOST))
    area = (0, 0, dataset.height, dataset.width)
    bands = [
        read_values(dataset, [index], area, name, size)[stride // 2 :: stride, stride // 2 :: stride].copy()
        for index in indexes
    ]
    values = _finite(np.concatenate(bands, axis=2))
    words = f"The whole file is shown by its overview of {size[0]:,} × {size[1]:,} pixels"
    thinned = f", of which every {_nth(stride)} is drawn" if stride > 1 else ""
    some = max(1, math.ceil(math.sqrt(values.shape[0] * values.shape[1] / SAMPLED)))
    samples = values[some // 2 :: some, some // 2 :: some].reshape(-1, values.shape[2])
    return _Found(values, samples, f"{words}{thinned}.")


def _from_blocks(dataset: DatasetReader, indexes: Sequence[int], name: str, most: int) -> _Found:
    """Means of stored blocks in the middles of equal cells; a block that spans its cell is shown in more detail."""
    height, width = dataset.height, dataset.width
    down, across = dataset.block_shapes[0]
    rows, columns = cells((height, width), (down, across), most // len(indexes))
    fine = (_fine(rows, down, height), _fine(columns, across, width))
    together = dataset.profile.get("interleave") == "pixel"  # its bands lie in one block and are decoded at once
    values = np.full((rows * fine[0], columns * fine[1], len(indexes)), np.nan, np.float32)
    samples = []
    for i in range(rows):
        top = _start(i, rows, down, height)
        for j in range(columns):
            left = _start(j, columns, across, width)
            area = (top, left, min(down, height - top), min(across, width - left))
            parts = [indexes] if together else [[index] for index in indexes]
            block = np.concatenate([_spread(read_values(dataset, part, area, name), fine) for part in parts], axis=2)
            values[i * fine[0] : (i + 1) * fine[0], j * fine[1] : (j + 1) * fine[1]] = _means(block, fine)
            samples.append(block.reshape(-1, block.shape[2]))
    words = (
        f"The file has no overviews that are small enough: the picture shows the means of {rows:,} × {columns:,} "
        f"stored blocks of {min(down, height):,} × {min(across, width):,} pixels spread over it. {MAKE}."
    )
    return _Found(values, np.concatenate(samples), words)


def cells(shape: tuple[int, int], block: tuple[int, int], most: int) -> tuple[int, int]:
    """How many blocks to read down and across: as square a pattern as the blocks allow.

    Args:
        shape: rows and columns of the file.
        block: rows and columns of a stored block.
        most: pixels that may be decoded in all, as long as that is 8 blocks down and across.

    Returns:
        Two numbers, at least 8, at most 256 and no more than there are blocks.
    """
    there = [min(256, -(-size // span)) for size, span in zip(shape, block, strict=True)]
    count = max(1, most // (block[0] * block[1]))
    across = max(1, min(there[1], round(math.sqrt(count * shape[1] / shape[0]))))
    down = max(1, min(there[0], count // across))
    across = max(1, min(there[1], count // down))
    return max(down, min(LEAST, there[0])), max(across, min(LEAST, there[1]))


def _fine(cells: int, span: int, size: int) -> int:
    """Into how many parts a block is cut along an axis: one, unless blocks cover the whole axis."""
    return max(1, min(256 // cells, span)) if span * cells >= size else 1


def _start(cell: int, cells: int, span: int, size: int) -> int:
    """Where the stored block begins that holds the middle of a cell."""
    return int((cell + 0.5) * size / cells) // span * span


def _means(block: np.ndarray, fine: Sequence[int]) -> np.ndarray:
    """The means of `fine` parts each way, NaN where a part holds nothing."""
    known = np.isfinite(block)
    cuts = [np.linspace(0, size, n, endpoint=False).astype(int) for size, n in zip(block.shape, fine, strict=False)]
    sums, counts = (
        np.add.reduceat(np.add.reduceat(part, cuts[0], axis=0), cuts[1], axis=1)
        for part in (np.where(known, block, 0).astype(np.float64), known.astype(np.float64))
    )
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)


def _spread(block: np.ndarray, fine: Sequence[int]) -> np.ndarray:
    """About 32 × 32 pixels of a block, evenly spread, or as many as it is cut into parts."""
    down, across = (max(1, size // max(SAMPLES, n)) for size, n in zip(block.shape, fine, strict=False))
    return _finite(block[down // 2 :: down, across // 2 :: across])


def _finite(values: np.ndarray) -> np.ndarray:
    """float32 with NaN for infinities."""
    return np.where(np.isfinite(values), values, np.nan).astype(np.float32)


def _nth(number: int) -> str:
    """2 as "2nd", 3 as "3rd", 5 as "5th"."""
    return f"{number}{ {2: 'nd', 3: 'rd'}.get(number, 'th') }"
