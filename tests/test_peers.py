"""HOT against its peers: what stands in for the attention, what is timed, what is kept, what is said of it."""

import json
import math
import re
import statistics
import subprocess
import sys
import xml.etree.ElementTree as ET
from dataclasses import asdict
from dataclasses import replace as changed

import numpy as np
import pytest
import torch
from scipy import stats

import hot_core as hot
from hot_core.attention import KroneckerAttention
from hot_core.errors import HotError
from hot_core.models import ModelConfig, build_model
from hot_core.record import AttentionRecord
from hot_core.training import naive
from hot_core.training.__main__ import make
from hot_core.training.loop import Trainer, train
from hot_core.training.peers import pace, plot, run, store
from hot_core.training.peers.__main__ import main, write
from hot_core.training.peers.findings import findings, in_a_word, in_short
from hot_core.training.peers.kinds import KINDS, REFERENCE, kinds_of
from hot_core.training.peers.pace import GRIDS, Pace, Paces, counted
from hot_core.training.peers.paired import Difference, difference, signed
from hot_core.training.peers.rotated import RotatedAxial, RotatedFull
from hot_core.training.peers.run import Budget
from hot_core.training.peers.scores import TASKS, by_kind
from hot_core.training.peers.store import Result
from hot_core.training.peers.table import document, mean_and_deviation
from hot_core.training.peers.without import NoExchange, SeriesTrunk, SharedLinear, SmallUNet
from hot_core.training.plan import Plan
from tests import makers_training as makers
from tests.oracles import positions

DOUBLE = torch.float64


@pytest.fixture(scope="session")
def data(tmp_path_factory):
    return makers.hippocampi(makers.beijing(tmp_path_factory.mktemp("peers")))


@pytest.fixture(scope="session")
def air(data):
    return make("air-quality", data, quick=True)


@pytest.fixture(scope="session")
def scans(data):
    return make("hippocampus", data, quick=True)


def kind(dataset, name):
    return kinds_of(dataset, [name])[0]


# ---- full and axial attention that are rotated, against twins that turn one number at a time


def turned(vector, position):
    """Pairs (j, j + d/2) of one vector at one position, as RoFormer has it."""
    out, half = list(vector), len(vector) // 2
    for j in range(half):
        angle = position * 10_000.0 ** (-2 * j / (2 * half))
        a, b = vector[j], vector[j + half]
        out[j], out[j + half] = a * math.cos(angle) - b * math.sin(angle), a * math.sin(angle) + b * math.cos(angle)
    return out


def turned_in_slices(vector, place, modes):
    width = len(vector) // max(len(modes), 1)
    parts = [turned(vector[i * width : (i + 1) * width], place[mode]) for i, mode in enumerate(modes)]
    return [number for part in parts for number in part] if modes else list(vector)


def twin(module, x, mask, groups):
    """Output and weights (batch, head, N, N); a group is query and key layer, modes looked along, modes turned."""
    grid, d = positions(x.shape[1:-1]), module.dim // module.heads
    out, kept = torch.zeros_like(x), torch.zeros(len(x), module.heads, len(grid), len(grid), dtype=x.dtype)
    for n in range(len(x)):
        tokens, valid = x[n].reshape(-1, module.dim), mask[n].reshape(-1)
        value = (tokens @ module.value.weight.T + module.value.bias).detach()
        mixed = torch.zeros_like(tokens)
        for head in range(module.heads):
            part = slice(head * d, (head + 1) * d)
            for query_layer, key_layer, along, modes in groups:
                q, k = (
                    [turned_in_slices(row[part].tolist(), place, modes) for row, place in zip(rows, grid, strict=True)]
                    for rows in (tokens @ layer.weight.T + layer.bias for layer in (query_layer, key_layer))
                )
                for a, here in enumerate(grid):
                    seen = [
                        b for b, there in enumerate(grid)
                        if valid[b] and all(here[m] == there[m] for m in range(len(here)) if m not in along)
                    ]  # fmt: skip
                    powers = [
                        math.exp(sum(s * t for s, t in zip(q[a], k[b], strict=True)) / math.sqrt(d)) for b in seen
                    ]
                    for b, power in zip(seen, powers, strict=True):
                        kept[n, head, a, b] += power / sum(powers)
            mixed[:, part] = kept[n, head] @ value[:, part]
        out[n] = (mixed @ module.output.weight.T + module.output.bias).detach().reshape(x[n].shape)
    return out, kept


@pytest.mark.parametrize("modes", [(), (1,), (0, 2)])
@pytest.mark.parametrize("form", ["full", "axial"])
def test_rotated_attention_is_its_twin(form, modes):
    torch.manual_seed(0)
    x, mask = torch.randn(2, 3, 5, 2, 16, dtype=DOUBLE), torch.rand(2, 3, 5, 2) > 0.2
    if form == "full":
        module = RotatedFull(16, 2, modes).double()
        groups = [(module.query, module.key, (0, 1, 2), modes)]
    else:
        module = RotatedAxial(16, 3, 2, modes).double()
        groups = [
            (module.query[i], module.key[i], (i,), (i,) if i in modes else ()) for i in range(3)
        ]  # fmt: skip
    wanted, weights = twin(module, x, mask, groups)
    hostile = torch.where(mask[..., None], x, torch.nan)
    record = AttentionRecord(queries=[(2, 4, 1), (0, 1, 0)])
    out = module(hostile, mask, record)
    torch.testing.assert_close(out[mask], wanted[mask], rtol=1e-9, atol=1e-9)
    grid = positions((3, 5, 2))
    for place in ((2, 4, 1), (0, 1, 0)):
        for n in range(2):
            if mask[(n, *place)]:
                rows = torch.as_tensor(np.asarray(record.row(0, 1, place, batch=n))).reshape(-1)
                torch.testing.assert_close(rows.double(), weights[n, 1, grid.index(place)], rtol=1e-5, atol=1e-6)


