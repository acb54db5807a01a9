"""Bundles: every array literally as the analysis has it, at its place; nothing private; damage is one sentence.

The bundle is read by NumPy and JSON alone, and the layers are made in a process that has neither napari nor Qt loaded.
"""

from __future__ import annotations

import io
import itertools
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import nibabel as nib
import numpy as np
import pytest
import torch
from rasterio.transform import Affine, xy
from typer.testing import CliRunner

import hot_core as hot
from app import desktop
from hot_core.cli import command_line
from hot_core.errors import HotError, ReadError, SelectionError
from hot_core.export import factors_bytes
from hot_core.export.bundle import bundle_bytes, read_bundle
from hot_core.export.bundle.data import data_arrays
from hot_core.export.bundle.space import time_axis
from hot_core.figures.style import QUERY
from hot_core.modes import Mode
from hot_core.napari_plugin import get_reader, layers
from hot_core.napari_plugin.window import legend, screen_there
from hot_core.napari_plugin.world import world
from hot_core.transforms import Forecast, Segmentation
from tests.makers_samples import ROLES, forecaster, geotiff, hours, land_cover, nifti, segmenter, wide_csv
from tests.test_markers import AFFINES, ENTITIES, TRANSFORMS, VARIABLES
from tests.test_pipeline import CASES, raster, volume

ROOT = Path(__file__).resolve().parent.parent
SIDES = ["z (Inferior to Superior)", "y (Posterior to Anterior)", "x (Left to Right)"]
ORDER = {"volume": "zyx", "raster": ("band", "row", "column"), "series": ("variable", "entity", "time")}


