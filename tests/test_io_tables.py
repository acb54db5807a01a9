"""Tables: forms of dates and numbers, wide and long layouts, gaps, duplicates, encodings."""

import numpy as np
import pandas as pd
import pytest

from hot_core.errors import HotError
from hot_core.io import read
from tests.io_makers import STEPS, long_csv, series_values, wide_csv


def lines(*rows):
    return ("\n".join(rows) + "\n").encode()


def daily(count, form, start="2013-01-30", freq="D"):
    when = pd.date_range(start, periods=count, freq=freq)
    sign = ";" if "," in form else ","
    return lines(f"date{sign}a", *(f"{stamp.strftime(form)}{sign}{at}" for at, stamp in enumerate(when))), when


FORMS = [
    "%Y-%m-%d",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%dT%H:%M:%SZ",
    "%Y-%m-%d %H:%M:%S.%f",
    "%Y/%m/%d %H:%M",
    "%Y.%m.%d",
    "%d.%m.%Y",
    "%d.%m.%Y %H:%M",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%m/%d/%Y %I:%M %p",
    "%d-%m-%Y %H:%M:%S",
    "%d-%b-%Y",
    "%d %B %Y",
    "%b %d, %Y",
    "%Y%m%d",
    "%Y%m%d%H%M",
]


@pytest.mark.parametrize("form", FORMS)
def test_common_forms_of_dates(form):
    data, when = daily(17, form)
    sample = read(data, "dates.csv")
    np.testing.assert_array_equal(sample.data["time"].values, when.to_numpy().astype("datetime64[ns]"))
    assert sample.data["time"].dtype == "datetime64[ns]"
    assert sample.geometry.step == np.timedelta64(1, "D")


def test_noon_and_midnight_of_a_twelve_hour_clock():
    when = pd.date_range("2013-01-31", periods=29, freq="h")
    data = lines("date,a", *(f"{stamp.strftime('%m/%d/%Y %I:%M %p')},1" for stamp in when))
    np.testing.assert_array_equal(read(data, "clock.csv").data["time"].values, when.to_numpy().astype("datetime64[ns]"))


def test_one_digit_days_and_hours():
    data = lines("date,a", "2013-1-8 6:00,1", "2013-1-8 7:00,2", "2013-1-8 8:00,3")
    assert str(read(data, "a.csv").data["time"].values[0]).startswith("2013-01-08T06:00")
    data = lines("date,a", "8.13.2013 6:00,1", "8.13.2013 7:00,2")
    assert str(read(data, "a.csv").data["time"].values[0]).startswith("2013-08-13T06:00")


@pytest.mark.parametrize(("dayfirst", "first"), [(True, "2013-02-01"), (False, "2013-01-02")])
def test_an_ambiguous_column_is_asked_about_and_the_answer_is_obeyed(dayfirst, first):
    data = lines("date,a", "01/02/2013 00:00,1", "01/02/2013 01:00,2", "01/02/2013 02:00,3")
    with pytest.raises(HotError, match=r"a\.csv: .* may mean two days\. .*option dayfirst"):
        read(data, "a.csv")
    assert str(read(data, "a.csv", dayfirst=dayfirst).data["time"].values[0]).startswith(first)


def test_equal_steps_prove_the_order_of_day_and_month():
    data, when = daily(7 * 24, "%d.%m.%Y %H:%M", start="2013-03-01", freq="h")
    sample = read(data, "march.csv")
    assert sample.data["time"].values[0] == when[0].to_datetime64()
    assert any("equal" in note for note in sample.notes)


def test_zones_become_utc_across_a_clock_change():
    when = pd.date_range("2013-03-31 00:00", periods=5, freq="h", tz="UTC").tz_convert("Europe/Berlin")
    sample = read(lines("time,a", *(f"{stamp.isoformat()},1" for stamp in when)), "zone.csv")
    assert str(sample.data["time"].values[2]).startswith("2013-03-31T02:00")
    assert any("UTC" in note for note in sample.notes)
    assert sample.geometry.zoned


