"""A model's card as the page shows it, with its pictures."""

from __future__ import annotations

import re

import streamlit as st

from hot_core.models import HOTModel
from hot_core.models.registry import ASSETS

WIDTH = 800
"""Pixels of a picture as it was drawn: wider it would blur."""
FRONT_MATTER = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)
HEADING = re.compile(r"^(#{1,3}) ", re.MULTILINE)
PICTURE = re.compile(r"^!\[(?P<words>[^\]\n]*)\]\((?P<path>pictures/[\w-]+\.png)\)$(?:\n\n(?P=words)$)?", re.MULTILINE)
"""A picture of the card on its own line, with the caption below it when that repeats its words."""


def readable(card: str) -> str:
    """The card without the block for machines, its headings two levels smaller."""
    return HEADING.sub(lambda found: "##" + found[1] + " ", FRONT_MATTER.sub("", card)).strip()


def pieces(text: str) -> list[str | tuple[str, str]]:
    """The text cut at its pictures, which Markdown on a page cannot show.

    Returns:
        Texts, and between them (path, words) of each picture.
    """
    found: list[str | tuple[str, str]] = []
    end = 0
    for picture in PICTURE.finditer(text):
        found += [text[end : picture.start()], (picture["path"], picture["words"])]
        end = picture.end()
    return [piece for piece in (*found, text[end:]) if isinstance(piece, tuple) or piece.strip()]


def draw(model: HOTModel) -> None:
    """What the model is for, what it was trained on, how well it does, and where it ends."""
    for piece in pieces(readable(model.card)) or ["This model came without a card."]:
        if isinstance(piece, str):
            st.markdown(piece)
            continue
        path, words = piece
        picture = ASSETS / model.config.name / path
        if picture.is_file():
            st.image(str(picture), caption=words, width=WIDTH)
        else:
            st.caption(f"{words} (The picture {path} is not there.)")
