"""A query is chosen, and everything follows: the sentence, the overlay, the matrices."""

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.browser.actions import (
    KINDS,
    MODES,
    click_figure,
    drawn,
    open_page,
    pixels,
    reading,
    settled,
    slide,
    wait_until_redrawn,
)

SLIDES = {"series": ("time", "ArrowLeft"), "volume": ("y", "ArrowRight"), "raster": ("row", "ArrowRight")}


@pytest.mark.parametrize("kind", KINDS)
def test_a_slider_moves_the_query_and_the_overlay_follows(kind: str, page: Page, app_url: str) -> None:
    open_page(page, app_url, kind)
    words, before, picture = reading(page, kind).inner_text(), drawn(page, f"{kind}_data"), pixels(page, f"{kind}_data")
    mode, key = SLIDES[kind]
    slide(page, kind, mode, key)
    expect(reading(page, kind)).not_to_have_text(words)
    wait_until_redrawn(page, f"{kind}_data", before)
    settled(page)
    after = pixels(page, f"{kind}_data")
    assert after.shape == picture.shape, "The picture moved or changed its size when a number changed."
    assert np.any(after != picture)


@pytest.mark.parametrize("kind", KINDS)
def test_a_click_in_the_data_moves_the_query(kind: str, page: Page, app_url: str) -> None:
    open_page(page, app_url, kind)
    words, before = reading(page, kind).inner_text(), drawn(page, f"{kind}_matrix_{MODES[kind][0]}")
    click_figure(page, f"{kind}_data", 0.3, 0.35)
    expect(reading(page, kind)).not_to_have_text(words)
    if kind != "series":  # the click may stay on the same station
        wait_until_redrawn(page, f"{kind}_matrix_{MODES[kind][0]}", before)


@pytest.mark.parametrize("kind", KINDS)
def test_a_click_in_a_matrix_moves_the_query_along_its_mode(kind: str, page: Page, app_url: str) -> None:
    open_page(page, app_url, kind)
    mode = SLIDES[kind][0]
    words, before = reading(page, kind).inner_text(), drawn(page, f"{kind}_data")
    click_figure(page, f"{kind}_matrix_{mode}", 0.5, 0.15)
    expect(reading(page, kind)).not_to_have_text(words)
    wait_until_redrawn(page, f"{kind}_data", before)


def test_the_map_zooms_to_the_query_and_back(page: Page, app_url: str) -> None:
    open_page(page, app_url, "volume")
    whole = drawn(page, "volume_map")
    page.get_by_role("button", name="Around the query").click()
    wait_until_redrawn(page, "volume_map", whole)
    settled(page)
    near = drawn(page, "volume_map")
    page.get_by_role("button", name="Whole map").click()
    wait_until_redrawn(page, "volume_map", near)
    settled(page)
    assert drawn(page, "volume_map") == whole


def test_another_layer_is_another_picture(page: Page, app_url: str) -> None:
    open_page(page, app_url, "volume")
    before = drawn(page, "volume_matrix_x")
    page.locator(".st-key-volume_layer").get_by_text("0", exact=True).click()
    wait_until_redrawn(page, "volume_matrix_x", before)
