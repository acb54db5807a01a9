"""Measures of heads against literal twins, their words, the gallery's payload, and the bundled samples."""

import json
import math
import time
import tracemalloc
from functools import cache

import numpy as np
import pytest
import torch

from app import content
from hot_core.analysis.head_words import percent, ruler_of, summary_words
from hot_core.analysis.heads import head_measures
from hot_core.analysis.patterns import MIXED, TOO_FEW, UNIFORM
from hot_core.errors import SelectionError
from hot_core.figures.gallery import LARGEST, POOLED, gallery_bytes
from hot_core.io import read
from hot_core.models import load_model
from hot_core.modes import Kind, Mode
from hot_core.pipeline import analyse
from hot_core.record import AttentionRecord
from tests import oracles, oracles_patterns
from tests.makers_figures import hours
from tests.makers_gallery import random_record, record_of, softmax

STATIONS = np.array(["EWR", "JFK", "LGA", "BOS", "PHL"])
MODES = {
    "mm": (Mode("x", np.array([-7.0, -4.0, 1.0, 2.0, 11.0]), "mm"), [-7, -4, 1, 2, 11], "mm"),
    "metres, north first": (Mode("row", 5e6 - 10.0 * np.arange(5), "metre"), [0, 10, 20, 30, 40], "m"),
    "degrees": (Mode("row", 0.5 * np.arange(5), "degree"), [0, 0.5, 1, 1.5, 2], "°"),
    "voxels": (Mode("z", 3.5 + 8.0 * np.arange(5), "voxel"), [0, 8, 16, 24, 32], "voxels"),
    "dates": (Mode("time", hours(20)[::4]), [0, 4, 8, 12, 16], "h"),
    "steps": (Mode("time", np.arange(0, 20, 4)), [0, 4, 8, 12, 16], "steps"),
    "plain": (Mode("depth", np.arange(5)), [0, 1, 2, 3, 4], "positions"),
    "names": (Mode("station", STATIONS), None, "share"),
    "numbered entities": (Mode("entity", np.arange(5)), None, "share"),
}


def heads_of(mode, layers=2, heads=3, seed=0):
    rng = np.random.default_rng(seed)
    return [softmax(rng, heads, len(mode), len(mode)) for _ in range(layers)]


@pytest.mark.parametrize("case", MODES)
def test_measures_equal_their_definitions(case):
    mode, places, unit = MODES[case]
    layers = heads_of(mode)
    matrices = [head for heads in layers for head in heads]
    got = head_measures(record_of(layers, mode), mode.name)
    assert [(each.layer, each.head) for each in got] == [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)]
    for at, each in enumerate(got):
        expected = oracles_patterns.measures(matrices[at], places)
        np.testing.assert_allclose((each.entropy, each.entropy_share, each.distance), expected, rtol=1e-6)
        assert each.agreement == pytest.approx(oracles_patterns.agreement(matrices, at), rel=1e-6)
        assert each.unit == unit


def test_slices_without_data_are_left_out_of_every_mean():
    mode, places, _ = MODES["mm"]
    layers = heads_of(mode, seed=1)
    for heads in layers:
        heads[:, :, 1] = 0
        heads /= heads.sum(2, keepdims=True)
        heads[:, 1] = 0
    layers[0][0, 3] = 0  # a query of one head only
    matrices = [head for heads in layers for head in heads]
    for at, each in enumerate(head_measures(record_of(layers, mode), 0)):
        np.testing.assert_allclose(
            (each.entropy, each.entropy_share, each.distance),
            oracles_patterns.measures(matrices[at], places),
            rtol=1e-6,
        )
        assert each.agreement == pytest.approx(oracles_patterns.agreement(matrices, at), rel=1e-6)


