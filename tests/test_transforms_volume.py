"""Volumes: which region, which scale, what is refused, and the classes back on the whole grid."""

from __future__ import annotations

import numpy as np
import pytest

from hot_core.errors import ModelError, SelectionError
from hot_core.io import read
from hot_core.modes import Sample
from hot_core.transforms import Classification, Segmentation, Settings, to_input
from hot_core.transforms.normalise import percentile_scale
from hot_core.transforms.resample import coarser, finer, refinement, scale_notes
from tests.makers_samples import classifier, forecaster, nifti, segmenter

CONFIG, SHAPES = segmenter().config, classifier().config
RAS = np.array([[1.0, 0, 0, -31], [0, 1, 0, -17], [0, 0, 1, -43], [0, 0, 0, 1]])


def grey(shape: tuple[int, ...], affine: np.ndarray = RAS, sform: int = 2) -> Sample:
    values = np.random.default_rng(0).gamma(2.0, 100.0, shape).astype(np.float32)
    return read(nifti(values, affine, sform=sform), "grey.nii")


def ball(shape: tuple[int, ...], centre: tuple[int, ...], radius: int, level: float = 1) -> Sample:
    distance = sum((np.indices(shape)[i] - centre[i]) ** 2 for i in range(3))
    return read(nifti((level * (distance <= radius**2)).astype(np.float32), RAS), "ball.nii")


def test_a_crop_is_taken_whole_and_scaled_by_its_own_percentiles() -> None:
    sample = grey((37, 53, 31))
    given = to_input(sample, CONFIG, Settings())
    assert given.grid.shape == (10, 14, 8)
    np.testing.assert_array_equal(given.values, percentile_scale(sample.data.values))
    assert given.notes == ()


@pytest.mark.parametrize("zoom", [1.0, 0.8])
def test_an_aligned_head_is_cropped_around_the_hippocampus(zoom: float) -> None:
    affine = np.diag([zoom, zoom, zoom, 1.0])
    affine[:3, 3] = (-91, -127, -73)
    given = to_input(grey((211, 251, 229), affine), CONFIG, Settings())
    for axis, aim, size in zip(given.grid.axes, (-26, -21, -14), (36, 52, 36), strict=True):
        inside = axis.mode.coords[axis.starts[0] : axis.stops[-1]]
        assert inside.mean() == pytest.approx(aim, abs=zoom)
        assert len(inside) * zoom == pytest.approx(size, abs=zoom)
    assert "a guess: the left hippocampus near (−26, −21, −14) mm" in given.notes[0]


def test_a_head_in_scanner_space_is_cropped_in_the_middle_and_said() -> None:
    given = to_input(grey((83, 89, 97), sform=1), CONFIG, Settings())
    assert given.grid.window == ((23, 59), (18, 70), (30, 66))
    assert "middle of the volume, no more than a guess" in given.notes[0]


@pytest.mark.parametrize(
    ("zooms", "factors"),
    [((1, 1, 1), (1, 1, 1)), ((2, 2, 2), (2, 2, 2)), ((1.2, 2.4, 0.8), (1, 2, 1)), ((4.1, 1, 1), (4, 1, 1))],
)
def test_coarse_voxels_are_refined_by_whole_numbers(zooms: tuple[float, ...], factors: tuple[int, ...]) -> None:
    assert refinement([float(z) for z in zooms], (4, 4, 4)) == factors
    assert all("outside its training data" not in note for note in scale_notes([float(z) for z in zooms], factors))


@pytest.mark.parametrize("zooms", [(3.0, 1.0, 1.0), (0.5, 1.0, 1.0), (1.0, 5.0, 1.0), (1.4, 1.0, 1.0)])
def test_what_cannot_be_brought_to_the_trained_size_is_said(zooms: tuple[float, float, float]) -> None:
    given = to_input(grey((31, 29, 23), RAS @ np.diag([*zooms, 1.0])), CONFIG, Settings(region=((0, 8),) * 3))
    assert "outside its training data, and the result is not to be trusted" in given.notes[0]


