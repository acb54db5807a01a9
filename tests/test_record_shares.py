"""Each head's share of a layer's output against the explicit matrices, and the mixtures made from it."""

import numpy as np
import pytest
import torch

from hot_core.attention import FullAttention, KroneckerAttention
from hot_core.attention.shares import head_shares
from hot_core.errors import SelectionError
from hot_core.kronecker import KroneckerMixture
from hot_core.record import AttentionRecord
from tests import oracles

FORMS = {"product": ("product", False), "sum": ("sum", False), "normalised sum": ("sum", True)}


def layer(sizes, form="product", heads=3, seed=0, dim=12, **more):
    """A layer with weights, biases too, far from 0, and two inputs."""
    torch.manual_seed(seed)
    combine, normalize = FORMS[form]
    module = KroneckerAttention(dim, len(sizes), heads, combine, normalize=normalize, **more).double().eval()
    for part in (module.value, module.output):
        torch.nn.init.normal_(part.weight)
        torch.nn.init.normal_(part.bias)
    return module, torch.randn(2, *sizes, dim, dtype=torch.float64)


def masks(sizes):
    mask = torch.rand(2, *sizes, generator=torch.Generator().manual_seed(3)) > 0.3
    mask[0, 1] = False  # a whole slice without any valid token
    return mask


def literal_shares(module, x, mask, factors_of=None):
    """Head by head: the explicit A_h, times its values with their bias, times its columns of W_O; then norms."""
    d = module.dim // module.heads
    shares = torch.zeros(len(x), module.heads, dtype=torch.float64)
    for n in range(len(x)):
        keep = None if mask is None else mask[n]
        valid = torch.ones(x[n].shape[:-1], dtype=torch.bool) if keep is None else keep
        tokens = torch.where(valid[..., None], x[n], 0.0)
        for head in range(module.heads):
            factors = [oracles.factor(module, tokens, keep, mode, head) for mode in range(module.num_modes)]
            dense = oracles.kron_of(factors, module.combine) / (module.num_modes if module.normalize else 1)
            values = torch.zeros(valid.numel(), d, dtype=torch.float64)
            for t, token in enumerate(tokens.reshape(-1, module.dim)):
                if valid.flatten()[t]:
                    for j in range(d):
                        row = head * d + j
                        values[t, j] = module.value.weight[row] @ token + module.value.bias[row]
            moved = dense @ values @ module.output.weight[:, head * d : (head + 1) * d].T
            shares[n, head] = sum(float((moved[t] ** 2).sum()) for t in range(len(moved)) if valid.flatten()[t]) ** 0.5
        shares[n] /= shares[n].sum()
    return shares


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("sizes", [(7,), (3, 5), (5, 2, 7)])
@torch.no_grad()
def test_equals_the_norms_of_the_explicit_matrices(sizes, form, masked):
    module, x = layer(sizes, form)
    mask, record = masks(sizes) if masked else None, AttentionRecord(shares=True)
    module(x, mask, record)
    (found,) = record.layers
    assert found.shares.shape == (2, 3)
    torch.testing.assert_close(found.shares, literal_shares(module, x, mask), rtol=0, atol=1e-12)
    assert found.shares.max() - found.shares.min() > 0.01


@pytest.mark.parametrize("causal", [(), (1,)])
@torch.no_grad()
def test_linear_factors_have_shares_too(causal):
    module, x = layer((3, 5), kernel="linear", causal_modes=causal, features=7)
    record = AttentionRecord(shares=True)
    module(x, None, record)
    torch.testing.assert_close(record.layers[0].shares, literal_shares(module, x, None), rtol=0, atol=1e-12)


@torch.no_grad()
def test_the_parts_of_the_heads_add_up_to_the_output():
    """The twin itself: with all columns of W_O but one head's at 0, the layer's output is that head's part."""
    module, x = layer((3, 5))
    bias, weight, norms = module.output.bias, module.output.weight.clone(), []
    for head in range(3):
        module.output.weight.zero_()
        part = slice(head * 4, head * 4 + 4)
        module.output.weight[:, part] = weight[:, part]
        norms.append(float((module(x)[1] - bias).norm()))
    module.output.weight.copy_(weight)
    np.testing.assert_allclose(literal_shares(module, x, None)[1], np.array(norms) / sum(norms), rtol=1e-12)


