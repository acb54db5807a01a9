"""The two labelled scenes of `land-cover`: six bands, four merged classes, blocks with a buffer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import rasterio

from hot_core.errors import ReadError
from hot_core.training.splits import by_blocks
from hot_core.transforms.normalise import zscore

ROLES = ("blue", "green", "red", "nir", "swir1", "swir2")
CLASSES = ("water", "open", "woody", "developed")
BLOCK, BUFFER = 48, 8
"""Side of the blocks that are dealt to the parts, and the strip between the parts, in pixels."""


@dataclass(frozen=True)
class Source:
    """Where a scene lies and how its labels are merged.

    Attributes:
        name: what the card calls it.
        image: path of the image under the data folder.
        labels: path of the label raster.
        bands: descriptions that the six bands begin with, in the order of `ROLES`.
        merged: label in the file → index of the merged class; all others are unlabelled.
        columns: columns that may be used, from the left; None means all.
    """

    name: str
    image: str
    labels: str
    bands: tuple[str, ...]
    merged: Mapping[int, int]
    columns: int | None = None


SOURCES = (
    Source(
        "North Carolina, Landsat-7",
        "nc_landsat7/nc_landsat7_2000_6band.tif",
        "nc_landsat7/nc_landclass96_labels.tif",
        ("B1", "B2", "B3", "B4", "B5", "B7"),
        # developed, agriculture, herbaceous, shrubland, forest, water, sediment
        {1: 3, 2: 1, 3: 1, 4: 1, 5: 2, 6: 0, 7: 1},
    ),
    Source(
        "Brandenburg, Sentinel-2",
        "brandenburg_s2/T33UUU_20170216_10band.tif",
        "brandenburg_s2/T33UUU_20170216_osm_labels.tif",
        ("B02", "B03", "B04", "B08", "B11", "B12"),
        # water, wetland, forest, scrub, meadow, farm, residential
        {1: 0, 2: 1, 3: 2, 4: 2, 5: 1, 6: 1, 7: 3},
        # The shipped sample begins at column 1024 and must stay unseen.
        columns=1000,
    ),
)


@dataclass(frozen=True, eq=False)
class Scene:
    """One scene, ready to be learnt.

    Attributes:
        name: what the card calls it.
        values: float32 (row, column, band), z-scored per band over the scene, 0 where invalid.
        valid: bool, the same shape.
        labels: int64 (row, column), merged classes, -1 where unlabelled.
        parts: int8 (row, column), the part of each pixel (see `splits.by_blocks`).
    """

    name: str
    values: np.ndarray
    valid: np.ndarray
    labels: np.ndarray
    parts: np.ndarray

    def labels_of(self, part: int) -> np.ndarray:
        """Labels of one part, -1 elsewhere."""
        return np.where(self.parts == part, self.labels, -1)


def read_scene(folder: Path, source: Source, block: int = BLOCK, buffer: int = BUFFER) -> Scene:
    """Read a scene and deal its blocks to the parts.

    Args:
        folder: the data folder.
        source: which scene.
        block: side of a block in pixels.
        buffer: strip between the parts in pixels.

    Returns:
        The scene.
    """
    with rasterio.open(folder / source.image) as image:
        stack = image.read(_bands(image.descriptions, source)).astype(np.float64)
        if image.nodata is not None:
            stack[stack == image.nodata] = np.nan
    with rasterio.open(folder / source.labels) as raster:
        raw = raster.read(1)
    stack, raw = np.moveaxis(stack, 0, -1)[:, : source.columns], raw[:, : source.columns]
    scaled, _, _ = zscore(stack, axis=(0, 1))
    valid = ~np.isnan(scaled)
    labels = np.full(raw.shape, -1, np.int64)
    for old, new in source.merged.items():
        labels[raw == old] = new
    labels[~valid.any(-1)] = -1
    values = np.where(valid, scaled, 0).astype(np.float32)
    return Scene(source.name, values, valid, labels, by_blocks(raw.shape, block, buffer))


def corners(scene: Scene, part: int) -> list[tuple[int, int]]:
    """First row and column of every block that holds labels of a part, from the top left."""
    labels = scene.labels_of(part)
    return [
        (row, column)
        for row in range(0, labels.shape[0], BLOCK)
        for column in range(0, labels.shape[1], BLOCK)
        if (labels[row : row + BLOCK, column : column + BLOCK] >= 0).any()
    ]


def around(scene: Scene, corner: tuple[int, int], side: int, own: bool) -> tuple[np.ndarray, np.ndarray]:
    """A window with a block in its middle, as far as the scene allows.

    Args:
        scene: where it is cut.
        corner: first row and column of the block.
        side: of the window in pixels; a smaller scene is taken whole.
        own: scale it by itself, as a file that holds nothing else, instead of by the scene.

    Returns:
        Values float32 (row, column, band), 0 where invalid, and their validity.
    """
    box = tuple(
        slice(start := max(min(at + BLOCK // 2 - side // 2, size - side), 0), start + side)
        for at, size in zip(corner, scene.labels.shape, strict=True)
    )
    values, valid = scene.values[box].copy(), scene.valid[box].copy()
    if own:
        scaled, _, _ = zscore(np.where(valid, values, np.nan), axis=(0, 1))
        values = np.where(valid, scaled, 0).astype(np.float32)
    return values, valid


def _bands(descriptions: tuple[str | None, ...], source: Source) -> list[int]:
    """Numbers (from 1) of the six bands, found by the first word of their descriptions."""
    words = [(text or "").split(" ")[0] for text in descriptions]
    missing = [band for band in source.bands if band not in words]
    if missing:
        raise ReadError(f"{source.image} has no band described as {', '.join(missing)}; found: {', '.join(words)}.")
    return [words.index(band) + 1 for band in source.bands]
