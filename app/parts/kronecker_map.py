"""The Kronecker map beside the data: any part of it, exact, drawn in the browser from its factors."""

from __future__ import annotations

import math

import numpy as np

from app import cache
from app.components.attention_map import attention_map
from app.parts import linked
from app.parts.choose import rule_words
from app.parts.show import explain, heading, picture
from app.parts.view import View
from hot_core.errors import SelectionError
from hot_core.figures.canvas import Coordinates, Picture, encode, grid_coordinates, runs
from hot_core.figures.rollout import rollout_profiles_figure

STRONGEST = 10


def draw(view: View) -> None:
    """The map of the chosen head or layer; for the whole model, the chosen position's rollout mode by mode."""
    if view.shown == "model":
        _rollout(view)
        return
    key = map_key(view)
    attention_map(key, payload(view), lambda: linked.follow_map(view, key))
    explain(
        f"{view.kind}_map_help",
        "Every row is one position of the data, every column a position it may look at: the "
        f"{rule_words(view.analysis)} below, computed in your browser for the part on screen and never stored. "
        f"Orange is the chosen position, blue its partner.\n\n{view.about}\n\n"
        f"{cache.savings(view.analysis.model_name, view.analysis.grid.shape)}",
    )


def map_key(view: View) -> str:
    """The key of the map."""
    return f"{view.kind}_map"


def payload(view: View) -> bytes:
    """The factors with everything that the instrument writes beside them."""
    total = math.prod(view.analysis.grid.shape)
    return encode(
        view.map, _coordinates(view),
        Picture(
            title=f"Kronecker map · {view.title}", formula=f"{view.formula}, {total:,} × {total:,}",
            about=f"{view.about} {view.signed}", uniform=view.uniform, scale="uniform",
            limit=_largest(view), limit_words="all layers and heads" if view.shown == "head" else "all layers",
            top=_top(view), query=view.flat(view.query), key=view.flat(view.key), direction=view.direction,
            picks=view.picks, identity=view.identity, missing=runs(view.missing),
        ),
    )  # fmt: skip


def _coordinates(view: View) -> Coordinates:
    analysis = view.analysis
    return cache.remember(analysis, "coordinates", lambda: grid_coordinates(analysis.grid, analysis.sample.geometry))


def _top(view: View) -> list[tuple[int, int, float]] | None:
    """Those of the ten strongest entries that lie between positions with data; None where the search gives up."""
    shape, missing = view.analysis.grid.shape, view.missing.ravel()

    def find() -> list[tuple[int, int, float]] | None:
        try:
            found = view.map.top(min(STRONGEST, math.prod(shape)))
        except SelectionError:
            return None
        queries, keys = (np.ravel_multi_index(tuple(place.T.numpy()), shape) for place in (found.queries, found.keys))
        entries = zip(queries.tolist(), keys.tolist(), found.weights.tolist(), strict=True)
        return [(query, key, weight) for query, key, weight in entries if not missing[query] and not missing[key]]

    return cache.remember(view.analysis, ("top", view.layer, view.head, view.weights), find)


def _largest(view: View) -> float | None:
    """The largest entry over all heads of all layers (over all layers): the end that makes pictures comparable."""
    analysis = view.analysis
    heads = [None] if view.head is None else range(analysis.record.num_heads)

    def find() -> float | None:
        try:
            return max(
                float(analysis.kronecker_map(layer, head, weights=view.weights).top(1).weights[0])
                for layer in range(analysis.record.num_layers)
                for head in heads
            )
        except SelectionError:
            return None

    return cache.remember(analysis, ("largest", view.shown, view.weights), find)


def _rollout(view: View) -> None:
    """Where the chosen position's rollout lies along each mode."""
    heading("Along each mode", "the rollout of the chosen position, the other modes added up")
    tokens = view.analysis.rollout_tokens(view.query, view.direction)
    figure = rollout_profiles_figure(
        tokens, view.analysis.grid, view.query, view.direction, key=view.key, valid=view.analysis.record.valid
    )
    picture(figure, linked.rollout_key(view), f"Rollout of the chosen position along each mode. {view.reading}")
    explain(f"{view.kind}_rollout_help", view.about)
