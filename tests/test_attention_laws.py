"""What mode-wise attention must keep whatever its weights: symmetries, pooling, causality, precision, memory."""

import json
import math
import subprocess
import sys

import pytest
import torch
from torch.nn.functional import dropout

from hot_core.attention import FullAttention, KroneckerAttention
from hot_core.attention.factors import CAUSAL_CHUNK, causal_product
from hot_core.attention.features import orthogonal_directions, positive_features
from hot_core.attention.pooling import pooled
from hot_core.errors import SelectionError, ShapeError
from hot_core.record import AttentionRecord
from tests import oracles
from tests.test_attention import EXACT, FORMS, attention, random_mask
from tests.watch_tensors import LargestTensor

KERNELS = ["softmax", "linear"]
RULES = ["product", "sum"]


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("combine", RULES)
def test_exchanging_slices_exchanges_output_and_mask_alike(kernel, combine):
    module, x = attention((3, 5, 7), combine, kernel=kernel, rope_modes=(2,))
    mask = random_mask((3, 5, 7))
    entity, variable = torch.tensor([2, 0, 1]), torch.tensor([4, 2, 0, 1, 3])
    moved = module(x[:, entity][:, :, variable], mask[:, entity][:, :, variable])
    torch.testing.assert_close(moved, module(x, mask)[:, entity][:, :, variable], **EXACT)


@pytest.mark.parametrize("kernel", KERNELS)
def test_a_factor_does_not_see_the_order_of_the_other_modes(kernel):
    module, x = attention((3, 5, 7), kernel=kernel, rope_modes=(1,))
    before, after = AttentionRecord(), AttentionRecord()
    module(x, record=before)
    module(x[:, torch.tensor([1, 2, 0])][:, :, :, torch.tensor([6, 1, 0, 5, 2, 4, 3])], record=after)
    torch.testing.assert_close(before.layers[0].factors[1], after.layers[0].factors[1], **EXACT)
    assert not torch.allclose(before.layers[0].factors[2], after.layers[0].factors[2])


@pytest.mark.parametrize("masked", [False, True])
def test_pooling_is_the_mean_of_the_valid_tokens_of_a_slice(masked):
    x = torch.randn(2, 3, 5, 7, 11, dtype=torch.float64)
    mask = random_mask((3, 5, 7)) if masked else torch.ones(2, 3, 5, 7, dtype=torch.bool)
    means, valid = pooled(torch.where(mask[..., None], x, 0.0), mask if masked else None)
    for mode, size in enumerate((3, 5, 7)):
        for batch in range(2):
            for p in range(size):
                kept = x[batch].select(mode, p)[mask[batch].select(mode, p)]
                expected = kept.mean(0) if len(kept) else torch.zeros(11, dtype=torch.float64)
                torch.testing.assert_close(means[mode][batch, p], expected, **EXACT)
                assert valid[mode] is None or bool(valid[mode][batch, p]) == (len(kept) > 0)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("combine", "normalize", "total"), [("product", False, 1), ("sum", False, 3), ("sum", True, 1)]
)
def test_rows_sum_to_what_the_form_says(form, combine, normalize, total):
    module, x = attention((3, 5, 7), combine, normalize=normalize, **FORMS[form])
    record = AttentionRecord()
    module(x, record=record)
    for query in [(0, 0, 0), (2, 4, 6), (1, 3, 2)]:
        row = record.layers[0].factors
        kmap = record.kronecker_map(0, 1)
        assert float(kmap.row(query).sum()) == pytest.approx(total, abs=1e-12)
        assert all(float(factor.min()) >= 0 for factor in row)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("combine", RULES)
def test_no_later_value_reaches_an_earlier_position_of_a_causal_mode(kernel, combine):
    module, x = attention((3, 5, 7), combine, kernel=kernel, causal_modes=(2,))
    for layer in (*module.query, *module.key):  # factors that no longer depend on the data
        torch.nn.init.zeros_(layer.weight)
    changed = x.clone()
    changed[:, :, :, 4:] += 1
    before, after = module(x), module(changed)
    torch.testing.assert_close(after[:, :, :, :4], before[:, :, :, :4], **EXACT)
    assert not torch.allclose(after[:, :, :, 4:], before[:, :, :, 4:])
    record = AttentionRecord()
    module(x, record=record)
    assert torch.equal(record.layers[0].factors[2].triu(1), torch.zeros(2, 3, 7, 7, dtype=torch.float64))
    assert (record.layers[0].factors[1].triu(1) > 0).any()


