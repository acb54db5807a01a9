"""Whether an input is like what a model has learnt from: statistics, distance, threshold, store, pipeline, command."""

import json
import shutil
import time
from dataclasses import replace

import numpy as np
import pytest
import torch

import hot_core as hot
from hot_core.errors import ModelError
from hot_core.export import manifest
from hot_core.familiarity import Familiarity, Reference, Standout, describe, load_reference, save_reference
from hot_core.familiarity.distance import fit, shrunken_correlation
from hot_core.familiarity.grids import change, likeness, quantiles
from hot_core.familiarity.rasters import raster_statistics
from hot_core.familiarity.series import series_statistics
from hot_core.familiarity.shapes import depth, pieces, shape_statistics, surface
from hot_core.familiarity.volumes import LEVELS, grey_statistics
from hot_core.models import load_model, save_model
from hot_core.training.learnt import disturbed, learnt_reference, region, statistics_of
from hot_core.training.recipe import Example
from tests import makers_samples as makers
from tests import oracles_familiarity as oracle
from tests.makers_cards import SmoothRecipe, smooth

ROLES = ("blue", "green", "red", "nir", "swir1", "swir2")


@pytest.fixture
def rng():
    return np.random.default_rng(5)


def gappy(rng, shape, share=0.2):
    return rng.standard_normal(shape), rng.random(shape) > share


# --- statistics against their twins


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_neighbours_differ_and_agree_as_counted_by_hand(rng, axis):
    values, mask = gappy(rng, (5, 7, 3))
    assert change(values, mask, axis) == pytest.approx(oracle.change(values, mask, axis))
    assert likeness(values, mask, axis) == pytest.approx(oracle.likeness(values, mask, axis))
    assert likeness(values, mask, axis, 2) == pytest.approx(oracle.likeness(values, mask, axis, 2))


def test_what_has_no_neighbours_or_does_not_vary_has_no_number(rng):
    values, mask = gappy(rng, (5, 7, 3))
    alone = np.zeros(mask.shape, bool)
    alone[::2, ::2, ::2] = True
    assert np.isnan(
        [change(values, alone, 0), likeness(values, alone, 1), likeness(np.ones((5, 7)), mask[..., 0], 0)]
    ).all()
    two = np.zeros(mask.shape, bool)
    two[0, :3, 0] = True
    assert np.isnan(likeness(values, two, 1))
    assert np.isfinite(change(values, two, 1))
    assert np.isnan(quantiles(values, np.zeros_like(mask), (0.5, 0.9))).all()


def test_grey_statistics_are_their_definitions(rng):
    values, mask = gappy(rng, (7, 5, 11))
    found = grey_statistics(values, mask)
    present = values[mask]
    for level, name in LEVELS.items():
        assert found[name] == pytest.approx(oracle.quantile(present, level))
    low, high = (oracle.quantile(present, level) for level in (0.25, 0.75))
    dark = oracle.change_from(values, mask, lambda v: v <= low)
    bright = oracle.change_from(values, mask, lambda v: v >= high)
    assert found["change per voxel from dark ones"] == pytest.approx(dark)
    assert found["change per voxel from bright ones"] == pytest.approx(bright)
    for axis, name in enumerate("xyz"):
        assert found[f"change per voxel along {name}"] == pytest.approx(oracle.change(values, mask, axis))
        assert found[f"likeness of neighbours along {name}"] == pytest.approx(oracle.likeness(values, mask, axis))


def test_series_statistics_are_their_definitions(rng):
    values, mask = gappy(rng, (3, 2, 53))
    values[0, 1, 10:20] = 0.5
    found = np.stack(list(series_statistics(values, mask).values()), axis=1)
    lines, known = values.reshape(6, 53), mask.reshape(6, 53)
    twin = [oracle.one_series(line, there) for line, there in zip(lines, known, strict=True)]
    np.testing.assert_allclose(found, twin, atol=1e-12)


