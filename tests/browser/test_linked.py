"""One query and one key: what is chosen in one picture stands at the right place in all others, back and forth."""

import functools
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect

import hot_core as hot
from hot_core.analysis.words import position_words
from hot_core.figures.style import KEY, QUERY
from hot_core.pipeline import Analysis
from tests.browser.actions import KINDS, LIMIT_MS, MODES, at, figure, open_page, reading, settled
from tests.browser.instrument import (
    click_cell,
    click_data,
    expect_chosen,
    frames,
    instrument,
    place_of,
    readout,
    visible,
)  # fmt: skip
from tests.browser.viewer import click_voxel, viewer

SAMPLES = Path(__file__).resolve().parents[2] / "sample_data"
FILES = {
    "series": ("nyc_airport_weather_2013.csv", "air-quality"),
    "volume": ("mni152_hippocampus_L.nii.gz", "hippocampus"),
    "raster": ("s2_brandenburg_256_6band.tif", "land-cover"),
}
Token = tuple[int, ...]
CHOSEN: dict[str, tuple[Token, Token]] = {
    "series": ((2, 1, 17), (0, 4, 5)),
    "volume": ((6, 3, 7), (2, 9, 7)),
    "raster": ((11, 47, 4), (37, 19, 2)),
}


@functools.cache
def analysed(kind: str) -> Analysis:
    """What the page shows, computed beside it."""
    file, model = FILES[kind]
    return hot.analyse(hot.read(SAMPLES / file), hot.load_model(model))


def flat(kind: str, token: Token) -> int:
    return int(np.ravel_multi_index(token, analysed(kind).grid.shape))


def words(kind: str, token: Token) -> str:
    analysis = analysed(kind)
    return position_words(analysis.grid, token, analysis.sample.geometry)


def edges(kind: str, mode: int, token: int) -> tuple[float, float]:
    """Where a token begins and ends along a mode, from the native coordinates alone."""
    axis = analysed(kind).grid.axes[mode]
    coords = axis.mode.coords
    step = coords[1] - coords[0]
    first, last = coords[axis.starts[token]], coords[axis.stops[token] - 1]
    if kind == "series":  # a stamp is the beginning of its step
        return first, last + step
    return first - step / 2, last + step / 2


def assert_frame(shape: dict[str, Any], across: tuple[Any, Any], down: tuple[Any, Any]) -> None:
    for names, wanted in ((("x0", "x1"), across), (("y0", "y1"), down)):
        found = [shape[name] for name in names]
        if isinstance(wanted[0], np.datetime64):
            assert sorted(np.array(found, "datetime64[s]")) == sorted(np.array(wanted, "datetime64[s]"))
        else:
            assert sorted(found) == pytest.approx(sorted(float(each) for each in wanted))


def assert_marked(page: Page, kind: str, token: Token, colour: str) -> None:
    """The token's frame lies at its own place in the data."""
    if kind == "volume":
        box = [[int(part.start), int(part.stop)] for part in analysed(kind).grid.native_of(token)]
        role = {QUERY: "query", KEY: "key"}[colour]
        page.wait_for_function(
            "([root, role, box]) => JSON.stringify(root.viewer.look.header[role]) === JSON.stringify(box)",
            arg=[viewer(page).element_handle(), role, box],
        )  # fmt: skip
        return
    shapes = frames(page, f"{kind}_data", colour)
    if kind == "series":
        (strip,) = [shape for shape in shapes if shape["yref"] == "y2"]
        ribbon = [shape for shape in shapes if shape["yref"] == "y3"]
        for shape in ribbon:  # of the series that the lines show
            assert (shape["x0"], shape["x1"]) == (strip["x0"], strip["x1"])
        at_row = token[0] * len(analysed(kind).grid.axes[1]) + token[1]
        assert_frame(strip, edges(kind, 2, token[2]), (at_row - 0.5, at_row + 0.5))
    else:
        (patch,) = shapes
        assert_frame(patch, edges(kind, 1, token[1]), edges(kind, 0, token[0]))