def test_interpolation_is_exact_on_a_ramp_and_its_mean_gives_it_back() -> None:
    ramp = np.add.outer(np.add.outer(np.arange(7.0), 10 * np.arange(5.0)), 100 * np.arange(3.0)).astype(np.float32)
    fine, mask = finer(ramp, np.ones(ramp.shape, dtype=bool), (2, 4, 1))
    assert fine.shape == (14, 20, 3)
    assert mask.all()
    inner = fine[1:-1, 2:-2]
    expected = np.add.outer(
        np.add.outer((np.arange(14) + 0.5) / 2 - 0.5, 10 * ((np.arange(20) + 0.5) / 4 - 0.5)), 100 * np.arange(3)
    )
    np.testing.assert_allclose(inner, expected[1:-1, 2:-2], rtol=1e-6)
    np.testing.assert_allclose(
        coarser(fine[None].astype(np.float64), (2, 4, 1))[0][1:-1, 1:-1], ramp[1:-1, 1:-1], rtol=1e-6
    )


def test_missing_voxels_do_not_leak_into_their_neighbours() -> None:
    values = np.full((5, 3, 2), 7.0, np.float32)
    mask = np.ones(values.shape, dtype=bool)
    values[2, 1, 1], mask[2, 1, 1] = 1e6, False
    fine, seen = finer(values, mask, (2, 2, 2))
    assert (~seen).sum() == 8
    np.testing.assert_allclose(fine[seen], 7, rtol=1e-6)


def test_a_coarse_volume_comes_back_on_its_own_grid() -> None:
    sample = grey((19, 29, 17), np.diag([2.0, 2.0, 2.0, 1.0]))
    region = ((3, 16), (5, 28), (0, 17))
    given = to_input(sample, CONFIG, Settings(region=region))
    assert given.values.shape == (26, 46, 34)
    assert given.grid.shape == (7, 12, 9)
    assert given.grid.native_of((0, 1, 8)) == (slice(3, 5), slice(7, 9), slice(16, 17))
    assert "it sees them interpolated to that size" in given.notes[0]
    logits = np.zeros((3, 26, 46, 34))
    logits[0] = 1
    logits[1, 4:6, 6:8, 2:4] = 3
    result = given.back(logits)
    assert isinstance(result, Segmentation)
    assert np.argwhere(result.labels.values == 1).tolist() == [[5, 8, 1]]
    assert result.amounts["anterior"] == 8


def test_a_chosen_region_is_scaled_by_itself_and_the_classes_come_back_in_place() -> None:
    sample = grey((37, 53, 31))
    region = ((3, 14), (20, 33), (7, 24))
    given = to_input(sample, CONFIG, Settings(region=region))
    assert given.grid.shape == (3, 4, 5)
    np.testing.assert_array_equal(given.values, percentile_scale(sample.data.values[3:14, 20:33, 7:24]))
    logits = np.zeros((3, 11, 13, 17))
    logits[0] = 1
    logits[2, 5, 6, 7] = 4
    result = given.back(logits)
    assert isinstance(result, Segmentation)
    assert result.labels.shape == sample.data.shape
    assert result.labels.dtype == np.int16
    assert np.argwhere(result.labels.values == 2).tolist() == [[8, 26, 14]]
    assert int((result.labels.values == -1).sum()) == 37 * 53 * 31 - 11 * 13 * 17
    assert result.amounts == {"background": 11 * 13 * 17 - 1, "anterior": 0, "posterior": 1}
    assert result.unit == "mm³"
    np.testing.assert_allclose(result.probabilities.values[:, 8, 26, 14], np.exp([1, 0, 4]) / np.exp([1, 0, 4]).sum())
    assert np.isnan(result.probabilities.values[:, 0, 0, 0]).all()


def test_amounts_know_the_voxel_size() -> None:
    given = to_input(grey((13, 11, 7), np.diag([0.5, 2.0, 3.0, 1])), CONFIG, Settings())
    result = given.back(np.stack([np.full(given.values.shape, level) for level in (0.0, 1.0, 0.0)]))
    assert isinstance(result, Segmentation)
    assert result.amounts["anterior"] == pytest.approx(13 * 11 * 7 * 3)


def test_missing_voxels_are_masked_and_unlabelled() -> None:
    values = np.random.default_rng(0).gamma(2.0, 100.0, (13, 11, 7)).astype(np.float32)
    values[4:6, 3, 2] = np.nan
    given = to_input(read(nifti(values, RAS), "gaps.nii"), CONFIG, Settings())
    np.testing.assert_array_equal(given.mask, np.isfinite(values))
    result = given.back(np.ones((3, 13, 11, 7)))
    assert isinstance(result, Segmentation)
    assert np.argwhere(result.labels.values == -1).tolist() == [[4, 3, 2], [5, 3, 2]]


