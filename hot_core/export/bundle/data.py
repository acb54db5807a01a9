"""The data and the prediction as arrays of a bundle, each with where it lies and how it is coloured."""

from __future__ import annotations

from math import prod
from typing import TypeAlias

import numpy as np

from hot_core.analysis.result import Analysis
from hot_core.export.bundle.about import Held, Pair
from hot_core.transforms.results import Forecast, Segmentation

Kept: TypeAlias = tuple[np.ndarray, Held]
Extent: TypeAlias = tuple[tuple[int, int], ...]

MOST_VALUES = 2**25
"""Data of more numbers than this (128 MB) are cut to the analysed region."""
SHARES = {"volume": (0.5, 99.5), "raster": (2.0, 98.0), "series": (0.0, 100.0)}
"""Percentiles that the colours run between, as on the page."""
SAMPLED = 2**20
"""Percentiles are taken of about so many values."""


def data_arrays(analysis: Analysis, most: int = MOST_VALUES) -> dict[str, Kept]:
    """`image`, and `labels` or `forecast` (`forecast_low`, `forecast_high`) where the model gives one.

    Args:
        analysis: what was found.
        most: data of more numbers are cut to the analysed region.

    Returns:
        Arrays by name.
    """
    extent = _extent(analysis, most)
    image = _values(analysis)[tuple(slice(*interval) for interval in extent)]
    found = _forecast(analysis) | _labels(analysis, extent)
    names = {"raster": "band", "series": "variable"}.get(analysis.sample.kind)
    lines = [image, *(values for name, (values, _) in found.items() if name != "labels")]
    limits = _limits(lines, SHARES[analysis.sample.kind], None if names is None else analysis.record.modes.index(names))
    start = tuple(low for low, _ in extent)
    held = Held(dims=analysis.record.modes, start=start, limits=limits, meaning=_meaning(analysis, extent))
    return {"image": (image, held)} | {
        name: (values, each if name == "labels" else each.model_copy(update={"limits": limits}))
        for name, (values, each) in found.items()
    }


def _values(analysis: Analysis) -> np.ndarray:
    """What was read, in the order of the modes; of a 4-D file the volume that was analysed."""
    data = analysis.sample.data
    if "volume" in data.dims:
        data = data.isel(volume=analysis.provenance["settings"]["volume"])
    return data.transpose(*analysis.record.modes).values


def _extent(analysis: Analysis, most: int) -> Extent:
    """Everything; of a series the window that the model saw, of very large data the analysed region."""
    whole = tuple((0, len(axis.mode)) for axis in analysis.grid.axes)
    if analysis.sample.kind != "series" and prod(stop for _, stop in whole) <= most:
        return whole
    pairs = zip(analysis.grid.axes, analysis.grid.window, whole, strict=True)
    return tuple(full if axis.mode.name == "band" else window for axis, window, full in pairs)


def _meaning(analysis: Analysis, extent: Extent) -> str:
    """What the image is."""
    if analysis.sample.kind == "series":
        return "values as read, over the steps that the model saw, in each variable's unit; NaN where missing"
    whole = all(stop - start == len(axis.mode) for axis, (start, stop) in zip(analysis.grid.axes, extent, strict=True))
    return f"values as read{'' if whole else ', cut to the analysed region'}; NaN where missing"


def _labels(analysis: Analysis, extent: Extent) -> dict[str, Kept]:
    """The class of every voxel or pixel."""
    prediction = analysis.prediction
    if not isinstance(prediction, Segmentation):
        return {}
    dims = tuple(str(dim) for dim in prediction.labels.dims)
    part = dict(zip(analysis.record.modes, extent, strict=True))
    labels = prediction.labels.values[tuple(slice(*part[dim]) for dim in dims)]
    start = tuple(part[dim][0] for dim in dims)
    words = ", ".join(f"{index} {name}" for index, name in enumerate(prediction.classes))
    meaning = f"the most probable class: {words}; -1 outside the analysed region and where data are missing"
    limits = ((0, len(prediction.classes) - 1),)
    return {"labels": (labels, Held(dims=dims, start=start, limits=limits, meaning=meaning))}


def _forecast(analysis: Analysis) -> dict[str, Kept]:
    """The steps after the window."""
    forecast = analysis.prediction
    if not isinstance(forecast, Forecast):
        return {}
    lines = {"forecast": ("forecast", forecast.mean)}
    if forecast.low is not None and forecast.high is not None:
        lines["forecast_low"] = f"lower end of the {forecast.interval}", forecast.low
        lines["forecast_high"] = f"upper end of the {forecast.interval}", forecast.high
    dims, start = analysis.record.modes, (0, 0, analysis.grid.window[2][1])
    return {
        name: (line.transpose(*dims).values, Held(dims=dims, start=start, limits=((0, 1),), meaning=meaning))
        for name, (meaning, line) in lines.items()
    }


def _limits(lines: list[np.ndarray], shares: tuple[float, float], axis: int | None) -> tuple[Pair, ...]:
    """Lowest and highest value to colour: one pair, or one for each position of an axis."""
    if axis is None:
        return (_range(lines, shares),)
    return tuple(_range([line.take(at, axis) for line in lines], shares) for at in range(lines[0].shape[axis]))


def _range(lines: list[np.ndarray], shares: tuple[float, float]) -> Pair:
    """Two percentiles of what is there, of a regular selection where there is much; never an empty range."""
    values = np.concatenate([line.ravel()[:: max(1, line.size // SAMPLED)] for line in lines])
    known = values[np.isfinite(values)]
    low, high = (float(v) for v in np.percentile(known, shares)) if known.size else (0.0, 1.0)
    return low, high if high > low else low + 1.0
