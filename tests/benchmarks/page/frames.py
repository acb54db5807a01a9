"""Frames of the instrument in Chromium: turns of the wheel at many places of a map, on a page without Streamlit."""

import random
from dataclasses import dataclass
from urllib.parse import urlsplit

from tests.benchmarks.page.browser import HERE, new_page
from tests.benchmarks.page.clicks import place
from tests.benchmarks.page.maps import payload
from tests.benchmarks.page.spread import Spread
from tests.browser.server import ROOT

HOST = "http://pace.test"
SHELL = (
    "<!doctype html><meta charset='utf-8'><div id='host' style='width:900px'></div><script src='frames.js'></script>"
)
TYPES = {".js": "text/javascript", ".css": "text/css", ".html": "text/html"}
PIXELS = 512
REST_MS = 160
"""After which the instrument has drawn exactly what a movement had drawn coarsely."""
DEPTH = 5
"""Turns of the wheel before the whole map is seen again."""
TURN = -240


@dataclass(frozen=True)
class Frames:
    """Milliseconds of pictures of 512 × 512 exact means, by what is counted."""

    means: Spread
    picture: Spread
    frame: Spread
    next: Spread


def frames(browser, settings, say):
    """All maps."""
    found = {}
    for drawn in settings.drawn:
        with new_page(browser) as page:
            open_map(page, payload(drawn))
            found[drawn] = one(page, drawn, settings.frames)
        say(f"{drawn.name}: {found[drawn].frame.median:.1f} ms a frame")
    return found


def open_map(page, data):
    """The empty page, everything on it from the working tree."""

    def answer(route):
        path = urlsplit(route.request.url).path.lstrip("/")
        if path == "map.bin":
            route.fulfill(body=data, content_type="application/octet-stream")
        elif not path:
            route.fulfill(body=SHELL, content_type="text/html")
        else:
            file = HERE / path if path == "frames.js" else ROOT / "app" / "components" / path
            found = file.is_file()
            body = file.read_bytes() if found else b""
            route.fulfill(status=200 if found else 404, body=body, content_type=TYPES.get(file.suffix, "text/plain"))

    page.route(f"{HOST}/**", answer)
    page.goto(f"{HOST}/")
    page.evaluate("() => window.pace.frames.mount('map.bin')")


def one(page, drawn, count):
    """Means alone, then the instrument under the wheel."""
    means = page.evaluate(
        "([name, views, pixels]) => window.pace.frames.means(name, views, pixels)",
        ["map.bin", views(drawn.tokens, count), PIXELS],
    )
    taken = wheel(page, count)
    parts = (Spread(tuple(frame[name] for frame in taken)) for name in ("picture", "ms", "next"))
    return Frames(Spread(tuple(means)), *parts)


def views(tokens, count):
    """Squares of the map at random places, from the whole to 512 entries a side."""
    draw = random.Random(0)
    found = []
    for number in range(count):
        side = max(round(tokens * (PIXELS / tokens) ** (number / count)), PIXELS)
        rows, cols = (draw.randrange(tokens - side + 1) for _ in range(2))
        found.append([[rows, rows + side], [cols, cols + side]])
    return found


def wheel(page, count):
    """Turns of the wheel; after each, the exact picture of 512 pixels a side that follows."""
    page.wait_for_timeout(3 * REST_MS)
    box = page.evaluate("() => window.pace.frames.place()")
    taken = []
    for number in range(3 * count):
        across, down = place(number)
        page.mouse.move(box["x"] + across * box["width"], box["y"] + down * box["height"])
        page.evaluate("() => window.pace.frames.taken()")
        if number % DEPTH == DEPTH - 1:
            page.keyboard.press("Home")
        else:
            page.mouse.wheel(0, TURN)
        page.wait_for_timeout(REST_MS)
        drawn = page.evaluate("() => window.pace.frames.taken()")
        taken += [frame for frame in drawn if frame["exact"] and frame["pixels"] == PIXELS][-1:]
        if len(taken) >= count:
            break
    return taken
