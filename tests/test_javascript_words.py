"""The browser says what Python says: numbers, positions, ticks and the sentence under the pointer, to the letter."""

from __future__ import annotations

import base64
import math
from dataclasses import replace

import numpy as np
import pytest

from hot_core.analysis.words import number, place, position_words, span_words
from hot_core.figures.axes import mode_title
from hot_core.figures.canvas import Coordinates, encode, grid_coordinates, mode_coordinates
from hot_core.kronecker import KroneckerMixture
from hot_core.modes import TokenGrid
from tests.javascript import run_module
from tests.makers_canvas import grids
from tests.oracles_ticks import flat_ticks
from tests.test_canvas_payload import PICTURE, parse, plain, random_map


def header_of(coordinates: Coordinates, uniform: float = 0.1) -> dict:
    """A header without its factors: what words and ticks are made from."""
    return {"map": {"sizes": list(coordinates.sizes)}, "uniform": uniform} | coordinates.header()


# --- numbers -------------------------------------------------------------------------------------


def awkward_numbers() -> list[float]:
    """Numbers of all sizes, ties, and the neighbours of powers of ten."""
    rng = np.random.default_rng(0)
    random = rng.choice([-1, 1], 8000) * 10 ** rng.uniform(-12, 15, 8000)
    ties = [sign * (10**k + n) / 8 for sign in (-1, 1) for k in range(8) for n in range(40)]
    wide_ties = [float(n) * 10**k for k in range(1, 12) for n in (1125, 1135, 12345, 1.5, 2.5)]
    powers = [10.0**k for k in range(-9, 13)]
    near = [math.nextafter(power, towards) for power in powers for towards in (0, math.inf)]
    return [0.0, -0.0, *random.tolist(), *rng.uniform(-2, 2, 2000).round(3).tolist(), *ties, *wide_ties, *powers, *near]


def test_numbers_are_written_as_python_writes_them() -> None:
    values = awkward_numbers()
    assert len(values) > 10_000
    code = """
      import { numberWords } from "@/numbers.js";
      answer(given.map((value) => [1, 2, 3, 4].map((digits) => numberWords(value, digits))));
    """
    for value, texts in zip(values, run_module(code, values), strict=True):
        assert texts == [number(value, digits) for digits in (1, 2, 3, 4)], repr(value)


def test_what_is_no_number_is_said_so() -> None:
    code = 'import { numberWords } from "@/numbers.js"; answer([NaN, Infinity, -Infinity].map((v) => numberWords(v)));'
    assert run_module(code) == [number(v) for v in (math.nan, math.inf, -math.inf)]


def test_coordinates_have_the_decimals_of_their_axis() -> None:
    values = [v for v in awkward_numbers() if abs(v) < 1e12] + [n / 2 for n in range(-99, 99)]
    resolutions = [28.5, 1.0, 0.5, 0.1, 0.0003]
    code = """
      import { placeWords } from "@/numbers.js";
      answer(given.map((value) => [0, 0, 1, 1, 4].map((decimals) => placeWords(value, decimals))));
    """
    for value, texts in zip(values, run_module(code, values), strict=True):
        assert texts == [place(value, resolution) for resolution in resolutions], repr(value)


# --- positions -----------------------------------------------------------------------------------


def positions_by_browser(headers: list[dict]) -> list[list[str]]:
    code = """
      import { positionWords } from "@/words.js";
      const total = ({ map }) => map.sizes.reduce((product, n) => product * n, 1);
      answer(given.map((header) => Array.from({ length: total(header) }, (_, flat) => positionWords(header, flat))));
    """
    return run_module(code, headers)


def positions_by_python(grid: TokenGrid, geometry: object) -> list[str]:
    return [position_words(grid, token, geometry) for token in np.ndindex(*grid.shape)]


def test_every_token_of_every_grid_is_said_alike() -> None:
    found = positions_by_browser([header_of(grid_coordinates(*given)) for given in grids().values()])
    for (name, given), words in zip(grids().items(), found, strict=True):
        assert words == positions_by_python(*given), name
    everything = {word for words in found for word in words}
    assert any("° W, " in w and "° N" in w for w in everything)
    assert any("° E, " in w and "° S" in w for w in everything)
    assert any("before the data begin" in word for word in everything)


def test_every_token_of_randomly_turned_volumes_is_said_alike() -> None:
    grid, geometry = grids()["volume, oblique"]
    rng = np.random.default_rng(0)
    placed = []
    for _ in range(40):
        affine = np.eye(4)
        affine[:3, :3] = np.linalg.qr(rng.normal(size=(3, 3)))[0] * rng.choice([0.7, 1.0, 1.5, 2.0], 3)
        affine[:3, 3] = rng.uniform(-200, 200, 3).round(1)
        placed.append(replace(geometry, affine=affine))
    found = positions_by_browser([header_of(grid_coordinates(grid, each)) for each in placed])
    for each, words in zip(placed, found, strict=True):
        assert words == positions_by_python(grid, each)


