"""The factors of every layer and head in one `.npz` that opens without pickle."""

from __future__ import annotations

import io
import json

import numpy as np

from hot_core.analysis.result import Analysis
from hot_core.export.manifest import manifest

MIME = "application/octet-stream"


def factors_bytes(analysis: Analysis) -> bytes:
    """Everything needed to rebuild the Kronecker map of every layer and head.

    Arrays: `layer{l}_{mode}` of shape (head, query, key); `coords_{mode}`, the tokens' coordinates;
    `starts_{mode}` and `stops_{mode}`, the native positions they cover; `valid` over the tokens, where
    data is missing; `manifest`, a JSON text. The same analysis gives the same bytes.

    Returns:
        The file, readable by `numpy.load(…, allow_pickle=False)`.
    """
    record = analysis.record
    arrays: dict[str, np.ndarray] = {}
    for layer in range(record.num_layers):
        for mode in record.modes:
            arrays[f"layer{layer}_{mode}"] = record.factor(layer, mode).values
    for axis in analysis.grid.axes:
        name = axis.mode.name
        arrays[f"coords_{name}"] = plain(axis.coords)
        arrays[f"starts_{name}"], arrays[f"stops_{name}"] = axis.starts, axis.stops
    if record.valid is not None:
        arrays["valid"] = record.valid
    arrays["manifest"] = np.array(json.dumps(manifest(analysis), ensure_ascii=False, sort_keys=True))
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def plain(coords: np.ndarray) -> np.ndarray:
    """Coordinates that need no pickle: names of any make as text."""
    return coords.astype(str) if coords.dtype.kind not in "biufM" else coords
