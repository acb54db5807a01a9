"""One analysis: pure, reproducible, filled by argument; fields, readings and words from its numbers."""

from __future__ import annotations

import json
from dataclasses import replace

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
import torch

import hot_core as hot
from hot_core.analysis.reading import strongest, times
from hot_core.analysis.words import middle_place, number, place, position_words, span_words, time_words
from hot_core.errors import ModelError, SelectionError
from hot_core.export import manifest
from hot_core.kronecker import KroneckerMap
from hot_core.modes import Mode, TokenAxis
from hot_core.record import AttentionRecord
from hot_core.transforms import Classification, Forecast, Segmentation
from tests.makers_samples import ROLES, classifier, forecaster, geotiff, land_cover, nifti, segmenter, wide_csv
from tests.test_markers import AFFINES, ENTITIES, TRANSFORMS, VARIABLES


def series(steps: int = 127) -> hot.Sample:
    values = np.random.default_rng(0).normal(50, 9, (3, 5, steps)).round(3)
    return hot.read(wide_csv(values, ENTITIES, VARIABLES), "series.csv")


def volume(name: str = "LAS") -> hot.Sample:
    values = np.random.default_rng(0).gamma(2.0, 100.0, (13, 17, 23)).astype(np.float32)
    return hot.read(nifti(values, AFFINES[name]), "volume.nii")


def raster(nodata: float | None = None) -> hot.Sample:
    values = np.random.default_rng(0).integers(1, 50, (37, 29, 5)).astype(np.uint16)
    if nodata is not None:
        values[:9, :5] = nodata
        values[20:24, :, 2] = nodata
    return hot.read(geotiff(values, *TRANSFORMS["north-up"], nodata=nodata, descriptions=ROLES[:5]), "raster.tif")


def shape() -> hot.Sample:
    values = np.zeros((61, 59, 53), np.float32)
    values[20:35, 10:30, 15:40] = 1
    return hot.read(nifti(values, AFFINES["RAS"]), "shape.nii")


CASES = {
    "series": (series, forecaster, Forecast),
    "volume": (volume, segmenter, Segmentation),
    "volume, sum": (volume, lambda: segmenter("sum"), Segmentation),
    "shape": (shape, classifier, Classification),
    "raster": (raster, land_cover, Segmentation),
    "raster with gaps": (lambda: raster(0), land_cover, Segmentation),
}


@pytest.mark.parametrize("name", CASES)
def test_twice_the_same(name: str) -> None:
    make, build, kind = CASES[name]
    model, sample = build(), make()
    first, second = hot.analyse(sample, model), hot.analyse(sample, model)
    assert isinstance(first.prediction, kind)
    assert json.dumps(manifest(first)) == json.dumps(manifest(second))
    for layer in range(first.record.num_layers):
        for mode in first.record.modes:
            np.testing.assert_array_equal(
                first.record.factor(layer, mode).values, second.record.factor(layer, mode).values
            )


@pytest.mark.parametrize("name", CASES)
def test_the_model_and_the_random_state_are_left_alone(name: str) -> None:
    make, build, _ = CASES[name]
    model = build()
    before = {key: value.clone() for key, value in model.state_dict().items()}
    state = torch.random.get_rng_state()
    hot.analyse(make(), model)
    assert torch.equal(state, torch.random.get_rng_state())
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())
    assert not any(module._forward_hooks for module in model.modules())


def test_a_model_in_training_is_copied_not_switched() -> None:
    model = forecaster().train()
    calm = hot.analyse(series(), forecaster())
    found = hot.analyse(series(), model)
    assert model.training
    np.testing.assert_array_equal(found.prediction.mean.values, calm.prediction.mean.values)


@pytest.mark.parametrize("name", CASES)
def test_tokens_are_those_of_the_model(name: str) -> None:
    make, build, _ = CASES[name]
    analysis = hot.analyse(make(), build())
    assert analysis.kronecker_map(0, 0).sizes == analysis.grid.shape
    assert analysis.record.num_layers == 2
    assert analysis.record.num_heads == 2


