"""The score of a forecast in words and as a table: what was compared, by which season, and who was better."""

from __future__ import annotations

from hot_core.analysis.score import Scores
from hot_core.analysis.words import number
from hot_core.figures.words import step_words
from hot_core.modes import Sample, SeriesGeometry
from hot_core.transforms.results import Forecast
from hot_core.transforms.season import season_of

NONE = (
    "What happened after the window is not in the file, and what lies before is too short or too empty for a backtest: "
    "the forecast cannot be compared with anything."
)
MEANING = (
    "**MASE** divides the mean absolute error by the mean error that seasonal naive made in the past: below 1 is "
    "better than repeating the season used to be. It has no unit, so that variables can be compared. "
    "*Seasonal naive* repeats the last season; a model that does not beat it over the same steps is "
    "**worse than naive**, and not worth its cost there."
)


def skill_words(scores: Scores | None, forecast: Forecast, entity: int, variable: int) -> str:
    """How far forecast and seasonal naive were from what happened, of one series."""
    if scores is None:
        return NONE
    model, naive = (float(v) for v in scores.mae.values[entity, variable])
    if not bool(scores.compared.values[entity, variable]):
        return "Too much is missing to compare the forecast of this series with what happened."
    own, yardstick = (float(v) for v in scores.mase.values[entity, variable])
    unit = str(forecast.mean.coords["unit"].values[variable] or "")
    unit = unit and f" {unit}"
    errors = f"mean absolute error {number(model)}{unit}, seasonal naive {number(naive)}{unit}"
    if own != own:  # NaN: the past never changes from season to season
        words = f"{errors[0].upper()}{errors[1:]}; no MASE, since the past never changes from one season to the next"
    else:
        words = f"MASE **{number(own)}**, seasonal naive {number(yardstick)} ({errors})"
    if model > naive:
        return f"{words}: **worse than naive** here."
    if model == naive:
        return f"{words}: as good as naive."
    return f"{words}: {number(100 * (1 - model / naive), 2)} % below naive."


def all_words(scores: Scores | None) -> str:
    """How many of the series were foretold worse than by seasonal naive."""
    if scores is None:
        return ""
    count, worse = int(scores.compared.sum()), int(scores.worse.sum())
    if count < 2:
        return ""
    mean = [float(v) for v in scores.mase.mean(["entity", "variable"]).values]
    means = f", mean MASE {number(mean[0])} against {number(mean[1])}" if mean[0] == mean[0] else ""
    if not worse:
        return f"All {count} series{means}: none worse than naive."
    return f"All {count} series{means}: {worse} of them **worse than naive**."


def scored_words(scores: Scores | None) -> str:
    """On which steps the score was taken."""
    if scores is None:
        return ""
    horizon = scores.horizon
    if scores.backtest:
        return (
            f"A **backtest**: the file ends with the window, so the model was run once more without the last {horizon} "
            f"known steps and scored on those. The forecast drawn here is not scored: nobody knows its truth yet."
        )
    known = int(scores.steps.max())
    which = f"the {horizon} steps" if known == horizon else f"the {known} of {horizon} steps that the file has"
    return f"Scored on {which} after the window, which the model has not seen."


def season_words(sample: Sample, scores: Scores | None, stop: int) -> str:
    """Which season the naive line and the scale use, and where it comes from.

    Args:
        sample: what was read.
        scores: of its forecast; None where there are none.
        stop: steps before the forecast.

    Returns:
        "The naive line repeats the last day (24 steps). The season comes from the file's step of 1 h. …"
    """
    words = season_of(sample.geometry, stop if scores is None else scores.past)[1]
    step = sample.geometry.step if isinstance(sample.geometry, SeriesGeometry) else None
    origin = "" if step is None else f" The season comes from the file's step of {step_words(step)}."
    scale = "" if scores is None else f" MASE is scaled by the {scores.past:,} steps before the forecast."
    return f"{words}{origin}{scale}"


def score_table(scores: Scores, forecast: Forecast, entity: int) -> dict[str, list[str]]:
    """The scores of an entity's variables as the page's table shows them, errors with their units."""
    units = [str(unit or "") for unit in forecast.mean.coords["unit"].values]
    mase, mae = scores.mase.values[entity], scores.mae.values[entity]
    table = {
        "variable": [str(name) for name in scores.mae["variable"].values],
        "verdict": [_verdict(float(own), float(naive)) for own, naive in mae],
        "MASE": [_cell(v) for v in mase[:, 0]],
        "naive MASE": [_cell(v) for v in mase[:, 1]],
        "error": [_cell(v, unit) for v, unit in zip(mae[:, 0], units, strict=True)],
        "naive error": [_cell(v, unit) for v, unit in zip(mae[:, 1], units, strict=True)],
    }
    counts = forecast.inside()
    if counts is not None:
        inside = counts.isel(entity=entity).values
        table[f"inside {forecast.interval}"] = [f"{within} of {known}" for within, known in inside]
    return table


def _cell(value: float, unit: str = "") -> str:
    """A number of the table; a dash where there is none."""
    return f"{number(value)} {unit}".rstrip() if value == value else "–"


def _verdict(own: float, naive: float) -> str:
    """Who was better; a dash where nothing can be compared."""
    if own != own or naive != naive:
        return "–"
    return "worse than naive" if own > naive else "as good as naive" if own == naive else "better than naive"
