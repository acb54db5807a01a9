"""Every page, run in process: it opens with an analysis, follows every choice, and never shows a traceback."""

import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import rasterio
from rasterio.transform import from_origin
from streamlit.testing.v1 import AppTest

ROOT = Path(__file__).resolve().parents[1]
KINDS = ("series", "volume", "raster")
MODES = {"series": ("entity", "variable", "time"), "volume": ("x", "y", "z"), "raster": ("row", "column", "band")}
Open = Callable[[str], AppTest]


@pytest.fixture
def open_page() -> Open:
    def open_one(name: str) -> AppTest:
        app = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=120).run()
        if name != "start":
            app.switch_page(f"views/{name}.py").run()
        return calm(app)

    return open_one


def calm(app: AppTest) -> AppTest:
    """A run without exceptions."""
    assert not app.exception, app.exception[0].stack_trace
    return app


def reading(app: AppTest) -> str:
    """The sentence above the pictures."""
    return next(text.value for text in app.markdown if text.value.startswith("Layer ")).replace("\\", "")


def keys(app: AppTest, kind: str) -> set[str]:
    return {element.key for element in app.get(kind) if getattr(element, "key", None)}


def keyed(widgets: Sequence[Any], name: str) -> Any:
    """The one widget whose key is this name and a hash of what it belongs to."""
    (found,) = [widget for widget in widgets if widget.key and widget.key.rpartition("_")[0] == name]
    return found


def charts(app: AppTest) -> int:
    return len(app.get("plotly_chart"))


def csv(rows: int = 120) -> bytes:
    hours = pd.date_range("2024-02-26", periods=rows, freq="h")
    wave = np.sin(2 * np.pi * np.arange(rows) / 24)
    table = pd.DataFrame({"time": hours, "Oslo_temp [°C]": 3 + wave, "Turku_temp [°C]": 2 - wave})
    return table.to_csv(index=False).encode()


def nameless_raster(path: Path) -> bytes:
    """Three bands, and nothing that says what they are."""
    rng = np.random.default_rng(0)
    profile = {
        "driver": "GTiff", "width": 24, "height": 20, "count": 3, "dtype": "uint8", "crs": "EPSG:32633",
        "transform": from_origin(500_000, 5_800_000, 10, 10),
    }  # fmt: skip
    with rasterio.open(path, "w", **profile) as out:
        out.write(rng.integers(1, 255, (3, 20, 24), dtype=np.uint8))
    return path.read_bytes()


def test_start_shows_three_samples_already_analysed(open_page: Open) -> None:
    app = open_page("start")
    assert charts(app) == 3
    assert not app.error
    assert {f"start_open_{kind}" for kind in KINDS} <= keys(app, "button")
    assert sum("times uniform" in text.value for text in app.caption) == 3


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_opens_with_a_sample_analysed(kind: str, open_page: Open) -> None:
    app = open_page(kind)
    assert not app.error
    assert "looks most at" in reading(app)
    assert charts(app) >= 6
    assert any("not a medical device" in box.label for box in app.expander)


@pytest.mark.parametrize("kind", KINDS)
def test_the_page_says_what_the_attention_saves(kind: str, open_page: Open) -> None:
    app = open_page(kind)
    (said,) = [text.value for text in app.markdown if "Compared with full attention on " in text.value]
    assert "multiply–adds in the whole model, " in said
    assert "attention weights a head" in said


@pytest.mark.parametrize("kind", KINDS)
def test_a_slider_moves_the_query(kind: str, open_page: Open) -> None:
    app = open_page(kind)
    before = reading(app)
    mode = MODES[kind][1]
    slider = keyed(app.select_slider, f"{kind}_slider_{mode}")
    slider.set_value(0 if slider.value else 1).run()
    assert reading(calm(app)) != before


