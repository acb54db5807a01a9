"""Small files of the three kinds, written with independent libraries, and small untrained models for them."""

from __future__ import annotations

import io

import nibabel as nib
import numpy as np
import pandas as pd
import rasterio
from rasterio.io import MemoryFile
from rasterio.transform import Affine

from hot_core.models import HOTModel, ModelConfig, build_model

ROLES = ("blue", "green", "red", "nir", "swir1", "swir2")
SMALL = {"dim": 8, "heads": 2, "layers": 2, "mlp": 16, "stem": 4}


def forecaster() -> HOTModel:
    config = ModelConfig(
        name="tiny-air", task="forecast", kind="series", modes=("entity", "variable", "time"), patch=(1, 1, 4),
        rope_modes=(2,), lookback=96, horizon=24, **SMALL,
    )  # fmt: skip
    return build_model(config, seed=1).eval()


def segmenter(combine: str = "product") -> HOTModel:
    config = ModelConfig(
        name="tiny-hippo", task="segment", kind="volume", modes=("x", "y", "z"), patch=(4, 4, 4), combine=combine,
        rope_modes=(0, 1, 2), classes=("background", "anterior", "posterior"), **SMALL,
    )  # fmt: skip
    return build_model(config, seed=2).eval()


def classifier() -> HOTModel:
    config = ModelConfig(
        name="tiny-adrenal", task="classify", kind="volume", modes=("x", "y", "z"), patch=(8, 8, 8),
        grid=(8, 8, 8), classes=("normal", "mass"), **SMALL,
    )  # fmt: skip
    return build_model(config, seed=3).eval()


def land_cover() -> HOTModel:
    config = ModelConfig(
        name="tiny-land", task="segment", kind="raster", modes=("row", "column", "band"), patch=(4, 4, 1),
        rope_modes=(0, 1), roles=ROLES, classes=("water", "open", "woody", "developed"), **SMALL,
    )  # fmt: skip
    return build_model(config, seed=4).eval()


def hours(steps: int, start: str = "2013-03-01 05:00") -> pd.DatetimeIndex:
    return pd.date_range(start, periods=steps, freq="h")


def wide_csv(values: np.ndarray, entities: tuple[str, ...], variables: dict[str, str]) -> bytes:
    """`values` (entity, variable, time) as `EWR_temp [°F]` columns."""
    frame = pd.DataFrame({"time_hour": hours(values.shape[-1])})
    for i, entity in enumerate(entities):
        for j, (variable, unit) in enumerate(variables.items()):
            frame[f"{entity}_{variable} [{unit}]"] = values[i, j]
    return frame.to_csv(index=False).encode()


def long_csv(values: np.ndarray, entities: tuple[str, ...], variables: dict[str, str]) -> bytes:
    """`values` (entity, variable, time) with a station column, stations one after another."""
    parts = []
    for i, entity in enumerate(entities):
        part = pd.DataFrame({"date": hours(values.shape[-1]), "station": entity})
        for j, (variable, unit) in enumerate(variables.items()):
            part[f"{variable} [{unit}]"] = values[i, j]
        parts.append(part)
    return pd.concat(parts).to_csv(index=False).encode()


def nifti(values: np.ndarray, affine: np.ndarray, sform: int = 2, qform: int = 0, version: int = 1) -> bytes:
    make = nib.Nifti1Image if version == 1 else nib.Nifti2Image
    image = make(values, affine)
    image.set_sform(affine if sform else None, sform)
    image.set_qform(affine if qform else None, qform)
    image.header.set_xyzt_units("mm", "sec")
    image.header["descrip"] = b"DOE^JANE 1950-01-01"
    return image.to_bytes()


def geotiff(
    values: np.ndarray,
    transform: Affine,
    crs: str | None = "EPSG:32119",
    nodata: float | None = None,
    descriptions: tuple[str, ...] = ROLES,
) -> bytes:
    """`values` (row, column, band)."""
    rows, columns, bands = values.shape
    with MemoryFile() as memory:
        with memory.open(
            driver="GTiff", height=rows, width=columns, count=bands, dtype=values.dtype, crs=crs,
            transform=transform, nodata=nodata,
        ) as dataset:  # fmt: skip
            dataset.write(np.moveaxis(values, -1, 0))
            dataset.descriptions = descriptions
        return bytes(memory.read())


def open_tif(content: bytes) -> tuple[rasterio.DatasetReader, np.ndarray]:
    """A dataset (left open) and its bands (row, column, band), by rasterio alone."""
    dataset = MemoryFile(content).open()
    return dataset, np.moveaxis(dataset.read(), 0, -1)


def open_nii(content: bytes) -> nib.Nifti1Image:
    """A gzipped NIfTI, by nibabel alone."""
    import gzip

    plain = gzip.decompress(content)
    kind = nib.Nifti1Image if int.from_bytes(plain[:4], "little") == 348 else nib.Nifti2Image
    return kind.from_bytes(plain)


def open_csv(content: bytes) -> pd.DataFrame:
    return pd.read_csv(io.BytesIO(content))
