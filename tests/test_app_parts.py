"""The pieces of the page that can be told without running it."""

import ast
import datetime
import re
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from app import content, state
from app.components.modules import joined
from app.messages import plain
from app.navigation import PAGES, VIEWS
from app.parts.card import readable
from app.parts.choose import wrong_kind
from app.parts.horizon import take
from app.selection import Selection

ROOT = Path(__file__).resolve().parents[1]


def test_every_bundled_sample_is_there_and_the_kinds_are_all() -> None:
    assert set(content.BUNDLED) == {"series", "volume", "raster"}
    for entries in content.BUNDLED.values():
        assert entries
        for entry in entries:
            assert (content.SAMPLES / entry.file).is_file(), entry.file
            assert entry.credit


def test_every_page_has_its_file() -> None:
    assert {path.stem for path in VIEWS.glob("*.py")} == set(PAGES)


def test_an_upload_is_known_by_its_content_and_keeps_its_bytes_out_of_its_name() -> None:
    one, two = content.open_upload("a.csv", b"x"), content.open_upload("b.csv", b"x")
    assert one.sha256 == two.sha256
    assert "b'x'" not in repr(one)


def test_text_from_a_file_is_only_text() -> None:
    assert plain("a_b *c* [d](e) $f$ :red[g] <h>") == "a\\_b \\*c\\* \\[d\\](e) \\$f\\$ \\:red\\[g\\] \\<h\\>"
    assert plain("Layer 0, head 1: (−26, −18) mm") == "Layer 0, head 1\\: (−26, −18) mm"


def test_a_card_is_shown_without_its_block_for_machines() -> None:
    card = "---\nlicense: mit\n---\n\n# hippocampus\n\n## Data\n\ntext --- more\n"
    assert readable(card) == "### hippocampus\n\n#### Data\n\ntext --- more"


def test_the_wrong_page_is_said_with_the_right_one() -> None:
    assert wrong_kind("volume", "series").startswith("This file is a time series, not a volume.")


@pytest.mark.parametrize("layers", [1, 3])
def test_the_first_look_exists_in_every_model(layers: int) -> None:
    for kind in content.BUNDLED:
        layer, head = content.first_look(kind, layers, 1)
        assert 0 <= layer < layers
        assert head == 0


@pytest.mark.parametrize("path", sorted((ROOT / "app").rglob("*.py")), ids=lambda path: path.stem)
def test_every_widget_has_a_key(path: Path) -> None:
    widgets = re.compile(
        r"button|selectbox|slider|select_slider|segmented_control|toggle|number_input|file_uploader|download_button"
        r"|plotly_chart|expander|popover|tabs|form_submit_button|dataframe"
    )
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and widgets.fullmatch(node.func.attr):
            assert any(word.arg == "key" for word in node.keywords), f"{path.name}:{node.lineno}"


def test_the_listener_needs_no_other_address() -> None:
    script = joined(ROOT / "app" / "components" / "plot_events.js")
    assert "http" not in script
    assert "import " not in script


def test_reports_are_heard_once_and_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """The page was busy: of the second and third report only the third came, with those before it."""
    memory: dict[str, Any] = {}
    monkeypatch.setattr(state.st, "session_state", memory)
    one, two, three, four = ({"n": n, "stamp": 7.5 + n} for n in (1, 2, 3, 4))
    assert state.events("map") == []
    memory["map"] = {"event": one | {"before": []}}
    assert [event["n"] for event in state.events("map")] == [1]
    assert state.events("map") == []
    memory["map"] = {"event": three | {"before": [one, two]}}
    assert [event["n"] for event in state.events("map")] == [2, 3]
    memory["map"] = {"event": None}
    assert state.events("map") == []
    memory["map"] = {"event": four | {"before": [three]}}
    assert [event["n"] for event in state.events("map")] == [4]


