"""The bytes that the browser draws a map from: what they hold, byte by byte, and what is refused."""

from __future__ import annotations

import itertools
import json
import struct
from dataclasses import fields, replace

import numpy as np
import pytest
import torch

from hot_core.analysis.words import span_words
from hot_core.errors import SelectionError, ShapeError
from hot_core.figures.axes import mode_title, token_word
from hot_core.figures.canvas import Coordinates, Picture, encode, grid_coordinates, mode_coordinates, runs
from hot_core.figures.canvas.coordinates import ModeWords
from hot_core.kronecker import KroneckerMap, KroneckerMixture
from hot_core.modes import Mode, TokenAxis, TokenGrid
from tests.makers_canvas import BUNDLED, bundled, grids

PICTURE = Picture(
    title="Layer 2, head 3", formula="a ⊗ b", about="One head.", uniform=1 / 35, scale="log", limit=0.5,
    limit_words="all heads", top=[(3, 34, 0.25)], query=3, key=34, direction="column",
    picks="key", identity="one", small=True, missing=[(5, 7), (11, 12)],
)  # fmt: skip


def plain(sizes: tuple[int, ...]) -> Coordinates:
    modes = tuple(ModeWords(f"m{i}", f"m{i} (−)", tuple(map(str, range(n))), "") for i, n in enumerate(sizes))
    return Coordinates(modes, (), ())


def random_map(sizes: tuple[int, ...], seed: int, combine: str = "product", normalize: bool = False) -> KroneckerMap:
    generator = torch.Generator().manual_seed(seed)
    factors = (torch.rand(n, n, generator=generator, dtype=torch.float64).softmax(-1) for n in sizes)
    return KroneckerMap(tuple(factors), combine, normalize)


def parse(content: bytes) -> tuple[dict, list[list[np.ndarray]]]:
    """The payload, number by number as its description says."""
    (length,) = struct.unpack_from("<I", content)
    header = json.loads(content[4 : 4 + length].decode("utf-8"))
    assert (4 + length) % 8 == 0
    at, heads = 4 + length, []
    for _ in range(header["map"]["heads"]):
        factors = []
        for n in header["map"]["sizes"]:
            numbers = [struct.unpack_from("<f", content, at + 4 * i)[0] for i in range(n * n)]
            factors.append(np.array(numbers, dtype=np.float32).reshape(n, n))
            at += 4 * n * n
        heads.append(factors)
    assert at == len(content)
    return header, heads


@pytest.mark.parametrize("title", ["L", "La", "Lay", "Laye", "Layer", "Layer ", "Layer ⊗", "Layer 2, head 3"])
def test_a_head_is_sent_factor_after_factor_wherever_the_header_ends(title: str) -> None:
    kmap = random_map((5, 7), 1)
    header, heads = parse(encode(kmap, plain((5, 7)), replace(PICTURE, title=title)))
    assert (header["version"], header["title"]) == (1, title)
    assert header["map"] == {"sizes": [5, 7], "heads": 1, "weights": [1.0], "combine": "product", "scale": 1.0}
    for sent, factor in zip(heads[0], kmap.factors, strict=True):
        np.testing.assert_array_equal(sent, factor.float().numpy())


def test_the_picture_is_in_the_header_as_plain_values() -> None:
    header, _ = parse(encode(random_map((5, 7), 1), plain((5, 7)), PICTURE))
    given = {field.name: getattr(PICTURE, field.name) for field in fields(Picture)}
    assert {name: header[name] for name in given} == given | {"top": [[3, 34, 0.25]], "missing": [[5, 7], [11, 12]]}
    bare, _ = parse(encode(random_map((5, 7), 1), plain((5, 7)), Picture("t", "f", "a", uniform=0.1)))
    assert [bare[name] for name in ("limit", "top", "query", "key", "small")] == [None, None, None, None, False]
    assert bare["missing"] == []


def test_heads_are_sent_with_their_weights() -> None:
    maps = [random_map((5, 7, 3), seed) for seed in range(3)]
    mixture = KroneckerMixture(tuple(maps), (0.5, 0.3, 0.2))
    header, heads = parse(encode(mixture, plain((5, 7, 3)), PICTURE))
    assert (header["map"]["heads"], header["map"]["weights"]) == (3, [0.5, 0.3, 0.2])
    dense = sum(
        weight * np.kron(np.kron(*factors[:2]), factors[2])
        for weight, factors in zip(header["map"]["weights"], heads, strict=True)
    )
    np.testing.assert_allclose(dense, mixture.dense().numpy(), rtol=1e-6)


@pytest.mark.parametrize("normalize", [False, True])
def test_a_sum_says_what_it_is_divided_by(normalize: bool) -> None:
    kmap = random_map((5, 7), 1, "sum", normalize)
    header, ((a, b),) = parse(encode(kmap, plain((5, 7)), PICTURE))
    assert header["map"]["combine"] == "sum"
    dense = header["map"]["scale"] * (np.kron(a, np.eye(7)) + np.kron(np.eye(5), b))
    np.testing.assert_allclose(dense, kmap.dense().numpy(), rtol=1e-6)


