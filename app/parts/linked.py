"""One query and one key, chosen in any picture: what a click or a key press on the page does."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

from app import state
from app.components.plot_events import listen
from app.parts import region
from app.parts.view import View
from app.selection import Role, Selection, Token
from hot_core.errors import SelectionError
from hot_core.figures.picking import Click
from hot_core.figures.rollout import pick_profile
from hot_core.figures.viewer import Held

Picker = Callable[[Click, Token], Token]
"""From a click, and the token that is to be moved, to the token that it means."""


def follow_map(view: View, key: str) -> None:
    """Follow the Kronecker map: a query or key, both of a pair, or a step back or forward."""
    event = state.event(key)
    if event is None or not _inside(event, math.prod(view.analysis.grid.shape)):
        return
    now = state.selection(view.kind)
    if event["type"] == "pick":
        state.choose(view.kind, now.with_role(event["role"], view.token(event["position"])))
    elif event["type"] == "pair":
        state.choose(view.kind, Selection(view.token(event["query"]), view.token(event["key"])))
    elif event["type"] in ("undo", "redo"):
        state.step(view.kind, event["type"])


def follow_matrix(view: View, key: str, mode: int) -> None:
    """Follow a mode's matrix: one mode of the query or the key, or a step back or forward."""
    event = state.event(key)
    if event is None or not _inside(event, view.analysis.grid.shape[mode]):
        return
    if event["type"] == "pick":
        state.choose(view.kind, state.selection(view.kind).moved(event["role"], mode, event["position"]))
    elif event["type"] in ("undo", "redo"):
        state.step(view.kind, event["type"])


def follow_viewer(view: View, key: str, volume: Held) -> None:
    """Follow the volume viewer: a click means the token at its voxel; the analysed region may be moved there, too.

    Args:
        view: what the page shows.
        key: of the viewer.
        volume: what it shows; a click in one that has gone is not heard.
    """
    event = state.event(key)
    if event is None or event.get("volume") != volume.identity:
        return
    voxel = [int(at) + first for at, first in zip(event["voxel"], volume.origin, strict=True)]
    if event["type"] == "region":
        region.around(view.analysis, voxel)
        return
    try:
        token = view.analysis.grid.token_of(voxel)
    except SelectionError:  # beside the region: there is no token
        return
    _choose(view, bool(event.get("shift")), lambda _: token)


def _inside(event: dict[str, Any], total: int) -> bool:
    """Whether all positions of an event lie in the map; the picture of a file now gone may still report."""
    places = [event[name] for name in ("position", "query", "key") if name in event]
    return all(isinstance(place, int) and 0 <= place < total for place in places)


def rollout_key(view: View) -> str:
    """The key of the rollout's figure."""
    return f"{view.kind}_rollout"


def link(view: View, pickers: dict[str, Picker]) -> None:
    """Listen to the data's own figures.

    Args:
        view: what the page shows.
        pickers: for the key of each figure, what a click in it means.
    """
    if view.shown == "model":
        pickers = pickers | {rollout_key(view): lambda click, base: pick_profile(click, view.analysis.grid, base)}
    events = f"{view.kind}_events"
    listen(events, list(pickers), partial(_follow, events, view, pickers))


def _follow(events: str, view: View, pickers: dict[str, Picker]) -> None:
    """Follow a click in a figure."""
    event: dict[str, Any] | None = state.event(events)
    if event is None or event.get("figure") not in pickers:
        return
    cell = event.get("cell")
    x, y = (place if isinstance(place, str) else float(place) for place in (event["x"], event["y"]))
    click = Click(x, y, event.get("axis", "x"), None if cell is None else (int(cell[0]), int(cell[1])))
    _choose(view, bool(event.get("shift")), lambda base: pickers[event["figure"]](click, base))


def _choose(view: View, shift: bool, pick: Callable[[Token], Token]) -> None:
    """Move the query, or with Shift the key; the other way round while the key is being moved.

    The selection is asked for now and not taken from the view: a second click may come before the page has run again.
    """
    picks, now = state.picks(view.kind), state.selection(view.kind)
    other: Role = "key" if picks == "query" else "query"
    role = other if shift else picks
    state.choose(view.kind, now.with_role(role, pick(now.token(role))))
