"""The page Learn, run in process: every lesson, every control at its ends, links that restore and links that lie."""

import re
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from app.parts.learn import controls, frame

ROOT = Path(__file__).resolve().parents[1]
LIES = ("nan", "inf", "-1e9", "1e999", "", "x", "0.123", "٣", "<b>*x*</b>", "true_1", "9" * 400)


def run(**link: str) -> AppTest:
    """The page from a link."""
    app = AppTest.from_file(str(ROOT / "app" / "views" / "learn.py"), default_timeout=120)
    for name, value in link.items():
        app.query_params[name] = value
    return calm(app.run())


def calm(app: AppTest) -> AppTest:
    """A run without exceptions or errors."""
    assert not app.exception, app.exception[0].stack_trace
    assert not app.error, app.error[0].value
    return app


def words(app: AppTest) -> str:
    """All that is said on the page."""
    return "\n".join(str(part.value) for part in (*app.markdown, *app.caption, *app.latex, *app.warning))


def named(app: AppTest, kind: str) -> dict[str, Any]:
    """The widgets of a kind by key; those of the frame left out."""
    found = {widget.key: widget for widget in app.get(kind) if getattr(widget, "key", None)}
    return {key: widget for key, widget in found.items() if key not in ("lesson", "large")}


def charts(app: AppTest) -> int:
    return len(app.get("plotly_chart"))


@pytest.mark.parametrize("name", frame.NAMES)
def test_every_lesson_has_all_its_parts(name: str) -> None:
    app = run(lesson=name)
    said = words(app)
    assert app.query_params.get("lesson", [frame.NAMES[0]]) in (name, [name])
    assert app.get("button_group")[0].value in (name, [name])
    assert charts(app) >= 1
    assert len(app.latex) >= 1
    assert "**What to try**" in said
    assert "**Question.**" in said
    answer = next(box for box in app.expander if box.label == "The answer")
    assert len(answer.markdown[0].value) > 100
    assert not app.warning
    assert all(part.proto.alt for part in app.get("plotly_chart"))


@pytest.mark.parametrize("name", frame.NAMES)
def test_every_control_can_stand_at_its_ends(name: str) -> None:
    app = run(lesson=name)
    for end in ("min", "max"):
        for slider in named(app, "slider").values():
            slider.set_value(getattr(slider, end))
        calm(app.run())
        assert not app.warning, (end, app.warning[0].value)
    for key in named(app, "button_group"):
        for option in named(app, "button_group")[key].options if key in named(app, "button_group") else ():
            calm(named(app, "button_group")[key].set_value(option).run())
            assert charts(app) >= 1, (key, option)
            if key not in named(app, "button_group"):  # this choice has put itself away
                break
    for key in named(app, "toggle"):
        if key in named(app, "toggle"):
            calm(named(app, "toggle")[key].set_value(True).run())


@pytest.mark.parametrize("name", frame.NAMES)
def test_a_link_that_lies_is_said_and_not_obeyed(name: str) -> None:
    app = run(lesson=name)
    keys = [*named(app, "slider"), *named(app, "button_group"), *named(app, "toggle")]
    usual = {
        key: widget.value for kind in ("slider", "button_group", "toggle") for key, widget in named(app, kind).items()
    }
    assert keys
    lying = {key: LIES[place % len(LIES)] for place, key in enumerate(keys)}
    app = run(lesson=name, **lying)
    assert len(app.warning) >= len(keys)
    for key in keys:
        assert any(f"The link says {key}=" in said.value.replace("\\", "") for said in app.warning), key
    now = {
        key: widget.value for kind in ("slider", "button_group", "toggle") for key, widget in named(app, kind).items()
    }
    assert now == usual
    assert not calm(app.run()).warning  # said once


@pytest.mark.parametrize("lie", ["", "x", "<b>*x*</b>", LIES[-1]])
def test_a_lesson_that_is_not_there_is_said(lie: str) -> None:
    app = run(lesson=lie, large=lie)
    assert len(app.warning) == 2
    assert "it can be one of modes, blocks, rank, cost, order, triples. It stands at modes now." in words(app)
    assert max(len(said.value) for said in app.warning) < 250
    assert "From one matrix to modes" in words(app)


def test_a_link_restores_lesson_controls_and_large_type() -> None:
    app = run(lesson="rank", large="true", rank_source="random", rank_seed="7", rank_temperature="2.5", rank_terms="5")
    sliders = {key: widget.value for key, widget in named(app, "slider").items()}
    assert sliders == {"rank_seed": 7, "rank_temperature": 2.5, "rank_terms": 5}
    assert app.toggle(key="large").value is True
    assert "R=5" in words(app)
    assert any(frame.LARGE_TEXT in part.proto.body for part in app.get("html"))
    plain = run(lesson="rank")
    assert not any(frame.LARGE_TEXT in part.proto.body for part in plain.get("html"))


