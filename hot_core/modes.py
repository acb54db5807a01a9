"""What passes between the modules: a sample whose axes are modes, and the grid of its tokens.

A *mode* is an axis that attention runs over: time, station, x, row, band. A `Sample` knows its
modes with their coordinates and units, the geometry needed to write a result back, and where it
came from. A `TokenGrid` is the only place that turns tokens into native positions and back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np
import xarray as xr

from hot_core.errors import SelectionError, ShapeError

Kind: TypeAlias = Literal["series", "volume", "raster"]


@dataclass(frozen=True, eq=False)
class Mode:
    """An axis that attention runs over.

    Attributes:
        name: the field's word for it: "entity", "variable", "time", "x", "row", "band".
        coords: one coordinate per position, in native order.
        unit: the unit of the coordinates ("mm", "m", "degree"), or None for names and dates.
    """

    name: str
    coords: np.ndarray
    unit: str | None = None

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
    """

    step: np.timedelta64 | None
    time_name: str
    layout: Literal["wide", "long"]


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
        zooms: voxel size in mm along the RAS+ axes.
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
        unit: linear unit of the CRS ("metre", "degree").
    """

    crs: str
    transform: tuple[float, float, float, float, float, float]
    nodata: float | None
    window: tuple[int, int, int, int]
    file_shape: tuple[int, int]
    descriptions: tuple[str, ...]
    unit: str


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
    """

    data: xr.DataArray
    modes: tuple[Mode, ...]
    geometry: Geometry
    source: Source
    notes: tuple[str, ...] = ()
    roles: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        if self.data.dims != tuple(mode.name for mode in self.modes):
            raise ShapeError(f"Sample: data has dims {self.data.dims}, modes are {[m.name for m in self.modes]}.")

    @property
    def kind(self) -> Kind:
        """Which of the three kinds of data this is."""
        if isinstance(self.geometry, SeriesGeometry):
            return "series"
        return "volume" if isinstance(self.geometry, VolumeGeometry) else "raster"


@dataclass(frozen=True, eq=False)
class TokenAxis:
    """How tokens cover one mode: token `t` covers native positions `starts[t] … stops[t]-1`.

    Positions between tokens belong to none (bands that a model does not take). A token with
    `starts[t] == stops[t]` covers nothing: it lies before the first step of a short series.
    """

    mode: Mode
    starts: np.ndarray
    stops: np.ndarray

    def __len__(self) -> int:
        return len(self.starts)

    @property
    def coords(self) -> np.ndarray:
        """One coordinate per token: the centre of its interval for numbers, its first for dates and names."""
        native = self.mode.coords
        first = native[self.starts]
        last = native[np.maximum(self.stops, self.starts + 1) - 1]
        coords = (first + last) / 2 if np.issubdtype(native.dtype, np.number) else first
        before = int((self.stops <= self.starts).sum())
        if before:  # counted back from the first token that covers something
            coords = coords.copy()
            coords[:before] = coords[before] - (coords[before + 1] - coords[before]) * np.arange(before, 0, -1)
        return coords


@dataclass(frozen=True, eq=False)
class TokenGrid:
    """For every mode, the interval of native positions that each token covers, and both ways across."""

    axes: tuple[TokenAxis, ...]

    @classmethod
    def regular(cls, modes: Sequence[Mode], patch: Sequence[int], window: Sequence[tuple[int, int]]) -> TokenGrid:
        """Cover `window` (half-open, native) of every mode by patches; the last one may be shorter."""
        axes = []
        for mode, size, (start, stop) in zip(modes, patch, window, strict=True):
            starts = np.arange(start, stop, size)
            axes.append(TokenAxis(mode, starts, np.minimum(starts + size, stop)))
        return cls(tuple(axes))

    @property
    def shape(self) -> tuple[int, ...]:
        """Tokens along each mode."""
        return tuple(len(axis) for axis in self.axes)

    @property
    def modes(self) -> tuple[Mode, ...]:
        """The token modes: native names and units, token coordinates."""
        return tuple(Mode(axis.mode.name, axis.coords, axis.mode.unit) for axis in self.axes)

    @property
    def window(self) -> tuple[tuple[int, int], ...]:
        """The half-open native interval that the tokens of each mode cover."""
        return tuple((int(axis.starts[0]), int(axis.stops[-1])) for axis in self.axes)

    def token_of(self, position: Sequence[int]) -> tuple[int, ...]:
        """The token that covers a native position.

        Returns:
            One token index for each mode.

        Raises:
            SelectionError: when the position lies outside the window that the tokens cover.
        """
        token = []
        for axis, at in zip(self.axes, position, strict=True):
            found = int(np.searchsorted(axis.starts, at, side="right") - 1)
            if found < 0 or at >= axis.stops[found]:
                raise SelectionError(
                    f"{axis.mode.name} {at} lies outside the analysed window "
                    f"{axis.starts[0]} … {axis.stops[-1] - 1}. Choose a position inside it, or move the window."
                )
            token.append(found)
        return tuple(token)

    def native_of(self, token: Sequence[int]) -> tuple[slice, ...]:
        """The native positions that a token covers, one slice for each mode."""
        return tuple(slice(int(a.starts[t]), int(a.stops[t])) for a, t in zip(self.axes, token, strict=True))

    def centre_of(self, token: Sequence[int]) -> tuple[int, ...]:
        """The native position in the middle of a token."""
        return tuple((s.start + s.stop - 1) // 2 for s in self.native_of(token))

    def spread(self, values: np.ndarray, name: str = "attention") -> xr.DataArray:
        """Give every native position its token's value; NaN outside the window.

        Args:
            values: one value per token, of shape `grid.shape`.
            name: the name of the result.

        Returns:
            A float32 DataArray over the native grid of the whole sample, dims the mode names.

        Raises:
            ShapeError: when `values` has another shape than the grid.
        """
        if values.shape != self.shape:
            raise ShapeError(f"TokenGrid.spread: values {values.shape}, token grid {self.shape}.")
        for dim, axis in enumerate(self.axes):
            values = np.repeat(values, axis.stops - axis.starts, axis=dim)
        native = np.full([len(axis.mode) for axis in self.axes], np.nan, dtype=np.float32)
        covered = [np.concatenate([np.arange(a, b) for a, b in zip(x.starts, x.stops, strict=True)]) for x in self.axes]
        native[np.ix_(*covered)] = values
        coords: Mapping[str, np.ndarray] = {axis.mode.name: axis.mode.coords for axis in self.axes}
        return xr.DataArray(native, dims=list(coords), coords=coords, name=name)
