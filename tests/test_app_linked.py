"""What is done in one picture moves the selection that all of them show."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from app import state
from app.parts import linked
from app.selection import History, Selection
from hot_core.figures.picking import Click
from tests.makers_reports import clicked, reported

SHAPE = (3, 5, 7)
Memory = dict[str, Any]


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> Memory:
    found: Memory = {"series_history": History(Selection((1, 2, 3)))}
    monkeypatch.setattr(state.st, "session_state", found)
    return found


def view() -> Any:
    grid = SimpleNamespace(shape=SHAPE)
    return SimpleNamespace(
        kind="series", analysis=SimpleNamespace(grid=grid),
        token=lambda flat: tuple(int(at) for at in np.unravel_index(flat, SHAPE)),
    )  # fmt: skip


def event(memory: Memory, place: str, **what: Any) -> None:
    memory[place] = reported(**what)


def now(memory: Memory) -> Selection:
    found: Selection = memory["series_history"].now
    return found


def test_the_map_chooses_query_key_and_pair(memory: Memory) -> None:
    event(memory, "map", type="pick", role="query", position=1 * 35 + 4 * 7 + 6)
    linked.follow_map(view(), "map")
    assert now(memory) == Selection((1, 4, 6))
    event(memory, "map", type="pick", role="key", position=2 * 35)
    linked.follow_map(view(), "map")
    assert now(memory) == Selection((1, 4, 6), (2, 0, 0))
    event(memory, "map", type="pair", query=7, key=8)
    linked.follow_map(view(), "map")
    assert now(memory) == Selection((0, 1, 0), (0, 1, 1))


def test_a_matrix_moves_one_mode(memory: Memory) -> None:
    event(memory, "matrix", type="pick", role="query", position=4)
    linked.follow_matrix(view(), "matrix", 1)
    assert now(memory) == Selection((1, 4, 3))
    event(memory, "matrix", type="pick", role="key", position=6)
    linked.follow_matrix(view(), "matrix", 2)
    assert now(memory) == Selection((1, 4, 3), (1, 4, 6))


def test_both_undo_and_redo(memory: Memory) -> None:
    state.choose("series", Selection((0, 0, 0)))
    event(memory, "map", type="undo")
    linked.follow_map(view(), "map")
    assert now(memory) == Selection((1, 2, 3))
    event(memory, "matrix", type="redo")
    linked.follow_matrix(view(), "matrix", 0)
    assert now(memory) == Selection((0, 0, 0))


def test_a_second_click_before_the_page_has_run_again_keeps_the_first(memory: Memory) -> None:
    old = view()
    event(memory, "map", type="pick", role="query", position=35)
    linked.follow_map(old, "map")
    event(memory, "map", type="pick", role="key", position=36)
    linked.follow_map(old, "map")
    assert now(memory) == Selection((1, 0, 0), (1, 0, 1))
    event(memory, "matrix", type="pick", role="key", position=4)
    linked.follow_matrix(old, "matrix", 1)
    assert now(memory) == Selection((1, 0, 0), (1, 4, 1))
    memory["clicks"] = clicked("figure", 0, 0)
    linked._follow("clicks", old, {"figure": lambda click, base: (2, 2, 2)})
    assert now(memory) == Selection((2, 2, 2), (1, 4, 1))


@pytest.mark.parametrize("place", [-1, 105, 10**9, 2.5, "3", None])
def test_a_position_outside_the_map_is_not_heard(place: object, memory: Memory) -> None:
    event(memory, "map", type="pick", role="query", position=place)
    linked.follow_map(view(), "map")
    event(memory, "map", type="pair", query=3, key=place)
    linked.follow_map(view(), "map")
    event(memory, "matrix", type="pick", role="key", position=place)
    linked.follow_matrix(view(), "matrix", 2)
    event(memory, "map", type="something")
    linked.follow_map(view(), "map")
    assert memory["series_history"] == History(Selection((1, 2, 3)))


def test_an_event_that_is_gone_does_nothing(memory: Memory) -> None:
    linked.follow_map(view(), "map")
    linked.follow_matrix(view(), "matrix", 0)
    assert memory["series_history"] == History(Selection((1, 2, 3)))


@pytest.mark.parametrize(
    ("picks", "shift", "expected"),
    [
        ("query", False, Selection((2, 4, 3), (0, 1, 1))),
        ("query", True, Selection((1, 2, 3), (2, 4, 1))),
        ("key", False, Selection((1, 2, 3), (2, 4, 1))),
        ("key", True, Selection((2, 4, 3), (0, 1, 1))),
    ],
)
def test_a_click_in_the_data_moves_query_or_key_from_where_it_is(
    picks: str, shift: bool, expected: Selection, memory: Memory
) -> None:
    state.choose("series", Selection((1, 2, 3), (0, 1, 1)))
    memory["series_picks"] = picks
    memory["clicks"] = clicked("figure", "a", 1, shift, [2, 4])

    def pick(click: Click, base: tuple[int, ...]) -> tuple[int, ...]:
        assert click.cell is not None
        return (*click.cell, base[2])

    linked._follow("clicks", view(), {"figure": pick})
    assert now(memory) == expected


def test_a_figure_that_is_not_listened_to_is_not_heard(memory: Memory) -> None:
    memory["clicks"] = clicked("other", 0, 0)
    linked._follow("clicks", view(), {})
    assert now(memory) == Selection((1, 2, 3))


def test_a_click_that_waited_is_followed_before_the_one_that_brings_it(memory: Memory) -> None:
    waited = reported(type="pick", role="query", position=4)["event"]
    memory["matrix"] = reported(type="pick", role="key", position=0)
    memory["matrix"]["event"]["before"] = [waited]
    linked.follow_matrix(view(), "matrix", 1)
    assert now(memory) == Selection((1, 4, 3), (1, 0, 3))
    linked.follow_matrix(view(), "matrix", 1)
    assert memory["series_history"].past == (Selection((1, 2, 3)), Selection((1, 4, 3)))
