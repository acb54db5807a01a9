"""A headless Chromium, its pages, and the servers: the app, and pages that are compared."""

from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser.chromium import FLAGS, find_chromium
from tests.browser.server import running, running_app

__all__ = ["LIMIT_MS", "chromium", "new_page", "running_app", "running_rival", "settled"]

HERE = Path(__file__).resolve().parent
STOPWATCH = (HERE / "stopwatch.js").read_text(encoding="utf-8")
LIMIT_MS = 60_000


@contextmanager
def chromium():
    """A Chromium; ends with the block."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def new_page(browser):
    """A page in a session of its own, with the stopwatch in it before anything else."""
    context = browser.new_context(viewport={"width": 1440, "height": 1000})
    context.add_init_script(STOPWATCH)
    page = context.new_page()
    page.set_default_timeout(LIMIT_MS)
    try:
        yield page
    finally:
        context.close()


def settled(page):
    """Waits until the server has run the page to its end."""
    page.wait_for_selector('[data-test-script-state="notRunning"]', timeout=LIMIT_MS)


@contextmanager
def running_rival(name):
    """Address of a Streamlit page in `rivals` while it runs."""
    with running(str(HERE / "rivals" / f"{name}.py")) as (url, _):
        yield url
