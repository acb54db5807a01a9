"""A real napari window on a screen of its own: layers, world coordinates, colours where they must be, no warning."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from rasterio.transform import xy

import hot_core as hot
from hot_core.export.bundle import bundle_bytes
from tests.makers_samples import ROLES, forecaster, geotiff, land_cover, nifti, segmenter
from tests.screen import screen
from tests.test_markers import TRANSFORMS
from tests.test_pipeline import series

ROOT = Path(__file__).resolve().parent.parent
AFFINE = np.array([[-0.7, 0, 0, 31.0], [0, 1.3, 0, -17.0], [0, 0, 2.1, 11.0], [0, 0, 0, 1]])  # LAS, anisotropic
MARK = (9, 5, 13)  # in the file's own voxels
QUERY_RGB = (0xF2, 0x6A, 0x0F)
LIMIT_S = 200


def looking(analysis: hot.Analysis, query: tuple[int, ...], keys: list[tuple[int, ...]]) -> hot.Analysis:
    """The analysis with one layer for each key, in which the query looks at that key alone."""
    record = hot.AttentionRecord(analysis.grid.modes)
    for key in keys:
        factors = []
        for n, q, k in zip(analysis.grid.shape, query, key, strict=True):
            factor = torch.full((1, 1, n, n), 1.0 / n)
            factor[..., q, :] = 0
            factor[..., q, k] = 1
            factors.append(factor)
        record.add_factors(factors, "product", False, None)
    return replace(analysis, record=record)


def write_volume(folder: Path) -> dict[str, Any]:
    """A bright voxel in a LAS file; the query looks at its token in layer 1, and at another one in layer 0."""
    array = np.random.default_rng(0).integers(0, 50, (13, 17, 23)).astype(np.int16)
    array[MARK] = 900
    analysis = hot.analyse(hot.read(nifti(array, AFFINE), "mark.nii"), segmenter())
    inside = (12 - MARK[0], MARK[1], MARK[2])  # towards RAS+
    grid = analysis.grid
    here = grid.token_of(inside)
    there, query = (2, 3, here[2]), (1, 2, 1)
    assert all(at != other for at, other in zip(here, there[:2], strict=False))
    analysis = looking(analysis, query, [there, here])
    (folder / "volume.hotlens").write_bytes(bundle_bytes(analysis, query, 1, 0))

    def mm(voxel: tuple[float, ...]) -> list[float]:
        """World mm of a voxel of the turned array, by the file's affine."""
        return (AFFINE @ [12 - voxel[0], voxel[1], voxel[2], 1])[:3].tolist()

    mark = mm(inside)
    corner = mm(tuple(part.start for part in grid.native_of(here)))
    mirrored = mm((12 - inside[0], *inside[1:]))
    other, asked = mm(grid.centre_of(there)), mm(grid.centre_of(query))
    places = {"mark": mark, "corner of its token": corner, "other key": other, "query": asked, "mirrored": mirrored}
    places = {name: place[1::-1] for name, place in places.items()}
    steps = [mm((0, 0, at))[2] for at in range(23)]
    return {"places": places, "mark": mark[::-1], "mark index": inside[::-1], "steps": steps, "query": asked[::-1]}


def write_raster(folder: Path) -> dict[str, Any]:
    """A pixel that is hot in red, green and blue, in the north-west of a raster that counts rows southwards."""
    transform, crs = TRANSFORMS["north-up"]
    array = np.random.default_rng(0).integers(1, 50, (37, 29, 5)).astype(np.uint16)
    array[7, 5] = 9000
    sample = hot.read(geotiff(array, transform, crs, descriptions=ROLES[:5]), "mark.tif")
    analysis = hot.analyse(sample, land_cover())
    (folder / "raster.hotlens").write_bytes(bundle_bytes(analysis, analysis.default_query(), 1, 0))
    spots = {"mark": (7, 5), "south": (29, 5), "east": (7, 23)}
    return {"places": {name: list(xy(transform, *spot))[::-1] for name, spot in spots.items()}}


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("napari")
    analysis = hot.analyse(series(), forecaster())
    (folder / "series.hotlens").write_bytes(bundle_bytes(analysis, analysis.default_query(), 0))
    asked = {"volume": write_volume(folder), "raster": write_raster(folder)}
    (folder / "asked.json").write_text(json.dumps(asked))
    with screen(folder) as shown:
        environment = {**os.environ, "DISPLAY": shown.name, "QT_QPA_PLATFORM": "xcb",
                       "NAPARI_CONFIG": str(folder / "settings.yaml")}  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-m", "tests.napari_looks", str(folder)],
            cwd=ROOT, env=environment, capture_output=True, text=True, timeout=LIMIT_S,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "WARN" not in done.stderr, done.stderr
    return {"asked": asked, **json.loads(done.stdout.splitlines()[-1])}


