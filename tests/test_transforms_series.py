"""Series: the window, its scale, the naive line and the way back, against literal twins."""

from __future__ import annotations

import calendar
from datetime import date
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from hot_core import analyse, load_model
from hot_core.errors import ModelError, SelectionError
from hot_core.figures.words import sample_words
from hot_core.io import read
from hot_core.modes import Mode, Sample, SeriesGeometry, Source
from hot_core.transforms import Forecast, Settings, to_input
from hot_core.transforms.season import season_of, seasonal_naive
from hot_core.transforms.series import future
from tests.makers_samples import forecaster, segmenter, wide_csv

CONFIG = forecaster().config


def series(steps: int, seed: int = 0) -> tuple[np.ndarray, Sample]:
    values = np.random.default_rng(seed).normal(50, 9, (3, 5, steps)).round(3)
    variables = {"temp": "°F", "dewp": "°F", "humid": "%", "pressure": "hPa", "visib": "mi"}
    return values, read(wide_csv(values, ("EWR", "JFK", "LGA"), variables), "series.csv")


@pytest.mark.parametrize(("window", "start"), [(None, 127 - 120), (0, 0), (31, 31)])
def test_values_are_scaled_by_the_past_alone(window: int | None, start: int) -> None:
    values, sample = series(127)
    given = to_input(sample, CONFIG, Settings(window=window))
    past = values[:, :, : start + 96]
    expected = (past - past.mean(-1, keepdims=True)) / past.std(-1, keepdims=True)
    np.testing.assert_allclose(given.values, expected[..., start:], atol=1e-5)
    assert given.mask.all()
    assert given.grid.shape == (3, 5, 24)
    assert given.grid.window == ((0, 3), (0, 5), (start, start + 96))


def test_the_future_is_never_seen() -> None:
    values, _ = series(127)
    changed = values.copy()
    changed[..., 103:] = 1e6
    variables = {name: "" for name in "abcde"}
    given = [
        to_input(read(wide_csv(v, ("E", "J", "L"), variables), "s.csv"), CONFIG, Settings()) for v in (values, changed)
    ]
    np.testing.assert_array_equal(given[0].values, given[1].values)


def test_forecast_comes_back_in_units_with_dates_and_truth() -> None:
    values, sample = series(131)
    given = to_input(sample, CONFIG, Settings())
    output = np.random.default_rng(1).normal(size=(3, 5, 24))
    forecast = given.back(output)
    assert isinstance(forecast, Forecast)
    past, stop = values[..., :107], 107
    expected = output * past.std(-1, keepdims=True) + past.mean(-1, keepdims=True)
    np.testing.assert_allclose(forecast.mean.values, expected, atol=1e-9)
    assert forecast.season == 24
    np.testing.assert_array_equal(forecast.naive.values, values[..., stop - 24 : stop])
    np.testing.assert_array_equal(forecast.mean["time"].values, sample.data["time"].values[stop:])
    assert forecast.truth is not None
    np.testing.assert_array_equal(forecast.truth.values, values[..., stop:])
    assert forecast.mean["unit"].values.tolist() == ["°F", "°F", "%", "hPa", "mi"]
    errors = forecast.mae()
    assert errors is not None
    literal = np.mean([abs(expected[2, 3, t] - values[2, 3, stop + t]) for t in range(24)])
    assert float(errors.sel(entity="LGA", variable="pressure", line="model")) == pytest.approx(literal)
    naive = np.mean([abs(values[2, 3, stop - 24 + t] - values[2, 3, stop + t]) for t in range(24)])
    assert float(errors.sel(entity="LGA", variable="pressure", line="seasonal naive")) == pytest.approx(naive)


def test_the_very_end_has_no_truth() -> None:
    _, sample = series(131)
    forecast = to_input(sample, CONFIG, Settings(window=131 - 96)).back(np.zeros((3, 5, 24)))
    assert isinstance(forecast, Forecast)
    assert forecast.truth is None
    assert forecast.mae() is None
    steps = np.diff(np.r_[sample.data["time"].values[-1:], forecast.mean["time"].values])
    assert (steps == np.timedelta64(1, "h")).all()


def test_a_window_near_the_end_has_a_part_of_the_truth() -> None:
    values, sample = series(131)
    forecast = to_input(sample, CONFIG, Settings(window=25)).back(np.zeros((3, 5, 24)))
    assert isinstance(forecast, Forecast)
    assert forecast.truth is not None
    np.testing.assert_array_equal(forecast.truth.values[..., :10], values[..., 121:])
    assert np.isnan(forecast.truth.values[..., 10:]).all()
    assert float(forecast.mae()[0, 0, 1]) == pytest.approx(np.abs(values[0, 0, 121:] - values[0, 0, 97:107]).mean())


