"""The intake report names the rows, offers the choice and takes none; units are what the file says they are."""

from __future__ import annotations

import io
import itertools

import numpy as np
import pandas as pd
import pytest
from affine import Affine

from hot_core.errors import ReadError
from hot_core.figures.words import sample_words, series_words
from hot_core.io import read
from hot_core.io.intake import Finding, intake, intake_csv
from hot_core.io.regular import dated_grid
from hot_core.io.rescale import unit_surprises
from hot_core.io.steps import step_words
from hot_core.io.tabular import TableOptions
from hot_core.io.units import split_unit
from tests.makers_samples import ROLES, geotiff
from tests.test_markers import TRANSFORMS

STEPS = 61


def stamps(freq: str = "h", start: str = "2024-02-05") -> list[str]:
    return [str(stamp) for stamp in pd.date_range(start, periods=STEPS, freq=freq)]


def table(rows: list[str], header: str = "time,level [m]") -> bytes:
    return "\n".join([header, *rows]).encode()


def plain_rows(times: list[str]) -> list[str]:
    return [f"{time},{20 + at % 7}.5" for at, time in enumerate(times)]


def look(data: bytes, **said: object) -> tuple[Finding, ...]:
    return intake(data, "t.csv", TableOptions(**said))  # type: ignore[arg-type]


def test_nothing_odd_means_no_finding() -> None:
    assert look(table(plain_rows(stamps()))) == ()


@pytest.mark.parametrize("said", ["error", "first", "mean"])
def test_repeated_rows_are_named_and_settled_as_said(said: str) -> None:
    rows = plain_rows(stamps())
    data = table([*rows[:31], rows[30].replace(".5", ".7"), *rows[31:], rows[5]])
    (found,) = look(data, duplicates=said)
    assert (found.answer, found.rows, found.column) == ("duplicates", (32, 63), "time")
    assert found.cells == (stamps()[30], stamps()[5])
    assert found.open is (said == "error")
    if said == "error":
        with pytest.raises(ReadError, match=r"2 rows repeat a time stamp: data rows 32, 63"):
            read(data, "t.csv")
    else:
        values = read(data, "t.csv", duplicates=said).data.values[0, 0]
        assert values[30] == (20 + 30 % 7 + 0.5 if said == "first" else pytest.approx(20 + 30 % 7 + 0.6))


def literal_off(values: list[int]) -> tuple[set[int], int]:
    """Rows whose stamp does not share its remainder with most stamps, by the most frequent difference."""
    different = sorted(set(values))
    steps = [b - a for a, b in itertools.pairwise(different)]
    step = min(set(steps), key=lambda one: (-steps.count(one), one))
    rests = [value % step for value in different]
    phase = min(set(rests), key=lambda one: (-rests.count(one), one))
    return {at for at, value in enumerate(values) if value % step != phase}, step


@pytest.mark.parametrize("freq", ["15min", "h", "D"])
def test_rows_beside_the_step_are_those_of_the_definition(freq: str) -> None:
    times = pd.Series(pd.to_datetime(stamps(freq, "2024-02-05 00:07")).astype("datetime64[ns]"))
    times.iloc[11] += pd.Timedelta("3min")
    times.iloc[43] += pd.Timedelta("1ns")
    grid = dated_grid(times)
    numbers = times.to_numpy().astype(np.int64)
    rows, literal = literal_off([int(v) for v in numbers])
    assert grid is not None
    assert set(grid.off(numbers).nonzero()[0].tolist()) == rows == {11, 43}
    assert grid.step == literal


@pytest.mark.parametrize("said", ["error", "drop", "nearest"])
def test_rows_beside_the_step_are_left_out_or_moved_only_when_asked(said: str) -> None:
    times = stamps()
    times[17] = times[17].replace(":00:00", ":08:00")
    times[19] = times[19].replace(":00:00", ":35:00")
    data = table(plain_rows(times))
    found = [one for one in look(data, irregular=said) if one.answer == "irregular"]
    assert [(one.rows, one.open) for one in found] == [((18, 20), said == "error")]
    if said == "error":
        with pytest.raises(
            ReadError,
            match=r"irregular: data rows 18, 20 .* left out or moved to the nearest step \(option irregular\)",
        ):
            read(data, "t.csv")
    elif said == "drop":
        sample = read(data, "t.csv", irregular="drop")
        assert np.isnan(sample.data.values[0, 0, [17, 19]]).all()
        assert np.isnan(sample.data.values).sum() == 2
        assert "2 rows beside the step of the others are left out: data rows 18, 20." in sample.notes
    else:  # 35 minutes past is nearer to the next hour, which has a row: that is another question
        with pytest.raises(ReadError, match=r"1 row repeats a time stamp: data row 21"):
            read(data, "t.csv", irregular="nearest")
        sample = read(data, "t.csv", irregular="nearest", duplicates="first")
        assert sample.data.values[0, 0, 17] == 20 + 17 % 7 + 0.5
        assert np.isnan(sample.data.values[0, 0, 19])
        assert sample.data.values[0, 0, 20] == 20 + 19 % 7 + 0.5


