"""What if …: hiding by hand on the three pages, before and after side by side, undone, and nobody else's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from app.parts.evidence import hiding
from tests.test_app_pages import Open, calm, csv, keyed, keys, open_page  # noqa: F401
from tests.test_app_pictures import spec


def asking(app: AppTest, kind: str) -> AppTest:
    """The page with the part that asks what if."""
    app.session_state[f"{kind}_trust"] = "what if"
    return calm(app.run())


def press(app: AppTest, name: str) -> AppTest:
    keyed(app.button, name).click().run()
    return calm(app)


def told(app: AppTest) -> list[str]:
    """The hidden parts in words."""
    lines = [text.value for text in app.markdown if text.value.startswith(":material/visibility_off: ")]
    return [line.removeprefix(":material/visibility_off: ").replace("\\", "") for line in lines]


def sentence(app: AppTest) -> str:
    """What changed."""
    wanted = (
        " get another class",
        " moves by ",
        "no forecast",
        "Nothing changes",
        "The probability of",
        "not change at",
    )
    return next(
        text.value.strip("*").replace("\\", "") for text in app.markdown if any(w in text.value for w in wanted)
    )


def panel(app: AppTest, kind: str, name: str) -> dict[str, Any]:
    return spec(app, f"{kind}_what_if_{name}")


def limits(figure: dict[str, Any]) -> tuple[float, float]:
    """The ends of the colour bar of the weights."""
    axes = [
        axis for name, axis in figure["layout"].items() if name.startswith("coloraxis") and axis.get("showscale", 1)
    ]
    shown = [axis for axis in axes if "title" in axis.get("colorbar", {})]
    return shown[-1]["cmin"], shown[-1]["cmax"]


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What the model was asked with."""
    asked: list[tuple[Any, ...]] = []
    whole = hiding.analyse

    def counted(sample: Any, model: Any, settings: Any) -> Any:
        asked.append(settings.hidden)
        return whole(sample, model, settings)

    monkeypatch.setattr(hiding, "analyse", counted)
    return asked


@pytest.mark.parametrize(
    ("kind", "button", "words", "changed"),
    [
        ("series", "add", "EWR · every variable · 2013-12-29 00:00 to 2013-12-29 23:00 (24 steps)", " moves by −"),
        ("volume", "around", "x −36.5 to −20.5 mm · y −32.5 to −16.5 mm · z −23.5 to −7.5 mm", "voxels get"),
        ("raster", "around", "rows 110–141 (northing 5,818,700 to 5,819,020 m) · columns 110–141", "pixels get"),
    ],
)  # fmt: skip
def test_a_part_is_hidden_listed_compared_and_shown_again(
    kind: str, button: str, words: str, changed: str, open_page: Open, runs: list[Any],  # noqa: F811
) -> None:  # fmt: skip
    app = asking(open_page(kind), kind)
    assert any("Nothing is hidden yet" in caption.value for caption in app.caption)
    assert not any("what_if" in key for key in keys(app, "plotly_chart"))
    assert not told(app)
    assert runs == []  # nothing is asked before something is hidden
    press(app, f"{kind}_what_if_{button}")
    assert len(told(app)) == 1
    assert words in told(app)[0]
    assert changed in sentence(app)
    before, after, apart = (panel(app, kind, name) for name in ("before", "after", "difference"))
    assert limits(before) == limits(after)
    assert limits(before)[0] == 0
    low, high = limits(apart)
    assert low == -high < 0
    for figure in (before, after, apart):
        assert any(shape["line"].get("dash") == "2px,2px" for shape in figure["layout"]["shapes"])
    count = len(runs)
    calm(app.run())
    assert len(runs) == count  # kept
    press(app, f"{kind}_what_if_undo")
    assert not told(app)
    assert any("Nothing is hidden yet" in caption.value for caption in app.caption)