def test_rotated_full_attention_without_an_order_is_full_attention():
    torch.manual_seed(0)
    plain, module, x = hot.FullAttention(24, 2), RotatedFull(24, 2, ()), torch.randn(2, 3, 5, 24)
    module.load_state_dict(plain.state_dict())
    assert torch.equal(module(x), plain(x))
    ordered = RotatedFull(24, 2, (0,))
    ordered.load_state_dict(plain.state_dict())
    assert not torch.allclose(ordered(x), plain(x))


def test_heads_that_cannot_be_cut_are_refused():
    with pytest.raises(HotError, match=r"width 8 cannot be cut into 3 even slices.*multiple of 6"):
        RotatedFull(16, 2, (0, 1, 2))
    with pytest.raises(HotError, match=r"width 6 cannot be cut into 2 even slices.*multiple of 4"):
        RotatedFull(12, 2, (0, 1))


# ---- models without attention


def small_forecaster(**changes):
    return ModelConfig(
        name="air-quality", task="forecast", kind="series", modes=("entity", "variable", "time"), patch=(1, 1, 2),
        dim=8, heads=2, layers=2, mlp=6, rope_modes=(2,), lookback=10, horizon=3, quantiles=(0.1, 0.9), **changes,
    )  # fmt: skip


def test_the_trunk_of_a_series_network_is_its_twin():
    torch.manual_seed(0)
    trunk = SeriesTrunk(small_forecaster(), 7).double().eval()
    for norm in (trunk.first_norm, trunk.norm):
        torch.nn.init.normal_(norm.weight), torch.nn.init.normal_(norm.bias)
    x = torch.randn(2, 3, 1, 5, 8, dtype=DOUBLE)

    def normed(token, norm):
        mean = sum(token) / len(token)
        variance = sum((t - mean) ** 2 for t in token) / len(token)
        return [(t - mean) / math.sqrt(variance + 1e-5) * w + b
                for t, w, b in zip(token, norm.weight.tolist(), norm.bias.tolist(), strict=True)]  # fmt: skip

    first, back = trunk.mix[0], trunk.back
    for at in np.ndindex(2, 3, 1):
        tokens = x[at].tolist()
        flat = [number for token in tokens for number in normed(token, trunk.first_norm)]
        hidden = [sum(w * f for w, f in zip(row, flat, strict=True)) + b
                  for row, b in zip(first.weight.tolist(), first.bias.tolist(), strict=True)]  # fmt: skip
        hidden = [h * 0.5 * (1 + math.erf(h / math.sqrt(2))) for h in hidden]
        mixed = [sum(w * h for w, h in zip(row, hidden, strict=True)) + b
                 for row, b in zip(back.weight.tolist(), back.bias.tolist(), strict=True)]  # fmt: skip
        for t, token in enumerate(tokens):
            wanted = normed([a + b for a, b in zip(token, mixed[8 * t : 8 * t + 8], strict=True)], trunk.norm)
            torch.testing.assert_close(trunk(x)[at][t], torch.tensor(wanted, dtype=DOUBLE), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    ("name", "alone"), [("series-network", True), ("none", True), ("product", False), ("full", False)]
)
def test_only_attention_lets_one_series_learn_of_another(air, name, alone):
    model = kind("air-quality", name).make(air, 0).eval()
    torch.manual_seed(0)
    values = torch.randn(1, 3, 2, 96)
    other = values.clone()
    other[:, 2, 1] = torch.randn(96)
    mask = torch.ones_like(values, dtype=torch.bool)
    with torch.no_grad():
        before, after = model(values, mask), model(other, mask)
    assert torch.equal(before[:, :2], after[:, :2]) is alone
    assert not torch.allclose(before[:, 2, 1], after[:, 2, 1])


def test_no_exchange_is_nothing():
    x = torch.randn(2, 3, 5, 4)
    assert torch.equal(NoExchange()(x, torch.ones(2, 3, 5, dtype=torch.bool)), torch.zeros(2, 3, 5, 4))


def test_the_linear_map_in_torch_is_the_one_in_numpy():
    rng = np.random.default_rng(0)
    values, valid = rng.standard_normal((11, 5, 2, 10)), rng.random((11, 5, 2, 10)) > 0.3
    values[~valid] = np.nan
    valid[0, 0, 0] = False
    valid[1, 0, 0, :4] = False
    values = np.where(valid, values, 0.0)
    fitted = naive.LinearMap(10, 3)
    fitted.add(values, valid, rng.standard_normal((11, 5, 2, 3)), np.ones((11, 5, 2, 3), bool))
    model = SharedLinear(small_forecaster(), fitted)
    said = model(torch.from_numpy(values).float(), torch.from_numpy(valid))
    np.testing.assert_allclose(said[..., 0], fitted.forecast(values, valid), rtol=1e-4, atol=1e-5)
    assert torch.equal(said[..., 0], said[..., 1])
    assert torch.equal(said[..., 0], said[..., 2])
    plain = SharedLinear(small_forecaster().model_copy(update={"quantiles": ()}), fitted)
    assert torch.equal(plain(torch.from_numpy(values).float(), torch.from_numpy(valid)), said[..., 0])
    # What stands at a missing place is never read.
    spoilt = torch.from_numpy(np.where(valid, values, 1e4)).float()
    assert torch.equal(model(spoilt, torch.from_numpy(valid)), said)


