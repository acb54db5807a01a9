"""Attention over triples in numbers that fit on a page: Match3 with its cube of weights.

The construction is that of `hot_core.lessons.match3`; here a few numbers are drawn or read, and what the head says is
put beside the truth.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from hot_core.attention import bounded_tensor_attention
from hot_core.errors import RegimeError, SelectionError
from hot_core.lessons import match3

DRAWN = "drawn"
"""What stands in the place of one's own numbers where there are none."""
MOST = 12
"""Numbers on the page; the cube has 12 · 13 · 13 weights at most."""


@dataclass(frozen=True, eq=False)
class Match:
    """Match3 on a few numbers.

    Attributes:
        numbers: `x_0 … x_{n−1}`, from 0 to M − 1.
        modulus: `M`.
        beta: the sharpness.
        truth: for each number whether a pair completes it to a multiple of M.
        scores: the weight that the head puts on pairs of tokens.
        cube: (n, n + 1, n + 1): query, first key, second key; the blank is the last of both keys.
    """

    numbers: tuple[int, ...]
    modulus: int
    beta: float
    truth: np.ndarray
    scores: np.ndarray
    cube: np.ndarray

    @property
    def answers(self) -> np.ndarray:
        """What the head says, (n,) bool."""
        return self.scores > match3.THRESHOLD

    @property
    def right(self) -> int:
        """How many answers are right."""
        return int((self.answers == self.truth).sum())

    @property
    def uniform(self) -> float:
        """The weight of each pair if all were looked at alike."""
        return 1.0 / self.cube[0].size


def drawn(count: int, modulus: int, seed: int) -> tuple[int, ...]:
    """Numbers from 0 to M − 1, the same for the same seed."""
    generator = torch.Generator().manual_seed(seed)
    return tuple(torch.randint(modulus, (count,), generator=generator).tolist())


def read_numbers(text: str) -> tuple[int, ...]:
    """Numbers as a person writes them, with commas or spaces.

    Returns:
        At most 12; none from an empty line or the word "drawn".

    Raises:
        SelectionError: when one is no whole number, is too large, or there are too many.
    """
    words = text.replace(",", " ").replace(";", " ").replace(DRAWN, " ").split()
    wrong = [word for word in words if not (word.isascii() and word.isdigit() and len(word) <= 6)]
    if wrong:
        raise SelectionError(f"Numbers: {wrong[0][:20]!r} is no whole number from 0 to 999999. Write 3, 5, 29.")
    if len(words) > MOST:
        raise SelectionError(f"Numbers: there are {len(words)}, and the page shows {MOST} at most. Leave some out.")
    return tuple(int(word) for word in words)


def match(numbers: Sequence[int], modulus: int, beta: float) -> Match:
    """The truth and the head's answer on a few numbers.

    Args:
        numbers: 1 to 12 of them; only their remainders count.
        modulus: `M`.
        beta: the sharpness.

    Returns:
        Both, with the whole cube of weights.

    Raises:
        SelectionError: when there are none or more than 12.
        ShapeError: when modulus or sharpness cannot be.
    """
    if not 1 <= len(numbers) <= MOST:
        raise SelectionError(f"Match3: there are {len(numbers)} numbers; give 1 to {MOST}.")
    given = torch.tensor([number % modulus for number in numbers])
    cube = match3.weights(given, modulus, beta)
    return Match(
        tuple(given.tolist()), modulus, beta, match3.truth(given, modulus).numpy(),
        match3.head(given, modulus, beta).numpy(), cube.numpy(),
    )  # fmt: skip


def partners(numbers: Sequence[int], modulus: int, query: int) -> list[tuple[int, int]]:
    """The pairs (j, k) with j ≤ k that complete a number to a multiple of M; a token may come twice."""
    count = len(numbers)
    return [
        (j, k) for j in range(count) for k in range(j, count)
        if (numbers[query] + numbers[j] + numbers[k]) % modulus == 0
    ]  # fmt: skip


def rows(found: Match) -> dict[str, list[str]]:
    """One line a number: the truth with one of its pairs, what the head says, and whether that is right."""
    table: dict[str, list[str]] = {word: [] for word in ("i", "x", "truth", "a pair", "score", "head", "right")}
    for index, number in enumerate(found.numbers):
        pairs = partners(found.numbers, found.modulus, index)
        sums = [f"{number} + {found.numbers[j]} + {found.numbers[k]}" for j, k in pairs[:1]]
        cells = (
            str(index), str(number), "yes" if found.truth[index] else "no", sums[0] if sums else "none",
            f"{found.scores[index]:.3f}", "yes" if found.answers[index] else "no",
            "right" if found.answers[index] == found.truth[index] else "WRONG",
        )  # fmt: skip
        for column, cell in zip(table.values(), cells, strict=True):
            column.append(cell)
    return table


def logits(found: Match, query: int) -> tuple[tuple[int, int], float, float]:
    """What a student can work out: the heaviest pair of tokens of a query with its logit, and the blank pair's logit.

    Returns:
        The pair (j, k), `β cos(2π (x_i + x_j + x_k)/M)`, and `β (1 + cos(2π/M))/2`.
    """
    tokens = found.cube[query, :-1, :-1]
    j, k = (int(at) for at in np.unravel_index(int(tokens.argmax()), tokens.shape))
    total = found.numbers[query] + found.numbers[j] + found.numbers[k]
    turn = 2 * np.pi / found.modulus
    return (j, k), float(found.beta * np.cos(turn * total)), float(found.beta * (1 + np.cos(turn)) / 2)


def bounded_refusal(found: Match) -> str:
    """What the near-linear algorithm says of this head, empty where it takes it."""
    query, keys, values = match3.queries_keys_values(torch.tensor(found.numbers), found.modulus, found.beta)
    try:
        bounded_tensor_attention(query, keys, values, scale=match3.SCALE)
    except RegimeError as error:
        return str(error)
    return ""


def cube_bytes(found: Match) -> bytes:
    """The cube as a `.npy` of float32, which napari opens by itself: axes query, first key, second key."""
    buffer = io.BytesIO()
    np.save(buffer, found.cube.astype(np.float32), allow_pickle=False)
    return buffer.getvalue()