@pytest.mark.parametrize("said", ["error", "drop", "nearest"])
def test_without_a_common_step_nothing_is_offered(said: str) -> None:
    rng = np.random.default_rng(0)
    start = pd.Timestamp("2024-02-05")
    seconds = np.sort(rng.choice(30 * 86400, 150, replace=False))
    data = table(plain_rows([str(start + pd.Timedelta(int(second), "s")) for second in seconds]))
    (found,) = look(data, irregular=said)
    assert (found.answer, found.open, found.rows) == ("step", False, ())
    assert found.words.startswith("There is no common step: the most frequent one, ")
    assert " s, leaves out " in found.words
    assert found.done == "Resample the series to one step first; the file is not read so."
    with pytest.raises(ReadError, match=r"there is no common step: .* Resample the series to one step first") as raised:
        read(data, "t.csv", irregular=said)
    assert "=" not in str(raised.value)


def test_the_choice_offered_about_rows_beside_the_step_always_opens_the_file() -> None:
    """Also where the rows that stay, or have been moved, would by themselves show another step."""
    on, off = [0, 10, *range(20, 200, 20)], [20 * at + at for at in range(1, 9)]
    times = [str(pd.Timestamp("2024-02-05") + pd.Timedelta(at, "s")) for at in sorted(on + off)]
    (found,) = look(table(plain_rows(times)))
    assert (found.answer, found.words) == ("irregular", "8 rows beside the most frequent step of 10 s")
    for said in ("drop", "nearest"):
        sample = read(table(plain_rows(times)), "t.csv", irregular=said, duplicates="first")
        assert sample.geometry.step == np.timedelta64(10, "s")
        filled = ~np.isnan(sample.data.values[0, 0])
        moved = set() if said == "drop" else {round((one + 1e-9) / 10) for one in off}
        assert set(filled.nonzero()[0].tolist()) == {at // 10 for at in on} | moved


def test_days_that_may_be_months_are_named_and_what_the_column_proves_is_said() -> None:
    days = [f"{day:02d}/{month:02d}/2013" for month in (1, 2, 3, 4) for day in range(1, 13)]
    (found,) = look(table(plain_rows(days)))
    assert (found.answer, found.open, found.column) == ("dayfirst", True, "time")
    assert found.rows == tuple(at + 1 for at, day in enumerate(days) if day[:2] != day[3:5])
    (found, gaps) = look(table(plain_rows(days)), dayfirst=False)
    assert gaps.answer == "gaps"
    assert not found.open
    assert found.done == "The month is taken first, as you said."
    whole = [str(day)[8:10] + str(day)[4:8].replace("-", "/") + "2013" for day in stamps("D", "2013-01-01")]
    (found,) = look(table(plain_rows([day.replace("//", "/") for day in whole])))
    assert not found.open
    assert "the day comes first, as some first numbers are above 12" in found.done
    american = [f"{int(day[5:7]):02d}/{int(day[8:10]):02d}/2013" for day in stamps("D", "2013-01-01")]
    (found,) = look(table(plain_rows(american)))
    either = [at + 1 for at, day in enumerate(american) if int(day[3:5]) <= 12 and day[:2] != day[3:5]]
    assert list(found.rows) == either


@pytest.mark.parametrize("named", ["date,calibrated", "checked,date"])
def test_only_the_dates_that_tell_the_time_are_asked_about(named: str) -> None:
    days = [stamp[:10] for stamp in stamps("D")]
    first_is_time = named.startswith("date")
    rows = [f"{day},08/01/2024,{at}.5" if first_is_time else f"08/01/2024,{day},{at}.5" for at, day in enumerate(days)]
    assert look(table(rows, f"{named},level")) == ()
    assert read(table(rows, f"{named},level"), "t.csv").data.shape == (1, 1, STEPS)
    (found,) = look(table([*rows, rows[7]], f"{named},level"))
    assert (found.answer, found.open, found.rows) == ("duplicates", True, (62,))
    swapped = [f"{at % 5 + 1:02d}/{at % 7 + 1:02d}/2024,{day},{at}.5" for at, day in enumerate(days)]
    (found,) = look(table(swapped, "date,when,level"))
    assert (found.answer, found.open, found.column) == ("dayfirst", True, "date")


def test_commas_and_points_in_numbers_are_named() -> None:
    times = stamps()
    open_case = table([f'{time},"{1 + at % 9},{100 + at}"' for at, time in enumerate(times)])
    (found,) = look(open_case)
    assert (found.answer, found.open, len(found.rows)) == ("decimal", True, STEPS)
    (found,) = look(open_case, decimal=",")
    assert found.done == "The comma is taken as the decimal sign, as you said."
    comma = "\n".join(["time;level", *(f"{time};{at % 9},5" for at, time in enumerate(times))]).encode()
    (found,) = look(comma)
    assert not found.open
    assert "have a decimal comma" in found.words
    grouped = table([f"{time},{'1,234.5' if at == 3 else '7.5'}" for at, time in enumerate(times)]).replace(
        b"1,234.5", b'"1,234.5"'
    )
    (found,) = look(grouped)
    assert (found.rows, found.cells) == ((4,), ("1,234.5",))
    assert "group thousands by commas" in found.words
    points = table([f"{time},{1 + at % 9}.{100 + at}" for at, time in enumerate(times)])
    (found,) = look(points)
    assert "may group thousands by points" in found.words
    assert not found.open
    proven = table([f"{time},{1 + at % 9}.{100 + at if at else 5}" for at, time in enumerate(times)])
    assert look(proven) == ()


@pytest.mark.parametrize("layout", ["wide", "long", "months", "counted"])
def test_rows_after_which_steps_are_missing_are_named(layout: str) -> None:
    whole = {"months": stamps("MS"), "counted": [str(at) for at in range(STEPS)]}.get(layout, stamps())
    kept = [at for at in range(STEPS) if at not in (7, 8, 9, 40)]
    rows, header = plain_rows(whole), "time,level [m]"
    lines = [rows[at] for at in kept]
    if layout == "long":  # the steps that one station lacks are there in the other
        header, lines = "time,level [m],station", [f"{row},B" for row in rows] + [f"{line},A" for line in lines]
    (found,) = look(table(lines, header))
    before = STEPS if layout == "long" else 0
    assert (found.answer, found.open, found.rows) == ("gaps", False, (before + 7, before + 37))
    assert found.words == "4 missing steps after 2 rows"
    assert found.cells[0].endswith("6, then 3 missing" if layout == "counted" else ", then 3 missing")
    assert found.done == "They stay gaps."
    values = read(table(lines, header), "t.csv").data.values
    assert np.isnan(values).sum() == 4


def test_a_counted_step_that_comes_twice_is_named() -> None:
    rows = plain_rows([str(at) for at in range(STEPS)])
    data = table([*rows, rows[13]], "step,level [m]")
    (found,) = look(data)
    assert (found.answer, found.open, found.rows) == ("duplicates", True, (STEPS + 1,))
    with pytest.raises(ReadError, match=r"1 row repeats a time stamp: data row 62"):
        read(data, "t.csv")
    assert read(data, "t.csv", duplicates="first").data.shape == (1, 1, STEPS)
    (found,) = look(table([*rows, "60.4,1"], "step,level [m]"))
    assert (found.answer, found.open, found.rows) == ("step", False, (STEPS + 1,))


@pytest.mark.parametrize("count", [1, STEPS])
def test_cells_that_are_lost_to_the_decimal_sign_that_was_said_are_named(count: int) -> None:
    cells = ['"1,5"' if at < count else "1.5" for at in range(STEPS)]
    data = table([f"{time},{at}.5,{cells[at]}" for at, time in enumerate(stamps())], "time,level,flow")
    (found,) = look(data, decimal=".")
    assert (found.answer, found.column, len(found.rows)) == ("decimal", "flow", count)
    if count == 1:
        assert found.words == "1 cell of flow such as 1,5 is no number with a decimal point"
        assert found.done.startswith("The file is not read so")
        with pytest.raises(ReadError, match=r"column 'flow' holds text among its numbers, in data row 1"):
            read(data, "t.csv", decimal=".")
    else:
        assert found.words == f"{STEPS} cells of flow such as 1,5 are no numbers with a decimal point"
        assert found.done == "The column is left out."
        assert read(data, "t.csv", decimal=".").data["variable"].values.tolist() == ["level"]


def literal_surprises(sizes: np.ndarray) -> set[tuple[int, int, float]]:
    found = set()
    for e in range(sizes.shape[0]):
        for v in range(sizes.shape[1]):
            others = [sizes[o, v] for o in range(sizes.shape[0]) if o != e and sizes[o, v] > 0]
            if not others or not sizes[e, v] > 0:
                continue
            ratio = sizes[e, v] / float(np.median(others))
            for factor, low, high in ((1000, 10**2.8, 10**3.2), (100, 10**1.9, 10**2.1)):
                if low < ratio < high:
                    found.add((e, v, float(factor)))
                if low < 1 / ratio < high and len(others) > 1:
                    found.add((e, v, 1 / factor))
    return found


@pytest.mark.parametrize("entities", [2, 3, 5])
def test_series_in_another_unit_are_those_of_the_definition(entities: int) -> None:
    rng = np.random.default_rng(entities)
    hits = 0
    for _ in range(53):
        sizes = rng.lognormal(2, 0.4, (entities, 7)) * rng.choice([1, 1, 1, 1, 100, 1000, 0.001], (entities, 7))
        sizes[rng.random(sizes.shape) < 0.05] = np.nan
        found = unit_surprises(sizes)
        assert set(found) == literal_surprises(sizes)
        hits += len(found)
    assert hits > 20


@pytest.mark.parametrize("layout", ["wide", "long"])
def test_a_station_in_another_unit_is_offered_and_divided_only_when_asked(layout: str) -> None:
    rng = np.random.default_rng(0)
    values = rng.gamma(9, 2, (3, STEPS)).round(2)
    values[1] *= 1000
    frame = pd.DataFrame({"time": stamps()})
    if layout == "wide":
        frame = frame.assign(**{f"{e}_{v}": values[i] for i, e in enumerate("ABC") for v in ("pm [µg/m3]",)})
        frame = frame.assign(**{f"{e}_rh [%]": 50 + np.arange(STEPS) % 7 for e in "ABC"})
    else:
        parts = [frame.assign(station=e, **{"pm [µg/m3]": values[i]}) for i, e in enumerate("ABC")]
        frame = pd.concat(parts)
    data = frame.to_csv(index=False).encode()
    (found,) = look(data)
    assert (found.answer, found.scaled, found.open) == ("scale", ("B", "pm", 1000.0), False)
    assert found.done == "It is taken as it stands."
    np.testing.assert_array_equal(read(data, "t.csv").data.sel(entity="B", variable="pm").values, values[1])
    sample = read(data, "t.csv", scale=[found.scaled])
    np.testing.assert_allclose(sample.data.sel(entity="B", variable="pm").values, values[1] / 1000)
    np.testing.assert_array_equal(sample.data.sel(entity="A", variable="pm").values, values[0])
    assert "B · pm is divided by 1,000, as you said." in sample.notes
    (found,) = look(data, scale=(("B", "pm", 1000.0),))
    assert found.done == "It is divided, as you said."
    with pytest.raises(ReadError, match=r"there is no series 'D · pm' to divide"):
        read(data, "t.csv", scale=[("D", "pm", 10)])
    with pytest.raises(ReadError, match=r"'B · pm' cannot be divided by 0"):
        read(data, "t.csv", scale=[("B", "pm", 0)])


@pytest.mark.parametrize("layout", ["wide", "long"])
def test_rain_in_another_unit_is_found_though_it_is_mostly_dry(layout: str) -> None:
    rng = np.random.default_rng(3)
    values = rng.gamma(2, 2, (5, STEPS)).round(2) * (rng.random((5, STEPS)) < 0.2)
    assert (np.median(values, axis=1) == 0).all()
    values[2] *= 1000
    frame = pd.DataFrame({"time": stamps()})
    if layout == "wide":
        frame = frame.assign(
            **{f"{e}_{v}": values[i] * f for i, e in enumerate("ABCDE") for v, f in (("r", 1), ("s", 0))}
        )
    else:
        frame = pd.concat([frame.assign(station=e, r=values[i], s=0) for i, e in enumerate("ABCDE")])
    (found,) = look(frame.to_csv(index=False).encode())
    assert found.scaled == ("C", "r", 1000.0)


@pytest.mark.parametrize(
    ("count", "words"), [(1, "1 entity × 1 variable × 61 steps every 1 h"), (3, "3 entities × 3 variables × 61 steps")]
)
def test_the_size_of_a_series_is_said_in_the_right_number(count: int, words: str) -> None:
    columns = [f"{entity}_{name}" for entity in "ABC"[:count] for name in ("t", "u", "v")[:count]]
    rows = [f"{time}{',1' * len(columns)}" for time in stamps()]
    sample = read(table(rows, ",".join(["time", *columns])), "t.csv")
    assert series_words(sample).startswith(words)


@pytest.mark.parametrize(("zone", "words"), [("Z", "2024-02-29 UTC"), ("+05:45", "2024-02-28 UTC"), ("", "2024-02-29")])
def test_times_that_tell_a_zone_are_said_to_be_in_utc(zone: str, words: str) -> None:
    rows = [f"2024-02-29T{hour:02d}:00{zone},{hour}" for hour in range(5)]
    assert series_words(read(table(rows, "time,a"), "t.csv")).endswith(f" {words}")


def test_one_band_is_no_bands() -> None:
    for count, words in ((1, " · 1 band · "), (3, " · 3 bands · ")):
        data = geotiff(np.ones((11, 13, count), np.uint16), *TRANSFORMS["north-up"], descriptions=ROLES[:count])
        assert words in sample_words(read(data, "t.tif"))


@pytest.mark.parametrize(
    ("transform", "crs", "words"),
    [
        (TRANSFORMS["north-up"][0], "EPSG:32119", "28.5 m pixels"),
        (TRANSFORMS["north-up"][0], None, "28.5 map units a pixel, no reference system in the file"),
        (Affine(1, 0, 500, 0, -1, 900), None, "1 map unit a pixel, no reference system in the file"),
        (Affine.identity(), None, "no place on the map in the file"),
        (Affine.identity(), "EPSG:32119", "no place on the map in the file"),
    ],
)
def test_a_raster_says_how_large_its_pixels_are_and_what_its_file_leaves_out(
    transform: Affine, crs: str | None, words: str
) -> None:
    data = geotiff(np.ones((11, 13, 2), np.uint16), transform, crs, descriptions=ROLES[:2])
    assert sample_words(read(data, "t.tif")) == f"11 × 13 pixels · 2 bands · {words}"


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (np.timedelta64(14, "s"), "14 s"), (np.timedelta64(90, "m"), "90 min"), (np.timedelta64(2, "h"), "2 h"),
        (np.timedelta64(1234, "D"), "1,234 d"), (np.timedelta64(250, "ms"), "0.25 s"), (None, "step"),
        (np.timedelta64(1, "M"), "1 month"), (np.timedelta64(24, "M"), "2 years"),
    ],
)  # fmt: skip
def test_a_step_is_said_in_the_largest_unit_that_fits(step: np.timedelta64 | None, words: str) -> None:
    assert step_words(step) == words


