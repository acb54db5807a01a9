"""The core of the evidence against its literal twins, its laws, and what it says to bad input."""

import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr

import hot_core as hot
from hot_core.analysis.words import number
from hot_core.attention import KroneckerAttention
from hot_core.errors import SelectionError, ShapeError
from hot_core.evidence import FORMS, MAP, ROLLOUT, Focus, Target, attribution, deletion, edits, gather, judge, summary
from hot_core.evidence.agreement import agreement, spearman
from hot_core.evidence.answers import answers, answers_words
from hot_core.evidence.deletion import Deletion, Order
from hot_core.evidence.probe import Probe, first_hidden, orders_of
from hot_core.evidence.summary import minus, others_words, still_words, use_words
from hot_core.evidence.target import log_odds
from hot_core.evidence.use import use
from hot_core.evidence.verdict import FEW_GAP, GAP, USED
from hot_core.record import AttentionRecord
from tests import makers_samples, oracles_evidence
from tests.makers_evidence import SIZES, Plan, planted
from tests.planted import looks

SMALL = replace(FORMS["quick"], orders=3, shuffles=2, blocks=7)


def a_plan(kind, **more):
    here = looks(kind, 3)
    return Plan(kind, (here, here), (1, 2, SIZES[kind][2] - 1), seed=3, **more)


def a_probe(kind="segment", target=None, **more):
    plan = a_plan(kind, **more)
    analysis, model = planted(plan)
    return Probe(analysis, model, target or Target(token=plan.query)), analysis, model, plan


@pytest.mark.parametrize("tokens", [1, 2, 3, 5, 7, 29, 101])
@pytest.mark.parametrize("form", ["quick", "full"])
def test_counts_of_hidden_tokens(form, tokens):
    found = deletion.hidden_counts(FORMS[form].shares, tokens)
    wanted = set()
    for share in FORMS[form].shares:
        nearest = min(range(tokens + 1), key=lambda count: (round(abs(count - share * tokens), 9), count))
        wanted |= {min(max(nearest, 1), tokens - 1)} - {0}
    assert found == sorted(wanted)
    assert all(0 < count < tokens for count in found)
    assert tokens == 1 or 2 * max(found[:1] + [count for count in found if 2 * count <= tokens]) > tokens - 2


@pytest.mark.parametrize("shares", [[0, 0.1, 0.3, 0.5, 0.55, 0.7, 0.95, 1], [0, 0.5, 1], [0, 1 / 3, 2 / 3, 1], [0, 1]])
def test_areas_by_trapezes_over_each_half(shares):
    change = np.random.default_rng(0).random(len(shares))
    found = deletion.area(np.array(shares), change, 0.7)
    np.testing.assert_allclose(found, oracles_evidence.half_means(shares, change, 0.7), rtol=1e-12)
    assert deletion.area(np.array(shares), change, 0.0) == (0.0, 0.0)


@pytest.mark.parametrize("count", [2, 3, 6, 38, 39, 40, 79, 120])
def test_prediction_interval(count):
    values = np.random.default_rng(count).random(count)
    found = deletion.prediction_interval(values)
    np.testing.assert_allclose(found, oracles_evidence.interval(values.tolist()), rtol=1e-12)


@pytest.mark.parametrize("count", [40, 120])
def test_prediction_interval_holds_one_more_draw_however_they_are_spread(count):
    rng = np.random.default_rng(1)
    draws = (rng.random((2000, count + 1)) < 0.03).astype(float)  # far from normal
    above = np.mean([row[-1] > deletion.prediction_interval(row[:-1])[1] for row in draws])
    assert above <= 0.03


def found_of(deleted, inserted, orders=40, scale=1.0):
    rng = np.random.default_rng(0)
    areas, rests = 0.3 + 0.02 * rng.random(orders), 0.7 + 0.02 * rng.random(orders)
    order = Order(np.zeros(2), np.zeros(2), deleted, inserted, False)
    return Deletion(np.array([0.0, 1.0]), 7, {"m": order}, np.zeros((1, 2)), areas, rests, scale, ""), order


