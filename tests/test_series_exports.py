"""What a series exports is read back by pandas alone and by the reader: the same numbers at the same stamps.

Also through changes of the clock, offsets from UTC and steps of minutes, days and months; and with a part of the
entities and variables.
"""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import hot_core as hot
from hot_core.errors import SelectionError
from hot_core.export import field_bytes, prediction_bytes
from hot_core.export.fields import forecast_lines
from hot_core.export.table import csv_bytes
from hot_core.io import read
from hot_core.modes import Mode, RasterGeometry, Sample
from hot_core.transforms import Settings
from hot_core.transforms.chosen import chosen_series, moved, step_at
from tests.makers_samples import forecaster
from tests.test_markers import far_query, pointing

STEPS = 131
ENTITIES, VARIABLES = ("EWR", "JFK", "LGA"), ("temp [°C]", "rh", "wind_speed [m/s]", "pm [µg/m³]", "rain mm")
MARK = (1, 3, 71)


def stamps(case: str) -> tuple[list[str], np.ndarray]:
    """How a file writes its times, and what they are in UTC (or without a zone)."""
    if case in ("15min", "D", "MS", "ME", "h"):
        times = pd.date_range("2003-02-28", periods=STEPS, freq=case)
        return [str(time) for time in times], times.to_numpy()
    zone, start = {
        "spring": ("Europe/Berlin", "2024-03-29 00:00"), "autumn": ("America/New_York", "2024-11-01 00:00"),
        "offset": ("Asia/Kathmandu", "2024-05-05 00:00"),
    }[case]  # fmt: skip
    local = pd.date_range(start, periods=STEPS, freq="h", tz=zone)
    return [time.isoformat() for time in local], local.tz_convert("UTC").tz_localize(None).to_numpy()


def table(case: str, layout: str) -> tuple[bytes, np.ndarray, np.ndarray]:
    """A file with a mark of 999 and some gaps, its values (entity, variable, time) and its true times."""
    written, true = stamps(case)
    values = np.random.default_rng(0).normal(7, 3, (3, 5, STEPS))
    values[0, 1, 30:37] = np.nan
    values[MARK] = 999
    if layout == "wide":
        columns = {f"{e}_{v}": values[i, j] for i, e in enumerate(ENTITIES) for j, v in enumerate(VARIABLES)}
        frame = pd.DataFrame({"when": written, **columns})
    else:
        parts = [
            pd.DataFrame({"when": written, "station": e, **dict(zip(VARIABLES, values[i], strict=True))})
            for i, e in enumerate(ENTITIES)
        ]
        frame = pd.concat(parts)
    return frame.to_csv(index=False).encode(), values, true.astype("datetime64[ns]")


def same(left: xr.DataArray, right: xr.DataArray) -> None:
    np.testing.assert_array_equal(left["time"].values, right["time"].values)
    for name in ("entity", "variable"):
        assert [str(v) for v in left[name].values] == [str(v) for v in right[name].values]
    np.testing.assert_array_equal(left.values, right.values.astype(left.dtype))


CASES = [
    ("15min", "wide"), ("h", "long"), ("D", "wide"), ("MS", "long"), ("ME", "wide"), ("spring", "wide"),
    ("autumn", "long"), ("offset", "wide"),
]  # fmt: skip
ZONED = ("spring", "autumn", "offset")


def plain(times: pd.Series) -> np.ndarray:
    """Times without their zone, as numpy has them: those with one in UTC."""
    return pd.to_datetime(times, utc=True).dt.tz_localize(None).to_numpy().astype("datetime64[ns]")


