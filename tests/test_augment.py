"""What is hidden and moved while training: the shapes of what is hidden, and where a voxel goes."""

import numpy as np
import pytest

from hot_core.training.augment import hidden_tokens, warped

DRAWS = 3000


class Given(np.random.Generator):
    """A generator that answers what the test says, in order."""

    def __init__(self, *answers: object) -> None:
        super().__init__(np.random.PCG64(0))
        self.answers = list(answers)

    def normal(self, centre: float, spread: float, size: int) -> np.ndarray:
        return np.asarray(self.answers.pop(0), float)


@pytest.fixture(scope="module")
def masks() -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [hidden_tokens(rng, (11, 7, 13), (4, 1, 2)) for _ in range(DRAWS)]


def tokens_of(mask: np.ndarray) -> np.ndarray:
    """One value a token, after the check that a token is hidden whole or not at all; (3, 7, 7) tokens."""
    padded = np.pad(mask, ((0, 1), (0, 0), (0, 1)), mode="edge").reshape(3, 4, 7, 1, 7, 2)
    first = padded[:, :1, :, :, :, :1]
    assert (padded == first).all()
    return first[:, 0, :, 0, :, 0]


def test_whole_tokens_are_hidden_and_half_of_the_draws_hide_none(masks):
    kinds = np.array([tokens_of(mask).any() for mask in masks])
    assert masks[0].shape == (11, 7, 13)
    # A quarter hides random tokens, a few of them none; a quarter boxes.
    assert 0.44 < kinds.mean() < 0.52


def is_box(tokens: np.ndarray) -> bool:
    places = np.argwhere(tokens)
    return len(places) == np.prod(places.max(0) - places.min(0) + 1)


def test_boxes_are_at_most_half_of_a_mode_or_all_of_it(masks):
    boxes = [t for t in map(tokens_of, masks) if t.sum() > 1 and is_box(t)]
    assert len(boxes) > DRAWS / 6
    slabs = 0
    for tokens in boxes:
        lengths = np.ptp(np.argwhere(tokens), axis=0) + 1
        halves = [length <= max(count // 2, 1) for length, count in zip(lengths, tokens.shape, strict=True)]
        assert all(half or length == count for half, length, count in zip(halves, lengths, tokens.shape, strict=True))
        assert any(halves), "a box must leave something"
        slabs += not all(halves)
    assert slabs > len(boxes) / 3


def test_random_tokens_reach_from_few_to_nearly_all(masks):
    shares = np.array([t.mean() for t in map(tokens_of, masks) if t.any() and not is_box(t)])
    assert (shares < 0.1).mean() > 0.15
    assert (shares > 0.7).any()
    assert abs(shares.mean() - 1 / 3) < 0.1


def test_something_always_stays(masks):
    assert not any(mask.all() for mask in masks)
    rng = np.random.default_rng(1)
    assert not any(hidden_tokens(rng, (4, 1), (4, 1)).any() for _ in range(DRAWS))
    assert not any(hidden_tokens(rng, (4, 3), (4, 1)).all() for _ in range(DRAWS))


def place_of(values: np.ndarray) -> list[int]:
    return list(np.unravel_index(values.argmax(), values.shape))


@pytest.mark.parametrize(
    ("degrees", "start", "end"),
    [
        # A quarter turn about one axis, of a voxel three steps from the middle (5, 6, 8) of a box of unlike sides.
        ([90, 0, 0], (5, 9, 8), (5, 6, 5)),
        ([0, 90, 0], (8, 6, 8), (5, 6, 5)),
        ([0, 0, 90], (8, 6, 8), (5, 3, 8)),
    ],
)
def test_a_quarter_turn_takes_a_voxel_where_it_belongs(degrees, start, end):
    values = np.zeros((11, 13, 17), np.float32)
    values[start] = 1
    labels = (values * 2).astype(np.int64)
    moved, kept = warped(values, labels, Given(degrees, [0, 0, 0]), degrees=1, stretch=1)
    back, _ = warped(moved, kept, Given([-d for d in degrees], [0, 0, 0]), degrees=1, stretch=1)
    assert sum(abs(a - b) for a, b in zip(place_of(moved), (5, 6, 8), strict=True)) == 3
    assert place_of(moved) == place_of(kept)
    assert place_of(moved) == list(end)
    assert place_of(back) == list(start)
    assert kept.max() == 2


def test_stretching_by_two_halves_what_is_seen_along_that_axis():
    values = np.zeros((11, 13, 17), np.float32)
    values[9, 6, 8] = 1
    moved, _ = warped(values, values.astype(np.int64), Given([0, 0, 0], [np.log(2), 0, 0]), degrees=1, stretch=1)
    assert place_of(moved) == [7, 6, 8]


def test_no_change_changes_nothing():
    rng = np.random.default_rng(2)
    values, labels = rng.random((11, 13, 7)).astype(np.float32), rng.integers(0, 3, (11, 13, 7))
    moved, kept = warped(values, labels, Given([0, 0, 0], [0, 0, 0]), degrees=1, stretch=1)
    np.testing.assert_allclose(moved, values, atol=1e-5)
    np.testing.assert_array_equal(kept, labels)
