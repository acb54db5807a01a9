"""What the page shows beside another map: A | B | B − A, on the same limits, with one selection."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from app import messages, state
from app.parts.evidence import fields
from app.parts.evidence.other import Other, choose, last
from app.parts.linked import Picker
from app.parts.show import explain, picture
from app.parts.view import View
from app.selection import Token
from hot_core.analysis.counterpart import counterpart
from hot_core.analysis.outcomes import outcomes, same_classes
from hot_core.evidence.compare import Comparison, compare
from hot_core.figures.evidence_fields import Ground, pick_panel
from hot_core.figures.evidence_sides import Side, sides_figures
from hot_core.figures.picking import Click
from hot_core.figures.words import prediction_words

BANDS = (
    "The pictures add up the weights of a place's bands; the numbers are those of single tokens, a place in one band."
)


def draw(view: View) -> dict[str, Picker]:
    """Choose B and show both.

    Returns:
        What a click in each picture means.
    """
    with messages.spoken():
        other = choose(view)
        if other is not None:
            return _show(view, other)
    return {}


def _show(view: View, other: Other) -> dict[str, Picker]:
    """The numbers in words, the pictures, and what both predict."""
    found = _compared(view, other)
    grid, geometry = view.analysis.grid, view.analysis.sample.geometry
    with st.container(key=f"{view.kind}_compare_words"):
        st.markdown(
            f"**A** · {messages.plain(view.title)} :gray[as the page shows it]  \n"
            f"**B** · {messages.plain(other.title)}\n\n{messages.plain(found.words(grid, geometry))}"
        )
    left_out = "model" in (view.shown, other.view.shown)
    own = "What the chosen position keeps of itself in a rollout is left out, in the numbers, too." if left_out else ""
    for note in (other.note, found.note, own, BANDS if view.kind == "raster" else ""):
        if note:
            st.caption(f":material/info: {messages.plain(note)}")
    pickers = _pictures(view, other, found)
    if other.another_model:
        _predictions(view, other)
    explain(
        f"{view.kind}_compare_help",
        "A is what the page shows, B what you chose here; both colour bars end at the same weight. B − A is blue where "
        "B gives less weight and red where it gives more, white where they are alike. The rank correlation says how "
        "alike the tokens are ordered, its interval how far it hangs on single tokens. Of the strongest 10 % of the "
        "tokens chance alone shares a tenth. The total variation distance is the part of the weight that would have to "
        "move to turn one map into the other. A click in any of the pictures moves the chosen position in all of them.",
    )
    return pickers


def _compared(view: View, other: Other) -> Comparison:
    """The comparison; the newest one is kept in the session, so that it is not made again for every click elsewhere."""
    one, two = view, other.view
    about = [
        (each.analysis, each.shown, each.layer, each.head, each.weights, each.direction, each.query)
        for each in (one, two)
    ]
    kept = state.get(last(view.kind))
    if kept is None or kept[0] != about:
        grids = (one.analysis.grid, two.analysis.grid)
        kept = (about, compare(one.pictured, two.pictured, grids, apart=other.apart))
        state.put(last(view.kind), kept)
    found: Comparison = kept[1]
    return found


def _pictures(view: View, other: Other, found: Comparison) -> dict[str, Picker]:
    """A, B and their difference, and what a click in each means."""
    here = fields.ground_of(view)
    there = here if other.view.analysis is view.analysis else _ground(view, other, here)
    figures = sides_figures(
        found,
        Side(view.title, here, view.query, view.uniform, view.key),
        Side(other.short, there, other.view.query, other.view.uniform, other.view.key),
    )
    words = ("A, what the page shows", f"B, {other.title}", "The difference, B minus A")
    keys = [f"{view.kind}_compare_{name}" for name in ("a", "b", "difference")][: len(figures)]
    for column, figure, key, text in zip(st.columns(3, gap="small"), figures, keys, words, strict=False):
        with column:
            picture(figure, key, f"{text}, over the data.")

    def pick_here(click: Click, base: Token) -> Token:
        return pick_panel(click, here, base)

    def pick_there(click: Click, base: Token) -> Token:
        start = counterpart(base, view.analysis, other.view.analysis)
        found = pick_panel(click, there, other.view.query if start.words else start.token)
        back = counterpart(found, other.view.analysis, view.analysis)
        if back.words:  # nowhere in A
            state.put(other.place, found)
            return base
        return back.token

    return {key: pick_there if key.endswith("_b") else pick_here for key in keys}


def _ground(view: View, other: Other, here: Ground) -> Ground:
    """What lies under B: the same data with B's tokens, or its own."""
    analysis = other.view.analysis
    if analysis.sample.data is view.analysis.sample.data:
        return replace(here, grid=analysis.grid)
    volume = int(analysis.provenance["settings"]["volume"])
    return Ground(analysis.sample, analysis.grid, None, volume)


def _predictions(view: View, other: Other) -> None:
    """What both models say, in numbers with units."""
    one, two = view.analysis, other.view.analysis
    rows = outcomes(one, two, view.query)
    if not rows:
        st.markdown(
            f"The two models do different things. A: {messages.plain(prediction_words(one.prediction, one.sample))}. "
            f"B: {messages.plain(prediction_words(two.prediction, two.sample))}."
        )
        return
    with st.container(key=f"{view.kind}_compare_predictions"):
        head = "| What they predict | A | B | B − A |\n| --- | ---: | ---: | ---: |\n"
        st.markdown(head + "\n".join("| " + " | ".join(map(messages.plain, row.row)) + " |" for row in rows))
        words = same_classes(one, two)
        if words:
            st.caption(words)
