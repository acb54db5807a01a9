"""Zoom and pan without a browser: what stays in place, what stays inside, what is drawn."""

import numpy as np
import pytest

from tests.javascript import run_module

CALLS = """
import * as camera from "@/camera.js";
answer(given.map(([name, ...rest]) => camera[name](...rest)));
"""


def call(*calls: list) -> list:
    """Many calls of camera.js in one process."""
    return run_module(CALLS, list(calls))


def lenses(count: int, seed: int) -> list[tuple[dict, int]]:
    """Random lenses inside maps of all sizes, from one entry to 10¹²."""
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(count):
        n = int(rng.choice([1, 2, 3, 4, 5, 7, 105, 21952, 10**6, 10**12]))
        side = float(rng.uniform(min(4, n), n))
        top, left = (float(rng.uniform(0, n - side)) for _ in range(2))
        made.append(({"top": top, "left": left, "side": side}, n))
    return made


def test_a_view_is_square_inside_and_of_whole_entries() -> None:
    cases = lenses(300, 0)
    views = call(*(["viewOf", lens, n] for lens, n in cases))
    for (lens, n), view in zip(cases, views, strict=True):
        (r0, r1), (c0, c1) = view["rows"], view["cols"]
        assert all(isinstance(edge, int) for edge in (r0, r1, c0, c1))
        assert 0 <= r0 < r1 <= n
        assert 0 <= c0 < c1 <= n
        assert r1 - r0 == c1 - c0 >= min(4, n)
        assert abs((r1 - r0) - lens["side"]) <= 0.5
        assert abs(r0 - lens["top"]) <= 1
        assert abs(c0 - lens["left"]) <= 1


def test_zooming_keeps_the_place_under_the_pointer_unless_the_border_is_reached() -> None:
    rng = np.random.default_rng(1)
    cases = []
    for lens, n in lenses(300, 1):
        y, x = rng.uniform(0, 1, 2)
        row, col = lens["top"] + y * lens["side"], lens["left"] + x * lens["side"]
        cases.append((lens, n, float(rng.uniform(0.2, 3)), float(row), float(col), y, x))
    zoomed = call(*(["zoomedAbout", lens, times, row, col, n] for lens, n, times, row, col, *_ in cases))
    kept = 0
    for (lens, n, times, row, col, y, x), after in zip(cases, zoomed, strict=True):
        assert after["side"] == pytest.approx(min(max(lens["side"] * times, min(4, n)), n), rel=1e-12)
        for start, place, share in ((after["top"], row, y), (after["left"], col, x)):
            assert -1e-9 <= start <= n - after["side"] + 1e-9
            free = place - share * after["side"]
            inside = min(max(free, 0), n - after["side"])
            assert start == pytest.approx(inside, rel=1e-9, abs=1e-6)
            kept += free == pytest.approx(inside, abs=1e-9)
    assert kept > 100


def test_many_small_turns_zoom_as_far_as_one_large_one() -> None:
    code = """
    import { zoomedAbout } from "@/camera.js";
    let lens = { top: 0, left: 0, side: 21952 };
    for (let turn = 0; turn < 1000; turn += 1) lens = zoomedAbout(lens, 0.995, 9000, 12000, 21952);
    answer([lens, zoomedAbout({ top: 0, left: 0, side: 21952 }, 0.995 ** 1000, 9000, 12000, 21952)]);
    """
    many, one = run_module(code)
    assert many == pytest.approx(one, rel=1e-9)


def test_panning_and_centring_stop_at_the_border() -> None:
    lens = {"top": 10, "left": 20, "side": 30}
    answers = call(
        ["pannedBy", lens, 5, -7, 105],
        ["pannedBy", lens, -11, 900, 105],
        ["centredOn", lens, 50, 3, 21, 105],
        ["centredOn", lens, 104, 50, 400, 105],
        ["centredOn", lens, 50, 50, 1, 105],
        ["wholeLens", 105],
    )
    assert answers == [
        {"top": 15, "left": 13, "side": 30},
        {"top": 0, "left": 75, "side": 30},
        {"top": 40, "left": 0, "side": 21},
        {"top": 0, "left": 0, "side": 105},
        {"top": 49, "left": 49, "side": 4},
        {"top": 0, "left": 0, "side": 105},
    ]


def test_revealing_moves_just_so_far_that_the_entry_is_seen() -> None:
    lens = {"top": 10, "left": 20, "side": 5}
    answers = call(
        ["revealing", lens, 12, 24, 105],
        ["revealing", lens, 9, 25, 105],
        ["revealing", lens, 15, 19, 105],
        ["revealing", lens, 104, 0, 105],
    )
    assert answers == [
        lens,
        {"top": 9, "left": 21, "side": 5},
        {"top": 11, "left": 19, "side": 5},
        {"top": 100, "left": 0, "side": 5},
    ]


def test_what_is_seen_ends_before_the_end_of_the_range() -> None:
    view = {"rows": [10, 14], "cols": [20, 24]}
    cells = [(10, 20), (13, 23), (14, 20), (10, 24), (9, 20), (10, 19)]
    assert call(*(["isSeen", view, *cell] for cell in cells)) == [True, True, False, False, False, False]


def test_pixels_are_no_more_than_entries_room_and_the_most() -> None:
    given = [(105, 400, 1, 512), (21952, 400.7, 1, 512), (21952, 900, 1, 512), (21952, 900, 2, 512), (7, 0.5, 4, 512)]
    assert call(*(["pixelsFor", *each] for each in given)) == [105, 400, 512, 256, 1]


def test_svg_text_is_escaped_and_control_characters_are_left_out() -> None:
    code = 'import { escaped } from "@/svg.js"; answer(given.map(escaped));'
    assert run_module(code, ["a<b>&\"c'", "x\u0000\u001by\uffff", "12 °, ⊗, 𝛼"]) == [
        "a&lt;b&gt;&amp;&quot;c&apos;",
        "xy",
        "12 °, ⊗, 𝛼",
    ]


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Layer 2, head 3", "attention-map-layer-2-head-3.png"),
        ("../../etc/passwd", "attention-map-etc-passwd.png"),
        ("注意", "attention-map.png"),
    ],
)
def test_file_names_are_plain(title: str, name: str) -> None:
    assert run_module('import { fileName } from "@/save.js"; answer(fileName(given, "png"));', title) == name
