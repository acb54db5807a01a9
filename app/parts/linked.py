"""One query, chosen in any picture: what a click or a zoom on the page does."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from app import state
from app.components.plot_events import listen
from app.parts import kronecker_map, matrices
from app.parts.view import View
from hot_core.figures.picking import Click, Token, pick_map, pick_matrix

Picker = Callable[[Click], Token]


def link(view: View, pickers: dict[str, Picker]) -> None:
    """Listen to the data's own figures, to the matrices and to the map.

    Args:
        view: what the page shows.
        pickers: for the key of each figure of the data, what a click in it means.
    """
    grid = view.analysis.grid
    for index, mode in enumerate(view.analysis.record.modes):
        pickers[matrices.matrix_key(view, mode)] = partial(
            pick_matrix, grid=grid, mode=index, query=view.query, direction=view.direction
        )
    key = f"{view.kind}_map"
    rows, cols = kronecker_map.axes(view)
    pickers[key] = partial(pick_map, rows=rows, cols=cols, query=view.query, direction=view.direction)
    events = f"{view.kind}_events"
    listen(events, list(pickers), [key], partial(_follow, events, view, pickers))


def _follow(events: str, view: View, pickers: dict[str, Picker]) -> None:
    """Move the query, or the part of the map that is shown."""
    event: dict[str, Any] | None = state.event(events)
    if event is None or event.get("figure") not in pickers:
        return
    if event["type"] != "click":
        kronecker_map.zoomed(view, event)
        return
    cell = event.get("cell")
    x, y = (place if isinstance(place, str) else float(place) for place in (event["x"], event["y"]))
    click = Click(x, y, event.get("axis", "x"), None if cell is None else (int(cell[0]), int(cell[1])))
    state.choose_query(view.kind, pickers[event["figure"]](click))
