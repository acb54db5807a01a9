"""Stations whose times lie between each other's are a question with its rows, and are moved only as a person says."""

from __future__ import annotations

import itertools
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from hot_core.cli import command_line
from hot_core.errors import ReadError
from hot_core.io import read
from hot_core.io.intake import Finding, intake
from hot_core.io.shifted import find_shifts
from hot_core.io.tabular import TableOptions
from hot_core.models import save_model
from tests.makers_samples import forecaster

STEPS = 61
START = pd.Timestamp("2024-02-05 10:00")


def long(shifts: dict[str, str], step: str = "1h", strays: tuple[int, ...] = ()) -> pd.DataFrame:
    """One series an entity, each begun so much after the start; some rows of the table lie a minute late."""
    parts = [
        pd.DataFrame({
            "time": [START + pd.Timedelta(by) + at * pd.Timedelta(step) for at in range(STEPS)],
            "station": name, "level [m]": [100 * which + at + 0.5 for at in range(STEPS)],
        })
        for which, (name, by) in enumerate(shifts.items())
    ]  # fmt: skip
    table = pd.concat(parts, ignore_index=True)
    table.loc[list(strays), "time"] += pd.Timedelta("1min")
    return table


def csv(table: pd.DataFrame) -> bytes:
    return table.to_csv(index=False, date_format="%Y-%m-%d %H:%M:%S").encode()


def look(data: bytes, **said: object) -> tuple[Finding, ...]:
    return intake(data, "t.csv", TableOptions(**said))  # type: ignore[arg-type]


def test_half_a_step_between_two_stations_is_a_question_with_its_rows() -> None:
    data = csv(long({"A": "0min", "B": "30min"}))
    (found,) = look(data)
    assert (found.answer, found.open, found.column) == ("shifted", True, "time")
    assert found.words == "61 rows of B lie 30 min after the others' times, which are 1 h apart"
    assert found.rows == tuple(range(STEPS + 1, 2 * STEPS + 1))
    assert found.cells[0] == "2024-02-05 10:30:00"
    match = r"61 rows of B lie 30 min .* \(data rows 62, 63, 64 and 58 more\)\. .* \(option shifted\)"
    with pytest.raises(ReadError, match=match):
        read(data, "t.csv")


@pytest.mark.parametrize("strays", [(), (5, 70)])
@pytest.mark.parametrize("said", ["before", "after", "keep"])
def test_the_answer_moves_whole_series_or_keeps_all(said: str, strays: tuple[int, ...]) -> None:
    data = csv(long({"A": "0min", "B": "30min"}, strays=strays))
    irregular = "nearest" if strays else "error"
    sample = read(data, "t.csv", shifted=said, irregular=irregular)
    values = sample.data.values[:, 0]
    assert str(sample.data["time"].values[0])[:16] == "2024-02-05T10:00"
    own = np.arange(STEPS) + 0.5
    if said == "keep":
        assert sample.geometry.step == np.timedelta64(30, "m")
        np.testing.assert_array_equal(values[0, ::2], own)
        np.testing.assert_array_equal(values[1, 1::2], own + 100)
        assert np.isnan(values).sum() == 2 * STEPS
    else:
        late = int(said == "after")
        assert sample.geometry.step == np.timedelta64(1, "h")
        np.testing.assert_array_equal(values[0, :STEPS], own)
        np.testing.assert_array_equal(values[1, late : STEPS + late], own + 100)
        assert np.isnan(values).sum() == 2 * late
    done = {"keep": "all times are kept", "before": "moved 30 min earlier", "after": "moved 30 min later"}[said]
    assert any(done in note for note in sample.notes)
    about = [one for one in look(data, shifted=said, irregular=irregular) if one.answer == "shifted"]
    assert [(one.open, "as you said" in one.done) for one in about] == [(False, True)]
    asked = {one.answer for one in look(data, shifted=said)}
    assert ("irregular" in asked) is bool(strays)


def literal(times: dict[str, list[int]]) -> dict[int, set[str]]:
    """Which entities lie how far after the usual remainder of the smallest of all own steps."""
    steps = {name: Counter(b - a for a, b in itertools.pairwise(sorted(set(one)))) for name, one in times.items()}
    own = {name: counts.most_common(1)[0][0] for name, counts in steps.items()}
    step = min(own.values())
    rests = {
        name: Counter(t % step for t in set(one)).most_common(1)[0][0]
        for name, one in times.items()
        if own[name] == step
    }
    usual = Counter(rests.values()).most_common(1)[0][0]
    found: dict[int, set[str]] = {}
    for name, rest in rests.items():
        if rest != usual:
            found.setdefault((rest - usual) % step, set()).add(name)
    return found


