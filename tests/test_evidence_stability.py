"""Stability: amounts of noise, shifts to the same places, variation over draws, other trainings, and the rule."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest
import torch

import hot_core as hot
from hot_core.evidence import FORMS, Focus
from hot_core.evidence.noise import FLIP, deviation_of, flipped, noise_of, step_of
from hot_core.evidence.perturb import Kind, Perturbation, variation_of
from hot_core.evidence.rerun import Interval
from hot_core.evidence.shifts import on_tokens, pinned, shifts_of
from hot_core.evidence.stability import RULE, STEADY, Stability, second_seed, stability
from hot_core.figures.evidence_stability import stability_figure
from hot_core.models import HOTModel, build_model, list_models
from hot_core.modes import Mode, TokenAxis, TokenGrid
from tests import makers_samples as make
from tests import oracles_sanity as oracles

FORM = replace(FORMS["quick"], noise=3)
UNITS = {"temp": "°F", "wind": "mph"}


def series(steps: int = 131, gap: int = 7) -> hot.Sample:
    """`temp` in steps of 0.1, `wind` in no steps, smooth but for a noise of 0.25."""
    rng, at = np.random.default_rng(2), np.arange(steps)
    values = np.stack([[20 + 9 * np.sin(at / 11 + place), 5 + at / 50 + place + 0 * at] for place in range(3)])
    values[:, 0] = np.round(values[:, 0], 1)
    values[:, 1] += rng.normal(0, 0.25, (3, steps))
    values[:, :, -gap] = np.nan
    return hot.read(make.wide_csv(values, ("A", "B", "C"), UNITS), "series.csv")


def volume(values: np.ndarray) -> hot.Sample:
    return hot.read(make.nifti(values, np.diag([1.0, 1.0, 1.0, 1.0])), "volume.nii")


def whole(sample: hot.Sample) -> list[tuple[int, int]]:
    return [(0, len(mode)) for mode in sample.modes]


@pytest.mark.parametrize(
    ("values", "step"),
    [
        (np.array([3.1, 0.1 + 0.2, 0.3, 7.7, np.nan, 0.5]), 0.2),
        (np.round(np.random.default_rng(0).normal(20, 5, 300), 1), 0.1),
        (np.array([4, 4, 10, 13, 7, 7]), 3.0),
        (np.float32([0.125, 1.5, 1000.25]), 0.0),
        (np.float32(np.round(np.random.default_rng(1).normal(900, 30, 500), 1)), 0.1),
        (np.random.default_rng(0).random(997), 0.0),
        (np.random.default_rng(0).random(99_991).astype(np.float32), 0.0),
        (np.r_[np.zeros(997), np.random.default_rng(0).random(499)], 0.0),
        (np.repeat([0.0, 0.06, 0.12, 0.25, 0.5, 10.0], 5), 0.06),
        (np.full(11, 3.5), 0.0),
        (np.array([np.nan, np.nan]), 0.0),
    ],
    ids=[
        "close",
        "tenths",
        "integers",
        "three",
        "float32",
        "floats",
        "many floats",
        "zeros",
        "repeated",
        "one",
        "none",
    ],
)
def test_the_step_is_the_smallest_increment_where_values_come_in_steps(values: np.ndarray, step: float) -> None:
    assert step_of(values) == pytest.approx(step, rel=2e-3)


@pytest.mark.parametrize(("shape", "axes"), [((3, 2, 31), (2,)), ((7, 11), (0, 1)), ((5, 7, 11), (0, 1, 2))])
def test_the_deviation_is_the_median_second_difference(shape: tuple, axes: tuple) -> None:
    rng = np.random.default_rng(4)
    values = rng.normal(0, 2, shape)
    values.flat[13] = np.nan
    assert deviation_of(values, axes) == pytest.approx(oracles.deviation(values, axes), rel=1e-12)
    ramp = np.indices((61, 59, 41)[: len(shape)]).sum(0) * 5.0
    noisy = ramp + rng.normal(0, 0.3, ramp.shape)
    assert deviation_of(noisy, tuple(range(noisy.ndim))) == pytest.approx(0.3, rel=0.1)
    assert deviation_of(values.take([0, 1], axes[0]), axes) == 0.0


def test_series_get_half_a_step_or_the_noise_that_is_in_them() -> None:
    sample = series()
    noise = noise_of(sample, [(0, 3), (0, 2), (17, 113)])
    inside = sample.data.values[:, 1:2, 17:113]
    assert noise.half_steps == pytest.approx([0.05, 0.0])
    assert noise.deviations == pytest.approx([0.0, oracles.deviation(inside, (2,))])
    assert noise.deviations[1] == pytest.approx(0.25, rel=0.15)
    assert noise.words.startswith("temp ± 0.05 °F, wind σ 0.2")
    assert "mph (± is half a rounding step; σ" in noise.words
    (drawn,) = noise.samples(0, 1)
    moved = drawn.data.values - sample.data.values
    assert (np.isnan(moved) == np.isnan(sample.data.values)).all()
    assert 0.049 < np.nanmax(np.abs(moved[:, 0])) <= 0.05 + 1e-9
    assert abs(np.nanmean(moved[:, 0])) < 0.01
    assert np.nanstd(moved[:, 1]) == pytest.approx(noise.deviations[1], rel=0.1)
    assert np.nanmax(np.abs(moved[:, 1])) > 2 * noise.deviations[1]


def test_volumes_get_the_larger_of_rounding_and_noise() -> None:
    smooth = np.add.outer(np.add.outer(np.arange(13), np.arange(11) * 2), np.arange(7) * 3).astype(np.int16)
    calm = noise_of(volume(smooth), [(0, 13), (0, 11), (0, 7)])
    assert calm.half_steps.tolist() == [0.5]
    assert calm.deviations.tolist() == [0.0]
    assert calm.words == "± 0.5 grey values (± is half a rounding step)"
    rough = (smooth + np.random.default_rng(0).normal(0, 9, smooth.shape)).round().astype(np.int16)
    sample = volume(rough)
    loud = noise_of(sample, [(1, 12), (0, 11), (0, 7)])
    assert loud.deviations[0] == pytest.approx(oracles.deviation(sample.data.values[1:12], (0, 1, 2)))
    assert loud.half_steps[0] == 0
    assert loud.deviations[0] > 1 / math.sqrt(12)
    between = (smooth * 4 + np.random.default_rng(0).normal(0, 0.4, smooth.shape)).round().astype(np.int16)
    sample = volume(between)
    found = noise_of(sample, whole(sample))
    assert 1 / math.sqrt(12) < found.deviations[0] < 1  # more than the deviation of a step, less than a step
    assert found.half_steps[0] == 0
    just = smooth + np.random.default_rng(0).normal(0, 0.2, smooth.shape)
    assert noise_of(volume(just.astype(np.float32)), whole(volume(smooth))).half_steps[0] == 0


def test_bands_have_steps_of_their_own() -> None:
    counts = np.random.default_rng(0).integers(0, 97, (13, 17, 6)) * np.array([1, 8, 2, 5, 1, 3])
    sample = hot.read(make.geotiff(counts.astype(np.uint16), make.Affine(30, 0, 0, 0, -30, 0)), "scene.tif")
    noise = noise_of(sample, whole(sample))
    assert noise.half_steps.tolist() == [0.5, 4, 1, 2.5, 0.5, 1.5]
    (drawn,) = noise.samples(1, 1)
    most = np.abs(drawn.data.values - sample.data.values).max(axis=(0, 1))
    assert (most <= noise.half_steps + 1e-4).all()
    assert (most > 0.9 * noise.half_steps).all()


def test_shapes_change_sides_at_their_surface_alone() -> None:
    at = np.indices((23, 29, 19)) - np.array([11, 14, 9]).reshape(3, 1, 1, 1)
    shape = np.where((at**2).sum(0) < 49, 3.0, 0.0)
    shape[8, 14, 9], shape[0, 0, 0], shape[22, 14, 9] = np.nan, np.nan, 3.0
    surface = oracles.surface(shape)
    turned = np.mean([flipped(shape, np.random.default_rng(seed)) != shape for seed in range(200)], axis=0)
    known = np.isfinite(shape)
    assert (turned[known & ~surface] == 0).all()
    assert (turned[~known] == 1).all()
    assert turned[surface & known].mean() == pytest.approx(FLIP, rel=0.05)
    assert turned[surface & known].min() > 0.02
    drawn = flipped(shape, np.random.default_rng(0))
    assert set(np.unique(drawn[known])) == {0.0, 3.0}
    assert np.isnan(drawn[~known]).all()
    assert noise_of(volume(np.nan_to_num(shape)), [(0, 23), (0, 29), (0, 19)]).words.endswith("probability of 10 %")


def test_a_map_is_brought_to_the_same_places() -> None:
    rng = np.random.default_rng(0)
    modes = [Mode("x", np.arange(13)), Mode("y", np.arange(11)), Mode("b", np.arange(7))]
    bands = TokenAxis(modes[2], np.array([0, 2, 5]), np.array([1, 3, 6]))
    source = TokenGrid((*TokenGrid.regular(modes[:2], (3, 2), ((2, 13), (0, 10))).axes, bands))
    target = TokenGrid((*TokenGrid.regular(modes[:2], (3, 2), ((1, 12), (1, 11))).axes, bands))
    values = rng.random(source.shape)
    values[0, 0] = np.nan
    found = on_tokens(values, source, target)
    expected = oracles.on_tokens(values, source, target)
    assert np.isnan(expected).any() == np.isnan(found).any()
    assert found == pytest.approx(expected, rel=1e-6, nan_ok=True)
    marker = np.zeros(source.shape)
    marker[source.token_of((8, 4, 2))] = 1.0  # x 8 … 10, y 4 … 5
    there = on_tokens(marker, source, target)
    assert {tuple(map(int, at)) for at in np.argwhere(there > 0)} == {(2, 1, 1), (2, 2, 1), (3, 1, 1), (3, 2, 1)}
    assert there[2, 1, 1] == pytest.approx(2 / 6)
    assert there[3, 2, 1] == pytest.approx(1 / 4)


@pytest.fixture(scope="module")
def air() -> tuple[HOTModel, hot.Analysis]:
    model = make.forecaster()
    return model, hot.analyse(series(), model)


def found_of(result: Stability) -> dict[str, Perturbation]:
    return {item.name: item for item in result.perturbations}


def by_places(before: hot.Analysis, after: hot.Analysis, focus: Focus, query: tuple) -> float:
    """ρ between a map and another run's, both written out by native places."""
    valid = after.record.valid
    row = np.where(valid, replace(focus, query=query).row(after), np.nan)
    mapped = oracles.on_tokens(row, after.grid, before.grid)
    kept = before.record.valid & np.isfinite(mapped)
    return oracles.rho(focus.row(before)[kept].tolist(), mapped[kept].tolist())


