"""Lesson (d): what attention costs, in parameters, multiply–adds, weights and memory, and where nothing is saved."""

from __future__ import annotations

import math
from collections.abc import Sequence

import streamlit as st

from app.parts.learn import controls, frame
from hot_core.analysis.words import number
from hot_core.cost.forms import NAMES
from hot_core.figures.lesson_cost import cost_figure
from hot_core.lessons.cost import FORMS, Row, curve, in_bytes, in_short, ratio, table, verdict, worked

SIZES = (7, 7, 7, 2)
"""What the sliders open with: a small grid on which there is nothing to promise."""
GRIDS = ("14×14×14", "28×28×28", "66×66", "862×24")
"""Grids of the project's benchmarks: volumes, a satellite image in patches, the Traffic data."""
NOTE = (
    "Multiply–adds count matrix products of one forward pass for one element of the batch, not norms or softmax; the "
    "block adds a SwiGLU four times as wide as its tokens. Memory is the layer's own peak in float32 above weights "
    "and input, fused full attention keeping no N × N matrix; in a block the SwiGLU may need more. Product and sum "
    "do the same work. A ratio in brackets is full attention over this form: below 1 this form is the dearer one."
)


def _own() -> tuple[int, ...]:
    """The sliders of one's own grid.

    Returns:
        Its sizes.
    """
    modes = int(controls.choice("Modes", "cost_modes", ("2", "3", "4"), "3"))
    return tuple(
        controls.number(f"Size n{'₁₂₃₄'[mode]} (tokens)", f"cost_n{mode + 1}", 2, 128, SIZES[mode])
        for mode in range(modes)
    )


def _cells(rows: Sequence[Row]) -> dict[str, list[str]]:
    """The table of the page."""
    about = {
        "parameters": ("parameters, layer", in_short), "layer_macs": ("multiply–adds, layer", in_short),
        "block_macs": ("multiply–adds, block", in_short), "coefficients": ("weights a head", in_short),
        "peak_bytes": ("peak memory, layer", in_bytes),
    }  # fmt: skip
    cells = {"form": [NAMES[form].removesuffix(" attention") for form in FORMS]}
    for what, (words, written) in about.items():
        cells[words] = [f"{written(getattr(row, what))} ({number(ratio(rows, row.form, what))}×)" for row in rows]
    return cells


def draw() -> None:
    """Sliders left; the counts with the present numbers over the curve, the table below."""
    grid = controls.choice("Grid (tokens)", "cost_grid", ("own", *GRIDS), "own")
    left, right = st.columns([1.5, 5], gap="medium")
    with left, frame.later("cost"):
        sizes = _own() if grid not in GRIDS else tuple(int(size) for size in grid.split("×"))
        dim = controls.number("Width D (numbers a token)", "cost_dim", 32, 512, 128, step=32)
        heads = int(controls.choice("Heads", "cost_heads", ("1", "2", "4", "8"), "8"))
    rows, tokens = table(sizes, dim, heads), math.prod(sizes)
    with right:
        st.markdown(f"N = {' × '.join(map(str, sizes))} = **{tokens:,} tokens**. {verdict(rows)}")
        with st.container(key="cost_formula"):
            for words, formula in zip(("full attention", "product or sum"), worked(sizes, dim), strict=True):
                st.caption(f"Multiply–adds of the layer, {words}:")
                st.latex(formula)
        alt = f"How many times less work than full attention, over the number of tokens. {verdict(rows)}"
        frame.picture(cost_figure(curve(sizes, dim, heads), tokens), "cost_curve", alt)
        st.caption(
            "Solid: the whole block; dotted: the layer alone. On the line at 1 a form does as much work as full "
            "attention; in the grey, up to 2, there is nothing to promise. Diamonds: the chosen grid."
        )
    with st.container(key="cost_table"):
        st.table(_cells(rows), hide_index=True, border="horizontal")
    st.caption(NOTE)


ANSWER = (
    "In full attention the term 2 N² D grows with the square of the tokens; all else grows with N, "
    "or with N Σn. "
    "While N is small the square is a small part of the sum, and in a block the SwiGLU, 12 N D², is the same for "
    "every form and cannot be saved: on 7 × 7 × 7 with D = 128 the layer alone needs 4.09 times less, the whole "
    "block only 1.49 times. What is saved without doubt is weights: Σ n² of them instead of N². And what is "
    "*spent*: with k modes there are 2 k + 2 projections instead of 4, so 1.5 times (k = 2) or twice (k = 3) the "
    "parameters. A Kronecker term is also less free: a head's N² weights all follow from Σ n² numbers."
)

LESSON = frame.Lesson(
    name="cost", title="What it costs, and where nothing is saved",
    lead="You will see when mode-wise attention is cheaper, by how much of what, and why on small grids it is not.",
    draw=draw,
    question="On 7 × 7 × 7 the layer saves far more than the block around it. Why, and what has become dearer?",
    answer=ANSWER,
    tries=(
        "7 × 7 × 7: the block stands in the grey, nothing to promise. 28×28×28: it is far out of it.",
        "862×24 (the Traffic data, 2 modes): 35.2 times less work in the layer, 15.9 in the block, "
        "1.5 times the parameters.",
        "Width 512 on the same grid: the projections grow with D² and eat into the saving.",
    ),
)  # fmt: skip
