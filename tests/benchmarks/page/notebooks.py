"""BertViz and CircuitsVis: making their page, its size, and the time until it is drawn; up to where they stop.

Neither is a requirement: a folder given to the benchmark holds them. BertViz' page loads three scripts from the
internet; copies of them in the folder's `scripts` are handed to it in their place, and nothing else is fetched.
"""

import json
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Error

from tests.benchmarks.page.browser import new_page

DRAWN = {
    "bertviz": "([heads, tokens]) => document.querySelectorAll('svg line').length >= heads * tokens * tokens",
    "circuitsvis": "([heads, tokens]) => { const all = [...document.querySelectorAll('canvas')]; "
    "return all.length > heads && all.every((each) => each.width === tokens); }",
}
"""When a page is drawn: a line for every weight; the whole picture and every head's."""
MAKING = 120
"""Seconds after which making a page is given up."""
SCRIPTS = {"require.js": "require.min.js", "d3": "d3.min.js", "jquery": "jquery.min.js"}


@dataclass(frozen=True)
class Notebook:
    """One page of a package: seconds to make it, bytes, seconds until drawn; None and a reason where it stopped."""

    package: str
    tokens: int
    made: float | None
    size: int
    drawn: float | None
    reason: str = ""


def notebooks(browser, folder, settings, say):
    """Every package at growing sizes, until the first that is not drawn."""
    found = []
    for package in DRAWN:
        for tokens in settings.tokens:
            found.append(one(browser, folder, package, tokens, settings))
            say(f"{package}, {tokens} tokens: {found[-1].drawn or found[-1].reason}")
            if found[-1].drawn is None:
                break
    return found


def one(browser, folder, package, tokens, settings):
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "page.html"
        made, reason = make(folder, package, tokens, path, settings)
        if made is None:
            return Notebook(package, tokens, None, 0, None, reason)
        drawn, reason = draw(browser, folder, package, tokens, path, settings)
        return Notebook(package, tokens, made, path.stat().st_size, drawn, reason)


def make(folder, package, tokens, path, settings):
    """Seconds in a process of its own, or None and why not."""
    command = [sys.executable, "-m", "tests.benchmarks.page.rivals.notebook", str(folder), package]
    command += [str(tokens), str(settings.heads), str(path)]
    try:
        out = subprocess.run(command, capture_output=True, text=True, timeout=MAKING)
    except subprocess.TimeoutExpired:
        return None, f"not made within {MAKING} s"
    if out.returncode:
        last = (out.stderr.strip().splitlines() or ["it was stopped"])[-1]
        return None, f"not made: {last}"
    return json.loads(out.stdout.splitlines()[-1])["seconds"], ""


def draw(browser, folder, package, tokens, path, settings):
    """Seconds from the start of loading until all is drawn, or None and why not."""
    missing = []
    with new_page(browser) as page:
        page.route(re.compile("^https?:"), lambda route: answer(route, folder, missing))
        try:
            page.goto(path.as_uri(), timeout=settings.patience * 1e3, wait_until="commit")
            condition = f"given => ({DRAWN[package]})(given) && performance.now()"
            found = page.wait_for_function(
                condition, arg=[settings.heads, tokens], timeout=settings.patience * 1e3
            ).json_value()
        except Error as error:
            return None, why(error, missing, settings)
    return found / 1e3, ""


def answer(route, folder, missing):
    """A script from the folder in the place of the internet's."""
    address = route.request.url
    name = next((name for part, name in SCRIPTS.items() if part in address), None)
    if name and (folder / "scripts" / name).is_file():
        route.fulfill(path=folder / "scripts" / name, content_type="text/javascript")
    else:
        missing.append(urlsplit(address).path.rsplit("/", 1)[-1])
        route.abort()


def why(error, missing, settings):
    """The reason in words."""
    if missing:
        return f"not drawn without the internet: {', '.join(sorted(set(missing)))}"
    if "Timeout" in type(error).__name__:
        return f"not drawn within {settings.patience:.0f} s"
    return "the page crashed"
