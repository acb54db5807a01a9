"""The report: one HTML file that needs nothing else, to be read, printed, signed and filed."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import plotly.graph_objects as go
import plotly.io
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from hot_core.analysis.result import Analysis
from hot_core.backtest import Scores, scores
from hot_core.evidence import RULE, Evidence
from hot_core.evidence.summary import target_words
from hot_core.familiarity import UNKNOWN
from hot_core.figures.score_words import MEANING, all_words, scored_words
from hot_core.figures.words import coverage_words, prediction_words, sample_words
from hot_core.models import HOTModel
from hot_core.report import hardware
from hot_core.report.again import again
from hot_core.report.card import extract, inline
from hot_core.report.checks import check_tables
from hot_core.report.choices import Choices, Inspection
from hot_core.report.instrument import Instrument, instrument, map_payload, matrix_payload
from hot_core.report.plates import Plate, check_plates, data_plates, evidence_plates, rollout_plate
from hot_core.report.summary import Check, stamped, summary
from hot_core.report.tables import (
    agreement_table,
    answers_table,
    hiding_table,
    modes_table,
    places_table,
    prediction_table,
    use_table,
)
from hot_core.transforms import Forecast

KINDS = {"series": "Time series", "volume": "Volume", "raster": "Raster"}
TASKS = {"forecast": "forecast", "segment": "segmentation", "classify": "classification"}
LIMITS = (
    "Attention is not cause: it shows where a layer's numbers come from, not why the model decides.",
    "The verdict is about one map and one prediction of one input. It says nothing of other positions, heads or files.",
    "Hiding tokens makes inputs that were rare in training; a change of the prediction may come from that, too.",
    "A prediction that is explained well may still be wrong: how well the model does is in its card.",
    "The bundled models are demonstrations. This is not a medical device, and nothing in it is a basis for a "
    "diagnosis, a warning or any decision about people.",
)
NO_EVIDENCE = (
    "No evidence was gathered for this report. Whether the prediction depends on what the map shows is not known: take "
    "the pictures as a suggestion."
)


def report(
    analysis: Analysis, model: HOTModel, choices: Choices, evidence: Evidence | None = None, *,
    sanity: Check | None = None, stability: Check | None = None, personal: bool = False,
    written: datetime | None = None,
) -> bytes:  # fmt: skip
    """One analysis as a self-contained HTML file.

    Args:
        analysis: what is reported.
        model: the model that made it, for its card and the score of a forecast.
        choices: which map and positions.
        evidence: how far to trust the map; None where none was gathered, which the report says.
        sanity: whether the map depends on what was learnt; None where that was not asked.
        stability: how steady the map is; likewise.
        personal: whether the file's name may stand in it.
        written: when; None for now.

    Returns:
        UTF-8. It makes no request: everything is inside, and its content policy forbids all else.

    Raises:
        ReadError: when the code of the attention map is not there.
    """
    shown = Inspection(analysis, choices)
    checks = {name: one for name, one in (("sanity", sanity), ("stability", stability)) if one is not None}
    about = stamped(summary(shown, evidence, checks, personal=personal), written)
    forecast = isinstance(analysis.prediction, Forecast)
    found = scores(analysis, model) if forecast else None
    page = Environment(
        loader=PackageLoader("hot_core.report", "."), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    page.filters |= {"figure": figure_json, "inline": inline}
    text = page.get_template("report.html.jinja").render(
        **opening(shown, about), **again(shown, evidence, checks), **prediction_part(shown, found),
        **attention_part(shown), **evidence_part(shown, evidence, checks, about["checks"]),
        card=extract(model.card), limits=LIMITS, look=template_json(),
        plotly=Markup(get_plotlyjs().replace("</script", r"<\/script")),
    )  # fmt: skip
    return text.encode("utf-8")


def opening(shown: Inspection, about: dict[str, Any]) -> dict[str, Any]:
    """What the report is about, and what it was made from and on."""
    analysis, known = shown.analysis, shown.analysis.familiarity
    return {
        "title": f"{KINDS[analysis.sample.kind]}: {TASKS[about['task']]} by the model {analysis.model_name}",
        "sizes": sample_words(analysis.sample),
        "about": about,
        "shown": shown,
        "familiarity": UNKNOWN if known is None else known.words(),
        "warning": "" if known is None else known.warning(),
        "modes": modes_table(shown),
        "places": places_table(shown),
        "settings": {name: text(value) for name, value in about["provenance"]["settings"].items()},
        "machine": hardware.words(about["hardware"]),
    }


def prediction_part(shown: Inspection, found: Scores | None) -> dict[str, Any]:
    """The prediction in words and numbers."""
    analysis, words = shown.analysis, []
    if isinstance(analysis.prediction, Forecast):
        words = [scored_words(found), all_words(found), coverage_words(analysis.prediction, *shown.query[:2]), MEANING]
    return {
        "prediction": prediction_words(analysis.prediction, analysis.sample),
        "scored": [one for one in words if one],
        "amounts": prediction_table(shown, found),
    }


def attention_part(shown: Inspection) -> dict[str, Any]:
    """The pictures of the attention: in the data's space, as matrices, and through all layers."""
    code: Instrument | None = None if shown.rolled else instrument()
    modes = [] if shown.rolled else range(len(shown.analysis.grid.axes))
    return {
        "plates": data_plates(shown),
        "instrument": code,
        "matrices": [matrix_payload(shown, mode) for mode in modes],
        "map": "" if shown.rolled else map_payload(shown),
        "rollout": rollout_plate(shown),
    }


def evidence_part(
    shown: Inspection, evidence: Evidence | None, checks: dict[str, Check], told: dict[str, Any]
) -> dict[str, Any]:  # fmt: skip
    """The verdict, and every number behind it."""
    tested = [
        {"name": name, "words": one["words"], "tables": check_tables(one), "plates": check_plates(shown, checks[name])}
        for name, one in told.items()
    ]
    if evidence is None:
        return {"evidence": None, "no_evidence": NO_EVIDENCE, "checks": tested}
    plates: list[Plate] = evidence_plates(shown, evidence)
    return {
        "evidence": evidence,
        "checks": tested,
        "rule": RULE,
        "target": target_words(evidence),
        "other": other_words(shown, evidence),
        "evidence_tables": [
            *answers_table(evidence),
            hiding_table(evidence),
            use_table(evidence),
            agreement_table(evidence),
        ],
        "evidence_plates": plates,
    }


def other_words(shown: Inspection, evidence: Evidence) -> str:
    """Where the evidence is about another map than the one that is shown, a sentence that says so."""
    if evidence.focus != shown.focus:
        where = shown.place(evidence.focus.query)
        return f"The evidence is about {evidence.focus.words} at {where}, not about the map shown above."
    if shown.choices.direction == "column":
        return "The evidence is about where the chosen position looks; the pictures above show who looks at it."
    return ""


def text(value: Any) -> str:
    """A setting as text."""
    return "default" if value is None else json.dumps(value, ensure_ascii=False)


def figure_json(figure: go.Figure) -> Markup:
    """A figure as JSON that cannot end the element that holds it."""
    drawn = figure.to_plotly_json()
    layout = {name: value for name, value in drawn["layout"].items() if name != "template"}
    found = plotly.io.to_json({"data": drawn["data"], "layout": layout}, validate=False)
    return Markup(found.replace("<", "\\u003c"))


def template_json() -> Markup:
    """The look that all figures share: dark words on white paper."""
    return Markup(json.dumps(plotly.io.templates["plotly_white"].to_plotly_json()).replace("<", "\\u003c"))
