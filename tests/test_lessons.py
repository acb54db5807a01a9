"""The first three lessons: what they compute, against loops over the definitions, and what they refuse."""

import itertools
import math
from pathlib import Path

import numpy as np
import pytest
import torch

from app.parts.learn import rank as rank_part
from hot_core.errors import SelectionError
from hot_core.figures import lesson_blocks, lesson_modes, lesson_rank
from hot_core.figures.large import LARGER, enlarged
from hot_core.io import read
from hot_core.lessons import blocks, modes, rank
from hot_core.modes import Sample

SERIES = Path(__file__).resolve().parents[1] / "sample_data" / "nyc_airport_weather_2013.csv"
ROWS = ((2, -1, 0), (1, 2, 5), (0, 1, -9))
COLUMNS = ((2, 0, 1, 3), (1, 2, 0, -4), (0, 1, 2, 1), (9, 0, 1, 2))


@pytest.fixture(scope="module")
def series() -> Sample:
    return read(SERIES)


def softmax_by_hand(logits: tuple[tuple[float, ...], ...]) -> list[list[float]]:
    """Each row's powers of e over their sum, one number at a time."""
    out = []
    for row in logits:
        total = 0.0
        for value in row:
            total += math.e**value
        out.append([math.e**value / total for value in row])
    return out


# ------------------------------------------------------------------------------------------------- modes


def test_logits_go_through_a_line_and_back() -> None:
    for logits in (ROWS, COLUMNS, *itertools.chain(*modes.PRESETS.values())):
        assert modes.read_logits(modes.write_logits(logits), len(logits)) == logits
    assert modes.write_logits(ROWS) == "2_-1_0.1_2_5.0_1_-9"


@pytest.mark.parametrize("line", ["2 -1 0; 1 2 5; 0 1 -9", "2, −1, 0/1,2,5/0,1,−9", " 2_-1_0.1_2_+5|0_1_-9 "])
def test_logits_are_read_however_they_are_written(line: str) -> None:
    assert modes.read_logits(line, 3) == ROWS


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("", r"3 rows of 3 whole numbers, got 1 × 1. Write them like 0_0_0.0_0_0.0_0_0"),
        ("1_2_3.1_2_3", r"got 2 × 3"),
        ("1_2_3.1_2_3.1_2", r"3 rows of 3 whole numbers, got 3 × 3"),
        ("1_2_3.1_2_3.1_2_10", r"from −9 to 9, got “10”"),
        ("1_2_3.1_2_3.1_2_x", r"from −9 to 9, got “x”"),
        ("1_2_3.1_2_3.1_2_99999999999999999", r"got “999999999999”"),
        ("1_2_3.1_2_3.1_2_٣", r"a whole number from −9 to 9"),
        ("1_2_3.1_2_3.1_2_" + "9" * 5000, r"a whole number from −9 to 9"),
    ],
)
def test_logits_that_cannot_be_are_refused_with_the_way_out(line: str, said: str) -> None:
    with pytest.raises(SelectionError, match=said):
        modes.read_logits(line, 3)


def test_edits_of_a_table_stay_whole_and_within_the_ends() -> None:
    assert modes.edited(ROWS, {0: {1: 4, 2: 12}, 2: {0: None, 1: -30.2}}) == ((2, 4, 9), (1, 2, 5), (0, -9, -9))
    assert modes.edited(ROWS, {}) == ROWS


def test_every_step_of_the_softmax() -> None:
    one = modes.softmax(COLUMNS)
    np.testing.assert_allclose(one.weights, softmax_by_hand(COLUMNS), rtol=0, atol=1e-15)
    np.testing.assert_allclose(one.powers / one.sums[:, None], one.weights, rtol=0, atol=1e-15)
    np.testing.assert_allclose(one.weights.sum(1), 1, rtol=0, atol=1e-15)
    table = modes.steps(one, "column")
    assert table["query"] == ["column 1", "column 2", "column 3", "column 4"]
    assert table["logits"][1] == "1, 2, 0, −4"
    assert table["e to the logit"][1] == "2.718 + 7.389 + 1.000 + 0.018"
    assert table["sum"][1] == "11.126"
    assert table["weights = power / sum"][1] == "0.244, 0.664, 0.090, 0.002"
    assert table["add up to"] == ["1.000"] * 4


def test_every_entry_of_the_map_is_a_product_of_two_and_stands_where_it_is_said_to() -> None:
    rows, columns = modes.softmax(ROWS), modes.softmax(COLUMNS)
    first, second, whole = softmax_by_hand(ROWS), softmax_by_hand(COLUMNS), modes.whole(rows, columns)
    assert whole.shape == (12, 12)
    for r, c, s, t in itertools.product(range(3), range(4), range(3), range(4)):
        at = modes.entry(rows, columns, (r, c), (s, t))
        right = first[r][s] * second[c][t]
        assert at.weight == pytest.approx(right, abs=1e-15)
        assert at.of_rows * at.of_columns == pytest.approx(right, abs=1e-15)
        assert whole[at.flat] == pytest.approx(right, abs=1e-15)
        assert at.flat == (4 * r + c, 4 * s + t)
        assert at.field[s, t] == pytest.approx(right, abs=1e-15)


