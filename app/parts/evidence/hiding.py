"""Choosing what to hide, in the data's own terms: stations and a period, a box in mm, bands and a part of the map."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from app import cache, messages, state
from app.parts.view import View
from hot_core.errors import HotError
from hot_core.modes import TokenAxis
from hot_core.pipeline import Analysis, Settings, analyse
from hot_core.transforms import Box
from hot_core.transforms.hidden_words import box_words, moments
from hot_core.transforms.hide import around, boxes, latest

Positions = Sequence[int]


def owner(view: View) -> str:
    """What tells this analysis from another: what it was made of and how, and which part of the file it saw."""
    analysis = view.analysis
    return state.own_key(view.kind, repr(analysis.provenance), analysis.grid.window, analysis.sample.notes)


def analysed(view: View, hidden: tuple[Box, ...]) -> Analysis:
    """The same analysis with parts hidden; made once.

    Returns:
        The analysis of the same sample, region and window.

    Raises:
        HotError: when they cannot be hidden.
    """

    def make() -> Analysis:
        settings = Settings.model_validate(view.analysis.provenance["settings"])
        model = cache.model(view.analysis.model_name)
        return analyse(view.analysis.sample, model, settings.model_copy(update={"hidden": hidden}))

    return cache.remember(view.analysis, ("what if", hidden), make)


def choose(view: View) -> None:
    """The widgets of one kind of data; a fragment, so that the page rests while they are moved."""
    {"series": _series, "volume": _volume, "raster": _raster}[view.kind](view)


def _series(view: View) -> None:
    """Stations, variables and a period."""
    entity, variable, time = view.analysis.grid.axes
    columns = st.columns(2, gap="small")
    with columns[0]:
        entities = _names(view, entity, "Stations or other entities", [view.query[0]] if len(entity) > 1 else [])
    with columns[1]:
        variables = _names(view, variable, "Variables", [])
    first, last = view.analysis.grid.window[2]
    texts = moments(time.mode.coords, *range(first, last))
    begin = _key(view, "period_begins")  # a slider's own memory does not tell that it has two ends
    _begin(begin, latest(time, int(view.analysis.model_config["horizon"])))
    start, end = st.select_slider(
        "Period", range(first, last), state.get(begin), key=_key(view, "period"),
        format_func=lambda step: texts[step - first],
        help="From the first to the last hidden step, both included.",
    )  # fmt: skip
    _button(view, "add", "Hide these", lambda: boxes(entities, variables, range(start, end + 1)))


def _volume(view: View) -> None:
    """A box by its edges, or around the chosen position."""
    axes = view.analysis.grid.axes
    sides = _sliders(view, "voxels")
    _told(view, sides)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        _button(view, "add", "Hide this box", lambda: boxes(*sides))
        size = _size(view, "voxels")
        _button(
            view, "around", "Hide around the chosen position",
            lambda: boxes(*(around(axis, at, size) for axis, at in zip(axes, view.query, strict=True))),
        )  # fmt: skip


def _raster(view: View) -> None:
    """Bands, and a part of the map by its edges or around the chosen position."""
    axes = view.analysis.grid.axes
    bands = _names(view, axes[2], "Bands", [])
    sides = _sliders(view, "pixels")
    _told(view, [*sides, bands])
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        _button(view, "add", "Hide this part", lambda: boxes(*sides, bands))
        size = _size(view, "pixels")
        _button(
            view, "around", "Hide around the chosen position",
            lambda: boxes(*(around(axes[at], view.query[at], size) for at in (0, 1)), bands),
        )  # fmt: skip


def _names(view: View, axis: TokenAxis, label: str, chosen: list[int]) -> Positions:
    """Some names of a mode, all of them where none is chosen; positions in the file."""
    names = {int(start): str(axis.mode.coords[start]) for start in axis.starts}
    key = _key(view, axis.mode.name)
    _begin(key, [int(axis.starts[at]) for at in chosen])
    found = st.multiselect(
        label,
        list(names),
        key=key,
        format_func=names.__getitem__,
        placeholder=f"all {len(names)}",
        help="Empty means all.",
    )
    return sorted(found) or list(names)


def _sliders(view: View, unit: str) -> list[Positions]:
    """The edges of a box along each axis of space, at first those of the chosen token."""
    sides: list[Positions] = []
    axes = view.analysis.grid.axes[: 3 if view.kind == "volume" else 2]
    columns = st.columns(len(axes), gap="medium")
    for column, axis, token in zip(columns, axes, view.analysis.grid.native_of(view.query), strict=False):
        key = _key(view, axis.mode.name)
        _begin(key, (token.start, token.stop))
        with column:
            st.slider(f"{axis.mode.name} ({unit})", int(axis.starts[0]), int(axis.stops[-1]), key=key)
        sides.append(range(*state.get(key)))
    return sides


def _size(view: View, unit: str) -> int:
    """How large a box around the chosen position is."""
    key = _key(view, "size")
    _begin(key, 16 if view.kind == "volume" else 32)
    return int(st.number_input(f"Size ({unit})", 1, 512, key=key, width=120))


def _told(view: View, sides: Sequence[Positions]) -> None:
    """The chosen box in mm or map coordinates."""
    analysis = view.analysis
    try:
        parts = boxes(*sides)
    except HotError:  # said when it is to be hidden
        return
    words = "; ".join(box_words(box, analysis.grid, analysis.sample.geometry) for box in parts)
    st.caption(messages.plain(words))


def _button(view: View, name: str, label: str, parts: Callable[[], tuple[Box, ...]]) -> None:
    """Hide what is chosen, if it can be hidden; otherwise say why not."""
    if not st.button(label, key=_key(view, name), icon=":material/visibility_off:"):
        return
    now = state.hidden(view.kind, owner(view))
    with messages.spoken(), st.spinner("Asking the model again …"):
        hidden = tuple(dict.fromkeys((*now, *parts())))
        analysed(view, hidden)
        if hidden != now:
            state.hide(view.kind, owner(view), hidden)
        st.rerun()


def _key(view: View, name: str) -> str:
    return state.own_key(f"{view.kind}_what_if_{name}", owner(view))


def _begin(key: str, value: object) -> None:
    """What a widget holds when it is first drawn."""
    if state.get(key) is None:
        state.put(key, value)
