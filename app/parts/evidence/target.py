"""What is explained: the widgets that choose it, by kind of model."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from app import state
from app.parts.view import View
from hot_core.evidence import Target
from hot_core.evidence.target import Area

AREAS: dict[Area, str] = {"token": "at the chosen position", "class": "wherever it is found", "all": "everywhere"}


@dataclass(frozen=True)
class Question:
    """One of the choices that make a target.

    Attributes:
        name: in the page's memory.
        label: above the choice.
        answers: in words.
    """

    name: str
    label: str
    answers: tuple[str, ...]


def choose(view: View) -> Target:
    """Choose what the evidence is about; it starts at what is predicted at the chosen position."""
    for question in questions(view):
        key = _key(view, question)
        state.settle(key, range(len(question.answers)), 0)
        st.selectbox(
            question.label, range(len(question.answers)), key=key, format_func=question.answers.__getitem__, width=260
        )  # fmt: skip
    return current(view)


def current(view: View) -> Target:
    """What is chosen, whether or not the widgets are on the page now."""
    found = {question.name: _answer(view, question) for question in questions(view)}
    label = None if not found.get("label") else found["label"] - 1
    if view.analysis.model_config["task"] != "forecast":
        return Target(token=view.query, label=label, area=list(AREAS)[found.get("area", 0)])
    entity, variable, time = view.query
    if found["series"]:
        entity, variable = divmod(found["series"] - 1, len(view.analysis.grid.axes[1].mode))
    return Target(token=(entity, variable, time), step=found["step"] - 1 if found["step"] else None)


def questions(view: View) -> tuple[Question, ...]:
    """What can be asked of this kind of model, the answer that holds when nobody chooses first."""
    config, axes = view.analysis.model_config, view.analysis.grid.axes
    if config["task"] == "forecast":
        ahead = int(config["horizon"])
        series = (f"{entity} · {variable}" for entity in axes[0].mode.coords for variable in axes[1].mode.coords)
        steps = (f"step {step + 1} of {ahead} ahead" for step in range(ahead))
        return (
            Question("series", "Explain the forecast of", ("the chosen series", *series)),
            Question("step", "Step", (f"mean of {ahead} steps ahead", *steps)),
        )
    label = Question("label", "Explain", ("the class that is predicted", *config["classes"]))
    return (label,) if config["task"] == "classify" else (label, Question("area", "Where", tuple(AREAS.values())))


def _answer(view: View, question: Question) -> int:
    """The number of the answer that is chosen; the first where another model has fewer."""
    at = int(state.get(_key(view, question), 0) or 0)
    return at if at < len(question.answers) else 0


def _key(view: View, question: Question) -> str:
    return state.own_key(f"{view.kind}_target_{question.name}", view.identity)
