"""What if the model had not seen this: parts of the input hidden, as values that are missing.

A part is a box: one half-open interval of native positions for each mode. It is taken out of the model's mask after
scaling, as the models have met it in training, so that nothing but the hidden values changes: not the mean and
deviation of a series or band, not the percentiles of a volume.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from itertools import product

import numpy as np

from hot_core.errors import SelectionError
from hot_core.modes import Geometry, Mode, TokenAxis
from hot_core.transforms.hidden_words import box_words, clipped
from hot_core.transforms.inputs import ModelInput
from hot_core.transforms.results import Forecast, Prediction
from hot_core.transforms.settings import Box

STAYS = {
    "time": "Seasonal naive and what happened stay those of the file, and every series is scaled as if nothing were "
    "hidden.",
    "x": "Grey values are scaled as if nothing were hidden; hidden voxels still get a class, from what lies around "
    "them.",
    "row": "Bands are scaled as if nothing were hidden; hidden pixels still get a class, from what lies around them.",
}


def hide(
    given: ModelInput, patch: Sequence[int], hidden: Sequence[Box], geometry: Geometry, task: str = "segment"
) -> ModelInput:
    """An input with parts of it hidden: 0 in its values, False in its mask.

    A series that is hidden along the whole window is without a value, and gets no forecast, as if the file had none.

    Args:
        given: the input with nothing hidden.
        patch: the model's cells of a token along each mode.
        hidden: the boxes, in native positions of the data that is analysed.
        geometry: the sample's, for the words.
        task: the model's.

    Returns:
        The input itself where nothing is hidden.

    Raises:
        SelectionError: when a box is empty, reversed or leaves the data, or nothing is left to be seen.
    """
    if not hidden:
        return given
    for box in hidden:
        check_box(box, [axis.mode for axis in given.grid.axes])
    cells = [cell_positions(*each) for each in zip(given.grid.axes, given.mask.shape, patch, strict=True)]
    parts = [inside(box, cells) & given.mask for box in hidden]
    mask = given.mask & ~np.logical_or.reduce(parts)
    if not mask.any():
        raise SelectionError(
            "Everything that the model would see is hidden, so there is nothing to predict from. Hide less."
        )
    notes = [_note(box, part, given, geometry) for box, part in zip(hidden, parts, strict=True)]
    back: Callable[[np.ndarray], Prediction] = given.back
    if task == "forecast":
        gone = given.mask.any(-1) & ~mask.any(-1)
        back = partial(without, given.back, gone)
        if gone.any():
            count = int(gone.sum())
            who, them = ("1 series is", "it") if count == 1 else (f"{count:,} series are", "them")
            notes.append(f"{who} hidden along the whole window: no forecast is given for {them}.")
    notes.append(_rest(given, mask, cells, task))
    return replace(given, values=np.where(mask, given.values, np.float32(0)), mask=mask, back=back,
                   notes=(*given.notes, *notes))  # fmt: skip


def boxes(*choices: Sequence[int]) -> tuple[Box, ...]:
    """The boxes that cover every combination of chosen positions, as few as runs of neighbours allow.

    Args:
        choices: the chosen positions of each mode, in ascending order.

    Returns:
        One box for each combination of runs: stations 0, 1 and 3 with one variable make two boxes.

    Raises:
        SelectionError: when nothing is chosen of a mode.
    """
    runs = []
    for chosen in choices:
        at = np.asarray(chosen, dtype=int)
        if not at.size:
            raise SelectionError("The part to hide is empty: its two ends are the same. Move them apart.")
        parts = np.split(at, np.flatnonzero(np.diff(at) != 1) + 1)
        runs.append([(int(part[0]), int(part[-1]) + 1) for part in parts])
    return tuple(product(*runs))


def around(axis: TokenAxis, token: int, size: int) -> range:
    """Positions around the middle of a token, as far as the analysed window goes.

    Args:
        axis: one mode.
        token: whose middle is meant.
        size: positions.

    Returns:
        `size` positions, fewer where the window ends.
    """
    start = int(axis.starts[token] + axis.stops[token] - size) // 2
    return range(max(start, int(axis.starts[0])), min(start + size, int(axis.stops[-1])))


def latest(axis: TokenAxis, size: int) -> tuple[int, int]:
    """The first and the last of the latest positions that the analysed window holds, `size` of them or all."""
    first, stop = int(axis.starts[0]), int(axis.stops[-1])
    return max(first, stop - size), stop - 1


def check_box(box: Box, modes: Sequence[Mode]) -> None:
    """Refuse a box that does not lie in the data.

    Raises:
        SelectionError: when the number of intervals is wrong, or one is empty, reversed or leaves the data.
    """
    names = ", ".join(mode.name for mode in modes)
    if len(box) != len(modes):
        raise SelectionError(
            f"A part to hide has {len(box)} interval{'s' * (len(box) != 1)}; this data needs one for each of {names}."
        )
    for mode, (start, stop) in zip(modes, box, strict=True):
        if not 0 <= start < stop <= len(mode):
            raise SelectionError(
                f"The part to hide, {start} … {stop} of {mode.name}, is empty, reversed or leaves the data "
                f"(0 … {len(mode)}). Give a start below the stop, both inside the data."
            )


def cell_positions(axis: TokenAxis, cells: int, patch: int) -> np.ndarray:
    """Which native position every cell of the model's input shows, along one mode.

    Tokens that cover nothing lie before the first step of a short series: their cells show nothing. All others show
    the native positions of the axis in order, every one as often as it was interpolated finer.

    Args:
        axis: which native positions each token covers.
        cells: of the input along this mode.
        patch: cells of a token.

    Returns:
        One native position for each cell, -1 where a cell shows none.
    """
    covered = [np.arange(start, stop) for start, stop in zip(axis.starts, axis.stops, strict=True)]
    positions = np.concatenate(covered)
    lead = patch * sum(len(each) == 0 for each in covered)
    return np.r_[np.full(lead, -1), positions.repeat((cells - lead) // len(positions))]


def inside(box: Box, cells: Sequence[np.ndarray]) -> np.ndarray:
    """Which cells of the input a box covers, bool over all modes."""
    sides = [(start <= at) & (at < stop) for (start, stop), at in zip(box, cells, strict=True)]
    found = np.zeros([len(at) for at in cells], dtype=bool)
    found[np.ix_(*sides)] = True
    return found


def without(back: Callable[[np.ndarray], Prediction], gone: np.ndarray, output: np.ndarray) -> Prediction:
    """The prediction, without a forecast of the series that are hidden along the whole window.

    Args:
        back: the way back with nothing hidden.
        gone: (entity, variable), True where the whole window is hidden.
        output: the model's.

    Returns:
        The prediction; mean and interval NaN where `gone`.
    """
    found = back(output)
    if not isinstance(found, Forecast):
        return found
    seen = ~gone[..., None]
    low, high = (None if end is None else end.where(seen) for end in (found.low, found.high))
    return replace(found, mean=found.mean.where(seen), low=low, high=high)


def _note(box: Box, part: np.ndarray, given: ModelInput, geometry: Geometry) -> str:
    """One hidden part in words."""
    if not part.any():
        return f"Hidden, but nothing that the model sees: {box_words(box, given.grid, geometry)}. It changes nothing."
    return f"Hidden from the model: {box_words(clipped(box, given.grid), given.grid, geometry)}."


def _rest(given: ModelInput, mask: np.ndarray, cells: Sequence[np.ndarray], task: str) -> str:
    """How much is hidden, and what stays as it is."""
    share = 1 - mask.sum() / given.mask.sum()
    words = f"In all, {100 * share:.3g} % of the values that the model would see are hidden. "
    if task == "classify":
        return words + "A hidden voxel is neither inside nor outside the shape."
    words += STAYS[given.grid.axes[2 if task == "forecast" else 0].mode.name]
    finer = any(len(set(at.tolist())) < len(at) for at in cells) and task == "segment"
    return words + finer * " Interpolation came before: voxels beside a hidden one still carry a part of it."
