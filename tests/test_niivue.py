"""What the volume viewer is sent and makes of it: place, values, colours; Python's side and the browser's, in node."""

import base64
import hashlib
import itertools
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import nibabel as nib
import numpy as np
import pytest
import xarray as xr

from app import state
from app.parts import linked
from app.selection import History, Selection
from hot_core.errors import SelectionError, ShapeError
from hot_core.export.amounts import volumes_table
from hot_core.figures.viewer import (
    Held,
    Layer,
    Marks,
    display_windows,
    look_bytes,
    looks_like_hounsfield,
    rollout_layer,
    volume_bytes,
)
from hot_core.figures.viewer.volume import SHOWN_VOXELS, shown_box, whole_numbers
from hot_core.io import read
from hot_core.io.nifti_personal import personal_notes, personal_words
from hot_core.modes import TokenGrid
from hot_core.pipeline import Settings, analyse
from hot_core.transforms.guess import moved_around
from tests.javascript import run_module
from tests.makers_reports import reported
from tests.makers_samples import classifier, nifti, segmenter
from tests.test_markers import AFFINES

MARK = (11, 4, 18)
SHEARED = np.array([[1.1, 0.3, 0.1, -9], [0.0, 0.9, 0.2, 4], [0.0, 0.0, 1.7, 3], [0, 0, 0, 1.0]])
PLACES = AFFINES | {"sheared": SHEARED, "sheared, LAS": SHEARED @ np.diag([-1.0, 1, 1, 1])}
VENDOR = Path(__file__).resolve().parents[1] / "app" / "components" / "niivue" / "vendor"

OPEN = """
import { openVolume, openLook, fileVoxel, worldOf, indexIn, strongestToken, tokenOwners } from "@@/niivue/data.js";
import { paintLayers, paintedBox } from "@@/niivue/paint.js";
import { readoutLines } from "@@/niivue/readout.js";
import { stageLayout } from "@@/niivue/stage.js";
const bytes = (text) => new Uint8Array(Buffer.from(text, "base64"));
"""


def sent(data: bytes) -> str:
    return base64.b64encode(data).decode()


def sent_whole(identity: str) -> Held:
    """A volume of 13 × 17 × 23 voxels that went as it is."""
    return Held(identity, b"", ((0, 13), (0, 17), (0, 23)), whole=True)


def marked(affine: np.ndarray, kind: type = np.int16) -> Any:
    array = np.random.default_rng(0).integers(0, 50, (13, 17, 23)).astype(kind)
    array[0, 0, 0] += kind(0.5)  # a fraction, where the kind of number has any
    array[MARK] = 900
    return read(nifti(array, affine), "mark.nii")


def messages(
    analysis: Any, query: tuple[int, ...] = (1, 2, 3), most: int = SHOWN_VOXELS, **marks: Any
) -> dict[str, str]:
    """Both messages of an analysis, its layers random numbers."""
    held = volume_bytes(analysis.sample.data, analysis.sample.geometry, analysis.grid, analysis.prediction, most)
    rng = np.random.default_rng(3)
    layers = [
        Layer(name, word, f"{word} title", rng.random(analysis.grid.shape) * 0.01, 0.001)
        for name, word in (("attention", "Attention"), ("rollout", "Rollout"))
    ]
    look = look_bytes(held, analysis.grid, Marks(query, **marks), layers)
    return {"volume": sent(held.payload), "look": sent(look)}