@pytest.mark.parametrize(
    ("deleted", "inserted", "orders", "owed", "verdict"),
    [
        (0.37, 0.65, 40, 0.5, "supported"),
        (0.34, 0.65, 40, 0.5, "weak"),  # above the interval, but not by the gap
        (0.37, 0.68, 40, 0.5, "weak"),
        (0.34, 0.68, 40, 0.5, "not supported"),
        (0.37, 0.65, 40, USED - 1e-6, "not supported"),
        (0.37, 0.65, 40, USED, "supported"),
        (0.37, 0.65, 40, None, "supported"),
        (0.31 + FEW_GAP - 0.02, 0.4, 38, 0.5, "weak"),
        (0.31 + FEW_GAP + 0.02, 0.4, 38, 0.5, "supported"),
        (0.1, 0.9, 40, 0.5, "not supported"),
    ],
)
def test_the_rule(deleted, inserted, orders, owed, verdict):
    found, order = found_of(deleted, inserted, orders)
    assert judge(found, order, owed).verdict == verdict
    assert GAP < FEW_GAP


def test_the_rule_on_a_prediction_that_hardly_moves_and_the_words_of_one_that_goes_past_the_attention():
    found, order = found_of(0.9, 0.1, scale=0.5)
    assert judge(replace(found, least=0.49), order, 0.5).verdict == "supported"
    said = judge(replace(found, least=0.5), order, 0.5)
    assert said.verdict == "not supported"
    assert "practically does not depend on the input" in said.reason
    reason = judge(found, order, 0.011).reason
    assert reason.endswith("shuffling or evening it out moves the prediction by 1.1 % of the scale at most on average")


@pytest.mark.parametrize("form", ["quick", "full"])
@pytest.mark.parametrize("tokens", [4, 7, 29, 101])
def test_the_words_name_the_shares_that_were_hidden(form, tokens):
    counts = deletion.hidden_counts(FORMS[form].shares, tokens)
    found = replace(found_of(0.5, 0.5)[0], shares=np.r_[0.0, np.array(counts) / tokens, 1.0])
    assert found.first == max(count / tokens for count in counts if 2 * count <= tokens)
    assert found.left == pytest.approx(1 - min(count / tokens for count in counts if 2 * count > tokens))
    assert 0.4 < found.first <= 0.5 or tokens == 7
    assert found.left < 0.5


def test_a_change_is_next_to_nothing_beside_what_the_series_varies():
    rng = np.random.default_rng(0)
    walk, two = 60 + rng.normal(size=131).cumsum() / 5, np.where(np.arange(131) % 20 == 3, 7.0, 5.0)
    values = np.stack([np.stack([walk, np.full(131, 5.0)]), np.stack([two, walk])])
    content = makers_samples.wide_csv(values, ("EWR", "JFK"), {"temp": "°F", "wind": "mph"})
    model = makers_samples.forecaster()
    analysis = hot.analyse(hot.read(content, "a.csv"), model)
    window = analysis.prediction.lookback.values
    wanted = 0.01 * math.sqrt(sum((v - window[0, 0].mean()) ** 2 for v in window[0, 0]) / window.shape[-1])
    assert Probe(analysis, model, Target(token=(0, 0, 1))).least == pytest.approx(wanted, rel=1e-9)
    assert Probe(analysis, model, Target(token=(1, 0, 1))).least == pytest.approx(0.02), "the step from 5 to 7"
    assert Probe(analysis, model, Target(token=(0, 1, 1))).least == np.inf
    assert a_probe("segment")[0].least == 0.01
    found = gather(analysis, model, Focus("layer", (0, 1, 1)))
    assert found.judgement.verdict == "not supported"
    assert "practically does not depend on the input" in found.judgement.reason
    assert answers(found) == ()
    assert still_words(found).endswith("at most on average: next to nothing.")
    assert summary(found)["hiding"]["least scale"] is None


def test_the_rule_on_flat_maps_and_predictions_that_stay():
    found, order = found_of(0.9, 0.1)
    assert "names no place" in judge(found, replace(order, flat=True), 0.5).reason
    found, order = found_of(0.9, 0.1, scale=0.0)
    assert "stays the same" in judge(found, order, 0.5).reason


