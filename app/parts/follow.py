"""A bar that follows work beside the page until it ends; clicks are answered meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import count
from typing import Any

import streamlit as st

from app.background import Job

LOOK_S = 0.5
"""Seconds between two looks at the work; a click waits no longer."""


def follow(job: Job[Any], what: str) -> None:
    """Show how far the work is, and draw the page again when it ends."""
    st.fragment(partial(_watch, job, what, count()), run_every=LOOK_S)()


def _watch(job: Job[Any], what: str, turns: Iterator[int]) -> None:
    """How far the work is: once with the page, then in a run of its own until the work ends or somebody clicks.

    One long run, not one for each look: Streamlit collects garbage after every run, and the work stands still
    meanwhile. A click anywhere ends the run at the next look, and the page that it draws begins another.
    """
    line, waiting = st.empty(), next(turns) > 0
    while job.running:
        share, words = (0.0, "beginning") if job.progress is None else (job.progress.share, job.progress.words)
        line.progress(share, text=f"{what}: {words}")
        if not waiting:
            return
        job.wait(LOOK_S)
    st.rerun()
