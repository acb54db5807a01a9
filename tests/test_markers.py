"""One mark at a known coordinate comes back at that coordinate: read → model grid → field → exported file.

The files are written, and the exports read, by nibabel, rasterio and pandas alone; every size is a
different prime. The attention is made by hand: the query's row is 1 at the mark's token and 0 elsewhere.
"""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
import torch
from rasterio.transform import Affine, xy

from hot_core.analysis import Analysis, position_words
from hot_core.export import field_bytes
from hot_core.io import read
from hot_core.modes import Sample
from hot_core.pipeline import analyse
from hot_core.record import AttentionRecord
from hot_core.transforms import Settings, to_input
from tests.makers_samples import (
    ROLES,
    forecaster,
    geotiff,
    hours,
    land_cover,
    long_csv,
    nifti,
    open_csv,
    open_nii,
    open_tif,
    segmenter,
    wide_csv,
)


def pointing(analysis: Analysis, query: tuple[int, ...], key: tuple[int, ...]) -> Analysis:
    """The analysis with attention in which `query` looks at `key` alone."""
    factors = []
    for n, q, k in zip(analysis.grid.shape, query, key, strict=True):
        factor = torch.full((1, 1, n, n), 1.0 / n)
        factor[..., q, :] = 0
        factor[..., q, k] = 1
        factors.append(factor)
    record = AttentionRecord(analysis.grid.modes)
    record.add_factors(factors, "product", False, None)
    return replace(analysis, record=record)


def far_query(analysis: Analysis, key: tuple[int, ...]) -> tuple[int, ...]:
    """A token that differs from the mark's in every mode, so that exchanging the two shows."""
    return tuple((k + 1) % n for k, n in zip(key, analysis.grid.shape, strict=True))


