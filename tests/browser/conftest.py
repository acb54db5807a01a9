"""A real Chromium in front of the exact start command; an exception box or a console error fails the test."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from tests.browser.chromium import FLAGS, find_chromium
from tests.browser.server import running_app

STEP_LIMIT_MS = 60_000

# On a deep link Streamlit first asks beside the page's path: two 404s that it expects itself.
EXPECTED = re.compile(r"^https?://[^/]+/[^/]+/_stcore/(health|host-config)$")

expect.set_options(timeout=STEP_LIMIT_MS)


@pytest.fixture(scope="session")
def app_url() -> Iterator[str]:
    """Address of one app for the whole run."""
    with running_app() as url:
        yield url


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for the whole run."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=find_chromium(), args=list(FLAGS))
        yield chromium
        chromium.close()


class Watch:
    """Collects what a page must not do."""

    def __init__(self) -> None:
        self.faults: list[str] = []

    def open(self, context: BrowserContext) -> Page:
        """A page whose console errors and uncaught exceptions are kept."""
        page = context.new_page()
        page.set_default_timeout(STEP_LIMIT_MS)
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.faults.append(f"uncaught: {error}"))
        return page

    def _console(self, message: ConsoleMessage) -> None:
        source = message.location.get("url", "")
        if message.type == "error" and not EXPECTED.search(source):
            self.faults.append(f"console: {message.text} ({source})")

    def check(self, page: Page) -> None:
        """Fails on any exception box or anything collected."""
        boxes = page.get_by_test_id("stException")
        assert boxes.count() == 0, f"{page.url} shows an exception:\n{boxes.first.inner_text()}"
        assert not self.faults, "\n".join(self.faults)


@pytest.fixture
def new_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens a page in a browser session of its own, with options of it; all of them are checked at the end."""
    opened: list[tuple[Watch, Page]] = []

    def make(**options: Any) -> Page:
        watch = Watch()
        context = browser.new_context(
            **{"viewport": {"width": 1440, "height": 1000}, "accept_downloads": True} | options
        )
        page = watch.open(context)
        opened.append((watch, page))
        return page

    yield make
    try:
        for watch, page in opened:
            watch.check(page)
    finally:
        for _, page in opened:
            page.context.close()


@pytest.fixture
def page(new_page: Callable[[], Page]) -> Page:
    """One page in a session of its own."""
    return new_page()
