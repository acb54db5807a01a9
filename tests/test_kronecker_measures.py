"""What a map says in numbers, against the explicit matrix: entropy, stable rank, marginals, largest entries."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from hot_core.errors import SelectionError, ShapeError
from hot_core.kronecker import AttentionMap, KroneckerMap, KroneckerMixture
from hot_core.kronecker.spectrum import matrix_stable_rank, squared_spectral_norm
from hot_core.kronecker.top import ProductTree, search
from tests import oracles, oracles_kronecker
from tests.test_kronecker import RULES, SIZES, random_map

WEIGHTS = (0.5, 0.3, 0.2)


def many_maps(sizes=(3, 5, 7)):
    """Every kind of map with its explicit matrix."""
    for combine, normalize in (("product", False), ("sum", False), ("sum", True)):
        heads = tuple(random_map(sizes, combine, seed, normalize=normalize) for seed in range(3))
        yield heads[0], oracles_kronecker.mixed(heads[:1], (1.0,))
        yield KroneckerMixture(heads, WEIGHTS), oracles_kronecker.mixed(heads, WEIGHTS)


def assert_top(found, expected, sizes):
    """The same positions in the same order, the same weights."""
    grid = oracles.positions(sizes)
    assert [tuple(p) for p in found.queries.tolist()] == [grid[query] for query, _, _ in expected]
    assert [tuple(p) for p in found.keys.tolist()] == [grid[key] for _, key, _ in expected]
    weights = torch.tensor([weight for _, _, weight in expected], dtype=torch.float64)
    torch.testing.assert_close(found.weights, weights, rtol=1e-14, atol=0)


@pytest.mark.parametrize("sizes", [(3, 5, 7), (2, 3, 5, 2), (11,)])
def test_every_measure_equals_that_of_the_explicit_matrix(sizes):
    grid = oracles.positions(sizes)
    for kmap, dense in many_maps(sizes):
        assert isinstance(kmap, AttentionMap)
        torch.testing.assert_close(kmap.dense(), dense, rtol=0, atol=1e-12)
        assert kmap.stable_rank() == pytest.approx(oracles_kronecker.stable_rank(dense), rel=1e-9)
        for flat in (0, len(grid) // 2, len(grid) - 1):
            assert kmap.entropy(grid[flat]) == pytest.approx(oracles_kronecker.entropy(dense[flat]), abs=1e-12)
            rows = oracles_kronecker.line_marginals(dense[flat], sizes)
            torch.testing.assert_close(list(kmap.row_marginals(grid[flat])), rows, rtol=0, atol=1e-12)
            columns = oracles_kronecker.line_marginals(dense[:, flat], sizes)
            torch.testing.assert_close(list(kmap.column_marginals(grid[flat])), columns, rtol=0, atol=1e-12)
            line = [(flat, key, w) for _, key, w in oracles_kronecker.top(dense[flat : flat + 1], 7)]
            assert_top(kmap.top_of_row(grid[flat], 7), line, sizes)
        for mode in range(len(sizes)):
            expected = oracles_kronecker.marginal(dense, sizes, mode)
            torch.testing.assert_close(kmap.marginal(mode), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("combine", RULES)
@pytest.mark.parametrize("heads", [1, 3])
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_largest_entries_are_those_of_the_sorted_matrix(combine, heads, data):
    sizes = data.draw(st.sampled_from([(7,), (3, 5), (5, 2, 7), (2, 3, 5)]))
    maps = tuple(random_map(sizes, combine, data.draw(st.integers(0, 99))) for _ in range(heads))
    total = math.prod(sizes)
    count = data.draw(st.integers(1, min(total**2, 300)))
    kmap = KroneckerMixture(maps, WEIGHTS) if heads == 3 else maps[0]
    dense = oracles_kronecker.mixed(maps, WEIGHTS if heads == 3 else (1.0,))
    found = kmap.top(count)
    expected = torch.tensor([w for _, _, w in oracles_kronecker.top(dense, count)], dtype=torch.float64)
    torch.testing.assert_close(found.weights, expected, rtol=1e-14, atol=0)
    grid = oracles.positions(sizes)
    places = [
        (grid.index(tuple(query)), grid.index(tuple(key)))
        for query, key in zip(found.queries.tolist(), found.keys.tolist(), strict=True)
    ]
    assert len(set(places)) == count
    there = torch.stack([dense[place] for place in places])
    torch.testing.assert_close(there, found.weights, rtol=1e-14, atol=0)
    ordered = sorted(zip((-found.weights).tolist(), places, strict=True))
    assert [place for _, place in ordered] == places


@pytest.mark.parametrize("combine", RULES)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_equal_weights_come_in_the_order_of_their_flat_indices(combine, data):
    """Weights that are powers of two, or 0: their products, sums and mixtures are exact, and many are equal."""
    sizes = data.draw(st.sampled_from([(3,), (2, 3), (3, 2, 2), (2, 2, 3)]))
    value = st.sampled_from([0.0, 0.25, 0.5, 1.0])
    maps = []
    for _ in range(data.draw(st.integers(1, 2))):
        drawn = [data.draw(st.lists(value, min_size=n * n, max_size=n * n)) for n in sizes]
        factors = (torch.tensor(d, dtype=torch.float64).reshape(n, n) for d, n in zip(drawn, sizes, strict=True))
        maps.append(KroneckerMap(tuple(factors), combine))
    kmap = KroneckerMixture(tuple(maps), (0.5, 0.25)[: len(maps)])
    total = math.prod(sizes)
    dense = oracles_kronecker.mixed(maps, kmap.weights)
    count = data.draw(st.integers(1, total**2))
    assert_top(kmap.top(count), oracles_kronecker.top(dense, count), sizes)
    row = data.draw(st.integers(0, total - 1))
    few = data.draw(st.integers(1, total))
    expected = [(row, key, w) for _, key, w in oracles_kronecker.top(dense[row : row + 1], few)]
    assert_top(kmap.top_of_row(oracles.positions(sizes)[row], few), expected, sizes)


@pytest.mark.parametrize("combine", RULES)
def test_largest_entries_of_a_map_that_could_never_be_formed(combine):
    sizes = (101, 97, 103)
    kmap = random_map(sizes, combine)
    found = kmap.top(50)
    assert found.weights.tolist() == sorted(found.weights.tolist(), reverse=True)
    for query, key, weight in zip(found.queries.tolist(), found.keys.tolist(), found.weights.tolist(), strict=True):
        assert kmap.entry(query, key) == pytest.approx(weight, rel=1e-14)
    largest = math.prod if combine == "product" else sum
    peaks = [float((f if combine == "product" else f.diagonal()).max()) for f in kmap.factors]
    assert float(found.weights[0]) == pytest.approx(largest(peaks), rel=1e-14)
    whole = (0, kmap.shape[0])
    assert float(kmap.view(whole, whole, 1, 1, "max")) == pytest.approx(float(found.weights[0]), rel=1e-14)
    uniform = KroneckerMap(tuple(torch.full((n, n), 1 / n, dtype=torch.float64) for n in sizes)).top(105)
    assert uniform.queries.eq(0).all()
    assert uniform.keys.tolist() == [list(p) for p in oracles.positions((1, 2, 103))[:105]]


def test_a_search_that_would_take_too_long_is_refused():
    tree = ProductTree([random_map((3, 5, 7), "product", seed).factors for seed in range(3)], WEIGHTS)
    with pytest.raises(SelectionError, match=r"top: after 1\.\de\+02 factor entries only 0 of the 9 largest are"):
        search(tree, 9, work=100)


def test_entropy_and_stable_rank_where_they_are_known():
    uniform = KroneckerMap(tuple(torch.full((n, n), 1 / n, dtype=torch.float64) for n in (3, 5, 7)))
    assert uniform.entropy((2, 4, 6)) == pytest.approx(math.log(105), abs=1e-13)
    assert uniform.stable_rank() == pytest.approx(1, rel=1e-12)
    identity = KroneckerMap(tuple(torch.eye(n, dtype=torch.float64) for n in (3, 5, 7)))
    assert identity.entropy((2, 4, 6)) == 0
    assert identity.stable_rank() == pytest.approx(105, rel=1e-12)
    summed = KroneckerMap(identity.factors, "sum")
    assert summed.stable_rank() == pytest.approx(105, rel=1e-9)
    maps = tuple(random_map((n,), "product", n) for n in (3, 5, 7))
    together = KroneckerMap(tuple(m.factors[0] for m in maps))
    assert together.stable_rank() == pytest.approx(math.prod(m.stable_rank() for m in maps), rel=1e-12)


@pytest.mark.parametrize("combine", RULES)
def test_rows_without_weight_have_no_entropy_and_zero_maps_no_rank(combine):
    factors = [factor.clone() for factor in random_map((3, 5), "product").factors]
    factors[0][1] = 0
    factors[1][4] = 0
    kmap = KroneckerMap(tuple(factors), combine)
    assert kmap.entropy((1, 4)) == 0
    dense = oracles.dense_map(factors, combine)
    for flat in (5, 8, 9, 14):
        expected = oracles_kronecker.entropy(dense[flat])
        assert kmap.entropy(divmod(flat, 5)) == pytest.approx(expected, abs=1e-12)
        assert KroneckerMixture((kmap,), (2.0,)).entropy(divmod(flat, 5)) == pytest.approx(expected, abs=1e-12)
    nothing = KroneckerMap(tuple(0 * factor for factor in factors), combine)
    assert nothing.stable_rank() == 0
    assert KroneckerMixture((nothing, nothing), (0.5, 0.5)).stable_rank() == 0


@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_stable_rank_of_any_signs_and_mixtures(data):
    """Among them factors that are not symmetric, where adding the factors' spectral norms would be wrong."""
    generator = torch.Generator().manual_seed(data.draw(st.integers(0, 999)))
    sizes, combine = data.draw(st.sampled_from(SIZES)), data.draw(st.sampled_from(RULES))
    maps = [
        KroneckerMap(tuple(torch.randn(n, n, generator=generator, dtype=torch.float64) for n in sizes), combine)
        for _ in range(2)
    ]
    weights = (1.0, data.draw(st.sampled_from([0.0, 0.5, -0.7])))
    expected = oracles_kronecker.stable_rank(oracles_kronecker.mixed(maps, weights))
    assert KroneckerMixture(tuple(maps), weights).stable_rank() == pytest.approx(expected, rel=1e-9)
    alone = oracles_kronecker.stable_rank(oracles.kron_of(maps[0].factors, combine))
    assert maps[0].stable_rank() == pytest.approx(alone, rel=1e-9)


