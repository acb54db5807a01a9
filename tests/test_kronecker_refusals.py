"""What callers outside the type checks may hand to a map: wrong kinds, cut-off numbers, NaN, grids beyond counting."""

import json
import math
import subprocess
import sys

import numpy as np
import pytest
import torch

from hot_core.errors import SelectionError, ShapeError
from hot_core.kronecker import KroneckerMap, KroneckerMixture, nearest_kronecker
from tests import oracles
from tests.test_kronecker import RULES, random_map

POSITIONS = "must be several whole numbers"
RANGE = "must be several whole numbers, got 15"
REFUSED = {
    "kmap.row((1.7, 2.2))": ("SelectionError", POSITIONS),
    "kmap.column(3)": ("SelectionError", POSITIONS),
    "kmap.entry((0, 0), (0, 1.0))": ("SelectionError", POSITIONS),
    "kmap.entropy((0.5, 0))": ("SelectionError", POSITIONS),
    "two.top_of_row((0.5, 0), 2)": ("SelectionError", POSITIONS),
    "rollout([kmap], (0, 1.5))": ("SelectionError", POSITIONS),
    "rollout([kmap], 3)": ("SelectionError", POSITIONS),
    "kmap.view((0.9, 15), (0, 15), 2, 2)": ("SelectionError", "view: the rows must be several whole numbers"),
    "kmap.view((0, 15), (0, 15), 4.5, 2)": ("SelectionError", "pixels along the rows must be a whole number, got 4.5"),
    "kmap.view((0, 15), (0, 15), 4, 2.0)": ("SelectionError", "pixels along the cols must be a whole number, got 2.0"),
    "kmap.view(15, 15, 2, 2)": ("SelectionError", RANGE),
    "two.view(15, 15, 2, 2, 'max')": ("SelectionError", RANGE),
    "kmap.view((5,), (0, 15), 2, 2)": ("SelectionError", "rows (5,) must be a first and one past the last index"),
    "kmap.marginal(1.0)": ("SelectionError", "marginal: the mode must be a whole number, got 1.0"),
    "kmap.top(2.5)": ("SelectionError", "top: how many entries must be a whole number, got 2.5"),
    "two.top(2.5)": ("SelectionError", "top: how many entries must be a whole number, got 2.5"),
    "kmap.top_of_row((0, 0), 2.5)": ("SelectionError", "top_of_row: how many entries must be a whole number"),
    "kmap.apply(np.ones((3, 5)))": ("ShapeError", "apply: values must be a torch tensor, got ndarray"),
    "kmap.apply_transposed([1.0])": ("ShapeError", "apply_transposed: values must be a torch tensor, got list"),
    "KroneckerMap((np.eye(3), torch.eye(5)))": ("ShapeError", "factors must be torch tensors, got ndarray"),
    "nearest_kronecker(np.eye(12), (3, 4), 1)": ("ShapeError", "must be a torch tensor of real numbers, got ndarray"),
    "nearest_kronecker(torch.eye(12), (3.9, 4), 1)": ("ShapeError", "sizes must be several whole numbers"),
    "nearest_kronecker(torch.eye(12), 12, 1)": ("ShapeError", "sizes must be several whole numbers, got 12"),
    "nearest_kronecker(torch.eye(12), (3, 4), 2.0)": ("ShapeError", "rank must be a whole number, got 2.0"),
    "nearest_kronecker(torch.eye(12), (3, 4), 2, iterations=1.5)": ("ShapeError", "iterations must be a whole number"),
}
TAKEN = {
    "kmap.row(np.array([1, 2])).tolist()": "kmap.row((1, 2)).tolist()",
    "kmap.row(torch.tensor([1, 2])).tolist()": "kmap.row((1, 2)).tolist()",
    "kmap.view(np.array([0, 9]), (np.int32(1), 12), np.int64(3), np.int8(4)).tolist()": (
        "kmap.view((0, 9), (1, 12), 3, 4).tolist()"
    ),
    "kmap.top(np.int64(4)).weights.tolist()": "kmap.top(4).weights.tolist()",
    "kmap.marginal(np.int64(1)).tolist()": "kmap.marginal(1).tolist()",
    "rollout([kmap], np.array([1, 2])).tolist()": "rollout([kmap], (1, 2)).tolist()",
    "nearest_kronecker(kmap.dense(), np.array([3, 5]), np.int64(2)).errors": (
        "nearest_kronecker(kmap.dense(), (3, 5), 2).errors"
    ),
}
SCRIPT = """
import json, sys
import numpy as np, torch
from hot_core.analysis.rollout import rollout
from hot_core.errors import HotError
from hot_core.kronecker import KroneckerMap, KroneckerMixture, nearest_kronecker
kmap = KroneckerMap((torch.ones(3, 3) / 3, torch.arange(25.0).reshape(5, 5).softmax(-1)))
two = KroneckerMixture.equal([kmap, kmap])
answers = []
for line in json.load(sys.stdin):
    try:
        answers.append(["", eval(line)])
    except Exception as error:
        answers.append([type(error).__name__, str(error)])
print(json.dumps(answers, default=repr))
"""


