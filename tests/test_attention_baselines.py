"""Full, axial and divided attention: against their literal twins, and the laws that they share."""

import math
import subprocess
import sys

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from hot_core.attention import AxialAttention, DividedAttention, FullAttention
from hot_core.attention.lines import attend
from hot_core.errors import SelectionError, ShapeError
from hot_core.models import Block
from hot_core.record import AttentionRecord
from tests import oracles, oracles_baselines
from tests.watch_tensors import LargestTensor

EXACT = {"rtol": 0, "atol": 1e-12}
SIZES = [(7,), (3, 5), (5, 2, 7), (2, 3, 5, 7), (2, 3, 2, 5, 3)]
GROUPS = {
    "each mode": None,
    "first, then the others": ((0,), (1, 2)),
    "a group with a gap": ((0, 2), (1,)),
    "backwards": ((2,), (1,), (0,)),
    "all at once": ((2, 0, 1),),
}
KINDS = {
    "full": lambda modes, **options: FullAttention(12, 3, **options),
    "axial": lambda modes, **options: AxialAttention(12, modes, 3, **options),
    "divided": lambda modes, **options: DividedAttention(12, modes, 3, **options),
    "jointly": lambda modes, **options: DividedAttention(12, modes, 3, groups=((0,), (1, 2)), **options),
    "gap": lambda modes, **options: DividedAttention(12, modes, 3, groups=((0, 2), (1,)), **options),
}


def shaken(module):
    """Fresh norms are identities and would hide a mistake."""
    for name, parameter in module.named_parameters():
        if "norm" in name:
            torch.nn.init.normal_(parameter, 1 if name.endswith("weight") else 0, 0.3)
    return module


def case(kind, sizes=(5, 2, 7), dtype=torch.float64, seed=0, **options):
    torch.manual_seed(seed)
    return shaken(KINDS[kind](len(sizes), **options)).to(dtype), torch.randn(2, *sizes, 12, dtype=dtype)


