"""Fields and predictions as files in the input's own geometry."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import xarray as xr

from hot_core.analysis.result import Analysis
from hot_core.errors import ShapeError
from hot_core.export import geotiff, nifti, table
from hot_core.modes import RasterGeometry, SeriesGeometry, VolumeGeometry
from hot_core.transforms.results import Classification, Forecast, Segmentation

Exported: TypeAlias = tuple[bytes, str, str]
"""The file, its suffix with the dot, and its MIME type."""


def field_bytes(analysis: Analysis, field: xr.DataArray) -> Exported:
    """An attention field as CSV, NIfTI or GeoTIFF, on the input's own grid.

    NaN (empty in CSV) outside the analysed window or region.

    Args:
        analysis: where the field comes from.
        field: what `analysis.field` gave.

    Returns:
        The file, its suffix and its MIME type.

    Raises:
        ShapeError: when the field does not lie on the sample's grid.
    """
    geometry = analysis.sample.geometry
    expected = tuple(len(axis.mode) for axis in analysis.grid.axes)
    if field.shape != expected:
        raise ShapeError(f"field_bytes: the field has shape {field.shape}, the sample's grid is {expected}.")
    if isinstance(geometry, SeriesGeometry):
        return table.csv_bytes(named_weights(field), geometry), table.SUFFIX, table.MIME
    values = field.values.astype(np.float32)
    if isinstance(geometry, VolumeGeometry):
        return nifti.nifti_bytes(values, geometry, short_name(field)), nifti.SUFFIX, nifti.MIME
    names = geotiff.field_names(field, head_words(field))
    return geotiff.geotiff_bytes(values, geometry, names, float("nan")), geotiff.SUFFIX, geotiff.MIME


def head_words(field: xr.DataArray) -> str:
    """Which head a field is of."""
    head = field.attrs.get("head")
    return "mean of heads" if head == "all" else f"head {head}"


def named_weights(field: xr.DataArray) -> xr.DataArray:
    """The field of a series with variables that say what its numbers are, so that none is taken for data."""
    what = f"attention {field.attrs.get('direction')} layer {field.attrs.get('layer')} {head_words(field)}"
    named = field.assign_coords(variable=[f"{variable} {what}" for variable in field["variable"].values])
    return named.drop_vars("unit", errors="ignore")  # weights have none


def short_name(field: xr.DataArray) -> str:
    """The same in the 15 letters of a NIfTI header: "att row L2 H0"."""
    attrs = field.attrs
    head = "mean" if attrs.get("head") == "all" else f"H{attrs.get('head')}"
    return f"att {str(attrs.get('direction'))[:3]} L{attrs.get('layer')} {head}"


def prediction_bytes(analysis: Analysis) -> Exported:
    """The prediction as a file: forecast (interval, naive line, truth), labels on the input's grid, or probabilities.

    Labels are int16. In a GeoTIFF, -1 (nodata) lies outside the region and where data is missing; in a
    NIfTI it is written as 0, the background, as viewers expect.

    Returns:
        The file, its suffix and its MIME type.
    """
    prediction, geometry = analysis.prediction, analysis.sample.geometry
    if isinstance(prediction, Classification):
        return class_table(prediction), table.SUFFIX, table.MIME
    if isinstance(prediction, Forecast) and isinstance(geometry, SeriesGeometry):
        return table.csv_bytes(forecast_lines(prediction), geometry), table.SUFFIX, table.MIME
    if isinstance(prediction, Segmentation) and isinstance(geometry, VolumeGeometry):
        labels = np.maximum(prediction.labels.values, 0).astype(np.int16)
        return nifti.nifti_bytes(labels, geometry), nifti.SUFFIX, nifti.MIME
    if isinstance(prediction, Segmentation) and isinstance(geometry, RasterGeometry):
        labels = prediction.labels.values[..., None]
        name = "class: " + ", ".join(f"{i} {name}" for i, name in enumerate(prediction.classes))
        return geotiff.geotiff_bytes(labels, geometry, [name], -1.0), geotiff.SUFFIX, geotiff.MIME
    raise ShapeError(f"prediction_bytes: a {type(prediction).__name__} does not belong to {type(geometry).__name__}.")


def forecast_lines(forecast: Forecast) -> xr.DataArray:
    """Forecast, its interval (where the model gives one), naive line and (where known) truth beside each other.

    Returns:
        Each as a variable of its own: "temp forecast", "temp 80 % interval low", "temp 80 % interval high",
        "temp seasonal naive", "temp observed".
    """
    lines = {"forecast": forecast.mean}
    if forecast.low is not None and forecast.high is not None:
        lines |= {f"{forecast.interval} low": forecast.low, f"{forecast.interval} high": forecast.high}
    lines["seasonal naive"] = forecast.naive
    if forecast.truth is not None:
        lines["observed"] = forecast.truth
    named = [
        line.assign_coords(variable=[f"{variable} {label}" for variable in line["variable"].values])
        for label, line in lines.items()
    ]
    return xr.concat(named, "variable")


def class_table(prediction: Classification) -> bytes:
    """Class and probability, one row a class."""
    rows = [f"{name},{prediction.probabilities[name]:.6g}" for name in prediction.classes]
    return ("\n".join(["class,probability", *rows]) + "\n").encode("utf-8")
