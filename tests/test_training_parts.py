"""Splits, scores, baselines and disturbances of the training code, each against its definition."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import confusion_matrix, f1_score, roc_auc_score

from hot_core.training.adrenal import calibration_error, platt
from hot_core.training.augment import cropped, intensity, rotated, turned
from hot_core.training.hippocampus import dice_loss
from hot_core.training.loop import WARM_UP, one_cycle
from hot_core.training.metrics import auc, bootstrap, confusion, dice, f1_scores
from hot_core.training.naive import LinearMap, carry, persistence, same_hour_yesterday
from hot_core.training.shapes import depth, mean_shape
from hot_core.training.splits import BUFFER, TEST, TRAIN, VALIDATION, by_blocks, by_subject, by_time


def test_time_parts_touch_and_never_overlap():
    spans = by_time(35064)
    assert spans.train == (0, 24545)
    assert spans.validation[0] == spans.train[1]
    assert spans.test == (spans.validation[1], 35064)
    assert spans.test[1] - spans.test[0] == 7013


def test_subjects_are_dealt_once_and_the_same_way_for_any_order():
    names = [f"s{i:03d}" for i in range(260)]
    parts = by_subject(names, validation=20, test=60)
    assert [len(part) for part in parts] == [180, 20, 60]
    assert sorted(sum(parts, ())) == names
    assert by_subject(names[::-1], validation=20, test=60) == parts
    assert by_subject(names, validation=20, test=60, seed=1) != parts


def test_blocks_keep_their_distance():
    parts = by_blocks((131, 149), block=24, buffer=5, seed=3)
    assert set(np.unique(parts)) == {TRAIN, VALIDATION, TEST, BUFFER}
    places = {part: np.argwhere(parts == part) for part in (TRAIN, VALIDATION, TEST)}
    for low, high in ((TRAIN, VALIDATION), (TRAIN, TEST), (VALIDATION, TEST)):
        distance = np.abs(places[low][:, None] - places[high][None, ::7]).max(-1).min()
        assert distance > 5
    # A test block is whole: the buffer is taken from what is learnt.
    assert (parts == TEST).sum() >= 24 * 24


def test_scores_agree_with_scikit_learn():
    rng = np.random.default_rng(0)
    truth, guess = rng.integers(0, 4, 301), rng.integers(0, 4, 301)
    counts = confusion(guess, truth, 4)
    np.testing.assert_array_equal(counts, confusion_matrix(truth, guess))
    assert f1_scores(counts).mean() == pytest.approx(f1_score(truth, guess, average="macro"))
    score = rng.integers(0, 7, 301).astype(float)  # many ties
    assert auc(score, truth == 1) == pytest.approx(roc_auc_score(truth == 1, score))
    a, b = truth == 2, guess == 2
    assert dice(guess, truth, 2) == pytest.approx(f1_score(a, b))
    assert dice(guess, truth, 9) == 1.0


def test_a_class_that_never_occurs_scores_nothing():
    np.testing.assert_array_equal(f1_scores(np.array([[3, 0, 0], [0, 2, 0], [0, 0, 0]])), [1, 1, 0])


def test_bootstrap_keeps_the_strata_and_holds_the_value():
    strata = np.repeat([0, 1], [40, 10])
    counts = []
    low, high = bootstrap(lambda drawn: counts.append(strata[drawn].sum()) or float(drawn.mean()), strata, draws=200)
    assert set(counts) == {10}
    assert low < np.arange(50).mean() < high


def test_gaps_are_carried_from_the_past_alone():
    values, valid = np.array([[7.0, 1, 8, 3], [9, 9, 9, 9]]), np.array([[False, True, False, True], [False] * 4])
    np.testing.assert_array_equal(carry(values, valid), [[1, 1, 1, 3], [0, 0, 0, 0]])
    np.testing.assert_array_equal(persistence(values, valid, 2), [[3, 3], [0, 0]])
    day = np.arange(48.0)[None]
    np.testing.assert_array_equal(same_hour_yesterday(day, np.ones((1, 48), bool), 30)[0, [0, 23, 24]], [24, 47, 24])


def test_linear_map_finds_a_linear_law():
    rng = np.random.default_rng(0)
    law = rng.standard_normal((5, 3))
    seen = rng.standard_normal((400, 5))
    last = seen[:, -1:]
    target = (seen - last) @ law + last
    valid, target_valid = np.ones(seen.shape, bool), np.ones(target.shape, bool)
    target_valid[::9] = False
    linear = LinearMap(5, 3, ridge=1e-9)
    linear.add(seen, valid, np.where(target_valid, target, 99.0), target_valid)
    np.testing.assert_allclose(linear.forecast(seen, valid), target, atol=1e-6)


def test_crops_keep_values_and_labels_together():
    values = np.arange(1, 7 * 11 * 5 + 1, dtype=np.float32).reshape(7, 11, 5)
    out, mask, labels = cropped(values, values.astype(np.int64), (9, 4, 5), np.random.default_rng(1))
    assert out.shape == (9, 4, 5)
    assert mask.sum() == 7 * 4 * 5
    np.testing.assert_array_equal(out[mask], labels[mask])
    assert (out[~mask] == 0).all()
    assert (labels[~mask] == -1).all()


def test_disturbances_keep_what_they_must():
    rng = np.random.default_rng(0)
    values = rng.random((6, 7, 8))
    assert np.corrcoef(values.ravel(), intensity(values, rng).ravel())[0, 1] > 0.95
    assert {bool((turned(values, rng, (0,)) == values).all()) for _ in range(20)} == {True, False}
    assert all((turned(values, rng, ()) == values).all() for _ in range(5))


def test_small_turns_keep_a_ball_and_its_volume():
    axis = torch.arange(32) - 15.5
    ball = (axis[:, None, None] ** 2 + axis[None, :, None] ** 2 + axis[None, None, :] ** 2 < 81).float()[None]
    same = rotated(ball, np.random.default_rng(0), degrees=0.0, stretch=0.0, shift=0.0)
    assert torch.equal(same, ball)
    moved = rotated(ball, np.random.default_rng(0), degrees=20.0, stretch=0.0, shift=0.02)
    assert set(moved.unique().tolist()) == {0.0, 1.0}
    assert moved.sum() == pytest.approx(ball.sum().item(), rel=0.03)


def test_mean_shape_keeps_the_mean_volume():
    shapes = (np.random.default_rng(0).random((5, 7, 11, 13)) < 0.3).astype(np.uint8)
    cut = mean_shape(shapes)
    assert cut.dtype == np.uint8
    assert cut.sum() == round(shapes.sum() / 5)
    assert shapes.mean(0)[cut == 1].min() >= shapes.mean(0)[cut == 0].max()


def test_depth_counts_the_layers_of_a_shape():
    shapes = np.zeros((3, 9, 11, 13), np.uint8)
    shapes[0, 2:7, 2:7, 2:7] = 1  # a cube of side 5: layers of 98, 26 and 1 voxels
    shapes[1, :, 3:5] = 1  # a plate two voxels thick has no inside
    np.testing.assert_allclose(depth(shapes), [(98 + 2 * 26 + 3) / 125, 1, 0])


def test_platt_agrees_with_logistic_regression():
    rng = np.random.default_rng(0)
    labels = (rng.random(2000) < 0.25).astype(np.int64)
    score = 3 * labels + rng.standard_normal(2000)
    slope, offset = platt(score, labels)
    judge = LogisticRegression(C=1e6).fit(score[:, None], labels)
    assert slope == pytest.approx(judge.coef_[0, 0], rel=0.05)
    assert offset == pytest.approx(judge.intercept_[0], rel=0.05)
    assert platt(-score, labels) == (1.0, 0.0)


def test_calibration_error_of_honest_and_boastful_probabilities():
    rng = np.random.default_rng(0)
    share = rng.random(20000)
    positive = rng.random(20000) < share
    assert calibration_error(share, positive) < 0.02
    assert calibration_error(np.ones(100), np.arange(100) < 60) == pytest.approx(0.4)


def test_dice_loss_ends_where_it_should():
    labels = torch.tensor([[[0, 1, 2, -1]]])
    sure = 50.0 * torch.nn.functional.one_hot(labels.clamp(min=0), 3).movedim(-1, 1).float()
    assert dice_loss(sure, labels) < 1e-6
    assert dice_loss(-sure, labels) > 0.3


def test_learning_rate_rises_and_falls():
    rates = [one_cycle(step, 1000) for step in range(1001)]
    assert rates[WARM_UP] == max(rates) == 1.0
    assert rates[-1] == pytest.approx(0.02)
    assert rates[WARM_UP // 2 - 1] == 0.5
    short = [one_cycle(step, 231) for step in range(232)]
    assert [step for step, rate in enumerate(short) if rate == 1.0] == [22, 23]  # a tenth, however short the run
    assert short[10] == pytest.approx(11 / 23)
    assert short[127] == pytest.approx(0.51)  # half way down
    assert short[-1] == pytest.approx(0.02)
    # The first steps are the same before the length of the run is known.
    assert [one_cycle(step, 0) for step in range(10)] == rates[:10]
