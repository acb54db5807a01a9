"""Lesson (f): attention over triples: Match3 with its cube of weights, and the regime in which it is cheap."""

from __future__ import annotations

import streamlit as st

from app import messages, state
from app.parts.learn import controls, frame
from hot_core.analysis.words import number
from hot_core.figures.lesson_regime import regime_figure
from hot_core.figures.lesson_triples import cube_figure, scores_figure, slice_figure
from hot_core.lessons import regime, triples
from hot_core.lessons.match3 import beta_for

PARTS = ("match3", "bounded")
FILE = "match3_weights.npy"
MATCH3 = (
    r"*Is there a pair j, k with* $x_i + x_j + x_k \equiv 0 \pmod M$*?* One head of attention over pairs of tokens "
    "answers it: its logit for the pair (j, k) is the cosine of a sum of three angles, largest where the sum is a "
    "whole turn. When no pair fits, the query looks at a blank token twice."
)
BOUNDED = (
    "All n² pairs for each of n queries cost n³. While the entries are small, exp can be replaced by a polynomial of "
    "even degree g, and the cost falls to n · C(d + g, g). Both are computed here, on 40 random tokens of width 4."
)


def draw() -> None:
    """One of the two parts; the other is not computed."""
    part = controls.choice("Part", "triples_part", PARTS, "match3", shown=False)
    (_match3 if part == "match3" else _bounded)()


def _chosen() -> tuple[triples.Match, int]:
    """The controls of Match3.

    Returns:
        Numbers with truth and weights, and the chosen query.
    """
    modulus = controls.number("Modulus M", "triples_modulus", 2, 96, 37)
    beta = controls.number("Sharpness β", "triples_beta", 10, 4000, 1000, step=10)
    with frame.later("triples"):
        return _numbers(modulus, beta)


def _numbers(modulus: int, beta: int) -> tuple[triples.Match, int]:
    """The controls that can wait: the numbers themselves, and the query."""
    own = controls.text(
        "Own numbers, up to 12, or: drawn", "triples_numbers", triples.DRAWN, triples.read_numbers, most=80,
        help="Such as 3, 5, 29. Only their remainders by M count.",
    )  # fmt: skip
    count = controls.number("Numbers to draw", "triples_count", 3, triples.MOST, 8)
    seed = controls.number("Seed", "triples_seed", 0, 99, 0)
    found = triples.match(own or triples.drawn(count, modulus, seed), modulus, float(beta))
    query = controls.number(
        "Query (index of the number)", "triples_query", 0, triples.MOST - 1, 1,
        help="From 0; an index beyond the last number is taken as the last one.",
    )  # fmt: skip
    last = len(found.numbers) - 1
    if query > last:
        st.caption(f"Query {query} is asked for; the last number has index {last}, which is shown.")
    return found, min(query, last)


def _match3() -> None:
    """Truth and head, the formula, cube and slice."""
    left, right = st.columns([1.5, 5], gap="medium")
    with left:
        found, query = _chosen()
    with right:
        st.markdown(MATCH3)
        total = len(found.numbers)
        st.markdown(
            f"**{found.right} of {total} answers are right** at β = {number(found.beta)}; always right from "
            f"β = {beta_for(total, found.modulus):,} on. \"Yes\" is right for {int(found.truth.sum())} of {total}."
        )  # fmt: skip
        with st.container(key="triples_formula"):
            _formula(found, query)
        frame.picture(scores_figure(found, query), "triples_scores", _scores_alt(found))
        frame.numbers(triples.rows(found), "triples_rows", "Truth and head, number by number")
        cube, matrix = st.columns(2)
        with cube:
            st.markdown("**All weights**, the chosen query's slice framed")
            alt = f"The cube of weights of {total} queries over pairs of {total + 1} keys, the blank among them."
            frame.picture(cube_figure(found, query), "triples_cube", alt)
        with matrix:
            st.markdown(f"**The slice of query {query}**, x = {found.numbers[query]}; matching pairs framed")
            alt = f"The weights of number {found.numbers[query]} to all pairs; they add up to 1."
            frame.picture(slice_figure(found, query), "triples_slice", alt)
        st.caption(
            "One scale for both. Left, weights below a thousandth of the largest are not drawn; ball and colour show "
            "the weight. Turn the cube by dragging. The weights of a slice add up to 1."
        )
        _keep(found)
        said = triples.bounded_refusal(found)
        if said:
            st.markdown("**The fast algorithm refuses this head**, in its own words:")
            st.markdown(f"> {messages.plain(said)}")


def _formula(found: triples.Match, query: int) -> None:
    """The logits of the heaviest pair and of the blank, with the present numbers."""
    (j, k), pair, blank = triples.logits(found, query)
    m, beta = found.modulus, f"{found.beta:g}"
    a, b, c = (found.numbers[at] for at in (query, j, k))
    first, second = st.columns([3, 2])
    first.latex(
        rf"\begin{{aligned}}&\beta\cos\tfrac{{2\pi(x_i+x_j+x_k)}}{{M}} \\ "
        rf"&= {beta}\cos\tfrac{{2\pi({a}+{b}+{c})}}{{{m}}} \\ &= {pair:.2f}\end{{aligned}}"
    )
    second.latex(rf"\text{{blank: }}\beta\,\tfrac{{1+\cos(2\pi/M)}}{{2}} = {blank:.2f}")
    side = len(found.numbers)
    st.caption(
        f"The heaviest pair of query {query} ({j}, {k}) against the blank: the larger logit wins, by "
        f"e^({pair:.2f} − {blank:.2f}). Logits are rounded to two decimals; one softmax takes all {side + 1}² of them."
    )


