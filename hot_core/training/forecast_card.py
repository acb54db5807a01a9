"""What the card of `air-quality` says: facts, tables beside the yardsticks, windows where it fails."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from hot_core.models import HOTModel
from hot_core.training import naive
from hot_core.training.forecast_failures import failures
from hot_core.training.forecast_scores import ForecastSums, weekly_interval
from hot_core.training.forecasting import HORIZON, LOOKBACK, SHARE, STEP, cut_up, forecast
from hot_core.training.recipe import Evaluation, Facts, Numbers, Table
from hot_core.training.series_data import VARIABLES, Windows, read_sample

SAMPLE = Path(__file__).resolve().parents[2] / "sample_data" / "nyc_airport_weather_2013.csv"
LEADS = ((0, 6), (6, 12), (12, 18), (18, 24))
Batch = tuple[np.ndarray, np.ndarray]
Way = Callable[[np.ndarray, np.ndarray], np.ndarray]

FACTS = Facts(
    title="the next 24 hours of every variable at every station",
    task="time-series-forecasting",
    use=(
        "To show how Kronecker-structured attention looks at stations, variables and hours at once.",
        "Any number of entities and variables, hourly (another even step is taken, but was never tried); gaps may stay "
        "gaps.",
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
        "While training: random subsets of stations and variables in most batches; in half of the windows tokens, "
        "stretches of hours, whole stations or whole variables are hidden; loss: half the squared plus half the "
        "absolute error of the point, and the pinball loss of the interval's ends.",
        "The interval claims 80 % of the values. Its ends are quantile regressions (.1 and .9), widened by one factor "
        "for each hour ahead so that it holds 80 % of the validation part (split conformal, arXiv 1905.03222).",
        "Test: windows 96 h → 24 h, one a day, errors in z units over valid targets only. Intervals of the scores: "
        "weeks drawn again 1,000 times.",
        "The test part is not wholly unseen: it was measured for an earlier version of this recipe, and a linear path "
        "beside the trunk was left out after it had not helped there.",
    ),
    limits=(
        "The interval is right on average over many values, not for each series or hour; where the weather changes its "
        "ways it is too narrow.",
        "Calendar and season are not given to the model: it knows only the 96 hours it sees.",
        "Trained on one city; elsewhere it leans on what daily courses have in common.",
        "Ten CPU minutes of training, three seeds: a Kronecker sum (MSE 0.436) was better in each than this product "
        "(0.445) and than a network for each series (0.448), not told apart from the product: `docs/peers.md`.",
    ),
    tags=("air-quality", "weather", "multivariate"),
)


def evaluation(model: HOTModel, windows: Windows, batches: list[Batch], linear: naive.LinearMap) -> Evaluation:
    """Everything that is measured after training.

    Args:
        model: the kept weights, calibrated.
        windows: the data, for the units.
        batches: windows of the test part.
        linear: the shared linear map, fitted on the training part.

    Returns:
        Scores, yardsticks, tables and pictures.
    """
    sums = {way: _sums(forecast_of, batches) for way, forecast_of in _ways(model, linear).items()}
    ours = sums["this model"]
    scores: Numbers = {"mse": ours.mse, "mae": ours.mae, "coverage": ours.coverage}
    for column, what in enumerate(("mse", "mae")):
        scores |= dict(zip((f"{what} low", f"{what} high"), weekly_interval(ours, column), strict=True))
    less, less_words = below_linear(sums)
    outside, outside_table, outside_words = new_york(model, linear)
    return Evaluation(
        scores | less | outside,
        {f"{way} {what}": getattr(s, what) for way, s in sums.items() if s is not ours for what in ("mse", "mae")},
        (_main_table(sums, len(ours.table)), outside_table, _by_variable(model, batches), _by_lead(model, batches),
         _parts_of_the_input(model, batches, linear), _hidden_table(model, batches)),
        ("The linear map is a ridge regression 96 → 24 shared by all series, fitted on the same training part, each "
         "window shifted by its last value, gaps carried forward.",
         f"Against it, on the test part, {less_words}; in New York {outside_words}.",
         f"Inside the {SHARE:.0%} interval lay {100 * ours.coverage:.1f} % of the test part's values."),
        failures(model, windows, batches),
    )  # fmt: skip


def _seen(values: np.ndarray, valid: np.ndarray) -> Batch:
    return values[..., :LOOKBACK], valid[..., :LOOKBACK]


def below_linear(sums: dict[str, ForecastSums]) -> tuple[Numbers, str]:
    """How far the model's errors lie below those of the shared linear map on the same windows.

    Args:
        sums: by the name of the forecast; "this model" and "shared linear map" are among them.

    Returns:
        For "mse" and "mae": `1 − ours / theirs` with the ends of its 95 % interval; and the words.
    """
    ours, theirs = sums["this model"], sums["shared linear map"]
    numbers: Numbers = {}
    words = []
    for column, (what, name) in enumerate((("mse", "the squared error"), ("mae", "the absolute error"))):
        share = 1 - getattr(ours, what) / getattr(theirs, what)
        low, high = weekly_interval(ours, column, theirs)
        numbers |= {f"{what} below linear": share, f"{what} below linear low": low, f"{what} below linear high": high}
        words.append(f"{name} is {reduction_words(share, low, high)}")
    return numbers, ", ".join(words)


def reduction_words(share: float, low: float, high: float) -> str:
    """A relative reduction with its interval: "8.0 % lower (95 % interval 6.0 to 10.7)"."""
    ends = (low, high) if share >= 0 else (-high, -low)
    apart = "" if low > 0 or high < 0 else ": not told apart"
    side = "lower" if share >= 0 else "higher"
    return f"{100 * abs(share):.1f} % {side} (95 % interval {100 * ends[0]:.1f} to {100 * ends[1]:.1f}{apart})"


def _ways(model: HOTModel, linear: naive.LinearMap) -> dict[str, Way]:
    return {
        "this model": lambda values, valid: forecast(model, values, valid),
        "persistence": lambda values, valid: naive.persistence(*_seen(values, valid), HORIZON),
        "seasonal naive (24 h)": lambda values, valid: naive.same_hour_yesterday(*_seen(values, valid), HORIZON),
        "shared linear map": lambda values, valid: linear.forecast(*_seen(values, valid)),
    }


def _sums(way: Way, batches: list[Batch]) -> ForecastSums:
    sums = ForecastSums()
    for values, valid in batches:
        sums.add(way(values, valid), values[..., LOOKBACK:], valid[..., LOOKBACK:])
    return sums


def _main_table(sums: dict[str, ForecastSums], windows: int) -> Table:
    count = int(sums["this model"].table[:, 2].sum())
    rows = []
    for way, total in sums.items():
        ends = [weekly_interval(total, column) for column in (0, 1)]
        spans = [f"{low:.3f} to {high:.3f}" for low, high in ends]
        rows.append((way, total.mse, spans[0], total.mae, spans[1]))
    columns = ("forecast", "MSE", "95 % interval", "MAE", "95 % interval ")
    return Table(f"{windows} test windows, {count:,} valid targets, errors in z units", columns, tuple(rows))


def new_york(model: HOTModel, linear: naive.LinearMap) -> tuple[Numbers, Table, str]:
    """Zero-shot: the weather of three airports, none of it learnt, scaled by its own first 70 %.

    Args:
        model: the kept weights.
        linear: the shared linear map, fitted where the model was trained: it has not seen New York either.

    Returns:
        Numbers for the scores, the table, and how the model compares with the linear map, in words.
    """
    windows = read_sample(SAMPLE, LOOKBACK, HORIZON)
    starts = windows.starts((windows.spans.validation[0], windows.spans.test[1]), HORIZON)
    sums = {way: _sums(forecast_of, cut_up(windows, starts)) for way, forecast_of in _ways(model, linear).items()}
    ours = sums["this model"]
    numbers: Numbers = {f"new york {what}": getattr(ours, what) for what in ("mse", "mae", "coverage")}
    numbers |= {f"new york {way} {what}": getattr(total, what)
                for way, total in sums.items() if total is not ours for what in ("mse", "mae")}  # fmt: skip
    title = (f"Zero-shot: the bundled weather of three New York airports, {len(starts)} daily windows of its last "
             "30 %, z-scored by its first 70 %; nothing of it was learnt")  # fmt: skip
    rows = tuple((way, total.mse, total.mae, total.coverage if total is ours else "–") for way, total in sums.items())
    less, words = below_linear(sums)
    numbers |= {f"new york {name}": value for name, value in less.items()}
    return numbers, Table(title, ("forecast", "MSE", "MAE", f"inside the {SHARE:.0%} interval"), rows), words


def _by_variable(model: HOTModel, batches: list[Batch]) -> Table:
    totals = [ForecastSums() for _ in VARIABLES]
    for values, valid in batches:
        ahead = forecast(model, values, valid)
        for i, total in enumerate(totals):
            total.add(ahead[:, :, i], values[:, :, i, LOOKBACK:], valid[:, :, i, LOOKBACK:])
    rows = [(name, t.mse, t.mae, t.coverage, t.width) for name, t in zip(VARIABLES, totals, strict=True)]
    columns = ("variable", "MSE", "MAE", f"inside the {SHARE:.0%} interval", "its mean width")
    return Table("This model, variable by variable, z units", columns, tuple(rows))


def _by_lead(model: HOTModel, batches: list[Batch]) -> Table:
    totals = [ForecastSums() for _ in LEADS]
    for values, valid in batches:
        ahead = forecast(model, values, valid)
        for (first, last), total in zip(LEADS, totals, strict=True):
            steps = slice(LOOKBACK + first, LOOKBACK + last)
            total.add(ahead[..., first:last, :], values[..., steps], valid[..., steps])
    rows = tuple(
        (f"{a + 1} to {b} h", t.mse, t.mae, t.coverage, t.width) for (a, b), t in zip(LEADS, totals, strict=True)
    )
    columns = ("hours ahead", "MSE", "MAE", f"inside the {SHARE:.0%} interval", "its mean width")
    return Table("This model, by how far ahead it looks, z units", columns, rows)


def _parts_of_the_input(model: HOTModel, batches: list[Batch], linear: naive.LinearMap) -> Table:
    """The same targets, forecast from less: one station at a time, one variable at a time, each series alone."""

    def apart(modes: str, values: np.ndarray) -> np.ndarray:
        windows, entities, variables, steps = values.shape
        if modes == "station":
            return values.reshape(windows * entities, 1, variables, steps)
        if modes == "variable":
            return values.swapaxes(1, 2).reshape(windows * variables, entities, 1, steps)
        return values.reshape(windows * entities * variables, 1, 1, steps)

    rows: list[tuple[str | float, ...]] = []
    for given, modes in (("all stations and variables", ""), ("one station at a time", "station"),
                         ("one variable at a time", "variable"), ("each series alone", "series")):  # fmt: skip
        total = ForecastSums()
        for values, valid in batches[::3]:
            cut = (apart(modes, values), apart(modes, valid)) if modes else (values, valid)
            total.add(forecast(model, *cut), cut[0][..., LOOKBACK:], cut[1][..., LOOKBACK:])
        rows.append((given, total.mse, total.mae, total.coverage))
    sums = _sums(lambda v, ok: linear.forecast(*_seen(v, ok)), batches[::3])
    rows.append(("shared linear map (always each series alone)", sums.mse, sums.mae, "–"))
    columns = ("given", "MSE", "MAE", f"inside the {SHARE:.0%} interval")
    return Table("The same targets from less of the input, every third batch of the test part", columns, tuple(rows))


def _hidden_table(model: HOTModel, batches: list[Batch]) -> Table:
    """Errors when tokens are hidden at random: what the evidence does to the input stays within what was learnt."""
    rng = np.random.default_rng(0)
    rows = []
    for share in (0.0, 0.1, 0.3, 0.5, 0.8):
        total = ForecastSums()
        for values, valid in batches[::3]:
            tokens = rng.random((*values.shape[:3], LOOKBACK // STEP)) < share
            seen = valid.copy()
            seen[..., :LOOKBACK] &= ~tokens.repeat(STEP, axis=-1)
            keep = valid[..., LOOKBACK:] & seen[..., :LOOKBACK].any(-1, keepdims=True)
            total.add(forecast(model, values, seen), values[..., LOOKBACK:], keep)
        rows.append((f"{share:.0%}", total.mse, total.mae, total.coverage))
    columns = ("tokens hidden", "MSE", "MAE", f"inside the {SHARE:.0%} interval")
    return Table("With tokens of four hours hidden at random, every third batch of the test part", columns, tuple(rows))
