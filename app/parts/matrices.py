"""Every mode's attention matrix, side by side, on its own coordinates."""

from __future__ import annotations

import numpy as np
import streamlit as st

from app import cache
from app.components.attention_map import attention_map
from app.parts import linked
from app.parts.show import explain
from app.parts.view import View
from hot_core.figures.canvas import Picture, encode, mode_coordinates, runs
from hot_core.figures.fields import shared_limit
from hot_core.kronecker import KroneckerMap


def draw(view: View) -> None:
    """One matrix a mode; the whole model has none. Limits are shared over layers and heads."""
    if view.shown == "model":
        return
    record = view.analysis.record
    how = "its factors, one a mode" if view.shown == "head" else "what its map looks like along each mode"
    st.markdown(f"##### {view.title} :gray[{how}]")
    for mode, column in enumerate(st.columns(len(record.modes))):
        with column:
            _matrix(view, mode)
    explain(
        f"{view.kind}_matrices_help",
        "Each matrix says how strongly the positions of one mode (down) look at the positions of the same mode "
        "(across); a factor's rows add up to 1, the chosen position is orange, its partner blue. The colour scale of a "
        "mode is the same for all layers and heads, so that they can be compared; ▲ marks the uniform level 1/n. "
        "For a layer each matrix is its map along the mode, the other modes added up; it does not determine the map. "
        "Layers and heads are counted from 0.",
    )


def matrix_key(view: View, mode: str) -> str:
    """The key of a mode's matrix."""
    return f"{view.kind}_matrix_{mode}"


def _matrix(view: View, mode: int) -> None:
    name = view.analysis.record.modes[mode]
    key = matrix_key(view, name)
    attention_map(key, payload(view, mode), lambda: linked.follow_matrix(view, key, mode))


def payload(view: View, mode: int) -> bytes:
    """One mode's matrix with everything that the instrument writes beside it."""
    record, axis = view.analysis.record, view.analysis.grid.axes[mode]
    name = record.modes[mode]
    factor = view.map.factors[mode] if isinstance(view.map, KroneckerMap) else view.map.marginal(mode)
    limit = cache.remember(
        view.analysis, ("limit", name),
        lambda: shared_limit([record.factor(layer, name) for layer in range(record.num_layers)]),
    )  # fmt: skip
    empty = _slices(view, mode)
    return encode(
        KroneckerMap((factor,)), mode_coordinates(axis),
        Picture(
            title=f"{name} · {view.title}", formula=f"{len(axis)} × {len(axis)}",
            uniform=1 / max(1, int((~empty).sum())), scale="linear",
            about=f"{_about(view, name)} {view.signed}", limit=limit,
            limit_words="all layers and heads", query=view.query[mode],
            key=None if view.key is None else view.key[mode], direction=view.direction, picks=view.picks,
            identity=view.identity, small=True, missing=runs(empty),
        ),
    )  # fmt: skip


def _slices(view: View, mode: int) -> np.ndarray:
    """Which slices of a mode hold no data at all; they get no weight as keys."""
    others = tuple(axis for axis in range(view.missing.ndim) if axis != mode)
    return np.asarray(view.missing.all(axis=others))


def _about(view: View, name: str) -> str:
    """What a matrix is, and what it is not."""
    if view.shown == "head":
        return f"The factor of mode {name}: query down, key across. The head's map is made from one such factor a mode."
    heads = view.analysis.record.heads_of(view.layer)
    return (
        f"The layer's map along mode {name}, the other modes added up; for products the weighted mean of its {heads} "
        "heads' factors. It does not determine the layer's map."
    )