def test_date_and_clock_in_two_columns():
    data = lines("date,time,a", *(f"2013-01-31,{hour:02d}:30,{hour}" for hour in range(5, 12)))
    sample = read(data, "two.csv")
    assert str(sample.data["time"].values[0]).startswith("2013-01-31T05:30")
    assert list(sample.data["variable"].values) == ["a"]


@pytest.mark.parametrize(
    ("form", "freq", "months"),
    [("%Y-%m", "MS", 1), ("%Y-%m-%d", "ME", 1), ("%Y-%m-%d", "QS", 3), ("%Y-%m-%d", "YS", 12)],
)
def test_calendar_steps_are_months(form, freq, months):
    data, when = daily(31, form, start="2011-01-01", freq=freq)
    sample = read(data, "months.csv")
    np.testing.assert_array_equal(sample.data["time"].values, when.to_numpy().astype("datetime64[ns]"))
    assert sample.geometry.step == np.timedelta64(months, "M")


def test_a_missing_month_is_a_gap():
    data, _ = daily(13, "%Y-%m-%d", start="2011-01-31", freq="ME")
    kept = [line for line in data.decode().splitlines() if not line.startswith("2011-06")]
    sample = read(lines(*kept), "months.csv")
    assert sample.data.shape == (1, 1, 13)
    assert np.isnan(sample.data.values[0, 0, 5])
    assert str(sample.data["time"].values[5]).startswith("2011-06-30")


def test_years_alone():
    sample = read(lines("year,a", *(f"{year},{year % 7}" for year in range(1990, 2001))), "years.csv")
    assert str(sample.data["time"].values[0]).startswith("1990-01-01")
    assert list(sample.data["variable"].values) == ["a"]


def test_seconds_since_1970():
    sample = read(lines("timestamp,a", *(f"{1_359_612_000 + 600 * at},{at}" for at in range(7))), "epoch.csv")
    assert str(sample.data["time"].values[0]).startswith("2013-01-31T06:00")
    assert sample.geometry.step == np.timedelta64(600, "s")


@pytest.mark.parametrize("gap", ["", "NA", "NaN", "-", "null", "n/a"])
def test_gaps_stay_nan(gap):
    values = series_values()
    values[0, 1, 3:7], values[2, 0, -1] = np.nan, np.nan
    for maker in (wide_csv, long_csv):
        sample = read(maker(values, gap=gap), "gaps.csv")
        np.testing.assert_array_equal(sample.data.values, values)
        assert any("missing" in note for note in sample.notes)


def test_missing_rows_become_gaps_and_are_counted():
    rows = wide_csv().decode().splitlines()
    sample = read(lines(*rows[:9], *rows[12:]), "rows.csv")
    assert sample.data.shape[-1] == STEPS
    assert np.isnan(sample.data.values[..., 8:11]).all()
    assert not np.isnan(sample.data.values[..., 11:]).any()
    assert "3 steps have no row in the file; they stay gaps." in sample.notes


def test_two_rows_of_one_stamp():
    rows = wide_csv().decode().splitlines()
    twice = rows[6].split(",")[0] + ",100,100,100,100,100,100"
    data = lines(*rows[:7], twice, *rows[7:])
    with pytest.raises(HotError, match=r"data row 7, the first at 2013-01-19 11:00:00\. .*option duplicates"):
        read(data, "twice.csv")
    np.testing.assert_array_equal(read(data, "twice.csv", duplicates="first").data.values, series_values())
    mean = read(data, "twice.csv", duplicates="mean").data.values
    np.testing.assert_allclose(mean[..., 5], (series_values()[..., 5] + 100) / 2)
    np.testing.assert_array_equal(np.delete(mean, 5, -1), np.delete(series_values(), 5, -1))


@pytest.mark.parametrize("policy", ["first", "mean"])
def test_two_rows_of_one_stamp_and_entity(policy):
    rows = long_csv().decode().splitlines()
    twice = ",".join([*rows[5].split(",")[:2], "0", "0", "fair"])
    sample = read(lines(*rows[:6], twice, *rows[6:]), "twice.csv", duplicates=policy)
    expected = series_values()
    expected[1, :, 1] = expected[1, :, 1] / (1 if policy == "first" else 2)
    np.testing.assert_allclose(sample.data.values, expected)
    assert any("repeat" in note for note in sample.notes)