def unet_twin(net, values, mask):
    """The U-Net in numpy: every output voxel from its 27 neighbours, one after the other."""

    def convolved(x, weight):
        padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (1, 1)))
        out = np.zeros((len(weight), *x.shape[1:]))
        for i, j, k in np.ndindex(*x.shape[1:]):
            out[:, i, j, k] = (weight * padded[None, :, i : i + 3, j : j + 3, k : k + 3]).sum((1, 2, 3, 4))
        return out

    def level(x, layers):
        for convolution in (layers[0], layers[2]):
            x = convolved(x, convolution[0].weight.detach().numpy())
            norm = convolution[1]
            groups = x.reshape(norm.num_groups, -1)
            scaled = (groups - groups.mean(1, keepdims=True)) / np.sqrt(groups.var(1, keepdims=True) + norm.eps)
            weight, bias = (t.detach().numpy()[:, None, None, None] for t in (norm.weight, norm.bias))
            x = scaled.reshape(x.shape) * weight + bias
            x = x * 0.5 * (1 + np.vectorize(math.erf)(x / math.sqrt(2)))
        return x

    def halved(x):
        return np.stack([x[:, i::2, j::2, k::2] for i, j, k in np.ndindex(2, 2, 2)]).max(0)

    def doubled(x):
        return x.repeat(2, 1).repeat(2, 2).repeat(2, 3)

    sizes = values.shape
    gaps = [(0, -size % 4) for size in sizes]
    mask = np.pad(mask, gaps)
    fine = level(np.stack([np.where(mask, np.pad(values, gaps), 0.0), mask.astype(float)]), net.fine)
    middle = level(halved(fine), net.middle)
    coarse = level(halved(middle), net.coarse)
    middle = level(np.concatenate([middle, doubled(coarse)]), net.middle_up)
    fine = level(np.concatenate([fine, doubled(middle)]), net.fine_up)
    weight, bias = net.head.weight.detach().numpy()[:, :, 0, 0, 0], net.head.bias.detach().numpy()
    logits = np.einsum("oc,cxyz->oxyz", weight, fine) + bias[:, None, None, None]
    return logits[:, : sizes[0], : sizes[1], : sizes[2]]


def test_the_unet_is_its_twin_and_never_reads_an_invalid_voxel(scans):
    torch.manual_seed(0)
    net = SmallUNet(scans.config(), 4).double().eval()
    values, mask = torch.randn(5, 7, 3, dtype=DOUBLE), torch.rand(5, 7, 3) > 0.2
    said = net(torch.where(mask, values, torch.nan)[None], mask[None])
    assert said.shape == (1, 3, 5, 7, 3)
    np.testing.assert_allclose(said[0].detach(), unet_twin(net, values.numpy(), mask.numpy()), rtol=1e-9, atol=1e-9)


# ---- kinds


@pytest.mark.parametrize("dataset", KINDS)
def test_what_two_kinds_share_begins_with_the_same_weights(dataset, air, scans):
    recipe = {"air-quality": air, "hippocampus": scans}[dataset]
    product = kind(dataset, "product").make(recipe, 1).state_dict()
    for each in kinds_of(dataset):
        if not each.trained or each.name == "cnn":
            continue
        own, other = (each.make(recipe, seed).state_dict() for seed in (1, 2))
        shared = [name for name in product if not name.startswith("trunk") or ".mlp" in name or ".mlp_norm" in name]
        shared = [name for name in shared if each.name != "series-network" or not name.startswith("trunk")]
        assert shared
        assert all(torch.equal(product[name], own[name]) for name in shared), each.name
        assert any(not torch.equal(other[name], own[name]) for name in shared), each.name


def test_what_takes_the_place_of_the_attention_repeats_no_numbers_and_leaves_the_global_generator_alone(scans):
    torch.manual_seed(5)
    wanted = torch.rand(3)
    torch.manual_seed(5)
    full, unet = (kind("hippocampus", name).make(scans, 0) for name in ("full", "cnn"))
    assert torch.equal(torch.rand(3), wanted)
    product = build_model(scans.config(), 0)
    first, second = (block.attention.query.weight for block in full.trunk.blocks[:2])
    assert not torch.equal(first, second)
    assert not any(torch.equal(first, tensor) for tensor in product.state_dict().values())
    for name in ("full", "axial", "linear-factors"):
        one, two = (kind("hippocampus", name).make(scans, seed).trunk.blocks[0].attention for seed in (0, 1))
        assert not torch.equal(one.value.weight, two.value.weight)
    again, other = (kind("hippocampus", "cnn").make(scans, seed) for seed in (0, 1))
    assert torch.equal(unet.head.weight, again.head.weight)
    assert not torch.equal(unet.head.weight, other.head.weight)


def test_each_kind_attends_as_it_is_called(air, scans):
    for recipe, dataset in ((air, "air-quality"), (scans, "hippocampus")):
        rope = recipe.config().rope_modes
        blocks = {
            each.name: each.make(recipe, 0).trunk.blocks
            for each in kinds_of(dataset)
            if each.trained and each.name not in ("cnn", "series-network")
        }
        assert all(len(own) == recipe.config().layers for own in blocks.values())
        for name, own in blocks.items():
            for attention in (block.attention for block in own):
                assert name == "none" or (attention.dim, attention.rope_modes) == (recipe.config().dim, rope)
                heads = int(name[6:]) if name.startswith("heads") else recipe.config().heads
                assert name == "none" or attention.heads == heads
                if name.startswith(("product", "sum", "linear", "heads")):
                    assert isinstance(attention, KroneckerAttention)
                    assert attention.combine == ("sum" if name == "sum" else "product")
                    assert attention.kernel == ("linear" if name == "linear-factors" else "softmax")
                else:
                    wanted = {"full": RotatedFull, "axial": RotatedAxial, "none": NoExchange}[name]
                    assert type(attention) is wanted


def test_models_without_attention_have_about_as_many_parameters(air, scans):
    for recipe, dataset, name in ((air, "air-quality", "series-network"), (scans, "hippocampus", "cnn")):
        product, own = (
            sum(p.numel() for p in kind(dataset, each).make(recipe, 0).parameters()) for each in ("product", name)
        )
        assert 0.85 < own / product < 1.15


def test_names_that_are_unknown_are_refused_and_order_is_that_of_the_table():
    with pytest.raises(HotError, match=r"no peers for 'adrenal'; there are some for: air-quality, hippocampus"):
        kinds_of("adrenal")
    with pytest.raises(HotError, match=r"hippocampus has no kind linear-map; there are: product, full"):
        kinds_of("hippocampus", ["product", "linear-map"])
    assert [each.name for each in kinds_of("hippocampus", ["cnn", "product"])] == ["product", "cnn"]


# ---- what a step and an inference cost


