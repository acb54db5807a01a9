"""The two volume recipes: what their cards measure, each number against its definition, and their common contract."""

import sys
from fractions import Fraction
from itertools import product
from statistics import correlation, mean, median, stdev

import numpy as np
import pytest
import torch
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import brier_score_loss, roc_auc_score

import hot_core as hot
from hot_core.models import build_model
from hot_core.training import adrenal as recipe_module
from hot_core.training import adrenal_scores as adrenal
from hot_core.training import hippocampus_elsewhere as elsewhere
from hot_core.training import hippocampus_scores as scores
from hot_core.training.__main__ import make
from hot_core.training.agreement import agreement
from hot_core.training.calibration import brier, calibration_error, reliability_bins
from hot_core.training.forest import forest_shares
from hot_core.training.hippocampus_scores import Scan
from hot_core.training.regrid import linear_weights, overlap_weights, regrid, regrid_affine, regrid_labels
from hot_core.training.shapes import depth, occupancies
from hot_core.training.volumes import evenly, interval, share_hidden
from hot_core.transforms import Settings, to_input
from tests import makers_training as makers


@pytest.fixture(scope="module")
def hippocampus(tmp_path_factory):
    return make("hippocampus", makers.hippocampi(tmp_path_factory.mktemp("hippocampi"), count=13))


@pytest.fixture(scope="module")
def adrenals(tmp_path_factory):
    return make("adrenal", makers.adrenals(tmp_path_factory.mktemp("adrenals")))


@pytest.fixture(scope="module")
def segmenter(hippocampus):
    return build_model(hippocampus.config(), seed=3).eval()


@pytest.fixture(scope="module")
def classifier(adrenals):
    return build_model(adrenals.config(), seed=3).eval()


def scan_of(shape=(11, 13, 7), zooms=(1.0, 1.0, 1.0), seed=0, name="subject"):
    """A noisy scan whose structure is a box: front half anterior, back half posterior."""
    rng = np.random.default_rng(seed)
    labels = np.zeros(shape, np.int64)
    labels[3:8, 2:7, 2:5], labels[3:8, 7:12, 2:5] = 2, 1
    raw = (rng.standard_normal(shape) + 3 * (labels > 0)).astype(np.float32)
    return Scan(raw, labels, raw, np.diag([*zooms, 1.0]), name)


# Probabilities -------------------------------------------------------------------------------------------------


def test_reliability_bins_and_their_error_from_the_definition():
    rng = np.random.default_rng(0)
    share = np.concatenate([rng.random(97) * 0.6, [0.0, 1.0, 0.5, 0.25]])
    positive = rng.random(101) < 0.3
    rows, error = [], 0.0
    for b in range(7):
        inside = [i for i in range(101) if b / 7 <= share[i] < (b + 1) / 7 or (b == 6 and share[i] == 1)]
        if inside:
            given, found = mean(share[i] for i in inside), mean(float(positive[i]) for i in inside)
            rows.append((given, found, len(inside)))
            error += abs(given - found) * len(inside) / 101
    assert len(rows) < 7
    np.testing.assert_allclose(reliability_bins(share, positive, bins=7), rows)
    assert calibration_error(share, positive, bins=7) == pytest.approx(error)


def test_brier_score_agrees_with_scikit_learn_and_with_the_formula_for_constants():
    rng = np.random.default_rng(1)
    share, positive = rng.random(101), rng.random(101) < 0.23
    assert brier(share, positive) == pytest.approx(brier_score_loss(positive, share))
    p = positive.mean()
    assert brier(np.full(1, 0.3), positive) == pytest.approx(p * 0.7**2 + (1 - p) * 0.3**2)
    assert brier(np.zeros(1), positive) == pytest.approx(p)


def test_calibration_table_says_each_number_of_the_right_probabilities():
    rng = np.random.default_rng(2)
    labels = (np.arange(97) % 4 == 0).astype(np.int64)
    cases = adrenal.Cases(np.zeros((97, 2, 2, 2), np.uint8), labels)
    share, forest = rng.random(97), rng.random(97)
    rows = adrenal.calibration_table(share, forest, cases, prior=0.2).rows
    for row, given in zip(rows, (share, forest, np.full(97, 0.2), np.zeros(97)), strict=True):
        assert row[1] == pytest.approx(brier_score_loss(labels, given))
        assert row[3] == pytest.approx(calibration_error(given, labels == 1))
        low, high = map(float, row[2].split(" to "))
        assert low <= row[1] + 5e-4
        assert row[1] <= high + 5e-4
    # Drawing within the classes keeps the share of masses: a constant has no spread.
    assert rows[3][2] == interval(rows[3][1], rows[3][1])
    assert "always 0.200" in rows[2][0]


