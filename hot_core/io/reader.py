"""`read`: the one door for files."""

from __future__ import annotations

import os
from collections.abc import Sequence

from hot_core.io.blob import HEAD, Blob
from hot_core.io.geotiff import read_geotiff
from hot_core.io.limits import MAX_BYTES, MAX_DECOMPRESSED, Limits, gunzip_head, refuse
from hot_core.io.nifti import read_nifti
from hot_core.io.recognise import Format, is_gzip, recognise
from hot_core.io.regular import Duplicates, Irregular
from hot_core.io.rescale import Scaled
from hot_core.io.shifted import Shifted
from hot_core.io.table_numbers import Decimal
from hot_core.io.tabular import TableOptions, read_table
from hot_core.modes import Sample


def read(
    source: str | os.PathLike[str] | bytes | bytearray | memoryview,
    name: str | None = None,
    *,
    duplicates: Duplicates = "error",
    dayfirst: bool | None = None,
    decimal: Decimal | None = None,
    irregular: Irregular = "error",
    scale: Sequence[Scaled] = (),
    shifted: Shifted = "error",
    bands: Sequence[str] | None = None,
    window: tuple[int, int, int, int] | None = None,
    max_bytes: int = MAX_BYTES,
    max_decompressed: int = MAX_DECOMPRESSED,
) -> Sample:
    """Read a time series (CSV, TSV), a volume (NIfTI) or a raster (GeoTIFF), gzipped or not.

    Args:
        source: a path, or the bytes of a file.
        name: the file's name when bytes are given; it is used in sentences only.
        duplicates: series: what to do with two rows of one entity at one time.
        dayfirst: series: whether 01/02/2013 is the first of February; None lets the column prove it.
        decimal: series: the decimal sign; None lets the columns prove it.
        irregular: series: what to do with dated rows beside the most frequent step.
        scale: series: (entity, variable, divisor) of what stands in another unit than the same variable elsewhere.
        shifted: series: what to do with entities whose times all lie between those of the others.
        bands: rasters: the role of each band in the file's order, "-" for a band without one.
        window: rasters: (row, column, height, width) in file pixels; None for all, or the centre when it is large.
        max_bytes: the largest file that is read whole; rasters given by path may be larger.
        max_decompressed: the most bytes that gzip may give.

    Returns:
        The sample; its notes say what the reader decided.

    Raises:
        ReadError: with a sentence that names file, problem and remedy.
    """
    limits = Limits(file=max_bytes, decompressed=max_decompressed)
    blob = Blob.of(source, name)
    found, zipped = _look(blob, limits)
    _check_arguments(blob.name, found, duplicates, irregular, shifted, bands, window)
    if found == "tiff":
        if blob.path is None:
            blob.check_size(limits)
        return read_geotiff(blob.decompressed(limits.decompressed) if zipped else blob, bands, window, limits)
    blob.check_size(limits)
    if found == "text":
        content = blob.decompressed(min(limits.text, limits.decompressed)) if zipped else blob
        options = TableOptions(duplicates, dayfirst, decimal, irregular, tuple(scale), shifted)
        return read_table(content, options, limits)
    return read_nifti(blob, found, zipped, limits)


def _look(blob: Blob, limits: Limits) -> tuple[Format, bool]:
    """What the content is, and whether it is gzipped; gzipped files are always read whole."""
    if not is_gzip(blob.head):
        return recognise(blob.head, blob.name), False
    blob.check_size(limits)
    inside = gunzip_head(blob.head, blob.name, HEAD)
    if not inside and blob.size > HEAD:
        # A long gzip header (a file name, a comment) can fill the first bytes.
        inside = gunzip_head(blob.data, blob.name, HEAD)
    if not inside:
        raise refuse(blob.name, "the compressed file holds nothing or ends early", "Copy or download it again")
    return recognise(inside, blob.name), True


def _check_arguments(
    name: str,
    found: Format,
    duplicates: str,
    irregular: str,
    shifted: str,
    bands: Sequence[str] | None,
    window: tuple[int, int, int, int] | None,
) -> None:
    if duplicates not in {"error", "first", "mean"}:
        raise refuse(name, f"duplicates={duplicates!r} is not known", 'Use duplicates="error", "first" or "mean"')
    if irregular not in {"error", "drop", "nearest"}:
        raise refuse(name, f"irregular={irregular!r} is not known", 'Use irregular="error", "drop" or "nearest"')
    if shifted not in {"error", "keep", "before", "after"}:
        raise refuse(name, f"shifted={shifted!r} is not known", 'Use shifted="error", "keep", "before" or "after"')
    if found != "tiff" and (bands is not None or window is not None):
        raise refuse(name, "bands and window are for rasters, and this is none", "Leave these arguments out")
