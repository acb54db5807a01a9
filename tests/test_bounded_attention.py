"""Near-linear attention over tuples of keys: the error that MATHS promises, the columns, the refusals."""

import itertools
import math
import time

import numpy as np
import pytest
import torch

import hot_core as hot
from hot_core.attention.bounded import BoundedResult, RegimeWarning
from hot_core.attention.monomials import columns_of, monomials
from hot_core.attention.promise import enough, promised, remainder
from hot_core.errors import RegimeError, ShapeError
from tests.oracles_tensor import taylor_weights, tensor_output, tensor_weights


def uniform(n: int, d: int, size: float, count: int, seed: int = 0) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return [(2 * torch.rand(n, d, dtype=torch.float64, generator=generator) - 1) * size for _ in range(count)]


@pytest.mark.parametrize(("order", "degree"), [(2, 4), (3, 2), (3, 6), (4, 4)])
def test_it_is_the_taylor_polynomial_of_the_definition(order: int, degree: int) -> None:
    generator = torch.Generator().manual_seed(order)
    sizes = (5, 3, 2)[: order - 1]
    q = torch.rand(7, 3, dtype=torch.float64, generator=generator)
    keys = [torch.rand(size, 3, dtype=torch.float64, generator=generator) for size in sizes]
    values = [torch.rand(size, 2, dtype=torch.float64, generator=generator) for size in sizes]
    found = hot.bounded_tensor_attention(q, keys, values, degree, scale=0.8, tolerance=1e9)
    weights = taylor_weights(q.numpy(), [key.numpy() for key in keys], 0.8, degree)
    wanted = tensor_output(weights, [value.numpy() for value in values])
    np.testing.assert_allclose(found.output, wanted, rtol=0, atol=1e-12)
    assert found.columns == math.comb(3 + degree, degree)


def test_monomials_are_all_of_them_once_with_their_coefficients() -> None:
    x = torch.tensor([[2.0, 3.0, 5.0]], dtype=torch.float64)
    found = monomials(3, 4)
    wanted = {
        powers: 1 / math.prod(math.factorial(power) for power in powers)
        for powers in itertools.product(range(5), repeat=3)
        if sum(powers) <= 4
    }
    values = sorted(2.0**a * 3.0**b * 5.0**c for a, b, c in wanted)  # primes: every monomial is another number
    assert sorted(found.of(x)[0].tolist()) == values
    by_value = {2.0**a * 3.0**b * 5.0**c: weight for (a, b, c), weight in wanted.items()}
    for value, coefficient in zip(found.of(x)[0].tolist(), found.coefficients.tolist(), strict=True):
        assert coefficient == pytest.approx(by_value[value], rel=1e-15)
    assert len(values) == columns_of(3, 4) == 35


@pytest.mark.parametrize(
    ("d", "size", "degree", "error", "columns"),
    [(4, 1, 4, 1e-7, 70), (4, 1, 8, 4e-12, 495), (8, 1, 4, 1e-8, 495), (4, 1.5, 4, 7e-5, 70), (4, 2, 4, 8e-3, 70)],
)
def test_errors_are_those_that_were_found_before(d: int, size: float, degree: int, error: float, columns: int) -> None:
    q, k1, k2, v1, v2 = uniform(128, d, size, 5)
    found = hot.bounded_tensor_attention(q, (k1, k2), (v1, v2), degree, tolerance=1e12)
    measured = float((found.output - hot.tensor_attention(q, (k1, k2), (v1, v2))).abs().max())
    assert error / 10 <= measured <= error * 10
    assert measured <= found.output_bound
    assert found.columns == columns


def test_the_bound_holds_for_every_weight_and_is_the_one_of_the_rule() -> None:
    assert remainder(1.0, 4) == pytest.approx(math.exp(2) / math.factorial(5))
    assert remainder(1.5**3, 4) == pytest.approx(3e3, rel=0.1)
    for size in (0.01, 0.3, 1.0, 2.0):
        logits = np.linspace(-size, size, 401)
        series = sum(logits**power / math.factorial(power) for power in range(5))
        assert np.abs(series / np.exp(logits) - 1).max() <= remainder(size, 4) * (1 + 1e-9) + 1e-15
    q, k1, k2, v1, v2 = uniform(13, 4, 0.9, 5)
    found = hot.bounded_tensor_attention(q, (k1, k2), (v1, v2))
    largest = float((torch.einsum("il,jl,kl->ijk", q, k1, k2) / 4).abs().max())
    assert largest <= found.largest_logit
    assert found.largest_logit == pytest.approx(
        float(q.abs().sum(1).max() * k1.abs().max() * k2.abs().max()) / 4, rel=1e-12
    )
    assert found.error_bound == pytest.approx(remainder(found.largest_logit, 4), rel=1e-6)


