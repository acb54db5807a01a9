"""The nearest sum of Kronecker products against the SVD of the rearranged matrix, and what must come back exactly."""

import numpy as np
import pytest
import torch

from hot_core.errors import ShapeError
from hot_core.kronecker import KroneckerMap, KroneckerMixture, nearest_kronecker
from tests import oracles, oracles_kronecker


def attention(count, seed):
    generator = torch.Generator().manual_seed(seed)
    q, k = (torch.randn(count, 8, generator=generator, dtype=torch.float64) for _ in range(2))
    return (q @ k.T / 8**0.5).softmax(-1)


def some_terms(sizes, rank, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return [tuple(torch.randn(n, n, generator=generator, dtype=torch.float64) for n in sizes) for _ in range(rank)]


def explicit(terms):
    return sum(oracles.kron_of(term, "product") for term in terms)


def test_two_modes_have_the_best_error_at_every_rank():
    matrix = attention(15, 1)
    found = nearest_kronecker(matrix, (3, 5), 9)
    for rank in range(1, 10):
        expected = oracles_kronecker.nearest_error(matrix.numpy(), (3, 5), rank)
        assert found.errors[rank - 1] == pytest.approx(expected, abs=1e-13)
        left = (matrix - explicit(found.terms[:rank])).norm() / matrix.norm()
        assert float(left) == pytest.approx(expected, abs=1e-12)
    assert found.residual == found.errors[-1] < 1e-13
    assert found.converged
    assert found.rounds == (0,) * 9


def test_random_attention_on_four_by_five_falls_as_published():
    curves = torch.tensor([nearest_kronecker(attention(20, seed), (4, 5), 16).errors for seed in range(20)])
    at = curves.mean(0)[[0, 3, 11, 15]].tolist()
    assert at[:3] == pytest.approx([0.72, 0.41, 0.11], abs=0.05)
    assert at[3] < 1e-14


@pytest.mark.parametrize("sizes", [(3, 5), (3, 5, 2), (2, 3, 5, 2), (7, 1, 2)])
def test_a_kronecker_product_comes_back_as_itself(sizes):
    (term,) = some_terms(sizes, 1)
    matrix = explicit([term])
    found = nearest_kronecker(matrix, sizes, 1)
    assert found.residual < 1e-12
    torch.testing.assert_close(explicit(found.terms), matrix, rtol=0, atol=1e-12 * float(matrix.abs().max()))
    norms = {round(float(factor.norm()), 9) for factor in found.terms[0]}
    assert len(norms) == 1
    assert all(float(factor.sum()) >= 0 for factor in found.terms[0][:-1])


@pytest.mark.parametrize(("sizes", "rank"), [((3, 5, 7), 3), ((2, 3, 5, 2), 2)])
def test_a_sum_of_few_products_of_many_modes_is_found(sizes, rank):
    matrix = explicit(some_terms(sizes, rank))
    found = nearest_kronecker(matrix, sizes, rank)
    assert found.residual < 1e-6
    assert found.converged
    assert list(found.errors) == sorted(found.errors, reverse=True)


def test_many_modes_errors_are_true_and_never_rise():
    matrix = attention(30, 3)
    found = nearest_kronecker(matrix, (3, 5, 2), 6)
    assert all(later <= earlier for earlier, later in zip(found.errors, found.errors[1:], strict=False))
    left = (matrix - explicit(found.terms)).norm() / matrix.norm()
    assert float(left) == pytest.approx(found.residual, abs=1e-12)
    merged = nearest_kronecker(matrix, (3, 10), 6)
    assert found.residual >= merged.residual  # two modes taken as one can only do better
    assert found.residual < 0.95 * found.errors[0]
    again = nearest_kronecker(matrix, (3, 5, 2), 6)
    assert again.errors == pytest.approx(found.errors, rel=1e-9)
    assert (found.seed, found.tolerance) == (0, 1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_terms_beyond_the_rank_never_make_it_worse(seed):
    found = nearest_kronecker(explicit(some_terms((2, 3, 2), 1, seed)), (2, 3, 2), 5)
    assert max(np.diff(found.errors)) < 1e-15  # below that there is only rounding
    assert found.residual < 1e-14


def test_an_alternation_that_is_cut_short_says_so():
    found = nearest_kronecker(attention(30, 3), (3, 5, 2), 3, iterations=2)
    assert not found.converged
    assert max(found.rounds) == 2


def test_the_sum_form_has_no_best_approximation_of_rank_two_but_is_met_at_three():
    """Its terms share identities: rank two comes ever closer with ever larger terms, and never arrives."""
    factors = tuple(attention(n, n) for n in (2, 3, 5))
    found = nearest_kronecker(KroneckerMap(factors, "sum").dense(), (2, 3, 5), 3)
    assert not found.converged
    assert 1e-4 < found.errors[1] < 0.1
    assert found.errors[2] < 1e-8


def test_the_result_is_a_map():
    matrix = attention(15, 4)
    found = nearest_kronecker(matrix, (3, 5), 9)
    mixture = found.mixture()
    assert isinstance(mixture, KroneckerMixture)
    torch.testing.assert_close(mixture.dense(), matrix, rtol=0, atol=1e-13)
    torch.testing.assert_close(mixture.view((0, 15), (0, 15), 15, 15), matrix, rtol=0, atol=1e-13)
    x = torch.randn(3, 5, 2, dtype=torch.float64)
    torch.testing.assert_close(found.apply(x).reshape(15, 2), matrix @ x.reshape(15, 2), rtol=0, atol=1e-12)


def test_one_mode_zeros_and_float32():
    matrix = torch.randn(7, 7)
    alone = nearest_kronecker(matrix, (7,), 1)
    assert alone.errors == (0.0,)
    torch.testing.assert_close(alone.terms[0][0], matrix.double(), rtol=1e-14, atol=1e-14)
    assert nearest_kronecker(torch.zeros(6, 6), (2, 3), 2).errors == (0.0, 0.0)
    assert nearest_kronecker(torch.zeros(8, 8), (2, 2, 2), 2).errors == (0.0, 0.0)


def test_what_does_not_fit_is_refused_with_a_sentence():
    with pytest.raises(ShapeError, match=r"the matrix \(query, key\) must be square, got \(6, 5\)"):
        nearest_kronecker(torch.zeros(6, 5), (2, 3), 1)
    with pytest.raises(ShapeError, match=r"sizes \(2, 5\) multiply to 10, but the matrix \(query, key\) is \(6, 6\)"):
        nearest_kronecker(torch.zeros(6, 6), (2, 5), 1)
    for rank in (0, 5):
        with pytest.raises(ShapeError, match=rf"rank {rank} asked; with sizes \(2, 3\) it goes from 1 to 4"):
            nearest_kronecker(torch.zeros(6, 6), (2, 3), rank)
    with pytest.raises(ShapeError, match=r"with sizes \(2, 3, 2\) it goes from 1 to 16"):
        nearest_kronecker(torch.zeros(12, 12), (2, 3, 2), 17)
    with pytest.raises(ShapeError, match=r"with sizes \(7,\) it goes from 1 to 1"):
        nearest_kronecker(torch.zeros(7, 7), (7,), 2)


@pytest.mark.parametrize("sizes", [(3, 1, 5), (1, 3, 5), (3, 5, 1)])
def test_modes_of_size_one_do_not_cost_the_best_approximation(sizes):
    matrix = attention(15, 1) - 0.3
    found, best = nearest_kronecker(matrix, sizes, 4), nearest_kronecker(matrix, (3, 5), 4)
    assert found.errors == best.errors
    assert found.rounds == (0,) * 4
    torch.testing.assert_close(explicit(found.terms), explicit(best.terms), rtol=0, atol=1e-13)
    for term in found.terms:
        assert [len(factor) for factor in term] == list(sizes)
        assert max(f.norm() for f in term) == pytest.approx(float(min(f.norm() for f in term)), rel=1e-12)
        assert all(float(factor.sum()) >= 0 for factor in term[:-1])


def test_one_mode_among_ones_is_met_exactly():
    matrix = torch.randn(7, 7, dtype=torch.float64)
    for sizes in ((7, 1), (1, 7, 1)):
        found = nearest_kronecker(matrix, sizes, 1)
        assert found.errors == (0.0,)
        torch.testing.assert_close(explicit(found.terms), matrix, rtol=1e-13, atol=0)
    (term,) = nearest_kronecker(torch.tensor([[-8.0]]), (1, 1, 1), 1).terms
    assert [float(factor) for factor in term] == pytest.approx([2, 2, -2])
