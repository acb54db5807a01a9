"""Two people at once: what one brings or chooses never reaches the other."""

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser import files
from tests.browser.actions import drawn, open_page, reading, settled, slide, upload


def test_sessions_do_not_leak(new_page: Callable[[], Page], app_url: str, tmp_path: Path) -> None:
    ours, theirs = open_page(new_page(), app_url, "series"), open_page(new_page(), app_url, "series")
    words, picture = reading(theirs, "series").inner_text(), drawn(theirs, "series_data")
    upload(ours, "series", files.write_series(tmp_path / "private.csv"))
    expect(reading(ours, "series")).to_contain_text("Reykjavik")
    slide(ours, "series", "time", "ArrowLeft")
    settled(ours)

    theirs.reload()
    expect(reading(theirs, "series")).to_have_text(words)
    settled(theirs)
    assert drawn(theirs, "series_data") == picture
    assert "private.csv" not in theirs.content()
    assert "Reykjavik" not in theirs.content()

    open_page(theirs, app_url, "start")
    assert "private.csv" not in theirs.content()