@pytest.fixture(scope="module")
def answers(root):
    """What each line gives without the run-time type checks, which would refuse most of them first."""
    lines = [*REFUSED, *TAKEN, *TAKEN.values()]
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=root, input=json.dumps(lines), check=True, capture_output=True, text=True
    )
    return dict(zip(lines, json.loads(run.stdout), strict=True))


@pytest.mark.parametrize("line", REFUSED)
def test_wrong_kinds_are_refused_with_a_sentence(answers, line):
    (error, message), (kind, part) = answers[line], REFUSED[line]
    assert error == kind, f"{error}: {message}"
    assert part in message


@pytest.mark.parametrize("line", TAKEN)
def test_whole_numbers_of_numpy_and_torch_are_taken(answers, line):
    assert answers[line][0] == "", answers[line]
    assert answers[line] == answers[TAKEN[line]]


MEASURES = {
    "entropy": lambda kmap: kmap.entropy((1, 2)),
    "stable_rank": lambda kmap: kmap.stable_rank(),
    "top": lambda kmap: kmap.top(3),
    "top_of_row": lambda kmap: kmap.top_of_row((1, 2), 3),
}


@pytest.mark.parametrize("combine", RULES)
@pytest.mark.parametrize("name", MEASURES)
@pytest.mark.parametrize(
    ("value", "found"), [(math.nan, "NaN, which is not a number"), (math.inf, "an infinite value")]
)
def test_values_that_are_no_numbers_are_never_measured(name, combine, value, found):
    kmap = random_map((3, 5), combine)
    kmap.factors[1][2, 4] = value
    with pytest.raises(SelectionError, match=f"{name}.*: factor 1 holds {found}"):
        MEASURES[name](kmap)
    for heads in ([random_map((3, 5), combine), kmap], [kmap]):
        with pytest.raises(SelectionError, match=f"{name}: head {len(heads) - 1}: factor 1 holds {found}"):
            MEASURES[name](KroneckerMixture.equal(heads))
    with pytest.raises(SelectionError, match=f"factor 1 holds {found}"):
        kmap.view((0, 15), (0, 15), 3, 3, "max")
    assert kmap.entropy((1, 3)) > 0  # a row without it


def test_what_is_no_number_elsewhere_is_refused_too():
    with pytest.raises(ShapeError, match=r"\(query, key\) = \(15, 15\) holds values that are not a number or infinite"):
        nearest_kronecker(torch.full((15, 15), math.nan), (3, 5), 1)
    with pytest.raises(ShapeError, match=r"real numbers, got torch\.complex64"):
        nearest_kronecker(torch.eye(15, dtype=torch.complex64), (3, 5), 1)
    with pytest.raises(ShapeError, match="weights must be finite numbers"):
        KroneckerMixture((random_map((3, 5), "sum"),), (math.nan,))
    with pytest.raises(SelectionError, match="adds up to no finite number"):
        KroneckerMixture.equal([KroneckerMap((torch.full((3, 3), 1e200, dtype=torch.float64),) * 2)] * 2).entropy(
            (0, 0)
        )
    for options in ({"iterations": 0}, {"tolerance": -1e-9}, {"tolerance": math.nan}):
        with pytest.raises(ShapeError, match="give at least 1 and at least 0"):
            nearest_kronecker(torch.eye(15), (3, 5), 1, **options)


def test_factors_that_make_no_map_are_refused():
    with pytest.raises(ShapeError, match=r"square matrices \(query, key\), not empty, got \[\(0, 0\), \(3, 3\)\]"):
        KroneckerMap((torch.zeros(0, 0), torch.eye(3)))
    with pytest.raises(ShapeError, match="normalize divides a Kronecker sum"):
        KroneckerMap((torch.eye(3), torch.eye(5)), "product", normalize=True)


