"""What if the model had not seen this: exactly what was said is hidden, nothing else, and differences are exact."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from rasterio.transform import Affine
from typer.testing import CliRunner

from hot_core.cli import command_line
from hot_core.errors import SelectionError
from hot_core.evidence.focus import Focus
from hot_core.evidence.probe import Probe
from hot_core.evidence.target import Target
from hot_core.evidence.what_if import WhatIf, difference
from hot_core.figures.evidence_fields import Ground, Panel, panel_figures
from hot_core.figures.evidence_what_if import change_table, change_words, forecast_figure, hidden_steps, outlined
from hot_core.figures.series_lines import Shown
from hot_core.io import read
from hot_core.models import HOTModel, build_model, save_model
from hot_core.modes import Sample
from hot_core.pipeline import Analysis, analyse
from hot_core.transforms import Box, Forecast, Segmentation, Settings, to_input
from hot_core.transforms.hidden_words import box_words
from hot_core.transforms.hide import around, boxes, latest
from tests.makers_samples import ROLES, classifier, forecaster, geotiff, land_cover, long_csv, nifti, segmenter

ENTITIES = ("EWR", "JFK", "LGA")
VARIABLES = {"temp": "°F", "dewp": "°F", "humid": "%", "pressure": "hPa", "visib": "mi"}
RAS = np.array([[1.0, 0, 0, -31], [0, 1, 0, -17], [0, 0, 1, -43], [0, 0, 0, 1]])
NORTH_UP = Affine(10, 0, 340_000, 0, -20, 5_820_000)


def series(steps: int, gap: bool = False) -> Sample:
    values = np.random.default_rng(0).normal(50, 9, (3, 5, steps)).round(3)
    if gap:
        values[1, 3, 11:17] = np.nan
    return read(long_csv(values, ENTITIES, VARIABLES), "series.csv")


def grey(shape: tuple[int, ...], affine: np.ndarray = RAS) -> Sample:
    return read(nifti(np.random.default_rng(0).gamma(2.0, 100.0, shape).astype(np.float32), affine), "grey.nii")


def scene(transform: Affine = NORTH_UP, crs: str | None = "EPSG:32633") -> Sample:
    values = np.random.default_rng(0).integers(1, 5000, (37, 29, 5)).astype(np.uint16)
    values[3:5, 7] = 0
    return read(geotiff(values, transform, crs, nodata=0, descriptions=ROLES[:5]), "scene.tif")


def shape() -> Sample:
    distance = sum((np.indices((17, 13, 19))[at] - (8, 6, 9)[at]) ** 2 for at in range(3))
    return read(nifti((distance <= 25).astype(np.float32), RAS), "shape.nii")


WITH_INTERVAL = build_model(forecaster().config.model_copy(update={"quantiles": (0.1, 0.9)}), seed=1).eval()
COARSE = grey((11, 5, 17), RAS @ np.diag([2.0, 4.1, 1.0, 1.0]))
# name: the sample, the model, the settings, and for each mode the native position of every cell of the input, by hand
CASES: dict[str, tuple[Sample, HOTModel, Settings, tuple[list[int], ...]]] = {
    "series": (series(127, gap=True), forecaster(), Settings(), (
        [0, 1, 2], [0, 1, 2, 3, 4], [7 + cell for cell in range(96)])),
    "short series": (series(53), WITH_INTERVAL, Settings(), (
        [0, 1, 2], [0, 1, 2, 3, 4], [-1] * 44 + [1 + cell for cell in range(52)])),
    "volume": (grey((13, 17, 23)), segmenter(), Settings(region=((2, 13), (3, 16), (4, 23))), (
        list(range(2, 13)), list(range(3, 16)), list(range(4, 23)))),
    "coarse volume": (COARSE, segmenter(), Settings(region=((0, 11), (1, 4), (0, 17))), (
        [at for at in range(11) for _ in range(2)], [at for at in (1, 2, 3) for _ in range(4)], list(range(17)))),
    "shape": (shape(), classifier(), Settings(region=((1, 14), (2, 13), (1, 18))), (
        list(range(1, 14)), list(range(2, 13)), list(range(1, 18)))),
    "raster": (scene(), land_cover(), Settings(region=((2, 19), (5, 18)), bands=("blue", "-", "red", "nir", "-")), (
        list(range(2, 19)), list(range(5, 18)), [0, 2, 3])),
}  # fmt: skip


def twin(name: str, boxes: tuple[Box, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Values and mask with every cell hidden whose position lies in a box, cell by cell."""
    sample, model, settings, places = CASES[name]
    given = to_input(sample, model.config, settings)
    values, mask = given.values.copy(), given.mask.copy()
    for cell in itertools.product(*(range(len(each)) for each in places)):
        position = [each[at] for each, at in zip(places, cell, strict=True)]
        for box in boxes:
            if all(start <= at < stop for at, (start, stop) in zip(position, box, strict=True)):
                values[cell], mask[cell] = 0.0, False
    return values, mask


