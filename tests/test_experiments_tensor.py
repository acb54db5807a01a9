"""The experiments on tensors and triples: their parts against literal twins, and every road once."""

import itertools
import math

import numpy as np
import pytest
import torch

from hot_core.errors import ShapeError
from hot_core.experiments import Plan, bounded, find, formats, joint, triples
from hot_core.experiments.by_place import FullByPlace, KroneckerByPlace
from hot_core.experiments.match3 import asked, by_bounded
from hot_core.experiments.reader import PATCH, Reader
from hot_core.experiments.series import SAMPLE, weather
from hot_core.io import read
from hot_core.kronecker import nearest_kronecker
from hot_core.lessons import match3
from hot_core.record import AttentionRecord

SIZES = (2, 3, 5)
TERM = sum(size**2 for size in SIZES)


def a_map(seed: int = 0) -> torch.Tensor:
    random = torch.Generator().manual_seed(seed)
    return (2 * torch.randn(30, 30, generator=random, dtype=torch.float64)).softmax(-1)


def matches_by_hand(numbers: list[int], modulus: int) -> list[bool]:
    """The definition: three loops."""
    return [any((x + y + z) % modulus == 0 for y in numbers for z in numbers) for x in numbers]


@pytest.mark.parametrize("name", ["factorisations", "joint", "match3", "triples", "bounded"])
def test_every_experiment_answers_in_its_quick_form(name: str) -> None:
    finding = find(name).run(Plan(seeds=(3,), quick=True))
    assert finding.rows
    assert finding.answer.endswith(".")
    assert finding.figure.data
    assert {len(row) for row in finding.rows} == {len(finding.columns)}
    assert all(
        isinstance(column.text(cell), str)
        for row in finding.rows
        for column, cell in zip(finding.columns, row, strict=True)
    )
    numbers = [cell for row in finding.rows for cell in row if isinstance(cell, float)]
    assert numbers
    assert all(math.isfinite(number) for number in numbers)


@pytest.mark.parametrize("modulus", [2, 5, 7, 13])
def test_the_truth_of_match3_is_its_definition(modulus: int) -> None:
    random = torch.Generator().manual_seed(modulus)
    for length in (1, 2, 3, 5):
        numbers = torch.randint(-20, 20, (length,), generator=random)
        assert match3.truth(numbers, modulus).tolist() == matches_by_hand(numbers.tolist(), modulus)


def test_matches_of_many_samples_are_the_definition() -> None:
    numbers, right = triples.Task(5, 11, 2).draw(40, torch.Generator().manual_seed(0))
    assert right.tolist() == [matches_by_hand(row, 11) for row in numbers.tolist()]
    assert 0 < right.double().mean() < 1


@pytest.mark.parametrize("modulus", [2, 3, 4])
def test_the_head_is_always_right_when_sharp_enough(modulus: int) -> None:
    for length in (1, 2, 3):
        for row in itertools.product(range(modulus), repeat=length):
            numbers = torch.tensor(row)
            says = match3.head(numbers, modulus, match3.beta_for(length, modulus)) > match3.THRESHOLD
            assert torch.equal(says, match3.truth(numbers, modulus)), (row, modulus)


def test_the_head_of_match3_is_the_softmax_over_cosines_and_a_blank() -> None:
    numbers, modulus, beta = torch.tensor([1, 4, 6]), 7, 3.0
    level = beta * (1 + math.cos(2 * math.pi / modulus)) / 2
    for i, x in enumerate(numbers.tolist()):
        pair = {
            (j, k): math.exp(beta * math.cos(2 * math.pi * (x + y + z) / modulus))
            for (j, y), (k, z) in itertools.product(enumerate(numbers.tolist()), repeat=2)
        }
        total = sum(pair.values()) + 2 * len(numbers) + math.exp(level)
        cube = match3.weights(numbers, modulus, beta)
        assert cube.shape == (3, 4, 4)
        assert float(cube[i, 1, 2]) == pytest.approx(pair[1, 2] / total, rel=1e-12)
        assert float(cube[i, 3, 3]) == pytest.approx(math.exp(level) / total, rel=1e-12)
        assert float(match3.head(numbers, modulus, beta)[i]) == pytest.approx(sum(pair.values()) / total, rel=1e-12)


