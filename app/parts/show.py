"""How a picture stands on the page: its heading, itself, and what it means, folded."""

from __future__ import annotations

import plotly.graph_objects as go
import streamlit as st

CONFIG = {"displayModeBar": False, "doubleClick": False, "scrollZoom": False, "showTips": False}


def picture(figure: go.Figure, key: str, alt: str) -> None:
    """One figure, with its text for those who cannot see it."""
    st.plotly_chart(figure, key=key, config=CONFIG, alt=alt, width="stretch")


def step(word: str) -> None:
    """A step on the way through a page: choose, see, ask; what it found is kept by the button beside the title."""
    with st.container(key=f"step_{word.lower()}"):
        st.markdown(word)


def heading(title: str, detail: str = "") -> None:
    """A picture's heading with what it is drawn from, in grey."""
    st.markdown(f"**{title}**" + (f" :gray[{detail}]" if detail else ""))


def explain(key: str, sentences: str) -> None:
    """What am I looking at: two sentences, folded."""
    with st.expander("What am I looking at?", key=key):
        st.markdown(sentences)
