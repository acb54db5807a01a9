"""Faithfulness: hide tokens in the order of a map, and see whether the prediction changes as the map says it should.

Hiding the strongest first is *deletion*. Hiding the weakest first, read from the far end, is *insertion*: with all but
the strongest hidden, only they are there. One picture holds both, over the shares `s` of hidden tokens that are tried:

    C(s)      = mean over components of |f(x without the tokens hidden at s) − f(x)|
    deletion  = mean of C over s ≤ ½, strongest first / scale
    insertion = mean of C over s > ½, weakest first / scale     (only the strongest are left)
    scale     = the largest mean change under the same map laid elsewhere, everything hidden included

Only the halves where the strongest leave or stay are taken: once whole slices of a mode are gone, the softmax gives
their weight to what is left, and the rest of the curve says how the model makes do, not what it looked at.

The same map laid elsewhere is the first map with its places exchanged at random along every mode. Hiding boxes and
slabs, as Kronecker maps do, has more ups and downs than hiding scattered tokens, and a map that names a wrong box would
often look better than scattered tokens do. "Above" means above the 95 % prediction interval of one more laying
elsewhere: with R of them, k = ⌊0.025 (R + 1)⌋, from the k-th smallest to the k-th largest; where R < 39, k would be 0,
and it is mean ± t · sd · √(1 + 1/R), which takes them for normal.

Source: deletion and insertion, Petsiuk et al., arXiv 1806.07421; what is most relevant up to a half, removed
(comprehensiveness) or kept (sufficiency), DeYoung et al., arXiv 1911.03429; the unit and the layings elsewhere, ours.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student

from hot_core.evidence.form import Form
from hot_core.evidence.probe import Probe, first_hidden, orders_of

CONFIDENCE = 0.95
ENOUGH = 39
"""From as many layings elsewhere on, the smallest and the largest bound a 95 % prediction interval."""
MOST_ORDERS = 120
"""Layings elsewhere of the map of a small input, whose passes go through the model together."""


@dataclass(frozen=True, eq=False)
class Order:
    """What hiding in the order of one map did.

    Attributes:
        strongest, weakest: the change at each share when these go first; NaN where that was not asked.
        deletion: the mean change while the strongest go, up to `Deletion.first`, in units of the scale; more is better.
        insertion: the mean change while only the strongest are left, from `Deletion.left` on; less is better.
        flat: whether the map has the same weight everywhere, so that it gives no order.
    """

    strongest: np.ndarray
    weakest: np.ndarray
    deletion: float
    insertion: float
    flat: bool


@dataclass(frozen=True, eq=False)
class Deletion:
    """Hiding in the order of several maps, and of the first of them laid elsewhere.

    Attributes:
        shares: the shares of hidden tokens, from 0 to 1.
        tokens: how many hold data.
        orders: by the name of the map.
        random: the change at each share for every laying elsewhere, (laying, share): strongest first up to a half of
            the tokens, weakest first beyond.
        areas: of the layings elsewhere as `Order.deletion`, in units of the scale.
        rests: of the layings elsewhere as `Order.insertion`.
        scale: the largest mean change under layings elsewhere, in `unit`; 0 when whatever is hidden changes nothing.
        unit: of the changes.
        least: the prediction practically does not depend on the input when the scale is not above this, in `unit`.
    """

    shares: np.ndarray
    tokens: int
    orders: Mapping[str, Order]
    random: np.ndarray
    areas: np.ndarray
    rests: np.ndarray
    scale: float
    unit: str
    least: float = 0.0

    @property
    def depends(self) -> bool:
        """Whether the prediction depends on the input by more than next to nothing."""
        return self.scale > self.least

    @property
    def first(self) -> float:
        """The largest share that is hidden strongest first: up to a half."""
        return float(self.shares[self.shares <= 0.5].max())

    @property
    def left(self) -> float:
        """The largest share that is left when more than a half is hidden weakest first."""
        return 1 - float(self.shares[self.shares > 0.5].min())

    @property
    def level(self) -> float:
        """The mean deletion of layings elsewhere."""
        return float(self.areas.mean())

    @property
    def interval(self) -> tuple[float, float]:
        """Where the deletion of one more laying elsewhere lies with 95 % confidence."""
        return prediction_interval(self.areas)

    @property
    def rest_level(self) -> float:
        """The mean insertion of layings elsewhere."""
        return float(self.rests.mean())

    @property
    def rest_interval(self) -> tuple[float, float]:
        """Where the insertion of one more laying elsewhere lies with 95 % confidence."""
        return prediction_interval(self.rests)


def deletion(
    probe: Probe, maps: Mapping[str, np.ndarray], form: Form, seed: int, step: Callable[[], None] | None = None
) -> Deletion:
    """Hide tokens in the order of every map, and of the first one laid elsewhere.

    Args:
        probe: the model on its input.
        maps: an importance for each token, by name.
        form: how many shares and layings elsewhere.
        seed: of the layings elsewhere and of ties.
        step: called after every batch of forward passes.

    Returns:
        Curves and areas.
    """
    rng, tokens = np.random.default_rng(seed), int(probe.valid.sum())
    counts = hidden_counts(form.shares, tokens)
    shares = np.r_[0.0, np.array(counts) / tokens, 1.0]
    end = float(probe.change(probe.hidden(probe.valid[None], step))[0])
    first = next(iter(maps.values()))
    laid = [orders_of(elsewhere(first, probe.valid, rng), probe.valid, rng) for _ in range(layings(probe, form))]
    random = curves(probe, [halves(order, counts, probe.shape) for order in laid], end, step)
    most = float(random.mean(axis=0).max())
    scale = most if most > floor_of(probe) else 0.0
    found = {}
    for name, importance in maps.items():
        order = orders_of(importance, probe.valid, rng)
        if importance is first:
            ways = [first_hidden(way, counts, probe.shape) for way in (order, order[::-1])]
            strongest, weakest = curves(probe, ways, end, step)
        else:  # for comparison: only what its two numbers need
            (line,) = curves(probe, [halves(order, counts, probe.shape)], end, step)
            strongest, weakest = np.where(shares <= 0.5, line, np.nan), np.where(shares > 0.5, line, np.nan)
        areas = area(shares, strongest, scale)[0], area(shares, weakest, scale)[1]
        found[name] = Order(strongest, weakest, *areas, is_flat(importance[probe.valid]))
    chance = np.array([area(shares, line, scale) for line in random]).T
    return Deletion(shares, tokens, found, random, chance[0], chance[1], scale, probe.score.unit, probe.least)


def layings(probe: Probe, form: Form) -> int:
    """How many layings elsewhere are worth the time: more of a small input, of which many go through at once."""
    return max(form.orders, min(MOST_ORDERS, form.orders * probe.together))


def passes(probe: Probe, form: Form, maps: int) -> int:
    """How many batches `deletion` sends through the model for so many maps; fewer tokens than shares make it less."""
    shares, size = len(form.shares), probe.together
    return 1 + -(-layings(probe, form) * shares // size) + -(-2 * shares // size) + (maps - 1) * -(-shares // size)


def elsewhere(importance: np.ndarray, valid: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The same map with its places exchanged at random along every mode, among the slices that hold any data."""
    for axis in range(importance.ndim):
        full = np.flatnonzero(valid.any(axis=tuple(other for other in range(valid.ndim) if other != axis)))
        places = np.arange(valid.shape[axis])
        places[full] = rng.permutation(full)
        importance = importance.take(places, axis=axis)
    return importance