def _keep(found: triples.Match) -> None:
    """The cube for napari."""
    st.download_button(
        "The cube, for napari", data=lambda: triples.cube_bytes(found), file_name=FILE, key="triples_cube_file",
        on_click="ignore", width="stretch", help="A .npy with the axes query, first key, second key.",
    )  # fmt: skip
    st.caption("From the folder of HOT Lens; then press the button for 3-D, bottom left:")
    st.code(f".venv/bin/napari ~/Downloads/{FILE} --colormap viridis", language=None, wrap_lines=True)


def _scores_alt(found: triples.Match) -> str:
    return f"The head's score beside the truth; {found.right} of {len(found.numbers)} are right."


def _bounded() -> None:
    """Error measured live beside the promise, and the refusal."""
    left, right = st.columns([1.5, 5], gap="medium")
    with left:
        size = controls.number("Size of the entries B", "triples_size", 0.1, 3.0, 1.0, step=0.1)
        degree = controls.number("Degree g", "triples_degree", 2, 12, 4)
        with frame.later("bounded"):
            seed = controls.number("Seed of the entries", "triples_draw", 0, 99, 0)
    with right:
        st.markdown(BOUNDED)
        st.markdown(
            "With M, which no logit exceeds, and the rounding of float64, ε = 2.2 · 10⁻¹⁶, a weight is off by at most "
            "this share of itself:"
        )
        st.latex(r"\begin{aligned}\delta = e^{2M}\Bigl(&\frac{M^{g+1}}{(g+1)!} \\ &+ (r+\Sigma n+3g)\,\varepsilon\Bigr)"
                 r"\end{aligned}")  # fmt: skip
        said = regime.refusal(size, degree, seed)
        if degree % 2:
            st.markdown(f"**Refused**, in the library's own words:\n> {messages.plain(said)}")
            return
        now = regime.regime(size, degree, seed)
        m = f"{now.largest_logit:.6g}"
        st.latex(
            rf"\begin{{aligned}}M &= {m},\; g = {degree} \\ "
            rf"r &= \tbinom{{4+{degree}}}{{{degree}}} = {now.columns:,},\; \Sigma n = {now.tokens} \\ "
            rf"\delta &= e^{{2\cdot {m}}}\,\bigl({m}^{{{degree + 1}}}/{degree + 1}! \\ "
            rf"&\quad + {now.columns + now.tokens + 3 * degree:,}\,\varepsilon\bigr) \\ "
            rf"&= {regime.tex(now.promised)}\end{{aligned}}"
        )
        st.markdown(
            f"Promised: {regime.words(now.promised)} of a weight. "
            f"Measured on all 64,000 triples: {regime.words(now.weight_error)} of a weight, "
            f"and **{regime.words(now.output_error)} at most in the output**, whose values lie within ±1."
        )
        edge = regime.refused_from(degree, seed)
        alt = f"Errors over B at degree {degree}; the algorithm refuses from B = {edge:.2f} on."
        frame.picture(regime_figure(regime.sweep(degree, seed), now, edge), "triples_errors", alt)
        st.caption(
            f"Dotted line: the tolerance, 0.1; grey, from B = {edge:.2f} on: the promise is above it and the algorithm "
            "refuses. What is above 10⁶ or below 10⁻¹⁶ is drawn at the edge. M is rounded to six digits here."
        )
        if said:
            st.markdown(f"**Refused at B = {size:g}**, in the library's own words:\n> {messages.plain(said)}")


ANSWER = (
    "Ordinary attention gives each *pair* (query, key) one logit, which cannot depend on a third token: whether x_i "
    "and x_j go together depends on whether some x_k completes them, and one layer would have to carry all numbers at "
    "once (Sanford, Hsu and Telgarsky, arXiv 2306.02896, bound what it can do). A logit over *triples* simply "
    "contains the sum of three angles. The price is n³ weights. The algorithm that avoids them lives on small "
    "logits, where a short polynomial is as good as exp; but to tell a match from its neighbour the head needs "
    "β (1 − cos 2π/M) to outweigh n² pairs, that is β of order M² ln n: far outside. Where it is cheap it "
    "cannot be sharp, and where it is sharp no truly faster algorithm can exist for large entries unless a widely "
    "believed hypothesis (SETH) fails (Alman and Song, arXiv 2310.04064). The promise is a worst case: measured "
    "errors lie orders of magnitude below it. And weights, here too, say where a head looks, not why the answer is so."
)

QUESTIONS = {
    "match3": "Why does the fast algorithm refuse exactly the head that solves Match3?",
    "bounded": "Why can the algorithm that is cheap here never be the sharp head of Match3?",
}
TRIES = {
    "match3": (
        "β from 1000 down to 50 at M = 37: the head begins to say yes where no pair fits.",
        "12 numbers at M = 37: nearly every answer is yes; at M = 96 about half are. A task must be balanced.",
    ),
    "bounded": (
        "Degree 4, B from 1 to 2: the promise breaks at about 1.1, the measured output error stays small for a while.",
        "Degree 8 moves the edge. Degree 5 is refused: an odd polynomial can be negative.",
    ),
}


def _part() -> str:
    """The part that is shown."""
    return str(state.get("triples_part", PARTS[0]))


LESSON = frame.Lesson(
    name="triples", title="Attention over triples",
    lead="You will see a head that looks at pairs of tokens answer a question about three, and what that costs.",
    draw=draw,
    question=lambda: QUESTIONS[_part()],
    answer=ANSWER,
    tries=lambda: TRIES[_part()],
)  # fmt: skip
