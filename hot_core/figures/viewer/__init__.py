"""What the volume viewer in the browser is sent: the volume once, and what changes with every choice."""

from hot_core.figures.viewer.look import Layer, Marks, look_bytes, rollout_layer
from hot_core.figures.viewer.volume import Held, volume_bytes
from hot_core.figures.viewer.windows import Window, display_windows, looks_like_hounsfield

__all__ = [
    "Held",
    "Layer",
    "Marks",
    "Window",
    "display_windows",
    "look_bytes",
    "looks_like_hounsfield",
    "rollout_layer",
    "volume_bytes",
]
