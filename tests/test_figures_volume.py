"""Planes of a volume: the letters at their edges, and a file that names neither unit nor orientation."""

import numpy as np

from hot_core.figures.planes import Look
from hot_core.figures.volume import slices_figure
from hot_core.modes import Mode
from tests.makers_figures import volume


def test_without_orientation_no_letters_and_no_anatomical_names() -> None:
    data, modes, grid = volume()
    modes = tuple(Mode(mode.name, np.arange(len(mode), dtype=float), "voxel") for mode in modes)
    figure = slices_figure(data, modes, grid, Look((5, 6, 7), sided=False))
    texts = [note.text for note in figure.layout.annotations]
    assert texts == ["<b>x–z plane</b> · voxel y 6", "<b>y–z plane</b> · voxel x 5", "<b>x–y plane</b> · voxel z 7"]
    assert figure.layout.xaxis.range[0] < figure.layout.xaxis.range[1]
    assert figure.layout.xaxis3.title.text == "x (voxel)"


def test_letters_keep_to_their_edge_and_out_of_its_middle_where_labels_lie() -> None:
    data, modes, grid = volume()
    notes = slices_figure(data, modes, grid, Look((5, 6, 7))).layout.annotations
    coronal = {note.text: (note.x, note.y) for note in notes if note.xref == "x domain" and len(note.text) == 1}
    assert coronal["R"][0] < 0.05 < 0.95 < coronal["L"][0]
    assert coronal["I"][1] < 0.05 < 0.95 < coronal["S"][1]
    assert min(coronal["I"][0], coronal["S"][0]) > 0.85
