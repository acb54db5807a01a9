"""Takes the screenshots of this folder from the real app: `python -m docs.screenshots`."""

from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.browser.actions import KINDS, TITLES, at, figure, open_page, settled
from tests.browser.chromium import FLAGS, find_chromium
from tests.browser.server import running_app
from tests.browser.viewer import viewer

HERE = Path(__file__).resolve().parent
FIGURES = {"start": [f"start_{kind}" for kind in KINDS], "series": ["series_data"], "raster": ["raster_data"]}


def main() -> None:
    """Opens every page, waits until it is drawn, and keeps what a person sees first."""
    with running_app() as url, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=find_chromium(), args=list(FLAGS))
        page = chromium.new_page(viewport={"width": 1440, "height": 1020})
        for name in TITLES:
            open_page(page, url, name)
            for key in FIGURES.get(name, []):
                figure(page, key)
            if name == "volume":
                viewer(page)
            page.wait_for_timeout(1500)  # plotly and the fonts come in a moment after the script has ended
            shoot(page, name)
            if name == "series":
                trust(page)
                shoot(page, "evidence")


def shoot(page: Page, name: str) -> None:
    """Keeps what is seen."""
    page.screenshot(path=HERE / f"{name}.png")
    print(HERE / f"{name}.png")


def trust(page: Page) -> None:
    """Asks for evidence and scrolls to it."""
    at(page, "series_check_quick").get_by_role("button").click()
    at(page, "series_verdict").wait_for()
    settled(page)
    figure(page, "series_fields_0")
    at(page, "series_trust").evaluate("part => part.scrollIntoView({block: 'start'})")
    page.mouse.move(800, 500)
    page.mouse.wheel(0, -90)  # the heading from under the bar
    page.wait_for_timeout(1500)


if __name__ == "__main__":
    main()
