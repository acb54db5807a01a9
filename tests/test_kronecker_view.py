"""Pictures of the Kronecker map: exact at every zoom, also where differences of running sums would lose all digits."""

import math
import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from hot_core.errors import SelectionError
from hot_core.kronecker import KroneckerMap, KroneckerMixture
from tests import oracles, oracles_kronecker
from tests.test_kronecker import RULES, SIZES, random_map


def sharp_map(sizes, combine="product", seed=0, sharpness=6.0):
    """Softmax factors whose weights spread over many orders of magnitude."""
    generator = torch.Generator().manual_seed(seed)
    factors = [(sharpness * torch.randn(n, n, generator=generator, dtype=torch.float64)).softmax(-1) for n in sizes]
    return KroneckerMap(tuple(factors), combine)


def rectangle(data, total):
    edges = st.lists(st.integers(0, total), min_size=2, max_size=2, unique=True)
    rows, cols = (tuple(sorted(data.draw(edges))) for _ in range(2))
    return rows, cols, data.draw(st.integers(1, 23)), data.draw(st.integers(1, 23))


@pytest.mark.parametrize("combine", RULES)
@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_tiny_weights_beside_large_ones_keep_all_their_digits(combine, data):
    kmap = sharp_map(data.draw(st.sampled_from(SIZES)), combine, data.draw(st.integers(0, 99)))
    picture = rectangle(data, kmap.shape[0])
    expected = oracles.view(oracles.kron_of(kmap.factors, combine), *picture)
    torch.testing.assert_close(kmap.view(*picture), expected, rtol=1e-12, atol=0)


@pytest.mark.parametrize("combine", RULES)
@pytest.mark.parametrize("masked", [False, True])
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_maximum_is_the_largest_entry_of_every_block(combine, masked, data):
    kmap = sharp_map(data.draw(st.sampled_from(SIZES)), combine, data.draw(st.integers(0, 99)))
    if masked:  # weights of 0, whole rows too, and a diagonal that is not the largest
        for factor in kmap.factors:
            factor[::2, 1::2] = 0
            factor[-1] = 0
    picture = rectangle(data, kmap.shape[0])
    expected = oracles_kronecker.largest(oracles.kron_of(kmap.factors, combine), *picture)
    torch.testing.assert_close(kmap.view(*picture, reduce="max"), expected, rtol=1e-14, atol=0)


ZOOMS = [
    ((101, 97, 103), (0, 1_009_091), (0, 1_009_091)),
    ((101, 97, 103), (400_003, 451_003), (17, 51_020)),
    ((101, 97, 103), (9_990, 15_110), (500_000, 525_600)),
    ((101, 97, 103), (9_990, 10_410), (9_800, 10_500)),
    ((997, 1009), (0, 1_005_973), (0, 1_005_973)),
    ((997, 1009), (300_000, 551_000), (100_000, 360_000)),
    ((7, 11, 13, 5, 17), (0, 85_085), (3, 85_000)),
    ((1511,), (0, 1511), (11, 1500)),
    ((4001, 3), (0, 12_003), (0, 12_003)),
    ((3, 4001), (0, 12_003), (5, 12_001)),
    ((3, 4001), (4000, 4007), (4001, 4002)),
]


