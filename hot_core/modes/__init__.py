"""What passes between the modules: a sample whose axes are modes, and the grid of its tokens.

A *mode* is an axis that attention runs over: time, station, x, row, band. A `Sample` knows its
modes with their coordinates and units, the geometry needed to write a result back, and where it
came from. A `TokenGrid` is the only place that turns tokens into native positions and back.
"""

from hot_core.modes.sample import (
    Geometry,
    Kind,
    Mode,
    Overview,
    RasterGeometry,
    Sample,
    SeriesGeometry,
    Source,
    VolumeGeometry,
)
from hot_core.modes.tokens import TokenAxis, TokenGrid

__all__ = [
    "Geometry",
    "Kind",
    "Mode",
    "Overview",
    "RasterGeometry",
    "Sample",
    "SeriesGeometry",
    "Source",
    "TokenAxis",
    "TokenGrid",
    "VolumeGeometry",
]
