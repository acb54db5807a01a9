"""The page's way into napari: the bundle is always there, and with a screen the button opens a real window on it."""

import json
import time
from pathlib import Path

import numpy as np
import psutil
from playwright.sync_api import Page, expect

from tests.browser.actions import LIMIT_MS, at, download, open_page
from tests.browser.server import running
from tests.screen import Screen, screen

QUERY_RGB = (0xF2, 0x6A, 0x0F)
LIMIT_S = 90


def orange(shown: Screen) -> int:
    """How many pixels of the screen have the query's colour."""
    return int((np.abs(shown.pixels().astype(int) - QUERY_RGB).max(axis=-1) <= 2).sum())


def windows(shown: Screen) -> list[psutil.Process]:
    """The processes that were started on this screen."""
    found = []
    for process in psutil.process_iter():
        try:
            command, environment = process.cmdline(), process.environ()
        except (psutil.AccessDenied, psutil.NoSuchProcess, psutil.ZombieProcess):
            continue
        if "hot_core" in command and "view" in command and environment.get("DISPLAY") == shown.name:
            found.append(process)
    return found


def until(done: object, seconds: float = LIMIT_S) -> bool:
    """Waits for something to be so."""
    end = time.monotonic() + seconds
    while not done() and time.monotonic() < end:  # type: ignore[operator]
        time.sleep(0.2)
    return bool(done())  # type: ignore[operator]


def test_the_bundle_is_kept_and_the_button_opens_a_window(page: Page, tmp_path: Path) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    with screen(tmp_path) as shown:
        # a server that was told to draw no windows of its own hands that on to nobody
        settings = {"DISPLAY": shown.name, "QT_QPA_PLATFORM": "offscreen", "TMPDIR": str(temporary),
                    "NAPARI_CONFIG": str(tmp_path / "settings.yaml"), "OMP_NUM_THREADS": "1"}  # fmt: skip
        with running("app/main.py", settings) as (url, log):
            open_page(page, url, "series")
            with np.load(download(page, "series", "bundle", tmp_path), allow_pickle=False) as arrays:
                manifest = json.loads(arrays["manifest"].item())
                assert arrays["depth"].shape == (manifest["layers"], *arrays["image"].shape)
            line = page.get_by_text("python -m hot_core view").first
            expect(line).to_have_text(".venv/bin/python -m hot_core view ~/Downloads/attention_layer2_head0.hotlens")
            assert orange(shown) == 0
            at(page, "series_napari").get_by_role("button").click()
            expect(page.get_by_text("napari is open, in a window of its own.")).to_be_visible(timeout=LIMIT_MS)
            assert until(lambda: orange(shown) > 10)
            (folder,) = temporary.glob("hot-lens-*")
            assert folder.stat().st_mode & 0o777 == 0o700
            assert [path.name for path in folder.iterdir()] == ["said.txt"]  # the data are gone once read
            (window,) = windows(shown)
            window.terminate()
            assert until(lambda: not list(temporary.glob("hot-lens-*")))
            page.goto("about:blank")  # before its server goes
        assert "Traceback" not in log.getvalue(), log.getvalue()