def random_mask(sizes, seed=1):
    mask = torch.rand(2, *sizes, generator=torch.Generator().manual_seed(seed)) > 0.3
    mask[0, 0] = False  # lines and slabs without any valid token
    mask[1, ..., 0] = False
    return mask


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("sizes", SIZES[1:4])
def test_full_attention_and_its_rows_equal_their_definition(sizes, masked):
    module, x = case("full", sizes)
    mask = random_mask(sizes) if masked else None
    out, weights = oracles.full_attention(module, x, mask)
    record = AttentionRecord(queries=[tuple((7 * n) // 11 for n in sizes), tuple(0 for _ in sizes)])
    torch.testing.assert_close(module(x, mask, record), out, **EXACT)
    rows = record.layers[0].rows
    torch.testing.assert_close(rows, weights[:, :, record.flat_queries(sizes)].detach(), **EXACT)
    assert record.row(0, 1, record.queries[0]).shape == sizes


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("normalize", [False, True])
@pytest.mark.parametrize("sizes", SIZES)
def test_axial_attention_equals_its_definition(sizes, normalize, masked):
    module, x = case("axial", sizes, normalize=normalize)
    mask = random_mask(sizes) if masked else None
    out, weights = oracles_baselines.axial_attention(module, x, mask)
    queries = [tuple((7 * n) // 11 for n in sizes), tuple(n - 1 for n in sizes), tuple(0 for _ in sizes)]
    record = AttentionRecord(queries=queries)
    torch.testing.assert_close(module(x, mask, record), out, **EXACT)
    assert record.num_layers == 1
    flat = record.flat_queries(sizes)
    torch.testing.assert_close(record.layers[0].rows, weights[:, :, flat], **EXACT)


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("groups", GROUPS)
def test_divided_attention_equals_its_definition(groups, masked):
    sizes = (5, 2, 7)
    module, x = case("divided", sizes, groups=GROUPS[groups])
    mask = random_mask(sizes) if masked else None
    out, weights = oracles_baselines.divided_attention(module, x, mask)
    record = AttentionRecord(queries=[(3, 1, 4), (0, 0, 6), (4, 0, 0)])
    torch.testing.assert_close(module(x, mask, record), out, **EXACT)
    assert record.num_layers == len(module.groups) == len(weights)
    for step, layer in enumerate(record.layers):
        torch.testing.assert_close(layer.rows, weights[step][:, :, record.flat_queries(sizes)], **EXACT)


@pytest.mark.parametrize(
    ("sizes", "groups"),
    [
        ((7,), None),
        ((3, 5), None),
        ((2, 3, 2, 5, 3), None),
        ((2, 3, 5, 7), ((0, 2, 3), (1,))),
        ((5, 2, 3), ((1, 2), (0,))),
    ],
)
def test_divided_attention_equals_its_definition_for_any_number_of_modes(sizes, groups):
    module, x = case("divided", sizes, groups=groups)
    mask = random_mask(sizes)
    torch.testing.assert_close(module(x, mask), oracles_baselines.divided_attention(module, x, mask)[0], **EXACT)


def test_an_axial_row_is_the_cross_through_its_query():
    sizes, query = (3, 5, 7), (2, 1, 4)
    for normalize, total in ((False, 3), (True, 1)):
        module, x = case("axial", sizes, normalize=normalize)
        record = AttentionRecord(queries=[query])
        module(x, record=record)
        row = record.row(0, 1, query)
        assert row.sum() == pytest.approx(total, abs=1e-6)
        assert {tuple(p) for p in torch.from_numpy(row).nonzero().tolist()} == {
            p for p in oracles.positions(sizes) if sum(a != b for a, b in zip(p, query, strict=True)) <= 1
        }
        assert (row > 0).sum() == 1 + sum(n - 1 for n in sizes)


def test_a_divided_row_is_the_slab_of_its_step():
    sizes, query = (3, 5, 7), (2, 1, 4)
    module, x = case("gap", sizes)
    assert module.groups == ((0, 2), (1,))
    record = AttentionRecord(queries=[query])
    module(x, record=record)
    for step, group in enumerate(module.groups):
        row = torch.from_numpy(record.row(step, 2, query))
        assert float(row.sum()) == pytest.approx(1, abs=1e-6)
        inside = {p for p in oracles.positions(sizes) if all(p[j] == query[j] for j in range(3) if j not in group)}
        assert {tuple(p) for p in row.nonzero().tolist()} == inside


@pytest.mark.parametrize(("kind", "reach"), [("axial", 1), ("divided", 3), ("full", 3)])
def test_a_marked_token_reaches_only_those_that_can_see_it(kind, reach):
    """Under exchanged axes other tokens would change: sizes are distinct primes."""
    sizes, marked = (3, 5, 7), (2, 1, 4)
    module, x = case(kind, sizes)
    other = x.clone()
    other[0, 2, 1, 4] += 1
    changed = (module(x) - module(other)).abs().amax(-1)
    expected = torch.zeros(2, *sizes, dtype=torch.bool)
    for p in oracles.positions(sizes):
        expected[(0, *p)] = sum(a != b for a, b in zip(p, marked, strict=True)) <= reach
    assert torch.equal(changed > 1e-9, expected)


def test_the_first_step_looks_along_its_own_group_only():
    module, x = case("jointly", (3, 5, 7))
    torch.nn.init.zeros_(module.output[1].weight)
    other = x.clone()
    other[0, 2, 1, 4] += 1
    changed = (module(x) - module(other)).abs().amax(-1) > 1e-9
    assert {tuple(p) for p in changed.nonzero().tolist()} == {(0, time, 1, 4) for time in range(3)}


def share_weights(module, full):
    for name in ("query", "key", "value", "output"):
        part = getattr(module, name)
        (part if isinstance(part, torch.nn.Linear) else part[0]).load_state_dict(getattr(full, name).state_dict())


@pytest.mark.parametrize("masked", [False, True])
def test_one_line_or_one_slab_with_everything_is_full_attention(masked):
    full, x = case("full", (11,))
    mask = random_mask((11,)) if masked else None
    axial = AxialAttention(12, 1, 3).double()
    share_weights(axial, full)
    torch.testing.assert_close(axial(x, mask), full(x, mask), **EXACT)
    divided, x = case("divided", (3, 5, 7), groups=((2, 0, 1),))
    share_weights(divided, full)
    mask = random_mask((3, 5, 7)) if masked else None
    torch.testing.assert_close(divided(x, mask), full(x, mask), **EXACT)


@pytest.mark.parametrize("kind", KINDS)
def test_exchanging_slices_of_a_mode_exchanges_the_output(kind):
    module, x = case(kind, (3, 5, 7))
    mask = random_mask((3, 5, 7))
    for mode, size in enumerate((3, 5, 7), start=1):
        order = torch.randperm(size, generator=torch.Generator().manual_seed(mode))
        moved = module(x.index_select(mode, order), mask.index_select(mode, order))
        torch.testing.assert_close(moved, module(x, mask).index_select(mode, order), **EXACT)


def test_exchanging_modes_with_their_projections_exchanges_the_output():
    module, x = case("axial", (3, 5, 7))
    out = module(x)
    for part in (module.query, module.key):
        layers = list(part)
        for mode, layer in enumerate((layers[2], layers[0], layers[1])):
            part[mode] = layer
    torch.testing.assert_close(module(x.permute(0, 3, 1, 2, 4)), out.permute(0, 3, 1, 2, 4), **EXACT)


@pytest.mark.parametrize("kind", KINDS)
def test_what_invalid_tokens_hold_reaches_nobody_else(kind):
    module, x = case(kind)
    mask = random_mask((5, 2, 7))
    record = AttentionRecord(queries=[(2, 1, 3)])
    clean = module(x, mask, record)
    for junk in (1e6, math.nan, math.inf):
        dirty = torch.where(mask[..., None], x, junk)
        torch.testing.assert_close(module(dirty, mask)[mask], clean[mask], **EXACT)
    x.requires_grad_()
    module(x, mask)[mask].sum().backward()
    assert (x.grad[~mask] == 0).all()
    assert (x.grad[mask] != 0).any()
    for layer in record.layers:
        assert (layer.rows.reshape(2, 3, 1, 5, 2, 7)[0, :, :, ~mask[0]] == 0).all()


@pytest.mark.parametrize("kind", KINDS)
def test_without_any_valid_token_only_the_biases_speak(kind):
    module, x = case(kind, dtype=torch.float32)
    x.requires_grad_()
    record = AttentionRecord(queries=[(2, 1, 3)])
    out = module(x, torch.zeros(2, 5, 2, 7, dtype=torch.bool), record)
    biases = [layer.bias for layer in module.output] if kind in {"divided", "jointly", "gap"} else [module.output.bias]
    torch.testing.assert_close(out, sum(biases).expand_as(out))
    assert all(float(layer.rows.abs().sum()) == 0 for layer in record.layers)
    out.sum().backward()
    assert all(p.grad is None or p.grad.isfinite().all() for p in [*module.parameters(), x])


@pytest.mark.parametrize("kind", KINDS)
def test_gradients(kind):
    module, x = case(kind, (2, 3, 2))
    mask = torch.ones(2, 2, 3, 2, dtype=torch.bool)
    mask[0, 0], mask[1, :, 1, 1] = False, False
    assert torch.autograd.gradcheck(lambda t: module(t, mask), (x.requires_grad_(),), atol=1e-7)


@pytest.mark.parametrize("kind", KINDS)
def test_number_types(kind):
    module, x = case(kind)
    mask, wanted = random_mask((5, 2, 7)), None
    for dtype, tolerance in ((torch.float64, 0), (torch.float32, 1e-5), (torch.bfloat16, 0.05)):
        record = AttentionRecord(queries=[(3, 1, 4)])
        out = module.to(dtype)(x.to(dtype), mask, record)
        wanted = out if wanted is None else wanted
        assert out.dtype == dtype
        torch.testing.assert_close(out.double(), wanted, rtol=0, atol=tolerance)
        rows = record.layers[0].rows
        assert rows.dtype == (torch.float64 if dtype == torch.float64 else torch.float32)
        assert float((rows.sum(-1) - rows.sum(-1).round()).abs().max()) < 1e-6
        out.sum().backward()
    assert all(p.grad.isfinite().all() for p in module.parameters())


class Watch(LargestTensor):
    """Notes the calls of fused attention too."""

    def __init__(self):
        super().__init__()
        self.fused, self.masks = [], []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        out = super().__torch_dispatch__(func, types, args, kwargs)
        if "scaled_dot_product" in func.__name__:
            self.fused.append(func.__name__)
            self.masks.append((kwargs or {}).get("attn_mask"))
        return out


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_nothing_grows_as_the_square_of_the_tokens(kind, masked):
    sizes = (7, 11, 13)
    module, _ = case(kind, sizes, torch.float32)
    x = torch.randn(1, *sizes, 12, requires_grad=True)
    tokens = math.prod(sizes)
    mask = torch.rand(1, *sizes) > 0.3 if masked else None
    with Watch() as watch:
        out = module(x, mask, AttentionRecord(queries=[(6, 10, 12), (1, 2, 3)]))
        out.sum().backward()
    assert watch.elements <= 12 * tokens  # the tokens themselves are the largest thing there is
    steps = {"full": 1, "axial": 3, "divided": 3, "jointly": 2, "gap": 2}[kind]
    forward = [name for name in watch.fused if "backward" not in name]
    assert len(forward) == steps
    assert all("flash_attention_for_cpu" in name for name in watch.fused)
    for held in watch.masks[:steps]:
        assert (held is not None) == masked
        assert held is None or held.untyped_storage().nbytes() // held.element_size() <= 3 * tokens  # one a head


@pytest.mark.parametrize("kind", KINDS)
def test_no_kernel_is_given_a_row_that_sees_nothing(kind):
    """Some kernels of some devices answer such a row with NaN: it sees everything, and its output is cleared."""
    module, x = case(kind)
    mask = random_mask((5, 2, 7))
    mask[1] = False
    with Watch() as watch:
        module(x, mask)
    assert watch.masks
    for given in watch.masks:
        sees = given if given.dtype == torch.bool else given == 0
        assert sees.any(-1).all()


@pytest.mark.parametrize("kind", KINDS)
def test_an_unmasked_call_copies_no_tokens_to_reach_a_line(kind):
    """Only a group with gaps needs its tokens brought together."""
    query, key, value = torch.randn(3, 2, 3, 5, 7, 3, 4)
    groups = {"full": (0, 1, 2), "axial": (1,), "divided": (0,), "jointly": (1, 2), "gap": (0, 2)}
    copies = []

    class Copies(TorchDispatchMode):
        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            copies.append(func.__name__.split(".")[0])
            return func(*args, **(kwargs or {}))

    with Copies():
        attend(query, key, value, groups[kind], None)
    assert ("clone" in copies) == (kind == "gap")


COMPILE = """
import torch
from hot_core.attention import AxialAttention, DividedAttention, FullAttention

torch.set_num_threads(1)
x = torch.randn(2, 5, 2, 7, 12)
longer = torch.randn(2, 5, 3, 11, 12)
for module in (
    FullAttention(12, 3),
    AxialAttention(12, 3, 3),
    DividedAttention(12, 3, 3),
    DividedAttention(12, 3, 3, groups=((0,), (1, 2))),
    DividedAttention(12, 3, 3, groups=((0, 2), (1,))),
    FullAttention(12, 3, dropout=0.5).eval(),
):
    compiled = torch.compile(module, fullgraph=True, backend="eager")
    for tokens in (x, longer):
        mask = torch.rand(tokens.shape[:-1]) > 0.3
        mask[0, 0] = False
        for given in (None, mask):
            torch.testing.assert_close(compiled(tokens, given), module(tokens, given))
            torch.testing.assert_close(compiled(tokens, given, record=None), module(tokens, given))
    torch.compiler.reset()
print("whole graphs")
"""


def test_compiles_without_a_graph_break(root):
    """In a process of its own: the run-time type checks that watch these tests cannot be traced."""
    done = subprocess.run([sys.executable, "-c", COMPILE], cwd=root, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "whole graphs", done.stderr[-2000:]


@pytest.mark.parametrize("kind", KINDS)
def test_runs_on_a_device_without_numbers(kind):
    module, x = case(kind, dtype=torch.float32)
    module, x = module.to("meta"), x.to("meta")
    for mask in (None, random_mask((5, 2, 7)).to("meta")):
        out = module(x, mask)
        assert (out.shape, out.device.type, out.dtype) == (x.shape, "meta", x.dtype)


@pytest.mark.parametrize("kind", KINDS)
def test_dropout_only_while_training_and_by_the_seed(kind):
    module, x = case(kind, dropout=0.5)
    calm, _ = case(kind)
    mask = random_mask((5, 2, 7))
    torch.testing.assert_close(module.eval()(x, mask), calm(x, mask), **EXACT)
    module.train()
    first, second, third = (torch.manual_seed(seed) and module(x, mask) for seed in (3, 3, 4))
    assert torch.equal(first, second)
    assert not torch.allclose(first, third)
    record = AttentionRecord(queries=[(2, 1, 3)])
    module(x, mask, record)
    totals = record.layers[0].rows.sum(-1)
    torch.testing.assert_close(totals, totals.round(), **EXACT)  # the rows before dropout


@pytest.mark.parametrize("kind", ["full", "axial"])
def test_dropout_keeps_the_mean(kind):
    module, x = case(kind, (3, 5), dropout=0.3)
    torch.manual_seed(0)
    with torch.no_grad():
        draws = torch.stack([module(x) for _ in range(600)])
        error = (draws.mean(0) - module.eval()(x)) / (draws.std(0) / math.sqrt(600))
    assert float(error.square().mean()) == pytest.approx(1, abs=0.3)


@pytest.mark.parametrize("kind", KINDS)
def test_stands_in_a_block_and_leaves_nothing_behind(kind):
    module, x = case(kind)
    block = Block(module, 12, 8).double()
    mask, record = random_mask((5, 2, 7)), AttentionRecord(queries=[(2, 1, 3)])
    out = block(x, mask, record)
    after = x + module(block.attention_norm(x), mask)
    torch.testing.assert_close(out, after + block.mlp(block.mlp_norm(after)), **EXACT)
    assert not any(part._forward_hooks for part in block.modules())
    assert not any(layer.rows.requires_grad for layer in record.layers)
    with pytest.raises(SelectionError, match="no mode-wise factors"):
        record.kronecker_map(0, 0)


@pytest.mark.parametrize("kind", KINDS)
def test_without_chosen_queries_no_row_is_kept(kind):
    module, x = case(kind)
    record = AttentionRecord()
    torch.testing.assert_close(module(x, record=record), module(x), **EXACT)
    assert record.layers[0].rows.shape == (2, 3, 0, 70)


def test_parameter_counts():
    count = lambda module: sum(p.numel() for p in module.parameters())  # noqa: E731
    linear = 128 * 128 + 128
    assert count(FullAttention(128)) == 4 * linear == 66_048
    assert count(AxialAttention(128, 3)) == (2 * 3 + 2) * linear
    assert count(DividedAttention(128, 3)) == 3 * 4 * linear + 2 * 2 * 128
    assert count(DividedAttention(128, 3, groups=((0,), (1, 2)))) == 2 * 4 * linear + 2 * 128


@pytest.mark.parametrize(
    "groups", [((0,), (1,)), ((0,), (1, 1), (2,)), ((0,), (1, 2), (2,)), ((0,), (), (1, 2)), ((0,), (1, 3), (2,)), ()]
)
def test_groups_that_do_not_hold_every_mode_once_are_refused(groups):
    with pytest.raises(ShapeError, match=r"groups=.* must hold each of the modes 0 … 2 exactly once"):
        DividedAttention(12, 3, 3, groups=groups)


def test_what_does_not_fit_is_refused_with_a_sentence():
    for kind in ("axial", "divided"):
        module, x = case(kind)
        with pytest.raises(ShapeError, match=r"Attention: x .* = \(2, 5, 2, 12\), but it takes 3 modes"):
            module(x[..., 0, :])
    for kind in KINDS:
        module, x = case(kind)
        with pytest.raises(ShapeError, match=r"mask \[batch, n_1, …, n_3\] = \(2, 2, 5, 7\)"):
            module(x, torch.ones(2, 2, 5, 7, dtype=torch.bool))
        for query in ((5, 0, 0), (0, 0), (0, -1, 0)):
            record = AttentionRecord(queries=[query])
            with pytest.raises(SelectionError, match=r"query \(.*\) lies outside the token grid \(5, 2, 7\)"):
                module(x, record=record)
            assert record.num_layers == 0
        with pytest.raises(ShapeError, match=r"dropout=1\.5"):
            KINDS[kind](3, dropout=1.5)
    for build in (AxialAttention, DividedAttention):
        with pytest.raises(ShapeError, match="dim=12 cannot be cut into heads=5"):
            build(12, 3, 5)
        with pytest.raises(ShapeError, match=r"num_modes=6; give 1 … 5 modes"):
            build(12, 6, 3)
