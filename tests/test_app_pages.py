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
    starts = ("Layer ", "Whole model")
    return next(text.value for text in app.markdown if text.value.startswith(starts)).replace("\\", "")


def keys(app: AppTest, kind: str) -> set[str]:
    return {element.key for element in app.get(kind) if getattr(element, "key", None)}


def keyed(widgets: Sequence[Any], name: str) -> Any:
    """The one widget whose key is this name and a hash of what it belongs to."""
    (found,) = [widget for widget in widgets if widget.key and widget.key.rpartition("_")[0] == name]
    return found


def charts(app: AppTest) -> int:
    return len(app.get("plotly_chart"))


def payloads(app: AppTest) -> list[dict[str, Any]]:
    """What the attention maps are sent, beginning with the Kronecker map."""
    found = [part.proto for part in app.get("bidi_component") if part.proto.component_name == "hot_lens_attention_map"]
    return [json.loads(proto.bytes[4 : 4 + int.from_bytes(proto.bytes[:4], "little")]) for proto in found]


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
    if kind == "volume":
        assert [part.proto.component_name for part in app.get("bidi_component")].count("hot_lens_volume_viewer") == 1
    else:
        assert charts(app) >= 1
    whole, *matrices = payloads(app)
    assert whole["map"]["sizes"] == [each["map"]["sizes"][0] for each in matrices]
    assert [each["modes"][0]["name"] for each in matrices] == list(MODES[kind])
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
    seen = [reading(app)]
    for key, value in (
        (f"{kind}_layer", 0),
        (f"{kind}_head", 3),
        (f"{kind}_shown", "layer"),
        (f"{kind}_weights", "output"),
        (f"{kind}_direction", "column"),
        (f"{kind}_shown", "model"),
        (f"{kind}_direction", "row"),
    ):
        app.session_state[key] = value
        seen.append(reading(calm(app.run())))
    assert len(set(seen)) == 8
    assert "head 3" in seen[2]
    assert "mean of 4 heads" in seen[3]
    assert "weighted by their share of the output" in seen[4]
    assert "is looked at most by" in seen[5]
    assert all(sentence.startswith("Whole model (attention rollout over 3 layers)") for sentence in seen[6:])


@pytest.mark.parametrize("kind", KINDS)
def test_one_plain_sentence_says_what_the_colours_mean(kind: str, open_page: Open) -> None:
    app = open_page(kind)

    def said() -> str:
        (found,) = [text.value for text in app.markdown if text.value.startswith("**Orange**")]
        return found

    assert "the **brighter** another place, the more this head draws on it there." in said()
    app.session_state[f"{kind}_direction"] = "column"
    app.session_state[f"{kind}_shown"] = "layer"
    calm(app.run())
    assert "the **brighter** another place, the more this layer draws on orange for it." in said()
    app.session_state[f"{kind}_shown"] = "model"
    calm(app.run())
    assert "the more the model draws on orange for it." in said()
    assert [text.value for text in app.sidebar.markdown][:1] == ["Choose"]


@pytest.mark.parametrize("kind", KINDS)
def test_head_layer_and_model_say_what_they_are_and_are_not(kind: str, open_page: Open) -> None:
    app = open_page(kind)
    for shown, pictures, words in (
        ("head", 4, "It is not the whole layer"),
        ("layer", 4, "It is in general not one Kronecker product"),
        ("model", 0, "It is not one Kronecker product and not what the model computes"),
    ):
        app.session_state[f"{kind}_shown"] = shown
        calm(app.run())
        assert len(payloads(app)) == pictures
        assert any(words in text.value for text in app.markdown), shown
    heads = {shown: None for shown in ("head", "layer")}
    for shown in heads:
        app.session_state[f"{kind}_shown"] = shown
        heads[shown] = payloads(calm(app.run()))[0]["map"]["heads"]
    assert heads == {"head": 1, "layer": 4}


