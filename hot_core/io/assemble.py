"""The last step of every reader: a frozen sample from values, modes and what was found out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr

from hot_core.modes import Geometry, Mode, Overview, Sample, Source


def frozen_sample(
    values: np.ndarray,
    modes: Sequence[Mode],
    geometry: Geometry,
    source: Source,
    notes: Sequence[str],
    roles: Sequence[str] = (),
    extra: Mapping[str, tuple[str, np.ndarray]] | None = None,
    overview: Overview | None = None,
) -> Sample:
    """A sample whose arrays refuse to be written: the page shares one between sessions.

    Args:
        values: one axis for each mode.
        modes: names, coordinates, units.
        geometry: the way back.
        source: where it came from.
        notes: sentences for the user.
        roles: rasters: the role of each band.
        extra: further coordinates as (dim, values).
        overview: rasters: the whole file, where only a window was read.

    Returns:
        The sample.
    """
    for array in (values, *(mode.coords for mode in modes)):
        array.flags.writeable = False
    coords = {mode.name: mode.coords for mode in modes}
    data = xr.DataArray(values, dims=list(coords), coords={**coords, **(extra or {})})
    return Sample(data, tuple(modes), geometry, source, tuple(notes), tuple(roles), overview)
