"""Which statistics belong to which kind of data."""

from __future__ import annotations

import numpy as np

from hot_core.familiarity.rasters import raster_statistics
from hot_core.familiarity.reference import Statistics
from hot_core.familiarity.series import series_statistics
from hot_core.familiarity.shapes import shape_statistics
from hot_core.familiarity.volumes import grey_statistics
from hot_core.transforms.inputs import Config


def describe(config: Config, values: np.ndarray, mask: np.ndarray, roles: tuple[str, ...] = ()) -> Statistics:
    """The statistics of an input as a model takes it.

    They do not depend on how many series or bands there are, nor on the size of a crop, and use only what is present.

    Args:
        config: the model's configuration.
        values: the native sizes, without batch.
        mask: bool of the same shape, True where a value is present.
        roles: rasters: the role of each band.

    Returns:
        Numbers by name.
    """
    if config.kind == "series":
        return series_statistics(values, mask)
    if config.kind == "raster":
        return raster_statistics(values, mask, roles or tuple(config.roles), tuple(config.roles))
    if config.task != "classify":
        return grey_statistics(values, mask)
    # A model of any size has no middle; the others have learnt their positions.
    middle = [(count * step - 1) / 2 for count, step in zip(config.grid, config.patch, strict=False)]
    return shape_statistics(values, mask, middle or None)
