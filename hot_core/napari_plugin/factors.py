"""The factors as layers beside the picture: one for each mode, with sliders for the model's layers and its heads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from hot_core.export.bundle import Bundle
from hot_core.napari_plugin.world import World

GAP = 0.06
"""Room between the matrices, and between them and the picture, as a share of the picture's height."""
MEANING = (
    "the attention weights between the tokens of this mode: a row is a query, from the top, a column a key; "
    "it stands beside the data and its place is no position; tokens and their coordinates are in the bundle"
)


def factor_layers(bundle: Bundle, place: World) -> Iterator[tuple[np.ndarray, dict[str, Any], str]]:
    """One stack (head, layer, 1, query, key) for each mode, coloured alike in all layers and heads.

    The matrices stand one above the other to the right of the picture, and are as thick as it, so that they stay
    when its slices are moved.

    Yields:
        Data, settings, kind.
    """
    about = bundle.about
    low, high = _box(bundle, place)
    height = high[1] - low[1]
    side = height * (1 - GAP * (len(about.axes) - 1)) / len(about.axes)
    for row, axis in enumerate(about.axes):
        values = np.stack([bundle.factor(layer, axis.name) for layer in range(about.layers)], axis=1)[:, :, None]
        pixel = side / values.shape[-1]
        edge = row * (side + GAP * height)
        down = (high[1] - edge - pixel / 2, -pixel) if place.upwards else (low[1] + edge + pixel / 2, pixel)
        lines = [place.lines[name] for name in ("head", "layer", *place.order)]
        yield values, {
            "name": f"factors {axis.name}", "colormap": "viridis", "contrast_limits": about.factor_limits[axis.name],
            "interpolation3d": "nearest",
            "scale": [1.0, 1.0, high[0] - low[0], down[1], pixel],
            "translate": [0.0, 0.0, (low[0] + high[0]) / 2, down[0], high[2] + GAP * height + pixel / 2],
            "units": [line.unit for line in lines], "axis_labels": [line.label for line in lines],
            "metadata": {"meaning": MEANING, "mode": axis.name},
        }, "image"  # fmt: skip


def _box(bundle: Bundle, place: World) -> tuple[list[float], list[float]]:
    """The outer edges of everything over the data, along the world's three axes."""
    low, high = [np.inf] * 3, [-np.inf] * 3
    for name, held in bundle.about.arrays.items():
        for at, dim in enumerate(place.order):
            if dim in held.dims:
                index, line = held.dims.index(dim), place.lines[dim]
                stop = held.start[index] + bundle.arrays[name].shape[index]
                ends = sorted((line.at(held.start[index] - 0.5), line.at(stop - 0.5)))
                low[at], high[at] = min(low[at], ends[0]), max(high[at], ends[1])
    return low, high