def test_a_short_series_is_padded_in_front_and_said() -> None:
    values, sample = series(71)
    given = to_input(sample, CONFIG, Settings())
    assert given.values.shape == (3, 5, 96)
    assert not given.mask[..., : 96 - 68].any()
    assert given.mask[..., 96 - 68 :].all()
    assert given.grid.shape == (3, 5, 24)
    assert any("71 steps" in note for note in given.notes)
    assert given.grid.token_of((0, 0, 3)) == (0, 0, 7)
    assert given.grid.token_of((0, 0, 70)) == (0, 0, 23)
    coords = given.grid.modes[2].coords
    assert (np.diff(coords) == np.timedelta64(4, "h")).all()
    field = given.grid.spread(np.arange(3 * 5 * 24.0).reshape(3, 5, 24))
    assert field.shape == values.shape
    assert np.isnan(field.values[..., :3]).all()
    assert field.values[0, 0, 3:7].tolist() == [7] * 4


def test_too_short_and_outside_are_said() -> None:
    with pytest.raises(ModelError, match=r"has 23 steps; at least 24 are needed \(96 for a full window\)"):
        to_input(series(23)[1], CONFIG, Settings())
    with pytest.raises(SelectionError, match=r"cannot start at step 32 of 127. Choose a start from 0 to 31"):
        to_input(series(127)[1], CONFIG, Settings(window=32))
    with pytest.raises(SelectionError, match=r"choose the window of a series by its first step"):
        to_input(series(127)[1], CONFIG, Settings(region=((0, 1), (0, 1), (0, 1))))
    with pytest.raises(ModelError, match=r"takes a volume, and series.csv is a time series. Choose a model for"):
        to_input(series(127)[1], segmenter().config, Settings())


def test_gaps_are_masked_and_an_empty_series_gets_no_forecast() -> None:
    values, _ = series(127)
    values[1, 2, 20:23] = np.nan
    values[2, 4, :103] = np.nan
    sample = read(wide_csv(values, ("E", "J", "L"), {name: "" for name in "abcde"}), "gaps.csv")
    given = to_input(sample, CONFIG, Settings())
    np.testing.assert_array_equal(given.mask, ~np.isnan(values[..., 7:103]))
    assert (given.values[~given.mask] == 0).all()
    assert any(note.startswith("1 series have no value") for note in given.notes)
    forecast = given.back(np.ones((3, 5, 24)))
    assert isinstance(forecast, Forecast)
    assert np.isnan(forecast.mean.values[2, 4]).all()
    assert np.isnan(forecast.mean.values).sum() == 24


def test_nothing_at_all_in_the_window_is_an_error() -> None:
    values, _ = series(127)
    values[..., 7:103] = np.nan
    sample = read(wide_csv(values, ("E", "J", "L"), {name: "" for name in "abcde"}), "gaps.csv")
    with pytest.raises(ModelError, match=r"every value of the chosen part is missing. Choose another window"):
        to_input(sample, CONFIG, Settings())


def test_too_many_series_are_refused_with_their_numbers() -> None:
    names = (np.array([f"e{i}" for i in range(53)]), np.array([f"v{i}" for i in range(53)]), np.arange(29))
    modes = tuple(Mode(name, coords) for name, coords in zip(("entity", "variable", "time"), names, strict=True))
    data = xr.DataArray(np.random.default_rng(0).normal(size=(53, 53, 29)), {m.name: m.coords for m in modes})
    sample = Sample(data, modes, SeriesGeometry(None, "step", "wide"), Source("many.csv", "CSV", 1, "0" * 64))
    with pytest.raises(SelectionError, match=r"67,416 tokens \(53 entity × 53 variable × 24 time\), above the limit"):
        to_input(sample, CONFIG, Settings())


@pytest.mark.parametrize(
    ("step", "past", "season"),
    [("1h", 97, 24), ("15m", 97, 96), ("15m", 95, 1), ("1D", 31, 7), ("1D", 5, 1), ("7h", 97, 1), ("7D", 97, 1)],
)
def test_season(step: str, past: int, season: int) -> None:
    number, unit = int(step[:-1]), step[-1]
    geometry = SeriesGeometry(np.timedelta64(number, unit).astype("timedelta64[ns]"), "time", "wide")
    found, note = season_of(geometry, past)
    assert found == season
    assert note.startswith("The naive line repeats the last")
    assert season_of(SeriesGeometry(None, "step", "wide"), past)[0] == 1


