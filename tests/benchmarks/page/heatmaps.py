"""The rival's heatmaps: bytes sent, and time until drawn, after the side is chosen on a page that is open already."""

import statistics
from dataclasses import dataclass

from tests.benchmarks.page.browser import LIMIT_MS, new_page, settled
from tests.benchmarks.page.spread import Spread

OTHER = 16
"""Side of the heatmap that stands there before."""

ARM = """side => {
    const found = () => {
        const plot = document.querySelector(".st-key-heatmap .js-plotly-plot");
        const image = plot?.querySelector(".heatmaplayer image");
        return image?.getAttribute("href") && plot._fullData?.[0].z?.length === side;
    };
    window.pace.bytes.received = 0;
    window.pace.result = new Promise((answer) => window.addEventListener("pointerup", (event) => {
        const look = () => found() ? requestAnimationFrame(() => answer(performance.now() - event.timeStamp))
            : requestAnimationFrame(look);
        requestAnimationFrame(look);
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
            taken = [one(page, url, side, overlay) for _ in range(settings.redrawn)]
        found[side, overlay] = Heatmap(
            statistics.median(received for received, _ in taken), Spread(tuple(ms for _, ms in taken))
        )
        say(f"Plotly heatmap of {side}²{' with points' * overlay}: {found[side, overlay].time.median:.0f} ms")
    return found


def one(page, url, side, overlay):
    """Bytes and milliseconds of one."""
    page.goto(f"{url}/?side={OTHER}{'&overlay=1' * overlay}")
    page.wait_for_selector(".st-key-heatmap .heatmaplayer image", state="attached", timeout=LIMIT_MS)
    settled(page)
    page.wait_for_timeout(500)
    page.evaluate(ARM, side)
    page.locator(".st-key-side").get_by_text(str(side), exact=True).click()
    ms = page.evaluate("() => window.pace.result")
    return page.evaluate("() => window.pace.bytes.received"), ms