def test_the_logits_stand_in_the_link() -> None:
    app = run(modes_step="entry", modes_rows="0_0_0.9_0_0.0_0_0", modes_columns="0_0_0_0." * 3 + "0_0_0_0",
              modes_query_row="2", modes_query_column="4", modes_key_row="1", modes_key_column="1")  # fmt: skip
    assert r"A[(2,4),(1,1)] &= A_1[2,1]\cdot A_2[4,1]" in words(app)
    assert r"&= 1.000\cdot0.250 = 0.250" in words(app)  # e⁹ / (e⁹ + 2) · 1/4


@pytest.mark.parametrize("lie", ["", "1_2", "1_2_3.4_5_6.7_8_10", "x" * 500])
def test_logits_that_cannot_be_are_said(lie: str) -> None:
    app = run(modes_rows=lie)
    assert len(app.warning) == 1
    assert re.search(r"logits? ", app.warning[0].value)
    assert charts(app) >= 1


def test_a_bad_line_is_said_outside_the_fold() -> None:
    app = run(modes_rows="1,2,3")
    assert len(app.warning) == 1
    assert not any(box.warning for box in app.expander)


def test_a_link_to_controls_that_are_not_there_is_said_once() -> None:
    link = {"lesson": "triples", "triples_own": "1", "rank_terms": "3", "utm_source": "x", "triples_modulus": "41"}
    app = run(**link, **{f"order_{'x' * at}": "1" for at in range(90, 94)})
    assert len(app.warning) == 1
    said = app.warning[0].value.replace("\\", "")
    assert said.startswith("The link also says triples_own, rank_terms, order_xxx")
    assert "… and 1 more; no control on the page as it stands is called so" in said
    assert "triples_modulus" not in said
    assert "utm_source" in app.query_params
    assert "triples_own" not in app.query_params
    assert not calm(app.run()).warning
    calm(app.button(key="learn_previous").click().run())
    assert not app.warning  # the controls of the lesson before are no fault of the link


def test_a_marker_beyond_the_grid_is_said() -> None:
    app = run(lesson="order", order_n1="2", order_p1="12")
    assert any("on mode 1 index 12 is beyond the last one, 1. It stands at the last" in box.value for box in app.info)
    assert not app.success
    assert not any("beyond" in box.value for box in run(lesson="order").info)
    assert "Query 11 is asked for; the last number has index 7" in words(run(lesson="triples", triples_query="11"))


def test_question_and_tries_belong_to_the_part() -> None:
    first, second = (words(run(lesson="triples", triples_part=part)) for part in ("match3", "bounded"))
    assert "solves Match3?" in first
    assert "Degree 8 moves" not in first
    assert "Degree 8 moves" in second
    assert "A task must be balanced" not in second


def test_a_pattern_fills_both_tables() -> None:
    app = calm(run(modes_step="entry").button(key="modes_preset_alike").click().run())
    assert app.text_input(key="modes_rows").value == "0_0_0.0_0_0.0_0_0"
    assert r"0.333\cdot0.250 = 0.083" in words(app)


def test_the_sum_says_that_its_rows_add_up_to_the_number_of_modes() -> None:
    assert "1 + 1 = **2**" in words(run(lesson="blocks", blocks_rule="sum"))
    assert "(1 + 1) / 2 = **1**" in words(run(lesson="blocks", blocks_rule="normalised"))
    assert "Here: **12**" in words(run(lesson="blocks"))


def test_rank_says_what_a_sum_of_products_is_not() -> None:
    said = words(run(lesson="rank", rank_source="random", rank_terms="4"))
    assert re.search(r"\*\*\d+ weights are negative\*\* \(down to −0\.\d+\)", said)
    assert "is no softmax any more" in said
    assert "R stands at 9" in words(run(lesson="rank", rank_terms="16"))


def test_one_goes_from_lesson_to_lesson() -> None:
    app = run()
    seen = [app.get("button_group")[0].value]
    while any(button.key == "learn_next" for button in app.button):
        calm(app.button(key="learn_next").click().run())
        seen.append(app.get("button_group")[0].value)
    assert [one[0] if isinstance(one, list) else one for one in seen] == list(frame.NAMES)
    calm(app.button(key="learn_previous").click().run())
    assert app.get("button_group")[0].value in (frame.NAMES[-2], [frame.NAMES[-2]])


@pytest.mark.parametrize(
    ("raw", "stands"),
    [("0.3", True), ("0.30000000000000004", True), ("0.35", False), ("3", False), ("nan", False), ("2", True)],
)
def test_where_a_slider_can_stand(raw: str, stands: bool) -> None:
    assert controls._on_slider(raw, 0.1, 2.0, 0.1) is stands