def test_a_window_moves_by_one_step_and_the_same_dates_are_compared(air: tuple) -> None:
    model, before = air
    focus = Focus("head", (1, 0, 20), 1, 1)
    start = before.grid.window[2][0]
    result = stability(before, model, focus, FORM)
    found = found_of(result)
    assert list(found) == ["noise", "window 1 step earlier", "window 1 step later"]
    assert not result.notes
    for name, by, query in (("window 1 step earlier", -1, (1, 0, 20)), ("window 1 step later", 1, (1, 0, 20))):
        after = hot.analyse(series(), model, hot.Settings(window=start + by))
        item = found[name]
        assert item.rho.mean == item.rhos[0] == pytest.approx(by_places(before, after, focus, query), abs=2e-3)
        assert item.rho.low < item.rho.mean < item.rho.high
        dates = sorted(set(before.prediction.mean.time.values) & set(after.prediction.mean.time.values))
        assert len(dates) == 23
        lines = [run.prediction.mean[1, 0].sel(time=dates).values for run in (before, after)]
        assert item.changes[0] == pytest.approx(np.abs(lines[0] - lines[1]).mean())
    assert result.unit == "°F"


@pytest.mark.parametrize(("window", "says"), [(0, "earlier: the file begins"), (131 - 96, "later: the file ends")])
def test_a_window_at_the_end_of_the_file_says_that_it_cannot_move(window: int, says: str) -> None:
    model = make.forecaster()
    analysis = hot.analyse(series(), model, hot.Settings(window=window))
    result = stability(analysis, model, Focus("model", (1, 0, 20)), FORM)
    assert len(result.perturbations) == 2
    assert result.notes == (f"The window cannot move one step {says} there.",)


