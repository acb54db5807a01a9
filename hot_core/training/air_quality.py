"""`air-quality`: 96 hours of Beijing's stations → the next 24, over entity × variable × time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from hot_core.models import HOTModel, ModelConfig
from hot_core.training import naive
from hot_core.training.metrics import ErrorSum
from hot_core.training.recipe import Evaluation, Facts, Numbers, Table
from hot_core.training.series_data import VARIABLES, Windows, read_windows

LOOKBACK, HORIZON = 96, 24
BATCH = 8
TEST_STRIDE = 24

FACTS = Facts(
    title="the next 24 hours of every variable at every station",
    task="time-series-forecasting",
    use=(
        "To show how Kronecker-structured attention looks at stations, variables and hours at once.",
        "Any number of entities and variables, hourly or at another even step; gaps may stay gaps.",
    ),
    not_for=(
        "Demonstration only: not a basis for health advice, warnings or any decision about people.",
        "Nothing is promised for data other than air quality and weather.",
    ),
    data=(
        "Beijing Multi-Site Air Quality, S. Chen, UCI Machine Learning Repository no. 501, "
        "https://doi.org/10.24432/C5RK5G, CC BY 4.0: 12 stations, hourly, 2013-03-01 to 2017-02-28, "
        f"the variables {', '.join(VARIABLES)}.",
    ),
    data_licences=("cc-by-4.0",),
    split=(
        "In time order: the first 70 % is learnt, the next 10 % chooses the weights, the last 20 % is the test. "
        "Every window lies wholly inside its part.",
    ),
    protocol=(
        "Every station and variable is z-scored by the training part alone. Missing values are masked, never filled, "
        "in the input and in the scores.",
        "While training: random subsets of stations and variables, whole stretches of hours hidden at random; "
        "loss: half the squared plus half the absolute error over valid targets.",
        "Test: windows 96 h → 24 h, one a day, errors in z units over valid targets only.",
    ),
    limits=(
        "One forecast, no interval.",
        "Calendar and season are not given to the model: it knows only the 96 hours it sees.",
        "Trained on one city; elsewhere it leans on what daily courses have in common.",
    ),
    tags=("air-quality", "weather", "multivariate"),
)


class AirQuality:
    """The recipe: random windows of random stations and variables, with hours hidden."""

    name = "air-quality"
    facts = FACTS
    learning_rate = 2e-3
    weight_decay = 0.05

    def __init__(self, data: Path, quick: bool = False) -> None:
        self.windows = read_windows(data, LOOKBACK, HORIZON)
        self.validation_stride = 72
        self.most = 4 if quick else None

    def config(self) -> ModelConfig:
        """The architecture."""
        return ModelConfig(
            name=self.name, task="forecast", kind="series", modes=("entity", "variable", "time"), patch=(1, 1, 4),
            dim=64, heads=4, layers=3, mlp=128, rope_modes=(2,), lookback=LOOKBACK, horizon=HORIZON, dropout=0.1,
        )  # fmt: skip

    def loss(self, model: HOTModel, rng: np.random.Generator) -> torch.Tensor:
        """Half squared, half absolute error on the valid targets of random windows of random series."""
        windows = self.windows
        first, last = windows.spans.train
        values, valid = windows.cut(rng.integers(first, last - windows.length + 1, BATCH))
        stations, variables = _subset(rng, values.shape[1]), _subset(rng, values.shape[2])
        values, valid = values[:, stations][:, :, variables], valid[:, stations][:, :, variables]
        seen = valid[..., :LOOKBACK] & ~hidden(rng, valid.shape[:3], LOOKBACK)
        forecast = model(torch.from_numpy(values[..., :LOOKBACK]), torch.from_numpy(seen))
        # A series that is hidden altogether cannot be foretold: no lesson in it.
        keep = torch.from_numpy(valid[..., LOOKBACK:] & seen.any(-1, keepdims=True))
        error = (forecast - torch.from_numpy(values[..., LOOKBACK:]))[keep]
        return 0.5 * error.square().mean() + 0.5 * error.abs().mean()

    def validate(self, model: HOTModel) -> Numbers:
        """MSE and MAE on the validation part."""
        starts = self.windows.starts(self.windows.spans.validation, self.validation_stride)[: self.most]
        errors = ErrorSum()
        for values, valid in _batches(self.windows, starts):
            errors.add(_forecast(model, values, valid), values[..., LOOKBACK:], valid[..., LOOKBACK:])
        return {"score": -(errors.mse + errors.mae), "mse": errors.mse, "mae": errors.mae}

    def finish(self, model: HOTModel) -> None:
        """Nothing to calibrate."""

    def evaluate(self, model: HOTModel) -> Evaluation:
        """MSE and MAE on the test part beside the naive forecasts and the linear map, same windows, same mask."""
        starts = self.windows.starts(self.windows.spans.test, TEST_STRIDE)[: self.most]
        linear = self.linear_map()
        ways = {
            "this model": lambda values, valid: _forecast(model, values, valid),
            "persistence": lambda v, ok: naive.persistence(v[..., :LOOKBACK], ok[..., :LOOKBACK], HORIZON),
            "same hour yesterday": lambda v, ok: naive.same_hour_yesterday(
                v[..., :LOOKBACK], ok[..., :LOOKBACK], HORIZON
            ),
            "shared linear map": lambda v, ok: linear.forecast(v[..., :LOOKBACK], ok[..., :LOOKBACK]),
        }
        errors = {way: ErrorSum() for way in ways}
        by_variable = [ErrorSum() for _ in VARIABLES]
        for values, valid in _batches(self.windows, starts):
            target, keep = values[..., LOOKBACK:], valid[..., LOOKBACK:]
            for way, forecast in ways.items():
                guess = forecast(values, valid)
                errors[way].add(guess, target, keep)
                if way == "this model":
                    for i, total in enumerate(by_variable):
                        total.add(guess[:, :, i], target[:, :, i], keep[:, :, i])
        return _evaluation(errors, by_variable, len(starts))

    def linear_map(self) -> naive.LinearMap:
        """The shared linear map, fitted on windows of the training part."""
        linear = naive.LinearMap(LOOKBACK, HORIZON)
        for values, valid in _batches(self.windows, self.windows.starts(self.windows.spans.train, 12)[: self.most]):
            linear.add(values[..., :LOOKBACK], valid[..., :LOOKBACK], values[..., LOOKBACK:], valid[..., LOOKBACK:])
        return linear


def hidden(rng: np.random.Generator, shape: tuple[int, ...], steps: int) -> np.ndarray:
    """Stretches of steps to hide: in a fifth of the batches, one stretch in a fifth of the series.

    Returns:
        bool (*shape, steps), True where hidden.
    """
    if rng.random() > 0.2:
        return np.zeros((*shape, steps), bool)
    start = rng.integers(0, steps, (*shape, 1))
    length = rng.integers(4, 49, (*shape, 1)) * (rng.random((*shape, 1)) < 0.2)
    at = np.arange(steps)
    return (at >= start) & (at < start + length)


def _subset(rng: np.random.Generator, count: int) -> np.ndarray:
    """A random subset in random order; any number from one to all of them."""
    return rng.permutation(count)[: rng.integers(1, count + 1)]


def _batches(windows: Windows, starts: np.ndarray, size: int = 8) -> list[tuple[np.ndarray, np.ndarray]]:
    return [windows.cut(starts[i : i + size]) for i in range(0, len(starts), size)]


@torch.no_grad()
def _forecast(model: HOTModel, values: np.ndarray, valid: np.ndarray) -> np.ndarray:
    seen = torch.from_numpy(np.ascontiguousarray(valid[..., :LOOKBACK]))
    forecast: torch.Tensor = model(torch.from_numpy(np.ascontiguousarray(values[..., :LOOKBACK])), seen)
    return forecast.numpy()


def _evaluation(errors: dict[str, ErrorSum], by_variable: list[ErrorSum], windows: int) -> Evaluation:
    model = errors["this model"]
    title = f"{windows} test windows, {model.count:,} valid targets, errors in z units"
    return Evaluation(
        scores={"mse": model.mse, "mae": model.mae},
        yardsticks={f"{way} {what}": getattr(e, what) for way, e in errors.items() if e is not model
                    for what in ("mse", "mae")},
        tables=(
            Table(title, ("forecast", "MSE", "MAE"), tuple((way, e.mse, e.mae) for way, e in errors.items())),
            Table("This model, variable by variable", ("variable", "MSE", "MAE"),
                  tuple((name, e.mse, e.mae) for name, e in zip(VARIABLES, by_variable, strict=True))),
        ),
        remarks=("The linear map is a ridge regression 96 → 24 shared by all series, fitted on the same training "
                 "part, each window shifted by its last value, gaps carried forward.",),
    )  # fmt: skip