def test_the_records_mask_says_which_positions_hold_data():
    sizes = (5, 3)
    modes = (Mode("x", 2.0 * np.arange(5), "mm"), Mode("y", 2.0 * np.arange(3), "mm"))
    mask = torch.ones(1, *sizes, dtype=torch.bool)
    mask[0, 2] = False  # no token of x = 4 mm is valid; y = 0 has some that are not
    mask[0, 0, 0] = False
    rng = np.random.default_rng(2)
    weights = softmax(rng, 2, 5, 5)
    weights[:, :, 2] = 0
    weights /= weights.sum(2, keepdims=True)  # the row of x = 4 mm stays: nothing in it tells that it is empty
    record = AttentionRecord(modes)
    factors = [torch.from_numpy(weights)[None], torch.from_numpy(softmax(rng, 2, 3, 3))[None]]
    record.add_factors(factors, "product", False, mask)
    valid = np.arange(5) != 2
    for at, each in enumerate(head_measures(record, "x")):
        expected = oracles_patterns.measures(weights[at], 2.0 * np.arange(5), valid)
        np.testing.assert_allclose((each.entropy, each.entropy_share, each.distance), expected, rtol=1e-6)
        assert "of ln 4" in each.details[0]
    assert all("of ln 3" in each.details[0] for each in head_measures(record, "y"))


def test_a_single_head_agrees_with_nobody():
    (only,) = head_measures(record_of(heads_of(MODES["mm"][0], 1, 1), MODES["mm"][0]), "x")
    assert math.isnan(only.agreement)
    assert only.details[-1] == "there is no other head"


def test_equal_heads_agree_fully_and_apart_ones_not_at_all():
    eye = np.eye(5)
    mode = MODES["mm"][0]
    got = head_measures(record_of([[eye, eye], [np.roll(eye, 1, axis=1)] * 2], mode), "x")
    assert [each.agreement for each in got] == pytest.approx([1 / 3] * 4)
    assert got[0].details[-1] == "shares 33 % of its weight with the other heads"


def test_a_mode_that_does_not_exist_is_refused():
    with pytest.raises(SelectionError, match="Mode 'time' does not exist; the modes are x"):
        head_measures(random_record(), "time")
    with pytest.raises(SelectionError, match="Layer 0 was not recorded"):
        head_measures(AttentionRecord(MODES["mm"][:1]), "x")


@pytest.mark.parametrize("size", [1, 2, 3])
def test_few_positions_behave(size):
    mode = Mode("x", 2.0 * np.arange(size), "mm")
    got = head_measures(record_of([[np.full((size, size), 1 / size)] * 2], mode), "x")
    assert {each.pattern for each in got} == {TOO_FEW}
    assert got[0].words == f"too few positions ({size}) to tell a pattern from chance; entropy is 100 % of its largest"
    assert got[0].agreement == pytest.approx(1)
    assert math.isnan(got[0].weight)


def test_no_data_at_all_is_said():
    got = head_measures(record_of([np.zeros((2, 5, 5))], MODES["mm"][0]), "x")
    assert got[0].words == "too few positions (0) to tell a pattern from chance"
    assert got[0].details == ("no position with data", "there is no other head")
    assert gallery_bytes(record_of([np.zeros((2, 5, 5))], MODES["mm"][0]), "x", got)


# ---- words


def words_of(weights, mode):
    return head_measures(record_of([[weights]], mode), 0)[0]


def shifted(n, offsets):
    weights = np.zeros((n, n))
    for q in range(n):
        inside = [q + o for o in offsets if 0 <= q + o < n]
        weights[q, inside or slice(None)] = 1 / (len(inside) or n)  # where the band leaves the axis: uniform
    return weights


def test_a_diagonal_in_words():
    weights = 0.8 * np.eye(23) + 0.2 / 23
    got = words_of(weights, Mode("time", hours(23)))
    assert got.words == "diagonal: 81 % of the weight stays on the query's own position, 19 times uniform"
    assert got.weight == pytest.approx(0.8 + 0.2 / 23)
    assert got.strength == pytest.approx(0.8)