def test_nothing_warns(seen: dict[str, Any]) -> None:
    assert seen["warnings"] == []


def test_layers_units_and_words(seen: dict[str, Any]) -> None:
    factors = {"volume": "xyz", "raster": ("row", "column", "band"), "series": ("entity", "variable", "time")}
    bands = [f"band {role}" for role in ROLES[:5]]
    variables = ["temp (°F)", "dewp (°F)", "humid (%)", "pressure (hPa)", "visib (mi)"]
    forecasts = [name.replace(" (", " forecast (") for name in variables]
    below = {"volume": ["image", "prediction"], "raster": [*bands, "prediction"], "series": [*variables, *forecasts]}
    titles = {"volume": "Layer 1, head 0", "raster": "Layer 1, head 0", "series": "Layer 0, mean of 2 heads"}
    units = {"volume": ["millimeter"] * 3, "raster": ["pixel", "meter", "meter"], "series": ["pixel", "pixel", "hour"]}
    for kind, said in ((kind, seen[kind]["told"]) for kind in factors):
        expected = [*below[kind], f"attention: {titles[kind]}", "attention by layer",
                    *(f"factors {mode}" for mode in factors[kind]), "query"]  # fmt: skip
        assert said["layers"] == expected
        assert said["units"] == ["pixel", "pixel", *units[kind]]
        assert said["axes"][:2] == ["head", "layer"]
        assert "demonstration, not a medical device" in said["title"]
        assert "Attention is not cause" in said["words"].replace("\n", " ")
        assert said["upwards"] == (kind != "series")
        assert 0.05 < said["black"] < 0.9  # a picture, with room around it
    assert f"attention: {titles['volume']}" not in seen["volume"]["told"]["shown"]


def test_world_coordinates_are_mm_of_the_file(seen: dict[str, Any]) -> None:
    asked, found = seen["asked"]["volume"], seen["volume"]
    np.testing.assert_allclose(found["world"], asked["mark"], atol=1e-4)
    np.testing.assert_allclose(found["depth world"], [1, *asked["mark"]], atol=1e-4)
    assert found["values"] == [900, 1]  # under the pointer, at the mark's place, in the layer that is chosen
    np.testing.assert_allclose(found["told"]["point"][:3], [0, 1, asked["query"][0]], atol=1e-4)


def test_colours_stand_where_they_must(seen: dict[str, Any]) -> None:
    found = seen["volume"]
    np.testing.assert_allclose(found["query"]["query"], QUERY_RGB, atol=2)
    assert found["bare"]["mark"] == [255, 255, 255]
    assert max(found["bare"]["mirrored"]) < 255 * 0.9
    assert yellow(found["layer 1"]["mark"])
    assert yellow(found["layer 1"]["corner of its token"])
    assert not yellow(found["layer 1"]["other key"])


def test_the_slider_of_layers_goes_through_the_attention(seen: dict[str, Any]) -> None:
    found = seen["volume"]
    assert yellow(found["layer 0"]["other key"])
    assert not yellow(found["layer 0"]["corner of its token"])
    assert found["changed"] > 0.005


def yellow(colour: list[int]) -> bool:
    """Whether this is the upper end of viridis over something."""
    red, green, blue = colour
    return red > 200 and green > 180 and blue < 110


def test_north_is_up_and_east_is_right(seen: dict[str, Any]) -> None:
    found = seen["raster"]
    assert found["bare"]["mark"] == [255, 255, 255]
    assert found["bare"]["south"] != [255, 255, 255]
    assert found["bare"]["east"] != [255, 255, 255]
    assert found["pixel"]["mark"][0] < found["canvas"][0] / 2 < found["pixel"]["south"][0]
    assert found["pixel"]["mark"][1] < found["pixel"]["east"][1]


def test_dropped_on_napari_it_is_the_same(seen: dict[str, Any]) -> None:
    dropped, opened = seen["dropped"], seen["volume"]["told"]
    assert dropped["upwards"]
    for what in ("layers", "shown", "units", "axes"):
        assert dropped[what] == opened[what]


def test_drawing_does_not_use_up_python(seen: dict[str, Any]) -> None:
    # PySide6 6.12.0 gives back a reference to None too many at every paint, and Python 3.11 ends when none is left.
    assert seen["volume"]["references to None"] > -200
