"""Named patterns against literal twins, on made patterns, and on random matrices, where none may be named."""

import math
import tracemalloc
from itertools import pairwise, product

import numpy as np
import pytest

from hot_core.analysis import chance
from hot_core.analysis.chance import TILTS, LogMoments, log_chance, symmetric_means
from hot_core.analysis.pattern_search import (
    BAND_TIE,
    banded,
    best_partition,
    block,
    diagonal,
    found,
    least_block,
    vertical,
    widest_band,
)
from hot_core.analysis.patterns import MIXED, TOO_FEW, UNIFORM, counts, matrix_of, name_pattern
from tests import oracles_patterns as literal
from tests.makers_gallery import softmax


def rng_of(*seed):
    return np.random.default_rng(seed)


def mix(pattern, share, noise):
    """`share` of a pattern and the rest of a noise; rows sum to 1."""
    pattern = pattern / pattern.sum(1, keepdims=True)
    return share * pattern + (1 - share) * noise


def with_gaps(n, seed=0):
    """Random rows with two slices without data: one whose row alone is 0, one whose row and column are."""
    weights = softmax(rng_of(seed), n, n)
    weights[2] = 0
    weights[:, n - 2] = 0
    weights[n - 2] = 0
    return weights / np.maximum(weights.sum(1, keepdims=True), 1e-300)


def blocks(n, starts):
    label = np.searchsorted(starts, np.arange(n), side="right")
    return (label[:, None] == label).astype(float)


def band(n, first, last):
    offset = np.arange(n) - np.arange(n)[:, None]
    return ((offset >= first) & (offset <= last)).astype(float)


# ---- against the literal twins


@pytest.mark.parametrize("valid", [None, "mask"])
def test_rows_and_keys_without_data_are_left_out(valid):
    weights = with_gaps(11)
    mask = np.arange(11) % 5 != 3 if valid else None
    matrix = matrix_of(weights, mask)
    queries, keys = literal.rows_and_keys(weights, mask)
    assert (matrix.queries.tolist(), matrix.keys.tolist()) == (queries, keys)
    np.testing.assert_allclose(matrix.weights.sum(1), 1, rtol=1e-14)
    expected = weights[np.ix_(queries, keys)]
    np.testing.assert_allclose(matrix.weights, expected / expected.sum(1, keepdims=True), rtol=1e-13)


@pytest.mark.parametrize("n", [5, 7, 11, 13])
@pytest.mark.parametrize("gaps", [False, True])
def test_the_band_is_the_best_of_all_bands(n, gaps):
    for seed in range(11):
        weights = with_gaps(n, seed) if gaps else mix(band(n, -1, seed % 3), 0.1 * seed, softmax(rng_of(seed), n, n))
        matrix = matrix_of(weights)
        first, width = literal.best_band(matrix, widest_band(n), BAND_TIE)
        got = banded(matrix)
        assert got.places == (first, first + width - 1)
        expected = literal.inside(matrix, lambda q, k, a=first, w=width: a <= k - q < a + w)
        np.testing.assert_allclose((got.weight, got.uniform), expected, rtol=1e-12)
        tried = {(a, w) for w in range(1, widest_band(n) + 1) for a in range(1 - n, n - w + 1)}
        assert math.exp(got.log_tries) == pytest.approx(len(tried))


@pytest.mark.parametrize(("n", "least"), [(4, 2), (5, 2), (7, 2), (11, 2), (13, 2), (11, 3), (13, 5)])
def test_the_partition_is_the_best_of_all_partitions(n, least):
    for seed in range(7):
        gain = rng_of(n, least, seed).normal(size=(n, n))
        starts, value = literal.best_partition(gain, least)
        got = best_partition(gain, least)
        assert got == starts
        edges = [*got, n]
        total = sum(gain[a:b, a:b].sum() for a, b in pairwise(edges))
        assert total == pytest.approx(value)


@pytest.mark.parametrize("n", [5, 7, 11])
@pytest.mark.parametrize("gaps", [False, True])
def test_blocks_stand_where_weight_above_uniform_is_largest(n, gaps):
    for seed in range(5):
        weights = with_gaps(n, seed) if gaps else softmax(rng_of(seed), n, n)
        matrix = matrix_of(weights)
        there = sorted({*matrix.queries.tolist(), *matrix.keys.tolist()})
        gain = [[0.0] * len(there) for _ in there]
        for a, q in enumerate(matrix.queries):
            for b, k in enumerate(matrix.keys):
                gain[there.index(q)][there.index(k)] = matrix.weights[a, b] - 1 / len(matrix.keys)
        starts, value = literal.best_partition(gain, 2)
        got = block(matrix)
        assert got.places == tuple(there[start] for start in starts)
        assert (got.weight - got.uniform) * len(matrix.queries) == pytest.approx(value)


