"""A series in the browser: a mark at a known stamp, ranges and zoom, what is chosen, and the intake report."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import Page, expect

from tests.browser.actions import LIMIT_MS, at, download, figure, open_page, reading, settled, upload
from tests.browser.instrument import click_data, expect_chosen, wait_until_heard

STEPS = 150
STARTS = {  # how the file writes its times: a zone whose clocks change within the window, an offset, other steps
    "spring": ("2024-03-28 00:00", "h", "Europe/Berlin"),
    "offset": ("2024-05-05 00:00", "h", "Asia/Kathmandu"),
    "quarter": ("2024-02-27 06:00", "15min", None),
    "days": ("2023-12-01", "D", None),
    "months": ("2003-01-31", "ME", None),
}
MARK = 77
TRACE = """(plot, name) => {
  const trace = plot._fullData.find((one) => one.name === name);
  return trace ? [Array.from(trace.x).map(String), Array.from(trace.y)] : null;
}"""


def write(case: str, path: Path) -> np.ndarray:
    """A long table of two stations with a mark of 999 in Oslo's level; its times in UTC."""
    start, freq, zone = STARTS[case]
    times = pd.date_range(start, periods=STEPS, freq=freq, tz=zone)
    rng = np.random.default_rng(0)
    parts = []
    for station in ("Bergen", "Oslo"):
        level = rng.normal(5, 1, STEPS).round(3)
        if station == "Oslo":
            level[MARK] = 999
        columns = {"level (m)": level, "flow_pct": rng.normal(50, 9, STEPS).round(2)}
        stamps = [time.isoformat() for time in times]
        parts.append(pd.DataFrame({"when": stamps, "station": station, **columns}))
    pd.concat(parts).to_csv(path, index=False)
    return (times if zone is None else times.tz_convert("UTC").tz_localize(None)).to_numpy("datetime64[s]")


def opened(page: Page, url: str, path: Path) -> None:
    open_page(page, url, "series")
    upload(page, "series", path)
    expect(page.get_by_role("heading", name=path.name)).to_be_visible(timeout=LIMIT_MS)
    settled(page)


@pytest.mark.parametrize("case", STARTS)
def test_a_mark_stands_at_its_stamp_and_is_chosen_there(case: str, page: Page, app_url: str, tmp_path: Path) -> None:
    times = write(case, tmp_path / "mark.csv")
    opened(page, app_url, tmp_path / "mark.csv")
    plot = figure(page, "series_data")
    # the mark is Oslo's: a click on its bar shows that series
    click_data(page, "series_summary", 0.1, "Oslo")
    expect(reading(page, "series")).to_contain_text("Oslo", timeout=LIMIT_MS)
    settled(page)
    # as a list, since for a moment the picture before stands there, too
    expect(plot.locator(".ytitle")).to_have_text(["Oslo · level [m]"])
    x, y = plot.evaluate(TRACE, "history")
    seen = int(np.argmax(y))
    assert y[seen] == 999
    assert np.datetime64(x[seen][:19]) == times[MARK]
    click_data(page, "series_data", str(times[MARK]), "this series", axes="3")
    first = (MARK - (STEPS - 120)) // 4  # of the tokens of the window of 96 steps, which ends 24 steps before the file
    begin = times[STEPS - 120 + 4 * first]
    words = str(begin)[:10] if case in ("days", "months") else str(begin).replace("T", " ")[:16]
    expect(reading(page, "series")).to_contain_text(f"Oslo · level · {words}", timeout=LIMIT_MS)
    settled(page)
    content = pd.read_csv(download(page, "series", "field", tmp_path))
    named = next(name for name in content if name.startswith("level attention"))
    held = content[content["entity"] == "Oslo"].set_index("when")[named].notna()
    first = str(held.index[held][0])
    assert first.endswith("Z") == (STARTS[case][2] is not None)  # a zone in the file is UTC in the export, and says so
    assert np.datetime64(first.removesuffix("Z")) == times[STEPS - 120]


SHOWN = """() => document.querySelector('.st-key-series_data .js-plotly-plot')?._fullLayout?.xaxis.range.map(String)"""


def shown_from(page: Page, before: str, after: str) -> list[str]:
    """Waits until the picture begins between two times; every change of it is a new figure."""
    page.wait_for_function(f"([a, b]) => {{ const now = ({SHOWN})(); return now && a <= now[0] && now[0] < b; }}",
        arg=[before, after])  # fmt: skip
    settled(page)
    expect(figure(page, "series_data")).to_have_count(1)  # the picture before goes once the new one is there
    found: list[str] = page.evaluate(SHOWN)
    return found


