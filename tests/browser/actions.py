"""What a person does on the page, and what they see."""

import io
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Locator, Page, expect

KINDS = ("series", "volume", "raster")
TITLES = {
    "start": "Start",
    "series": "Time series",
    "volume": "Volume",
    "raster": "Raster",
    "learn": "Learn",
    "models": "Models",
}
MODES = {"series": ("entity", "variable", "time"), "volume": ("x", "y", "z"), "raster": ("row", "column", "band")}
LIMIT_MS = 60_000

# Everything that a figure draws, as text: traces with their typed arrays, images and shapes.
DRAWN = """plot => JSON.stringify(
    [plot.data, plot.layout.images, plot.layout.shapes],
    (key, value) => ArrayBuffer.isView(value) ? Array.from(value) : value)"""


def settled(page: Page) -> None:
    """Waits until the server has run the page to its end."""
    page.wait_for_selector('[data-test-script-state="notRunning"]', timeout=LIMIT_MS)
    # What the server sent last is drawn in the frames after.
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def open_page(page: Page, url: str, name: str) -> Page:
    """Opens a page by its address."""
    page.goto(url if name == "start" else f"{url}/{name}")
    if name in KINDS:
        expect(reading(page, name)).to_contain_text("uniform", timeout=LIMIT_MS)
    settled(page)
    return page


def at(page: Page, key: str) -> Locator:
    """The part of the page with a widget's or container's key."""
    return page.locator(f".st-key-{key}")


def reading(page: Page, kind: str) -> Locator:
    """The sentence above the pictures."""
    return at(page, f"{kind}_reading")


def figure(page: Page, key: str) -> Locator:
    """A figure that plotly has drawn."""
    plot = at(page, key).locator(".js-plotly-plot")
    expect(plot.locator(".main-svg").first).to_be_visible(timeout=LIMIT_MS)
    return plot


def drawn(page: Page, key: str) -> str:
    """What a figure draws, as text to compare."""
    return str(figure(page, key).evaluate(DRAWN))


def pixels(page: Page, key: str) -> np.ndarray:
    """A figure as it stands on the screen, (height, width, 3)."""
    picture = figure(page, key).screenshot(timeout=LIMIT_MS)
    return np.asarray(Image.open(io.BytesIO(picture)).convert("RGB"))


def wait_until_redrawn(page: Page, key: str, before: str) -> None:
    """Waits until a figure draws something else than before."""
    page.wait_for_function(
        f"([selector, before]) => {{ const plot = document.querySelector(selector); "
        f"return plot && plot.data && ({DRAWN})(plot) !== before; }}",
        arg=[f".st-key-{key} .js-plotly-plot", before],
        timeout=LIMIT_MS,
    )


def slide(page: Page, kind: str, mode: str, key: str) -> None:
    """Moves the query along a mode by the keyboard."""
    thumb = at(page, f"{kind}_query_{mode}").get_by_role("slider")
    thumb.focus()
    thumb.press(key)


def upload(page: Page, kind: str, path: Path) -> None:
    """Brings a file."""
    at(page, f"{kind}_upload").locator('input[type="file"]').set_input_files(path)


def download(page: Page, kind: str, what: str, folder: Path) -> Path:
    """Keeps "field", "prediction" or "factors"."""
    button = at(page, f"{kind}_download_{what}").get_by_role("button")
    if not button.is_visible():
        at(page, f"{kind}_keep").get_by_role("button").first.click()
    with page.expect_download(timeout=LIMIT_MS) as waiting:
        button.click()
    path = folder / waiting.value.suggested_filename
    waiting.value.save_as(path)
    return path
