"""Files that are not in sample_data: another place, another orientation, another reference system."""

from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
import rasterio
from nibabel.orientations import axcodes2ornt, io_orientation, ornt_transform
from rasterio.warp import Resampling, calculate_default_transform, reproject

HOURS = 240
STATIONS = ("Reykjavik", "Bergen")
VARIABLES = {"temperature [°C]": (4.0, 3.0), "humidity [%]": (78.0, 9.0), "pressure [hPa]": (1002.0, 6.0)}


def write_series(path: Path) -> Path:
    """A long table as a European spreadsheet saves it: semicolons, decimal commas, five empty cells."""
    rng = np.random.default_rng(5)
    stamps = pd.date_range("2024-02-26", periods=HOURS, freq="h")
    day = np.sin(2 * np.pi * np.arange(HOURS) / 24)
    tables = []
    for station in STATIONS:
        values = {name: mid + swing * day + rng.normal(0, swing / 4, HOURS) for name, (mid, swing) in VARIABLES.items()}
        tables.append(pd.DataFrame({"station": station, "time": stamps, **values}))
    table = pd.concat(tables, ignore_index=True)
    table.loc[100:104, "humidity [%]"] = np.nan
    table.to_csv(path, sep=";", decimal=",", index=False, float_format="%.2f", date_format="%Y-%m-%d %H:%M")
    return path


def write_oblique_volume(source: Path, path: Path) -> Path:
    """A crop of a sample, stored left to right reversed (LAS) and turned by 9° about z, as scanners do."""
    image = nib.load(source)
    las = image.as_reoriented(ornt_transform(io_orientation(image.affine), axcodes2ornt("LAS")))
    crop = las.slicer[2:-1, 3:, 1:-2]
    angle = np.deg2rad(9)
    turn = np.eye(4)
    turn[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    out = nib.Nifti1Image(np.asarray(crop.dataobj), turn @ crop.affine)
    out.header.set_xyzt_units("mm", "sec")
    out.set_sform(out.affine, code=1)
    out.set_qform(out.affine, code=1)
    out.header["descrip"] = b"Jane Doe 1970-01-01"
    nib.save(out, path)
    return path


def write_geographic_raster(source: Path, path: Path) -> Path:
    """A sample warped into longitude and latitude, with its band descriptions."""
    with rasterio.open(source) as src:
        crs = "EPSG:4326"
        transform, width, height = calculate_default_transform(src.crs, crs, src.width, src.height, *src.bounds)
        profile = {**src.profile, "crs": crs, "transform": transform, "width": width, "height": height, "nodata": 0}
        with rasterio.open(path, "w", **profile) as out:
            for band in src.indexes:
                reproject(rasterio.band(src, band), rasterio.band(out, band), resampling=Resampling.nearest)
            out.descriptions = src.descriptions
    return path


def write_damaged_volume(source: Path, path: Path) -> Path:
    """The first half of a volume, as a broken download leaves it."""
    whole = source.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    return path
