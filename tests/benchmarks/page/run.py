"""One run: everything in one Chromium, one thing after the other, so that nothing is timed beside another."""

from dataclasses import dataclass

from tests.benchmarks.page import clicks, heatmaps
from tests.benchmarks.page.browser import chromium, running_app, running_rival
from tests.benchmarks.page.clicks import Clicked
from tests.benchmarks.page.frames import Frames, frames
from tests.benchmarks.page.notebooks import Notebook, notebooks
from tests.benchmarks.page.payloads import Payload, page_sizes, payloads
from tests.benchmarks.page.settings import Drawn, Settings


@dataclass(frozen=True)
class Results:
    """What a run found.

    Attributes:
        settings: what was asked for.
        browser: its name and version.
        frames: of each map.
        payloads: of each bundled sample.
        clicks: by page and place.
        rival: clicks in the rival's heatmap, by side.
        heatmaps: the rival's heatmaps drawn, by side and with points over them or without.
        instruments: attention maps drawn the same way, by their number of tokens.
        notebooks: the packages for notebooks; None: no folder was given.
    """

    settings: Settings
    browser: str
    frames: dict[Drawn, Frames]
    payloads: list[Payload]
    clicks: dict[tuple[str, str], Clicked]
    rival: dict[int, Clicked]
    heatmaps: dict[tuple[int, bool], heatmaps.Heatmap]
    instruments: dict[int, heatmaps.Heatmap]
    notebooks: list[Notebook] | None


def run(settings, folder=None, say=print):
    """Measure; `say` hears how far it is."""
    sent = payloads(say)
    with chromium() as browser:
        name = f"Chromium {browser.version}, headless"
        drawn = frames(browser, settings, say)
        with running_app() as url:
            clicked = clicks.pages(browser, url, settings, page_sizes(sent), say)
        with running_rival("heatmap") as url:
            beside = clicks.rival(browser, url, settings, say)
            redrawn = heatmaps.heatmaps(browser, url, settings, say)
        with running_rival("instrument") as url:
            ours = heatmaps.instruments(browser, url, settings, say)
        pages = notebooks(browser, folder, settings, say) if folder else None
    return Results(settings, name, drawn, sent, clicked, beside, redrawn, ours, pages)
