"""The gallery of heads in a real Chromium: its order, its pixels, its clicks and its keys."""

import base64
import math

import numpy as np
import pytest
import torch
from playwright.sync_api import Page, expect

from hot_core.analysis.heads import head_measures
from hot_core.figures.gallery import gallery_bytes
from hot_core.modes import Mode
from tests import oracles
from tests.javascript import run_module
from tests.makers_gallery import gallery_page, random_record, record_of, softmax

SORTS = ("layer", "entropy", "distance", "agreement")


def opened(page: Page, record, chosen=None, mode="x") -> list:
    """Mount the gallery of a record; hands back its measures."""
    measures = head_measures(record, mode)
    page.set_content(gallery_page(gallery_bytes(record, mode, measures, chosen)))
    page.wait_for_selector("body[data-ready]")
    return list(measures)


def again(page: Page, record, chosen) -> None:
    """What a rerun does: the same place, other data."""
    payload = base64.b64encode(gallery_bytes(record, "x", head_measures(record, "x"), chosen)).decode()
    page.evaluate("text => window.mount(text)", payload)


def shown(page: Page) -> list[tuple[int, int]]:
    names = page.locator(".hg-thumb").evaluate_all("all => all.map((each) => each.dataset.head)")
    return [(int(layer), int(head)) for layer, head in (name.split(",") for name in names)]


def in_order(measures, by: str, descending: bool) -> list[tuple[int, int]]:
    """Sorted by the definition: equal ones by layer and head, those without the measure last."""

    def rank(each):
        value = getattr(each, by)
        return (math.isnan(value), (-value if descending else value) if not math.isnan(value) else 0)

    return [(m.layer, m.head) for m in sorted(measures, key=lambda m: (*rank(m), m.layer, m.head))]


def twins(size=7) -> object:
    """A record whose heads 0 and 2 of each layer are the same, so that their measures are equal."""
    one, other = softmax(np.random.default_rng(1), 2, size, size)
    return record_of([[one, other, one], [other, one, other]], Mode("x", 3.0 * np.arange(size), "mm"))


@pytest.mark.parametrize("which", ["random", "equal heads", "a single head"])
def test_every_order_is_pythons(page: Page, which: str) -> None:
    made = {"random": random_record, "equal heads": twins, "a single head": lambda: random_record(1, 1)}
    measures = opened(page, made[which]())
    way = page.locator(".hg-way")
    for by in SORTS:
        page.get_by_role("button", name=by, exact=True).click()
        expect(page.get_by_role("button", name=by, exact=True)).to_have_attribute("aria-pressed", "true")
        for descending in (False, True):
            assert shown(page) == in_order(measures, by, descending), (by, descending)
            way.click()
    assert page.locator(".hg-choice[aria-pressed=true]").count() == 1
    assert page.locator(".hg-sorts [aria-pressed]").count() == len(SORTS)
    assert way.get_attribute("aria-pressed") is None  # it turns the order round and is never "pressed"


def test_heads_without_a_measure_come_last_either_way() -> None:
    code = """
      import { headOrder } from "@@/gallery/order.js";
      answer([false, true].map((descending) => headOrder(given, "agreement", descending)));
    """
    values = [0.5, None, 0.25, None, 0.5, 0.75]
    heads = [{"layer": 5 - at, "head": at % 2, "agreement": value} for at, value in enumerate(values)]
    assert run_module(code, heads) == [[2, 4, 0, 5, 3, 1], [5, 4, 0, 2, 3, 1]]


def test_layers_have_rows_of_their_own_and_other_orders_a_single_one(page: Page) -> None:
    opened(page, random_record(3, 5))
    assert page.locator(".hg-title").all_inner_texts() == ["Layer 0", "Layer 1", "Layer 2"]
    assert [row.locator(".hg-thumb").count() for row in page.locator(".hg-row").all()] == [5, 5, 5]
    page.get_by_role("button", name="entropy", exact=True).click()
    assert page.locator(".hg-title").count() == 0
    assert page.locator(".hg-row").count() == 1


