"""A model on one input, asked again and again: with tokens hidden, or with its attention changed."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from hot_core.analysis.result import Analysis
from hot_core.errors import ModelError, ShapeError
from hot_core.evidence.target import Target, score_of
from hot_core.models import HOTModel
from hot_core.models.patches import pad_to_multiple, token_mask
from hot_core.record import AttentionRecord, Edit
from hot_core.transforms import Forecast, Settings, to_input

BATCH_VALUES = 60_000
"""Native values in one batch: small inputs go together, large ones one by one, which is faster on few cores."""
LEAST = 0.01
"""Below this share of how much a series varies, or so many log-odds, a change of the prediction is next to nothing."""
ROUNDING = 1e-6
"""A series that varies by less than this share of its size is constant, in float32."""


class Done(NamedTuple):
    """How much of the evidence is there.

    Attributes:
        done, total: steps of work.
        what: what is being asked.
    """

    done: int
    total: int
    what: str

    @property
    def share(self) -> float:
        """The part that is done, 0 to 1."""
        return self.done / max(self.total, 1)

    @property
    def words(self) -> str:
        """The same in words."""
        return f"{self.what}, {100 * self.share:.0f} %"


Told = Callable[[Done], None]
"""Is told how far the work is; whatever it raises ends the work."""


class Probe:
    """One input, one target, one model; the model is a frozen copy, the caller's stays as it is.

    Attributes:
        model: the copy, without gradients of its own.
        values, mask: the input with a batch axis of 1.
        shape: tokens along each mode.
        valid: which tokens hold data, bool of `shape`.
        score: from outputs to what is explained.
        whole: the score with nothing hidden, (component).
        least: a mean change that is next to nothing, in the score's unit, see `least_of`.
    """

    def __init__(self, analysis: Analysis, model: HOTModel, target: Target) -> None:
        settings = Settings.model_validate(analysis.provenance["settings"])
        self.given = to_input(analysis.sample, model.config, settings)
        self.model = copy.deepcopy(model).cpu().eval().requires_grad_(False)
        self.values = torch.from_numpy(self.given.values)[None]
        self.mask = torch.from_numpy(self.given.mask)[None]
        self.shape = self.given.grid.shape
        self.patch = tuple(model.config.patch)
        valid = token_mask(pad_to_multiple(self.mask, self.patch), self.patch)[0]
        self.valid: np.ndarray = valid.numpy()
        with torch.no_grad():  # what the score keeps of it goes into gradients later
            output = self.output(self.values, self.mask)
            self.score = score_of(target, model.config, analysis.sample, self.given, output)
            self.whole: np.ndarray = self.score.of(output)[0].double().numpy()
        self.least = least_of(analysis, target)
        if not np.isfinite(self.whole).all():
            raise ModelError(f"{model.config.name}: the prediction to be explained is not a number.")

    def output(self, values: Tensor, mask: Tensor, record: AttentionRecord | None = None) -> Tensor:
        """The model's output for a batch of inputs."""
        extra: dict[str, Any] = {"roles": self.given.roles} if self.given.roles else {}
        result: Tensor = self.model(values, mask, record=record, **extra)
        return result

    def hidden(self, tokens: np.ndarray, step: Callable[[], None] | None = None) -> np.ndarray:
        """The score with tokens hidden as missing values, which the models have met in training.

        Args:
            tokens: bool (draw, *shape), True where hidden.
            step: called after every batch.

        Returns:
            float64 (draw, component).

        Raises:
            ShapeError: when `tokens` is not of this shape.
        """
        if tokens.shape[1:] != self.shape:
            raise ShapeError(
                f"Probe.hidden: tokens {tokens.shape}, tokens of this input {self.shape}; give one draw each."
            )
        size, found = self.together, []
        for start in range(0, len(tokens), size):
            seen = self.mask & ~torch.from_numpy(self.native(tokens[start : start + size]))
            with torch.inference_mode():
                output = self.output(self.values.expand(len(seen), *self.values.shape[1:]), seen)
                found.append(self.score.of(output).double().numpy())
            if step is not None:
                step()
        return np.concatenate(found) if found else np.empty((0, len(self.whole)))

    def native(self, tokens: np.ndarray) -> np.ndarray:
        """Tokens (draw, *shape) as values (draw, *native sizes)."""
        for axis, (size, step) in enumerate(zip(self.values.shape[1:], self.patch, strict=True), start=1):
            tokens = tokens.repeat(step, axis=axis).take(np.arange(size), axis=axis)
        return tokens

    def edited(self, edit: Edit) -> np.ndarray:
        """The score with the attention changed, (component)."""
        with torch.inference_mode():
            output = self.output(self.values, self.mask, AttentionRecord(self.given.grid.modes, edit=edit))
            return self.score.of(output)[0].double().numpy()

    def change(self, scores: np.ndarray) -> np.ndarray:
        """How far scores (…, component) are from those with nothing hidden: the mean of the absolute differences."""
        return np.asarray(np.abs(scores - self.whole).mean(axis=-1))

    @property
    def together(self) -> int:
        """How many inputs of this size go through the model at once."""
        return max(1, BATCH_VALUES // self.values.numel())

    @property
    def level(self) -> float:
        """What is explained, as one number in the score's unit."""
        return float((self.whole + self.score.offset).mean())


def least_of(analysis: Analysis, target: Target) -> float:
    """What a change of the prediction has to exceed to be more than next to nothing, in the score's unit.

    Log-odds: `LEAST`, that is, the odds by one percent. Forecasts: `LEAST` times the standard deviation of the target's
    series in the window, or times the smallest step between its values if that is more; ∞ for a constant series, whose
    forecast is its own value and owes nothing to the rest.

    Args:
        analysis: of the input.
        target: what is explained.

    Returns:
        The limit.
    """
    if not isinstance(analysis.prediction, Forecast):
        return LEAST
    window = analysis.prediction.lookback.values
    entity, variable = target.token[:2] if target.token else (size // 2 for size in window.shape[:2])
    series = window[entity, variable]
    different = np.unique(series[np.isfinite(series)])
    if different.size < 2 or float(np.ptp(different)) <= ROUNDING * float(np.abs(different).max()):
        return math.inf
    return LEAST * max(float(np.nanstd(series)), float(np.diff(different).min()))


def orders_of(importance: np.ndarray, valid: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The flat places of the valid tokens, the most important first; ties in random order.

    Args:
        importance: one number for each token.
        valid: which tokens hold data.
        rng: breaks ties.

    Returns:
        Integers, as many as there are valid tokens.
    """
    places = np.flatnonzero(valid)
    shuffled = rng.permutation(places)
    return shuffled[np.argsort(-importance.reshape(-1)[shuffled], kind="stable")]


def first_hidden(order: np.ndarray, counts: Sequence[int], shape: tuple[int, ...]) -> np.ndarray:
    """The first tokens of an order, as masks.

    Args:
        order: flat places.
        counts: how many are hidden, one number for each draw.
        shape: tokens along each mode.

    Returns:
        bool (draw, *shape).
    """
    masks = np.zeros((len(counts), int(np.prod(shape))), dtype=bool)
    for mask, count in zip(masks, counts, strict=True):
        mask[order[:count]] = True
    return masks.reshape(len(counts), *shape)
