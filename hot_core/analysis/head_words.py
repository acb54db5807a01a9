"""Heads in words: what a pattern, a distance or an agreement says, in the mode's own coordinates and units."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from hot_core.analysis.pattern_search import Found
from hot_core.analysis.patterns import MIXED, TOO_FEW, UNIFORM, Pattern
from hot_core.analysis.words import UNITS, number, place
from hot_core.modes import Mode

WITHOUT_ORDER = frozenset({"entity", "variable", "band"})
"""Modes whose order of positions is nobody's choice, even where they are numbered."""
HOUR = np.timedelta64(1, "h")


@dataclass(frozen=True, eq=False)
class Ruler:
    """How far apart the positions of a mode are.

    Attributes:
        mode: name, coordinates and unit, one coordinate a position.
        ordered: whether neighbouring positions are neighbours in the data.
        places: (n,) coordinates as numbers in `unit`; positions where the mode has no order.
        unit: "h", "mm", "m", "°", …; "share" where the mode has no order.
    """

    mode: Mode
    ordered: bool
    places: np.ndarray
    unit: str

    @property
    def step(self) -> float:
        """The usual distance of neighbours with its sign, 1 where there is only one position."""
        return float(np.median(np.diff(self.places))) if len(self.places) > 1 else 1.0


def ruler_of(mode: Mode) -> Ruler:
    """The distances of a mode: hours for dates, the coordinates' own unit for numbers, none for names."""
    coords = np.asarray(mode.coords)
    if mode.name in WITHOUT_ORDER or coords.dtype.kind not in "iufM":
        return Ruler(mode, False, np.arange(len(coords), dtype=float), "share")
    if coords.dtype.kind == "M":
        return Ruler(mode, True, (coords - coords[:1]) / HOUR, "h")
    unit = UNITS.get(mode.unit or "", mode.unit or "")
    usual = "steps" if mode.name == "time" else "positions"
    return Ruler(mode, True, coords.astype(float), f"{unit}s" if unit == "voxel" else unit or usual)


def percent(share: float) -> str:
    """A share as a whole percentage, never rounded up to all: "81 %", "99.6 %"."""
    whole = round(100 * share)
    return f"{number(100 * share)} %" if whole == 100 and share < 0.9995 else f"{whole} %"


def times_uniform(weight: float, uniform: float) -> str:
    """How often more than if all keys were looked at alike: "19 times uniform"."""
    return f"{number(weight / uniform, 2)} times uniform"


def at_words(ruler: Ruler, position: int) -> str:
    """One position by its coordinate: "JFK", "12-30 14:00", "−26.5 mm"."""
    value = ruler.mode.coords[position]
    if isinstance(value, np.datetime64):
        return str(np.datetime_as_string(value, unit="m")).replace("T", " ")[5:]
    if np.asarray(value).dtype.kind not in "iuf":
        return str(value)
    unit = UNITS.get(ruler.mode.unit or "", ruler.mode.unit or ruler.mode.name)
    words = place(float(value), abs(ruler.step) / 10).removesuffix(".0")
    return f"{unit} {words}" if unit in ("voxel", ruler.mode.name) else f"{words} {unit}"


def pattern_words(pattern: Pattern, ruler: Ruler, positions: int) -> str:
    """A pattern with its measure in a sentence.

    Args:
        pattern: what was found.
        ruler: the mode's coordinates.
        positions: how many of them hold data.

    Returns:
        "diagonal: 81 % of the weight stays on the query's own position, 19 times uniform".
    """
    even = "" if math.isnan(pattern.entropy_share) else f"entropy is {percent(pattern.entropy_share)} of its largest"
    if pattern.name == TOO_FEW:
        return f"too few positions ({positions}) to tell a pattern from chance" + (f"; {even}" if even else "")
    if pattern.name == UNIFORM:
        return f"uniform: {even}, ln {positions} = {number(math.log(positions))} nats"
    found = pattern.found
    if found is None:
        raise ValueError(f"A pattern {pattern.name!r} comes with what was found.")
    said = f"{percent(found.weight)} of the weight {where_words(found, ruler)}"
    said += f", {times_uniform(found.weight, found.uniform)}"
    if pattern.name == MIXED:
        return f"mixed: no named pattern is strong and sure enough. Nearest to {found.name}: {said}; {even}"
    sink = " (attention sink)" if found.name == "vertical" else ""
    return f"{found.name}{sink}: {said}"


