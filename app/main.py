"""The start file: `streamlit run app/main.py`. Puts the repository on the path and sets up the navigation."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
if str(HERE.parent) not in sys.path:  # streamlit puts only app/ there, and runs this file again and again
    sys.path.insert(0, str(HERE.parent))

import streamlit as st  # noqa: E402

from app.navigation import navigate  # noqa: E402

st.set_page_config(page_title="HOT Lens", page_icon=str(HERE / "icon.png"), layout="wide", initial_sidebar_state=300)
st.logo(HERE / "logo.svg", size="large")
st.html(HERE / "style.css")
navigate().run()
