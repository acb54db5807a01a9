"""What is computed once: the only user of Streamlit's caches.

Models and the bundled samples are shared by all sessions. What comes from an uploaded file is kept in
its own session, goes with it, and is bounded: it may be a patient's. Resources, not data: an analysis
is frozen, and a copy at every rerun would cost more than drawing it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from dataclasses import asdict, astuple
from typing import TypeVar
from weakref import WeakKeyDictionary

import streamlit as st

from app import folder
from app.content import Content
from hot_core.cost import cost
from hot_core.io import read
from hot_core.io.intake import Finding
from hot_core.io.intake import intake as look_over
from hot_core.models import HOTModel, list_models, load_model
from hot_core.modes import Sample
from hot_core.pipeline import Analysis, Settings, analyse

Bands = tuple[str, ...] | None
Said = tuple[object, ...]
"""What a person said about a file: `app.content.Reading` as a tuple."""

T = TypeVar("T")
_remembered: WeakKeyDictionary[Analysis, dict[Hashable, object]] = WeakKeyDictionary()
_keeping = threading.Lock()
"""Held while what is kept is looked up or changed, never while something is made: sessions are threads."""


MOST_OF_A_SORT = 24
"""What can be asked in endless ways of one analysis is kept for the last so many: what ifs, comparisons, evidence."""


def remember(analysis: Analysis, what: Hashable, make: Callable[[], T]) -> T:
    """Something that follows from an analysis alone, made once and kept as long as the analysis itself.

    Keys that are tuples are of the sort that their first entry names, and of one sort only the last two dozen are kept.

    Returns:
        What was made, now or before.
    """
    with _keeping:
        kept = _remembered.setdefault(analysis, {})
        if what in kept:
            return kept[what]  # type: ignore[return-value]
    made = make()
    with _keeping:
        found = kept.setdefault(what, made)  # another session may have been faster
        sort = [key for key in kept if isinstance(what, tuple) and isinstance(key, tuple) and key[0] == what[0]]
        for key in sort[:-MOST_OF_A_SORT]:
            kept.pop(key, None)
    return found  # type: ignore[return-value]


def remembered(analysis: Analysis, what: Hashable) -> object | None:
    """What `remember` keeps of an analysis; None when it was not made yet."""
    with _keeping:
        return _remembered.get(analysis, {}).get(what)


@st.cache_resource(max_entries=16, show_spinner=False)
def model(name: str) -> HOTModel:
    """A bundled model; nothing writes into it."""
    return load_model(name)


@st.cache_resource(ttl=60, show_spinner=False)
def model_names() -> tuple[str, ...]:
    """The bundled models."""
    return list_models()


@st.cache_resource(ttl=10, show_spinner=False)
def folder_names() -> tuple[str, ...]:
    """The rasters of the folder that the page may read; looked for again after some seconds."""
    return folder.rasters()


@st.cache_resource(max_entries=64, show_spinner=False)
def savings(model_name: str, grid: tuple[int, ...]) -> str:
    """What a model's attention costs beside full attention on a token grid, in a sentence."""
    known = model(model_name)
    return cost(known, known.config.native_sizes(grid), forms=["full"]).sentence()


def sample(content: Content, bands: Bands = None) -> Sample:
    """What the reader makes of a file."""
    cached = _bundled_sample if content.bundled else _own_sample
    return cached(content.sha256, astuple(content.reading), bands, content)


def analysis(content: Content, model_name: str, settings: Settings, bands: Bands = None) -> Analysis:
    """The analysis of a file by a model."""
    cached = _bundled_analysis if content.bundled else _own_analysis
    said = astuple(content.reading)
    return cached(content.sha256, said, model_name, settings.model_dump_json(), bands, content)


def _read(content: Content, bands: Bands) -> Sample:
    source = content.path if content.path is not None else content.data or b""
    return read(source, content.name, bands=bands, **asdict(content.reading))


@st.cache_resource(max_entries=8, show_spinner=False)
def _bundled_sample(sha256: str, said: Said, bands: Bands, _content: Content) -> Sample:
    return _read(_content, bands)


@st.cache_resource(scope="session", max_entries=3, show_spinner=False)
def _own_sample(sha256: str, said: Said, bands: Bands, _content: Content) -> Sample:
    return _read(_content, bands)


@st.cache_resource(max_entries=8, show_spinner=False)
def _bundled_analysis(
    sha256: str, said: Said, model_name: str, settings: str, bands: Bands, _content: Content
) -> Analysis:
    return analyse(sample(_content, bands), model(model_name), Settings.model_validate_json(settings))


@st.cache_resource(scope="session", max_entries=3, show_spinner=False)
def _own_analysis(sha256: str, said: Said, model_name: str, settings: str, bands: Bands, _content: Content) -> Analysis:
    return analyse(sample(_content, bands), model(model_name), Settings.model_validate_json(settings))


def intake(content: Content) -> tuple[Finding, ...]:
    """What could be read in two ways in a table that somebody brought."""
    return _own_intake(content.sha256, astuple(content.reading), content)


@st.cache_resource(scope="session", max_entries=3, show_spinner=False)
def _own_intake(sha256: str, said: Said, _content: Content) -> tuple[Finding, ...]:
    return look_over(_content.data or b"", _content.name, _content.reading.table)
