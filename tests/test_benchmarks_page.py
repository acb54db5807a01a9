"""The page's benchmark: a quick run has every row, its stopwatch tells the time and sees what did not follow."""

import dataclasses
import math
import platform
import re
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import pytest

from app.content import BUNDLED
from hot_core.kronecker import KroneckerMixture
from tests.benchmarks.page import __main__ as bench
from tests.benchmarks.page.browser import chromium, new_page
from tests.benchmarks.page.clicks import EDGE, Case, Clicked, click, place
from tests.benchmarks.page.document import document
from tests.benchmarks.page.frames import Frames, views
from tests.benchmarks.page.maps import kronecker_map
from tests.benchmarks.page.notebooks import draw, notebooks
from tests.benchmarks.page.payloads import Payload
from tests.benchmarks.page.report import tables
from tests.benchmarks.page.run import run
from tests.benchmarks.page.settings import BASE, FULL, KINDS, LARGE, QUICK, SOURCES, Drawn
from tests.benchmarks.page.spread import Spread
from tests.benchmarks.page.targets import targets

BERTVIZ = """
class head_view:
    def __init__(self, attention, tokens, html_action):
        heads, rows, keys = attention[0].shape[1:]
        self.data = ("<svg></svg><script src='https://elsewhere.test/require.js/require.min.js'></script>"
                     f"<script>lines({heads * rows * keys})</script>")
"""
LINES = "const lines = (n) => document.querySelector('svg').insertAdjacentHTML('beforeend', '<line />'.repeat(n));"
CIRCUITSVIS = """
class attention_patterns:
    def __init__(self, tokens, attention):
        if len(tokens) > 5:
            raise ValueError("too many")
        self.local_src = f"<canvas width={len(tokens)}></canvas>" * (attention.shape[0] + 1)
"""

# Two instruments, a sentence and a figure; a click anywhere chooses 17 = (2, 5) of 3 × 6, each view in its own time.
PAGE = """<!doctype html><div class=reading>before</div>
<div class=map><p><span data-testid=attention-map data-query=4></span></p></div>
<div class=matrix><span data-testid=attention-map data-query=0></span></div>
<div class=figure><div class=js-plotly-plot><svg><g class=shapelayer><path d=M0,0 /></g></svg></div></div>
<script>
{
const host = document.querySelector(".map p");
host.attachShadow({ mode: "open" }).append(host.querySelector("span"));
const moved = {
  reading: () => { document.querySelector(".reading").textContent = "after"; },
  map: () => { host.shadowRoot.querySelector("span").dataset.query = 17; },
  matrix: () => { document.querySelector(".matrix span").dataset.query = DIGIT; },
  figure: () => { document.querySelector("path").setAttribute("d", "M1,1"); },
};
addEventListener("click", () => Object.entries(DELAYS).forEach(([name, ms]) => setTimeout(moved[name], ms)));
}
</script>"""
VIEWS = (
    {"box": ".reading", "what": "text"},
    {"box": ".map", "what": "map"},
    {"box": ".matrix", "what": "matrix", "mode": 1},
    {"box": ".figure", "what": "marks"},
)
DELAYS = {"reading": 30, "map": 60, "matrix": 240, "figure": 90}


@pytest.fixture(scope="module")
def thread():
    """Playwright allows one loop a thread, and the browser tests keep theirs until the end."""
    with ThreadPoolExecutor(1) as one:
        yield one


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """What `--rivals` takes, with packages that draw by the same rules as the real ones."""
    root = tmp_path_factory.mktemp("rivals")
    (root / "bertviz.py").write_text(BERTVIZ)
    (root / "circuitsvis").mkdir()
    (root / "circuitsvis" / "__init__.py").touch()
    (root / "circuitsvis" / "attention.py").write_text(CIRCUITSVIS)
    (root / "scripts").mkdir()
    (root / "scripts" / "require.min.js").write_text(LINES)
    return root


SHORT = dataclasses.replace(QUICK, frames=2, clicks=1, tokens=(5, 7))


@pytest.fixture(scope="module")
def results(thread, folder):
    return thread.submit(run, SHORT, folder, lambda _: None).result()


def numbers(found):
    return [each for part in vars(found).values() for each in (part.ms if isinstance(part, Spread) else ())]


