"""The browser's arithmetic of a Kronecker map equals Python's, at every zoom."""

import math

import numpy as np
import pytest
import torch

from hot_core.analysis.reading import strongest
from hot_core.kronecker import KroneckerMap, KroneckerMixture
from hot_core.kronecker.cuts import pixel_edges
from tests import oracles
from tests.javascript import run_module

LINE = ((7,), (3, 5), (5, 3, 7), (2, 3, 1, 5), (2, 3, 2, 3, 2), (1,), (1, 1), (101,), (2, 53), (53, 2), (11, 1, 13))
RULES = ("product", "sum")

# The same weights in both languages, with nothing to send: a hash of the index gives 20 bits and a power of 2.
MAPS = """
const factorOf = (size, seed, spread) => Float32Array.from({ length: size * size }, (_, at) => {
  let hash = Math.imul(at + 1, 2654435761) ^ Math.imul(seed + 1, 974711);
  hash = Math.imul(hash ^ (hash >>> 15), 739982445);
  hash = (hash ^ (hash >>> 12)) >>> 0;
  return (1 + (hash >>> 12) / 2 ** 20) * 2 ** -(hash % (spread + 1));
});
const mapOf = ({ sizes, combine, scale, weights, seed, spread }) => ({
  sizes, combine, scale, weights,
  heads: weights.map((_, head) => sizes.map((size, mode) => factorOf(size, seed + 100 * head + mode, spread))),
});
"""


def factor(size, seed, spread):
    with np.errstate(over="ignore"):
        at = np.arange(1, size * size + 1, dtype=np.uint32)
        value = (at * np.uint32(2654435761)) ^ (np.uint32(seed + 1) * np.uint32(974711))
        value = (value ^ (value >> np.uint32(15))) * np.uint32(739982445)
        value ^= value >> np.uint32(12)
    weights = (1 + (value >> np.uint32(12)) / 2**20) * 2.0 ** -(value % np.uint32(spread + 1)).astype(float)
    return torch.from_numpy(weights.astype(np.float32).reshape(size, size))


def recipe(sizes, combine="product", weights=(1.0,), seed=0, spread=40, scale=1.0):
    """What both languages make the same map from."""
    given = {"sizes": list(sizes), "combine": combine, "scale": scale, "weights": list(weights)}
    return {**given, "seed": seed, "spread": spread}


def heads_of(made):
    heads = range(len(made["weights"]))
    return [[factor(n, made["seed"] + 100 * h + i, made["spread"]) for i, n in enumerate(made["sizes"])] for h in heads]


def map_of(made):
    """The map of a recipe; `scale` is that of a normalised sum, or 1."""
    maps = tuple(KroneckerMap(tuple(fs), made["combine"], made["scale"] != 1) for fs in heads_of(made))
    return KroneckerMixture(maps, tuple(made["weights"]))


def dense_of(made):
    """The explicit matrix, in float64."""
    parts = [oracles.kron_of([f.double() for f in fs], made["combine"]) for fs in heads_of(made)]
    return made["scale"] * sum(w * part for w, part in zip(made["weights"], parts, strict=True))


def in_browser(names, call, given):
    """`call` for each given case, with its `map` made from the recipe."""
    imports = f'import {{ {names} }} from "@/kronecker.js";'
    return run_module(
        f"{imports}{MAPS}answer(given.map(({{ made, ...rest }}) => {{\n"
        f"  const map = made && mapOf(made);\n  const {{ a, b, c, d }} = rest;\n  return {call};\n}}));",
        given,
    )


def views(cases):
    """Pictures of (recipe, rows, cols, height, width)."""
    given = [{"made": made, "a": list(r), "b": list(c), "c": h, "d": w} for made, r, c, h, w in cases]
    answers = in_browser("blockMeans", "blockMeans(map, a, b, c, d)", given)
    return [np.array(answer).reshape(case[3], case[4]) for answer, case in zip(answers, cases, strict=True)]