@pytest.mark.parametrize(("case", "layout"), CASES)
def test_a_marker_keeps_its_stamp_from_file_to_every_export(case: str, layout: str) -> None:
    data, values, true = table(case, layout)
    sample = read(data, "marker.csv")
    np.testing.assert_array_equal(sample.data["time"].values, true)
    np.testing.assert_array_equal(sample.data.values, values)
    assert sample.data.values[MARK] == 999
    analysis = hot.analyse(sample, forecaster())
    at = analysis.grid.token_of(MARK)
    assert true[analysis.grid.native_of(at)[2]].min() <= true[MARK[2]] <= true[analysis.grid.native_of(at)[2]].max()
    pointed = pointing(analysis, far_query(analysis, at), at)
    content = field_bytes(pointed, pointed.field(0, 0, far_query(analysis, at)))[0]
    frame = pd.read_csv(io.BytesIO(content), parse_dates=["when"], float_precision="round_trip")
    name = "pm attention row layer 0 head 0"
    column = frame[f"JFK_{name}"] if layout == "wide" else frame[frame["entity"] == "JFK"].reset_index()[name]
    times = frame["when"] if layout == "wide" else frame[frame["entity"] == "JFK"].reset_index()["when"]
    assert (times.dt.tz is not None) == (case in ZONED)
    lit = plain(times[column == 1])
    np.testing.assert_array_equal(lit, true[analysis.grid.native_of(at)[2]])
    assert true[MARK[2]] in lit


@pytest.mark.parametrize(("case", "layout"), CASES)
def test_exports_read_back_digit_for_digit(case: str, layout: str) -> None:
    data, _, _ = table(case, layout)
    sample = read(data, "marker.csv")
    analysis = hot.analyse(sample, forecaster())
    lines = forecast_lines(analysis.prediction)
    back = read(prediction_bytes(analysis)[0], "p.csv")
    same(lines, back.data)
    assert back.data["unit"].values.tolist() == lines["unit"].values.tolist()
    assert "µg/m³" in back.data["unit"].values
    field = analysis.field(1, 1, analysis.default_query())
    again = read(field_bytes(analysis, field)[0], "f.csv").data
    np.testing.assert_array_equal(again.values.astype(np.float32), field.values)
    np.testing.assert_array_equal(again["time"].values, sample.data["time"].values)
    same(sample.data, read(csv_bytes(sample.data, sample.geometry), "again.csv").data)


def test_pandas_alone_reads_the_numbers_of_a_forecast() -> None:
    sample = read(table("h", "wide")[0], "marker.csv")
    forecast = hot.analyse(sample, forecaster()).prediction
    content = csv_bytes(forecast_lines(forecast), sample.geometry)
    frame = pd.read_csv(io.BytesIO(content), parse_dates=["when"], float_precision="round_trip")
    for label, line in (("forecast", forecast.mean), ("seasonal naive", forecast.naive), ("observed", forecast.truth)):
        for i, entity in enumerate(ENTITIES):
            for j, variable in enumerate(("temp {} [°C]", "rh {}", "wind_speed {} [m/s]", "pm {} [µg/m³]")):
                column = frame[f"{entity}_{variable.format(label)}"].to_numpy()
                np.testing.assert_array_equal(column, line.values[i, j])
    np.testing.assert_array_equal(frame["when"].to_numpy().astype("datetime64[ns]"), forecast.mean["time"].values)


def test_exports_of_the_bundled_sample_merge_with_it_on_time() -> None:
    path = Path(__file__).parents[1] / "sample_data" / "nyc_airport_weather_2013.csv"
    given = pd.read_csv(path, parse_dates=["time"])
    sample = read(path)
    analysis = hot.analyse(sample, forecaster())
    field = analysis.field(0, 0, analysis.default_query())
    contents = (prediction_bytes(analysis)[0], field_bytes(analysis, field)[0])
    made = [pd.read_csv(io.BytesIO(content), parse_dates=["time"]) for content in contents]
    merged = [pd.merge(one, given, on="time") for one in made]
    assert [len(one) for one in merged] == [len(one) for one in made] == [24, len(sample.modes[2])]
    observed, own = merged[0]["JFK_temp observed [°F]"], merged[0]["JFK_temp [°F]"]
    np.testing.assert_allclose(observed, own, rtol=1e-6)
    assert observed.notna().any()


