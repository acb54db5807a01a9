"""What goes wrong, as a plain sentence: never a traceback, and the page stays usable."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from hot_core.errors import HotError


def plain(text: str) -> str:
    """Text that comes from a file, with nothing in it that Markdown would take for a command."""
    return "".join(f"\\{c}" if c in "\\`*_[]<>$~|#:" else c for c in text)


def say(error: HotError) -> None:
    """Show what the person can mend."""
    st.error(plain(str(error)), icon=":material/error:")


@contextmanager
def spoken() -> Iterator[None]:
    """Say a `HotError` raised inside instead of stopping the page."""
    try:
        yield
    except HotError as error:
        say(error)
