"""How a table is to be read where it may mean two things: what was found, its rows, and the choice; none is taken."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import streamlit as st

from app import cache, state
from app.content import Content, Reading
from app.messages import plain
from hot_core.io import Decimal, Duplicates, Irregular, Scaled, Shifted
from hot_core.io.intake import Answer, Finding, intake_csv

DUPLICATES: dict[Duplicates, str] = {"error": "ask me", "first": "keep the first row", "mean": "take the mean"}
DATES = {None: "as the column proves it", True: "day first: 1 February", False: "month first: 2 January"}
DECIMALS: dict[Decimal | None, str] = {None: "as the numbers prove it", ".": "a point", ",": "a comma"}
IRREGULAR: dict[Irregular, str] = {
    "error": "ask me", "drop": "leave these rows out", "nearest": "move them to the nearest step",
}  # fmt: skip
SHIFTED: dict[Shifted, str] = {
    "error": "ask me", "before": "move them to the step before", "after": "move them to the step after",
    "keep": "keep all times: a finer step with gaps",
}  # fmt: skip

QUESTIONS: dict[Answer, tuple[str, dict[Any, str]]] = {
    "duplicates": ("Two rows with the same time", DUPLICATES),
    "shifted": ("Series between the others' times", SHIFTED),
    "irregular": ("Rows beside the step", IRREGULAR),
    "dayfirst": ("01/02/2013 is", DATES),
    "decimal": ("The decimal sign is", DECIMALS),
}
FOLDED: tuple[Answer, ...] = ("dayfirst", "decimal", "gaps")
"""What is proven by the table, or asks for nothing."""
SHOWN_ROWS = 3


def choose(brought: Content) -> Content:
    """The intake report of a table with its questions; the answers go with the file.

    Returns:
        The file with what was said about it.
    """
    asked = replace(brought, reading=_answers(brought.sha256))
    with st.spinner("Looking the table over …", show_time=True):
        found = cache.intake(asked)
    waiting = sum(one.open for one in found)
    title = "How to read the table · " + (
        f"{waiting} open question{'' if waiting == 1 else 's'}" if waiting
        else f"{len(found)} remark{'' if len(found) == 1 else 's'}" if found else "nothing odd"
    )  # fmt: skip
    odd = any(one.open or one.answer not in FOLDED for one in found)
    with st.expander(title, key="series_intake_options", expanded=odd, icon=":material/fact_check:"):
        for answer, (question, options) in QUESTIONS.items():
            about = [one for one in found if one.answer == answer]
            if found and not about and state.get(_key(answer, brought.sha256)) in (None, "error"):
                continue  # nobody asks this about the table
            _remarks(about)
            st.selectbox(
                question, options, key=_key(answer, brought.sha256), format_func=options.__getitem__,
                persist_state="session",
            )  # fmt: skip
        _remarks([one for one in found if one.answer in ("step", "gaps")])
        for one in found:
            if one.scaled is not None:
                _remarks([one])
                st.checkbox(
                    _offer(one.scaled), key=_scale_key(one.scaled, brought.sha256), on_change=_scale,
                    args=(one.scaled, brought.sha256), persist_state="session",
                )  # fmt: skip
        if found:
            st.download_button(
                "Intake report, all rows", data=intake_csv(found), key="series_intake", file_name="intake.csv",
                mime="text/csv", on_click="ignore", width="stretch", icon=":material/download:",
            )  # fmt: skip
    return asked


def _remarks(found: list[Finding]) -> None:
    """What was found, the first rows, and what is done about it."""
    for one in found:
        rows = [f"row {row}: {cell}" for row, cell in zip(one.rows[:SHOWN_ROWS], one.cells, strict=False)]
        more = f" and {len(one.rows) - SHOWN_ROWS:,} more" if len(one.rows) > SHOWN_ROWS else ""
        where = f" ({'; '.join(rows)}{more})" if rows else ""
        mark = ":orange[:material/help:]" if one.open else ":material/info:"
        st.caption(f"{mark} {plain(one.words + where)}. **{plain(one.done)}**")


def _offer(scaled: Scaled) -> str:
    """What is offered for a series that may be in another unit."""
    entity, variable, divisor = scaled
    does = f"Divide by {divisor:,g}" if divisor >= 1 else f"Multiply by {1 / divisor:,g}"
    return plain(f"{does}: {entity} · {variable}")


def _answers(sha256: str) -> Reading:
    """What has been said about a file so far."""
    said = {name: state.get(_key(name, sha256), next(iter(options))) for name, (_, options) in QUESTIONS.items()}
    return Reading(**said, scale=tuple(state.get(_scales(sha256), ())))


def _key(answer: Answer, sha256: str) -> str:
    return state.own_key(f"series_{answer}", sha256)


def _scales(sha256: str) -> str:
    return state.own_key("series_scales", sha256)


def _scale_key(scaled: Scaled, sha256: str) -> str:
    return state.own_key("series_scale", sha256, scaled)


def _scale(scaled: Scaled, sha256: str) -> None:
    """Remember or forget a series to be divided."""
    others = [one for one in state.get(_scales(sha256), ()) if one[:2] != scaled[:2]]
    wanted = bool(state.get(_scale_key(scaled, sha256)))
    state.put(_scales(sha256), (*others, scaled) if wanted else tuple(others))