@pytest.mark.parametrize("kernel", KERNELS)
def test_with_one_mode_causal_attention_is_causal_in_the_strict_sense_and_with_more_it_is_not(kernel):
    module, x = attention((11,), kernel=kernel, causal_modes=(0,), rope_modes=(0,))
    changed = x.clone()
    changed[:, 6:] += 1
    torch.testing.assert_close(module(changed)[:, :6], module(x)[:, :6], **EXACT)
    # what the docstring warns of: means over the whole causal mode weigh the other modes
    module, x = attention((3, 11), kernel=kernel, causal_modes=(1,))
    changed = x.clone()
    changed[:, 0, 6:] += 1
    assert not torch.allclose(module(changed)[:, :, :6], module(x)[:, :, :6])


def test_causal_product_by_chunks_equals_the_lower_triangle():
    length = 2 * CAUSAL_CHUNK + 3
    query, key, values = (torch.rand(2, length, n, dtype=torch.float64) for n in (5, 5, 7))
    expected = torch.stack([(query[h] @ key[h].T).tril() @ values[h] for h in range(2)])
    torch.testing.assert_close(causal_product(query, key, values), expected, rtol=1e-13, atol=0)


def test_many_positive_features_come_to_the_softmax():
    torch.manual_seed(0)
    query, key = torch.randn(7, 4, dtype=torch.float64) / 4, torch.randn(11, 4, dtype=torch.float64) / 4
    errors = []
    for count in (64, 65_536):
        of_query, of_key = positive_features(query, key, orthogonal_directions(count, 4).double())
        weights = of_query @ of_key.T
        errors.append(float((weights / weights.sum(1, keepdim=True) - (query @ key.T).softmax(1)).abs().max()))
        assert (of_query >= 0).all()
        assert (of_key >= 0).all()
    assert errors[1] < 1e-3 < 4e-3 < errors[0]


def test_few_features_are_a_kernel_of_their_own_at_the_scale_of_layer_norms():
    """What the docstring says: far from the softmax with few features, and closer with many."""
    torch.manual_seed(0)
    query, key = (torch.nn.functional.layer_norm(torch.randn(24, 16), (16,)) / 16**0.25 for _ in range(2))
    softmax = (query @ key.T).softmax(1)
    errors = []
    for count in (32, 2_048):
        of_query, of_key = positive_features(query, key, orthogonal_directions(count, 16))
        weights = of_query @ of_key.T
        errors.append(float((weights / weights.sum(1, keepdim=True) - softmax).norm() / softmax.norm()))
    assert errors[0] > 0.7 > errors[1] > 0.3


def test_there_are_twice_as_many_features_as_a_head_is_wide():
    assert KroneckerAttention(24, 2, 3, kernel="linear").directions.shape == (16, 8)
    assert KroneckerAttention(24, 2, 3, kernel="linear", features=5).directions.shape == (5, 8)


def test_a_causal_linear_row_whose_keys_all_vanish_gives_zero_and_no_bias():
    torch.manual_seed(1)
    module = KroneckerAttention(16, 1, 1, kernel="linear", causal_modes=(0,), features=16)
    for norm in (module.query_norm, module.key_norm):
        norm.weight.data *= 24
    x, record = torch.randn(1, 64, 16), AttentionRecord()
    out = module(x, record=record)
    factor = record.layers[0].factors[0][0, 0]
    assert set(factor.sum(1).round(decimals=4).tolist()) == {0.0, 1.0}  # some rows have vanished in float32
    torch.testing.assert_close(out[0], module.output(factor @ module.value(x[0])), rtol=0, atol=1e-4)


def test_directions_are_orthogonal_in_blocks_and_as_long_as_gaussian_vectors():
    torch.manual_seed(0)
    directions = orthogonal_directions(24_000, 8)
    block = directions[8:16] / directions[8:16].norm(dim=1, keepdim=True)
    torch.testing.assert_close(block @ block.T, torch.eye(8), rtol=0, atol=1e-5)
    assert float(directions.square().sum(1).mean()) == pytest.approx(8, rel=0.02)
    assert directions.mean(0).abs().max() < 0.03


