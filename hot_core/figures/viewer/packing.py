"""A header in JSON and arrays behind it, as bytes.

u32 little endian L | L bytes of UTF-8 JSON, padded with spaces until 4 + L is a multiple of 8 | the arrays, little
endian, each padded with zeros to a multiple of 8.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence

import numpy as np

VERSION = 1


def packed(header: Mapping[str, object], arrays: Sequence[np.ndarray]) -> bytes:
    """A header and arrays as one message.

    Args:
        header: what JSON can hold; `version` is added.
        arrays: in the order in which the browser reads them; each in its own memory order.

    Returns:
        The message.
    """
    whole = {"version": VERSION, **header}
    text = json.dumps(whole, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    text += b" " * (-(4 + len(text)) % 8)
    return b"".join([struct.pack("<I", len(text)), text, *map(_padded, arrays)])


def _padded(array: np.ndarray) -> bytes:
    raw = array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes(order="A")
    return raw + b"\0" * (-len(raw) % 8)
