"""What is chosen is shown: by a slider, by zooming, another layer, a head in the gallery, the whole model."""

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.browser.actions import (
    KINDS,
    at,
    drawn,
    open_page,
    pixels,
    reading,
    settled,
    slide,
    wait_until_redrawn,
)
from tests.browser.instrument import canvas_pixels, instrument, visible
from tests.browser.viewer import viewer, viewer_pixels

SLIDES = {"series": ("time", "ArrowLeft"), "volume": ("y", "ArrowRight"), "raster": ("row", "ArrowRight")}


@pytest.mark.parametrize("kind", KINDS)
def test_a_slider_moves_the_query_and_the_overlay_follows(kind: str, page: Page, app_url: str) -> None:
    open_page(page, app_url, kind)
    seen = (lambda: viewer_pixels(page)) if kind == "volume" else (lambda: pixels(page, f"{kind}_data"))
    words, picture = reading(page, kind).inner_text(), seen()
    marked = viewer(page).get_attribute("data-query") if kind == "volume" else drawn(page, f"{kind}_data")
    mode, key = SLIDES[kind]
    slide(page, kind, mode, key)
    expect(reading(page, kind)).not_to_have_text(words)
    if kind == "volume":
        expect(viewer(page)).not_to_have_attribute("data-query", str(marked))
    else:
        wait_until_redrawn(page, f"{kind}_data", str(marked))
    settled(page)
    after = seen()
    assert after.shape == picture.shape, "The picture moved or changed its size when a number changed."
    assert np.any(after != picture)


def test_the_map_zooms_to_the_query_and_back(page: Page, app_url: str) -> None:
    open_page(page, app_url, "volume")
    whole = visible(page, "volume_map")
    tokens = 9 * 13 * 9
    assert whole == (0, tokens, 0, tokens)
    root = instrument(page, "volume_map")
    query = int(str(root.get_attribute("data-query")))
    root.get_by_role("button", name="To the query").click()
    expect(root).not_to_have_attribute("data-view", " ".join(map(str, whole)))
    first, last, _, _ = visible(page, "volume_map")
    assert first <= query < last
    assert last - first < tokens
    root.get_by_role("button", name="Whole map").click()
    expect(root).to_have_attribute("data-view", " ".join(map(str, whole)))


def test_another_layer_is_another_picture(page: Page, app_url: str) -> None:
    open_page(page, app_url, "volume")
    before = canvas_pixels(page, "volume_matrix_x")
    page.locator(".st-key-volume_layer").get_by_text("0", exact=True).click()
    expect(instrument(page, "volume_matrix_x")).to_contain_text("Layer 0, head 2")
    settled(page)
    after = canvas_pixels(page, "volume_matrix_x")
    assert after.shape == before.shape, "The picture moved or changed its size when a layer was chosen."
    assert np.any(after != before)


@pytest.mark.parametrize("kind", KINDS)
def test_the_gallery_opens_a_head(kind: str, page: Page, app_url: str) -> None:
    open_page(page, app_url, kind)
    thumb = at(page, f"{kind}_gallery").locator('[data-head="1,2"]')
    thumb.scroll_into_view_if_needed()
    expect(thumb).to_have_attribute("aria-current", "false")
    thumb.click()
    expect(reading(page, kind)).to_contain_text("Layer 1, head 2:")
    settled(page)
    expect(at(page, f"{kind}_gallery").locator('[data-head="1,2"]')).to_have_attribute("aria-current", "true")


@pytest.mark.parametrize("kind", KINDS)
def test_the_rollout_of_the_whole_model_follows_the_query(kind: str, page: Page, app_url: str) -> None:
    open_page(page, app_url, kind)
    at(page, f"{kind}_shown").get_by_text("Model", exact=True).click()
    expect(reading(page, kind)).to_contain_text("Whole model (attention rollout over 3 layers)")
    settled(page)
    expect(at(page, f"{kind}_map")).to_have_count(0)
    before, words = drawn(page, f"{kind}_rollout"), reading(page, kind).inner_text()
    mode, key = SLIDES[kind]
    slide(page, kind, mode, key)
    expect(reading(page, kind)).not_to_have_text(words)
    wait_until_redrawn(page, f"{kind}_rollout", before)
