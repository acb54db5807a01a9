"""Attention rollout, matrix-free, against its dense definition; markers show that no axes are exchanged."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

import hot_core as hot
from hot_core.analysis.rollout import rollout, rollout_maps, rollout_matrix
from hot_core.attention import AxialAttention, FullAttention, KroneckerAttention
from hot_core.errors import SelectionError, ShapeError
from hot_core.kronecker import KroneckerMap, KroneckerMixture
from hot_core.record import AttentionRecord
from tests import oracles
from tests.makers_samples import forecaster
from tests.oracles_rollout import dense_rollout
from tests.test_pipeline import CASES, series
from tests.watch_tensors import LargestTensor

NEAR = {"rtol": 0, "atol": 1e-10}
SIZES = [(7,), (3, 5), (5, 2, 7), (2, 3, 2, 5)]
FORMS = {"product": ("product", False), "sum": ("sum", False), "normalised sum": ("sum", True)}


def layers_of(sizes, form, layers=3, heads=2, seed=0, blank=False):
    """Heads of every layer as (factors, combine, normalize); with `blank`, some rows and columns of factors are 0."""
    generator = torch.Generator().manual_seed(seed)
    combine, normalize = FORMS[form]
    found = []
    for _ in range(layers):
        stack = []
        for _ in range(heads):
            factors = [torch.randn(n, n, generator=generator, dtype=torch.float64).softmax(-1) for n in sizes]
            if blank:
                factors[0][1] = 0.0
                factors[-1][:, 0] = 0.0
            stack.append((tuple(factors), combine, normalize))
        found.append(stack)
    return found


def maps_of(layers):
    return [KroneckerMixture.equal([KroneckerMap(*head) for head in heads]) for heads in layers]


def mask_of(sizes, seed=1):
    valid = torch.rand(sizes, generator=torch.Generator().manual_seed(seed)) > 0.3
    valid[0] = False  # a whole slice without any valid token
    return valid


@pytest.mark.parametrize("case", ["whole", "masked", "blank rows"])
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("sizes", SIZES)
def test_equals_the_dense_rollout(sizes, form, case):
    layers = layers_of(sizes, form, blank=case == "blank rows")
    valid = mask_of(sizes) if case == "masked" else None
    maps, dense = maps_of(layers), dense_rollout(layers, valid)
    grid = oracles.positions(sizes)
    torch.testing.assert_close(rollout_matrix(maps, valid=valid), dense, **NEAR)
    for flat in range(0, len(grid), max(len(grid) // 11, 1)):
        row = rollout(maps, grid[flat], valid=valid)
        column = rollout(maps, grid[flat], "column", valid=valid)
        assert row.shape == column.shape == sizes
        torch.testing.assert_close(row.flatten(), dense[flat], **NEAR)
        torch.testing.assert_close(column.flatten(), dense[:, flat], **NEAR)


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("form", FORMS)
def test_every_row_is_a_set_of_shares(form, masked):
    sizes = (5, 2, 7)
    valid = mask_of(sizes) if masked else None
    whole = rollout_matrix(maps_of(layers_of(sizes, form, layers=5, heads=3)), valid=valid)
    assert (whole >= 0).all()
    torch.testing.assert_close(whole.sum(1), torch.ones(70, dtype=torch.float64), rtol=0, atol=1e-13)
    assert (whole.diagonal() >= 2.0**-5).all()  # the residual alone keeps that much
    if masked:
        others = whole - torch.diag(whole.diagonal())
        assert (others[:, ~valid.flatten()] == 0).all()  # nobody draws from a token without data


def test_the_order_of_the_layers_counts():
    layers = layers_of((3, 5), "product")
    maps = maps_of(layers)
    torch.testing.assert_close(rollout(maps, (1, 3)).flatten(), dense_rollout(layers)[8], **NEAR)
    assert not torch.allclose(rollout(maps[::-1], (1, 3)), rollout(maps, (1, 3)), atol=1e-4)


def test_one_head_is_a_map_and_a_mixture_keeps_its_weights():
    ((first, second),) = layers_of((3, 5), "product", layers=1)
    single = rollout([KroneckerMap(*first)], (2, 4))
    torch.testing.assert_close(single.flatten(), dense_rollout([[first]])[14], **NEAR)
    uneven = KroneckerMixture((KroneckerMap(*first), KroneckerMap(*second)), (0.75, 0.25))
    expected = dense_rollout([[first, first, first, second]])[14]
    torch.testing.assert_close(rollout([uneven], (2, 4)).flatten(), expected, **NEAR)


def test_attention_that_sees_nothing_is_the_identity():
    nothing = KroneckerMap((torch.zeros(3, 3), torch.zeros(5, 5)))
    assert torch.equal(rollout_matrix([nothing, nothing]), torch.eye(15, dtype=torch.float64))
    maps = maps_of(layers_of((3, 5), "sum"))
    blind = torch.zeros(3, 5, dtype=torch.bool)
    assert torch.equal(rollout_matrix(maps, valid=blind), torch.eye(15, dtype=torch.float64))


def test_recorded_layers_in_single_precision_are_followed_in_double():
    layers = layers_of((3, 5, 7), "product")
    rough = [[(tuple(f.float() for f in factors), *rest) for factors, *rest in heads] for heads in layers]
    found = rollout(maps_of(rough), (2, 1, 4))
    assert found.dtype == torch.float64
    torch.testing.assert_close(found.flatten(), dense_rollout(rough)[(2 * 5 + 1) * 7 + 4], **NEAR)


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("combine", ["product", "sum"])
def test_from_the_record_of_a_forward_pass(combine, masked):
    torch.manual_seed(0)
    attentions = [KroneckerAttention(12, 3, 3, combine).double() for _ in range(2)]
    x, record = torch.randn(2, 3, 5, 2, 12, dtype=torch.float64), AttentionRecord()
    valid = mask_of((3, 5, 2))
    for attention in attentions:
        x = x + attention(x, torch.stack([valid, valid]) if masked else None, record)
    layers = [
        [(tuple(f[1, head] for f in layer.factors), combine, False) for head in range(3)] for layer in record.layers
    ]
    dense = dense_rollout(layers, valid if masked else None)
    found = rollout(rollout_maps(record, batch=1), (2, 4, 1), valid=valid if masked else None)
    torch.testing.assert_close(found.flatten(), dense[-1], **NEAR)


def shift(size, by):
    """Every query looks `by` places ahead, around the end."""
    return torch.eye(size, dtype=torch.float64).roll(by, dims=1)


def landing(sizes, start, by, layers):
    """Where the shares of `layers` steps of ½ stay, ½ go `by` must lie: a binomial along one diagonal."""
    out = np.zeros(sizes)
    for steps in range(layers + 1):
        at = tuple((p + steps * b) % n for p, b, n in zip(start, by, sizes, strict=True))
        out[at] += math.comb(layers, steps) / 2**layers
    return out


@pytest.mark.parametrize("direction", ["row", "column"])
def test_shifts_land_where_they_must(direction):
    """Exchanged axes, a transposed factor or a query taken for a key would land elsewhere."""
    sizes, start, by = (3, 5, 11), (1, 2, 9), (1, 2, 3)
    maps = [KroneckerMap(tuple(shift(n, b) for n, b in zip(sizes, by, strict=True)))] * 4
    way = by if direction == "row" else tuple(-b for b in by)
    np.testing.assert_array_equal(rollout(maps, start, direction).numpy(), landing(sizes, start, way, 4))


def test_a_ramp_of_coordinates_moves_by_the_mean_of_the_shifts():
    """Each token holds its own coordinates; after L layers it holds those half of all shifts further on."""
    sizes, by, layers = (7, 11, 13), (1, 2, 3), 3
    ramp = torch.stack(torch.meshgrid(*(torch.arange(n, dtype=torch.float64) for n in sizes), indexing="ij"), dim=-1)
    maps = [KroneckerMap(tuple(shift(n, b) for n, b in zip(sizes, by, strict=True)))] * layers
    for start in ((0, 0, 0), (3, 1, 2), (2, 4, 3)):  # none of them goes around the end
        held = (rollout(maps, start)[..., None] * ramp).sum((0, 1, 2))
        assert held.tolist() == [p + layers * b / 2 for p, b in zip(start, by, strict=True)]
    along = [KroneckerMap(tuple(shift(n, b) for n, b in zip(sizes, by, strict=True)), "sum")] * layers
    held = (rollout(along, (2, 4, 3))[..., None] * ramp).sum((0, 1, 2))
    # in the sum form each layer goes along one mode at a time, so a third of the way along each
    np.testing.assert_allclose(held, [p + layers * b / 6 for p, b in zip((2, 4, 3), by, strict=True)], rtol=1e-14)


def shifted(analysis, by, layers=3, valid=None):
    record = AttentionRecord(analysis.grid.modes)
    for _ in range(layers):
        factors = [shift(n, b)[None, None] for n, b in zip(analysis.grid.shape, by, strict=True)]
        record.add_factors(factors, "product", False, None if valid is None else torch.from_numpy(valid)[None])
    return replace(analysis, record=record)


@pytest.mark.parametrize("direction", ["row", "column"])
@pytest.mark.parametrize("name", CASES)
def test_the_field_lies_on_the_native_positions_of_its_tokens(name, direction):
    make, build, _ = CASES[name]
    plain = hot.analyse(make(), build())
    by = (1, 2, 3)
    analysis, start = shifted(plain, by), tuple(n // 2 for n in plain.grid.shape)
    field = analysis.rollout(start, direction)
    way = by if direction == "row" else tuple(-b for b in by)
    expected = landing(plain.grid.shape, start, way, 3)
    assert field.dims == tuple(mode.name for mode in analysis.sample.modes)
    covered = np.zeros(field.shape, dtype=bool)
    for token in np.ndindex(*plain.grid.shape):
        cells = plain.grid.native_of(token)
        covered[cells] = True
        assert (field.values[cells] == expected[token]).all()
    assert np.isnan(field.values[~covered]).all()


def test_a_ramp_over_the_data_is_found_at_its_own_coordinates():
    """By label: the time, place and variable that hold the shares are those that the shifts name."""
    plain = hot.analyse(series(), forecaster())
    analysis = shifted(plain, (1, 2, 5), layers=1)
    field = analysis.rollout((0, 1, 7))
    found = field.where(field > 0, drop=True)
    entities, variables, times = (mode.coords for mode in analysis.sample.modes)
    first, second = plain.grid.native_of((0, 1, 7)), plain.grid.native_of((1, 3, 12))
    assert list(found["entity"].values) == [entities[0], entities[1]]
    assert list(found["variable"].values) == [variables[1], variables[3]]
    assert list(found["time"].values) == [*times[first[2]], *times[second[2]]]
    there = field.sel(entity=entities[1], variable=variables[3], time=times[second[2]])
    assert (there == 0.5).all()


@pytest.mark.parametrize("name", CASES)
def test_the_field_of_an_analysis_is_its_dense_rollout(name):
    make, build, _ = CASES[name]
    analysis = hot.analyse(make(), build())
    sizes, valid = analysis.grid.shape, analysis.record.valid
    maps = rollout_maps(analysis.record)
    mask = None if valid is None else torch.from_numpy(valid)
    dense = rollout_matrix(maps, valid=mask)
    query = analysis.default_query()
    flat = int(np.ravel_multi_index(query, sizes))
    for direction, line in (("row", dense[flat]), ("column", dense[:, flat])):
        field = analysis.rollout(query, direction)
        np.testing.assert_array_equal(field.values, analysis.grid.spread(line.reshape(sizes).float().numpy()).values)
        assert json.loads(json.dumps(field.attrs)) == {
            "method": "attention rollout",
            "layers": 2,
            "heads": "equal",
            "residual": 0.5,
            "query": list(query),
            "direction": direction,
            "combine": analysis.record.combine,
        }
    assert field.name == "rollout"


def test_a_token_without_data_gives_nothing_to_others():
    plain = hot.analyse(series(), forecaster())
    valid = np.ones(plain.grid.shape, dtype=bool)
    valid[1, 3, 12] = False
    analysis = shifted(plain, (1, 2, 5), layers=1, valid=valid)
    field = analysis.rollout((0, 1, 7))
    assert (field.values[plain.grid.native_of((0, 1, 7))] == 1).all()  # its only key is missing: the residual alone
    assert (field.values[plain.grid.native_of((1, 3, 12))] == 0).all()


def test_a_map_that_could_never_be_formed():
    sizes = (29, 31, 37)
    maps = maps_of(layers_of(sizes, "product", layers=2))
    row = rollout(maps, (28, 0, 17))
    assert float(row.sum()) == pytest.approx(1, abs=1e-12)
    column = rollout(maps, (3, 30, 11), "column")
    assert float(column[28, 0, 17]) == pytest.approx(float(row[3, 30, 11]), rel=1e-10)
    with pytest.raises(SelectionError, match=r"15 tokens give 2\.2e2 entries, above the limit of 2\.0e2"):
        rollout_matrix(maps_of(layers_of((3, 5), "sum")), limit=200)
    with pytest.raises(SelectionError, match=r"33,263 tokens give 1\.1e9 entries, above the limit of 1\.0e7"):
        rollout_matrix(maps)
    assert rollout_matrix(maps_of(layers_of((3, 5), "sum")), limit=225).shape == (15, 15)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("direction", ["row", "column"])
def test_work_and_memory_grow_as_one_pass_through_the_layers(direction, form):
    sizes, layers, heads = (7, 11, 13), 3, 2
    maps, tokens = maps_of(layers_of(sizes, form, layers, heads)), 7 * 11 * 13
    with LargestTensor() as largest, FlopCounterMode(display=False) as count:
        rollout(maps, (6, 10, 12), direction)
    # the sum form may lay its k terms side by side before adding them
    assert largest.elements <= tokens * len(sizes)
    assert count.get_total_flops() == 2 * layers * heads * tokens * sum(sizes)
    with FlopCounterMode(display=False) as count:
        rollout(maps, (6, 10, 12), direction, valid=mask_of(sizes))
    assert count.get_total_flops() == 2 * 2 * layers * heads * tokens * sum(sizes)  # the row sums need a pass


@pytest.mark.parametrize("build", [FullAttention, lambda dim, heads: AxialAttention(dim, 2, heads)])
def test_rows_of_chosen_queries_are_not_enough(build):
    record = AttentionRecord(queries=[(0, 0), (1, 2)])
    build(12, 3)(torch.randn(1, 3, 5, 12), record=record)
    with pytest.raises(
        SelectionError, match=r"needs the row of every query in every layer, and layer 0 kept those of 2"
    ):
        rollout_maps(record)
    analysis = replace(hot.analyse(series(), forecaster()), record=record)
    with pytest.raises(SelectionError, match="its attention has no mode-wise factors"):
        analysis.rollout((0, 0, 0))


def test_what_is_not_there_is_said():
    maps = maps_of(layers_of((3, 5), "product"))
    for position in ((3, 0), (0, -1), (0, 0, 0)):
        with pytest.raises(SelectionError, match=r"lies outside the token grid \(3, 5\)"):
            rollout(maps, position)
    with pytest.raises(SelectionError, match="at least one recorded layer"):
        rollout([], (0, 0))
    with pytest.raises(SelectionError, match="at least one recorded layer"):
        rollout_maps(AttentionRecord())
    with pytest.raises(
        ShapeError, match=r"layers of sizes \[\(3, 5\), \(3, 5\), \(3, 5\), \(5, 3\)\]; give equal sizes"
    ):
        rollout([*maps, *maps_of(layers_of((5, 3), "product", layers=1))], (0, 0))
    with pytest.raises(ShapeError, match=r"valid \(n_1, …, n_k\) = \(5, 3\)"):
        rollout(maps, (0, 0), valid=torch.ones(5, 3, dtype=torch.bool))
    analysis = hot.analyse(series(), forecaster())
    with pytest.raises(SelectionError, match=r"Position \(0, 0, 24\) lies outside the token grid \(3, 5, 24\)"):
        analysis.rollout((0, 0, 24))
