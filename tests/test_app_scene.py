"""The class map of a whole raster on its page: offered where there is more, made beside the page, shown and kept."""

import gc
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from app.background import Job
from hot_core.errors import ModelError
from hot_core.io import read
from hot_core.models import load_model
from hot_core.scene import Progress, predict_scene
from hot_core.transforms import Segmentation
from tests.makers_samples import geotiff, open_tif
from tests.makers_scenes import NORTH_UP, bands_of
from tests.test_app_pages import ROOT, Open, calm, keyed, keys, open_page  # noqa: F401
from tests.test_app_pictures import spec

OLINDA = 1
START, STOP, EXTENT = "raster_scene_start", "raster_scene_stop", "raster_extent"


def olinda(app: AppTest) -> AppTest:
    """The sample that is larger than the region."""
    return calm(app.selectbox("raster_sample").set_value(OLINDA).run())


def classified(app: AppTest) -> AppTest:
    """The page after the button was pressed and the work was waited for."""
    app.button(START).click().run()
    _, job = app.session_state["raster_scene"]
    job.wait(120)
    return calm(app.run())


def shown(app: AppTest) -> list[str]:
    """Classes and areas in the legend of the map."""
    return [trace["name"] for trace in spec(app, "raster_prediction")["data"] if trace["type"] == "scatter"]


def captions(app: AppTest) -> str:
    return " ".join(text.value for text in app.caption)


@pytest.fixture(scope="module")
def whole() -> Segmentation:
    return predict_scene(read(ROOT / "sample_data" / "L7_ETMs.tif"), load_model("land-cover"))


def test_it_is_offered_only_where_the_scene_goes_on(open_page: Open) -> None:  # noqa: F811
    app = open_page("raster")
    assert START not in keys(app, "button")
    keyed(app.slider, "raster_region_row").set_value((0, 128)).run()
    assert START in keys(calm(app), "button")
    assert "1 window of 256 × 256 pixels" in captions(app)
    olinda(app)
    assert "4 windows of 256 × 256 pixels, about " in captions(app)
    assert EXTENT not in keys(app, "button_group")
    assert "raster_download_scene" not in keys(app, "download_button")
    assert "raster_scene" not in app.session_state


def test_the_map_of_the_whole_scene_is_shown_and_kept(open_page: Open, whole: Segmentation) -> None:  # noqa: F811
    app = olinda(open_page("raster"))
    region = shown(app)
    classified(app)
    assert START not in keys(app, "button")
    assert shown(app) != region
    for name, text in zip(whole.classes, shown(app), strict=True):
        amount = float(text.split(" · ")[1].split(" ")[0].replace(",", ""))
        assert amount == pytest.approx(whole.amounts[name], rel=0.01)
        assert text.endswith(" ha")
    assert "The attention on this page stays that of the analysed region" in captions(app)
    assert "raster_download_scene" in keys(app, "download_button")
    app.session_state[EXTENT] = "region"
    assert shown(calm(app.run())) == region


def test_it_stays_when_region_or_query_change_and_not_for_another_file(open_page: Open) -> None:  # noqa: F811
    app = classified(olinda(open_page("raster")))
    there = shown(app)
    keyed(app.slider, "raster_region_row").set_value((0, 64)).run()
    assert shown(calm(app)) == there
    data = geotiff(bands_of(ROOT / "sample_data" / "L7_ETMs.tif")[:301], NORTH_UP)
    app.file_uploader("raster_upload").set_value(("other.tif", data, "image/tiff")).run()
    assert START in keys(calm(app), "button")
    assert "raster_download_scene" not in keys(app, "download_button")


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Work that waits after its first window until it is let go."""
    go = threading.Event()

    def slow(*arguments: Any, progress: Callable[[Progress], None], **options: Any) -> None:
        progress(Progress(1, 4))
        go.wait(60)
        progress(Progress(2, 4))

    monkeypatch.setattr("app.parts.scene.predict_scene", slow)
    return go


def test_the_page_goes_on_while_it_is_made_and_it_can_be_stopped(
    open_page: Open,  # noqa: F811
    held: threading.Event,
) -> None:
    app = olinda(open_page("raster"))
    region = shown(app)
    app.button(START).click().run()
    assert STOP in keys(calm(app), "button")
    app.session_state["raster_head"] = 3
    assert "head 3" in next(text.value for text in calm(app.run()).markdown if text.value.startswith("Layer "))
    assert shown(app) == region
    _, job = app.session_state["raster_scene"]
    assert job.progress == Progress(1, 4)
    assert job.running
    app.button(STOP).click().run()
    assert START in keys(calm(app), "button")  # at once, though the work has not come to its next window yet
    assert STOP not in keys(app, "button")
    held.set()
    job.wait(60)
    assert (job.running, job.result, job.progress) == (False, None, Progress(1, 4))
    assert START in keys(calm(app.run()), "button")


def test_what_goes_wrong_is_said_and_can_be_tried_again(
    open_page: Open,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*arguments: Any, **options: Any) -> None:
        raise ModelError("256 × 256 × 6 values did not fit into memory.")

    monkeypatch.setattr("app.parts.scene.predict_scene", broken)
    app = classified(olinda(open_page("raster")))
    assert "did not fit into memory" in app.error[0].value
    monkeypatch.undo()
    app = classified(app)
    assert not app.error
    assert EXTENT in app.session_state


def test_a_job_gives_its_result_and_its_error() -> None:
    def work(told: Callable[[Progress], None]) -> int:
        told(Progress(5, 7))
        return 11

    job = Job(work)
    job.wait(60)
    assert (job.result, job.progress, job.running) == (11, Progress(5, 7), False)

    def broken(told: Callable[[Progress], None]) -> int:
        raise ModelError("no memory")

    failed = Job(broken)
    failed.wait(60)
    with pytest.raises(ModelError, match="no memory"):
        _ = failed.result


def test_a_job_that_nobody_holds_ends_by_itself() -> None:
    begun, ended = threading.Event(), threading.Event()

    def endless(told: Callable[[Progress], None]) -> None:
        try:
            while True:
                told(Progress(1, 2))
                begun.set()
        finally:
            ended.set()

    job = Job(endless)
    assert begun.wait(60)
    assert not ended.is_set()
    del job
    gc.collect()
    assert ended.wait(60)


def test_the_kept_map_has_the_files_place_and_its_missing_pixels(whole: Segmentation, open_page: Open) -> None:  # noqa: F811
    from dataclasses import replace

    from hot_core.export import prediction_bytes
    from hot_core.pipeline import analyse

    sample = read(ROOT / "sample_data" / "L7_ETMs.tif")
    analysis = replace(analyse(sample, load_model("land-cover")), prediction=whole)
    dataset, labels = open_tif(prediction_bytes(analysis)[0])
    with dataset:
        assert dataset.crs.to_epsg() == 31985
        assert dataset.nodata == -1
        assert tuple(dataset.transform)[:6] == sample.geometry.transform
    np.testing.assert_array_equal(labels[..., 0], whole.labels.values)