@pytest.mark.parametrize("window", [1, 131 - 96 - 1])
def test_a_window_moves_as_far_as_the_file_goes(window: int) -> None:
    model = make.forecaster()
    analysis = hot.analyse(series(), model, hot.Settings(window=window))
    moves, notes = shifts_of(analysis, pinned(analysis)[1], model.config)
    assert [settings.window for _, settings in moves] == [window - 1, window + 1]
    assert not notes


def test_what_cannot_be_asked_is_said() -> None:
    model, steps = make.forecaster(), 53
    constant = np.full((2, 1, steps), 3.5)
    sample = hot.read(make.wide_csv(constant, ("A", "B"), {"temp": "°F"}), "short.csv")
    result = stability(hot.analyse(sample, model), model, Focus("head", (1, 0, 20), 0, 0), FORM)
    assert not result.perturbations
    assert result.stable is None
    assert result.words.startswith("Nothing could be compared")
    assert "shorter than the window" in result.notes[0]
    assert "so none was added" in result.notes[1]
    assert np.isnan(result.tokens).all()
    assert result.summary()["median_coefficient_of_variation"] is None


def test_a_region_moves_along_each_axis_where_the_data_allow_it() -> None:
    rng = np.random.default_rng(3)
    model, values = make.segmenter(), rng.normal(100, 9, (2, 17, 14, 11)).astype(np.float32)
    sample = volume(np.moveaxis(values, 0, -1))
    region = ((0, 16), (1, 13), (3, 11))
    before = hot.analyse(sample, model, hot.Settings(volume=1, region=region))
    focus = Focus("head", (2, 1, 1), 1, 1)
    result = stability(before, model, focus, FORM)
    found = found_of(result)
    assert list(found) == ["noise", "x + 1 voxel", "y − 1 voxel", "y + 1 voxel", "z − 1 voxel", "z + 1 voxel"]
    assert result.notes == (
        "The region cannot move back along x: the data begin there.",
        "The data end with the region: moved further along z it is one voxel shorter.",
    )
    for name, cut, query in (
        ("y − 1 voxel", ((0, 16), (0, 12), (3, 11)), (2, 1, 1)), ("z + 1 voxel", ((0, 16), (1, 13), (4, 11)), (2, 1, 1))
    ):  # fmt: skip
        after = hot.analyse(sample, model, hot.Settings(volume=1, region=cut))
        assert found[name].rho.mean == pytest.approx(by_places(before, after, focus, query), abs=2e-3)
        places = before.grid.native_of(focus.query)
        label = int(np.bincount(before.prediction.labels.values[places].ravel()).argmax())
        shares = [run.prediction.probabilities.values[label][places].astype(float) for run in (before, after)]
        assert found[name].changes[0] == pytest.approx(np.nanmean(np.abs(shares[0] - shares[1])))
    assert pinned(before)[0].data.values == pytest.approx(values[1])


