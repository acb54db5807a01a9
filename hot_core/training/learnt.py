"""What a model has learnt from, as a table of statistics, and how often an input like it is called unlike it."""

from __future__ import annotations

from typing import Any

import numpy as np

from hot_core.familiarity import FOLDS, MOST_UNITS, Familiarity, Reference, Statistics, describe
from hot_core.models import ModelConfig
from hot_core.training.augment import hidden_tokens
from hot_core.training.recipe import Example, Recipe

MOST = 200
"""Inputs of the training part; half as many of the validation part are added."""
LEAST_SIDE = 32
"""Pixels: the smallest crops that land cover is learnt from."""
TRIED = 200
"""Inputs of the test part that the rate of false alarms is measured on, at most."""


def learnt_reference(recipe: Recipe, most: int = MOST, seed: int = 0) -> Reference:
    """The statistics of training and validation inputs, each as it is and once as training disturbs it.

    The disturbed ones (cropped, tokens hidden) make the distribution as wide as what was learnt; the threshold is set
    by the others. Rasters are taken as regions of any size, as people choose them. Neighbours fall into the same fold;
    windows of one scene overlap those of other folds all the same, which the card of such a model says.

    Args:
        recipe: what was learnt.
        most: inputs of the training part.
        seed: of the crops, the hidden tokens and the series that are kept.

    Returns:
        The reference.
    """
    config, rng = recipe.config(), np.random.default_rng(seed)
    examples = [*recipe.examples("train", most), *recipe.examples("validation", most // 2)]
    folds = np.arange(len(examples)) * min(FOLDS, len(examples)) // len(examples)
    rows: list[Statistics] = []
    for whole in examples:
        example = region(config, whole, rng)
        rows += [statistics_of(config, example), statistics_of(config, disturbed(config, example, rng))]
    names = tuple(rows[0])
    table = np.stack([_units(row, names, rng) for row in rows])
    return Reference(names, table, folds.repeat(2), np.arange(len(rows)) % 2 == 0)


def statistics_of(config: ModelConfig, example: Example) -> Statistics:
    """The statistics of one input."""
    return describe(config, example.values.numpy(), example.mask.numpy(), example.roles)


def compared(reference: Reference, config: ModelConfig, example: Example) -> Familiarity | None:
    """One input beside what was learnt."""
    return reference.compare(statistics_of(config, example))


def false_alarms(reference: Reference, recipe: Recipe, most: int = TRIED) -> dict[str, Any]:
    """How many undisturbed inputs of the test part lie beyond the threshold.

    Args:
        reference: of the training and the validation part.
        recipe: gives the test part.
        most: inputs that are tried.

    Returns:
        `cases`, and how many of them are `far`.
    """
    config, rng = recipe.config(), np.random.default_rng(0)
    found = [compared(reference, config, region(config, example, rng)) for example in recipe.examples("test", most)]
    known = [one for one in found if one is not None]
    return {"cases": len(known), "far": sum(one.far for one in known)}


def region(config: ModelConfig, example: Example, rng: np.random.Generator) -> Example:
    """A square of a raster with a side from 32 pixels to all of it, small ones as often as large ones; else the input.

    Args:
        config: the model's configuration.
        example: the input.
        rng: draws side and place.

    Returns:
        The part.
    """
    if config.kind != "raster":
        return example
    values, mask = example.values, example.mask
    most = min(values.shape[:2])
    side = int(np.exp(rng.uniform(np.log(min(LEAST_SIDE, most)), np.log(most + 1))))
    for axis in range(2):
        start = int(rng.integers(0, values.shape[axis] - side + 1))
        values, mask = values.narrow(axis, start, side), mask.narrow(axis, start, side)
    return Example(values, mask, example.roles)


def disturbed(config: ModelConfig, example: Example, rng: np.random.Generator) -> Example:
    """An input as training disturbs it: a crop of at least three quarters of each spatial side, tokens hidden.

    Args:
        config: the model's configuration.
        example: the input.
        rng: draws the crop and what is hidden.

    Returns:
        A part of the input with a smaller mask; series and shapes are not cropped.
    """
    values, mask = example.values, example.mask
    sides = {"volume": 3 * (config.task == "segment"), "raster": 2}.get(config.kind, 0)
    for axis in range(sides):
        size = values.shape[axis]
        length = int(rng.integers(-(-3 * size // 4), size + 1))
        start = int(rng.integers(0, size - length + 1))
        values, mask = values.narrow(axis, start, length), mask.narrow(axis, start, length)
    hidden = hidden_tokens(rng, values.shape, config.patch)
    kept = mask.numpy() & ~hidden
    return Example(values.where(mask.new_tensor(kept), values.new_zeros(())), mask.new_tensor(kept), example.roles)


def _units(statistics: Statistics, names: tuple[str, ...], rng: np.random.Generator) -> np.ndarray:
    """(unit, statistic): some of the units drawn at random, filled up with NaN to a fixed number."""
    rows = np.stack([np.atleast_1d(np.asarray(statistics[name], np.float64)) for name in names], axis=-1)
    single = all(np.ndim(statistics[name]) == 0 for name in names)
    filled = np.full((1 if single else MOST_UNITS, len(names)), np.nan)
    drawn = rng.permutation(len(rows))[: len(filled)]
    filled[: len(drawn)] = rows[drawn]
    return filled
