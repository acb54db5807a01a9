"""Lesson 1: from one matrix of 144 numbers to two of 9 and 16, every number followed by hand."""

from __future__ import annotations

import streamlit as st

from app import state
from app.parts import show
from app.parts.learn import controls, frame, grid
from app.parts.learn.frame import Lesson
from hot_core.figures import lesson_modes as figures
from hot_core.lessons import modes
from hot_core.lessons.modes import COLUMNS, ROWS, Entry, Softmax

STEPS = ("matrix", "factors", "entry")
FIRST = "neighbours"
ROUNDED = (
    "Rounded to three decimals (in the 12 × 12 map to whole hundredths: 8 is 0.08); the page computes with all of "
    "them, so that a product of rounded numbers may differ in the last place."
)


def _draw() -> None:
    """The controls, and the step that is chosen."""
    step = controls.choice("Step", "modes_step", STEPS, STEPS[0], help="One matrix, then two, then an entry from both.")
    left, right = st.columns([1.2, 2], gap="medium")
    with left:
        with frame.beside("modes"):
            query, key = _tokens()
        with frame.later("modes"):
            rows, columns = _logits()
        at = modes.entry(rows, columns, query, key)
    with right:
        {"matrix": _matrix, "factors": _factors, "entry": _entry}[step](rows, columns, at)
    for name, one in (("row", rows), ("column", columns)):
        frame.numbers(
            modes.steps(one, name), f"modes_steps_{name}s", f"The softmax of the {name}s, step by step", opened=False
        )
    st.caption(ROUNDED)


def _logits() -> tuple[Softmax, Softmax]:
    """The two tables of logits, and patterns to begin with."""
    st.caption("A pattern to begin with, or numbers of your own in the tables (whole, −9 to 9).")
    with st.container(horizontal=True, gap="small"):
        for name in modes.PRESETS:
            st.button(
                name.capitalize(), key=f"modes_preset_{name.replace(' ', '_')}", on_click=_take, args=(name,)
            )  # fmt: skip
    first, second = modes.PRESETS[FIRST]
    rows = grid.logits("Logits of the rows: query down, key across", "modes_rows", first)
    columns = grid.logits("Logits of the columns: query down, key across", "modes_columns", second)
    return modes.softmax(rows), modes.softmax(columns)


def _take(name: str) -> None:
    """Fill both tables with a pattern."""
    for key, logits in zip(("modes_rows", "modes_columns"), modes.PRESETS[name], strict=True):
        state.put(key, modes.write_logits(logits))


def _tokens() -> tuple[tuple[int, int], tuple[int, int]]:
    """The token that looks and the one that is looked at, rows and columns from 0."""
    places = []
    for role, standard in (("query", (2, 2)), ("key", (2, 3))):
        for box, what, most, start in zip(st.columns(2), ("row", "column"), (ROWS, COLUMNS), standard, strict=True):
            with box:
                places.append(controls.number(f"{role.capitalize()}: {what}", f"modes_{role}_{what}", 1, most, start))
    return (places[0] - 1, places[1] - 1), (places[2] - 1, places[3] - 1)


def _matrix(rows: Softmax, columns: Softmax, at: Entry) -> None:
    """Step 1: one matrix."""
    st.markdown(
        "**One matrix.** Twelve tokens on a grid of 3 rows × 4 columns. Full attention asks for each of the 12 tokens "
        "how much it looks at each of the 12: **144 numbers**. Look for the pattern: the map falls into 3 × 3 blocks, "
        "and all nine blocks look alike, only brighter or darker."
    )
    st.latex(r"N = 3\cdot 4 = 12 \quad N^2 = 12^2 = 144\ \text{numbers}")
    values = modes.whole(rows, columns)
    frame.picture(
        figures.whole(values, values.max(), None, height=520), "modes_whole",
        f"Map of 12 by 12 weights in 3 by 3 blocks, from {values.min():.3f} to {values.max():.3f}.",
    )  # fmt: skip


