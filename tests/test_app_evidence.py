"""Evidence on the page: asked for, followed, shown with the library's own numbers, ended, and about one map alone."""

import base64
import re
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from app import cache
from app.parts.evidence import asked
from app.parts.evidence.panel import CHIPS
from hot_core.errors import ModelError
from hot_core.evidence import Focus, Target, gather
from hot_core.evidence.answers import HEAD, answers, answers_words
from hot_core.io import read
from hot_core.models import load_model
from hot_core.pipeline import analyse
from tests.test_app_pages import ROOT, Open, calm, keyed, keys, open_page  # noqa: F401
from tests.test_app_pictures import spec

QUICK, FULL, STOP = "series_check_quick", "series_check_full", "series_check_stop"
NYC = ROOT / "sample_data" / "nyc_airport_weather_2013.csv"


@pytest.fixture(autouse=True)
def fresh() -> None:
    """Evidence for a bundled sample is kept as long as its analysis, for all sessions: each test begins without."""
    cache._bundled_analysis.clear()


def words(app: AppTest) -> str:
    """Everything that stands on the page as Markdown, without its escapes."""
    return re.sub(r"\\(.)", r"\1", " ".join(text.value for text in [*app.markdown, *app.caption]))


def waited(app: AppTest, kind: str = "series") -> AppTest:
    """The page once the work it was asked for has ended."""
    job = app.session_state[f"{kind}_evidence"].job
    job.wait(120)
    assert not job.running
    return calm(app.run())


def checked(app: AppTest, button: str = QUICK) -> AppTest:
    return waited(calm(app.button(button).click().run()))


def shown_head(app: AppTest) -> tuple[int, int]:
    return int(app.session_state["series_layer"]), int(app.session_state["series_head"])


def test_nothing_is_asked_before_a_person_asks(open_page: Open) -> None:  # noqa: F811
    app = open_page("series")
    assert "Nothing has been asked yet" in words(app)
    assert not any(chip in words(app) for chip in CHIPS.values())
    assert "series_evidence" not in app.session_state


def test_the_page_shows_the_librarys_verdict_and_numbers(open_page: Open) -> None:  # noqa: F811
    app = checked(open_page("series"))
    model = load_model("air-quality")
    analysis = analyse(read(NYC), model)
    layer, head = shown_head(app)
    query = analysis.default_query()
    expected = gather(analysis, model, Focus("head", query, layer, head), Target(token=query))
    assert CHIPS[expected.judgement.verdict] in words(app)
    rows = [HEAD, *(answer.cells for answer in answers(expected))]
    assert all(f"| {' | '.join(row)} |" in words(app) for row in rows)
    assert answers_words(expected) in words(app)
    attention = np.asarray(cells(app, "series_fields_0"))
    np.testing.assert_allclose(attention.reshape(3, 6, 24), expected.maps["attention"], rtol=1e-5, atol=1e-12)


def cells(app: AppTest, key: str) -> Any:
    """The numbers of a figure's first heatmap; plotly packs them."""
    found = spec(app, key)["data"][0]["z"]
    if not isinstance(found, dict):
        return found
    kind = {"f4": np.float32, "f8": np.float64}[found["dtype"]]
    sizes = [int(size) for size in found["shape"].split(",")]
    return np.frombuffer(base64.b64decode(found["bdata"]), kind).reshape(sizes)


def test_another_position_asks_anew_and_the_first_ones_evidence_comes_back(open_page: Open) -> None:  # noqa: F811
    app = checked(open_page("series"))
    first = words(app)
    slider = keyed(app.select_slider, "series_slider_time")
    slider.set_value(3).run()
    assert "Nothing has been asked yet" in words(calm(app))
    app.button("series_undo").click().run()
    assert "Nothing has been asked yet" not in words(calm(app))
    assert hiding_line(words(app)) == hiding_line(first)


def hiding_line(text: str) -> str:
    found = re.search(r"The places it names first[^\n]*", text)
    assert found
    return found.group()


def test_the_work_can_be_ended_and_leaves_nothing(open_page: Open) -> None:  # noqa: F811
    app = open_page("series")
    app.button(FULL).click().run()
    job = app.session_state["series_evidence"].job
    app.button(STOP).click().run()
    job.wait(60)
    assert not job.running
    assert job.result is None
    assert "Nothing has been asked yet" in words(calm(app.run()))
    assert STOP not in keys(app, "button")


def opened(app: AppTest, tab: str) -> AppTest:
    """The page with another picture of the evidence."""
    app.session_state["series_evidence_tab"] = tab
    return calm(app.run())


def test_each_picture_of_the_evidence_is_drawn_when_it_is_chosen(open_page: Open) -> None:  # noqa: F811
    app = checked(open_page("series"))
    for tab, figure in (("Hiding", "series_hiding"), ("Attention changed", "series_use")):
        assert figure not in {chart.key for chart in app.get("plotly_chart")}
        assert spec(opened(app, tab), figure)["data"]