def opened(content: bytes) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """A bundle by NumPy and JSON alone."""
    with np.load(io.BytesIO(content), allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    return arrays, json.loads(arrays.pop("manifest").item())


def bundled(analysis: hot.Analysis, layer: int | None = 1, head: int | None = 0, **more: Any) -> bytes:
    """The bundle of some query."""
    return bundle_bytes(analysis, query_in(analysis), layer, head, **more)


def query_in(analysis: hot.Analysis) -> tuple[int, ...]:
    return tuple((7 * n) // 11 for n in analysis.grid.shape)


def placed(about: dict[str, Any], name: str, index: tuple[int, ...]) -> list[float]:
    """The coordinates of an element, from the manifest's words alone: first + step · (start + i)."""
    held, axes = about["arrays"][name], {axis["name"]: axis for axis in about["axes"]}
    parts = zip(held["dims"], held["start"], index, strict=True)
    return [axes[dim]["first"] + axes[dim]["step"] * (start + i) for dim, start, i in parts if dim != "layer"]


# --- what is in it -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CASES)
def test_the_same_choices_give_the_same_bytes_and_they_read_back(name: str) -> None:
    make, build, _ = CASES[name]
    first, second = (bundled(hot.analyse(make(), build())) for _ in range(2))
    assert first == second
    arrays, manifest = opened(first)
    again = read_bundle(first)
    assert again.manifest == manifest
    assert set(again.arrays) == set(arrays)
    for key, values in arrays.items():
        assert again.arrays[key].dtype == values.dtype
        np.testing.assert_array_equal(again.arrays[key], values)


@pytest.mark.parametrize("direction", ["row", "column"])
@pytest.mark.parametrize("head", [None, 1])
@pytest.mark.parametrize("name", ["series", "volume, sum", "raster with gaps"])
def test_attention_is_literally_the_weight_of_the_token_that_covers_each_position(
    name: str, head: int | None, direction: str
) -> None:
    make, build, _ = CASES[name]
    analysis = hot.analyse(make(), build())
    query, grid = query_in(analysis), analysis.grid
    arrays, manifest = opened(bundle_bytes(analysis, query, 1, head, direction))
    window = [range(int(axis.starts[0]), int(axis.stops[-1])) for axis in grid.axes]
    assert manifest["bundle"]["arrays"]["depth"]["start"] == [0, *(span.start for span in window)]
    expected = np.full((2, *map(len, window)), np.nan, dtype=np.float32)
    for layer in range(2):
        kmap = analysis.kronecker_map(layer, head)
        for key in itertools.product(*(range(len(axis)) for axis in grid.axes)):
            weight = kmap.entry(query, key) if direction == "row" else kmap.entry(key, query)
            covers = [range(int(a.starts[t]), int(a.stops[t])) for a, t in zip(grid.axes, key, strict=True)]
            for at in itertools.product(*covers):
                expected[layer][tuple(i - span.start for i, span in zip(at, window, strict=True))] = weight
    np.testing.assert_allclose(arrays["depth"], expected, rtol=2e-6)
    np.testing.assert_array_equal(arrays["attention"], arrays["depth"][1])
    limits = manifest["bundle"]["arrays"]["attention"]["limits"]
    assert limits == manifest["bundle"]["arrays"]["depth"]["limits"]
    uniform = [analysis.uniform(layer, head, query) for layer in range(2)]
    assert limits == [[0.0, max(float(np.nanmax(arrays["depth"])), 2 * max(uniform))]]
    assert manifest["bundle"]["uniform"] == pytest.approx(uniform)


@pytest.mark.parametrize("name", CASES)
def test_data_prediction_and_factors_are_those_of_the_analysis(name: str) -> None:
    make, build, _ = CASES[name]
    analysis = hot.analyse(make(), build())
    arrays, manifest = opened(bundled(analysis))
    held = manifest["bundle"]["arrays"]
    data = analysis.sample.data.values
    start = analysis.grid.window[2][0] if analysis.sample.kind == "series" else 0
    stop = analysis.grid.window[2][1] if analysis.sample.kind == "series" else data.shape[2]
    np.testing.assert_array_equal(arrays["image"], data[..., start:stop])
    assert held["image"]["start"] == [0, 0, start]
    assert set(np.load(io.BytesIO(factors_bytes(analysis))).files) <= {*arrays, "manifest"}
    for layer in range(2):
        for mode in analysis.record.modes:
            np.testing.assert_array_equal(arrays[f"layer{layer}_{mode}"], analysis.record.factor(layer, mode).values)
    prediction = analysis.prediction
    assert ("labels" in held, "forecast" in held) == (
        isinstance(prediction, Segmentation), isinstance(prediction, Forecast)
    )  # fmt: skip
    if isinstance(prediction, Segmentation):
        np.testing.assert_array_equal(arrays["labels"], prediction.labels.values)
        assert manifest["bundle"]["classes"] == list(prediction.classes)
    if isinstance(prediction, Forecast):
        np.testing.assert_array_equal(arrays["forecast"], prediction.mean.values)
        axis = manifest["bundle"]["axes"][2]
        last = np.datetime64(axis["origin"]) + np.timedelta64(
            round(3600 * placed(manifest["bundle"], "forecast", (0, 0, 23))[2]), "s"
        )
        assert last == prediction.mean["time"].values[-1]
    model = manifest["provenance"]["model"]
    assert (model["name"], len(model["weights_sha256"] or "")) == (analysis.model_name, 0)
    assert "not medical devices" in manifest["limits"]


def test_a_rollout_has_a_scale_of_its_own_that_its_own_token_does_not_set() -> None:
    analysis = hot.analyse(volume(), segmenter())
    query = query_in(analysis)
    arrays, manifest = opened(bundle_bytes(analysis, query, None))
    field = analysis.rollout(query)
    np.testing.assert_array_equal(arrays["attention"], field.values)
    own = field.values[analysis.grid.native_of(query)].max()
    others = field.values.copy()
    others[analysis.grid.native_of(query)] = 0
    held = manifest["bundle"]["arrays"]
    assert held["attention"]["limits"] == [[0.0, max(float(others.max()), 2 * analysis.rollout_uniform())]]
    assert own > held["attention"]["limits"][0][1]
    assert held["depth"]["limits"][0][1] == max(float(arrays["depth"].max()), 2 * max(manifest["bundle"]["uniform"]))
    assert manifest["bundle"]["chosen"]["title"] == "Whole model, attention rollout over 2 layers"
    shown = {layer[1]["name"]: layer[1].get("visible", True) for layer in layers(read_bundle(bundled(analysis, None)))}
    assert (shown["attention: Whole model, attention rollout over 2 layers"], shown["attention by layer"]) == (1, 0)


def test_heads_weighted_by_their_output_say_so() -> None:
    analysis = hot.analyse(volume(), segmenter())
    arrays, manifest = opened(bundled(analysis, 1, None, weights="output"))
    field = analysis.field(1, None, query_in(analysis), weights="output")
    np.testing.assert_array_equal(arrays["depth"][1], field.values)
    assert "heads weighted by their share of the output" in manifest["bundle"]["arrays"]["depth"]["meaning"]


def test_the_chosen_volume_of_a_4d_file_and_only_the_region_of_very_large_data() -> None:
    values = np.random.default_rng(0).gamma(2.0, 100.0, (13, 17, 23, 3)).astype(np.float32)
    sample = hot.read(nifti(values, AFFINES["LAS"]), "four.nii")
    analysis = hot.analyse(sample, segmenter(), hot.Settings(volume=2, region=((2, 10), (5, 16), (0, 23))))
    arrays, manifest = opened(bundled(analysis))
    np.testing.assert_array_equal(arrays["image"], values[::-1, :, :, 2])
    assert arrays["attention"].shape == (8, 11, 23)
    assert manifest["bundle"]["arrays"]["attention"]["start"] == [2, 5, 0]
    image, held = data_arrays(analysis, most=1000)["image"]
    np.testing.assert_array_equal(image, values[::-1, :, :, 2][2:10, 5:16])
    assert held.start == (2, 5, 0)
    assert held.meaning == "values as read, cut to the analysed region; NaN where missing"
    labels, held = data_arrays(analysis, most=1000)["labels"]
    np.testing.assert_array_equal(labels, analysis.prediction.labels.values[2:10, 5:16])
    assert held.start == (2, 5, 0)


def test_very_large_rasters_keep_all_their_bands() -> None:
    values = np.random.default_rng(0).integers(1, 50, (37, 29, 5)).astype(np.uint16)
    sample = hot.read(geotiff(values, *TRANSFORMS["north-up"], descriptions=("a", "b", "c", "d", "e")), "tile.tif")
    settings = hot.Settings(bands=("-", "blue", "red", "nir", "-"), region=((4, 20), (8, 29)))
    image, held = data_arrays(hot.analyse(sample, land_cover(), settings), most=1000)["image"]
    np.testing.assert_array_equal(image, values[4:20, 8:29])
    assert held.start == (4, 8, 0)
    assert len(held.limits) == 5


def test_even_attention_stays_dim() -> None:
    analysis = hot.analyse(volume(), segmenter())
    record = hot.AttentionRecord(analysis.grid.modes)
    even = [torch.full((1, 1, n, n), 1 / n) for n in analysis.grid.shape]
    record.add_factors(even, "product", False, None)
    bundle = read_bundle(bundled(replace(analysis, record=record), 0))
    uniform = 1 / np.prod(analysis.grid.shape)
    assert bundle.about.arrays["depth"].limits[0] == (0, pytest.approx(2 * uniform))
    assert bundle.arrays["depth"].max() == pytest.approx(uniform)


def test_colours_run_between_the_percentiles_of_the_page_band_by_band_and_variable_by_variable() -> None:
    for name, shares, axis in (("volume", (0.5, 99.5), None), ("raster", (2, 98), 2), ("series", (0, 100), 1)):
        make, build, _ = CASES[name]
        analysis = hot.analyse(make(), build())
        arrays, manifest = opened(bundled(analysis))
        lines = [arrays["image"]] if axis is None else np.moveaxis(arrays["image"], axis, 0)
        after = [line.ravel() for line in np.moveaxis(arrays["forecast"], 1, 0)] if name == "series" else [[]] * 9
        expected = [np.nanpercentile([*line.ravel(), *more], shares) for line, more in zip(lines, after, strict=False)]
        np.testing.assert_allclose(manifest["bundle"]["arrays"]["image"]["limits"], expected, rtol=1e-6)


def test_nothing_private_leaves() -> None:
    values = np.random.default_rng(0).gamma(2.0, 100.0, (13, 17, 23)).astype(np.float32)
    image = nib.Nifti1Image(values, AFFINES["LAS"])
    for field in ("descrip", "aux_file", "intent_name", "db_name"):
        image.header[field] = b"DOE^JANE"
    image.header.extensions.append(nib.nifti1.Nifti1Extension("comment", b"DOE^JANE born 1950"))
    content = bundled(hot.analyse(hot.read(image.to_bytes(), "DOE_JANE_1950.nii"), segmenter()))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = [archive.read(name) for name in archive.namelist()] + [name.encode() for name in archive.namelist()]
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    for part in (content, *parts):
        plain = part.replace(b"\0", b"")  # the manifest is stored four bytes a letter
        assert b"DOE" not in plain
        assert b"JANE" not in plain


def test_a_layer_head_or_token_that_does_not_exist_is_refused() -> None:
    analysis = hot.analyse(volume(), segmenter())
    with pytest.raises(SelectionError, match="Layer 7 was not recorded"):
        bundled(analysis, 7)
    with pytest.raises(SelectionError, match="Head 9 does not exist"):
        bundled(analysis, 0, 9)
    with pytest.raises(SelectionError, match="Layer -1 was not recorded"):
        bundled(analysis, head=None, weights="output", layer=-1)


# --- where it lies -------------------------------------------------------------------------------


def world_of(layer: tuple[np.ndarray, dict[str, Any], str], index: tuple[int, ...]) -> list[float]:
    """napari's own rule for a layer with scale and translate: world = scale · index + translate."""
    return [s * i + t for s, i, t in zip(layer[1]["scale"], index, layer[1]["translate"], strict=True)]


@pytest.mark.parametrize("name", AFFINES)
def test_a_bright_voxel_lies_where_the_file_says(name: str) -> None:
    affine, mark = AFFINES[name], (11, 4, 18)
    array = np.random.default_rng(0).integers(0, 50, (13, 17, 23)).astype(np.int16)
    array[mark] = 900
    analysis = hot.analyse(hot.read(nifti(array, affine), "mark.nii"), segmenter())
    content = bundled(analysis)
    arrays, manifest = opened(content)
    about = manifest["bundle"]
    at = tuple(int(i) for i in np.unravel_index(arrays["image"].argmax(), arrays["image"].shape))
    there = (affine @ [*mark, 1])[:3]
    by_affine = (np.array(about["affine"]) @ [*at, 1])[:3]
    np.testing.assert_allclose(by_affine, there, atol=1e-4)
    found = {layer[1]["name"]: layer for layer in layers(read_bundle(content))}
    if "oblique" in name:
        steps = np.linalg.norm(np.array(about["affine"])[:3, :3], axis=0)
        there = steps * at
        assert "mm along the array's own axes, not world mm" in about["note"]
        assert found["image"][1]["metadata"]["hot_lens"]["note"] == about["note"]
    else:
        assert about["note"] == ""
    np.testing.assert_allclose(placed(about, "image", at), there, atol=1e-4)
    assert about["upwards"]
    turned = at[::-1]
    for layer in ("image", "prediction", "attention: Layer 1, head 0"):
        np.testing.assert_allclose(world_of(found[layer], turned), there[::-1], atol=1e-4)
        assert found[layer][1]["units"] == ["mm", "mm", "mm"]
        assert found[layer][1]["axis_labels"] == SIDES
    assert found["image"][0][turned] == 900
    depth = found["attention by layer"]
    np.testing.assert_allclose(world_of(depth, (1, *turned)), [1, *there[::-1]], atol=1e-4)
    assert depth[1]["units"] == ["pixel", "mm", "mm", "mm"]
    assert depth[1]["axis_labels"] == ["layer", *SIDES]
    np.testing.assert_array_equal(depth[0], arrays["depth"].transpose(0, 3, 2, 1))


def test_the_query_is_an_orange_point_in_the_middle_of_its_token() -> None:
    analysis = hot.analyse(volume("anisotropic"), segmenter())
    query = (2, 3, 5)
    found = {layer[1]["name"]: layer for layer in layers(read_bundle(bundle_bytes(analysis, query, 0)))}
    points, settings, kind = found["query"]
    middle = [4 * 2 + 1, 4 * 3 + 1, (4 * 5 + 22) // 2]  # the last token of z is cut to three voxels
    expected = (AFFINES["anisotropic"] @ [*middle, 1])[:3]
    np.testing.assert_allclose(world_of((points, settings, kind), points[0]), expected[::-1], atol=1e-5)
    np.testing.assert_allclose(settings["scale"], [1.1, 1.3, 0.7])  # the steps of the sliders
    assert (kind, settings["face_color"]) == ("points", QUERY)


def test_a_volume_without_place_is_counted_in_voxels() -> None:
    values = np.random.default_rng(0).gamma(2.0, 100.0, (13, 17, 23)).astype(np.float32)
    image = nib.Nifti1Image(values, None)
    image.header.set_zooms((3.0, 2.0, 1.5))
    sample = hot.read(image.to_bytes(), "bare.nii")
    assert sample.geometry.zooms == (3.0, 2.0, 1.5)
    analysis = hot.analyse(sample, segmenter())
    bundle = read_bundle(bundled(analysis))
    assert [axis.unit for axis in bundle.about.axes] == ["voxel"] * 3
    assert "left and right are unknown" in bundle.about.note
    image = layers(bundle)[0]
    assert image[1]["units"] == ["pixel"] * 3
    assert world_of(image, (5, 3, 2)) == [5, 3, 2]


@pytest.mark.parametrize("window", [None, (3, 5, 31, 23)])
@pytest.mark.parametrize("name", TRANSFORMS)
def test_a_hot_pixel_lies_where_the_file_says(name: str, window: tuple[int, int, int, int] | None) -> None:
    transform, crs = TRANSFORMS[name]
    row, column, band = 7, 21, 3
    array = np.random.default_rng(0).integers(1, 50, (37, 29, 5)).astype(np.uint16)
    array[row, column, band] = 9000
    sample = hot.read(geotiff(array, transform, crs, descriptions=ROLES[:5]), "mark.tif", window=window)
    content = bundled(hot.analyse(sample, land_cover()))
    arrays, manifest = opened(content)
    about = manifest["bundle"]
    at = tuple(int(i) for i in np.unravel_index(arrays["image"].argmax(), arrays["image"].shape))
    x, y = xy(transform, row, column)
    np.testing.assert_allclose(Affine(*about["transform"]) @ (at[1] + 0.5, at[0] + 0.5), (x, y), rtol=1e-12)
    assert about["upwards"] == (name != "rotated")
    if name == "rotated":
        assert "distances along its own axes" in about["note"]
        steps = np.hypot(transform.b, transform.e), np.hypot(transform.a, transform.d)
        y, x = steps[0] * (row + 0.5), steps[1] * (column + 0.5)
    np.testing.assert_allclose(placed(about, "image", at), [y, x, band], rtol=1e-9)
    found = {layer[1]["name"]: layer for layer in layers(read_bundle(content))}
    hot_band = found["band nir"]
    assert hot_band[0][at[:2]] == 9000
    np.testing.assert_allclose(world_of(hot_band, at[:2]), [y, x], rtol=1e-9)
    np.testing.assert_allclose(world_of(found["attention by layer"], (1, band, *at[:2])), [1, band, y, x], rtol=1e-9)
    unit = "degree" if name == "geographic" else "m"
    assert hot_band[1]["units"] == [unit, unit]
    assert found["attention by layer"][1]["units"] == ["pixel", "pixel", unit, unit]


def test_bands_add_up_to_true_colour_and_the_others_wait() -> None:
    found = {layer[1]["name"]: layer[1] for layer in layers(read_bundle(bundled(hot.analyse(raster(), land_cover()))))}
    limits = read_bundle(bundled(hot.analyse(raster(), land_cover()))).about.arrays["image"].limits
    assert [s["contrast_limits"] for name, s in found.items() if name.startswith("band")] == list(limits)
    assert len(set(limits)) > 1
    looks = {name: (s["colormap"], s["visible"]) for name, s in found.items() if name.startswith("band")}
    assert looks == {
        "band blue": ("blue", True), "band green": ("green", True), "band red": ("red", True),
        "band nir": ("gray", False), "band swir1": ("gray", False),
    }  # fmt: skip
    values = np.random.default_rng(0).integers(1, 50, (37, 29, 3)).astype(np.uint16)
    sample = hot.read(geotiff(values, *TRANSFORMS["north-up"], descriptions=("a", "b", "c")), "grey.tif")
    analysis = hot.analyse(sample, land_cover(), hot.Settings(bands=("nir", "-", "swir1")))
    found = {layer[1]["name"]: layer[1] for layer in layers(read_bundle(bundled(analysis)))}
    shown = [name for name, s in found.items() if name.startswith("band") and s["visible"]]
    assert (shown, found["band a"]["colormap"]) == (["band a"], "gray")


@pytest.mark.parametrize("crs", [None, "EPSG:32633"])
def test_a_picture_without_a_place_is_drawn_downwards_in_pixels(crs: str | None) -> None:
    values = np.random.default_rng(0).integers(1, 50, (13, 11, 6)).astype(np.uint16)
    sample = hot.read(geotiff(values, Affine.identity(), crs), "picture.tif")
    bundle = read_bundle(bundled(hot.analyse(sample, land_cover())))
    assert not bundle.about.upwards
    assert layers(bundle)[0][1]["units"] == ["pixel", "pixel"]


def test_a_spike_lies_at_its_hour_in_the_layer_of_its_variable() -> None:
    values = np.random.default_rng(0).normal(size=(3, 5, 127)).round(3)
    values[2, 3, 41] = 500.0
    content = bundled(hot.analyse(hot.read(wide_csv(values, ENTITIES, VARIABLES), "mark.csv"), forecaster()))
    found = {layer[1]["name"]: layer for layer in layers(read_bundle(content))}
    spiky = found["pressure (hPa)"]
    at = tuple(int(i) for i in np.unravel_index(spiky[0].argmax(), spiky[0].shape))
    assert (spiky[0].shape, at[:2]) == ((1, 3, 96), (0, 2))
    variable, _, hour = world_of(spiky, at)
    label = spiky[1]["axis_labels"][2]
    assert label == "time since 2013-03-01 12:00:00"
    assert np.datetime64("2013-03-01T12") + np.timedelta64(round(hour * 3600), "s") == np.datetime64(hours(127)[41])
    assert (variable, spiky[1]["units"][2]) == (3, "hour")
    forecast = found["pressure forecast (hPa)"]
    np.testing.assert_allclose(world_of(forecast, (0, 2, 0)), [3, world_of(spiky, (0, 2, 0))[1], 96])
    assert forecast[1]["contrast_limits"] == spiky[1]["contrast_limits"]
    assert "Across: hours, time since 2013-03-01 12:00:00." in legend(read_bundle(content), world(read_bundle(content)))


def test_months_and_counted_steps_are_counted() -> None:
    axis = time_axis(Mode("time", np.arange("2001-01", "2009-06", dtype="datetime64[M]").astype("datetime64[ns]")), 7)
    assert (axis.unit, axis.step, axis.first, axis.origin) == (None, 1.0, -7.0, "2001-08-01T00:00:00")
    table = "a,b\n" + "\n".join(f"{i % 7},{(i * i) % 11}" for i in range(131)) + "\n"
    axis = read_bundle(bundled(hot.analyse(hot.read(table.encode(), "plain.csv"), forecaster()))).axis("time")
    assert (axis.unit, axis.step, axis.origin) == (None, 1.0, None)


@pytest.mark.parametrize("zone", ["Z", ""])
def test_hours_count_from_utc_where_the_file_tells_a_zone(zone: str) -> None:
    rows = "".join(f"{np.datetime64('2013-03-01T00') + hour}:00{zone},{hour % 7}\n" for hour in range(127))
    bundle = read_bundle(bundled(hot.analyse(hot.read(f"when,a\n{rows}".encode(), "utc.csv"), forecaster())))
    assert bundle.axis("time").origin == f"2013-03-01T07:00:00{zone}"
    assert world(bundle).lines["time"].label == f"time since 2013-03-01 07:00:00{zone}"


def test_a_query_before_the_first_step_has_no_place() -> None:
    table = "a,b\n" + "\n".join(f"{i % 7},{(i * i) % 11}" for i in range(61)) + "\n"
    analysis = hot.analyse(hot.read(table.encode(), "short.csv"), forecaster())
    assert analysis.grid.axes[2].stops[0] == analysis.grid.axes[2].starts[0]
    bundle = read_bundle(bundle_bytes(analysis, (0, 0, 0), 0))
    assert bundle.about.query.position is None
    assert "query" not in [layer[1]["name"] for layer in layers(bundle)]


@pytest.mark.parametrize("name", CASES)
def test_factors_stand_beside_the_picture_one_above_the_other(name: str) -> None:
    make, build, _ = CASES[name]
    analysis = hot.analyse(make(), build())
    bundle = read_bundle(bundled(analysis))
    found = {layer[1]["name"]: layer for layer in layers(bundle)}
    edges = {}
    for called, (values, settings, kind) in found.items():
        if kind != "points":
            scale, move = np.array(settings["scale"][-2:]), np.array(settings["translate"][-2:])
            corners = [scale * (np.array(end) - 0.5) + move for end in ((0, 0), values.shape[-2:])]
            edges[called] = np.min(corners, axis=0), np.max(corners, axis=0)
    data = [edges[called] for called in edges if not called.startswith("factors")]
    low, high = np.min([low for low, _ in data], axis=0), np.max([high for _, high in data], axis=0)
    stacks = [(f"factors {mode}", mode) for mode in ORDER_OF_MODES[analysis.sample.kind]]
    tops = []
    for called, mode in stacks:
        values, settings, _ = found[called]
        expected = np.stack([analysis.record.factor(layer, mode).values for layer in range(2)], axis=1)
        np.testing.assert_array_equal(values[:, :, 0], expected)
        assert edges[called][0][1] > high[1]
        assert edges[called][0][0] >= low[0] - 1e-6 * abs(low[0])
        assert edges[called][1][0] <= high[0] + 1e-6 * abs(high[0])
        span = edges[called][1] - edges[called][0]
        assert span[0] == pytest.approx(span[1])
        # the first row, a query, is on top: where the axis runs upwards that is the larger coordinate
        assert (settings["scale"][-2] < 0) == bundle.about.upwards
        tops.append(settings["translate"][-2] * (-1 if bundle.about.upwards else 1))
        limit = max(2 / values.shape[-1], float(expected.max()))
        assert settings["contrast_limits"] == (0.0, pytest.approx(limit))
        assert settings["units"][-1] == found["attention by layer"][1]["units"][-1]
        assert settings["axis_labels"][:2] == ["head", "layer"]
    assert tops == sorted(tops)
    column = [edges[called] for called, _ in stacks]  # as high as the picture, to its outer edge
    np.testing.assert_allclose(np.min([low for low, _ in column], axis=0)[0], low[0], rtol=1e-9)
    np.testing.assert_allclose(np.max([high for _, high in column], axis=0)[0], high[0], rtol=1e-9)


ORDER_OF_MODES = {
    "series": ("entity", "variable", "time"), "volume": ("x", "y", "z"), "raster": ("row", "column", "band"),
}  # fmt: skip


def test_classes_have_the_colours_and_names_of_the_page() -> None:
    for name, colours in (
        ("volume", {0: "transparent", 1: "#56B4E9", 2: "#CC79A7"}),
        ("raster", {0: "#0072B2", 1: "#F0E442", 2: "#009E73", 3: "#CC79A7"}),
    ):
        make, build, _ = CASES[name]
        analysis = hot.analyse(make(), build())
        found = {layer[1]["name"]: layer[1] for layer in layers(read_bundle(bundled(analysis)))}
        assert found["prediction"]["colormap"] == colours | {None: "transparent"}  # -1, outside, too
        assert found["prediction"]["features"]["class"].tolist() == list(analysis.prediction.classes)
        assert found["attention by layer"]["colormap"]["colors"][0][3] == 0  # what is not looked at is transparent
        assert found["attention by layer"]["interpolation3d"] == "nearest"


def test_layers_say_what_they_are_and_that_this_is_a_demonstration() -> None:
    for name in ("series", "volume", "raster"):
        make, build, _ = CASES[name]
        analysis = hot.analyse(make(), build())
        for _, settings, kind in layers(read_bundle(bundled(analysis))):
            said = settings["metadata"]["hot_lens"]
            assert said["meaning"]
            assert "not medical devices" in said["limits"]
            assert said["provenance"]["model"]["name"] == analysis.model_name
            assert kind in ("image", "labels", "points")


# --- what is wrong is said -----------------------------------------------------------------------


def changed(content: bytes, change: Callable[[dict[str, np.ndarray], dict[str, Any]], None]) -> bytes:
    """The bundle with something in it changed."""
    arrays, manifest = opened(content)
    change(arrays, manifest)
    if manifest:
        arrays["manifest"] = np.array(json.dumps(manifest))
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


DAMAGE: dict[str, Callable[[dict[str, np.ndarray], dict[str, Any]], Any]] = {
    "no manifest": lambda arrays, manifest: manifest.clear(),
    "factors alone": lambda arrays, manifest: manifest.pop("bundle"),
    "objects": lambda arrays, manifest: arrays.update(image=np.array([{}], dtype=object)),
    "an array is missing": lambda arrays, manifest: arrays.pop("image"),
    "depth is not told": lambda arrays, manifest: manifest["bundle"]["arrays"].pop("depth"),
    "an axis too many": lambda arrays, manifest: arrays.update(image=arrays["image"][None]),
    "an unknown axis": lambda arrays, manifest: manifest["bundle"]["arrays"]["image"].update(dims=["x", "y", "t"]),
    "an axis twice": lambda arrays, manifest: manifest["bundle"]["arrays"]["image"].update(dims=["x", "y", "y"]),
    "nothing in it": lambda arrays, manifest: arrays.update(image=arrays["image"][:0]),
    "texts": lambda arrays, manifest: arrays.update(image=arrays["image"].astype(str)),
    "no step": lambda arrays, manifest: manifest["bundle"]["axes"][1].update(step=0),
    "no number": lambda arrays, manifest: manifest["bundle"]["axes"][1].update(first=float("nan")),
    "a word too many": lambda arrays, manifest: manifest["bundle"].update(colour="red"),
    "a factor not square": lambda arrays, manifest: arrays.update(layer1_y=arrays["layer1_y"][:, 1:]),
    "no factor square": lambda arrays, manifest: arrays.update(
        {f"layer{layer}_y": arrays[f"layer{layer}_y"][:, 1:] for layer in (0, 1)}
    ),
    "a factor missing": lambda arrays, manifest: arrays.pop("layer1_y"),
    "limits of other modes": lambda arrays, manifest: manifest["bundle"]["factor_limits"].pop("y"),
    "no limits": lambda arrays, manifest: manifest["bundle"]["arrays"]["depth"].update(limits=[]),
    "labels are not told": lambda arrays, manifest: manifest["bundle"]["arrays"].pop("labels"),
    "names for half of the positions": lambda arrays, manifest: manifest["bundle"]["axes"][2].update(names=["a"] * 11),
    "a query of two modes": lambda arrays, manifest: manifest["bundle"]["query"].update(position=[1, 2]),
}


@pytest.fixture(scope="module")
def good() -> bytes:
    return bundled(hot.analyse(volume(), segmenter()))


@pytest.mark.parametrize("what", DAMAGE)
def test_damage_is_one_sentence(what: str, good: bytes) -> None:
    with pytest.raises(
        ReadError, match=r"^The bundle: this is no bundle of HOT Lens, or it is damaged\. Save it again"
    ):
        read_bundle(changed(good, DAMAGE[what]))


def test_a_forecast_with_its_interval_reads_back(sample_data: Path) -> None:
    analysis = hot.analyse(hot.read(sample_data / "nyc_airport_weather_2013.csv"), hot.load_model("air-quality"))
    found = read_bundle(bundle_bytes(analysis, analysis.default_query(), 2, 0, "row"))
    assert {"forecast", "forecast_low", "forecast_high"} <= set(found.about.arrays)
    assert len(found.about.arrays["forecast_low"].limits) == 6
    assert len(layers(found)) > 12


@pytest.mark.parametrize(
    "change", [{"names": ["a"] * 4}, {"names": None}, {"roles": ["red"] * 6}, {"units": ["m"] * 4}], ids=str
)
def test_a_band_too_few_or_too_many_is_damage(change: dict[str, Any]) -> None:
    content = bundled(hot.analyse(CASES["raster"][0](), CASES["raster"][1]()))
    bands = opened(content)[1]["bundle"]["axes"][2]
    assert [len(bands[name]) for name in ("names", "roles", "units")] == [5, 5, 0]
    with pytest.raises(ReadError, match="it is damaged"):
        read_bundle(changed(content, lambda arrays, manifest: manifest["bundle"]["axes"][2].update(change)))


def test_a_variable_without_limits_is_damage() -> None:
    content = bundled(hot.analyse(CASES["series"][0](), CASES["series"][1]()))
    limits = opened(content)[1]["bundle"]["arrays"]["image"]["limits"]
    with pytest.raises(ReadError, match="it is damaged"):
        read_bundle(changed(content, lambda _, told: told["bundle"]["arrays"]["image"].update(limits=limits[1:])))


def test_cut_or_foreign_files_are_one_sentence(good: bytes, tmp_path: Path) -> None:
    assert read_bundle(good).about.kind == "volume"
    for content in (b"", b"hello", good[:100], good[: len(good) // 2], good[:-30], good[1000:]):
        with pytest.raises(ReadError, match=r"^The bundle: this is no bundle"):
            read_bundle(content)
    (tmp_path / "scan.hotlens").write_bytes(b"hello")
    reader = get_reader(str(tmp_path / "scan.hotlens"))
    assert reader is not None
    with pytest.raises(ReadError, match=r"^scan\.hotlens: this is no bundle"):
        reader(str(tmp_path / "scan.hotlens"))
    with pytest.raises(ReadError, match=r"^gone\.hotlens: there is no such file"):
        read_bundle(tmp_path / "gone.hotlens")


def test_flipped_bytes_never_pass_in_silence(good: bytes) -> None:
    rng = np.random.default_rng(0)
    plain = opened(good)
    for at in rng.integers(0, len(good), 60):
        broken = bytearray(good)
        broken[at] ^= 0x55
        try:
            read_bundle(bytes(broken))
        except ReadError:
            continue
        arrays, manifest = opened(bytes(broken))  # a byte that means nothing, such as a date
        assert manifest == plain[1]
        assert all(np.array_equal(values, plain[0][name], equal_nan=values.dtype.kind == "f")
                   for name, values in arrays.items())  # fmt: skip


def test_another_version_and_too_large_are_told(good: bytes) -> None:
    newer = changed(good, lambda arrays, manifest: manifest["bundle"].update(version=2))
    with pytest.raises(ReadError, match="it is of version 2, and this HOT Lens reads version 1"):
        read_bundle(newer)
    with pytest.raises(ReadError, match=r"it would unpack to [0-9,]+ bytes, above the limit of 1,000"):
        read_bundle(good, most=1000)


def test_only_bundles_are_claimed() -> None:
    assert get_reader("factors.npz") is None
    assert get_reader(["a.hotlens", "b.tif"]) is None
    assert get_reader(["a.hotlens", "b.hotlens"]) is not None


# --- the plugin, the command and the page's button -----------------------------------------------

DISCOVER = """
import json, sys, npe2
npe2.PluginManager.instance().discover()
early = [name for name in ("torch", "hot_core", "napari", "qtpy") if name in sys.modules]
layers = npe2.read([sys.argv[1]], stack=False)
qt = [name for name in sys.modules if name.partition(".")[0] in ("napari", "qtpy", "PySide6", "PyQt5", "PyQt6")]
found = [(settings["name"], kind, list(data.shape)) for data, settings, kind in layers]
print(json.dumps({"early": early, "qt": qt, "layers": found}))
"""


def test_napari_finds_the_reader_without_qt_and_without_loading_the_library(tmp_path: Path, good: bytes) -> None:
    path = tmp_path / "scan.hotlens"
    path.write_bytes(good)
    command = [sys.executable, "-c", DISCOVER, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=120, check=True)
    said = json.loads(done.stdout)
    assert (said["early"], said["qt"], done.stderr) == ([], [], "")
    assert said["layers"] == [
        ["image", "image", [23, 17, 13]], ["prediction", "labels", [23, 17, 13]],
        ["attention: Layer 1, head 0", "image", [23, 17, 13]], ["attention by layer", "image", [2, 23, 17, 13]],
        ["factors x", "image", [2, 2, 1, 4, 4]], ["factors y", "image", [2, 2, 1, 5, 5]],
        ["factors z", "image", [2, 2, 1, 6, 6]], ["query", "points", [1, 3]],
    ]  # fmt: skip


def test_the_library_and_the_page_never_load_napari() -> None:
    code = "import sys, hot_core, app.main; print([n for n in sys.modules if n.split('.')[0] in ('napari', 'qtpy')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=120)
    assert done.stdout == "[]\n", done.stderr


def test_the_command_says_what_is_wrong(tmp_path: Path, good: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "good.hotlens").write_bytes(good)
    (tmp_path / "bad.hotlens").write_bytes(good[:999])
    for name, words in (("gone", "there is no such file"), ("bad", "it is damaged"), ("good", "napari needs a screen")):
        result = CliRunner().invoke(command_line, ["view", str(tmp_path / f"{name}.hotlens")])
        assert (result.exit_code, result.stdout) == (2, "")
        assert words in result.stderr
        assert result.stderr.count("\n") == 1


def test_a_window_is_offered_only_where_it_can_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    assert not screen_there()
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    assert screen_there()
    monkeypatch.setattr(desktop.st, "context", visitor(None))
    assert desktop.here()
    for address, own in (("::ffff:127.0.0.1", True), ("127.0.0.1", True), ("::1", True), ("203.0.113.7", False),
                         ("::ffff:203.0.113.7", False), ("2001:db8::7", False), ("somebody", False)):  # fmt: skip
        monkeypatch.setattr(desktop.st, "context", visitor(address))
        assert desktop.here() == own
    for origin, own in (("http://localhost:8501", True), ("http://127.0.0.1:8600", True), ("http://[::1]:8501", True),
                        ("https://lens.example.org", False), ("http://203.0.113.7:8501", False), ("null", False),
                        ("http://localhost.example.org", False), (None, False)):  # fmt: skip
        monkeypatch.setattr(desktop.st, "context", visitor("127.0.0.1", origin))
        assert desktop.here() == own
    monkeypatch.delenv("WAYLAND_DISPLAY")
    monkeypatch.setattr(desktop.st, "context", visitor(None))
    assert not desktop.here()
    monkeypatch.setattr(sys, "platform", "darwin")
    assert desktop.here()


def visitor(address: str | None, origin: str | None = "http://localhost:8501") -> SimpleNamespace:
    return SimpleNamespace(ip_address=address, headers={} if origin is None else {"Origin": origin})


def test_a_start_that_fails_says_why_and_leaves_nothing(
    tmp_path: Path, good: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desktop.tempfile, "tempdir", str(tmp_path))
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(HotError, match=r"^napari did not open: napari needs a screen, and this computer has none\."):
        desktop.open_in_napari(good)
    for _ in range(100):
        if not list(tmp_path.iterdir()):
            break
        desktop.time.sleep(0.05)
    assert not list(tmp_path.iterdir())


def test_nothing_stays_behind_when_napari_cannot_be_started(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(bundle: Path, said: Path) -> None:
        assert bundle.read_bytes() == b"private"
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(desktop.tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(desktop, "_start", refuse)
    with pytest.raises(HotError, match=r"could not be started: No space left on device\. The download opens it"):
        desktop.open_in_napari(b"private")
    assert not list(tmp_path.iterdir())