def test_every_token_of_a_mode_is_said_alike() -> None:
    axes = [axis for grid, _ in grids().values() for axis in grid.axes]
    for axis, words in zip(axes, positions_by_browser([header_of(mode_coordinates(a)) for a in axes]), strict=True):
        assert words == [span_words(axis, token) for token in range(len(axis))]


# --- the sentence under the pointer --------------------------------------------------------------


def times_twin(ratio: float) -> str:
    return "= uniform" if abs(ratio - 1) < 0.01 else f"{number(ratio, 2 if ratio < 100 else 3)}× uniform"


def readout_twin(words: list[str], rows: list[int], cols: list[int], weight: float, uniform: float) -> str:
    value = f"{number(weight)}, {times_twin(weight / uniform)}" if uniform else number(weight)
    height, width = rows[1] - rows[0], cols[1] - cols[0]
    start, end = words[rows[0]], words[cols[0]]
    if height * width == 1:
        return f"{start} → {end}: {value}"
    start, end = start + (" on" if height > 1 else ""), end + (" on" if width > 1 else "")
    return f"mean of {height:,} × {width:,} entries from {start}, to {end}: {value}"


def test_the_sentence_says_both_ends_the_weight_and_how_often_uniform() -> None:
    grid, geometry = grids()["raster, north-up"]
    header, words = header_of(grid_coordinates(grid, geometry), uniform=1 / 400), positions_by_python(grid, geometry)
    spans = [(0, 1), (7, 8), (399, 400), (5, 12), (0, 400)]
    weights = [0.0, 1e-9, 0.0024751, 0.0024749, 0.00252501, 0.0025, 0.031, 0.26, 0.2499, 1.0]
    cases = [(list(rows), list(cols), weight) for rows in spans for cols in spans for weight in weights]
    code = """
      import { readoutWords } from "@/words.js";
      const [header, cases] = given;
      answer(cases.map(([rows, cols, weight]) => readoutWords(header, rows, cols, weight)));
    """
    found = run_module(code, [header, cases])
    assert found == [readout_twin(words, *case, 1 / 400) for case in cases]
    assert found[cases.index(([7, 8], [399, 400], 0.031))] == f"{words[7]} → {words[399]}: 0.031, 12× uniform"
    (pooled,) = run_module(code, [header | {"uniform": 0}, [([5, 12], [7, 8], 0.5)]])
    assert pooled == f"mean of 7 × 1 entries from {words[5]} on, to {words[7]}: 0.5"
    lost = run_module(code, [header | {"missing": [[5, 8], [20, 21]]}, cases])
    gone = [cols == [7, 8] and rows[1] - rows[0] == 1 for rows, cols, _ in cases]
    assert lost == [said + ", no data there" * none for said, none in zip(found, gone, strict=True)]
    (large,) = run_module(code, [header, [([0, 12_345], [7, 8], 0.5)]])
    assert large.startswith("mean of 12,345 × 1 entries")


def test_a_ratio_alone_is_a_number() -> None:
    code = 'import { ratioWords } from "@/words.js"; answer(given.map((ratio) => ratioWords(ratio)));'
    ratios = [0.0, 0.5, 0.98, 0.992, 1.0, 1.009, 1.04, 1.25, 3.21, 99.4, 123.4]
    assert run_module(code, ratios) == ["0×", "0.5×", "0.98×", "1×", "1×", "1×", "1×", "1.2×", "3.2×", "99×", "123×"]


# --- ticks and block lines -----------------------------------------------------------------------


def test_ticks_are_those_of_the_other_figures() -> None:
    rng, cases, headers = np.random.default_rng(0), [], []
    for number_of, (grid, geometry) in enumerate(grids().values()):
        headers.append(header_of(grid_coordinates(grid, geometry)))
        total = math.prod(grid.shape)
        spans = np.sort(rng.integers(0, total + 1, (60, 2)), axis=1).tolist()
        starts = rng.integers(0, total - 9, 30)
        spans += [[0, total], *([int(s), int(s + n)] for s, n in zip(starts, rng.integers(1, 9, 30), strict=True))]
        cases += [[number_of, [a, b], int(rng.integers(1, 12))] for a, b in spans if a < b]
    code = """
      import { axisTicks } from "@/ticks.js";
      const [headers, cases] = given;
      answer(cases.map(([at, range, most]) => axisTicks(range, headers[at], most)));
    """
    every, said = list(grids().values()), 0
    for (at, span, most), ticks in zip(cases, run_module(code, [headers, cases]), strict=True):
        grid = every[at][0]
        twin = flat_ticks((span[0], span[1]), grid, most)
        assert (ticks["places"], ticks["words"]) == (twin.places, twin.words)
        for axis in grid.axes:  # the map of positions has no axis of rows, so only here their order must be said
            if axis.mode.name == "row" and axis.mode.coords[0] < axis.mode.coords[-1] and not axis.mode.rotated:
                title = mode_title(axis.mode)
                assert ticks["title"].count(", south first") == int(title in twin.title)
                ticks["title"] = ticks["title"].replace(f"{title}, south first", title)
        assert ticks["title"] == twin.title
        said += twin.title.startswith(grid.axes[0].mode.name + " ") and "(" not in twin.title.split(" · ")[0]
    assert said > 100  # many of them have a first coordinate in common, which the title says


