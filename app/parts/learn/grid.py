"""A small table of whole numbers that can be edited, and stands in the link as one short line."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from app import state
from app.parts.learn import controls
from hot_core.lessons import modes
from hot_core.lessons.modes import Logits

Held = tuple[int, Logits, str, bool]
"""How often the table was begun anew, what it began with, the line that it made of its edits, and the type's size."""


def logits(label: str, key: str, default: Logits) -> Logits:
    """A square table of logits.

    The table keeps its own edits, so that the focus stays in it; when the line is changed by another hand (a link, a
    preset, the line itself) it begins anew.

    Args:
        label: above the table.
        key: the name in the link.
        default: what stands there without a link.

    Returns:
        The logits as they stand.
    """
    size, line = len(default), modes.write_logits(default)
    st.markdown(f"**{label}**")
    said, table = st.container(), st.container()
    with st.expander("The same as a line", key=f"{key}_line"):
        now = controls.text(
            "Logits of a query apart by underscores, queries by dots", key, line,
            lambda raw: modes.read_logits(raw, size), said=said,
        )  # fmt: skip
    held: Held | None = state.get(f"{key}_held")
    large = bool(state.get("large", False))  # the table is drawn as a picture, which takes its letters' size only once
    if held is None or held[2:] != (modes.write_logits(now), large):
        held = (0 if held is None else held[0] + 1, now, modes.write_logits(now), large)
        state.put(f"{key}_held", held)
    names = [f"→ {place + 1}" for place in range(size)]
    frame = pd.DataFrame(held[1], columns=names, index=[f"{place + 1}" for place in range(size)])
    with table:
        st.data_editor(
            frame, key=f"{key}_table_{held[0]}", on_change=_edit, args=(key,), num_rows="fixed", width="stretch",
            alt=f"Logits, query by key: {modes.write_logits(now)}",
            column_config={
                name: st.column_config.NumberColumn(min_value=-modes.LARGEST, max_value=modes.LARGEST, step=1)
                for name in names
            },
        )  # fmt: skip
    return now


def _edit(key: str) -> None:
    """Write into the line what was edited in the table."""
    times, begun, _, large = state.get(f"{key}_held")
    places = list(range(len(begun)))
    changed = state.get(f"{key}_table_{times}")["edited_rows"]
    edits = {row: {places[_column(name)]: value for name, value in cells.items()} for row, cells in changed.items()}
    line = modes.write_logits(modes.edited(begun, edits))
    state.put(f"{key}_held", (times, begun, line, large))
    state.put(key, line)


def _column(name: str) -> int:
    """Which column a heading such as "→ 2" stands over."""
    return int(name.rsplit(" ", 1)[1]) - 1
