"""A sample whose axes are modes, with the geometry needed to write a result back, and where it came from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np
import xarray as xr

from hot_core.errors import ShapeError

Kind: TypeAlias = Literal["series", "volume", "raster"]


@dataclass(frozen=True, eq=False)
class Mode:
    """An axis that attention runs over.

    Attributes:
        name: the field's word for it: "entity", "variable", "time", "x", "row", "band".
        coords: one coordinate per position, in native order.
        unit: the unit of the coordinates ("mm", "m", "degree"), or None for names and dates.
        rotated: rows and columns only: the raster is rotated against its map, and the coordinates are distances
            along the raster's own axes, not places on the map.
    """

    name: str
    coords: np.ndarray
    unit: str | None = None
    rotated: bool = False

    def __len__(self) -> int:
        return len(self.coords)


@dataclass(frozen=True)
class Source:
    """Where a sample came from: name, format, size in bytes and SHA-256 (hex) of the file."""

    name: str
    format: str
    size: int
    sha256: str


@dataclass(frozen=True)
class SeriesGeometry:
    """What is needed to write a series back.

    Attributes:
        step: the sampling step; None when the file has no date column (positions are counted).
        time_name: the name of the time column in the file.
        layout: "wide" (one column for each entity and variable) or "long" (an entity column).
        zoned: the file's stamps had a zone, so that the times are UTC; else nothing is known of their zone.
    """

    step: np.timedelta64 | None
    time_name: str
    layout: Literal["wide", "long"]
    zoned: bool = False


@dataclass(frozen=True, eq=False)
class VolumeGeometry:
    """What is needed to write a volume back into the file's own voxel grid.

    Attributes:
        affine: 4×4, voxel of the RAS+ array held in `Sample.data` to world mm.
        file_affine: 4×4, voxel of the file's own array to world mm.
        file_shape: shape of the file's own array (3 spatial sizes).
        orientation: nibabel orientation transform, file → RAS+ (what `apply_orientation` takes).
        qform: the file's qform matrix, or None when its code is 0.
        qform_code, sform_code: NIfTI codes, kept in every export.
        units: (spatial, temporal) as nibabel names them, "unknown" where the header is silent.
        zooms: voxel size in mm along the RAS+ axes; as the header has it where not `placed`.
        nifti_version: 1 or 2.
    """

    affine: np.ndarray
    file_affine: np.ndarray
    file_shape: tuple[int, int, int]
    orientation: np.ndarray
    qform: np.ndarray | None
    qform_code: int
    sform_code: int
    units: tuple[str, str]
    zooms: tuple[float, float, float]
    nifti_version: int

    @property
    def oriented(self) -> bool:
        """Whether the file says where its axes point; otherwise left and right are unknown."""
        return self.sform_code > 0 or self.qform_code > 0

    @property
    def placed(self) -> bool:
        """Whether positions are mm; a file that names neither unit nor orientation has voxels only."""
        return self.oriented or self.units[0] != "unknown"

    @property
    def oblique(self) -> bool:
        """Whether an array axis is not parallel to a world axis (coordinates are then not world mm)."""
        linear = self.affine[:3, :3]
        return bool(np.any(np.abs(linear - np.diag(np.diag(linear))) > 1e-4 * np.abs(linear).max()))


@dataclass(frozen=True)
class RasterGeometry:
    """What is needed to write a raster back.

    Attributes:
        crs: well-known text of the coordinate reference system, "" when the file has none.
        transform: the six affine coefficients (a, b, c, d, e, f): x = a·col + b·row + c, …
            of the window held in `Sample.data`.
        nodata: the file's nodata value, or None.
        window: (row offset, column offset, height, width) of what was read, in file pixels.
        file_shape: (height, width) of the whole file.
        descriptions: the bands' descriptions as the file gives them.
        unit: unit of the CRS ("metre", "degree", "grad"); "pixel" where the file gives no place.
        sensor: the sensor that took the picture, where the file proves it ("Sentinel-2"); "" otherwise.
        units: the unit of each band's values, "" where the file is silent; () where nothing is known.
        scales: what stored numbers were multiplied with and what was added then, for each band; () where nothing was.
    """

    crs: str
    transform: tuple[float, float, float, float, float, float]
    nodata: float | None
    window: tuple[int, int, int, int]
    file_shape: tuple[int, int]
    descriptions: tuple[str, ...]
    unit: str
    sensor: str = ""
    units: tuple[str, ...] = ()
    scales: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, eq=False)
class Overview:
    """The whole of a raster of which only a window was read.

    Attributes:
        data: (row, column, band), as `Sample.data`; NaN where nothing is known.
        modes: row and column; coordinates are the middles of the overview's pixels, on the axes of the sample's modes.
        step: rows and columns of the file behind one pixel of the overview.
        samples: (number, band): pixels spread over the whole file, NaN where missing; statistics are taken of these.
        words: how it was made, in a sentence or two.
    """

    data: xr.DataArray
    modes: tuple[Mode, Mode]
    step: tuple[float, float]
    samples: np.ndarray
    words: str


Geometry: TypeAlias = SeriesGeometry | VolumeGeometry | RasterGeometry


@dataclass(frozen=True, eq=False)
class Sample:
    """What a reader returns; frozen.

    Attributes:
        data: a DataArray whose dims are the mode names; missing values are NaN, never invented.
            Series: (entity, variable, time), with a coordinate `unit` on "variable". Volume: (x, y, z)
            in RAS+ array order, 4-D files with a last dim "volume". Raster: (row, column, band).
        modes: the modes in the order of the dims.
        geometry: what is needed to write a result back.
        source: name, format, size and hash of the file.
        notes: sentences on what the reader did that the user should know.
        roles: rasters only: the role ("blue" … "swir2") of each band, or () while unknown.
        overview: rasters only: the whole file at a glance, where only a window of it was read.
    """

    data: xr.DataArray
    modes: tuple[Mode, ...]
    geometry: Geometry
    source: Source
    notes: tuple[str, ...] = ()
    roles: tuple[str, ...] = field(default=())
    overview: Overview | None = None

    def __post_init__(self) -> None:
        if self.data.dims != tuple(mode.name for mode in self.modes):
            raise ShapeError(f"Sample: data has dims {self.data.dims}, modes are {[m.name for m in self.modes]}.")

    @property
    def kind(self) -> Kind:
        """Which of the three kinds of data this is."""
        if isinstance(self.geometry, SeriesGeometry):
            return "series"
        return "volume" if isinstance(self.geometry, VolumeGeometry) else "raster"