def test_a_mixture_of_sums_is_sent_as_the_sum_that_it_is() -> None:
    mixture = KroneckerMixture(tuple(random_map((5, 7), seed, "sum", True) for seed in range(3)), (0.5, 0.3, 0.2))
    header, ((a, b),) = parse(encode(mixture, plain((5, 7)), PICTURE))
    assert (header["map"]["heads"], header["map"]["weights"]) == (1, [1.0])
    dense = header["map"]["scale"] * (np.kron(a, np.eye(7)) + np.kron(np.eye(5), b))
    np.testing.assert_allclose(dense, mixture.dense().numpy(), rtol=1e-6)


def test_a_factor_that_is_a_view_is_sent_row_by_row() -> None:
    factor = torch.arange(25.0).reshape(5, 5).T.requires_grad_()
    _, ((sent,),) = parse(encode(KroneckerMap((factor,)), plain((5,)), Picture("t", "f", "a", uniform=0.2)))
    np.testing.assert_array_equal(sent, factor.detach().numpy())


def test_coordinates_of_another_grid_are_refused() -> None:
    with pytest.raises(ShapeError, match=r"map has sizes \(5, 7\), its coordinates \(7, 5\)\. Give the coordinates"):
        encode(random_map((5, 7), 1), plain((7, 5)), PICTURE)


@pytest.mark.parametrize(("name", "flat"), [("query", 35), ("key", -1)])
def test_a_choice_outside_the_map_is_refused(name: str, flat: int) -> None:
    with pytest.raises(SelectionError, match=rf"{name} {flat} lies outside the map's 35 positions"):
        encode(random_map((5, 7), 1), plain((5, 7)), replace(PICTURE, **{name: flat}))


@pytest.mark.parametrize("name", grids())
def test_modes_are_called_as_the_axes_of_other_figures(name: str) -> None:
    grid, geometry = grids()[name]
    coordinates = grid_coordinates(grid, geometry)
    assert coordinates.sizes == grid.shape
    for mode, axis in zip(coordinates.modes, grid.axes, strict=True):
        assert mode.name == axis.mode.name
        assert mode.labels == tuple(token_word(axis, token) for token in range(len(axis)))
        level = not name.startswith(("raster, rotated", "raster, turned"))  # no row of these has a northing
        north = level and axis.mode.name == "row" and axis.mode.coords[0] < axis.mode.coords[-1]
        assert mode.title == mode_title(axis.mode) + (", south first" if north else "")
        assert mode_coordinates(axis).modes == (mode,)


@pytest.mark.parametrize("name", grids())
def test_a_mode_alone_says_its_tokens_with_their_unit(name: str) -> None:
    for axis in grids()[name][0].axes:
        header = mode_coordinates(axis).header()
        assert header["words"]["template"] == [0]
        words = [span_words(axis, token) for token in range(len(axis))]
        assert header["words"]["slots"] == [{"mode": 0, "words": words}]


def test_words_are_listed_wherever_one_mode_decides() -> None:
    kinds = {name: [type(slot).__name__ for slot in grid_coordinates(*given).slots] for name, given in grids().items()}
    summed = {name for name, slots in kinds.items() if "Summed" in slots}
    assert summed == {
        "volume, oblique", "volume, oblique and flipped", "volume, quarter turn", "volume, far away",
        "raster, rotated", "raster, turned, in degrees",
    }  # fmt: skip


def test_a_grid_of_other_modes_joins_their_words() -> None:
    axes = [TokenAxis(Mode(f"m{i}", np.array(list("abcde"))), np.arange(5), np.arange(1, 6)) for i in range(2)]
    assert grid_coordinates(TokenGrid(tuple(axes))).template == (0, " · ", 1)


@pytest.mark.parametrize("name", BUNDLED)
def test_every_bundled_map_stays_small(name: str) -> None:
    analysis = bundled()[name]
    coordinates = grid_coordinates(analysis.grid, analysis.sample.geometry)
    picture = Picture("Layer 0", "a ⊗ b ⊗ c", "One head.", uniform=0.1, top=[(0, 0, 0.1)] * 20)
    for layer in range(analysis.record.num_layers):
        heads = analysis.record.heads_of(layer)
        one = [len(encode(analysis.kronecker_map(layer, head), coordinates, picture)) for head in range(heads)]
        every = len(encode(analysis.kronecker_map(layer), coordinates, picture))
        assert max(one) < 60_000
        assert every < heads * 60_000
        for axis, factor in zip(analysis.grid.axes, analysis.kronecker_map(layer, 0).factors, strict=True):
            assert len(encode(KroneckerMap((factor,)), mode_coordinates(axis), picture)) < 25_000


@pytest.mark.parametrize("name", BUNDLED)
def test_the_file_stays_unnamed(name: str) -> None:
    analysis = bundled()[name]
    coordinates = grid_coordinates(analysis.grid, analysis.sample.geometry)
    content = encode(analysis.kronecker_map(0, 0), coordinates, Picture("Layer 0", "a", "b", uniform=0.1))
    assert analysis.sample.source.name == name
    assert name.split(".")[0].encode() not in content
    assert b"/" not in content[: 4 + struct.unpack_from("<I", content)[0]]


def test_positions_without_data_are_sent_as_ranges() -> None:
    rng = np.random.default_rng(4)
    for shape in ((1,), (7,), (3, 5, 7)):
        for share in (0.0, 0.3, 1.0):
            flags = rng.random(shape) < share
            found = runs(flags)
            literal = [at for at, flag in enumerate(flags.ravel().tolist()) if flag]
            assert [at for start, stop in found for at in range(start, stop)] == literal
            assert all(stop < start for (_, stop), (start, _) in itertools.pairwise(found))
