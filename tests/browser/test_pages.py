"""Every page opens with something to see."""

from collections.abc import Callable

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.browser.actions import KINDS, MODES, TITLES, at, figure, open_page, pixels, reading, settled
from tests.browser.instrument import canvas_pixels
from tests.browser.viewer import viewer_pixels


def assert_drawn(picture: np.ndarray, key: str) -> None:
    colours = np.unique(picture.reshape(-1, 3), axis=0)
    assert len(colours) > 30, f"{key} shows only {len(colours)} colours."


def test_start_shows_three_analysed_samples_and_the_way_to_every_page(page: Page, app_url: str) -> None:
    open_page(page, app_url, "start")
    for kind in KINDS:
        figure(page, f"start_{kind}")
        assert_drawn(pixels(page, f"start_{kind}"), f"start_{kind}")
        expect(at(page, f"start_sample_{kind}")).to_contain_text("uniform")
    for title in TITLES.values():
        expect(page.get_by_role("link", name=title, exact=True).first).to_be_visible()


def test_start_leads_to_a_sample(page: Page, app_url: str) -> None:
    open_page(page, app_url, "start")
    at(page, "start_open_volume").get_by_role("button").click()
    expect(reading(page, "volume")).to_contain_text("uniform")
    assert page.url.endswith("/volume")


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_opens_with_an_analysis(kind: str, page: Page, app_url: str) -> None:
    open_page(page, app_url, kind)
    expect(reading(page, kind)).to_contain_text("looks most at")
    assert_drawn(viewer_pixels(page) if kind == "volume" else pixels(page, f"{kind}_data"), f"{kind}_data")
    for key in (f"{kind}_map", *(f"{kind}_matrix_{mode}" for mode in MODES[kind])):
        assert_drawn(canvas_pixels(page, key), key)
    expect(page.get_by_text("not a medical device").first).to_be_visible()


def test_models_page_shows_every_card(page: Page, app_url: str) -> None:
    open_page(page, app_url, "models")
    tabs = page.get_by_role("tab")
    expect(tabs).to_have_count(4)
    for position in range(4):
        tabs.nth(position).click()
        panel = page.get_by_role("tabpanel").filter(visible=True)
        expect(panel.get_by_text("Licence").first).to_be_visible()


def test_pages_are_reached_by_the_navigation(new_page: Callable[[], Page], app_url: str) -> None:
    page = open_page(new_page(), app_url, "start")
    for kind in KINDS:
        page.get_by_role("link", name=TITLES[kind], exact=True).first.click()
        expect(reading(page, kind)).to_contain_text("uniform")
        settled(page)