def drawn(random, total):
    """A random rectangle and the size of its picture; at times one pixel high or wide, or wider than the map."""
    rows, cols = (tuple(sorted(random.choice(total + 1, 2, replace=False).tolist())) for _ in range(2))
    height, width = (int(random.choice([1, 2, 5, 23, 61, 127])) for _ in range(2))
    return rows, cols, height, width


def random_cases(count):
    random = np.random.default_rng(11)
    for sizes in LINE:
        for combine in RULES:
            for turn in range(count):
                heads = ((1.0,), (0.5, 0.2, 0.3), (0.0, 0.7))[turn % 3]
                scale = 1 / len(sizes) if combine == "sum" and turn % 2 else 1.0
                made = recipe(sizes, combine, heads, seed=turn, spread=int(random.choice([0, 9, 40])), scale=scale)
                yield (made, *drawn(random, math.prod(sizes)))


def test_the_factors_are_the_same_in_both_languages():
    made = recipe((3, 5), weights=(1.0, 2.0), seed=4)
    (answer,) = in_browser("tokens", "[tokens(map), map.heads]", [{"made": made}])
    assert answer == [15, [[f.flatten().tolist() for f in fs] for fs in heads_of(made)]]


def test_pictures_are_those_of_python_and_of_the_explicit_matrix():
    cases = list(random_cases(6))  # every choice of heads with every scale
    for (made, *picture), got in zip(cases, views(cases), strict=True):
        np.testing.assert_allclose(got, map_of(made).view(*picture).numpy(), rtol=1e-12, err_msg=str((made, picture)))
        np.testing.assert_allclose(got, oracles.view(dense_of(made), *picture).numpy(), rtol=1e-12)


ZOOMS = [
    ((101, 97, 103), (0, 1_009_091), (0, 1_009_091)),
    ((101, 97, 103), (400_003, 451_003), (17, 51_020)),
    ((101, 97, 103), (9_990, 10_410), (9_800, 10_500)),
    ((101, 97, 103), (505_000, 505_003), (0, 1_009_091)),
    ((397, 401), (0, 159_197), (0, 159_197)),
    ((397, 401), (30_000, 89_999), (10_001, 36_111)),
    ((7, 11, 13, 5, 17), (0, 85_085), (3, 85_000)),
    ((1511,), (0, 1511), (11, 1500)),
    ((1201, 3), (0, 3603), (0, 3603)),
    ((3, 1201), (0, 3603), (5, 3601)),
    ((3, 1201), (1196, 1207), (1201, 1202)),
    ((5, 1201), (7, 6001), (1190, 3700)),
]


def test_every_zoom_of_large_maps_is_that_of_python():
    """Factors with weights from 1 down to 1e-12 beside it; pictures of uneven sizes, and profiles."""
    shapes = ((61, 53), (1, 127), (131, 1), (509, 7))
    cases = [
        (recipe(sizes, combine, seed=3), rows, cols, *shape)
        for sizes, rows, cols in ZOOMS
        for combine in RULES
        for shape in shapes
    ]
    maps = {}
    for (made, *picture), got in zip(cases, views(cases), strict=True):
        kmap = maps.get(str(made)) or maps.setdefault(str(made), map_of(made))
        np.testing.assert_allclose(got, kmap.view(*picture).numpy(), rtol=1e-12, err_msg=str((made, picture)))