# Cases, tokens -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("count", "most"), [(1, 1), (5, 1), (7, 3), (7, 7), (7, 100), (298, 11), (0, 3)])
def test_evenly_spread_places(count, most):
    places = evenly(count, most)
    assert len(places) == min(count, most)
    assert places == sorted(set(places))
    assert all(0 <= place < count for place in places)
    if len(places) > 1:
        assert (places[0], places[-1]) == (0, count - 1)
        gaps = np.diff(places)
        assert gaps.max() - gaps.min() <= 1


def test_a_share_of_the_tokens_is_hidden_whole():
    hidden = share_hidden((11, 13, 7), (4, 4, 4), 0.3, np.random.default_rng(0))
    assert hidden.shape == (11, 13, 7)
    found = []
    for token in product(range(3), range(4), range(2)):
        part = hidden[tuple(slice(4 * t, 4 * t + 4) for t in token)]
        assert part.all() or not part.any()
        found.append(bool(part.any()))
    assert sum(found) == round(0.3 * 24) == 7
    other = share_hidden((11, 13, 7), (4, 4, 4), 0.3, np.random.default_rng(1))
    assert (other != hidden).any()
    assert share_hidden((11, 13, 7), (4, 4, 4), 1.0, np.random.default_rng(0)).all()


@pytest.mark.parametrize("name", ["adrenal", "hippocampus"])
def test_what_is_drawn_to_be_hidden_is_hidden_while_learning(name, request, monkeypatch):
    recipe = request.getfixturevalue("adrenals" if name == "adrenal" else "hippocampus")
    model = request.getfixturevalue("classifier" if name == "adrenal" else "segmenter")
    module = sys.modules[type(recipe).__module__]
    drawn, seen = [], []
    draw = module.hidden_tokens
    monkeypatch.setattr(module, "hidden_tokens", lambda *given: drawn.append(draw(*given)) or drawn[-1])
    handle = model.register_forward_pre_hook(lambda _, given: seen.append(given))
    for seed in range(3):
        recipe.loss(model, np.random.default_rng(seed))
    handle.remove()
    cases = [case for values, mask in seen for case in zip(values, mask, strict=True)]
    assert len(drawn) == len(cases) > 3
    for hidden, (values, mask) in zip(drawn, cases, strict=True):
        assert not mask[torch.from_numpy(hidden)].any()
        assert (values[~mask] == 0).all()
        if name == "adrenal":
            assert torch.equal(mask, ~torch.from_numpy(hidden))
    assert {bool(hidden.any()) for hidden in drawn} == {True, False}


# Adrenal -------------------------------------------------------------------------------------------------------


def test_occupancies_are_shares_of_coarse_cells():
    shapes = (np.random.default_rng(0).random((3, 12, 12, 12)) < 0.4).astype(np.uint8)
    got = occupancies(shapes, side=4)
    for case, (x, y, z) in product(range(3), product(range(4), repeat=3)):
        cell = [shapes[case, 3 * x + i, 3 * y + j, 3 * z + k] for i, j, k in product(range(3), repeat=3)]
        assert got[case, 16 * x + 4 * y + z] == pytest.approx(sum(cell) / 27)


def test_the_forest_is_the_one_of_the_yardstick(adrenals):
    shapes, labels = adrenals.official_train
    got = forest_shares(shapes, labels, adrenals.test.shapes)
    judge = RandomForestClassifier(n_estimators=500, random_state=0).fit(occupancies(shapes), labels)
    assert got.tolist() == judge.predict_proba(occupancies(adrenals.test.shapes))[:, 1].tolist()
    # Thick and thin plates are told apart; the right column is taken.
    assert roc_auc_score(adrenals.test.labels, got) == 1.0


