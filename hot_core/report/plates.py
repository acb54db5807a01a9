"""The pictures of a report, drawn by the page's own figure functions."""

from __future__ import annotations

from dataclasses import dataclass

import plotly.graph_objects as go
import xarray as xr

from hot_core.evidence import MAP, ROLLOUT, Evidence
from hot_core.evidence.sanity import Sanity
from hot_core.evidence.stability import Stability
from hot_core.figures.composite import composite
from hot_core.figures.evidence import ablation_figure, hiding_figure, use_figure
from hot_core.figures.evidence_fields import Ground, Panel, panel_figures
from hot_core.figures.evidence_maps import map_panel
from hot_core.figures.evidence_sanity import sanity_figure
from hot_core.figures.evidence_stability import stability_figure
from hot_core.figures.fields import mode_bars, summed_level, token_field
from hot_core.figures.planes import Look
from hot_core.figures.prediction import probability_figure
from hot_core.figures.raster import classes_figure, tile_figure
from hot_core.figures.rollout import rollout_profiles_figure
from hot_core.figures.series import Shown as Series
from hot_core.figures.series import series_figure, series_name
from hot_core.figures.series_bars import series_bars, spread
from hot_core.figures.volume import slices_figure
from hot_core.modes import VolumeGeometry
from hot_core.report.choices import Inspection
from hot_core.transforms import Classification, Forecast, Segmentation

BAR_HEIGHT = 240


@dataclass(frozen=True, eq=False)
class Plate:
    """One picture with its heading and what it means.

    Attributes:
        title: what it shows.
        words: how to read it; also its text for those who cannot see it.
        figure: the picture.
        half: whether two stand side by side.
    """

    title: str
    words: str
    figure: go.Figure
    half: bool = False


def data_plates(shown: Inspection) -> list[Plate]:
    """The data with what the query looks at, and the prediction, in the data's own space."""
    draw = {"series": series_plates, "volume": volume_plates, "raster": raster_plates}
    return draw[shown.analysis.sample.kind](shown)


def series_plates(shown: Inspection) -> list[Plate]:
    """One series with its forecast, the attention over all of them, and by entity and variable."""
    analysis, forecast = shown.analysis, shown.analysis.prediction
    if not isinstance(forecast, Forecast):
        return []
    which = Series(*shown.query[:2])
    lines = series_figure(
        forecast, shown.field, analysis.grid, shown.query, which, uniform=shown.uniform, key=shown.key
    )
    name = series_name(analysis.grid, which.entity, which.variable)
    words = (
        f"Above, {name} with the model's forecast and the seasonal-naive line. Below, {verb(shown)} each time step of "
        "every series, on one colour scale; what is missing stays a gap."
    )
    found = [Plate("Forecast and attention", words, lines)]
    tokens = token_field(shown.field, analysis.grid)
    if spread(tokens):
        bars = series_bars(
            tokens, shown.query, key=shown.key, uniform=shown.uniform, valid=analysis.record.valid
        )  # fmt: skip
        found.append(Plate("By entity and by variable", "The same weights, each summed over all else.", bars))
    return found


def volume_plates(shown: Inspection) -> list[Plate]:
    """Three planes through the query, with its attention and the labels, and the probability of each class."""
    analysis, prediction = shown.analysis, shown.analysis.prediction
    geometry = analysis.sample.geometry
    sided = isinstance(geometry, VolumeGeometry) and geometry.oriented
    x, y, z = analysis.grid.centre_of(shown.query)
    figure = slices_figure(
        one_volume(shown), analysis.sample.modes[:3], analysis.grid, Look((x, y, z), sided=sided), query=shown.query,
        key=shown.key, field=shown.field, uniform=shown.uniform,
        prediction=prediction if isinstance(prediction, Segmentation) else None,
    )  # fmt: skip
    sides = "radiological: the patient's left is on the right" if sided else "the file names no sides"
    labels = "; outlines are the predicted labels" if isinstance(prediction, Segmentation) else ""
    words = f"Three planes through the chosen position ({sides}). Colour: {verb(shown)} each block of voxels{labels}."
    found = [Plate("The volume", words, figure)]
    if isinstance(prediction, Classification):
        words = f"The model says {prediction.label}."
        found.append(Plate("Probability of each class", words, probability_figure(prediction)))
    return found


