"""The page's memory: the only user of `st.session_state`. Widgets write here under their keys."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Sequence
from typing import Any

import streamlit as st

from app.content import Content
from hot_core.modes import Kind

Range = tuple[int, int]
Token = tuple[int, ...]


def get(key: str, default: Any = None) -> Any:
    """What is remembered under a key."""
    return st.session_state.get(key, default)


def put(key: str, value: Any) -> None:
    """Remember something; for a widget's key only before it is drawn, or in a callback."""
    st.session_state[key] = value


def settle(key: str, allowed: Sequence[Any], default: Any) -> None:
    """Make a widget's value one of those it can have now; another file or model may offer fewer."""
    if st.session_state.get(key) not in allowed:
        st.session_state[key] = default


def upload(kind: Kind) -> Content | None:
    """The file that somebody brought to a page; kept while other pages are open."""
    return get(f"{kind}_content")


def keep_upload(kind: Kind, content: Content | None) -> None:
    """Remember or forget an uploaded file."""
    put(f"{kind}_content", content)


def query(kind: Kind) -> Token:
    """The chosen token, one index for each mode; () before the first one is chosen."""
    token: Token = get(f"{kind}_token", ())
    return token


def choose_query(kind: Kind, token: Token) -> None:
    """Move the query; the sliders follow when they are drawn."""
    put(f"{kind}_token", tuple(int(at) for at in token))


def slide_query(kind: Kind, mode: int, key: str, identity: Hashable) -> None:
    """Move the query along one mode to where its slider stands; a slider of a file now gone is not heard.

    While a file takes another's place, Streamlit may call back once more for a widget that it has just put away.
    """
    if get(f"{kind}_opened") != identity:
        return
    token = query(kind)
    choose_query(kind, (*token[:mode], get(key), *token[mode + 1 :]))


def own_key(name: str, *identity: Hashable) -> str:
    """A widget's key that is another one for other data.

    When a file takes another's place, the browser may still send what a widget of the old one held;
    under a key of its own that meets nobody, and a box never keeps a word of the old file.

    Returns:
        The name with a short hash of the identity.
    """
    return f"{name}_{hashlib.sha256(repr(identity).encode()).hexdigest()[:8]}"


def opened(kind: Kind, identity: Hashable) -> bool:
    """Whether another analysis has been opened on a page since it was last asked."""
    changed = bool(get(f"{kind}_opened") != identity)
    put(f"{kind}_opened", identity)
    return changed


def map_range(kind: Kind, total: int) -> tuple[Range, Range]:
    """Which part of the Kronecker map is shown: rows and columns, half-open."""
    found: tuple[Range, Range] = get(f"{kind}_range") or ((0, total), (0, total))
    return found


def zoom(kind: Kind, ranges: tuple[Range, Range] | None) -> None:
    """Show a part of the Kronecker map, or all of it."""
    put(f"{kind}_range", ranges)


def event(key: str) -> dict[str, Any] | None:
    """What the figures' listener has just reported; gone after one rerun."""
    found = get(key)
    return None if found is None else found.get("event")