def _factors(rows: Softmax, columns: Softmax, at: Entry) -> None:
    """Step 2: two matrices."""
    st.markdown(
        "**Two matrices.** If the blocks are alike, one says it all: a 3 × 3 matrix for *which row looks at which row* "
        "and a 4 × 4 for *which column looks at which column*: **9 + 16 = 25 numbers** stand for 144. "
        "Each row of each is a softmax of its logits and adds up to 1."
    )
    st.latex(r"A = A_1 \otimes A_2 \qquad 3^2 + 4^2 = 9 + 16 = 25 \ll 144")
    _pair(rows, columns, None)
    query = at.query[0]
    powers = " + ".join(f"{value:.3f}" for value in rows.powers[query])
    st.markdown(f"By hand, row {query + 1} of $A_1$: its logits as powers of e, divided by their sum.")
    logit, total = rows.logits[query, at.key[0]], rows.sums[query]
    st.latex(
        rf"\begin{{aligned}}A_1[{query + 1},{at.key[0] + 1}] &= \frac{{e^{{{logit:.0f}}}}}{{{powers}}}\\[6pt]"
        rf"&= \frac{{{rows.powers[query, at.key[0]]:.3f}}}{{{total:.3f}}} = {at.of_rows:.3f}\end{{aligned}}"
    )


def _entry(rows: Softmax, columns: Softmax, at: Entry) -> None:
    """Step 3: one entry from two, and the query's field."""
    (r, c), (s, t) = ((place + 1 for place in token) for token in (at.query, at.key))
    st.markdown(
        f"**One entry from two.** How much does the token in row {r}, column {c} (orange) look at row {s}, column {t} "
        "(blue)? One number from each matrix, multiplied."
    )
    st.latex(
        rf"\begin{{aligned}}A[({r},{c}),({s},{t})] &= A_1[{r},{s}]\cdot A_2[{c},{t}]\\"
        rf"&= {at.of_rows:.3f}\cdot{at.of_columns:.3f} = {at.weight:.3f}\end{{aligned}}"
    )
    _pair(rows, columns, at)
    values = modes.whole(rows, columns)
    limit = values.max()
    whole, field = st.columns([1.25, 1])
    with whole:
        show.heading("The whole map", f"the entry is in line {at.flat[0] + 1}, place {at.flat[1] + 1}")
        frame.picture(
            figures.whole(values, limit, at), "modes_whole",
            f"Map of 12 by 12 weights; in line {at.flat[0] + 1} place {at.flat[1] + 1} holds {at.weight:.3f}.",
        )  # fmt: skip
    with field:
        show.heading("The query's field", f"its line as 3 × 4; adds up to {at.field.sum():.3f}")
        frame.picture(
            figures.field(at, limit), "modes_field",
            f"Where row {r}, column {c} looks: 3 by 4 weights from {at.field.min():.3f} to {at.field.max():.3f}.",
        )  # fmt: skip
        st.caption(f"Line {r},{c} of the map is number ({r} − 1) · 4 + {c} = {at.flat[0] + 1} of 12.")


def _pair(rows: Softmax, columns: Softmax, at: Entry | None) -> None:
    """The two factors beside each other, on one scale."""
    limit = max(rows.weights.max(), columns.weights.max())
    for mode, (box, one, name) in enumerate(
        zip(st.columns(2), (rows, columns), ("row", "column"), strict=True)
    ):  # fmt: skip
        places = (at.query[mode], at.key[mode]) if at else None
        with box:
            show.heading(f"A{'₁₂'[mode]}: {name} looks at {name}", f"{one.weights.size} numbers")
            frame.picture(
                figures.factor(one, name, limit, places), f"modes_factor_{name}",
                f"{name.capitalize()} by {name}, weights from {one.weights.min():.3f} to {one.weights.max():.3f}.",
            )  # fmt: skip


LESSON = Lesson(
    "modes",
    "From one matrix to modes",
    "Attention over a grid need not be one large matrix: one small matrix for each axis gives every entry of it.",
    _draw,
    "The map has 144 entries but only 25 numbers behind it. Which attention over the grid can it never be?",
    "One in which the choice of the row depends on the column. Every row of tokens uses the same $A_2$: if column 1 "
    "looks at column 3, it does so from every row to every row, only more or less strongly. “Look at column 3 in your "
    "own row, but at column 1 in the row below” needs a second pair of matrices, that is a second head; lesson 3 "
    "counts how many an attention needs. A head's Kronecker term is never the whole of what a layer does; and that a "
    "token is looked at does not yet say that it is the cause of anything.",
    (
        "**All to one**, step *entry*: every query puts most of its weight on row 3, column 2; the map has one bright "
        "column.",
        "**Alike**: all logits 0. Every weight is 1/3 · 1/4 = 1/12 = 0.083, the uniform level.",
        "Put one logit of the rows to 9 and look at step *matrix*: a whole block lights up, never a single entry.",
    ),
)
