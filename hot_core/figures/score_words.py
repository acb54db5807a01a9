"""The score of a forecast in words and as a table: what was compared, by which season, and who was better."""

from __future__ import annotations

from hot_core.analysis.score import Reason, Scores
from hot_core.analysis.words import number
from hot_core.figures.words import step_words
from hot_core.modes import Sample, SeriesGeometry
from hot_core.transforms.results import Forecast
from hot_core.transforms.season import season_of

NONE = (
    "Nothing that the file holds after the window can be compared with the forecast, and what lies before is too short "
    "or too empty for a backtest: **there is no score**."
)
REASONS: dict[Reason, str] = {
    "ends": "the file ends with the window",
    "unknown": "nothing is known of the {} steps after the window",
    "apart": "what is known after the window meets no step that has both a forecast and a naive line",
}
MEANING = (
    "**MASE** divides the mean absolute error by the mean error that seasonal naive made in the past: below 1 is "
    "better than repeating the season used to be. It has no unit, so that variables can be compared. "
    "*Seasonal naive* repeats the last season; a model that does not beat it over the same steps is "
    "**worse than naive**, and not worth its cost there."
)


def skill_words(scores: Scores | None, forecast: Forecast, entity: int, variable: int) -> str:
    """How far forecast and seasonal naive were from what happened, of one series."""
    if scores is None:
        return "it cannot be compared with anything."
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
    """How many of the series were compared, and how many were foretold worse than by seasonal naive."""
    if scores is None or scores.compared.size < 2:
        return ""
    total, count, worse = scores.compared.size, int(scores.compared.sum()), int(scores.worse.sum())
    scaled = scores.mase.values[scores.mase.notnull().all("line").values]
    over = "" if len(scaled) == count else f" over {len(scaled)}"
    means = [number(float(mean)) for mean in scaled.mean(axis=0)] if len(scaled) else []
    mean = f", {'mean ' if len(scaled) > 1 else ''}MASE {means[0]} against {means[1]}{over}" if means else ""
    which = f"All {total} series" if count == total else f"{count} of {total} series compared"
    if count == 1:
        return f"{which}{mean}: {'**worse than naive**' if worse else 'not worse than naive'}."
    return f"{which}{mean}: {f'{worse} of them **worse than naive**' if worse else 'none worse than naive'}."


def scored_words(scores: Scores | None) -> str:
    """On which steps the score was taken, or that there is none."""
    if scores is None:
        return NONE
    horizon, known = scores.horizon, int(scores.steps.max())
    if scores.backtest is not None:
        which = f"the {horizon} steps" if known == horizon else f"the {known} of {horizon} steps that can be compared,"
        return (
            f"A **backtest**: {REASONS[scores.backtest].format(horizon)}, so the model was run once more and scored on "
            f"{which} up to the last one known before, which it was not given. The forecast drawn here is not scored."
        )
    which = f"the {horizon} steps" if known == horizon else f"the {known} of {horizon} steps that the file has"
    return f"Scored on {which} after the window, which the model has not seen."


def season_words(sample: Sample, scores: Scores | None, stop: int) -> str:
    """Which season the drawn naive line and the scale use, and where it comes from.

    Args:
        sample: what was read.
        scores: of its forecast; None where there are none.
        stop: steps before the forecast that is drawn.

    Returns:
        "The naive line repeats the last day (24 steps). The season comes from the file's step of 1 h. …"
    """
    season, words = season_of(sample.geometry, stop)
    step = sample.geometry.step if isinstance(sample.geometry, SeriesGeometry) else None
    origin = "" if step is None else f" The season comes from the file's step of {step_words(step)}."
    if scores is None:
        return f"{words}{origin}"
    scored = season_of(sample.geometry, scores.past)[1].replace("The naive line", "The one scored", 1)
    other = "" if scores.season == season else f" {scored}"
    return f"{words}{origin}{other} MASE is scaled by the {scores.past:,} steps before the forecast that was scored."


def score_table(scores: Scores, forecast: Forecast, entity: int) -> dict[str, list[str]]:
    """The scores of an entity's variables as the page's table shows them: few columns, those of naive in brackets."""
    units = [str(unit or "") for unit in forecast.mean.coords["unit"].values]
    mase, mae = scores.mase.values[entity], scores.mae.values[entity]
    table = {
        "variable": [str(name) for name in scores.mae["variable"].values],
        "than naive": [_verdict(float(own), float(naive)) for own, naive in mae],
        "MASE (naive)": [f"{_cell(own)} ({_cell(naive)})" for own, naive in mase],
        "error (naive)": [
            f"{_cell(own)} ({_cell(naive)}) {unit}".rstrip() for (own, naive), unit in zip(mae, units, strict=True)
        ],
    }
    counts = forecast.inside()
    if counts is not None and bool(counts.isel(entity=entity).sel(count="known").any()):
        inside = counts.isel(entity=entity).values
        table[f"inside {forecast.interval}"] = [f"{within} of {known}" for within, known in inside]
    return table


def _cell(value: float) -> str:
    """A number of the table; a dash where there is none."""
    return number(float(value)) if value == value else "–"


def _verdict(own: float, naive: float) -> str:
    """Who was better; a dash where nothing can be compared."""
    if own != own or naive != naive:
        return "–"
    return "worse" if own > naive else "as good" if own == naive else "better"