def test_match3_is_right_at_the_sharpness_of_the_paper_and_refused_there() -> None:
    random = torch.Generator().manual_seed(1)
    draws = [torch.randint(0, 37, (12,), generator=random) for _ in range(30)]
    right = {
        beta: np.mean([
            ((match3.head(x, 37, beta) > match3.THRESHOLD) == match3.truth(x, 37)).double().mean() for x in draws
        ])
        for beta in (50.0, 1000.0)
    }  # fmt: skip
    assert right[1000.0] == 1.0
    assert 0.8 < right[50.0] < 0.95
    sentence = asked(draws[0], 37, 1000.0)
    assert by_bounded(draws[0], 37, 1000.0).error_bound > 0.1
    assert "entries up to" in sentence
    assert "strict=False" in sentence
    assert asked(draws[0], 37, 0.2) == ""
    exact, near = match3.head(draws[0], 37, 0.2), by_bounded(draws[0], 37, 0.2).output[:, 0]
    assert torch.allclose(exact, near, atol=1e-4)
    assert not torch.equal(exact, near)


def test_match3_refuses_what_it_cannot_read() -> None:
    with pytest.raises(ShapeError, match=r"give a tensor \(n,\) of whole numbers"):
        match3.truth(torch.tensor([0.5]), 7)
    with pytest.raises(ShapeError, match="modulus=1 must be a whole number, 2 or more"):
        match3.truth(torch.tensor([1]), 1)
    with pytest.raises(ShapeError, match=r"beta=0.0 must be a number above 0"):
        match3.head(torch.tensor([1]), 7, 0.0)


@pytest.mark.parametrize("how", ["pairs", "split"])
def test_an_arrangement_has_every_entry_at_its_digits_and_a_way_back(how: formats.Arrangement) -> None:
    matrix = a_map()
    array = formats.arranged(matrix, SIZES, how)
    query, key = (1, 0, 3), (0, 2, 4)
    at = (*query, *key) if how == "split" else tuple(q * n + k for q, k, n in zip(query, key, SIZES, strict=True))
    flat = [(p[0] * 3 + p[1]) * 5 + p[2] for p in (query, key)]
    assert array[at] == float(matrix[flat[0], flat[1]])
    assert torch.equal(formats.matrix_of(array, SIZES, how), matrix)


@pytest.mark.parametrize("kind", list(formats.FORMATS), ids=" ".join)
def test_a_format_keeps_its_budget_and_gains_by_a_larger_one(kind: tuple[str, str]) -> None:
    errors = []
    for budget in (4 * TERM, 10 * TERM):
        written = formats.FORMATS[kind](a_map(), SIZES, budget, 0)
        assert written is not None
        assert 0 < written.numbers <= budget
        errors.append(float((written.matrix - a_map()).norm() / a_map().norm()))
    assert errors[1] < errors[0] < 1
    assert formats.FORMATS[kind](a_map(), SIZES, 1, 0) is None


def test_numbers_are_counted_as_they_are_stored() -> None:
    matrix, budget = a_map(), 6 * TERM
    kinds = {kind: write(matrix, SIZES, budget, 0) for kind, write in formats.FORMATS.items()}
    found = {kind: written.numbers for kind, written in kinds.items() if written is not None}
    assert found["Kronecker terms", "pairs (= CP)"] == 6 * (4 + 9 + 25)
    assert found["CP", "split"] == 228 // 20 * 20
    assert found["low-rank matrix", "one query axis, one key axis"] == 228 // 60 * 60
    ranks = formats.ring_ranks((4, 9, 25), 228)
    assert ranks == (3, 2, 2)
    for budget in (38, 100, 500, 872, 1500):
        found_ranks = formats.ring_ranks((4, 9, 25), budget)
        assert found_ranks is not None
        raised = [[rank + (place == at) for place, rank in enumerate(found_ranks)] for at in range(3)]
        stored = [4 * r[0] * r[1] + 9 * r[1] * r[2] + 25 * r[2] * r[0] for r in (found_ranks, *raised)]
        assert stored[0] <= budget < min(stored[1:])
    assert found["Tensor Ring", "pairs"] == 3 * 4 * 2 + 2 * 9 * 2 + 2 * 25 * 3