def test_spectral_norm_of_a_large_factor_and_of_close_singular_values(monkeypatch):
    monkeypatch.setattr("hot_core.kronecker.spectrum.DENSE", 100)
    matrix = torch.randn(211, 211, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    assert matrix_stable_rank(matrix) == pytest.approx(oracles_kronecker.stable_rank(matrix), rel=1e-9)
    close = torch.cat([torch.tensor([1 + 1e-7, 1 + 0.9e-7, 1.0]), torch.linspace(0.999, 0, 300)]).double()
    found = squared_spectral_norm(lambda x: close * x, lambda x: close * x, torch.zeros(303, dtype=torch.float64))
    assert found == pytest.approx(float(close[0]) ** 2, rel=1e-9)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_narrow_factors_keep_their_dtype_and_numbers_are_float64(dtype):
    for kmap, _ in many_maps((3, 5)):
        heads = kmap.maps if isinstance(kmap, KroneckerMixture) else (kmap,)
        narrow = tuple(KroneckerMap(tuple(f.to(dtype) for f in h.factors), h.combine, h.normalize) for h in heads)
        wide = tuple(KroneckerMap(tuple(f.double() for f in h.factors), h.combine, h.normalize) for h in narrow)
        weights = WEIGHTS if len(heads) == 3 else (1.0,)
        small, exact = KroneckerMixture(narrow, weights), KroneckerMixture(wide, weights)
        assert {line.dtype for line in (small.row((2, 3)), small.column((2, 3)), small.dense())} == {dtype}
        assert small.apply(torch.ones(3, 5)).dtype == torch.float32
        assert small.apply_transposed(torch.ones(3, 5, 2, dtype=dtype)).dtype == dtype
        assert small.stable_rank() == pytest.approx(exact.stable_rank(), rel=1e-9)
        assert small.entropy((2, 3)) == pytest.approx(exact.entropy((2, 3)), abs=1e-12)
        torch.testing.assert_close(small.top(9).weights, exact.top(9).weights, rtol=1e-14, atol=0)


def test_factors_on_another_device_never_meet_tensors_of_the_cpu():
    """The meta device computes shapes only, and refuses to mix with anything else."""
    for combine in RULES:
        maps = [KroneckerMap(tuple(torch.empty(n, n, device="meta") for n in (3, 5, 7)), combine) for _ in range(2)]
        for kmap in (maps[0], KroneckerMixture.equal(maps)):
            x = torch.empty(3, 5, 7, 2, device="meta")
            found = [kmap.apply(x), kmap.apply_transposed(x), kmap.row((2, 4, 6)), kmap.column((2, 4, 6))]
            found += [kmap.row_sums(), kmap.marginal(1), kmap.dense()]
            found += [*kmap.row_marginals((2, 4, 6)), *kmap.column_marginals((2, 4, 6))]
            assert {values.device.type for values in found} == {"meta"}
            shapes = [(3, 5, 7, 2)] * 2 + [(3, 5, 7)] * 3 + [(5, 5), (105, 105), (3,), (5,), (7,), (3,), (5,), (7,)]
            assert [tuple(values.shape) for values in found] == shapes


def test_what_cannot_be_answered_is_refused_with_a_sentence():
    kmap = random_map((28, 28, 28), "product")
    message = (
        r"kronecker_map.dense: 21,952 tokens give 4.8e8 entries, above the limit of 1.0e7. Ask for a row or a view"
    )
    with pytest.raises(SelectionError, match=message):
        kmap.dense()
    with pytest.raises(SelectionError, match=r"above the limit of 2\.0e2"):
        KroneckerMixture.equal([random_map((3, 5), "product")]).dense(limit=200)
    with pytest.raises(SelectionError, match="mode 3 is not one of the 3 modes"):
        kmap.marginal(3)
    for count in (0, 16):
        with pytest.raises(SelectionError, match=f"top_of_row: {count} entries asked of 15; ask for 1 to 15"):
            random_map((3, 5), "sum").top_of_row((0, 0), count)
    with pytest.raises(SelectionError, match="top: 100,001 entries asked of 481,890,304; ask for 1 to 100,000"):
        kmap.top(100_001)
    with pytest.raises(SelectionError, match=r"Position \(28, 0, 0\) lies outside"):
        kmap.entropy((28, 0, 0))
    signed = KroneckerMap((torch.tensor([[0.5, -0.5], [1.0, 0.0]]), torch.eye(3)))
    with pytest.raises(SelectionError, match="top: needs non-negative factors"):
        signed.top(3)
    with pytest.raises(SelectionError, match="top: needs non-negative factors and weights"):
        KroneckerMixture((signed, signed), (0.5, 0.5)).top(3)
    with pytest.raises(SelectionError, match="entropy: the row has negative weights"):
        signed.entropy((0, 0))
    assert signed.top_of_row((0, 1), 1).keys.tolist() == [[0, 1]]


def test_maps_that_do_not_fit_together_are_refused():
    with pytest.raises(ShapeError, match=r"floating point and on one device, got torch.int64 on cpu"):
        KroneckerMap((torch.ones(3, 3, dtype=torch.int64),))
    with pytest.raises(ShapeError, match=r"got torch.float32 on cpu, torch.float32 on meta"):
        KroneckerMap((torch.ones(3, 3), torch.ones(5, 5, device="meta")))
    with pytest.raises(ShapeError, match="maps of different kinds, product on cpu, sum on cpu"):
        KroneckerMixture.equal([random_map((3, 5), "product"), random_map((3, 5), "sum")])