def test_below_a_thumb_stands_its_pattern_and_what_is_sorted_by(page: Page) -> None:
    measures = opened(page, random_record(1, 3))
    first = page.locator('[data-head="0,1"]')
    expect(first.locator(".hg-name")).to_have_text("L0 H1")
    expect(first.locator(".hg-pattern")).to_have_text(measures[1].pattern)
    expect(first.locator(".hg-value")).to_have_text("")
    said = {
        "entropy": f"{measures[1].entropy:.2f} nats",
        "distance": measures[1].details[1].removesuffix(" away on average"),
        "agreement": f"shares {100 * measures[1].agreement:.0f}\u00a0%",
    }  # fmt: skip
    for by, words in said.items():
        page.get_by_role("button", name=by, exact=True).click()
        expect(first.locator(".hg-value")).to_have_text(words)


def pixels_of(page: Page, head: str) -> np.ndarray:
    drawn = page.locator(f'[data-head="{head}"] canvas').evaluate(
        "c => [c.width, ...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]"
    )
    return np.array(drawn[1:]).reshape(drawn[0], drawn[0], 4)


@pytest.mark.parametrize("size", [3, 24, 97, 131])
def test_pixels_are_the_colours_of_the_weights_or_of_their_block_means(page: Page, size: int) -> None:
    record = random_record(2, 2, size, seed=4)
    opened(page, record)
    limit = max(2 / size, max(float(record.factor(layer, "x").max()) for layer in (0, 1)))
    palette = np.array(run_module('import { paletteOf } from "@/palettes.js"; answer(paletteOf("linear"));'))
    palette = palette.reshape(256, 4)
    side = min(size, 96)
    for layer, head in ((0, 0), (0, 1), (1, 0), (1, 1)):
        weights = record.factor(layer, "x").values[head].astype(np.float32).astype(float)
        whole = (0, size)
        means = oracles.view(torch.from_numpy(weights), whole, whole, side, side).numpy()
        exact = 255 * np.minimum(means / limit, 1)
        got = pixels_of(page, f"{layer},{head}")
        near = np.abs(exact - np.floor(exact) - 0.5) < 1e-3  # where rounding may go either way
        assert near.mean() < 0.02
        np.testing.assert_array_equal(got[~near], palette[np.round(exact).astype(int)][~near])


@pytest.mark.parametrize(("side", "ratio"), [(3, 1), (9, 1), (24, 1.5), (64, 2), (97, 1), (131, 2)])
def test_cells_are_whole_device_pixels(side: int, ratio: float) -> None:
    code = 'import { thumbSize } from "@@/gallery/pack.js"; answer(thumbSize(given[0], 96, given[1]));'
    got = run_module(code, [side, ratio])
    per_cell = got["css"] * ratio / got["cells"]
    assert per_cell == pytest.approx(round(per_cell))
    assert got["css"] <= 96
    assert got["cells"] == min(side, int(96 * ratio))


def test_a_click_sends_the_head_that_was_clicked(page: Page) -> None:
    record = random_record(3, 5)
    measures = opened(page, record)
    page.get_by_role("button", name="entropy", exact=True).click()
    for layer, head in in_order(measures, "entropy", False)[3:8:2]:
        page.locator(f'[data-head="{layer},{head}"]').click()
        name, event = page.evaluate("window.events.at(-1)")
        assert (name, event["type"], event["layer"], event["head"]) == ("event", "open", layer, head)
    assert page.evaluate("new Set(window.events.map((each) => each[1].stamp)).size") == 3


def test_the_open_head_is_framed_and_the_choice_of_order_outlives_a_rerun(page: Page) -> None:
    record = random_record(2, 3)
    measures = opened(page, record)
    assert page.locator('[aria-current="true"]').count() == 0
    page.get_by_role("button", name="distance", exact=True).click()
    page.locator(".hg-way").click()
    page.locator('[data-head="1,2"]').focus()
    again(page, record, (1, 2))
    open_one = page.locator('[aria-current="true"]')
    expect(open_one).to_have_attribute("data-head", "1,2")
    expect(open_one).to_be_focused()
    outline = open_one.locator("canvas").evaluate("c => getComputedStyle(c).outlineColor")
    assert outline == "rgb(242, 106, 15)"
    assert shown(page) == in_order(measures, "distance", True)
    assert page.locator(".hg-choice").count() == 5  # nothing was mounted twice
    page.locator('[data-head="0,1"]').click()
    assert len(page.evaluate("window.events")) == 1


