"""The same place in another analysis: by coordinates, never by counting tokens unless it is said.

    volumes   the middle of the token in world mm, through both affines
    rasters   the middle of the token on the map, where both name the same reference system; bands by their names
    series    entity and variable by their names, time by its date

Where the place itself is not there the nearest one is taken, and a sentence says it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from hot_core.analysis.result import Analysis
from hot_core.analysis.words import position_words
from hot_core.modes import Mode, RasterGeometry, Sample, SeriesGeometry, TokenAxis, VolumeGeometry

Token: TypeAlias = tuple[int, ...]


@dataclass(frozen=True)
class Counterpart:
    """A token that stands for one of another analysis.

    Attributes:
        token: one index for each mode.
        words: what is not the same about it, in a sentence; "" where it is the same place.
    """

    token: Token
    words: str = ""


def shared_place(one: Sample, other: Sample) -> bool:
    """Whether the coordinates of two samples mean the same places: the same file, or a common world, map or clock."""
    if one.source.sha256 == other.source.sha256:
        return True
    here, there = one.geometry, other.geometry
    if isinstance(here, VolumeGeometry) and isinstance(there, VolumeGeometry):
        return here.oriented and there.oriented
    if isinstance(here, RasterGeometry) and isinstance(there, RasterGeometry):
        return bool(here.crs) and here.crs == there.crs
    if isinstance(here, SeriesGeometry) and isinstance(there, SeriesGeometry):
        return here.step is not None and there.step is not None and here.zoned == there.zoned
    return False


def counterpart(token: Token, here: Analysis, there: Analysis) -> Counterpart:
    """The token of another analysis that lies where a token of this one does.

    Args:
        token: of `here`.
        here: the analysis that it belongs to.
        there: the other one, of the same kind of data.

    Returns:
        The token that covers the middle of `token`; where there is none the nearest one, or the other analysis' own
        first look where the two have no coordinates in common, with a sentence.
    """
    if _same_tokens(here, there):
        return Counterpart(token)
    if here.sample.kind == "series":
        return _series(token, here, there)
    return _spatial(token, here, there)


def _same_tokens(here: Analysis, there: Analysis) -> bool:
    """Whether both have the very same tokens of the same file."""
    if here.sample.source.sha256 != there.sample.source.sha256:
        return False
    return all(
        np.array_equal(a.mode.coords, b.mode.coords)
        and np.array_equal(a.starts, b.starts)
        and np.array_equal(a.stops, b.stops)
        for a, b in zip(here.grid.axes, there.grid.axes, strict=True)
    )


def _spatial(token: Token, here: Analysis, there: Analysis) -> Counterpart:
    axes = there.grid.axes
    spatial = 3 if here.sample.kind == "volume" else 2
    if shared_place(here.sample, there.sample):
        middle = [(s.start + s.stop - 1) / 2 for s in here.grid.native_of(token)[:spatial]]
        native = _through(middle, here.sample, there.sample)
        found = [_covering(axis, at) for axis, at in zip(axes[:spatial], native, strict=True)]
        places, inside = tuple(place for place, _ in found), all(there for _, there in found)
        missing = "" if inside else "the chosen place is not in B"
    elif here.grid.shape == there.grid.shape and spatial == 3:
        return Counterpart(token, "The two files name no common coordinates: taken is the token with the same number "
                                  "along each axis, which may be another place.")  # fmt: skip
    else:
        places, missing = there.default_query()[:spatial], "the two files have no coordinates in common"
    band: Token = ()
    if spatial == 2:
        at, known = _named(here.grid.axes[2].coords[token[2]], axes[2].coords, there.default_query()[2])
        band, missing = (at,), missing or ("" if known else "the chosen band is not in B")
    return _said((*places, *band), missing, there)


def _series(token: Token, here: Analysis, there: Analysis) -> Counterpart:
    default, missing, places = there.default_query(), [], []
    for mode, name in enumerate(("entity", "variable")):
        at, known = _named(here.grid.axes[mode].coords[token[mode]], there.grid.axes[mode].coords, default[mode])
        places.append(at)
        if not known:
            missing.append(f"the {name} {here.grid.axes[mode].coords[token[mode]]} is not in B")
    time, axis = here.grid.axes[2], there.grid.axes[2]
    if shared_place(here.sample, there.sample):
        at, inside = _at_time(time.coords[token[2]], axis)
        if not inside:
            missing.append("the chosen time is not in B")
    else:
        at = default[2]
        missing.append("the times of the two files cannot be compared")
    return _said((*places, at), "; ".join(missing), there)


def _said(token: Token, missing: str, there: Analysis) -> Counterpart:
    """The token, with what is missing and what is taken for it."""
    if not missing:
        return Counterpart(token)
    where = position_words(there.grid, token, there.sample.geometry)
    word = "the nearest one" if missing.startswith("the chosen") else "where B opens"
    return Counterpart(token, f"{missing[0].upper()}{missing[1:]}: {word}, {where}, is taken.")


def _through(middle: list[float], one: Sample, other: Sample) -> list[float]:
    """A place in array positions of one sample, in those of another: through the world or the map."""
    here, there = one.geometry, other.geometry
    if isinstance(here, VolumeGeometry) and isinstance(there, VolumeGeometry):
        world = here.affine @ np.array([*middle, 1.0])
        return [float(at) for at in np.linalg.solve(there.affine, world)[:3]]
    if isinstance(here, RasterGeometry) and isinstance(there, RasterGeometry):
        row, column = middle
        x, y, _ = _matrix(here) @ np.array([column + 0.5, row + 0.5, 1.0])
        column, row, _ = np.linalg.solve(_matrix(there), np.array([x, y, 1.0])) - np.array([0.5, 0.5, 0.0])
        return [float(row), float(column)]
    return middle


def _matrix(geometry: RasterGeometry) -> np.ndarray:
    return np.array([geometry.transform[:3], geometry.transform[3:], (0.0, 0.0, 1.0)])


def _covering(axis: TokenAxis, at: float) -> tuple[int, bool]:
    """The token at an array position, and whether it covers it; beside all tokens the nearest."""
    apart = np.maximum(np.maximum(axis.starts - 0.5 - at, at - (axis.stops - 0.5)), 0.0)
    found = int(apart.argmin())
    return found, bool(apart[found] < 1e-6)


def _named(name: object, names: np.ndarray, default: int) -> tuple[int, bool]:
    """Where a name stands, and whether it is there; otherwise the default."""
    places = [at for at, known in enumerate(names) if str(known) == str(name)]
    return (places[0], True) if places else (default, False)


def _at_time(time: np.datetime64, axis: TokenAxis) -> tuple[int, bool]:
    """The token that holds a time, and whether it does; otherwise the nearest one."""
    known = np.flatnonzero(axis.stops > axis.starts)
    step = _step(axis.mode)
    starts = axis.mode.coords[axis.starts[known]]
    ends = axis.mode.coords[axis.stops[known] - 1] + step
    zero = np.timedelta64(0, "ns")
    apart = np.maximum(np.maximum(starts - time, time - ends + np.timedelta64(1, "ns")), zero)
    at = int(apart.argmin())
    return int(known[at]), bool(apart[at] <= zero)


def _step(mode: Mode) -> np.timedelta64:
    found: np.timedelta64 = mode.coords[-1] - mode.coords[-2] if len(mode) > 1 else np.timedelta64(1, "h")
    return found
