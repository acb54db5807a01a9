"""Which part of the data is analysed: the window of a series, the region of a volume or raster."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from app import state
from app.parts import horizon
from hot_core.modes import Kind
from hot_core.pipeline import Analysis, Settings
from hot_core.transforms.guess import moved_around


def settings(kind: Kind, sha256: str) -> Settings:
    """The choices made so far; a newly opened file starts without any."""
    if state.get(f"{kind}_region_of") != sha256:
        state.put(f"{kind}_region_of", sha256)
        state.put(f"{kind}_region", None)
        state.put(f"{kind}_volume", 0)
    chosen = state.get(f"{kind}_region")
    if kind == "series":
        return horizon.settings(sha256, chosen)
    return Settings(region=chosen, volume=state.get(f"{kind}_volume", 0))


def forget(kind: Kind) -> None:
    """Back to the part that is taken when nobody chooses."""
    state.put(f"{kind}_region", None)


def around(analysis: Analysis, voxel: Sequence[int]) -> None:
    """Move the analysed region of a volume, in its present size, around a voxel."""
    window = analysis.grid.window[:3]
    state.put("volume_region", moved_around(window, voxel, [len(axis.mode) for axis in analysis.grid.axes[:3]]))


def choose(kind: Kind, analysis: Analysis) -> None:
    """Sliders for the part to analyse; moving one runs the model again."""
    if kind == "series":
        horizon.window(analysis)
        return
    if analysis.sample.data.ndim == 4:
        count = analysis.sample.data.sizes["volume"]
        st.number_input("Volume of the 4-D file", 0, count - 1, key="volume_volume")
    for axis in analysis.grid.axes[: 3 if kind == "volume" else 2]:
        key = _key(kind, axis.mode.name, analysis)
        state.put(key, (int(axis.starts[0]), int(axis.stops[-1])))
        st.slider(
            f"Analysed {axis.mode.name} ({'voxels' if kind == 'volume' else 'pixels'})", 0, len(axis.mode), key=key,
            on_change=_take,
            args=(kind, [a.mode.name for a in analysis.grid.axes], analysis, state.get(f"{kind}_region_of")),
        )  # fmt: skip
    if kind == "volume" and state.get("volume_region") is not None:
        st.button(
            "Back to the guess", key="volume_region_guess", on_click=forget, args=(kind,), width="stretch",
            help="The region that is taken when nobody chooses one.", icon=":material/undo:",
        )  # fmt: skip


def _take(kind: Kind, modes: list[str], analysis: Analysis, owner: str) -> None:
    """Take over the sliders as the region, never an empty one; those of a file now gone are not heard."""
    if state.get(f"{kind}_region_of") != owner:
        return
    region = []
    for mode, (first, last) in zip(modes, analysis.grid.window, strict=True):
        start, stop = state.get(_key(kind, mode, analysis), (first, last))
        region.append((start, stop) if stop > start else (first, last))
    state.put(f"{kind}_region", tuple(region[: 3 if kind == "volume" else 2]))


def _key(kind: Kind, mode: str, analysis: Analysis) -> str:
    """The key of a mode's slider, another one for another file."""
    return state.own_key(f"{kind}_region_{mode}", analysis.sample.source.sha256)
