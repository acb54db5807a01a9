"""A large raster by path, as an analyst goes through it: the whole, a window, one pixel at a known map coordinate."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.actions import LIMIT_MS, at, figure, open_page, reading, settled
from tests.browser.server import running
from tests.makers_big import CORNER, MARK, PIXEL, big_tiff

SIDE = 4603
SPOT = (1237, 3109)
WINDOW = (1210, 3080, 64, 64)

# Where a place on the map is on the screen.
SCREEN = """(plot, [x, y]) => {
    const box = plot.getBoundingClientRect(), { xaxis, yaxis } = plot._fullLayout;
    return [box.left + xaxis._offset + xaxis.d2p(x), box.top + yaxis._offset + yaxis.d2p(y)]; }"""


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An app with a folder of its own."""
    top = tmp_path_factory.mktemp("rasters")
    (top / "north").mkdir()
    big_tiff(top / "north" / "scene.tif", SIDE, (2, 4, 8), mark=SPOT)
    (top / "out.tif").symlink_to(Path(__file__))
    with running("app/main.py", {"OMP_NUM_THREADS": "1", "HOT_LENS_FOLDER": str(top)}) as (address, log):
        yield address
    assert "Traceback" not in log.getvalue(), log.getvalue()


def place(row: float, column: float) -> tuple[float, float]:
    """x and y of the middle of a file pixel."""
    return CORNER[0] + (column + 0.5) * PIXEL, CORNER[1] - (row + 0.5) * PIXEL


def click(page: Page, plot: Locator, where: tuple[float, float]) -> None:
    """Click a place on the map."""
    plot.scroll_into_view_if_needed()
    page.mouse.click(*plot.evaluate(SCREEN, list(where)))


def overview(page: Page) -> Locator:
    plot = page.locator('[class*="st-key-raster_overview"] .js-plotly-plot')
    expect(plot.locator(".main-svg").first).to_be_visible(timeout=LIMIT_MS)
    return plot


def pixel(page: Page) -> Locator:
    return page.get_by_test_id("stCode").filter(has_text="attention × uniform").first


def frame(page: Page) -> list[float]:
    """The white frame of what was read, in file pixels: first row and column, rows, columns."""
    box = overview(page).evaluate("plot => plot.layout.shapes.find((shape) => shape.line.color === 'white')")
    return [
        (CORNER[1] - box["y0"]) / PIXEL, (box["x0"] - CORNER[0]) / PIXEL, (box["y0"] - box["y1"]) / PIXEL,
        (box["x1"] - box["x0"]) / PIXEL,
    ]  # fmt: skip


def test_a_mark_is_found_from_the_folder_to_the_pixel(new_page: Callable[[], Page], url: str) -> None:
    page = open_page(new_page(), url, "raster")
    at(page, "raster_folder").locator("input").click()
    expect(page.get_by_role("option")).to_have_text(["none", "north/scene.tif"])
    page.get_by_role("option", name="north/scene.tif").click()
    overview(page)
    settled(page)
    assert frame(page) == pytest.approx([1789, 1789, 1024, 1024])
    for name, value in zip(("First row", "First column", "Rows", "Columns"), WINDOW, strict=True):
        page.get_by_label(name, exact=True).fill(str(value))
    page.get_by_role("button", name="Read this window").click()
    expect(pixel(page)).to_contain_text(re.compile(r"row 12[34]\d, column 31[01]\d "), timeout=LIMIT_MS)
    settled(page)
    assert frame(page) == pytest.approx(WINDOW)
    click(page, figure(page, "raster_data"), place(*SPOT))
    expect(pixel(page)).to_contain_text(f"row {SPOT[0]}, column {SPOT[1]} · x 331095, y 5887625 m (EPSG:32633)")
    expect(pixel(page)).to_contain_text(f"B08 {MARK},")
    expect(reading(page, "raster")).to_contain_text("x 331,")


def test_a_click_and_a_box_in_the_whole_choose_the_window(new_page: Callable[[], Page], url: str) -> None:
    page = open_page(new_page(), url, "raster")
    at(page, "raster_folder").locator("input").click()
    page.get_by_role("option", name="north/scene.tif").click()
    overview(page)
    settled(page)
    click(page, overview(page), place(1000, 3500))
    expect(pixel(page)).not_to_contain_text("row 229", timeout=LIMIT_MS)
    settled(page)
    row, column, rows, columns = frame(page)
    assert (rows, columns) == (1024, 1024)
    assert abs(row + 512 - 1000) < 20  # a screen pixel is 17 of the file's
    assert abs(column + 512 - 3500) < 20
    said = pixel(page).inner_text()
    start, stop = (overview(page).evaluate(SCREEN, list(place(*spot))) for spot in ((3000, 600), (3400, 1200)))
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(*stop, steps=5)
    page.mouse.up()
    expect(pixel(page)).not_to_have_text(said, timeout=LIMIT_MS)
    settled(page)
    for found, drawn in zip(frame(page), (3000, 600, 400, 600), strict=True):
        assert abs(found - drawn) < 40