def test_the_night_when_clocks_go_back_is_recognised() -> None:
    local = pd.date_range("2023-10-28 00:00", periods=STEPS, freq="h", tz="Europe/Berlin").tz_localize(None)
    (found,) = look(table(plain_rows([str(time) for time in local])))
    assert (found.answer, found.rows, found.cells) == ("duplicates", (28,), ("2023-10-29 02:00:00",))
    assert "the night when clocks go back" in found.words
    other = plain_rows(stamps())
    assert "clocks" not in look(table([*other, other[-1]]))[0].words


def test_the_report_as_a_table_has_every_row() -> None:
    rows = plain_rows(stamps())
    data = table([*rows, *rows[7:24]])
    back = pd.read_csv(io.BytesIO(intake_csv(look(data))))
    assert back["data_row"].tolist() == list(range(62, 79))
    assert back["cell"].tolist() == stamps()[7:24]
    assert set(back["about"]) == {"duplicates"}
    assert pd.read_csv(io.BytesIO(intake_csv(()))).empty


@pytest.mark.parametrize(
    "data", [b"", b"\x00\x01\x02", b"<html>", b"a,b\n1,2\n3\n", b"date,a\n2013-13-45,1\n2013-01-02,2"]
)
def test_what_is_no_table_has_no_report(data: bytes) -> None:
    assert look(data) == ()