ZONES = [
    ("2024-05-05T{}:00+05:45", "2024-05-04T18:15:00Z"), ("2024-05-05T{}:00Z", "2024-05-05T00:00:00Z"),
    ("2024-05-05 {}:00 UTC", "2024-05-05T00:00:00Z"),
    ("2024-05-05 {}:00:00.250-0300", "2024-05-05T03:00:00.250000000Z"),
    ("2024-05-05T{}:00", "2024-05-05T00:00:00"), ("05.05.2024 {}:00", "2024-05-05T00:00:00"),
]  # fmt: skip


@pytest.mark.parametrize(("form", "first"), ZONES)
@pytest.mark.parametrize("layout", ["wide", "long"])
def test_a_zone_is_written_as_utc_and_none_is_invented(form: str, first: str, layout: str) -> None:
    station = ",station" if layout == "long" else ""
    rows = [f"{form.format(f'{hour:02d}')}{',Oslo' if station else ''},{hour}.5" for hour in range(24)]
    sample = read("\n".join([f"when{station},level", *rows]).encode(), "a.csv")
    assert (sample.geometry.zoned, sample.data["time"].dtype.kind) == (first.endswith("Z"), "M")
    content = csv_bytes(sample.data, sample.geometry)
    texts = pd.read_csv(io.BytesIO(content))["when"]
    assert texts[0] == first
    assert texts.str.endswith("Z").tolist() == [first.endswith("Z")] * 24
    again = read(content, "b.csv")
    np.testing.assert_array_equal(again.data["time"].values, sample.data["time"].values)
    assert again.geometry == sample.geometry


def test_dates_with_a_zone_take_the_clock_of_another_column() -> None:
    rows = [f"2024-05-05 00:00Z,{hour:02d}:30,{hour}" for hour in range(9)]
    sample = read("\n".join(["date,clock,level", *rows]).encode(), "a.csv")
    assert csv_bytes(sample.data, sample.geometry).decode().splitlines()[1] == "2024-05-05T00:30:00Z,0.0"


def test_counted_steps_have_no_zone() -> None:
    sample = read(("time,level\n" + "\n".join(f"{i},{i}.5" for i in range(9))).encode(), "a.csv")
    assert csv_bytes(sample.data, sample.geometry).decode().splitlines()[1] == "0,0.5"


@pytest.mark.parametrize("entities", [("JFK",), ("EWR", "LGA"), None])
@pytest.mark.parametrize("variables", [("pm",), ("rh", "wind_speed"), None])
def test_a_part_of_the_series_is_exported_under_its_own_names(entities, variables) -> None:
    sample = read(table("h", "wide")[0], "marker.csv")
    analysis = hot.analyse(sample, forecaster(), Settings(entities=entities, variables=variables))
    back = read(prediction_bytes(analysis)[0], "p.csv").data
    same(forecast_lines(analysis.prediction), back)
    again = hot.analyse(sample, forecaster(), Settings(**analysis.provenance["settings"]))
    np.testing.assert_array_equal(again.prediction.mean.values, analysis.prediction.mean.values)


@pytest.mark.parametrize("names", [("1",), ("07",), ("2.50",), ("1", "2")])
@pytest.mark.parametrize("variables", [("rain [mm]", "level"), ("rain [mm]",)])
def test_an_entity_whose_name_is_a_number_reads_back(names: tuple[str, ...], variables: tuple[str, ...]) -> None:
    times, rng = pd.date_range("2024-01-01", periods=37, freq="h"), np.random.default_rng(2)
    parts = [
        pd.DataFrame({"when": times, "station_id": f"S{name}", **{v: rng.normal(size=37) for v in variables}})
        for name in names
    ]
    sample = read(pd.concat(parts).to_csv(index=False).encode(), "s.csv")
    named = sample.data.assign_coords(entity=np.array(names))
    back = read(csv_bytes(named, sample.geometry), "again.csv").data
    same(named, back)
    assert back["unit"].values.tolist() == named["unit"].values.tolist()


