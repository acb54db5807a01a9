"""One series a thousand times the same variable elsewhere: found, offered, and divided only when asked."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np

from hot_core.io.limits import refuse

Scaled: TypeAlias = tuple[str, str, float]
"""Entity, variable, and what its values are to be divided by."""

FACTORS = ((1000.0, 0.2), (100.0, 0.1))
"""Factors between units that are mistaken for each other (µg and mg, Pa and hPa), and how near in powers of ten."""


def unit_surprises(sizes: np.ndarray) -> list[tuple[int, int, float]]:
    """Series whose values are about 100 or 1000 times, or a hundredth or thousandth of, those of the other entities.

    Of two entities only the larger one is named: which of both is in another unit nobody can tell.

    Args:
        sizes: the median magnitude of every series (entity, variable) where it is not 0; NaN where it has no value.

    Returns:
        (entity, variable, divisor), the divisor below 1 for what is too small.
    """
    found = []
    for variable in range(sizes.shape[1]):
        for entity, size in enumerate(sizes[:, variable]):
            others = np.delete(sizes[:, variable], entity)
            others = others[np.isfinite(others) & (others > 0)]
            if not (size > 0 and len(others)):
                continue
            power = math.log10(float(size) / float(np.median(others)))
            for factor, tolerance in FACTORS:
                if abs(abs(power) - math.log10(factor)) < tolerance and (power > 0 or len(others) > 1):
                    found.append((entity, variable, factor if power > 0 else 1 / factor))
    return found


def rescale(
    values: np.ndarray, entities: Sequence[str], variables: Sequence[str], scale: Sequence[Scaled], name: str
) -> list[str]:
    """Divide series in place, as somebody has said.

    Args:
        values: (entity, variable, time).
        entities: names.
        variables: names.
        scale: what to divide by what.
        name: the file's name, for sentences.

    Returns:
        Notes.

    Raises:
        ReadError: when the file has no such series, or the divisor is not a positive number.
    """
    notes = []
    for entity, variable, divisor in scale:
        if entity not in entities or variable not in variables:
            raise refuse(name, f"there is no series '{entity} · {variable}' to divide", "Name one that the file has")
        if not (math.isfinite(divisor) and divisor > 0):
            raise refuse(name, f"'{entity} · {variable}' cannot be divided by {divisor}", "Give a positive number")
        values[list(entities).index(entity), list(variables).index(variable)] /= divisor
        done = f"divided by {divisor:,g}" if divisor >= 1 else f"multiplied by {1 / divisor:,g}"
        notes.append(f"{entity} · {variable} is {done}, as you said.")
    return notes