def test_the_keyboard_does_all_that_the_mouse_does(page: Page) -> None:
    measures = opened(page, random_record(2, 3))
    page.locator(".hg-choice").first.focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    order = in_order(measures, "entropy", True)
    assert shown(page) == order
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    tip = page.locator(".hg-tip")
    expect(tip).to_be_visible()
    expect(tip).to_contain_text("L{} H{}".format(*order[1]))
    page.keyboard.press("Escape")
    expect(tip).to_be_hidden()
    page.keyboard.press("Enter")
    event = page.evaluate("window.events.at(-1)")[1]
    assert (event["layer"], event["head"]) == order[1]


def test_words_and_measures_are_said_on_hover_and_to_screen_readers(page: Page) -> None:
    measures = opened(page, random_record(2, 3))
    thumb = page.locator('[data-head="1,0"]')
    thumb.hover()
    tip = page.locator(".hg-tip")
    expect(tip).to_be_visible()
    label = thumb.get_attribute("aria-label")
    for words in (measures[3].words, *measures[3].details):
        expect(tip).to_contain_text(words)
        assert words[1:] in label
    assert label.startswith("Open layer 1, head 0. ")
    page.mouse.move(2, 2)
    expect(tip).to_be_hidden()


def test_the_table_says_the_same_in_the_same_order(page: Page) -> None:
    measures = opened(page, random_record(2, 3))
    page.get_by_role("button", name="agreement", exact=True).click()
    page.locator(".hg-table summary").click()
    rows = [row.locator("th, td").all_inner_texts() for row in page.locator("tbody tr").all()]
    assert [row[0] for row in rows] == ["L{} H{}".format(*place) for place in in_order(measures, "agreement", False)]
    known = {(m.layer, m.head): m for m in measures}
    for row, place in zip(rows, in_order(measures, "agreement", False), strict=True):
        each = known[place]
        assert row[1] == each.words
        assert [float(cell) for cell in row[2:]] == pytest.approx(
            [each.entropy, each.distance, each.agreement], rel=5e-3
        )
    assert page.locator('th[aria-sort="ascending"]').inner_text() == "agreement"


def test_the_legend_says_limit_and_uniform_level(page: Page) -> None:
    opened(page, random_record(2, 3, 8))
    legend = page.get_by_role("img", name="linear from 0 to")
    expect(legend).to_contain_text("▲ uniform 0.125")
    opened_limit = float(page.locator(".hg-limit").inner_text())
    assert page.locator(".hg-level").evaluate("e => parseFloat(e.style.left)") == pytest.approx(
        12.5 / opened_limit, rel=5e-3
    )


@pytest.mark.parametrize(("size", "cells"), [(24, 24), (96, 96), (97, 96), (131, 96), (211, 64)])
def test_it_is_said_when_a_cell_is_a_mean_of_many(page: Page, size: int, cells: int) -> None:
    """Beyond 192 positions the blocks are made before they are sent, beyond 96 pixels in the browser."""
    opened(page, random_record(1, 2, size))
    said = f"Each cell is the mean of a block: {size} positions in {cells} cells." if cells < size else ""
    expect(page.locator(".hg-pooled")).to_have_text(said)
    assert pixels_of(page, "0,1").shape[:2] == (cells, cells)
    legend = page.locator(".hg-legend").get_attribute("aria-label")
    assert ("mean of a block" in legend, said in legend) == (cells < size, True)


@pytest.mark.parametrize("width", [390, 900])
@pytest.mark.parametrize(("layers", "heads", "size"), [(3, 8, 24), (12, 8, 64)])
def test_many_thumbs_do_not_crowd_and_are_quick(page: Page, width: int, layers: int, heads: int, size: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    opened(page, random_record(layers, heads, size))
    assert page.locator(".hg-thumb").count() == layers * heads
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    boxes = page.locator(".hg-thumb").evaluate_all(
        "all => all.map((e) => e.getBoundingClientRect()).map((b) => [b.left, b.top, b.right, b.bottom])"
    )
    for at, (left, top, right, bottom) in enumerate(boxes):
        assert left >= 0
        assert right <= width
        for other in boxes[at + 1 :]:
            apart = other[0] >= right - 0.5 or other[2] <= left + 0.5 or other[1] >= bottom - 0.5
            assert apart or other[3] <= top + 0.5
    took = []
    for _ in range(5):  # drawn anew with everything in place, as after a click
        page.evaluate("text => window.mount(text)", page.evaluate("given_payload()"))
        took.append(page.evaluate("window.took"))
    print(f"{layers * heads} thumbs of {size}², {width} px: {min(took):.0f} ms")
    assert min(took) < 100
