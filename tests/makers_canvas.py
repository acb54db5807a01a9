"""Analyses of the bundled samples, and token grids whose positions are hard to say, for the tests of the canvas."""

from __future__ import annotations

import functools
from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
from rasterio.transform import Affine

import hot_core as hot
from hot_core.modes import Geometry, Mode, TokenAxis, TokenGrid
from hot_core.pipeline import Analysis
from hot_core.transforms import Settings, to_input
from tests.makers_samples import ROLES, classifier, forecaster, geotiff, land_cover, nifti, segmenter, wide_csv
from tests.test_markers import AFFINES, ENTITIES, TRANSFORMS, VARIABLES

SAMPLES = Path(__file__).resolve().parent.parent / "sample_data"
BUNDLED = {
    "nyc_airport_weather_2013.csv": "air-quality",
    "mni152_hippocampus_L.nii.gz": "hippocampus",
    "mni152_hippocampus_R.nii.gz": "hippocampus",
    "mni152_t1_2mm.nii.gz": "hippocampus",
    "adrenal_mass_mean.nii.gz": "adrenal",
    "adrenal_normal_mean.nii.gz": "adrenal",
    "L7_ETMs.tif": "land-cover",
    "s2_brandenburg_256_6band.tif": "land-cover",
}
QUARTER_TURN = np.array([[0, -1.5, 1e-9, 20.5], [1.5, 1e-9, 0, -31.5], [0, 1e-9, 1.5, 7.5], [0, 0, 0, 1]])
"""Within the tolerance of axes that are parallel to the world's, but not zero beside them."""


@functools.cache
def bundled() -> dict[str, Analysis]:
    """Every bundled sample as its model sees it, by file name."""
    return {name: hot.analyse(hot.read(SAMPLES / name), hot.load_model(model)) for name, model in BUNDLED.items()}


@functools.cache
def grids() -> dict[str, tuple[TokenGrid, Geometry | None]]:
    """Token grids and geometries: those of the bundled samples, and of all kinds of files that are harder."""
    found = {name: (each.grid, each.sample.geometry) for name, each in bundled().items()}
    return found | _volumes() | _rasters() | _series()


def _volumes() -> dict[str, tuple[TokenGrid, Geometry | None]]:
    config, found = segmenter().config, {}
    values = np.random.default_rng(0).gamma(2.0, 100.0, (13, 17, 23)).astype(np.float32)
    for name, affine in (AFFINES | {"quarter turn": QUARTER_TURN}).items():
        sample = hot.read(nifti(values, affine), "volume.nii")
        found[f"volume, {name}"] = (to_input(sample, config, Settings()).grid, sample.geometry)
    oblique = found["volume, oblique"]
    far = replace(oblique[1], affine=oblique[1].affine * np.array([[1e3], [1e-3], [1], [1]]))
    shape = np.zeros((16, 19, 23), np.float32)
    shape[4:9, 4:9, 4:9] = 1
    voxels = hot.read(nib.Nifti1Image(shape, None).to_bytes(), "shape.nii")
    return found | {
        "volume, far away": (oblique[0], far),
        "volume, without its geometry": (oblique[0], None),
        "volume, voxels only": (to_input(voxels, classifier().config, Settings()).grid, voxels.geometry),
    }


def _rasters() -> dict[str, tuple[TokenGrid, Geometry | None]]:
    config, found = land_cover().config, {}
    values = np.random.default_rng(0).integers(1, 50, (37, 29, 5)).astype(np.uint16)
    # crosses both the equator and Greenwich; rows and columns need other decimals than a and e alone would give
    turned = (Affine(0.009, 0.003, -0.12, 0.008, -0.009, 0.06), "EPSG:4326")
    feet = (Affine(30, 0, 2_000_000, 0, -30, 700_000), "EPSG:2264")
    level = (Affine(0.01, 0, -0.12, 0, -0.012, 0.21), "EPSG:4326")
    others = {"turned, in degrees": turned, "level, in degrees": level, "feet": feet, "no system": (level[0], None)}
    for name, place in (TRANSFORMS | others).items():
        sample = hot.read(geotiff(values, *place, descriptions=ROLES[:5]), "raster.tif")
        found[f"raster, {name}"] = (to_input(sample, config, Settings()).grid, sample.geometry)
    for name in ("north-up", "level, in degrees"):
        found[f"raster, {name}, without its geometry"] = (found[f"raster, {name}"][0], None)
    return found


def _series() -> dict[str, tuple[TokenGrid, Geometry | None]]:
    config, found = forecaster().config, {}
    for name, steps in (("short", 61), ("long", 127)):
        values = np.random.default_rng(0).normal(50, 9, (3, 5, steps)).round(3)
        sample = hot.read(wide_csv(values, ENTITIES, VARIABLES), "series.csv")
        found[f"series, {name}"] = (to_input(sample, config, Settings()).grid, sample.geometry)
    counted = Mode("time", np.arange(23))
    daily = Mode("time", np.datetime64("2013-12-28", "ns") + np.arange(23) * np.timedelta64(86400, "s"))
    for name, mode in (("counted", counted), ("daily", daily)):
        axes = (
            *found["series, long"][0].axes[:2],
            TokenAxis(mode, np.arange(0, 23, 4), np.arange(4, 27, 4).clip(max=23)),
        )
        found[f"series, {name}"] = (TokenGrid(axes), None)
    return found