def test_counts_are_those_of_hot_cost_and_of_a_pencil(air, scans):
    product = kind("air-quality", "product").make(air, 0)
    own = hot.cost(product, (12, 10, 96), forms=[])
    assert counted(product, GRIDS["air-quality"]) == (own.parameters, own.macs, own.peak_bytes)
    assert own.grid == GRIDS["air-quality"]
    full = kind("hippocampus", "full").make(scans, 0)
    forms = hot.cost(kind("hippocampus", "product").make(scans, 0), (36, 52, 36), forms=["full"]).forms
    assert counted(full, GRIDS["hippocampus"]) == (
        forms["full"].parameters, forms["full"].macs, counted(full, GRIDS["hippocampus"])[2]
    )  # fmt: skip
    linear = kind("air-quality", "linear-map").make(air, 0)
    assert counted(linear, GRIDS["air-quality"])[:2] == (97 * 24, 12 * 10 * 97 * 24)
    fine, w = 36 * 52 * 36, 20
    pencil = fine * (27 * (2 * w + w * w) + 27 * (3 * w * w + w * w) + 3 * w)
    pencil += fine // 8 * 27 * (2 * w * w + 4 * w * w + 6 * w * 2 * w + 4 * w * w)
    pencil += fine // 64 * 27 * (2 * w * 4 * w + 16 * w * w)
    parameters, macs, peak = counted(kind("hippocampus", "cnn").make(scans, 0), GRIDS["hippocampus"])
    assert macs == pencil
    assert parameters == sum(p.numel() for p in SmallUNet(scans.config(), 20).parameters())
    assert peak > 4 * 3 * w * fine


class Clock:
    """A clock that moves only when something is done."""

    def __init__(self, monkeypatch):
        self.now = 0.0
        monkeypatch.setattr(pace.time, "process_time", lambda: self.now)


def test_steps_are_timed_in_turns_and_the_first_does_not_count(air, monkeypatch, tmp_path):
    clock, order = Clock(monkeypatch), []

    class Fake:
        def __init__(self, recipe, plan, runs, model):
            self.costs = iter([100.0, 2.0 * model.length, 3.0 * model.length])
            self.name, self.device = model.name, plan.device

        def step(self):
            assert self.device == "cpu"
            order.append(self.name)
            clock.now += next(self.costs)

    monkeypatch.setattr(pace, "Trainer", Fake)
    models = {}
    for length, name in enumerate("abc", start=1):
        models[name] = build_model(small_forecaster(), 0)
        models[name].length, models[name].name = length, name
    assert pace._step_seconds(air, models, 2) == {"a": 2.5, "b": 5.0, "c": 7.5}
    assert "".join(order) == "abcbcacab"
    # A single round, that of a quick run, counts itself.
    order.clear()
    assert pace._step_seconds(air, models, 1) == {"a": 100.0, "b": 100.0, "c": 100.0}
    assert "".join(order) == "abc"


def test_inferences_are_timed_in_turns_by_their_median(monkeypatch):
    clock, seen = Clock(monkeypatch), []

    class Slow(hot.models.HOTModel):
        def forward(self, values, mask, record=None):
            seen.append((self.name, tuple(values.shape), bool(mask.all()), torch.is_grad_enabled()))
            clock.now += next(self.costs)

    models = {}
    for name, factor in (("a", 1), ("b", 2)):
        models[name] = Slow(small_forecaster())
        models[name].name = name
        models[name].costs = iter([50.0, 0.001 * factor, 0.007 * factor, 0.002 * factor])
    assert pace._sample_ms(models, (3, 2, 5), 3) == pytest.approx({"a": 2.0, "b": 4.0})
    assert [name for name, *_ in seen] == list("abbaabba")
    assert {rest for _, *rest in map(lambda s: (s[0], s[1:]), seen) for rest in rest} == {((1, 3, 2, 10), True, False)}


def test_steps_fill_the_budget():
    assert Pace(1, 1, 1, 1.0, 0.25).steps(0.5) == 120
    assert Pace(1, 1, 1, 1.0, 0.7).steps(1) == 86
    assert Pace(1, 1, 1, 1.0, 1e6).steps(0.1) == 1


def test_costs_are_measured_once_and_again_when_a_kind_is_new(air, monkeypatch, tmp_path):
    rounds = []

    def measured(recipe, kinds, step_rounds, sample_rounds):
        rounds.append((step_rounds, sample_rounds))
        return Paces("a machine", 4, {each.name: Pace(1, 2, 3, 4.5, 0.5) for each in kinds})

    monkeypatch.setattr(pace, "_measured", measured)
    two, path = kinds_of("air-quality", ["product", "sum"]), tmp_path / "deep" / "pace.json"
    first = pace.paces(air, two, path)
    assert pace.paces(air, two[:1], path) == first == pace.load(path)
    assert rounds == [(pace.STEP_ROUNDS, pace.SAMPLE_ROUNDS)]
    assert set(pace.paces(air, kinds_of("air-quality", ["product", "full"]), path, quick=True).kinds) == {
        "product", "full",
    }  # fmt: skip
    assert rounds[1:] == [(1, 1)]


# ---- results as they come


def test_results_come_back_and_a_torn_line_does_not_hurt(tmp_path):
    path = tmp_path / "deep" / "results.jsonl"
    assert store.read(path) == ((), 0)
    first = Result("air-quality", "sum", 1, 10.0, 400, 380, 599.5, -0.9, {"mse": 0.5, "mae": 0.25})
    second = changed(first, seed=2)
    store.append(path, first)
    with path.open("a") as file:
        file.write('{"dataset": "air-qual')
    store.append(path, second)
    assert store.read(path) == ((first, second), 1)
    store.append(path, changed(first, steps=7))
    results, torn = store.read(path)
    assert results == (second, changed(first, steps=7))
    assert torn == 1
    path.write_text(path.read_text() + '{"dataset": 1, "colour": "red"}\n')
    assert store.read(path) == (results, 2)


