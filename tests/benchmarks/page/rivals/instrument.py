"""A Streamlit page with the attention map alone, beside the page with the usual heatmap.

`?side=256` says how many tokens; the map is sent as its factors, whatever its size.
"""

import sys
from pathlib import Path

import streamlit as st

sys.path.insert(0, str(Path(__file__).resolve().parents[4]))  # Streamlit puts only this folder there

from app.components.attention_map import attention_map, prepare
from tests.benchmarks.page.maps import payload
from tests.benchmarks.page.settings import TOKENS

SIDES = list(TOKENS)

prepare("code")
side = int(st.query_params.get("side", SIDES[0]))
side = st.radio("side", SIDES, index=SIDES.index(side), key="side", horizontal=True)
with st.container(key="heatmap"):
    attention_map("map", payload(TOKENS[side]), lambda: None)
