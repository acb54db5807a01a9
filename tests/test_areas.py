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
from hot_core.transforms.earth import lonlat
from tests.makers_samples import geotiff
from tests.test_transforms_raster import CONFIG

ELLIPSOID = Geod(ellps="WGS84")
SHAPE = (7, 11)
MAPS = {
    "degrees": ("EPSG:4326", Affine(0.25, 0, 13, 0, -0.125, 53)),
    "degrees, south-up": ("EPSG:4326", Affine(0.25, 0, 13, 0, 0.125, -53)),
    "degrees, over the date line": ("EPSG:4326", Affine(0.25, 0, 179.9, 0, -0.125, 67)),
    "degrees, rotated": ("EPSG:4326", Affine(0.02, 0.013, 13, 0.011, -0.017, 53)),
    "Web Mercator, over the date line": ("EPSG:3857", Affine(700, 0, 20_034_000, 0, -1100, 6_880_000)),
    "Web Mercator": ("EPSG:3857", Affine(700, 0, 1_450_000, 0, -1100, 6_880_000)),
}
SCENES = {  # reference system, longitude and latitude of the middle, rows and columns, width of a pixel in metres
    "Antarctic, 80° S 180°": ("EPSG:3031", (180, -80), (300, 300), 10),
    "Arctic, 80° N 180°": ("EPSG:3413", (180, 80), (300, 300), 10),
    "Arctic, 80° N 180°, uneven": ("EPSG:3413", (179.97, 80), (61, 97), 100),
    "the south pole on a pixel's corner": ("EPSG:3031", (0, -90), (300, 300), 10),
    "the south pole within a pixel": ("EPSG:3031", (0, -90), (31, 43), 500),
    "the north pole in the middle": ("EPSG:3413", (0, 90), (300, 300), 500),
    "half the Arctic": ("EPSG:3413", (0, 90), (301, 303), 25_000),
}


def place(crs: str | None, transform: Affine, shape: tuple[int, int] = SHAPE) -> RasterGeometry:
    wkt = CRS.from_user_input(crs).to_wkt() if crs else ""
    return RasterGeometry(wkt, tuple(transform)[:6], None, (0, 0, *shape), shape, (), "")


def around(crs: str, middle: tuple[float, float], shape: tuple[int, int], width: float) -> Affine:
    """North-up, with a place in the middle."""
    x, y = Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform(*middle)
    return Affine(width, 0, x - shape[1] * width / 2, 0, -width, y + shape[0] * width / 2)


def geodesic(
    crs: str, transform: Affine, row: int, column: int, steps: int = 400, size: tuple[int, int] = (1, 1)
) -> float:
    """Hectares of one pixel (or a block): a polygon with many points on each edge, by PROJ's geodesics."""
    t = np.arange(steps) / steps
    edges = [(t, 0 * t), (1 + 0 * t, t), (1 - t, 1 + 0 * t), (0 * t, 1 - t)]
    across, down = (np.concatenate(parts) for parts in zip(*edges, strict=True))
    x, y = transform @ (column + across * size[1], row + down * size[0])
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