@pytest.mark.parametrize(
    ("mode", "offsets", "said"),
    [
        (Mode("time", hours(92)[::4]), (-2, -1, 0, 1, 2), "lies within 8 h of the query"),
        (Mode("time", hours(92)[::4]), (-3, -2), "lies 8 to 12 h before the query"),
        (Mode("time", hours(92)[::4]), (0, 1), "lies 0 to 4 h after the query"),
        (Mode("time", hours(92)[::4]), (6,), "lies 24 h after the query"),
        (Mode("time", hours(92)[::4]), (-1, 0, 1, 2), "lies at −4 to +8 h from the query"),
        (Mode("x", 4.0 * np.arange(23), "mm"), (2, 3), "lies at +8 to +12 mm from the query"),
        (Mode("row", 5e6 - 10.0 * np.arange(23), "metre"), (2, 3), "lies at −30 to −20 m from the query"),
        (Mode("z", 3.5 + 8.0 * np.arange(23), "voxel"), (-1, 0, 1), "lies within 8 voxels of the query"),
        (Mode("time", np.arange(23)), (-3,), "lies 3 steps before the query"),
    ],
)
def test_a_band_in_words(mode, offsets, said):
    weights = shifted(23, offsets)
    got = words_of(weights, mode)
    assert got.pattern == "banded"
    assert f" of the weight {said}, " in got.words


def test_a_sink_in_words():
    weights = np.full((11, 11), 0.2 / 11)
    weights[:, 3] += 0.8
    got = words_of(weights, Mode("time", hours(44)[::4]))
    assert got.words == (
        "vertical (attention sink): 82 % of the weight falls on 07-14 12:00 alone, whoever looks, 9 times uniform"
    )
    weights = np.full((13, 13), 0.01)
    weights[:, [0, 12]] += 0.87 / 2
    names = Mode("station", np.array([f"S{at}" for at in range(13)]))
    assert "falls on S0 and S12 together, whoever looks" in words_of(weights, names).words


def test_blocks_in_words():
    label = np.searchsorted([0, 5, 16], np.arange(23), side="right")
    weights = (label[:, None] == label).astype(float)
    got = words_of(weights / weights.sum(1, keepdims=True), Mode("x", -26.5 + 4.0 * np.arange(23), "mm"))
    assert got.words.startswith(
        "block: 100 % of the weight stays inside the query's own one of 3 blocks "
        "(−26.5 mm … −10.5 mm; −6.5 mm … 33.5 mm; 37.5 mm … 61.5 mm), "
    )


def test_uniform_and_mixed_in_words():
    even = words_of(np.full((13, 13), 1 / 13), Mode("x", 2.0 * np.arange(13), "mm"))
    assert (even.pattern, even.weight, even.strength) == (UNIFORM, pytest.approx(1), pytest.approx(1))
    assert even.words == "uniform: entropy is 100 % of its largest, ln 13 = 2.56 nats"
    mixed = words_of(softmax(np.random.default_rng(0), 13, 13), Mode("x", 2.0 * np.arange(13), "mm"))
    assert mixed.pattern == MIXED
    assert math.isnan(mixed.weight)
    assert mixed.words.startswith("mixed: no named pattern is strong and sure enough. Nearest to ")


def test_a_share_is_not_rounded_up_to_all():
    assert [percent(share) for share in (0.814, 0.996, 0.9996, 1.0, 0.0)] == ["81 %", "99.6 %", "100 %", "100 %", "0 %"]


def test_the_summary_counts_the_patterns():
    names = ["banded"] * 5 + ["vertical"] + ["mixed"] * 6
    assert summary_words(names, "time") == (
        "Of 12 heads along time, 5 look along a narrow band; 1 looks at the same few keys whatever the query "
        "(vertical); 6 show no named pattern (mixed)."
    )
    assert summary_words(["uniform"], "x") == "Of 1 head along x, 1 is close to uniform."
    assert summary_words([TOO_FEW] * 3, "entity").startswith("entity has too few positions")


def test_positions_of_a_ruler_may_be_one():
    assert ruler_of(Mode("x", np.array([4.0]), "mm")).step == 1.0
    assert ruler_of(Mode("row", 5e6 - 10.0 * np.arange(5), "metre")).step == -10.0


def test_twelve_heads_take_little_more_memory_than_themselves():
    n, heads = 499, 12
    rng = np.random.default_rng(3)
    record = record_of([0.7 * np.eye(n) + 0.3 * softmax(rng, heads, n, n)], Mode("x", np.arange(n) * 2.0, "mm"))
    tracemalloc.start()
    measures = head_measures(record, "x")
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert {each.pattern for each in measures} == {"diagonal"}  # so that chance was asked
    assert most < 1.6 * heads * 8 * n * n


