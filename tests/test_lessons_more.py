"""The lessons on cost, order and triples: what they compute, against loops over the definitions; what they refuse."""

import io
import itertools
import math
import re

import numpy as np
import plotly.graph_objects as go
import pytest
import torch

from hot_core.attention import KroneckerAttention, bounded_tensor_attention, tensor_attention
from hot_core.errors import SelectionError, ShapeError
from hot_core.figures.lesson_cost import cost_figure
from hot_core.figures.lesson_order import order_figure
from hot_core.figures.lesson_regime import regime_figure
from hot_core.figures.lesson_triples import cube_figure, scores_figure, slice_figure
from hot_core.figures.style import KEY, QUERY
from hot_core.lessons import cost, order, regime, triples
from hot_core.models import Block
from tests import oracles_cost

PRIMES = (3, 5, 7)
ORDERS = list(itertools.permutations(range(3)))


# --------------------------------------------------------------------------------------------------- cost


def test_the_table_counts_what_the_definitions_take():
    rows = {row.form: row for row in cost.table(PRIMES, 16, 2)}
    features = 2 * 16 // 2
    assert set(rows) == set(cost.FORMS)
    for form, row in rows.items():
        literal = "product" if form == "sum" else form
        assert row.layer_macs == oracles_cost.literal_macs(literal, 16, 2, PRIMES, features)
        assert row.coefficients == oracles_cost.literal_coefficients(literal, PRIMES, features)
    made = KroneckerAttention(16, 3, 2)
    assert rows["product"].parameters == sum(weight.numel() for weight in made.parameters())
    block = Block(made, 16, cost.MIXING * 16)
    assert rows["product"].block_macs == oracles_cost.counted_macs(block, torch.zeros(1, *PRIMES, 16))


def test_the_published_ratios_and_where_nothing_is_promised():
    small, large = cost.table((7, 7, 7), 128, 8), cost.table((862, 24), 128, 8)
    assert round(cost.ratio(small, "product", "block_macs"), 2) == 1.49
    assert round(cost.ratio(large, "product", "block_macs"), 1) == 15.9
    assert "Nothing to promise here" in cost.verdict(small)
    assert "2.00 times the parameters" in cost.verdict(small)
    assert "**Worth it here**" in cost.verdict(large)
    assert "Not worth it here" in cost.verdict(cost.table((2, 2), 128, 8))
    assert cost.ratio(small, "product", "parameters") < 1, "mode-wise attention has more parameters, not fewer"


@pytest.mark.parametrize("sizes", [(7, 7, 7), (19, 5), (2, 3, 5, 7)])
def test_the_curve_goes_through_the_table(sizes):
    found, rows = cost.curve(sizes, 64, 4), cost.table(sizes, 64, 4)
    at = found.tokens.index(math.prod(sizes))
    for form in ("product", "linear", "axial"):
        for part, what in (("layer", "layer_macs"), ("block", "block_macs")):
            assert found.ratios[form, part][at] == pytest.approx(cost.ratio(rows, form, what), rel=1e-12)
    assert list(found.tokens) == sorted(found.tokens)
    assert found.tokens[-1] > 1e6


def test_the_written_counts_end_in_the_tables_numbers():
    full, own = cost.worked((5, 11), 32)
    rows = {row.form: row for row in cost.table((5, 11), 32, 2)}
    for text, form in ((full, "full"), (own, "product")):
        *_, product, total = text.removesuffix(r"\end{aligned}").replace(r"\,", "").replace(r"&\quad", "").split("&=")
        terms = product.replace(r"\cdot", "*").replace("\\", " ").replace("^", "**").strip()
        assert re.fullmatch(r"[\d*+ ]+", terms)
        assert eval(terms) == int(total) == rows[form].layer_macs


