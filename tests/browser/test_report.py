"""The report in a browser without a network: nothing asked for, all of it drawn, and a clean PDF; and from the page."""

import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, Request, expect
from pypdf import PdfReader

from hot_core.report import report
from tests.browser.actions import at, open_page, reading, settled, slide
from tests.makers_report import case

DRAWN = "() => [...document.querySelectorAll('.plot')].every((each) => each.querySelector('.main-svg'))"
CANVASES = """() => [...document.querySelectorAll('.instrument')].map((each) => {
  const root = each.shadowRoot.querySelector('.attention-map');
  return [root.dataset.exact, each.shadowRoot.querySelector('.am-still').width, window.devicePixelRatio];
})"""
HIDDEN = """() => [...document.querySelectorAll('.instrument')].flatMap((each) =>
  [...each.shadowRoot.querySelectorAll('button')].map((button) => button.getClientRects().length))"""


def written(folder: Path, kind: str) -> Path:
    c = case(kind)
    evidence = c.evidence() if kind == "series" else None
    path = folder / f"{kind}.html"
    path.write_bytes(report(c.analysis, c.model, c.choices, evidence))
    return path


def opened(page: Page, path: Path) -> list[str]:
    """Open a report with every request but the file itself failing; what it asked for."""
    asked: list[str] = []

    def hear(request: Request) -> None:
        if not request.url.startswith("data:"):
            asked.append(request.url)

    page.on("request", hear)
    page.route("**/*", lambda route: route.continue_() if route.request.url == path.as_uri() else route.abort())
    page.goto(path.as_uri())
    page.wait_for_function(DRAWN)
    page.wait_for_function(f"() => ({CANVASES})().every(([exact]) => exact === 'true')")
    return asked


@pytest.mark.parametrize("kind", ["series", "volume", "raster"])
def test_it_needs_nothing_and_prints(kind: str, tmp_path: Path, new_page: Callable[..., Page]) -> None:
    page = new_page(offline=True, viewport={"width": 1280, "height": 900})
    path = written(tmp_path, kind)
    assert opened(page, path) == [path.as_uri()]
    assert page.evaluate("() => window.ran") is None  # the names of the file stayed text
    assert page.locator(".instrument").count() == 4
    assert all(width > 2 * 100 for _, width, _ in page.evaluate(CANVASES))
    shot = np.asarray(Image.open(io.BytesIO(page.locator(".instrument.map").screenshot())).convert("RGB"))
    assert len(np.unique(shot.reshape(-1, 3), axis=0)) > 50  # drawn, not blank
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 1280
    reader = PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True, print_background=True)))
    assert 5 <= len(reader.pages) <= 14
    assert [round(float(side)) for side in reader.pages[0].mediabox[2:]] == [595, 842]  # A4, in points
    text = " ".join(" ".join(each.extract_text() for each in reader.pages).split())
    for words in ("HOT Lens report", "What was analysed", "Where it looks", "Limits", "Signature", "SHA-256"):
        assert words in text
    assert f"{len(reader.pages)} / {len(reader.pages)}" in text
    page.emulate_media(media="print")
    assert set(page.evaluate(HIDDEN)) == {0}
    cut = page.evaluate("() => [...document.querySelectorAll('figure')].map((f) => getComputedStyle(f).breakInside)")
    assert set(cut) == {"avoid"}


def test_it_fits_a_phone_and_takes_words(tmp_path: Path, new_page: Callable[..., Page]) -> None:
    page = new_page(offline=True, viewport={"width": 390, "height": 800})
    opened(page, written(tmp_path, "volume"))
    assert page.evaluate("() => document.documentElement.scrollWidth") == 390
    name = page.get_by_role("textbox", name="Reviewer's name")
    name.fill("R. Viewer")
    page.get_by_label("not supported").check()
    reader = PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True)))
    assert "R. Viewer" in reader.pages[-1].extract_text()


def test_the_page_hands_it_over(page: Page, app_url: str, tmp_path: Path) -> None:
    open_page(page, app_url, "series")
    before = reading(page, "series").inner_text()
    slide(page, "series", "variable", "ArrowRight")  # evidence on a bundled sample is everyone's: ask elsewhere
    expect(reading(page, "series")).not_to_have_text(before)
    settled(page)
    at(page, "series_report").get_by_role("button").first.click()
    held = page.get_by_test_id("stPopoverBody")
    held.get_by_text("No evidence in it").wait_for()
    with page.expect_download() as html:
        held.get_by_role("button", name="Report (HTML)").click()
    with page.expect_download() as numbers:
        held.get_by_role("button", name="Its numbers (JSON)").click()
    text = Path(html.value.path()).read_text(encoding="utf-8")
    about = json.loads(Path(numbers.value.path()).read_text(encoding="utf-8"))
    assert (html.value.suggested_filename, numbers.value.suggested_filename) == ("report.html", "analysis.json")
    assert about["chosen"]["reading"] in text
    assert "file" not in about
    held.get_by_text("Name the file in it").click()
    settled(page)
    with page.expect_download() as numbers:
        held.get_by_role("button", name="Its numbers (JSON)").click()
    assert json.loads(Path(numbers.value.path()).read_text(encoding="utf-8"))["file"] == "nyc_airport_weather_2013.csv"
