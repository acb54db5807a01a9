"""Rank: a full attention approximated by a sum of R Kronecker products, and what is lost."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from hot_core.errors import SelectionError
from hot_core.kronecker import nearest_kronecker
from hot_core.kronecker.nearest import rearranged
from hot_core.modes import Sample

RANDOM_SIZES = (4, 5)
HOURS = 3
"""Hours that one token of the series holds; eight of them are a day."""


@dataclass(frozen=True, eq=False)
class Full:
    """A full attention over a grid of two modes.

    Attributes:
        matrix: (N, N) softmax weights, float64; every row adds up to 1.
        sizes: tokens along the two modes.
        names: of every token, in the order of the matrix.
        filled: tokens without any data, which stand at the series' mean.
    """

    matrix: Tensor
    sizes: tuple[int, int]
    names: tuple[str, ...]
    filled: int = 0


@dataclass(frozen=True)
class Fate:
    """What becomes of one strong entry.

    Attributes:
        query: flat index of who looks.
        key: flat index of what is looked at.
        weight: in the full attention.
        close: in the approximation.
        kept: whether it is still among the strongest.
    """

    query: int
    key: int
    weight: float
    close: float
    kept: bool


@dataclass(frozen=True, eq=False)
class Approximation:
    """A full attention beside its best approximation by R Kronecker products.

    Attributes:
        full: (N, N).
        close: (N, N), the sum of R terms.
        terms: R.
        singular: singular values of the rearranged matrix, one for each possible term.
        errors: `‖A − Σ‖_F / ‖A‖_F` for 1, 2, … all terms.
        fates: of the N strongest entries of `full`, strongest first.
        negative: number of entries of `close` below 0 (below −1e-12, so that rounding does not count).
        lowest: the smallest entry of `close`.
        row_sums: of `close`; those of `full` are all 1.
        numbers: how many numbers the terms hold, `R (n₁² + n₂²)`.
    """

    full: np.ndarray
    close: np.ndarray
    terms: int
    singular: np.ndarray
    errors: np.ndarray
    fates: tuple[Fate, ...]
    negative: int
    lowest: float
    row_sums: np.ndarray
    numbers: int

    @property
    def lost(self) -> int:
        """How many of the strongest entries are no longer among the strongest."""
        return sum(not fate.kept for fate in self.fates)

    @property
    def tail(self) -> float:
        """The error again, from the singular values that are left out: `√(Σ_{r>R} σ_r²) / √(Σ σ_r²)`."""
        squares = self.singular**2
        return math.sqrt(float(squares[self.terms :].sum() / squares.sum()))


def random_attention(seed: int, temperature: float) -> Full:
    """A softmax over normal random logits of 4×5 tokens.

    Args:
        seed: of the logits.
        temperature: the logits are divided by it: low is sharp, high is even.

    Returns:
        An attention that has no structure at all.
    """
    _check_temperature(temperature)
    total = math.prod(RANDOM_SIZES)
    logits = np.random.default_rng(seed).standard_normal((total, total))
    names = tuple(f"row {r + 1}, column {c + 1}" for r in range(RANDOM_SIZES[0]) for c in range(RANDOM_SIZES[1]))
    return Full(_softmax(logits / temperature), RANDOM_SIZES, names)


def days(sample: Sample) -> int:
    """How many whole days a series has."""
    return sample.data.sizes["time"] // 24


def series_attention(sample: Sample, day: int, temperature: float) -> Full:
    """A full attention between the hours of one day at all stations: who has weather like whose?

    A token is three hours at one station: the means of its variables, each in standard deviations from its mean
    over the whole series and all stations. Logits are `x · x′ / (temperature √variables)`.

    Args:
        sample: an hourly series, (entity, variable, time).
        day: counted from 0, in steps of 24 samples from the first.
        temperature: low is sharp, high is even.

    Returns:
        Attention over entity × eight times of three hours.

    Raises:
        SelectionError: when the series has no such day.
    """
    _check_temperature(temperature)
    if not 0 <= day < days(sample):
        raise SelectionError(
            f"Day {day + 1} is asked for; “{sample.source.name}” has {days(sample)} whole days. Ask for one of them."
        )
    values = sample.data.transpose("entity", "variable", "time").values.astype(np.float64)
    mean = np.nanmean(values, axis=(0, 2), keepdims=True)
    spread = np.nanstd(values, axis=(0, 2), keepdims=True)
    part = ((values - mean) / np.where(spread > 0, spread, 1.0))[..., 24 * day : 24 * (day + 1)]
    blocks = part.reshape(*part.shape[:2], 24 // HOURS, HOURS)
    there = np.isfinite(blocks).sum(-1)
    means = np.where(there > 0, np.nansum(blocks, -1) / np.maximum(there, 1), 0.0)
    tokens = means.transpose(0, 2, 1).reshape(-1, part.shape[1])  # entity, time, variable
    logits = tokens @ tokens.T / (temperature * math.sqrt(part.shape[1]))
    stamps = sample.data.coords["time"].values[24 * day : 24 * (day + 1) : HOURS]
    hours = [str(stamp)[11:16] for stamp in stamps]
    names = tuple(f"{entity} {hour}" for entity in sample.data.coords["entity"].values for hour in hours)
    return Full(_softmax(logits), (len(values), len(hours)), names, int((there.sum(1) == 0).sum()))


def approximate(full: Full, terms: int) -> Approximation:
    """The best sum of `terms` Kronecker products, the errors of all others, and what is lost.

    Args:
        full: the attention.
        terms: R, from 1 to `min(n₁², n₂²)`.

    Returns:
        The approximation beside the attention.

    Raises:
        SelectionError: when there are not so many terms, or fewer than one is asked for.
    """
    most = min(full.sizes) ** 2
    if not (isinstance(terms, int) and 1 <= terms <= most):
        raise SelectionError(
            f"{terms} terms are asked for; with sizes {full.sizes} there are 1 to {most} of them. Ask for one of these."
        )
    nearest = nearest_kronecker(full.matrix, full.sizes, most)
    singular = torch.linalg.svdvals(rearranged(full.matrix, full.sizes)).numpy()
    close = torch.stack([torch.kron(first, second) for first, second in nearest.terms[:terms]]).sum(0).numpy()
    exact = full.matrix.numpy()
    return Approximation(
        exact, close, terms, singular, np.array(nearest.errors), _fates(exact, close), int((close < -1e-12).sum()),
        float(close.min()), close.sum(1), terms * sum(size**2 for size in full.sizes),
    )  # fmt: skip


def fate_table(made: Approximation, names: Sequence[str], most: int = 8) -> dict[str, list[str]]:
    """The strongest entries that vanish, the strongest first, as a table; rounded to three decimals."""
    gone = [fate for fate in made.fates if not fate.kept][:most]
    return {
        "who looks": [names[fate.query] for fate in gone],
        "at what": [names[fate.key] for fate in gone],
        "full weight": [f"{fate.weight:.3f}" for fate in gone],
        "approximated": [f"{fate.close:.3f}".replace("-", "−") for fate in gone],
    }


def singular_table(made: Approximation) -> dict[str, list[str]]:
    """Each singular value with its square, what is left after it, and the error, `√(tail / Σ σ²)`; six decimals."""
    squares = made.singular**2
    tails = np.append(np.cumsum(squares[::-1])[::-1], 0.0)
    return {
        "R": ["0", *(str(term + 1) for term in range(len(squares)))],
        "σ_R": ["", *(f"{value:.6f}" for value in made.singular)],
        "σ_R²": ["", *(f"{value:.6f}" for value in squares)],
        "tail": [f"{value:.6f}" for value in tails],
        "error": [f"{value:.3f}" for value in np.sqrt(tails / tails[0])],
    }


def _fates(exact: np.ndarray, close: np.ndarray) -> tuple[Fate, ...]:
    """The N strongest entries, and whether they are among the N strongest of the approximation."""
    count = len(exact)
    strong = np.argsort(-exact, axis=None, kind="stable")[:count]
    still = set(np.argsort(-close, axis=None, kind="stable")[:count].tolist())
    return tuple(
        Fate(*divmod(int(at), count), float(exact.flat[at]), float(close.flat[at]), int(at) in still) for at in strong
    )


def _softmax(logits: np.ndarray) -> Tensor:
    return torch.from_numpy(logits).softmax(-1)


def _check_temperature(temperature: float) -> None:
    if not (math.isfinite(temperature) and temperature > 0):
        raise SelectionError(f"The temperature must be a number above 0, got {temperature}. 1 leaves the logits as is.")
