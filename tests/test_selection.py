"""The chosen query and key, and the way back."""

import pytest

from app.selection import LONGEST, History, Selection

FIRST, SECOND, THIRD = Selection((1, 2, 3)), Selection((4, 2, 3)), Selection((4, 2, 3), (0, 0, 1))


def test_a_role_moves_alone() -> None:
    assert THIRD.with_role("query", (2, 2, 2)) == Selection((2, 2, 2), (0, 0, 1))
    assert THIRD.with_role("key", (2, 2, 2)) == Selection((4, 2, 3), (2, 2, 2))


def test_one_mode_moves_and_a_key_begins_at_the_query() -> None:
    assert THIRD.moved("query", 1, 7) == Selection((4, 7, 3), (0, 0, 1))
    assert THIRD.moved("key", 2, 7) == Selection((4, 2, 3), (0, 0, 7))
    assert FIRST.moved("key", 0, 5) == Selection((1, 2, 3), (5, 2, 3))


@pytest.mark.parametrize(
    ("selection", "fits"),
    [
        (Selection((1, 2, 4)), True),
        (Selection((1, 2)), False),
        (Selection((2, 2, 4)), False),
        (Selection((1, -1, 4)), False),
        (Selection((1, 2, 4), (0, 0, 0)), True),
        (Selection((1, 2, 4), (0, 3, 0)), False),
        (Selection((1, 2, 4), (0, 0, 0, 0)), False),
    ],
)
def test_a_selection_fits_a_grid_or_not(selection: Selection, fits: bool) -> None:
    assert selection.fits((2, 3, 5)) is fits


def test_undo_and_redo_walk_the_same_way_twice() -> None:
    history = History(FIRST).choose(SECOND).choose(THIRD)
    back = history.undo()
    assert back.now == SECOND
    assert back.undo().now == FIRST
    assert back.undo().undo().now == FIRST
    assert back.undo().redo() == back
    assert back.redo() == history
    assert history.redo() == history


def test_a_new_choice_forgets_what_was_undone_and_the_same_one_is_no_step() -> None:
    history = History(FIRST).choose(SECOND).undo()
    assert history.choose(FIRST) is history
    assert history.choose(THIRD) == History(THIRD, (FIRST,), ())


def test_the_memory_is_bounded() -> None:
    history = History(Selection((0,)))
    for at in range(1, 3 * LONGEST):
        history = history.choose(Selection((at,)))
    assert len(history.past) == LONGEST
    assert history.past[0] == Selection((2 * LONGEST - 1,))
    for _ in range(3 * LONGEST):
        history = history.undo()
    assert history.now == Selection((2 * LONGEST - 1,))
    assert len(history.future) == LONGEST