def test_identity_is_data_set_kind_seed_and_minutes():
    base = Result("a", "b", 1, 2.0)
    others = [changed(base, **{k: v}) for k, v in (("dataset", "c"), ("kind", "c"), ("seed", 3), ("minutes", 3.0))]
    assert len({r.identity for r in (base, *others)}) == 5
    assert changed(base, steps=9, test={"mse": 1.0}).identity == base.identity


def made(dataset, name, seed, score, minutes=10.0, steps=100):
    keys = list(TASKS[dataset].columns)
    return Result(
        dataset, name, seed, minutes, steps, steps, 60.0 * seed + 540, 0.0, {keys[0]: score, keys[1]: score / 2}
    )


def test_results_of_the_last_budget_count():
    results = [made("air-quality", "sum", s, s + 0.5, m) for m, s in ((5.0, 0), (10.0, 2), (10.0, 1))]
    assert by_kind(results, "air-quality") == {"sum": {1: results[2], 2: results[1]}}
    assert list(by_kind(results, "air-quality")["sum"]) == [1, 2]
    assert by_kind([*results, results[0]], "air-quality") == {"sum": {0: results[0]}}
    assert by_kind(results, "hippocampus") == {}


# ---- seed by seed


def test_the_interval_is_that_of_a_paired_t_test():
    rng = np.random.default_rng(0)
    for count in (2, 3, 5, 13):
        ours, theirs = rng.standard_normal((2, count))
        apart = difference(dict(enumerate(ours.tolist())), dict(enumerate(theirs.tolist())))
        wanted = stats.ttest_rel(ours, theirs).confidence_interval(0.95)
        np.testing.assert_allclose(apart.interval, wanted, rtol=1e-9)
        assert apart.mean == pytest.approx(np.mean(ours - theirs))
        assert apart.deviation == pytest.approx(np.std(ours - theirs, ddof=1))
        assert apart.sign == (0 if wanted.low <= 0 <= wanted.high else np.sign(apart.mean))


def test_differences_need_seeds_in_common():
    assert difference({0: 1.0}, {1: 2.0}) is None
    assert difference({}, {1: 2.0}, seedless=True) is None
    assert difference({0: 1.5, 3: 9.0}, {0: 1.0, 1: 2.0}).by_seed == {0: 0.5}
    assert difference({0: 5.0}, {1: 2.0, 2: 3.0}, seedless=True).by_seed == {1: 3.0, 2: 2.0}
    single = Difference({1: 0.5})
    assert (single.deviation, single.interval, single.sign) == (None, None, 0)
    assert [Difference({0: a, 1: a, 2: a}).sign for a in (0.5, -0.5)] == [1, -1]
    assert (signed(0.12345), signed(-0.5), signed(0.0)) == ("+0.1235", "−0.5000", "+0.0000")


# ---- what is said of it


def costs(dataset):
    """Other numbers for every kind: the n-th has n thousand parameters, and so on; no attention has the fewest MACs."""
    macs = {each.name: 2_000_000 * n for n, each in enumerate(KINDS[dataset], start=1)} | {"none": 1_000_000}
    return Paces("a machine", 4, {
        each.name: Pace(1000 * n, macs[each.name], 2**20 * n, 3.0 * n, 0.5 * n if each.trained else 0.0)
        for n, each in enumerate(KINDS[dataset], start=1)
    })  # fmt: skip


def three(dataset, name, scores, **more):
    return [made(dataset, name, seed, score, **more) for seed, score in enumerate(scores)]


def test_findings_fall_whichever_way_the_numbers_fall():
    results = [
        *three("air-quality", "product", (0.50, 0.51, 0.52)),
        *three("air-quality", "full", (0.60, 0.611, 0.62), steps=25),
        *three("air-quality", "axial", (0.40, 0.411, 0.42)),
        *three("air-quality", "sum", (0.40, 0.61, 0.55)),
        *three("air-quality", "none", (0.61,)),
        made("air-quality", "linear-map", 0, 0.7, steps=0),
    ]
    said = findings("air-quality", by_kind(results, "air-quality"), costs("air-quality"))
    assert in_short("air-quality", by_kind(results, "air-quality")) == (
        "**air-quality**. MSE, lower is better: axial attention 0.4103; Kronecker product (HOT) 0.5100; "
        "Kronecker sum 0.5200; full attention 0.6103; shared linear map 0.7000. "
        "Better than the product: axial attention. Worse than the product: full attention; shared linear map. "
        "Not told apart from it: Kronecker sum. Fewer than 3 seeds yet: no attention."
    )
    full = next(text for text in said if text.startswith("**full attention**"))
    low, high = stats.t.interval(0.95, 2, 0.3010 / 3, statistics.stdev([0.1, 0.101, 0.1]) / math.sqrt(3))
    assert full == (
        "**full attention**: MSE 0.6103 against 0.5100 of the product; +0.1000, +0.1010, +0.1000 by seed, +0.1003 on "
        f"average (95 % interval +{low:.4f} to +{high:.4f}): worse than the product. It has 2.00 times the parameters "
        "of the product and takes 2.00 times its multiply–adds (the attention by itself 3.00 times), 2.00 times its "
        "time for a training step (so 25 steps in the budget against 100), 2.00 times its time for an inference."
    )
    assert "better than the product." in next(text for text in said if text.startswith("**axial"))
    assert "3 seeds do not tell it from the product." in next(
        text for text in said if text.startswith("**Kronecker sum")
    )
    assert "fewer than 3 seeds say nothing about it." in next(
        text for text in said if text.startswith("**no attention")
    )
    linear = next(text for text in said if text.startswith("**shared linear"))
    assert "+0.2000, +0.1900, +0.1800 by seed" in linear
    assert "worse than the product." in linear
    assert "training step" not in linear
    assert "by itself" not in linear  # it has no attention
    assert len(said) == 5