def test_the_partitions_that_were_tried_are_counted():
    for n in (7, 11, 13, 29, 41, 61):
        matrix = matrix_of(mix(blocks(n, [0, n // 2]), 0.9, np.full((n, n), 1 / n)))
        got, least = block(matrix), least_block(n)
        count = sum(
            all(part >= least for part in parts)
            for parts in product(range(1, n), repeat=len(got.places))
            if sum(parts) == n
        )
        assert math.exp(got.log_tries) == pytest.approx(count * (n // least - 1))


@pytest.mark.parametrize("n", [5, 11, 13])
def test_a_sink_takes_another_key_only_for_a_clear_gain(n):
    for seed in range(7):
        weights = with_gaps(n, seed)
        matrix = matrix_of(weights)
        means = [(sum(matrix.weights[:, b]) / len(matrix.queries), -k) for b, k in enumerate(matrix.keys)]
        order = [-k for _, k in sorted(means, reverse=True)]
        chosen = order[:1]
        while len(chosen) < max(1, min(3, len(matrix.keys) // 4)):
            now, more = (
                literal.excess(*literal.inside(matrix, lambda _, k, keys=keys: k in keys))
                for keys in (chosen, order[: len(chosen) + 1])
            )
            if more < now + 0.1:
                break
            chosen = order[: len(chosen) + 1]
        got = vertical(matrix)
        assert sorted(chosen) == list(got.places)
        expected = literal.inside(matrix, lambda _, k, keys=tuple(chosen): k in keys)
        np.testing.assert_allclose((got.weight, got.uniform), expected, rtol=1e-12)


def test_the_diagonal_counts_only_the_querys_own_position():
    matrix = matrix_of(with_gaps(11))
    got = diagonal(matrix)
    np.testing.assert_allclose((got.weight, got.uniform), literal.inside(matrix, lambda q, k: q == k), rtol=1e-12)


# ---- chance


def test_moments_are_the_mean_over_every_deal():
    weights = softmax(rng_of(1), 3, 7, heat=3)
    moments = LogMoments(weights)
    got = np.stack([moments.at(np.full(3, count)) for count in range(8)], axis=2)
    for at, tilt in enumerate(TILTS):
        if tilt > 100:  # beyond it a double holds no digits of the literal sum
            continue
        for q in range(3):
            for count in range(8):
                assert got[at, q, count] == pytest.approx(math.log(literal.moment(weights[q], count, tilt)), abs=1e-10)


def test_moments_of_many_keys_are_bounded_from_above_and_hold_the_better_of_two_bounds():
    n = chance.EXACT + 5
    weights = softmax(rng_of(2), 2, n, heat=1.5)
    moments = LogMoments(weights)
    got = np.stack([moments.at(np.full(2, count)) for count in range(n + 1)], axis=2)
    for at, tilt in enumerate(TILTS[TILTS < 50]):
        for q, count in product(range(2), (0, 1, 2, n)):
            mean = sum(math.exp(tilt * a) for a in weights[q]) / n
            bounds = (mean**count, 1 + count / n * (math.exp(tilt) - 1))
            assert got[at, q, count] == pytest.approx(math.log(min(bounds)), abs=1e-10)
            assert got[at, q, count] >= math.log(literal.moment(weights[q], count, tilt)) - 1e-12


def test_a_tilt_whose_moments_vanish_is_not_used():
    means = symmetric_means(np.array([1.0, 1e-200, 1e-200]))
    assert means[3] == 0
    moments = LogMoments(np.array([[0.9, 0.1, 0.0, 0.0], [0.0, 0.0, 0.1, 0.9]]))
    assert np.isposinf(moments.at(np.array([3, 3]))[-1, 0])
    assert np.isfinite(moments.at(np.array([1, 1]))).all()


@pytest.mark.parametrize("n", [7, chance.EXACT + 5])
def test_every_query_has_a_count_of_its_own(n):
    moments, counts_of = LogMoments(softmax(rng_of(4), n, n)), np.arange(n)
    got = moments.at(counts_of)
    for q in range(n):
        np.testing.assert_array_equal(got[:, q], moments.at(np.full(n, counts_of[q]))[:, q])


def test_a_thousand_positions_take_little_memory():
    n = 1000
    weights = mix(np.eye(n), 0.7, softmax(rng_of(5), n, n))
    tracemalloc.start()
    pattern = name_pattern(matrix_of(weights), True)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert pattern.name == "diagonal"  # so that chance was asked
    assert most < 8 * weights.nbytes


@pytest.mark.parametrize("heat", [0.5, 2, 30])
def test_the_bound_is_never_below_the_true_probability(heat):
    # every deal of 5 rows of 5 keys: the mass on one chosen key a row takes 5⁵ values, all alike
    weights = softmax(rng_of(3), 5, 5, heat=heat)
    moments = LogMoments(weights)
    sums = np.array([sum(row[k] for row, k in zip(weights, keys, strict=True)) for keys in product(range(5), repeat=5)])
    for level in (1.0, 1.5, 2.5, 3.5, float(np.sort(weights, axis=1)[:, -1].sum())):
        true = (sums >= level - 1e-12).mean()
        bound = log_chance(moments, np.full(5, level / 5), np.ones(5, dtype=int))
        assert true == 0 or bound >= math.log(true) - 1e-9
    assert bound <= math.log(5.0**-5) + 0.5  # and for the largest sum of all it is nearly sharp


@pytest.mark.parametrize("heat", [0.5, 1, 2, 4, 8, 30])
def test_random_matrices_are_not_named(heat):
    sizes = (4, 5, 7, 9, 13, 24, 31)
    for n in sizes:
        rng = rng_of(n, int(10 * heat))
        count = 200 if n < 24 else 60
        names = [name_pattern(matrix_of(softmax(rng, n, n, heat=heat)), True).name for _ in range(count)]
        wrong = [name for name in names if name not in (MIXED, UNIFORM)]
        assert len(wrong) < 0.02 * count + 1, f"{n} positions: {wrong}"


def test_fewer_than_two_in_a_hundred_random_matrices_are_named():
    rng = rng_of(2026)
    wrong = 0
    for at in range(1000):
        n, heat = (4, 5, 7, 9, 11, 13)[at % 6], (1, 2, 4, 8, 30)[at % 5]
        wrong += name_pattern(matrix_of(softmax(rng, n, n, heat=heat)), True).name not in (MIXED, UNIFORM)
    assert wrong < 20


# ---- made patterns are named, with the right number

NOISES = {"even": lambda rng, n: np.full((n, n), 1 / n), "random": lambda rng, n: softmax(rng, n, n, heat=1)}


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("n", [7, 11, 23, 31])
def test_a_diagonal_is_named(n, noise):
    weights = mix(np.eye(n), 0.75, NOISES[noise](rng_of(n), n))
    pattern = name_pattern(matrix_of(weights), True)
    assert pattern.name == "diagonal"
    assert pattern.found.weight == pytest.approx(np.trace(weights) / n)
    assert pattern.strength == pytest.approx((np.trace(weights) / n - 1 / n) / (1 - 1 / n))
    assert name_pattern(matrix_of(weights), False).name == "diagonal"


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize(("n", "first", "last"), [(11, -1, 1), (13, 1, 2), (23, -2, 2), (23, -6, -4), (31, -3, 3)])
def test_a_band_is_named_with_its_place(n, first, last, noise):
    shape = band(n, first, last)
    shape[shape.sum(1) == 0] = 1 / n
    weights = mix(shape, 0.85, NOISES[noise](rng_of(n), n))
    pattern = name_pattern(matrix_of(weights), True)
    assert (pattern.name, pattern.found.places) == ("banded", (first, last))
    inside = literal.inside(matrix_of(weights), lambda q, k: first <= k - q <= last)
    assert pattern.strength == pytest.approx(literal.excess(*inside))
    assert name_pattern(matrix_of(weights), False).name in (MIXED, UNIFORM)  # without order there is no band


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize(("n", "starts"), [(11, (0, 4)), (13, (0, 3, 8)), (23, (0, 5, 12, 17)), (31, (0, 17))])
def test_blocks_are_named_with_their_places(n, starts, noise):
    weights = mix(blocks(n, starts), 0.8, NOISES[noise](rng_of(n), n))
    pattern = name_pattern(matrix_of(weights), True)
    assert (pattern.name, pattern.found.places) == ("block", starts)
    label = np.searchsorted(starts, np.arange(n), side="right")
    inside = literal.inside(matrix_of(weights), lambda q, k: label[q] == label[k])
    assert pattern.strength == pytest.approx(literal.excess(*inside))


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("ordered", [True, False])
@pytest.mark.parametrize(("n", "keys"), [(7, (3,)), (11, (0,)), (13, (2, 11)), (23, (0, 7, 22))])
def test_a_sink_is_named_with_its_keys(n, keys, ordered, noise):
    shape = np.zeros((n, n))
    shape[:, list(keys)] = 1
    pattern = name_pattern(matrix_of(mix(shape, 0.8, NOISES[noise](rng_of(n), n))), ordered)
    assert (pattern.name, pattern.found.places) == ("vertical", keys)


def test_a_key_that_only_half_of_the_queries_look_at_is_no_sink():
    n = 23
    weights = np.full((n, n), 1 / n)
    weights[::2] = np.eye(n)[5]
    pattern = name_pattern(matrix_of(weights), False)
    assert (pattern.name, pattern.found.name) == (MIXED, "vertical")
    assert pattern.found.excess > 0.4


def test_uniform_and_mixed_are_told_by_entropy():
    n = 13
    even = name_pattern(matrix_of(mix(np.eye(n), 0.1, np.full((n, n), 1 / n))), True)
    assert even.name == UNIFORM
    assert even.strength == even.entropy_share > 0.95
    spread = np.zeros((n, n))
    for q in range(n):
        spread[q, [(q * q + step) % n for step in (0, 3, 7)]] = 1 / 3
    scattered = name_pattern(matrix_of(spread), True)
    assert (scattered.name, scattered.strength) == (MIXED, 0.0)
    assert scattered.entropy_share == pytest.approx(math.log(3) / math.log(n))


def test_the_simpler_pattern_wins_a_tie():
    weights = mix(np.eye(23), 0.9, np.full((23, 23), 1 / 23))
    matrix = matrix_of(weights)
    assert banded(matrix).excess == pytest.approx(diagonal(matrix).excess)
    assert name_pattern(matrix, True).name == "diagonal"


def test_blocks_are_not_named_where_a_band_that_chance_could_explain_is_stronger():
    offset = np.arange(8) - np.arange(8)[:, None]
    waves = np.exp(2.5 * np.cos(2 * math.pi * offset / 5.5))
    matrix = matrix_of(waves / waves.sum(1, keepdims=True))
    moments = LogMoments(matrix.weights)
    assert counts(block(matrix), matrix, moments)
    assert not counts(banded(matrix), matrix, moments)
    assert banded(matrix).excess > block(matrix).excess
    pattern = name_pattern(matrix, True)
    assert (pattern.name, pattern.found.name) == (MIXED, "banded")


def test_a_band_is_narrow():
    sizes = {4: 2, 5: 2, 6: 3, 7: 3, 11: 3, 13: 4, 24: 8, 64: 21}
    assert {n: widest_band(n) for n in sizes} == sizes


@pytest.mark.parametrize("n", [1, 2, 3])
def test_few_positions_have_no_pattern(n):
    pattern = name_pattern(matrix_of(np.eye(n)), True)
    assert (pattern.name, pattern.found, pattern.strength) == (TOO_FEW, None, 0.0)
    assert pattern.entropy_share == (1.0 if n == 1 else 0.0)


def test_positions_without_data_do_not_count_as_positions():
    weights = np.zeros((7, 7))
    weights[:3, :3] = np.eye(3)
    assert name_pattern(matrix_of(weights), True).name == TOO_FEW
    empty = name_pattern(matrix_of(np.zeros((7, 7))), True)
    assert empty.name == TOO_FEW
    assert math.isnan(empty.entropy_share)


def test_a_diagonal_with_gaps_is_still_full():
    weights = np.diag((np.arange(11) % 4 != 1).astype(float))
    pattern = name_pattern(matrix_of(weights), True)
    assert (pattern.name, pattern.strength, pattern.found.weight) == ("diagonal", 1.0, 1.0)
    assert pattern.found.uniform == pytest.approx(1 / 8)


def test_a_found_pattern_knows_mass_and_counts_of_every_query():
    matrix = matrix_of(softmax(rng_of(9), 5, 5))
    chosen = np.tri(5).astype(bool)
    got = found("diagonal", matrix, chosen, 0.0, ())
    np.testing.assert_array_equal(got.counts, [1, 2, 3, 4, 5])
    np.testing.assert_allclose(got.mass, [matrix.weights[q, : q + 1].sum() for q in range(5)])
