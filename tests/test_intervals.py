"""Prediction intervals: from the model's three numbers to units, the picture, the words, the table and the page."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest
from typer.testing import CliRunner

import hot_core as hot
from app import cache
from hot_core.cli import command_line
from hot_core.export import manifest, prediction_bytes
from hot_core.figures.series import Shown, series_figure
from hot_core.figures.style import ACCENT, BAND
from hot_core.figures.words import band_words, coverage_words, prediction_words
from hot_core.models import HOTModel, ModelConfig, build_model, save_model
from hot_core.modes import Sample
from hot_core.transforms import Forecast, Settings, to_input
from tests.makers_figures import forecast as drawn_forecast
from tests.makers_figures import series_grid
from tests.makers_samples import long_csv, open_csv, wide_csv

ROOT = Path(__file__).resolve().parent.parent
ENTITIES = ("EWR", "JFK", "LGA")
VARIABLES = {"temp": "°F", "dewp": "°F", "humid": "%", "pressure": "", "visib": "mi"}
HORIZON, LOOKBACK, STEPS = 7, 44, 127
STOP = STEPS - HORIZON


def tiny(quantiles: tuple[float, ...] = (0.1, 0.9)) -> HOTModel:
    """A small untrained forecaster, with an interval unless told otherwise."""
    config = ModelConfig(
        name="tiny-interval", task="forecast", kind="series", modes=("entity", "variable", "time"), patch=(1, 1, 4),
        rope_modes=(2,), lookback=LOOKBACK, horizon=HORIZON, quantiles=quantiles, dim=8, heads=2, layers=2, mlp=16,
    )  # fmt: skip
    return build_model(config, seed=1).eval()


def series(make=wide_csv, steps: int = STEPS) -> tuple[np.ndarray, Sample]:
    """Three entities of five variables with gaps; the last series has no value in the window."""
    rng = np.random.default_rng(0)
    values = rng.normal(50, 9, (3, 5, steps)).round(3)
    values[1, 2, STOP - 11 : STOP - 3] = np.nan
    values[0, 1, STOP + 2] = np.nan
    values[2, 4, :STOP] = np.nan
    return values, hot.read(make(values, ENTITIES, VARIABLES), "series.csv")


def foretold(output: np.ndarray) -> tuple[np.ndarray, Forecast]:
    """What the way back makes of a model's three numbers."""
    values, sample = series()
    forecast = to_input(sample, tiny().config, Settings()).back(output)
    assert isinstance(forecast, Forecast)
    return values, forecast


# --- the way back --------------------------------------------------------------------------------


def test_point_and_both_ends_come_back_in_units_against_a_literal_twin() -> None:
    output = np.random.default_rng(1).normal(size=(3, 5, HORIZON, 3))
    values, forecast = foretold(output)
    assert forecast.share == 0.8
    assert forecast.interval == "80 % interval"
    for which, line in enumerate((forecast.mean, forecast.low, forecast.high)):
        assert line is not None
        assert line.dims == ("entity", "variable", "time")
        assert line["unit"].values.tolist() == list(VARIABLES.values())
        for e, v in np.ndindex(3, 5):
            past = [x for x in values[e, v, :STOP].tolist() if not math.isnan(x)]
            for t in range(HORIZON):
                found = float(line.values[e, v, t])
                if not past:
                    assert math.isnan(found)
                    continue
                centre = sum(past) / len(past)
                scale = math.sqrt(sum((x - centre) ** 2 for x in past) / len(past))
                assert found == pytest.approx(float(output[e, v, t, which]) * scale + centre, abs=1e-9)


def test_the_lines_are_the_models_own_numbers_and_lie_in_order() -> None:
    """Quantiles that are learnt may cross; ends that are offset from the point by positive distances cannot."""
    _, sample = series()
    model = tiny()
    given = to_input(sample, model.config, Settings())
    with torch.inference_mode():
        raw = model(torch.from_numpy(given.values)[None], torch.from_numpy(given.mask)[None])[0].double().numpy()
    forecast, twin = hot.analyse(sample, model).prediction, given.back(raw)
    assert isinstance(forecast, Forecast)
    assert isinstance(twin, Forecast)
    seen = forecast.mean.notnull().values
    assert seen.sum() == (3 * 5 - 1) * HORIZON
    for name in ("mean", "low", "high"):
        np.testing.assert_array_equal(getattr(forecast, name).values, getattr(twin, name).values)
        np.testing.assert_array_equal(np.isfinite(getattr(forecast, name).values), seen)
    assert (forecast.low.values[seen] < forecast.mean.values[seen]).all()
    assert (forecast.mean.values[seen] < forecast.high.values[seen]).all()


