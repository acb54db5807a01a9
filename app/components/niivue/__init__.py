"""The volume viewer: NiiVue's planes and 3-D with our crosshair, layers and readout.

NiiVue (BSD-2) is kept in `vendor` as its authors built it. `niivue-streamlit`, its own component, was tried first: it
takes no crosshair from Python and no second overlay, has no threshold, and sends the whole volume with each click.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from app.components.modules import joined, kept

HERE = Path(__file__).parent
CODE, CALL = kept("volumeViewer", HERE / "main.js")

_code = st.components.v2.component(
    "hot_lens_volume_viewer_code",
    js=(HERE / "vendor" / "niivue.umd.js").read_text(encoding="utf-8") + "\n" + CODE,
)
_hold = st.components.v2.component("hot_lens_volume_held", js=joined(HERE / "hold.js"))
_viewer = st.components.v2.component(
    "hot_lens_volume_viewer",
    html=(HERE / "viewer.html").read_text(encoding="utf-8"),
    css=(HERE / "viewer.css").read_text(encoding="utf-8"),
    js=CALL,
)


def prepare(key: str, volume: bytes) -> None:
    """Bring the viewer's code and the volume into the browser; both go over the line once, not with each choice.

    Args:
        key: of two elements, which show nothing.
        volume: what `hot_core.figures.viewer.volume_bytes` made.
    """
    _code(key=f"{key}_program")
    _hold(key=f"{key}_held", data=volume)


def volume_viewer(key: str, look: bytes, on_event: Callable[[], None]) -> None:
    """Show a volume that the browser holds.

    Args:
        key: of the viewer; `state.events(key)` holds what happened while `on_event` runs: {"type": "pick", "voxel",
            "shift", "volume"} for a click, {"type": "region", "voxel", "volume"} for another region. Voxels are
            counted from the first one that was sent.
        look: what `hot_core.figures.viewer.look_bytes` made.
        on_event: called before the rerun that follows.
    """
    _viewer(key=key, data=look, on_event_change=on_event)
