"""The largest entries of heads that are nearly uniform, where a search over bounds would not end."""

import pytest
import torch

from hot_core.errors import SelectionError
from hot_core.kronecker import KroneckerMap, KroneckerMixture, scan
from hot_core.kronecker.top import LooseBoundsError, ProductTree, search
from tests import oracles_kronecker
from tests.test_kronecker import random_map
from tests.test_kronecker_measures import WEIGHTS, assert_top


def flat_mixture(sizes, heads=3, spread=0.01):
    """Softmax of logits drawn from N(0, `spread`²)."""
    generator = torch.Generator().manual_seed(5)
    logits = [
        [spread * torch.randn(n, n, generator=generator, dtype=torch.float64) for n in sizes] for _ in range(heads)
    ]
    return KroneckerMixture(tuple(KroneckerMap(tuple(f.softmax(-1) for f in head)) for head in logits), WEIGHTS[:heads])


def tree_of(mixture):
    return ProductTree([head.factors for head in mixture.maps], mixture.weights)


@pytest.mark.parametrize(("sizes", "count"), [((11, 13), 1), ((11, 13), 500), ((3, 5, 7), 11_025)])
def test_a_flat_mixture_is_scanned_and_equals_the_sorted_matrix(sizes, count, monkeypatch):
    mixture = flat_mixture(sizes)
    scanned = []
    monkeypatch.setattr(scan, "WORK", 1)
    monkeypatch.setattr(scan, "scan", lambda tree, count, real=scan.scan: scanned.append(count) or real(tree, count))
    found = mixture.top(count)
    assert scanned == [count]
    dense = oracles_kronecker.mixed(mixture.maps, mixture.weights)
    torch.testing.assert_close(found.weights, dense.flatten().sort(descending=True).values[:count], rtol=1e-14, atol=0)
    places = [(tuple(q), tuple(k)) for q, k in zip(found.queries.tolist(), found.keys.tolist(), strict=True)]
    assert len(set(places)) == count
    there = [mixture.entry(*place) for place in places]
    assert found.weights.tolist() == pytest.approx(there, rel=1e-14)


def test_the_refusal_of_a_flat_mixture_is_gone_without_any_lowering():
    mixture = flat_mixture((11, 13))
    with pytest.raises(LooseBoundsError, match="the weights are too alike for the bounds to decide"):
        search(tree_of(mixture), 20_000, work=3 * 143**2)
    assert len(mixture.top(20_000).weights) == 20_000


@pytest.mark.parametrize("block", [1, 100, 1000, 10**6])
@pytest.mark.parametrize("count", [1, 7, 106, 5000])
def test_equal_weights_come_by_flat_index_whatever_the_block(block, count):
    """Weights that are small powers of two: products and sums are exact, and most are equal."""
    generator = torch.Generator().manual_seed(2)
    sizes = (3, 5, 7)
    maps = [
        KroneckerMap(tuple(2.0 ** -torch.randint(0, 3, (n, n), generator=generator).double() for n in sizes))
        for _ in range(2)
    ]
    mixture = KroneckerMixture(tuple(maps), (0.5, 0.25))
    dense = oracles_kronecker.mixed(maps, mixture.weights)
    assert_top(scan.scan(tree_of(mixture), count, block), oracles_kronecker.top(dense, count), sizes)


def test_scan_and_search_give_the_same_bits():
    maps = tuple(random_map((3, 5, 7), "product", seed) for seed in range(3))
    tree = tree_of(KroneckerMixture(maps, WEIGHTS))
    one, other = scan.scan(tree, 300), search(tree, 300)
    assert torch.equal(one.weights, other.weights)
    assert torch.equal(one.queries, other.queries)
    assert torch.equal(one.keys, other.keys)


def test_uniform_heads_are_all_ties():
    heads = tuple(KroneckerMap(tuple(torch.full((n, n), 1 / n) for n in (11, 13))) for _ in range(3))
    found = KroneckerMixture(heads, WEIGHTS).top(150)
    flat = [13 * a + b for a, b in found.keys.tolist()]
    assert flat == [*range(143), *range(7)]
    assert found.queries.tolist() == [[0, 0]] * 143 + [[0, 1]] * 7


def test_above_the_limit_the_refusal_stays(monkeypatch):
    mixture = flat_mixture((11, 13))
    monkeypatch.setattr(scan, "WORK", 1)
    monkeypatch.setattr(scan, "SCAN", 143**2 - 1)
    with pytest.raises(SelectionError, match=r"top: after .* the 9 largest are certain.*Ask for fewer, for one head"):
        mixture.top(9)
    monkeypatch.setattr(scan, "SCAN", 143**2)
    assert len(mixture.top(9).weights) == 9