def test_a_quick_run_has_every_row(results):
    assert set(results.frames) == set(SHORT.drawn)
    assert set(results.clicks) == {(kind, source) for kind in KINDS for source in SOURCES}
    assert set(results.rival) == set(SHORT.clicked)
    assert set(results.heatmaps) == {(256, False), (256, True)}
    assert set(results.instruments) == {256}
    assert [payload.sample for payload in results.payloads] == [one.title for all_ in BUNDLED.values() for one in all_]
    for found in (*results.frames.values(), *results.clicks.values(), *results.rival.values()):
        assert numbers(found)
        assert min(numbers(found)) > 0
    for clicked in (*results.clicks.values(), *results.rival.values()):
        assert clicked.time.missed == 0, clicked.late
        assert clicked.received > 1000
        assert clicked.sent > 100
    for drawn in results.frames.values():
        assert len(drawn.means.ms) == len(drawn.frame.ms) == SHORT.frames
        assert drawn.next.median >= drawn.frame.median > drawn.picture.median
    for kind, sizes in (("series", (3, 6, 24)), ("volume", (9, 13, 9)), ("raster", (64, 64, 6))):
        assert sizes in [payload.sizes for payload in results.payloads if payload.kind == kind]
    factors = [4 * sum(n * n for n in payload.sizes) for payload in results.payloads]
    assert all(payload.one > least for payload, least in zip(results.payloads, factors, strict=True))
    assert results.instruments[256].time.median > 0
    assert 4 * 2 * 16**2 < results.instruments[256].received < 50_000
    assert results.heatmaps[256, False].received > 4 * 256**2 < results.heatmaps[256, True].received


def test_packages_for_notebooks_are_drawn_as_far_as_they_go(results):
    found = [(one.package, one.tokens, one.drawn is not None, one.reason) for one in results.notebooks]
    assert found == [
        ("bertviz", 5, True, ""),
        ("bertviz", 7, True, ""),
        ("circuitsvis", 5, True, ""),
        ("circuitsvis", 7, False, "not made: ValueError: too many"),
    ]
    assert all(one.made > 0 and one.size > 50 for one in results.notebooks[:3])


def test_what_is_not_drawn_says_why(thread, folder, tmp_path):
    page, blank = tmp_path / "page.html", tmp_path / "blank.html"
    page.write_text("<script src='https://elsewhere.test/d3/5.7.0/d3.min.js'></script>")
    blank.write_text("<canvas width=4></canvas>" * 5)  # of four tokens, not of five
    settings = dataclasses.replace(QUICK, tokens=(5,), patience=1.0)

    def all_of_them():
        with chromium() as browser:
            offline = draw(browser, folder, "bertviz", 5, page, settings)
            return (
                offline,
                draw(browser, folder, "circuitsvis", 5, blank, settings),
                notebooks(browser, tmp_path, settings, str),
            )

    offline, never, missing = thread.submit(all_of_them).result()
    assert offline == (None, "not drawn without the internet: d3.min.js")
    assert never == (None, "not drawn within 1 s")
    assert [one.reason for one in missing] == [
        f"not made: ModuleNotFoundError: No module named '{package}'" for package in ("bertviz", "circuitsvis")
    ]


def test_the_stopwatch_waits_for_the_last_view_and_names_those_that_stay_behind(thread):
    def once(delays, digit=5, limit=700, views=VIEWS, clicked=True):
        page.set_content(PAGE.replace("DELAYS", str(delays)).replace("DIGIT", str(digit)))
        page.evaluate("given => window.pace.arm(given)", {"views": list(views), "sizes": [3, 6], "limit": limit})
        if clicked:
            page.mouse.click(9, 9)
        return page.evaluate("() => window.pace.result")

    def all_of_them():
        nonlocal page
        with chromium() as browser, new_page(browser) as page:
            page.goto("about:blank")
            with pytest.raises(Exception, match=r"Nothing to follow in \.nowhere"):
                once(DELAYS, views=[*VIEWS, {"box": ".nowhere", "what": "text"}], limit=100)
            partly = {name: ms for name, ms in DELAYS.items() if name != "figure"}
            return once(DELAYS), once(partly), once(DELAYS, digit=4), once(DELAYS, limit=200, clicked=False)

    page = None
    whole, partly, elsewhere, never = thread.submit(all_of_them).result()
    assert 240 <= whole["ms"] < 640
    assert whole["late"] == []
    assert partly == {"ms": None, "late": [".figure"]}
    assert elsewhere == {"ms": None, "late": [".matrix"]}  # it shows another position than the map
    assert never == {"ms": None, "late": ["a click that never came"]}


def test_a_picture_that_is_not_there_is_named(thread, monkeypatch):
    monkeypatch.setattr("tests.benchmarks.page.clicks.APPEARS_MS", 500)

    def ask():
        with chromium() as browser, new_page(browser) as page:
            click(page, Case(".st-key-x", "canvas", ()), 0)

    with pytest.raises(LookupError, match=r"\.st-key-x has no canvas to click"):
        thread.submit(ask).result()