def test_maps_of_nearly_2_to_the_53_positions_keep_every_digit():
    sizes = (3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43)
    total = math.prod(sizes)
    assert 2**52 < total < 2**53
    ranges = [(0, total), (total - 40, total), (total // 3, total // 3 + 10**12), (total - 10**7, total - 3)]
    cases = [
        (recipe(sizes, combine, spread=3), rows, cols, 31, 37)
        for rows in ranges
        for cols in ranges
        for combine in RULES
    ]
    for (made, *picture), got in zip(cases, views(cases), strict=True):
        expected = map_of(made).view(*picture).numpy()
        np.testing.assert_allclose(got, expected, rtol=1e-12, err_msg=str((made["combine"], picture)))


def test_blocks_of_tiny_weights_beside_large_ones_keep_their_digits():
    """Each block added up exactly; the largest weights stand in the first column of each factor."""
    sizes = (5, 11, 7)
    peaked = [(1e-12 * factor(n, 9 + n, 3)).numpy().astype(np.float32) for n in sizes]
    for matrix in peaked:
        matrix[:, 0] = 1
    code = """import { blockMeans } from "@/kronecker.js";
    const { sizes, factors } = given;
    const heads = [factors.map((values) => Float32Array.from(values))];
    const map = { sizes, combine: "product", scale: 1, weights: [1], heads };
    answer(blockMeans(map, [3, 380], [0, 384], 17, 23));"""
    given = {"sizes": sizes, "factors": [matrix.ravel().astype(float).tolist() for matrix in peaked]}
    got = np.array(run_module(code, given)).reshape(17, 23)
    dense = oracles.kron_of([torch.from_numpy(matrix).double() for matrix in peaked], "product").numpy()
    assert got.min() < 1e-20 * got.max()
    for (i, j), value in np.ndenumerate(got):
        rows, cols = oracles.pixel_span((3, 380), 17, i), oracles.pixel_span((0, 384), 23, j)
        entries = dense[slice(*rows), slice(*cols)]
        assert value == pytest.approx(math.fsum(entries.ravel()) / entries.size, rel=1e-13, abs=0)


def test_entries_and_lines_are_those_of_python():
    made = [recipe(s, c, (0.7, 0.3), spread=9, scale=1 / len(s) if c == "sum" else 1) for s in LINE for c in RULES]
    random = np.random.default_rng(5)
    places = [random.integers(0, math.prod(m["sizes"]), 2).tolist() for m in made]
    places[1::4] = [[query, query] for query, _ in places[1::4]]  # a sum has weight on the diagonal, too
    given = [{"made": m, "a": q, "b": k} for m, (q, k) in zip(made, places, strict=True)]
    call = "[entryOf(map, a, b), lineOf(map, a, 'row'), lineOf(map, b, 'column'), entryOf(map, a, a)]"
    for case, answer in zip(given, in_browser("entryOf, lineOf", call, given), strict=True):
        dense, query, key = dense_of(case["made"]).numpy(), case["a"], case["b"]
        wanted = (dense[query, key], dense[query], dense[:, key], dense[query, query])
        for got, expected in zip(answer, wanted, strict=True):
            np.testing.assert_allclose(got, expected, rtol=1e-14, atol=0, err_msg=str(case))


@pytest.mark.parametrize("combine", RULES)
@pytest.mark.parametrize(("spread", "count"), [(40, 9), (2, 105), (2, 4), (0, 200)])
def test_the_strongest_of_a_line_come_in_order(combine, spread, count):
    made = [recipe((5, 3, 7), combine, weights, seed, spread) for weights in ((1.0,), (0.5, 0.25)) for seed in range(4)]
    given = [{"made": m, "a": 17 + m["seed"], "b": count} for m in made]
    call = "['row', 'column'].map((direction) => topOfLine(map, a, direction, b))"
    for case, answers in zip(given, in_browser("topOfLine", call, given), strict=True):
        dense, place = dense_of(case["made"]), case["a"]
        for own, other, line, answer in (
            ("query", "key", dense[place], answers[0]),
            ("key", "query", dense[:, place], answers[1]),
        ):
            assert [entry[own] for entry in answer] == [place] * min(count, 105)
            weights = [entry["weight"] for entry in answer]
            assert weights == sorted(weights, reverse=True)
            assert len({entry[other] for entry in answer}) == len(answer)
            np.testing.assert_allclose(weights, line[[entry[other] for entry in answer]], rtol=1e-14, atol=0)
            np.testing.assert_allclose(weights, line.sort(descending=True).values[:count], rtol=1e-14, atol=0)


def test_the_strongest_of_a_long_line_are_found_wherever_they_stand():
    """More weights than are kept at once, all different; a count of 1 up to nearly all."""
    made = [recipe((7, 3, 11, 13), "product", seed=seed) for seed in range(3)]
    given = [{"made": m, "a": 40 + 977 * m["seed"], "b": count} for m in made for count in (1, 9, 200, 3000)]
    call = "topOfLine(map, a, 'row', b).map(({ key }) => key)"
    for case, keys in zip(given, in_browser("topOfLine", call, given), strict=True):
        line = dense_of(case["made"])[case["a"]]
        assert line[keys].tolist() == pytest.approx(line.sort(descending=True).values[: case["b"]].tolist(), rel=1e-14)


@pytest.mark.parametrize("combine", RULES)
@pytest.mark.parametrize("count", [1, 4, 30, 3003])
def test_equal_weights_come_by_the_lower_partner(combine, count):
    """Weights 0, 1/4 and 1/2: their products and sums are exact, and so is the order."""
    sizes = (7, 3, 11, 13)
    random = np.random.default_rng(2)
    factors = [torch.from_numpy(random.integers(0, 3, (n, n)) / 4.0) for n in sizes]
    code = """import { topOfLine } from "@/kronecker.js";
    const { sizes, combine, factors, count } = given;
    const map = { sizes, combine, scale: 1, weights: [1], heads: [factors.map((f) => Float32Array.from(f))] };
    answer(topOfLine(map, 1002, "row", count).map(({ key, weight }) => [-weight, key]));"""
    given = {"sizes": sizes, "combine": combine, "count": count, "factors": [f.flatten().tolist() for f in factors]}
    row = oracles.kron_of([f.double() for f in factors], combine)[1002].tolist()
    expected = sorted((-weight, key) for key, weight in enumerate(row))[:count]
    assert [tuple(entry) for entry in run_module(code, given)] == expected


def test_what_is_no_number_is_not_among_the_strongest():
    code = """import { topOfLine } from "@/kronecker.js";
    const heads = [[Float32Array.from([0.25, NaN, 0.5, 1, 2, 3, 4, 5, 6])]];
    const map = { sizes: [3], combine: "product", scale: 1, weights: [1], heads };
    answer(topOfLine(map, 0, "row", 3).map(({ key, weight }) => [key, weight]));"""
    assert run_module(code) == [[2, 0.5], [0, 0.25]]


def test_the_strongest_of_a_sum_are_found_in_a_map_of_any_size():
    sizes = (1009, 3, 997, 1013)
    total, place = math.prod(sizes), 2_000_000_011
    made = recipe(sizes, "sum", spread=30)
    (answer,) = in_browser("topOfLine", "topOfLine(map, a, 'row', b)", [{"made": made, "a": place, "b": 4000}])
    digits = [int(digit) for digit in np.unravel_index(place, sizes)]
    line = {}
    for mode, matrix in enumerate(heads_of(made)[0]):
        stride = math.prod(sizes[mode + 1 :])
        for digit in range(sizes[mode]):
            at = place + (digit - digits[mode]) * stride
            line[at] = line.get(at, 0.0) + float(matrix[digits[mode], digit])
    expected = sorted((-weight, at) for at, weight in line.items())
    assert len(expected) == sum(sizes) - 3
    assert total > 3 * 10**9
    np.testing.assert_allclose([e["weight"] for e in answer[: len(line)]], [-w for w, _ in expected], rtol=1e-14)
    assert [entry["key"] for entry in answer[: len(line)]] == [at for _, at in expected]
    zeros = [at for at in range(4000) if at not in line][: 4000 - len(line)]
    assert [(entry["key"], entry["weight"]) for entry in answer[len(line) :]] == [(at, 0) for at in zeros]


MASKED = [
    ((3, 5, 7), "product", (0.7, 0.3), [(0, 1), (30, 63), (90, 105)]),
    ((3, 5, 7), "sum", (1.0,), [(14, 21), (44, 45), (50, 58)]),
    ((5, 7), "sum", (0.7, 0.3), [(0, 9), (11, 35)]),
    ((11,), "product", (1.0,), [(2, 5), (10, 11)]),
    ((5, 7), "product", (1.0,), [(0, 35)]),
]


@pytest.mark.parametrize("direction", ["row", "column"])
@pytest.mark.parametrize(("sizes", "rule", "weights", "missing"), MASKED)
def test_the_strongest_entries_lie_where_there_are_data(sizes, rule, weights, missing, direction):
    """The browser passes over the same positions as `strongest`, and over each of them further down too."""
    made, total = recipe(sizes, rule, weights, seed=7, spread=3), math.prod(sizes)
    valid = np.ones(total, dtype=bool)
    for start, stop in missing:
        valid[start:stop] = False
    code = f"""import {{ topOfLine }} from "@/kronecker.js"; import {{ isMissing }} from "@/missing.js";{MAPS}
    const [made, header, total, direction] = given;
    const skip = (flat) => isMissing(header, flat);
    const tops = Array.from({{ length: total }}, (_, at) => topOfLine(mapOf(made), at, direction, total, skip));
    answer([Array.from({{ length: total }}, (_, at) => skip(at)), tops]);"""
    skipped, tops = run_module(code, [made, {"missing": missing}, total, direction])
    assert skipped == (~valid).tolist()
    dense, kmap = dense_of(made), map_of(made)
    for at, entries in enumerate(tops):
        assert all((each["query"], each["key"])[direction == "column"] == at for each in entries)
        partners = [each["key" if direction == "row" else "query"] for each in entries]
        assert sorted(partners) == np.flatnonzero(valid).tolist()
        line = dense[at] if direction == "row" else dense[:, at]
        np.testing.assert_allclose([each["weight"] for each in entries], np.sort(line[valid])[::-1], rtol=1e-12)
        if not valid.any():
            continue
        token = tuple(int(digit) for digit in np.unravel_index(at, sizes))
        found = strongest(kmap, token, direction, valid.reshape(sizes))
        assert partners[0] == np.ravel_multi_index(found.token, sizes)
        assert entries[0]["weight"] == pytest.approx(found.weight, rel=1e-6)  # which multiplies in float32


def test_without_a_list_all_positions_have_data():
    code = 'import { isMissing } from "@/missing.js"; answer([{}, { missing: [] }].map((h) => isMissing(h, 3)));'
    assert run_module(code) == [False, False]


def test_positions_are_the_digits_of_flat_indices():
    cases = [(sizes, flat) for sizes in LINE for flat in {0, math.prod(sizes) - 1, math.prod(sizes) // 2}]
    cases += [
        ((3, 2**25, 2**26), 2**52 + 12345),
        ((2**26, 1, 2**27), 2**53 - 1),
        ((94906249, 94906247), 94906249 * 94906247 - 1),
    ]
    given = [{"a": sizes, "b": flat} for sizes, flat in cases]
    answers = in_browser("positionOf", "positionOf(b, a)", given)
    for (sizes, flat), position in zip(cases, answers, strict=True):
        assert position == [int(digit) for digit in np.unravel_index(flat, sizes)]


def test_pixels_begin_where_python_says():
    random = np.random.default_rng(8)
    cases = [(0, 7, 3), (2, 3, 1), (5, 11, 40), (0, 1, 9), (0, 2**53, 997), (2**53 - 10, 2**53, 7), (1, 2**53, 65537)]
    for total in (10, 1000, 10**9, 2**53):
        for _ in range(25):
            start = int(random.integers(0, total))
            cases.append((start, int(random.integers(start + 1, total + 1)), int(random.integers(1, 700))))
    given = [{"a": start, "b": stop, "c": pixels} for start, stop, pixels in cases]
    for (start, stop, pixels), answer in zip(
        cases, in_browser("pixelEdges", "pixelEdges(a, b, c)", given), strict=True
    ):
        first, last = pixel_edges((start, stop), pixels, 2**53, "rows")
        assert answer == {"first": first.tolist(), "last": last.tolist()}


PIXELS = "must be a whole number from 1 to 16777215"
LONG = "A line of 10000000000 weights is not written out; ask blockMeans for a picture of it."
REFUSED = [
    ("blockMeans(map, [3, 3], [0, 5], 2, 2)", "The rows 3 … 3 must be a range of whole numbers within 0 … 15."),
    ("blockMeans(map, [0, 5], [-1, 5], 2, 2)", "The columns -1 … 5 must be a range of whole numbers within 0 … 15."),
    ("blockMeans(map, [0, 16], [0, 5], 2, 2)", "The rows 0 … 16 must be a range of whole numbers within 0 … 15."),
    ("blockMeans(map, [0.5, 3], [0, 5], 2, 2)", "The rows 0.5 … 3 must be a range of whole numbers within 0 … 15."),
    ("blockMeans(map, [0, 3], [0, NaN], 2, 2)", "The columns 0 … NaN must be a range of whole numbers within 0 … 15."),
    ("blockMeans(map, [0, 3], [0, 5], 0, 2)", f"The pixels along the rows {PIXELS}, got 0."),
    ("blockMeans(map, [0, 3], [0, 5], 2, 1.5)", f"The pixels along the columns {PIXELS}, got 1.5."),
    ("entryOf(map, 15, 0)", "A flat position must be a whole number from 0 to 14, got 15."),
    ("entryOf(map, 0, -1)", "A flat position must be a whole number from 0 to 14, got -1."),
    ("lineOf(map, 15, 'row')", "A flat position must be a whole number from 0 to 14, got 15."),
    ("lineOf({ ...map, sizes: [1e5, 1e5] }, 0, 'row')", LONG),
    ("topOfLine(map, 0, 'row', 0)", f"The count {PIXELS}, got 0."),
    ("topOfLine(map, 15, 'column', 2)", "A flat position must be a whole number from 0 to 14, got 15."),
    ("positionOf(15, [3, 5])", "A flat position must be a whole number from 0 to 14, got 15."),
]  # fmt: skip


def test_what_is_not_there_is_refused_with_a_sentence():
    tries = ", ".join(f"() => {call}" for call, _ in REFUSED)
    code = f"""import {{ blockMeans, entryOf, lineOf, positionOf, topOfLine }} from "@/kronecker.js";{MAPS}
    const map = mapOf(given);
    answer([{tries}].map((attempt) => {{
      try {{ return attempt(); }} catch (error) {{ return [error.name, error.message]; }}
    }}));"""
    assert run_module(code, recipe((3, 5))) == [["RangeError", sentence] for _, sentence in REFUSED]


def test_several_heads_without_weight_give_an_empty_picture():
    made = recipe((3, 5), weights=(0.0, 0.0))
    (picture,) = views([(made, (0, 15), (2, 9), 4, 6)])
    assert not picture.any()


def test_a_failing_module_says_why():
    with pytest.raises(AssertionError, match="no such weight"):
        run_module('throw new Error("no such weight");')
    with pytest.raises(AssertionError, match="answered nothing"):
        run_module("const nothing = 1;")
    assert run_module("answer([new Float64Array([0.5, NaN]), -1 / 0, given])", {"a": [1]}) == [
        [0.5, "NaN"],
        "-Infinity",
        {"a": [1]},
    ]
