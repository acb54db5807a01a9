"""The tables of a report: what was read, where the chosen positions lie, what was predicted, what the evidence is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hot_core.analysis.score import Scores
from hot_core.analysis.words import number, span_words
from hot_core.evidence import MAP, Evidence
from hot_core.evidence.answers import HEAD, answers, answers_words
from hot_core.export.amounts import volumes_table
from hot_core.figures.score_words import score_table
from hot_core.modes import Mode
from hot_core.report.choices import Inspection
from hot_core.transforms import Classification, Forecast, Segmentation


@dataclass(frozen=True)
class Table:
    """Rows under a head, with the words above them.

    Attributes:
        caption: what it says.
        head: the names of the columns.
        rows: the cells as texts; the first is the row's name.
        note: below them, how they are to be read.
    """

    caption: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""


def modes_table(shown: Inspection) -> Table:
    """Every mode with its unit, its coordinates and its tokens."""
    rows = []
    for axis in shown.analysis.grid.axes:
        start, stop = max(int(axis.starts[0]), 0), int(axis.stops[-1])
        covered = f"{stop - start:,} of {len(axis.mode):,}"
        named = with_units(shown) if axis.mode.name == "variable" else ends(axis.mode, start, stop)
        rows.append([axis.mode.name, axis.mode.unit or "–", named, covered, f"{len(axis):,}"])
    return Table(
        "The modes that attention runs over", ("mode", "unit", "analysed, from – to", "positions", "tokens"), rows
    )


def ends(mode: Mode, start: int, stop: int) -> str:
    """First and last coordinate of a part of a mode; all names where there are few."""
    coords = mode.coords[start:stop]
    if coords.dtype.kind == "M":
        first, last = (str(np.datetime_as_string(at, unit="s")).replace("T", " ") for at in (coords[0], coords[-1]))
        return f"{first} – {last}"
    if coords.dtype.kind in "iuf":
        return f"{number(float(coords[0]), 7)} – {number(float(coords[-1]), 7)}"
    return listed([str(name) for name in coords])


def listed(names: Sequence[str]) -> str:
    """Names, all of them where they are few."""
    return ", ".join(names) if len(names) <= 12 else f"{', '.join(names[:10])}, … {names[-1]}"


def with_units(shown: Inspection) -> str:
    """The variables of a series, each with the unit that the file gives it."""
    data = shown.analysis.sample.data
    units = data.coords["unit"].values if "unit" in data.coords else [""] * data.sizes["variable"]
    names = [str(name) for name in data.coords["variable"].values]
    return listed([f"{name} [{unit}]" if unit else name for name, unit in zip(names, units, strict=True)])


def places_table(shown: Inspection) -> Table:
    """Query and key along every mode, in native coordinates and as positions of the file."""
    rows = []
    for role, token in (("query", shown.query), ("key", shown.key)):
        if token is None:
            continue
        native = shown.analysis.grid.native_of(token)
        for axis, at, part in zip(shown.analysis.grid.axes, token, native, strict=True):
            inside = f"{part.start} – {part.stop - 1}" if part.stop > part.start + 1 else f"{part.start}"
            inside = inside if part.stop > part.start else "–"
            rows.append([role, axis.mode.name, span_words(axis, at), inside, str(at)])
    return Table(
        "The chosen positions", ("position", "mode", "in the data's coordinates", "positions, from 0", "token"), rows
    )


def prediction_table(shown: Inspection, scores: Scores | None) -> Table | None:
    """The prediction in numbers: probabilities, volumes or areas, or the errors of the shown entity's forecasts."""
    prediction = shown.analysis.prediction
    if isinstance(prediction, Classification):
        rows = [[name, f"{prediction.probabilities[name]:.1%}"] for name in prediction.classes]
        return Table("Probability of each class", ("class", "probability"), rows)
    if isinstance(prediction, Segmentation):
        return _amounts(shown, prediction)
    return _scores(shown, prediction, scores)


def _amounts(shown: Inspection, prediction: Segmentation) -> Table:
    if shown.analysis.sample.kind == "volume":
        found = volumes_table(shown.analysis)
        known = prediction.unit == "mm³"
        rows = [
            [str(row["structure"]), f"{row['voxels']:,}", f"{row['volume_mm3']:,.0f}" if known else "unknown"]
            for row in found.to_dict("records")
        ]
        return Table("Voxels of each label, without an error bar", ("structure", "voxels", "volume in mm³"), rows)
    rows = [[name, f"{number(prediction.amounts[name])} {prediction.unit}"] for name in prediction.classes]
    return Table("Area of each class, without an error bar", ("class", "area"), rows)