def test_numbers_in_few_digits():
    assert [cost.in_short(n) for n in (117_649, 52_596_992, 6_740_814_080, 12 * 10**12)] == [
        "117,649", "52.6 M", "6.74 G", "12 T"]  # fmt: skip
    assert cost.in_short(3 * 10**17) == "3.00 · 10¹⁷"
    assert [cost.in_bytes(n) for n in (999, 878_080, 1_404_928)] == ["999 B", "878 kB", "1.4 MB"]
    assert cost.times(0.8) == "1.25 times more work"
    assert cost.times(35.2) == "35.2 times less work"


def test_grids_and_widths_that_cannot_be_are_refused():
    with pytest.raises(ShapeError, match="give 2 to 4 whole sizes"):
        cost.table((7,), 128, 8)
    with pytest.raises(ShapeError, match="8 heads cannot share a width of 40 in even parts"):
        cost.curve((7, 7), 40, 8)


# -------------------------------------------------------------------------------------------------- order


def literal_misread(values, modes):
    """Entry by entry: write the list down in C order, then take it up again with the modes in another order."""
    listed = [values[place] for place in itertools.product(*(range(size) for size in values.shape))]
    out = np.full(values.shape, np.nan)
    wrong_grid = itertools.product(*(range(values.shape[mode]) for mode in modes))
    for entry, believed in zip(listed, wrong_grid, strict=True):
        place = [0] * len(modes)
        for at, mode in zip(believed, modes, strict=True):
            place[mode] = at
        out[tuple(place)] = entry
    return out


@pytest.mark.parametrize("modes", ORDERS)
def test_a_list_read_in_another_order(modes):
    values = np.random.default_rng(0).normal(size=PRIMES)
    seen = order.misread(values, modes)
    assert (seen == literal_misread(values, modes)).all()
    assert order.misplaced(PRIMES, modes) == int((seen != values).sum())
    assert sorted(seen.ravel()) == sorted(values.ravel()), "nothing is lost, and no sum can tell"
    for place in itertools.product(*(range(size) for size in PRIMES)):
        assert seen[order.found_at(place, PRIMES, modes)] == values[place]
    assert (order.misplaced(PRIMES, modes) == 0) == (modes == (0, 1, 2))


def test_the_divisions_of_the_other_reader():
    assert order.flat_index((1, 5, 3), (5, 7, 11)) == (1 * 7 + 5) * 11 + 3 == 135
    steps = order.decoding((1, 5, 3), (5, 7, 11), (0, 2, 1))
    assert [(s.mode, s.rest, s.stride, s.index) for s in steps] == [(0, 135, 77, 1), (2, 58, 7, 8), (1, 2, 1, 2)]
    assert order.found_at((1, 5, 3), (5, 7, 11), (0, 2, 1)) == (1, 2, 8)


@pytest.mark.parametrize("modes", ORDERS[1:])
def test_only_different_sizes_are_refused(modes):
    for sizes in [PRIMES, (5, 5, 5), (3, 5, 3)]:
        values = np.random.default_rng(1).normal(size=sizes)
        said = order.refusal(order.counted_grid(sizes), values, modes)
        fits = tuple(sizes[mode] for mode in modes) == sizes
        assert (said is None) == fits
        if fits:  # then both mistakes are one and the same
            assert (order.exchanged(values, modes) == order.misread(values, modes)).all()
        else:
            assert re.search(r"TokenGrid\.spread: values \(.*\), token grid \(.*\)\.", said)


def test_the_planted_row_looks_at_its_marker():
    row = order.marked_row(PRIMES, (1, 9, 3))
    assert order.strongest(row) == order.clamped((1, 9, 3), PRIMES) == (1, 4, 3)
    assert row.sum() == pytest.approx(1, abs=1e-12)
    literal = np.array([
        [[2.0 ** -(abs(a - 1) + abs(b - 4) + abs(c - 3)) for c in range(7)] for b in range(5)] for a in range(3)
    ])  # fmt: skip
    assert np.allclose(row, literal / literal.sum(), atol=1e-15)
    table = order.summary(row, (1, 4, 3), (1, 0, 2))
    assert table["right order"][:4] == table["other order"][:4]
    assert table["right order"][4] != table["other order"][4]


