"""Whole scenes: where windows lie, how they are blended, what they leave out, and that no seam is seen."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch

from hot_core.errors import ModelError, SelectionError
from hot_core.io import read
from hot_core.models import load_model
from hot_core.pipeline import analyse
from hot_core.scene import Outlook, duration, outlook, predict_scene
from hot_core.transforms import ModelInput, Segmentation, Settings, to_input
from hot_core.transforms.mosaic import Progress, Tiling, _finished_rows, blend
from hot_core.transforms.tiles import intervals, weights
from tests.makers_samples import ROLES, land_cover, nifti, segmenter
from tests.makers_scenes import bands_of, noise, sample_of
from tests.oracles_scenes import blended, seam_ratio, steps, weight_at
from tests.seams import blended as by_blending
from tests.seams import butted, seams
from tests.test_markers import AFFINES

PLANS = [
    (size, patch, window, overlap)
    for size in (7, 23, 31, 53, 97, 349)
    for patch, window, overlap in ((1, 11, 3), (2, 22, 7), (4, 12, 0), (4, 28, 8), (5, 35, 30), (3, 21, 18))
]


def holed(rows: int = 37, columns: int = 29) -> np.ndarray:
    """Three bands with single values, whole pixels and a whole corner missing."""
    values = noise(rows, columns, 3)
    values[5, 7, 1] = values[11, 13] = values[20:, :13] = np.nan
    return values


def segmentation(values: np.ndarray, settings: Settings | None = None) -> Segmentation:
    found = analyse(sample_of(values), land_cover(), settings).prediction
    assert isinstance(found, Segmentation)
    return found


@pytest.mark.parametrize(("size", "patch", "window", "overlap"), PLANS)
def test_windows_cover_the_scene_on_its_own_patches(size: int, patch: int, window: int, overlap: int) -> None:
    found = intervals(size, patch, window, overlap)
    assert found[0][0] == 0
    assert found[-1][1] == size
    assert all(start % patch == 0 for start, _ in found)
    assert all(0 < stop - start <= window for start, stop in found)
    assert all(stop - start == window for start, stop in found[:-1])
    shared = [before[1] - after[0] for before, after in pairwise(found)]
    assert all(overlap <= each < window for each in shared)
    assert (len(found) == 1) == (-(-size // patch) * patch <= window)
    # One window fewer could not reach the end, even with the least overlap on the raster of patches.
    reach = window + (len(found) - 2) * (window - -(-overlap // patch) * patch)
    assert len(found) == 1 or reach < size


def test_windows_are_spread_evenly() -> None:
    assert intervals(349, 4, 256, 64) == ((0, 256), (96, 349))
    starts = [start for start, _ in intervals(1000, 4, 256, 64)]
    assert starts == [0, 184, 372, 556, 744]


@pytest.mark.parametrize(
    ("window", "overlap", "message"),
    [
        (10, 4, r"A window of 10 pixels is not a multiple of the patch, 4"),
        (0, 0, r"A window of 0 pixels is not a multiple"),
        (12, 12, r"Windows of 12 pixels cannot overlap by 12. Choose an overlap from 0 to 8"),
        (12, 9, r"cannot overlap by 9"),
        (12, -4, r"cannot overlap by -4"),
    ],
)
def test_windows_that_cannot_be_are_said(window: int, overlap: int, message: str) -> None:
    with pytest.raises(SelectionError, match=message):
        intervals(31, 4, window, overlap)


@pytest.mark.parametrize(("size", "patch", "window", "overlap"), PLANS)
def test_weights_are_those_of_the_definition(size: int, patch: int, window: int, overlap: int) -> None:
    windows = intervals(size, patch, window, overlap)
    expected = [[weight_at(x + 0.5, windows, w) for x in range(size)] for w in range(len(windows))]
    np.testing.assert_allclose(weights(windows, size), expected, rtol=0, atol=1e-13)


@pytest.mark.parametrize(("size", "patch", "window", "overlap"), PLANS)
def test_weights_are_smooth_and_add_up_to_one(size: int, patch: int, window: int, overlap: int) -> None:
    windows = intervals(size, patch, window, overlap)
    found = weights(windows, size)
    np.testing.assert_allclose(found.sum(axis=0), 1, rtol=0, atol=1e-14)
    for each, (start, stop) in zip(found, windows, strict=True):
        assert (each[start:stop] > 0).all()
        assert not each[:start].any()
        assert not each[stop:].any()
    shared = [before[1] - after[0] for before, after in pairwise(windows)]
    if shared and min(shared) >= 7:  # no step is larger than the steepest of the ramps can be
        assert np.abs(np.diff(found, axis=1)).max() <= np.pi / min(shared)


def test_the_edge_of_the_scene_is_no_edge_of_a_window() -> None:
    np.testing.assert_array_equal(weights(((0, 53),), 53), np.ones((1, 53)))
    found = weights(((0, 24), (16, 37)), 37)
    assert (found[0, :16] == 1).all()
    assert (found[1, 24:] == 1).all()
    assert found[0, 23] == pytest.approx(np.sin(np.pi / 32) ** 2)


@pytest.mark.parametrize(("window", "overlap"), [(12, 4), (16, 12), (20, 0), (40, 8)])
def test_the_map_is_the_literal_blend(window: int, overlap: int) -> None:
    values, config = holed(), land_cover().config
    tilted = torch.linspace(-3, 3, 4).double().numpy()

    def classify(scaled: np.ndarray, mask: np.ndarray) -> np.ndarray:
        """Logits that depend on the place in the window, so that windows disagree where they overlap."""
        rows, columns = np.indices(scaled.shape[:2])
        place = np.sin(rows / 3) + np.cos(columns / 5)
        return tilted[:, None, None] * place + np.where(mask, scaled, 0.5).sum(axis=-1) * np.cos(tilted)[:, None, None]

    tiling = Tiling(sample_of(values), config, Settings(), window, overlap)
    found = blend(tiling, lambda given: classify(given.values.astype(float), given.mask))
    expected = blended(sample_of(values).data.values.astype(float), tiling.rows, tiling.columns, classify, 4)
    np.testing.assert_allclose(found.probabilities.values, expected, rtol=0, atol=1e-6)
    seen = ~np.isnan(expected[0])
    np.testing.assert_array_equal(found.labels.values >= 0, seen)
    np.testing.assert_array_equal(found.labels.values[seen], expected[:, seen].argmax(axis=0))
    counts = [float((found.labels.values == at).sum()) * 0.02 for at in range(4)]
    assert list(found.amounts.values()) == pytest.approx(counts)
    assert found.unit == "ha"


def test_the_models_windows_are_blended_as_the_definition_says() -> None:
    values, model = holed(), land_cover()

    def classify(scaled: np.ndarray, mask: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            return model(torch.tensor(scaled[None]).float(), torch.tensor(mask[None]), roles=ROLES[:3])[0].numpy()

    sample = sample_of(values)
    found = predict_scene(sample, model, window=16, overlap=8).probabilities.values
    ways = [intervals(size, 4, 16, 8) for size in values.shape[:2]]
    expected = blended(sample.data.values.astype(float), ways[0], ways[1], classify, 4)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("rows", [37, 40])
def test_a_scene_no_larger_than_a_window_is_what_analyse_says(rows: int) -> None:
    values = holed(rows, 29)
    expected, found = segmentation(values), predict_scene(sample_of(values), land_cover(), window=40, overlap=8)
    np.testing.assert_array_equal(found.probabilities.values, expected.probabilities.values)
    np.testing.assert_array_equal(found.labels.values, expected.labels.values)
    assert found.labels.dims == expected.labels.dims
    assert (dict(found.amounts), found.unit) == (dict(expected.amounts), expected.unit)


def test_the_bundled_scene_that_fits_is_what_analyse_says(sample_data: Path) -> None:
    sample, model = read(sample_data / "s2_brandenburg_256_6band.tif"), load_model("land-cover")
    expected, found = analyse(sample, model).prediction, predict_scene(sample, model)
    assert isinstance(expected, Segmentation)
    np.testing.assert_array_equal(found.probabilities.values, expected.probabilities.values)


def test_where_only_one_window_lies_the_map_is_its_prediction(sample_data: Path) -> None:
    sample, model = read(sample_data / "L7_ETMs.tif"), load_model("land-cover")
    found = predict_scene(sample, model, window=128, overlap=32)
    rows, columns = (intervals(size, 4, 128, 32) for size in (352, 349))
    alone = analyse(sample, model, Settings(region=(rows[0], columns[0]))).prediction
    assert isinstance(alone, Segmentation)
    only = (slice(None), slice(0, rows[1][0]), slice(0, columns[1][0]))
    np.testing.assert_array_equal(found.probabilities.values[only], alone.probabilities.values[only])


def test_every_window_is_scaled_by_the_whole_scene() -> None:
    sample, config = sample_of(holed()), land_cover().config
    tiling = Tiling(sample, config, Settings(bands=("red", "-", "nir")), 16, 8)
    for region in ((tiling.rows[0], tiling.columns[1]), (tiling.rows[-1], tiling.columns[-1])):
        expected = to_input(sample, config, Settings(bands=("red", "-", "nir"), region=region))
        given = tiling.given(region)
        assert given is not None
        np.testing.assert_array_equal(given.values, expected.values)
        np.testing.assert_array_equal(given.mask, expected.mask)
        assert (given.roles, given.grid.window) == (("red", "nir"), expected.grid.window)


def test_windows_without_data_are_passed_over_and_counted() -> None:
    values = np.full((53, 59, 3), np.nan)
    values[:7, :5] = noise(7, 5, 3)
    tiling = Tiling(sample_of(values), land_cover().config, Settings(), 16, 4)
    asked: list[ModelInput] = []
    told: list[Progress] = []

    def run(given: ModelInput) -> np.ndarray:
        asked.append(given)
        return np.ones((4, *given.values.shape[:2]))

    found = blend(tiling, run, told.append)
    assert len(asked) == 1
    assert [now.done for now in told] == list(range(len(tiling) + 1))
    assert {now.total for now in told} == {len(tiling)} == {25}
    assert told[-1].words == "25 of 25 windows"
    assert told[5].share == 0.2
    np.testing.assert_array_equal(found.labels.values >= 0, np.isfinite(values).any(axis=-1))
    assert np.isnan(found.probabilities.values[:, 8:]).all()


def test_a_scene_whose_known_bands_are_empty_is_said() -> None:
    values = noise(37, 29, 3)
    values[..., 1] = np.nan
    with pytest.raises(ModelError, match=r"tiny-land: every value of the chosen part is missing"):
        predict_scene(sample_of(values), land_cover(), Settings(bands=("-", "red", "-")), window=16, overlap=4)


def test_rows_are_given_out_as_soon_as_they_are_finished() -> None:
    tiling = Tiling(sample_of(noise(97, 29, 3)), land_cover().config, Settings(), 16, 12)
    asked: list[ModelInput] = []

    def run(given: ModelInput) -> np.ndarray:
        asked.append(given)
        return np.ones((4, *given.values.shape[:2]))

    next_row = 0
    for at, ((start, stop), shares) in enumerate(_finished_rows(tiling, run, lambda now: None)):
        assert len(asked) == (at + 1) * len(tiling.columns)
        assert start == next_row < stop
        assert shares.shape == (4, stop - start, 29)
        assert shares.base is not None
        assert shares.base.shape[1] <= 16  # no more is held than one row of windows
        next_row = stop
    assert next_row == 97


def test_stopping_ends_at_once_and_leaves_nothing_behind() -> None:
    class Enough(Exception):
        pass

    model, sample = land_cover(), sample_of(noise(53, 59, 3))
    told: list[int] = []

    def progress(now: Progress) -> None:
        told.append(now.done)
        if now.done == 3:
            raise Enough

    state = torch.random.get_rng_state()
    with pytest.raises(Enough):
        predict_scene(sample, model, window=16, overlap=4, progress=progress)
    assert told == [0, 1, 2, 3]
    assert torch.equal(torch.random.get_rng_state(), state)
    assert not torch.is_inference_mode_enabled()
    again = predict_scene(sample, model, window=16, overlap=4)
    np.testing.assert_array_equal(
        again.labels.values, predict_scene(sample, land_cover(), window=16, overlap=4).labels.values
    )


def test_the_region_is_that_of_the_attention() -> None:
    sample = sample_of(noise(37, 29, 6))
    free = predict_scene(sample, land_cover(), window=16, overlap=4)
    bound = predict_scene(sample, land_cover(), Settings(region=((0, 8), (0, 8))), window=16, overlap=4)
    np.testing.assert_array_equal(free.probabilities.values, bound.probabilities.values)


def test_seed_and_device_are_those_of_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    sample = sample_of(noise(37, 29, 6))
    with pytest.raises(ModelError, match=r"The device 'abacus' is not there"):
        predict_scene(sample, land_cover(), Settings(device="abacus"), window=16, overlap=4)
    used: set[int] = set()

    def forward(model: object, given: ModelInput, record: object, settings: Settings) -> np.ndarray:
        used.add(settings.seed)
        return np.zeros((4, *given.values.shape[:2]))

    monkeypatch.setattr("hot_core.scene.forward", forward)
    predict_scene(sample, land_cover(), Settings(seed=11), window=16, overlap=4)
    assert used == {11}


def test_only_a_raster_has_a_whole_scene() -> None:
    volume = read(nifti(np.ones((13, 17, 23), np.float32), AFFINES["LAS"]), "scan.nii")
    with pytest.raises(ModelError, match=r"scan.nii is a volume and tiny-land a model to segment a raster"):
        predict_scene(volume, land_cover())
    with pytest.raises(ModelError, match=r"scene.tif is a raster and tiny-hippo a model to segment a volume"):
        outlook(sample_of(noise(37, 29, 6)), segmenter())
    with pytest.raises(SelectionError, match=r"makes 98,304 tokens .* Choose a smaller region"):
        predict_scene(sample_of(noise(512, 512, 6)), land_cover(), window=512)


def test_the_outlook_counts_and_times_the_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    clock: Iterator[float] = iter((10.0, 10.25))
    monkeypatch.setattr("hot_core.scene.time.perf_counter", lambda: next(clock))
    ahead = outlook(sample_of(noise(53, 59, 6)), land_cover(), window=16, overlap=4)
    assert ahead == Outlook(windows=25, seconds=25 * 4 * 0.25, window=16)
    assert ahead.words == "25 windows of 16 × 16 pixels, about 20 s"
    assert Outlook(1, 0.2, 256).words == "1 window of 256 × 256 pixels, about 1 s"
    assert [duration(s) for s in (3.4, 12, 94, 100, 610)] == ["3 s", "10 s", "90 s", "2 min", "10 min"]


def test_the_measure_of_seams_sees_one() -> None:
    plain = 0.4 + 0.6 * np.random.default_rng(0).random((1, 97, 89))
    shares = np.concatenate([plain, 1 - plain])
    seam = shares.copy()
    seam[:, 53:] = seam[::-1, 53:]
    for of in ("class", "probability"):
        ratio, low, high = seam_ratio([(steps(shares, of), steps(shares, of), (53,))])
        assert (ratio, low, high) == (1, 1, 1)
        ratio, low, high = seam_ratio([(steps(seam, of), steps(shares, of), (53,))])
        assert low > 1.5, (of, ratio, low, high)
    holes = np.full((2, 3, 2), np.nan)
    holes[:, 1:, 0] = [[0.9, 0.3], [0.1, 0.7]]
    np.testing.assert_allclose(steps(holes, "probability"), [[np.nan] * 2, [np.nan] * 2, [0.6, np.nan]])
    np.testing.assert_array_equal(steps(holes, "class"), [[np.nan] * 2, [np.nan] * 2, [1, np.nan]])


@pytest.mark.parametrize("name", ["L7_ETMs.tif", "s2_brandenburg_256_6band.tif"])
def test_no_seam_is_seen_on_real_scenes(name: str, sample_data: Path) -> None:
    """At borders of blended windows the class changes no more often than at the same places without; side by side does.

    `python -m tests.seams` gives the numbers, for a mosaic of 1,000 × 1,000 too.
    """
    values, model = bands_of(sample_data / name), load_model("land-cover")
    found, moved = seams(by_blending, values, model, 128, 32)
    rough, rough_moved = seams(butted, values, model, 128, 0)
    print(f"{name}: blended {found}, {moved:.2%} moved; side by side {rough}, {rough_moved:.2%} moved")
    assert found["class"][1] <= 1.0, found
    for of, (ratio, _, high) in found.items():
        assert ratio < 1.05, (of, found)
        assert rough[of][1] > max(high, 1.5), (of, rough)
    assert moved < min(0.08, 0.6 * rough_moved)
