"""Lesson (e): why the order of axes matters: one field, read in the right order and, on purpose, in another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st

from app import cache, content, messages
from app.parts.learn import controls, frame
from hot_core.analysis.words import position_words
from hot_core.figures.lesson_order import order_figure
from hot_core.lessons import order as lesson
from hot_core.modes import Geometry, Kind, TokenGrid
from hot_core.transforms import Settings

SIZES, MARKER = (5, 7, 11), (1, 5, 3)
LARGEST = 13
DATA = ("marker", "hippocampus", "gland", "airports")
SAMPLES: dict[str, tuple[Kind, int]] = {"hippocampus": ("volume", 0), "gland": ("volume", 4), "airports": ("series", 0)}
"""By the word in the link: the kind and number of a bundled sample."""
ORDERS = ("1-2-3", "1-3-2", "2-1-3", "2-3-1", "3-1-2", "3-2-1")
WHAT = (
    "Which field: a planted marker on a grid of your own sizes, or the row of one head of a bundled model: "
    "hippocampus (x 9 × y 13 × z 9 tokens), adrenal gland (8 × 8 × 8), airports (entity 3 × variable 6 × time 24)."
)


@dataclass(frozen=True, eq=False)
class Field:
    """What the lesson reads rightly and wrongly.

    Attributes:
        values: (n_1, n_2, n_3).
        grid: its tokens.
        marker: the place of the largest entry.
        query: the token that looks; None for a planted marker.
        uniform: the weight that every token would get if all were looked at alike.
        origin: what it is, in a sentence.
        said: what was asked for and cannot be, in a sentence.
        upwards: whether its planes are drawn as those of a volume.
        geometry: of the sample, for world positions.
    """

    values: np.ndarray
    grid: TokenGrid
    marker: lesson.Place
    query: lesson.Place | None
    uniform: float
    origin: str
    said: str = ""
    upwards: bool = False
    geometry: Geometry | None = None


def _planted() -> Field:
    """A marker on a grid of the student's own sizes."""
    sizes = tuple(
        controls.number(f"Size of mode {at + 1} (tokens)", f"order_n{at + 1}", 2, LARGEST, size)
        for at, size in enumerate(SIZES)
    )
    place = tuple(
        controls.number(
            f"Marker on mode {at + 1} (index)", f"order_p{at + 1}", 0, LARGEST - 1, where,
            help="From 0; an index beyond the last one is taken as the last one.",
        )
        for at, where in enumerate(MARKER)
    )  # fmt: skip
    marker, values = lesson.clamped(place, sizes), lesson.marked_row(sizes, place)
    origin = "A planted row of a Kronecker product: it looks at the marker, half as much one step away on any mode."
    said = lesson.moved(place, sizes)
    return Field(values, lesson.counted_grid(sizes), marker, None, 1 / values.size, origin, said)


def _real(name: str) -> Field:
    """The row of one head of a bundled model on a bundled sample."""
    kind, at = SAMPLES[name]
    entry = content.samples(kind)[at]
    found = cache.analysis(content.open_bundled(entry), entry.model, Settings())
    layer, head = content.first_look(kind, found.record.num_layers, found.record.num_heads)
    query = found.default_query()
    values = found.kronecker_map(layer, head).row(query).double().numpy()
    origin = (
        f"{entry.title}: where layer {layer}, head {head} of the model {entry.model} looks from "
        f"{position_words(found.grid, query, found.sample.geometry)}. {entry.credit}"
    )
    return Field(
        values, found.grid, lesson.strongest(values), query, found.uniform(layer, head, query), origin,
        upwards=kind == "volume", geometry=found.sample.geometry,
    )  # fmt: skip


def _words(field: Field, place: lesson.Place) -> str:
    """A place as an index, and in the data's own words where there are such."""
    index = f"({', '.join(map(str, place))})"
    return index if field.query is None else f"{index}, {position_words(field.grid, place, field.geometry)}"


def _say(field: Field, order: tuple[int, ...], seen: lesson.Place) -> None:
    """How many entries are wrong, where the marker went, and whether anybody would have noticed."""
    if field.said:
        st.info(field.said, icon=":material/last_page:")
    wrong, total = lesson.misplaced(field.values.shape, order), field.values.size
    st.markdown(
        f"**{wrong:,} of {total:,} entries stand at a wrong place.** The strongest one belongs at "
        f"{messages.plain(_words(field, field.marker))}; "
        + ("it is seen there." if seen == field.marker else f"it is seen at {messages.plain(_words(field, seen))}.")
    )
    said = lesson.refusal(field.grid, field.values, order)
    if order == (0, 1, 2):
        st.info("This is the right order. Choose another one.", icon=":material/check:")
    elif said is None:
        st.info(
            "Hand over the array itself with these axes exchanged, and **no error is raised**: the sizes fit. "
            "The picture is plausible, smooth, and wrong.", icon=":material/visibility_off:",
        )  # fmt: skip
    else:
        st.info(
            "Hand over the array itself with these axes exchanged, and the library refuses it: "
            f"*{messages.plain(said)}* Only who reshapes the flat list, as on the right, gets no error even so.",
            icon=":material/block:",
        )


