"""Small samples with known coordinates, all sizes different primes, for the tests of figures."""

import numpy as np
import xarray as xr

from hot_core.modes import Mode, TokenGrid
from hot_core.transforms.results import Forecast

ENTITIES = np.array(["EWR", "JFK", "LGA"])
VARIABLES = np.array(["temp", "humid"])


def hours(count: int, start: str = "2013-07-14T00") -> np.ndarray:
    return np.datetime64(start, "ns") + np.arange(count) * np.timedelta64(1, "h").astype("timedelta64[ns]")


def series_grid(steps: int = 20, patch: int = 4) -> TokenGrid:
    modes = (Mode("entity", ENTITIES), Mode("variable", VARIABLES), Mode("time", hours(steps)))
    return TokenGrid.regular(modes, (1, 1, patch), ((0, 3), (0, 2), (0, steps)))


def forecast(steps: int = 20, horizon: int = 5, truth: bool = True) -> Forecast:
    rng = np.random.default_rng(0)

    def line(start: int, count: int) -> xr.DataArray:
        coords = {"entity": ENTITIES, "variable": VARIABLES, "time": hours(start + count)[start:]}
        units = ("variable", ["°F", "%"])
        data = rng.normal(size=(3, 2, count))
        return xr.DataArray(data, dims=("entity", "variable", "time"), coords={**coords, "unit": units})

    return Forecast(
        line(steps, horizon), line(steps, horizon), 24, line(0, steps), line(steps, horizon) if truth else None
    )


def volume_modes(sizes: tuple[int, int, int] = (11, 13, 17), step: float = 2.0) -> tuple[Mode, ...]:
    origins = (-10.0, -40.0, 5.0)
    return tuple(
        Mode(name, origin + step * np.arange(size), "mm")
        for name, origin, size in zip("xyz", origins, sizes, strict=True)
    )


def volume(
    sizes: tuple[int, int, int] = (11, 13, 17), step: float = 2.0
) -> tuple[xr.DataArray, tuple[Mode, ...], TokenGrid]:
    modes = volume_modes(sizes, step)
    data = xr.DataArray(np.zeros(sizes), dims=("x", "y", "z"), coords={m.name: m.coords for m in modes})
    return data, modes, TokenGrid.regular(modes, (4, 4, 4), [(0, size) for size in sizes])


def raster_modes(rows: int = 11, columns: int = 13, up: bool = False, unit: str = "metre") -> tuple[Mode, ...]:
    scale, (x0, y0) = (0.001, (13.0, 52.0)) if unit == "degree" else (10.0, (340_000.0, 5_800_000.0))
    y = y0 + scale * np.arange(rows) * (1 if up else -1)
    return (
        Mode("row", y, unit), Mode("column", x0 + scale * np.arange(columns), unit),
        Mode("band", np.array(["B02", "B03", "B04", "B08", "B12"])),
    )  # fmt: skip


def raster_grid(modes: tuple[Mode, ...]) -> TokenGrid:
    return TokenGrid.regular(modes, (4, 4, 1), [(0, len(mode)) for mode in modes])
