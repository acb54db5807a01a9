"""The app as a user starts it: the exact command, from the repository's root, on a port that is free."""

import io
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
START_LIMIT_S = 90


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_healthy(server: subprocess.Popen[bytes], url: str, log: Path) -> None:
    end = time.monotonic() + START_LIMIT_S
    while time.monotonic() < end:
        assert server.poll() is None, f"The app ended at once:\n{log.read_text()}"
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=2) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"The app was not healthy within {START_LIMIT_S} s:\n{log.read_text()}")


@contextmanager
def running_app() -> Iterator[str]:
    """Address of the app while it runs."""
    with running("app/main.py", {"OMP_NUM_THREADS": "1"}) as (url, log):
        yield url
    assert "Traceback" not in log.getvalue(), log.getvalue()


@contextmanager
def running(script: str, settings: Mapping[str, str] | None = None) -> Iterator[tuple[str, io.StringIO]]:
    """Address of a Streamlit page while it runs, and what it has written once it has ended.

    Not through `python -m`, which would hide a wrong import path.
    """
    port, written = free_port(), io.StringIO()
    streamlit = Path(sys.executable).parent / "streamlit"
    command = [str(streamlit), "run", script, "--server.port", str(port), "--server.headless", "true"]
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "streamlit.log"
        with log.open("wb") as sink:
            environment = {**os.environ, **(settings or {})}
            server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=sink, stderr=subprocess.STDOUT)
        try:
            url = f"http://127.0.0.1:{port}"  # a bare machine may not know the name localhost
            wait_until_healthy(server, url, log)
            yield url, written
        finally:
            server.terminate()
            try:
                server.wait(timeout=15)
            except subprocess.TimeoutExpired:
                server.kill()
            written.write(log.read_text())
