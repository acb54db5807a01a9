"""Colours in data units: the scales as perception sees them, every pixel against a literal twin, the colour bar."""

from __future__ import annotations

import math

import numpy as np
import pytest
from plotly.colors import hex_to_rgb, sample_colorscale, sequential, unlabel_rgb

from hot_core.analysis.words import number
from tests.javascript import numbers, run_module

KINDS = ("linear", "log", "uniform")
RANGES = [
    {"limit": 0.31, "uniform": 0.0023, "floor": 1e-5},
    {"limit": 0.31, "uniform": 0.0023, "floor": 1e-30},
    {"limit": 1.0, "uniform": 1 / 3, "floor": 0.2},
    {"limit": 0.0471, "uniform": 0.0417, "floor": 0.0391},
    {"limit": 7.3e-5, "uniform": 4.6e-5, "floor": 2.2e-9},
    {"limit": 3.1e-12, "uniform": 1e-12, "floor": 2.2e-13},
    {"limit": 0.001, "uniform": 0.02, "floor": 0.0004},
    {"limit": 0.999, "uniform": 1e-6, "floor": 1e-7},
    {"limit": 0.9, "uniform": 1e-8, "floor": 2e-9},
]
ODD = [
    {"limit": 0, "uniform": 0.1, "floor": 0}, {"limit": 0.3, "uniform": 0, "floor": 0.001}, {"limit": 0, "uniform": 0},
    {"limit": "NaN", "uniform": "NaN", "floor": "NaN"}, {"limit": 0.3, "uniform": 0.1, "floor": "Infinity"},
    {"limit": 0.1, "uniform": 0.1, "floor": 0.1},
]  # fmt: skip
MAKE = """
  import { makeScale, paintPixels } from "@/colour.js";
  const made = ([kind, range]) => makeScale(kind, Object.fromEntries(Object.entries(range).map(([k, v]) => [k, +v])));
"""


# --- what perception sees ------------------------------------------------------------------------


def palette(kind: str) -> np.ndarray:
    code = 'import { paletteOf } from "@/palettes.js"; answer(paletteOf(given));'
    return np.array(run_module(code, kind), dtype=float).reshape(256, 4)


def linear_light(colours: np.ndarray) -> np.ndarray:
    shares = colours / 255
    return np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)


def lab(light: np.ndarray) -> np.ndarray:
    """CIELAB (D65) of linear sRGB."""
    matrix = [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
    x, y, z = (np.cbrt(c) if c.min() > 0.0089 else np.where(c > 0.0089, np.cbrt(c), 7.787 * c + 16 / 116)
               for c in (light @ np.array(matrix).T / [0.95047, 1, 1.08883]).T)  # fmt: skip
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], -1)


