"""`air-quality`: 96 hours of Beijing's stations → the next 24, over entity × variable × time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from hot_core.models import HOTModel, ModelConfig
from hot_core.training import naive
from hot_core.training.augment import hidden_tokens
from hot_core.training.forecast_card import FACTS, evaluation
from hot_core.training.forecast_scores import ForecastSums, widening
from hot_core.training.forecasting import HORIZON, LOOKBACK, QUANTILES, SHARE, STEP, cut_up, forecast
from hot_core.training.recipe import Evaluation, Example, Numbers, Part
from hot_core.training.series_data import read_windows

BATCH = 8
SUBSETS = 0.6
"""Share of the batches that have a random subset of the stations and variables; the others have all."""
TEST_STRIDE, VALIDATION_STRIDE = 24, 72


class AirQuality:
    """The recipe: random windows of random stations and variables, with hours hidden."""

    name = "air-quality"
    facts = FACTS
    learning_rate = 2e-3
    weight_decay = 0.05

    def __init__(self, data: Path, quick: bool = False) -> None:
        self.windows = read_windows(data, LOOKBACK, HORIZON)
        self.most = 4 if quick else None

    def config(self) -> ModelConfig:
        """The architecture."""
        return ModelConfig(
            name=self.name, task="forecast", kind="series", modes=("entity", "variable", "time"),
            patch=(1, 1, STEP), dim=64, heads=4, layers=3, mlp=128, rope_modes=(2,), lookback=LOOKBACK, horizon=HORIZON,
            quantiles=QUANTILES, dropout=0.1,
        )  # fmt: skip

    def loss(self, model: HOTModel, rng: np.random.Generator) -> torch.Tensor:
        """Half squared, half absolute error on the valid targets of random windows of random series."""
        windows = self.windows
        first, last = windows.spans.train
        values, valid = windows.cut(rng.integers(first, last - windows.length + 1, BATCH))
        if rng.random() < SUBSETS:
            stations, variables = _subset(rng, values.shape[1]), _subset(rng, values.shape[2])
            values, valid = values[:, stations][:, :, variables], valid[:, stations][:, :, variables]
        seen = valid[..., :LOOKBACK] & ~_hidden(rng, values.shape[:3])
        ahead = model(torch.from_numpy(values[..., :LOOKBACK].copy()), torch.from_numpy(seen))
        # A series that is hidden altogether cannot be foretold: no lesson in it.
        keep = torch.from_numpy(valid[..., LOOKBACK:] & seen.any(-1, keepdims=True))
        return forecast_loss(ahead, torch.from_numpy(values[..., LOOKBACK:]), keep, QUANTILES)

    def measure(self, model: HOTModel, part: Part) -> Numbers:
        """MSE, MAE and the interval's coverage on a part, in z units over valid targets."""
        sums = ForecastSums()
        for values, valid in self.batches(part):
            sums.add(forecast(model, values, valid), values[..., LOOKBACK:], valid[..., LOOKBACK:])
        return {"mse": sums.mse, "mae": sums.mae, "coverage": sums.coverage}

    def validate(self, model: HOTModel) -> Numbers:
        """The errors on the validation part; their sum, turned round, is the score."""
        numbers = self.measure(model, "validation")
        return {"score": -(numbers["mse"] + numbers["mae"])} | numbers

    def batches(self, part: Part, stride: int | None = None) -> list[tuple[np.ndarray, np.ndarray]]:
        """Windows of a part, eight at a time: one a day of the test, one every three days of the others."""
        stride = stride or (TEST_STRIDE if part == "test" else VALIDATION_STRIDE)
        return cut_up(self.windows, self.windows.starts(getattr(self.windows.spans, part), stride)[: self.most])

    def examples(self, part: Part, most: int) -> Iterator[Example]:
        """Whole look-back windows of all stations and variables, evenly spread."""
        starts = self.windows.starts(getattr(self.windows.spans, part), 1)
        for start in starts[np.linspace(0, len(starts) - 1, min(most, len(starts))).astype(int)]:
            values, valid = self.windows.cut(np.array([start]))
            seen, known = (torch.from_numpy(array[0, ..., :LOOKBACK].copy()) for array in (values, valid))
            yield Example(seen, known)

    def finish(self, model: HOTModel) -> None:
        """Widen the interval until it holds its share of the validation part, for each step ahead."""
        parts = self.batches("validation", TEST_STRIDE)
        ahead = np.concatenate([forecast(model, values, valid) for values, valid in parts])
        target, keep = (np.concatenate([pair[i] for pair in parts])[..., LOOKBACK:] for i in (0, 1))
        factors = widening(ahead, target, keep, SHARE)
        dict(model.named_buffers())["widening"].mul_(torch.from_numpy(factors.astype(np.float32)))

    def evaluate(self, model: HOTModel) -> Evaluation:
        """The test part beside the naive forecasts and the linear map; parts of the input; New York."""
        return evaluation(model, self.windows, self.batches("test"), self.linear_map())

    def linear_map(self) -> naive.LinearMap:
        """The shared linear map, fitted on windows of the training part."""
        linear = naive.LinearMap(LOOKBACK, HORIZON)
        for values, valid in self.batches("train", 12):
            linear.add(values[..., :LOOKBACK], valid[..., :LOOKBACK], values[..., LOOKBACK:], valid[..., LOOKBACK:])
        return linear


def forecast_loss(forecast: Tensor, target: Tensor, keep: Tensor, quantiles: tuple[float, ...]) -> Tensor:
    """Half the squared plus half the absolute error of the point, plus the pinball loss of the interval's ends.

    The ends are judged from where the point is: their loss does not move the point.

    Args:
        forecast: [..., 3]: point, lower and upper end.
        target: [...].
        keep: bool [...], which targets count.
        quantiles: what the ends stand for.

    Returns:
        A scalar.
    """
    target = target[keep]
    point, *ends = forecast[keep].unbind(-1)
    error = target - point
    loss = 0.5 * error.square().mean() + 0.5 * error.abs().mean()
    for end, quantile in zip(ends, quantiles, strict=True):
        loss = loss + 0.5 * pinball(target - (end - point + point.detach()), quantile)
    return loss


def pinball(error: Tensor, quantile: float) -> Tensor:
    """Mean of max(q·e, (q − 1)·e) with e = target − forecast, least where q of the targets lie below the forecast.

    Returns:
        A scalar. Source: Koenker and Bassett, Econometrica 46 (1978) 33–50.
    """
    return torch.maximum(quantile * error, (quantile - 1) * error).mean()


def _hidden(rng: np.random.Generator, series: tuple[int, ...]) -> np.ndarray:
    """What is hidden of each window: tokens, boxes, whole stations, variables or hours."""
    sizes, patch = (*series[1:], LOOKBACK), (1, 1, STEP)
    return np.stack([hidden_tokens(rng, sizes, patch) for _ in range(series[0])])


def _subset(rng: np.random.Generator, count: int) -> np.ndarray:
    """A random subset in random order; any number from one to all of them."""
    return rng.permutation(count)[: rng.integers(1, count + 1)]