def test_spread():
    assert Spread(tuple(range(1, 101))).p95 == 95
    assert Spread(tuple(range(1, 97)), missed=4).p95 == 95
    assert Spread(tuple(range(1, 95)), missed=6).p95 == math.inf
    assert (Spread((3.0, 1.0, 2.0)).median, Spread((3.0, 1.0, 2.0)).p95, Spread((3.0, 1.0)).most) == (2.0, 3.0, 3.0)
    assert math.isnan(Spread(()).median)


def test_clicks_fall_inside_and_far_from_the_last():
    places = [place(number) for number in range(101)]
    assert all(EDGE <= share <= 1 - EDGE for both in places for share in both)
    assert min(abs(a[1] - b[1]) for a, b in pairwise(places)) > 0.3


def test_views_reach_from_the_whole_map_to_512_entries():
    found = views(21_952, 9)
    assert found[0] == [[0, 21_952], [0, 21_952]]
    assert all(0 <= a < b <= 21_952 and b - a >= 512 for both in found for a, b in both)
    assert found[-1][0][1] - found[-1][0][0] < 1000


def test_maps_are_those_that_are_named():
    assert kronecker_map(Drawn((3, 5), combine="sum"), 0).combine == "sum"
    mixed = kronecker_map(Drawn((3, 5), heads=4), 0)
    assert isinstance(mixed, KroneckerMixture)
    assert len(mixed.maps) == 4
    assert {drawn.name for drawn in FULL.drawn} >= {"28×28×28", "100×100×100", "1000×1000", "28×28×28, 8 heads"}
    assert FULL.clicks == 100


def test_verdicts_follow_the_numbers(results):
    def frames(ms):
        return Frames(*(Spread((value,) * 20) for value in (1.0, 1.0, ms, 99.0)))

    drawn = {BASE: Frames(*(Spread((50.0,) * 18 + (70.0,) * 2),) * 4), LARGE[0]: frames(100.0), LARGE[1]: frames(101.0)}
    payloads = [
        Payload("series", "small", "m", (3, 5), 4, 1000, 3000),
        Payload("raster", "big", "m", (9,), 2, 9, 500_000),
    ]
    clicked = {("series", "map"): Clicked(Spread((400.0,) * 95 + (900.0,) * 5), 1, 1),
               ("volume", "data"): Clicked(Spread((400.0,) * 94, missed=6), 1, 1)}  # fmt: skip
    made = dataclasses.replace(results, frames=drawn, payloads=payloads, clicks=clicked)
    assert [(target.what, target.found, target.met) for target in targets(made)] == [
        ("512 × 512 of 28×28×28, a frame, median", "50.0 ms", True),
        ("512 × 512 of 28×28×28, a frame, 95th percentile", "70.0 ms", False),
        ("10¹² entries, 100×100×100, a frame beside 28×28×28", "2.00×", True),
        ("10¹² entries, 1000×1000, a frame beside 28×28×28", "2.02×", False),
        ("payload a head, most of 2 samples", "250.0 kB, big", False),
        ("series: click on the Kronecker map, all views, 95th percentile of 100", "400 ms", True),
        ("volume: click on the planes, all views, 95th percentile of 100", "never", False),
    ]


def test_the_document_says_how_it_was_made_and_names_no_host(results, tmp_path, capsys, monkeypatch):
    asked = []
    monkeypatch.setattr(bench, "run", lambda *given: asked.append(given) or results)
    path = tmp_path / "page.md"
    options = bench.arguments(["--quick", "--clicks", "7", "--rivals", str(tmp_path), "--markdown", str(path)])
    bench.main(options)
    assert asked == [(dataclasses.replace(QUICK, clicks=7), tmp_path)]
    text = path.read_text(encoding="utf-8")
    assert text.startswith(
        "# Benchmarks of the page\n\nMade by `make bench-page ARGS='--quick --clicks 7 --rivals DIR "
    )
    assert str(tmp_path) not in text.split("`; do not edit")[1]
    assert not re.search(rf"\b{re.escape(platform.node())}\b", text)
    assert "Chromium" in text
    said = capsys.readouterr().out
    for table in tables(results):
        assert f"## {table.title}" in text
        assert table.title in said
        assert all(len(row) == len(table.header) for row in table.rows), table.title
    alone = dataclasses.replace(results, notebooks=None)
    assert "were left out" in document("x", alone, tables(alone))
    assert "were left out" not in text


def test_options():
    assert bench.settings_of(bench.arguments([])) == FULL
    assert bench.settings_of(bench.arguments(["--quick"])) == QUICK
    assert bench.arguments(["--rivals", "there"]).rivals == Path("there")