def test_a_series_with_too_few_values_says_nothing(rng):
    values, mask = gappy(rng, (2, 3, 53), share=0)
    mask[0, 1, 23:] = False
    mask[1, 2] = False
    assert all(len(column) == 4 for column in series_statistics(values, mask).values())
    assert all(column.size == 0 for column in series_statistics(values, mask & False).values())


def test_raster_statistics_are_their_definitions(rng):
    values, mask = gappy(rng, (11, 13, 3))
    values[..., 1] += values[..., 0]
    found = raster_statistics(values, mask, ("red", "blue", "nir"), ROLES)
    for at, role in enumerate(("red", "blue", "nir")):
        band, there = values[..., at], mask[..., at]
        low, middle, high = (oracle.quantile(band[there], level) for level in (0.05, 0.5, 0.95))
        assert found[f"{role}: middle of the range"] == pytest.approx(middle)
        assert found[f"{role}: lean of the distribution"] == pytest.approx((high + low - 2 * middle) / (high - low))
        both = (oracle.likeness(band, there, 0) + oracle.likeness(band, there, 1)) / 2
        assert found[f"{role}: likeness of neighbours"] == pytest.approx(both)
    pairs = [(values[p][1], values[p][0]) for p in np.ndindex(11, 13) if mask[p][1] and mask[p][0]]
    assert found["likeness of blue and red"] == pytest.approx(oracle.correlation(pairs))
    assert {name for name, value in found.items() if np.isfinite(value)} == {
        name for name in found if not any(absent in name for absent in ("green", "swir1", "swir2"))
    }


def test_shapes_are_measured_as_counted_by_hand(rng):
    inside = rng.random((7, 5, 11)) < 0.6
    inside[1:6, 1:4, 2:7] = True
    assert depth(inside) == pytest.approx(oracle.depth(inside))
    assert surface(inside) == oracle.surface(inside)
    for share in (0.02, 0.08, 0.2):
        sparse = rng.random((11, 7, 13)) < share
        assert pieces(sparse) == oracle.pieces(sparse)
    values = np.zeros((17, 13, 19))
    values[2:5, 3:8, 4:11] = 1
    mask = np.ones(values.shape, bool)
    mask[4] = False
    found = list(shape_statistics(values, mask).values())
    assert found[:6] == [70, 2, 5, 7, 1.0, 1.0]
    assert found[6:8] == [pytest.approx(2 * (10 + 14 + 35) / 70), 1]
    assert np.isnan(found[8])
    off = shape_statistics(values, mask, (2.5, 5.0, 12.0))["distance from the middle in voxels"]
    assert off == pytest.approx(5.0)
    config = makers.classifier().config
    away = describe(config, values, mask)["distance from the middle in voxels"]
    assert away == pytest.approx(np.sqrt(29.0**2 + 26.5**2 + 24.5**2))
    assert np.isnan(list(shape_statistics(values, ~mask & False).values())).all()


# --- laws of the statistics


def test_a_mirror_changes_no_grey_statistic_but_where_steps_begin(rng):
    values, mask = gappy(rng, (7, 5, 11))
    there, back = grey_statistics(values, mask), grey_statistics(values[::-1], mask[::-1])
    same = [name for name in there if " ones" not in name]
    assert [there[name] for name in same] == pytest.approx([back[name] for name in same])


def test_an_inversion_turns_the_grey_values_round(rng):
    values, mask = gappy(rng, (7, 5, 11))
    there, back = grey_statistics(values, mask), grey_statistics(1 - values, mask)
    for low, high in ((0.05, 0.95), (0.25, 0.75)):
        assert back[LEVELS[low]] == pytest.approx(1 - there[LEVELS[high]])
    assert back["change per voxel from dark ones"] == pytest.approx(there["change per voxel from bright ones"])


def test_level_and_unit_of_a_series_do_not_matter(rng):
    values, mask = gappy(rng, (3, 2, 53))
    one, other = series_statistics(values, mask), series_statistics(32 + 1.8 * values, mask)
    np.testing.assert_allclose(list(one.values()), list(other.values()), atol=1e-9)


# --- distance and threshold


