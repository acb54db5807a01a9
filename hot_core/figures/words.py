"""The lines of text that stand beside the pictures: what was read, and what was predicted."""

from __future__ import annotations

import numpy as np

from hot_core.analysis.words import number
from hot_core.figures.axes import unit_word
from hot_core.io.steps import step_words as step_words  # named here for figures, too
from hot_core.modes import Mode, RasterGeometry, Sample, SeriesGeometry, VolumeGeometry
from hot_core.transforms.results import Classification, Forecast, Prediction, Segmentation


def sample_words(sample: Sample) -> str:
    """Size, resolution and place of a sample: "37 × 53 × 37 voxels · 1 × 1 × 1 mm"."""
    sizes = " × ".join(f"{len(mode):,}" for mode in sample.modes)
    geometry = sample.geometry
    if isinstance(geometry, VolumeGeometry):
        if not geometry.placed:
            return f"{sizes} voxels · no unit or orientation in the file"
        zooms = " × ".join(number(zoom) for zoom in geometry.zooms)
        unit = "mm" if geometry.units[0] in ("mm", "unknown") else geometry.units[0]
        return f"{sizes} voxels · {zooms} {unit}" + (" · oblique" if geometry.oblique else "")
    if isinstance(geometry, RasterGeometry):
        size = f"{len(sample.modes[0]):,} × {len(sample.modes[1]):,} pixels · {_many(sample.modes[2], 'band')}"
        return f"{size} · {_pixel_words(geometry)}"
    return f"{series_words(sample)}"


def _pixel_words(geometry: RasterGeometry) -> str:
    """How large a pixel is, where the file says it, and what it does not say."""
    if geometry.unit == "pixel":
        return "no place on the map in the file"
    a, _, _, d, *_ = geometry.transform
    side = number(float(np.hypot(a, d)))
    if geometry.crs:
        return f"{side} {unit_word(geometry.unit or 'unit')} pixels"
    return f"{side} map unit{'' if side == '1' else 's'} a pixel, no reference system in the file"


def series_words(sample: Sample) -> str:
    """Entities, variables and the dated span of a series."""
    entity, variable, time = sample.modes
    first, last = time.coords[0], time.coords[-1]
    if isinstance(first, np.datetime64):
        span = f"{np.datetime_as_string(first, unit='D')} to {np.datetime_as_string(last, unit='D')}"
    else:
        span = "no dates: steps are counted"
    step = f" every {step_words(sample.geometry.step)}" if isinstance(sample.geometry, SeriesGeometry) else ""
    span += " UTC" if isinstance(sample.geometry, SeriesGeometry) and sample.geometry.zoned else ""
    names = f"{_many(entity, 'entity')} × {_many(variable, 'variable')} × {_many(time, 'step')}"
    return f"{names}{step} · {span}"


def _many(mode: Mode, noun: str) -> str:
    """The length of a mode with its noun: "1 band", "3 entities"."""
    if len(mode) == 1:
        return f"1 {noun}"
    return f"{len(mode):,} {noun.removesuffix('y')}ies" if noun.endswith("y") else f"{len(mode):,} {noun}s"


def prediction_words(prediction: Prediction, sample: Sample) -> str:
    """What the model says, in one line."""
    if isinstance(prediction, Classification):
        return f"{prediction.label}, probability {prediction.probabilities[prediction.label]:.0%}"
    if isinstance(prediction, Segmentation):
        shown = [name for name in prediction.classes if name != "background"]
        return " · ".join(f"{name} {number(prediction.amounts[name])} {prediction.unit}" for name in shown)
    steps = prediction.mean.sizes["time"]
    count = len(sample.modes[0]) * len(sample.modes[1])
    words = f"the next {'step' if steps == 1 else f'{steps} steps'} of {count} series"
    return words if prediction.share is None else f"{words}, with {prediction.interval}s"


def coverage_words(forecast: Forecast, entity: int, variable: int) -> str:
    """How many true values lay inside the interval, of one series and of all, beside how many were to be expected.

    Returns:
        "21 of 24 true values inside the 80 % interval; 19.2 expected. All 15 series: 270 of 360; 288 expected.",
        or "" where there is no interval, or nothing to compare it with.
    """
    counts = forecast.inside()
    if counts is None or forecast.share is None:
        return ""
    name, share = forecast.interval, forecast.share
    inside, known = (int(n) for n in counts.isel(entity=entity, variable=variable).values)
    of_all, all_known = (int(n) for n in counts.sum(["entity", "variable"]).values)
    if not all_known:
        return ""
    told = counts.sel(count="known") > 0
    total, some = told.size, int(told.sum())
    one = f"{inside} of {known} true values inside the {name}; {_count(known * share)} expected."
    whole = f"{of_all:,} of {all_known:,}; {_count(all_known * share)} expected."
    if known and some == 1:
        return one if total == 1 else f"{one} Nothing is known of the other {total - 1} series."
    which = f"All {total} series" if some == total else f"{some} of {total} series, where some are known"
    return f"{one} {which}: {whole}" if known else f"True values inside the {name}: {which}: {whole}"


def band_words(forecast: Forecast) -> str:
    """What the band around a forecast means, and what it does not; "" where there is none."""
    if forecast.share is None:
        return ""
    share = f"{100 * forecast.share:.3g} %"
    return (
        f"The pale band is the model's {forecast.interval}: it was made as wide as it took to hold {share} of the true "
        "values of data of the same origin that were not learnt. In other data it may hold more or fewer, and the "
        "steps of one forecast go astray together, so that a single series says little."
    )


def _count(expected: float) -> str:
    """An expected number of values, to a tenth."""
    return f"{expected:,.1f}".removesuffix(".0")