def test_grids_and_pictures_beyond_counting_are_refused():
    kmap = KroneckerMap((torch.eye(2048),) * 6)  # 2**66 tokens
    for ask in (lambda: kmap.view((0, 9), (0, 9), 3, 3), lambda: kmap.top(3), lambda: _two(kmap).top(3)):
        with pytest.raises(SelectionError, match=r"7\.4e\+19 tokens, more than flat indices can count"):
            ask()
    assert kmap.entry((2047,) * 6, (2047,) * 6) == 1
    with pytest.raises(SelectionError, match=r"view: 10,001 × 10,000 pixels; ask for at most 100,000,000 in all"):
        random_map((3, 5), "sum").view((0, 15), (0, 15), 10_001, 10_000)


def _two(kmap):
    return KroneckerMixture.equal([kmap, kmap])


def test_edges_of_pixels_are_exact_where_their_products_leave_64_bits():
    kmap = KroneckerMap((torch.eye(2**10, dtype=torch.float64),) * 6)  # 2**60 tokens
    whole = (0, 2**60)
    torch.testing.assert_close(kmap.view(whole, whole, 512, 512), torch.eye(512).double() / 2**51, rtol=1e-12, atol=0)


@pytest.mark.parametrize("combine", RULES)
def test_factors_of_a_graph_are_looked_at_without_it(combine):
    plain = random_map((3, 5), combine)
    traced = KroneckerMap(tuple(factor.clone().requires_grad_() for factor in plain.factors), combine)
    whole = (0, 15)
    for left, right in ((traced, plain), (_two(traced), KroneckerMixture((plain, plain), (0.5, 0.5)))):
        picture = left.view(whole, whole, 4, 7)
        assert not picture.requires_grad
        torch.testing.assert_close(picture, right.view(whole, whole, 4, 7), rtol=0, atol=0)
        assert torch.equal(left.top(5).weights, right.top(5).weights)
        assert torch.equal(left.top_of_row((1, 2), 5).weights, right.top_of_row((1, 2), 5).weights)
        assert (left.entropy((1, 2)), left.entry((1, 2), (1, 3))) == (
            right.entropy((1, 2)),
            right.entry((1, 2), (1, 3)),
        )
        assert left.stable_rank() == pytest.approx(right.stable_rank(), rel=1e-12)
    torch.testing.assert_close(traced.view(whole, whole, 4, 7, "max"), plain.view(whole, whole, 4, 7, "max"))
    assert traced.row((1, 2)).requires_grad  # what is differentiable stays so


@pytest.mark.parametrize("combine", RULES)
def test_sums_over_bfloat16_are_added_up_in_float64(combine):
    sizes = (257, 131)  # adding up in bfloat16 would stop at 256 ones
    kmap = KroneckerMap(tuple(torch.ones(n, n, dtype=torch.bfloat16) for n in sizes), combine)
    total = 257 * 131 if combine == "product" else 257 + 131
    assert kmap.row((3, 5)).dtype == kmap.column((3, 5)).dtype == torch.bfloat16
    for each in (kmap, _two(kmap)):
        sums = [each.row_sums(), each.marginal(1), *each.row_marginals((3, 5)), *each.column_marginals((3, 5))]
        assert {values.dtype for values in sums} == {torch.float32}
        assert sums[0].eq(total).all()
        assert all(float(values.sum()) == total for values in sums[2:])
        assert float(sums[1][5].sum()) == total


def test_mixtures_say_first_what_is_out_of_range():
    two = _two(random_map((3, 5), "product"))
    for rows, height in (((4, 16), 2), ((9, 4), 2), ((0, 15), 0)):
        with pytest.raises(SelectionError, match=r"must be a range within|0 pixels along the rows"):
            two.view(rows, (0, 15), height, 2, "max")
    single = two.view((4, 7), (0, 15), 7, 31, "max")
    expected = oracles.view(oracles.kron_of(two.maps[0].factors, "product"), (4, 7), (0, 15), 7, 31)
    torch.testing.assert_close(single, expected, rtol=1e-14, atol=0)


@pytest.mark.parametrize("combine", RULES)
def test_mixtures_without_weight_are_maps_of_zeros(combine):
    nothing = KroneckerMixture((random_map((3, 5), combine), random_map((3, 5), combine, 1)), (0.0, 0.0))
    assert nothing.view((0, 15), (0, 15), 4, 4, "max").eq(0).all()
    found = nothing.top(17)
    assert found.weights.eq(0).all()
    assert np.ravel_multi_index(tuple(found.keys.T.numpy()), (3, 5)).tolist() == [*range(15), 0, 1]
    assert nothing.stable_rank() == nothing.entropy((0, 0)) == 0