def test_a_widget_of_a_file_now_gone_is_not_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    memory: dict[str, Any] = {"series_opened": ("new",), "series_region_of": "new", "slider": 0}
    monkeypatch.setattr(state.st, "session_state", memory)
    state.start("series", (1, 2, 3))
    mine = state.slider_owner("series")
    memory["series_opened"] = ("newer",)
    state.slide("series", 1, "slider", mine)
    memory["series_opened"] = ("new",)
    take("slider", "old")
    assert state.selection("series") == Selection((1, 2, 3))
    assert "series_region" not in memory
    state.slide("series", 1, "slider", mine)
    take("slider", "new")
    assert state.selection("series") == Selection((1, 0, 3))
    assert memory["series_region"] == 0


def test_a_slider_from_before_a_click_or_of_the_other_role_is_not_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    memory: dict[str, Any] = {"series_opened": ("file",), "slider": 0}
    monkeypatch.setattr(state.st, "session_state", memory)
    state.start("series", (1, 2, 3))
    before = state.slider_owner("series")
    state.slide("series", 0, "slider", before)
    assert state.slider_owner("series") == before  # a slider keeps its own key, and with it the keyboard's focus
    state.choose("series", Selection((4, 5, 6)))
    state.slide("series", 1, "slider", before)
    assert state.selection("series") == Selection((4, 5, 6))
    now = state.slider_owner("series")
    memory["series_picks"] = "key"
    state.slide("series", 1, "slider", now)
    assert state.selection("series") == Selection((4, 5, 6))
    state.slide("series", 1, "slider", state.slider_owner("series"))
    assert state.selection("series") == Selection((4, 5, 6), (4, 0, 6))


def window_of_weeks() -> None:
    """A page with nothing but the box of the date, over weeks stamped at noon."""
    from types import SimpleNamespace as Some

    import numpy as np

    from app import state
    from app.parts import horizon
    from hot_core.modes import Mode, SeriesGeometry

    week = np.timedelta64(7, "D")
    time = Some(mode=Mode("time", np.datetime64("2024-01-01T12:00", "ns") + np.arange(60) * week))
    sample = Some(geometry=SeriesGeometry(week, "time", "wide"), source=Some(sha256="weeks"))
    state.put("series_region_of", "mine")
    start = state.get("series_region") or 0
    horizon._date(Some(grid=Some(axes=(None, None, time)), sample=sample), start, 41, "mine")


def test_the_box_of_the_date_comes_back_where_no_window_begins() -> None:
    """Most days begin no window: the box shows where the window stands, also when asked again and nothing moves."""
    app = AppTest.from_function(window_of_weeks).run()
    for asked in ((2024, 1, 15), (2024, 1, 9), (2024, 1, 10)):
        app.date_input[0].set_value(datetime.date(*asked)).run()
        assert not app.exception
        assert app.date_input[0].value == datetime.date(2024, 1, 15)
        assert app.session_state["series_region"] == 2


def zoomed_range() -> None:
    """A page with nothing but the choice of the range, zoomed in the first run."""
    from types import SimpleNamespace as Some

    import pandas as pd

    from app import state
    from app.parts import zoom
    from hot_core.io import read

    table = pd.DataFrame({"time": pd.date_range("2024-01-01", periods=900, freq="h"), "rain": range(900)})
    sample = read(table.to_csv(index=False).encode(), "hours.csv")
    view = Some(analysis=Some(sample=sample, grid=Some(window=(None, None, (400, 496)))))
    state.settle("series_range", ["window", "1 w"], "window")
    if state.get("series_zoom") is None:
        span = Some(name="window")
        state.put("series_zoom", (zoom.owner(view, span), ("2024-01-18", "2024-01-19")))
    span = zoom.choose_range(view, Some(mean=Some(sizes={"time": 24})))
    state.put("zoom_drawn", zoom.of(view, span))


@pytest.mark.parametrize("way", ["another range and back", "the button"])
def test_a_zoom_is_forgotten_with_its_range_or_by_its_button(way: str) -> None:
    app = AppTest.from_function(zoomed_range).run()
    assert not app.exception
    assert app.session_state["zoom_drawn"] == ("2024-01-18", "2024-01-19")
    if way == "the button":
        app.button("series_zoom_back").click().run()
    else:
        app.segmented_control("series_range").set_value("1 w").run()
        app.segmented_control("series_range").set_value("window").run()
    assert not app.exception
    assert app.session_state["zoom_drawn"] is None
    assert len(app.button) == 0