@pytest.mark.parametrize(
    ("shifts", "step"),
    [
        ({"A": "30min", "B": "0min", "C": "0min"}, "1h"),
        ({"A": "0min", "B": "7min"}, "1h"),
        ({"A": "0min", "B": "12h", "C": "0h", "D": "12h", "E": "18h", "F": "24h", "G": "0h"}, "1D"),
        ({"A": "0min", "B": "5min", "C": "10min", "D": "15min"}, "15min"),
        ({"A": "0h", "B": "2h", "C": "1h", "D": "-5h"}, "1h"),
    ],
)
def test_shifts_are_those_of_the_definition(shifts: dict[str, str], step: str) -> None:
    table = long(shifts, step)
    stamps = table["time"].astype("datetime64[ns]")
    numbers = {name: [int(t.value) for t in one] for name, one in stamps.groupby(table["station"])}
    found = find_shifts(stamps, table["station"])
    assert {one.by: set(one.entities) for one in found} == literal(numbers)
    for one in found:
        assert set(table["station"][one.rows]) == set(one.entities)
        assert one.rows.sum() == STEPS * len(one.entities)


def test_other_steps_and_rows_beside_the_step_are_no_shift() -> None:
    whole, half = long({"A": "0min"}), long({"B": "30min"})
    hours = pd.concat([long({"A": "0min"}, "2h"), long({"B": "1h"}, "2h"), long({"C": "0h"})])
    finer = pd.concat([whole, half, long({"C": "0min"}, "30min")])
    few = pd.concat([whole, half.head(2)])
    some = pd.concat([whole, half.head(5)])  # few rows beside the step, which has its own question
    answers = [{one.answer for one in look(csv(table))} for table in (whole, finer, hours, few, some)]
    assert ["shifted" in one for one in answers] == [False] * 5
    assert "irregular" in answers[4]
    assert read(csv(some), "t.csv", irregular="drop").geometry.step == np.timedelta64(1, "h")
    months = pd.concat(
        [long({"A": "0h"}).head(12).assign(time=pd.date_range("2024-01-01", periods=12, freq="MS"), station=name)
         for name in "AB"]
    )  # fmt: skip
    assert look(csv(months)) == ()


def on(day: int, first: str = "2001-01", count: int = 151, step: int = 1, clock: str = "0h") -> list[pd.Timestamp]:
    """One day of every so many months; 0 is the last one."""
    months = [pd.Period(first, "M") + step * at for at in range(count)]
    return [month.to_timestamp() + pd.Timedelta(days=(day or month.days_in_month) - 1) + pd.Timedelta(clock)
            for month in months]  # fmt: skip


def stations(**times: list[pd.Timestamp]) -> bytes:
    return csv(pd.concat([
        pd.DataFrame({"time": one, "station": name, "v": [1000 * which + at + 0.5 for at in range(len(one))]})
        for which, (name, one) in enumerate(times.items())
    ]))  # fmt: skip


MONTHS = {
    "last": (on(1), on(0), "on the last day of the month, the others on the 1st of the month"),
    "middle": (on(1), on(15), "on the 15th of the month, the others on the 1st of the month"),
    "first": (on(0), on(2), "on the 2nd of the month, the others on the last day of the month"),
    "noon": (
        on(3), on(3, clock="12h"),
        "on the 3rd of the month at 12:00, the others on the 3rd of the month at 00:00",
    ),
    "quarter": (
        on(1, step=3), on(0, "2001-03", step=3),
        "on the last day of Mar, Jun, Sep and Dec, the others on the 1st of Jan, Apr, Jul and Oct",
    ),
    "rare": (on(1), on(0, "2001-02", 47, 3), "on the last day of the month, the others on the 1st of the month"),
}  # fmt: skip


@pytest.mark.parametrize("case", MONTHS)
def test_months_on_another_day_are_a_question_with_its_rows(case: str) -> None:
    one, two, where = MONTHS[case]
    data = stations(A=one, B=two)
    (found,) = look(data)
    assert (found.answer, found.open, found.column) == ("shifted", True, "time")
    assert found.words == f"{len(two)} rows of B stand {where}"
    assert found.rows == tuple(range(len(one) + 1, len(one) + len(two) + 1))
    kept = ", or all times are kept" if case == "last" else ""
    with pytest.raises(
        ReadError, match=rf"{len(two)} rows of B stand {where} .*before or after{kept} \(option shifted"
    ):
        read(data, "t.csv")