def test_linear_factors_do_not_underflow_on_large_queries_and_keys():
    module, x = attention((3, 7), kernel="linear")
    for norm in (module.query_norm, module.key_norm):
        norm.weight.data *= 40
    record = AttentionRecord()
    out = module.float()(x.float(), record=record)
    assert out.isfinite().all()
    assert record.layers[0].factors[1].sum(-1) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("modes", [1, 2, 3, 4, 5])
def test_sharing_projections_costs_the_two_norms_more_than_full_attention(modes):
    module = KroneckerAttention(128, modes, 8, share_qk=True)
    assert sum(p.numel() for p in module.parameters()) == 66_112


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("combine", RULES)
def test_gradients_of_every_form(form, combine):
    module, x = attention((2, 3), combine, **FORMS[form])
    mask = torch.tensor([[[1, 1, 0], [1, 0, 1]], [[0, 0, 0], [0, 1, 0]]], dtype=torch.bool)
    assert torch.autograd.gradcheck(module, (x.requires_grad_(),), atol=1e-7)
    assert torch.autograd.gradcheck(lambda t: module(t, mask), (x,), atol=1e-7)


@pytest.mark.parametrize("form", FORMS)
def test_invalid_tokens_may_hold_anything_and_gradients_stay_finite(form):
    module, x = attention((3, 5), **FORMS[form])
    mask = random_mask((3, 5))
    mask[1] = False
    poisoned = torch.where(mask[..., None], x, math.nan).requires_grad_()
    out = module(poisoned, mask)
    torch.testing.assert_close(out, module(x, mask), **EXACT)
    out.sum().backward()
    assert poisoned.grad.isfinite().all()
    assert all(p.grad.isfinite().all() for p in module.parameters())


@pytest.mark.parametrize("kernel", KERNELS)
def test_dropout_acts_while_training_only_and_spares_the_record(kernel):
    module, x = attention((3, 5, 7), kernel=kernel, dropout=0.5)
    record, still = AttentionRecord(), AttentionRecord()
    torch.manual_seed(3)
    first = module(x, record=record)
    torch.manual_seed(3)
    torch.testing.assert_close(module(x), first, **EXACT)
    assert not torch.allclose(module(x), first)
    kept = module.eval()(x, record=still)
    torch.testing.assert_close(record.layers[0].factors[1], still.layers[0].factors[1], **EXACT)
    torch.testing.assert_close(kept, module(x), **EXACT)
    torch.manual_seed(0)
    with torch.no_grad():
        many = torch.stack([module.train()(x) for _ in range(1_500)])
    # what is dropped is made up for in the mean, to four standard errors
    assert ((many.mean(0) - kept).abs() < 4.5 * many.std(0) / 1_500**0.5 + 1e-9).all()


@pytest.mark.parametrize("combine", RULES)
def test_dropout_drops_weights_of_the_factors_and_nothing_else(combine):
    module, x = attention((3, 5), combine, dropout=0.5)
    record = AttentionRecord()
    torch.manual_seed(3)
    out = module(x, record=record)
    torch.manual_seed(3)
    dropped = [dropout(factor.flatten(0, 1), 0.5).unflatten(0, (2, 3)) for factor in record.layers[0].factors]
    value = module.value(x).flatten(1, 2)
    mixed = torch.zeros_like(value)
    for batch in range(2):
        for head in range(3):
            dense = oracles.kron_of([factor[batch, head] for factor in dropped], combine)
            part = slice(4 * head, 4 * head + 4)
            mixed[batch, :, part] = dense @ value[batch, :, part]
    torch.testing.assert_close(out, module.output(mixed).reshape(x.shape), **EXACT)


@pytest.mark.parametrize("form", FORMS)
def test_where_nothing_is_valid_every_weight_is_zero(form):
    module, x = attention((3, 5), **FORMS[form])
    record = AttentionRecord()
    out = module(x, torch.zeros(2, 3, 5, dtype=torch.bool), record)
    assert torch.equal(out, module.output.bias.expand_as(out))
    assert all(torch.equal(factor, torch.zeros_like(factor)) for factor in record.layers[0].factors)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 2e-6), (torch.bfloat16, 6e-2)])
