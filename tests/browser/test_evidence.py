"""The evidence below the pictures in a real browser: asked for, judged, drawn, answering a click, and kept."""

from typing import Any

from playwright.sync_api import Page, expect

from hot_core.evidence import Focus, gather
from hot_core.evidence.answers import HEAD, answers
from hot_core.models import load_model
from tests.browser.actions import at, figure, open_page, reading, settled
from tests.browser.instrument import click_data
from tests.browser.test_linked import analysed, shown_head, words


def test_a_check_is_judged_drawn_and_kept_while_one_asks_elsewhere(page: Page, app_url: str) -> None:
    open_page(page, app_url, "series")
    analysis = analysed("series")
    layer, head = shown_head(page, "series")
    expected = gather(analysis, load_model("air-quality"), Focus("head", analysis.default_query(), layer, head))
    at(page, "series_check_quick").get_by_role("button").click()
    verdict = at(page, "series_verdict")
    expect(verdict).to_contain_text(expected.judgement.verdict.capitalize())
    settled(page)
    assert expected.judgement.reason[1:] in verdict.inner_text()
    table = at(page, "series_trust_evidence").locator("table").first
    assert [row.split("\t") for row in table.inner_text().splitlines()] == [
        list(HEAD), *(list(answer.cells) for answer in answers(expected))
    ]  # fmt: skip
    figures = [f"series_fields_{number}" for number in range(len(expected.maps))]
    assert [len(row) for row in cells(page, figures[0])] == [24] * 18
    click_data(page, figures[1], "2013-12-27T06:00:00", 17)  # LGA · visib, 04:00 to 08:00
    expect(reading(page, "series")).to_contain_text(words("series", (2, 5, 7)))
    settled(page)
    expect(page.get_by_text("Nothing has been asked yet")).to_be_visible()
    expect(verdict).to_have_count(0)
    at(page, "series_undo").get_by_role("button").click()
    expect(verdict).to_contain_text(expected.judgement.reason[1:])
    settled(page)


def cells(page: Page, key: str) -> Any:
    """The numbers of a heatmap's rows."""
    return figure(page, key).evaluate("plot => plot.calcdata[0][0].z.map((row) => [...row])")
