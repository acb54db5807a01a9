"""Volume: three planes with what the query looks at, the labels, and their volumes."""

import numpy as np
import streamlit as st
import xarray as xr

from app import state
from app.parts import glance, kronecker_map, linked, matrices, page
from app.parts.show import explain, heading, picture
from app.parts.view import View
from hot_core.analysis.words import number
from hot_core.figures.fields import token_field
from hot_core.figures.picking import Click, Token, pick_planes
from hot_core.figures.plane_parts import is_seen
from hot_core.figures.planes import Look
from hot_core.figures.prediction import probability_figure
from hot_core.figures.style import class_colours
from hot_core.figures.volume import slices_figure
from hot_core.modes import VolumeGeometry
from hot_core.transforms import Classification, Segmentation


def choose_look(view: View) -> Look:
    """Where the planes go through, and how they are turned."""
    sided = is_sided(view)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        places = {"query": "the query", "strongest": "the strongest weight"}
        places |= {} if view.key is None else {"key": "the key"}
        state.settle("volume_planes", list(places), "query")
        st.segmented_control(
            "Planes go through", list(places), key="volume_planes", required=True, format_func=places.__getitem__,
            label_visibility="collapsed", persist_state="session",
        )  # fmt: skip
        st.toggle("Radiological", value=True, key="volume_radiological", persist_state="session", disabled=not sided,
                  help="On: the patient's left is on the right of the picture. Off: neurological." if sided else
                  "The file does not say where its axes point: left and right are unknown.")  # fmt: skip
        overlays = ["attention", "labels", "nothing"] if labels_of(view) else ["attention", "nothing"]
        state.settle("volume_over", overlays, "attention")
        st.segmented_control(
            "Over the planes", overlays, key="volume_over", required=True, persist_state="session",
            label_visibility="collapsed", help="What lies over the planes; with attention, labels are outlines.",
        )  # fmt: skip
    grid = view.analysis.grid
    token = view.key if view.key is not None and state.get("volume_planes") == "key" else view.query
    if state.get("volume_planes") == "strongest":
        weights = token_field(view.pictured, grid).values
        token = tuple(int(at) for at in np.unravel_index(int(np.nanargmax(weights)), weights.shape))
    x, y, z = grid.centre_of(token)
    return Look((x, y, z), radiological=bool(state.get("volume_radiological")), sided=sided)


def is_sided(view: View) -> bool:
    """Whether the file says where the patient's sides are."""
    geometry = view.analysis.sample.geometry
    return isinstance(geometry, VolumeGeometry) and geometry.oriented


def draw_data(view: View, look: Look) -> None:
    """The planes with the attention field; labels as outlines."""
    analysis, over = view.analysis, state.get("volume_over")
    figure = slices_figure(
        one_volume(view), analysis.sample.modes[:3], analysis.grid, look, query=view.query, key=view.key,
        uniform=view.uniform, field=view.pictured if over == "attention" else None,
        prediction=None if over == "nothing" else labels_of(view), fill=over == "labels",
    )  # fmt: skip
    planes = "Coronal, sagittal and axial plane" if look.sided else "Three planes"
    picture(figure, "volume_data", f"{planes} with attention. {view.reading}")
    if view.key is not None and not is_seen(analysis.grid, look.position, view.key):
        st.caption("The key lies outside these planes.")
    if isinstance(analysis.sample.geometry, VolumeGeometry) and analysis.sample.geometry.oblique:
        st.caption("The volume lies obliquely: axes count mm along the file's own axes, the sentence above world mm.")
    explain(
        "volume_data_help",
        f"Three planes through the query (or the place it looks at most, or the key); {axes_words(view)}. "
        "Colour is the weight of each 3-D token for this query, transparent where it is near zero; thin outlines are "
        "the predicted labels, which can be filled instead: each voxel has its most probable class.",
    )


def labels_of(view: View) -> Segmentation | None:
    """The predicted labels, where the model gives any."""
    prediction = view.analysis.prediction
    return prediction if isinstance(prediction, Segmentation) else None


def axes_words(view: View) -> str:
    """What the axes count, and whether letters name the patient's sides."""
    unit = "mm" if view.analysis.sample.modes[0].unit == "mm" else "voxels"
    if is_sided(view):
        return f"axes count {unit}; letters name the patient's Left, Right, Anterior, Posterior, Superior, Inferior"
    return f"axes count {unit}; the file does not say where they point, so no letters name the patient's sides"


def one_volume(view: View) -> xr.DataArray:
    """The analysed volume of the file."""
    data = view.analysis.sample.data
    return data if data.ndim == 3 else data.isel(volume=view.analysis.provenance["settings"]["volume"])


def draw_prediction(view: View) -> None:
    """The volume of each label, or the probability of each class."""
    prediction = view.analysis.prediction
    if isinstance(prediction, Classification):
        heading("What the model says", "probability of each class")
        picture(probability_figure(prediction), "volume_prediction", f"The model says {prediction.label}.")
    if not isinstance(prediction, Segmentation):
        return
    sized = "× the size of a voxel" if prediction.unit == "mm³" else "of unknown size"
    heading("What the model says", f"volumes: voxels of a label {sized}")
    with st.container(horizontal=True, gap="large"):
        for name, colour in class_colours(prediction.classes).items():
            if colour is not None:
                amount = f"{number(prediction.amounts[name])} {prediction.unit}"
                st.markdown(f'<span style="color:{colour}">■</span> {name}: **{amount}**', unsafe_allow_html=True)
    explain(
        "volume_prediction_help",
        "Each voxel has the class that the model finds most probable (choose *labels* above the planes to see them); "
        "what is outside the analysed region has none. The volumes count these voxels and have no error bar: the card "
        "below says how well the model does.",
    )


def show() -> None:
    """The page."""
    view = page.begin("volume")
    if view is None:
        return
    left, right = st.columns([6, 5], gap="medium")
    with left:
        heading("Three planes", "orange: the query · blue: the key · click, or Shift-click")
        look = choose_look(view)
        draw_data(view, look)
    with right:
        kronecker_map.draw(view)
    matrices.draw(view)
    glance.draw(view)
    draw_prediction(view)
    page.end(view)
    grid, modes = view.analysis.grid, view.analysis.sample.modes[:3]

    def pick(click: Click, _: Token) -> Token:
        return pick_planes(click, grid, modes, look.position)

    linked.link(view, {"volume_data": pick})


show()