def test_the_pictures_of_the_modes_mark_the_entry() -> None:
    rows, columns = modes.softmax(ROWS), modes.softmax(COLUMNS)
    at = modes.entry(rows, columns, (1, 2), (2, 3))
    figure = lesson_modes.whole(modes.whole(rows, columns), 1.0, at)
    boxes = [(s.x0, s.x1, s.y0, s.y1, s.line.color) for s in figure.layout.shapes if s.type == "rect"]
    assert (-0.5, 11.5, 5.5, 6.5, "#F26A0F") in boxes  # row 2, column 3 of the grid is line 4 + 2, from 0
    assert (10.5, 11.5, 5.5, 6.5, "#3D7BFF") in boxes
    z = np.array(figure.data[0].z)
    assert z[6, 11] == at.weight
    assert figure.layout.yaxis.ticktext[6] == "2,3"
    field = lesson_modes.field(at, 0.5)
    assert (1.5, 2.5, 0.5, 1.5, "#F26A0F") in [
        (s.x0, s.x1, s.y0, s.y1, s.line.color) for s in field.layout.shapes
    ]  # fmt: skip


# ------------------------------------------------------------------------------------------------ blocks


def by_loops(first: np.ndarray, second: np.ndarray, rule: str) -> np.ndarray:
    """The map entry by entry, from the definitions of Kronecker product and sum."""
    m, n = len(first), len(second)
    out = np.zeros((m * n, m * n))
    for r, c, s, t in itertools.product(range(m), range(n), range(m), range(n)):
        added = first[r, s] * (c == t) + second[c, t] * (r == s)
        value = first[r, s] * second[c, t] if rule == "product" else added / (2 if rule == "normalised" else 1)
        out[r * n + c, s * n + t] = value
    return out


