"""The page's memory: the only user of `st.session_state`. Widgets write here under their keys."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Sequence
from typing import Any, Literal

import streamlit as st

from app.content import Content
from app.selection import History, Role, Selection, Token
from hot_core.modes import Kind
from hot_core.transforms import Box


def get(key: str, default: Any = None) -> Any:
    """What is remembered under a key."""
    return st.session_state.get(key, default)


def put(key: str, value: Any) -> None:
    """Remember something; for a widget's key only before it is drawn, or in a callback."""
    st.session_state[key] = value


def count(key: str) -> None:
    """One more of what is counted under a key."""
    put(key, get(key, 0) + 1)


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


def history(kind: Kind) -> History | None:
    """The selections of a page; None before the first one is made."""
    found: History | None = get(f"{kind}_history")
    return found


def start(kind: Kind, query: Token) -> None:
    """Begin anew with a query, without a way back: another file or grid has been opened."""
    _keep_history(kind, History(Selection(query)))


def _keep_history(kind: Kind, history: History) -> None:
    """Remember the selections, and that they were not changed by a slider."""
    put(f"{kind}_history", history)
    put(f"{kind}_moves", get(f"{kind}_moves", 0) + 1)


def selection(kind: Kind) -> Selection:
    """The chosen query and key of a page that has been started."""
    found: History = get(f"{kind}_history")
    return found.now


def choose(kind: Kind, selection: Selection) -> None:
    """Choose another query or key; every picture follows."""
    _keep_history(kind, get(f"{kind}_history").choose(selection))


def step(kind: Kind, way: Literal["undo", "redo"]) -> None:
    """Go back to the selection before, or forward again."""
    found: History = get(f"{kind}_history")
    _keep_history(kind, found.undo() if way == "undo" else found.redo())


def forget_key(kind: Kind) -> None:
    """Choose no key."""
    choose(kind, Selection(selection(kind).query))


def picks(kind: Kind) -> Role:
    """Whether sliders and plain clicks move the query or the key."""
    role: Role = get(f"{kind}_picks", "query")
    return role


def slide(kind: Kind, mode: int, key: str, owner: Hashable) -> None:
    """Move the query (or the key) along one mode to where its slider stands, if the slider is still the page's own.

    While a page is on its way to the browser, a second click still sends what the sliders held before the first one,
    and Streamlit takes that for a person's hand; so do the sliders of a file that is just being put away.
    """
    if owner == slider_owner(kind):
        history: History = get(f"{kind}_history")
        put(f"{kind}_history", history.choose(history.now.moved(picks(kind), mode, int(get(key)))))


def slider_owner(kind: Kind) -> Hashable:
    """What tells the sliders of now from earlier ones: the file, what they move, and all moves by other hands."""
    return get(f"{kind}_opened"), picks(kind), get(f"{kind}_moves", 0)


def open_head(kind: Kind, layer: int, head: int) -> None:
    """Show one head of one layer."""
    put(f"{kind}_shown", "head")
    put(f"{kind}_layer", layer)
    put(f"{kind}_head", head)


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


def events(key: str) -> list[dict[str, Any]]:
    """What a picture has reported since it was last asked, in order.

    While the page is busy Streamlit keeps only a picture's newest report, so each one brings those shortly before it.

    Returns:
        The events that have not been handed back before.
    """
    newest = (get(key) or {}).get("event")  # gone after one rerun
    if newest is None:
        return []
    reported = [*newest["before"], newest]
    heard = get(f"{key}_heard", ())
    put(f"{key}_heard", [one["stamp"] for one in reported])
    return [one for one in reported if one["stamp"] not in heard]


def hidden(kind: Kind, identity: str) -> tuple[Box, ...]:
    """The parts that a person hides from the model; none of an analysis that was just opened."""
    of, steps = get(f"{kind}_hidden", ("", ((),)))
    found: tuple[Box, ...] = steps[-1] if of == identity else ()
    return found


def hide(kind: Kind, identity: str, parts: tuple[Box, ...]) -> None:
    """Hide these parts and no others, with a way back."""
    of, steps = get(f"{kind}_hidden", ("", ((),)))
    put(f"{kind}_hidden", (identity, (*(steps if of == identity else ((),)), parts)))


def undo_hiding(kind: Kind, identity: str) -> None:
    """Back to what was hidden before the last change."""
    of, steps = get(f"{kind}_hidden", ("", ((),)))
    if of == identity and len(steps) > 1:
        put(f"{kind}_hidden", (identity, steps[:-1]))


def hid_before(kind: Kind, identity: str) -> bool:
    """Whether there is a way back."""
    of, steps = get(f"{kind}_hidden", ("", ((),)))
    return of == identity and len(steps) > 1
