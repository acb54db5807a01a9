"""A screen that nobody sees: Xvfb on a number of its own, and what stands on it as pixels."""

from __future__ import annotations

import os
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

WIDTH, HEIGHT = 1400, 1000


@dataclass(frozen=True)
class Screen:
    """An X screen.

    Attributes:
        name: what DISPLAY is set to.
        memory: the file in which Xvfb keeps its pixels.
    """

    name: str
    memory: Path

    def pixels(self) -> np.ndarray:
        """What stands on it now, (row, column, red-green-blue); the file is in the X window dump format."""
        content = self.memory.read_bytes()
        header = struct.unpack(">25I", content[:100])
        start = header[0] + 12 * header[19]  # the header, and the table of colours
        rows, stride = header[5], header[12]
        picture = np.frombuffer(content, np.uint8, rows * stride, start).reshape(rows, stride // 4, 4)
        return picture[:, : header[4], 2::-1].copy()


@contextmanager
def screen(folder: Path) -> Iterator[Screen]:
    """A screen while it is needed; fails where Xvfb is missing."""
    reading, writing = os.pipe()
    command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", f"{WIDTH}x{HEIGHT}x24", "-fbdir", str(folder)]
    with (folder / "xvfb.log").open("wb") as log:
        process = subprocess.Popen([*command, "-nolisten", "tcp"], pass_fds=[writing], stdout=log, stderr=log)
    os.close(writing)
    try:
        with os.fdopen(reading) as told:
            number = told.readline().strip()
        assert number, f"Xvfb did not start:\n{(folder / 'xvfb.log').read_text()}"
        yield Screen(f":{number}", folder / "Xvfb_screen0")
    finally:
        process.terminate()
        process.wait(timeout=30)