def table_of(rng, examples=47, units=1, statistics=5):
    mixing = np.eye(statistics) + 0.4 * rng.standard_normal((statistics, statistics))
    rows = rng.standard_normal((examples, units, statistics)) @ mixing + rng.standard_normal(statistics)
    return rows, np.arange(examples) * 5 // examples, np.arange(examples) % 3 > 0


def reference(rng, **sizes):
    table, fold, plain = table_of(rng, **sizes)
    return Reference(tuple(f"s{i}" for i in range(table.shape[2])), table, fold, plain)


def named(units):
    units = np.atleast_2d(units)
    return {f"s{i}": units[:, i] for i in range(units.shape[1])}


def test_correlations_shrink_as_published(rng):
    rows = rng.standard_normal((23, 5)) @ rng.standard_normal((5, 5))
    rows[3, 2] = np.nan
    mean, scale, r = oracle.gaussian(rows.tolist())
    gaussian = fit(rows)
    np.testing.assert_allclose(gaussian.mean, mean)
    np.testing.assert_allclose(gaussian.scale, scale)
    np.testing.assert_allclose(np.linalg.inv(gaussian.precision), r, atol=1e-10)
    twins = np.array([[1.0, 1.0], [-1.0, -1.0]] * 7)
    assert shrunken_correlation(twins)[0, 1] == pytest.approx(0.99)


def test_a_statistic_that_never_varies_divides_by_no_zero(rng):
    gaussian = fit(np.c_[rng.standard_normal(19), np.full(19, 3.0)])
    assert gaussian.distance(np.array([[0.0, 3.0]]))[0] < 5
    assert gaussian.distance(np.array([[gaussian.mean[0], 4.0]]))[0] == pytest.approx(1 / 0.03 / np.sqrt(2), rel=0.01)


@pytest.mark.parametrize(("units", "of_input"), [(1, 1), (3, 2), (3, 7)])
def test_distance_and_threshold_are_their_definitions(rng, units, of_input):
    known = reference(rng, units=units)
    if units > 1:
        known.table[4, 1:] = np.nan
        known.table[7, 0, 2] = np.nan
    given = 3 * rng.standard_normal((of_input, 5))
    given[0, 3] = np.nan
    if of_input > 2:
        given[2] = np.nan
    for hidden in ([], [0], [1, 4]):
        given[:, hidden] = np.nan
        found = known.compare(named(given))
        distance, threshold = oracle.compare(known.table, known.fold, known.plain, given.tolist(), 0.05)
        assert found.distance == pytest.approx(distance)
        assert found.threshold == pytest.approx(threshold)
        assert found.far == (distance > threshold)


def test_the_stated_rate_of_false_alarms_is_kept(rng):
    mixing = rng.standard_normal((5, 5))
    known = Reference(
        tuple(f"s{i}" for i in range(5)), (rng.standard_normal((200, 1, 5)) @ mixing), np.arange(200) // 40,
        np.ones(200, bool),
    )  # fmt: skip
    far = [known.compare(named(row)).far for row in rng.standard_normal((300, 5)) @ mixing]
    assert 0.01 < np.mean(far) < 0.10
    often = [
        replace(known, false_alarm_rate=0.5).compare(named(row)).far for row in rng.standard_normal((99, 5)) @ mixing
    ]
    assert 0.35 < np.mean(often) < 0.65


def test_the_unit_of_a_statistic_does_not_matter(rng):
    known = reference(rng, units=3)
    given = 2 * rng.standard_normal((2, 5))
    factors = np.array([-3.0, 0.5, -7.0, 11.0, 0.01])
    # A mean near zero leaves the floor of the deviation out of the game.
    moved = replace(known, table=(known.table - known.table.mean((0, 1))) * factors)
    same = known.compare(named(given))
    other = moved.compare(named((given - known.table.mean((0, 1))) * factors))
    assert (same.distance, same.threshold) == pytest.approx((other.distance, other.threshold))


