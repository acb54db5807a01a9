"""Heatmaps and attention maps: bytes sent, and time until drawn, after a side is chosen on a page that is open."""

import statistics
from dataclasses import dataclass

from tests.benchmarks.page.browser import LIMIT_MS, new_page, settled
from tests.benchmarks.page.spread import Spread

OTHER = 16
"""Side of the heatmap that stands there before."""

IMAGE = ".st-key-heatmap .heatmaplayer image"
MAP = ".st-key-heatmap [data-testid=attention-map][data-view]"

HEATMAP = """side => {
    const plot = document.querySelector(".st-key-heatmap .js-plotly-plot");
    const image = plot?.querySelector(".heatmaplayer image");
    return Boolean(image?.getAttribute("href")) && plot._fullData?.[0].z?.length === side;
}"""
INSTRUMENT = """side => window.pace.deep(document.querySelector(".st-key-heatmap"), "[data-testid=attention-map]")
    ?.dataset.view?.startsWith(`0 ${side} `)"""
"""When a map of so many tokens is drawn whole."""

ARM = """side => {
    const drawn = DRAWN;
    window.pace.bytes.received = 0;
    window.pace.result = new Promise((answer) => window.addEventListener("pointerup", (event) => {
        const look = () => drawn(side) ? requestAnimationFrame(() => answer(performance.now() - event.timeStamp))
            : requestAnimationFrame(look);
        requestAnimationFrame(look);
        setTimeout(() => answer(null), LIMIT);
    }, { once: true, capture: true }));
}"""


@dataclass(frozen=True)
class Heatmap:
    """Bytes of the websocket, and time until drawn."""

    received: float
    time: Spread


def heatmaps(browser, url, settings, say):
    """Every side, alone and under the points that take clicks (these only where they are clicked, too)."""
    wanted = [(side, False) for side in settings.shown] + [(side, True) for side in settings.clicked]
    found = {}
    for side, overlay in wanted:
        with new_page(browser) as page:
            address = f"{url}/?side={OTHER}{'&overlay=1' * overlay}"
            taken = [one(page, address, IMAGE, HEATMAP, side) for _ in range(settings.redrawn)]
        found[side, overlay] = middle(taken)
        say(f"Plotly heatmap of {side}²{' with points' * overlay}: {found[side, overlay].time.median:.0f} ms")
    return found


def instruments(browser, url, settings, say):
    """Attention maps of as many tokens, and of many more."""
    found = {}
    for side in settings.sent:
        with new_page(browser) as page:
            taken = [one(page, f"{url}/?side={OTHER}", MAP, INSTRUMENT, side) for _ in range(settings.redrawn)]
        found[side] = middle(taken)
        say(f"attention map of {side}²: {found[side].time.median:.0f} ms")
    return found


def middle(taken):
    """Median bytes, and all times."""
    ms = tuple(found for _, found in taken if found is not None)
    return Heatmap(statistics.median(received for received, _ in taken), Spread(ms, len(taken) - len(ms)))


def one(page, address, first, drawn, side):
    """Bytes and milliseconds of one; `first` is there when the page is open, `drawn` says when it shows the side."""
    page.goto(address)
    page.wait_for_selector(first, state="attached", timeout=LIMIT_MS)
    settled(page)
    page.wait_for_timeout(500)
    page.evaluate(ARM.replace("DRAWN", drawn).replace("LIMIT", str(LIMIT_MS)), side)
    page.locator(".st-key-side").get_by_text(str(side), exact=True).click()
    ms = page.evaluate("() => window.pace.result")
    settled(page)
    return page.evaluate("() => window.pace.bytes.received"), ms