def test_a_model_without_quantiles_gives_no_interval() -> None:
    _, sample = series()
    forecast = hot.analyse(sample, tiny(())).prediction
    assert isinstance(forecast, Forecast)
    assert (forecast.low, forecast.high, forecast.share, forecast.interval) == (None, None, None, "")
    assert forecast.inside() is None
    assert (coverage_words(forecast, 0, 0), band_words(forecast)) == ("", "")
    assert prediction_words(forecast, sample) == "the next 7 steps of 15 series"


@pytest.mark.parametrize(("quantiles", "name"), [((0.05, 0.95), "90 % interval"), ((0.025, 0.975), "95 % interval")])
def test_the_share_is_what_lies_between_the_quantiles(quantiles: tuple[float, float], name: str) -> None:
    _, sample = series()
    forecast = hot.analyse(sample, tiny(quantiles)).prediction
    assert isinstance(forecast, Forecast)
    assert forecast.share == pytest.approx(quantiles[1] - quantiles[0], abs=1e-12)
    assert forecast.interval == name
    assert prediction_words(forecast, sample) == f"the next 7 steps of 15 series, with {name}s"


# --- how many lie inside -------------------------------------------------------------------------


def test_values_inside_are_counted_ends_included_against_a_literal_twin() -> None:
    output = np.random.default_rng(2).normal(size=(3, 5, HORIZON, 3))
    output.sort(axis=-1)
    output = output[..., [1, 0, 2]]  # point, low, high
    values, forecast = foretold(output)
    assert forecast.truth is not None
    forecast.low.values[0, 0, 3] = forecast.truth.values[0, 0, 3]
    forecast.high.values[0, 0, 3] = forecast.truth.values[0, 0, 3] + 1
    forecast.high.values[1, 0, 4] = forecast.truth.values[1, 0, 4]
    forecast.low.values[1, 0, 4] = forecast.truth.values[1, 0, 4] - 1
    counts = forecast.inside()
    assert counts is not None
    assert counts.dims == ("entity", "variable", "count")
    for e, entity in enumerate(ENTITIES):
        for v, variable in enumerate(VARIABLES):
            inside = known = 0
            for t in range(HORIZON):
                low, high = float(forecast.low[e, v, t]), float(forecast.high[e, v, t])
                true = values[e, v, STOP + t]
                if math.isnan(true) or math.isnan(low) or math.isnan(high):
                    continue
                known += 1
                inside += low <= true <= high
            found = counts.sel(entity=entity, variable=variable)
            assert (int(found.sel(count="inside")), int(found.sel(count="known"))) == (inside, known)
    assert int(counts.sel(count="known").sum()) == 3 * 5 * HORIZON - 1 - HORIZON  # one gap, one series never seen
    assert 0 < int(counts.sel(count="inside").sum()) < int(counts.sel(count="known").sum())


def within(inside: int, known: int = 7) -> Forecast:
    """A forecast of two entities and variables with so many values of the first series inside, of the others none."""
    _, made = foretold(np.zeros((3, 5, HORIZON, 3)))
    made = replace(made, **{n: getattr(made, n)[:2, :2] for n in ("mean", "low", "high", "naive", "lookback", "truth")})
    made.mean[:], made.low[:], made.high[:], made.truth[:] = 0, -1, 1, 5
    made.truth[0, 0, :inside] = 0
    made.truth[0, 0, known:] = np.nan
    return made


def test_words_count_the_chosen_series_and_all_of_them() -> None:
    words = coverage_words(within(6), 0, 0)
    assert words == "6 of 7 true values inside the 80 % interval; 5.6 expected. All 4 series: 6 of 28; 22.4 expected."
    assert coverage_words(within(6), 1, 0).startswith("0 of 7 true values inside")
    assert coverage_words(within(4, 5), 0, 0).startswith("4 of 5 true values inside the 80 % interval; 4 expected.")


def test_words_when_little_is_known() -> None:
    nothing = within(0, 0)
    assert coverage_words(nothing, 0, 0) == (
        "True values inside the 80 % interval: 3 of 4 series, where some are known: 0 of 21; 16.8 expected."
    )
    some = "5 of 7 true values inside the 80 % interval; 5.6 expected."
    two, alone = within(5), within(5)
    two.truth[1] = alone.truth[1] = alone.truth[0, 1] = np.nan
    assert coverage_words(two, 0, 0) == f"{some} 2 of 4 series, where some are known: 5 of 14; 11.2 expected."
    assert coverage_words(alone, 0, 0) == f"{some} Nothing is known of the other 3 series."
    nothing.truth[:] = np.nan
    assert coverage_words(nothing, 0, 0) == ""
    assert coverage_words(replace(nothing, truth=None), 0, 0) == ""
    one = within(6)
    one = replace(one, **{name: getattr(one, name)[:1, :1] for name in ("mean", "low", "high", "truth")})
    assert coverage_words(one, 0, 0) == "6 of 7 true values inside the 80 % interval; 5.6 expected."


