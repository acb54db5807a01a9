"""Fingers on the page: a swipe over a picture scrolls, also where the mouse would zoom."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.actions import at, figure, open_page
from tests.browser.instrument import wait_until_heard

SCROLLED = "() => document.querySelector('[data-testid=stMain]').scrollTop"


def swipe(page: Page, x: float, y: float, by: tuple[float, float]) -> None:
    """A finger that goes down, moves in ten steps and goes up."""
    touch = page.context.new_cdp_session(page)
    for step in range(11):
        point = {"x": x + by[0] * step / 10, "y": y + by[1] * step / 10}
        kind = "touchMove" if step else "touchStart"
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [point]})
        page.wait_for_timeout(16)
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def test_a_swipe_over_the_lines_scrolls_and_does_not_zoom(new_page: Callable[..., Page], app_url: str) -> None:
    page = new_page(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    open_page(page, app_url, "series")
    plot = figure(page, "series_data")
    plot.scroll_into_view_if_needed()
    wait_until_heard(page, "series_data", "plotly_relayout")
    ranges = "plot => plot._fullLayout.xaxis.range.map(String)"
    before, scrolled = plot.evaluate(ranges), page.evaluate(SCROLLED)
    box = plot.locator(".nsewdrag").first.bounding_box()
    assert box is not None
    swipe(page, box["x"] + 0.4 * box["width"], box["y"] + 0.7 * box["height"], (40, -160))
    page.wait_for_function(f"before => ({SCROLLED})() > before + 60", arg=scrolled)
    assert plot.evaluate(ranges) == before
    expect(at(page, "series_zoom_back")).to_have_count(0)