def test_what_is_no_order_is_refused():
    with pytest.raises(ShapeError, match="give each of 0 … 2 once"):
        order.misread(np.zeros(PRIMES), (0, 1, 1))


@pytest.mark.parametrize("modes", ORDERS)
def test_both_pictures_have_one_scale_and_the_marker_in_its_place(modes):
    marker = (1, 4, 2)
    values = order.marked_row(PRIMES, marker)
    seen, plane = order.found_at(marker, PRIMES, modes), order.plane(modes)
    both = (values, order.misread(values, modes))
    figure = order_figure(both, order.counted_grid(PRIMES), plane, marker, seen, query=marker, uniform=1 / values.size)
    heat = [trace for trace in figure.data if trace.type == "heatmap"]
    assert {trace.coloraxis for trace in heat} == {"coloraxis"}
    assert figure.layout.coloraxis.cmax == pytest.approx(values.max())
    at = tuple(slice(None) if mode in plane else marker[mode] for mode in range(3))
    assert np.allclose(heat[0].z, values[at])
    assert np.allclose(heat[1].z, both[1][at])
    blue = [shape for shape in figure.layout.shapes if shape.line.color == KEY]
    rows, columns = marker[plane[0]], marker[plane[1]]
    assert {(s.x0, s.x1, s.y0, s.y1) for s in blue} == {(columns - 0.5, columns + 0.5, rows - 0.5, rows + 0.5)}
    assert {shape.xref for shape in blue} == {"x", "x2"}
    crosses = [trace for trace in figure.data if trace.type == "scatter"]
    beside = [mode for mode in range(3) if mode not in plane]
    assert len(crosses) == all(seen[mode] == marker[mode] for mode in beside)
    for cross in crosses:
        assert (cross.x[0], cross.y[0]) == (seen[plane[1]], seen[plane[0]])


# ------------------------------------------------------------------------------------------------ triples


def test_match3_on_the_page_is_the_truth_at_a_sharp_head():
    for seed in range(4):
        numbers = triples.drawn(7, 37, seed)
        found = triples.match(numbers, 37, 1000.0)
        literal = [any((a + b + c) % 37 == 0 for b in numbers for c in numbers) for a in numbers]
        assert found.truth.tolist() == literal
        assert found.answers.tolist() == literal
        assert found.right == 7
        assert np.allclose(found.cube.sum((1, 2)), 1, atol=1e-12)
        for query, yes in enumerate(literal):
            pairs = triples.partners(numbers, 37, query)
            assert bool(pairs) == yes
            assert all(j <= k and (numbers[query] + numbers[j] + numbers[k]) % 37 == 0 for j, k in pairs)
        table = triples.rows(found)
        assert table["truth"] == ["yes" if yes else "no" for yes in literal]
        assert set(table["right"]) == {"right"}


def test_a_dull_head_errs_and_the_table_says_it():
    found = triples.match(triples.drawn(8, 37, 0), 37, 50.0)
    assert found.right < 8
    assert triples.rows(found)["right"].count("WRONG") == 8 - found.right


def test_the_logits_that_are_shown_are_those_of_the_cube():
    found = triples.match((3, 5, 29, 11, 20), 37, 12.0)
    for query in range(5):
        (j, k), pair, blank = triples.logits(found, query)
        assert found.cube[query, j, k] == pytest.approx(found.cube[query, :-1, :-1].max())
        assert math.log(found.cube[query, j, k] / found.cube[query, -1, -1]) == pytest.approx(pair - blank, abs=1e-9)