def test_a_token_that_is_empty_in_the_other_cut_is_not_taken_as_zero() -> None:
    values = series().data.values.copy()
    values[:, :, 52:56] = np.nan  # of two tokens in the window from 11 on, and all of one in the window from 12 on
    sample = replace(series(), data=series().data.copy(data=values))
    model, focus = make.forecaster(), Focus("head", (1, 0, 20), 1, 1)
    before, after = (hot.analyse(sample, model, hot.Settings(window=window)) for window in (11, 12))
    assert before.record.valid.all()
    assert not after.record.valid[:, :, 10].any()
    found = found_of(stability(before, model, focus, replace(FORM, noise=2)))["window 1 step later"]
    assert found.rho.mean == pytest.approx(by_places(before, after, focus, focus.query), abs=2e-3)


def test_the_query_stays_at_its_place_where_tokens_are_single_voxels() -> None:
    values = np.random.default_rng(3).normal(100, 9, (7, 11, 5)).astype(np.float32)
    sample = hot.read(make.nifti(values, np.diag([4.0, 4.0, 4.0, 1.0])), "coarse.nii")
    model, focus = make.segmenter(), Focus("head", (3, 4, 2), 1, 1)
    before = hot.analyse(sample, model, hot.Settings(region=((0, 7), (1, 10), (0, 5))))
    assert before.grid.shape == (7, 9, 5)  # the model sees each voxel as a token
    after = hot.analyse(sample, model, hot.Settings(region=((0, 7), (0, 9), (0, 5))))
    found = found_of(stability(before, model, focus, replace(FORM, noise=2)))["y − 1 voxel"]
    expected, other = (by_places(before, after, focus, query) for query in ((3, 5, 2), (3, 4, 2)))
    assert found.rho.mean == pytest.approx(expected, abs=2e-3)
    assert abs(expected - other) > 0.005