# --- units ---------------------------------------------------------------------------------------


UNITS = """°C;°F;K;m/s;m.s-1;µg/m³;μg/m3;ug/m3;hPa;mm;W/m2;W/m²;W/m^2;kWh;%;mg/l;mg/L;ppm;ppb;km;m;s;min;h;USD;EUR
EUR/MWh;m3/s;m³/s;kg/m3;kg·m⁻³;µmol/m2/s;1/s;km²;cm²;ms;mV;kHz;C;F;°;$;€/t;-;deg;mph;W m-2;kg m-2 s-1;deg C;1000 t
10^6 m3"""
NO_UNITS = """max;mean;avg;2m;2015;forecast;am;pm;sum;est;raw;old;net;high;10m;Q1;v2;north;3 days ago;in total;GPU A
m m m m m m m m m m m m m m x"""


def listed(words: str) -> list[str]:
    return words.replace("\n", ";").split(";")


@pytest.mark.parametrize(
    ("label", "name", "unit"),
    [
        ("temp (°C)", "temp", "°C"), ("pm [µg/m³]", "pm", "µg/m³"), ("temp_degC", "temp", "degC"),
        ("wind speed, m/s", "wind speed", "m/s"), ("rain mm", "rain", "mm"), ("load_MW", "load", "MW"),
        ("t_min", "t_min", ""), ("temp_c", "temp_c", ""), ("wind_m", "wind_m", ""), ("mm", "mm", ""),
        ("_mm", "_mm", ""),
        *((f"x ({unit})", "x", unit) for unit in listed(UNITS)),
        *((f"x [{unit}]", "x", unit) for unit in ("max", "2m", "kg/(m2 s)", "")),
        *((f"x ({word})", f"x ({word})", "") for word in listed(NO_UNITS)),
    ],
)  # fmt: skip
def test_units_stand_in_names_or_nowhere(label: str, name: str, unit: str) -> None:
    assert split_unit(label) == (name, unit)