@pytest.mark.parametrize("direction", ["row", "column"])
@pytest.mark.parametrize("head", [None, 1])
@pytest.mark.parametrize("name", CASES)
def test_a_field_carries_the_entries_of_the_map(name: str, head: int | None, direction: str) -> None:
    make, build, _ = CASES[name]
    analysis = hot.analyse(make(), build())
    kmap = analysis.kronecker_map(1, head)
    query = tuple((7 * n) // 11 for n in analysis.grid.shape)
    field = analysis.field(1, head, query, direction)
    assert field.shape == tuple(len(mode) for mode in analysis.sample.modes)
    rng = np.random.default_rng(0)
    for _ in range(23):
        token = tuple(int(rng.integers(n)) for n in analysis.grid.shape)
        entry = kmap.entry(query, token) if direction == "row" else kmap.entry(token, query)
        cells = field.values[analysis.grid.native_of(token)]
        np.testing.assert_allclose(cells, entry, rtol=1e-4, atol=1e-9)


def test_all_heads_are_their_mean_and_heads_differ() -> None:
    analysis = hot.analyse(volume(), segmenter())
    query = (1, 2, 3)
    heads = [analysis.field(1, head, query).values for head in range(2)]
    assert np.abs(heads[0] - heads[1]).max() > 1e-4
    np.testing.assert_allclose(analysis.field(1, None, query).values, np.mean(heads, axis=0), rtol=1e-5)
    assert "mean of 2 heads" in analysis.reading(1, None, query)


def test_public_names_are_there() -> None:
    assert hot.__all__ == sorted(hot.__all__)
    assert all(getattr(hot, name) is not None for name in hot.__all__)


@pytest.mark.parametrize("name", CASES)
def test_the_first_query_holds_data_and_reads_well(name: str) -> None:
    make, build, _ = CASES[name]
    analysis = hot.analyse(make(), build())
    query = analysis.default_query()
    assert analysis.record.valid is None or analysis.record.valid[query]
    for head in (None, 0):
        for direction, verb in (("row", "looks most at"), ("column", "is looked at most by")):
            sentence = analysis.reading(0, head, query, direction)
            assert verb in sentence
            assert "uniform" in sentence
            assert sentence.endswith(".")
            assert "-" not in sentence.replace("2013-03-", "")


def handmade(analysis: hot.Analysis, combine: str, valid: np.ndarray | None = None) -> hot.Analysis:
    rng = np.random.default_rng(0)
    factors = [torch.tensor(rng.dirichlet(np.ones(n), n))[None, None] for n in analysis.grid.shape]
    mask = None if valid is None else torch.tensor(valid)[None]
    record = AttentionRecord(analysis.grid.modes)
    record.add_factors(factors, combine, False, mask)
    return replace(analysis, record=record)


@pytest.mark.parametrize("combine", ["product", "sum"])
@pytest.mark.parametrize("direction", ["row", "column"])
def test_times_uniform_by_its_definition(combine: str, direction: str) -> None:
    analysis = handmade(hot.analyse(series(), forecaster()), combine)
    kmap, query = analysis.kronecker_map(0, 0), (1, 2, 13)
    tokens = list(np.ndindex(*analysis.grid.shape))
    line = [kmap.entry(query, t) if direction == "row" else kmap.entry(t, query) for t in tokens]
    best = tokens[int(np.argmax(line))]
    found = strongest(kmap, query, direction, None)
    assert found.token == best
    assert found.weight == pytest.approx(max(line))
    assert found.times_uniform == pytest.approx(max(line) / ((1 if combine == "product" else 3) / len(tokens)))
    sentence = analysis.reading(0, 0, query, direction)
    assert times(found.times_uniform) in sentence
    assert ("sum of 3 modes, rows add up to 3" in sentence) == (combine == "sum")
    if best != query:
        assert position_words(analysis.grid, best) in sentence


def test_missing_tokens_are_never_the_strongest_and_their_mass_is_said() -> None:
    plain = handmade(hot.analyse(series(), forecaster()), "product")
    kmap, query = plain.kronecker_map(0, 0), (1, 2, 13)
    best = strongest(kmap, query, "row", None)
    valid = np.ones(plain.grid.shape, dtype=bool)
    valid[best.token] = False
    masked = handmade(plain, "product", valid)
    found = strongest(masked.kronecker_map(0, 0), query, "row", valid)
    assert found.token != best.token
    assert found.on_missing == pytest.approx(best.weight)
    assert found.times_uniform == pytest.approx(found.weight * (valid.size - 1))
    percent = number(100 * best.weight, 2)
    assert f"{percent} % lies where data is missing" in masked.reading(0, 0, query)


def test_uniform_attention_says_so() -> None:
    kmap = KroneckerMap((torch.full((3, 3), 1 / 3), torch.full((5, 5), 1 / 5)))
    assert times(strongest(kmap, (0, 0), "row", None).times_uniform) == "as much as uniform"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda a: a.field(5, 0, (0, 0, 0)), "Layer 5 was not recorded; there are 2 layers"),
        (lambda a: a.field(0, 5, (0, 0, 0)), r"Head 5 does not exist; layer 0 has the heads 0 … 1"),
        (lambda a: a.field(0, 0, (0, 0, 24)), r"Position \(0, 0, 24\) lies outside the token grid \(3, 5, 24\)"),
        (lambda a: a.field(0, 0, (0, 0)), r"Position \(0, 0\) lies outside the token grid"),
        (lambda a: a.reading(0, 0, (3, 0, 0)), r"Position \(3, 0, 0\) lies outside the token grid"),
    ],
)
def test_what_is_not_there_is_said(call: object, message: str) -> None:
    analysis = hot.analyse(series(), forecaster())
    with pytest.raises(SelectionError, match=message):
        call(analysis)


