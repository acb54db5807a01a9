"""What the pages hand to their pictures: the uniform level of what is drawn, and where the key is."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from app.selection import Selection
from hot_core.figures.style import KEY, QUERY
from tests.test_app_pages import Open, calm, open_page  # noqa: F401

ROOT = Path(__file__).resolve().parents[1]
STYLES = ("style.css", "components/gallery/gallery.css", "components/attention_map/theme.js")


def spec(app: AppTest, key: str) -> dict[str, Any]:
    """A figure as it is sent to the browser."""
    (chart,) = [chart for chart in app.get("plotly_chart") if chart.key == key]
    found: dict[str, Any] = json.loads(chart.proto.spec)
    return found


def choose_key(app: AppTest, kind: str, key: tuple[int, ...] | None) -> None:
    history = app.session_state[f"{kind}_history"]
    app.session_state[f"{kind}_history"] = history.choose(Selection(history.now.query, key))
    calm(app.run())


def marked(axis: dict[str, Any]) -> float:
    """The uniform level at a colour bar's mark."""
    (text,) = [text for text in axis["colorbar"]["ticktext"] if "uniform" in text]
    return float(re.search(r"[\d.e-]+(?=</b>)", text).group())


def test_leaving_out_the_chosen_position_does_not_lower_the_uniform_level(open_page: Open) -> None:  # noqa: F811
    """64 × 64 patches of 6 bands, all with data: 1/6 a band, 6 of 24,576 a patch, 1 of 24,576 in one band."""
    app = open_page("raster")
    app.session_state["raster_shown"] = "model"
    calm(app.run())
    notes = [note["text"] for note in spec(app, "raster_summary")["layout"]["annotations"]]
    assert "▼ uniform 0.167" in notes
    assert marked(spec(app, "raster_data")["layout"]["coloraxis"]) == pytest.approx(1 / 4096, rel=2e-2)
    app.session_state["raster_shown_band"] = 2
    calm(app.run())
    assert marked(spec(app, "raster_data")["layout"]["coloraxis"]) == pytest.approx(1 / 24576, rel=2e-2)
    app = open_page("series")
    app.session_state["series_shown"] = "model"
    notes = [note["text"] for note in spec(calm(app.run()), "series_summary")["layout"]["annotations"]]
    assert {"by entity<br>┊ uniform 0.333", "by variable<br>┊ uniform 0.167"} < set(notes)


def look(app: AppTest) -> dict[str, Any]:
    """The header of what the volume viewer is sent with each choice."""
    found = [part.proto for part in app.get("bidi_component") if part.proto.component_name == "hot_lens_volume_viewer"]
    (proto,) = found
    header: dict[str, Any] = json.loads(proto.bytes[4 : 4 + int.from_bytes(proto.bytes[:4], "little")])
    return header


def test_the_viewer_is_told_of_query_key_direction_and_sides(open_page: Open) -> None:  # noqa: F811
    app = open_page("volume")
    query = app.session_state["volume_history"].now.query

    def box(token: tuple[int, ...]) -> list[list[int]]:  # tokens of 4 voxels in a volume of 36 × 52 × 36
        return [[4 * at, 4 * at + 4] for at in token]

    assert (look(app)["query"], look(app)["key"], look(app)["radiological"]) == (box(query), None, True)
    assert [layer["title"] for layer in look(app)["layers"]] == [
        "Layer 2, head 2: looks at", "Whole model (rollout): is made of",
    ]  # fmt: skip
    key = tuple(at - 2 if at > 2 else at + 2 for at in query)
    choose_key(app, "volume", key)
    assert look(app)["key"] == box(key)
    app.toggle("volume_radiological").set_value(False)
    app.session_state["volume_direction"] = "column"
    calm(app.run())
    assert not look(app)["radiological"]
    assert [layer["title"] for layer in look(app)["layers"]] == [
        "Layer 2, head 2: is seen by", "Whole model (rollout): goes into",
    ]  # fmt: skip
    app.session_state["volume_shown"] = "model"
    (only,) = look(calm(app.run()))["layers"]
    assert (only["name"], only["word"], only["title"]) == ("attention", "Rollout", "Whole model: is seen by")


@pytest.mark.parametrize("kind", ["series", "volume", "raster"])
def test_the_page_names_query_and_key_and_the_rollout_shows_the_key(kind: str, open_page: Open) -> None:  # noqa: F811
    app = open_page(kind)
    assert any(text.value.startswith("**Orange** is the place you ask about") for text in app.markdown)
    assert any(
        "Shift and click, or move “the key” on the left: a second position." in text.value for text in app.markdown
    )
    app.session_state[f"{kind}_shown"] = "model"
    choose_key(app, kind, (0, 0, 0))
    lines = [shape["line"] for shape in spec(app, f"{kind}_rollout")["layout"]["shapes"]]
    assert sum(line["color"] == KEY for line in lines) in (2, 3)  # a short series' first step covers no data


@pytest.mark.parametrize("path", STYLES)
def test_query_and_key_have_one_colour_everywhere(path: str) -> None:
    found = re.findall(r"#[0-9a-fA-F]{6}\b", (ROOT / "app" / path).read_text(encoding="utf-8"))
    warm = {colour for colour in found if colour[1:3].lower() == "f2" and colour[5:].lower() == "0f"}
    assert QUERY in found
    assert warm == {QUERY}
    if not path.startswith("components/gallery"):  # the gallery frames the open head and no key
        assert KEY in found


def test_the_map_paints_query_and_key_in_these_colours() -> None:
    text = (ROOT / "app" / "components" / "attention_map" / "theme.js").read_text(encoding="utf-8")
    inks = dict(re.findall(r'export const (\w+_INK) = "(#\w+)"', text))
    assert (inks["QUERY_INK"], inks["KEY_INK"]) == (QUERY, KEY)
