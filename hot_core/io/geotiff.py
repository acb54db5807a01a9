"""GeoTIFF by windows: values with scale and offset, NaN where the file says there is no data."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from rasterio.enums import ColorInterp
from rasterio.io import DatasetReader

from hot_core.io.assemble import frozen_sample
from hot_core.io.band_roles import IGNORE, assign_roles, codes_of, find_roles, sensor_of
from hot_core.io.blob import Blob
from hot_core.io.geotiff_grid import Area, choose_window, grid, is_large
from hot_core.io.geotiff_overview import read_overview
from hot_core.io.geotiff_pixels import opened, read_values
from hot_core.io.limits import Limits, megabytes, refuse
from hot_core.io.tiff_directory import check_complete
from hot_core.modes import Mode, Overview, Sample

MAX_BANDS = 1024
MOST_BLOCK = 128 * 1024**2
"""Bytes of the largest stored block that is decoded; a window of a few pixels takes several times as much memory."""
SCALED = (
    "Statistics (the colours' limits, the mean and deviation that the model's input is scaled by) are those of this "
    "overview, not of every pixel. Where it was averaged, it varies less than the pixels do, and the model's input, "
    "itself read in full, is spread a little wider than in training."
)


def read_geotiff(
    blob: Blob, bands: Sequence[str] | None, window: tuple[int, int, int, int] | None, limits: Limits
) -> Sample:
    """Read a raster or a window of it.

    Args:
        blob: the file; one on disk is read by windows and may be large.
        bands: the role of each band in the file's order, "-" for one without; None to find them.
        window: (row, column, height, width) in file pixels.
        limits: what may be asked for.

    Returns:
        A sample with the modes row, column, band; the role "-" marks a band without one.

    Raises:
        ReadError: when the file is damaged or holds no measured bands.
    """
    check_complete(blob)
    with opened(blob) as dataset:
        indexes = _measured_bands(dataset, blob.name)
        names = [_description(dataset, index) for index in indexes]
        tags = {key: value for key, value in dataset.tags().items() if value}
        roles, why = find_roles(names, tags) if bands is None else (assign_roles(bands, names, blob.name), "")
        notes = [why] if why else []
        if roles:
            unnamed = [names[at] or f"band {indexes[at]}" for at, role in enumerate(roles) if role == IGNORE]
            if unnamed:
                notes.append(f"Bands without a role are not given to a model: {', '.join(unnamed)}.")
        else:
            notes.append("The file does not say which band is which; name them to use a model.")
        labels = _labels(names, indexes)
        area, said, overview = _window(blob, dataset, indexes, labels, window, limits)
        values = read_values(dataset, indexes, area, blob.name)
        geometry, rows, columns, more = grid(dataset, area, indexes, sensor_of(tags, codes_of(names)) or "")
        if len(dataset.subdatasets) > 1:
            more.append("The file holds several pictures; the first is read.")
    modes = (rows, columns, Mode("band", np.array(labels)))
    values, counted = _clean(values, blob.name)
    whole = blob.size <= limits.file or blob.path is None
    source = blob.source("GeoTIFF", None if whole else values.tobytes())
    said = [*notes, *said, *more, *counted]
    return frozen_sample(values, modes, geometry, source, said, roles, overview=overview)


def _window(
    blob: Blob, dataset: DatasetReader, indexes: list[int], labels: list[str],
    asked: tuple[int, int, int, int] | None, limits: Limits,
) -> tuple[Area, list[str], Overview | None]:  # fmt: skip
    """The pixels to read, what to say about them, and a look at the whole where the raster is large."""
    size = (dataset.height, dataset.width, len(indexes))
    if not is_large(*size, limits):
        area, said = choose_window(*size, asked, limits, blob.name)
        return area, said, None
    if asked is not None:
        choose_window(*size, asked, limits, blob.name)  # refused before anything is read
    _, rows, columns, _ = grid(dataset, (0, 0, 2, 2), indexes)
    overview = read_overview(dataset, indexes, (rows, columns, Mode("band", np.array(labels))), limits, blob.name)
    area, said = choose_window(*size, asked, limits, blob.name, overview)
    return area, [*said, overview.words, SCALED], overview


def _measured_bands(dataset: DatasetReader, name: str) -> list[int]:
    """The bands that hold measurements; refuses pictures of class numbers and complex values."""
    if dataset.count == 0:
        raise refuse(name, "the raster has no bands", "Give a GeoTIFF with measured bands")
    if min(dataset.height, dataset.width) < 2:
        raise refuse(
            name,
            f"the raster has {dataset.height} × {dataset.width} pixels; at least two each way are needed",
            "Give a larger picture",
        )
    if dataset.count > MAX_BANDS:
        raise refuse(name, f"it declares {dataset.count:,} bands, above the limit of {MAX_BANDS:,}", "Pick some bands")
    meanings, dtypes = dataset.colorinterp, dataset.dtypes
    indexes = [index for index in dataset.indexes if meanings[index - 1] is not ColorInterp.alpha]
    if not indexes:
        raise refuse(name, "the raster has a transparency band only", "Give a GeoTIFF with measured bands")
    _check_blocks(dataset, name)
    for index in indexes:
        if meanings[index - 1] is ColorInterp.palette:
            raise refuse(
                name, "the raster is a palette picture: class numbers, not measurements", "Give the measured bands"
            )
        if "complex" in dtypes[index - 1]:
            raise refuse(name, "its bands hold complex numbers", "Save amplitude or phase as real numbers")
    return indexes


def _check_blocks(dataset: DatasetReader, name: str) -> None:
    """A picture stored in one piece must be unpacked whole for any window; a header may declare terabytes."""
    together = dataset.count if dataset.profile.get("interleave") == "pixel" else 1
    width = max(np.dtype(kind).itemsize for kind in dataset.dtypes)
    block = max(rows * columns for rows, columns in dataset.block_shapes) * together * width
    if block > MOST_BLOCK:
        raise refuse(
            name,
            f"it is stored in pieces of up to {megabytes(block)}, too large to read a window",
            "Save it as a tiled GeoTIFF, for example with gdal_translate -co TILED=YES",
        )


def _description(dataset: DatasetReader, index: int) -> str:
    """What the file calls a band: its description, or the name that some programs keep in its tags."""
    tags = {key.lower(): value for key, value in dataset.tags(index).items()}
    named = (tags.get(key) for key in ("common_name", "band_name", "bandname", "long_name", "name"))
    return str(dataset.descriptions[index - 1] or next((text for text in named if text), "")).strip()


def _labels(names: Sequence[str], indexes: Sequence[int]) -> list[str]:
    """One different name for each band."""
    labels = [text or f"band {index}" for text, index in zip(names, indexes, strict=True)]
    if len(set(labels)) == len(labels):
        return labels
    return [f"{label} (band {index})" for label, index in zip(labels, indexes, strict=True)]


def _clean(values: np.ndarray, name: str) -> tuple[np.ndarray, list[str]]:
    """NaN for infinities; refuse a window without any value."""
    infinite = np.isinf(values)
    notes = []
    if infinite.any():
        values[infinite] = np.nan
        notes.append(f"{int(infinite.sum()):,} infinite values are treated as missing.")
    missing = np.isnan(values).mean()
    if missing == 1:
        raise refuse(name, "no pixel holds a value in the part that was read", "Choose another window")
    if missing:
        notes.append(f"{missing:.1%} of the values are missing (nodata or masked) and stay so.")
    return values, notes