def test_a_device_that_is_not_there_is_said() -> None:
    with pytest.raises(ModelError, match=r"The device 'abacus' is not there. Choose 'cpu'"):
        hot.analyse(series(), forecaster(), hot.Settings(device="abacus"))


def test_damaged_weights_are_said() -> None:
    model = forecaster()
    with torch.no_grad():
        next(model.head.parameters()).fill_(float("nan"))
    with pytest.raises(ModelError, match=r"the model gave no number"):
        hot.analyse(series(), model)


def test_memory_is_said() -> None:
    model = forecaster()

    def full(*_: object, **__: object) -> None:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes")

    model.forward = full  # type: ignore[method-assign]
    with pytest.raises(ModelError, match=r"3 × 5 × 96 values did not fit into memory. Choose a smaller region"):
        hot.analyse(series(), model)


def test_provenance_repeats_the_analysis_and_names_no_file() -> None:
    sample = raster()
    analysis = hot.analyse(sample, land_cover(), hot.Settings(seed=7, region=((0, 16), (0, 12))))
    settings = hot.Settings(**analysis.provenance["settings"])
    again = hot.analyse(sample, land_cover(), settings)
    np.testing.assert_array_equal(again.prediction.labels.values, analysis.prediction.labels.values)
    assert analysis.provenance["input"]["sha256"] == sample.source.sha256
    assert analysis.provenance["roles"] == list(ROLES[:5])
    assert analysis.provenance["seed"] == 7
    assert "raster.tif" not in json.dumps(manifest(analysis))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"), (0.0312345, "0.0312"), (-26, "−26"), (1234.5, "1,230"), (999.9, "1,000"), (4.1, "4.1"),
        (0.00001234, "0.0000123"), (1e12, "1.00e+12"), (2e-9, "2.00e−09"), (12.0, "12"), (0.9996, "1"),
    ],
)  # fmt: skip
def test_numbers(value: float, text: str) -> None:
    assert number(float(value)) == text


@pytest.mark.parametrize(
    ("value", "resolution", "text"),
    [
        (-23.5, 1, "−24"), (298412.3, 28.5, "298,412"), (-34.90512, 0.0003, "−34.9051"),
        (0.2, 0.5, "0.2"), (-0.2, 1, "0"), (-0.02, 0.5, "0.0"),
    ],
)  # fmt: skip
def test_places(value: float, resolution: float, text: str) -> None:
    assert place(float(value), float(resolution)) == text


@pytest.mark.parametrize(
    ("value", "step", "count", "text"),
    [
        (-28.5, 1, 4, "−28.5"), (-24.5, 1, 4, "−24.5"), (-28, 1, 3, "−28"), (-28, 1, 4, "−28"), (-10, 2, 2, "−10"),
        (0.25, 0.5, 2, "0.25"), (227943, 28.5, 4, "227,943"), (340265, 10, 4, "340,265"), (340260, 10, 4, "340,260"),
        (-34.8994, 0.0003, 4, "−34.8994"),
    ],
)  # fmt: skip
def test_a_centre_between_two_positions_has_one_more_decimal(value: float, step: float, count: int, text: str) -> None:
    assert middle_place(float(value), float(step), count) == text


