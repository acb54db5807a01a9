"""The bundle of an analysis: one file, the same bytes for the same choices, nothing private in it."""

from __future__ import annotations

import io
import json

import numpy as np

from hot_core.analysis.reading import Direction
from hot_core.analysis.result import Analysis
from hot_core.export.bundle import space
from hot_core.export.bundle.about import About
from hot_core.export.bundle.attention import Choice, attention_arrays, chosen, factor_limits, query_of, uniform
from hot_core.export.bundle.data import data_arrays
from hot_core.export.factors import factors_bytes
from hot_core.export.manifest import manifest
from hot_core.record import HeadWeights
from hot_core.transforms.results import Segmentation


def bundle_bytes(
    analysis: Analysis, query: tuple[int, ...], layer: int | None, head: int | None = None,
    direction: Direction = "row", *, weights: HeadWeights = "equal",
) -> bytes:  # fmt: skip
    """Data, prediction, the attention of one query and all factors in one file.

    Arrays over the sample's native grid in the order of the modes: `image`, the values as read (of a series its
    look-back window, of a 4-D file the chosen volume); `labels`, int16, -1 outside, or `forecast` and the ends of its
    interval; `attention`, what `Analysis.field` or `.rollout` gives, and `depth`, the same query in every layer of the
    model, both over the analysed region. The factors with their coordinates are those of `factors_bytes`, array for
    array. `manifest` is that of every export, with an `About` under "bundle".

    Args:
        analysis: what was found.
        query: a token, one index for each mode.
        layer: the layer, from 0; None for the whole model, by rollout.
        head: the head, from 0, in `depth` the one of this number in every layer; None mixes all heads.
        direction: "row": where the query looks; "column": who looks at it.
        weights: how all heads are mixed, see `Analysis.kronecker_map`.

    Returns:
        The file, readable by `numpy.load(…, allow_pickle=False)`; the same choices give the same bytes.

    Raises:
        SelectionError: when layer, head, token or direction does not exist.
    """
    choice = Choice(query, layer, head, direction, weights)
    about = chosen(analysis, choice)  # refuses what does not exist before anything is made
    found = {**data_arrays(analysis), **attention_arrays(analysis, choice)}
    with np.load(io.BytesIO(factors_bytes(analysis)), allow_pickle=False) as factors:
        arrays = dict(factors) | {name: values for name, (values, _) in found.items()}
    classes = analysis.prediction.classes if isinstance(analysis.prediction, Segmentation) else ()
    arrangement = {name: held for name, (_, held) in found.items()}
    bundle = About(
        kind=analysis.sample.kind, axes=space.axes(analysis), upwards=space.upwards(analysis),
        note=space.note(analysis), **space.placement(analysis), arrays=arrangement,
        classes=classes, query=query_of(analysis, query), chosen=about, uniform=uniform(analysis, choice),
        layers=analysis.record.num_layers, heads=analysis.record.num_heads, factor_limits=factor_limits(analysis),
    )  # fmt: skip
    whole = manifest(analysis) | {"bundle": bundle.model_dump(mode="json")}
    arrays["manifest"] = np.array(json.dumps(whole, ensure_ascii=False, sort_keys=True, allow_nan=False))
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()