def test_the_output_s_bound_is_that_of_normalised_weights() -> None:
    found = BoundedResult(torch.zeros(3, 2, dtype=torch.float64), 0.1, 4, 70, 1.0, 6.0)
    assert found.output_bound == pytest.approx(6 * (0.2 / 0.9 + 2**-52), rel=1e-12)
    q, k1, k2, v1, v2 = uniform(13, 4, 0.5, 5)
    found = hot.bounded_tensor_attention(q, (k1, k2), (v1, 7 * v2))
    assert found.largest_value == pytest.approx(float(v1.abs().max() * 7 * v2.abs().max()), rel=1e-12)


def test_the_largest_logit_is_that_of_all_leading_elements_whatever_the_sign_of_the_scale() -> None:
    q, k1, k2, v1, v2 = (x.reshape(2, 7, 4) for x in uniform(14, 4, 0.5, 5))
    alone = hot.bounded_tensor_attention(3 * q[1], (k1[1], k2[1]), (v1[1], v2[1]), tolerance=1e9).largest_logit
    q = torch.stack((q[0] / 9, 3 * q[1]))
    both = hot.bounded_tensor_attention(q, (k1, k2), (v1, v2), tolerance=1e9)
    assert both.largest_logit >= alone > 0.2
    turned = hot.bounded_tensor_attention(q, (k1, k2), (v1, v2), scale=-0.25, tolerance=1e9)
    assert turned.largest_logit == pytest.approx(both.largest_logit, rel=1e-12)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("size", [0.1, 0.3, 1.0])
def test_no_output_is_further_off_than_promised_in_any_number_type(dtype: torch.dtype, size: float) -> None:
    low = [x.to(dtype) for x in uniform(31, 4, size, 5)]
    found = hot.bounded_tensor_attention(low[0], low[1:3], low[3:], degree=8)
    q, k1, k2, v1, v2 = (x.double() for x in low)
    exact = hot.tensor_attention(q, (k1, k2), (v1, v2))
    assert (found.output.double() - exact).abs().max() <= found.output_bound


def test_nothing_finer_than_rounding_is_promised() -> None:
    assert promised(1e-3, 8, 495, 62) == pytest.approx((495 + 62 + 24) * 2**-52 * math.exp(2e-3), rel=1e-9)
    q, k1, k2, v1, v2 = uniform(31, 4, 0.1, 5)
    with pytest.raises(RegimeError, match="no degree does"):
        hot.bounded_tensor_attention(q, (k1, k2), (v1, v2), degree=None, tolerance=1e-17)


def test_sharp_queries_keep_the_promise_in_single_precision() -> None:
    q, keys = torch.full((1, 1), 8.0), torch.linspace(-1, -0.97, 31)[:, None]
    values = torch.linspace(0, 3, 31)[:, None]
    for tolerance in (1e-2, 1e-3, 1e-5):
        found = hot.bounded_tensor_attention(q, [keys], [values], degree=None, scale=1.0, tolerance=tolerance)
        exact = hot.tensor_attention(q.double(), [keys.double()], [values.double()], scale=1.0)
        assert (found.output.double() - exact).abs().max() <= found.output_bound
    with pytest.raises(RegimeError, match="no degree does"):
        hot.bounded_tensor_attention(q, [keys], [values], degree=None, scale=1.0, tolerance=1e-12)


def test_the_degree_is_the_smallest_that_keeps_the_wanted_error() -> None:
    q, k1, k2, v1, v2 = uniform(31, 3, 1.2, 5)
    for tolerance in (0.5, 1e-3, 1e-9):
        found = hot.bounded_tensor_attention(q, (k1, k2), (v1, v2), degree=None, tolerance=tolerance)
        below = found.degree - 2
        assert found.error_bound <= tolerance < promised(found.largest_logit, below, columns_of(3, below), 62)
        assert found.degree % 2 == 0
        exact = hot.tensor_attention(q, (k1, k2), (v1, v2))
        assert (found.output - exact).abs().max() <= 2 * tolerance / (1 - tolerance) * found.largest_value
    assert enough(0.0, 0.1, 3, 62) == 2
    assert enough(1e3, 0.1, 4, 62) == 30  # C(34, 30) = 46,376 columns at 30, 58,905 at 32


