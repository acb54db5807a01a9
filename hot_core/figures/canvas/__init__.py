"""What the browser's attention map is sent: the map's factors, its coordinates in words, and how it is to look."""

from hot_core.figures.canvas.coordinates import Coordinates, grid_coordinates, mode_coordinates
from hot_core.figures.canvas.payload import Picture, encode, runs

__all__ = ["Coordinates", "Picture", "encode", "grid_coordinates", "mode_coordinates", "runs"]
