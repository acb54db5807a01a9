"""The volumes of a segmentation as a table."""

from __future__ import annotations

import pandas as pd

from hot_core.analysis.result import Analysis
from hot_core.errors import ShapeError
from hot_core.modes import VolumeGeometry
from hot_core.transforms.results import Segmentation


def volumes_table(analysis: Analysis) -> pd.DataFrame:
    """How much of each label there is: one row for each class, in the order of the labels.

    Args:
        analysis: of a volume by a segmenter.

    Returns:
        Columns "label" (the number in the exported NIfTI), "structure", "voxels" and, where the file knows the size
        of its voxels, "volume_mm3": voxels times the volume of one, `|det A|` of the
        affine, in mm³.

    Raises:
        ShapeError: when the analysis is no segmentation of a volume.
    """
    prediction, geometry = analysis.prediction, analysis.sample.geometry
    if not isinstance(prediction, Segmentation) or not isinstance(geometry, VolumeGeometry):
        raise ShapeError(f"volumes_table: a {type(prediction).__name__} has no volumes. Give a segmented volume.")
    labels = prediction.labels.values
    rows = {
        "label": list(range(len(prediction.classes))),
        "structure": list(prediction.classes),
        "voxels": [int((labels == at).sum()) for at in range(len(prediction.classes))],
    }
    table = pd.DataFrame(rows)
    if prediction.unit == "mm³":
        table["volume_mm3"] = [prediction.amounts[name] for name in prediction.classes]
    return table