def test_an_empty_column_called_entity_names_none() -> None:
    times = pd.date_range("2024-01-01", periods=37, freq="h")
    frame = pd.DataFrame({"when": times, "entity": np.nan, "level": np.arange(37)})
    back = read(frame.to_csv(index=False).encode(), "s.csv").data
    assert (back["entity"].values.tolist(), back["variable"].values.tolist()) == (["series"], ["level"])


# --- what is chosen ------------------------------------------------------------------------------


def test_the_chosen_series_are_those_of_the_file_in_its_order() -> None:
    _, values, _ = table("h", "wide")
    sample = read(table("h", "wide")[0], "marker.csv")
    assert chosen_series(sample, Settings()) is sample
    part = chosen_series(sample, Settings(entities=("LGA", "EWR"), variables=("pm",)))
    np.testing.assert_array_equal(part.data.values, values[[0, 2]][:, [3]])
    assert [str(v) for v in part.modes[0].coords] == ["EWR", "LGA"]
    assert part.data["unit"].values.tolist() == ["µg/m³"]
    whole, alone = (
        hot.analyse(one, forecaster()) for one in (part, replace(part, data=part.data.copy()))
    )  # the same as a file of these series alone
    np.testing.assert_array_equal(whole.prediction.mean.values, alone.prediction.mean.values)
    with pytest.raises(SelectionError, match=r"has no entity 'OSL'. Choose among EWR, JFK, LGA"):
        chosen_series(sample, Settings(entities=("OSL",)))
    with pytest.raises(SelectionError, match=r"keeps no variable. Choose among temp, rh, wind_speed, pm, rain"):
        chosen_series(sample, Settings(variables=()))


def test_entities_are_for_series() -> None:
    mode = Mode("x", np.arange(2))
    data = xr.DataArray(np.zeros(2), dims=("x",))
    other = read(table("h", "wide")[0], "m.csv")
    geometry = RasterGeometry("", (1, 0, 0, 0, 1, 0), None, (0, 0, 1, 1), (1, 1), (), "metre")
    raster = Sample(data, (mode,), geometry, other.source)
    with pytest.raises(SelectionError, match=r"are chosen of a series; m.csv is a raster"):
        chosen_series(raster, Settings(entities=("a",)))


def test_moves_of_the_window_stay_in_the_file() -> None:
    assert (moved(5, -24, 41), moved(5, 24, 41), moved(30, 24, 41)) == (0, 29, 41)


@pytest.mark.parametrize(
    ("first", "step", "cases"),
    [
        ("2024-03-01T00:00", np.timedelta64(15, "m"), (
            ("2024-03-01T00:00:00", 0), ("2024-03-01T00:14:00", 1), ("2024-03-01T00:15:00", 1),
            ("2024-02-01T00:00:00", 0), ("2024-03-01T02:31:00", 11), ("2025-01-01T00:00:00", 41),
        )),
        ("2024-03-01T05:30", np.timedelta64(1, "h"), (("2024-03-01T06:00:00", 1), ("2024-03-01T06:30:00", 1),
            ("2024-03-01T06:31:00", 2))),
        ("2024-01-01T12:00", np.timedelta64(1, "D"), (("2024-01-20", 19), ("2024-01-01", 0), ("2023-12-31", 0))),
        ("2024-01-01T22:00", np.timedelta64(1, "D"), (("2024-01-20", 19), ("2025-01-01", 41))),
        ("2024-01-01T00:00", np.timedelta64(7, "D"), (("2024-01-08", 1), ("2024-01-09", 2))),
    ],
)  # fmt: skip
def test_the_window_begins_at_the_first_step_of_a_day_or_after_a_moment(
    first: str, step: np.timedelta64, cases: tuple[tuple[str, int], ...]
) -> None:
    time = Mode("time", np.datetime64(first, "ns") + np.arange(53) * step)
    for text, expected in cases:
        cut = slice(0, len(text))  # a day is compared with days, a moment with moments, as texts
        literal = min((at for at in range(53) if str(time.coords[at])[cut] >= text), default=53)
        assert step_at(time, np.datetime64(text), 41) == min(literal, 41) == expected, text