@pytest.mark.parametrize("kind", KINDS)
def test_query_and_key_are_chosen_undone_and_redone(kind: str, open_page: Open) -> None:
    app = open_page(kind)
    mode = MODES[kind][1]

    def chosen() -> tuple[int | None, int | None]:
        header = payloads(app)[0]
        return header["query"], header["key"]

    def slide() -> None:
        slider = keyed(app.select_slider, f"{kind}_slider_{mode}")
        slider.set_value(0 if slider.value else 1).run()
        calm(app)

    first = chosen()
    assert first[1] is None
    slide()
    second = chosen()
    assert second[0] != first[0]
    app.session_state[f"{kind}_picks"] = "key"
    calm(app.run())
    slide()
    third = chosen()
    assert third[0] == second[0]
    assert third[1] is not None
    assert any("→" in text.value for text in app.markdown)
    app.button(f"{kind}_undo").click().run()
    assert chosen() == second
    app.button(f"{kind}_undo").click().run()
    assert chosen() == first
    assert app.button(f"{kind}_undo").disabled
    app.button(f"{kind}_redo").click().run()
    app.button(f"{kind}_redo").click().run()
    assert chosen() == third
    assert app.button(f"{kind}_redo").disabled
    app.button(f"{kind}_nokey").click().run()
    assert chosen() == second


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


def test_months_are_a_step_like_any_other(open_page: Open) -> None:
    app = open_page("series")
    rows = [f"{1900 + at // 12}-{at % 12 + 1:02d}-01,{at % 12}.5" for at in range(149)]
    app.file_uploader("series_upload").set_value(("m.csv", "\n".join(["time,rain", *rows]).encode(), "text/csv")).run()
    assert not calm(app).error
    assert any("149 steps every 1 month" in text.value for text in app.markdown)
    assert "1910" in reading(app)


def test_what_a_table_leaves_open_is_asked_and_the_answer_is_used(open_page: Open) -> None:
    app = open_page("series")
    stamps = [f"{day:02d}/{month:02d}/2013" for month in (1, 2, 3, 4) for day in range(1, 13)]
    rows = [f"{stamp},{20 + at % 7}" for at, stamp in enumerate(stamps)]
    table = "\n".join(["date,level [m]", *rows, *rows[-1:]])
    app.file_uploader("series_upload").set_value(("levels.csv", table.encode(), "text/csv")).run()
    assert "may mean two days" in app.error[0].value
    assert "How to read the table" in app.caption[0].value
    keyed(app.selectbox, "series_dayfirst").select(False).run()
    assert "row" in app.error[0].value  # the same time twice: named, and still not decided in silence
    keyed(app.selectbox, "series_duplicates").select("first").run()
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


def test_the_first_volume_says_why_it_is_called_unlike_the_training_data(open_page: Open) -> None:
    app = open_page("volume")
    assert any("unlike" in text.value for text in app.markdown)
    assert any("a mean of 152 heads, smoother than any single one" in text.value for text in app.caption)
    app.selectbox("volume_sample").set_value(3).run()
    assert not any("152 heads" in text.value for text in app.caption)


def test_models_page_shows_every_card(open_page: Open) -> None:
    app = open_page("models")
    assert [tab.label for tab in app.tabs] == ["adrenal", "air-quality", "hippocampus", "land-cover"]
    text = " ".join(part.value for part in app.markdown)
    assert text.count("sha256") == 4
    assert "model-index" not in text


@pytest.mark.parametrize("kind", KINDS)
def test_the_listener_hears_every_figure_that_can_be_clicked(kind: str, open_page: Open) -> None:
    app = open_page(kind)
    sent = [
        json.loads(part.proto.json) for part in app.get("bidi_component") if part.proto.WhichOneof("data") == "json"
    ]
    (heard,) = [set(data["figures"]) for data in sent if "figures" in data]
    assert (f"{kind}_data" in heard) == (kind != "volume")  # the volume's viewer tells of its clicks itself
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
