"""All layers and heads at a glance: every head's matrix along one mode, small, with its pattern in words."""

from __future__ import annotations

from functools import partial

import streamlit as st

from app import cache, state
from app.components.gallery import gallery
from app.messages import plain
from app.parts.show import explain
from app.parts.view import View
from hot_core.analysis.head_words import summary_words
from hot_core.analysis.heads import HeadMeasures, head_measures
from hot_core.figures.gallery import gallery_bytes

PATTERNS = (
    "Small multiples of one mode's matrix, query down and key across, one for each head of each layer; one linear "
    "colour scale for all. A click opens a head everywhere on the page.\n\n"
    "- **entropy**: how evenly a query spreads its weight, in nats; ln n is the most.\n"
    "- **distance**: how far from the query the weight lies on average, in the mode's unit; for names the share that "
    "leaves the query's own position.\n"
    "- **agreement**: the share of its weight that a head has in common with the others, on average.\n\n"
    "A **pattern** is named when it explains at least 40 % of what could lie above uniform attention, and weights "
    "dealt to the keys at random would reach as much less than once in 250 times: *diagonal* (the query's own "
    "position), *vertical* (one key or few, whoever looks), *banded* (a narrow band, found with its place), *block* "
    "(contiguous blocks, found). *Uniform* means an entropy of at least 95 % of ln n, *mixed* none of these. Band and "
    "block are not looked for where the order of positions carries no meaning. A pattern says where the weight lies, "
    "not what it is good for."
)


def draw(view: View) -> None:
    """The heading with the mode, what was found, the gallery, and what it means."""
    kind, modes = view.kind, view.analysis.record.modes
    words, choice = st.columns([3, 2], vertical_alignment="center")
    with words:
        st.markdown("##### All layers and heads :gray[at a glance]")
    state.settle(f"{kind}_glance_mode", modes, modes[-1] if kind == "series" else modes[0])
    with choice:
        st.segmented_control(
            "Mode of the gallery", modes, key=f"{kind}_glance_mode", required=True, persist_state="session",
            label_visibility="collapsed", width="stretch",
        )  # fmt: skip
    mode = str(state.get(f"{kind}_glance_mode"))
    measures = measured(view, mode)
    st.markdown(plain(summary_words([head.pattern for head in measures], mode)))
    key = f"{kind}_gallery"
    chosen = None if view.head is None else (view.layer, view.head)
    payload = gallery_bytes(view.analysis.record, mode, measures, chosen)
    gallery(key, payload, partial(_open, view, key))
    explain(f"{kind}_gallery_help", PATTERNS)


def measured(view: View, mode: str) -> tuple[HeadMeasures, ...]:
    """The measures of every head along a mode, computed once for an analysis."""
    return cache.remember(view.analysis, ("heads", mode), lambda: head_measures(view.analysis.record, mode))


def _open(view: View, key: str) -> None:
    """Show the head that was clicked, if this analysis still has it."""
    record = view.analysis.record
    for event in state.events(key):
        layer, head = int(event["layer"]), int(event["head"])
        if 0 <= layer < record.num_layers and 0 <= head < record.heads_of(layer):
            state.open_head(view.kind, layer, head)