def without_green_cones(light: np.ndarray) -> np.ndarray:
    """Deuteranopia after Machado, Oliveira and Fernandes (2009), severity 1, in linear light."""
    matrix = [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    return np.clip(light @ np.array(matrix).T, 0, 1)


@pytest.mark.parametrize("kind", ["linear", "log"])
def test_attention_has_the_colours_of_the_other_figures(kind: str) -> None:
    colours = palette(kind)
    shares = np.arange(256) / 255
    plotly = [unlabel_rgb(each) for each in sample_colorscale("Viridis", shares.tolist())]
    np.testing.assert_allclose(colours[:, :3], plotly, atol=1)
    assert tuple(colours[0, :3]) == hex_to_rgb(sequential.Viridis[0])
    assert tuple(colours[255, :3]) == hex_to_rgb(sequential.Viridis[-1])
    assert (colours[:, 3] == 255).all()
    lightness = lab(linear_light(colours[:, :3]))[:, 0]  # lighter means more, in print too
    assert (np.diff(lightness) > -0.1).all()  # whole numbers of 0 … 255 cannot do better
    assert (np.diff(lightness[::3]) > 0.3).all()


def test_the_relative_scale_is_lightest_where_attention_is_uniform() -> None:
    lightness = lab(linear_light(palette("uniform")[:, :3]))[:, 0]
    assert (np.diff(lightness[:128]) > 0).all()
    assert (np.diff(lightness[128:]) < 0).all()
    assert lightness[127] == pytest.approx(lightness[128], abs=0.5)
    np.testing.assert_allclose(lightness, lightness[::-1], atol=3)  # as much above as below


def test_the_relative_scale_is_even_and_neutral_in_the_middle() -> None:
    colours = lab(linear_light(palette("uniform")[:, :3]))
    steps = np.linalg.norm(np.diff(colours[::8], axis=0), axis=1)
    for arm in (steps[:15], steps[16:]):
        assert arm.max() < 1.35 * arm.min()
    assert np.linalg.norm(colours[127:129, 1:], axis=1).max() < 3
    assert colours[64, 2] < -20 < 20 < colours[191, 2]  # blue below, red-brown above
    assert colours[191, 1] > 10


def test_above_and_below_are_told_apart_without_green_cones() -> None:
    seen = lab(without_green_cones(linear_light(palette("uniform")[:, :3])))
    apart = np.linalg.norm(seen - seen[::-1], axis=1)[:128]
    assert apart[:100].min() > 25  # ΔE of 2.3 is just noticeable
    shares = np.abs(np.arange(128) - 127.5)
    assert (apart > 20 * np.minimum(shares / 32, 1) - 2).all()
    lightness = seen[:, 0]
    assert (np.diff(lightness[:128]) > 0).all()
    assert (np.diff(lightness[128:]) < 0).all()


# --- shares and pixels ---------------------------------------------------------------------------


def share_twin(kind: str, value: float, limit: float, uniform: float, floor: float) -> float:
    """A weight's place on the bar, from what each scale says of itself."""
    if not math.isfinite(value):
        return math.nan
    if kind == "linear":
        return min(max(value / limit, 0), 1)
    if kind == "log":
        low, high = min(max(floor, limit / 1e6), limit / 10), limit
    else:
        top = max(2, limit / uniform, min(uniform / floor, 64))
        low, high = uniform / top, uniform * top
    return 0.0 if value <= low else min(math.log2(value / low) / math.log2(high / low), 1)


def some_values(given: dict) -> list[float]:
    spread = np.geomspace(given["limit"] * 1e-9, given["limit"] * 30, 400).tolist()
    ends = [given["limit"], given["uniform"], given["floor"], given["uniform"] / 2, given["uniform"] * 2]
    return [0.0, -0.01, 5e-324, 1e300, *spread, *np.linspace(0, given["limit"], 301).tolist(), *ends]


@pytest.mark.parametrize("kind", KINDS)
def test_every_weight_has_its_place_on_the_bar(kind: str) -> None:
    cases = [[[kind, each], [*some_values(each), "NaN", "Infinity", "-Infinity"]] for each in RANGES]
    code = (
        MAKE
        + """
      answer(given.map(([which, values]) => {
        const { share } = made(which);
        return values.map((value) => share(+value));
      }));
    """
    )
    for ((_, given), values), shares in zip(cases, run_module(code, cases), strict=True):
        twin = [share_twin(kind, float(value), **{"floor": 0.0, **given}) for value in values]
        np.testing.assert_allclose(numbers(shares), twin, atol=1e-9)
        order = np.argsort(np.array(values[:-3], dtype=float), kind="stable")
        assert (np.diff(np.array(shares[:-3])[order]) >= 0).all()


@pytest.mark.parametrize("kind", KINDS)
def test_every_pixel_has_the_colour_of_its_weight(kind: str) -> None:
    code = (
        MAKE
        + """
      answer(given.map(([which, values]) => {
        const scale = made(which);
        const out = new Uint8ClampedArray(4 * values.length).fill(7);
        paintPixels(Float64Array.from(values, Number), scale, out);
        return { out, shares: values.map((value) => scale.share(+value)), colours: scale.colours };
      }));
    """
    )
    cases = [[[kind, each], [*some_values(each), "NaN", "Infinity", "-Infinity"]] for each in RANGES]
    for (_, values), found in zip(cases, run_module(code, cases), strict=True):
        colours, out = (np.array(found[name]).reshape(-1, 4) for name in ("colours", "out"))
        for value, share, pixel in zip(values, numbers(found["shares"]), out, strict=True):
            twin = [0, 0, 0, 0] if math.isnan(share) else colours[math.floor(share * 255 + 0.5)].tolist()
            # a share between two colours may fall to either, by the last bit
            between = not math.isnan(share) and abs(share * 255 % 1 - 0.5) < 1e-9
            assert pixel.tolist() == twin or between, value
        assert out[-3:].tolist() == [[0] * 4] * 3
        assert out[0].tolist() == colours[0].tolist()  # zero is on the map, and the lowest


@pytest.mark.parametrize("kind", KINDS)
def test_part_of_a_picture_can_be_painted(kind: str) -> None:
    code = (
        MAKE
        + """
      const out = new Uint8ClampedArray(40).fill(7);
      paintPixels(Float64Array.of(0.1, 0.2), made(given), out.subarray(8, 16));
      answer(out);
    """
    )
    out = run_module(code, [kind, RANGES[0]])
    assert out[:8] + out[16:] == [7] * 32
    assert [out[11], out[15]] == [255, 255]


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_is_painted_faster_than_pixel_by_pixel(kind: str) -> None:
    code = (
        MAKE
        + """
      const scale = made(given);
      const values = Float64Array.from({ length: 512 * 512 }, (_, at) => 0.31 * ((at * 0.6180339887) % 1) ** 4);
      const out = new Uint8ClampedArray(4 * values.length);
      const byPixel = () => {
        const [pixels, colours] = [new Uint32Array(out.buffer), new Uint32Array(scale.colours.buffer)];
        for (let at = 0; at < values.length; at += 1) {
          const share = scale.share(values[at]);
          pixels[at] = Number.isNaN(share) ? 0 : colours[Math.round(share * 255)];
        }
      };
      const timed = (work) => {
        const begin = performance.now();
        work();
        return performance.now() - begin;
      };
      const times = Array.from({ length: 60 }, () => [timed(() => paintPixels(values, scale, out)), timed(byPixel)]);
      answer([0, 1].map((which) => Math.min(...times.map((both) => both[which]))));
    """
    )
    painted, by_pixel = run_module(code, [kind, RANGES[0]])  # ms; the best of many, since others share the processor
    assert painted < 0.8 * by_pixel


# --- ticks and the colour bar --------------------------------------------------------------------


def scales(cases: list) -> list[dict]:
    return run_module(MAKE + "answer(given.map((which) => ({ ...made(which), share: null })));", cases)


@pytest.mark.parametrize("kind", KINDS)
def test_ticks_say_weights_where_they_lie(kind: str) -> None:
    for given, scale in zip(RANGES, scales([[kind, each] for each in RANGES]), strict=True):
        ticks = scale["ticks"]
        shares = [tick["share"] for tick in ticks]
        assert shares == sorted(shares)
        assert (shares[0], shares[-1]) == (0, pytest.approx(1, abs=1e-12))
        assert len(set(shares)) == len(shares)
        assert 3 <= len(ticks) <= 10
        marked = [tick for tick in ticks if tick["uniform"]]
        assert len(marked) == int(scale["low"] <= given["uniform"] <= scale["high"])
        for tick in ticks:
            value = value_of(tick["words"], given["uniform"])
            assert share_twin(kind, value, **given) == pytest.approx(tick["share"], abs=0.006), tick


def value_of(words: str, uniform: float) -> float:
    """The weight that a tick's words name."""
    words = words.replace("−", "-").replace(",", "").removeprefix("≤ ").removeprefix("uniform ")
    if not words.endswith("×"):
        return float(words)
    return uniform / float(words[2:-1]) if words.startswith("1/") else uniform * float(words[:-1])


def test_some_bars_as_they_are_read() -> None:
    linear, log, relative = scales([[kind, RANGES[0]] for kind in KINDS])
    assert [t["words"] for t in linear["ticks"]] == ["0", "uniform 0.0023", "0.1", "0.2", "0.3", "0.31"]
    assert [t["words"] for t in log["ticks"]] == [
        "≤ 0.00001", "0.0001", "0.001", "uniform 0.0023", "0.01", "0.1", "0.31",
    ]  # fmt: skip
    assert [t["words"] for t in relative["ticks"]] == [
        "≤ 1/130×", "1/64×", "1/16×", "1/4×", "uniform 0.0023", "4×", "16×", "64×", "130×",
    ]  # fmt: skip
    assert linear["words"] == "linear, from 0 to 0.31; uniform is 0.0023"
    assert log["words"] == (
        "logarithmic, from 0.00001 and everything below, zeros too, to 0.31; uniform is 0.0023"
    )  # fmt: skip
    assert relative["words"] == "multiples of uniform, from 1/130× and everything below to 130×; uniform is 0.0023"
    (deep,) = scales([["log", RANGES[1]]])
    assert deep["ticks"][0]["words"] == f"≤ {number(0.31e-6, 2)}"  # six decades, however small the smallest weight


@pytest.mark.parametrize("kind", KINDS)
def test_odd_ranges_still_give_a_bar(kind: str) -> None:
    for scale in scales([[kind, each] for each in ODD]):
        assert 0 <= scale["low"] < scale["high"] < math.inf
        assert [t["share"] for t in scale["ticks"]] == sorted(t["share"] for t in scale["ticks"])
        assert not any("nan" in t["words"] or "inf" in t["words"] for t in scale["ticks"])
    without = scales([[kind, ODD[1]]])[0]
    assert without["kind"] == ("linear" if kind == "uniform" else kind)
    assert not any(tick["uniform"] for tick in without["ticks"])


LEGEND = (
    MAKE
    + """
  import { legendParts } from "@/legend.js";
  answer(given.map(([which, width, height, style]) => legendParts(made(which), width, height, style)));
"""
)
STYLE = {"ink": "#111111", "muted": "#777777", "halo": "#eeeeee", "size": 11, "x": 13, "y": 5}


def text_box(part: dict) -> tuple[float, float, float, float]:
    """A text's box, characters 0.6 of its size wide, as the legend reckons where it is not told better."""
    wide = 0.6 * part["size"] * len(part["text"])
    left = part["x"] - {"left": 0, "center": wide / 2, "right": wide}[part["align"]]
    return left, left + wide, part["y"], part["y"] + part["size"]


@pytest.mark.parametrize("height", [26, 30, 40])
@pytest.mark.parametrize("kind", KINDS)
def test_labels_stay_apart_inside_and_keep_the_uniform_level(kind: str, height: int) -> None:
    cases = [[[kind, each], width, height, STYLE] for each in RANGES + ODD for width in range(220, 601, 20)]
    for (_, width, _, _), parts in zip(cases, run_module(LEGEND, cases), strict=True):
        texts = [part for part in parts if part["type"] == "text"]
        boxes = [text_box(part) for part in texts]
        for left, right, top, bottom in boxes:
            assert 13 - 1e-9 <= left < right <= 13 + width + 1e-9
            assert 5 + 10 < top < bottom <= 5 + height + 1
        for part, (left, right, *_) in zip(texts, boxes, strict=True):  # whatever the font: held by the end it is at
            assert part["align"] != "center" or (left > 13 and right < 13 + width - 1e-9)
        for at, (left, right, top, _) in enumerate(boxes):
            for other in boxes[at + 1 :]:
                assert top != other[2] or right + 4 <= other[0] or other[1] + 4 <= left, (texts, width)
        assert len(texts) >= 2


@pytest.mark.parametrize("kind", KINDS)
def test_the_uniform_level_is_marked_where_it_lies(kind: str) -> None:
    cases = [[[kind, each], width, height, STYLE] for each in RANGES for width in (220, 400) for height in (26, 40)]
    code = MAKE + "answer(given.map(([which]) => made(which).share(which[1].uniform)));"
    shares = run_module(code, cases)
    found = zip(cases, run_module(LEGEND, cases), shares, scales([which for which, *_ in cases]), strict=True)
    inside = [each for each in found if each[3]["low"] <= each[0][0][1]["uniform"] <= each[3]["high"]]
    for ((_, given), width, height, _), parts, share, _ in inside:
        (label,) = [part for part in parts if part["type"] == "text" and "uniform" in part["text"]]
        full = f"uniform {number(given['uniform'])}"
        assert label["text"].strip("▲ ") in ([full] if height == 40 else [full, "uniform"])
        assert (label["fill"], label["weight"]) == ("#111111", 600)
        place = 13 + min(max(share * width, 0.5), width - 0.5)
        lines = [part for part in parts if part["type"] == "line" and part["stroke"] in ("#111111", "#eeeeee")]
        assert [line["stroke"] for line in lines] == ["#eeeeee", "#111111"]  # the halo lies below the ink
        for line in lines:
            assert (line["x1"], line["x2"], line["y1"]) == (pytest.approx(place), pytest.approx(place), 5)
        left, right, *_ = text_box(label)
        if "▲" in label["text"]:
            triangle = left + 3.3 if label["text"][0] == "▲" else right - 3.3
            assert abs(triangle - place) < 4.5  # moved by no more than its half at the ends
        else:  # too long for its place: it stands below its line all the same
            assert width == 220
            assert len(label["text"]) >= 16
            assert left <= place <= right
        boxes = [text_box(part) for part in parts if part["type"] == "text" and part is not label]
        clear = all(box[1] + 3 < place or box[0] - 3 > place for box in boxes if box[2] != label["y"])
        assert lines[1]["y2"] == (label["y"] if clear else 5 + 10 + 3)  # never through another label
        rows = {part["y"] for part in parts if part["type"] == "text"}
        assert len(rows) == (2 if height == 40 else 1)
    assert len(inside) >= 28


def test_the_bar_itself_shows_all_colours() -> None:
    (parts,) = run_module(LEGEND, [[["log", RANGES[0]], 300, 40, {"ink": "#111111"}]])
    ramp = parts[0]
    assert [ramp[name] for name in ("type", "x", "y", "width", "height")] == ["ramp", 0, 0, 300, 10]
    colours = list(ramp["colours"].values()) if isinstance(ramp["colours"], dict) else ramp["colours"]
    assert colours == palette("log").astype(int).ravel().tolist()