@pytest.mark.parametrize("combine", RULES)
@pytest.mark.parametrize(("sizes", "rows", "cols"), ZOOMS)
def test_every_zoom_of_a_large_map_against_single_blocks(sizes, rows, cols, combine):
    """Chosen pixels, each from all its entries one by one; sharp factors, so that most blocks are tiny."""
    kmap = sharp_map(sizes, combine, sharpness=2.0)
    height, width = 509, 487
    picture, largest = (kmap.view(rows, cols, height, width, reduce) for reduce in ("mean", "max"))
    generator = np.random.default_rng(1)
    crossing = [(i, min(i * width // height, width - 1)) for i in (0, 250, height - 1)]
    chosen = crossing + [tuple(pair) for pair in generator.integers(0, (height, width), (4, 2)).tolist()]
    for i, j in chosen:
        entries = oracles_kronecker.block(
            kmap.factors, combine, oracles.pixel_span(rows, height, i), oracles.pixel_span(cols, width, j)
        )
        mean = math.fsum(entries.ravel().tolist()) / entries.size
        assert float(picture[i, j]) == pytest.approx(mean, rel=1e-12, abs=0)
        assert float(largest[i, j]) == pytest.approx(entries.max(), rel=1e-14, abs=0)


def test_a_single_factor_may_have_any_sign():
    kmap = KroneckerMap((torch.randn(23, 23, generator=torch.Generator().manual_seed(3), dtype=torch.float64),))
    for picture in [((0, 23), (0, 23), 5, 7), ((2, 19), (1, 23), 3, 3), ((4, 7), (0, 23), 11, 2)]:
        expected = oracles_kronecker.largest(kmap.factors[0], *picture)
        torch.testing.assert_close(kmap.view(*picture, reduce="max"), expected, rtol=0, atol=0)
        negative = KroneckerMap((-kmap.factors[0].abs(),), "sum")
        expected = oracles_kronecker.largest(negative.factors[0], *picture)
        torch.testing.assert_close(negative.view(*picture, reduce="max"), expected, rtol=0, atol=0)


def test_means_of_factors_with_negative_entries_are_exact_too():
    factors = tuple(torch.randn(n, n, dtype=torch.float64) for n in (3, 5, 7))
    for combine in RULES:
        picture = ((1, 104), (0, 105), 13, 11)
        expected = oracles.view(oracles.kron_of(factors, combine), *picture)
        torch.testing.assert_close(KroneckerMap(factors, combine).view(*picture), expected, rtol=0, atol=1e-13)


def test_normalised_sum_and_mixtures_of_sums_have_exact_maxima():
    maps = tuple(KroneckerMap(sharp_map((3, 5, 7), seed=seed).factors, "sum", True) for seed in range(3))
    dense = oracles_kronecker.mixed(maps, (0.5, 0.2, 0.3))
    picture = ((2, 101), (0, 105), 17, 13)
    mixture = KroneckerMixture(maps, (0.5, 0.2, 0.3))
    for reduce, twin in (("mean", oracles.view), ("max", oracles_kronecker.largest)):
        torch.testing.assert_close(mixture.view(*picture, reduce), twin(dense, *picture), rtol=1e-12, atol=0)
    alone = KroneckerMixture(maps, (0.0, 0.25, 0.0)).view(*picture, "max")
    torch.testing.assert_close(alone, 0.25 * maps[1].view(*picture, "max"), rtol=1e-14, atol=0)


def test_maximum_is_refused_where_the_factors_do_not_give_it():
    heads = tuple(random_map((3, 5), "product", seed) for seed in range(2))
    mixture = KroneckerMixture.equal(heads)
    with pytest.raises(SelectionError, match=r"not exact for a mixture of 2 heads.*Ask for reduce='mean'"):
        mixture.view((0, 15), (0, 15), 5, 5, "max")
    dense = mixture.view((0, 15), (0, 15), 15, 15)
    torch.testing.assert_close(mixture.view((0, 15), (0, 15), 15, 15, "max"), dense, rtol=0, atol=0)
    one = KroneckerMixture(heads, (0.0, 0.7)).view((0, 15), (0, 15), 4, 4, "max")
    torch.testing.assert_close(one, 0.7 * heads[1].view((0, 15), (0, 15), 4, 4, "max"), rtol=1e-15, atol=0)
    signed = KroneckerMap((heads[0].factors[0] - 0.5, heads[0].factors[1]))
    with pytest.raises(SelectionError, match="needs non-negative factors, and one of these 2 has negative"):
        signed.view((0, 15), (0, 15), 4, 4, "max")
    entries = oracles.kron_of(signed.factors, "product")[3:7, 2:9]
    torch.testing.assert_close(signed.view((3, 7), (2, 9), 4, 7, "max"), entries, rtol=1e-14, atol=0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_narrow_factors_are_added_up_in_float64(dtype):
    kmap = KroneckerMap(tuple(factor.to(dtype) for factor in sharp_map((3, 5, 7)).factors))
    expected = oracles.view(oracles.kron_of([f.double() for f in kmap.factors], "product"), (0, 105), (0, 105), 8, 9)
    picture = kmap.view((0, 105), (0, 105), 8, 9)
    assert picture.dtype == torch.float64
    torch.testing.assert_close(picture, expected, rtol=1e-13, atol=0)


MEASURE = """
import resource, torch
from hot_core.kronecker import KroneckerMap
torch.set_num_threads(1)
maps = [KroneckerMap(tuple(torch.randn(n, n).softmax(-1) for n in {sizes}), c) for c in ("product", "sum")]
maps[0].view((0, 9), (0, 9), 3, 3)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for kmap in maps:
    kmap.view((0, kmap.shape[0]), (0, kmap.shape[0]), 512, 512)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="peak memory is read in KiB as Linux gives it")
@pytest.mark.parametrize("sizes", [(100, 100, 100), (1000, 1000)])
def test_a_view_of_a_trillion_entries_needs_less_than_100_mb(sizes, root):
    run = subprocess.run(
        [sys.executable, "-c", MEASURE.format(sizes=sizes)], cwd=root, check=True, capture_output=True, text=True
    )
    assert int(run.stdout) * 1024 < 100e6