@pytest.mark.parametrize("combine", ["product", "sum"])
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("kind", ["uniform", "silenced", "shuffled"])
def test_attention_under_an_edit_is_the_explicit_matrix(combine, masked, kind):
    torch.manual_seed(0)
    sizes = (3, 5, 7)
    module = KroneckerAttention(12, 3, 2, combine).double()
    x = torch.randn(1, *sizes, 12, dtype=torch.float64)
    mask = torch.rand(1, *sizes) > 0.3 if masked else None
    if masked:
        mask[0, 1] = False
    before, after = AttentionRecord(), AttentionRecord()
    with torch.no_grad():
        module(x, mask, before)
        heads = {(0, 1)}
        make = {
            "uniform": lambda: edits.uniform(heads), "silenced": lambda: edits.silenced(heads),
            "shuffled": lambda: edits.shuffled(heads, torch.Generator().manual_seed(4)),
        }[kind]  # fmt: skip
        after.edit = make()
        found = module(x, mask, after)
        old = [f[0].double().numpy() for f in before.layers[0].factors]
        new = [f[0].double() for f in after.layers[0].factors]
        for was, now in zip(old, new, strict=True):
            np.testing.assert_array_equal(now[0], was[0])  # the other head stays
            if kind == "uniform":
                np.testing.assert_allclose(now[1], oracles_evidence.even(was[1]), atol=1e-12)
            if kind == "silenced":
                assert not now[1].any()
            if kind == "shuffled":
                np.testing.assert_allclose(np.sort(now[1], axis=1), np.sort(was[1], axis=1), atol=1e-15)
                assert [(column > 0).any() for column in now[1].T] == [bool((c > 0).any()) for c in was[1].T]
                columns = {tuple(c) for c in was[1].T.round(12)}
                assert {tuple(c) for c in now[1].numpy().T.round(12)} == columns
        seen = torch.where(mask[..., None], x, 0.0)[0] if masked else x[0]
        wanted = oracles_evidence.attended(module, seen, None if mask is None else mask[0], new, combine)
        torch.testing.assert_close(found[0], wanted, rtol=0, atol=1e-12)


def test_a_layer_whose_heads_are_all_silent_gives_its_output_bias():
    module = KroneckerAttention(8, 2, 2)
    record = AttentionRecord(edit=edits.silenced({(0, 0), (0, 1)}))
    found = module(torch.randn(2, 3, 5, 8), None, record)
    torch.testing.assert_close(found, module.output.bias.expand_as(found))


def test_shuffling_one_mode_leaves_the_others():
    factors = [torch.rand(1, 2, n, n) for n in (5, 7)]
    found = edits.shuffled({(1, 0)}, torch.Generator().manual_seed(0), only=1)(1, factors)
    assert torch.equal(found[0], factors[0])
    assert torch.equal(found[1][:, 1], factors[1][:, 1])
    assert not torch.equal(found[1][:, 0], factors[1][:, 0])
    assert all(torch.equal(a, b) for a, b in zip(edits.uniform({(1, 0)})(0, factors), factors, strict=True))


def test_an_edit_of_other_shapes_is_refused():
    record = AttentionRecord(edit=lambda layer, factors: factors[:1])
    with pytest.raises(ShapeError, match="one matrix of the same shape for each mode"):
        KroneckerAttention(4, 2, 2)(torch.randn(1, 3, 5, 4), None, record)


