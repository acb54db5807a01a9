"""Hectares: true ones in degrees, in Web Mercator, in feet, on rotated rasters; held against PROJ's own geodesics."""

from __future__ import annotations

import numpy as np
import pytest
from pyproj import Geod, Transformer
from rasterio.crs import CRS
from rasterio.transform import Affine

from hot_core.io import read
from hot_core.modes import RasterGeometry
from hot_core.transforms import Segmentation, Settings, to_input
from hot_core.transforms.areas import class_areas, pixel_areas
from tests.makers_samples import geotiff
from tests.test_transforms_raster import CONFIG

ELLIPSOID = Geod(ellps="WGS84")
SHAPE = (7, 11)
MAPS = {
    "degrees": ("EPSG:4326", Affine(0.25, 0, 13, 0, -0.125, 53)),
    "degrees, south-up": ("EPSG:4326", Affine(0.25, 0, 13, 0, 0.125, -53)),
    "degrees, over the date line": ("EPSG:4326", Affine(0.25, 0, 179.9, 0, -0.125, 67)),
    "degrees, rotated": ("EPSG:4326", Affine(0.02, 0.013, 13, 0.011, -0.017, 53)),
    "Web Mercator": ("EPSG:3857", Affine(700, 0, 1_450_000, 0, -1100, 6_880_000)),
}


def place(crs: str | None, transform: Affine) -> RasterGeometry:
    wkt = CRS.from_user_input(crs).to_wkt() if crs else ""
    return RasterGeometry(wkt, tuple(transform)[:6], None, (0, 0, *SHAPE), SHAPE, (), "")


def geodesic(crs: str, transform: Affine, row: int, column: int, steps: int = 400) -> float:
    """Hectares of one pixel: a polygon with many points on each edge, by PROJ's geodesics."""
    t = np.arange(steps) / steps
    edges = [(t, 0 * t), (1 + 0 * t, t), (1 - t, 1 + 0 * t), (0 * t, 1 - t)]
    across, down = (np.concatenate(parts) for parts in zip(*edges, strict=True))
    x, y = transform @ (column + across, row + down)
    longitude, latitude = Transformer.from_crs(crs, "EPSG:4326", always_xy=True).transform(x, y)
    return abs(ELLIPSOID.polygon_area_perimeter(longitude, latitude)[0]) / 1e4


@pytest.mark.parametrize("name", MAPS)
def test_every_pixel_has_its_area_on_the_ellipsoid(name: str) -> None:
    crs, transform = MAPS[name]
    areas, unit, words = pixel_areas(place(crs, transform), SHAPE)
    assert unit == "ha"
    assert words.startswith("Areas are measured on the earth's ellipsoid: the map's ")
    found = np.broadcast_to(areas, SHAPE)
    for row, column in ((0, 0), (6, 10), (3, 7)):
        assert found[row, column] == pytest.approx(geodesic(crs, transform, row, column), rel=2e-5)
    assert found[0, 0] != pytest.approx(found[6, 10], rel=1e-6)


@pytest.mark.parametrize(
    ("crs", "pixel"),
    [
        ("EPSG:32633", 10 * 20 / 1e4),
        ("EPSG:2264", 10 * 20 * (1200 / 3937) ** 2 / 1e4),  # US survey feet
        ("EPSG:2222", 10 * 20 * 0.3048**2 / 1e4),  # international feet
    ],
)
def test_lengths_are_taken_as_the_map_gives_them(crs: str, pixel: float) -> None:
    origin = (600_000.0, 200_000.0) if crs != "EPSG:32633" else (340_000.0, 5_820_000.0)
    areas, unit, words = pixel_areas(place(crs, Affine(10, 0, origin[0], 0, -20, origin[1])), SHAPE)
    assert (areas.shape, unit, words) == ((1, 1), "ha", "")
    assert areas[0, 0] == pytest.approx(pixel, rel=1e-9)


def test_classes_get_the_areas_of_their_own_pixels() -> None:
    labels = np.array([[0, 1, -1], [2, 1, 1]])
    areas = np.array([[2.0], [3.0]])
    assert class_areas(labels, areas, 4).tolist() == [2, 2 + 3 + 3, 3, 0]
    assert class_areas(labels, np.array([[7.0]]), 4).tolist() == [7, 21, 7, 0]


def test_a_class_map_in_degrees_is_measured_in_hectares_and_says_how() -> None:
    values = np.random.default_rng(0).integers(1, 5000, (13, 11, 6)).astype(np.uint16)
    crs, transform = MAPS["degrees"]
    given = to_input(read(geotiff(values, transform, crs), "degrees.tif"), CONFIG, Settings())
    assert any("on the earth's ellipsoid: the map's unit is an angle" in note for note in given.notes)
    result = given.back(np.ones((4, 13, 11)))
    assert isinstance(result, Segmentation)
    total = sum(geodesic(crs, transform, row, 0) * 11 for row in range(13))
    assert result.unit == "ha"
    assert result.amounts["water"] == pytest.approx(total, rel=1e-5)
