"""Which part is learnt, which chooses and which tests. Pure functions; a test part never leaks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch

TRAIN, VALIDATION, TEST, BUFFER = 0, 1, 2, -1


class Spans(NamedTuple):
    """Half-open index ranges of three consecutive parts of a series."""

    train: tuple[int, int]
    validation: tuple[int, int]
    test: tuple[int, int]


class Parts(NamedTuple):
    """Names of the cases of each part."""

    train: tuple[str, ...]
    validation: tuple[str, ...]
    test: tuple[str, ...]


def by_time(length: int, train: float = 0.7, validation: float = 0.1) -> Spans:
    """Cut a series in time order: the past is learnt, the near future chooses, the far future tests.

    Args:
        length: number of steps.
        train: share of the first part.
        validation: share of the second part; the rest is the test part.

    Returns:
        The three ranges; they touch and never overlap.
    """
    first, second = round(length * train), round(length * (train + validation))
    return Spans((0, first), (first, second), (second, length))


def by_subject(names: Sequence[str], validation: int, test: int, seed: int = 0) -> Parts:
    """Deal whole subjects to the parts, so that no subject is in two.

    Args:
        names: subjects; their order does not matter.
        validation: subjects that choose.
        test: subjects held out.
        seed: of the one permutation that decides.

    Returns:
        The three parts, each sorted.
    """
    ordered = sorted(names)
    dealt = [ordered[i] for i in np.random.default_rng(seed).permutation(len(ordered))]
    held, choosing, learnt = dealt[:test], dealt[test : test + validation], dealt[test + validation :]
    return Parts(tuple(sorted(learnt)), tuple(sorted(choosing)), tuple(sorted(held)))


def by_blocks(
    shape: tuple[int, int],
    block: int = 48,
    buffer: int = 8,
    shares: tuple[float, float, float] = (0.6, 0.15, 0.25),
    seed: int = 0,
) -> np.ndarray:
    """Deal square blocks of a scene to the parts, with a strip between them that belongs to none.

    Neighbouring pixels are nearly copies of each other, so a split by pixel would test on what was learnt.
    A pixel of a lower part (train < validation < test) within `buffer` pixels of a higher one is taken out.

    Args:
        shape: rows and columns of the scene.
        block: side of a block in pixels.
        buffer: width of the strip in pixels (Chebyshev distance).
        shares: train, validation and test shares of the blocks.
        seed: of the permutation that deals the blocks.

    Returns:
        int8 array of `shape`: TRAIN, VALIDATION, TEST or BUFFER.
    """
    rows, columns = -(-shape[0] // block), -(-shape[1] // block)
    count = rows * columns
    order = np.random.default_rng(seed).permutation(count)
    dealt = np.full(count, TEST, np.int8)
    first, second = round(count * shares[0]), round(count * (shares[0] + shares[1]))
    dealt[order[:first]], dealt[order[first:second]] = TRAIN, VALIDATION
    parts = dealt.reshape(rows, columns).repeat(block, 0).repeat(block, 1)[: shape[0], : shape[1]].copy()
    near_test = _dilate(parts == TEST, buffer)
    near_validation = _dilate(parts == VALIDATION, buffer)
    out = (parts == TRAIN) & (near_test | near_validation) | (parts == VALIDATION) & near_test
    parts[out] = BUFFER
    return parts


def _dilate(mask: np.ndarray, distance: int) -> np.ndarray:
    grown = torch.nn.functional.max_pool2d(
        torch.from_numpy(mask)[None, None].float(), 2 * distance + 1, stride=1, padding=distance
    )
    return grown[0, 0].numpy() > 0