def raster_plates(shown: Inspection) -> list[Plate]:
    """The tile with what the query looks at, the class map, and the attention by band."""
    analysis, sample = shown.analysis, shown.analysis.sample
    samples = None if sample.overview is None else sample.overview.samples
    picture = composite(sample.data, sample.roles, samples=samples)
    tokens, valid = token_field(shown.field, analysis.grid), analysis.record.valid
    level = summed_level(shown.uniform, analysis.grid.shape, (0, 1), valid)
    tile = tile_figure(
        picture, sample.modes, analysis.grid, tokens=tokens.sum("band"), uniform=level, query=shown.query, key=shown.key
    )
    bands = [str(name) for name in tokens.coords["band"].values]
    key = None if shown.key is None else bands[shown.key[2]]
    bars = mode_bars(
        tokens, "band", bands[shown.query[2]], key=key, uniform=shown.uniform, valid=valid,
        height=max(BAR_HEIGHT, 90 + 26 * len(bands)),
    )  # fmt: skip
    found = [Plate("The tile", f"{picture.words} Over it: {verb(shown)} each patch, all bands added.", tile)]
    if isinstance(analysis.prediction, Segmentation):
        classes = classes_figure(
            analysis.prediction, sample.modes, grid=analysis.grid, query=shown.query, key=shown.key
        )  # fmt: skip
        found.append(Plate("Predicted classes", "The class of every pixel, in the same coordinates.", classes))
    words = "The same weights added up over the tile, for each band; the orange bar is the query's own band."
    return [*found, Plate("By band", words, bars)]


def rollout_plate(shown: Inspection) -> Plate:
    """What all layers together carry, mode by mode."""
    analysis, way = shown.analysis, shown.choices.direction
    figure = rollout_profiles_figure(
        analysis.rollout_tokens(shown.query, way), analysis.grid, shown.query, way, key=shown.key,
        valid=analysis.record.valid,
    )  # fmt: skip
    return Plate("Rollout over the whole model", analysis.rollout_reading(shown.query, way), figure)


def evidence_plates(shown: Inspection, evidence: Evidence) -> list[Plate]:
    """What hiding and changing the attention did, and every map beside the attention in the data's space."""
    hiding = "Orange above the grey band and dashed blue below it: the map names what matters."
    use = "How far the prediction moves when this attention is changed; below 2 % it does not go through it."
    found = [
        Plate("Hiding tokens", hiding, hiding_figure(evidence)),
        Plate("Changing the attention", use, use_figure(evidence)),
    ]
    heads = ablation_figure(evidence)
    if heads is not None:
        found.append(Plate("Heads and layers silenced", "One after another, in percent of the scale.", heads))
    return found + field_plates(shown, evidence)


def field_plates(shown: Inspection, evidence: Evidence) -> list[Plate]:
    """The tested map, the rollout and the attributions in the data's own space."""
    analysis = shown.analysis
    ground = Ground(analysis.sample, analysis.grid, volume=analysis.provenance["settings"]["volume"])
    panels = [map_panel(shown.analysis, evidence, name) for name in evidence.maps]
    figures = panel_figures(ground, panels, evidence.focus.query, shown.key)
    notes = {found.method: found.note for found in evidence.attributions}
    words = {MAP: f"the row of {evidence.focus.words}", ROLLOUT: "without the chosen position's own share"}
    return [
        Plate(one.title.capitalize(), (notes | words)[name], figure, half=True)
        for one, name, figure in zip(panels, evidence.maps, figures, strict=True)
    ]


def check_plates(shown: Inspection, check: object) -> list[Plate]:
    """The pictures of a further check, where it is one that has any."""
    if isinstance(check, Sanity):
        return [
            Plate("Random weights", "How alike the map stays when what was learnt is destroyed.", sanity_figure(check))
        ]
    if not isinstance(check, Stability):
        return []
    analysis = shown.analysis
    ground = Ground(analysis.sample, analysis.grid, volume=analysis.provenance["settings"]["volume"])
    panels = [Panel("Coefficient of variation", check.variation, "deviation / mean", "ratio")]
    (field,) = panel_figures(ground, panels, check.focus.query, shown.key)
    return [
        Plate("Small changes", "How alike the map stays when the input is disturbed.", stability_figure(check)),
        Plate("Where it varies", "Standard deviation over draws of noise, divided by the mean.", field),
    ]


def verb(shown: Inspection) -> str:
    """What the colour says."""
    if shown.rolled:
        return "the share in the chosen position of" if shown.choices.direction == "row" else "the share that reaches"
    return (
        "how strongly the chosen position looks at"
        if shown.choices.direction == "row"
        else ("how strongly the chosen position is looked at by")
    )


def one_volume(shown: Inspection) -> xr.DataArray:
    """The analysed volume of the file."""
    data = shown.analysis.sample.data
    return data if data.ndim == 3 else data.isel(volume=shown.analysis.provenance["settings"]["volume"])
