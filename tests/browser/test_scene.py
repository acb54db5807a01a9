"""The whole of a raster, classified while the page is used."""

from pathlib import Path

import numpy as np
from playwright.sync_api import Page, expect

from hot_core.figures.style import number
from hot_core.io import read
from hot_core.models import load_model
from hot_core.scene import predict_scene
from tests.browser.actions import at, download, figure, open_page, reading, upload
from tests.browser.server import ROOT
from tests.makers_samples import open_tif

LIMIT_MS = 240_000


def test_the_whole_scene_appears_and_a_click_meanwhile_is_answered(page: Page, app_url: str, tmp_path: Path) -> None:
    open_page(page, app_url, "raster")
    path = ROOT / "sample_data" / "L7_ETMs.tif"
    upload(page, "raster", path)
    start = at(page, "raster_scene_start").get_by_role("button")
    expect(start).to_be_visible(timeout=LIMIT_MS)
    start.click()
    expect(at(page, "raster_scene_stop")).to_be_visible(timeout=LIMIT_MS)
    at(page, "raster_head").get_by_text("3", exact=True).click()
    expect(reading(page, "raster")).to_contain_text("head 3", timeout=LIMIT_MS)
    expect(at(page, "raster_extent")).to_be_visible(timeout=LIMIT_MS)
    expect(at(page, "raster_scene_stop")).to_have_count(0)
    dataset, kept = open_tif(download(page, "raster", "scene", tmp_path).read_bytes())
    dataset.close()
    expected = predict_scene(read(path), load_model("land-cover"))
    np.testing.assert_array_equal(kept[..., 0], expected.labels.values)
    expect(figure(page, "raster_prediction")).to_contain_text(f"{number(expected.amounts['open'])} ha")