def close_up(page: Page, kind: str) -> None:
    """Zooms by the keyboard into the map around the chosen query until a cell is wide enough to be hit."""
    key = f"{kind}_map"
    canvas = instrument(page, key).get_by_test_id("attention-canvas")
    canvas.focus()
    for _ in range(60):
        r0, r1, _, _ = visible(page, key)
        if r1 - r0 <= 40:
            return
        root = instrument(page, key)
        before = str(root.get_attribute("data-view"))
        page.keyboard.press("+")
        expect(root).not_to_have_attribute("data-view", before)
    raise AssertionError(f"The map still shows rows {visible(page, key)} .")


@pytest.mark.parametrize("kind", KINDS)
def test_a_click_at_a_known_cell_of_the_map_selects_exactly_that_cell(kind: str, page: Page, app_url: str) -> None:
    open_page(page, app_url, kind)
    close_up(page, kind)
    key = f"{kind}_map"
    r0, r1, c0, c1 = visible(page, key)
    row, col = r0 + (r1 - r0) // 3, c0 + 2 * (c1 - c0) // 3
    shape = analysed(kind).grid.shape
    query, partner = (tuple(int(i) for i in np.unravel_index(flat_at, shape)) for flat_at in (row, col))
    click_cell(page, key, (row, col))
    expect_chosen(page, key, row)
    expect(reading(page, kind)).to_contain_text(f": {words(kind, query)} looks most at")
    click_cell(page, key, (row, col), shift=True)
    expect_chosen(page, key, row, col)
    expect(at(page, f"{kind}_pair")).to_contain_text(f"{words(kind, query)} → {words(kind, partner)}: ")
    settled(page)
    assert visible(page, key) == (r0, r1, c0, c1), "The zoom was lost by a click."
    for mode, name in enumerate(MODES[kind]):
        expect_chosen(page, f"{kind}_matrix_{name}", query[mode], partner[mode])
    assert_marked(page, kind, query, QUERY)
    weight = analysed(kind).kronecker_map(*shown_head(page, kind)).entry(query, partner)
    page.mouse.move(*place_of(page, key, (row, col)))
    expect(readout(page, key)).to_contain_text(f"{words(kind, query)} → {words(kind, partner)}: ")
    said = float(readout(page, key).inner_text().rsplit(": ", 1)[1].split(",")[0].replace("−", "-").replace("e−", "e-"))
    assert said == pytest.approx(weight, rel=6e-3)


def shown_head(page: Page, kind: str) -> tuple[int, int]:
    """The layer and head that the sentence names."""
    found = reading(page, kind).inner_text().split(":")[0].replace("Layer ", "").replace(" head ", "").split(",")
    return int(found[0]), int(found[1])


@pytest.mark.parametrize("kind", KINDS)
def test_the_matrices_choose_mode_by_mode_and_the_data_follow(kind: str, page: Page, app_url: str) -> None:
    open_page(page, app_url, kind)
    query, partner = CHOSEN[kind]
    for mode, name in enumerate(MODES[kind]):
        key = f"{kind}_matrix_{name}"
        click_cell(page, key, (query[mode], partner[mode]))
        expect(instrument(page, key)).to_have_attribute("data-query", str(query[mode]))
        settled(page)
        click_cell(page, key, (query[mode], partner[mode]), shift=True)
        expect_chosen(page, key, query[mode], partner[mode])
        settled(page)
    expect_chosen(page, f"{kind}_map", flat(kind, query), flat(kind, partner))
    expect(reading(page, kind)).to_contain_text(f": {words(kind, query)} looks most at")
    expect(at(page, f"{kind}_pair")).to_contain_text(f"{words(kind, query)} → {words(kind, partner)}: ")
    settled(page)
    assert_marked(page, kind, query, QUERY)
    assert_marked(page, kind, partner, KEY)


@pytest.mark.parametrize("kind", KINDS)
def test_a_click_in_the_data_moves_the_maps(kind: str, page: Page, app_url: str) -> None:
    open_page(page, app_url, kind)
    before = analysed(kind).default_query()
    (query, click), (partner, shift_click) = places(page, kind, before)
    click(False)
    expect_chosen(page, f"{kind}_map", flat(kind, query))
    settled(page)
    shift_click(True)
    expect_chosen(page, f"{kind}_map", flat(kind, query), flat(kind, partner))
    for mode, name in enumerate(MODES[kind]):
        expect_chosen(page, f"{kind}_matrix_{name}", query[mode], partner[mode])
    settled(page)
    assert_marked(page, kind, query, QUERY)
    assert_marked(page, kind, partner, KEY)


