"""The attention of one query as arrays of a bundle: as it was chosen, and in every layer of the model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from hot_core.analysis.reading import Direction, heads_words
from hot_core.analysis.result import Analysis
from hot_core.export.bundle.about import Chosen, Held, Pair, Query
from hot_core.export.bundle.data import Kept
from hot_core.record import HeadWeights

NEAREST = "every position carries the whole weight of the token that covers it; nothing is smoothed"


@dataclass(frozen=True)
class Choice:
    """What of the attention was asked for; see `bundle_bytes`."""

    query: tuple[int, ...]
    layer: int | None
    head: int | None
    direction: Direction
    weights: HeadWeights


def attention_arrays(analysis: Analysis, choice: Choice) -> dict[str, Kept]:
    """`attention` over the analysed region, and `depth` (layer, …) over the same.

    Both are coloured alike, from 0 to the largest weight of any layer and at least twice uniform, so that layers can
    be compared; a rollout, whose own token would outshine all others, has a scale of its own without that token.

    Returns:
        Arrays by name.
    """
    window = tuple(slice(*interval) for interval in analysis.grid.window)
    layers = [_layer(analysis, choice, layer)[window] for layer in range(analysis.record.num_layers)]
    depth = np.stack([layer.values for layer in layers])
    floor = 2 * max(uniform(analysis, choice))
    limits = _limits(depth, floor)
    dims, start = analysis.record.modes, tuple(low for low, _ in analysis.grid.window)
    heads = "heads weighted alike" if choice.head is None else f"head {choice.head} of each layer"
    if choice.head is None and choice.weights == "output":
        heads = "heads weighted by their share of the output"
    meaning = f"the weights of the query in every layer of the model, {heads}; {NEAREST}"
    through = depth, Held(dims=("layer", *dims), start=(0, *start), limits=(limits,), meaning=meaning)
    if choice.layer is not None:
        meaning = f"{chosen(analysis, choice).title}, {choice.direction} of the query; {NEAREST}"
        return {"attention": (depth[choice.layer], Held(dims=dims, start=start, limits=(limits,), meaning=meaning)),
                "depth": through}  # fmt: skip
    field = analysis.rollout(choice.query, choice.direction)
    others = field.copy()
    others[analysis.grid.native_of(choice.query)] = np.nan
    scale = _limits(others.values, 2 * analysis.rollout_uniform())
    meaning = f"{chosen(analysis, choice).title}, {choice.direction} of the query, itself included; {NEAREST}"
    held = Held(dims=dims, start=start, limits=(scale,), meaning=meaning)
    return {"attention": (field[window].values, held), "depth": through}


def uniform(analysis: Analysis, choice: Choice) -> tuple[float, ...]:
    """For each layer what every valid token would get if the query's row were spread evenly."""
    layers = range(analysis.record.num_layers)
    return tuple(analysis.uniform(layer, choice.head, choice.query, weights=choice.weights) for layer in layers)


def chosen(analysis: Analysis, choice: Choice) -> Chosen:
    """What was chosen, in values and in words."""
    query, direction, layer = choice.query, choice.direction, choice.layer
    if layer is None:
        title = f"Whole model, attention rollout over {analysis.record.num_layers} layers"
        reading = analysis.rollout_reading(query, direction)
    else:
        title = f"Layer {layer}, {heads_words(analysis.record, layer, choice.head, choice.weights)}"
        reading = analysis.reading(layer, choice.head, query, direction, weights=choice.weights)
    return Chosen(layer=layer, head=choice.head, direction=direction, title=title, reading=reading)


def query_of(analysis: Analysis, token: tuple[int, ...]) -> Query:
    """The query and the native position in its middle; a token before the first step of a short series has none."""
    covered = all(part.stop > part.start for part in analysis.grid.native_of(token))
    return Query(token=token, position=analysis.grid.centre_of(token) if covered else None)


def factor_limits(analysis: Analysis) -> dict[str, Pair]:
    """By mode: from 0 to the largest weight of any layer and head, at least twice uniform."""
    record = analysis.record
    return {
        mode: (0.0, max(2 / size, *(float(record.factor(layer, mode).max()) for layer in range(record.num_layers))))
        for mode, size in zip(record.modes, analysis.grid.shape, strict=True)
    }


def _layer(analysis: Analysis, choice: Choice, layer: int) -> xr.DataArray:
    return analysis.field(layer, choice.head, choice.query, choice.direction, weights=choice.weights)


def _limits(weights: np.ndarray, floor: float) -> Pair:
    """From 0 to the largest weight, at least to the floor, so that noise stays dim."""
    known = weights[np.isfinite(weights)]
    return 0.0, max(float(known.max()) if known.size else 0.0, floor) or 1.0