def test_a_map_of_few_terms_is_met_by_the_format_it_is_made_of() -> None:
    random = torch.Generator().manual_seed(0)
    factors = [torch.rand(size, size, generator=random, dtype=torch.float64) for size in SIZES]
    matrix = torch.kron(factors[0], torch.kron(factors[1], factors[2]))
    for kind in (("Kronecker terms", "pairs (= CP)"), ("Tensor Train", "pairs"), ("Tensor Ring", "pairs")):
        written = formats.FORMATS[kind](matrix, SIZES, TERM, 0)
        assert written is not None
        assert written.numbers == TERM
        assert float((written.matrix - matrix).norm() / matrix.norm()) < 1e-6


def test_ranks_follow_one_threshold_and_then_rise_one_at_a_time_while_one_fits() -> None:
    unfoldings = [np.diag([5.0, 3.0, 1.0]), np.diag([4.0, 2.0])]
    grown = {1: None, 2: (1, 1), 3: (2, 1), 4: (2, 2), 9: (3, 2)}  # by falling level: 5, 4, 3, 2, 1
    for budget, ranks in grown.items():
        assert formats.ranks_within(unfoldings, sum, budget) == ranks
    dear = {4: (1, 1), 5: (1, 2), 6: (1, 2), 7: (2, 1), 8: (2, 2), 11: (3, 2), 99: (3, 2)}  # the first costs 3 each
    for budget, ranks in dear.items():
        assert formats.ranks_within(unfoldings, lambda r: 3 * r[0] + r[1], budget) == ranks


@pytest.mark.parametrize("how", ["pairs", "split"])
def test_no_rank_of_a_train_or_a_tucker_could_be_raised_within_the_budget(how: formats.Arrangement) -> None:
    unfoldings = [np.diag([9.0, 2.0, 1.0, 0.5]), np.diag([8.0, 7.0, 6.0, 5.0, 4.0])]
    modes = (4, 20, 5) if how == "pairs" else (4, 3, 5)

    def numbers(r: tuple[int, ...] | list[int]) -> int:
        return modes[0] * r[0] + r[0] * modes[1] * r[1] + r[1] * modes[2]

    for budget in range(30, 400, 7):
        ranks = formats.ranks_within(unfoldings, numbers, budget)
        assert ranks is not None
        assert numbers(ranks) <= budget
        for at, most in enumerate((4, 5)):
            more = [rank + (place == at) for place, rank in enumerate(ranks)]
            assert ranks[at] == most or numbers(more) > budget


def test_the_planted_map_looks_where_it_says() -> None:
    matrix = joint.planted((3, 5), 2)
    for i, j in itertools.product(range(3), range(5)):
        row = torch.zeros(3, 5, dtype=torch.float64)
        row[(i + 1) % 3, (j + 1) % 5] += 0.5
        row[(i - 1) % 3, (j - 1) % 5] += 0.5
        assert torch.equal(matrix[5 * i + j].reshape(3, 5), row)


@pytest.mark.parametrize("terms", [1, 2, 4])
def test_the_least_error_of_a_planted_map_is_known_and_reached(terms: int) -> None:
    matrix = joint.planted((5, 7), terms)
    least = joint.least_errors(matrix, (5, 7))
    for rank in range(1, 5):
        assert least[rank - 1] == pytest.approx(math.sqrt(max(0, 1 - rank / terms)), abs=1e-6)
    assert nearest_kronecker(matrix, (5, 7), 1).residual == pytest.approx(least[0], abs=1e-9)


