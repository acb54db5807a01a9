"""Lesson 2: the Kronecker map growing block by block; product, sum and normalised sum; what a row reaches."""

from __future__ import annotations

import streamlit as st

from app.parts import show
from app.parts.learn import controls, frame
from app.parts.learn.frame import Lesson
from hot_core.figures import lesson_blocks as figures
from hot_core.lessons import blocks
from hot_core.lessons.blocks import BLOCKS, RULES, Growth, Rule
from hot_core.lessons.modes import COLUMNS, ROWS

GRIDS = ((3, 4), (7, 7, 7), (21, 24), (28, 28, 28))
FORMULA: dict[Rule, str] = {
    "product": r"A = A_1 \otimes A_2",
    "sum": r"A_1 \oplus A_2 = A_1\otimes I + I\otimes A_2",
    "normalised": r"A = \tfrac12\,(A_1\otimes I + I\otimes A_2)",
}
SUMS: dict[Rule, str] = {
    "product": "1 · 1 = **1**",
    "sum": "1 + 1 = **2**, one for each mode: k, not 1",
    "normalised": "(1 + 1) / 2 = **1**",
}


def _draw() -> None:
    """The controls on the left, the growing map on the right, one row's reach below."""
    left, right = st.columns([1, 2.1], gap="large")
    with left:
        rule: Rule = _rule()
        filled = controls.number("Blocks filled, of 9", "blocks_filled", 0, BLOCKS, 5)
        with frame.later("blocks"):
            sharpness = (
                controls.number(
                    "A₁ looks nearby: s₁", "blocks_sharp_rows", 0, 3, 1, help="Logit −s·|query − key|; 0: even."
                ),
                controls.number("A₂ looks nearby: s₂", "blocks_sharp_columns", 0, 3, 2, help="Logit −s·|query − key|."),
            )
            row = controls.number("Query: row", "blocks_query_row", 1, ROWS, 2)
            column = controls.number("Query: column", "blocks_query_column", 1, COLUMNS, 2)
            growth = blocks.grow(sharpness, rule, filled)
            _block(growth, rule)
    with right:
        st.latex(FORMULA[rule])
        show.heading(
            "The map so far", f"{filled} of {BLOCKS} blocks, in hundredths: 8 is 0.08; Σ: sum of each line by now"
        )
        frame.picture(
            figures.growing(growth, (row - 1, column - 1)), "blocks_map",
            f"{filled} of nine 4 by 4 blocks of the map filled; a full line adds up to {growth.row_sums[0]:.2f}.",
        )  # fmt: skip
    _reach(growth, rule, (row - 1, column - 1))


def _rule() -> Rule:
    """Product, sum or normalised sum."""
    name = controls.choice("How the two are combined", "blocks_rule", RULES, RULES[0])
    return next(rule for rule in RULES if rule == name)


def _block(growth: Growth, rule: Rule) -> None:
    """How the newest block comes about, in numbers."""
    if growth.block is None:
        st.markdown("No block is filled yet. Move **Blocks filled** to 1.")
        return
    r, s = (place + 1 for place in growth.block)
    weight = growth.first[growth.block]
    half = r"\tfrac12\," if rule == "normalised" else ""
    terms = rf"{weight:.3f}\," + ("A_2" if rule == "product" else "I" + (" + A_2" if r == s else ""))
    brackets = rf"{half}({terms})" if half else terms
    st.markdown(f"**The newest block** (blue): row {r} looks at row {s}, $A_1[{r},{s}] = {weight:.3f}$")
    st.latex(rf"\text{{block}}_{{{r},{s}}} = {brackets}")
    lines = blocks.block_of(growth, growth.block)
    second = {f"→ {place + 1}": [f"{value:.3f}" for value in growth.second[:, place]] for place in range(COLUMNS)}
    made = {f"→ {place + 1}": [f"{value:.3f}" for value in lines[:, place]] for place in range(COLUMNS)}
    frame.numbers(second, "blocks_second", "The numbers of $A_2$, column looks at column")
    frame.numbers(made, "blocks_newest", "The numbers of the newest block, rounded")


def _reach(growth: Growth, rule: Rule, query: tuple[int, int]) -> None:
    """What the query's row reaches, and what it adds up to."""
    every, lines = blocks.supports((ROWS, COLUMNS))
    left, right = st.columns([1, 1.25], gap="large")
    with left:
        show.heading("What the query reaches", "its line of the full map as 3 × 4; empty: weight exactly 0")
        frame.picture(
            figures.reach(growth, query), "blocks_reach",
            f"The query's row as a grid: {every if rule == 'product' else lines} of {every} keys have a weight.",
        )  # fmt: skip
    with right:
        st.markdown(
            f"**Support of a row.** The product reaches all N = 3 · 4 = **{every}** keys. The sum reaches only the "
            f"query's own row and column: 1 + (3 − 1) + (4 − 1) = **{lines}**. Here: "
            f"**{every if rule == 'product' else lines}**."
        )
        st.latex(r"\textstyle\prod_i n_i \text{ against } 1+\sum_i (n_i-1)")
        st.markdown(
            f"**Sum of a row.** Each row of $A_1$ and of $A_2$ adds up to 1. A full row of this map adds up to "
            f"{SUMS[rule]}."
        )
        frame.numbers(blocks.support_table(GRIDS), "blocks_supports", "The two supports on larger grids")


LESSON = Lesson(
    "blocks",
    "Product and sum, block by block",
    "A Kronecker product writes one small matrix once for each entry of the other; a sum lays the two side by side.",
    _draw,
    "In the sum, how does a token ever hear of one that differs from it in both row and column?",
    "Not in this layer: its weight there is exactly 0. But the token in its row and the other's column hears of the "
    "other, and in the *next* layer it is heard itself: with k modes, k layers of sums reach every token. The product "
    "reaches all in one layer. The price is that both numbers are multiplied: a key is seen only as far as "
    "*both* its row and its column are. Without dividing by k a row of the sum adds up to k, as in the published code; "
    "a page that shows it must say which of the two it is.",
    (
        "Move **Blocks filled** from 0 to 9, once with *product*, once with *sum*: copies of $A_2$, against a diagonal "
        "in every block and $A_2$ only where a row looks at itself.",
        "s₁ = 0: all nine blocks of the product are the same third of $A_2$.",
        "s₁ = 3, *product*: the blocks off the diagonal all but vanish, yet are never 0.",
    ),
)
