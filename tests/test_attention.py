"""Mode-wise and full attention against their literal twins, and the laws they must keep."""

import pytest
import torch
from torch.nn.functional import scaled_dot_product_attention

from hot_core.attention import FullAttention, KroneckerAttention
from hot_core.attention.rotary import rotate
from hot_core.errors import SelectionError, ShapeError
from hot_core.models import Block
from hot_core.record import AttentionRecord
from tests import oracles

SIZES = [(7,), (3, 5), (4, 5, 6), (2, 3, 5, 7), (2, 3, 2, 5, 3)]
EXACT = {"rtol": 0, "atol": 1e-12}


def attention(sizes, combine="product", seed=0, **options):
    torch.manual_seed(seed)
    module = KroneckerAttention(12, len(sizes), 3, combine, **options).double()
    for norm in (module.query_norm, module.key_norm):  # fresh norms are identities and would hide a mistake
        torch.nn.init.normal_(norm.weight, 1, 0.3)
        torch.nn.init.normal_(norm.bias, 0, 0.3)
    return module, torch.randn(2, *sizes, 12, dtype=torch.float64)


def random_mask(sizes, seed=1):
    mask = torch.rand(2, *sizes, generator=torch.Generator().manual_seed(seed)) > 0.3
    mask[0, 0] = False  # a whole slice without any valid token
    return mask