@pytest.mark.parametrize("said", ["before", "after"])
@pytest.mark.parametrize("case", MONTHS)
def test_months_are_moved_to_the_day_of_the_others(case: str, said: str) -> None:
    one, two, _ = MONTHS[case]
    step = 3 if case == "quarter" else 1
    day, first = (0 if case == "first" else one[0].day), f"2000-{13 - step:02d}"
    others = on(day, first, count=153 if step == 1 else 155, step=step)  # one more on either side
    sample = read(stations(A=one, B=two), "t.csv", shifted=said)
    assert sample.geometry.step == np.timedelta64(step, "M")
    times = [pd.Timestamp(t) for t in sample.data["time"].values]
    wanted: dict[pd.Timestamp, list[float]] = {}
    for which, series in enumerate((one, two)):
        for at, time in enumerate(series):
            near = max(t for t in others if t <= time) if said == "before" else min(t for t in others if t >= time)
            wanted.setdefault(near, [np.nan, np.nan])[which] = 1000 * which + at + 0.5
    assert times == sorted(wanted)
    np.testing.assert_array_equal(sample.data.values[:, 0].T, [wanted[time] for time in times])
    turn = "earlier" if said == "before" else "later"
    assert any(f"they are moved {turn}, to the " in note for note in sample.notes)
    about = [found for found in look(stations(A=one, B=two), shifted=said) if found.answer == "shifted"]
    assert [(found.open, "as you said" in found.done) for found in about] == [(False, True)]


def test_months_are_kept_only_where_a_step_holds_them_all() -> None:
    sample = read(stations(A=on(1), B=on(0)), "t.csv", shifted="keep")
    assert sample.geometry.step == np.timedelta64(1, "D")
    assert any("the step becomes 1 d, and what lies between is missing" in note for note in sample.notes)
    data = stations(A=on(1), B=on(15))
    with pytest.raises(
        ReadError, match=r"the times cannot all be kept: 151 rows of B stand on the 15th .* before or af"
    ):
        read(data, "t.csv", shifted="keep")
    (found,) = look(data, shifted="keep")
    assert (found.open, found.done.split(":")[0]) == (True, "They cannot all be kept")


def test_a_shorter_day_stays_in_its_series_and_a_stray_row_hides_nothing() -> None:
    data = stations(A=on(0), B=on(28))  # in February both are the same day, and B still moves by one rule
    for said, begin in (("before", "2000-12-31"), ("after", "2001-01-31")):
        sample = read(data, "t.csv", shifted=said)
        assert sample.data["time"].values[0] == np.datetime64(begin)
        assert int(np.isfinite(sample.data.values[1]).sum()) == 151
    stray = [pd.Timestamp("2001-03-09")]
    for data in (stations(A=on(1) + stray, B=on(0)), stations(A=on(1), B=on(0) + stray)):
        assert [found.answer for found in look(data)] == ["shifted"]
        with pytest.raises(ReadError, match="no common step"):  # and the stray row is not moved onto another one
            read(data, "t.csv", shifted="before")


def test_months_beside_days_or_on_one_day_are_no_shift() -> None:
    days = list(pd.date_range("2001-01-01", periods=4603, freq="D"))
    for data in (stations(A=on(1), B=on(0), C=days), stations(A=on(1), B=on(1, "2003-05")), stations(A=on(0), B=on(0))):
        assert "shifted" not in {found.answer for found in look(data)}
        assert read(data, "t.csv").data.shape[0] in (2, 3)


def test_the_command_line_offers_every_answer_of_the_page(tmp_path: Path) -> None:
    save_model(forecaster(), tmp_path / "air")
    (tmp_path / "t.csv").write_bytes(csv(long({"A": "0min", "B": "30min"}, strays=(5,))))

    def explain(*options: str) -> tuple[int, str]:
        command = ["explain", str(tmp_path / "t.csv"), "--model", str(tmp_path / "air"), "--out", str(tmp_path / "out")]
        result = CliRunner().invoke(command_line, [*command, *options])
        return result.exit_code, result.output

    code, said = explain()
    assert (code, "option shifted" in said) == (2, True), said
    code, said = explain("--shifted", "before")
    assert (code, "option irregular" in said) == (2, True), said
    code, said = explain("--shifted", "before", "--irregular", "drop")
    assert code == 0, said
    code, said = explain("--shifted", "before", "--irregular", "drop", "--scale", "B:level:10")
    assert code == 0, said
    code, said = explain("--shifted", "before", "--irregular", "drop", "--scale", "Z:level:10")
    assert (code, "there is no series 'Z · level' to divide" in said) == (2, True), said
    code, said = explain("--scale", "B:level:ten")
    assert (code, said) == (
        2,
        "--scale B:level:ten divides no series; give entity:variable:divisor, as in B:level:1000.\n",
    )
