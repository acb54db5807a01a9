"""The recipe of `land-cover`: what a pixel knows of its surroundings, crops, scores over blocks, failures."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.metrics import confusion_matrix, f1_score

from hot_core.models import HOTModel, ModelConfig, build_model
from hot_core.models.land_cover import (
    COLOURLESS,
    FEATURES,
    OWN,
    SQUARES,
    mean_over_bands,
    pixel_features,
    surroundings,
    token_features,
)
from hot_core.training import crops
from hot_core.training.forest import chosen_forest, drawn_pixels, forest_map
from hot_core.training.land_cover import LandCoverRecipe
from hot_core.training.land_failures import class_mean, composite, failure, reason, worst_block
from hot_core.training.land_scores import (
    Sight,
    classify,
    confusion_words,
    counts_by_block,
    lead_over,
    lead_words,
    macro_f1,
    method_row,
    offsets,
    over_blocks,
    parts_table,
    without_attention,
)
from hot_core.training.scenes import BLOCK, CLASSES, ROLES, Scene, around, corners
from hot_core.training.splits import TEST, TRAIN, VALIDATION
from tests import makers_training as makers

CONFIG = ModelConfig(
    name="l", task="segment", kind="raster", modes=("row", "column", "band"), patch=(4, 4, 1), rope_modes=(0, 1),
    classes=CLASSES, roles=ROLES, dim=12, heads=3, layers=2, mlp=16, stem=4,
)  # fmt: skip


def scene(shape=(101, 113), seed=0, labelled=0.7):
    """A scene of noise with gaps; labels anywhere, parts in stripes."""
    rng = np.random.default_rng(seed)
    valid = rng.random((*shape, 6)) > 0.1
    values = np.where(valid, rng.standard_normal((*shape, 6)), 0).astype(np.float32)
    labels = np.where(rng.random(shape) < labelled, rng.integers(0, 4, shape), -1)
    parts = (np.add.outer(np.arange(shape[0]) // BLOCK, np.arange(shape[1]) // BLOCK) % 3).astype(np.int8)
    return Scene("Noise", values, valid, labels, parts)


class Told(HOTModel):
    """Says what a pixel's first band says, and what depends on the window and on the bands."""

    def __init__(self):
        super().__init__(CONFIG)
        self.asked = []

    def forward(self, values, mask, record=None, roles=None):
        self.asked.append((tuple(values.shape[1:3]), tuple(roles), mask.clone(), values.clone()))
        first = values[..., 0]
        return torch.stack([first, -first, first * 0.5 + values.mean(), mask.float().sum(-1) - 3], dim=1)


@pytest.fixture(scope="module")
def recipe(tmp_path_factory):
    """The recipe on made scenes."""
    return LandCoverRecipe(makers.scenes(tmp_path_factory.mktemp("land")), quick=True)


@pytest.mark.parametrize("side", [5, 17])
def test_surroundings_count_only_what_is_valid(side):
    generator = torch.Generator().manual_seed(side)
    mask = torch.rand(2, 7, 11, 3, generator=generator) > 0.4
    mask[1, ..., 2] = False
    mask[0, :5, :8, 1] = False
    values = torch.where(mask, 3 + torch.randn(mask.shape, generator=generator, dtype=torch.float64), 0.0)
    mean, deviation = surroundings(values, mask, side)
    half = side // 2
    for batch, row, column, band in np.ndindex(*mask.shape):
        inside = [
            float(values[batch, i, j, band])
            for i in range(max(row - half, 0), min(row + half + 1, 7))
            for j in range(max(column - half, 0), min(column + half + 1, 11))
            if mask[batch, i, j, band]
        ]
        expected = (np.mean(inside), np.sqrt(np.var(inside) + 1e-4)) if inside else (0.0, 0.0)
        found = float(mean[batch, row, column, band]), float(deviation[batch, row, column, band])
        assert found == pytest.approx(expected, abs=1e-9)


