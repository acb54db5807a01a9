"""What can be taken away: factors, field, prediction, the map of a whole scene, a bundle; each made when asked for."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from app.parts import napari
from app.parts.scene import finished
from app.parts.view import View
from hot_core.export import factors_bytes, field_bytes, prediction_bytes

SUFFIX = {"series": ".csv", "volume": ".nii.gz", "raster": ".tif"}
FORM = {"series": "CSV", "volume": "NIfTI in the file's own grid", "raster": "GeoTIFF in the file's own grid"}


def draw(view: View) -> None:
    """What can be taken along; file names say what they hold and never what the input was called."""
    analysis, kind = view.analysis, view.kind
    scene = finished(analysis) if kind == "raster" else None
    whole = analysis if scene is None else replace(analysis, prediction=scene)
    suffix = ".csv" if analysis.model_config["task"] == "classify" else SUFFIX[kind]
    place = "model" if view.shown == "model" else f"layer{view.layer}"
    place += f"_head{view.head}" if view.head is not None else ""
    with st.popover("Keep", icon=":material/download:", key=f"{kind}_keep", width="stretch"):
        st.download_button(
            "Attention field", data=lambda: field_bytes(analysis, view.field)[0], key=f"{kind}_download_field",
            file_name=f"attention_{place}{SUFFIX[kind]}", on_click="ignore", width="stretch",
            help=f"The chosen position's {view.direction} over the data, as {FORM[kind]}.",
        )  # fmt: skip
        st.download_button(
            "Prediction", data=lambda: prediction_bytes(analysis)[0], key=f"{kind}_download_prediction",
            file_name=f"prediction{suffix}", on_click="ignore", width="stretch",
        )  # fmt: skip
        if scene is not None:
            st.download_button(
                "Class map of the whole scene", data=lambda: prediction_bytes(whole)[0], key=f"{kind}_download_scene",
                file_name="scene.tif", on_click="ignore", width="stretch",
            )  # fmt: skip
        st.download_button(
            "Factors", data=lambda: factors_bytes(analysis), key=f"{kind}_download_factors",
            file_name="factors.npz", on_click="ignore", width="stretch",
            help="Every layer's and head's mode-wise matrices with their coordinates, for NumPy.",
        )  # fmt: skip
        napari.draw(view, whole, place)
