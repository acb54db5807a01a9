"""Files of each kind that are not in sample_data go through, and come back in their own geometry."""

import json
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
import rasterio
from playwright.sync_api import Page, expect

import hot_core as hot
from tests.browser import files
from tests.browser.actions import MODES, download, open_page, reading, settled, upload


def bring(page: Page, app_url: str, kind: str, path: Path) -> None:
    """Opens a page, brings a file, waits for its analysis."""
    open_page(page, app_url, kind)
    words = reading(page, kind).inner_text()
    upload(page, kind, path)
    expect(page.get_by_role("heading", name=path.name)).to_be_visible()
    expect(reading(page, kind)).not_to_have_text(words)
    settled(page)


def assert_factors(path: Path, kind: str) -> None:
    """Every layer has a row-stochastic matrix for every mode, with its coordinates and a manifest."""
    with np.load(path, allow_pickle=False) as arrays:
        manifest = json.loads(str(arrays["manifest"]))
        assert manifest
        for mode in MODES[kind]:
            factor = arrays[f"layer0_{mode}"]
            assert factor.ndim == 3
            assert factor.shape[1] == factor.shape[2] == len(arrays[f"coords_{mode}"])
            np.testing.assert_allclose(factor.sum(-1), 1, atol=1e-4)


def test_a_spreadsheet_from_elsewhere(page: Page, app_url: str, tmp_path: Path) -> None:
    path = files.write_series(tmp_path / "nordic.csv")
    bring(page, app_url, "series", path)
    expect(reading(page, "series")).to_contain_text("Reykjavik")
    field = pd.read_csv(download(page, "series", "field", tmp_path))
    stamps = pd.to_datetime(field["time"])
    assert stamps.min() >= pd.Timestamp("2024-02-26")
    assert stamps.max() == pd.Timestamp("2024-03-06 23:00")
    weights = field.select_dtypes("number").to_numpy()
    assert np.nanmax(weights) > 0
    forecast = pd.read_csv(download(page, "series", "prediction", tmp_path))
    assert pd.to_datetime(forecast["time"]).max() == pd.Timestamp("2024-03-06 23:00")  # where it meets what happened
    lines = [name for name in forecast.columns if name.startswith("temperature")]
    ends = ["80 % interval low", "80 % interval high"] if hot.load_model("air-quality").config.quantiles else []
    assert lines == [f"temperature {n} [°C]" for n in ("forecast", *ends, "seasonal naive", "observed")]
    assert forecast[lines].notna().all(axis=None)
    assert_factors(download(page, "series", "factors", tmp_path), "series")


def test_a_file_in_the_place_of_another_starts_at_its_own_query(page: Page, app_url: str, tmp_path: Path) -> None:
    bring(page, app_url, "series", files.write_series(tmp_path / "nordic.csv"))
    first = reading(page, "series").inner_text()
    expect(page.get_by_role("combobox", name="entity")).to_have_value("Reykjavik")
    values = np.sin(np.arange(700) / 4).round(3)
    stamps = pd.date_range("2021-05-01", periods=700, freq="h")
    pd.DataFrame({"time": stamps, "Graz_level [m]": values, "Linz_level [m]": values[::-1]}).to_csv(
        tmp_path / "rivers.csv", index=False
    )
    upload(page, "series", tmp_path / "rivers.csv")
    expect(reading(page, "series")).to_contain_text("Graz")
    settled(page)
    expect(reading(page, "series")).to_contain_text("2021-05-29")  # the last time steps that the model sees
    expect(page.get_by_role("combobox", name="entity")).to_have_value("Graz")
    (tmp_path / "broken.csv").write_text("not, a\ntable")
    upload(page, "series", tmp_path / "broken.csv")
    expect(reading(page, "series")).to_contain_text("EWR")
    settled(page)
    expect(reading(page, "series")).to_contain_text("2013-12-29 20:00–24:00")
    assert first != reading(page, "series").inner_text()


def test_an_oblique_volume(page: Page, app_url: str, sample_data: Path, tmp_path: Path) -> None:
    path = files.write_oblique_volume(sample_data / "mni152_hippocampus_L.nii.gz", tmp_path / "turned.nii.gz")
    bring(page, app_url, "volume", path)
    source = nib.load(path)
    for what in ("field", "prediction"):
        image = nib.load(download(page, "volume", what, tmp_path))
        assert image.shape == source.shape
        np.testing.assert_allclose(image.affine, source.affine, atol=1e-5)
        assert image.header["sform_code"] == image.header["qform_code"] == 1
        assert b"Doe" not in image.header["descrip"].tobytes()
        assert np.nanmax(image.get_fdata()) > 0
    assert_factors(download(page, "volume", "factors", tmp_path), "volume")


def test_a_raster_in_degrees(page: Page, app_url: str, sample_data: Path, tmp_path: Path) -> None:
    path = files.write_geographic_raster(sample_data / "s2_brandenburg_256_6band.tif", tmp_path / "degrees.tif")
    bring(page, app_url, "raster", path)
    with rasterio.open(path) as source:
        for what in ("field", "prediction"):
            with rasterio.open(download(page, "raster", what, tmp_path)) as out:
                assert out.crs == source.crs
                assert out.shape == source.shape
                assert out.transform.almost_equals(source.transform)
                assert np.nanmax(out.read(1, masked=True)) > 0
    assert_factors(download(page, "raster", "factors", tmp_path), "raster")


def test_the_start_page_takes_any_file_to_its_page(page: Page, app_url: str, tmp_path: Path) -> None:
    open_page(page, app_url, "start")
    upload(page, "start", files.write_series(tmp_path / "nordic.csv"))
    expect(reading(page, "series")).to_contain_text("uniform")
    expect(page.get_by_role("heading", name="nordic.csv")).to_be_visible()


@pytest.mark.parametrize(
    ("kind", "name", "content", "sentence"),
    [
        ("series", "empty.csv", b"", "empty"),
        ("raster", "letter.tif", b"Dear Madam, the scene you asked for is attached.", "letter.tif"),
    ],
)
def test_a_bad_file_gets_a_sentence(
    kind: str, name: str, content: bytes, sentence: str, page: Page, app_url: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    open_page(page, app_url, kind)
    upload(page, kind, path)
    expect(page.get_by_test_id("stAlert").first).to_contain_text(sentence)
    settled(page)
    expect(reading(page, kind)).to_contain_text("uniform")


def test_a_damaged_volume_gets_a_sentence_and_the_page_stays_usable(
    page: Page, app_url: str, sample_data: Path, tmp_path: Path
) -> None:
    source = sample_data / "mni152_hippocampus_L.nii.gz"
    open_page(page, app_url, "volume")
    upload(page, "volume", files.write_damaged_volume(source, tmp_path / "half.nii.gz"))
    expect(page.get_by_test_id("stAlert").first).to_contain_text("half.nii.gz")
    upload(page, "volume", files.write_oblique_volume(source, tmp_path / "turned.nii.gz"))
    expect(page.get_by_role("heading", name="turned.nii.gz")).to_be_visible()
    expect(page.get_by_test_id("stAlert").filter(has_text="half.nii.gz")).to_have_count(0)


def test_a_file_of_another_kind_is_sent_to_its_page(page: Page, app_url: str, sample_data: Path) -> None:
    open_page(page, app_url, "series")
    upload(page, "series", sample_data / "mni152_hippocampus_R.nii.gz")
    expect(page.get_by_test_id("stAlert").first).to_contain_text("is a volume, not a time series")