def test_irregular_stamps_name_the_first_rows():
    data = lines("time,a", *(f"2013-01-01 {h:02d}:{5 if h in {3, 6, 7, 9} else 0:02d},1" for h in range(12)))
    with pytest.raises(HotError, match=r"data rows 4, 7, 8 and 1 more \(2013-01-01 03:05:00, .*step of 1 h"):
        read(data, "a.csv")


def test_business_days_leave_weekends_as_gaps():
    data, _ = daily(23, "%Y-%m-%d", freq="B")
    sample = read(data, "days.csv")
    assert sample.geometry.step == np.timedelta64(1, "D")
    assert int(np.isnan(sample.data.values).sum()) == 8


def test_no_date_column_counts_steps_and_says_so():
    sample = read(lines("a [m],b", *(f"{at},{at * 2}" for at in range(11))), "steps.csv")
    np.testing.assert_array_equal(sample.data["time"].values, np.arange(11))
    assert sample.geometry.step is None
    assert any("no date column" in note for note in sample.notes)
    assert list(sample.data["unit"].values) == ["m", ""]


def test_a_column_of_seconds_counts_steps():
    sample = read(lines("time,a", *(f"{at * 0.1:.1f},{at}" for at in range(11))), "seconds.csv")
    np.testing.assert_array_equal(sample.data["time"].values, np.arange(11))
    assert list(sample.data["variable"].values) == ["a"]


def test_one_column_with_an_empty_line_is_a_gap():
    np.testing.assert_array_equal(read(lines("level", "1", "2", "", "4"), "one.csv").data.values, [[[1, 2, np.nan, 4]]])


def test_long_without_dates_counts_the_rows_of_each_entity():
    rows = [f"{name},{at}" for at in range(5) for name in ("north", "south")]
    sample = read(lines("site,level", *rows), "long.csv")
    np.testing.assert_array_equal(sample.data.values, [[[0, 1, 2, 3, 4]]] * 2)
    assert list(sample.data["entity"].values) == ["north", "south"]


def test_an_entity_column_of_any_name_is_found_where_stamps_repeat():
    rows = [f"2013-01-{day:02d},{name},{day}" for day in (1, 2, 3) for name in ("north", "south")]
    assert read(lines("date,mast,level", *rows), "long.csv").data.shape == (2, 1, 3)
    numbered = [row.replace("north", "7").replace("south", "9") for row in rows]
    sample = read(lines("date,id,level", *numbered), "long.csv")
    assert list(sample.data["entity"].values) == ["7", "9"]


WIDE = {
    "grid": (["E_t", "E_w", "J_t", "J_w"], ["E", "J"], ["t", "w"]),
    "variables with an underscore": (["E_wind_speed", "E_t", "J_wind_speed", "J_t"], ["E", "J"], ["wind_speed", "t"]),
    "long entities": (
        ["New_York_t", "New_York_w_s", "Rome_t", "Rome_w_s"],
        ["New_York", "Rome"],
        ["t", "w_s"],
    ),
    "one variable": (["E_t", "J_t", "L_t"], ["E", "J", "L"], ["t"]),
    "one prefix": (["air_in", "air_out"], ["series"], ["air_in", "air_out"]),
    "no full grid": (["E_t", "E_w", "J_t"], ["series"], ["E_t", "E_w", "J_t"]),
    "no entity": (["t", "w"], ["series"], ["t", "w"]),
}


@pytest.mark.parametrize("name", WIDE)
def test_wide_names_are_split_where_the_grid_is_full(name):
    labels, entities, variables = WIDE[name]
    data = lines(",".join(["date", *labels]), *(f"2013-01-0{d}," + ",".join("1" * len(labels)) for d in (1, 2, 3)))
    sample = read(data, "wide.csv")
    assert (list(sample.data["entity"].values), list(sample.data["variable"].values)) == (entities, variables)


