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
    for event in _events(key, math.prod(view.analysis.grid.shape)):
        now = state.selection(view.kind)
        if event["type"] == "pick":
            state.choose(view.kind, now.with_role(event["role"], view.token(event["position"])))
        elif event["type"] == "pair":
            state.choose(view.kind, Selection(view.token(event["query"]), view.token(event["key"])))
        elif event["type"] in ("undo", "redo"):
            state.step(view.kind, event["type"])


def follow_matrix(view: View, key: str, mode: int) -> None:
    """Follow a mode's matrix: one mode of the query or the key, or a step back or forward."""
    for event in _events(key, view.analysis.grid.shape[mode]):
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
    for event in state.events(key):
        if event["volume"] != volume.identity:
            continue
        voxel = [int(at) + first for at, first in zip(event["voxel"], volume.origin, strict=True)]
        if event["type"] == "region":
            region.around(view.analysis, voxel)
            return
        _choose_voxel(view, voxel, bool(event.get("shift")))


def _choose_voxel(view: View, voxel: list[int], shift: bool) -> None:
    """Choose the token at a voxel; beside the region there is none."""
    try:
        token = view.analysis.grid.token_of(voxel)
    except SelectionError:
        return
    _choose(view, shift, lambda _: token)


def _events(key: str, total: int) -> list[dict[str, Any]]:
    """The events of a map whose positions lie in it; the picture of a file now gone may still report."""
    places = ("position", "query", "key")
    return [
        event
        for event in state.events(key)
        if all(isinstance(event[name], int) and 0 <= event[name] < total for name in places if name in event)
    ]


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
    for event in state.events(events):
        picker = pickers.get(event["figure"])
        if picker is not None:
            _choose(view, bool(event["shift"]), partial(picker, _click(event)))


def _click(event: dict[str, Any]) -> Click:
    """A reported click in the library's words."""
    x, y = (place if isinstance(place, str) else float(place) for place in (event["x"], event["y"]))
    cell, exact = event["cell"], event["at"]
    return Click(
        x, y, event["axis"],
        None if cell is None else (int(cell[0]), int(cell[1])),
        None if exact is None else (float(exact[0]), float(exact[1])),
    )  # fmt: skip


def _choose(view: View, shift: bool, pick: Callable[[Token], Token]) -> None:
    """Move the query, or with Shift the key; the other way round while the key is being moved.

    The selection is asked for now and not taken from the view: a second click may come before the page has run again.
    """
    picks, now = state.picks(view.kind), state.selection(view.kind)
    other: Role = "key" if picks == "query" else "query"
    role = other if shift else picks
    state.choose(view.kind, now.with_role(role, pick(now.token(role))))
