"""The forecaster's interval, its loss and its scores, each against a literal twin."""

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from hot_core.models import ModelConfig, build_model
from hot_core.training.air_quality import forecast_loss, pinball
from hot_core.training.forecast_card import below_linear, reduction_words
from hot_core.training.forecast_scores import ForecastSums, ratio, weekly_interval, widening

SIZES = (5, 3, 2, 7)  # windows, stations, variables, steps ahead


def drawn(seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A forecast with an interval, its targets, and which of them are valid."""
    rng = np.random.default_rng(seed)
    point = rng.standard_normal(SIZES)
    below, above = rng.uniform(0.1, 1.0, (2, *SIZES))
    return np.stack([point, point - below, point + above], -1), rng.standard_normal(SIZES), rng.random(SIZES) > 0.2


def config(**change: object) -> ModelConfig:
    given = {
        "name": "air-quality", "task": "forecast", "kind": "series", "modes": ("entity", "variable", "time"),
        "patch": (1, 1, 4), "dim": 16, "heads": 2, "layers": 1, "mlp": 16, "rope_modes": (2,), "lookback": 28,
        "horizon": 5, "quantiles": (0.1, 0.9),
    }  # fmt: skip
    return ModelConfig.model_validate(given | change)


def test_loss_is_the_errors_and_the_pinball_of_both_ends():
    ahead, target, keep = drawn()
    squared, absolute, low_loss, high_loss = [], [], [], []
    for place in np.argwhere(keep):
        point, low, high = ahead[tuple(place)]
        value = target[tuple(place)]
        squared.append((value - point) ** 2)
        absolute.append(abs(value - point))
        low_loss.append(0.1 * (value - low) if value > low else 0.9 * (low - value))
        high_loss.append(0.9 * (value - high) if value > high else 0.1 * (high - value))
    wanted = 0.5 * (np.mean(squared) + np.mean(absolute) + np.mean(low_loss) + np.mean(high_loss))
    given = torch.from_numpy(ahead).requires_grad_()
    loss = forecast_loss(given, torch.from_numpy(target), torch.from_numpy(keep), (0.1, 0.9))
    assert float(loss) == pytest.approx(wanted, rel=1e-12)


def test_the_interval_does_not_pull_at_the_point():
    """Moving the point and its ends together changes the squared and absolute error alone."""
    _, target, keep = drawn()
    point = torch.zeros(SIZES, dtype=torch.float64, requires_grad=True)
    ahead = torch.stack([point, point - 0.5, point + 0.25], -1)
    known, kept = torch.from_numpy(target), torch.from_numpy(keep)
    (with_ends,) = torch.autograd.grad(forecast_loss(ahead, known, kept, (0.1, 0.9)), point)
    error = (known - point)[kept]
    (alone,) = torch.autograd.grad(0.5 * error.square().mean() + 0.5 * error.abs().mean(), point)
    torch.testing.assert_close(with_ends, alone, rtol=0, atol=1e-12)


@pytest.mark.parametrize("quantile", [0.1, 0.5, 0.83])
def test_pinball_is_least_at_the_quantile(quantile):
    values = torch.from_numpy(np.random.default_rng(1).standard_normal(1009))
    places = torch.linspace(-2, 2, 401, dtype=torch.float64)
    losses = torch.stack([pinball(values - place, quantile) for place in places])
    assert float(places[losses.argmin()]) == pytest.approx(float(values.quantile(quantile)), abs=0.02)


def test_sums_are_means_over_the_valid_targets():
    ahead, target, keep = drawn()
    sums = ForecastSums()
    for part in (slice(0, 2), slice(2, 5)):
        sums.add(ahead[part], target[part], keep[part])
    errors = [ahead[tuple(p)][0] - target[tuple(p)] for p in np.argwhere(keep)]
    assert sums.mse == pytest.approx(np.mean([e * e for e in errors]))
    assert sums.mae == pytest.approx(np.mean([abs(e) for e in errors]))
    inside = [ahead[tuple(p)][1] <= target[tuple(p)] <= ahead[tuple(p)][2] for p in np.argwhere(keep)]
    assert sums.coverage == pytest.approx(np.mean(inside))
    assert sums.width == pytest.approx(np.mean([ahead[tuple(p)][2] - ahead[tuple(p)][1] for p in np.argwhere(keep)]))


def test_what_stands_at_invalid_places_is_not_read():
    ahead, target, keep = drawn()
    clean, dirty = ForecastSums(), ForecastSums()
    clean.add(ahead, target, keep)
    dirty.add(ahead, np.where(keep, target, np.nan), keep)
    assert (clean.mse, clean.mae, clean.coverage) == (dirty.mse, dirty.mae, dirty.coverage)


def test_a_forecast_without_an_interval_has_errors_only():
    ahead, target, keep = drawn()
    sums = ForecastSums()
    sums.add(ahead[..., 0], target, keep)
    assert sums.mae > 0
    assert sums.inside == []


def test_weeks_are_drawn_whole():
    """Windows that are alike within a week and differ between weeks: the interval is that of the few weeks."""
    rng = np.random.default_rng(3)
    level = rng.uniform(1, 3, 11)
    sums = ForecastSums()
    for week in level:
        sums.errors.append(np.stack([np.full(7, week), np.full(7, week), np.ones(7)], 1))
    low, high = weekly_interval(sums, 0)
    by_weeks = [np.mean(rng.choice(level, 11)) for _ in range(4000)]
    assert (low, high) == pytest.approx(np.percentile(by_weeks, [2.5, 97.5]), abs=0.06)
    by_days = [np.mean(rng.choice(np.repeat(level, 7), 77)) for _ in range(4000)]
    # Days drawn singly would pretend to know 2.6 times as much.
    assert high - low > 2 * np.subtract(*np.percentile(by_days, [97.5, 2.5]))


def paired(squared_share: float, absolute_share: float) -> tuple[ForecastSums, ForecastSums]:
    """Errors of one forecast over 77 days, and of another one that has these shares of them on every day."""
    theirs, ours = ForecastSums(), ForecastSums()
    errors = np.random.default_rng(4).uniform(1, 9, 77)
    theirs.errors.append(np.stack([errors, errors, np.ones(77)], 1))
    ours.errors.append(np.stack([squared_share * errors, absolute_share * errors, np.ones(77)], 1))
    return theirs, ours


def test_the_reduction_against_another_forecast_is_paired():
    theirs, ours = paired(0.75, 0.5)
    assert weekly_interval(ours, 0, theirs) == pytest.approx((0.25, 0.25))
    assert weekly_interval(ours, 1, theirs) == pytest.approx((0.5, 0.5))


def test_what_is_said_of_the_linear_map_is_the_reduction_with_its_interval():
    theirs, ours = paired(0.75, 1.25)
    numbers, words = below_linear({"shared linear map": theirs, "this model": ours, "persistence": theirs})
    expected = {"mse": 0.25, "mae": -0.25}
    assert numbers == pytest.approx(
        {f"{what} below linear{end}": share for what, share in expected.items() for end in ("", " low", " high")}
    )
    assert words == (
        "the squared error is 25.0 % lower (95 % interval 25.0 to 25.0), "
        "the absolute error is 25.0 % higher (95 % interval 25.0 to 25.0)"
    )


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        ((0.08, 0.06, 0.107), "8.0 % lower (95 % interval 6.0 to 10.7)"),
        ((-0.092, -0.16, -0.021), "9.2 % higher (95 % interval 2.1 to 16.0)"),
        ((-0.017, -0.051, 0.019), "1.7 % higher (95 % interval -1.9 to 5.1: not told apart)"),
        ((0.02, -0.01, 0.05), "2.0 % lower (95 % interval -1.0 to 5.0: not told apart)"),
    ],
)
def test_a_reduction_below_zero_is_said_to_be_higher(numbers, words):
    assert reduction_words(*numbers) == words


def test_ratio_of_nothing_is_nothing():
    assert ratio(np.zeros((3, 3)), 0) == 0.0


def test_widening_equals_its_definition():
    ahead, target, keep = drawn(5)
    factors = widening(ahead, target, keep, 0.8)
    for step in range(SIZES[-1]):
        quotients = []
        for place in np.argwhere(keep[..., step]):
            point, low, high = ahead[(*place, step)]
            value = target[(*place, step)]
            quotients.append((point - value) / (point - low) if value < point else (value - point) / (high - point))
        kept = sorted(quotients)
        wanted = kept[min(int(np.ceil((len(kept) + 1) * 0.8)), len(kept)) - 1]
        assert factors[step] == pytest.approx(wanted)


def test_a_widened_interval_holds_its_share():
    rng = np.random.default_rng(6)
    shape = (997, 3)
    point = rng.standard_normal(shape)
    target = point + rng.standard_normal(shape) * [0.5, 1.0, 4.0]
    ahead = np.stack([point, point - 1, point + 1], -1)
    factors = widening(ahead, target, np.ones(shape, bool), 0.8)
    inside = np.abs(target - point) <= factors
    np.testing.assert_allclose(inside.mean(0), 0.8, atol=0.002)
    assert factors[0] < factors[1] < factors[2]


def test_forecaster_gives_a_point_between_two_ends():
    model = build_model(config()).eval()
    values = torch.randn(2, 3, 5, 28, generator=torch.Generator().manual_seed(0))
    mask = torch.rand(values.shape, generator=torch.Generator().manual_seed(1)) > 0.3
    with torch.no_grad():
        ahead = model(values, mask)
        point, low, high = ahead.unbind(-1)
        assert ahead.shape == (2, 3, 5, 5, 3)
        assert (low < point).all()
        assert (point < high).all()
        model.widening.copy_(torch.arange(1.0, 6.0))
        wider = model(values, mask)
        torch.testing.assert_close(wider[..., 0], point)
        factors = torch.arange(1.0, 6.0)
        torch.testing.assert_close(point - wider[..., 1], (point - low) * factors, rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(wider[..., 2] - point, (high - point) * factors, rtol=1e-4, atol=1e-5)


def test_the_interval_moves_with_the_units_of_the_series():
    """Twice as large and shifted by three: so are the point and both ends."""
    model = build_model(config()).double().eval()
    values = torch.randn(1, 2, 3, 28, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    mask = torch.ones_like(values, dtype=torch.bool)
    with torch.no_grad():
        torch.testing.assert_close(model(2 * values + 3, mask), 2 * model(values, mask) + 3, rtol=1e-3, atol=1e-3)


def test_a_forecaster_without_quantiles_gives_points_alone():
    model = build_model(config(quantiles=())).eval()
    assert model(torch.zeros(1, 2, 3, 28), torch.ones(1, 2, 3, 28, dtype=torch.bool)).shape == (1, 2, 3, 5)
    assert "widening" not in model.state_dict()


@pytest.mark.parametrize("quantiles", [(0.9, 0.1), (0.1,), (0.1, 0.4), (0.0, 0.9), (0.1, 0.5, 0.9)])
def test_quantiles_that_are_no_interval_are_refused(quantiles):
    with pytest.raises(ValidationError, match="one below and one above a half"):
        config(quantiles=quantiles)
