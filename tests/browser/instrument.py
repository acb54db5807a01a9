"""What a person does in an attention map on the page, and what it shows."""

import io
from typing import Any

import numpy as np
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from tests.browser.actions import LIMIT_MS, at, figure

Cell = tuple[int, int]


def instrument(page: Page, key: str) -> Locator:
    """An attention map that has drawn itself."""
    root = at(page, key).get_by_test_id("attention-map")
    expect(root).to_have_attribute("data-exact", "true", timeout=LIMIT_MS)
    return root


def readout(page: Page, key: str) -> Locator:
    """The sentence of what is under the pointer, or chosen."""
    return at(page, key).get_by_test_id("attention-readout")


def canvas_pixels(page: Page, key: str) -> np.ndarray:
    """An attention map as it stands on the screen, (height, width, 3)."""
    picture = instrument(page, key).locator(".am-stage").screenshot(timeout=LIMIT_MS)
    return np.asarray(Image.open(io.BytesIO(picture)).convert("RGB"))


def visible(page: Page, key: str) -> tuple[int, int, int, int]:
    """The rows and columns on screen, half-open."""
    r0, r1, c0, c1 = (int(each) for each in str(instrument(page, key).get_attribute("data-view")).split())
    return r0, r1, c0, c1


def place_of(page: Page, key: str, cell: Cell) -> tuple[float, float]:
    """Where the middle of a cell of the map lies on the screen."""
    r0, r1, c0, c1 = visible(page, key)
    canvas = instrument(page, key).get_by_test_id("attention-canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    row, col = cell
    assert r0 <= row < r1
    assert c0 <= col < c1
    x = box["x"] + (col + 0.5 - c0) / (c1 - c0) * box["width"]
    y = box["y"] + (row + 0.5 - r0) / (r1 - r0) * box["height"]
    return x, y


def click_cell(page: Page, key: str, cell: Cell, shift: bool = False) -> None:
    """Clicks into the middle of a cell, query row and key column."""
    x, y = place_of(page, key, cell)
    page.mouse.move(x, y)
    if shift:
        page.keyboard.down("Shift")
    page.mouse.click(x, y)
    if shift:
        page.keyboard.up("Shift")


def expect_chosen(page: Page, key: str, query: int, partner: int | None = None) -> None:
    """Waits until a map shows this query and key, flat positions."""
    root = instrument(page, key)
    expect(root).to_have_attribute("data-query", str(query), timeout=LIMIT_MS)
    expect(root).to_have_attribute("data-key", "" if partner is None else str(partner), timeout=LIMIT_MS)


def frames(page: Page, key: str, colour: str) -> list[dict[str, Any]]:
    """The frames of a colour that a figure of the data draws."""
    shapes: list[dict[str, Any]] = figure(page, key).evaluate(
        "(plot, colour) => plot.layout.shapes.filter((each) => each.type === 'rect' && each.line?.color === colour)",
        colour,
    )
    return shapes


def wait_until_heard(page: Page, key: str, event: str) -> None:
    """Waits until the page listens to an event of the figure that stands under a key; before, it is nobody's."""
    page.wait_for_function(
        "([selector, event]) => { const plot = document.querySelector(selector); "
        "return plot?._ev && plot.hotLens?.[event]?.emitter === plot._ev; }",
        arg=[f".st-key-{key} .js-plotly-plot", event],
    )


def click_data(page: Page, key: str, x: object, y: object, *, axes: str = "", shift: bool = False) -> None:
    """Clicks at a place in the data's own coordinates; `axes` is the number of plotly's panel ("" or "2", "3")."""
    plot = figure(page, key)
    plot.scroll_into_view_if_needed()
    wait_until_heard(page, key, "plotly_click")
    where = plot.evaluate(
        """(plot, [x, y, axes]) => {
          const box = plot.getBoundingClientRect();
          const layout = plot._fullLayout;
          const [across, down] = [layout[`xaxis${axes}`] ?? layout.xaxis, layout[`yaxis${axes}`]];
          return [box.x + across._offset + across.d2p(x), box.y + down._offset + down.d2p(y)];
        }""",
        [x, y, axes],
    )
    page.mouse.move(where[0] - 2, where[1] - 2)
    page.mouse.move(*where)
    page.wait_for_timeout(60)  # plotly looks at what is under the mouse at most every few hundredths of a second
    if shift:
        page.keyboard.down("Shift")
    page.mouse.click(*where)
    if shift:
        page.keyboard.up("Shift")