def test_what_the_band_means_is_said_with_its_limits() -> None:
    words = band_words(within(3))
    assert words.startswith("The pale band is the model's 80 % interval: it was made as wide as it took to hold 80 %")
    assert "In other data it may hold more or fewer" in words


# --- the picture ---------------------------------------------------------------------------------


def pictured(shown: Shown, share: float | None = 0.8) -> tuple[Forecast, object]:
    """The figure of a forecast over five steps, the series (1, 0) without one."""
    made = drawn_forecast()
    low, high = made.mean - 3, made.mean + 2
    for line in (made.mean, low, high):
        line[1, 0] = np.nan
    if share is not None:
        made = replace(made, low=low, high=high, share=share)
    grid = series_grid()
    weights = grid.spread(np.full(grid.shape, 1 / 30, np.float32))
    return made, series_figure(made, weights, grid, (0, 0, 0), shown)


def test_the_band_runs_between_the_ends_below_the_lines() -> None:
    made, figure = pictured(Shown(2, 1))
    band = figure.data[0]
    assert (band.name, band.fill, band.fillcolor, band.line.width, band.hoverinfo) == (
        "80 % interval", "toself", BAND, 0, "skip"
    )  # fmt: skip
    assert band.legendrank > 1000  # named after the lines, beside the forecast
    times = made.mean["time"].values
    outline = {(np.datetime64(x, "ns"), round(float(y), 4)) for x, y in zip(band.x, band.y, strict=True)}
    for t, time in enumerate(times):
        ends = {y for x, y in outline if x == time}
        assert ends == {round(float(np.float32(line.values[2, 1, t])), 4) for line in (made.low, made.high)}
    assert [np.datetime64(x, "ns") for x in band.x] == [*times, *times[::-1]]  # out along one end, back along the other
    np.testing.assert_allclose(np.asarray(band.y)[:5] - np.asarray(band.y)[:4:-1], 5, rtol=1e-5)
    assert [trace.name for trace in figure.data[:-2]] == [
        "80 % interval", "history", "seasonal naive", "observed", "forecast"
    ]  # fmt: skip


def test_hovering_gives_the_numbers_with_their_unit() -> None:
    made, figure = pictured(Shown(2, 0))
    lines = {trace.name: trace for trace in figure.data}
    assert lines["forecast"].line.color == ACCENT
    assert lines["forecast"].hovertemplate == (
        "%{x}<br>forecast %{y:.4g} °F<br>80 % interval %{customdata[0]:.4g} to %{customdata[1]:.4g} °F<extra></extra>"
    )
    ends = np.stack([made.low.values[2, 0], made.high.values[2, 0]], axis=-1)
    np.testing.assert_allclose(lines["forecast"].customdata, ends, rtol=1e-6)
    assert lines["history"].hovertemplate == "%{x}<br>history %{y:.4g} °F<extra></extra>"


@pytest.mark.parametrize(("shown", "share"), [(Shown(1, 0), 0.8), (Shown(2, 1), None)])
def test_no_band_without_an_interval_or_without_a_forecast(shown: Shown, share: float | None) -> None:
    _, figure = pictured(shown, share)
    assert [trace.name for trace in figure.data[:-2]] == ["history", "seasonal naive", "observed", "forecast"]
    line = figure.data[-3]
    assert line.customdata is None
    assert "interval" not in line.hovertemplate


# --- what is taken away --------------------------------------------------------------------------


@pytest.mark.parametrize("make", [wide_csv, long_csv])
def test_the_exported_table_has_both_ends_and_reads_back(make) -> None:
    _, sample = series(make)
    analysis = hot.analyse(sample, tiny())
    forecast = analysis.prediction
    content = prediction_bytes(analysis)[0]
    labels = {
        "forecast": forecast.mean, "80 % interval low": forecast.low, "80 % interval high": forecast.high,
        "seasonal naive": forecast.naive, "observed": forecast.truth,
    }  # fmt: skip
    back = hot.read(content, "forecast.csv").data
    assert back.sizes == {"entity": 3, "variable": 25, "time": HORIZON}
    for label, line in labels.items():
        for variable, unit in VARIABLES.items():
            read = back.sel(variable=f"{variable} {label}")
            np.testing.assert_allclose(read.values, line.sel(variable=variable).values, rtol=1e-7)
            assert read["unit"].item() == unit


