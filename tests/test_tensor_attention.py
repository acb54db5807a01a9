"""Exact attention over tuples of keys, held against loops, another's package, and torch's own attention."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
import torch
from simplicial_attention.simplicial_attention import naive_two_simplicial_attend
from torch.nn.functional import scaled_dot_product_attention

import hot_core as hot
from hot_core.attention.tensor import prepared, weights_of
from hot_core.models.blocks import Block
from hot_core.record import AttentionRecord
from tests.oracles_cost import counted_macs
from tests.oracles_tensor import tensor_output, tensor_weights

SIZES = {2: (7,), 3: (5, 3), 4: (5, 3, 2)}


def parts(
    order: int, n: int = 11, d: int = 5, e: int = 3, lead: Sequence[int] = (), seed: int = 0
) -> tuple[torch.Tensor, list[torch.Tensor], list[torch.Tensor]]:
    generator = torch.Generator().manual_seed(seed)

    def random(*shape: int) -> torch.Tensor:
        return torch.randn(*lead, *shape, dtype=torch.float64, generator=generator)

    sizes = SIZES[order]
    return random(n, d), [random(size, d) for size in sizes], [random(size, e) for size in sizes]


def arrays(tensors: Sequence[torch.Tensor]) -> list[np.ndarray]:
    return [tensor.numpy() for tensor in tensors]


@pytest.mark.parametrize("order", [2, 3, 4])
def test_output_and_weights_are_those_of_the_definition(order: int) -> None:
    q, keys, values = parts(order)
    weights = tensor_weights(q.numpy(), arrays(keys), 1 / 5)
    np.testing.assert_allclose(
        hot.tensor_attention(q, keys, values), tensor_output(weights, arrays(values)), rtol=0, atol=1e-12
    )
    chosen = [7, 0]
    np.testing.assert_allclose(weights_of(q, keys, chosen), weights[chosen], rtol=0, atol=1e-14)


@pytest.mark.parametrize("chunk", [1, 2, 7, 13, 15, 1000])
def test_every_chunk_gives_the_same(chunk: int) -> None:
    q, keys, values = parts(3, lead=(2, 3))
    whole = hot.tensor_attention(q, keys, values, scale=0.7)
    assert (hot.tensor_attention(q, keys, values, scale=0.7, chunk=chunk) - whole).abs().max() <= 1e-12


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("causal", [False, True])
def test_agrees_with_the_published_naive_form(dtype: torch.dtype, causal: bool) -> None:
    generator = torch.Generator().manual_seed(1)
    q, k1, k2, v1, v2 = (torch.randn(2, 3, 13, 7, generator=generator).to(dtype) for _ in range(5))
    theirs = naive_two_simplicial_attend(q, (k1, k2), (v1, v2), causal=causal)
    ours = hot.tensor_attention(q, (k1, k2), (v1, v2), scale=7**-0.5, causal=causal, chunk=29)
    assert (ours - theirs).abs().max() <= (1e-5 if dtype == torch.float32 else 1e-12)


def test_order_two_is_ordinary_attention() -> None:
    q, (key,), (value,) = parts(2, lead=(2,))
    wanted = scaled_dot_product_attention(q, key, value)
    assert (hot.tensor_attention(q, [key], [value], scale=5**-0.5) - wanted).abs().max() <= 1e-12


def test_masks_and_causal_are_those_of_the_definition_and_hide_whatever_is_there() -> None:
    n = 7
    generator = torch.Generator().manual_seed(2)
    q, k1, k2, v1, v2 = (torch.randn(n, 3, dtype=torch.float64, generator=generator) for _ in range(5))
    masks = [torch.tensor([1, 1, 0, 1, 0, 1, 1]).bool(), torch.tensor([0, 1, 1, 1, 1, 0, 1]).bool()]
    weights = tensor_weights(q.numpy(), arrays([k1, k2]), 1 / 3, arrays(masks), causal=True)
    assert weights[0].sum() == 0  # the first may see itself alone, and its second key is not valid
    wanted = tensor_output(weights, arrays([v1, v2]))
    for key, value, mask in ((k1, v1, masks[0]), (k2, v2, masks[1])):
        key[~mask], value[~mask] = math.nan, math.inf
    found = hot.tensor_attention(q, (k1, k2), (v1, v2), mask=masks, causal=True, chunk=11)
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-12)
    np.testing.assert_allclose(weights_of(q, (k1, k2), range(n), mask=masks, causal=True), weights, rtol=0, atol=1e-14)


def test_one_mask_serves_all_keys_and_heads() -> None:
    q, k, v = (
        torch.randn(2, 3, 5, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(s)) for s in (3, 4, 5)
    )
    mask = torch.tensor([[1, 1, 1, 0, 0], [1, 0, 1, 1, 1]]).bool()
    found = hot.tensor_attention(q, (k, k), (v, v), mask=mask[:, None])
    for batch in range(2):
        seen = mask[batch]
        alone = hot.tensor_attention(q[batch], (k[batch][:, seen],) * 2, (v[batch][:, seen],) * 2)
        assert (found[batch] - alone).abs().max() <= 1e-12


def test_large_logits_neither_overflow_nor_lose_the_largest() -> None:
    q, keys, values = parts(3)
    found = hot.tensor_attention(q * 1e4, keys, values, chunk=2)
    logits = torch.einsum("il,jl,kl->ijk", q, *keys).flatten(1)
    pairs = torch.einsum("jc,kc->jkc", *values).flatten(0, 1)
    assert (found - pairs[logits.argmax(1)]).abs().max() <= 1e-12


@pytest.mark.parametrize("order", [2, 3, 4])
def test_gradients(order: int) -> None:
    q, keys, values = parts(order, n=5, d=3, e=2)
    keys, values = [k[:3] for k in keys], [v[:3] for v in values]
    masks = [torch.arange(len(key)) != 1 for key in keys]

    def attend(q: torch.Tensor, *rest: torch.Tensor) -> torch.Tensor:
        half = len(rest) // 2
        return hot.tensor_attention(q, rest[:half], rest[half:], chunk=4, mask=masks)

    inputs = [tensor.requires_grad_() for tensor in (q, *keys, *values)]
    assert torch.autograd.gradcheck(attend, inputs)


def test_memory_is_linear_in_the_chunk_not_in_the_pairs() -> None:
    n, chunk = 61, 64
    x = torch.randn(n, 4, requires_grad=True)
    held: list[int] = []

    class Watch(torch.utils._python_dispatch.TorchDispatchMode):
        def __torch_dispatch__(
            self, func: object, types: object, args: tuple = (), kwargs: dict | None = None
        ) -> object:
            out = func(*args, **(kwargs or {}))  # type: ignore[operator]
            held.extend([out.numel()] if isinstance(out, torch.Tensor) else [])
            return out

    with Watch():
        hot.tensor_attention(x, (x, x), (x, x), chunk=chunk).sum().backward()
    assert max(held) == n * chunk  # n³ = 226,981 weights are never together


def test_without_a_chunk_no_more_is_held_than_was_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hot_core.attention.tensor.AT_ONCE", 2 * 13 * (61 + 5))
    q = torch.randn(2, 61, 5)
    tuples = prepared(q, (q, q), (q, q), None, False, None)[3]
    assert tuples.chunk == 13


def test_weights_are_detached_and_a_query_of_nan_spoils_itself_alone() -> None:
    q, keys, values = parts(3)
    q = q.clone().requires_grad_()
    assert not weights_of(q, keys, [0]).requires_grad
    wanted = hot.tensor_attention(q, keys, values)
    q.data[3, 1] = math.nan
    found = hot.tensor_attention(q, keys, values)
    assert found[3].isnan().all()
    assert torch.equal(found[torch.arange(11) != 3], wanted[torch.arange(11) != 3])


def test_half_precision_is_computed_in_single() -> None:
    q, keys, values = parts(3)
    half = [tensor.half() for tensor in (q, *keys, *values)]
    found = hot.tensor_attention(half[0], half[1:3], half[3:])
    wanted = hot.tensor_attention(*(half[0].float(), [k.float() for k in half[1:3]], [v.float() for v in half[3:]]))
    assert found.dtype == torch.float16
    assert torch.equal(found, wanted.half())
    with pytest.raises(hot.HotError, match=r"overflow torch\.float16"):  # 300 · 300 is more than float16 holds
        hot.tensor_attention(half[0], half[1:3], [value * 0 + 300 for value in half[3:]])


def test_a_record_keeps_the_rows_of_its_queries() -> None:
    generator = torch.Generator().manual_seed(6)
    q, k1, k2, v = (torch.randn(2, 3, 5, 4, dtype=torch.float64, generator=generator) for _ in range(4))
    record = AttentionRecord(queries=[(4,), (1,)])
    hot.tensor_attention(q, (k1, k2), (v, v), record=record)
    wanted = tensor_weights(q[1, 2].numpy(), arrays([k1[1, 2], k2[1, 2]]), 1 / 4)
    found = record.row(0, 2, (1,), batch=1)
    assert found.shape == (5, 5)
    np.testing.assert_allclose(found, wanted[1], rtol=0, atol=1e-7)  # rows are handed out in single precision


# --- the module ---


@pytest.mark.parametrize("order", [2, 3, 4])
def test_module_is_its_projections_and_the_function(order: int) -> None:
    torch.manual_seed(0)
    module = hot.TensorAttention(12, 2, order).double()
    x = torch.randn(3, 2, 3, 12, dtype=torch.float64)
    mask = torch.rand(3, 2, 3) > 0.3
    record = AttentionRecord(queries=[(1, 2)])
    found = module(x, mask, record)
    flat = x.reshape(3, 6, 12) * mask.reshape(3, 6, 1)
    for batch in range(3):
        rows = []
        for head in range(2):
            cut = slice(6 * head, 6 * head + 6)
            keys = [key(flat[batch])[:, cut].detach().numpy() for key in module.keys]
            values = [value(flat[batch])[:, cut].detach().numpy() for value in module.values]
            query = module.query(x[batch].reshape(6, 12))[:, cut].detach().numpy()
            weights = tensor_weights(query, keys, 1 / 6, [mask[batch].flatten().numpy()] * (order - 1))
            rows.append(tensor_output(weights, values))
            np.testing.assert_allclose(
                record.row(0, head, (1, 2), batch), weights[5].reshape((2, 3) * (order - 1)), rtol=0, atol=1e-7
            )
        wanted = module.output(torch.from_numpy(np.concatenate(rows, 1)))
        assert (found[batch].reshape(6, 12) - wanted).abs().max() <= 1e-12


def test_module_works_in_the_block_of_the_models_and_trains() -> None:
    torch.manual_seed(0)
    block = Block(hot.TensorAttention(16, 2), 16, 32)
    x, mask = torch.randn(2, 3, 5, 16), torch.rand(2, 3, 5) > 0.2
    block(x, mask, AttentionRecord(queries=[(0, 0)])).square().mean().backward()
    assert all(weight.grad is not None and weight.grad.isfinite().all() for weight in block.parameters())


def test_causal_module_never_looks_ahead() -> None:
    torch.manual_seed(0)
    module = hot.TensorAttention(8, 2, causal=True).double()
    x = torch.randn(1, 7, 8, dtype=torch.float64)
    later = x.clone()
    later[:, 4:] += 1
    assert torch.equal(module(x)[:, :4], module(later)[:, :4])
    record = AttentionRecord(queries=[(2,)])
    module(x, record=record)
    row = record.row(0, 1, (2,))
    assert row[:3, :3].sum() == pytest.approx(1)
    assert row[3:].sum() == row[:, 3:].sum() == 0
    assert not torch.equal(module(x)[:, 4:], module(later)[:, 4:])


@pytest.mark.parametrize(("order", "sizes"), [(2, (11,)), (3, (3, 5)), (4, (5,))])
def test_its_cost_is_what_torch_counts_in_a_real_pass(order: int, sizes: tuple[int, ...]) -> None:
    module = hot.TensorAttention(12, 3, order)
    found = hot.cost(module, sizes, batch=2)
    tokens = math.prod(sizes)
    assert (found.form, found.coefficients) == ("tensor", tokens**order)
    assert found.parameters == 2 * order * (12 * 12 + 12)
    assert found.macs == counted_macs(module, torch.zeros(2, *sizes, 12))
    assert found.forms["full"].macs == hot.cost(hot.FullAttention(12, 3), sizes, batch=2, forms=[]).macs


# --- what is refused ---


def test_what_does_not_fit_is_said() -> None:
    q, (k1, k2), (v1, v2) = parts(3)
    tokens = torch.zeros(5000, 4)
    refused = [
        (lambda: hot.tensor_attention(q, [], []), "order 1; the lowest order is 2"),
        (lambda: hot.tensor_attention(q, (k1, k2), (v1,)), "2 keys and 1 values"),
        (lambda: hot.tensor_attention(q, (k1, k2[:, :4]), (v1, v2)), "the width of q"),
        (lambda: hot.tensor_attention(q, (k1, k2), (v1, v2[:2])), "as many rows as its value"),
        (lambda: hot.tensor_attention(q, (k1, k2), (v1, v2[:, :2])), "one width"),
        (lambda: hot.tensor_attention(q, (k1[None], k2), (v1, v2)), "same leading axes"),
        (lambda: hot.tensor_attention(q.float(), (k1, k2), (v1, v2)), "of one type"),
        (lambda: hot.tensor_attention(q, (k1, k2), (v1, v2), causal=True), "as many rows in every key"),
        (lambda: hot.tensor_attention(q, (k1, k2), (v1, v2), chunk=0), "chunk=0"),
        (
            lambda: hot.tensor_attention(q, (k1, k2), (v1, v2), mask=torch.ones(4).bool()),
            r"must be torch.bool of \(5,\)",
        ),
        (
            lambda: hot.tensor_attention(tokens, (tokens, tokens), (tokens, tokens)),
            r"5,000 × 5,000 keys make 1.2e\+11 weights, above the limit of 3.0e\+10. Take up to 3,107 tokens",
        ),
        (
            lambda: hot.tensor_attention(q.float() * 1e20, (k1.float() * 1e20, k2.float()), (v1.float(), v2.float())),
            "overflow",
        ),
        (
            lambda: hot.tensor_attention(torch.zeros(2, 3000, 4), *[[torch.zeros(2, 3000, 4)] * 2] * 2),
            "for each of 2 leading elements make 5.4e",
        ),
        (lambda: hot.tensor_attention(q, (k1, k2), (v1, v2 * math.nan)), r"values\[1\] holds 9 entries that are NaN"),
        (lambda: hot.tensor_attention(q, (k1, k2), (v1, v2), scale=math.nan), "scale=nan; give a finite number"),
        (lambda: hot.TensorAttention(16, 4, order=1), "order=1; give 2 … 5"),
        (lambda: hot.TensorAttention(15, 4), "cannot be cut into heads=4"),
        (lambda: weights_of(q, (k1, k2), [11]), r"query 11 does not exist; there are 0 … 10"),
        (lambda: weights_of(tokens, (tokens, tokens), [0, 1]), "Ask for fewer queries"),
    ]
    for refuse, sentence in refused:
        with pytest.raises(hot.HotError, match=sentence):
            refuse()