def test_white_values_show_the_error_of_the_map() -> None:
    matrix = joint.planted((5, 7), 2)
    near = nearest_kronecker(matrix, (5, 7), 1).mixture().dense()
    values = torch.randn(35, 20_000, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    error = float(((near - matrix) @ values).norm() / (matrix @ values).norm())
    assert error == pytest.approx(joint.least_errors(matrix, (5, 7))[0], rel=0.02)


@pytest.mark.parametrize("form", ["product", "sum", "full"])
def test_attention_by_place_has_one_map_for_all_values(form: str) -> None:
    torch.manual_seed(0)
    layer = FullByPlace((3, 5), 8, 2) if form == "full" else KroneckerByPlace((3, 5), 8, 2, joint.FORMS[form])
    maps = []
    for _ in range(2):
        x = torch.randn(1, 3, 5, 8, requires_grad=True)
        record = AttentionRecord(queries=[(2, 4)])
        out = layer(x, record=record)
        maps.append(record.row(0, 1, (2, 4)))
    assert np.array_equal(*maps)
    assert np.ptp(maps[0]) > 0.01  # and it is no uniform one
    assert layer(2 * x).sub(2 * out - layer(0 * x)).abs().max() < 1e-5  # affine in the values


def test_a_reader_s_maps_are_the_weights_its_attention_uses() -> None:
    torch.manual_seed(0)
    reader = Reader((2, 3, 5), 8, 2)
    patches = torch.randn(2, 3, 5, PATCH)
    maps, values = reader.maps(patches)
    assert torch.allclose(maps.sum(-1), torch.ones(2, 30), atol=1e-6)
    x = reader.tokens(patches[None], torch.zeros(1, 2, 3, 5, dtype=torch.bool))
    mixed = (maps @ values).transpose(0, 1).reshape(1, 2, 3, 5, 8)
    assert torch.allclose(reader.attention.output(mixed), reader.attention(x), atol=1e-5)


def test_hidden_tokens_are_not_seen() -> None:
    torch.manual_seed(0)
    reader, patches = Reader((2, 3, 5), 8, 2), torch.randn(1, 2, 3, 5, PATCH)
    hidden = torch.zeros(1, 2, 3, 5, dtype=torch.bool)
    hidden[0, 1, 2, 3] = True
    other = patches.clone()
    other[0, 1, 2, 3] = 9.0
    assert torch.equal(reader(patches, hidden), reader(other, hidden))
    assert not torch.equal(reader(patches, ~hidden), reader(other, ~hidden))


def test_the_series_is_standardised_by_its_first_part() -> None:
    series, values = weather(0.8), read(SAMPLE).data.values
    edge = int(0.8 * values.shape[-1])
    assert series.cut == edge
    for airport, variable in itertools.product(range(3), range(6)):
        line = values[airport, variable]
        known = [value for value in line[:edge] if not math.isnan(value)]
        mean = math.fsum(known) / len(known)
        deviation = math.sqrt(math.fsum((value - mean) ** 2 for value in known) / len(known))
        for at in (0, edge - 1, edge, len(line) - 1, int(np.isnan(line).argmax())):
            expected = 0.0 if math.isnan(line[at]) else (line[at] - mean) / deviation
            assert float(series.values[airport, variable, at]) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(
    ("width", "size", "degree", "expected"),
    [(4, 1.0, 4, 1e-7), (4, 1.0, 8, 4e-12), (8, 1.0, 4, 1e-8), (4, 1.5, 4, 7e-5), (4, 2.0, 4, 8e-3)],
)
def test_errors_of_the_bounded_form_are_those_that_were_known(
    width: int, size: float, degree: int, expected: float
) -> None:
    found = bounded.compared(128, width, size, degree, 0)
    assert found.columns == math.comb(width + degree, degree)
    assert expected / 10 < found.largest < expected * 10
    assert found.largest < found.promised


def test_a_slope_is_the_exponent() -> None:
    assert bounded.slope([3, 7, 31], [2 * n**2.5 for n in (3, 7, 31)]) == pytest.approx(2.5)


def test_the_share_of_the_commoner_answer_is_at_least_half() -> None:
    task = triples.Task(8, 46, 12)
    assert 0.5 <= triples.share_of_majority(task) < 0.6


def test_numbers_are_shown_as_waves_with_a_blank_at_the_end() -> None:
    shown = triples.Task(2, 7, 3).shown(torch.tensor([[1, 5]]))
    assert shown.shape == (1, 3, 7)
    angles = [2 * math.pi * 5 * wave / 7 for wave in (1, 2, 3)]
    expected = torch.tensor([*map(math.cos, angles), *map(math.sin, angles), 0.0])
    assert torch.allclose(shown[0, 1], expected, atol=1e-5)
    assert shown[0, 2].tolist() == [0, 0, 0, 0, 0, 0, 1]


def test_the_tensor_layer_has_fewer_parameters_than_its_rivals() -> None:
    task = triples.Task(8, 46, 12)
    sizes = [triples.count(one.model(task)) for one in triples.CONTENDERS]
    assert sizes[0] < min(sizes[1:])