def test_numbers_as_people_write_them():
    assert triples.read_numbers("3, 5;29  7") == (3, 5, 29, 7)
    assert triples.read_numbers("drawn") == triples.read_numbers("  ") == ()
    with pytest.raises(SelectionError, match=r"'-1' is no whole number"):
        triples.read_numbers("3 -1")
    with pytest.raises(SelectionError, match="there are 13, and the page shows 12 at most"):
        triples.read_numbers("1 " * 13)
    with pytest.raises(SelectionError, match="there are 0 numbers"):
        triples.match((), 37, 50.0)
    assert triples.match((40,), 37, 50.0).numbers == (3,)


def test_the_fast_algorithm_refuses_the_sharp_head_in_its_own_words():
    said = triples.bounded_refusal(triples.match((3, 5, 29), 37, 1000.0))
    assert "bounded_tensor_attention: entries up to" in said
    assert triples.bounded_refusal(triples.match((3, 5, 29), 37, 0.05)) == ""


def test_the_cube_is_saved_as_it_is():
    found = triples.match((3, 5, 29), 37, 50.0)
    saved = np.load(io.BytesIO(triples.cube_bytes(found)), allow_pickle=False)
    assert saved.shape == (3, 4, 4)
    assert saved.dtype == np.float32
    assert np.allclose(saved, found.cube, atol=1e-7)


def test_cube_slice_and_scores_show_the_same_numbers():
    found = triples.match((36, 19, 2, 33, 5), 37, 60.0)
    cube, matrix, scores = cube_figure(found, 2), slice_figure(found, 2), scores_figure(found, 2)
    balls = cube.data[0]
    for i, j, k, weight in zip(balls.x, balls.y, balls.z, balls.marker.color, strict=True):
        assert weight == found.cube[i, j, k]
    assert len(balls.x) == int((found.cube > 1e-3 * found.cube.max()).sum())
    assert cube.data[1].line.color == QUERY
    assert set(cube.data[1].x) == {2}
    assert np.allclose(matrix.data[0].z, found.cube[2], atol=1e-7)
    assert cube.layout.coloraxis.cmax == matrix.layout.coloraxis.cmax == found.cube.max()
    assert matrix.layout.coloraxis.colorbar.ticktext[0].startswith("<b>▲ uniform")
    framed = {(shape.y0 + 0.5, shape.x0 + 0.5) for shape in matrix.layout.shapes}
    assert framed == {p for j, k in triples.partners(found.numbers, 37, 2) for p in ((j, k), (k, j))}
    assert list(scores.data[0].y) == found.scores.tolist()
    assert list(scores.data[1].y) == [int(yes) for yes in found.truth]


# ------------------------------------------------------------------------------------------------- regime


@pytest.mark.parametrize("degree", [2, 6])
def test_promise_and_errors_of_the_bounded_form(degree):
    now = regime.regime(0.9, degree, 3)
    q, keys, values = regime.parts(0.9, 3)
    logits = [
        float((q[i] * keys[0][j] * keys[1][k]).sum()) / 4
        for i in range(0, 40, 3) for j in range(0, 40, 7) for k in range(40)
    ]  # fmt: skip
    taylor = [sum(x**power / math.factorial(power) for power in range(degree + 1)) for x in logits]
    sampled = max(abs(t - math.exp(x)) / math.exp(x) for t, x in zip(taylor, logits, strict=True))
    assert 0 < sampled <= now.weight_error <= now.promised
    assert now.columns == math.comb(4 + degree, degree)
    m = now.largest_logit
    rounding = math.comb(4 + degree, degree) + 2 * 40 + 3 * degree
    assert (now.columns + now.tokens + 3 * degree) == rounding
    assert now.promised == pytest.approx(
        math.exp(2 * m) * (m ** (degree + 1) / math.factorial(degree + 1) + rounding * 2.0**-52)
    )
    bounded = bounded_tensor_attention(q, keys, values, degree, tolerance=1e9).output
    assert now.output_error == pytest.approx(float((bounded - tensor_attention(q, keys, values)).abs().max()))


