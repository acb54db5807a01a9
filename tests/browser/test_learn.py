"""Learn in a real browser: a link restores what was seen, the large type enlarges, an edit lands in the address."""

import re
import time
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from app.parts.learn import frame
from tests.browser.actions import at, figure, settled

GENEROUS_S = 30
"""A lesson is there in well under 3 s on an idle machine; here others may compute at the same time."""
PICTURES = {"modes": "modes_whole", "blocks": "blocks_map", "rank": "rank_curve", "cost": "cost_curve",
            "order": "order_pictures", "triples": "triples_scores"}  # fmt: skip
"""The first picture of each lesson."""
LINK = "lesson=modes&modes_step=entry&modes_rows=0_0_0.9_0_0.0_0_0&modes_query_row=2&modes_key_row=1&large=true"


def test_a_link_opens_a_lesson_as_it_was_on_a_projector(new_page: Callable[..., Page], app_url: str) -> None:
    page = new_page(viewport={"width": 1280, "height": 720})
    page.goto(f"{app_url}/learn?{LINK}")
    figure(page, "modes_whole")
    settled(page)
    slider = at(page, "modes_key_row").get_by_role("slider")
    expect(slider).to_have_value("1")
    expect(at(page, "large").get_by_role("switch").or_(at(page, "large").get_by_role("checkbox"))).to_be_checked()
    size = "parseFloat(getComputedStyle(document.documentElement).fontSize)"
    page.wait_for_function(f"() => {size} > 22")  # 1.4 × 16
    assert page.evaluate("() => document.querySelector('[data-testid=stMain]').scrollWidth <= innerWidth")
    at(page, "large").locator("label").first.click()
    settled(page)
    assert "large" not in page.url
    page.wait_for_function(f"() => {size} < 17")
    at(page, "modes_preset_alike").get_by_role("button").click()
    settled(page)
    expect(page).to_have_url(re.compile("modes_rows=0_0_0.0_0_0.0_0_0"))
    at(page, "learn_next").get_by_role("button").click()
    figure(page, "blocks_map")
    expect(page).to_have_url(re.compile("lesson=blocks"))
    assert "modes_rows" not in page.url


def test_every_lesson_is_soon_there(
    new_page: Callable[..., Page], app_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    page = new_page(viewport={"width": 390, "height": 844})
    took = {}
    for name in frame.NAMES:
        began = time.monotonic()
        page.goto(f"{app_url}/learn?lesson={name}&modes_rows=1,2,3")
        drawn = figure(page, PICTURES[name])
        took[name] = time.monotonic() - began
        controls = page.locator('[class*="st-key-later_"]').first
        expect(controls).to_be_visible()
        above, below = drawn.bounding_box(), controls.bounding_box()
        assert above is not None
        assert below is not None
        assert above["y"] < below["y"], name  # on a phone pictures stand before controls that can wait
        assert page.evaluate("() => document.querySelector('[data-testid=stMain]').scrollWidth <= innerWidth"), name
        said = "Until then" if name == "modes" else "The link also says modes_rows"
        expect(page.get_by_text(said)).to_be_visible()  # not in a fold
    with capsys.disabled():
        print("\nseconds from address to picture:", {name: round(value, 1) for name, value in took.items()})
    assert max(took.values()) < GENEROUS_S, took