@pytest.mark.parametrize("kind", KINDS)
def test_layer_head_and_direction_change_the_reading(kind: str, open_page: Open) -> None:
    app = open_page(kind)
    seen = {reading(app)}
    for key, value in (
        (f"{kind}_layer", 0),
        (f"{kind}_head", 3),
        (f"{kind}_head", -1),
        (f"{kind}_direction", "column"),
    ):
        app.session_state[key] = value
        seen.add(reading(calm(app.run())))
    assert len(seen) == 5
    assert "mean of 4 heads" in reading(app)
    assert "is looked at most by" in reading(app)


@pytest.mark.parametrize("kind", KINDS)
def test_there_are_three_things_to_keep(kind: str, open_page: Open) -> None:
    app = open_page(kind)
    expected = {f"{kind}_download_{what}" for what in ("field", "prediction", "factors")}
    assert expected <= keys(app, "download_button")


@pytest.mark.parametrize("kind", KINDS)
def test_a_bad_file_gets_a_sentence_and_the_page_shows_the_sample(kind: str, open_page: Open) -> None:
    app = open_page(kind)
    words = reading(app)
    app.file_uploader(f"{kind}_upload").set_value(
        ("letter.bin", b"\x00\x01 not data", "application/octet-stream")
    ).run()
    calm(app)
    assert "letter.bin" in app.error[0].value
    assert reading(app) == words
    app.button(f"{kind}_back").click().run()
    assert not calm(app).error


def test_an_upload_is_analysed_and_can_be_put_away(open_page: Open) -> None:
    app = open_page("series")
    app.file_uploader("series_upload").set_value(("nordic.csv", csv(), "text/csv")).run()
    assert not calm(app).error
    assert "Oslo" in reading(app)
    assert any("nordic" in text.value for text in app.markdown)
    app.button("series_back").click().run()
    assert "Oslo" not in reading(calm(app))


def test_what_a_table_leaves_open_is_asked_and_the_answer_is_used(open_page: Open) -> None:
    app = open_page("series")
    stamps = [f"{day:02d}/{month:02d}/2013" for month in (1, 2, 3, 4) for day in range(1, 13)]
    rows = [f"{stamp},{20 + at % 7}" for at, stamp in enumerate(stamps)]
    table = "\n".join(["date,level [m]", *rows, *rows[-1:]])
    app.file_uploader("series_upload").set_value(("levels.csv", table.encode(), "text/csv")).run()
    assert "may mean two days" in app.error[0].value
    assert "How to read the table" in app.caption[0].value
    app.selectbox("series_dayfirst").select(False).run()
    assert "row" in app.error[0].value  # the same time twice: named, and still not decided in silence
    app.selectbox("series_duplicates").select("first").run()
    calm(app)
    assert not app.error
    assert "levels.csv" in app.markdown[0].value.replace("\\", "")


def test_an_upload_stays_while_other_pages_are_open(open_page: Open) -> None:
    app = open_page("series")
    app.file_uploader("series_upload").set_value(("nordic.csv", csv(), "text/csv")).run()
    app.switch_page("views/models.py").run()
    app.switch_page("views/series.py").run()
    assert "Oslo" in reading(calm(app))


def test_a_file_of_another_kind_is_named(open_page: Open) -> None:
    app = open_page("volume")
    app.file_uploader("volume_upload").set_value(("nordic.csv", csv(), "text/csv")).run()
    assert "is a time series, not a volume" in calm(app).error[0].value


def test_unknown_bands_are_asked_for_and_never_guessed(open_page: Open, tmp_path: Path) -> None:
    app = open_page("raster")
    data = nameless_raster(tmp_path / "plain.tif")
    app.file_uploader("raster_upload").set_value(("plain.tif", data, "image/tiff")).run()
    calm(app)
    boxes = [app.selectbox(f"raster_band_{at}") for at in range(3)]
    assert [box.value for box in boxes] == [None, None, None]
    assert not app.get("plotly_chart")
    for box, role in zip(boxes, ("green", "green", "nir"), strict=True):
        box.set_value(role)
    app.button("raster_bands_submit").click().run()
    assert "twice" in calm(app).error[0].value
    app.selectbox("raster_band_1").set_value("red")
    app.button("raster_bands_submit").click().run()
    assert not calm(app).error
    assert "looks most at" in reading(app)