# ---- the gallery's payload


def unpacked(payload):
    length = int.from_bytes(payload[:4], "little")
    assert (4 + length) % 8 == 0
    return json.loads(payload[4 : 4 + length]), np.frombuffer(payload[4 + length :], "<f4")


@pytest.mark.parametrize("size", [2, 11, LARGEST + 1])
def test_the_payload_holds_every_factor_and_measure(size):
    record = random_record(2, 3, size, seed=3)
    measures = head_measures(record, "x")
    header, values = unpacked(gallery_bytes(record, "x", measures, (1, 2)))
    side = size if size <= LARGEST else POOLED
    assert (header["side"], header["positions"], header["open"], header["unit"]) == (side, size, [1, 2], "mm")
    assert header["uniform"] == pytest.approx(1 / size)
    assert header["limit"] == pytest.approx(max(2 / size, max(float(record.factor(at, "x").max()) for at in (0, 1))))
    assert [(each["layer"], each["head"]) for each in header["heads"]] == [(a, b) for a in (0, 1) for b in (0, 1, 2)]
    for each, measured in zip(header["heads"], measures, strict=True):
        assert [each[name] for name in ("entropy", "distance", "agreement", "words")] == [
            measured.entropy, measured.distance, measured.agreement, measured.words,
        ]  # fmt: skip
    values = values.reshape(6, side, side)
    for at in range(6):
        weights = record.factor(at // 3, "x").values[at % 3].astype(float)
        whole = (0, size)
        expected = oracles.view(torch.from_numpy(weights), whole, whole, side, side) if size > LARGEST else weights
        np.testing.assert_allclose(values[at], expected, rtol=1e-6, atol=1e-9)


def test_the_uniform_level_counts_the_keys_with_data():
    record = AttentionRecord((Mode("x", np.arange(5.0), "mm"),))
    mask = torch.tensor([[True, True, False, True, True]])
    record.add_factors([torch.full((1, 1, 5, 5), 0.2)], "product", False, mask)
    header, _ = unpacked(gallery_bytes(record, "x", head_measures(record, "x")))
    assert header["uniform"] == 0.25
    assert header["open"] is None


# ---- the bundled samples


@cache
def bundled_record(kind, at):
    entry = content.open_bundled(content.samples(kind)[at])
    return analyse(read(entry.path), load_model(entry.model)).record


KINDS: tuple[Kind, ...] = ("series", "volume", "raster")
SAMPLES = [(kind, at) for kind in KINDS for at in range(len(content.samples(kind)))]


@pytest.mark.parametrize(("kind", "at"), SAMPLES)
def test_every_bundled_sample_has_finite_measures(kind, at):
    record = bundled_record(kind, at)
    for index, mode in enumerate(record.modes):
        measures = head_measures(record, mode)
        assert len(measures) == record.num_layers * record.num_heads
        for each in measures:
            numbers = (each.entropy, each.entropy_share, each.distance, each.agreement, each.strength)
            assert np.isfinite(numbers).all()
            assert 0 <= each.entropy_share <= 1 + 1e-6
            assert 0 <= each.agreement <= 1
            assert each.pattern in each.words.split(":")[0]
        if len(record.token_modes[index].coords) < 4:
            assert {each.pattern for each in measures} == {TOO_FEW}
        else:
            assert TOO_FEW not in {each.pattern for each in measures}
        if mode in ("entity", "variable", "band"):
            assert not {"banded", "block"} & {each.pattern for each in measures}


def test_measures_of_the_largest_bundled_mode_are_quick():
    record = bundled_record("raster", 0)
    head_measures(record, "row")
    took = []
    for _ in range(7):
        start = time.process_time()  # other processes' turns do not count
        head_measures(record, "row")
        took.append(time.process_time() - start)
    assert min(took) < 0.1, f"{1e3 * min(took):.0f} ms; about 25 ms on a quiet core."
