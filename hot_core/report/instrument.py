"""The page's attention map in a report: its code, read as files, and what it draws.

The instrument is browser code that needs nothing of the page but bytes. It lies with the page's components, beside the
library as `assets/` does, and is read from there; nothing of the page is imported.
"""

from __future__ import annotations

import base64
import math
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from markupsafe import Markup

from hot_core.errors import ReadError, SelectionError
from hot_core.figures.canvas import Picture, encode, grid_coordinates, mode_coordinates, runs
from hot_core.figures.canvas.modules import joined
from hot_core.figures.fields import shared_limit
from hot_core.kronecker import KroneckerMap
from hot_core.report.choices import Inspection

FOLDER = Path(__file__).resolve().parents[2] / "app" / "components" / "attention_map"
STRONGEST = 10


@dataclass(frozen=True)
class Instrument:
    """The browser's code of the attention map: a module's text, its HTML and its style sheet."""

    code: Markup
    html: Markup
    css: Markup


@lru_cache(maxsize=1)
def instrument(folder: Path = FOLDER) -> Instrument:
    """Read the instrument.

    Args:
        folder: where its modules lie.

    Returns:
        Code with a function `attentionMap`, HTML and CSS.

    Raises:
        ReadError: when it is not there.
    """
    try:
        code = joined(folder / "main.js").replace("export default function", "function", 1)
        html, css = ((folder / name).read_text(encoding="utf-8") for name in ("instrument.html", "instrument.css"))
    except OSError as error:
        raise ReadError(
            f"The attention map's code is not beside the library ({error.filename}). A report needs the whole "
            "repository; run it from there."
        ) from error
    return Instrument(Markup(code.replace("</script", r"<\/script")), Markup(html), Markup(css))


def map_payload(shown: Inspection) -> str:
    """The Kronecker map of what is shown, base64."""
    analysis, total = shown.analysis, math.prod(shown.analysis.grid.shape)
    flat = [
        None if at is None else int(np.ravel_multi_index(at, analysis.grid.shape)) for at in (shown.query, shown.key)
    ]
    picture = Picture(
        title=f"Kronecker map · {shown.title}", formula=f"{shown.formula}, {total:,} × {total:,}",
        about=shown.about, uniform=shown.uniform, scale="uniform", top=_top(shown), query=flat[0], key=flat[1],
        direction=shown.choices.direction, missing=runs(missing(shown)),
    )  # fmt: skip
    return _text(encode(shown.map, grid_coordinates(analysis.grid, analysis.sample.geometry), picture))


def matrix_payload(shown: Inspection, mode: int) -> str:
    """One mode's matrix of what is shown, base64; its colour scale is that of all layers and heads."""
    record, axis = shown.analysis.record, shown.analysis.grid.axes[mode]
    name, kmap = record.modes[mode], shown.map
    factor = kmap.factors[mode] if isinstance(kmap, KroneckerMap) else kmap.marginal(mode)
    gone = missing(shown)
    empty = np.asarray(gone.all(axis=tuple(other for other in range(gone.ndim) if other != mode)))
    picture = Picture(
        title=f"{name} · {shown.title}", formula=f"{len(axis)} × {len(axis)}",
        about=f"Mode {name}: query down, key across.", uniform=1 / max(1, int((~empty).sum())), scale="linear",
        limit=shared_limit([record.factor(layer, name) for layer in range(record.num_layers)]),
        limit_words="all layers and heads", query=shown.query[mode],
        key=None if shown.key is None else shown.key[mode], direction=shown.choices.direction, small=True,
        missing=runs(empty),
    )  # fmt: skip
    return _text(encode(KroneckerMap((factor,)), mode_coordinates(axis), picture))


def missing(shown: Inspection) -> np.ndarray:
    """Which tokens hold no data."""
    valid = shown.analysis.record.valid
    return np.zeros(shown.analysis.grid.shape, dtype=bool) if valid is None else ~valid


def _top(shown: Inspection) -> list[tuple[int, int, float]] | None:
    """The strongest entries between positions with data; None where the search gives up."""
    shape, gone = shown.analysis.grid.shape, missing(shown).ravel()
    try:
        found = shown.map.top(min(STRONGEST, math.prod(shape)))
    except SelectionError:
        return None
    queries, keys = (np.ravel_multi_index(tuple(place.T.numpy()), shape) for place in (found.queries, found.keys))
    entries = zip(queries.tolist(), keys.tolist(), found.weights.tolist(), strict=True)
    return [(query, key, weight) for query, key, weight in entries if not gone[query] and not gone[key]]


def _text(payload: bytes) -> str:
    return base64.b64encode(payload).decode("ascii")
