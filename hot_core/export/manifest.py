"""What an export says about itself: the analysis in plain values, without the file's name."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
import xarray as xr

from hot_core.analysis.result import Analysis
from hot_core.transforms.results import Classification, Forecast, Prediction, Segmentation

OUTSIDE = {
    "series": "empty outside the window",
    "volume": "field: NaN outside the region; labels: 0 (background) outside the region",
    "raster": "field: NaN outside the region; labels: -1 (nodata) outside the region",
}


def manifest(analysis: Analysis) -> dict[str, Any]:
    """The analysis in values that JSON knows; the same analysis gives the same manifest.

    Returns:
        Model, provenance, modes with token coordinates and windows, prediction and notes.
    """
    return {
        "made_by": "HOT Lens",
        "kind": analysis.sample.kind,
        "model": analysis.model_name,
        "task": analysis.model_config["task"],
        "combine": analysis.record.combine,
        "layers": analysis.record.num_layers,
        "heads": analysis.record.num_heads,
        "modes": [
            {
                "name": axis.mode.name,
                "unit": axis.mode.unit,
                "tokens": len(axis),
                "native": len(axis.mode),
                "window": [int(axis.starts[0]), int(axis.stops[-1])],
                "coords": texts(axis.coords),
            }
            for axis in analysis.grid.axes
        ],
        "outside": OUTSIDE[analysis.sample.kind],
        "prediction": prediction_summary(analysis.prediction),
        "familiarity": None if analysis.familiarity is None else asdict(analysis.familiarity),
        "provenance": dict(analysis.provenance),
        "notes": notes(analysis),
        "limits": "Attention is not cause. The bundled models are demonstrations, not medical devices.",
    }


def notes(analysis: Analysis) -> list[str]:
    """What reader and pipeline said, without the file's name, which may hold personal data."""
    name = analysis.sample.source.name
    return [note.replace(name, "the file") if name else note for note in (*analysis.sample.notes, *analysis.notes)]


def prediction_summary(prediction: Prediction) -> dict[str, Any]:
    """The numbers of a prediction that fit on a page.

    Returns:
        Probabilities, amounts with their unit, or the errors of forecast and seasonal naive with the interval.
    """
    if isinstance(prediction, Classification):
        return {"label": prediction.label, "probabilities": dict(prediction.probabilities)}
    if isinstance(prediction, Segmentation):
        return {"classes": list(prediction.classes), "amounts": dict(prediction.amounts), "unit": prediction.unit}
    steps = prediction.mean.sizes["time"]
    return {
        "season": prediction.season, "steps": steps, "mae": errors(prediction), "interval": interval(prediction),
    }  # fmt: skip


def interval(forecast: Forecast) -> dict[str, Any] | None:
    """What share the interval is to hold, and how many of the known true values it does; None without an interval.

    Returns:
        `share`, and `coverage`: one row a series with counts `inside` and `known`, None without any truth.
    """
    if forecast.share is None:
        return None
    counts = forecast.inside()
    if counts is None:
        return {"share": forecast.share, "coverage": None}
    rows = [
        {"entity": str(entity), "variable": str(variable), "inside": int(pair[0]), "known": int(pair[1])}
        for entity, of_entity in zip(counts["entity"].values, counts.values, strict=True)
        for variable, pair in zip(counts["variable"].values, of_entity, strict=True)
    ]
    return {"share": forecast.share, "coverage": rows}


def errors(forecast: Forecast) -> list[dict[str, Any]] | None:
    """Mean absolute errors as rows, None where a series has no known truth; None without any truth."""
    table = forecast.mae()
    if table is None:
        return None
    rows = []
    for entity in table["entity"].values:
        for variable in table["variable"].values:
            pair = table.sel(entity=entity, variable=variable)
            rows.append(
                {
                    "entity": str(entity),
                    "variable": str(variable),
                    "unit": unit_of(pair),
                    "model": finite(pair.values[0]),
                    "seasonal_naive": finite(pair.values[1]),
                }
            )
    return rows


def unit_of(variable: xr.DataArray) -> str | None:
    """The unit of a single variable, None where the file names none."""
    unit = str(variable["unit"].item()) if "unit" in variable.coords else ""
    return unit if unit not in ("", "None", "nan") else None


def finite(value: float) -> float | None:
    """A number for JSON, which has no NaN."""
    return float(value) if np.isfinite(value) else None


def texts(coords: np.ndarray) -> list[Any]:
    """Coordinates as JSON knows them: numbers, names, ISO dates."""
    if coords.dtype.kind == "M":
        return [str(t) for t in np.datetime_as_string(coords, unit="s")]
    return coords.tolist() if coords.dtype.kind in "iuf" else [str(name) for name in coords]
