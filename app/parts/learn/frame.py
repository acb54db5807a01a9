"""The frame of every lesson: its title, its picture, what to try, a question with its answer, and the way on."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import plotly.graph_objects as go
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import messages, state
from app.parts import show
from app.parts.learn import controls
from hot_core.figures.large import LARGER, enlarged

NAMES = ("modes", "blocks", "rank", "cost", "order", "triples")
"""The lessons in the order of a course; a link names them so. Each is a module of this folder with its `LESSON`."""

LARGE_TEXT = f"<style>html {{ font-size: {100 * LARGER:.0f}%; }}</style>"
"""All sizes on the page follow the root's: words, tables and controls. Figures are enlarged one by one."""


@dataclass(frozen=True)
class Lesson:
    """One lesson.

    Attributes:
        name: as in the link.
        title: its heading.
        lead: one sentence, what one will understand.
        draw: controls, formula, picture and numbers.
        question: one that the page answers to who plays with it.
        answer: the explanation; a function where it depends on what stands on the page, as may the question.
        tries: two or three settings that show the point, each a sentence; or a function, as the answer.
    """

    name: str
    title: str
    lead: str
    draw: Callable[[], None]
    question: str | Callable[[], str]
    answer: str | Callable[[], str]
    tries: Sequence[str] | Callable[[], Sequence[str]] = ()


def page() -> None:
    """The whole page: only the chosen lesson is imported and computed."""
    choice, switch = st.columns([5, 1.2], vertical_alignment="bottom")
    with switch:
        controls.switch("Large type", "large", help="For a projector: words, tables and pictures 1.4 times as large.")
    with choice:
        name = controls.choice("Lesson", "lesson", NAMES, NAMES[0], shown=False)
    if large():
        st.html(LARGE_TEXT)
    lesson: Lesson = importlib.import_module(f"app.parts.learn.{name}").LESSON
    said = st.container()
    with said:
        controls.say_refusals()
    with st.container(key=f"learn_{name}"), messages.spoken():
        _draw(lesson)
    with said:
        controls.say_unknown(NAMES)
    controls.forget_refusals()


def large() -> bool:
    """Whether the large type is switched on."""
    return bool(state.get("large", False))


def later(name: str) -> DeltaGenerator:
    """A place for controls of a left column that can wait; on a narrow screen they stand below the pictures."""
    return st.container(key=f"later_{name}")


def beside(name: str) -> DeltaGenerator:
    """A place for short controls whose columns stay beside each other on a narrow screen."""
    return st.container(key=f"beside_{name}")


def picture(figure: go.Figure, key: str, alt: str) -> None:
    """A lesson's figure, in large type where that is switched on."""
    show.picture(enlarged(figure) if large() else figure, key, alt)


def numbers(table: object, key: str, label: str, *, opened: bool = False) -> None:
    """Numbers to follow by hand, folded: `table` is what `st.table` takes, a sentence of Markdown as `label`."""
    with st.expander(label, key=key, expanded=opened):
        st.table(table)


def _draw(lesson: Lesson) -> None:
    """One lesson from its title to the way on."""
    st.markdown(f"### {lesson.title}\n:gray[{lesson.lead}]")
    lesson.draw()
    tries = lesson.tries() if callable(lesson.tries) else lesson.tries
    if tries:
        st.markdown("**What to try**\n" + "\n".join(f"- {one}" for one in tries))
    st.markdown(f"**Question.** {lesson.question if isinstance(lesson.question, str) else lesson.question()}")
    with st.expander("The answer", key=f"{lesson.name}_answer"):
        st.markdown(lesson.answer if isinstance(lesson.answer, str) else lesson.answer())
    _way_on(lesson.name)


def _way_on(name: str) -> None:
    """The lesson before, the one after, and that the address keeps all of it."""
    at = NAMES.index(name)
    before, words, after = st.columns([1.4, 3, 1.4], vertical_alignment="center")
    if at > 0:
        with before:
            _go(f"{at} · {NAMES[at - 1].capitalize()}", NAMES[at - 1], "left")
    with words:
        st.caption("The address of this page holds the lesson and every control: copy it, and it opens as it is now.")
    if at < len(NAMES) - 1:
        with after:
            _go(f"{at + 2} · {NAMES[at + 1].capitalize()}", NAMES[at + 1], "right")


def _go(label: str, name: str, side: Literal["left", "right"]) -> None:
    """A button to another lesson."""
    key, icon = ("learn_previous", "arrow_back") if side == "left" else ("learn_next", "arrow_forward")
    st.button(
        label, key=key, icon=f":material/{icon}:", icon_position=side, on_click=state.put, args=("lesson", name),
        width="stretch",
    )  # fmt: skip
