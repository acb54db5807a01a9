"""Which part of a series is analysed: entities and variables by name, the window by its date."""

from __future__ import annotations

import datetime

import numpy as np
import streamlit as st

from app import state
from app.messages import plain
from hot_core.analysis.words import span_words
from hot_core.modes import Mode, Sample, SeriesGeometry
from hot_core.pipeline import Analysis, Settings
from hot_core.transforms.chosen import moved, step_at

DAY = np.timedelta64(1, "D")


def offer(sample: Sample, sha256: str) -> None:
    """Choose entities and variables; an empty box means all of them. Thirty names are found by typing."""
    entity, variable, _ = sample.modes
    if len(entity) + len(variable) <= 2:
        return
    counts = " × ".join(f"{_count(mode, sha256)}{len(mode)} {_plural(mode)}" for mode in (entity, variable))
    with st.expander(f"Which series · {counts}", key="series_which"):
        for mode in (entity, variable):
            if len(mode) > 1:
                st.multiselect(
                    f"{mode.name.capitalize()}: those analysed", [str(name) for name in mode.coords],
                    key=_key(mode.name, sha256), placeholder=f"all {len(mode)}",
                    help="Empty means all. Attention is computed among the chosen ones alone.", persist_state="session",
                )  # fmt: skip


def settings(sha256: str, window: int | None) -> Settings:
    """The choices made for a file."""
    entities, variables = (state.get(_key(name, sha256)) for name in ("entity", "variable"))
    return Settings(
        window=window,
        entities=tuple(entities) if entities else None,
        variables=tuple(variables) if variables else None,
    )


def _key(name: str, sha256: str) -> str:
    return state.own_key(f"series_which_{name}", sha256)


def _count(mode: Mode, sha256: str) -> str:
    """How many are chosen: "2 of ", or nothing where all are."""
    found = state.get(_key(mode.name, sha256))
    return f"{len(found)} of " if found else ""


def _plural(mode: Mode) -> str:
    one = len(mode) == 1
    return {"entity": "entity" if one else "entities", "variable": "variable" if one else "variables"}[mode.name]


def window(analysis: Analysis) -> None:
    """When the window of a series begins: by date where there are dates, and by its step."""
    time = analysis.grid.axes[2]
    length, total = analysis.model_config["lookback"], len(time.mode)
    if total <= length:
        st.caption("The whole file is one window.")
        return
    start, last, owner = int(time.starts[0]), total - length, state.get("series_region_of")
    sha256 = analysis.sample.source.sha256
    if isinstance(time.mode.coords[0], np.datetime64):
        _date(analysis, start, last, owner)
    key = state.own_key("series_window", sha256)
    state.put(key, start)
    st.slider(
        "Window begins at step", 0, last, key=key, on_change=take, args=(key, owner),
        help=f"The model sees {length} steps; after them comes the forecast.",
    )  # fmt: skip
    by = int(analysis.model_config["horizon"])
    earlier, later = st.columns(2, gap="small")
    earlier.button(
        f"← {by} steps", key="series_window_earlier", on_click=_put, args=(moved(start, -by, last), owner),
        disabled=start == 0, width="stretch", help="One forecast earlier.",
    )  # fmt: skip
    later.button(
        f"{by} steps →", key="series_window_later", on_click=_put, args=(moved(start, by, last), owner),
        disabled=start == last, width="stretch", help="One forecast later.",
    )  # fmt: skip
    if state.get("series_region") is not None:
        st.button(
            "Back to the last window with a truth", key="series_window_back", on_click=_put, args=(None, owner),
            width="stretch", icon=":material/undo:",
        )  # fmt: skip
    first, end = span_words(time, 0), span_words(time, len(time) - 1)
    st.caption(plain(f"From {first} to {end}."))


def _date(analysis: Analysis, start: int, last: int, owner: str) -> None:
    """The date at which the window begins; days alone where the file has no hours."""
    mode, geometry = analysis.grid.axes[2].mode, analysis.sample.geometry
    stamps = [_stamp(mode, at) for at in (start, 0, last)]
    # a key for every start and every question: the box always opens on where the window is, whoever has moved it,
    # and goes back there when the window cannot begin at the date asked for
    asked = state.get("series_window_asked", 0)
    key = state.own_key("series_window_date", analysis.sample.source.sha256, start, asked)
    step = geometry.step if isinstance(geometry, SeriesGeometry) else None
    hours = step is not None and np.datetime_data(step)[0] != "M" and step < DAY
    if hours:
        st.datetime_input(
            "Window begins", stamps[0], min_value=stamps[1], max_value=stamps[2], key=key, on_change=_take_date,
            args=(key, mode, last, owner), format="YYYY-MM-DD", step=datetime.timedelta(hours=1),
        )  # fmt: skip
    else:
        st.date_input(
            "Window begins", stamps[0].date(), min_value=stamps[1].date(), max_value=stamps[2].date(), key=key,
            on_change=_take_date, args=(key, mode, last, owner), format="YYYY-MM-DD",
        )  # fmt: skip


def _stamp(mode: Mode, at: int) -> datetime.datetime:
    found: datetime.datetime = mode.coords[at].astype("datetime64[s]").item()
    return found


def _take_date(key: str, mode: Mode, last: int, owner: str) -> None:
    """Move the window to the first step at or after a date."""
    chosen = state.get(key)
    state.count("series_window_asked")
    if chosen is not None:
        _put(step_at(mode, np.datetime64(chosen), last), owner)


def take(key: str, owner: str) -> None:
    """Move the window to where its slider stands, if it is still this file's."""
    _put(int(state.get(key)), owner)


def _put(start: int | None, owner: str) -> None:
    """Another window; one of a file now gone is not heard."""
    if state.get("series_region_of") == owner:
        state.put("series_region", start)