def test_for_dice_higher_is_better():
    results = [*three("hippocampus", "product", (0.8, 0.81, 0.82)), *three("hippocampus", "cnn", (0.9, 0.912, 0.92))]
    said = findings("hippocampus", by_kind(results, "hippocampus"), costs("hippocampus"))
    # The leading number is the mean of both parts; the made posterior is half the anterior.
    assert in_short("hippocampus", by_kind(results, "hippocampus")) == (
        "**hippocampus**. mean Dice, higher is better: 3-D U-Net 0.6830; Kronecker product (HOT) 0.6075. "
        "Better than the product: 3-D U-Net."
    )
    assert "better than the product." in said[0]
    worse = [*three("hippocampus", "product", (0.8, 0.81, 0.82)), *three("hippocampus", "cnn", (0.7, 0.711, 0.72))]
    assert "worse than the product." in findings("hippocampus", by_kind(worse, "hippocampus"), costs("hippocampus"))[0]


def test_heads_are_compared_by_their_ends():
    results = [
        *three("air-quality", "product", (0.50, 0.51, 0.52)),
        *three("air-quality", "heads-1", (0.60, 0.611, 0.62)),
        *three("air-quality", "heads-8", (0.55, 0.561, 0.57)),
    ]
    said = findings("air-quality", by_kind(results, "air-quality"), costs("air-quality"))
    assert said[-1] == (
        "**Heads** of the product at the same width, MSE 1: 0.6103, 4: 0.5100, 8: 0.5603; best on average with 4. "
        "8 against 1: −0.0500, −0.0500, −0.0500 by seed, −0.0500 on average (95 % interval −0.0500 to −0.0500); "
        "better than 1 head."
    )
    assert len(said) == 1
    assert findings("air-quality", by_kind(results[:3], "air-quality"), costs("air-quality")) == []
    short = in_short("air-quality", by_kind(results[:3], "air-quality"))
    assert short == "**air-quality**. MSE, lower is better: Kronecker product (HOT) 0.5100."
    assert in_short("air-quality", by_kind(results[:2], "air-quality")) == (
        "**air-quality**. Fewer than 3 seeds yet: Kronecker product (HOT)."
    )
    others = [made("air-quality", "sum", seed, 0.5) for seed in (2, 3, 4)]
    short = in_short("air-quality", by_kind([*results[:3], *others], "air-quality"))
    assert short.endswith("better: Kronecker sum 0.5000; Kronecker product (HOT) 0.5100.")


def test_without_the_product_there_is_nothing_to_compare():
    found = by_kind(three("air-quality", "sum", (0.5,)), "air-quality")
    assert findings("air-quality", found, costs("air-quality")) == [
        "The product has not been run: there is nothing to compare with yet."
    ]


def rows_of(page, first):
    """Cells of the table rows that begin with a title."""
    return [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in page.splitlines()
        if line.startswith(f"| {first} |")
    ]


def test_the_page_shows_every_number_and_invents_none():
    results = [
        *three("air-quality", "product", (0.50, 0.53, 0.58)),
        *three("air-quality", "sum", (0.45, 0.55)),
        *(changed(each, best_step=94) for each in three("air-quality", "axial", (0.45, 0.61, 0.55))),
        made("air-quality", "linear-map", 0, 0.7, steps=0),
    ]
    page = document(results, {"air-quality": costs("air-quality")}, {"air-quality": "plot.svg"}, False)
    scores, seeds, pairs = rows_of(page, "Kronecker sum")
    assert scores == [
        "Kronecker sum", "0.5000 ± 0.0707", "0.2500 ± 0.0354", "2 of 3 seeds",
        "100", "9.5", "4,000", "8.0", "7.0", "2.000", "12.0", "4.0",
    ]  # fmt: skip
    assert seeds == ["Kronecker sum", "0.4500 0.5500 –", "0.2250 0.2750 –"]
    assert pairs[:5] == ["Kronecker sum", "−0.0500", "+0.0200", "–", "−0.0150 ± 0.0495"]
    assert rows_of(page, "Kronecker product (HOT)")[0][3] == "–"
    assert rows_of(page, "axial attention")[0][3] == "not told apart"
    assert "In 5 of 8 trained runs, 1.3 CPU hours together, the best weights came in the last" in page
    full, unseen, none = rows_of(page, "full attention")
    assert full == ["full attention", *["–"] * 5, "2,000", "4.0", "3.0", "1.000", "6.0", "2.0"]
    assert unseen == ["full attention", *["– – –"] * 2]
    assert none == ["full attention", *["–"] * 5]
    linear, seedless, apart = rows_of(page, "shared linear map")
    assert linear[1:6] == ["0.7000", "0.3500", "worse", "–", "–"]
    assert linear[8:10] == ["–", "–"]
    assert seedless[1:] == ["no seed", "no seed"]
    assert apart[1:4] == ["+0.2000", "+0.1700", "+0.1200"]
    assert "![MSE against multiply–adds of every kind](plot.svg)" in page
    assert "Budget: 10 CPU minutes" in page
    assert "a machine" in page
    assert "## hippocampus" not in page
    short = "- **air-quality**. MSE, lower is better: Kronecker product (HOT) 0.5367; axial attention 0.5367;"
    assert page.index(short) < page.index("## air-quality")
    assert "Quick run" not in page
    header = next(line for line in page.splitlines() if line.startswith("| kind | MSE, mean"))
    assert header.count("|") == len(scores) + 1
    for each in KINDS["air-quality"]:
        assert f"- **{each.title}**: {each.differs}" in page
    assert "Quick run" in document(results, {"air-quality": costs("air-quality")}, {}, True)


def test_what_happened_to_the_runs_stands_before_their_numbers(tmp_path):
    budget = Budget(10.0, tmp_path / "runs")
    store.replace(budget.pace("hippocampus"), json.dumps(asdict(costs("hippocampus"))))
    for result in three("hippocampus", "product", (0.8, 0.81, 0.82)):
        store.append(budget.results, result)
    write(budget, tmp_path / "page.md")
    assert "About these runs" not in (tmp_path / "page.md").read_text()
    store.replace(budget.notes, "- One was made twice.\n")
    write(budget, tmp_path / "page.md")
    page = (tmp_path / "page.md").read_text()
    assert page.index("## About these runs\n\n- One was made twice.\n") < page.index("## hippocampus")


