"""The interval of the bundled forecast on the page, held against the same analysis made here."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import Locator, Page, expect

import hot_core as hot
from hot_core.figures.words import coverage_words
from hot_core.transforms import Forecast
from tests.browser.actions import at, download, figure, open_page

STEP = 13
BAND = """plot => {
    const band = plot._fullData.find((trace) => trace.fill === "toself");
    return band ? [band.name, Array.from(band.y)] : null;
}"""
PLACE = """(plot, step) => {
    const layout = plot._fullLayout, line = plot._fullData.find((trace) => trace.name === "forecast");
    const box = plot.getBoundingClientRect();
    return [box.x + layout.xaxis._offset + layout.xaxis.d2p(line.x[step]),
            box.y + layout.yaxis._offset + layout.yaxis.d2p(line.y[step])];
}"""


@pytest.fixture(scope="module")
def forecast(sample_data: Path) -> Forecast:
    """What the page should show."""
    sample = hot.read(sample_data / "nyc_airport_weather_2013.csv")
    found = hot.analyse(sample, hot.load_model("air-quality")).prediction
    assert isinstance(found, Forecast)
    assert found.share == 0.8
    return found


def test_the_band_on_the_page_is_the_forecasts(page: Page, app_url: str, forecast: Forecast) -> None:
    open_page(page, app_url, "series")
    name, outline = figure(page, "series_data").evaluate(BAND)
    assert name == "80 % interval"
    low, high = (end.values[0, 0].astype(np.float32) for end in (forecast.low, forecast.high))
    np.testing.assert_allclose(outline, [*high, *low[::-1]], rtol=1e-5)
    fill = at(page, "series_data").locator(".scatterlayer path.js-fill")
    expect(fill).to_have_count(1)
    box = fill.bounding_box()
    assert box is not None
    assert min(box["width"], box["height"]) > 5


def test_hovering_says_the_interval_with_its_unit(page: Page, app_url: str, forecast: Forecast) -> None:
    open_page(page, app_url, "series")
    plot = figure(page, "series_data")
    hover(page, plot)
    low, mean, high = (float(line.values[0, 0, STEP]) for line in (forecast.low, forecast.mean, forecast.high))
    label = plot.locator(".hoverlayer")
    expect(label).to_contain_text(f"80 % interval {plotly(low)} to {plotly(high)} °F")
    expect(label).to_contain_text(f"forecast {plotly(mean)} °F")


def hover(page: Page, plot: Locator) -> None:
    """Goes to the step until plotly says something: a figure just drawn anew does not hear the first move."""
    for _ in range(40):
        x, y = plot.evaluate(PLACE, STEP)
        page.mouse.move(x - 40, y)
        page.mouse.move(x, y)
        page.wait_for_timeout(250)
        if plot.locator(".hoverlayer").text_content():
            return


def plotly(value: float) -> str:
    """Four digits as d3 writes them, with a real minus."""
    return f"{np.float32(value):#.4g}".removesuffix(".").replace("-", "−")


def test_the_page_counts_and_keeps_what_lay_inside(
    page: Page, app_url: str, forecast: Forecast, tmp_path: Path
) -> None:
    open_page(page, app_url, "series")
    expect(page.get_by_text(coverage_words(forecast, 0, 0))).to_be_visible()
    table = pd.read_csv(download(page, "series", "prediction", tmp_path))
    for end, line in (("low", forecast.low), ("high", forecast.high)):
        np.testing.assert_allclose(table[f"EWR_temp 80 % interval {end} [°F]"], line.values[0, 0], rtol=1e-5)