def test_columns_of_a_plain_table() -> None:
    table = "a [K]\n" + "\n".join(f"{(i * i) % 11}" for i in range(STEPS)) + "\n"
    frame = open_csv(prediction_bytes(hot.analyse(hot.read(table.encode(), "plain.csv"), tiny()))[0])
    assert list(frame.columns) == [
        "step", "a forecast [K]", "a 80 % interval low [K]", "a 80 % interval high [K]", "a seasonal naive [K]",
        "a observed [K]",
    ]  # fmt: skip
    assert (frame["a 80 % interval low [K]"] < frame["a forecast [K]"]).all()
    assert (frame["a forecast [K]"] < frame["a 80 % interval high [K]"]).all()


def test_the_manifest_counts_what_lay_inside() -> None:
    _, sample = series()
    analysis = hot.analyse(sample, tiny())
    counts = analysis.prediction.inside()
    told = manifest(analysis)["prediction"]["interval"]
    assert told["share"] == 0.8
    assert len(told["coverage"]) == 15
    for row in told["coverage"]:
        inside, known = counts.sel(entity=row["entity"], variable=row["variable"]).values
        assert (row["inside"], row["known"]) == (inside, known)
    assert [told["coverage"][i]["variable"] for i in (0, 1, 5)] == ["temp", "dewp", "temp"]
    at_the_end = hot.analyse(sample, tiny(), Settings(window=STEPS - LOOKBACK))
    assert manifest(at_the_end)["prediction"]["interval"] == {"share": 0.8, "coverage": None}
    assert manifest(hot.analyse(sample, tiny(())))["prediction"]["interval"] is None


def test_the_command_line_writes_them(tmp_path: Path) -> None:
    values, _ = series()
    (tmp_path / "series.csv").write_bytes(wide_csv(values, ENTITIES, VARIABLES))
    save_model(tiny(), tmp_path / "model")
    place = [str(tmp_path / name) for name in ("series.csv", "model", "out")]
    result = CliRunner().invoke(command_line, ["explain", place[0], "--model", place[1], "--out", place[2]])
    assert result.exit_code == 0, result.output
    about = json.loads((tmp_path / "out" / "analysis.json").read_text())
    assert about["prediction"]["interval"]["share"] == 0.8
    assert "EWR_temp 80 % interval low [°F]" in open_csv((tmp_path / "out" / "prediction.csv").read_bytes()).columns


# --- the page ------------------------------------------------------------------------------------


@pytest.fixture
def page_with(monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    """The series page with a model of our own in the place of the bundled one."""
    caches = (cache.model, cache._bundled_analysis)

    def open_with(quantiles: tuple[float, ...]) -> AppTest:
        config = tiny(quantiles).config.model_copy(update={"name": "air-quality", "lookback": 96, "horizon": 24})
        monkeypatch.setattr(cache, "load_model", lambda _: build_model(config, seed=1).eval())
        for cached in caches:
            cached.clear()
        app = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=120).run()
        app.switch_page("views/series.py").run()
        assert not app.exception, app.exception[0].stack_trace
        return app

    yield open_with
    for cached in caches:
        cached.clear()


def names_drawn(app: AppTest) -> list[str]:
    (chart,) = [chart for chart in app.get("plotly_chart") if chart.key == "series_data"]
    return [trace["name"] for trace in json.loads(chart.proto.spec)["data"] if "name" in trace]


def test_the_page_draws_and_counts_the_interval(page_with) -> None:
    app = page_with((0.1, 0.9))
    assert names_drawn(app)[0] == "80 % interval"
    told = [text.value for text in app.markdown if "true values inside the 80 % interval" in text.value]
    assert len(told) == 1
    assert "of 24 true values inside the 80 % interval; 19.2 expected. All 18 series:" in told[0]
    assert any("The pale band is the model's 80 % interval" in text.value for text in app.markdown)
    assert any("with 80 % intervals" in text.value for text in app.caption)
    (table,) = [frame.value for frame in app.table if "MASE (naive)" in frame.value.columns]
    assert table["inside 80 % interval"].str.fullmatch(r"\d+ of \d+").all()
    inside, known = table["inside 80 % interval"].iloc[0].split(" of ")
    assert told[0].startswith(f"{inside} of {known} true values")


def test_the_page_of_a_model_without_an_interval_speaks_of_none(page_with) -> None:
    app = page_with(())
    assert names_drawn(app) == ["history", "seasonal naive", "observed", "forecast"]
    assert not [text.value for text in (*app.markdown, *app.caption) if "interval" in text.value]
    (table,) = [frame.value for frame in app.table if "MASE (naive)" in frame.value.columns]
    assert list(table.columns) == ["variable", "than naive", "MASE (naive)", "error (naive)"]
