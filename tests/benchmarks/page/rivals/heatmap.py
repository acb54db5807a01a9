"""A Streamlit page with the usual heatmap, to be compared with: Plotly, and points over it that take the clicks.

`?side=256` says how many cells a side, `&overlay=1` lays an invisible point over each cell: clicks on a heatmap alone
reach no Streamlit page. The picture is a Kronecker map's, computed once; float32, never lists.
"""

import numpy as np
import plotly.graph_objects as go
import streamlit as st

SIDES = (16, 256, 512, 1024, 2048)


@st.cache_data
def picture(side: int) -> np.ndarray:
    """A product of two random stochastic matrices, (side, side), float32."""
    rng = np.random.default_rng(0)
    outer, inner = (rng.dirichlet(np.full(n, 0.3), n) for n in (4, side // 4))
    return np.kron(outer, inner).astype(np.float32)


@st.cache_data
def places(side: int) -> tuple[np.ndarray, np.ndarray]:
    """Row and column of every cell, as points."""
    down, across = np.mgrid[:side, :side].astype(np.int16)
    return down.ravel(), across.ravel()


def figure(side: int, overlay: bool, row: int) -> go.Figure:
    """The heatmap, the points where asked for, and the chosen row in orange."""
    traces = [go.Heatmap(z=picture(side), colorscale="Viridis", hoverinfo="none")]
    if overlay:
        down, across = places(side)
        size = max(500 / side, 2)
        traces.append(
            go.Scattergl(x=across, y=down, mode="markers", marker={"size": size, "opacity": 0}, hoverinfo="none")
        )
    line = {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": row, "y1": row, "line": {"color": "#F26A0F"}}
    layout = {"height": 560, "shapes": [line], "uirevision": side, "margin": {"l": 40, "r": 10, "t": 10, "b": 30}}
    return go.Figure(traces, {**layout, "yaxis": {"autorange": "reversed"}, "showlegend": False})


def chosen() -> int:
    """The row of the point that was clicked last."""
    selected = st.session_state.get("heatmap", {}).get("selection", {}).get("points", [])
    if selected:
        st.session_state["row"] = int(selected[0]["y"])
    return st.session_state.get("row", 0)


side = int(st.query_params.get("side", 256))
overlay = bool(st.query_params.get("overlay"))
side = st.radio("side", SIDES, index=SIDES.index(side), key="side", horizontal=True)
row = chosen()
st.container(key="reading").markdown(f"Row {row} of {side} looks most at {int(picture(side)[row].argmax())}.")
drawn = figure(side, overlay, row)
if overlay:
    st.plotly_chart(drawn, key="heatmap", on_select="rerun", selection_mode="points")
else:
    st.plotly_chart(drawn, key="heatmap")
