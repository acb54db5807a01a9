"""Bundles in napari: a reader for `*.hotlens`, and a window that opens on one.

napari finds the reader by the entry point `napari.manifest` and `hot_core/napari.yaml`. Nothing here needs napari or
Qt before a window is opened: `layers` makes plain tuples of arrays and settings.
"""

from hot_core.napari_plugin.layers import layers
from hot_core.napari_plugin.reader import get_reader

__all__ = ["get_reader", "layers"]