def test_lower_precisions_come_close_and_keep_their_dtype(form, dtype, tolerance):
    module, x = attention((3, 5, 7), **FORMS[form])
    mask = random_mask((3, 5, 7))
    exact = [module(x), module(x, mask)]
    module.to(dtype)
    for out, expected in zip([module(x.to(dtype)), module(x.to(dtype), mask)], exact, strict=True):
        assert out.dtype == dtype
        torch.testing.assert_close(out.double(), expected, rtol=0, atol=tolerance)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("combine", RULES)
def test_nothing_is_tied_to_the_cpu(form, combine):
    """Tensors without data on the "meta" device refuse to meet tensors of any other device."""
    module, x = attention((3, 5, 7), combine, **FORMS[form])
    mask = random_mask((3, 5, 7)).to("meta")
    module, x = module.to("meta"), x.to("meta")
    assert module(x).shape == module(x, mask).shape == x.shape
    module.train()(x.requires_grad_(), mask).sum().backward()


COMPILE = """
import json, sys
import torch
from hot_core.attention import FullAttention, KroneckerAttention

torch.set_num_threads(1)
for options in json.loads(sys.argv[1]):
    module = KroneckerAttention(12, 3, 3, dropout=0.1, **options)
    compiled = torch.compile(module, fullgraph=True, backend="eager")
    x = torch.randn(2, 3, 5, 7, 12)
    mask = torch.rand(x.shape[:-1]) > 0.3
    for training, given in ((False, None), (True, mask)):
        module.train(training)
        torch.manual_seed(0)
        expected = module(x, given)
        torch.manual_seed(0)
        torch.testing.assert_close(compiled(x, given), expected)
    torch.compiler.reset()
print("whole graphs")
"""


def test_every_form_compiles_into_one_graph(root):
    """In a process of its own: the run-time type checks that watch these tests cannot be traced."""
    forms = json.dumps([{"combine": combine, **form} for combine, form in zip(RULES * 3, FORMS.values(), strict=True)])
    command = [sys.executable, "-c", COMPILE, forms]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "whole graphs", done.stderr[-2000:]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("combine", RULES)
def test_nothing_that_is_made_grows_as_the_square_of_the_tokens(form, combine):
    module, _ = attention((2, 3), combine, **FORMS[form])
    largest = []
    for sizes in ((23, 29), (46, 58)):  # four times the tokens
        x = torch.randn(1, *sizes, 12, dtype=torch.float64, requires_grad=True)
        with LargestTensor() as made:
            module(x, torch.ones(1, *sizes, dtype=torch.bool), AttentionRecord()).sum().backward()
        largest.append(made.elements)
    assert largest[1] <= 4.5 * largest[0]
    assert largest[1] < 46 * 58 * 12 * 7


def test_a_linear_factor_is_formed_for_a_record_only():
    module, _ = attention((1,), kernel="linear", causal_modes=(0,))
    x = torch.randn(1, 1_009, 12, dtype=torch.float64, requires_grad=True)
    with LargestTensor() as made:
        module(x).sum().backward()
    assert made.elements < 1_009**2 / 4
    with LargestTensor() as made:
        module(x, record=AttentionRecord())
    assert made.elements == 3 * 1_009**2


BAD = """
import numpy as np, torch
import hot_core as hot

K, x = hot.KroneckerAttention, torch.randn(2, 3, 5, 12)
module = K(12, 2, 3)
calls = [
    lambda: K(12.0, 2, 3), lambda: K(12, 2.0, 3), lambda: K(12, 2, 3.0), lambda: K(12, 0, 3), lambda: K(12, 6, 3),
    lambda: K(12, 2, 3, rope_modes=1), lambda: K(12, 2, 3, rope_modes=(0.5,)), lambda: K(12, 2, 3, causal_modes=(-1,)),
    lambda: K(12, 2, 3, dropout="0"), lambda: K(12, 2, 3, kernel="linear", features=2.5), lambda: K(12, 2, 3, "mean"),
    lambda: K(12, 2, 3, kernel="cosine"), lambda: K(12, 2, 3, normalize=True),
    lambda: hot.DividedAttention(12, 2, 3, groups=(0, 1)), lambda: hot.AxialAttention(12, 2.0, 3),
    lambda: module(x.numpy()), lambda: module(x.tolist()), lambda: module(x, [[True]]), lambda: module(x, None, []),
    lambda: module(x.double()), lambda: module(x.to("meta")), lambda: module(x[:0]), lambda: module(x[0, 0]),
    lambda: hot.FullAttention(12, 3)(x.double()), lambda: hot.AxialAttention(12, 2, 3)(x.half()),
    lambda: hot.DividedAttention(12, 2, 3)(x.bfloat16()), lambda: hot.FullAttention(12, 3)(x[:0]),
    lambda: hot.FullAttention(12, 3)(x, record=hot.AttentionRecord(queries=[(1.5, 2)])),
    lambda: hot.FullAttention(12, 3)(x, record=hot.AttentionRecord(queries=[(3, 0)])),
]
for number, call in enumerate(calls):
    try:
        call()
    except hot.HotError as error:
        assert len(str(error)) > 40, error
        continue
    raise SystemExit(f"call {number} was let through")
with torch.autocast("cpu", dtype=torch.bfloat16):
    assert module(x.bfloat16()).dtype == module(x).dtype == torch.bfloat16
print("all refused")
"""