def places(page: Page, kind: str, before: Token) -> list[tuple[Token, Callable[[bool], None]]]:
    """Two tokens, each with a click (with or without Shift) at a place in the data where it lies."""
    query, partner = CHOSEN[kind]

    def middle(mode: int, token: int) -> Any:
        first, last = edges(kind, mode, token)
        return str((first + (last - first) / 2).astype("datetime64[s]")) if kind == "series" else (first + last) / 2

    def at_place(x: object, y: object, panel: str) -> Callable[[bool], None]:
        return lambda shift: click_data(page, f"{kind}_data", x, y, axes=panel, shift=shift)

    def in_plane(plane: str, token: Token) -> Callable[[bool], None]:
        voxel = tuple(part.start + 1 for part in analysed(kind).grid.native_of(token))
        return lambda shift: click_voxel(page, plane, voxel, shift=shift)

    if kind == "series":
        variables = len(analysed(kind).grid.axes[1])
        return [(t, at_place(middle(2, t[2]), t[0] * variables + t[1], "2")) for t in (query, partner)]
    if kind == "raster":  # the band stays: a patch has all of them; a key that is not there yet starts at the query
        query, partner = (*query[:2], before[2]), (*partner[:2], before[2])
        return [(t, at_place(middle(1, t[1]), middle(0, t[0]), "")) for t in (query, partner)]
    first = (query[0], before[1], query[2])  # the coronal plane goes through the query's y
    second = (partner[0], partner[1], first[2])  # and the axial one through the new query's z
    return [(first, in_plane("coronal", first)), (second, in_plane("axial", second))]


@pytest.mark.parametrize("kind", KINDS)
def test_who_looks_at_it_is_the_other_direction(kind: str, page: Page, app_url: str) -> None:
    open_page(page, app_url, kind)
    at(page, f"{kind}_direction").get_by_text("← is seen by").click()
    expect(reading(page, kind)).to_contain_text("is looked at most by")
    settled(page)
    query, partner = CHOSEN[kind]
    name = MODES[kind][1]
    # The sentence comes before the matrix has turned: a click until then means its row.
    expect(instrument(page, f"{kind}_matrix_{name}").get_by_role("application")).to_have_attribute(
        "aria-label", re.compile("its column is marked"), timeout=LIMIT_MS
    )
    click_cell(page, f"{kind}_matrix_{name}", (partner[1], query[1]))  # rows look, columns are looked at
    expect(instrument(page, f"{kind}_matrix_{name}")).to_have_attribute("data-query", str(query[1]))
    settled(page)
    click_cell(page, f"{kind}_matrix_{name}", (partner[1], query[1]), shift=True)
    expect_chosen(page, f"{kind}_matrix_{name}", query[1], partner[1])
    settled(page)
    before = analysed(kind).default_query()
    chosen, looking = (before[0], query[1], before[2]), (before[0], partner[1], before[2])
    expect_chosen(page, f"{kind}_map", flat(kind, chosen), flat(kind, looking))
    expect(at(page, f"{kind}_pair")).to_contain_text(f"{words(kind, looking)} → {words(kind, chosen)}: ")


def test_selections_are_undone_and_redone_by_buttons_and_keys(page: Page, app_url: str) -> None:
    open_page(page, app_url, "volume")
    first = flat("volume", analysed("volume").default_query())
    expect_chosen(page, "volume_map", first)
    click_cell(page, "volume_matrix_x", (6, 6))
    default = analysed("volume").default_query()
    second = flat("volume", (6, *default[1:]))
    expect_chosen(page, "volume_map", second)
    settled(page)
    at(page, "volume_undo").get_by_role("button").click()
    expect_chosen(page, "volume_map", first)
    settled(page)
    page.keyboard.press("Control+y")
    expect_chosen(page, "volume_map", second)
    settled(page)
    click_cell(page, "volume_matrix_y", (2, 2))
    third = flat("volume", (6, 2, default[2]))
    expect_chosen(page, "volume_map", third)
    settled(page)
    instrument(page, "volume_matrix_x").get_by_test_id("attention-canvas").focus()
    page.keyboard.press("Control+z")  # heard by the map alone: one step, not two
    expect_chosen(page, "volume_map", second)
    settled(page)
    page.wait_for_timeout(500)
    expect_chosen(page, "volume_map", second)
    page.keyboard.press("Control+z")
    expect_chosen(page, "volume_map", first)
    settled(page)
    expect(at(page, "volume_undo").get_by_role("button")).to_be_disabled()