@pytest.mark.parametrize("masked", [False, True])
def test_recording_changes_no_output_and_holds_no_graph(masked):
    module, x = layer((3, 5))
    mask, record = masks((3, 5)) if masked else None, AttentionRecord(shares=True)
    assert torch.equal(module(x, mask), module(x, mask, record))
    assert not record.layers[0].shares.requires_grad
    held = torch.ones(1, 3, 5, 4, dtype=torch.float64, requires_grad=True)
    assert not head_shares(held, module.output.weight, None, None).gram.requires_grad
    with torch.no_grad():  # the bias of the output belongs to no head
        module.output.bias.fill_(100.0)
        module(x, mask, record)
    torch.testing.assert_close(record.layers[1].shares, record.layers[0].shares, rtol=0, atol=0)


@torch.no_grad()
def test_shares_are_those_of_the_pass_whatever_becomes_of_the_layer():
    module, x = layer((3, 5))
    record, expected = AttentionRecord(shares=True), literal_shares(module, x, None)
    module(x, None, record)
    for parameter in module.parameters():
        parameter.normal_()
    torch.testing.assert_close(record.layers[0].shares, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@torch.no_grad()
def test_shares_in_less_than_double_precision(dtype):
    module, x = layer((5, 7, 11))
    exact = literal_shares(module, x, None)
    record = AttentionRecord(shares=True)
    module.to(dtype)(x.to(dtype), None, record)
    assert record.layers[0].shares.dtype == torch.float32
    assert sum(record.head_shares(0, 1)) == pytest.approx(1, abs=1e-15)
    tolerance = 1e-5 if dtype == torch.float32 else 0.02
    torch.testing.assert_close(record.layers[0].shares.double(), exact, rtol=0, atol=tolerance)


@torch.no_grad()
def test_half_precision_does_not_overflow():
    """The squares of 11·13 tokens of values around 100 lie far above the largest float16."""
    module, x = layer((11, 13))
    module.half(), module.value.bias.fill_(100.0)
    record = AttentionRecord(shares=True)
    module(x.half(), None, record)
    torch.testing.assert_close(record.layers[0].shares.sum(1), torch.ones(2))


@pytest.mark.parametrize("batch", [0, 1])
@torch.no_grad()
def test_the_mixture_weighs_each_head_by_its_share(batch):
    module, x = layer((3, 5))
    record = AttentionRecord(shares=True)
    module(x.float().double(), None, record)
    mixture = record.kronecker_map(0, None, batch, "output")
    shares = literal_shares(module, x, None)[batch]
    assert isinstance(mixture, KroneckerMixture)
    assert sum(mixture.weights) == pytest.approx(1, abs=1e-15)
    np.testing.assert_allclose(mixture.weights, shares, atol=1e-7)
    assert record.head_shares(0, batch) == mixture.weights
    row = sum(w * record.kronecker_map(0, h, batch).row((2, 4)) for h, w in enumerate(mixture.weights))
    torch.testing.assert_close(mixture.row((2, 4)), row)
    assert record.kronecker_map(0, None, batch).weights == (1 / 3, 1 / 3, 1 / 3)
    one = record.kronecker_map(0, 2, batch, "output")
    torch.testing.assert_close(one.row((2, 4)), record.kronecker_map(0, 2, batch).row((2, 4)), rtol=0, atol=0)


@torch.no_grad()
def test_what_is_not_there_is_refused():
    module, x = layer((3, 5))
    record = AttentionRecord(shares=True)
    module(x, torch.zeros(2, 3, 5, dtype=torch.bool), record)
    assert record.layers[0].shares.tolist() == [[0.0] * 3] * 2
    with pytest.raises(SelectionError, match=r"The heads of layer 0 have no shares in its output: it is 0 or not fin"):
        record.kronecker_map(0, weights="output")
    module(x * float("nan"), None, record)
    with pytest.raises(SelectionError, match=r"The heads of layer 1 have no shares in its output: it is 0 or not fin"):
        record.head_shares(1)
    record.add_factors([torch.eye(3)[None, None]], "product", False, None)
    with pytest.raises(SelectionError, match=r"Layer 2 kept no shares of its heads in the output\. Record with"):
        record.kronecker_map(2, weights="output")
    plain = AttentionRecord()  # who does not ask does not pay
    module(x, None, plain)
    assert plain.layers[0].shares is None
    with pytest.raises(SelectionError, match=r"AttentionRecord\(shares=True\), or choose weights='equal'"):
        plain.kronecker_map(0, weights="output")
    rows = AttentionRecord(queries=[(1, 2)])
    FullAttention(12, 3).double()(x, None, rows)
    with pytest.raises(SelectionError, match=r"This attention has no mode-wise factors"):
        rows.head_shares(0)
