"""`--whole-scene`: the class map of every pixel as a GeoTIFF in the file's place."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import hot_core as hot
from hot_core.cli import say_progress
from hot_core.models import save_model
from hot_core.scene import Progress, predict_scene
from tests.makers_samples import geotiff, land_cover, open_tif
from tests.makers_scenes import NORTH_UP, noise
from tests.test_cli import explain, place  # noqa: F401


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A folder with a scene of two windows, a corner of it without data, and a model."""
    values = noise(61, 307, 3).astype(np.float32)
    values[:11, :13] = -9999
    (tmp_path / "large.tif").write_bytes(geotiff(values, NORTH_UP, nodata=-9999, descriptions=("red", "nir", "swir1")))
    save_model(land_cover(), tmp_path / "land")
    return tmp_path


def test_the_whole_scene_is_written_in_the_files_place(large: Path) -> None:
    code, _, err = explain(large, "large.tif", "land", "--whole-scene")
    assert (code, err) == (0, "")
    about = json.loads((large / "out" / "analysis.json").read_text())
    assert about["files"] == ["factors.npz", "field.tif", "prediction.tif", "scene.tif"]
    expected = predict_scene(hot.read(large / "large.tif"), hot.load_model(large / "land"))
    assert about["scene"] == {
        "classes": list(expected.classes), "amounts": dict(expected.amounts), "unit": "ha", "window": 256,
        "overlap": 64,
    }  # fmt: skip
    dataset, labels = open_tif((large / "out" / "scene.tif").read_bytes())
    with dataset:
        assert (dataset.crs.to_epsg(), dataset.nodata) == (32119, -1)
        assert dataset.transform == NORTH_UP
        assert dataset.descriptions == ("class: 0 water, 1 open, 2 woody, 3 developed",)
    np.testing.assert_array_equal(labels[..., 0], expected.labels.values)
    missing = np.zeros((61, 307), dtype=bool)
    missing[:11, :13] = True
    np.testing.assert_array_equal(labels[..., 0] == -1, missing)
    dataset, region = open_tif((large / "out" / "prediction.tif").read_bytes())
    dataset.close()
    assert (region[:, :25] == -1).all()


def test_without_it_only_the_region_is_classified(large: Path) -> None:
    explain(large, "large.tif", "land")
    assert not (large / "out" / "scene.tif").exists()
    assert "scene" not in json.loads((large / "out" / "analysis.json").read_text())


@pytest.mark.parametrize(
    ("file", "model", "options", "message"),
    [
        ("scan.nii", "hippo", (), "A whole scene is a raster, classified pixel by pixel; scan.nii is a volume"),
        ("series.csv", "air", (), "series.csv is a series and tiny-air a model to forecast a series"),
        ("tile.tif", "land", ("--bands", "blue,-,red,nir,swir1", "--layer", "9"), "Layer 9 was not recorded"),
    ],
)
def test_a_mistake_is_one_sentence_and_nothing_is_written(
    place: Path,  # noqa: F811
    file: str,
    model: str,
    options: tuple[str, ...],
    message: str,
) -> None:
    code, out, err = explain(place, file, model, "--whole-scene", *options)
    assert (code, out) == (2, "")
    assert message in err
    assert len(err.strip().splitlines()) == 1
    assert not (place / "out").exists()


def test_a_terminal_sees_how_far_it_is(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    say_progress(Progress(1, 2))
    assert capsys.readouterr().err == ""
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    for done in (0, 1, 2):
        say_progress(Progress(done, 2))
    assert capsys.readouterr().err == "\r0 of 2 windows\r1 of 2 windows\r2 of 2 windows\n"