def test_one_of_four_dimensions_is_chosen() -> None:
    values = np.random.default_rng(0).gamma(2.0, 100.0, (13, 11, 7, 3)).astype(np.float32)
    sample = read(nifti(values, RAS), "series.nii")
    given = to_input(sample, CONFIG, Settings(volume=2))
    np.testing.assert_array_equal(given.values, percentile_scale(values[..., 2]))
    assert "Volume 2 of 3 is analysed." in given.notes
    with pytest.raises(SelectionError, match=r"Volume 3 does not exist; the file has 3, counted from 0"):
        to_input(sample, CONFIG, Settings(volume=3))


@pytest.mark.parametrize(
    ("region", "message"),
    [
        (((0, 5), (0, 5)), "has 2 intervals; this data needs one for each of x, y, z"),
        (((0, 5), (5, 5), (0, 5)), "5 … 5 of y is empty or leaves the data"),
        (((0, 5), (0, 5), (2, 8)), r"2 … 8 of z is empty or leaves the data \(0 … 7\)"),
        (((-1, 5), (0, 5), (0, 5)), "-1 … 5 of x is empty or leaves the data"),
    ],
)
def test_a_wrong_region_is_said(region: tuple[tuple[int, int], ...], message: str) -> None:
    with pytest.raises(SelectionError, match=message):
        to_input(grey((13, 11, 7)), CONFIG, Settings(region=region))


def test_a_shape_is_taken_as_it_is() -> None:
    sample = ball((61, 59, 53), (30, 20, 25), 11)
    given = to_input(sample, SHAPES, Settings())
    np.testing.assert_array_equal(given.values, sample.data.values)
    assert given.grid.shape == (8, 8, 7)
    assert given.notes == ("The volume is smaller than the 64³ voxels the model was trained on.",)
    result = given.back(np.array([0.0, np.log(3)]))
    assert isinstance(result, Classification)
    assert result.label == "mass"
    assert result.probabilities == pytest.approx({"normal": 0.25, "mass": 0.75})


def test_a_large_shape_is_cropped_around_itself() -> None:
    given = to_input(ball((97, 83, 67), (80, 20, 30), 11, level=255), SHAPES, Settings())
    assert given.grid.window == ((33, 97), (0, 64), (0, 64))
    assert set(np.unique(given.values)) == {0.0, 1.0}
    assert "The value 255 is taken as inside (1)." in given.notes
    assert "The region is the 64³ voxels around the shape." in given.notes
    cut = to_input(ball((97, 83, 67), (48, 40, 33), 37), SHAPES, Settings())
    assert "The shape is larger and was cut." in cut.notes[-1]


def test_what_is_no_shape_is_refused() -> None:
    with pytest.raises(
        ModelError, match=r"takes a binary shape \(0 outside, 1 inside\); this volume has [\d,]+ different"
    ):
        to_input(grey((13, 11, 7)), SHAPES, Settings())
    with pytest.raises(ModelError, match=r"has no voxel inside one. Give a filled mask"):
        to_input(read(nifti(np.zeros((13, 11, 7), np.float32), RAS), "empty.nii"), SHAPES, Settings())
    whole = ((0, 97), (0, 83), (0, 67))
    with pytest.raises(SelectionError, match=r"takes at most 64 × 64 × 64 voxels"):
        to_input(ball((97, 83, 67), (48, 40, 33), 11), SHAPES, Settings(region=whole))


def test_too_large_a_region_is_refused() -> None:
    whole = tuple((0, n) for n in (211, 199, 193))
    with pytest.raises(SelectionError, match=r"129,850 tokens \(53 x × 50 y × 49 z\), above the limit of 65,536"):
        to_input(grey((211, 199, 193)), CONFIG, Settings(region=whole))


def test_a_model_for_another_kind_is_refused() -> None:
    with pytest.raises(ModelError, match=r"tiny-air takes a time series, and grey.nii is a volume"):
        to_input(grey((13, 11, 7)), forecaster().config, Settings())