@pytest.mark.parametrize(
    ("months", "past", "season", "words"),
    [(1, 97, 12, "year (12 steps)"), (3, 97, 4, "year (4 steps)"), (1, 11, 1, "shorter than a year"),
     (5, 97, 1, "no part of a year"), (12, 97, 1, "no part of a year"), (24, 97, 1, "no part of a year")],
)  # fmt: skip
def test_the_season_of_months_is_a_year(months: int, past: int, season: int, words: str) -> None:
    found, note = season_of(SeriesGeometry(np.timedelta64(months, "M"), "time", "wide"), past)
    assert found == season
    assert words in note


def by_calendar(first: date, months: int, count: int, ends: bool) -> list[str]:
    """Dates by hand: the same day of the month, its last one where there is none such or where all are last."""
    out = []
    for at in range(count):
        year, month = divmod(first.year * 12 + first.month - 1 + months * at, 12)
        last = calendar.monthrange(year, month + 1)[1]
        out.append(f"{year:04d}-{month + 1:02d}-{last if ends else min(first.day, last):02d}")
    return out


@pytest.mark.parametrize(("first", "ends"), [("1999-11-30", True), ("1999-11-30", False), ("2003-02-07", False)])
@pytest.mark.parametrize("months", [1, 3, 12])
@pytest.mark.parametrize("held", [0, 5, 13])
def test_the_forecast_of_months_lies_on_the_calendar(first: str, ends: bool, months: int, held: int) -> None:
    """Beyond the file and inside it: `held` steps of the horizon are known."""
    if not ends and first.endswith("30") and months == 1:
        first = "1999-11-28"  # the 30th of every month is no date that a file could have
    expected = by_calendar(date.fromisoformat(first), months, 29 + 11, ends)
    there = np.array(expected[: 29 + min(held, 11)], dtype="datetime64[ns]")
    data = xr.DataArray(
        np.zeros((2, 3, len(there))),
        {"entity": ["a", "b"], "variable": ["u", "v", "w"], "time": there},
        ("entity", "variable", "time"),
    )
    ahead = future(data, 29, 11, np.timedelta64(months, "M"))
    assert [str(stamp)[:10] for stamp in ahead["time"].values] == expected[29:]
    assert ahead.shape == (2, 3, 11)
    assert np.isnan(ahead.values).all()


def test_a_day_that_is_sometimes_the_last_of_its_month_is_kept() -> None:
    there = np.array(["2001-02-28", "2002-02-28", "2003-02-28"], dtype="datetime64[ns]")
    data = xr.DataArray(
        np.zeros((1, 1, 3)), {"entity": ["a"], "variable": ["u"], "time": there}, ("entity", "variable", "time")
    )
    assert str(future(data, 3, 1, np.timedelta64(12, "M"))["time"].values[0])[:10] == "2004-02-28"


def test_a_monthly_file_meets_its_own_truth_and_goes_on_behind_its_end(tmp_path: Path) -> None:
    stamps = by_calendar(date(1951, 1, 1), 1, 149, ends=False)
    (tmp_path / "months.csv").write_text("time,rain\n" + "".join(f"{t},{i % 12}.5\n" for i, t in enumerate(stamps)))
    sample = read(tmp_path / "months.csv")
    analysis = analyse(sample, load_model("air-quality"))
    forecast = analysis.prediction
    assert isinstance(forecast, Forecast)
    assert [str(t)[:10] for t in forecast.mean["time"].values] == stamps[-24:]
    assert forecast.truth is not None
    np.testing.assert_allclose(forecast.truth.values[0, 0], [i % 12 + 0.5 for i in range(125, 149)])
    np.testing.assert_allclose(forecast.naive.values, forecast.truth.values)
    assert "149 steps every 1 month" in sample_words(sample)


def literal_naive(past: list[float], season: int, horizon: int) -> list[float]:
    result = []
    for ahead in range(horizon):
        at = len(past) + ahead - season
        while at >= len(past) or (at >= 0 and np.isnan(past[at])):
            at -= season
        result.append(past[at] if at >= 0 else np.nan)
    return result


@pytest.mark.parametrize("season", [1, 5, 7, 24, 29])
def test_seasonal_naive_equals_its_definition(season: int) -> None:
    rng = np.random.default_rng(season)
    past = rng.normal(size=(2, 3, 31))
    past[rng.random(past.shape) < 0.4] = np.nan
    found = seasonal_naive(past, season, 13)
    for place in np.ndindex(2, 3):
        np.testing.assert_array_equal(found[place], literal_naive(past[place].tolist(), season, 13))
