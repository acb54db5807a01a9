"""The watch over the pages sees what it is there to see."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import EXPECTED, Watch

Watched = tuple[Watch, Page]


@pytest.fixture
def watched(browser: Browser) -> Iterator[Watched]:
    context = browser.new_context()
    watch = Watch()
    yield watch, watch.open(context)
    context.close()


def test_a_quiet_page_passes(watched: Watched) -> None:
    watch, page = watched
    page.set_content("<p>fine</p><script>console.warn('only a warning')</script>")
    watch.check(page)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("<script>console.error('lost')</script>", "console: lost"),
        ("<script>throw new Error('broken')</script>", "uncaught: .*broken"),
        ("<div data-testid='stException'>KeyError</div>", r"shows an exception:\s+KeyError"),
    ],
)
def test_a_fault_fails(content: str, sentence: str, watched: Watched) -> None:
    watch, page = watched
    page.set_content(content)
    page.wait_for_timeout(100)
    with pytest.raises(AssertionError, match=sentence):
        watch.check(page)


def test_only_the_two_known_404s_are_let_through() -> None:
    assert EXPECTED.search("http://localhost:8501/volume/_stcore/health")
    assert EXPECTED.search("http://localhost:8501/volume/_stcore/host-config")
    assert not EXPECTED.search("http://localhost:8501/_stcore/health")
    assert not EXPECTED.search("http://localhost:8501/volume/_stcore/stream")
    assert not EXPECTED.search("http://localhost:8501/volume/static/app.js")