def test_several_parts_are_removed_one_by_one_undone_and_shown_all(open_page: Open) -> None:  # noqa: F811
    app = press(asking(open_page("series"), "series"), "series_what_if_add")
    keyed(app.multiselect, "series_what_if_entity").set_value([0, 2]).run()
    keyed(app.multiselect, "series_what_if_variable").set_value([1]).run()
    press(app, "series_what_if_add")
    assert [line.split(" · ")[:2] for line in told(app)] == [
        ["EWR", "every variable"],
        ["EWR", "dewp"],
        ["LGA", "dewp"],
    ]
    press(app, "series_what_if_add")
    assert len(told(app)) == 3  # the same again is not listed twice
    press(app, "series_what_if_remove_1")
    assert [line.split(" · ")[:2] for line in told(app)] == [["EWR", "every variable"], ["LGA", "dewp"]]
    press(app, "series_what_if_undo")
    assert len(told(app)) == 3
    press(app, "series_what_if_all")
    assert not told(app)
    press(app, "series_what_if_undo")
    assert len(told(app)) == 3


def test_what_cannot_be_hidden_is_said_and_not_listed(open_page: Open) -> None:  # noqa: F811
    app = asking(open_page("volume"), "volume")
    for name, size in (("x", 36), ("y", 52), ("z", 36)):
        keyed(app.slider, f"volume_what_if_{name}").set_value((0, size)).run()
    press(app, "volume_what_if_add")
    assert any("Everything that the model would see is hidden" in error.value for error in app.error)
    assert not told(app)
    keyed(app.slider, "volume_what_if_y").set_value((7, 7)).run()
    press(app, "volume_what_if_add")
    assert any("The part to hide is empty" in error.value for error in app.error)
    assert not told(app)


def test_bands_alone_are_hidden_over_a_part_of_the_map(open_page: Open, runs: list[Any]) -> None:  # noqa: F811
    app = asking(open_page("raster"), "raster")
    keyed(app.multiselect, "raster_what_if_band").set_value([1, 2, 4]).run()
    keyed(app.slider, "raster_what_if_row").set_value((3, 11)).run()
    keyed(app.slider, "raster_what_if_column").set_value((0, 256)).run()
    press(app, "raster_what_if_add")
    assert runs[-1] == (((3, 11), (0, 256), (1, 3)), ((3, 11), (0, 256), (4, 5)))
    assert len(told(app)) == 2


def test_a_lost_forecast_is_said_in_words(open_page: Open) -> None:  # noqa: F811
    app = asking(open_page("series"), "series")
    keyed(app.select_slider, "series_what_if_period").set_value((8610, 8705)).run()
    press(app, "series_what_if_add")
    assert sentence(app) == "EWR · temp: no forecast, since this series is hidden along the whole window."
    after = {trace["name"]: trace for trace in spec(app, "series_what_if_lines")["data"]}["forecast after"]
    assert "bdata" in after["y"] or all(value is None for value in after["y"])


def test_the_query_stays_that_of_the_page_and_the_parts_stay_hidden(open_page: Open) -> None:  # noqa: F811
    app = press(asking(open_page("series"), "series"), "series_what_if_add")
    first = panel(app, "series", "before")["layout"]["shapes"]
    keyed(app.select_slider, "series_slider_entity").set_value(2).run()
    assert len(told(calm(app))) == 1
    assert panel(app, "series", "before")["layout"]["shapes"] != first
    assert sentence(app).startswith("LGA · temp: ")


def test_another_window_file_or_session_has_nothing_hidden(open_page: Open) -> None:  # noqa: F811
    app = press(asking(open_page("series"), "series"), "series_what_if_add")
    other = asking(open_page("series"), "series")
    assert not told(other)
    app.button("series_window_earlier").click().run()
    assert not told(calm(app))
    app.file_uploader("series_upload").set_value(("own.csv", csv(), "text/csv")).run()
    assert not told(calm(app))
    press(app, "series_what_if_add")
    assert told(app)[0].startswith("Oslo · ")


def test_a_class_of_a_shape_is_compared_in_percent(open_page: Open) -> None:  # noqa: F811
    app = open_page("volume")
    names = app.selectbox("volume_sample").options
    at = next(number for number, name in enumerate(names) if "drenal" in name)
    calm(app.selectbox("volume_sample").set_value(at).run())
    press(asking(app, "volume"), "volume_what_if_around")
    assert sentence(app).startswith("The probability of ")
    table = next(frame.value for frame in app.dataframe if "class" in frame.value)
    assert list(table)[1:] == ["probability before (%)", "probability after (%)", "difference (percentage points)"]
    shares = [float(value) for value in table["probability after (%)"]]
    assert np.isclose(sum(shares), 100, atol=0.1)