def test_hidden_table_hides_tokens_and_scores_what_is_left(adrenals, classifier):
    table = adrenal.hidden_table(classifier, adrenals.test)
    shapes, labels = adrenals.test
    for row, share in zip(table.rows, (0.1, 0.3, 0.5), strict=True):
        rng, logits = np.random.default_rng(0), []
        for shape in shapes:
            mask = torch.from_numpy(~share_hidden((64, 64, 64), (8, 8, 8), share, rng))[None]
            values = torch.from_numpy(shape).float()[None]
            with torch.no_grad():
                logits.append(classifier(torch.where(mask, values, 7.0), mask)[0].double().numpy())
        score = np.array([b - a for a, b in logits])
        assert row[1] == pytest.approx(roc_auc_score(labels, score), abs=1e-9)
        assert row[3] == pytest.approx(mean(float((s > 0) == (c == 1)) for s, c in zip(score, labels, strict=True)))
        assert f"{share:.0%}" in row[0]


def test_a_lead_in_auc_is_measured_on_the_same_drawn_cases():
    rng = np.random.default_rng(7)
    labels = rng.permutation([0] * 19 + [1] * 11)
    groups = [np.flatnonzero(labels == c) for c in (0, 1)]
    score, other = labels + rng.normal(0, 0.7, 30), labels + rng.normal(0, 1.1, 30)
    draws = np.random.default_rng(0)
    differences = []
    for _ in range(1000):
        drawn = np.concatenate([draws.choice(group, len(group)) for group in groups])
        each = [roc_auc_score(labels[drawn], of[drawn]) for of in (score, other)]
        differences.append(each[0] - each[1])
    lead, low, high = adrenal.auc_lead(score, other, labels)
    assert lead == pytest.approx(roc_auc_score(labels, score) - roc_auc_score(labels, other))
    assert (low, high) == pytest.approx(tuple(np.percentile(differences, [2.5, 97.5])))


def test_a_row_names_accuracy_only_where_there_is_a_cut():
    labels = np.array([0, 0, 0, 1, 1])
    score = np.array([-3.0, -1, 2, 1, 3])
    name, area, told, accuracy = adrenal.auc_row("m", score, labels, 0.0)
    assert (name, accuracy) == ("m", 0.8)
    assert area == pytest.approx(5 / 6)
    low, high = map(float, told.split(" to "))
    assert low <= area <= high
    assert adrenal.auc_row("m", score, labels)[3] == "–"