def test_bad_arguments_get_a_sentence(root):
    """In a process of its own: the run-time type checks that watch these tests would refuse some of them first."""
    done = subprocess.run([sys.executable, "-c", BAD], cwd=root, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "all refused", done.stderr[-2000:] + done.stdout


def test_forms_that_do_not_exist_are_refused():
    with pytest.raises(ShapeError, match=r"causal_modes=\(3,\) leave the modes 0 … 2"):
        KroneckerAttention(12, 3, 3, causal_modes=(3,))
    with pytest.raises(ShapeError, match=r"rope_modes=\(1, 1\) name a mode twice"):
        KroneckerAttention(12, 3, 3, rope_modes=(1, 1))
    with pytest.raises(ShapeError, match=r"dropout=1.5 must be a probability"):
        KroneckerAttention(12, 3, 3, dropout=1.5)
    with pytest.raises(ShapeError, match="features belong to 'linear'"):
        KroneckerAttention(12, 3, 3, features=8)
    with pytest.raises(ShapeError, match="features=0 with kernel='linear'"):
        KroneckerAttention(12, 3, 3, kernel="linear", features=0)
    module, x = attention((3, 5))
    with pytest.raises(ShapeError, match=r"holds torch.int64; give floating-point numbers"):
        module(x.long())
    with pytest.raises(ShapeError, match=r"of torch.float64; the mask must be \(2, 3, 5\) of torch.bool"):
        module(x, torch.ones(2, 3, 5, dtype=torch.float64))
    with pytest.raises(ShapeError, match=r"of torch.int64; the mask must be"):
        module(x, torch.ones(2, 3, 5, dtype=torch.int64))


def test_a_record_keeps_sizes_heads_and_masks_of_every_layer_and_batch_element():
    torch.manual_seed(0)
    record = AttentionRecord()
    for heads, sizes in ((2, (3, 5)), (4, (5, 3))):
        x = torch.randn(2, *sizes, 16, dtype=torch.float64)
        mask = torch.ones(2, *sizes, dtype=torch.bool)
        mask[1, 0] = False
        KroneckerAttention(16, 2, heads).double()(x, mask if heads == 4 else None, record)
    assert [record.heads_of(layer) for layer in (0, 1)] == [2, 4]
    assert len(record.kronecker_map(1).maps) == 4
    assert record.row(0, 1, (2, 4)).shape == (3, 5)
    assert record.row(1, 3, (4, 2)).shape == (5, 3)
    assert record.valid is None
    assert record.valid_tokens(1, 0).all()
    assert record.valid_tokens(1, 1).sum() == 12
    with pytest.raises(SelectionError, match="Head 2 does not exist; layer 0 has the heads 0 … 1"):
        record.kronecker_map(0, 2)
    with pytest.raises(SelectionError, match="Batch element 9 does not exist; layer 1 has the batch elements 0 … 1"):
        record.kronecker_map(1, 0, batch=9)
    rows = AttentionRecord(queries=[(0, 2)])
    for sizes in ((3, 5), (5, 3)):
        FullAttention(16, 2).double()(torch.randn(2, *sizes, 16, dtype=torch.float64), record=rows)
    assert [rows.row(layer, 1, (0, 2)).shape for layer in (0, 1)] == [(3, 5), (5, 3)]
    with pytest.raises(SelectionError, match="Head -1 does not exist"):
        rows.row(0, -1, (0, 2))
    with pytest.raises(SelectionError, match=r"query \(9, 9\) lies outside the token grid \(3, 5\)"):
        rows.row(0, 0, (9, 9))