def test_statistics_over_orders_of_magnitude_are_compared_by_logarithms(rng):
    table, fold, plain = table_of(rng, statistics=2)
    logged = table.copy()
    logged[..., 1] = np.exp(2 * table[..., 1])
    known, plainly = (Reference(("s0", "s1"), t, fold, plain) for t in (logged, table * [1, 2]))
    found, same = known.compare(named([0.3, 17.0])), plainly.compare(named([0.3, np.log(17.0)]))
    assert (found.distance, found.threshold) == pytest.approx((same.distance, same.threshold))
    words = {one.name: one for one in known.compare(named([0.3, 1e9])).farthest}["s1"]
    assert words.value == pytest.approx(1e9)
    assert words.low == pytest.approx(np.exp(np.quantile(2 * table[plain, 0, 1], 0.025)))
    # What is not positive has no logarithm, and is far below all that is.
    least = known.table[..., 1].min()
    assert known.compare(named([0.3, 0.0])).distance > known.compare(named([0.3, 0.5 * least])).distance
    assert known.compare(named([0.3, 0.0])).distance == known.compare(named([0.3, 1e-3 * least])).distance


def test_shares_and_correlations_have_no_logarithms(rng):
    table, fold, plain = table_of(rng, statistics=2)
    table[..., 1] = rng.uniform(0.01, 0.9, table.shape[:2])
    known = Reference(("s0", "s1"), table, fold, plain)
    given = [[0.3, -0.2]]
    distance, threshold = oracle.compare(table, fold, plain, given, 0.05)
    found = known.compare(named(given[0]))
    assert (found.distance, found.threshold) == pytest.approx((distance, threshold))
    # A disturbed input that is not positive keeps a statistic from its logarithm, too.
    table[..., 1] *= 100
    table[int(np.flatnonzero(~plain)[0]), 0, 1] = -1
    assert known.compare(named(given[0])).distance == pytest.approx(oracle.compare(table, fold, plain, given, 0.05)[0])


def test_nothing_to_compare_is_no_answer(rng):
    known = reference(rng)
    assert known.compare(named(np.full(5, np.nan))) is None
    assert known.compare({f"s{i}": np.empty(0) for i in range(5)}) is None


def test_a_statistic_that_is_not_measured_any_more_is_left_out(rng):
    known = reference(rng, units=3)
    given = named(rng.standard_normal((2, 5)))
    less = {name: values for name, values in given.items() if name != "s2"}
    assert known.compare(less) == known.compare(given | {"s2": np.full(2, np.nan)})
    assert known.compare(less) != known.compare(given)
    assert known.compare({}) is None


def test_what_stands_out_is_named_farthest_first(rng):
    known = reference(rng, statistics=4)
    middle, spread = known.table[:, 0].mean(0), known.table[:, 0].std(0)
    found = known.compare(named(middle + spread * [0, 9, 0.1, -30]))
    assert [one.name for one in found.farthest] == ["s3", "s1"]
    lone = found.farthest[0]
    assert lone.value == pytest.approx(middle[3] - 30 * spread[3])
    assert (lone.low, lone.high) == pytest.approx(np.quantile(known.table[known.plain, 0, 3], (0.025, 0.975)))


def test_words_name_what_stands_out_and_what_the_threshold_means():
    apart = Standout("kurtosis", 12345.6, 1.0, 2.5)
    others = (Standout("number of pieces", 2, 1, 1), Standout("depth", 33.33, 1, 2))
    known = Familiarity(3.14159, 1.2, 0.05, True, (apart, *others))
    assert known.warning() == (
        "This input is unlike what the model has learnt from: kurtosis 12,346 (learnt: 1.00 to 2.50), number of pieces "
        "2.00 (learnt: 1.00). What follows may mean little."
    )
    assert replace(known, farthest=others[1:]).warning().count("depth 33.3 (learnt: 1.00 to 2.00)") == 1
    assert replace(known, far=False).warning() == ""
    assert "training data: 3.14. From 1.20 on" in known.words()
    assert "which 5% of inputs like them do as well" in known.words()


# --- what training keeps


