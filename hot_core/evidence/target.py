"""What is explained: one number, or one for each step, voxel or pixel, of a prediction.

    forecast         value of one series at one step, or at all steps ahead, in the unit of the file
    classification   log-odds of one class, ln(p / (1 − p))
    segmentation     log-odds of one class at every voxel (pixel) of an area: the chosen token's, where the class is
                     found, or wherever there is data

Log-odds and not probabilities: near 0 and 1 a probability hardly moves whatever is done to the input.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import torch
from pydantic import BaseModel, ConfigDict
from torch import Tensor

from hot_core.analysis.words import position_words
from hot_core.errors import SelectionError
from hot_core.models import ModelConfig
from hot_core.modes import Sample
from hot_core.transforms import Forecast, ModelInput

Area: TypeAlias = Literal["token", "class", "all"]
LOG_ODDS = "log-odds"


class Target(BaseModel):
    """Which part of a prediction is explained.

    Attributes:
        token: forecasts and segmentations: the token whose series, voxels or pixels are meant, one index for each mode.
        step: forecasts: the step ahead, from 0; None means all of them.
        label: classes: the index of the class; None means the one that is predicted (on an area: predicted most).
        area: segmentations: "token": the voxels or pixels of `token`; "class": those predicted as `label`; "all".
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    token: tuple[int, ...] | None = None
    step: int | None = None
    label: int | None = None
    area: Area = "token"


@dataclass(frozen=True, eq=False)
class Score:
    """A target made ready for one input: from a model's output to the numbers that are explained.

    Attributes:
        of: (draw, …output) → (draw, component), in `unit` but for `offset`.
        offset: what a value is above what `of` gives, one for each component; 0 for log-odds.
        unit: the file's unit, or "log-odds"; "" where the file names none.
        words: what it is, for a sentence: "JFK · temperature, 3 steps ahead".
        label: the class it is about; None for a forecast.
    """

    of: Callable[[Tensor], Tensor]
    offset: np.ndarray
    unit: str
    words: str
    label: int | None = None


def score_of(target: Target, config: ModelConfig, sample: Sample, given: ModelInput, output: Tensor) -> Score:
    """Make a target ready for one input.

    Args:
        target: what is explained.
        config: the model's.
        sample: what was read.
        given: the input as the model takes it.
        output: the model's output for it, with a batch axis of 1.

    Returns:
        The score.

    Raises:
        SelectionError: when the target does not exist in this prediction, or the target's series holds no value.
    """
    if config.task == "forecast":
        return _forecast(target, config, sample, given, output)
    if config.task == "classify":
        label = _label(target.label, config, int(output[0].argmax()))
        name = config.classes[label]
        return Score(lambda out: log_odds(out, label)[:, None], np.zeros(1), LOG_ODDS, f"the class {name}", label)
    return _segment(target, config, sample, given, output)


def log_odds(logits: Tensor, label: int) -> Tensor:
    """`ln(p / (1 − p))` of one class from the logits: its own less the log of the sum of the others' exponentials.

    Args:
        logits: (draw, class, …).
        label: the index of the class.

    Returns:
        (draw, …).
    """
    others = torch.cat([logits[:, :label], logits[:, label + 1 :]], dim=1)
    return logits[:, label] - others.logsumexp(1)


def _forecast(target: Target, config: ModelConfig, sample: Sample, given: ModelInput, output: Tensor) -> Score:
    entity, variable = _token(target.token, given)[:2]
    ahead = config.horizon
    if target.step is not None and not 0 <= target.step < ahead:
        raise SelectionError(f"Step {target.step} is not forecast; choose one from 0 to {ahead - 1}, or all of them.")
    steps = slice(None) if target.step is None else slice(target.step, target.step + 1)
    zero = torch.zeros_like(output[0]).double().numpy()
    low, high = (_lines(given.back(zero + level), entity, variable)[steps] for level in (0.0, 1.0))
    series = f"{sample.modes[0].coords[entity]} · {sample.modes[1].coords[variable]}"
    if not np.isfinite(low).all():
        raise SelectionError(f"{series} has no value in the window, so there is no forecast of it to explain.")
    scale = torch.from_numpy(high - low).to(output)
    when = f"mean of {ahead} steps ahead" if target.step is None else f"{target.step + 1} of {ahead} steps ahead"
    unit = str(sample.data.coords["unit"].values[variable]) if "unit" in sample.data.coords else ""

    def of(out: Tensor) -> Tensor:
        point = out[..., 0] if config.quantiles else out
        return point[:, entity, variable, steps] * scale

    return Score(of, low, unit, f"{series}, {when}")


def _lines(prediction: object, entity: int, variable: int) -> np.ndarray:
    if not isinstance(prediction, Forecast):
        raise SelectionError("This model gives no forecast; choose a target of its own kind.")
    return prediction.mean.values[entity, variable]


def _segment(target: Target, config: ModelConfig, sample: Sample, given: ModelInput, output: Tensor) -> Score:
    found = output[0].argmax(0)
    spatial = found.ndim
    seen = torch.from_numpy(given.mask if given.mask.ndim == spatial else given.mask.any(axis=-1))
    token = _token(target.token, given)
    if target.area == "token":
        cells = torch.zeros_like(seen)
        edges = zip(token[:spatial], config.patch[:spatial], strict=True)
        cells[tuple(slice(at * step, (at + 1) * step) for at, step in edges)] = True
        area = seen & cells
        if not area.any():
            raise SelectionError("The chosen position holds no data, so nothing is predicted there. Choose another.")
    else:
        area = seen
    label = _label(target.label, config, int(found[area].bincount(minlength=len(config.classes)).argmax()))
    if target.area == "class":
        area = seen & (found == label)
        if not area.any():
            raise SelectionError(
                f"{config.classes[label]} is found nowhere here. Choose another class, or the position."
            )
    where = {
        "token": f"at {position_words(given.grid, token, sample.geometry)}",
        "class": f"where it is found ({int(area.sum()):,} places)",
        "all": "everywhere",
    }[target.area]

    def of(out: Tensor) -> Tensor:
        return log_odds(out, label)[:, area]

    return Score(of, np.zeros(int(area.sum())), LOG_ODDS, f"{config.classes[label]} {where}", label)


def _label(label: int | None, config: ModelConfig, predicted: int) -> int:
    if label is None:
        return predicted
    if not 0 <= label < len(config.classes):
        known = ", ".join(f"{at} {name}" for at, name in enumerate(config.classes))
        raise SelectionError(f"Class {label} does not exist; {config.name} knows {known}.")
    return label


def _token(token: tuple[int, ...] | None, given: ModelInput) -> tuple[int, ...]:
    shape = given.grid.shape
    if token is None:
        return tuple(size // 2 for size in shape)
    if len(token) != len(shape) or any(not 0 <= at < size for at, size in zip(token, shape, strict=False)):
        sizes = " × ".join(map(str, shape))
        raise SelectionError(f"Token {token} does not exist; there are {sizes}, counted from 0.")
    return token
