"""How much a file may ask for, and the sentence that refuses it.

A file is not trusted: a header may declare terabytes, a kilobyte of gzip may hold a gigabyte.
Everything is checked before memory is given.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from hot_core.errors import HotError, ReadError

MAX_BYTES = 100 * 1024**2
MAX_DECOMPRESSED = 1024**3
_CHUNK = 1024**2


@dataclass(frozen=True)
class Limits:
    """What a reader may take.

    Attributes:
        file: bytes of the file as it is stored (rasters given by path are read by windows and may be larger).
        decompressed: bytes after gzip.
        text: bytes of a table after gzip; parsing takes many times that.
        values: numbers in the resulting array.
        pixels: pixels that a raster is read with when no window is asked for.
        side: side in pixels of the central window that is read from a larger raster.
        overview: values that may be decoded for a picture of a whole larger raster.
    """

    file: int = MAX_BYTES
    decompressed: int = MAX_DECOMPRESSED
    text: int = 200 * 1024**2
    values: int = 2**27
    pixels: int = 4 * 1024**2
    side: int = 1024
    overview: int = 3 * 2**24


def refuse(name: str, problem: str, remedy: str) -> ReadError:
    """The error that names file, problem and remedy; for the caller to raise."""
    return ReadError(f"{name}: {problem}. {remedy}.")


def megabytes(size: int) -> str:
    """A size in words: "3.2 MB", "117 bytes"."""
    return f"{size / 1024**2:,.1f} MB" if size >= 1024**2 / 10 else f"{size:,} bytes"


@contextmanager
def foreign(name: str, problem: str, remedy: str) -> Iterator[None]:
    """Turn whatever a borrowed parser raises on a damaged file into one sentence.

    The libraries that parse headers, tables and strips raise some twenty kinds of exception on damaged
    input and document few of them, so the net is wide here; keep the block to the borrowed call alone.
    """
    try:
        yield
    except HotError:
        raise
    except Exception as cause:
        raise refuse(name, problem, remedy) from cause


def gunzip(data: bytes, name: str, limit: int, problem: str = "", remedy: str = "") -> bytes:
    """Decompress gzip data of one or several members, never beyond `limit` bytes.

    Args:
        data: the compressed bytes.
        name: the file's name, for the sentence.
        limit: the most bytes that may come out.
        problem: what it means to exceed the limit; by default that the limit of this program is passed.
        remedy: what to do then.

    Returns:
        The decompressed bytes.

    Raises:
        ReadError: when the stream is damaged, ends early, or grows beyond the limit.
    """
    out = bytearray()
    rest = data
    while rest.strip(b"\0"):
        stream = zlib.decompressobj(wbits=31)
        while not stream.eof:
            try:
                piece = stream.decompress(rest, min(_CHUNK, limit + 1 - len(out)))
            except zlib.error as cause:
                raise refuse(name, "the gzip compression is damaged", "Copy or download the file again") from cause
            out += piece
            if len(out) > limit:
                raise refuse(
                    name,
                    problem or f"it decompresses to more than the limit of {megabytes(limit)}",
                    remedy or "Cut out the part that matters, or check where the file comes from",
                )
            if not piece and not stream.eof and not stream.unconsumed_tail:
                raise refuse(
                    name, "the gzip compression ends early, the file is truncated", "Copy or download the file again"
                )
            rest = stream.unconsumed_tail
        rest = stream.unused_data
    return bytes(out)


def gunzip_head(data: bytes, name: str, size: int) -> bytes:
    """The first `size` decompressed bytes (fewer when the stream holds fewer).

    Returns:
        At most `size` bytes.

    Raises:
        ReadError: when the stream is damaged from the start.
    """
    try:
        return zlib.decompressobj(wbits=31).decompress(data, size)
    except zlib.error as cause:
        raise refuse(name, "the gzip compression is damaged", "Copy or download the file again") from cause
