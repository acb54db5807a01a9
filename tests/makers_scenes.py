"""Rasters larger than a window: parts and mosaics of the bundled scenes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from rasterio.transform import Affine

from hot_core.io import read
from hot_core.modes import Sample
from tests.makers_samples import ROLES, geotiff, open_tif

NORTH_UP = Affine(10, 0, 340_000, 0, -20, 5_820_000)


def sample_of(values: np.ndarray) -> Sample:
    """Numbers (row, column, band) as a read GeoTIFF, the bands from blue on; NaN is missing."""
    roles = ROLES[: values.shape[2]]
    content = geotiff(values.astype(np.float32), NORTH_UP, "EPSG:32633", nodata=float("nan"), descriptions=roles)
    return read(content, "scene.tif")


def noise(rows: int, columns: int, bands: int = 6, seed: int = 0) -> np.ndarray:
    """Smooth numbers: a random field averaged over 5 × 5."""
    rough = np.random.default_rng(seed).normal(size=(rows + 4, columns + 4, bands))
    windows = np.lib.stride_tricks.sliding_window_view(rough, (5, 5), axis=(0, 1))
    return 1000 + 200 * windows.mean(axis=(-2, -1))


def bands_of(path: Path) -> np.ndarray:
    """The numbers of a file, (row, column, band)."""
    dataset, values = open_tif(path.read_bytes())
    dataset.close()
    return values.astype(np.float32)


def mosaic(folder: Path, rows: int, columns: int) -> np.ndarray:
    """The Landsat sample laid out side by side, mirrored so that its own edges meet themselves."""
    tile = bands_of(folder / "L7_ETMs.tif")
    pair = np.concatenate([tile, tile[::-1]], axis=0)
    four = np.concatenate([pair, pair[:, ::-1]], axis=1)
    times = (-(-rows // four.shape[0]), -(-columns // four.shape[1]), 1)
    return np.tile(four, times)[:rows, :columns]
