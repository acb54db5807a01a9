"""Whether a TIFF file holds all that its directories point to.

GDAL reads a truncated file without a word where the missing part is a later strip or the metadata (then
bands lose their names), so the offsets are checked here first, by the TIFF 6 and BigTIFF layouts.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader, BytesIO
from typing import TypeAlias

import numpy as np

from hot_core.io.blob import Blob
from hot_core.io.limits import refuse

_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_NUMBERS = {3: "u2", 4: "u4", 13: "u4", 16: "u8", 18: "u8"}
_PIECES = {273: 279, 324: 325}  # StripOffsets: StripByteCounts, TileOffsets: TileByteCounts
Reader: TypeAlias = BytesIO | BufferedReader
_AGAIN = "Copy or download the file again"


@dataclass(frozen=True)
class _Layout:
    """Byte order and field widths: classic TIFF or BigTIFF."""

    order: str
    big: bool

    @property
    def entry(self) -> struct.Struct:
        """Tag, type, count, and the value or where it lies."""
        return struct.Struct(self.order + ("HHQQ" if self.big else "HHII"))

    @property
    def count(self) -> struct.Struct:
        """How many entries a directory has."""
        return struct.Struct(self.order + ("Q" if self.big else "H"))

    @property
    def offset(self) -> struct.Struct:
        """A position in the file."""
        return struct.Struct(self.order + ("Q" if self.big else "I"))


def check_complete(blob: Blob) -> None:
    """Refuse a TIFF whose directories point beyond its end.

    Args:
        blob: the file, on disk or in memory.

    Raises:
        ReadError: when a directory, a value, a strip or a tile lies outside the file.
    """
    with _opened(blob) as file:
        head = file.read(16)
        layout = _Layout("<" if head[:2] == b"II" else ">", head[2:3] == b"+" or head[3:4] == b"+")
        start = 8 if layout.big else 4
        if len(head) < start + layout.offset.size:
            raise _truncated(blob)
        (at,) = layout.offset.unpack_from(head, start)
        seen: set[int] = set()
        while at and at not in seen and len(seen) < 64:
            seen.add(at)
            at = _check_directory(file, layout, at, blob)


@contextmanager
def _opened(blob: Blob) -> Iterator[Reader]:
    if blob.path is None:
        yield BytesIO(blob.data)
    else:
        with blob.path.open("rb") as file:
            yield file


def _truncated(blob: Blob) -> Exception:
    return refuse(blob.name, "the TIFF file is truncated: it points to content beyond its end", _AGAIN)


def _check_directory(file: Reader, layout: _Layout, at: int, blob: Blob) -> int:
    """Check one directory; gives the offset of the next, 0 after the last."""
    (count,) = layout.count.unpack(_bytes(file, at, layout.count.size, blob))
    if count > 4096:
        raise refuse(blob.name, "the TIFF directory is damaged", _AGAIN)
    table = _bytes(file, at + layout.count.size, count * layout.entry.size + layout.offset.size, blob)
    found: dict[int, np.ndarray] = {}
    for place in range(0, count * layout.entry.size, layout.entry.size):
        tag, kind, number, where = layout.entry.unpack_from(table, place)
        size = _SIZES.get(kind, 0) * number
        inline = size <= layout.offset.size
        if not inline and where + size > blob.size:
            raise _truncated(blob)
        if (tag in _PIECES or tag in _PIECES.values()) and kind in _NUMBERS:
            value = place + layout.entry.size - layout.offset.size
            raw = table[value : value + size] if inline else _bytes(file, where, size, blob)
            found[tag] = np.frombuffer(raw, layout.order + _NUMBERS[kind]).astype(np.float64)
    for offsets, lengths in _PIECES.items():
        if offsets in found and lengths in found and found[offsets].shape == found[lengths].shape:
            # An offset of 0 marks a piece that was never written; readers fill it.
            ends = np.where(found[offsets] > 0, found[offsets] + found[lengths], 0)
            if ends.size and ends.max() > blob.size:
                raise _truncated(blob)
    (following,) = layout.offset.unpack_from(table, count * layout.entry.size)
    return int(following)


def _bytes(file: Reader, at: int, size: int, blob: Blob) -> bytes:
    if at + size > blob.size:
        raise _truncated(blob)
    file.seek(at)
    data = file.read(size)
    if len(data) < size:
        raise _truncated(blob)
    return data