@pytest.mark.parametrize("rule", blocks.RULES)
def test_the_map_grows_to_the_whole_map_in_reading_order(rule: blocks.Rule) -> None:
    grown = [blocks.grow((1, 2), rule, filled) for filled in range(10)]
    right = by_loops(grown[0].first, grown[0].second, rule)
    np.testing.assert_allclose(grown[9].shown, right, rtol=0, atol=1e-15)
    for filled, growth in enumerate(grown):
        there = np.zeros((12, 12), dtype=bool)
        for block in range(filled):
            r, s = block // 3, block % 3
            there[4 * r : 4 * r + 4, 4 * s : 4 * s + 4] = True
        np.testing.assert_array_equal(~np.isnan(growth.shown), there)
        np.testing.assert_allclose(growth.sums_now, (right * there).sum(1), rtol=0, atol=1e-14)
        assert growth.block == (None if filled == 0 else ((filled - 1) // 3, (filled - 1) % 3))
    np.testing.assert_array_equal(blocks.block_of(grown[6], (1, 2)), grown[9].full[4:8, 8:12])


@pytest.mark.parametrize(("rule", "total", "reach"), [("product", 1, 12), ("sum", 2, 6), ("normalised", 1, 6)])
def test_row_sums_and_supports_are_what_the_page_says(rule: blocks.Rule, total: float, reach: int) -> None:
    growth = blocks.grow((3, 0), rule, 9)
    np.testing.assert_allclose(growth.row_sums, total, rtol=0, atol=1e-14)
    np.testing.assert_array_equal((growth.full != 0).sum(1), reach)
    every, lines = blocks.supports((3, 4))
    assert reach == (every if rule == "product" else lines)
    figure = lesson_blocks.reach(growth, (1, 2))
    assert np.isfinite(np.array(figure.data[0].z, dtype=float)).sum() == reach


def test_supports_of_three_modes_by_counting() -> None:
    sizes = (2, 3, 5)
    places = list(itertools.product(*map(range, sizes)))
    near = [place for place in places if sum(p != q for p, q in zip(place, (1, 2, 4), strict=True)) <= 1]
    assert blocks.supports(sizes) == (len(places), len(near))
    table = blocks.support_table([sizes, (28, 28, 28)])
    assert table["share"] == ["26.67%", "0.37%"]
    assert table["product: N"][1] == "21,952"
    assert table["sum: 1 + Σ(n − 1)"][1] == "82"


def test_the_singular_values_give_the_error_by_hand() -> None:
    made = rank.approximate(rank.random_attention(3, 1.0), 5)
    table = rank.singular_table(made)
    squares = [float(word) for word in table["σ_R²"][1:]]
    assert [float(word) for word in table["σ_R"][1:]] == pytest.approx(made.singular.tolist(), abs=1e-6)
    for terms in range(len(squares)):
        by_hand = math.sqrt(sum(squares[terms:]) / sum(squares))
        assert float(table["error"][terms]) == pytest.approx(by_hand, abs=1e-3)
        assert float(table["tail"][terms]) == pytest.approx(sum(squares[terms:]), abs=1e-4)
    assert float(table["error"][5]) == pytest.approx(made.errors[4], abs=6e-4)
    assert (table["R"][0], table["error"][0], table["error"][-1]) == ("0", "1.000", "0.000")


def test_a_map_of_many_columns_is_written_in_hundredths() -> None:
    values = np.full((12, 12), 0.084)
    values[0, :3] = (1.0, np.nan, 0.576)
    figure = lesson_modes.whole(values, 1.0, None)
    assert list(figure.data[0].text[0][:4]) == ["100", "", "58", "8"]
    assert figure.layout.xaxis.ticktext[4] == "2<br>1"


def test_the_growing_map_frames_the_newest_block_and_the_query() -> None:
    figure = lesson_blocks.growing(blocks.grow((1, 1), "product", 6), (2, 1))
    boxes = [(s.x0, s.x1, s.y0, s.y1, s.line.color) for s in figure.layout.shapes if s.type == "rect"]
    assert (7.5, 11.5, 3.5, 7.5, "#3D7BFF") in boxes
    assert (-0.5, 11.5, 8.5, 9.5, "#F26A0F") in boxes
    assert figure.layout.annotations[0].text == "Σ 1.00"
    assert figure.layout.annotations[11].text == "Σ 0.00"


# -------------------------------------------------------------------------------------------------- rank


def singular_by_loops(matrix: np.ndarray, sizes: tuple[int, int]) -> np.ndarray:
    """Singular values of the matrix whose lines are the pairs of rows and whose places are the pairs of columns."""
    m, n = sizes
    moved = np.zeros((m * m, n * n))
    for r, c, s, t in itertools.product(range(m), range(n), range(m), range(n)):
        moved[r * m + s, c * n + t] = matrix[r * n + c, s * n + t]
    return np.sqrt(np.clip(np.linalg.eigvalsh(moved @ moved.T)[::-1], 0, None))


@pytest.mark.parametrize("terms", [1, 4, 12, 16])
def test_the_error_is_the_tail_of_the_singular_values(terms: int) -> None:
    full = rank.random_attention(3, 1.0)
    made = rank.approximate(full, terms)
    values = singular_by_loops(made.full, (4, 5))
    tail = math.sqrt(sum(v * v for v in values[terms:]) / sum(v * v for v in values))
    left = np.linalg.norm(made.full - made.close) / np.linalg.norm(made.full)
    assert made.errors[terms - 1] == pytest.approx(left, abs=1e-12)
    assert left == pytest.approx(tail, abs=1e-7)
    assert made.tail == pytest.approx(left, abs=1e-12)
    np.testing.assert_allclose(made.singular, values, rtol=0, atol=1e-7)
    assert made.numbers == terms * (16 + 25)
    assert (np.diff(made.errors) <= 0).all()


def test_what_is_lost_is_counted_as_by_hand() -> None:
    made = rank.approximate(rank.random_attention(0, 1.0), 4)
    pairs = list(itertools.product(range(20), range(20)))
    strong = sorted(pairs, key=lambda at: -made.full[at])[:20]
    still = sorted(pairs, key=lambda at: -made.close[at])[:20]
    assert [(fate.query, fate.key) for fate in made.fates] == strong
    assert made.lost == len(set(strong) - set(still)) > 0
    assert all(fate.kept == ((fate.query, fate.key) in still) for fate in made.fates)
    assert made.negative == sum(made.close[at] < -1e-12 for at in pairs) > 0
    assert made.lowest == min(made.close[at] for at in pairs) < 0
    np.testing.assert_allclose(made.row_sums, [math.fsum(row) for row in made.close], rtol=0, atol=1e-12)
    assert made.row_sums.max() - made.row_sums.min() > 0.01
    table = rank.fate_table(made, [f"t{place}" for place in range(20)], most=3)
    first = next(fate for fate in made.fates if not fate.kept)
    assert (table["who looks"][0], table["at what"][0]) == (f"t{first.query}", f"t{first.key}")
    assert len(table["at what"]) == 3


def test_a_planted_product_needs_one_term_and_loses_nothing() -> None:
    first, second = (torch.rand(n, n, dtype=torch.float64).softmax(-1) for n in (3, 5))
    full = rank.Full(torch.kron(first, second), (3, 5), tuple(map(str, range(15))))
    made = rank.approximate(full, 1)
    assert made.errors[0] < 1e-12
    assert (made.lost, made.negative) == (0, 0)
    np.testing.assert_allclose(made.row_sums, 1, rtol=0, atol=1e-12)


def test_attention_over_the_weather_token_by_token(series: Sample) -> None:
    day, temperature = 100, 1.5
    full = rank.series_attention(series, day, temperature)
    data = series.data.transpose("entity", "variable", "time").values.astype(float)
    scaled = np.empty_like(data)
    for variable in range(data.shape[1]):
        values = [v for v in data[:, variable].ravel() if not math.isnan(v)]
        mean = math.fsum(values) / len(values)
        spread = math.sqrt(math.fsum((v - mean) ** 2 for v in values) / len(values))
        scaled[:, variable] = (data[:, variable] - mean) / spread
    tokens = []
    for entity, block in itertools.product(range(3), range(8)):
        part = scaled[entity, :, 24 * day + 3 * block : 24 * day + 3 * block + 3]
        there = [[v for v in line if not math.isnan(v)] for line in part]
        tokens.append([math.fsum(line) / len(line) if line else 0.0 for line in there])
    logits = tuple(
        tuple(sum(a * b for a, b in zip(x, y, strict=True)) / (temperature * math.sqrt(6)) for y in tokens)
        for x in tokens
    )
    np.testing.assert_allclose(full.matrix.numpy(), softmax_by_hand(logits), rtol=0, atol=1e-12)
    assert full.sizes == (3, 8)
    assert full.names[0].startswith("EWR ")
    assert full.names[23].startswith("LGA ")


def test_a_day_with_gaps_counts_its_empty_tokens(series: Sample) -> None:
    holed = series.data.copy()
    holed[1, :, 48:51] = np.nan  # JFK, the first three hours of the third day
    made = Sample(holed, series.modes, series.geometry, series.source)
    assert rank.series_attention(made, 2, 1.0).filled == rank.series_attention(series, 2, 1.0).filled + 1


def test_the_page_offers_the_days_that_there_are(series: Sample) -> None:
    assert rank.days(series) == rank_part.DAYS


def test_what_the_rank_lesson_refuses(series: Sample) -> None:
    with pytest.raises(SelectionError, match=r"Day 364 is asked for; .* has 363 whole days"):
        rank.series_attention(series, 363, 1.0)
    with pytest.raises(SelectionError, match=r"temperature must be a number above 0, got 0.0"):
        rank.random_attention(0, 0.0)
    for terms in (0, 17):
        with pytest.raises(SelectionError, match=rf"{terms} terms are asked for; .* 1 to 16 of them"):
            rank.approximate(rank.random_attention(0, 1.0), terms)


def test_the_pictures_of_the_rank_share_their_scale() -> None:
    made = rank.approximate(rank.random_attention(0, 1.0), 4)
    names = [str(place) for place in range(20)]
    left, right = lesson_rank.panel(made.full, made, names), lesson_rank.panel(made.close, made, names)
    assert left.layout.coloraxis.cmax == right.layout.coloraxis.cmax == max(made.full.max(), made.close.max())
    apart = lesson_rank.difference(made, names)
    assert apart.layout.coloraxis.cmin == -apart.layout.coloraxis.cmax
    assert apart.layout.coloraxis.cmax == pytest.approx(np.abs(made.close - made.full).max())
    curve = lesson_rank.error_curve(made)
    np.testing.assert_array_equal(curve.data[1].y, made.errors)
    assert curve.data[1].marker.color[3] == "#F26A0F"


# ----------------------------------------------------------------------------------------------- large type


def test_large_type_enlarges_every_font_and_nothing_else() -> None:
    figure = lesson_blocks.growing(blocks.grow((1, 1), "sum", 9), (0, 0))
    larger = enlarged(figure)
    assert larger.layout.height == pytest.approx(LARGER * figure.layout.height)
    assert larger.layout.font.size == pytest.approx(LARGER * figure.layout.font.size)
    assert larger.layout.xaxis.tickfont.size == pytest.approx(LARGER * figure.layout.xaxis.tickfont.size)
    assert larger.layout.xaxis.title.font.size == pytest.approx(LARGER * figure.layout.xaxis.title.font.size)
    assert larger.layout.annotations[3].font.size == pytest.approx(LARGER * figure.layout.annotations[3].font.size)
    assert larger.data[0].textfont.size == pytest.approx(LARGER * figure.data[0].textfont.size)
    bar, old = larger.layout.coloraxis.colorbar, figure.layout.coloraxis.colorbar
    assert bar.tickfont.size == pytest.approx(LARGER * old.tickfont.size)
    assert larger.layout.margin.l == pytest.approx(LARGER * figure.layout.margin.l)
    np.testing.assert_array_equal(larger.data[0].z, figure.data[0].z)
    assert figure.layout.height == 470
