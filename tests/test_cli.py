"""The command line: the same numbers as the library, and one sentence for every mistake."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import hot_core as hot
from hot_core.cli import command_line
from hot_core.models import save_model
from tests.makers_samples import ROLES, forecaster, geotiff, land_cover, nifti, open_nii, segmenter, wide_csv
from tests.test_markers import AFFINES, ENTITIES, TRANSFORMS, VARIABLES

ROOT = Path(__file__).resolve().parent.parent
runner = CliRunner()


@pytest.fixture
def place(tmp_path: Path) -> Path:
    values = np.random.default_rng(0).normal(50, 9, (3, 5, 127)).round(3)
    (tmp_path / "series.csv").write_bytes(wide_csv(values, ENTITIES, VARIABLES))
    grey = np.random.default_rng(0).gamma(2.0, 100.0, (13, 17, 23)).astype(np.float32)
    (tmp_path / "scan.nii").write_bytes(nifti(grey, AFFINES["LAS"]))
    bands = np.random.default_rng(0).integers(1, 50, (37, 29, 5)).astype(np.uint16)
    (tmp_path / "tile.tif").write_bytes(geotiff(bands, *TRANSFORMS["north-up"], descriptions=("a", "b", "c", "d", "e")))
    for name, model in (("air", forecaster()), ("hippo", segmenter()), ("land", land_cover())):
        save_model(model, tmp_path / name)
    return tmp_path


def explain(place: Path, file: str, model: str, *options: str) -> tuple[int, str, str]:
    command = ["explain", str(place / file), "--model", str(place / model), "--out", str(place / "out"), *options]
    result = runner.invoke(command_line, command)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout, result.stderr


@pytest.mark.parametrize(
    ("file", "model", "options", "suffix"),
    [
        ("series.csv", "air", (), ".csv"),
        ("scan.nii", "hippo", ("--region", "0:12,0:16,3:23"), ".nii.gz"),
        ("tile.tif", "land", ("--bands", "blue,-,red,nir,swir1"), ".tif"),
    ],
)
def test_everything_is_written(place: Path, file: str, model: str, options: tuple[str, ...], suffix: str) -> None:
    code, out, err = explain(place, file, model, *options)
    assert (code, err) == (0, "")
    found = {path.name for path in (place / "out").iterdir()}
    assert found == {"factors.npz", f"field{suffix}", f"prediction{suffix}", "analysis.json"}
    about = json.loads((place / "out" / "analysis.json").read_text())
    assert out.strip() == about["chosen"]["reading"]
    assert file not in (place / "out" / "analysis.json").read_text()
    assert json.loads(np.load(place / "out" / "factors.npz")["manifest"].item())["kind"] == about["kind"]


def test_the_numbers_are_those_of_the_library(place: Path) -> None:
    options = ("--layer", "1", "--head", "1", "--query", "1,2,3", "--direction", "column", "--seed", "5")
    code, out, _ = explain(place, "scan.nii", "hippo", *options)
    assert code == 0
    analysis = hot.analyse(hot.read(place / "scan.nii"), hot.load_model(place / "hippo"), hot.Settings(seed=5))
    assert out.strip() == analysis.reading(1, 1, (1, 2, 3), "column")
    field = open_nii((place / "out" / "field.nii.gz").read_bytes())
    np.testing.assert_array_equal(np.asarray(field.dataobj)[::-1], analysis.field(1, 1, (1, 2, 3), "column").values)


def test_twice_the_same_but_for_the_time(place: Path) -> None:
    written = []
    for _ in range(2):
        explain(place, "series.csv", "air")
        about = json.loads((place / "out" / "analysis.json").read_text())
        about.pop("written")
        others = {p.name: p.read_bytes() for p in (place / "out").iterdir() if p.name != "analysis.json"}
        written.append((about, others))
    assert written[0] == written[1]


@pytest.mark.parametrize(
    ("file", "model", "options", "message"),
    [
        ("none.csv", "air", (), "none.csv"),
        ("series.csv", "nobody", (), "There is no model"),
        ("series.csv", "hippo", (), "takes a volume, and series.csv is a time series"),
        ("tile.tif", "land", (), "--bands"),
        ("series.csv", "air", ("--layer", "9"), "Layer 9 was not recorded"),
        ("series.csv", "air", ("--head", "9"), "Head 9 does not exist"),
        ("series.csv", "air", ("--query", "1,2,99"), "lies outside the token grid"),
        ("series.csv", "air", ("--query", "1,b"), "--query 1,b is not a token"),
        ("series.csv", "air", ("--direction", "up"), "--direction up does not exist; choose row or column"),
        ("series.csv", "air", ("--window", "9999"), "cannot start at step 9999"),
        ("scan.nii", "hippo", ("--region", "0:5"), "has 1 intervals"),
        ("scan.nii", "hippo", ("--region", "0-5"), "--region 0-5 is not a region"),
        ("scan.nii", "hippo", ("--volume", "3"), "Volume 3 does not exist"),
        ("scan.nii", "hippo", ("--volume", "-1"), "--volume: Input should be greater than or equal to 0"),
        ("scan.nii", "hippo", ("--device", "abacus"), "The device 'abacus' is not there"),
    ],
)
def test_a_mistake_is_one_sentence(place: Path, file: str, model: str, options: tuple[str, ...], message: str) -> None:
    code, out, err = explain(place, file, model, *options)
    assert code == 2
    assert out == ""
    assert message in err
    assert len(err.strip().splitlines()) == 1
    assert not (place / "out").exists()


def test_a_folder_that_cannot_be_made_is_said(place: Path) -> None:
    (place / "out").write_text("a file")
    code, _, err = explain(place, "series.csv", "air")
    assert code == 2
    assert "out: File exists. Choose another file or folder." in err


def test_the_real_command(place: Path) -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "hot_core", *arguments]
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "latin-1"}
        return subprocess.run(command, capture_output=True, encoding="utf-8", cwd=place, env=environment, check=False)

    good = run("explain", "tile.tif", "--model", "./land", "--out", "out", "--bands", ",".join(ROLES[:5]))
    assert good.returncode == 0, good.stderr
    assert good.stdout.startswith("Layer 0, mean of 2 heads: x ")
    assert "Warning" not in good.stderr
    bad = run("explain", "tile.tif", "--model", "./land", "--out", "out")
    assert bad.returncode == 2
    assert "Traceback" not in bad.stderr
    assert len(bad.stderr.strip().splitlines()) == 1


def test_factors_hold_no_pickle(place: Path) -> None:
    explain(place, "series.csv", "air")
    content = (place / "out" / "factors.npz").read_bytes()
    with np.load(io.BytesIO(content), allow_pickle=False) as file:
        assert all(file[name] is not None for name in file.files)


def test_what_a_table_leaves_open_is_said_by_options(place: Path) -> None:
    stamps = [f"{day:02d}/{month:02d}/2013" for month in (1, 2, 3, 4) for day in range(1, 13)]
    rows = [f"{stamp};{20 + at % 7},5" for at, stamp in enumerate(stamps)]
    (place / "levels.csv").write_text("\n".join(["date;level [m]", *rows, *rows[-1:]]))
    code, _, err = explain(place, "levels.csv", "air")
    assert code == 2
    assert "may mean two days" in err
    code, _, err = explain(place, "levels.csv", "air", "--monthfirst")
    assert (code, "same" in err or "twice" in err or "repeat" in err) == (2, True), err
    options = ("--monthfirst", "--duplicates", "mean", "--decimal", ",")
    code, out, err = explain(place, "levels.csv", "air", *options)
    assert (code, err) == (0, "")
    assert "level" in out