def test_the_table_holds_every_input_and_its_disturbed_copy():
    recipe = SmoothRecipe()
    known = learnt_reference(recipe, 40)
    examples = [*recipe.examples("train", 40), *recipe.examples("validation", 20)]
    assert known.table.shape == (2 * len(examples), 1, 13)
    assert known.plain.tolist() == [True, False] * len(examples)
    assert np.bincount(known.fold).tolist() == [24] * 5
    assert (np.diff(known.fold) >= 0).all()
    np.testing.assert_array_equal(known.table[6, 0], list(statistics_of(recipe.config(), examples[3]).values()))
    assert not np.array_equal(known.table[6, 0], known.table[7, 0])
    again = learnt_reference(recipe, 40)
    np.testing.assert_array_equal(again.table, known.table)
    assert not np.array_equal(learnt_reference(recipe, 40, seed=1).table, known.table)


def test_smooth_is_familiar_and_noise_is_not():
    recipe, rng = SmoothRecipe(), np.random.default_rng(9)
    known, all_there = learnt_reference(recipe, 40), np.ones((17, 19, 16), bool)
    far = [known.compare(describe(recipe.config(), smooth(rng), all_there)).far for _ in range(40)]
    assert np.mean(far) < 0.2
    noise = known.compare(describe(recipe.config(), rng.standard_normal((17, 19, 16)), all_there))
    assert noise.far
    assert noise.distance > 5 * noise.threshold


@pytest.mark.parametrize("kind", ["segmenter", "classifier", "forecaster", "land_cover"])
def test_disturbing_takes_a_part_and_adds_nothing(kind, rng):
    config = getattr(makers, kind)().config
    shape = {"forecaster": (2, 3, 96), "land_cover": (23, 29, 6)}.get(kind, (17, 19, 16))
    example = Example(torch.arange(1.0, 1 + np.prod(shape)).reshape(shape), torch.ones(shape, dtype=torch.bool))
    sizes, hidden = set(), 0
    for _ in range(30):
        values, mask, _ = disturbed(config, example, rng)
        sizes.add(tuple(values.shape))
        hidden += int((~mask).any())
        assert (values[~mask] == 0).all()
        assert set(values[mask].tolist()) <= set(example.values.flatten().tolist())
        assert all(4 * n >= 3 * whole for n, whole in zip(values.shape, shape, strict=True))
    assert 5 < hidden < 28
    assert (len(sizes) > 5) == (kind in ("segmenter", "land_cover"))


def test_a_raster_is_taken_as_regions_of_any_size(rng):
    config = makers.land_cover().config
    example = Example(torch.arange(97.0 * 83 * 6).reshape(97, 83, 6), torch.ones(97, 83, 6, dtype=torch.bool), ROLES)
    sides = []
    for _ in range(60):
        values, mask, roles = region(config, example, rng)
        assert values.shape == mask.shape
        assert roles == ROLES
        assert values.shape[0] == values.shape[1]
        assert torch.isin(values, example.values).all()
        sides.append(values.shape[0])
    assert min(sides) < 40
    assert max(sides) > 70
    assert all(32 <= side <= 83 for side in sides)
    small = Example(example.values[:20, :30], example.mask[:20, :30], ROLES)
    assert region(config, small, rng).values.shape == (20, 20, 6)
    volume = Example(torch.zeros(17, 19, 16), torch.ones(17, 19, 16, dtype=torch.bool))
    assert region(makers.segmenter().config, volume, rng) is volume


# --- beside the weights, through the pipeline, into the command


@pytest.fixture
def folder(tmp_path, rng):
    """A small model with a reference in a folder."""
    model = makers.segmenter()
    known = learnt_reference(SmoothRecipe(), 20)
    save_model(model, tmp_path / "tiny", {"familiarity": save_reference(known, tmp_path / "tiny")})
    return tmp_path / "tiny"


def test_a_reference_comes_back_as_it_was_written(folder):
    known, back = learnt_reference(SmoothRecipe(), 20), load_model(folder).familiarity
    assert (back.names, back.false_alarm_rate) == (known.names, known.false_alarm_rate)
    np.testing.assert_array_equal(back.table, known.table.astype(np.float32))
    np.testing.assert_array_equal(back.fold, known.fold)
    np.testing.assert_array_equal(back.plain, known.plain)