def test_variation_is_deviation_over_mean_token_by_token(air: tuple) -> None:
    model, before = air
    focus = Focus("head", (1, 0, 20), 1, 1)
    result = stability(before, model, focus, FORM, seed=5)
    noise = noise_of(before.sample, before.grid.window)
    runs = [hot.analyse(sample, model) for sample in noise.samples(5, FORM.noise)]
    rows = np.stack([focus.row(run) for run in runs])
    valid = before.record.valid
    expected = oracles.variation(rows, valid)
    assert result.tokens == pytest.approx(expected, rel=1e-9, nan_ok=True)
    assert np.nanmax(expected) > 0
    assert result.variation.name == "coefficient of variation"
    assert result.variation.shape == before.sample.data.shape
    item = found_of(result)["noise"]
    rhos = [oracles.rho(focus.row(before)[valid].tolist(), row[valid].tolist()) for row in rows]
    assert item.rhos == pytest.approx(rhos, abs=1e-12)
    assert item.rho.mean == pytest.approx(np.mean(rhos))
    lines = [run.prediction.mean.values[1, 0] for run in runs]
    changes = [np.abs(line - before.prediction.mean.values[1, 0]).mean() for line in lines]
    assert item.changes == pytest.approx(changes)


def test_variation_knows_zero_and_empty() -> None:
    rows = np.random.default_rng(0).random((3, 5, 7))
    rows[:, 1, 2] = 0.0
    kept = np.ones((5, 7), dtype=bool)
    kept[4, 6] = False
    found = variation_of(rows, kept)
    assert found == pytest.approx(oracles.variation(rows, kept), nan_ok=True)
    assert np.isnan(found[1, 2])
    assert np.isnan(found[4, 6])
    assert np.isnan(found).sum() == 2
    assert np.isnan(variation_of(rows[:1], kept)).all()


def test_another_training_is_compared_by_its_most_similar_head(air: tuple) -> None:
    model, before = air
    other = build_model(model.config, seed=11).eval()
    focus = Focus("head", (1, 0, 20), 1, 1)
    result = stability(before, model, focus, FORM, others=[other])
    after = hot.analyse(series(), other)
    valid = before.record.valid
    row = focus.row(before)[valid].tolist()
    rhos = [oracles.rho(row, replace(focus, head=head).row(after)[valid].tolist()) for head in (0, 1)]
    best = int(np.argmax(rhos))
    item = result.perturbations[-1]
    assert item.kind == "seed"
    assert item.name == f"another training, its head {best}"
    assert item.rho.mean == pytest.approx(rhos[best], abs=2e-3)
    assert f"its most similar head of the layer, head {best}" in result.words
    whole_model = stability(before, model, Focus("model", (1, 0, 20)), FORM, others=[other]).perturbations[-1]
    assert whole_model.name == "another training"


def test_trainings_that_cannot_be_compared_are_said(air: tuple) -> None:
    model, before = air
    twin = make.forecaster()
    twin.weights_sha256 = "0" * 64
    marked = replace(before, provenance=before.provenance | {"model": {"name": "", "weights_sha256": "0" * 64}})
    result = stability(marked, model, Focus("model", (1, 0, 20)), FORM, others=[twin, make.segmenter()])
    assert result.notes[0] == "Another training has the same weights as this model and was left out."
    assert result.notes[1].startswith("Another training could not be compared. The model tiny-hippo takes a volume")
    assert all(item.kind != "seed" for item in result.perturbations)


