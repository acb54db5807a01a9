"""Every mode's attention matrix, side by side, on its own coordinates."""

from __future__ import annotations

import numpy as np
import streamlit as st

from app import cache
from app.components.attention_map import attention_map
from app.parts import linked
from app.parts.show import explain
from app.parts.view import View
from hot_core.figures.canvas import Picture, encode, mode_coordinates
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
        "(across); every row adds up to 1, the chosen position is orange, its partner blue. The colour scale of a mode "
        "is the same for all layers and heads, so that they can be compared; ▲ marks the uniform level 1/n. "
        "For a layer each matrix is the weighted mean of its heads' factors: the whole map summed over the other "
        "modes. Layers and heads are counted from 0.",
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
    return encode(
        KroneckerMap((factor,)), mode_coordinates(axis),
        Picture(
            title=f"{name} · {view.title}", formula=f"{len(axis)} × {len(axis)}",
            uniform=1 / keys_with_data(view, mode), scale="linear",
            about=f"The mode-wise matrix of {name}: query down, key across.", limit=limit,
            limit_words="all layers and heads", query=view.query[mode],
            key=None if view.key is None else view.key[mode], direction=view.direction, picks=view.picks,
            identity=view.identity, small=True,
        ),
    )  # fmt: skip


def keys_with_data(view: View, mode: int) -> int:
    """The keys of a mode that hold data; a slice without any gets no weight."""
    valid = view.analysis.record.valid
    if valid is None:
        return len(view.analysis.grid.axes[mode])
    others = tuple(axis for axis in range(valid.ndim) if axis != mode)
    return max(1, int(np.count_nonzero(valid.any(axis=others))))
