"""Clicks in the pages: from the release of the mouse until every linked view shows the new position.

Two golden sequences lay the clicks over a picture, so that one never falls near the last and each moves the
position. The stopwatch runs in the page itself (`stopwatch.js`); nothing is polled from here.
"""

import statistics
import time
from dataclasses import dataclass

from playwright.sync_api import TimeoutError as Late

from tests.benchmarks.page.browser import LIMIT_MS, new_page, settled
from tests.benchmarks.page.settings import KINDS, MATRIX, SOURCES
from tests.benchmarks.page.spread import Spread
from tests.browser.actions import MODES, open_page

MISSED_MS = 10_000
PAUSE_MS = 20
REST_MS = 60
"""How long the mouse rests before it clicks: Plotly looks at what lies under it every 50 ms at most."""
APPEARS_MS = 20_000
EDGE = 0.06
"""Share of a picture along each side that is left alone."""
REACH = {"series": (0.8, 1.0), "volume": (0.38, 0.38)}
"""Of the series' dated axis 96 of 120 hours have been; in those of the forecast there is no position to choose. In the
volume's viewer, the coronal plane."""


@dataclass(frozen=True)
class Clicked:
    """What the clicks of one case cost: time, and bytes of the websocket, medians of a click."""

    time: Spread
    received: float
    sent: float
    late: tuple[str, ...] = ()


@dataclass(frozen=True)
class Case:
    """Clicks at one place of a page.

    Attributes:
        box: selector of what holds the picture that is clicked.
        target: selector of the picture within it, in shadow roots, too.
        views: what has to follow, as `stopwatch.js` takes it.
        sizes: tokens of each mode.
        reach: the shares of the picture's width, from the left, and height, from above, that hold anything to choose.
    """

    box: str
    target: str
    views: tuple[dict[str, object], ...]
    sizes: tuple[int, ...] = ()
    reach: tuple[float, float] = (1.0, 1.0)


def place(number):
    """Where the click of a number falls, as shares of the picture."""
    across, down = ((start + number * step) % 1 for start, step in ((0.3, 0.7548776662), (0.2, 0.6180339887)))
    return EDGE + (1 - 2 * EDGE) * across, EDGE + (1 - 2 * EDGE) * down


def timed(page, case, clicks, budget):
    """Click and wait, up to `clicks` times or `budget` seconds; one click before them does not count."""
    found, received, sent, late = [], [], [], []
    end = time.monotonic() + budget
    for number in range(clicks + 1):
        result = click(page, case, number)
        if number:
            found.append(result["ms"])
            late += result["late"]
            received.append(result["received"])
            sent.append(result["sent"])
            if time.monotonic() > end:
                break
    ms = tuple(value for value in found if value is not None)
    spread = Spread(ms, len(found) - len(ms))
    return Clicked(spread, statistics.median(received), statistics.median(sent), tuple(sorted(set(late))))


def click(page, case, number):
    """One click; milliseconds (None: not all views followed), late views, bytes."""
    given = [case.box, case.target, number]
    try:  # the page is there before its pictures are
        found = page.wait_for_function("given => window.pace.place(given)", arg=given, timeout=APPEARS_MS)
    except Late as error:
        raise LookupError(f"{case.box} has no {case.target} to click.") from error
    box = found.json_value()
    across, down = (share * reach for share, reach in zip(place(number), case.reach, strict=True))
    x, y = box["x"] + across * box["width"], box["y"] + down * box["height"]
    page.mouse.move(x - 3, y - 3)
    page.mouse.move(x, y)
    given = {"views": list(case.views), "sizes": list(case.sizes), "limit": MISSED_MS}
    page.evaluate("given => window.pace.arm(given)", given)
    page.wait_for_timeout(REST_MS)
    page.mouse.click(x, y)
    result = page.evaluate("() => window.pace.result")
    settled(page)
    page.wait_for_timeout(PAUSE_MS)
    return result | page.evaluate("() => window.pace.bytes")


MAP = "[data-testid=attention-canvas]"
VIEWER = "[data-testid=volume-canvas]"


def cases(kind, sizes):
    """The three places of a page where clicks fall."""
    boxes = {"map": f".st-key-{kind}_map", "matrix": f".st-key-{kind}_matrix_{MATRIX[kind]}",
             "data": f".st-key-{kind}_data"}  # fmt: skip
    views = (
        {"box": f".st-key-{kind}_reading", "what": "text"},
        {"box": boxes["map"], "what": "map"},
        *(
            {"box": f".st-key-{kind}_matrix_{mode}", "what": "matrix", "mode": at}
            for at, mode in enumerate(MODES[kind])
        ),
        {"box": boxes["data"], "what": "viewer" if kind == "volume" else "marks"},
        *([{"box": ".st-key-raster_prediction", "what": "marks"}] if kind == "raster" else []),
    )
    data = VIEWER if kind == "volume" else ".js-plotly-plot .nsewdrag"
    targets = {"map": MAP, "matrix": MAP, "data": data}
    reach = {"data": REACH[kind]} if kind in REACH else {}
    return {
        source: Case(boxes[source], targets[source], views, sizes, reach.get(source, (1.0, 1.0))) for source in SOURCES
    }


def pages(browser, url, settings, sizes, say):
    """Clicks in the three pages; `sizes` are the tokens of each mode by kind."""
    found = {}
    for kind in KINDS:
        with new_page(browser) as page:
            open_page(page, url, kind)
            for source, case in cases(kind, sizes[kind]).items():
                found[kind, source] = timed(page, case, settings.clicks, settings.budget)
                say(f"{kind}, {source}: {found[kind, source].time.median:.0f} ms")
    return found


def rival(browser, url, settings, say):
    """The same clicks in a Plotly heatmap under an overlay of points, by its side."""
    views = ({"box": ".st-key-reading", "what": "text"}, {"box": ".st-key-heatmap", "what": "marks"})
    case = Case(".st-key-heatmap", ".js-plotly-plot .nsewdrag", views)
    found = {}
    for side in settings.clicked:
        with new_page(browser) as page:
            page.goto(f"{url}/?side={side}&overlay=1")
            page.wait_for_selector(".st-key-heatmap .heatmaplayer image", state="attached", timeout=LIMIT_MS)
            settled(page)
            page.wait_for_timeout(1000)
            found[side] = timed(page, case, settings.clicks, settings.rival_budget)
            say(f"Plotly heatmap, {side}²: {found[side].time.median:.0f} ms")
    return found
