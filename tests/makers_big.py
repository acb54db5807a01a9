"""A BigTIFF of any size in a second, written from the TIFF 6 and BigTIFF layouts alone.

Its tiles are real and compressed, but many places of a directory point to the same few: what a reader must decode is
that of a full file, what lies on the disk is a few megabytes.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

TILE = 256
PIXEL = 10.0
CORNER = (300_000.0, 5_900_000.0)
NAMES = ("B02", "B03", "B04", "B08", "B11", "B12")
KINDS = 7
MARK = 60_000
_FORMATS = {2: "B", 3: "H", 4: "I", 12: "d", 16: "Q"}


def values(kind: int) -> np.ndarray:
    """One of the tiles that the file is made of: a level of its own with some texture."""
    rng = np.random.default_rng(kind)
    return (1000 + 200 * kind + rng.integers(0, 97, (TILE, TILE))).astype(np.uint16)


def big_tiff(
    path: Path, side: int = 20_000, factors: Sequence[int] = (2, 4, 8, 16, 32), mark: tuple[int, int] | None = None,
    empty: bool = False,
) -> Path:  # fmt: skip
    """Write `side` × `side` pixels of six bands, 10 m each, in UTM zone 33 north.

    Args:
        path: where to.
        side: rows and columns.
        factors: of the overviews; () for a file without.
        mark: a (row, column) whose pixel is 60,000 in the fourth band, and in every overview the pixel over it.
        empty: whether all but the last tile of each band is nodata (0).

    Returns:
        The path.
    """
    with path.open("wb") as file:
        file.write(b"II+\0" + struct.pack("<HHQ", 8, 0, 0))
        placed = [_piece(file, np.zeros((TILE, TILE), np.uint16) if empty else values(kind)) for kind in range(KINDS)]
        last = _piece(file, values(3))
        link = 8
        for factor in (1, *factors):
            size = -(-side // factor)
            tiles = -(-size // TILE)
            grid = np.add.outer(3 * np.arange(tiles), 5 * np.arange(tiles))
            kinds = (grid[None] + np.arange(6)[:, None, None]) % KINDS
            offsets = np.array([place for place, _ in placed])[kinds]
            counts = np.array([count for _, count in placed])[kinds]
            if empty:
                offsets[:, -1, -1], counts[:, -1, -1] = last
            if mark is not None:
                row, column = (at // factor for at in mark)
                at = (3, row // TILE, column // TILE)
                tile = values(int(kinds[at]))
                tile[row % TILE, column % TILE] = MARK
                offsets[at], counts[at] = _piece(file, tile)
            link = _directory(file, size, offsets.ravel(), counts.ravel(), link, factor)
    return path


def _piece(file, tile: np.ndarray) -> tuple[int, int]:
    data = zlib.compress(tile.astype("<u2").tobytes(), 6)
    at = file.seek(0, 2)
    file.write(data)
    return at, len(data)


def _directory(file, size: int, offsets: np.ndarray, counts: np.ndarray, link: int, factor: int) -> int:
    """Write one directory and link it; gives where the next one's address belongs."""
    keys = (1, 1, 0, 3, 1024, 0, 1, 1, 1025, 0, 1, 1, 3072, 0, 1, 32633)
    items = "".join(f'<Item name="DESCRIPTION" sample="{i}" role="description">{n}</Item>' for i, n in enumerate(NAMES))
    entries = [
        (254, 4, (int(factor > 1),)), (256, 4, (size,)), (257, 4, (size,)), (258, 3, (16,) * 6), (259, 3, (8,)),
        (262, 3, (1,)), (277, 3, (6,)), (284, 3, (2,)), (322, 3, (TILE,)), (323, 3, (TILE,)), (324, 16, offsets),
        (325, 16, counts), (338, 3, (0,) * 5), (339, 3, (1,) * 6),
    ]  # fmt: skip
    if factor == 1:
        entries += [
            (33550, 12, (PIXEL, PIXEL, 0.0)), (33922, 12, (0.0, 0.0, 0.0, *CORNER, 0.0)), (34735, 3, keys),
            (42112, 2, f"<GDALMetadata>{items}</GDALMetadata>\0".encode()), (42113, 2, b"0\0"),
        ]  # fmt: skip
    packed = []
    for tag, kind, given in entries:
        data = struct.pack(f"<{len(given)}{_FORMATS[kind]}", *given)
        if len(data) > 8:
            at = file.seek(0, 2)
            file.write(data)
            data = struct.pack("<Q", at)
        packed.append(struct.pack("<HHQ", tag, kind, len(given)) + data.ljust(8, b"\0"))
    start = file.seek(0, 2)
    file.write(struct.pack("<Q", len(packed)) + b"".join(packed) + struct.pack("<Q", 0))
    file.seek(link)
    file.write(struct.pack("<Q", start))
    return start + 8 + 20 * len(packed)
