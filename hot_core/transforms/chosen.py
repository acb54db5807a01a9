"""The part of a series that a person chooses: entities and variables by name, the window by its date."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from hot_core.errors import SelectionError
from hot_core.modes import Mode, Sample
from hot_core.transforms.settings import Settings


def chosen_series(sample: Sample, settings: Settings) -> Sample:
    """The sample with the entities and variables that the settings name, in the order of the file.

    Args:
        sample: what was read.
        settings: `entities` and `variables`; None keeps all of them.

    Returns:
        The sample itself where nothing is left out.

    Raises:
        SelectionError: when a name is not in the file, or nothing is left, or the sample is no series.
    """
    if settings.entities is None and settings.variables is None:
        return sample
    if sample.kind != "series":
        raise SelectionError(f"Entities and variables are chosen of a series; {sample.source.name} is a {sample.kind}.")
    entity, variable, time = sample.modes
    rows, columns = _places(entity, settings.entities), _places(variable, settings.variables)
    modes = (Mode("entity", entity.coords[rows]), Mode("variable", variable.coords[columns]), time)
    return replace(sample, data=sample.data.isel(entity=rows, variable=columns), modes=modes)


def _places(mode: Mode, names: Sequence[str] | None) -> list[int]:
    """Where the chosen names stand."""
    known = [str(name) for name in mode.coords]
    if names is None:
        return list(range(len(known)))
    strange = [name for name in names if name not in known]
    if strange or not names:
        what = f"has no {mode.name} '{strange[0]}'" if strange else f"keeps no {mode.name}"
        some = ", ".join(known[:5]) + (f" and {len(known) - 5} more" if len(known) > 5 else "")
        raise SelectionError(f"The choice {what}. Choose among {some}.")
    return [at for at, name in enumerate(known) if name in set(names)]


def step_at(time: Mode, date: np.datetime64, last: int) -> int:
    """The first step at or after a date, as finely as the date is given: a day means its first step, whenever it is.

    Args:
        time: the time mode, with stamps.
        date: a day or a moment.
        last: the last step that can be.

    Returns:
        A step among 0 … `last`.
    """
    return min(int(np.searchsorted(time.coords.astype(date.dtype), date)), last)


def moved(start: int, by: int, last: int) -> int:
    """A window's first step, moved and kept within 0 … `last`."""
    return min(max(start + by, 0), last)
