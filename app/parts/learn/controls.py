"""Controls whose values stand in the page's address, so that a link restores them; a bad link is said, not obeyed.

A key is the name in the link: the lesson's name, an underscore, and what it is: `rank_terms`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TypeVar, overload

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.errors import StreamlitAPIException

from app import messages, state
from hot_core.errors import HotError

T = TypeVar("T")
SHOWN = 40
"""Of a bad value no more letters than these are repeated."""
MOST_NAMED = 5
"""Of unknown names no more than these are repeated."""
REFUSED = "learn_refused"
"""Where it is remembered what a link asked for in vain."""
DRAWN = "learn_drawn"
"""Where it is remembered which controls have been on the page."""


@overload
def number(
    label: str, key: str, low: int, high: int, default: int, *, step: int = 1, help: str | None = None
) -> int: ...
@overload
def number(
    label: str, key: str, low: float, high: float, default: float, *, step: float, help: str | None = None
) -> float: ...
def number(
    label: str, key: str, low: float, high: float, default: float, *, step: float = 1, help: str | None = None
) -> float:  # fmt: skip
    """A number between two ends, whole where both ends and the step are.

    Returns:
        The number that stands; the default where the link asks for one that the slider cannot stand at.
    """
    _refuse(key, lambda raw: _on_slider(raw, low, high, step), default, f"{low:g} to {high:g} in steps of {step:g}")
    value: float = st.slider(label, low, high, default, step, key=key, help=help, bind="query-params")
    return value


def choice(
    label: str, key: str, options: Sequence[str], default: str, *, help: str | None = None, shown: bool = True
) -> str:
    """One of a few words, which stand in the link as they stand here: lower case; the page begins them with a capital.

    Returns:
        The chosen word; the default where the link asks for another.
    """
    _refuse(key, options.__contains__, default, "one of " + ", ".join(options))
    value: str = st.segmented_control(
        label, options, default=default, required=True, key=key, help=help, bind="query-params",
        label_visibility="visible" if shown else "collapsed", wrap=True,
    )  # fmt: skip
    return value


def switch(label: str, key: str, default: bool = False, *, help: str | None = None) -> bool:
    """A switch.

    Returns:
        Whether it is on.
    """
    _refuse(key, lambda raw: raw.lower() in ("true", "false"), default, "true or false")
    value: bool = st.toggle(label, default, key=key, help=help, bind="query-params")
    return value


def text(
    label: str, key: str, default: str, read: Callable[[str], T], *, help: str | None = None, most: int = 200,
    said: DeltaGenerator | None = None,
) -> T:  # fmt: skip
    """A line that is read by `read`, which raises a `HotError` with the reason where it cannot.

    Args:
        label: above the line.
        key: the name in the link.
        default: what stands there without a link.
        read: makes a value of the line.
        help: of the control.
        most: letters.
        said: where the reason is said; a line that is folded away must not say it there.

    Returns:
        What was read; where it cannot be, the reason is said and the default stands in.
    """
    _remember(key)
    raw: str = st.text_input(label, default, most, key=key, help=help, bind="query-params") or ""
    try:
        return read(raw)
    except HotError as error:
        with said or st.container():
            st.warning(messages.plain(f"{error} Until then: {default}"), icon=":material/link_off:")
        return read(default)


def say_refusals() -> None:
    """Above the lesson, where nothing is folded: what a link asked for in vain. Each refusal begins the page anew."""
    for sentence in state.get(REFUSED, {}).values():
        st.warning(messages.plain(sentence), icon=":material/link_off:")


def say_unknown(lessons: Sequence[str]) -> None:
    """What the link says to controls that are not on the page; it is taken out of the address.

    Args:
        lessons: the names with which the keys of controls begin. Other keys may be somebody else's.
    """
    drawn: set[str] = state.get(DRAWN, set())
    unknown = [key for key in st.query_params if key.split("_")[0] in lessons and key not in drawn]
    if unknown:
        for key in unknown:
            del st.query_params[key]
        named = ", ".join(key if len(key) <= SHOWN else key[:SHOWN] + "…" for key in unknown[:MOST_NAMED])
        more = f" and {len(unknown) - MOST_NAMED} more" if len(unknown) > MOST_NAMED else ""
        sentence = f"The link also says {named}{more}; no control on the page as it stands is called so, it is ignored."
        st.warning(messages.plain(sentence), icon=":material/link_off:")


def forget_refusals() -> None:
    """At the end of a run: what a link asked for in vain has been said."""
    state.put(REFUSED, {})


def _remember(key: str) -> None:
    """That a control is on the page."""
    state.put(DRAWN, state.get(DRAWN, set()) | {key})


def _refuse(key: str, fits: Callable[[str], bool], default: object, allowed: str) -> None:
    """Say it where the link asks for what a control cannot be, and put the control at its default.

    Streamlit obeys some values that cannot be, such as 2.5 for a whole number; so the link is mended before the
    control is drawn, and the page begun again.
    """
    _remember(key)
    said: dict[str, str] = state.get(REFUSED, {})
    asked = st.query_params.get_all(key)
    if asked and not fits(asked[-1]) and key not in said:
        found = asked[-1] if len(asked[-1]) <= SHOWN else asked[-1][:SHOWN] + "…"
        sentence = f"The link says {key}={found}; it can be {allowed}. It stands at {_word(default)} now."
        state.put(REFUSED, said | {key: sentence})
        try:
            del st.query_params[key]
        except StreamlitAPIException:  # the control was drawn before, and holds the value itself
            state.put(key, default)
        st.rerun()


def _word(value: object) -> str:
    """A default as a link would say it."""
    return str(value).lower() if isinstance(value, bool) else f"{value:g}" if isinstance(value, float) else str(value)


def _on_slider(raw: str, low: float, high: float, step: float) -> bool:
    """Whether a slider can stand at what a link says."""
    try:
        value = float(raw)
    except ValueError:
        return False
    steps = (value - low) / step
    return low <= value <= high and math.isclose(steps, round(steps), abs_tol=1e-6)