def test_ranges_and_zoom_stay_through_clicks(page: Page, app_url: str) -> None:
    open_page(page, app_url, "series")
    plot = figure(page, "series_data")
    at(page, "series_range").get_by_text("1 w", exact=True).click()
    week = shown_from(page, "2013-12-22", "2013-12-24")
    assert np.datetime64(week[1][:10]) - np.datetime64(week[0][:10]) == np.timedelta64(7, "D")
    assert plot.evaluate(TRACE, "rest of the file") is not None
    wait_until_heard(page, "series_data", "plotly_relayout")
    plot.evaluate("plot => { plot.drawnByHand = true; }")  # the server draws another one, with the same range
    box = plot.locator(".nsewdrag").first.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 44, steps=4)
    page.mouse.move(box["x"] + 0.9 * box["width"], box["y"] + 44, steps=4)
    page.mouse.up()
    page.wait_for_function("() => !document.querySelector('.st-key-series_data .js-plotly-plot')?.drawnByHand")
    zoomed = shown_from(page, "2013-12-25", "2013-12-26")
    click_data(page, "series_summary", 0.1, "visib", axes="2")
    expect(reading(page, "series")).to_contain_text("EWR · visib", timeout=LIMIT_MS)
    assert shown_from(page, "2013-12-25", "2013-12-26") == zoomed, "The zoom was lost by a click."
    plot.scroll_into_view_if_needed()
    chosen = reading(page, "series").inner_text()
    at(page, "series_zoom_back").get_by_role("button").click()
    assert shown_from(page, "2013-12-22", "2013-12-24") == week
    assert reading(page, "series").inner_text() == chosen, "Coming back from a zoom moved the query."
    expect(at(page, "series_zoom_back")).to_have_count(0)
    at(page, "series_range").get_by_text("all", exact=True).click()
    shown_from(page, "2013-01-01", "2013-01-02")


def test_entities_and_the_window_are_chosen_and_linked(page: Page, app_url: str) -> None:
    open_page(page, app_url, "series")
    at(page, "series_which").locator("summary").click()
    box = page.locator('[class*="st-key-series_which_entity"] input')
    box.fill("LG")
    expect(page.get_by_role("option")).to_have_text(["LGA"])  # what Enter chooses is filtered a moment later
    box.press("Enter")
    expect(page.get_by_text("1 entities × 6 variables").or_(page.get_by_text("1 entity × 6 variables"))).to_be_visible()
    settled(page)
    expect(reading(page, "series")).to_contain_text("LGA")
    names = figure(page, "series_summary").evaluate("plot => plot.data.map((bars) => bars.y.length)")
    assert names == [6], "One entity gets no bar of its own."
    at(page, "series_part").locator("summary").click()
    at(page, "series_window_earlier").get_by_role("button").click()
    expect(at(page, "series_window_back")).to_be_visible()
    settled(page)
    x, _ = figure(page, "series_data").evaluate(TRACE, "history")
    assert x[0].startswith("2013-12-25T00:00") or x[0].startswith("2013-12-25 00:00"), x[0]


def test_the_intake_report_names_rows_and_its_answers_open_the_file(page: Page, app_url: str, tmp_path: Path) -> None:
    write("quarter", tmp_path / "odd.csv")
    lines = (tmp_path / "odd.csv").read_text().splitlines()
    lines.insert(30, lines[29])
    lines[50] = lines[50].replace(":15:00", ":19:00").replace(":30:00", ":34:00").replace(":00:00", ":04:00")
    (tmp_path / "odd.csv").write_text("\n".join(lines))
    open_page(page, app_url, "series")
    upload(page, "series", tmp_path / "odd.csv")
    report = at(page, "series_intake_options")
    expect(report).to_contain_text("2 open questions", timeout=LIMIT_MS)
    expect(report).to_contain_text("row 30: 2024-02-27 13:00:00")
    expect(page.get_by_role("alert")).to_contain_text("data row")
    settled(page)
    with page.expect_download() as waiting:
        at(page, "series_intake").get_by_role("button").click()
    rows = pd.read_csv(waiting.value.path())
    assert rows.groupby("about")["data_row"].apply(list).to_dict() == {"duplicates": [30], "irregular": [50]}
    for name, answer in (("duplicates", "keep the first row"), ("irregular", "move them to the nearest step")):
        page.locator(f'[class*="st-key-series_{name}_"]').get_by_role("combobox").click()
        page.get_by_role("option", name=answer).click()
        settled(page)
    expect(page.get_by_role("heading", name="odd.csv")).to_be_visible(timeout=LIMIT_MS)
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(report).to_contain_text("as you said")
    assert json.loads(json.dumps(page.url)).endswith("/series")  # nothing of the file in the address


def test_the_worse_forecast_is_called_so(page: Page, app_url: str) -> None:
    open_page(page, app_url, "series")
    expect(page.get_by_text("worse than naive").first).to_be_visible()
    expect(at(page, "series_skill")).to_contain_text("Scored on the 24 steps after the window")
    click_data(page, "series_summary", 0.1, "humid", axes="2")
    expect(page.get_by_text("% below naive").first).to_be_visible(timeout=LIMIT_MS)
    expect_chosen(page, "series_matrix_variable", 2)


@pytest.mark.parametrize("width", [390, 1280, 1920])
def test_table_and_legend_fit_the_width(width: int, page: Page, app_url: str) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    open_page(page, app_url, "series")
    table = at(page, "series_errors").locator("table")
    assert table.evaluate("node => [node, node.parentElement].every((one) => one.scrollWidth <= one.clientWidth + 1)")
    bottom, top = figure(page, "series_data").evaluate("""plot => [
      Math.max(...[...plot.querySelectorAll('.legendtext')].map((one) => one.getBoundingClientRect().bottom)),
      plot.querySelector('.nsewdrag').getBoundingClientRect().top]""")
    assert bottom <= top, "The legend lies over the lines."