def sizes_of(name: str) -> list[int]:
    given = to_input(CASES[name][0], CASES[name][1].config, CASES[name][2])
    return [len(axis.mode) for axis in given.grid.axes]


def boxes_of(name: str) -> list[tuple[Box, ...]]:
    """Single positions, and boxes that begin and end anywhere, at both ends of the data, and over each other."""
    sizes, places = sizes_of(name), CASES[name][3]
    first = tuple((max(each[0], min(at for at in each if at >= 0)),) * 2 for each in places)
    single = tuple((start, start + 1) for start, _ in first)
    last = tuple((each[-1], each[-1] + 1) for each in places)
    middle = tuple((size // 3, max(size // 3 + 1, 2 * size // 3)) for size in sizes)
    slab = tuple((0, size) if mode else (1, 2) for mode, size in enumerate(sizes))
    end = tuple((size - 1, size) if mode == 2 else (0, size) for mode, size in enumerate(sizes))
    return [(single,), (last,), (middle,), (slab,), (end,), (middle, last, middle)]


def analysed(name: str, *hidden: Box) -> Analysis:
    sample, model, settings, _ = CASES[name]
    return analyse(sample, model, settings.model_copy(update={"hidden": hidden}))


@pytest.mark.parametrize("name", CASES)
def test_exactly_what_was_said_is_hidden(name: str) -> None:
    sample, model, settings, _ = CASES[name]
    whole = to_input(sample, model.config, settings)
    hidden_once = 0
    for parts in boxes_of(name):
        given = to_input(sample, model.config, settings.model_copy(update={"hidden": parts}))
        values, mask = twin(name, parts)
        np.testing.assert_array_equal(given.mask, mask, err_msg=str(parts))
        np.testing.assert_array_equal(given.values, values, err_msg=str(parts))
        assert given.values.dtype == np.float32
        assert (given.grid.window, given.grid.shape) == (whole.grid.window, whole.grid.shape)
        hidden_once += int((whole.mask & ~mask).any())
    assert hidden_once >= 4


@pytest.mark.parametrize("name", ["series", "volume", "raster"])
def test_whole_tokens_are_hidden_as_in_training(name: str) -> None:
    analysis, model = analysed(name), CASES[name][1]
    probe = Probe(analysis, model, Target(token=tuple(size - 1 for size in analysis.grid.shape)))
    tokens = np.zeros((1, *analysis.grid.shape), dtype=bool)
    tokens[0, 1, :, 2] = True
    axes = analysis.grid.axes
    box = ((int(axes[0].starts[1]), int(axes[0].stops[1])), (0, len(axes[1].mode)),
           (int(axes[2].starts[2]), int(axes[2].stops[2])))  # fmt: skip
    settings = CASES[name][2].model_copy(update={"hidden": (box,)})
    given = to_input(analysis.sample, model.config, settings)
    np.testing.assert_array_equal(given.mask, probe.mask.numpy()[0] & ~probe.native(tokens)[0])


def test_nothing_but_the_hidden_values_changes() -> None:
    before, after = analysed("series"), analysed("series", ((0, 1), (1, 3), (60, 83)))
    one, other = before.prediction, after.prediction
    assert isinstance(one, Forecast)
    assert isinstance(other, Forecast)
    for name in ("naive", "truth", "lookback"):
        np.testing.assert_array_equal(getattr(one, name).values, getattr(other, name).values)
    assert np.isfinite(other.mean.values).all()
    assert "Seasonal naive and what happened stay those of the file" in after.notes[-1]


def test_a_series_hidden_along_the_window_has_no_forecast_and_no_other_loses_its_own() -> None:
    after = analysed("short series", ((1, 2), (3, 4), (0, 53)))
    assert isinstance(after.prediction, Forecast)
    for line in (after.prediction.mean, after.prediction.low, after.prediction.high):
        assert line is not None
        missing = np.isnan(line.values)
        assert missing[1, 3].all()
        assert missing.sum() == 24
    assert "1 series is hidden along the whole window: no forecast is given for it." in after.notes


def test_hidden_voxels_and_pixels_still_get_a_class() -> None:
    for name, box in (("volume", ((2, 8), (3, 9), (4, 11))), ("raster", ((2, 9), (5, 12), (0, 5)))):
        before, after = analysed(name), analysed(name, box)
        assert isinstance(before.prediction, Segmentation)
        assert isinstance(after.prediction, Segmentation)
        np.testing.assert_array_equal(before.prediction.labels.values < 0, after.prediction.labels.values < 0)
        assert "still get a class, from what lies around them" in after.notes[-1]


def test_it_is_kept_in_the_provenance_and_comes_back_from_it() -> None:
    box = ((0, 1), (1, 3), (60, 83))
    after = analysed("series", box)
    settings = Settings.model_validate_json(json.dumps(after.provenance["settings"]))
    assert settings.hidden == (box,)
    again = analyse(CASES["series"][0], CASES["series"][1], settings)
    np.testing.assert_array_equal(after.prediction.mean.values, again.prediction.mean.values)


def test_positions_are_those_of_the_chosen_series() -> None:
    chosen = Settings(entities=("LGA",), variables=("dewp", "visib"), hidden=(((0, 1), (1, 2), (100, 103)),))
    after = analyse(series(127), forecaster(), chosen)
    assert any("LGA" not in note and "visib" in note for note in after.notes if note.startswith("Hidden"))
    assert after.record.valid is not None
    assert (~after.record.valid).sum() == 0  # the token holds a fourth step
    whole = chosen.model_copy(update={"hidden": (((0, 1), (1, 2), (99, 103)),)})
    valid = analyse(series(127), forecaster(), whole).record.valid
    assert valid is not None
    assert np.argwhere(~valid).tolist() == [[0, 1, 23]]


@pytest.mark.parametrize("name", CASES)
def test_what_touches_nothing_changes_nothing_and_is_said(name: str) -> None:
    nothing = {
        "series": ((1, 2), (3, 4), (11, 17)),  # a gap of the file
        "short series": ((0, 3), (0, 5), (0, 1)),  # before the first token
        "volume": ((0, 2), (0, 17), (0, 23)),  # beside the region
        "coarse volume": ((0, 11), (0, 1), (0, 17)),
        "shape": ((14, 17), (0, 13), (0, 19)),
        "raster": ((2, 19), (5, 18), (1, 2)),  # a band that is left out
    }[name]
    before, after = analysed(name), analysed(name, nothing)
    found = WhatIf(before, after)
    finite = found.predictions().values[np.isfinite(found.predictions().values)]
    assert finite.size > 0
    assert not finite.any()
    query = before.default_query()
    for focus in (Focus("head", query, 1, 1), Focus("layer", query, 0)):
        fields = [each.field(focus.layer, focus.head, query) for each in (before, after)]
        apart = difference(*fields).values
        np.testing.assert_array_equal(np.isnan(apart), np.isnan(fields[0].values))
        assert not apart[np.isfinite(apart)].any()
    rolled = difference(before.rollout(query), after.rollout(query)).values
    assert not rolled[np.isfinite(rolled)].any()
    said = [note for note in after.notes if note.startswith("Hidden, but nothing that the model sees: ")]
    assert len(said) == 1
    assert said[0].endswith("It changes nothing.")
    assert "In all, 0 % of the values" in after.notes[-1]


@pytest.mark.parametrize("name", CASES)
def test_what_touches_something_changes_prediction_and_attention(name: str) -> None:
    box = boxes_of(name)[2][0]
    before, after = analysed(name), analysed(name, box)
    found = WhatIf(before, after)
    assert np.nanmax(np.abs(found.predictions().values)) > 0
    query = before.default_query()
    assert np.nanmax(np.abs(difference(before.field(0, 0, query), after.field(0, 0, query)).values)) > 0


@pytest.mark.parametrize(
    ("box", "words"),
    [
        (((0, 3), (0, 5)), "has 2 intervals; this data needs one for each of entity, variable, time"),
        (((1, 1), (0, 5), (0, 127)), r"1 … 1 of entity, is empty, reversed or leaves the data \(0 … 3\)"),
        (((0, 3), (4, 2), (0, 127)), r"4 … 2 of variable, is empty, reversed or leaves the data"),
        (((0, 3), (0, 5), (0, 128)), r"0 … 128 of time, is empty, reversed or leaves the data \(0 … 127\)"),
        (((-1, 3), (0, 5), (0, 127)), r"-1 … 3 of entity, is empty"),
        (((0, 3), (0, 5), (7, 103)), "Everything that the model would see is hidden"),
    ],
)
def test_what_cannot_be_hidden_is_a_sentence(box: Box, words: str) -> None:
    with pytest.raises(SelectionError, match=words):
        analysed("series", box)


def test_two_parts_that_hide_everything_together_are_refused() -> None:
    with pytest.raises(SelectionError, match=r"Everything that the model would see is hidden, .* Hide less\."):
        analysed("raster", ((0, 9), (0, 29), (0, 5)), ((9, 37), (0, 29), (0, 5)))


def words_of(sample: Sample, model: HOTModel, box: Box, settings: Settings | None = None) -> str:
    return box_words(box, to_input(sample, model.config, settings or Settings()).grid, sample.geometry)


def test_a_part_of_a_series_is_told_by_names_and_dates() -> None:
    sample, model = series(127), forecaster()
    assert words_of(sample, model, ((1, 2), (0, 5), (7, 103))) == "JFK · every variable · every step"
    expected = "EWR, JFK · humid · 2013-03-01 15:00 to 2013-03-01 17:00 (3 steps)"
    assert words_of(sample, model, ((0, 2), (2, 3), (10, 13))) == expected
    assert words_of(sample, model, ((0, 3), (0, 5), (10, 11))).endswith("every variable · 2013-03-01 15:00 (1 step)")
    # the note tells the part that lies in the window
    note = next(n for n in analysed("series", ((1, 2), (0, 5), (0, 9))).notes if n.startswith("Hidden from"))
    assert note == "Hidden from the model: JFK · every variable · 2013-03-01 12:00 to 2013-03-01 13:00 (2 steps)."


def test_days_are_told_without_a_clock_and_steps_by_their_number() -> None:
    days = "time,A_x\n" + "\n".join(f"{np.datetime64('2021-01-01') + at},{at % 7}" for at in range(127))
    words = words_of(read(days.encode(), "days.csv"), forecaster(), ((0, 1), (0, 1), (31, 34)))
    assert words.endswith("2021-02-01 to 2021-02-03 (3 steps)")
    steps = "A_x,B_x\n" + "\n".join(f"{at % 7},{at % 5}" for at in range(127))
    words = words_of(read(steps.encode(), "steps.csv"), forecaster(), ((1, 2), (0, 1), (31, 34)))
    assert words.endswith("step 31 to step 33 (3 steps)")


def test_many_names_are_told_by_the_first_and_the_last() -> None:
    words = words_of(series(127), forecaster(), ((0, 1), (0, 5), (0, 127)), Settings())
    assert words == "EWR · every variable · every step"
    values = np.random.default_rng(0).normal(size=(7, 1, 127))
    many = read(long_csv(values, tuple("ABCDEFG"), {"x": ""}), "many.csv")
    assert words_of(many, forecaster(), ((1, 6), (0, 1), (0, 127))).startswith("B to F (5) · ")
    assert words_of(many, forecaster(), ((1, 5), (0, 1), (0, 127))).startswith("B, C, D, E · ")


def test_a_part_of_a_volume_is_told_in_mm() -> None:
    sample, model = grey((13, 17, 23)), segmenter()
    # voxel 3 has its middle at −31 + 3 mm
    assert words_of(sample, model, ((3, 5), (0, 17), (4, 5))) == "x −28.5 to −26.5 mm · every y · z −39.5 to −38.5 mm"
    oblique = np.array([[0.9, -0.3, 0.1, -31.0], [0.35, 1.1, -0.2, 17.0], [-0.1, 0.25, 1.3, -43.0], [0, 0, 0, 1]])
    tilted = grey((13, 17, 23), oblique)
    box = ((3, 6), (0, 17), (4, 5))
    world = oblique @ [4, 8, 4, 1]
    words = words_of(tilted, model, box)
    assert words.startswith("x voxels 3–5 · every y · z voxel 4 · around (")
    told = [float(each) for each in words.split("(")[1].split(")")[0].replace("−", "-").split(", ")]
    np.testing.assert_allclose(told, world[:3], atol=0.051)
    assert "Interpolation came before" in analysed("coarse volume", ((3, 5), (0, 5), (0, 9))).notes[-1]
    assert "Interpolation" not in analysed("volume", ((3, 5), (0, 5), (0, 9))).notes[-1]


def test_a_part_of_a_raster_is_told_by_rows_bands_and_the_map() -> None:
    model = land_cover()
    words = words_of(scene(), model, ((3, 7), (0, 29), (3, 4)))
    assert words == "rows 3–6 (northing 5,819,860 to 5,819,940 m) · every column · nir"
    degrees = scene(Affine(0.0003, 0, -34.9, 0, -0.0003, -8.01), "EPSG:4326")
    words = words_of(degrees, model, ((0, 37), (5, 6), (0, 5)))
    assert words == "every row · column 5 (longitude −34.8985 to −34.8982°) · every band"
    turned = scene(Affine(10, 3, 340_000, 4, -12, 5_820_000), "EPSG:32633")
    words = words_of(turned, model, ((3, 5), (6, 10), (0, 2)))
    x, y = Affine(10, 3, 340_000, 4, -12, 5_820_000) * (8, 4)
    assert words == f"rows 3–4 · columns 6–9 · blue, green · around x {x:,.0f}, y {y:,.0f} m"
    assert words_of(scene(crs=None), model, ((3, 5), (6, 7), (0, 5))) == "rows 3–4 · column 6 · every band"


# --- differences ------------------------------------------------------------------------------------


def test_a_difference_is_after_less_before_and_missing_where_either_is() -> None:
    rng = np.random.default_rng(0)
    one, other = (xr.DataArray(rng.normal(size=(3, 5, 7)), dims=["a", "b", "c"]) for _ in range(2))
    one[0, 2, 3], other[2, 4, 6] = np.nan, np.nan
    found = difference(one, other)
    for at in np.ndindex(3, 5, 7):
        if at in ((0, 2, 3), (2, 4, 6)):
            assert np.isnan(found.values[at])
        else:
            assert float(found.values[at]) == float(other.values[at]) - float(one.values[at])
    with pytest.raises(SelectionError, match="Before is 3 a × 5 b × 7 c, after 3 a × 5 b × 5 c: only fields of one"):
        difference(one, other[..., :5])


def test_every_series_is_compared_in_its_unit() -> None:
    found = WhatIf(analysed("series"), analysed("series", ((0, 1), (1, 3), (60, 83)), ((1, 2), (3, 4), (0, 127))))
    one, other = found.before.prediction, found.after.prediction
    assert isinstance(one, Forecast)
    assert isinstance(other, Forecast)
    changes = found.changes()
    assert len(changes) == 15
    for number, change in enumerate(changes):
        e, v = divmod(number, 5)
        lines = [[float(value) for value in forecast.mean.values[e, v]] for forecast in (one, other)]
        truth = [float(value) for value in one.truth.values[e, v]] if one.truth is not None else []
        assert change.name == f"{ENTITIES[e]} · {list(VARIABLES)[v]}"
        assert change.unit == list(VARIABLES.values())[v]
        assert change.before == pytest.approx(sum(lines[0]) / 24)
        if (e, v) == (1, 3):
            assert np.isnan([change.after, change.difference, change.most]).all()
            continue
        steps = [after - before for before, after in zip(*lines, strict=True)]
        assert change.after == pytest.approx(sum(lines[1]) / 24)
        assert change.difference == pytest.approx(sum(steps) / 24)
        assert change.most == pytest.approx(max(steps, key=abs))
        assert change.errors == pytest.approx([
            sum(abs(value - true) for value, true in zip(line, truth, strict=True)) / 24 for line in lines
        ])  # fmt: skip
    assert found.places() is None
    assert found.moved() is None


def test_classes_are_compared_by_amount_and_place() -> None:
    before, after = analysed("raster"), analysed("raster", ((2, 13), (5, 18), (0, 5)))
    assert isinstance(after.prediction, Segmentation)
    labels = after.prediction.labels.copy()
    labels[5, 7], labels[5, 8], labels[18, 17] = ((int(labels[at]) + 1) % 4 for at in ((5, 7), (5, 8), (18, 17)))
    amounts = {name: 0.02 * int((labels.values == at).sum()) for at, name in enumerate(after.prediction.classes)}
    after = replace(after, prediction=replace(after.prediction, labels=labels, amounts=amounts))
    found = WhatIf(before, after)
    both = [analysis.prediction.labels.values for analysis in (before, after)]
    for number, change in enumerate(found.changes()):
        counts = [sum(int(label == number) for label in each.flat) for each in both]
        assert change.before == pytest.approx(counts[0] * 0.02)
        assert change.after == pytest.approx(counts[1] * 0.02)
        assert (change.unit, change.most, change.errors) == ("ha", None, None)
    moved, of = found.places() or (0, 0)
    assert moved == sum(int(a != b) for a, b in zip(both[0].flat, both[1].flat, strict=True))
    assert moved >= 3
    assert of == 17 * 13 - 2 * 1  # the region without the pixels that hold nothing
    where = found.moved()
    assert where is not None
    np.testing.assert_array_equal(where.values, both[0] != both[1])


def test_probabilities_of_classes_are_compared() -> None:
    found = WhatIf(analysed("shape"), analysed("shape", ((5, 9), (4, 8), (6, 11))))
    changes = found.changes()
    assert [change.name for change in changes] == ["normal", "mass"]
    for change in changes:
        assert change.before == found.before.prediction.probabilities[change.name]
        assert change.after == found.after.prediction.probabilities[change.name]
    assert changes[0].difference == pytest.approx(-changes[1].difference)
    np.testing.assert_allclose(found.predictions().values, [change.difference for change in changes])


@pytest.mark.parametrize(
    ("other", "word"),
    [({"seed": 1}, "settings"), ({"region": ((2, 13), (3, 16), (4, 22))}, "settings, window")],
)
def test_only_what_differs_in_what_is_hidden_is_compared(other: dict[str, object], word: str) -> None:
    sample, model, settings, _ = CASES["volume"]
    changed = analyse(sample, model, settings.model_copy(update=other))
    with pytest.raises(SelectionError, match=f"differ in more than what is hidden: {word}"):
        WhatIf(analysed("volume"), changed)
    about = {**changed.provenance, "model": {"name": "another", "weights_sha256": ""}}
    with pytest.raises(SelectionError, match="hidden: model"):
        WhatIf(changed, replace(changed, provenance=about))


# --- words and pictures -------------------------------------------------------------------------------


def test_chosen_positions_are_covered_by_boxes_and_nothing_else_is() -> None:
    rng = np.random.default_rng(0)
    for _ in range(13):
        choices = [np.flatnonzero(rng.random(size) < 0.6).tolist() for size in (3, 5, 7)]
        if not all(choices):
            continue
        covered = np.zeros((3, 5, 7), dtype=int)
        for box in boxes(*choices):
            covered[tuple(slice(*side) for side in box)] += 1
        expected = [[[int(a in choices[0] and b in choices[1] and c in choices[2]) for c in range(7)] for b in range(5)]
                    for a in range(3)]  # fmt: skip
        np.testing.assert_array_equal(covered, expected)
    assert boxes([0, 1, 3], range(2, 5)) == (((0, 2), (2, 5)), ((3, 4), (2, 5)))
    with pytest.raises(SelectionError, match=r"The part to hide is empty: its two ends are the same\. Move them apart"):
        boxes([1], range(5, 5))


def test_around_a_token_and_the_latest_steps_stay_in_the_window() -> None:
    x = analysed("volume").grid.axes[0]  # tokens of 4 voxels over 2 … 13
    assert [list(around(x, token, 4)) for token in (0, 1)] == [[2, 3, 4, 5], [6, 7, 8, 9]]
    assert list(around(x, 0, 7)) == [2, 3, 4, 5, 6]
    assert list(around(x, 2, 7)) == [8, 9, 10, 11, 12]
    assert list(around(x, 1, 100)) == list(range(2, 13))
    time = analysed("short series").grid.axes[2]
    assert latest(time, 7) == (46, 52)
    assert latest(time, 100) == (1, 52)


def test_the_table_tells_series_in_their_units_and_classes_with_theirs() -> None:
    found = WhatIf(analysed("series"), analysed("series", ((0, 1), (1, 3), (60, 83)), ((1, 2), (3, 4), (0, 127))))
    table = change_table(found)
    assert table.shape == (15, 8)
    assert table["unit"].tolist() == list(VARIABLES.values()) * 3
    gone = table.iloc[8]
    assert gone["series"] == "JFK · pressure"
    assert gone[["mean after", "difference", "largest at one step", "MAE after"]].tolist() == ["–"] * 4
    assert gone["mean before"] != "–"
    change = found.changes()[1]
    assert float(table["difference"][1].replace("−", "-")) == pytest.approx(change.difference, rel=0.01)
    assert table["difference"][1].startswith("+") == (change.difference > 0)
    volumes = change_table(WhatIf(analysed("volume"), analysed("volume", ((2, 8), (3, 9), (4, 11)))))
    assert list(volumes) == ["class", "volume before (mm³)", "volume after (mm³)", "difference (mm³)"]
    areas = change_table(WhatIf(analysed("raster"), analysed("raster", ((2, 9), (5, 9), (0, 5)))))
    assert list(areas)[1:] == ["area before (ha)", "area after (ha)", "difference (ha)"]
    found = WhatIf(analysed("shape"), analysed("shape", ((5, 9), (4, 8), (6, 11))))
    shares = change_table(found)
    assert list(shares)[1:] == ["probability before (%)", "probability after (%)", "difference (percentage points)"]
    assert float(shares.iloc[0, 1]) == pytest.approx(100 * found.changes()[0].before, rel=1e-3)


def test_the_sentence_tells_what_changed() -> None:
    hidden = WhatIf(analysed("series"), analysed("series", ((0, 1), (1, 3), (60, 83)), ((1, 2), (3, 4), (0, 127))))
    change = hidden.changes()[1]
    words = change_words(hidden, Shown(0, 1))
    assert words.startswith("EWR · dewp: the forecast of 24 steps moves by ")
    assert words.endswith(f"its error (MAE) goes from {change.errors[0]:.3g} to {change.errors[1]:.3g} °F.")
    assert change_words(hidden, Shown(1, 3)) == (
        "JFK · pressure: no forecast, since this series is hidden along the whole window."
    )
    same = WhatIf(analysed("series"), analysed("series", ((1, 2), (3, 4), (11, 17))))
    assert change_words(same) == "Nothing changes: before and after are the same to the last bit."
    found = WhatIf(analysed("volume"), analysed("volume", ((2, 8), (3, 9), (4, 11))))
    moved, of = found.places() or (0, 0)
    assert of == 11 * 13 * 19
    assert change_words(found).startswith(f"{moved:,} of {of:,} voxels get another class (")
    before, after = analysed("shape"), analysed("shape", ((5, 9), (4, 8), (6, 11)))
    words = change_words(WhatIf(before, after))
    assert words.startswith(f"The probability of {before.prediction.label} goes from ")
    assert words.endswith(" percentage points).")


def test_only_a_lost_forecast_is_no_sameness() -> None:
    sample, model, settings, _ = CASES["short series"]
    one = settings.model_copy(update={"entities": ("EWR",), "variables": ("temp", "dewp")})
    before = analyse(sample, model, one)
    after = analyse(sample, model, one.model_copy(update={"hidden": (((0, 1), (1, 2), (0, 53)),)}))
    after = replace(after, prediction=replace(after.prediction, mean=before.prediction.mean.where([[[True], [False]]])))
    assert "no forecast" in change_words(WhatIf(before, after), Shown(0, 1))
    assert change_words(WhatIf(before, after), Shown(0, 0)) == "EWR · temp: its forecast does not change at all."


def test_the_lines_stand_before_and_after_with_the_hidden_steps_behind() -> None:
    found = WhatIf(analysed("series"), analysed("series", ((0, 1), (1, 3), (60, 83)), ((0, 3), (1, 2), (0, 9))))
    figure = forecast_figure(found, Shown(0, 1))
    lines = {trace.name: trace for trace in figure.data}
    np.testing.assert_array_equal(lines["forecast before"].y, found.before.prediction.mean.values[0, 1].astype("f4"))
    np.testing.assert_array_equal(lines["forecast after"].y, found.after.prediction.mean.values[0, 1].astype("f4"))
    assert not np.array_equal(lines["forecast before"].y, lines["forecast after"].y)
    assert [(shape.x0, shape.x1) for shape in figure.layout.shapes] == [
        ("2013-03-03T16:30:00", "2013-03-04T15:30:00"), ("2013-03-01T11:30:00", "2013-03-01T13:30:00"),
    ]  # fmt: skip
    assert figure.layout.yaxis.title.text == "°F"
    assert hidden_steps(found.hidden, found.after.grid, Shown(2, 1)) == [(7, 9)]
    assert not forecast_figure(found, Shown(2, 3)).layout.shapes


def framed(name: str, box: Box, query: tuple[int, ...] | None = None) -> list[tuple[Any, ...]]:
    """The dotted frames in a picture of the attention, the pale ones below them left out."""
    before, after = analysed(name), analysed(name, box)
    query = query or before.default_query()
    ground = Ground(before.sample, before.grid)
    figures = panel_figures(ground, [Panel("Before", before.field(0, 0, query), "weight")], query)
    outlined(figures, WhatIf(before, after), query)
    dotted = [shape for shape in figures[0].layout.shapes if shape.line.dash == "2px,2px"]
    return [(shape.xref or "x", shape.x0, shape.x1, shape.y0, shape.y1) for shape in dotted]


def test_what_is_hidden_is_framed_in_the_data_s_own_space() -> None:
    frames = framed("series", ((1, 3), (2, 4), (0, 11)))
    assert frames == [
        ("x", "2013-03-01T12:00:00", "2013-03-01T16:00:00", 6.5, 8.5),
        ("x", "2013-03-01T12:00:00", "2013-03-01T16:00:00", 11.5, 13.5),
    ]
    assert framed("raster", ((3, 7), (6, 11), (0, 2))) == [
        ("x", 340_060, 340_110, 5_820_000 - 3 * 20, 5_820_000 - 7 * 20)
    ]
    # the token in the middle is 6 … 9 of x, 7 … 10 of y, 8 … 11 of z: the planes stand at 7, 8 and 9
    box = ((5, 9), (4, 7), (9, 12))
    edges = [(-31 + 5 - 0.5, -31 + 9 - 0.5), (-17 + 4 - 0.5, -17 + 7 - 0.5), (-43 + 9 - 0.5, -43 + 12 - 0.5)]
    assert framed("volume", box, (1, 1, 1)) == [("x2", *edges[1], *edges[2]), ("x3", *edges[0], *edges[1])]


# --- the command line ---------------------------------------------------------------------------------


@pytest.fixture
def place(tmp_path: Path) -> Path:
    values = np.random.default_rng(0).normal(50, 9, (3, 5, 127)).round(3)
    (tmp_path / "series.csv").write_bytes(long_csv(values, ENTITIES, VARIABLES))
    save_model(forecaster(), tmp_path / "air")
    return tmp_path


def explain(place: Path, *options: str) -> tuple[int, str, dict[str, Any]]:
    command = ["explain", str(place / "series.csv"), "--model", str(place / "air"), "--out", str(place / "out")]
    result = CliRunner().invoke(command_line, [*command, *options])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    about = place / "out" / "analysis.json"
    return result.exit_code, result.stderr, json.loads(about.read_text()) if about.exists() else {}


def test_the_command_hides_and_says_so(place: Path) -> None:
    code, err, about = explain(place, "--hide", "0:1,0:5,0:127", "--hide", "1:2,3:4,60:83")
    assert (code, err) == (0, "")
    assert about["provenance"]["settings"]["hidden"] == [[[0, 1], [0, 5], [0, 127]], [[1, 2], [3, 4], [60, 83]]]
    assert "Hidden from the model: EWR · every variable · every step." in about["notes"]
    settings = Settings(hidden=(((0, 1), (0, 5), (0, 127)), ((1, 2), (3, 4), (60, 83))))
    forecast = analyse(read(place / "series.csv"), forecaster(), settings).prediction
    assert isinstance(forecast, Forecast)
    table = pd.read_csv(place / "out" / "prediction.csv")
    for number, entity in enumerate(ENTITIES):
        written = table[table["entity"] == entity]["temp forecast [°F]"].tail(24)
        np.testing.assert_allclose(written, forecast.mean.values[number, 0], rtol=1e-5)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--hide", "0:1,0:5"), "has 2 intervals; this data needs one for each of entity, variable, time"),
        (("--hide", "0:1,five,0:5"), "--hide 0:1,five,0:5 is not a part to hide: give start:stop for each axis"),
        (("--hide", "0:3,0:5,0:127"), "Everything that the model would see is hidden"),
        (("--hide", "0:1,0:5,0:9", "--whole-scene"), "--hide is about the analysed region, --whole-scene about every"),
    ],
)
def test_the_command_says_what_cannot_be_hidden(place: Path, options: tuple[str, ...], words: str) -> None:
    code, err, about = explain(place, *options)
    assert code == 2
    assert words in err
    assert about == {}