@pytest.mark.parametrize("name", SCENES)
def test_areas_are_true_over_the_date_line_and_around_a_pole(name: str) -> None:
    crs, middle, shape, width = SCENES[name]
    transform = around(crs, middle, shape, width)
    areas, unit, words = pixel_areas(place(crs, transform, shape), shape)
    found = np.broadcast_to(areas, shape)
    assert unit == "ha"
    assert words.startswith("Areas are measured on the earth's ellipsoid: the map's own are ")
    last, near = (shape[0] - 1, shape[1] - 1), (shape[0] // 2, shape[1] // 2)
    for at in ((0, 0), (0, last[1]), last, near, (near[0] - 1, last[1] // 3), (last[0] // 5, near[1])):
        truth = geodesic(crs, transform, *at, steps=100)
        assert found[at] == pytest.approx(truth, rel=3e-5, abs=2e-6)  # a geodesic polygon is exact to 0.02 m²
    if width < 25_000:
        assert found.sum() == pytest.approx(geodesic(crs, transform, 0, 0, 2000, shape), rel=1e-6)


def test_a_map_that_is_true_only_in_its_middle_is_not_believed() -> None:
    for reach, most in ((28.8, "1.3"), (85, "128")):
        north = Transformer.from_crs("EPSG:4326", "EPSG:3857", always_xy=True).transform(0, reach)[1]
        transform = Affine(north / 150, 0, -north, 0, -north / 150, north)
        areas, unit, words = pixel_areas(place("EPSG:3857", transform, (300, 300)), (300, 300))
        assert areas.shape == (300, 1)
        for row in (0, 41, 149, 150, 299):
            assert areas[row, 0] == pytest.approx(geodesic("EPSG:3857", transform, row, 7), rel=1e-4)
        assert (unit, words.split("the map's own are ")[1]) == ("ha", f"1.01 to {most} times the true ones.")


@pytest.mark.parametrize("crs", ["EPSG:6931", "EPSG:6933", "ESRI:54009", "EPSG:8857"])
def test_an_equal_area_map_is_believed_to_its_corners(crs: str) -> None:
    shape, width, middle = ((720, 720), 25_000, (0, 90)) if crs == "EPSG:6931" else ((175, 345), 100_000, (0, 0))
    areas, unit, words = pixel_areas(place(crs, around(crs, middle, shape, width), shape), shape)
    assert (areas.tolist(), unit, words) == ([[width**2 / 1e4]], "ha", "")


def test_a_map_with_corners_beyond_the_earth_is_measured_where_it_lies_on_it() -> None:
    shape, crs = (173, 347), "ESRI:54030"  # Robinson
    transform = around(crs, (0, 0), shape, 100_000)
    areas, unit, words = pixel_areas(place(crs, transform, shape), shape)
    assert unit == "ha"
    assert "the map's own are 0.8" in words
    assert np.isfinite(areas).all()
    for row, column in ((86, 173), (86, 5), (41, 60), (150, 250), (20, 173)):
        assert areas[row, column] == pytest.approx(geodesic(crs, transform, row, column), rel=5e-3)
    assert areas[0, 0] == pytest.approx(areas[0, 100], rel=0.2)  # beyond the edge: the nearest in its row


@pytest.mark.parametrize("crs", ['LOCAL_CS["site",UNIT["metre",1]]', "+proj=eqc +R=3396190 +units=m"])
def test_a_system_without_a_way_to_the_earth_is_counted_in_pixels(crs: str) -> None:
    areas, unit, words = pixel_areas(place(crs, Affine(10, 0, 1000, 0, -10, 2000)), SHAPE)
    assert (areas.tolist(), unit) == ([[1]], "px")
    assert words == "Areas are counted in pixels: the coordinate reference system is not understood."


def test_places_beyond_the_edge_of_a_map_are_nowhere_and_the_others_where_proj_has_them() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.uniform(-1.9e7, 1.9e7, (7, 11)), rng.uniform(-9.5e6, 9.5e6, (7, 11))
    east, north = lonlat(CRS.from_user_input("ESRI:54009"), x, y)
    one = Transformer.from_crs("ESRI:54009", "EPSG:4326", always_xy=True)
    truth = np.array([one.transform(*spot) for spot in zip(x.ravel(), y.ravel(), strict=True)])
    truth[~np.isfinite(truth)] = np.nan
    assert 10 < np.isnan(truth[:, 0]).sum() < 40
    np.testing.assert_allclose(np.stack([east.ravel(), north.ravel()], 1), truth, rtol=0, atol=1e-9)
    above = lonlat(CRS.from_epsg(8857), np.array([0.0, 0.0]), np.array([8.3e6, 8.6e6]))  # its pole is at 8,392,928 m
    assert np.isnan(above).tolist() == [[False, True], [False, True]]


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


def test_grads_reach_to_a_hundred() -> None:
    transform = Affine(0.2, 0, 3, 0, -0.1, 95)
    areas, unit, _ = pixel_areas(place("EPSG:4807", transform), SHAPE)
    assert unit == "ha"
    assert np.broadcast_to(areas, SHAPE)[2, 3] == pytest.approx(geodesic("EPSG:4807", transform, 2, 3), rel=2e-3)


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
