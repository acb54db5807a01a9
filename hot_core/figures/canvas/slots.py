"""The parts of a position's words that change from token to token: looked up, or added up and written as a number.

Where a coordinate depends on one mode alone, its words are listed, one for each token of that mode, and are
those of `position_words` to the letter. On oblique volumes and rotated rasters a coordinate is a sum over
the modes, `offset + Σ_m terms_m[token_m]`; a list of its words would have an entry for every token of the
grid, so the terms are sent, and the browser adds them up and writes them as `middle_place` does.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from hot_core.modes import TokenAxis


@dataclass(frozen=True)
class Listed:
    """Words that depend on the token of one mode.

    Attributes:
        mode: which mode.
        words: one for each of its tokens.
    """

    mode: int
    words: tuple[str, ...]

    def header(self) -> dict[str, Any]:
        """The slot as plain values."""
        return {"mode": self.mode, "words": list(self.words)}


@dataclass(frozen=True)
class Summed:
    """A number that is a sum over modes, with the decimals that `middle_place` would give it.

    Attributes:
        terms: for each mode one summand a token, in the unit of the words; () for a mode that has no part in it.
        offset: added last.
        decimals: those that a step needs, and those that a tenth of it needs.
        mode: the mode whose coverage decides between the two.
        even: whether each of its tokens covers an even number of positions, so that its middle lies between two.
        signs: what follows the number's absolute value where it is not negative, and where it is ("° E", "° W");
            () for a number with its own sign.
    """

    terms: tuple[tuple[float, ...], ...]
    offset: float
    decimals: tuple[int, int]
    mode: int
    even: tuple[bool, ...]
    signs: tuple[str, ...] = ()

    def header(self) -> dict[str, Any]:
        """The slot as plain values."""
        return {
            "terms": [list(mode) for mode in self.terms],
            "offset": self.offset,
            "decimals": list(self.decimals),
            "mode": self.mode,
            "even": [int(each) for each in self.even],
            "signs": list(self.signs),
        }


Slot: TypeAlias = Listed | Summed


def step_decimals(step: float) -> tuple[int, int]:
    """The decimals of `place(value, step)` and of `place(value, step / 10)`."""
    first, second = (max(0, math.ceil(-math.log10(size))) if size > 0 else 0 for size in (step, step / 10))
    return first, second


def counts(axis: TokenAxis) -> np.ndarray:
    """How many native positions each token covers."""
    return np.asarray(axis.stops - axis.starts)


def evens(axis: TokenAxis) -> tuple[bool, ...]:
    """Whether each token covers an even number of native positions."""
    return tuple(bool(count % 2 == 0) for count in counts(axis))