FORMS = {
    "plain": {},
    "rope": {"rope_modes": (0,)},
    "shared": {"share_qk": True},
    "causal": {"causal_modes": (0,), "rope_modes": (0,)},
    "linear": {"kernel": "linear"},
    "linear, all at once": {
        "kernel": "linear",
        "causal_modes": (0,),
        "rope_modes": (0,),
        "share_qk": True,
        "features": 5,
    },
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("combine", ["product", "sum"])
@pytest.mark.parametrize("sizes", SIZES)
def test_equals_the_explicit_kronecker_matrix(sizes, combine, masked, form):
    module, x = attention(sizes, combine, **FORMS[form])
    mask = random_mask(sizes) if masked else None
    record = AttentionRecord()
    torch.testing.assert_close(module(x, mask, record), oracles.kronecker_attention(module, x, mask), **EXACT)
    last = len(sizes) - 1
    torch.testing.assert_close(
        record.layers[0].factors[last][1, 2],
        oracles.factor(module, x[1], None if mask is None else mask[1], last, 2),
        **EXACT,
    )


def test_normalised_sum_is_the_sum_divided_by_the_number_of_modes():
    module, x = attention((3, 5, 7), "sum", normalize=True)
    torch.testing.assert_close(module(x), oracles.kronecker_attention(module, x), **EXACT)
    record = AttentionRecord()
    module(x, record=record)
    assert float(record.kronecker_map(0, 0).row((2, 4, 6)).sum()) == pytest.approx(1, abs=1e-12)


def test_one_mode_is_fused_attention_on_the_same_queries_keys_and_values():
    module, x = attention((11,))
    split = lambda t: t.unflatten(-1, (3, 4)).transpose(1, 2)  # noqa: E731
    query, key = module.query_norm(split(module.query[0](x))), module.key_norm(split(module.key[0](x)))
    out = scaled_dot_product_attention(query, key, split(module.value(x)))
    torch.testing.assert_close(module(x), module.output(out.transpose(1, 2).flatten(-2)), **EXACT)


@pytest.mark.parametrize("masked", [False, True])
def test_full_attention_equals_its_definition(masked):
    torch.manual_seed(0)
    module = FullAttention(12, 3).double()
    x = torch.randn(2, 3, 2, 5, 12, dtype=torch.float64)
    mask = random_mask((3, 2, 5)) if masked else None
    if masked:
        mask[1] = False  # nothing valid at all: zero rows, never NaN
    out, weights = oracles.full_attention(module, x, mask)
    queries = [(0, 1, 4), (2, 0, 3)]
    record = AttentionRecord(queries=queries)
    torch.testing.assert_close(module(x, mask, record), out, **EXACT)
    for query in queries:
        flat = (query[0] * 2 + query[1]) * 5 + query[2]
        recorded = torch.from_numpy(record.row(0, 1, query))
        torch.testing.assert_close(recorded.flatten().double(), weights[0, 1, flat], rtol=0, atol=1e-7)
    with pytest.raises(SelectionError, match=r"query \(0, 0, 0\) was not recorded"):
        record.row(0, 0, (0, 0, 0))


def test_missing_tokens_have_no_influence_and_leave_no_trace():
    module, x = attention((3, 5, 7))
    mask = random_mask((3, 5, 7))
    other = torch.where(mask[..., None], x, 1e6)
    torch.testing.assert_close(module(x, mask), module(other, mask), **EXACT)
    record = AttentionRecord()
    module(x, mask, record)
    first = record.factor(0, 0)
    assert (first.isel(key=0) == 0).all()  # the slice without any valid token
    assert first.sum("key").values == pytest.approx(1, abs=1e-6)
    assert record.valid.shape == (3, 5, 7)
    nothing = module(x, torch.zeros(2, 3, 5, 7, dtype=torch.bool), record)
    assert torch.equal(nothing, module.output.bias.expand_as(nothing))
    assert float(record.factor(1, 2).sum()) == 0


def test_exchanging_slices_of_a_mode_without_order_exchanges_the_output():
    module, x = attention((3, 5, 7), rope_modes=(2,))
    entity, variable = torch.tensor([2, 0, 1]), torch.tensor([4, 2, 0, 1, 3])
    torch.testing.assert_close(module(x[:, entity][:, :, variable]), module(x)[:, entity][:, :, variable], **EXACT)
    time = torch.tensor([6, 5, 4, 3, 2, 1, 0])
    assert not torch.allclose(module(x[:, :, :, time]), module(x)[:, :, :, time], atol=1e-3)


def test_rotation_turns_products_into_functions_of_the_distance():
    torch.manual_seed(0)
    x = torch.randn(11, 8, dtype=torch.float64)
    torch.testing.assert_close(rotate(x), oracles.rope(x), **EXACT)
    same = torch.randn(8, dtype=torch.float64).expand(11, 8)
    gram = rotate(same) @ rotate(same).T
    for distance in range(11):
        line = gram.diagonal(distance)
        torch.testing.assert_close(line, line[0].expand_as(line), **EXACT)


@pytest.mark.parametrize("combine", ["product", "sum"])
def test_gradients(combine):
    module, x = attention((2, 3), combine)
    mask = torch.tensor([[[1, 1, 0], [1, 0, 1]]] * 2, dtype=torch.bool)
    assert torch.autograd.gradcheck(lambda t: module(t, mask), (x.requires_grad_(),), atol=1e-7)


@pytest.mark.parametrize(("modes", "attention_count", "block_count"), [(2, 99_136, 296_256), (3, 132_160, 329_280)])
def test_published_parameter_counts(modes, attention_count, block_count):
    count = lambda module: sum(p.numel() for p in module.parameters())  # noqa: E731
    module = KroneckerAttention(128, modes, 8)
    assert count(module) == attention_count
    assert count(Block(module, 128, 512)) == block_count
    assert count(FullAttention(128, 8)) == 66_048
    assert count(Block(FullAttention(128, 8), 128, 512)) == 263_168


def test_record_names_modes_and_refuses_what_was_not_recorded():
    module, x = attention((3, 5, 7))
    record = AttentionRecord()
    module(x, record=record)
    assert record.modes == ("mode 1", "mode 2", "mode 3")
    assert (record.num_layers, record.num_heads, record.combine) == (1, 3, "product")
    matrix = record.factor(0, "mode 2")
    assert matrix.dims == ("head", "query", "key")
    assert matrix.shape == (3, 5, 5)
    assert not record.layers[0].factors[0].requires_grad
    with pytest.raises(SelectionError, match="Mode 'time' does not exist; the modes are mode 1, mode 2, mode 3"):
        record.factor(0, "time")
    with pytest.raises(SelectionError, match="Layer 1 was not recorded"):
        record.factor(1, 0)
    with pytest.raises(SelectionError, match="Head 3 does not exist"):
        record.kronecker_map(0, 3)


def test_a_forward_pass_without_a_record_leaves_nothing_behind():
    module, x = attention((3, 5))
    first, second = AttentionRecord(), AttentionRecord()
    module(x, record=first)
    module(x)
    module(x, record=second)
    assert (first.num_layers, second.num_layers) == (1, 1)
    assert not any(module._forward_hooks.values())


def test_shapes_that_do_not_fit_are_refused_with_all_of_them_named():
    module, x = attention((3, 5))
    with pytest.raises(ShapeError, match=r"x \[batch, n_1, dim\] = \(2, 3, 12\), but it takes 2 modes"):
        module(x[:, :, 0])
    with pytest.raises(
        ShapeError, match=r"mask \[batch, n_1, n_2\] = \(2, 5, 3\) of torch.bool; the mask must be \(2, 3, 5\)"
    ):
        module(x, torch.ones(2, 5, 3, dtype=torch.bool))
    with pytest.raises(ShapeError, match="dim=12 cannot be cut into heads=5"):
        KroneckerAttention(12, 2, 5)
    with pytest.raises(ShapeError, match="give 1 … 5 modes"):
        KroneckerAttention(12, 6, 3)
    with pytest.raises(ShapeError, match=r"rope_modes=\(2,\) leave the modes 0 … 1"):
        KroneckerAttention(12, 2, 3, rope_modes=(2,))
    with pytest.raises(ShapeError, match="has an empty batch or mode"):
        module(torch.zeros(2, 0, 5, 12, dtype=torch.float64))