def _formula(field: Field, order: tuple[int, ...]) -> None:
    """The flat index with the present numbers, and the divisions of the wrong reader."""
    (_, n2, n3), (p1, p2, p3) = field.values.shape, field.marker
    flat = lesson.flat_index(field.marker, field.values.shape)
    steps = lesson.decoding(field.marker, field.values.shape, order)
    st.latex(
        rf"\begin{{aligned}}(p_1 n_2 + p_2)\,n_3 + p_3 &= ({p1}\cdot{n2} + {p2})\cdot{n3} + {p3} \\"
        rf" &= \mathbf{{{flat}}}\end{{aligned}}"
    )
    lines = [rf"\lfloor {s.rest}/{s.stride}\rfloor &= {s.index}\;(\text{{mode }}{s.mode + 1})" for s in steps]
    st.caption("The other reader divides; what is left goes on to the next line:")
    st.latex(r"\begin{aligned}" + r" \\ ".join(lines) + r"\end{aligned}")


def draw() -> None:
    """Data and order above, sizes left; the two pictures right, with the marker in both."""
    first, second = st.columns(2)
    with first:
        name = controls.choice("Field", "order_data", DATA, "marker", help=WHAT)
    with second:
        asked = controls.choice(
            "Modes, as the other reader nests them", "order_modes", ORDERS, "1-3-2",
            help="The slowest first. 1-2-3 is right: the flat index is (p₁ n₂ + p₂) n₃ + p₃.",
        )  # fmt: skip
    if name == "marker":
        left, right = st.columns([1.5, 5], gap="medium")
        with left, frame.later("order"):
            field = _planted()
    else:
        field, right = _real(name), st.container(key="order_right")
    order = tuple(int(mode) - 1 for mode in asked.split("-"))
    seen = lesson.found_at(field.marker, field.values.shape, order)
    with right:
        _say(field, order, seen)
        with st.container(key="order_formula"):
            _formula(field, order)
        figure = order_figure(
            (field.values, lesson.misread(field.values, order)), field.grid, lesson.plane(order), field.marker, seen,
            query=field.query, uniform=field.uniform, upwards=field.upwards,
        )  # fmt: skip
        frame.picture(figure, "order_pictures", _alt(field, seen))
        st.caption(
            f"{messages.plain(field.origin)} Blue frame: where the strongest entry must be, the same place in both; "
            "cross: where it is seen; orange: the token that looks; both where they lie in this plane. One scale."
        )
        frame.numbers(
            lesson.summary(field.values, field.marker, order),
            "order_numbers",
            "What a check of the numbers alone would see",
        )


def _alt(field: Field, seen: lesson.Place) -> str:
    return f"The same field twice: the marker belongs at {field.marker} and is seen at {seen} in the other order."


ANSWER = (
    "Reading the list in another order only moves entries: sum, largest, smallest, even the histogram stay as they "
    "are, so no check of the numbers can notice. Where the exchanged sizes are *equal*, the array keeps its shape "
    "and the misreading is a mirror image about the diagonal: every structure stays as smooth as it was, and entries "
    "on the diagonal are even right. Where they are *different*, the transposed array has another shape and is "
    "refused, and the reshaped list tears neighbours apart into stripes that nobody takes for a picture. This is "
    "why every test of this project uses different primes as sizes and a marker at a known place; published maps of "
    "TimeSformer were wrong because patch and time indices were exchanged (issue 76 of its repository). For the "
    "Kronecker map it is the difference between A₁ ⊗ A₂ and A₂ ⊗ A₁: the same numbers, other places."
)

LESSON = frame.Lesson(
    name="order", title="Why the order of axes matters",
    lead="You will see one field read in a wrong order of its modes, and why square grids hide the mistake.",
    draw=draw,
    question="Both readers have the same numbers, and no check of sums or largest values tells them apart. What does?",
    answer=ANSWER,
    tries=(
        "Marker, sizes 5, 7, 11 and order 1-3-2: stripes, and a refusal. Then set all sizes to 7: silence.",
        "Hippocampus, order 3-2-1: x and z both have 9 tokens, nothing is refused, and the attention lies "
        "millimetres away from where it belongs. With 2-1-3 it is refused.",
        "Gland: 8 × 8 × 8, no order at all is refused.",
    ),
)  # fmt: skip