def lines_twin(span: list[int], sizes: list[int], pixels: int, apart: float) -> list[dict]:
    """Every position asked in turn: which is the outermost block that begins there, and is there room for its lines?"""
    found = []
    for at in range(span[0] + 1, span[1]):
        for depth in range(1, len(sizes)):
            block = math.prod(sizes[depth:])
            if at % block == 0 and block * pixels / (span[1] - span[0]) >= apart:
                found.append({"at": at, "depth": depth})
                break
    return found


def test_block_lines_stand_at_the_boundaries_that_have_room() -> None:
    rng, cases = np.random.default_rng(0), []
    for sizes in ([3, 6, 24], [7, 5, 3, 2], [11], [1, 13, 5], [13, 1, 5], [5, 3, 1]):
        spans = [*np.sort(rng.integers(0, math.prod(sizes) + 1, (40, 2)), axis=1).tolist(), [0, math.prod(sizes)]]
        cases += [[s, sizes, int(rng.integers(10, 600)), int(rng.integers(2, 30))] for s in spans if s[0] < s[1]]
    code = 'import { blockLines } from "@/ticks.js"; answer(given.map((each) => blockLines(...each)));'
    found = run_module(code, cases)
    assert found == [lines_twin(*case) for case in cases]
    assert {line["depth"] for lines in found for line in lines} == {1, 2, 3}
    usual, exact = run_module(code, [[[0, 432], [3, 6, 24], 107], [[0, 432], [3, 6, 24], 108]])
    assert len(exact) == 17 > len(usual)  # at 108 pixels the lines stand just 6 apart
    assert usual == lines_twin([0, 432], [3, 6, 24], 107, 6) != lines_twin([0, 432], [3, 6, 24], 107, 5)


# --- the payload ---------------------------------------------------------------------------------

DECODE = """
  import { decode } from "@/payload.js";
  const bytes = Uint8Array.from(atob(given.bytes), (letter) => letter.charCodeAt(0));
  const moved = new Uint8Array(bytes.length + 8);
  moved.set(bytes, given.moved);
  const view = given.moved === null ? bytes.slice().buffer : moved.subarray(given.moved, given.moved + bytes.length);
  try { answer(decode(view)); } catch (error) { answer(`${error.name}: ${error.message}`); }
"""


def decoded(content: bytes, moved: int | None = 0) -> dict | str:
    return run_module(DECODE, {"bytes": base64.b64encode(content).decode(), "moved": moved})


@pytest.mark.parametrize("moved", [None, 0, 1, 4, 7])
def test_a_payload_is_read_back_wherever_it_lies(moved: int | None) -> None:
    mixture = KroneckerMixture(tuple(random_map((5, 7, 3), seed) for seed in range(2)), (0.7, 0.3))
    content = encode(mixture, plain((5, 7, 3)), PICTURE)
    header, heads = parse(content)
    found = decoded(content, moved)
    assert found["header"] == header
    assert {name: found["map"][name] for name in ("sizes", "combine", "scale", "weights")} == {
        "sizes": [5, 7, 3], "combine": "product", "scale": 1, "weights": [0.7, 0.3],
    }  # fmt: skip
    assert found["map"]["heads"] == [[factor.ravel().tolist() for factor in factors] for factors in heads]


def test_a_damaged_payload_is_refused_in_a_sentence() -> None:
    content = encode(random_map((5, 7), 1), plain((5, 7)), PICTURE)
    assert decoded(content[:4]) == "RangeError: decode: 4 bytes are no map."
    assert decoded(content[:20]).endswith("in 20 bytes. The message was cut short.")
    assert decoded(content[:-4]) == "RangeError: decode: 74 numbers are announced, 73 came."
    assert decoded(content + b"\0" * 8) == "RangeError: decode: 74 numbers are announced, 76 came."
    newer = content.replace(b'"version":1', b'"version":2')
    assert decoded(newer) == "RangeError: decode: payload version 2; this page reads version 1. Reload the page."
