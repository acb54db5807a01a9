"""Makers of files for the reading tests: small tables, volumes and rasters as bytes, good ones to damage."""

import gzip
import io
import warnings

import nibabel as nib
import numpy as np
import pandas as pd
from rasterio.errors import NotGeoreferencedWarning
from rasterio.io import MemoryFile
from rasterio.transform import Affine

ENTITIES = ("EWR", "JFK", "LGA")
VARIABLES = (("temp", "°F"), ("humid", "%"))
STEPS = 29
START = "2013-01-19 06:00"

RAS = np.array([[2.0, 0, 0, -11], [0, 2, 0, -7], [0, 0, 2, -5], [0, 0, 0, 1]])
LAS = np.array([[-2.0, 0, 0, 11], [0, 2, 0, -7], [0, 0, 2, -5], [0, 0, 0, 1]])
ANISOTROPIC = np.array([[0, 0, 3.5, -20], [-0.75, 0, 0, 9], [0, 1.25, 0, 4], [0, 0, 0, 1]])
VOLUME_SHAPE = (5, 7, 11)

UTM = "EPSG:32633"
NORTH_UP = Affine(10, 0, 340240, 0, -10, 5820120)
RASTER_SHAPE = (13, 17)


def oblique_affine():
    """2 × 2 × 3 mm voxels turned by 20° about z, then by 10° about x."""
    turn_z, turn_x = np.deg2rad(20), np.deg2rad(10)
    z = np.array([[np.cos(turn_z), -np.sin(turn_z), 0], [np.sin(turn_z), np.cos(turn_z), 0], [0, 0, 1]])
    x = np.array([[1, 0, 0], [0, np.cos(turn_x), -np.sin(turn_x)], [0, np.sin(turn_x), np.cos(turn_x)]])
    affine = np.eye(4)
    affine[:3, :3] = x @ z @ np.diag([2.0, 2.0, 3.0])
    affine[:3, 3] = (-9, 4, 6)
    return affine


def series_values(seed=0):
    """(entity, variable, time) values with two decimals."""
    return np.random.default_rng(seed).normal(50, 10, (len(ENTITIES), len(VARIABLES), STEPS)).round(2)


def stamps(count=STEPS, start=START, freq="h"):
    """Regular stamps."""
    return pd.date_range(start, periods=count, freq=freq)


def wide_csv(values=None, delimiter=",", decimal=".", form="%Y-%m-%d %H:%M", gap="", when=None, encoding="utf-8"):
    """A wide table: one column for each entity and variable, the unit in brackets."""
    values = series_values() if values is None else values
    when = stamps() if when is None else when
    header = ["time", *(f"{e}_{v} [{u}]" for e in ENTITIES for v, u in VARIABLES)]
    rows = [delimiter.join(header)]
    for at, stamp in enumerate(when):
        cells = [_cell(value, decimal, gap) for value in values[:, :, at].ravel()]
        rows.append(delimiter.join([stamp.strftime(form), *cells]))
    return ("\n".join(rows) + "\n").encode(encoding)


def long_csv(values=None, delimiter=",", decimal=".", form="%Y-%m-%dT%H:%M:%S", gap="NA"):
    """The same values as a long table: a row for each entity and time."""
    values = series_values() if values is None else values
    rows = [delimiter.join(["station", "date", *(f"{v} ({u})" for v, u in VARIABLES), "remark"])]
    for at, stamp in enumerate(stamps()):
        for e, entity in enumerate(ENTITIES):
            cells = [_cell(value, decimal, gap) for value in values[e, :, at]]
            rows.append(delimiter.join([entity, stamp.strftime(form), *cells, "fair"]))
    return ("\n".join(rows) + "\n").encode()


def _cell(value, decimal, gap):
    return gap if np.isnan(value) else f"{value:.2f}".replace(".", decimal)


def volume_values(shape=VOLUME_SHAPE, seed=0):
    """Whole numbers, so that every data type holds them."""
    return np.random.default_rng(seed).integers(0, 200, shape).astype(np.int16)


def nifti_bytes(values=None, affine=RAS, version=1, order="<", dtype=None, sform=2, qform=0, zipped=False, edit=None):
    """A single-file NIfTI; `edit(header)` may change header fields before it is written."""
    values = volume_values() if values is None else values
    kinds = (nib.Nifti1Header, nib.Nifti1Image) if version == 1 else (nib.Nifti2Header, nib.Nifti2Image)
    header = kinds[0](endianness=order)
    header.set_data_dtype(dtype or values.dtype)
    image = kinds[1](values, affine, header=header)
    image.header.set_sform(affine if sform else None, sform)
    image.header.set_qform(affine if qform else None, qform)
    image.header.set_xyzt_units("mm", "sec")
    if edit is not None:
        edit(image.header)
    data = image.to_bytes()
    return gzip.compress(data, mtime=0) if zipped else data


def patched(data, offset, new):
    """The data with some bytes replaced, which no writer would write."""
    return data[:offset] + new + data[offset + len(new) :]


def raster_values(bands=3, shape=RASTER_SHAPE, dtype=np.uint16, seed=0):
    """(band, row, column)."""
    return np.random.default_rng(seed).integers(1, 200, (bands, *shape)).astype(dtype)


def tiff_bytes(values=None, transform=NORTH_UP, crs=UTM, descriptions=(), tags=None, edit=None, **profile):
    """A GeoTIFF; `edit(dataset)` may write masks, scales and the like."""
    values = raster_values() if values is None else values
    bands, height, width = values.shape
    with warnings.catch_warnings(), MemoryFile() as memory:
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        options = {"count": bands, "height": height, "width": width, "dtype": values.dtype, **profile}
        place = {"crs": crs, "transform": transform} if transform is not None else {}
        with memory.open(driver="GTiff", **place, **options) as dataset:
            dataset.write(values)
            if descriptions:
                dataset.descriptions = tuple(descriptions)
            dataset.update_tags(**(tags or {}))
            if edit is not None:
                edit(dataset)
        return bytes(memory.read())


def npz_bytes():
    """A NumPy archive, a ZIP file inside."""
    out = io.BytesIO()
    np.savez(out, a=np.arange(7))
    return out.getvalue()