def halves(order: np.ndarray, counts: list[int], shape: tuple[int, ...]) -> np.ndarray:
    """Masks for every count, (count, *shape): up to a half of the tokens its first are hidden, beyond it its last."""
    early = [count for count in counts if 2 * count <= len(order)]
    late = counts[len(early) :]
    return np.concatenate([first_hidden(order, early, shape), first_hidden(order[::-1], late, shape)])


def prediction_interval(values: np.ndarray) -> tuple[float, float]:
    """Where one more draw lies with 95 % confidence, given these: by rank, or by t where there are fewer than 39."""
    count = len(values)
    rank = int((1 - CONFIDENCE) / 2 * (count + 1) + 1e-9)
    if rank > 0:
        ordered = np.sort(values)
        return float(ordered[rank - 1]), float(ordered[-rank])
    half = float(student.ppf((1 + CONFIDENCE) / 2, count - 1)) * float(values.std(ddof=1)) * math.sqrt(1 + 1 / count)
    return float(values.mean()) - half, float(values.mean()) + half


def hidden_counts(shares: tuple[float, ...], tokens: int) -> list[int]:
    """How many tokens each share hides: at least one, never all, a half rounded down; the same twice counts once."""
    counts = {min(max(math.ceil(share * tokens - 0.5), 1), tokens - 1) for share in shares}
    return sorted(counts - {0})


def curves(probe: Probe, masks: list[np.ndarray], end: float, step: Callable[[], None] | None) -> np.ndarray:
    """The change along some ways of hiding, from 0 with nothing hidden to `end` with everything hidden.

    Args:
        probe: the model on its input.
        masks: for each way, what is hidden at each share, (share, *shape).
        end: the change with everything hidden.
        step: called after every batch.

    Returns:
        (way, 1 + share + 1).
    """
    change = probe.change(probe.hidden(np.concatenate(masks), step)).reshape(len(masks), -1)
    return np.pad(change, ((0, 0), (1, 1)), constant_values=((0.0, 0.0), (0.0, end)))


def area(shares: np.ndarray, change: np.ndarray, scale: float) -> tuple[float, float]:
    """The mean change by trapezes, up to a half of the tokens and beyond, over the scale; 0 where there is none.

    Returns:
        From nothing hidden to the last share up to ½; from the first share above it to everything hidden.
    """
    early = shares <= 0.5
    first, rest = (
        float(np.trapezoid(change[part], shares[part])) / max(float(np.ptp(shares[part])), 1e-12)
        for part in (early, ~early)
    )
    return (first / scale, rest / scale) if scale > 0 else (0.0, 0.0)


def floor_of(probe: Probe) -> float:
    """Below this, a change is rounding: a millionth of what is explained, in float32."""
    return 1e-6 * (1.0 + float(np.abs(probe.whole).max()))


def is_flat(importance: np.ndarray) -> bool:
    """Whether all are alike but for rounding."""
    return importance.size < 2 or float(np.ptp(importance)) <= 1e-6 * float(np.abs(importance).max())