def test_another_part_of_the_series_is_analysed(open_page: Open) -> None:
    app = open_page("series")
    keyed(app.slider, "series_window").set_value(0).run()
    assert "2013-01-0" in reading(calm(app))


def test_another_region_of_the_volume_is_analysed(open_page: Open) -> None:
    app = open_page("volume")
    keyed(app.slider, "volume_region_x").set_value((0, 20)).run()
    calm(app)
    assert len(keyed(app.select_slider, "volume_slider_x").options) == 5


@pytest.mark.parametrize("sample", [2, 3, 4])
def test_the_other_volumes_open_too(sample: int, open_page: Open) -> None:
    app = open_page("volume")
    app.selectbox("volume_sample").set_value(sample).run()
    assert not calm(app).error
    assert "uniform" in reading(app)


def test_a_volume_without_place_shows_no_millimetres_and_no_sides(open_page: Open) -> None:
    app = open_page("volume")
    assert not app.toggle("volume_radiological").disabled
    app.selectbox("volume_sample").set_value(3).run()
    calm(app)
    assert "voxel (" in reading(app)
    assert " mm" not in reading(app)
    assert app.toggle("volume_radiological").disabled
    assert any("64 × 64 × 64 voxels · no unit" in text.value for text in app.markdown)
    assert any("the model calls both of them mass" in text.value for text in app.caption)


def test_the_map_goes_to_the_query_and_back(open_page: Open) -> None:
    app = open_page("volume")
    app.button("volume_map_near").click().run()
    assert any("each pixel is one entry" in text.value for text in calm(app).caption)
    app.button("volume_map_whole").click().run()
    assert any("exact mean of about" in text.value for text in calm(app).caption)


def test_models_page_shows_every_card(open_page: Open) -> None:
    app = open_page("models")
    assert [tab.label for tab in app.tabs] == ["adrenal", "air-quality", "hippocampus", "land-cover"]
    text = " ".join(part.value for part in app.markdown)
    assert text.count("sha256") == 4
    assert "model-index" not in text


@pytest.mark.parametrize("kind", KINDS)
def test_the_listener_hears_every_figure_that_can_be_clicked(kind: str, open_page: Open) -> None:
    app = open_page(kind)
    (listener,) = app.get("bidi_component")
    heard = set(json.loads(listener.proto.json)["figures"])
    assert {f"{kind}_data", f"{kind}_map", *(f"{kind}_matrix_{mode}" for mode in MODES[kind])} <= heard
    assert heard <= {chart.key for chart in app.get("plotly_chart")}


def test_names_in_a_file_are_never_commands(open_page: Open) -> None:
    app = open_page("series")
    data = csv().replace(b"Oslo_temp", b"*Os*lo_:red[temp]")
    app.file_uploader("series_upload").set_value(("a_b_[c](d).csv", data, "text/csv")).run()
    assert not calm(app).error
    sentence = next(text.value for text in app.markdown if text.value.startswith("Layer "))
    assert "\\*Os\\*lo" in sentence
    assert any("a\\_b\\_\\[c\\](d).csv" in text.value for text in app.markdown)


def test_no_file_name_reaches_the_address(open_page: Open) -> None:
    app = open_page("series")
    app.file_uploader("series_upload").set_value(("private_name.csv", csv(), "text/csv")).run()
    assert not calm(app).query_params
    assert all("private_name" not in button.proto.label for button in app.get("download_button"))


def test_a_damaged_upload_of_each_form_never_ends_in_a_traceback(open_page: Open) -> None:
    app = open_page("series")
    for name, data in (("a.csv", b""), ("b.nii", b"\x5c\x01\x00\x00" + bytes(400)), ("c.tif", b"II*\x00" + bytes(9))):
        app.file_uploader("series_upload").set_value((name, io.BytesIO(data).getvalue(), "")).run()
        assert calm(app).error
