"""The Kronecker map against the explicit matrix: entries, rows, columns, application and views."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from hot_core.errors import SelectionError, ShapeError
from hot_core.kronecker import KroneckerMap, KroneckerMixture
from hot_core.kronecker.cuts import cut
from tests import oracles

SIZES = [(7,), (3, 5), (5, 2, 7), (2, 3, 5, 7), (2, 3, 2, 5, 3)]
RULES = ["product", "sum"]


def random_map(sizes, combine, seed=0, **options):
    generator = torch.Generator().manual_seed(seed)
    factors = [torch.randn(n, n, generator=generator, dtype=torch.float64).softmax(-1) for n in sizes]
    return KroneckerMap(tuple(factors), combine, **options)


@pytest.mark.parametrize("combine", RULES)
@pytest.mark.parametrize("sizes", SIZES)
def test_entries_rows_columns_and_application_equal_the_explicit_matrix(sizes, combine):
    kmap = random_map(sizes, combine)
    dense = oracles.dense_map(kmap.factors, combine)
    torch.testing.assert_close(dense, oracles.kron_of(kmap.factors, combine), rtol=0, atol=1e-12)
    grid = oracles.positions(sizes)
    for flat in range(0, len(grid), max(len(grid) // 11, 1)):
        torch.testing.assert_close(kmap.row(grid[flat]), dense[flat].reshape(sizes), rtol=0, atol=1e-12)
        torch.testing.assert_close(kmap.column(grid[flat]), dense[:, flat].reshape(sizes), rtol=0, atol=1e-12)
        other = grid[(7 * flat + 3) % len(grid)]
        assert kmap.entry(grid[flat], other) == pytest.approx(float(dense[flat, grid.index(other)]), abs=1e-12)
    x = torch.randn(*sizes, 4, dtype=torch.float64)
    expected = (dense @ x.reshape(len(grid), 4)).reshape(x.shape)
    torch.testing.assert_close(kmap.apply(x), expected, rtol=0, atol=1e-12)
    torch.testing.assert_close(kmap.apply(x[..., 0]), expected[..., 0], rtol=0, atol=1e-12)
    flowed = (dense.T @ x.reshape(len(grid), 4)).reshape(x.shape)
    torch.testing.assert_close(kmap.apply_transposed(x), flowed, rtol=0, atol=1e-12)
    torch.testing.assert_close(kmap.apply_transposed(x[..., 0]), flowed[..., 0], rtol=0, atol=1e-12)


@pytest.mark.parametrize("combine", RULES)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_view_is_the_exact_mean_over_every_block_at_any_zoom(combine, data):
    sizes = data.draw(st.sampled_from(SIZES))
    kmap = random_map(sizes, combine, seed=data.draw(st.integers(0, 99)))
    total = kmap.shape[0]
    rows, cols = (
        tuple(sorted(data.draw(st.lists(st.integers(0, total), min_size=2, max_size=2, unique=True)))) for _ in range(2)
    )
    height, width = data.draw(st.integers(1, 23)), data.draw(st.integers(1, 23))
    dense = oracles.kron_of(kmap.factors, combine)
    expected = oracles.view(dense, rows, cols, height, width)
    torch.testing.assert_close(kmap.view(rows, cols, height, width), expected, rtol=0, atol=1e-12)


def test_view_of_a_map_that_could_never_be_formed():
    sizes = (101, 97, 103)
    kmap = random_map(sizes, "product")
    whole = kmap.view((0, kmap.shape[0]), (0, kmap.shape[1]), 13, 11)
    weights = torch.diff(torch.arange(14) * kmap.shape[0] // 13).double()
    widths = torch.diff(torch.arange(12) * kmap.shape[1] // 11).double()
    # rows are stochastic, so all entries of the map add up to N
    assert float(weights @ whole @ widths) == pytest.approx(kmap.shape[0], rel=1e-12)
    flat = 60 * 97 * 103 + 5 * 103 + 102
    single = kmap.view((flat, flat + 1), (17, 18), 1, 1)
    assert float(single) == pytest.approx(kmap.entry((60, 5, 102), (0, 0, 17)), rel=1e-12)


def test_a_marked_entry_is_found_at_its_own_position_and_nowhere_else():
    """The same positions under exchanged axes would give another pixel: sizes are distinct primes."""
    sizes, query, key = (3, 5, 7), (2, 1, 4), (0, 3, 6)
    factors = [torch.zeros(n, n, dtype=torch.float64) for n in sizes]
    for factor, q, k in zip(factors, query, key, strict=True):
        factor[q, k] = 1.0
    picture = KroneckerMap(tuple(factors)).view((0, 105), (0, 105), 105, 105)
    row, column = (2 * 5 + 1) * 7 + 4, (0 * 5 + 3) * 7 + 6
    assert torch.nonzero(picture).tolist() == [[row, column]]


@pytest.mark.parametrize(
    ("combine", "normalize", "total"), [("product", False, 1), ("sum", False, 3), ("sum", True, 1)]
)
def test_row_sums(combine, normalize, total):
    kmap = random_map((3, 5, 7), combine, normalize=normalize)
    assert float(kmap.row((2, 4, 6)).sum()) == pytest.approx(total, abs=1e-12)
    dense = oracles.dense_map(kmap.factors, combine, normalize)
    torch.testing.assert_close(kmap.view((0, 105), (0, 105), 105, 105), dense, rtol=0, atol=1e-12)
    masked = [factor.clone() for factor in kmap.factors]
    masked[1][3] = 0.0
    masked_map = KroneckerMap(tuple(masked), combine, normalize)
    sums = oracles.dense_map(masked, combine, normalize).sum(1).reshape(3, 5, 7)
    torch.testing.assert_close(masked_map.row_sums(), sums, rtol=0, atol=1e-12)
    x = torch.randn(3, 5, 7, 2, dtype=torch.float64)
    flowed = dense.T @ x.reshape(105, 2)
    torch.testing.assert_close(kmap.apply_transposed(x).reshape(105, 2), flowed, rtol=0, atol=1e-12)


@given(data=st.data())
@settings(max_examples=80, deadline=None)
def test_boxes_partition_their_interval(data):
    sizes = data.draw(st.sampled_from(SIZES))
    grid = oracles.positions(sizes)
    start = data.draw(st.integers(0, len(grid) - 1))
    stop = data.draw(st.integers(start + 1, len(grid)))
    cuts = cut((np.array([start]), np.array([stop])), sizes)
    inside = [0] * len(grid)
    for side in range(cuts.digit.shape[1]):
        for mode in range(len(sizes)):
            low, high = cuts.low[mode, side, 0], cuts.high[mode, side, 0]
            for flat, position in enumerate(grid):
                before = all(position[m] == cuts.digit[m, side, 0] for m in range(mode))
                inside[flat] += before and low <= position[mode] < high
    assert inside == [int(start <= flat < stop) for flat in range(len(grid))]


@pytest.mark.parametrize("combine", RULES)
def test_mixture_is_the_weighted_sum_of_its_heads(combine):
    maps = tuple(random_map((3, 5), combine, seed) for seed in range(3))
    mixture = KroneckerMixture(maps, (0.5, 0.3, 0.2))
    dense = sum(w * oracles.kron_of(m.factors, combine) for w, m in zip(mixture.weights, maps, strict=True))
    torch.testing.assert_close(mixture.view((0, 15), (2, 13), 15, 11), dense[:, 2:13], rtol=0, atol=1e-12)
    torch.testing.assert_close(mixture.row((1, 3)).flatten(), dense[8], rtol=0, atol=1e-12)
    torch.testing.assert_close(mixture.column((1, 3)).flatten(), dense[:, 8], rtol=0, atol=1e-12)
    x = torch.randn(3, 5, dtype=torch.float64)
    torch.testing.assert_close(mixture.apply(x).flatten(), dense @ x.flatten(), rtol=0, atol=1e-12)
    torch.testing.assert_close(mixture.apply_transposed(x).flatten(), dense.T @ x.flatten(), rtol=0, atol=1e-12)
    torch.testing.assert_close(mixture.row_sums().flatten(), dense.sum(1), rtol=0, atol=1e-12)
    assert mixture.entry((1, 3), (2, 0)) == pytest.approx(float(dense[8, 10]), abs=1e-12)


def test_what_is_out_of_range_is_refused_with_a_sentence():
    kmap = random_map((3, 5), "product")
    with pytest.raises(SelectionError, match=r"Position \(3, 0\) lies outside the token grid \(3, 5\)"):
        kmap.row((3, 0))
    with pytest.raises(SelectionError, match="rows 4 … 16 must be a range within 0 … 15"):
        kmap.view((4, 16), (0, 15), 2, 2)
    with pytest.raises(SelectionError, match="0 pixels along the cols"):
        kmap.view((0, 15), (0, 15), 2, 0)
    with pytest.raises(SelectionError, match="reduce='median' is not offered; ask for 'mean' or 'max'"):
        kmap.view((0, 15), (0, 15), 2, 2, reduce="median")
    with pytest.raises(ShapeError, match=r"values \(5, 3\) do not begin with the sizes \(3, 5\)"):
        kmap.apply(torch.zeros(5, 3))
    with pytest.raises(ShapeError, match=r"apply_transposed: values \(5, 3\) do not begin"):
        kmap.apply_transposed(torch.zeros(5, 3))
    with pytest.raises(ShapeError, match=r"apply: values are on meta, the factors on cpu"):
        kmap.apply(torch.zeros(3, 5, device="meta"))
    with pytest.raises(ShapeError, match="must be square"):
        KroneckerMap((torch.zeros(3, 5),))
    object.__setattr__(kmap, "combine", "mean")  # past the type checker that tests run under
    with pytest.raises(ShapeError, match="'product' or 'sum'"):
        kmap.__post_init__()
    with pytest.raises(ShapeError, match="2 maps of sizes"):
        KroneckerMixture((kmap, random_map((3, 7), "product")), (0.5, 0.5))