def test_log_odds():
    logits = torch.randn(3, 5, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    found = log_odds(logits, 3)
    for draw in range(3):
        for place in range(2):
            assert float(found[draw, place]) == pytest.approx(oracles_evidence.log_odds(logits[draw, :, place], 3))


def test_sums_over_tokens_with_a_rim():
    values = np.random.default_rng(0).random((7, 5, 6))
    probe = Probe.__new__(Probe)
    probe.patch, probe.valid = (2, 3, 1), np.ones((4, 2, 6), bool)
    probe.valid[1, 1, 1] = False
    found = attribution.by_token(probe, values[None])
    np.testing.assert_allclose(found, oracles_evidence.by_token(values, (2, 3, 1)) * probe.valid, rtol=1e-12)


@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 5, 7), (24, 1, 2), (11, 13, 2)])
@pytest.mark.parametrize("most", [1, 4, 30, 10_000])
def test_blocks_cover_every_token_once(shape, most):
    size = attribution.block_size(shape, most)
    numbers = attribution.block_numbers(shape, size)
    count = int(np.prod([-(-n // s) for n, s in zip(shape, size, strict=True)]))
    assert count <= max(most, 1)
    assert set(numbers.ravel().tolist()) == set(range(count))
    for at in np.ndindex(shape):
        same = [a // s == b // s for a, b, s in zip(at, (0,) * len(shape), size, strict=True)]
        assert (numbers[at] == numbers[(0,) * len(shape)]) == all(same)


def test_rank_correlation_is_scipys():
    rng = np.random.default_rng(0)
    one, other = rng.integers(0, 5, 41).astype(float), rng.random(41)
    assert spearman(one, other) == pytest.approx(spearmanr(one, other).statistic, abs=1e-12)
    assert np.isnan(spearman(np.ones(7), other[:7]))
    assert np.isnan(spearman(one[:2], other[:2]))
    valid = rng.random(41) > 0.3
    first, again, another = (agreement(one, other, valid, seed) for seed in (0, 0, 1))
    assert first == again
    assert first != another
    assert first.rho == pytest.approx(spearmanr(one[valid], other[valid]).statistic)
    assert first.low < first.rho < first.high
    assert first.tokens == int(valid.sum())


def test_the_interval_of_a_rank_correlation_is_that_of_resamples_ranked_anew(monkeypatch):
    monkeypatch.setattr("hot_core.evidence.agreement.DRAWS", 53)
    rng = np.random.default_rng(4)
    one, other = rng.integers(0, 7, 31).astype(float), rng.random(31)
    draws, again = [], np.random.default_rng(11)
    for _ in range(53):
        pick = again.integers(31, size=31)
        draws.append(spearmanr(one[pick], other[pick]).statistic)
    found = agreement(one, other, np.ones(31, dtype=bool), 11)
    np.testing.assert_allclose((found.low, found.high), np.percentile(draws, (2.5, 97.5)), atol=1e-12)


def test_hiding_does_not_depend_on_the_batch_and_nothing_hidden_changes_nothing(monkeypatch):
    probe, *_ = a_probe("classify")
    tokens = np.random.default_rng(0).random((11, *probe.shape)) < 0.3
    tokens[0] = False
    together = probe.hidden(tokens)
    monkeypatch.setattr("hot_core.evidence.probe.BATCH_VALUES", 1)
    np.testing.assert_allclose(together, probe.hidden(tokens), atol=1e-6)
    assert float(probe.change(probe.hidden(tokens[:1]))[0]) == 0.0
    assert probe.hidden(tokens[:0]).shape == (0, len(probe.whole))
    with pytest.raises(ShapeError, match="give one draw each"):
        probe.hidden(tokens[:, :-1])


def test_hidden_tokens_are_missing_values():
    probe, _, model, _ = a_probe("segment")
    tokens = np.zeros((1, *probe.shape), bool)
    tokens[0, 1, 2, 3] = tokens[0, 4, 0, 5] = True
    mask = probe.given.mask.copy()
    mask[2:4, 4:6, 6:8] = mask[8:10, 0:2, 10:12] = False
    with torch.no_grad():
        output = model(torch.from_numpy(probe.given.values)[None], torch.from_numpy(mask)[None])
    np.testing.assert_allclose(probe.hidden(tokens), probe.score.of(output).numpy(), atol=1e-6)


def test_orders_name_the_strongest_first_and_break_ties_at_random():
    importance, valid = np.array([[3.0, 1.0, 9.0], [1.0, 1.0, 7.0]]), np.ones((2, 3), bool)
    valid[0, 0] = False
    found = [orders_of(importance, valid, np.random.default_rng(seed)).tolist() for seed in range(30)]
    assert all(order[:2] == [2, 5] and set(order) == {1, 2, 3, 4, 5} for order in found)
    assert len({tuple(order) for order in found}) == 6
    masks = first_hidden(np.array(found[0]), [1, 4], (2, 3))
    assert masks.sum(axis=(1, 2)).tolist() == [1, 4]
    assert masks[0, 0, 2]


def test_halves_hide_the_strongest_up_to_a_half_and_the_weakest_beyond():
    order = np.array([4, 2, 0, 1, 3])
    masks = deletion.halves(order, [1, 2, 3, 4], (5,))
    assert [set(np.flatnonzero(mask)) for mask in masks] == [{4}, {4, 2}, {3, 1, 0}, {3, 1, 0, 2}]


def test_curves_are_the_changes_one_by_one():
    probe, analysis, _, plan = a_probe("series", missing=0.1)
    row = Focus("layer", plan.query).row(analysis)
    found = deletion.deletion(probe, {"m": row}, SMALL, 0)
    order, tokens = found.orders["m"], int(probe.valid.sum())
    ranked = sorted(np.flatnonzero(probe.valid), key=lambda place: -row.reshape(-1)[place])
    for at, share in enumerate(found.shares[1:-1], start=1):
        hidden = np.zeros((1, probe.valid.size), bool)
        hidden[0, ranked[: round(share * tokens)]] = True
        change = np.abs(probe.hidden(hidden.reshape(1, *probe.shape)) - probe.whole).mean()
        assert order.strongest[at] == pytest.approx(change, rel=1e-4, abs=1e-5)
    end = np.abs(probe.hidden(probe.valid[None]) - probe.whole).mean()
    for curve in (order.strongest, order.weakest, *found.random):
        assert curve[0] == 0
        assert curve[-1] == pytest.approx(end)
    assert found.scale == pytest.approx(found.random.mean(axis=0).max())
    assert order.deletion == pytest.approx(oracles_evidence.half_means(found.shares, order.strongest, found.scale)[0])
    assert order.insertion == pytest.approx(oracles_evidence.half_means(found.shares, order.weakest, found.scale)[1])
    assert order.deletion > found.level
    assert order.insertion < found.rest_level


def test_a_random_order_is_the_same_map_laid_elsewhere():
    row = np.arange(2 * 3 * 5.0).reshape(2, 3, 5) ** 2
    found = deletion.elsewhere(row, np.ones(row.shape, bool), np.random.default_rng(0))
    assert not np.array_equal(found, row)
    for axis in range(3):
        others = tuple(a for a in range(3) if a != axis)
        np.testing.assert_allclose(np.sort(found.sum(axis=others)), np.sort(row.sum(axis=others)))


def test_a_map_is_laid_elsewhere_only_among_slices_that_hold_data():
    valid = np.random.default_rng(1).random((3, 5, 7)) > 0.2
    valid[[0, 2]] = valid[:, :, 4] = False  # two of three stations and a time are missing
    row = np.where(valid, np.random.default_rng(2).random(valid.shape) + 1, 0.0)
    for seed in range(20):
        found = deletion.elsewhere(row, valid, np.random.default_rng(seed))
        np.testing.assert_array_equal(found, laid_elsewhere(row, valid, np.random.default_rng(seed)))
        assert found[valid].any()
        assert not found[[0, 2]].any()
        assert not found[:, :, 4].any()


def laid_elsewhere(row, valid, rng):
    """Slice by slice: the n-th that holds data is taken from the n-th of their permutation."""
    for axis in range(row.ndim):
        out, full = row.copy(), [at for at in range(row.shape[axis]) if valid.take(at, axis).any()]
        for to, source in zip(full, rng.permutation(full), strict=True):
            out[(slice(None),) * axis + (to,)] = row[(slice(None),) * axis + (source,)]
        row = out
    return row


@pytest.mark.parametrize("tokens", [1, 2, 3, 5])
def test_few_tokens_give_numbers_and_no_support(tokens):
    class Few(Probe):
        def __init__(self):
            self.shape, self.valid, self.whole = (tokens,), np.ones(tokens, bool), np.ones(1)
            self.values, self.score, self.least = torch.zeros(1, tokens), SimpleNamespace(unit=""), 0.0

        def hidden(self, masks, step=None):
            return 1 - masks[:, :1].astype(float)

    importance = np.arange(tokens, 0, -1.0)
    found = deletion.deletion(Few(), {"m": importance}, FORMS["quick"], 0)
    numbers = [*found.interval, *found.rest_interval, found.level, found.orders["m"].deletion]
    assert np.isfinite(numbers).all()
    assert judge(found, found.orders["m"]).verdict != "supported"


def test_integrated_gradients_of_a_line_and_a_parabola_and_gradient_times_input(monkeypatch):
    probe, *_ = a_probe("segment")
    weight = torch.rand(probe.values.shape[1:], generator=torch.Generator().manual_seed(0))
    values = probe.values[0].double().numpy()
    for power, grad in ((1, 1.0), (2, 2.0)):
        monkeypatch.setattr(
            attribution, "target", lambda probe, step=None, p=power: lambda v: (weight * v**p).flatten(1).sum(1)
        )
        wanted = oracles_evidence.by_token(weight.double().numpy() * values**power, probe.patch)
        found = attribution.integrated_gradients(probe, FORMS["quick"])
        np.testing.assert_allclose(found.tokens, wanted, rtol=1e-4, atol=1e-5)
        assert found.gap < 0.01
        assert found.steps == attribution.FIRST_STEPS
        np.testing.assert_allclose(attribution.gradient_input(probe).tokens, grad * wanted, rtol=1e-4, atol=1e-5)


def test_integrated_gradients_double_their_steps_until_the_gap_is_small_or_there_are_enough(monkeypatch):
    probe, *_ = a_probe("segment")
    steep = lambda probe, step=None: lambda v: torch.tanh(9e3 * v.flatten(1)[:, 7])  # noqa: E731
    monkeypatch.setattr(attribution, "target", steep)
    first = attribution.FIRST_STEPS
    rough, fine = (attribution.integrated_gradients(probe, replace(SMALL, gap=gap, steps=8 * first))
                   for gap in (1e9, 1e-9))  # fmt: skip
    assert (rough.steps, fine.steps) == (first, 8 * first)
    assert fine.gap > 1e-9
    assert f"{8 * first} steps" in fine.note


def test_a_change_of_the_size_of_rounding_is_no_scale(monkeypatch):
    probe, *_ = a_probe("segment")
    whole, probe.least = probe.whole, 0.0
    for size, some in ((0.5, False), (2.0, True)):
        move = size * 1e-6 * (1 + np.abs(whole).max())
        monkeypatch.setattr(
            probe, "hidden", lambda tokens, step=None, m=move: np.repeat(whole[None] + m, len(tokens), 0)
        )
        found = deletion.deletion(probe, {"m": np.random.default_rng(0).random(probe.shape)}, SMALL, 0)
        assert (found.scale > 0) == some


def test_the_area_of_a_class_leaves_out_what_holds_no_data():
    probe, *_ = a_probe("segment", Target(area="class"), missing=0.3)
    with torch.no_grad():
        found = probe.output(probe.values, probe.mask)[0].argmax(0).numpy()
    wanted = sum(found[at] == probe.score.label and probe.given.mask[at] for at in np.ndindex(found.shape))
    assert len(probe.whole) == wanted < int((found == probe.score.label).sum())


@pytest.mark.parametrize("kind", SIZES)
def test_occlusion_is_what_hiding_a_block_takes(kind):
    probe, *_ = a_probe(kind)
    found = attribution.occlusion(probe, SMALL).tokens
    numbers = attribution.block_numbers(
        probe.shape, attribution.block_size(probe.shape, attribution.most_blocks(probe, SMALL))
    )
    for block in np.unique(numbers)[:: max(1, numbers.max() // 5)]:
        lost = probe.whole.mean() - probe.hidden((numbers == block)[None] & probe.valid).mean()
        np.testing.assert_allclose(found[numbers == block], lost, rtol=1e-4, atol=1e-4)


def series_analysis():
    rng = np.random.default_rng(0)
    values = 60 + 9 * rng.normal(size=(3, 2, 131)).cumsum(-1) / 5
    content = makers_samples.wide_csv(values, ("EWR", "JFK", "LGA"), {"temp": "°F", "wind": "mph"})
    model = makers_samples.forecaster()
    return hot.analyse(hot.read(content, "a.csv"), model), model


def test_the_level_of_a_forecast_is_the_forecast_in_the_files_unit():
    analysis, model = series_analysis()
    mean = analysis.prediction.mean.values
    for step in (None, 5):
        probe = Probe(analysis, model, Target(token=(1, 0, 3), step=step))
        wanted = mean[1, 0].mean() if step is None else mean[1, 0, step]
        assert probe.level == pytest.approx(wanted, rel=1e-5)
        assert probe.score.unit == "°F"
    assert "JFK · temp" in probe.score.words


def test_the_default_class_is_the_predicted_one():
    probe, analysis, *_ = a_probe("classify", Target())
    label = max(range(2), key=lambda at: list(analysis.prediction.probabilities.values())[at])
    share = list(analysis.prediction.probabilities.values())[label]
    assert probe.score.label == label
    assert probe.level == pytest.approx(np.log(share / (1 - share)), rel=1e-3)


def test_gather_leaves_the_model_and_gives_the_same_twice():
    plan = a_plan("raster")
    analysis, model = planted(plan)
    state = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    focus = Focus("head", plan.query, 0, 0)
    first, again, another = (gather(analysis, model, focus, seed=seed) for seed in (0, 0, 1))
    assert all(torch.equal(state[name], tensor) for name, tensor in model.state_dict().items())
    assert all(parameter.requires_grad for parameter in model.parameters())
    assert np.array_equal(first.deletion.random, again.deletion.random)
    assert np.array_equal(first.use.shuffled, again.use.shuffled)
    assert all(np.array_equal(first.maps[name], again.maps[name]) for name in first.maps)
    assert first.agreements == again.agreements
    assert not np.array_equal(first.deletion.random, another.deletion.random)
    assert not np.array_equal(first.use.shuffled, another.use.shuffled)
    assert first.judgement.verdict == "supported"
    assert first.attributions[0].gap < 0.01
    assert set(first.judgements) == set(summary(first)["verdict"]) == {MAP}
    assert set(first.deletion.orders) == {MAP, ROLLOUT, "integrated gradients"}
    order = first.deletion.orders[ROLLOUT]
    scale = first.deletion.scale

    def moved(share):
        return f"{number(share * scale)} {first.unit}".rstrip()

    assert f"the rollout {moved(order.deletion)} and {moved(order.insertion)}; " in others_words(first)
    assert not any(word in others_words(first) for word in ("supported", "weak"))
    assert f"evening it out by {moved(first.use.uniform)}; " in use_words(first)
    assert still_words(first) == ""
    hidden, own = first.deletion, first.deletion.orders[MAP]
    ends = [f"[{number(low * scale)}, {number(high * scale)}]" for low, high in (hidden.interval, hidden.rest_interval)]
    assert [answer.cells for answer in answers(first)] == [
        ("The places it names first, up to 50 %", moved(own.deletion),
         f"elsewhere {moved(hidden.level)} {ends[0]}", "✓ more"),
        (f"All but the strongest {100 * hidden.left:.0f} %, then ever more of these", moved(own.insertion),
         f"elsewhere {moved(hidden.rest_level)} {ends[1]}", "✓ less"),
        ("This attention, shuffled or evened out", moved(first.use.level), f"at least {moved(USED)}", "✓ enough"),
    ]  # fmt: skip
    gap = GAP if len(hidden.areas) >= 39 else FEW_GAP
    for part in (
        f"laid elsewhere, {len(hidden.areas)} times;", f"at least {moved(gap)} from their mean",
        f"average, {moved(1)}.",
    ):  # fmt: skip
        assert part in answers_words(first)
    decoration = replace(first, judgements={MAP: judge(hidden, replace(own, deletion=hidden.level), 0.0)})
    assert [answer.words for answer in answers(decoration)] == ["not more", "less", "too little"]
    flat = replace(first, deletion=replace(hidden, orders={MAP: replace(own, flat=True)}))
    assert {answer.words for answer in answers(flat)} == {"it names no place", "enough"}
    told = summary(first)["attribution"]
    assert "sum" in told["integrated gradients"]
    assert "sum" not in told["occlusion"]
    assert minus("rose -1.2 [-3, 4] in 1-2, a-3") == "rose −1.2 [−3, 4] in 1-2, a-3"
    np.testing.assert_array_equal(first.maps[ROLLOUT], Focus("model", plan.query).row(analysis))
    assert not np.array_equal(first.maps[ROLLOUT], first.maps[MAP])


def test_use_is_the_change_over_the_scale():
    probe, analysis, _, plan = a_probe("segment")
    found = use(probe, analysis.record, Focus("head", plan.query, 0, 1), 0.5, replace(SMALL, ablation=True), 0)
    alone = np.abs(probe.edited(edits.silenced({(0, 1)})) - probe.whole).mean() / 0.5
    assert found.heads[0, 1] == pytest.approx(alone)
    every = np.abs(probe.edited(edits.uniform({(0, 1)})) - probe.whole).mean() / 0.5
    assert found.uniform == pytest.approx(every)
    assert replace(found, shuffled=np.array([0.1, 0.3]), uniform=0.15).level == pytest.approx(0.2)
    assert replace(found, shuffled=np.array([0.1, 0.3]), uniform=0.25).level == pytest.approx(0.25)
    assert found.layers[0] > found.heads[0].max()
    assert set(found.modes) == {"x", "y", "z"}


@pytest.mark.parametrize(
    ("kind", "target", "message"),
    [
        ("series", Target(token=(7, 0, 0)), r"Token \(7, 0, 0\) does not exist; there are 7 × 3 × 11"),
        ("series", Target(token=(0, 0)), "does not exist"),
        ("series", Target(step=3), "Step 3 is not forecast; choose one from 0 to 2"),
        ("series", Target(step=-1), "Step -1 is not forecast"),
        ("classify", Target(label=2), "Class 2 does not exist; planted-classify knows 0 ground, 1 found"),
        ("segment", Target(label=0, area="class"), "ground is found nowhere here"),
    ],
)
def test_targets_that_do_not_exist_are_refused(kind, target, message):
    with pytest.raises(SelectionError, match=message):
        a_probe(kind, target)


def test_a_position_without_data_is_refused():
    probe, analysis, model, _ = a_probe("segment", missing=0.3)
    token = tuple(int(at) for at in np.argwhere(~probe.valid)[0])
    with pytest.raises(SelectionError, match="holds no data, so nothing is predicted there"):
        Probe(analysis, model, Target(token=token))


@pytest.mark.parametrize(("shown", "head"), [("head", None), ("layer", 1), ("model", 0)])
def test_a_focus_that_contradicts_itself_is_refused(shown, head):
    with pytest.raises(SelectionError, match="a head belongs to 'head', and only there"):
        Focus(shown, (0, 0, 0), 0, head)


def test_a_model_without_gradients_and_a_constant_prediction_still_get_an_answer(monkeypatch):
    plan = a_plan("classify")
    analysis, model = planted(plan)
    whole = type(model).forward
    monkeypatch.setattr(type(model), "forward", lambda self, *args, **more: whole(self, *args, **more).detach())
    found = gather(analysis, model, Focus("layer", plan.query))
    assert [each.method for each in found.attributions] == ["occlusion"]
    assert "gives no gradients" in found.notes[0]
    assert found.judgement.verdict == "supported"
    plan = replace(plan, path="constant")
    found = gather(*planted(plan), Focus("layer", plan.query))
    assert found.judgement.verdict == "not supported"
    assert "stays the same" in found.judgement.reason
    assert found.deletion.scale == 0
    assert np.isfinite([found.use.level, *found.deletion.interval]).all()
    assert not np.isnan(found.maps[MAP]).any()


def test_maps_for_comparison_are_hidden_only_where_their_numbers_come_from():
    probe, analysis, _, plan = a_probe("segment")
    row = Focus("head", plan.query, 0, 0).row(analysis)
    other = np.random.default_rng(1).random(probe.shape)
    found = deletion.deletion(probe, {"first": row, "other": other}, SMALL, 0)
    alone = deletion.deletion(probe, {"other": other}, SMALL, 0).orders["other"]
    order, early = found.orders["other"], found.shares <= 0.5
    assert np.isfinite(found.orders["first"].strongest).all()
    assert np.isnan(order.strongest[~early]).all()
    assert np.isnan(order.weakest[early]).all()
    # random numbers have no ties, so the order is the same whatever was drawn before
    np.testing.assert_allclose(order.strongest[early], alone.strongest[early], rtol=1e-6)
    np.testing.assert_allclose(order.weakest[~early], alone.weakest[~early], rtol=1e-6)
