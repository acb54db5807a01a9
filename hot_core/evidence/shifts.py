"""Small shifts: the same data cut a step, voxel or pixel further on, and its map brought back to the same places."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hot_core.analysis.result import Analysis
from hot_core.models import ModelConfig
from hot_core.modes import Sample, TokenGrid
from hot_core.transforms import Settings

Shift = tuple[str, Settings]
"""A name, and the settings that cut the data so."""


def pinned(analysis: Analysis) -> tuple[Sample, Settings]:
    """The volume that was analysed, and settings that cut the data as it was cut, whatever its values are.

    A region that nobody chose is a guess from the data: with other values it could be another.

    Args:
        analysis: the analysis.

    Returns:
        The sample, a single volume where the file has several, and the settings.
    """
    sample, settings = analysis.sample, Settings.model_validate(analysis.provenance["settings"])
    if sample.kind == "series":
        return sample, settings
    if "volume" in sample.data.dims:
        sample = replace(sample, data=sample.data.isel(volume=settings.volume, drop=True), modes=sample.modes[:3])
        settings = settings.model_copy(update={"volume": 0})
    count = 3 if sample.kind == "volume" else 2
    return sample, settings.model_copy(update={"region": analysis.grid.window[:count]})


def shifts_of(analysis: Analysis, settings: Settings, config: ModelConfig) -> tuple[list[Shift], list[str]]:
    """The small shifts that the data allow.

    A region that ends with the data loses a voxel or pixel there when it moves on; it cannot move back before them.

    Args:
        analysis: of a `pinned` sample.
        settings: its settings.
        config: the model's.

    Returns:
        The shifts, and sentences on those that are not possible.
    """
    if analysis.sample.kind == "series":
        return window_shifts(analysis, settings, config.lookback)
    word = "voxel" if analysis.sample.kind == "volume" else "pixel"
    region = list(settings.region or ())
    found: list[Shift] = []
    stuck: dict[str, list[str]] = {"back": [], "further": []}
    short: list[str] = []
    for axis, (start, stop) in enumerate(region):
        mode = analysis.sample.modes[axis]
        for by, way in ((-1, "back"), (1, "further")):
            ends = (start + by, min(stop + by, len(mode)))
            if ends[0] < 0 or ends[0] >= ends[1]:
                stuck[way].append(mode.name)
                continue
            if ends[1] != stop + by:
                short.append(mode.name)
            cut = settings.model_copy(update={"region": (*region[:axis], ends, *region[axis + 1 :])})
            found.append((f"{mode.name} {'−' if by < 0 else '+'} 1 {word}", cut))
    notes = [
        f"The region cannot move {way} along {', '.join(names)}: the data {'begin' if way == 'back' else 'end'} there."
        for way, names in stuck.items()
        if names
    ]
    if short:
        notes.append(f"The data end with the region: moved further along {', '.join(short)} it is one {word} shorter.")
    return found, notes


def window_shifts(analysis: Analysis, settings: Settings, lookback: int) -> tuple[list[Shift], list[str]]:
    """The look-back window a step earlier and later, where the file allows it.

    Args:
        analysis: of a series.
        settings: its settings.
        lookback: steps of the window.

    Returns:
        The shifts, and sentences on those that are not possible.
    """
    steps, start = analysis.sample.data.sizes["time"], analysis.grid.window[2][0]
    if steps < lookback:
        return [], ["The file is shorter than the window of the model, so the window cannot move."]
    found, notes = [], []
    for by, way, end in ((-1, "earlier", "begins"), (1, "later", "ends")):
        if 0 <= start + by <= steps - lookback:
            found.append((f"window 1 step {way}", settings.model_copy(update={"window": start + by})))
        else:
            notes.append(f"The window cannot move one step {way}: the file {end} there.")
    return found, notes


def on_tokens(values: np.ndarray, source: TokenGrid, target: TokenGrid) -> np.ndarray:
    """Bring a map to the tokens of another cut of the same data: the mean over the native places of each token.

    Args:
        values: one number for each token of `source`; NaN where it holds no data.
        source: the tokens of the map.
        target: the tokens that are wanted.

    Returns:
        float64 of `target.shape`; NaN where a token shares no place with the map.
    """
    tokens = int(np.prod(target.shape))
    owner = target.spread(np.arange(tokens).reshape(target.shape)).values
    native = source.spread(values).values
    both = np.isfinite(owner) & np.isfinite(native)
    at = owner[both].astype(np.int64)
    count = np.bincount(at, minlength=tokens)
    total = np.bincount(at, weights=native[both], minlength=tokens)
    means: np.ndarray = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    return means.reshape(target.shape)