def test_columns_without_numbers_are_left_out_and_said_so():
    sample = read(lines("date,a,wind,note,c", "2013-01-01,1,NW,x,", "2013-01-02,2,SE,y,"), "text.csv")
    assert list(sample.data["variable"].values) == ["a"]
    assert "Columns without numbers are left out: wind, note." in sample.notes
    assert "Empty columns are left out: c." in sample.notes


def test_an_empty_column_stays_where_the_grid_needs_it():
    sample = read(lines("date,E_t,E_w,J_t,J_w", "2013-01-01,1,2,3,", "2013-01-02,1,2,3,"), "grid.csv")
    assert sample.data.shape == (2, 2, 2)
    assert np.isnan(sample.data.values[1, 1]).all()


def test_a_variable_called_time_beside_a_date():
    sample = read(lines("date,time,a", "2013-01-01,7,1", "2013-01-02,3,2", "2013-01-03,5,3"), "a.csv")
    np.testing.assert_array_equal(sample.data.values, [[[7, 3, 5], [1, 2, 3]]])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "latin-1", "utf-16"])
def test_encodings(encoding):
    sample = read(wide_csv(encoding=encoding), "coded.csv")
    assert sample.data["unit"].values[0] == "°F"
    np.testing.assert_array_equal(sample.data.values, series_values())


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends(end):
    data = wide_csv().decode().replace("\n", end).encode()
    np.testing.assert_array_equal(read(data, "ends.csv").data.values, series_values())


NUMBERS = {
    "1.5;2.25": (1.5, 2.25),
    "1,5;2,25": (1.5, 2.25),
    "1.234,5;7,25": (1234.5, 7.25),
    "-3,5e2;1e-3": (-350, 0.001),
    ".5;-.25": (0.5, -0.25),
    "+7;\u22123,5": (7, -3.5),
    "1,234.5;2": (1234.5, 2),
}


@pytest.mark.parametrize("cells", NUMBERS)
def test_forms_of_numbers(cells):
    sample = read(lines("date;a;b", f"2013-01-01;{cells}", f"2013-01-02;{cells}"), "numbers.csv")
    np.testing.assert_array_equal(sample.data.values[0, :, 0], NUMBERS[cells])


@pytest.mark.parametrize(("decimal", "value"), [(",", 1.234), (".", 1234)])
def test_the_decimal_sign_can_be_told(decimal, value):
    data = lines("date;a", "2013-01-01;1,234", "2013-01-02;1,234")
    assert read(data, "a.csv", decimal=decimal).data.values[0, 0, 0] == value


def test_quoted_cells_and_comments():
    data = lines("# made by hand", '"date","a, b [m]"', '"2013-01-01","1"', '"2013-01-02","2"')
    sample = read(data, "quoted.csv")
    assert (sample.data["variable"].values[0], sample.data["unit"].values[0]) == ("a, b", "m")
    assert any("comment" in note for note in sample.notes)


def test_empty_last_cells_of_a_tab_table():
    np.testing.assert_array_equal(
        read(b"date\ta\tb\n2013-01-01\t1\t2\n2013-01-02\t\t\n", "tabs.tsv").data.values[0],
        [[1, np.nan], [2, np.nan]],
    )


def test_beijing_files_by_their_own_columns():
    """The columns of the Beijing air-quality files, with their index, text wind and constant station."""
    head = '"No","year","month","day","hour","PM2.5","TEMP","wd","station"'
    rows = [f'{n + 1},2013,3,{1 + n // 24},{n % 24},{"NA" if n == 5 else n},-2.3,"E","Dongsi"' for n in range(53)]
    sample = read(lines(head, *rows), "PRSA.csv")
    assert sample.data.shape == (1, 2, 53)
    assert sample.geometry.layout == "long"
    assert sample.data["time"].values[30] == np.datetime64("2013-03-02T06:00", "ns")
    assert np.isnan(sample.data.values).sum() == 1
