"""napari on the desktop: a process of its own, started on the computer that runs the page."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from ipaddress import IPv6Address, ip_address
from pathlib import Path
from urllib.parse import urlsplit

import streamlit as st

from hot_core.errors import HotError
from hot_core.export.bundle import SUFFIX
from hot_core.napari_plugin.window import screen_there

ROOT = Path(__file__).resolve().parents[1]
WAIT_S = 60.0
LOOK_S = 0.1


def here() -> bool:
    """Whether this computer has a screen and the visitor sits before it; for others the window would open far away.

    Behind a proxy on this computer every visitor has its address; what the browser says it has opened tells them apart.

    Returns:
        Whether a window may be offered.
    """
    return screen_there() and _own(st.context.ip_address) and _own_page(st.context.headers.get("Origin"))


def _own_page(origin: str | None) -> bool:
    """Whether the browser has opened the page under a name that means its own computer; all browsers say so."""
    host = urlsplit(origin or "").hostname
    return host == "localhost" or (host is not None and _own(host))


def _own(address: str | None) -> bool:
    """Whether an address is this computer's own; None is what Streamlit makes of some of them."""
    if address is None:
        return True
    try:
        found = ip_address(address)
    except ValueError:
        return False
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None  # ::ffff:127.0.0.1 on a server for both
    return (mapped or found).is_loopback


def open_in_napari(content: bytes) -> bool:
    """Start napari on a bundle and wait until its window is there.

    The bundle lies in a folder that only this user can read; napari deletes it as soon as it has read it, and the
    folder goes when napari ends. Closing the page does not close napari.

    Args:
        content: the bundle.

    Returns:
        Whether the window is there; False when it is still to come after a minute.

    Raises:
        HotError: when napari ended before it had a window, with what it said.
    """
    folder = Path(tempfile.mkdtemp(prefix="hot-lens-"))  # only for this user
    bundle, said = folder / f"analysis{SUFFIX}", folder / "said.txt"
    try:
        bundle.write_bytes(content)
        process = _start(bundle, said)
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)  # nothing of a person's data stays behind
        raise HotError(f"napari could not be started: {error.strerror}. The download opens it, too.") from error
    end = time.monotonic() + WAIT_S
    while bundle.exists() and process.poll() is None and time.monotonic() < end:
        time.sleep(LOOK_S)
    failed = bundle.exists() and process.poll() is not None
    words = said.read_text(encoding="utf-8", errors="replace") if failed else ""
    threading.Thread(target=_tidy, args=(process, folder), daemon=True).start()
    if failed:
        raise HotError(_failure(process.returncode, words))
    return not bundle.exists()


def _start(bundle: Path, said: Path) -> subprocess.Popen[bytes]:
    """The process, with a session of its own, so that it outlives the page, and the desktop's own Qt settings."""
    environment = {name: value for name, value in os.environ.items() if name != "QT_QPA_PLATFORM"}
    command = [sys.executable, "-m", "hot_core", "view", str(bundle), "--discard"]
    with said.open("wb") as sink:
        return subprocess.Popen(
            command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=sink, stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip


def _tidy(process: subprocess.Popen[bytes], folder: Path) -> None:
    """Wait for the end, so that no dead process stays, and take the folder away."""
    process.wait()
    shutil.rmtree(folder, ignore_errors=True)


def _failure(code: int, words: str) -> str:
    """One sentence: napari's own refusal, or that it ended, with the last line that it wrote."""
    lines = [line.strip() for line in words.splitlines() if line.strip()]
    last = lines[-1] if lines else "it said nothing"
    if code == 2:
        return f"napari did not open: {last}"
    remedy = "Save the bundle and open it as the line below says"
    return f"napari did not open; it ended with code {code} ({last}). {remedy}."