def _scores(shown: Inspection, forecast: Forecast, scores: Scores | None) -> Table | None:
    if scores is None:
        return None
    entity = shown.query[0]
    columns = score_table(scores, forecast, entity)
    name = str(shown.analysis.grid.axes[0].mode.coords[entity])
    return Table(f"Forecast errors of {name}, those of seasonal naive in brackets", list(columns), _rows(columns))


def _rows(columns: Mapping[str, Sequence[str]]) -> list[list[str]]:
    return [list(row) for row in zip(*columns.values(), strict=True)]


def answers_table(evidence: Evidence) -> list[Table]:
    """What the rule asks, as the page has it; no table where whatever is hidden changes nothing."""
    rows = [answer.cells for answer in answers(evidence)]
    return [Table("What the rule asks", HEAD, rows, answers_words(evidence))] if rows else []


def hiding_table(evidence: Evidence) -> Table:
    """Deletion and insertion of every map beside the same map laid elsewhere, with the verdict on the map."""
    hidden = evidence.deletion
    chance = [
        f"{level:.3f} [{low:.3f}, {high:.3f}]"
        for level, (low, high) in ((hidden.level, hidden.interval), (hidden.rest_level, hidden.rest_interval))
    ]
    rows = [["the same map laid elsewhere", *chance, "–"]]
    for name, order in hidden.orders.items():
        named = f"{name} ({evidence.focus.words})" if name == MAP else name
        verdict = evidence.judgements[name].verdict if name in evidence.judgements else "–"
        rows.append([named, f"{order.deletion:.3f}", f"{order.insertion:.3f}", verdict])
    unit = f"{number(hidden.scale)} {hidden.unit}".rstrip()
    caption = (
        f"Deletion and insertion: mean change of the prediction in units of {unit}, over {len(hidden.shares) - 2} "
        f"shares of {hidden.tokens:,} tokens and {len(hidden.random)} layings elsewhere [95 % interval of one more]"
    )
    parts = f"strongest first, up to {100 * hidden.first:.0f} %", f"only the strongest {100 * hidden.left:.0f} % left"
    return Table(caption, ("hidden in the order of", *parts, "verdict"), rows)


def use_table(evidence: Evidence) -> Table:
    """What changing the attention of the map does, mode by mode."""
    used = evidence.use
    rows = [["all keys shuffled", *_draws(used.shuffled)], ["made uniform", f"{100 * used.uniform:.2f} %", "–", "1"]]
    rows += [[f"keys of {mode} shuffled", *_draws(draws)] for mode, draws in used.modes.items()]
    if used.layers.size:
        rows += [
            [f"layer {at} silenced", f"{100 * float(effect):.2f} %", "–", "1"] for at, effect in enumerate(used.layers)
        ]
    return Table(
        "The attention changed: change of the prediction, in percent of the scale",
        ("change", "mean", "smallest – largest", "draws"), rows,
    )  # fmt: skip


def _draws(draws: np.ndarray) -> list[str]:
    low, high = 100 * float(draws.min()), 100 * float(draws.max())
    return [f"{100 * float(draws.mean()):.2f} %", f"{low:.2f} – {high:.2f} %", str(len(draws))]


def agreement_table(evidence: Evidence) -> Table:
    """Who orders the places as the map does, and how each attribution was made."""
    notes = {found.method: found.note for found in evidence.attributions}
    rows = [[name, rank(one.rho, one.low, one.high), notes.get(name, "–")] for name, one in evidence.agreements.items()]
    return Table(
        "Other methods: rank correlation with the map [95 % bootstrap over tokens]",
        ("method", "rank correlation", "how it was made"),
        rows,
    )


def rank(rho: float | None, low: float | None, high: float | None) -> str:
    """A rank correlation with its interval, two decimals each; "–" where there is none."""
    if rho is None or not np.isfinite(rho):
        return "–"
    ends = "" if low is None or high is None else f" [{fixed(low)}, {fixed(high)}]"
    return f"{fixed(rho)}{ends}"


def fixed(value: float, decimals: int = 2) -> str:
    """A number with so many decimals and a typographic minus, which a nought has not."""
    text = f"{value:.{decimals}f}".replace("-", "−")
    return text if text.strip("−0.") else text.lstrip("−")


def plain_words(name: str) -> str:
    """The name of a value as words."""
    return name.replace("_", " ")


def cell(value: Any) -> str:
    """One value as text; three numbers are a mean with its interval."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list) and len(value) == 3 and all(_is_number(one) for one in value):
        mean, low, high = (cell(one) for one in value)
        return mean if value[1] is None or value[2] is None else f"{mean} [{low}, {high}]"
    if isinstance(value, list):
        return ", ".join(cell(one) for one in value) or "–"
    if value is None or value == "":
        return "–"
    return number(float(value)) if isinstance(value, int | float) else str(value)


def _is_number(value: Any) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))
