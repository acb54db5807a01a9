"""The grid of tokens: the only place that turns tokens into native positions and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from hot_core.errors import SelectionError, ShapeError
from hot_core.modes.sample import Mode


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
