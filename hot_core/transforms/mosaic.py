"""A whole scene, window by window: every window scaled alike, their probabilities blended into one class map."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

import numpy as np
import xarray as xr

from hot_core.modes import RasterGeometry, Sample
from hot_core.transforms import raster
from hot_core.transforms.areas import class_areas, pixel_areas
from hot_core.transforms.inputs import Config, ModelInput, check_present, check_tokens, geometry_of, masked
from hot_core.transforms.results import Segmentation, softmax
from hot_core.transforms.settings import Settings
from hot_core.transforms.tiles import Interval, intervals, weights

WINDOW = raster.REGION
"""Rows and columns of a window: what the page analyses when nobody chose a region."""

OVERLAP = 64
"""Rows and columns that neighbouring windows share, at least."""


class Progress(NamedTuple):
    """How many windows are done, of how many."""

    done: int
    total: int

    @property
    def share(self) -> float:
        """The part that is done, 0 to 1."""
        return self.done / self.total

    @property
    def words(self) -> str:
        """The same in words."""
        return f"{self.done} of {self.total} windows"


class Tiling:
    """The windows of one scene, all scaled by the mean and deviation of the whole scene.

    Attributes:
        rows, columns: the half-open intervals of the windows.
        geometry: the scene's place on the map.
        kept: which bands the model takes.
        roles: their roles.
    """

    def __init__(self, sample: Sample, config: Config, settings: Settings, window: int, overlap: int) -> None:
        self.geometry = geometry_of(sample, RasterGeometry)
        self.sample, self.config = sample, config
        roles = raster.band_roles(sample, config, settings)
        self.kept = [at for at, role in enumerate(roles) if role in config.roles]
        self.roles = tuple(roles[at] for at in self.kept)
        sizes = tuple(len(mode) for mode in sample.modes[:2])
        self.rows, self.columns = (
            intervals(size, patch, window, overlap) for size, patch in zip(sizes, config.patch[:2], strict=True)
        )
        check_tokens(raster.token_grid(sample, config, (self.rows[0], self.columns[0]), self.kept), config.name)
        self._scale: tuple[np.ndarray, np.ndarray] | None = None

    def __len__(self) -> int:
        return len(self.rows) * len(self.columns)

    def values(self, region: tuple[Interval, ...]) -> np.ndarray:
        """The bands that are taken of a part of the scene, as the file has them: float64, NaN where missing."""
        inside = tuple(slice(*interval) for interval in region)
        return raster.known(self.sample.data.values[inside], self.kept)

    def given(self, region: tuple[Interval, ...]) -> ModelInput | None:
        """One window as the model takes it; None where the window holds no data."""
        if self._scale is None:
            self._scale = raster.scene_scale(self.sample, self.kept)  # as for a region, in one sum
        centre, scale = self._scale
        values, mask = masked((self.values(region) - centre) / scale)
        return self.packed(values, mask, region) if mask.any() else None

    def packed(self, values: np.ndarray, mask: np.ndarray, region: tuple[Interval, ...]) -> ModelInput:
        """Scaled values of a part of the scene, with their tokens and their way back."""
        grid = raster.token_grid(self.sample, self.config, region, self.kept)
        seen = np.asarray(mask.any(axis=-1))
        back = partial(raster.to_segmentation, self.config, self.sample.modes[:2], region, seen, self.geometry)
        return ModelInput(values, mask, grid, back, self.roles)


def blend(
    tiling: Tiling, run: Callable[[ModelInput], np.ndarray], progress: Callable[[Progress], None] | None = None
) -> Segmentation:
    """The class map of a whole scene: `p(x) = Σ_w weight_w(x) · softmax(logits_w(x))`.

    Windows without data are passed over: no pixel with data lies in them, so the weights still add up to one
    wherever there is a class. One row of windows is held at a time. Nothing is kept when `run` or `progress` raises.

    Args:
        tiling: the windows.
        run: the model, from one window to its logits (class, row, column).
        progress: told before the first window and after each.

    Returns:
        The segmentation on the scene's grid; -1 and NaN where data is missing.

    Raises:
        ModelError: when no pixel of the scene holds a value.
    """
    classes, modes = tuple(tiling.config.classes), tiling.sample.modes[:2]
    shape = (len(modes[0]), len(modes[1]))
    labels, kept = np.full(shape, -1, np.int16), np.full((len(classes), *shape), np.nan, np.float32)
    for (start, stop), shares in _finished_rows(tiling, run, progress or (lambda _: None)):
        seen = np.isfinite(tiling.values(((start, stop), (0, shape[1])))).any(axis=-1)
        labels[start:stop] = np.where(seen, shares.argmax(axis=0), -1)
        kept[:, start:stop] = np.where(seen, shares, np.nan)
    check_present(labels >= 0, tiling.config.name)
    areas, unit, _ = pixel_areas(tiling.geometry, shape)
    found = class_areas(labels, areas, len(classes))
    coords = {mode.name: mode.coords for mode in modes}
    return Segmentation(
        classes,
        xr.DataArray(labels, dims=list(coords), coords=coords, name="label"),
        xr.DataArray(kept, dims=["class", *coords], coords={"class": list(classes), **coords}, name="probability"),
        {name: float(area) for name, area in zip(classes, found, strict=True)},
        unit,
    )


def _finished_rows(
    tiling: Tiling, run: Callable[[ModelInput], np.ndarray], progress: Callable[[Progress], None]
) -> Iterator[tuple[Interval, np.ndarray]]:
    """Rows of the scene, from the top, as soon as no later window touches them, with their blended probabilities."""
    size = tiling.columns[-1][1]
    down, across = weights(tiling.rows, tiling.rows[-1][1]), weights(tiling.columns, size)
    ends = [start for start, _ in tiling.rows[1:]] + [tiling.rows[-1][1]]
    rest = np.zeros((len(tiling.config.classes), 0, size))
    progress(Progress(0, len(tiling)))
    for i, (start, stop) in enumerate(tiling.rows):
        held = np.zeros((len(rest), stop - start, size))
        held[:, : rest.shape[1]] = rest
        for j, (left, right) in enumerate(tiling.columns):
            given = tiling.given(((start, stop), (left, right)))
            if given is not None:
                weight = down[i, start:stop, None] * across[j, left:right]
                held[:, :, left:right] += weight * softmax(run(given))
            progress(Progress(i * len(tiling.columns) + j + 1, len(tiling)))
        yield (start, ends[i]), held[:, : ends[i] - start]
        rest = held[:, ends[i] - start :]