def test_another_or_no_file_is_refused(folder):
    path = folder / "familiarity.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"familiarity.safetensors of model 'tiny' does not match the hash"):
        load_model(folder)
    path.unlink()
    with pytest.raises(ModelError, match=r"cannot be read \(FileNotFoundError\)"):
        load_model(folder)
    path.write_bytes(b"")
    with pytest.raises(ModelError, match=r"cannot be read \(KeyError\)"):
        load_reference(folder, {"familiarity": {}})


def test_a_model_without_statistics_answers_without_them(folder):
    config = json.loads((folder / "config.json").read_text())
    del config["familiarity"]
    (folder / "config.json").write_text(json.dumps(config))
    model = load_model(folder)
    assert model.familiarity is None
    sample = hot.read(makers.nifti(smooth(np.random.default_rng(1)), np.eye(4)), "a.nii")
    analysis = hot.analyse(sample, model)
    assert analysis.familiarity is None
    assert manifest(analysis)["familiarity"] is None


def test_an_analysis_says_how_far_its_input_lies(folder):
    model, rng = load_model(folder), np.random.default_rng(3)
    given = rng.standard_normal((17, 19, 16)).astype(np.float32)
    analysis = hot.analyse(hot.read(makers.nifti(given, np.eye(4)), "a.nii"), model)
    known = analysis.familiarity
    assert known.far
    assert known.distance > 2 * known.threshold
    told = json.loads(json.dumps(manifest(analysis), allow_nan=False))["familiarity"]
    assert told["distance"] == known.distance
    assert told["farthest"][0]["name"] == known.farthest[0].name


BUNDLED = {
    "air-quality": "nyc_airport_weather_2013.csv",
    "hippocampus": "mni152_hippocampus_L.nii.gz",
    "adrenal": "adrenal_normal_mean.nii.gz",
    "land-cover": "s2_brandenburg_256_6band.tif",
}


@pytest.mark.parametrize("name", BUNDLED)
def test_bundled_models_know_what_they_have_learnt_from(name, sample_data):
    model = load_model(name)
    given = hot.analyse(hot.read(sample_data / BUNDLED[name]), model)
    assert given.familiarity is not None
    assert 0 < given.familiarity.threshold < 5
    test = json.loads((sample_data.parent / "assets" / name / "config.json").read_text())["familiarity"]["test"]
    assert test["cases"] >= 40
    # 5 % are stated; what comes from one city, one tile or sixty heads scatters.
    assert test["far"] <= 0.12 * test["cases"]


@pytest.mark.parametrize("name", BUNDLED)
def test_the_answer_comes_at_once(name, sample_data):
    from hot_core.pipeline import familiarity
    from hot_core.transforms import Settings, to_input

    model = load_model(name)
    given = to_input(hot.read(sample_data / BUNDLED[name]), model.config, Settings())
    times = []
    for _ in range(3):
        began = time.process_time()
        familiarity(model, given)
        times.append(time.process_time() - began)
    assert min(times) < 0.2


def test_an_inverted_volume_and_shuffled_hours_are_recognised(sample_data):
    hippocampus = load_model("hippocampus")
    sample = hot.read(sample_data / "mni152_hippocampus_L.nii.gz")
    inverted = replace(sample, data=sample.data.max() - sample.data)
    assert hot.analyse(inverted, hippocampus).familiarity.far
    weather = hot.read(sample_data / "nyc_airport_weather_2013.csv")
    order = np.random.default_rng(0).permutation(weather.data.sizes["time"])
    shuffled = replace(weather, data=weather.data.copy(data=weather.data.values[..., order]))
    found = hot.analyse(shuffled, load_model("air-quality")).familiarity
    assert found.far
    assert "likeness of one step and the next" in found.warning()


def test_a_folder_can_be_copied_with_its_statistics(folder, tmp_path):
    moved = shutil.copytree(folder, tmp_path / "other")
    assert load_model(moved).familiarity is not None