def test_a_flat_picture_has_a_finite_gradient():
    values = torch.full((1, 7, 5, 2), 1.25, requires_grad=True)
    mean, deviation = surroundings(values, torch.ones(1, 7, 5, 2, dtype=torch.bool), 5)
    (gradient,) = torch.autograd.grad((mean + deviation).sum(), values)
    assert gradient.isfinite().all()


def test_tokens_are_made_of_their_own_patch():
    generator = torch.Generator().manual_seed(1)
    mask = torch.rand(2, 8, 12, 3, generator=generator) > 0.3
    values = torch.where(mask, torch.randn(mask.shape, generator=generator), 0.0)
    features = pixel_features(values, mask)
    tokens = token_features(features, (4, 4, 1))
    patch = features[1, 4:8, 8:12, 2]
    own = [patch[..., i].flatten() for i in range(OWN)]
    torch.testing.assert_close(tokens[1, 1, 2, 2], torch.cat([*own, patch[..., OWN:].mean((0, 1))]))


def test_what_is_known_of_a_pixel_is_spelled_out():
    generator = torch.Generator().manual_seed(5)
    mask = torch.rand(2, 7, 11, 3, generator=generator) > 0.6
    mask[1, ..., 2] = False
    values = torch.where(mask, torch.randn(mask.shape, generator=generator, dtype=torch.float64), 0.0)
    features = pixel_features(values, mask)
    assert features.shape == (2, 7, 11, 3, FEATURES)
    for batch, row, column, band in np.ndindex(*mask.shape):
        value = float(values[batch, row, column, band])
        expected = [value, float(mask[batch, row, column, band]), math.asinh(4 * value) / 2]
        for side in SQUARES:
            box = (batch, slice(max(row - side // 2, 0), row + side // 2 + 1),
                   slice(max(column - side // 2, 0), column + side // 2 + 1), band)  # fmt: skip
            inside = values[box][mask[box]].numpy()
            if inside.size:
                mean, deviation = inside.mean(), np.sqrt(inside.var() + 1e-4)
                expected += [mean, math.asinh(4 * mean) / 2, (math.log(deviation + 0.02) + 1.6) / 0.8]
            else:
                expected += [0.0, 0.0, 0.0]
        assert features[batch, row, column, band].tolist() == pytest.approx(expected, abs=1e-9)


def test_a_place_hidden_in_all_bands_keeps_what_the_attention_brought():
    generator = torch.Generator().manual_seed(6)
    tokens = torch.randn(2, 3, 5, 7, 11, generator=generator, dtype=torch.float64)
    valid = torch.rand(2, 3, 5, 7, generator=generator) > 0.5
    valid[0, 1] = False
    found = mean_over_bands(tokens, valid)
    for batch, row, column in np.ndindex(2, 3, 5):
        bands = [b for b in range(7) if valid[batch, row, column, b]] or list(range(7))
        expected = sum(tokens[batch, row, column, b] for b in bands) / len(bands)
        torch.testing.assert_close(found[batch, row, column], expected)


def test_colours_are_kept_from_some_training_crops_and_never_later():
    model = build_model(CONFIG, 0)
    own = torch.rand(400, 2, 3, 2, OWN, generator=torch.Generator().manual_seed(7)) + 1
    index = torch.tensor([3, 1])
    with torch.random.fork_rng():
        torch.manual_seed(8)
        trained = model.train()._colours(own, index)
    shown = model.eval()._colours(own, index)
    for role, band in ((3, 0), (1, 1)):
        assert torch.equal(shown[:, role * OWN : (role + 1) * OWN], own[..., band, :].movedim(-1, 1))
    assert not shown[:, :OWN].any()
    kept = trained.flatten(1).any(1)
    assert torch.equal(trained[kept], shown[kept])
    assert 1 - float(kept.float().mean()) == pytest.approx(COLOURLESS, abs=0.06)


def test_a_pixel_sees_texture_around_it_and_attention_carries_the_rest():
    model = build_model(CONFIG, 0).double().eval()
    generator = torch.Generator().manual_seed(2)
    values = torch.randn(1, 41, 43, 6, generator=generator, dtype=torch.float64)
    mask = torch.ones_like(values, dtype=torch.bool)
    before = model(values, mask)
    values[0, 2, 3] += 5
    change = (model(values, mask) - before).abs().amax(1)[0]
    assert change[39, 40] > 1e-6
    with without_attention(model, (0, 1)):
        far = model(values, mask)
        values[0, 2, 3] -= 5
        assert (model(values, mask) - far).abs().amax(1)[0, 39, 40] < 1e-12


def test_switched_off_is_an_output_of_zero_and_is_given_back():
    model = build_model(CONFIG, 1).double().eval()
    given = torch.randn(1, 9, 13, 6, dtype=torch.float64), torch.rand(1, 9, 13, 6) > 0.1
    whole = model(*given)
    twin = build_model(CONFIG, 1).double().eval()
    with torch.no_grad():
        twin.trunk.blocks[1].attention.output.weight.zero_()
        twin.trunk.blocks[1].attention.output.bias.zero_()
        twin.trunk.blocks[1].attention.value.bias.zero_()
    with without_attention(model, (1,)):
        torch.testing.assert_close(model(*given), twin(*given), rtol=0, atol=1e-12)
    assert torch.equal(model(*given), whole)
    with pytest.raises(RuntimeError, match="must match the size"), without_attention(model, (0, 1)):
        model(given[0], given[1][:, :8])
    assert torch.equal(model(*given), whole)
    assert not torch.allclose(twin(*given), whole)


def test_windows_are_averaged_and_those_without_labels_left_out():
    there, model = scene(), Told()
    truth = there.labels_of(TEST)
    found = classify(model, there, TEST, Sight(40, 24, (0, 3, 5)))
    total = np.zeros((4, *truth.shape))
    for row in (0, 24, 48, 61):
        for column in (0, 24, 48, 72, 73):
            box = np.s_[row : row + 40, column : column + 40]
            if (truth[box] >= 0).any():
                part = [torch.from_numpy(a[box][..., [0, 3, 5]])[None] for a in (there.values, there.valid)]
                total[(slice(None), *box)] += model(*part, roles=("blue", "nir", "swir2"))[0].softmax(0).numpy()
    assert (found == total.argmax(0))[truth >= 0].mean() > 0.999
    assert {size for size, *_ in model.asked} == {(40, 40)}
    assert {roles for _, roles, *_ in model.asked} == {("blue", "nir", "swir2")}
    none = replace(there, parts=np.full(truth.shape, TRAIN, np.int8))
    before = len(model.asked)
    assert (classify(model, none, TEST) == 0).all()
    assert len(model.asked) == before


def test_hidden_tokens_are_whole_and_as_many_as_said():
    there, model = scene((64, 72)), Told()
    there = replace(there, valid=np.ones_like(there.valid), parts=np.full((64, 72), TEST, np.int8))
    classify(model, there, TEST, Sight(256, 192, hidden=0.3))
    ((size, _, mask, values),) = model.asked
    assert size == (64, 72)
    tokens = mask[0].reshape(16, 4, 18, 4, 6)
    assert (tokens.all(dim=(1, 3)) == tokens.any(dim=3).any(dim=1)).all()
    assert (~mask).float().mean() == pytest.approx(0.3, abs=1e-3)
    assert (values[~mask] == 0).all()
    classify(model, there, TEST, Sight(256, 192, hidden=0.3))
    assert torch.equal(model.asked[1][2], mask)


def test_windows_cover_a_side_to_its_end():
    assert offsets(101, 40, 24) == [0, 24, 48, 61]
    assert offsets(88, 40, 24) == [0, 24, 48]
    assert offsets(31, 40, 24) == [0]


def test_counts_of_blocks_and_their_scores():
    rng = np.random.default_rng(3)
    truth = np.where(rng.random((29, 37)) < 0.6, rng.integers(0, 4, (29, 37)), -1)
    truth[:11, 11:22] = -1
    guess = rng.integers(0, 4, truth.shape)
    counts = counts_by_block(guess, truth, 11)
    expected = []
    for row in (0, 11, 22):
        for column in (0, 11, 22, 33):
            keep = truth[row : row + 11, column : column + 11] >= 0
            pairs = [a[row : row + 11, column : column + 11][keep] for a in (truth, guess)]
            if keep.any():
                expected.append(confusion_matrix(*pairs, labels=range(4)))
    assert len(expected) == 11
    np.testing.assert_array_equal(counts, expected)
    keep = truth >= 0
    assert macro_f1(counts) == pytest.approx(f1_score(truth[keep], guess[keep], average="macro"))
    name, macro, words, accuracy, *each = method_row("guess", counts)
    assert (name, macro) == ("guess", macro_f1(counts))
    assert accuracy == pytest.approx((truth[keep] == guess[keep]).mean())
    assert each == pytest.approx(f1_score(truth[keep], guess[keep], average=None))
    low, high = over_blocks(counts)
    assert words == f"{low:.3f} to {high:.3f}"
    assert low < macro < high


def test_a_lead_is_measured_on_the_same_drawn_blocks():
    rng = np.random.default_rng(4)
    counts, other = rng.integers(0, 50, (2, 13, 4, 4))
    draws = np.random.default_rng(0)
    differences = []
    for _ in range(1000):
        drawn = draws.choice(np.arange(13), 13)
        scores = []
        for each in (counts, other):
            total = sum(each[i] for i in drawn)
            f1 = [2 * total[c, c] / (total[c].sum() + total[:, c].sum()) for c in range(4)]
            scores.append(sum(f1) / 4)
        differences.append(scores[0] - scores[1])
    lead, low, high = lead_over(counts, other)
    assert lead == pytest.approx(macro_f1(counts) - macro_f1(other))
    assert (low, high) == pytest.approx(tuple(np.percentile(differences, [2.5, 97.5])))
    assert lead_over(counts, counts) == (0.0, 0.0, 0.0)


def test_a_lead_that_may_be_none_is_said_to_be_none():
    assert lead_words("forest", 0.021, 0.004, 0.031) == (
        "The model's macro-F1 less that of the forest is +0.021 (95 % interval +0.004 to +0.031)."
    )
    assert lead_words("forest", 0.021, -0.004, 0.031).endswith("+0.031): not told apart.")
    assert lead_words("forest", -0.021, -0.031, -0.004).endswith("-0.004).")


def test_confusions_are_told_by_their_share_of_what_was_labelled_so():
    counts = np.zeros((2, 4, 4), int)
    counts[0, 0], counts[1, 1] = (10, 30, 0, 0), (0, 900, 100, 0)
    counts[:, 2, 2] = 5
    told = confusion_words(counts, 2)
    assert told == "Confused most: 75% of the pixels labelled water are called open; " \
        "10% of the pixels labelled open are called woody."  # fmt: skip


def test_what_is_lost_with_less_is_measured_row_by_row():
    there = scene((72, 68))
    model = build_model(CONFIG, 3).eval()
    with torch.no_grad():
        # A fresh model says one class everywhere: level it, so that what is given makes a difference.
        values = torch.from_numpy(there.values)[None], torch.from_numpy(there.valid)[None]
        model.head[-1].bias -= model(*values).mean((0, 2, 3))
    table, lost = parts_table(model, there, TEST)
    truth = there.labels_of(TEST)
    assert list(lost) == [
        "everything", "red, green and blue only", "red and NIR only", "without SWIR1 and SWIR2",
        "10% of the tokens hidden", "30% of the tokens hidden", "50% of the tokens hidden",
        "attention of layer 1 switched off", "attention of layer 2 switched off",
        "attention of all layers switched off",
    ]  # fmt: skip
    assert all(len(row) == len(table.columns) for row in table.rows)

    def score(sight):
        return macro_f1(counts_by_block(classify(model, there, TEST, sight), truth))

    assert lost["everything"] == score(Sight())
    assert lost["red and NIR only"] == score(Sight(bands=(2, 3)))
    assert lost["30% of the tokens hidden"] == score(Sight(hidden=0.3))
    with without_attention(model, (0, 1)):
        assert lost["attention of all layers switched off"] == score(Sight())
    assert len({*lost.values()}) > 5


def test_the_worst_block_has_the_largest_share_of_wrong_pixels():
    truth = np.full((20, 30), -1)
    guess = np.zeros((20, 30), int)
    truth[:10, :10] = 0
    truth[0, :5] = 1  # 5 of 100
    truth[10:, 10:20] = 0
    truth[10:12, 10:20] = 2  # 20 of 100
    truth[0, 20:23] = 3  # 3 of 3
    assert worst_block(guess, truth, 10, 50) == (10, 10)
    assert worst_block(guess, truth, 10, 3) == (0, 20)
    # None has as many: all count. Of equal ones the first.
    assert worst_block(guess, truth, 10, 500) == (0, 20)
    truth[10, 20:23] = 3
    assert worst_block(guess, truth, 10, 3) == (0, 20)


def test_the_reason_is_measured():
    there = scene((60, 60))
    labels = np.full((60, 60), -1)
    labels[:2, :10], labels[2:3, :10], labels[50:, :10], labels[40:50, :10] = 1, 2, 1, 2
    parts = np.full((60, 60), TRAIN, np.int8)
    parts[:20] = TEST
    values = np.zeros((60, 60, 6), np.float32)
    values[50:, :10], values[40:50, :10] = -1.0, 1.0
    values[0, :10], values[1, :5], values[1, 5:10] = 0.9, 0.9, -0.9
    there = replace(there, values=values, labels=labels, parts=parts)
    predicted, forest = np.full((60, 60), 2), np.full((60, 60), 1)
    forest[0, :3] = 0
    box = (slice(0, 20), slice(0, 20))
    # 20 open pixels called woody, of 30; three quarters have the colours of woody land.
    assert reason(there, box, predicted, forest, TRAIN) == (
        "67% of its labelled pixels are wrong, mostly open called woody; the forest has 43% wrong. In the six bands, "
        "75% of these pixels lie nearer to the learnt mean of woody than to that of open."
    )
    np.testing.assert_array_equal(class_mean(there, TRAIN, 1), np.full(6, -1))
    np.testing.assert_array_equal(class_mean(there, TRAIN, 3), np.zeros(6))


def test_the_composite_is_stretched_and_black_without_data():
    there = scene((31, 37))
    there.valid[3, 5, 1] = False
    box = (slice(0, 23), slice(4, 30))
    picture = composite(there, box)
    red, known = there.values[box][..., 2], there.valid[box][..., 2]
    low, high = np.percentile(red[known], [2, 98])
    shown = there.valid[box][..., :3].all(-1)
    np.testing.assert_allclose(picture[..., 0][shown], np.clip((red - low) / (high - low), 0, 1)[shown], rtol=1e-5)
    assert (picture[~shown] == 0).all()
    assert (~shown).any()


def test_a_failure_is_drawn_round_its_block():
    there = scene((150, 170))
    truth = there.labels_of(TEST)
    right = np.where(truth >= 0, truth, 0)
    guess = right.copy()
    row, column = corners(there, TEST)[1]
    guess[row : row + BLOCK, column : column + BLOCK] = 3
    picture = failure(there, "worst", guess, right, TRAIN, TEST)
    assert picture.png.startswith(b"\x89PNG")
    assert len(picture.png) <= 80_000
    assert f"rows {row} to {row + BLOCK}, columns {column} to {column + BLOCK}" in picture.caption
    assert "called developed; the forest has 0% wrong" in picture.caption


def test_windows_lie_round_their_blocks_and_are_scaled_as_a_file():
    there = scene()
    places = corners(there, TEST)
    truth = there.labels_of(TEST)
    assert places == sorted(places)
    assert {(r // BLOCK * BLOCK, c // BLOCK * BLOCK) for r, c in np.argwhere(truth >= 0)} == {*places}
    values, valid = around(there, (48, 48), 60, own=False)
    np.testing.assert_array_equal(values, there.values[41:101, 42:102])
    np.testing.assert_array_equal(valid, there.valid[41:101, 42:102])
    values, valid = around(there, (0, 48), 60, own=True)
    for band in range(6):
        raw = there.values[:60, 42:102, band][valid[..., band]]
        expected = (raw - raw.mean()) / raw.std()
        np.testing.assert_allclose(values[..., band][valid[..., band]], expected, atol=1e-5)
    assert (values[~valid] == 0).all()
    assert around(there, (0, 96), 256, own=False)[0].shape == (101, 113, 6)


def test_crops_lose_whole_tokens_half_of_the_time_and_keep_their_labels():
    there = replace(scene((160, 170), labelled=1.0), valid=np.ones((160, 170, 6), bool))
    learnt = np.zeros((160, 170), np.int64)
    places = [np.argwhere(learnt == 0)]
    hidden = []
    for seed in range(60):
        values, valid, labels = crops.crop(there, learnt, places, 32, np.random.default_rng(seed))
        tokens = valid.reshape(8, 4, 8, 4, 6)
        assert (tokens.all((1, 3)) == tokens.any((1, 3))).all()
        assert (values[~valid] == 0).all()
        assert (labels == 0).all()
        hidden.append((~valid).mean())
    assert 15 < sum(share > 0 for share in hidden) < 45
    assert len({*hidden}) > 10
    # Boxes over some bands only are among them.
    assert any(0 < share < 1 for share in hidden)


def test_batches_hold_both_scenes_and_subsets_keep_the_order_of_the_bands():
    rng = np.random.default_rng(0)
    for _ in range(50):
        side, count = crops.sides(rng)
        assert side % 4 == 0
        assert count >= 1
        bands = crops.some_bands(rng)
        assert bands == sorted({*bands})
        assert set(bands) <= set(range(6))
    assert len({tuple(crops.some_bands(rng)) for _ in range(200)}) > 30


def test_forest_never_sees_labels_of_the_test(recipe):
    there = recipe.scenes[0]
    other = replace(there, labels=np.where(there.parts == TEST, 3 - there.labels, there.labels))
    np.testing.assert_array_equal(forest_map(there, trees=3), forest_map(other, trees=3))
    learnt = replace(there, labels=np.where(there.parts == TRAIN, 3 - there.labels, there.labels))
    assert (forest_map(there, trees=3) != forest_map(learnt, trees=3)).any()


def test_pixels_are_drawn_as_they_come_or_as_many_of_each_class():
    labels = np.full((17, 23), -1)
    labels[:2, :11], labels[3:10], labels[12, :3] = 0, 1, 3  # 22, 161 and 3 pixels
    for balanced, most, counts in ((False, 1000, [22, 161, 3]), (True, 1000, [22, 161, 3]), (True, 60, [20, 20, 3])):
        rows, columns = drawn_pixels(labels, np.random.default_rng(0), balanced, most)
        assert [int((labels[rows, columns] == c).sum()) for c in (0, 1, 3)] == counts
        assert len({*zip(rows.tolist(), columns.tolist(), strict=True)}) == sum(counts)
    shares = [(labels[tuple(drawn_pixels(labels, np.random.default_rng(s), False, 93))] == 1).mean() for s in range(50)]
    assert np.mean(shares) == pytest.approx(161 / 186, abs=0.01)


@pytest.mark.parametrize("texture", [False, True])
def test_a_forest_is_chosen_by_the_validation_blocks_alone(recipe, texture):
    for seed in range(3):
        rng = np.random.default_rng(seed)
        there = recipe.scenes[0]
        noisy = np.where(rng.random(there.labels.shape) < 0.3, rng.integers(0, 4, there.labels.shape), there.labels)
        there = replace(there, labels=np.where(there.labels >= 0, noisy, -1))
        maps = [forest_map(there, trees=3, texture=texture, balanced=balanced) for balanced in (False, True)]
        truth = there.labels_of(VALIDATION)
        keep = truth >= 0
        scores = [f1_score(truth[keep], m[keep], average="macro", labels=range(4), zero_division=0) for m in maps]
        found, how = chosen_forest(there, 3, texture)
        best = int(scores[1] > scores[0])
        np.testing.assert_array_equal(found, maps[best])
        ways = ("as they come", "as many of each class")
        assert how == (
            f"pixels drawn {ways[best]} ({scores[best]:.3f}) rather than {ways[1 - best]} ({scores[1 - best]:.3f})"
        )
        other = replace(there, labels=np.where(there.parts == TEST, 3 - there.labels, there.labels))
        np.testing.assert_array_equal(chosen_forest(other, 3, texture)[0], found)


def test_a_forest_with_texture_sees_what_lies_around_a_pixel(recipe):
    scene = recipe.scenes[0]
    rng = np.random.default_rng(3)
    noise = rng.normal(size=scene.values.shape).astype(np.float32)
    rough = rng.random((-(-scene.labels.shape[0] // 24), -(-scene.labels.shape[1] // 24))) < 0.5
    rough = rough.repeat(24, 0).repeat(24, 1)[: scene.labels.shape[0], : scene.labels.shape[1]]
    # The classes differ in the sizes of their grains alone: a pixel by itself says nothing.
    smooth = np.kron(rng.normal(size=(*(-(-n // 8) for n in scene.labels.shape), 6)), np.ones((8, 8, 1)))
    smooth = smooth[: scene.labels.shape[0], : scene.labels.shape[1]].astype(np.float32)
    made = replace(scene, values=np.where(rough[..., None], noise, smooth), valid=np.ones_like(scene.valid),
                   labels=rough.astype(np.int64))  # fmt: skip
    held = made.parts == TEST
    alone, around = ((forest_map(made, trees=9, texture=t) == made.labels)[held].mean() for t in (False, True))
    assert alone < 0.7
    assert around > 0.85


def test_a_part_is_measured_by_its_own_labels(recipe):
    class Right(HOTModel):
        """Knows the labels of one part of both scenes by heart; elsewhere it says water."""

        def __init__(self, part):
            super().__init__(CONFIG)
            self.known = [(scene.values, scene.labels_of(part)) for scene in recipe.scenes]

        def forward(self, values, mask, record=None, roles=None):
            height, width = values.shape[1:3]
            for every, labels in self.known:
                for row, column in np.argwhere((every == values[0, 0, 0].numpy()).all(-1)):
                    box = np.s_[row : row + height, column : column + width]
                    if every[box].shape == values.shape[1:] and np.array_equal(every[box], values[0].numpy()):
                        told = torch.from_numpy(labels[box].clip(0))
                        return torch.nn.functional.one_hot(told, 4).movedim(-1, 0)[None].float() * 9
            raise AssertionError("a window of no scene")

    for part, index in (("validation", 1), ("test", 2)):
        numbers = recipe.measure(Right(index), part)
        assert numbers == {"score": 1.0, "north_carolina": 1.0, "brandenburg": 1.0}
        assert recipe.measure(Right(3 - index), part)["score"] < 0.5
    assert recipe.validate(Right(1))["score"] == 1.0


def test_examples_are_windows_of_both_scenes_scaled_both_ways(recipe):
    examples = list(recipe.examples("test", 6))
    assert len(examples) == 6
    sizes = {tuple(example.values.shape) for example in examples}
    assert sizes == {(150, 160, 6), (160, 256, 6)}
    for turn, example in enumerate(examples):
        assert example.roles == ROLES
        assert example.mask.dtype == torch.bool
        assert (example.values[~example.mask] == 0).all()
        means = example.values.double().sum((0, 1)) / example.mask.sum((0, 1))
        if turn % 2:
            torch.testing.assert_close(means, torch.zeros(6, dtype=torch.float64), atol=1e-5, rtol=0)
    assert len(list(recipe.examples("train", 10_000))) == sum(len(corners(s, TRAIN)) for s in recipe.scenes)