@pytest.mark.parametrize("kind", [np.int16, np.float32])
@pytest.mark.parametrize("name", PLACES)
def test_a_bright_voxel_is_read_out_at_its_own_index_and_place(name: str, kind: type) -> None:
    """File → sample → message → browser: index in the file, world mm and value of the one bright voxel."""
    affine = PLACES[name]
    sample = marked(affine, kind)
    given = messages(analyse(sample, segmenter()))
    code = """
    const volume = openVolume(bytes(given.volume)), look = openLook(bytes(given.look));
    const at = volume.image.indexOf(900), [nx, ny] = volume.header.shape;
    const cross = [at % nx, Math.floor(at / nx) % ny, Math.floor(at / nx / ny)];
    const { affine, file } = volume.header;
    answer({ file: fileVoxel(cross, file), world: worldOf(cross, affine), type: volume.image.constructor.name,
      lines: Object.fromEntries(readoutLines({ volume, look, cross })) });
    """
    found = run_module(OPEN + code, given)
    world = (affine @ [*MARK, 1])[:3]
    assert found["type"] == ("Int16Array" if kind is np.int16 else "Float32Array")
    assert found["file"] == list(MARK)
    np.testing.assert_allclose(found["world"], world, atol=1e-4)
    assert found["lines"]["Voxel"] == "11, 4, 18 in the file"
    assert found["lines"]["Image"] == "900"
    said = [float(word.replace("−", "-")) for word in found["lines"]["World"].split(" mm")[0].split(", ")]
    np.testing.assert_allclose(said, world, atol=0.05 + 1e-4)
    sides = re.findall(r"([LRPAIS]) ", found["lines"]["World"].split("(")[1])
    assert sides == [pair[int(mm >= -1e-4)] for pair, mm in zip(("LR", "PA", "IS"), world, strict=True)]


@pytest.mark.parametrize("name", PLACES)
def test_a_part_of_a_large_volume_keeps_every_voxels_index_and_place(name: str) -> None:
    """Too large to be sent whole: region and margin go, and whatever the readout says is what it says of the whole."""
    affine = PLACES[name]
    sample = marked(affine)
    axes = sample.geometry.orientation[:, 0].astype(int)
    turned = sample.geometry.orientation[:, 1]
    mark = [0, 0, 0]
    for of_file, (axis, way) in enumerate(zip(axes, turned, strict=True)):
        mark[axis] = MARK[of_file] if way > 0 else (13, 17, 23)[of_file] - 1 - MARK[of_file]
    region = tuple(
        (max(0, min(at - 3, size - 7)), max(0, min(at - 3, size - 7)) + 7)
        for at, size in zip(mark, sample.data.shape, strict=True)
    )
    analysis = analyse(sample, segmenter(), Settings(region=region))
    both = [messages(analysis, (0, 1, 1), most) for most in (900, SHOWN_VOXELS)]
    code = """
    const read = (one) => {
      const volume = openVolume(bytes(one.volume)), look = openLook(bytes(one.look));
      const at = volume.image.indexOf(900), [nx, ny] = volume.header.shape;
      const cross = [at % nx, Math.floor(at / nx) % ny, Math.floor(at / nx / ny)];
      const corner = volume.header.region.map(([start]) => start);
      const { affine, file } = volume.header;
      return { shape: volume.header.shape, lines: readoutLines({ volume, look, cross }),
        corner: fileVoxel(corner, file),
        cornerLines: readoutLines({ volume, look, cross: corner }), file: fileVoxel(cross, file),
        world: worldOf(cross, affine), first: fileVoxel(look.header.query.map(([start]) => start), file),
        last: fileVoxel(look.header.query.map(([, stop]) => stop - 1), file) };
    };
    answer(given.map(read));
    """
    part, whole = run_module(OPEN + code, both)
    assert np.prod(part["shape"]) <= 900 < np.prod(whole["shape"])
    assert part["file"] == list(MARK)
    np.testing.assert_allclose(part["world"], (affine @ [*MARK, 1])[:3], atol=1e-4)
    for said in ("lines", "cornerLines", "corner", "first", "last"):
        assert part[said] == whole[said]


def test_as_much_is_sent_around_the_region_as_fits() -> None:
    shape, region = (13, 17, 23), ((2, 5), (9, 16), (0, 11))

    def grown(margin: int) -> tuple[tuple[int, int], ...]:
        return tuple((max(0, a - margin), min(n, b + margin)) for (a, b), n in zip(region, shape, strict=True))

    def voxels(box: tuple[tuple[int, int], ...]) -> int:
        return int(np.prod([b - a for a, b in box]))

    for most in (1, 231, 232, 500, 1000, 2000, 5082, 5083, 10**9):
        fitting = [grown(margin) for margin in range(1, 24) if voxels(grown(margin)) <= most]
        assert shown_box(shape, region, most) == (fitting[-1] if fitting else region)