@pytest.mark.parametrize("kind", KINDS)
def test_the_keyboard_alone_chooses_a_pair(kind: str, page: Page, app_url: str) -> None:
    open_page(page, app_url, kind)
    key, name = f"{kind}_map", MODES[kind][0]
    query = analysed(kind).default_query()
    matrix = instrument(page, f"{kind}_matrix_{name}").get_by_test_id("attention-canvas")
    matrix.focus()
    step = "ArrowDown" if query[0] == 0 else "ArrowUp"
    moved = (query[0] + (1 if query[0] == 0 else -1), *query[1:])
    page.keyboard.press(step)
    page.keyboard.press("Enter")
    expect_chosen(page, key, flat(kind, moved))
    settled(page)
    expect(matrix).to_be_focused()
    page.keyboard.press("Shift+Enter")
    root = instrument(page, f"{kind}_matrix_{name}")
    expect(root).not_to_have_attribute("data-key", "")
    settled(page)
    first = int(str(root.get_attribute("data-key")))
    second = first + (1 if first == 0 else -1)
    page.keyboard.press("ArrowRight" if first == 0 else "ArrowLeft")
    page.keyboard.press("Shift+Enter")
    expect_chosen(page, f"{kind}_matrix_{name}", moved[0], second)
    partner = (second, *moved[1:])
    expect_chosen(page, key, flat(kind, moved), flat(kind, partner))
    expect(at(page, f"{kind}_pair")).to_contain_text(f"{words(kind, moved)} → {words(kind, partner)}: ")
    settled(page)
    page.keyboard.press("Control+z")
    expect_chosen(page, key, flat(kind, moved), flat(kind, (first, *moved[1:])))


def test_two_quick_clicks_are_both_heard(page: Page, app_url: str) -> None:
    open_page(page, app_url, "volume")
    query, partner = (6, 3), (2, 9)
    click_cell(page, "volume_matrix_x", (query[0], partner[0]))
    click_cell(page, "volume_matrix_y", (query[1], partner[1]))
    click_cell(page, "volume_matrix_x", (query[0], partner[0]), shift=True)
    click_cell(page, "volume_matrix_y", (query[1], partner[1]), shift=True)
    last = analysed("volume").default_query()[2]
    expect_chosen(page, "volume_map", flat("volume", (*query, last)), flat("volume", (*partner, last)))


def test_a_click_beside_a_short_bar_means_its_band(page: Page, app_url: str) -> None:
    open_page(page, app_url, "raster")
    (row, column, band), bars = analysed("raster").default_query(), figure(page, "raster_summary")
    names = bars.evaluate("plot => Array.from(plot.data[0].y)")
    values = bars.evaluate("plot => Array.from(plot._fullData[0].x)")
    shortest = min((at for at in range(len(names)) if at != band), key=values.__getitem__)
    end = bars.evaluate("plot => plot._fullLayout.xaxis.range[1]")
    assert values[shortest] < 0.5 * end
    click_data(page, "raster_summary", 0.6 * end, names[shortest])
    expect_chosen(page, "raster_map", flat("raster", (row, column, shortest)))


def test_a_click_beside_a_line_means_its_time(page: Page, app_url: str) -> None:
    open_page(page, app_url, "series")
    (first, last), before = edges("series", 2, 17), analysed("series").default_query()
    x = str((first + (last - first) / 2).astype("datetime64[s]"))
    low, high = figure(page, "series_data").evaluate("plot => plot._fullLayout.yaxis.range")
    click_data(page, "series_data", x, low + 0.95 * (high - low))
    expect_chosen(page, "series_map", flat("series", (*before[:2], 17)))