def test_the_weight_error_over_all_triples_is_the_largest():
    q, (k1, k2) = (part[:5] for part in regime.parts(1.3, 0)[0:1]), regime.parts(1.3, 0)[1]
    q, k1, k2 = next(q), k1[:7], k2[:3]
    worst = 0.0
    for a, b, c in itertools.product(q, k1, k2):
        x = float((a * b * c).sum()) / 4
        worst = max(worst, abs(1 + x + x * x / 2 + x**3 / 6 + x**4 / 24 - math.exp(x)) / math.exp(x))
    assert regime.weight_error(q, (k1, k2), 4) == pytest.approx(worst, rel=1e-9)


def test_refused_exactly_beyond_the_edge():
    edge = regime.refused_from(4, 1)
    assert regime.refusal(0.99 * edge, 4, 1) == ""
    assert "above the tolerance of 0.1" in regime.refusal(1.01 * edge, 4, 1)
    assert regime.refused_from(8, 1) > edge
    assert "give an even number" in regime.refusal(0.5, 5)


def test_the_picture_of_the_regime():
    sweep, now, edge = regime.sweep(4), regime.regime(1.5, 4), regime.refused_from(4)
    figure = regime_figure(sweep, now, edge)
    lines = {trace.name: trace for trace in figure.data if trace.mode == "lines"}
    assert set(lines) == {"promised, of a weight", "measured, of a weight", "measured, of the output"}
    assert all(1.5 in trace.x for trace in lines.values())
    assert [s.x0 for s in figure.layout.shapes if s.type == "rect"] == [edge]
    at = lines["measured, of the output"].x.index(1.5)
    assert lines["measured, of the output"].y[at] == now.output_error
    assert max(lines["promised, of a weight"].y) == 1e6, "what is no promise any more is drawn at the edge"


def test_errors_in_words():
    assert [regime.words(v) for v in (0.0, 0.25, 7.1e-8, 4.9e4, math.inf)] == [
        "0",
        "0.25",
        "7.1 · 10⁻⁸",
        "4.9 · 10⁴",
        "∞",
    ]
    assert regime.tex(7.1e-8) == r"7.1\cdot 10^{-8}"
    assert regime.tex(math.inf) == r"\infty"


def test_the_picture_of_the_cost():
    found = cost.curve((7, 7, 7), 128, 8)
    figure = cost_figure(found, 343)
    assert isinstance(figure, go.Figure)
    lines = [trace for trace in figure.data if trace.mode == "lines"]
    assert {trace.line.dash for trace in lines} == {"solid", "dot"}
    assert {trace.text for trace in lines} == {"whole block", "layer alone"}
    here = [trace for trace in figure.data if trace.mode == "markers+text"]
    assert {trace.text[0] for trace in here} == {"<b>1.49×</b>", "<b>4.09×</b>"}
    assert {trace.x[0] for trace in here} == {343}


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ((1, 5, 3), ""),
        ((2, 0, 3), ""),
        ((3, 0, 9), "on mode 1 index 3 is beyond the last one, 2; on mode 3 index 9 is"),
    ],
)
def test_a_place_beyond_the_grid_is_said(place: tuple[int, ...], said: str):
    assert said in (found := order.moved(place, (3, 7, 5)))
    assert bool(found) is bool(said)


@pytest.mark.parametrize("degree", [2, 4, 8, 12])
@pytest.mark.parametrize("size", [0.3, 1.0, 2.3])
def test_the_promise_follows_from_the_printed_largest_logit(size: float, degree: int):
    now = regime.regime(size, degree, 0)
    m = float(f"{now.largest_logit:.6g}")
    rounding = (now.columns + now.tokens + 3 * degree) * 2.2e-16
    by_hand = math.exp(2 * m) * (m ** (degree + 1) / math.factorial(degree + 1) + rounding)
    assert by_hand == pytest.approx(now.promised, rel=0.011)