def test_masks_leave_out_whatever_is_there() -> None:
    q, k1, k2, v1, v2 = (x.clone() for x in uniform(11, 3, 0.8, 5))
    masks = [torch.arange(11) % 3 != 1, torch.arange(11) > 4]
    weights = tensor_weights(q.numpy(), [k1.numpy(), k2.numpy()], 1 / 3, [mask.numpy() for mask in masks])
    wanted = tensor_output(weights, [v1.numpy(), v2.numpy()])
    for key, value, mask in ((k1, v1, masks[0]), (k2, v2, masks[1])):
        key[~mask], value[~mask] = math.nan, math.inf
    found = hot.bounded_tensor_attention(q, (k1, k2), (v1, v2), degree=None, tolerance=1e-9, mask=masks)
    np.testing.assert_allclose(found.output, wanted, rtol=0, atol=1e-8)
    nothing = hot.bounded_tensor_attention(q, (k1, k2), (v1, v2), mask=torch.zeros(11).bool())
    assert torch.equal(nothing.output, torch.zeros_like(q))


def test_gradients() -> None:
    inputs = [x.requires_grad_() for x in uniform(5, 2, 0.7, 7)]

    def attend(q: torch.Tensor, *rest: torch.Tensor) -> torch.Tensor:
        return hot.bounded_tensor_attention(q, rest[:3], rest[3:], tolerance=1e9).output

    assert torch.autograd.gradcheck(attend, inputs)


def test_many_rows_at_once_are_the_same_as_few(monkeypatch: pytest.MonkeyPatch) -> None:
    q, k1, k2, v1, v2 = (x.reshape(2, 3, 7, 4) for x in uniform(42, 4, 1.0, 5))
    whole = hot.bounded_tensor_attention(q, (k1, k2), (v1, v2)).output
    monkeypatch.setattr("hot_core.attention.bounded.ENTRIES_AT_ONCE", 70 * 6 * 2)
    assert (hot.bounded_tensor_attention(q, (k1, k2), (v1, v2)).output - whole).abs().max() <= 1e-14


def test_65536_tokens_take_seconds_and_no_pair_is_formed() -> None:
    q, k1, k2, v1, v2 = (x.float() for x in uniform(65_536, 4, 1.0, 5))
    begun = time.process_time()
    found = hot.bounded_tensor_attention(q, (k1, k2), (v1, v2))
    assert time.process_time() - begun < 30  # some 3 s on an idle core; the exact form would make 2.8e14 weights
    some = torch.arange(0, 65_536, 8_191)
    first = hot.bounded_tensor_attention(q[some], (k1, k2), (v1, v2)).output
    assert (found.output[some] - first).abs().max() <= 1e-6


def test_entries_outside_the_regime_are_refused_or_warned_of() -> None:
    q, k1, k2, v1, v2 = uniform(17, 4, 1.5, 5)
    sentence = (
        r"entries up to 1\.\d+ allow logits up to \d.*above the tolerance of 0.1; degree \d+, with .* would do"
        r".*\(ln n\)\^\(1/3\) = 1\.4\."
    )
    with pytest.raises(RegimeError, match=sentence):
        hot.bounded_tensor_attention(q, (k1, k2), (v1, v2))
    with pytest.warns(RegimeWarning, match="strict=False to see the result"):
        found = hot.bounded_tensor_attention(q, (k1, k2), (v1, v2), strict=False)
    assert found.error_bound > 10
    assert found.output_bound == math.inf
    with pytest.raises(RegimeError, match="no degree does"):
        hot.bounded_tensor_attention(100 * q, (k1, k2), (v1, v2), degree=None)


def test_what_makes_no_polynomial_is_refused() -> None:
    q, k1, k2, v1, v2 = uniform(7, 4, 0.5, 5)
    for degree in (3, 0, -2):
        with pytest.raises(ShapeError, match="even number from 2 on"):
            hot.bounded_tensor_attention(q, (k1, k2), (v1, v2), degree=degree)
    with pytest.raises(ShapeError, match="scale=inf; give a finite number"):
        hot.bounded_tensor_attention(q, (k1, k2), (v1, v2), scale=math.inf)
    with pytest.raises(ShapeError, match=r"keys\[1\] holds 2 entries that are NaN"):
        hot.bounded_tensor_attention(q, (k1, k2.masked_fill(k2 >= k2.flatten().sort().values[-2], math.nan)), (v1, v2))
    with pytest.raises(ShapeError, match="q holds 28 entries"):
        hot.bounded_tensor_attention(q * math.nan, (k1, k2), (v1, v2))
    with pytest.raises(ShapeError, match="positive relative error"):
        hot.bounded_tensor_attention(q, (k1, k2), (v1, v2), tolerance=0.0)
    wide = torch.zeros(3, 64)
    with pytest.raises(ShapeError, match=r"C\(68, 4\) = 814,385 columns, above the limit of 50,000"):
        hot.bounded_tensor_attention(wide, (wide, wide), (wide, wide))
    with pytest.raises(ShapeError, match="the lowest order is 2"):
        hot.bounded_tensor_attention(q, (), ())
