"""Lesson 3: a full attention, random or from real weather, approximated by R Kronecker products; what is lost."""

from __future__ import annotations

import streamlit as st

from app import cache, content
from app.parts import show
from app.parts.learn import controls, frame
from app.parts.learn.frame import Lesson
from hot_core.figures import lesson_rank as figures
from hot_core.lessons import rank
from hot_core.lessons.rank import Approximation, Full

SOURCES = ("weather", "random")
DAYS = 363
"""Whole days in the bundled series."""
MOST = min(rank.RANDOM_SIZES) ** 2


def _draw() -> None:
    """The controls on the left, curve and formula on the right, the three matrices below."""
    left, right = st.columns([1, 2.1], gap="large")
    with left:
        source = controls.choice("The full attention", "rank_source", SOURCES, SOURCES[0])
        asked = controls.number("Kronecker terms R", "rank_terms", 1, MOST, 2)
        with frame.later("rank"):
            full = _weather() if source == "weather" else _random()
        most = min(full.sizes) ** 2
        made = rank.approximate(full, min(asked, most))
        if asked > most:
            st.caption(f"{full.sizes[0]} × {full.sizes[1]} tokens need at most {full.sizes[0]}² = {most} terms: "
                       f"R stands at {most}.")  # fmt: skip
    with right:
        _curve(full, made)
    _panels(full, made)
    _lost(full, made)


def _weather() -> Full:
    """Full attention over the bundled series."""
    entry = content.samples("series")[0]
    day = controls.number("Day of the series", "rank_day", 1, DAYS, 101)
    temperature = controls.number("Temperature", "rank_temperature", 0.5, 3.0, 1.0, step=0.5, help="Low: sharp.")
    full = rank.series_attention(cache.sample(content.open_bundled(entry)), day - 1, temperature)
    st.caption(
        f"Real: {entry.title}. {full.sizes[0]} airports × {full.sizes[1]} times of {rank.HOURS} hours = "
        f"{len(full.names)} tokens. Each looks at those whose weather is like its own (softmax of the dot product of "
        "six variables in standard deviations). Built from the data, not taken from a model. "
        + (f"{full.filled} tokens without data stand at the mean." if full.filled else "")
    )
    return full


def _random() -> Full:
    """Full attention without any structure."""
    seed = controls.number("Seed", "rank_seed", 0, 20, 0)
    temperature = controls.number("Temperature", "rank_temperature", 0.5, 3.0, 1.0, step=0.5, help="Low: sharp.")
    st.caption("Made: softmax over normal random logits of 4 × 5 = 20 tokens. No structure for a small rank to find.")
    return rank.random_attention(seed, temperature)


def _curve(full: Full, made: Approximation) -> None:
    """The error over R with its formula."""
    first, second = full.sizes
    st.latex(r"A \approx \textstyle\sum_{r=1}^{R} B_r\otimes C_r \qquad " rf"R={made.terms}")
    st.latex(
        r"\frac{\lVert A-\sum_{r\le R}\rVert_F}{\lVert A\rVert_F} = "
        r"\sqrt{\frac{\sum_{r>R}\sigma_r^2}{\sum_r\sigma_r^2}}"
        rf" = {made.tail:.3f}"
    )
    frame.picture(
        figures.error_curve(made), "rank_curve",
        f"Relative error over 1 to {len(made.errors)} terms, falling from {made.errors[0]:.3f} to 0; "
        f"with {made.terms} it is {made.errors[made.terms - 1]:.3f}.",
    )  # fmt: skip
    frame.numbers(
        rank.singular_table(made), "rank_singular",
        "The singular values, and the error by hand: tail is the sum of σ² of all later terms",
    )  # fmt: skip
    total = len(made.full)
    st.markdown(
        f"The tail of the singular values is the error: what is left out is lost, no more and no less (Van Loan and "
        f"Pitsianis 1993). R = {made.terms} holds {made.terms} · ({first}² + {second}²) = **{made.numbers}** numbers "
        f"for the {total}² = {total**2} of the full attention"
        + (", which is no saving any more." if made.numbers >= total**2 else ".")
    )


def _panels(full: Full, made: Approximation) -> None:
    """Original, approximation and difference."""
    limit, apart = figures.limits(made)
    pictures = (
        ("Full attention", f"0 to {limit:.3f}", figures.panel(made.full, made, full.names, lost=True)),
        (f"Sum of {made.terms}", "the same scale", figures.panel(made.close, made, full.names, lost=True)),
        ("Difference", f"−{apart:.3f} to {apart:.3f}", figures.difference(made, full.names)),
    )
    for place, (box, (title, detail, figure)) in enumerate(zip(st.columns(3), pictures, strict=True)):
        with box:
            show.heading(title, detail)
            frame.picture(
                figure, f"rank_panel_{place}",
                f"{title}: {len(full.names)} by {len(full.names)} weights, {detail}.",
            )  # fmt: skip
    st.caption("Blue: the strongest entry that is no longer among the strongest. Names are under the pointer.")


def _lost(full: Full, made: Approximation) -> None:
    """What is lost, in words and numbers."""
    sums = made.row_sums
    negative = (
        f"**{made.negative} weights are negative** (down to {made.lowest:.4f})".replace("-", "−")
        if made.negative
        else f"No weight is negative here (the smallest is {made.lowest:.4f}), though nothing forbids it"
    )
    st.markdown(
        f"**What is lost.** Of the {len(made.fates)} strongest entries **{made.lost}** are no longer among the "
        f"{len(made.fates)} strongest. {negative}. Rows add up to **{sums.min():.3f} … {sums.max():.3f}** instead of "
        "1: the best approximation is no softmax any more, so its entries are not shares of attention."
    )
    if made.lost:
        frame.numbers(
            rank.fate_table(made, full.names), "rank_lost", "The strongest entries that vanish, weight before and after"
        )


LESSON = Lesson(
    "rank",
    "Rank: how many Kronecker products make a full attention",
    "Every attention over a grid is a sum of Kronecker products; how many it needs depends on how ordered it is.",
    _draw,
    "Are the R terms here the heads of a Higher-Order Transformer?",
    "Not quite. The terms here share one set of values and may be negative; a head has its own slice of the values and "
    "its two factors are softmaxes: positive, with rows that add up to 1. So R heads are at most R terms, but the best "
    "R terms are in general not R heads. The lesson says how far a sum of products *could* reach, not what training "
    "finds. For more than two axes there is no such exact curve: the best terms have to be searched for.",
    (
        "*Random*, R = 1 … 16: a softmax without structure gives way only slowly, and R = 16 is exact but holds more "
        "numbers than the matrix.",
        "*Weather*, R = 1 … 3: airports close together have nearly the same hours, so that a few products carry most.",
        "*Weather*, day 101, temperature 0.5 against 3: the sharper the attention, the more terms it needs.",
    ),
)