def test_the_largest_and_the_smallest_stay_two_variables() -> None:
    rows = [f"{time},{at % 5}.5,1,7,2" for at, time in enumerate(stamps())]
    sample = read(table(rows, "time,temp (max),temp (min),rain (min),GDP (2015)"), "t.csv")
    assert sample.data["variable"].values.tolist() == ["temp (max)", "temp (min)", "rain", "GDP (2015)"]
    assert sample.data["unit"].values.tolist() == ["", "", "min", ""]


def test_stations_and_variables_are_told_apart_with_units_at_the_end() -> None:
    rows = [f"{time},{at % 5}.5,1,2,3" for at, time in enumerate(stamps())]
    sample = read(table(rows, "time,A_temp_degC,A_rh_pct,B_temp_degC,B_rh_pct"), "t.csv")
    assert [str(v) for v in sample.data["variable"].values] == ["temp", "rh"]
    assert sample.data["unit"].values.tolist() == ["degC", "pct"]
    assert [str(v) for v in sample.data["entity"].values] == ["A", "B"]


@pytest.mark.parametrize("row", [",°C,%,", "UTC,[°C],[%],[-]", "-,°C,%,none"])
def test_a_row_of_units_is_taken_for_what_it_is(row: str) -> None:
    rows = [f"{time},{at % 5}.5,{at % 3},{at % 7}" for at, time in enumerate(stamps())]
    sample = read(table([row, *rows], "time,temp,rh,index_of_x"), "t.csv")
    assert sample.data["unit"].values.tolist() == ["°C", "%", ""]
    assert sample.data.shape == (1, 3, STEPS)
    assert sample.data.values[0, 0, 3] == 3.5
    assert any("The row below the header holds units: temp °C, rh %" in note for note in sample.notes)


@pytest.mark.parametrize("row", ["2024-02-04 23:00:00,°C,%", ",cold,%", ",°C,7"])
def test_a_row_that_only_looks_like_units_is_none(row: str) -> None:
    rows = [f"{time},{at % 5}.5,{at % 3}" for at, time in enumerate(stamps())]
    with pytest.raises(ReadError):
        read(table([row, *rows], "time,temp,rh"), "t.csv")
