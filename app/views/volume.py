"""Volume: axial, coronal, sagittal and 3-D with what the query looks at, the labels, and their volumes."""

import streamlit as st
import xarray as xr

from app import cache, messages, state
from app.components import niivue
from app.parts import glance, kronecker_map, linked, matrices, page
from app.parts.evidence import section
from app.parts.show import explain, heading, picture
from app.parts.view import View
from hot_core.errors import HotError
from hot_core.export.amounts import volumes_table
from hot_core.figures.fields import token_field
from hot_core.figures.prediction import probability_figure
from hot_core.figures.style import class_colours
from hot_core.figures.viewer import Held, Layer, Marks, look_bytes, rollout_layer, volume_bytes
from hot_core.io.nifti_personal import personal_words
from hot_core.modes import VolumeGeometry
from hot_core.transforms import Classification, Segmentation
from hot_core.transforms.inputs import geometry_of

VIEWER = "volume_data"


def warn() -> None:
    """Before anything else: whether the header of a brought file may hold personal data; its words are not repeated."""
    own = state.upload("volume")
    try:
        words = "" if own is None else personal_words(cache.sample(own).notes)
    except HotError:  # said where the file is opened
        return
    if words:
        with st.container(key="volume_personal"):
            st.warning(messages.plain(words), icon=":material/privacy_tip:")


def turned(view: View) -> bool:
    """Choose whether the patient's left is on the right of the picture."""
    geometry = geometry_of(view.analysis.sample, VolumeGeometry)
    st.toggle(
        "Radiological", value=True, key="volume_radiological", persist_state="session", disabled=not geometry.oriented,
        help="On: the patient's left is on the right of the picture. Off: neurological." if geometry.oriented else
        "The file does not say where its axes point: left and right are unknown.",
    )  # fmt: skip
    return geometry.oriented and bool(state.get("volume_radiological"))


def draw_data(view: View, radiological: bool) -> None:
    """The viewer with everything that lies over the volume."""
    analysis, volume = view.analysis, held(view)
    geometry = geometry_of(analysis.sample, VolumeGeometry)
    marks = Marks(view.query, view.key, radiological)
    look = look_bytes(volume, analysis.grid, marks, layers(view))
    with st.container(key=VIEWER):
        niivue.volume_viewer("volume_viewer", look, lambda: linked.follow_viewer(view, "volume_viewer", volume))
    if not volume.whole:
        st.caption(
            "The volume is too large for the browser: shown is the analysed region with what lies around it. Values, "
            "places and what you keep are those of the whole file."
        )
    if geometry.oblique:
        st.caption(
            "The volume lies obliquely: planes and 3-D follow the file's own axes; the mm beside them are world mm."
        )
    explain(
        "volume_data_help",
        f"Three planes through the crosshair, and the volume in 3-D (drag it to turn it); {axes_words(geometry)}. "
        "Colour is the weight of each token, a block of voxels, for the chosen query; it fades out towards zero. "
        "Orange frames the query (dotted where the plane does not cut it), dashed blue the key, a dotted white line "
        "the analysed region; coloured outlines are the predicted labels.\n\n"
        "A click chooses the query, Shift and a click the key; ⚙ sets how a layer is drawn. Keys, once the picture has "
        "been clicked: arrows move the crosshair in the framed plane, A, C and S choose the plane, Page up and Page "
        "down or the wheel go through it, Enter chooses the query, Shift and Enter the key.",
    )


def held(view: View) -> Held:
    """The volume as the browser keeps it, made once."""
    analysis = view.analysis
    geometry = geometry_of(analysis.sample, VolumeGeometry)
    return cache.remember(
        analysis, "viewer", lambda: volume_bytes(one_volume(view), geometry, analysis.grid, labels_of(view))
    )


def layers(view: View) -> list[Layer]:
    """What can lie over the volume: what the page is about, and beside a head or layer the whole model."""
    way = {"row": "looks at", "column": "is seen by"}[view.direction]
    tokens = token_field(view.pictured, view.analysis.grid).values
    word = "Rollout" if view.shown == "model" else "Attention"
    own = Layer("attention", word, f"{view.title}: {way}", tokens, view.uniform)
    return [own] if view.shown == "model" else [own, rollout_layer(view.analysis, view.query, view.direction)]


def labels_of(view: View) -> Segmentation | None:
    """The predicted labels, where the model gives any."""
    prediction = view.analysis.prediction
    return prediction if isinstance(prediction, Segmentation) else None


def axes_words(geometry: VolumeGeometry) -> str:
    """Whether letters name the patient's sides."""
    if geometry.oriented:
        return "letters name the patient's Left, Right, Anterior, Posterior, Superior, Inferior"
    return "the file does not say where its axes point, so no letters name the patient's sides"


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
    if isinstance(prediction, Segmentation):
        draw_volumes(view, prediction)


def draw_volumes(view: View, prediction: Segmentation) -> None:
    """The table of volumes, to be taken along."""
    sized = "× the size of a voxel" if prediction.unit == "mm³" else "of unknown size"
    heading("What the model says", f"volumes: voxels of a label {sized}")
    table = volumes_table(view.analysis)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        names = {"label": "Label", "structure": "Structure", "voxels": "Voxels", "volume_mm3": "Volume (mm³)"}
        found = table[[class_colours(prediction.classes)[name] is not None for name in prediction.classes]]
        st.dataframe(found.rename(columns=names), hide_index=True, width=440, key="volume_amounts")
        st.download_button(
            "Volumes as CSV", data=lambda: table.to_csv(index=False).encode(), key="volume_download_amounts",
            file_name="volumes.csv", mime="text/csv", on_click="ignore", icon=":material/download:",
        )  # fmt: skip
    explain(
        "volume_prediction_help",
        "Each voxel has the class that the model finds most probable (the outlines in the planes); what is outside the "
        "analysed region has none. The volumes count these voxels and have no error bar: the card below says how well "
        "the model does. Labels are the numbers in the NIfTI of the prediction.",
    )


def show() -> None:
    """The page."""
    warn()
    view = page.begin("volume")
    if view is None:
        return
    left, right = st.columns([6, 5], gap="medium")
    with left:
        heading("The volume", "three planes through the crosshair, and in 3-D")
        draw_data(view, turned(view))
    with right:
        kronecker_map.draw(view)
    matrices.draw(view)
    glance.draw(view)
    draw_prediction(view)
    trust = section.draw(view)
    page.end(view)
    with st.container(key="volume_viewer_code"):  # last, where its place leaves no gap
        niivue.prepare("volume_viewer", held(view).payload)
    linked.link(view, trust)


show()