@pytest.mark.parametrize(
    ("first", "last", "step", "text"),
    [
        ("2013-12-30T14", "2013-12-30T17", "1h", "2013-12-30 14:00–18:00"),
        ("2013-12-30T20", "2013-12-30T23", "1h", "2013-12-30 20:00–24:00"),
        ("2013-12-30T22", "2013-12-31T01", "1h", "2013-12-30 22:00 – 2013-12-31 02:00"),
        ("2013-12-30T00", "2014-01-02T00", "24h", "2013-12-30 – 2014-01-02"),
        ("2013-12-30T00", "2013-12-30T00", "24h", "2013-12-30"),
        ("2013-12-30T12:00:30", "2013-12-30T12:03:30", "1min", "2013-12-30 12:00:30–12:04:30"),
        ("2013-12-30T12:00:00", "2013-12-30T12:00:00", "500ms", "2013-12-30 12:00:00.000–12:00:00.500"),
        ("2013-12-30T12:00:00", "2013-12-30T12:00:00.500", "500ms", "2013-12-30 12:00:00–12:00:01"),
        ("2013-12-30T12:00:30", "2013-12-30T12:00:59.500", "500ms", "2013-12-30 12:00:30–12:01:00"),
        ("2013-12-30T12:00:00", "2013-12-30T12:01:30", "30s", "2013-12-30 12:00–12:02"),
        ("2013-12-30T23:59:30", "2013-12-30T23:59:30", "30s", "2013-12-30 23:59:30–24:00"),
    ],
)
def test_times(first: str, last: str, step: str, text: str) -> None:
    stamps = np.array([first, last], dtype="datetime64[ns]")
    assert time_words(stamps[0], stamps[1], pd.Timedelta(step).to_timedelta64()) == text


@pytest.mark.parametrize(
    ("freq", "start", "token", "text"),
    [
        ("MS", "2023-01-01", (0, 4), "2023-01-01 – 2023-04-30"),
        ("MS", "2023-01-01", (8, 12), "2023-09-01 – 2023-12-31"),  # the last step, whose next is beyond the file
        ("MS", "2023-03-01", (8, 12), "2023-11-01 – 2024-02-29"),
        ("QS", "2023-01-01", (11, 12), "2025-10-01 – 2025-12-31"),
        ("D", "2023-01-01", (8, 12), "2023-01-09 – 2023-01-12"),
        ("h", "2023-01-01", (8, 12), "2023-01-01 08:00–12:00"),
        ("30s", "2023-01-01", (8, 12), "2023-01-01 00:04–00:06"),
    ],
)
def test_the_last_step_of_a_token_ends_where_the_next_begins(
    freq: str, start: str, token: tuple[int, int], text: str
) -> None:
    times = pd.date_range(start, periods=12, freq=freq).to_numpy("datetime64[ns]")
    axis = TokenAxis(Mode("time", times), np.array([token[0]]), np.array([token[1]]))
    assert span_words(axis, 0) == text


def test_words_of_the_three_kinds() -> None:
    grids = {name: hot.analyse(make(), build()).grid for name, (make, build, _) in CASES.items()}
    assert position_words(grids["series"], (1, 2, 3)) == "JFK · humid · 2013-03-02 00:00–04:00"
    assert position_words(grids["volume"], (0, 0, 0)) == "(20.5, −15.5, −41.5) mm"
    assert position_words(grids["raster"], (0, 0, 3)) == "x 630,057, y 227,943 m · nir"
    geographic = hot.read(
        geotiff(
            np.ones((13, 11, 5), np.uint16) * np.arange(5, dtype=np.uint16),
            *TRANSFORMS["geographic"],
            descriptions=ROLES[:5],
        ),
        "degrees.tif",
    )
    analysis = hot.analyse(geographic, land_cover())
    assert position_words(analysis.grid, (0, 0, 3), geographic.geometry) == "34.8994° W, 8.0106° S · nir"


def test_a_volume_without_place_counts_voxels() -> None:
    values = np.zeros((16, 16, 16), np.float32)
    values[4:9, 4:9, 4:9] = 1
    image = nib.Nifti1Image(values, None)
    sample = hot.read(image.to_bytes(), "shape.nii")
    analysis = hot.analyse(sample, classifier())
    assert position_words(analysis.grid, (0, 1, 0), sample.geometry) == "voxel (3.5, 11.5, 3.5)"
    assert span_words(analysis.grid.axes[1], 1) == "voxels 8–15"
    assert "mm" not in analysis.reading(0, 0, (0, 1, 0))
    found = hot.analyse(sample, segmenter()).prediction
    assert found.unit == "voxels"
    assert sum(found.amounts.values()) == values.size
