"""What napari calls when a bundle is dropped on it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from hot_core.export.bundle import SUFFIX, read_bundle
from hot_core.napari_plugin.layers import LayerData, layers
from hot_core.napari_plugin.window import turn
from hot_core.napari_plugin.world import world

Reader = Callable[[str | Sequence[str]], list[LayerData]]


def get_reader(path: str | Sequence[str]) -> Reader | None:
    """The reader for a bundle, or for several.

    A file that cannot be read raises `ReadError`, whose one sentence napari shows.

    Returns:
        What makes the layers; None for anything else than a bundle, as npe2 wants it.
    """
    return read if all(one.endswith(SUFFIX) for one in _paths(path)) else None


def read(path: str | Sequence[str]) -> list[LayerData]:
    """The layers of one bundle or several; a window that is still empty is turned as the first of them wants it."""
    bundles = [read_bundle(Path(one)) for one in _paths(path)]
    napari = sys.modules.get("napari")  # never imported here: without a window there is nothing to turn
    viewer = None if napari is None else napari.current_viewer()
    if viewer is not None and not viewer.layers:
        turn(viewer, world(bundles[0]))
    return [layer for bundle in bundles for layer in layers(bundle)]


def _paths(path: str | Sequence[str]) -> list[str]:
    return [path] if isinstance(path, str) else list(path)
