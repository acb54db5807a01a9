"""How a table is to be read, where it may mean two things: offered, never decided in silence."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from app.content import Content, Reading
from hot_core.io import Decimal, Duplicates

DUPLICATES: dict[Duplicates, str] = {"error": "say so", "first": "keep the first row", "mean": "take the mean"}
DATES = {None: "as the column proves it", True: "day first: 1 February", False: "month first: 2 January"}
DECIMALS: dict[Decimal | None, str] = {None: "as the numbers prove it", ".": "a point", ",": "a comma"}


def choose(brought: Content) -> Content:
    """The questions a table may leave open, folded; their answers go with the file.

    Returns:
        The file with what was said about it.
    """
    with st.expander("How to read the table", key="series_reading_options"):
        duplicates = st.selectbox(
            "Two rows with the same time", DUPLICATES, key="series_duplicates", format_func=DUPLICATES.__getitem__
        )
        dayfirst = st.selectbox("01/02/2013 is", DATES, key="series_dayfirst", format_func=DATES.__getitem__)
        decimal = st.selectbox("The decimal sign is", DECIMALS, key="series_decimal", format_func=DECIMALS.__getitem__)
    return replace(brought, reading=Reading(duplicates, dayfirst, decimal))
