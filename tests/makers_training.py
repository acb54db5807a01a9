"""Tiny made data sets in the layout of the real ones, for the training road."""

import gzip
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
import rasterio
from rasterio.transform import from_origin

from hot_core.training.series_data import VARIABLES


def beijing(folder: Path, hours: int = 1300, stations: int = 3) -> Path:
    """Stations with a daily course and gaps, as the UCI files have them (text columns and row numbers too)."""
    place = folder / "timeseries" / "beijing_air"
    place.mkdir(parents=True)
    stamps = pd.date_range("2013-03-01", periods=hours, freq="h")
    for number in range(stations):
        rng = np.random.default_rng(number)
        frame = pd.DataFrame({"No": np.arange(1, hours + 1)})
        for part in ("year", "month", "day", "hour"):
            frame[part] = getattr(stamps, part)
        course = np.sin(2 * np.pi * np.arange(hours) / 24)
        for i, variable in enumerate(VARIABLES):
            values = 10 * (i + 1) + 5 * course + rng.standard_normal(hours)
            values[rng.random(hours) < 0.03] = np.nan
            frame[variable] = values
        frame["wd"], frame["RAIN"], frame["station"] = "NNW", 0.0, f"S{number}"
        with gzip.open(place / f"PRSA_Data_S{number}_20130301-20170228.csv.gz", "wt") as file:
            frame.to_csv(file, index=False, na_rep="NA")
    return folder


def hippocampi(folder: Path, count: int = 8) -> Path:
    """Bright ellipsoids in noise, front half labelled 1, back half 2."""
    place = folder / "volumes" / "msd_hippocampus"
    (place / "images").mkdir(parents=True)
    (place / "labels").mkdir()
    for number in range(count):
        rng = np.random.default_rng(number)
        shape = (33 + number % 3, 41, 30)
        grid = np.stack(np.meshgrid(*(np.linspace(-1, 1, n) for n in shape), indexing="ij"))
        inside = (grid / np.array([0.4, 0.7, 0.4])[:, None, None, None]) ** 2
        labels = np.where(inside.sum(0) < 1, np.where(grid[1] > 0, 1, 2), 0).astype(np.uint8)
        image = (100 * (labels > 0) + 20 * rng.standard_normal(shape)).astype(np.float32)
        name = f"hippocampus_{number:03d}.nii.gz"
        nib.save(nib.Nifti1Image(image, np.eye(4)), place / "images" / name)
        nib.save(nib.Nifti1Image(labels, np.eye(4)), place / "labels" / name)
    return folder


def adrenals(folder: Path) -> Path:
    """Thin and thick plates with the names and values of MedMNIST."""
    place = folder / "volumes" / "adrenalmnist3d"
    place.mkdir(parents=True)
    arrays = {}
    for part, count in (("train", 24), ("val", 8), ("test", 10)):
        labels = np.arange(count) % 2
        images = np.zeros((count, 64, 64, 64), np.uint8)
        for case, label in enumerate(labels):
            half = 2 + 3 * label + case % 2
            images[case, 20 + case % 5 : 44, 16:48, 32 - half : 32 + half] = 255
        arrays |= {f"{part}_images": images, f"{part}_labels": labels[:, None].astype(np.uint8)}
    np.savez_compressed(place / "adrenalmnist3d_64.npz", **arrays)
    return folder


def scenes(folder: Path) -> Path:
    """Stripes of classes whose bands differ, with a few pixels of nodata and many without a label."""
    place = folder / "geotiff"
    _scene(
        place / "nc_landsat7", "nc_landsat7_2000_6band.tif", "nc_landclass96_labels.tif",
        ("B1 blue", "B2 green", "B3 red", "B4 nir", "B5 swir1", "B7 swir2"), (6, 2, 5, 1), (150, 160), np.uint8, 0,
    )  # fmt: skip
    _scene(
        place / "brandenburg_s2", "T33UUU_20170216_10band.tif", "T33UUU_20170216_osm_labels.tif",
        ("B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B11", "B12"), (1, 6, 3, 7), (160, 1030), np.uint16,
        None,
    )  # fmt: skip
    return folder


def _scene(place, image_name, label_name, bands, labels, shape, dtype, nodata):
    place.mkdir(parents=True)
    rng = np.random.default_rng(0)
    classes = (np.add.outer(np.arange(shape[0]) // 12, np.arange(shape[1]) // 12)) % 4
    # Every class has its own level in every band.
    levels = rng.uniform(40, 200, (len(bands), 4))
    stack = (levels[:, classes] + 5 * rng.standard_normal((len(bands), *shape))).clip(1, 250).astype(dtype)
    if nodata is not None:
        stack[:, :4, :4] = nodata
    truth = np.array(labels, np.uint8)[classes]
    truth[rng.random(shape) < 0.4] = 0
    profile = {
        "driver": "GTiff", "height": shape[0], "width": shape[1], "crs": "EPSG:32633",
        "transform": from_origin(330000, 5822040, 10, 10),
    }  # fmt: skip
    with rasterio.open(place / image_name, "w", count=len(bands), dtype=dtype, nodata=nodata, **profile) as file:
        file.write(stack)
        file.descriptions = bands
    with rasterio.open(place / label_name, "w", count=1, dtype="uint8", nodata=0, **profile) as file:
        file.write(truth, 1)
