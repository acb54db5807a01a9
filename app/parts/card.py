"""A model's card as the page shows it."""

from __future__ import annotations

import re

import streamlit as st

from hot_core.models import HOTModel

FRONT_MATTER = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)
HEADING = re.compile(r"^(#{1,3}) ", re.MULTILINE)


def readable(card: str) -> str:
    """The card without the block for machines, its headings two levels smaller."""
    return HEADING.sub(lambda found: "##" + found[1] + " ", FRONT_MATTER.sub("", card)).strip()


def draw(model: HOTModel) -> None:
    """What the model is for, what it was trained on, how well it does, and where it ends."""
    st.markdown(readable(model.card) or "This model came without a card.")