def block(at: tuple[int, ...], patch: tuple[int, ...], shape: tuple[int, ...]) -> set[tuple[int, ...]]:
    """The native positions that share a patch with the mark, counted from the first corner."""
    spans = [range(i // p * p, min(n, i // p * p + p)) for i, p, n in zip(at, patch, shape, strict=True)]
    return set(itertools.product(*spans))


def sole_peak(data: np.ndarray) -> tuple[int, ...]:
    return tuple(int(i) for i in np.unravel_index(int(np.nanargmax(data)), data.shape))


# --- volumes -------------------------------------------------------------------------------------

OBLIQUE = np.array([[0.9, -0.3, 0.1, -31.0], [0.35, 1.1, -0.2, 17.0], [-0.1, 0.25, 1.3, -43.0], [0, 0, 0, 1]])
AFFINES = {
    "RAS": np.array([[1.0, 0, 0, -31], [0, 1, 0, -17], [0, 0, 1, -43], [0, 0, 0, 1]]),
    "LAS": np.array([[-1.0, 0, 0, 31], [0, 1, 0, -17], [0, 0, 1, -43], [0, 0, 0, 1]]),
    "PIR": np.array([[0.0, 0, 1, -31], [-1, 0, 0, 17], [0, -1, 0, 43], [0, 0, 0, 1]]),
    "anisotropic": np.diag([0.7, 1.3, 1.1, 1]) + np.array([[0, 0, 0, -5.0], [0, 0, 0, 7], [0, 0, 0, 11], [0] * 4]),
    "oblique": OBLIQUE,
    "oblique and flipped": OBLIQUE @ np.diag([-1.0, 1, -1, 1]),
}


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("name", AFFINES)
def test_bright_voxel(name: str, version: int) -> None:
    affine, mark = AFFINES[name], (11, 4, 18)
    array = np.random.default_rng(0).integers(0, 50, (13, 17, 23)).astype(np.int16)
    array[mark] = 900
    world = (affine @ [*mark, 1])[:3]
    sample = read(nifti(array, affine, version=version), "mark.nii")

    at = sole_peak(sample.data.values)
    np.testing.assert_allclose((sample.geometry.affine @ [*at, 1])[:3], world, atol=1e-4)
    if "oblique" not in name:
        np.testing.assert_allclose([sample.data[d].values[i] for d, i in zip("xyz", at, strict=True)], world, atol=1e-4)

    given = to_input(sample, segmenter().config, Settings())
    assert sole_peak(given.values) == at
    token = given.grid.token_of(at)
    assert token == tuple(i // 4 for i in at)

    analysis = analyse(sample, segmenter())
    query = far_query(analysis, token)
    field = pointing(analysis, query, token).field(0, 0, query)
    assert float(field.values[at]) == 1

    content, suffix, _ = field_bytes(analysis, field)
    image = open_nii(content)
    assert suffix == ".nii.gz"
    assert image.shape == array.shape
    np.testing.assert_allclose(image.affine, affine, atol=1e-5)
    written = np.asarray(image.dataobj)
    assert written[mark] == 1
    hot = np.argwhere(written == 1)
    turned = np.linalg.solve(sample.geometry.affine, affine) @ np.c_[hot, np.ones(len(hot))].T
    assert set(map(tuple, np.round(turned[:3].T).astype(int).tolist())) == block(at, (4, 4, 4), sample.data.shape)


@pytest.mark.parametrize("name", AFFINES)
def test_bright_voxel_in_words(name: str) -> None:
    affine = AFFINES[name]
    sample = read(nifti(np.eye(13 * 17, 23).reshape(13, 17, 23).astype(np.float32), affine), "mark.nii")
    grid = to_input(sample, segmenter().config, Settings()).grid
    token = (1, 2, 3)
    centre = [(s.start + s.stop - 1) / 2 for s in grid.native_of(token)]
    world = (sample.geometry.affine @ [*centre, 1])[:3]
    numbers = position_words(grid, token, sample.geometry).strip("() m").replace("−", "-").split(", ")
    np.testing.assert_allclose([float(n) for n in numbers], world, atol=0.051)


# --- rasters -------------------------------------------------------------------------------------

TRANSFORMS = {
    "north-up": (Affine(28.5, 0, 630_000, 0, -28.5, 228_000), "EPSG:32119"),
    "south-up": (Affine(28.5, 0, 630_000, 0, 28.5, 228_000), "EPSG:32119"),
    "not square": (Affine(10, 0, 340_000, 0, -25, 5_820_000), "EPSG:32633"),
    "rotated": (Affine(10, 3, 340_000, 4, -12, 5_820_000), "EPSG:32633"),
    "geographic": (Affine(0.0003, 0, -34.9, 0, -0.0003, -8.01), "EPSG:4326"),
}


@pytest.mark.parametrize("window", [None, (3, 5, 31, 23)])
@pytest.mark.parametrize("name", TRANSFORMS)
def test_hot_pixel(name: str, window: tuple[int, int, int, int] | None) -> None:
    transform, crs = TRANSFORMS[name]
    row, column, band = 7, 21, 3
    array = np.random.default_rng(0).integers(1, 50, (37, 29, 5)).astype(np.uint16)
    array[row, column, band] = 9000
    x, y = xy(transform, row, column)
    sample = read(geotiff(array, transform, crs, descriptions=ROLES[:5]), "mark.tif", window=window)

    at = sole_peak(sample.data.values)
    assert sample.data["band"].values[at[2]] == ROLES[band]
    here = xy(Affine(*sample.geometry.transform), at[0], at[1])
    np.testing.assert_allclose(here, (x, y), rtol=1e-12)
    if name != "rotated":
        place = (sample.data["column"].values[at[1]], sample.data["row"].values[at[0]])
        np.testing.assert_allclose(place, (x, y), rtol=1e-12)

    given = to_input(sample, land_cover().config, Settings())
    assert sole_peak(given.values) == at
    token = given.grid.token_of(at)
    assert token == (at[0] // 4, at[1] // 4, at[2])

    analysis = analyse(sample, land_cover())
    query = far_query(analysis, token)
    field = pointing(analysis, query, token).field(0, 0, query)
    content, suffix, _ = field_bytes(analysis, field)
    dataset, written = open_tif(content)
    assert suffix == ".tif"
    assert dataset.crs.to_string() == crs
    found = dataset.index(x, y)
    assert written[(*found, band)] == 1
    assert ROLES[band] in dataset.descriptions[band]
    hot = np.argwhere(written == 1)
    assert set(map(tuple, hot.tolist())) == block(at, (4, 4, 1), sample.data.shape)
    if window is None:
        assert dataset.transform == transform
        assert tuple(found) == (row, column)


def test_a_band_left_out_keeps_its_place() -> None:
    array = np.random.default_rng(0).integers(1, 50, (13, 11, 5)).astype(np.uint16)
    array[5, 7, 4] = 9000
    sample = read(geotiff(array, *TRANSFORMS["north-up"], descriptions=("a", "b", "c", "d", "e")), "mark.tif")
    settings = Settings(bands=("blue", "-", "red", "-", "nir"))
    analysis = analyse(sample, land_cover(), settings)
    assert analysis.grid.shape == (4, 3, 3)
    token = analysis.grid.token_of((5, 7, 4))
    assert token == (1, 1, 2)
    query = far_query(analysis, token)
    field = pointing(analysis, query, token).field(0, 0, query)
    assert float(field.values[5, 7, 4]) == 1
    assert np.isnan(field.values[..., [1, 3]]).all()


# --- series --------------------------------------------------------------------------------------

ENTITIES = ("EWR", "JFK", "LGA")
WEIGHT = "attention row layer 0 head 0"
VARIABLES = {"temp": "°F", "dewp": "°F", "humid": "%", "pressure": "hPa", "visib": "mi"}
MAKERS = {"wide": wide_csv, "long": long_csv}


@pytest.mark.parametrize("layout", MAKERS)
def test_spike(layout: str) -> None:
    steps, mark = 127, (2, 3, 41)
    values = np.random.default_rng(0).normal(size=(3, 5, steps)).round(3)
    values[mark] = 500.0
    stamp = hours(steps)[mark[2]]
    sample = read(MAKERS[layout](values, ENTITIES, VARIABLES), "mark.csv")

    at = sole_peak(sample.data.values)
    assert sample.data["entity"].values[at[0]] == "LGA"
    assert sample.data["variable"].values[at[1]] == "pressure"
    assert sample.data["unit"].values[at[1]] == "hPa"
    assert sample.data["time"].values[at[2]] == np.datetime64(stamp)

    given = to_input(sample, forecaster().config, Settings())
    start = given.grid.window[2][0]
    assert start == steps - 96 - 24
    assert sole_peak(given.values) == (at[0], at[1], at[2] - start)
    token = given.grid.token_of(at)

    analysis = analyse(sample, forecaster())
    query = far_query(analysis, token)
    pointed = pointing(analysis, query, token)
    field = pointed.field(0, 0, query)
    table = open_csv(field_bytes(analysis, field)[0])
    table["when"] = table.iloc[:, 0].astype("datetime64[ns]")
    if layout == "wide":
        there = table.loc[table["when"] == stamp, f"LGA_pressure {WEIGHT}"]
        others = table.filter(regex="^(EWR|JFK|LGA)_")
    else:
        chosen = (table["when"] == stamp) & (table["entity"] == "LGA")
        there, others = table.loc[chosen, f"pressure {WEIGHT}"], table[[f"{name} {WEIGHT}" for name in VARIABLES]]
    assert there.tolist() == [1]
    stamps = table.loc[(others.to_numpy() == 1).any(axis=1), "when"]
    assert stamps.tolist() == hours(steps)[39:43].tolist()
    assert int((others.to_numpy() == 1).sum()) == 4
    assert int(np.isnan(others.to_numpy()).sum()) == 15 * (steps - 96)
    assert "LGA · pressure · 2013-03-02 20:00–24:00" in pointed.reading(0, 0, query)


def test_spike_as_a_column() -> None:
    """Who looks at the mark: the query's token, and through the other rows' even weights everyone a little."""
    sample: Sample = read(wide_csv(np.random.default_rng(0).normal(size=(3, 5, 127)), ENTITIES, VARIABLES), "a.csv")
    analysis = analyse(sample, forecaster())
    pointed = pointing(analysis, (0, 4, 20), (2, 3, 7))
    field = pointed.field(0, 0, (2, 3, 7), "column")
    assert analysis.grid.token_of(sole_peak(field.values)) == (0, 4, 20)