def test_failures_are_the_worst_of_either_kind():
    shapes = np.zeros((5, 9, 9, 9), np.uint8)
    for case in range(5):
        shapes[case, 1:8, 1:8, 4 - case // 2 : 5 + case // 2] = 1
    cases = adrenal.Cases(shapes, np.array([0, 1, 0, 1, 0]))
    curve, missed, alarm = adrenal.pictures_of(np.array([0.1, 0.95, 0.8, 0.3, 0.6]), cases, cases)
    assert [curve.section, missed.section, alarm.section] == ["calibration", "failures", "failures"]
    assert "test shape 3): probability of a mass 0.300" in missed.caption
    assert "test shape 2): probability of a mass 0.800" in alarm.caption
    assert all(picture.png.startswith(b"\x89PNG") for picture in (curve, missed, alarm))


def test_thickness_is_told_beside_the_learnt_shapes():
    sides = (1, 3, 3, 5, 3, 5)
    shapes = np.zeros((6, 9, 9, 9), np.uint8)
    for case, side in enumerate(sides):
        shapes[case, :side, :side, :side] = 1
    # A cube of side 3 has one voxel two deep; one of side 5 has 26 two deep and one three deep.
    deep = {1: 1.0, 3: (26 + 2) / 27, 5: (98 + 2 * 26 + 3) / 125}
    depths = [deep[side] for side in sides]
    learnt = adrenal.Cases(shapes, np.array([0, 0, 0, 1, 1, 1]))
    note = adrenal.thickness_note(shapes[1], learnt)
    assert f"Mean depth {depths[1]:.2f} voxels, more than 33% of the normal glands and 0% of those with a mass" in note
    assert f"(medians {median(depths[:3]):.2f} and {median(depths[3:]):.2f}); 27 voxels" in note
    assert note.endswith("nearer to a normal gland.")
    assert adrenal.thickness_note(shapes[3], learnt).endswith("nearer to one with a mass.")


def test_adrenal_measures_parts_from_the_definition(adrenals, classifier):
    for part, cases in (("validation", adrenals.choosing), ("test", adrenals.test), ("train", adrenals.train)):
        got = adrenals.measure(classifier, part)
        with torch.no_grad():
            given = torch.from_numpy(cases.shapes).float()
            shares = classifier(given, torch.ones_like(given, dtype=torch.bool)).double().softmax(1).numpy()
        losses = [-np.log(share[label]) for share, label in zip(shares, cases.labels, strict=True)]
        each = [mean(loss for loss, label in zip(losses, cases.labels, strict=True) if label == c) for c in (0, 1)]
        assert got["balanced_loss"] == pytest.approx(mean(each))
        assert got["auc"] == pytest.approx(roc_auc_score(cases.labels, shares[:, 1]))
        assert got["brier"] == pytest.approx(brier_score_loss(cases.labels, shares[:, 1]))
        assert got["accuracy"] == pytest.approx((shares.argmax(1) == cases.labels).mean())
    chosen = adrenals.measure(classifier, "validation")
    assert adrenals.validate(classifier)["score"] == chosen["auc"] - chosen["balanced_loss"]


def test_adrenal_evaluation_tells_its_own_numbers(adrenals, classifier, monkeypatch):
    fitted = []
    plain = recipe_module.forest_shares
    monkeypatch.setattr(recipe_module, "forest_shares", lambda *given: fitted.append(given) or plain(*given))
    compared = []
    measured = recipe_module.auc_lead
    monkeypatch.setattr(recipe_module, "auc_lead", lambda *given: compared.append(given) or measured(*given))
    got = adrenals.evaluate(classifier)
    assert len(fitted[0][0]) == len(fitted[0][1]) == 24
    of_test = adrenals.measure(classifier, "test")
    for name in ("auc", "accuracy", "brier"):
        assert got.scores[name] == pytest.approx(of_test[name])
    assert got.scores["auc low"] <= got.scores["auc"] <= got.scores["auc high"]
    np.testing.assert_array_equal(compared[0][1], depth(adrenals.test.shapes))
    lead = got.scores["lead over thickness"]
    assert lead == pytest.approx(got.scores["auc"] - got.yardsticks["thickness auc"])
    assert f"thickness is {lead:+.3f} (95 % interval" in got.remarks[1]
    rows = {row[0]: row for row in got.tables[0].rows}
    assert rows["this model"][1] == got.scores["auc"]
    assert rows["random forest on 16³ occupancies"][1] == got.yardsticks["forest auc"] == 1.0
    assert rows["random forest on 16³ occupancies"][3] == 1.0
    assert rows["thickness alone"][1] == got.yardsticks["thickness auc"] == 1.0
    assert got.yardsticks["majority accuracy"] == got.yardsticks["majority brier"] == 0.5
    assert [picture.name for picture in got.pictures] == ["reliability", "missed-mass", "false-alarm"]


# Amounts, grids ------------------------------------------------------------------------------------------------


def test_agreement_from_the_definition():
    rng = np.random.default_rng(0)
    truth = 1000 + 300 * rng.random(13)
    measured = truth * 0.9 + 40 * rng.standard_normal(13)
    got = agreement(measured, truth)
    difference = [float(a - b) for a, b in zip(measured, truth, strict=True)]
    assert got.mean == pytest.approx(mean(truth.tolist()))
    assert got.bias == pytest.approx(mean(difference))
    assert got.absolute == pytest.approx(mean(abs(d) for d in difference))
    assert got.relative == pytest.approx(mean(abs(d) / t for d, t in zip(difference, truth.tolist(), strict=True)))
    assert got.low == pytest.approx(mean(difference) - 1.96 * stdev(difference))
    assert got.high == pytest.approx(mean(difference) + 1.96 * stdev(difference))
    assert got.correlation == pytest.approx(correlation(measured.tolist(), truth.tolist()))
    drawer = np.random.default_rng(0)
    drawn = sorted(mean(difference[i] for i in drawer.choice(np.arange(13), 13)) for _ in range(1000))
    np.testing.assert_allclose([got.bias_low, got.bias_high], np.percentile(drawn, [2.5, 97.5]))
    assert np.isnan(agreement(np.full(13, 7.0), truth).correlation)


@pytest.mark.parametrize(("size", "old", "new"), [(11, "1", "2"), (13, "1", "3/2"), (7, "1", "7/10"), (5, "6/5", "1")])
def test_overlaps_are_shares_of_intervals(size, old, new):
    before, after = Fraction(old), Fraction(new)
    got = overlap_weights(size, float(before), float(after))
    count = size * before // after
    assert got.shape == (count, size)
    for i, j in product(range(count), range(size)):
        common = min((i + 1) * after, (j + 1) * before) - max(i * after, j * before)
        assert got[i, j] == pytest.approx(float(max(common, Fraction(0)) / after), abs=1e-12)
    np.testing.assert_allclose(got.sum(1), 1)
    values = np.random.default_rng(0).random(size)
    centres = [(i + 0.5) * float(after) for i in range(count)]
    edges = [(j + 0.5) * float(before) for j in range(size)]
    np.testing.assert_allclose(
        linear_weights(size, float(before), float(after)) @ values, np.interp(centres, edges, values)
    )


def test_regrid_averages_into_larger_and_interpolates_into_smaller_voxels():
    values = np.random.default_rng(0).random((6, 7, 11))
    got = regrid(values, (1.0, 1.0, 1.0), (2.0, 1.0, 0.7))
    halved = np.array([(values[2 * i] + values[2 * i + 1]) / 2 for i in range(3)])
    places = [(k + 0.5) * 0.7 - 0.5 for k in range(15)]
    expected = np.array([[np.interp(places, range(11), line) for line in plane] for plane in halved])
    np.testing.assert_allclose(got, expected)


@pytest.mark.parametrize("sides", [("2", "3/2", "2"), ("6/5", "6/5", "6/5")])
def test_labels_take_the_class_that_fills_most_of_a_voxel(sides):
    # The second has ties that sums of floats would break.
    labels = np.random.default_rng(0).integers(0, 3, (5, 7, 11))
    new = [Fraction(side) for side in sides]
    got = regrid_labels(labels, (1.0, 1.0, 1.0), [float(side) for side in new], classes=3)
    assert got.shape == tuple(int(size / side) for size, side in zip(labels.shape, new, strict=True))
    for place in product(*map(range, got.shape)):
        shares = [Fraction(0)] * 3
        for voxel in product(*(range(int(at * s), int((at + 1) * s) + 1) for at, s in zip(place, new, strict=True))):
            share = Fraction(1)
            for at, v, side in zip(place, voxel, new, strict=True):
                share *= max(min((at + 1) * side, Fraction(v + 1)) - max(at * side, Fraction(v)), Fraction(0))
            if share:
                shares[labels[voxel]] += share
        assert got[place] == shares.index(max(shares))


def test_the_new_grid_begins_at_the_same_edge():
    affine = np.array([[1.0, 0, 0, -42], [0, 1, 0, -46], [0, 0, 1, -25], [0, 0, 0, 1]])
    got = regrid_affine(affine, (1.0, 1.0, 1.0), (2.0, 1.5, 0.7))
    for corner in ((-0.5, -0.5, -0.5), (2.5, 3.5, 9.5)):
        old_voxel = [(c + 0.5) * side - 0.5 for c, side in zip(corner, (2.0, 1.5, 0.7), strict=True)]
        np.testing.assert_allclose(got @ [*corner, 1], affine @ [*old_voxel, 1])


# Hippocampus ---------------------------------------------------------------------------------------------------


def dice_by_counting(predicted, labels, part):
    pairs = list(zip(predicted.ravel().tolist(), labels.ravel().tolist(), strict=True))
    both = sum(p == part and t == part for p, t in pairs)
    return 2 * both / (sum(p == part for p, _ in pairs) + sum(t == part for _, t in pairs))


def test_dice_rows_hold_mean_interval_and_lowest():
    found = np.random.default_rng(0).random((13, 2))
    row = scores.dice_row("m", found)
    assert len(row) == 1 + len(scores.DICE_COLUMNS)
    for part, at in ((0, 1), (1, 3)):
        column = found[:, part].tolist()
        assert row[at] == pytest.approx(mean(column))
        drawer = np.random.default_rng(0)
        drawn = [mean(column[i] for i in drawer.choice(np.arange(13), 13)) for _ in range(1000)]
        assert row[at + 1] == interval(*np.percentile(drawn, [2.5, 97.5]))
    assert row[5] == pytest.approx(mean(found.ravel().tolist()))
    assert row[6] == min(found.ravel())


def test_volumes_are_counts_times_the_voxel_of_the_header():
    scans = [scan_of(zooms=(2.0, 1.5, 0.5), seed=s) for s in range(3)]
    predicted = [np.roll(scan.labels, s, axis=0) for s, scan in enumerate(scans)]
    predicted[2][:] = 0
    front, back = scores.volumes(predicted, scans)
    assert front.mean == back.mean == pytest.approx(5 * 5 * 3 * 1.5)
    assert front.bias == pytest.approx(-5 * 5 * 3 * 1.5 / 3)
    table = scores.volume_table((front, back), 3)
    assert table.rows[0][:3] == ("anterior", f"{front.mean:,.0f}", f"{front.bias:+,.0f}")
    assert table.rows[0][5] == f"{front.relative:.1%}"
    # The expert's volume is the same in all three: there is nothing to correlate with.
    assert table.rows[0][7] == "–"


def test_kinds_of_error_are_counted_in_mm3():
    scan = scan_of(zooms=(2.0, 1.0, 1.0))
    predicted = scan.labels.copy()
    predicted[3, 2:4, 2] = 0
    predicted[4, 2:7, 3] = 1
    predicted[0, 0, 0:3] = 2
    scan.values[3, 2:4, 2] = 50
    note = scores.error_note(predicted, scan)
    assert "4 mm³ missed, 6 mm³ drawn outside, 10 mm³ of one part taken for the other: mostly of one part" in note
    kept = [float(scan.values[v]) for v in product(*map(range, scan.values.shape)) if scan.labels[v] and predicted[v]]
    lost, extra = scan.values[3, 2:4, 2].mean(), scan.values[0, 0, 0:3].mean()
    assert note.endswith(f"{mean(kept):.2f} found, {lost:.2f} missed, {extra:.2f} drawn outside.")
    assert scores.error_note(scan.labels, scan).endswith(" found.")


def test_the_two_worst_subjects_are_shown():
    scans = [scan_of(seed=s, name=f"subject {s}") for s in range(4)]
    scans[2] = scans[2]._replace(labels=np.where(np.arange(11)[:, None, None] < 5, scans[2].labels, 0))
    found = np.array([[0.9, 0.9], [0.5, 0.9], [0.6, 0.6], [0.95, 0.9]])
    naive = np.full((4, 2), 0.5)
    naive[2] = 0.3
    first, second = scores.failures([scan.labels for scan in scans], scans, found, naive)
    assert first.caption.startswith("Test subject subject 2: Dice 0.600 anterior, 0.600 posterior.")
    assert second.caption.startswith("Test subject subject 1: Dice 0.500 anterior, 0.900 posterior.")
    assert "60 mm³, smaller than 3 of the other 3" in first.caption
    assert "0.300 on it (0.450 on average)" in first.caption
    assert (first.name, second.name) == ("worst-1", "worst-2")
    assert first.png != second.png


def test_the_mean_shape_is_the_most_frequent_class_of_centred_crops():
    labels = [scan_of(shape=(11 + 2 * (s % 2), 13, 7), seed=s).labels for s in range(3)]
    got = scores.of_mean_shape(scores.mean_shape(labels), (9, 13, 5))
    for x, y, z in product(range(9), range(13), range(5)):
        counts = [0, 0, 0]
        for one in labels:
            # Middles of all crops lie on one place of a grid of 64.
            at = [
                p + (64 - side) // 2 - (64 - own) // 2
                for p, side, own in zip((x, y, z), (9, 13, 5), one.shape, strict=True)
            ]
            if all(0 <= a < n for a, n in zip(at, one.shape, strict=True)):
                counts[one[tuple(at)]] += 1
        assert got[x, y, z] == counts.index(max(counts))


def test_hippocampus_measures_parts_from_the_definition(hippocampus, segmenter):
    for part, scans in (("validation", hippocampus.validation), ("test", hippocampus.test)):
        got = hippocampus.measure(segmenter, part)
        by_part = []
        for label in (1, 2):
            found = []
            for scan in scans:
                given = torch.from_numpy(scan.values)[None]
                with torch.no_grad():
                    predicted = segmenter(given, torch.ones_like(given, dtype=torch.bool))[0].argmax(0).numpy()
                found.append(dice_by_counting(predicted, scan.labels, label))
            by_part.append(mean(found))
        assert [got["anterior"], got["posterior"]] == pytest.approx(by_part)
        assert got["score"] == pytest.approx(mean(by_part))
    assert hippocampus.validate(segmenter) == hippocampus.measure(segmenter, "validation")


def test_hidden_tokens_are_masked_and_still_scored(hippocampus, segmenter):
    table = scores.hidden_table(segmenter, hippocampus.test)
    rng, found = np.random.default_rng(0), []
    for scan in hippocampus.test:
        hidden = share_hidden(scan.values.shape, (4, 4, 4), 0.5, rng)
        given = torch.from_numpy(np.where(hidden, np.float32(9), scan.values))[None]
        with torch.no_grad():
            predicted = segmenter(given, torch.from_numpy(~hidden)[None])[0].argmax(0).numpy()
        found.append([dice_by_counting(predicted, scan.labels, part) for part in (1, 2)])
    assert table.rows[2] == scores.dice_row("50% of the tokens hidden", np.array(found))


def test_other_crops_are_cut_where_they_say():
    scan = scan_of(shape=(37, 41, 31))
    crops = elsewhere.crops_of(scan, margin=1, side=7, pad=3)
    (whole, _), (tight, tight_labels), (cube, cube_labels), (padded, padded_labels) = crops.values()
    assert whole is scan.raw
    np.testing.assert_array_equal(tight, scan.raw[2:9, 1:13, 1:6])
    np.testing.assert_array_equal(tight_labels, scan.labels[2:9, 1:13, 1:6])
    np.testing.assert_array_equal(cube, scan.raw[2:9, 3:10, 0:7])
    np.testing.assert_array_equal(cube_labels, scan.labels[2:9, 3:10, 0:7])
    np.testing.assert_array_equal(padded[3:-3, 3:-3, 3:-3], scan.raw)
    assert np.isnan(padded[:3]).all()
    assert (padded_labels[:, -3:] == -1).all()
    assert "1 voxels around" in list(crops)[1]


def test_the_page_answers_as_the_recipe_does(hippocampus, segmenter):
    scan = hippocampus.test[0]
    sample = elsewhere.as_file(scan.raw, scan.affine)
    assert sample.geometry.units[0] == "mm"
    found = elsewhere.page_answer(segmenter, sample)
    np.testing.assert_array_equal(found.labels.values, scores.answer(segmenter, scan.values))
    assert found.unit == "mm³"
    plain = np.array([scores.both_dice(scores.answer(segmenter, s.values), s.labels) for s in hippocampus.test])
    crops = elsewhere.crop_table(segmenter, hippocampus.test)
    assert crops.rows[0] == scores.dice_row("whole crop", plain)
    spacing = elsewhere.spacing_table(segmenter, hippocampus.test)
    assert spacing.rows[0][1:7] == crops.rows[0][1:]
    assert [row[0] for row in spacing.rows] == ["1 mm", "2 mm", "1.5 mm", "0.7 mm"]


def test_other_spacings_are_scored_in_their_own_voxels(hippocampus, segmenter):
    scan = hippocampus.test[0]
    # All anterior but the posterior part: more than fresh weights draw, so that the error has either sign.
    scan = scan._replace(labels=np.where(scan.labels == 0, 1, scan.labels))
    (front, back), errors = elsewhere._at_spacing(segmenter, scan, 2.0)
    coarse = regrid(scan.raw, (1.0,) * 3, (2.0,) * 3)
    sample = elsewhere.as_file(coarse, np.diag([2.0, 2, 2, 1]))
    found = elsewhere.page_answer(segmenter, sample)
    truth = regrid_labels(scan.labels, (1.0,) * 3, (2.0,) * 3, 3)
    assert front == pytest.approx(dice_by_counting(found.labels.values, truth, 1))
    assert back == pytest.approx(dice_by_counting(found.labels.values, truth, 2))
    for part, error in zip((1, 2), errors, strict=True):
        drawn = int((scan.labels == part).sum())
        assert error > 0
        assert error == pytest.approx(abs(8.0 * (found.labels.values == part).sum() - drawn) / drawn)


def test_places_and_amounts_in_the_template(hippocampus, segmenter):
    table = elsewhere.template_table(segmenter)
    sample = hot.read(elsewhere.SAMPLES / "mni152_hippocampus_R.nii.gz")
    labels = elsewhere.page_answer(segmenter, sample).labels.values
    row = next(row for row in table.rows if row[0] == "right, posterior")
    places = [(x + 8.0, y - 46.0, z - 25.0) for x, y, z in np.argwhere(labels == 2).tolist()]
    centre = [mean(each) for each in zip(*places, strict=True)]
    assert row[1] == ", ".join(f"{c:.0f}" for c in centre)
    assert row[2] == "28, -33, -6"
    away = sum((c - p) ** 2 for c, p in zip(centre, (28, -33, -6), strict=True)) ** 0.5
    assert row[3] == f"{away:.1f}"
    assert row[4] == f"{len(places):,}"
    assert next(row for row in table.rows if row[0] == "left, anterior")[2] == "-26, -14, -20"


def test_nothing_drawn_has_no_place(segmenter):
    found = elsewhere.page_answer(segmenter, elsewhere.as_file(scan_of().raw, np.eye(4)))
    found.labels.values[:] = 0
    assert elsewhere.centre_of(found, 1) is None
    assert elsewhere._mm(None) == "nothing drawn"


def test_a_region_lies_around_its_place_and_inside_the_head(segmenter):
    head = hot.read(elsewhere.SAMPLES / "mni152_t1_2mm.nii.gz")
    for centre in elsewhere.PLACES.values():
        region = elsewhere.region_around(head, centre)
        assert [stop - start for start, stop in region] == [18, 26, 18]
        for (start, stop), at, mode, size in zip(region, centre, head.modes, head.data.shape, strict=True):
            assert 0 <= start < stop <= size
            assert abs((mode.coords[start] + mode.coords[stop - 1]) / 2 - at) <= 1.5
    rows = elsewhere.nowhere_table(segmenter).rows
    assert [row[0] for row in rows] == [*elsewhere.PLACES, "noise"]
    found = elsewhere.page_answer(segmenter, head, elsewhere.region_around(head, (-26.0, 40.0, 10.0)))
    assert rows[1][1] == f"{8 * (found.labels.values == 1).sum():,}"


# The contract --------------------------------------------------------------------------------------------------


def test_examples_are_what_the_page_makes_of_a_file(hippocampus, adrenals, segmenter, classifier):
    for recipe, count in ((hippocampus, 3), (adrenals, 10)):
        assert len(list(recipe.examples("test", 100))) == count
        assert len(list(recipe.examples("train", 2))) == 2
        for example in recipe.examples("validation", 3):
            assert example.values.dtype == torch.float32
            assert example.mask.dtype == torch.bool
            assert example.mask.all()
            assert example.values.shape == example.mask.shape
    first, last = hippocampus.examples("test", 2)
    for example, scan in ((first, hippocampus.test[0]), (last, hippocampus.test[-1])):
        given = to_input(elsewhere.as_file(scan.raw, scan.affine), segmenter.config, Settings())
        np.testing.assert_array_equal(example.values.numpy(), given.values)
        np.testing.assert_array_equal(example.mask.numpy(), given.mask)
    last = list(adrenals.examples("test", 4))[-1]
    given = to_input(
        elsewhere.as_file(adrenals.test.shapes[-1], np.eye(4)), classifier.config, Settings(region=((0, 64),) * 3)
    )
    np.testing.assert_array_equal(last.values.numpy(), given.values)


def test_hippocampus_evaluation_tells_its_own_numbers(hippocampus, segmenter, monkeypatch):
    # The made scans are the same on both sides and smaller than what fresh weights draw: these are neither.
    lopsided = [scan._replace(labels=np.roll(scan.labels, 3, axis=0)) for scan in hippocampus.test]
    lopsided[0] = lopsided[0]._replace(labels=np.where(lopsided[0].labels == 0, 1, lopsided[0].labels))
    monkeypatch.setattr(hippocampus, "test", lopsided)
    got = hippocampus.evaluate(segmenter)
    of_test = hippocampus.measure(segmenter, "test")
    for part in ("anterior", "posterior"):
        assert got.scores[f"dice {part}"] == pytest.approx(of_test[part])
        assert got.scores[f"dice {part} low"] <= of_test[part] <= got.scores[f"dice {part} high"]
    assert got.scores["dice"] == pytest.approx(of_test["score"])
    mirrored = [
        scores.both_dice(scores.answer(segmenter, scan.values[::-1])[::-1], scan.labels) for scan in hippocampus.test
    ]
    assert got.scores["mirrored dice"] == pytest.approx(np.mean(mirrored))
    predicted = [scores.answer(segmenter, scan.values) for scan in hippocampus.test]
    sizes = [[float((labels == 1).sum()) for labels in each] for each in
             (predicted, [scan.labels for scan in hippocampus.test])]  # fmt: skip
    assert got.scores["volume bias anterior"] == pytest.approx(mean(a - b for a, b in zip(*sizes, strict=True)))
    assert [row[0] for row in got.tables[0].rows] == ["this model", "this model, mirrored crops", "mean shape"]
    assert got.tables[0].rows[2][5] == pytest.approx(got.yardsticks["mean shape dice"])
    assert len(got.tables) == 7
    assert len(got.pictures) == 2