def where_words(found: Found, ruler: Ruler) -> str:
    """Where the weight of a pattern lies."""
    if found.name == "diagonal":
        return "stays on the query's own position"
    if found.name == "vertical":
        who = "alone, whoever looks" if len(found.places) == 1 else "together, whoever looks"
        return f"falls on {joined_words([at_words(ruler, key) for key in found.places])} {who}"
    if found.name == "banded":
        return band_words(found.places[0], found.places[1], ruler)
    return block_words(found.places, ruler)


def band_words(first: int, last: int, ruler: Ruler) -> str:
    """A band in the mode's unit: its half width where the query is in its middle, otherwise from where to where."""
    ends = sorted(offset * ruler.step for offset in (first, last))
    if first == -last:
        return f"lies within {number(ends[1])} {ruler.unit} of the query"
    if ruler.mode.name == "time" and (ends[0] >= 0 or ends[1] <= 0):
        near, far = sorted(abs(end) for end in ends)
        span = number(far) if near == far else f"{number(near)} to {number(far)}"
        return f"lies {span} {ruler.unit} {'after' if ends[1] > 0 else 'before'} the query"
    low, high = (f"{'+' if end > 0 else ''}{number(end)}" for end in ends)
    return f"lies at {low} {f'to {high} ' if low != high else ''}{ruler.unit} from the query"


def block_words(starts: Sequence[int], ruler: Ruler) -> str:
    """How many blocks, and where each one begins and ends."""
    spans = [(start, stop - 1) for start, stop in pairwise([*starts, len(ruler.places)])]
    shown = [f"{at_words(ruler, first)} … {at_words(ruler, last)}" for first, last in spans[:4]]
    more = f", and {len(spans) - 4} more" if len(spans) > 4 else ""
    return f"stays inside the query's own one of {len(spans)} blocks ({'; '.join(shown)}{more})"


def joined_words(words: Sequence[str]) -> str:
    """Words in a row with commas and an "and" before the last."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def distance_words(distance: float, ruler: Ruler) -> str:
    """How far a head looks: a length, or for names how much of its weight leaves the query's own position."""
    if math.isnan(distance):
        return "no position with data"
    if not ruler.ordered:
        return f"{percent(distance)} of the weight leaves the query's own position"
    return f"{number(distance)} {ruler.unit} away on average"


def agreement_words(agreement: float) -> str:
    """What a head has in common with the others."""
    if math.isnan(agreement):
        return "there is no other head"
    return f"shares {percent(agreement)} of its weight with the other heads"


CAPTIONS = {
    "diagonal": "look mostly at the query's own position (diagonal)",
    "vertical": "look at the same few keys whatever the query (vertical)",
    "banded": "look along a narrow band",
    "block": "look inside blocks",
    "uniform": "are close to uniform",
    "mixed": "show no named pattern (mixed)",
}


def summary_words(patterns: Sequence[str], mode: str) -> str:
    """What the heads of a model show along a mode, most frequent first.

    Returns:
        "Of 12 heads along time, 5 look along a narrow band; 7 show no named pattern (mixed)."
    """
    if set(patterns) == {TOO_FEW}:
        return f"{mode} has too few positions to tell a pattern from chance; entropy and agreement still say something."
    count = Counter(patterns)
    said = []
    for name, found in sorted(count.items(), key=lambda pair: (pair[0] == MIXED, -pair[1])):
        words = CAPTIONS.get(name, "hold too few positions with data")
        if found == 1:  # "1 looks", "1 is", "1 shows"
            first, rest = words.split(" ", 1)
            words = f"{'is' if first == 'are' else first + 's'} {rest}"
        said.append(f"{found} {words}")
    return f"Of {len(patterns)} head{'s' * (len(patterns) > 1)} along {mode}, {'; '.join(said)}."
