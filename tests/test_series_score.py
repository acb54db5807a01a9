"""MASE and the backtest against slow literal twins; what is worse than naive is called so."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import hot_core as hot
from hot_core.analysis.score import score
from hot_core.analysis.words import number
from hot_core.backtest import before, scores
from hot_core.figures.score_words import NONE, all_words, score_table, scored_words, season_words, skill_words
from hot_core.io import read
from hot_core.transforms.results import Forecast
from tests.makers_samples import forecaster, wide_csv

ENTITIES, VARIABLES = ("EWR", "JFK", "LGA"), {"temp": "°F", "dewp": "", "humid": "%", "pressure": "hPa", "visib": "mi"}
PAST, HORIZON, SEASON = 53, 11, 7


def array(values: np.ndarray) -> xr.DataArray:
    coords = {"entity": list(ENTITIES), "variable": list(VARIABLES), "unit": ("variable", list(VARIABLES.values()))}
    return xr.DataArray(values, dims=("entity", "variable", "time"), coords=coords)


def made(seed: int = 0) -> tuple[Forecast, xr.DataArray]:
    """A forecast over 11 steps with gaps in everything, and a past of 53 steps."""
    rng = np.random.default_rng(seed)
    past = rng.normal(10, 3, (3, 5, PAST))
    lines = rng.normal(10, 3, (3, 3, 5, HORIZON))
    for values in (past, *lines):
        values[rng.random(values.shape) < 0.1] = np.nan
    lines[2, 1, 3] = np.nan  # nothing is known of one series
    past[2, 0] = np.tile(np.arange(SEASON), 8)[:PAST]  # and one never changes from season to season
    mean, naive, truth = (array(line) for line in lines)
    return Forecast(mean, naive, SEASON, array(past[..., -13:]), truth), array(past)


def literal_mase(past: np.ndarray, truth: np.ndarray, line: np.ndarray, both: np.ndarray, season: int) -> float:
    """One series: the mean error over the steps that all lines have, over the mean seasonal change of the past."""
    errors = [abs(truth[t] - line[t]) for t in range(len(truth)) if both[t]]
    changes = []
    for t in range(season, len(past)):
        if not math.isnan(past[t]) and not math.isnan(past[t - season]):
            changes.append(abs(past[t] - past[t - season]))
    if not errors or not changes or sum(changes) == 0:
        return math.nan
    return (sum(errors) / len(errors)) / (sum(changes) / len(changes))


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_mase_equals_its_definition_for_every_series(seed: int) -> None:
    forecast, past = made(seed)
    found = score(forecast, past)
    assert found is not None
    assert (found.season, found.horizon, found.past, found.backtest) == (SEASON, HORIZON, PAST, None)
    for e, entity in enumerate(ENTITIES):
        for v, variable in enumerate(VARIABLES):
            truth, mean, naive = (line.values[e, v] for line in (forecast.truth, forecast.mean, forecast.naive))
            both = [not any(map(math.isnan, triple)) for triple in zip(truth, mean, naive, strict=True)]
            for name, line in (("model", mean), ("seasonal naive", naive)):
                expected = literal_mase(past.values[e, v], truth, line, np.array(both), SEASON)
                own = float(found.mase.sel(entity=entity, variable=variable, line=name))
                assert own == pytest.approx(expected, rel=1e-12, nan_ok=True), (entity, variable, name)
            assert int(found.steps[e, v]) == sum(both)
    assert bool(np.isnan(found.mase.values[2, 0]).all())
    assert not bool(found.compared[1, 3])
    assert not bool(found.worse[1, 3])


def test_without_any_truth_there_is_no_score() -> None:
    forecast, past = made()
    assert score(replace(forecast, truth=None), past) is None
    assert score(replace(forecast, truth=array(np.full((3, 5, HORIZON), np.nan))), past) is None
    assert skill_words(None, forecast, 0, 0) == "it cannot be compared with anything."
    assert all_words(None) == ""
    assert scored_words(None) == NONE  # the section below the heading is never empty


def sample(steps: int):
    values = np.random.default_rng(3).normal(50, 9, (3, 5, steps)).round(3)
    return values, read(wide_csv(values, ENTITIES, VARIABLES), "s.csv")


@pytest.mark.parametrize("steps", [131, 113, 61])
def test_at_the_end_of_the_file_a_backtest_sees_nothing_of_what_it_foretells(steps: int) -> None:
    """The model run by hand on a file that ends a horizon earlier gives the same numbers."""
    values, whole = sample(steps)
    model = forecaster()
    last = steps - 96 if steps >= 96 else None
    analysis = hot.analyse(whole, model, hot.Settings(window=last))
    assert analysis.prediction.truth is None
    found = scores(analysis, model)
    assert found is not None
    assert found.backtest == "ends"
    assert (found.past, found.horizon) == (steps - 24, 24)
    cut = read(wide_csv(values[..., :-24], ENTITIES, VARIABLES), "s.csv")
    short = hot.Settings(window=steps - 24 - 96) if steps >= 120 else hot.Settings()
    mean = hot.analyse(cut, model, short).prediction.mean.values
    expected = np.abs(mean - values[..., -24:]).mean(-1)
    np.testing.assert_allclose(found.mae.sel(line="model").values, expected, rtol=1e-9)
    naive = np.abs(values[..., -48:-24] - values[..., -24:]).mean(-1) if steps - 24 >= 24 else None
    np.testing.assert_allclose(found.mae.sel(line="seasonal naive").values, naive, rtol=1e-9)
    words = scored_words(found)
    assert words.startswith("A **backtest**: the file ends with the window, so")
    assert "scored on the 24 steps up to the last one known before" in words


def test_the_truth_after_the_window_is_used_where_there_is_some() -> None:
    values, whole = sample(131)
    model = forecaster()
    for window, known in ((None, 24), (25, 10)):
        analysis = hot.analyse(whole, model, hot.Settings(window=window))
        found = scores(analysis, model)
        assert found is not None
        assert found.backtest is None
        assert int(found.steps.max()) == known
        stop = analysis.grid.window[2][1]
        expected = np.abs(analysis.prediction.mean.values[..., :known] - values[..., stop : stop + known]).mean(-1)
        np.testing.assert_allclose(found.mae.sel(line="model").values, expected, rtol=1e-9)
        words = "the 24 steps after" if known == 24 else "the 10 of 24 steps that the file has after"
        assert words in scored_words(found)


def test_a_file_too_short_for_a_backtest_says_so() -> None:
    _, whole = sample(47)
    model = forecaster()
    analysis = hot.analyse(whole, model)
    assert scores(analysis, model) is None
    _, longer = sample(48)
    assert scores(hot.analyse(longer, model), model) is not None


def test_before_keeps_everything_but_the_end() -> None:
    values, whole = sample(61)
    cut = before(whole, 37)
    np.testing.assert_array_equal(cut.data.values, values[..., :37])
    assert [len(mode) for mode in cut.modes] == [3, 5, 37]


def test_words_say_who_is_better_with_numbers_and_units() -> None:
    forecast, past = made()
    truth = forecast.truth.copy(data=np.zeros((3, 5, HORIZON)))
    scale = past.copy(data=np.broadcast_to(np.where(np.arange(PAST) // SEASON % 2, 2.0, 0.0), past.shape))
    lines = {"mean": truth + 1, "naive": truth + 4}
    better = score(replace(forecast, truth=truth, **lines), scale)
    assert skill_words(better, forecast, 0, 0) == (
        "MASE **0.5**, seasonal naive 2 (mean absolute error 1 °F, seasonal naive 4 °F): 75 % below naive."
    )
    assert skill_words(better, forecast, 0, 1).endswith("(mean absolute error 1, seasonal naive 4): 75 % below naive.")
    assert all_words(better) == "All 15 series, mean MASE 0.5 against 2: none worse than naive."
    worse = score(replace(forecast, truth=truth, mean=truth + 5, naive=truth + 4), scale)
    assert skill_words(worse, forecast, 0, 0).endswith("**worse than naive** here.")
    assert all_words(worse).endswith("15 of them **worse than naive**.")
    even = score(replace(forecast, truth=truth, mean=truth - 4, naive=truth + 4), scale)
    assert skill_words(even, forecast, 0, 0).endswith(": as good as naive.")
    table = score_table(worse, forecast, 1)
    assert table["than naive"] == ["worse"] * 5
    assert table["error (naive)"][:2] == ["5 (4) °F", "5 (4)"]
    assert table["MASE (naive)"] == ["2.5 (2)"] * 5
    assert score_table(better, forecast, 1)["than naive"] == ["better"] * 5
    assert score_table(even, forecast, 1)["than naive"] == ["as good"] * 5


def test_one_series_that_can_be_compared_is_said_as_one() -> None:
    forecast, past = made()
    truth = forecast.truth.copy(data=np.full((3, 5, HORIZON), np.nan))
    truth[1, 2] = 0
    scale = past.copy(data=np.broadcast_to(np.where(np.arange(PAST) // SEASON % 2, 2.0, 0.0), past.shape))
    lines = {"mean": truth.fillna(0) + 1, "naive": truth.fillna(0) + 4}
    found = score(replace(forecast, truth=truth, **lines), scale)
    assert all_words(found) == "1 of 15 series compared, MASE 0.5 against 2: not worse than naive."
    worse = score(replace(forecast, truth=truth, mean=lines["naive"], naive=lines["mean"]), scale)
    assert all_words(worse) == "1 of 15 series compared, MASE 2 against 0.5: **worse than naive**."


def test_a_series_without_truth_is_not_judged() -> None:
    forecast, past = made()
    found = score(forecast, past)
    assert skill_words(found, forecast, 1, 3) == (
        "Too much is missing to compare the forecast of this series with what happened."
    )
    assert score_table(found, forecast, 1)["than naive"][3] == "–"
    mean = [float(found.mase.sel(line=line).mean()) for line in ("model", "seasonal naive")]
    verdict = f"{int(found.worse.sum())} of them **worse than naive**."
    # one series has no truth, another no scale: its past never changes
    assert int(found.mase.sel(line="model").notnull().sum()) == 13
    assert all_words(found) == (
        f"14 of 15 series compared, mean MASE {number(mean[0])} against {number(mean[1])} over 13: {verdict}"
    )


def test_the_season_is_said_with_its_origin() -> None:
    _, whole = sample(131)
    model = forecaster()
    analysis = hot.analyse(whole, model)
    words = season_words(whole, scores(analysis, model), 107)
    assert words == (
        "The naive line repeats the last day (24 steps). The season comes from the file's step of 1 h. "
        "MASE is scaled by the 107 steps before the forecast that was scored."
    )


def test_the_season_told_is_that_of_the_line_drawn() -> None:
    """Quarters of an hour: the past of the backtest is shorter than a day, that of the drawn line is not."""
    stamps = pd.date_range("2024-03-01", periods=113, freq="15min")
    values = np.random.default_rng(7).normal(5, 2, 113).round(3)
    table = pd.DataFrame({"time": stamps, "a [m]": values, "b [m]": values[::-1]})
    whole = read(table.to_csv(index=False).encode(), "q.csv")
    model = forecaster()
    analysis = hot.analyse(whole, model, hot.Settings(window=17))
    found = scores(analysis, model)
    assert (analysis.prediction.season, found.season, found.past) == (96, 1, 89)
    assert season_words(whole, found, 113) == (
        "The naive line repeats the last day (96 steps). The season comes from the file's step of 15 min. "
        "The one scored repeats the last value: the past is shorter than a day. "
        "MASE is scaled by the 89 steps before the forecast that was scored."
    )


@pytest.mark.parametrize(("gap", "end"), [((120, 160), 120), ((112, 160), 112), ((118, 200), 118)])
def test_a_gap_after_the_window_is_told_and_the_last_known_horizon_scored(gap: tuple[int, int], end: int) -> None:
    """The file goes on after the gap: the backtest foretells the horizon that ends with the last known step."""
    values, _ = sample(201)
    values[..., gap[0] : gap[1]] = np.nan
    values[0, 0, end - 7 : end - 2] = np.nan  # a gap within what is scored
    whole = read(wide_csv(values, ENTITIES, VARIABLES), "s.csv")
    model = forecaster()
    analysis = hot.analyse(whole, model, hot.Settings(window=24))
    assert bool(analysis.prediction.truth.isnull().all())
    found = scores(analysis, model)
    assert (found.backtest, found.past) == ("unknown", end - 24)
    assert (int(found.steps[0, 0]), int(found.steps[1, 1])) == (19, 24)
    cut = read(wide_csv(values[..., : end - 24], ENTITIES, VARIABLES), "s.csv")
    short = hot.Settings(window=end - 24 - 96) if end >= 120 else hot.Settings()
    mean = hot.analyse(cut, model, short).prediction.mean.values
    expected = np.nanmean(np.abs(mean - values[..., end - 24 : end]), axis=-1)
    np.testing.assert_allclose(found.mae.sel(line="model").values, expected, rtol=1e-9)
    words = scored_words(found)
    assert words.startswith("A **backtest**: nothing is known of the 24 steps after the window, so the model")
    assert "file ends" not in words


def test_the_words_count_the_steps_that_were_compared() -> None:
    forecast, past = made()
    mean = forecast.mean.copy()
    mean.values[..., 4:] = np.nan
    found = score(replace(forecast, mean=mean), past, backtest="unknown")
    assert "scored on the 4 of 11 steps that can be compared, up to the last one" in scored_words(found)


def test_where_even_the_backtest_has_nothing_to_go_by_there_is_no_score() -> None:
    values, _ = sample(201)
    values[..., :105] = np.nan
    values[..., 120:170] = np.nan
    whole = read(wide_csv(values, ENTITIES, VARIABLES), "s.csv")
    model = forecaster()
    analysis = hot.analyse(whole, model, hot.Settings(window=24))
    assert analysis.prediction is not None
    assert scores(analysis, model) is None


def test_without_a_known_truth_no_column_tells_of_the_interval() -> None:
    forecast, past = made()
    found = score(forecast, past)
    band = replace(forecast, low=forecast.mean - 1, high=forecast.mean + 1, share=0.8)
    assert "inside 80 % interval" in score_table(found, band, 0)
    unknown = replace(band, truth=array(np.full((3, 5, HORIZON), np.nan)))
    assert "inside 80 % interval" not in score_table(found, unknown, 0)