def test_a_missing_matplotlib_is_told_before_any_training(data, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(plot.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(sys.modules[main.__module__], "make", lambda *_: pytest.fail("It has begun."))
    assert main(["air-quality", "--data", str(data), "--runs", str(tmp_path), "--quick"]) == 1
    assert "needs matplotlib" in capsys.readouterr().err


def test_the_published_page_is_what_its_results_give(root, tmp_path):
    published = root / "docs"
    write(Budget(10.0, published / "peers"), tmp_path / "peers.md")
    assert (tmp_path / "peers.md").read_text() == (published / "peers.md").read_text()
    results, torn = store.read(published / "peers" / "results.jsonl")
    assert torn == 0
    for dataset, kinds in KINDS.items():
        found = by_kind(results, dataset)
        for kind in kinds:
            if kind.name != "none":  # it is there for its multiply–adds
                assert set(found[kind.name]) == ({0, 1, 2} if kind.trained else {0}), (dataset, kind.name)


QUOTED = (  # what is said elsewhere of the peers: means over the seeds of the leading number, three decimals
    (
        "README.md", "**Does the Kronecker product pay?**", "\n\nAll four",
        {
            "hippocampus": ("product", "axial", "cnn", "full", "sum", "linear-factors"),
            "air-quality": ("product", "sum", "axial", "full", "linear-factors", "series-network", "linear-map"),
        },
    ),
    (
        "assets/hippocampus/CARD.md", "After ten CPU minutes", "\n",
        {"hippocampus": ("product", "axial", "cnn", "full", "sum", "linear-factors")},
    ),
    (
        "assets/air-quality/CARD.md", "Ten CPU minutes", "\n",
        {"air-quality": ("product", "sum", "series-network")},
    ),
)  # fmt: skip


@pytest.mark.parametrize(("file", "first", "last", "kinds"), QUOTED)
def test_what_is_quoted_of_the_peers_is_what_they_came_to(file, first, last, kinds, root):
    results, _ = store.read(root / "docs" / "peers" / "results.jsonl")
    said = (root / file).read_text().partition(first)[2].partition(last)[0]
    means = [
        statistics.fmean(TASKS[dataset].value(result) for result in by_kind(results, dataset)[name].values())
        for dataset, names in kinds.items()
        for name in names
    ]
    assert "docs/peers.md" in said
    assert sorted(re.findall(r"0\.\d{3}\b", said)) == sorted(f"{mean:.3f}" for mean in means)


def test_a_page_before_the_first_result_has_costs_alone():
    page = document([], {"hippocampus": costs("hippocampus")}, {}, False)
    product, seeds = rows_of(page, "Kronecker product (HOT)")
    assert product[1:] == [*["–"] * 5, "1,000", "2.0", "1.0", "0.500", "3.0", "1.0"]
    assert seeds[1:] == ["– – –", "– – –"]
    assert "Budget" not in page
    assert "In short" not in page
    assert "svg" not in page
    # Seeds beyond the usual three get their place.
    more = document([made("hippocampus", "sum", 7, 0.5)], {"hippocampus": costs("hippocampus")}, {}, False)
    assert "seeds 0, 1, 2, 7" in more
    assert rows_of(more, "Kronecker sum")[1][1] == "– – – 0.5000"


@pytest.mark.parametrize(("dataset", "better", "worse"), [("air-quality", -1, 1), ("hippocampus", 1, -1)])
def test_a_word_for_what_the_seeds_tell(dataset, better, worse):
    def word(*differences):
        return in_a_word(Difference(dict(enumerate(differences))), TASKS[dataset])

    assert word(0.1) == "1 of 3 seeds"
    assert word(0.1, 0.1001) == "2 of 3 seeds"
    assert word(0.1, -0.1, 0.05) == "not told apart"
    assert [word(*(sign * each for each in (0.1, 0.101, 0.1))) for sign in (better, worse)] == ["better", "worse"]


def test_mean_and_deviation():
    assert mean_and_deviation([]) == "–"
    assert mean_and_deviation([0.25]) == "0.2500"
    assert mean_and_deviation([1.0, 2.0, 4.0]) == f"2.3333 ± {statistics.stdev([1, 2, 4]):.4f}"


class Axes:
    """Takes note of what is drawn."""

    def __init__(self):
        self.points = []

    def errorbar(self, x, y, deviation, **how):
        self.points.append((x, y, deviation, how["label"], how["fmt"]))

    def __getattr__(self, name):
        return lambda *args, **kwargs: None


def test_the_plot_has_a_point_for_every_kind_that_was_run():
    results = [*three("air-quality", "product", (0.50, 0.53, 0.58)), *three("air-quality", "sum", (0.45,))]
    results += three("air-quality", "heads-8", (0.44,))
    found, axes = by_kind(results, "air-quality"), Axes()
    plot._draw(axes, "air-quality", found, costs("air-quality"))
    spread = statistics.stdev([0.50, 0.53, 0.58])
    assert [point[:4] for point in axes.points] == [
        (2.0, pytest.approx(1.61 / 3), pytest.approx(spread), "Kronecker product (HOT)"),
        (8.0, 0.45, 0.0, "Kronecker sum"),
    ]
    assert max(map(len, KINDS.values())) <= len(set(plot.MARKERS)) == len(plot.MARKERS)
    text = plot.score_against_macs("air-quality", found, costs("air-quality"))
    assert text == plot.score_against_macs("air-quality", found, costs("air-quality"))
    parts = {part.strip() for part in ET.fromstring(text).itertext()}
    assert {"3", "8", "deviation over the seeds"} <= parts  # less than a decade: every first digit, as a plain number
    words = "".join(parts)
    assert "Kronecker sum" in words
    assert "MSE (lower is better)" in words
    assert "axial attention" not in words
    assert "8 heads" not in words
    assert len(text) < 60_000


# ---- the runs


def test_seeds_are_outermost_and_nothing_is_run_twice(air, monkeypatch, tmp_path):
    monkeypatch.setattr(run, "paces", lambda recipe, kinds, path, quick: costs("air-quality"))
    done, budget = [], run.Budget(10.0, tmp_path)

    def run_one(recipe, each, wanted, budget, own):
        assert own == costs("air-quality").kinds[each.name]
        done.append((each.name, wanted.seed))
        return wanted

    monkeypatch.setattr(run, "run_one", run_one)
    store.append(budget.results, Result("air-quality", "sum", 1, 10.0))
    store.append(budget.results, Result("air-quality", "sum", 0, 5.0))
    chosen, calls = kinds_of("air-quality", ["product", "sum", "linear-map"]), []
    run.run_all(air, chosen, [0, 1], budget, lambda: calls.append(1))
    assert done == [("product", 0), ("sum", 0), ("linear-map", 0), ("product", 1)]
    assert len(calls) == 5
    run.run_all(air, chosen, [0, 1], budget, lambda: calls.append(1))
    assert len(done) == 4
    assert len(calls) == 6


def test_a_run_is_the_loops_own_with_another_model_and_goes_on_after_a_kill(air, tmp_path):
    full, own = kind("air-quality", "full"), Pace(1, 1, 1, 1.0, 20.0)
    wanted = Result("air-quality", "full", 3, 1.0)
    plan = Plan(1.0, 3, 3, device="cpu")
    by_hand = train(air, plan, tmp_path / "hand", model=full.make(air, 3))
    assert isinstance(by_hand.model.trunk.blocks[0].attention, RotatedFull)

    whole = run.run_one(air, full, wanted, run.Budget(1.0, tmp_path / "whole"), own)
    assert whole.steps == 3
    assert whole.test == air.measure(by_hand.model, "test")

    budget = run.Budget(1.0, tmp_path / "runs")
    folder = budget.run("air-quality", "full", 3)
    folder.mkdir(parents=True)
    trainer = Trainer(air, plan, folder, full.make(air, 3))
    trainer.losses.append(trainer.step())
    trainer.validate()
    trainer.save()
    result = run.run_one(air, full, wanted, budget, own)
    assert result.identity == wanted.identity
    assert (result.steps, result.best_step) == (3, by_hand.state.best_step)
    assert result.validation == by_hand.state.best_score
    assert result.test == air.measure(by_hand.model, "test")
    assert result.test != air.measure(by_hand.model, "validation")
    assert result.cpu_seconds > 0


def test_a_budget_has_files_of_its_own(tmp_path):
    real, quick = run.Budget(7.5, tmp_path), run.Budget(7.5, tmp_path, quick=True)
    assert real.run("a", "b", 2).relative_to(tmp_path).as_posix() == "a/b-seed2-7.5min"
    assert real.results.name == "results.jsonl"
    for mine, theirs in (
        (real.results, quick.results),
        (real.pace("a"), quick.pace("a")),
        (real.run("a", "b", 0), quick.run("a", "b", 0)),
    ):
        assert mine != theirs


def test_the_quick_command_runs_every_kind_and_goes_on(data, tmp_path, capsys):
    command = ["air-quality", "--data", str(data), "--runs", str(tmp_path), "--quick", "--seeds", "0"]
    few = [*command, "--kinds", "sum", "linear-map", "product"]
    assert main(few) == 0
    lines = (tmp_path / "results-quick.jsonl").read_text().splitlines()
    assert [json.loads(line)["kind"] for line in lines] == ["product", "sum", "linear-map"]
    assert main(command) == 0
    more = (tmp_path / "results-quick.jsonl").read_text().splitlines()
    assert more[:3] == lines
    assert {json.loads(line)["kind"] for line in more} == {each.name for each in KINDS["air-quality"]}
    assert len(more) == len(KINDS["air-quality"])
    for line in map(json.loads, more):
        assert line["steps"] == (0 if line["kind"] == "linear-map" else 2)
        assert all(np.isfinite(value) for value in line["test"].values())
    page = (tmp_path / "peers-quick.md").read_text()
    assert "Quick run" in page
    assert all(f"{json.loads(line)['test']['mse']:.4f}" in page for line in more)
    assert (tmp_path / "peers-quick-air-quality.svg").read_text().startswith("<?xml")
    (tmp_path / "results-quick.jsonl").write_text("\n".join([*more, '{"torn']))
    write(run.Budget(10.0, tmp_path, quick=True), tmp_path / "again" / "page.md")
    assert "1 torn line(s) count as not run" in capsys.readouterr().err
    assert (tmp_path / "again" / "page.md").read_text() == page.replace("peers-quick-air", "page-air")


def test_the_quick_command_segments(data, tmp_path):
    command = ["hippocampus", "--data", str(data), "--runs", str(tmp_path), "--quick", "--seeds", "0"]
    assert main([*command, "--kinds", "product", "cnn", "--markdown", str(tmp_path / "page.md")]) == 0
    lines = [json.loads(line) for line in (tmp_path / "results-quick.jsonl").read_text().splitlines()]
    assert [line["kind"] for line in lines] == [REFERENCE, "cnn"]
    for line in lines:
        assert 0 <= line["test"]["anterior"] <= 1
    assert "## hippocampus" in (tmp_path / "page.md").read_text()
    known = pace.load(tmp_path / "pace-hippocampus-quick.json")
    assert set(known.kinds) == {each.name for each in KINDS["hippocampus"]}
    assert all(each.step_seconds > 0 and each.sample_ms > 0 for each in known.kinds.values())


def test_the_command_says_what_is_wrong(data, tmp_path, capsys, root):
    assert main(["adrenal", "--data", str(data), "--runs", str(tmp_path)]) == 1
    assert "no peers for 'adrenal'" in capsys.readouterr().err
    assert main(["air-quality", "--data", str(tmp_path), "--runs", str(tmp_path)]) == 1
    assert "timeseries/beijing_air" in capsys.readouterr().err
    command = [sys.executable, "-m", "hot_core.training.peers", "adrenal", "--data", str(data)]
    finished = subprocess.run(command, capture_output=True, text=True, cwd=root)
    assert finished.returncode == 1
    assert "Traceback" not in finished.stderr