def test_sanity_and_stability_are_asked_for_by_themselves(open_page: Open) -> None:  # noqa: F811
    app = checked(open_page("series"))
    for tab in ("Sanity", "Stability"):
        part = tab.lower()
        assert f"series_{part}" not in {chart.key for chart in opened(app, tab).get("plotly_chart")}
        checked(app, f"series_check_{part}")
        assert spec(app, f"series_{part}")["data"]
        assert "The places it names first" in words(app), "the evidence stays"


def test_the_full_check_silences_every_head(open_page: Open) -> None:  # noqa: F811
    app = checked(open_page("series"), FULL)
    app.session_state["series_evidence_tab"] = "Attention changed"
    app.run()
    assert np.asarray(cells(calm(app), "series_ablation")).shape == (3, 5)
    assert "full form" in words(app)


def test_a_step_and_a_series_can_be_chosen(open_page: Open) -> None:  # noqa: F811
    app = open_page("series")
    keyed(app.selectbox, "series_target_series").set_value(8).run()  # JFK · dewp
    keyed(app.selectbox, "series_target_step").set_value(5).run()
    checked(calm(app))
    assert re.search(r"JFK · dewp, 5 of 24 steps ahead: [0-9.−]+ °F", words(app))


def test_seen_by_says_what_the_evidence_is_about(open_page: Open) -> None:  # noqa: F811
    app = open_page("series")
    app.session_state["series_direction"] = "column"
    app.run()
    assert "The evidence is about where the chosen position looks" in words(calm(app))


def test_a_class_of_a_shape_is_explained(open_page: Open) -> None:  # noqa: F811
    app = open_page("volume")
    app.selectbox("volume_sample").set_value(3).run()
    app.button("volume_check_quick").click().run()
    waited(calm(app), "volume")
    assert re.search(r"the class (normal|mass): [0-9.−]+ log-odds", words(app))


def test_what_goes_wrong_is_a_sentence_and_can_be_tried_again(
    open_page: Open, monkeypatch: pytest.MonkeyPatch  # noqa: F811
) -> None:  # fmt: skip
    def make(view: object, target: object) -> object:
        def work(told: object) -> object:
            raise ModelError("The prediction to be explained is not a number.")

        return work

    with monkeypatch.context() as patch:
        patch.setitem(asked.WORK, "quick", make)
        app = checked(open_page("series"))
        assert [error.value for error in app.error] == ["The prediction to be explained is not a number."]
    checked(app)
    assert not app.error
    assert "The places it names first" in words(app)


def test_of_endless_questions_only_the_last_are_kept() -> None:
    class Anything:
        pass

    analysis: Any = Anything()
    cache.remember(analysis, "once", lambda: "kept")
    for at in range(cache.MOST_OF_A_SORT + 3):
        cache.remember(analysis, ("what if", at), lambda at=at: at)
        cache.remember(analysis, ("other", 0), lambda: "kept")
    assert [cache.remembered(analysis, ("what if", at)) for at in range(5)] == [None, None, None, 3, 4]
    assert cache.remembered(analysis, "once") == cache.remembered(analysis, ("other", 0)) == "kept"


def moved_window(app: AppTest, start: int) -> AppTest:
    keyed(app.slider, "series_window").set_value(start).run()
    return calm(app)


def test_evidence_belongs_to_the_window_it_was_asked_for(open_page: Open) -> None:  # noqa: F811
    app = checked(open_page("series"))
    first = hiding_line(words(app))
    moved_window(app, 1000)
    assert "Nothing has been asked yet" in words(app)
    other = calm(open_page("series"))
    assert "Nothing has been asked yet" in words(moved_window(other, 1000)), "nor in another session"
    assert hiding_line(words(checked(app))) != first


def test_work_that_ends_after_the_window_has_moved_is_not_shown_there(open_page: Open) -> None:  # noqa: F811
    app = open_page("series")
    app.button(QUICK).click().run()
    job = app.session_state["series_evidence"].job
    moved_window(app, 1000)
    job.wait(120)
    assert "Nothing has been asked yet" in words(calm(app.run()))


def test_a_part_that_fails_leaves_the_others_and_can_be_asked_again(
    open_page: Open, monkeypatch: pytest.MonkeyPatch  # noqa: F811
) -> None:  # fmt: skip
    app = checked(open_page("series"))
    opened(app, "Sanity")

    def broken(view: object, target: object) -> object:
        def work(told: object) -> object:
            raise ModelError("No fresh weights for this model.")

        return work

    monkeypatch.setitem(asked.WORK, "sanity", broken)
    checked(app, "series_check_sanity")
    assert [error.value for error in app.error] == ["No fresh weights for this model."]
    assert "The places it names first" in words(app), "the verdict stays"
    assert "series_check_sanity" in keys(app, "button")


def test_the_report_is_about_the_target_that_the_page_shows(open_page: Open) -> None:  # noqa: F811
    app = checked(open_page("series"))
    assert "Evidence in it" in words(app)
    keyed(app.selectbox, "series_target_step").set_value(5).run()
    assert "No evidence in it" in words(calm(app))
    keyed(app.selectbox, "series_target_step").set_value(0).run()
    app.session_state["series_trust"] = "compare"
    assert "Evidence in it" in words(calm(app.run())), "whatever stands below"
