"""Beijing multi-site air quality as windows: read, scaled by the training part, missing values masked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from hot_core.io import read
from hot_core.training.recipe import data_folder
from hot_core.training.splits import Spans, by_time
from hot_core.transforms.normalise import zscore

VARIABLES = ("PM2.5", "PM10", "SO2", "NO2", "CO", "O3", "TEMP", "PRES", "DEWP", "WSPM")
"""The ten numeric variables; rain (nearly always 0) and wind direction (text) are left out."""
UNITS = ("µg/m³",) * 6 + ("°C", "hPa", "°C", "m/s")
"""Their units."""


@dataclass(frozen=True, eq=False)
class Windows:
    """Z-scored series with their gaps, and where each part lies.

    Attributes:
        values: float32 (entity, variable, time), 0 where missing.
        valid: bool, the same shape.
        spans: the three parts in time.
        stations: names of the entities.
        lookback: steps that are seen.
        horizon: steps that are forecast.
        centre, scale: what the z-score subtracted and divided by, (entity, variable, 1).
    """

    values: np.ndarray
    valid: np.ndarray
    spans: Spans
    stations: tuple[str, ...]
    lookback: int
    horizon: int
    centre: np.ndarray
    scale: np.ndarray

    @property
    def length(self) -> int:
        """Steps of one window, seen and forecast."""
        return self.lookback + self.horizon

    def starts(self, span: tuple[int, int], stride: int) -> np.ndarray:
        """First steps of the windows that lie wholly inside a part."""
        return np.arange(span[0], span[1] - self.length + 1, stride)

    def cut(self, starts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Values and validity of windows.

        Args:
            starts: first step of each.

        Returns:
            Two arrays (window, entity, variable, time), seen and forecast steps together.
        """
        index = starts[:, None] + np.arange(self.length)
        return self.values[:, :, index].transpose(2, 0, 1, 3), self.valid[:, :, index].transpose(2, 0, 1, 3)


def read_windows(data: Path, lookback: int, horizon: int) -> Windows:
    """Read every station's file and scale each station and variable by its training part alone.

    Args:
        data: folder of the data set, or the root above it.
        lookback: steps that are seen.
        horizon: steps that are forecast.

    Returns:
        The windows; stations in alphabetical order.
    """
    folder = data_folder(data, "timeseries/beijing_air", "*.csv.gz")
    frames = [pd.read_csv(path) for path in sorted(folder.glob("*.csv.gz"))]
    stations = tuple(str(frame["station"].iloc[0]) for frame in frames)
    stamps = pd.to_datetime(frames[0][["year", "month", "day", "hour"]])
    hours = pd.date_range(stamps.iloc[0], stamps.iloc[-1], freq="h")
    table = np.stack([_on_hours(frame, hours) for frame in frames])
    return scaled_windows(table, stations, lookback, horizon)


def scaled_windows(table: np.ndarray, stations: tuple[str, ...], lookback: int, horizon: int) -> Windows:
    """Scale every series by its training part alone and keep its gaps as gaps.

    Args:
        table: (entity, variable, time), NaN where missing.
        stations: names of the entities.
        lookback: steps that are seen.
        horizon: steps that are forecast.

    Returns:
        The windows.
    """
    spans = by_time(table.shape[-1])
    _, centre, scale = zscore(table[:, :, : spans.train[1]], axis=2)
    scaled = (table - centre) / scale
    valid = ~np.isnan(scaled)
    values = np.where(valid, scaled, 0.0).astype(np.float32)
    return Windows(values, valid, spans, stations, lookback, horizon, centre, scale)


def read_sample(path: Path, lookback: int, horizon: int) -> Windows:
    """The windows of a bundled table, for a forecast of what was never learnt: scaled by its own first 70 %.

    Args:
        path: a CSV file that `hot_core.io` reads.
        lookback: steps that are seen.
        horizon: steps that are forecast.

    Returns:
        The windows; the test part and the part before it are both unseen by the model.
    """
    sample = read(path)
    names = tuple(map(str, sample.modes[0].coords))
    return scaled_windows(np.asarray(sample.data.values, np.float64), names, lookback, horizon)


def _on_hours(frame: pd.DataFrame, hours: pd.DatetimeIndex) -> np.ndarray:
    """One station on the common hours, (variable, time); an hour that the file lacks is missing."""
    stamps = pd.to_datetime(frame[["year", "month", "day", "hour"]])
    on_hours = frame.set_index(pd.DatetimeIndex(stamps))[list(VARIABLES)].reindex(hours)
    return on_hours.to_numpy(np.float64).T