def over(below: list[float], colour: list[float], alpha: float) -> list[float]:
    """One colour over another, neither premultiplied."""
    whole = alpha + below[3] * (1 - alpha)
    if whole == 0:
        return [0, 0, 0, 0]
    mixed = [(c * alpha + b * below[3] * (1 - alpha)) / whole for c, b in zip(colour, below, strict=False)]
    return [*mixed, whole]


@pytest.mark.parametrize("fill", [0.0, 0.6])
def test_layers_are_painted_block_by_block(fill: float) -> None:
    """Every voxel against the definition: labels, attention over them, rollout over both; clipped tokens, too."""
    region = ((2, 13), (1, 8), (3, 20))  # 11 × 7 × 17 voxels in tokens of 4: the last ones are cut off
    analysis = analyse(marked(AFFINES["LAS"]), segmenter(), Settings(region=region))
    held = volume_bytes(analysis.sample.data, analysis.sample.geometry, analysis.grid, analysis.prediction)
    rng = np.random.default_rng(5)
    fields = [rng.random(analysis.grid.shape) * 0.01 for _ in range(2)]
    fields[0][1, 0, 2] = np.nan
    layers = [
        Layer(name, name, "", field, 0.001)
        for name, field in zip(("attention", "rollout"), fields, strict=True)
    ]  # fmt: skip
    look = look_bytes(held, analysis.grid, Marks((0, 0, 0)), layers)
    choice = {
        "labels": {"on": True, "opacity": fill},
        "attention": {"on": True, "opacity": 0.8, "threshold": 2.0, "map": "Viridis"},
        "rollout": {"on": True, "opacity": 0.5, "threshold": 6.0, "map": "Cividis"},
    }
    code = """
    const volume = openVolume(bytes(given.volume)), look = openLook(bytes(given.look));
    const { mapColours } = await import(given.maps);
    answer({ image: paintLayers(volume, look, given.choice), viridis: mapColours("Viridis"),
      cividis: mapColours("Cividis"), box: paintedBox(volume.header.region) });
    """
    maps = (VENDOR.parent / "maps.js").as_uri()
    found = run_module(OPEN + code, {"volume": sent(held.payload), "look": sent(look), "choice": choice, "maps": maps})
    image = np.array(found["image"]).reshape(19, 9, 13, 4).transpose(2, 1, 0, 3)  # x fastest, a voxel around it
    palettes = [np.array(found[name]).reshape(256, 4) for name in ("viridis", "cividis")]
    classes = {1: [0x56, 0xB4, 0xE9], 2: [0xCC, 0x79, 0xA7]}
    labels = analysis.prediction.labels.values
    expected = np.zeros((13, 9, 19, 4))
    for at in itertools.product(*(range(*interval) for interval in region)):
        token = tuple((i - start) // 4 for i, (start, _) in zip(at, region, strict=True))
        colour = [0.0, 0.0, 0.0, 0.0]
        tokens = [0.0, 0.0, 0.0, 0.0]
        if fill and labels[at] in classes:
            colour = over(colour, classes[labels[at]], fill)
        for field, palette, name in zip(fields, palettes, ("attention", "rollout"), strict=True):
            value = np.float32(field[token])
            if np.isnan(value) or value < choice[name]["threshold"] * 0.001:
                continue
            share = min(1.0, float(value) / max(float(np.nanmax(field)), 0.002))
            alpha = choice[name]["opacity"] * min(1.0, 1.6 * share**0.7)
            tokens = over(tokens, list(palette[round(255 * share)][:3]), alpha)
        colour = over(colour, tokens[:3], tokens[3])
        expected[tuple(i - start + 1 for i, (start, _) in zip(at, region, strict=True))] = [
            *colour[:3], 255 * colour[3],
        ]  # fmt: skip
    assert found["box"] == [[1, 14], [0, 9], [2, 21]]  # where the image stands: a voxel more on each side
    assert np.abs(image - expected).max() <= 1.01
    assert (image[..., 3] > 0).any()
    assert not image[[0, -1]].any()
    assert not image[:, [0, -1]].any()
    assert not image[:, :, [0, -1]].any()


def test_the_strongest_token_and_who_owns_a_voxel() -> None:
    analysis = analyse(marked(AFFINES["RAS"]), segmenter())
    grid = analysis.grid
    field = np.random.default_rng(1).random(grid.shape)
    field[0, 0, 0], field[3, 1, 5], field[3, 4, 5] = np.nan, 2.0, 1.5
    look = look_bytes(sent_whole("x"), grid, Marks((0, 0, 0)), [Layer("attention", "Attention", "", field, 0.1)])
    code = """
    const look = openLook(bytes(given)), region = [[0, 13], [0, 17], [0, 23]];
    answer({ box: strongestToken(look.layers[0], look.header), owners: tokenOwners(look.header, region) });
    """
    found = run_module(OPEN + code, sent(look))
    assert found["box"] == [[12, 13], [4, 8], [20, 23]]
    assert found["owners"] == [[at // 4 for at in range(size)] for size in (13, 17, 23)]


def test_the_readout_says_what_lies_outside_and_what_is_left_out() -> None:
    analysis = analyse(marked(AFFINES["RAS"]), segmenter(), Settings(region=((0, 8), (0, 8), (0, 8))))
    held = volume_bytes(analysis.sample.data, analysis.sample.geometry, analysis.grid, analysis.prediction)
    layer = rollout_layer(analysis, (1, 0, 1), "row")
    assert np.isnan(layer.tokens[1, 0, 1])
    assert np.isfinite(layer.tokens).sum() == layer.tokens.size - 1
    np.testing.assert_array_equal(layer.tokens[0], analysis.rollout_tokens((1, 0, 1), "row")[0])
    look = look_bytes(held, analysis.grid, Marks((1, 0, 1)), [layer])
    code = """
    const volume = openVolume(bytes(given.volume)), look = openLook(bytes(given.look));
    answer([[5, 2, 6], [9, 2, 6], [0, 7, 3]].map((cross) => (
      Object.fromEntries(readoutLines({ volume, look, cross })))));
    """
    own, outside, inside = run_module(OPEN + code, {"volume": sent(held.payload), "look": sent(look)})
    assert own["Rollout"] == "its own share is left out"
    assert outside["Rollout"] == outside["Label"] == "outside the analysed region"
    assert inside["Label"] == analysis.prediction.classes[analysis.prediction.labels.values[0, 7, 3]]
    value, times = re.fullmatch(r"([\d.]+), ([\d.]+)× uniform", inside["Rollout"]).groups()
    assert float(value) == pytest.approx(float(layer.tokens[0, 1, 0]), rel=5e-3)
    assert float(times) == pytest.approx(float(layer.tokens[0, 1, 0]) * 8, rel=6e-2)


def test_a_planes_ends_are_found_at_any_width() -> None:
    """NiiVue answers −1 for a place that rounding puts outside the volume, as it does at many a corner."""
    found = run_module("""
    import { tileEnds } from "@@/niivue/stage.js";
    let [corners, worst] = [0, 0];
    const cases = Array.from({ length: 1402 }, (_, at) => [300 + (at >> 1), at % 2]);
    for (const [width, odd] of cases) {
      const [left, margin] = odd ? [7.7, 0.125] : [0.1 + width / 3, 0];
      const size = width * 0.381;
      const flipped = width % 2 > 0;
      const at = (x, y) => {
        const across = ((left + x * size) - left) / size;
        const shares = [flipped ? 1 - across : across, y, 0.25].map((share) => share * (1 - 2 * margin) + margin);
        return shares.some((share) => share < 0 || share > 1) ? [-1, -1, -1] : shares;
      };
      if (at(1, 0.5)[0] === -1) corners += 1;
      const [from, to] = tileEnds(at);
      const wanted = flipped ? [1 - margin, margin] : [margin, 1 - margin];
      worst = Math.max(worst, Math.abs(from[0] - wanted[0]), Math.abs(to[0] - wanted[1]), Math.abs(from[1] - margin),
        Math.abs(to[1] - 1 + margin), Math.abs(to[2] - from[2]));
    }
    answer({ corners, worst });
    """)
    assert found["corners"] > 20  # so that the test knows what it is about
    assert found["worst"] < 1e-9


@pytest.mark.parametrize(
    ("value", "words"),
    [(11141, "11,141"), (32767, "32,767"), (-1024, "−1,024"), (0, "0"), (0.1234567, "0.123457"), (-5.25, "−5.25"),
     (1234567.5, "1,234,570"), (16777216, "16,777,216")],
)  # fmt: skip
def test_a_whole_number_of_the_file_is_said_to_its_last_digit(value: float, words: str) -> None:
    assert run_module(f'import {{ valueWords }} from "@@/niivue/readout.js"; answer(valueWords({value}));') == words


def test_the_planes_have_one_scale_and_do_not_touch() -> None:
    header = {"shape": [11, 13, 17], "zooms": [2.0, 1.0, 1.5]}
    found = run_module(OPEN + "answer(stageLayout(given, 500));", header)
    height = found["height"]
    stage = np.array([500, height, 500, height])
    coronal, sagittal, axial, solid = (np.array(view["position"]) * stage for view in found["views"])
    assert [view["sliceType"] for view in found["views"]] == [1, 2, 0, 4]
    perfect = [coronal[2] / 22, sagittal[2] / 13, axial[2] / 22, coronal[3] / 25.5, axial[3] / 13]
    np.testing.assert_allclose(perfect, perfect[0], rtol=2e-3)
    assert sagittal[0] - coronal[2] == pytest.approx(6)
    assert axial[1] - coronal[3] == pytest.approx(6)
    assert (solid[0], solid[1]) == pytest.approx((sagittal[0], axial[1]))


# windows and numbers


def test_windows_are_percentiles_and_the_full_range() -> None:
    values = np.random.default_rng(2).normal(100, 30, (11, 13, 17))
    values[3, 4, 5] = np.nan
    finite = np.sort(values[np.isfinite(values)])

    def percentile(share: float) -> float:
        at = share / 100 * (len(finite) - 1)
        low = int(at)
        return float(finite[low] + (at - low) * (finite[min(low + 1, len(finite) - 1)] - finite[low]))

    windows = display_windows(values)
    assert [window.name for window in windows] == ["auto, 0.5–99.5 %", "2–98 %", "full range"]
    expected = [(percentile(0.5), percentile(99.5)), (percentile(2), percentile(98)), (finite[0], finite[-1])]
    np.testing.assert_allclose([(window.low, window.high) for window in windows], expected)


def test_a_few_bright_voxels_in_empty_space_are_not_drowned() -> None:
    values = np.zeros((41, 43, 47))
    values[5, 6, 7:9] = 900, 1200
    assert [(w.low, w.high) for w in display_windows(values)] == [(0, 1200)] * 3


def test_a_flat_volume_and_a_binary_shape_get_a_window_with_width() -> None:
    shape = np.zeros((11, 13, 17))
    shape[5, 6, 7] = 1
    assert [(w.low, w.high) for w in display_windows(shape)] == [(0, 1), (0, 1), (0, 1)]
    assert [(w.low, w.high) for w in display_windows(np.full((2, 3, 5), 7.0))] == [(7, 8)] * 3


@pytest.mark.parametrize(
    ("air", "tissue", "other", "expected"),
    [(30, 30, 40, True), (4, 90, 6, False), (90, 4, 6, False), (6, 6, 88, True), (0, 100, 0, False)],
)
def test_ct_windows_are_offered_only_where_values_look_like_hounsfield(
    air: int, tissue: int, other: int, expected: bool
) -> None:
    values = np.repeat([-1000.0, 40.0, 700.0], [air, tissue, other]).reshape(4, 5, 5)
    assert looks_like_hounsfield(values) is expected
    names = [window.name for window in display_windows(values)]
    assert ("CT brain" in names) is expected
    if expected:
        found = {w.name: (w.low, w.high) for w in display_windows(values)}
        assert (found["CT brain"], found["CT soft tissue"], found["CT bone"]) == ((0, 80), (-160, 240), (-500, 1500))
    values[0, 0, 0] = -5000
    assert not looks_like_hounsfield(values)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([0, 255], np.uint8), ([0, 256], np.int16), ([-1, 3], np.int16), ([-32768, 32767], np.int16),
        ([0, 32768], None), ([0, 0.5], None), ([0, np.nan], None),
    ],
)  # fmt: skip
def test_values_are_sent_without_loss_in_as_few_bytes_as_hold_them(values: list[float], kind: type | None) -> None:
    assert whole_numbers(np.array(values, dtype=np.float32)) is kind


def test_a_volume_has_another_identity_when_its_region_or_a_value_differs() -> None:
    sample = marked(AFFINES["RAS"])
    geometry = sample.geometry
    grids = [TokenGrid.regular(sample.modes, (4, 4, 4), region) for region in (
        ((0, 13), (0, 17), (0, 23)), ((0, 13), (0, 17), (0, 22)))]  # fmt: skip
    first, again, other = (volume_bytes(sample.data, geometry, grid) for grid in (grids[0], grids[0], grids[1]))
    assert first == again
    assert first.identity != other.identity
    changed = sample.data.copy()
    changed.values[1, 2, 3] += 1
    assert volume_bytes(changed, geometry, grids[0]).identity != first.identity
    assert b"mark" not in first.payload
    assert b"DOE" not in first.payload


def test_a_layer_of_another_shape_is_refused() -> None:
    grid = TokenGrid.regular(marked(AFFINES["RAS"]).modes, (4, 4, 4), ((0, 13), (0, 17), (0, 23)))
    layer = Layer("rollout", "Rollout", "", np.zeros((4, 5, 5)), 0.1)
    with pytest.raises(ShapeError, match=r"rollout has shape \(4, 5, 5\), the tokens \(4, 5, 6\)"):
        look_bytes(sent_whole("x"), grid, Marks((0, 0, 0)), [layer])


# region, amounts, personal data


def test_a_region_moves_around_a_voxel_and_stays_inside() -> None:
    for length, size in ((3, 7), (4, 7), (7, 7), (1, 5)):
        for at in range(size):
            ((start, stop),) = moved_around([(0, length)], [at], [size])
            assert stop - start == length
            assert 0 <= start <= at < stop <= size
            free = range(size - length + 1)
            aim = at - length // 2
            assert start == min(free, key=lambda begin: abs(begin - aim))


def test_the_table_counts_every_label() -> None:
    analysis = analyse(marked(PLACES["sheared"]), segmenter())
    table = volumes_table(analysis)
    labels = analysis.prediction.labels.values
    voxel = 1.1 * 0.9 * 1.7  # a sheared voxel is as large as a straight one: the determinant of a triangle
    assert table["structure"].tolist() == ["background", "anterior", "posterior"]
    for row in table.itertuples():
        count = sum(1 for value in labels.ravel() if value == row.label)
        assert row.voxels == count
        assert row.volume_mm3 == pytest.approx(count * voxel, rel=1e-5)
    assert table["voxels"].sum() == labels.size
    gland = np.zeros((13, 17, 23), dtype=np.uint8)
    gland[3:9, 5:11, 7:17] = 1
    with pytest.raises(ShapeError, match="a Classification has no volumes"):
        volumes_table(analyse(read(nifti(gland, AFFINES["RAS"]), "gland.nii"), classifier()))


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize(
    ("field", "word"),
    [("descrip", "description"), ("aux_file", "auxiliary file"), ("intent_name", "name of the values"),
     ("db_name", "database name"), ("data_type", "data type in words")],
)  # fmt: skip
def test_text_in_any_field_is_told_and_never_repeated(field: str, word: str, version: int) -> None:
    header = (nib.Nifti1Header if version == 1 else nib.Nifti2Header)()
    if field not in header:  # NIfTI-2 has dropped two of them
        assert (version, field) in [(2, "db_name"), (2, "data_type")]
        return
    header[field] = b"Jane Doe"
    (note,) = personal_notes(header, extended=False)
    assert f"({word})" in note
    assert "Jane" not in note
    assert personal_words(["something else", note]) == note


def test_extensions_are_told_and_our_own_names_are_not() -> None:
    header = nib.Nifti1Header()
    assert personal_notes(header, extended=False) == []
    assert "(extensions)" in personal_notes(header, extended=True)[0]
    for own in (b"att row L2 H0", b"att col L0 mean"):
        header["intent_name"] = own
        assert personal_notes(header, extended=False) == []
    header["intent_name"] = b"att row L2 H0 J"
    assert len(personal_notes(header, extended=False)) == 1
    assert personal_words(["nothing"]) == ""


# clicks


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    found: dict[str, Any] = {"volume_history": History(Selection((1, 1, 1)))}
    monkeypatch.setattr(state.st, "session_state", found)
    return found


def volume_view() -> Any:
    sample = marked(AFFINES["RAS"])
    grid = TokenGrid.regular(sample.modes, (4, 4, 4), ((4, 12), (0, 17), (0, 23)))
    return SimpleNamespace(kind="volume", analysis=SimpleNamespace(grid=grid))


@pytest.mark.parametrize(
    ("picks", "shift", "expected"),
    [
        ("query", False, Selection((0, 2, 5), None)),
        ("query", True, Selection((1, 1, 1), (0, 2, 5))),
        ("key", False, Selection((1, 1, 1), (0, 2, 5))),
        ("key", True, Selection((0, 2, 5), None)),
    ],
)
def test_a_click_in_the_viewer_means_the_token_of_its_voxel(
    picks: str, shift: bool, expected: Selection, memory: dict[str, Any]
) -> None:
    memory["volume_picks"] = picks
    memory["v"] = reported(type="pick", voxel=[5, 9, 22], shift=shift, volume="abc")
    linked.follow_viewer(volume_view(), "v", sent_whole("abc"))
    assert memory["volume_history"].now == expected


@pytest.mark.parametrize("change", [{"volume": "old"}, {"voxel": [3, 9, 22]}, {"voxel": [12, 9, 22]}])
def test_a_click_beside_the_region_or_in_a_volume_now_gone_is_not_heard(
    change: dict[str, Any], memory: dict[str, Any]
) -> None:
    memory["v"] = reported(**({"type": "pick", "voxel": [5, 9, 22], "shift": False, "volume": "abc"} | change))
    linked.follow_viewer(volume_view(), "v", sent_whole("abc"))
    assert memory["volume_history"] == History(Selection((1, 1, 1)))
    with pytest.raises(SelectionError, match="outside the analysed window"):
        volume_view().analysis.grid.token_of([3, 9, 22])


def test_a_click_in_a_part_of_a_volume_is_counted_from_the_first_voxel_of_the_whole(memory: dict[str, Any]) -> None:
    memory["v"] = reported(type="pick", voxel=[2, 0, 12], shift=False, volume="abc")
    linked.follow_viewer(volume_view(), "v", Held("abc", b"", ((3, 13), (9, 17), (10, 23)), whole=False))
    assert memory["volume_history"].now == Selection(volume_view().analysis.grid.token_of([5, 9, 22]))


def test_the_region_moves_to_the_crosshair(memory: dict[str, Any]) -> None:
    memory["v"] = reported(type="region", voxel=[2, 9, 22], volume="abc")
    linked.follow_viewer(volume_view(), "v", sent_whole("abc"))
    assert memory["volume_region"] == ((0, 8), (0, 17), (0, 23))
    memory["v"] = reported(type="region", voxel=[8, 9, 22], volume="abc")
    linked.follow_viewer(volume_view(), "v", sent_whole("abc"))
    assert memory["volume_region"] == ((4, 12), (0, 17), (0, 23))


def test_niivue_is_what_its_authors_published() -> None:
    written = (VENDOR / "LICENSES.txt").read_text(encoding="utf-8")
    digest = hashlib.sha256((VENDOR / "niivue.umd.js").read_bytes()).hexdigest()
    assert digest in written
    assert "BSD 2-Clause License" in written


def test_one_volume_of_several_is_sent() -> None:
    """A 4-D file's second volume: its own values, not the first one's."""
    array = np.stack([np.zeros((13, 17, 23)), np.full((13, 17, 23), 3.0)], axis=-1).astype(np.int16)
    array[*MARK, 1] = 900
    sample = read(nifti(array, AFFINES["LAS"]), "two.nii")
    one = xr.DataArray(sample.data.isel(volume=1))
    grid = TokenGrid.regular(sample.modes[:3], (4, 4, 4), ((0, 13), (0, 17), (0, 23)))
    payload = volume_bytes(one, sample.geometry, grid).payload
    code = "const { image, header } = openVolume(bytes(given)); answer([image.indexOf(900), header.labels]);"
    at, labels = run_module(OPEN + code, sent(payload))
    assert labels is None
    assert at == (12 - 11) + 13 * (4 + 17 * 18)  # LAS: x runs the other way
