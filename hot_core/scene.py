"""The class map of a whole scene, larger than what a model sees at once; its attention stays that of one window."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from hot_core.errors import ModelError
from hot_core.models import HOTModel
from hot_core.modes import Sample
from hot_core.pipeline import forward, on_device
from hot_core.record import AttentionRecord
from hot_core.transforms import ModelInput, Segmentation, Settings
from hot_core.transforms.mosaic import OVERLAP, WINDOW, Progress, Tiling, blend

__all__ = ["OVERLAP", "WINDOW", "Outlook", "Progress", "outlook", "predict_scene"]


def predict_scene(
    sample: Sample,
    model: HOTModel,
    settings: Settings | None = None,
    window: int = WINDOW,
    overlap: int = OVERLAP,
    progress: Callable[[Progress], None] | None = None,
) -> Segmentation:
    """Classify every pixel of a raster, window by window, and blend where windows overlap.

    The weights are smooth, zero at the edges of a window inside the scene, and add up to one; every window is
    scaled by the statistics of the whole scene. A scene no larger than a window gets what `analyse` gives it.

    Args:
        sample: a raster.
        model: a model that gives a class to every pixel.
        settings: bands, device and seed; the region is that of the attention and plays no part here.
        window: rows and columns of a window, a multiple of the model's patch.
        overlap: rows and columns that neighbouring windows share, at least.
        progress: told before the first window and after each; whatever it raises ends the work.

    Returns:
        Labels, probabilities and areas on the sample's grid.

    Raises:
        ModelError: when the model gives no class map of a raster, or no pixel holds a value.
        SelectionError: when window and overlap do not fit the model or each other.
    """
    settings = settings or Settings()
    ready = on_device(model, settings.device)
    return blend(_tiling(sample, model, settings, window, overlap), _runner(ready, settings), progress)


class Outlook(NamedTuple):
    """What classifying a whole scene takes.

    Attributes:
        windows: how many.
        seconds: about how long, on this machine as busy as it is now.
        window: rows and columns of each.
    """

    windows: int
    seconds: float
    window: int

    @property
    def words(self) -> str:
        """The same in words: "25 windows of 256 × 256 pixels, about 20 s"."""
        count = "1 window" if self.windows == 1 else f"{self.windows:,} windows"
        return f"{count} of {self.window} × {self.window} pixels, about {duration(self.seconds)}"


def outlook(
    sample: Sample, model: HOTModel, settings: Settings | None = None, window: int = WINDOW, overlap: int = OVERLAP
) -> Outlook:
    """How many windows a scene takes and about how long: a window of half the side, of noise, is timed.

    Returns:
        The number of windows and the seconds to expect.

    Raises:
        ModelError: when the model gives no class map of a raster.
        SelectionError: when window and overlap do not fit the model or each other.
    """
    settings = settings or Settings()
    tiling = _tiling(sample, model, settings, window, overlap)
    sizes = [min(window // 2, len(mode)) for mode in sample.modes[:2]]
    noise = np.random.default_rng(settings.seed).normal(size=(*sizes, len(tiling.kept))).astype(np.float32)
    given = tiling.packed(noise, np.ones(noise.shape, dtype=bool), tuple((0, size) for size in sizes))
    run, begin = _runner(on_device(model, settings.device), settings), time.perf_counter()
    run(given)
    pixels = window**2 / (sizes[0] * sizes[1])
    return Outlook(len(tiling), len(tiling) * pixels * (time.perf_counter() - begin), window)


def _tiling(sample: Sample, model: HOTModel, settings: Settings, window: int, overlap: int) -> Tiling:
    """The windows, when sample and model are for a class map of a raster.

    Returns:
        The windows.

    Raises:
        ModelError: when they are not.
    """
    config = model.config
    if sample.kind != "raster" or (config.kind, config.task) != ("raster", "segment"):
        raise ModelError(
            f"A whole scene is a raster, classified pixel by pixel; {sample.source.name} is a {sample.kind} and "
            f"{config.name} a model to {config.task} a {config.kind}. Choose a raster and a model for land cover."
        )
    return Tiling(sample, config, settings, window, overlap)


def _runner(model: HOTModel, settings: Settings) -> Callable[[ModelInput], np.ndarray]:
    """One window through the model; its attention is let go."""
    return lambda given: forward(model, given, AttentionRecord(given.grid.modes), settings)


def duration(seconds: float) -> str:
    """Seconds in words that promise no more than they know: "1 s", "20 s", "3 min"."""
    if seconds < 10:
        return f"{max(round(seconds), 1)} s"
    return f"{round(seconds, -1):.0f} s" if seconds < 95 else f"{round(seconds / 60):.0f} min"