def test_bundled_models_have_a_second_seed() -> None:
    for name in list_models():
        other = second_seed(name)
        assert other is not None
        assert other.config.name == name
        assert other.weights_sha256 != hot.load_model(name).weights_sha256
    assert second_seed("none") is None
    assert second_seed("../assets/adrenal") is None


def test_the_same_seed_gives_the_same_and_the_model_stays(air: tuple) -> None:
    model, before = air
    weights = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    focus, told = Focus("model", (1, 0, 20)), []
    one = stability(before, model, focus, FORM, 3, told=told.append)
    again, other = (stability(before, model, focus, FORM, seed) for seed in (3, 4))
    assert json.dumps(one.summary(), allow_nan=False) == json.dumps(again.summary(), allow_nan=False)
    assert np.array_equal(one.tokens, again.tokens, equal_nan=True)
    assert one.summary()["perturbations"][0] != other.summary()["perturbations"][0]
    assert all(torch.equal(tensor, weights[name]) for name, tensor in model.state_dict().items())
    assert told[-1].done == told[-1].total == FORM.noise + 2


def made(noise: float, shifts: list[float], seed: float | None = None) -> Stability:
    def item(kind: Kind, rho: float) -> Perturbation:
        return Perturbation(kind, kind, np.array([rho]), np.array([0.25]), Interval(rho, rho - 0.125, np.nan))

    items = [item("noise", noise), *(item("shift", rho) for rho in shifts)]
    items += [] if seed is None else [item("seed", seed)]
    grid = TokenGrid.regular([Mode("x", np.arange(5))], [2], [(0, 5)])
    tokens = np.array([0.1, 0.3, np.nan])
    return Stability(Focus("model", (0,)), FORM, 0, "", tuple(items), tokens, grid, False, "change", "°F")


def test_the_rule() -> None:
    assert STEADY == {"noise": 0.9, "shift": 0.7, "seed": 0.5}
    assert "at least 0.9 on average under noise" in RULE
    assert made(0.9, [0.6, 0.8]).stable is True
    assert made(0.9, [0.6, 0.79]).stable is False
    assert made(0.899, [1.0]).stable is False
    assert made(0.95, []).stable is True
    assert made(np.nan, []).stable is None
    assert made(0.95, [1.0], 0.1).stable is True
    assert made(0.95, [1.0], 0.5).words.endswith("Another training finds the map too: rank correlation 0.50.")
    assert made(0.95, [1.0], 0.49).words.endswith("does not find this map: rank correlation 0.49.")
    assert "does not find this map" in made(0.95, [1.0], 0.499).words
    assert made(0.95, [0.2]).words.startswith("Unsteady: mean rank correlation 0.95 under noise")
    summary = made(0.95, [np.nan]).summary()
    assert summary["perturbations"][1]["rho"] == [None, None, None]
    assert summary["median_coefficient_of_variation"] == 0.2


def test_the_picture_has_a_line_for_each_change_and_the_limit_of_each_kind() -> None:
    figure = stability_figure(made(0.95, [0.75, 0.8], -0.25))
    dots = figure.data[0]
    assert list(dots.x) == [0.95, 0.75, 0.8, -0.25]
    assert not len(figure.data[1].x)
    assert list(dots.error_x.arrayminus) == [0.125] * 4
    assert list(dots.error_x.array) == [0] * 4
    assert [line.x0 for line in figure.layout.shapes] == [0.0, 0.9, 0.7, 0.5]
    for line, (first, last) in zip(figure.layout.shapes[1:], ((0, 0), (1, 2), (3, 3)), strict=True):
        assert line.y0 < dots.y[first] <= dots.y[last] < line.y1
    assert figure.layout.xaxis.range[0] == pytest.approx(-0.375 - 0.05)
    assert "change: 0.25 °F" in dots.hovertext[0]
