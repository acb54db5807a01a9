"""Rasters too large to be read whole: overviews, blocks, windows, statistics, time and memory."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import rasterio
import rasterio.transform

from hot_core.errors import ReadError
from hot_core.figures.overview import pixel, place, region_around, window_around, window_of_box
from hot_core.io import MAX_BYTES, MAX_DECOMPRESSED, read
from hot_core.io.blob import Blob
from hot_core.io.geotiff_overview import cells, read_overview
from hot_core.io.geotiff_pixels import opened
from hot_core.io.limits import Limits
from hot_core.modes import Mode
from hot_core.transforms.normalise import zscore
from hot_core.transforms.raster import scene_scale
from tests.io_makers import tiff_bytes
from tests.makers_big import CORNER, MARK, NAMES, PIXEL, big_tiff

SIDE = 4603
SPOT = (1237, 3109)
ROOT = Path(__file__).resolve().parents[1]

MEASURE = """
import json, sys, time
from hot_core.io import read
# of this program alone: the peak that getrusage tells begins with that of whoever started it
peak = lambda: int(open("/proc/self/status").read().split("VmHWM:")[1].split()[0]) / 1024
loaded, start = peak(), time.perf_counter()
sample = read(sys.argv[1], max_bytes=int(sys.argv[2]))
seconds = time.perf_counter() - start
print(json.dumps({"seconds": seconds, "peak": peak(), "more": peak() - loaded, "sha": sample.source.sha256,
                  "overview": sample.overview.data.shape, "words": sample.overview.words}))
"""


def measured(path: Path, most: int = 100 * 1024**2) -> dict:
    """One reading in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(path), str(most)], cwd=ROOT, capture_output=True, check=True, timeout=120
    )
    return json.loads(done.stdout)


@pytest.mark.parametrize("factors", [(2, 4, 8, 16, 32), ()])
def test_twenty_thousand_pixels_a_side_are_there_in_time_and_memory(factors: tuple[int, ...], tmp_path: Path) -> None:
    path = big_tiff(tmp_path / "big.tif", factors=factors)
    with rasterio.open(path) as dataset:
        assert (dataset.shape, dataset.count, dataset.overviews(1)) == ((20_000, 20_000), 6, list(factors))
    found = min((measured(path) for _ in range(2)), key=lambda each: each["seconds"])
    assert found["seconds"] < 3
    assert found["peak"] < 500
    assert found["more"] < 200
    assert ("has no overviews" in found["words"]) == (not factors)
    assert ("gdaladdo" in found["words"]) == (not factors)


def test_beyond_the_limit_what_was_read_is_hashed(tmp_path: Path) -> None:
    one, other = (big_tiff(tmp_path / f"{i}.tif", SIDE, mark=mark) for i, mark in enumerate([(5, 7), (4600, 11)]))
    middle = [read(path, max_bytes=1000).source.sha256 for path in (one, other)]
    assert middle[0] == middle[1]  # the marks lie outside of the windows that were read
    assert read(one).source.sha256 != read(other).source.sha256
    assert read(one, window=(0, 0, 64, 64), max_bytes=1000).source.sha256 not in middle


@pytest.mark.parametrize("factors", [(2, 4, 8), (2,), ()])
def test_a_mark_is_found_in_the_overview_and_in_its_window(factors: tuple[int, ...], tmp_path: Path) -> None:
    """Bands of several resolutions in one file: they must all say the same place."""
    path = big_tiff(tmp_path / "big.tif", SIDE, factors, mark=SPOT)
    x, y = CORNER[0] + (SPOT[1] + 0.5) * PIXEL, CORNER[1] - (SPOT[0] + 0.5) * PIXEL
    sample = read(path, window=(1200, 3000, 211, 223))
    row, column, band = np.argwhere(sample.data.values == MARK)[0]
    assert (sample.data["column"].values[column], sample.data["row"].values[row]) == (x, y)
    assert sample.data["band"].values[band] == NAMES[3]
    assert (sample.geometry.window, sample.geometry.sensor) == ((1200, 3000, 211, 223), "Sentinel-2")
    overview = sample.overview
    assert overview is not None
    if factors == (2, 4, 8):
        row, column, band = np.argwhere(overview.data.values == MARK)[0]
        assert abs(overview.modes[0].coords[row] - y) <= overview.step[0] * PIXEL
        assert abs(overview.modes[1].coords[column] - x) <= overview.step[1] * PIXEL
        assert band == 3
    assert pixel(overview.modes, sample.geometry.file_shape, y, x) == SPOT
    assert place(overview.modes, sample.geometry.file_shape, SPOT[0] + 0.5, SPOT[1] + 0.5) == pytest.approx((y, x))


def test_blocks_are_means_of_the_stored_blocks_in_the_middle_of_each_cell(tmp_path: Path) -> None:
    side = 15_013
    path = big_tiff(tmp_path / "big.tif", side, ())
    overview = read(path).overview
    assert overview is not None
    rows, columns = overview.data.shape[:2]
    assert 5 < rows < 20
    with rasterio.open(path) as dataset:
        for i, j in ((0, 0), (rows - 1, columns - 1), (rows // 2, 1)):
            top, left = (int((at + 0.5) * side / n) // 256 * 256 for at, n in ((i, rows), (j, columns)))
            block = dataset.read(window=((top, top + 256), (left, left + 256))).astype(float)
            step = [max(1, size // 32) for size in block.shape[1:]]
            taken = block[:, step[0] // 2 :: step[0], step[1] // 2 :: step[1]]
            np.testing.assert_allclose(overview.data.values[i, j], taken.mean(axis=(1, 2)), rtol=1e-6)


@pytest.mark.parametrize("layout", [{"tiled": True, "blockxsize": 256, "blockysize": 256}, {"blockysize": 3}])
def test_tiles_and_strips_show_the_same_scene(layout: dict) -> None:
    """A slope from west to east and a step from north to south, whichever way the file is stored."""
    values = np.zeros((1, 2203, 2311), np.uint16)
    values[0] = 100 + np.arange(2311) // 4
    values[0, 1100:] += 5000
    overview = read(tiff_bytes(values, compress="deflate", **layout), "a.tif").overview
    assert overview is not None
    got = overview.data.values[..., 0]
    east = np.array([np.nanmean(got[:, j]) for j in range(got.shape[1])])
    assert (np.diff(east) > 0).mean() > 0.9
    assert np.nanmax(got[: int(got.shape[0] * 0.45)]) < 1000
    assert np.nanmin(got[int(got.shape[0] * 0.56) :]) > 5000
    assert 90 <= np.nanmin(got) <= 120
    np.testing.assert_allclose(np.nanmean(overview.samples), values.mean(), rtol=0.1)


@pytest.mark.parametrize("interleave", ["band", "pixel"])
def test_thick_strips_show_where_the_data_lie(interleave: str, tmp_path: Path) -> None:
    """Strips of which few fit into what may be decoded: the picture is coarse, and true all the same."""
    path = tmp_path / "strips.tif"
    with rasterio.open(
        path, "w", driver="GTiff", height=8000, width=2003, count=3, dtype="uint16", blockysize=500, nodata=0,
        compress="deflate", interleave=interleave, crs="EPSG:32633",
        transform=rasterio.transform.from_origin(300_000, 5_900_000, 10, 10),
    ) as out:  # fmt: skip
        part = np.full((3, 2000, 2003), 70, np.uint16) + np.array([0, 1000, 2000], np.uint16)[:, None, None]
        out.write(part, window=((3000, 5000), (0, 2003)))
    limits = Limits(MAX_BYTES, MAX_DECOMPRESSED, overview=2**20)
    with opened(Blob(path.name, path.stat().st_size, path)) as dataset:
        modes = (Mode("row", np.arange(2.0)), Mode("column", np.arange(2.0)), Mode("band", np.array(["a", "b", "c"])))
        overview = read_overview(dataset, [1, 2, 3], modes, limits, path.name)
    held = np.isfinite(overview.data.values)
    assert overview.data.shape[0] >= 8
    down = held[:, 0, 0]
    assert down.mean() == pytest.approx(0.25, abs=0.13)
    places = overview.data["row"].values[down]
    assert ((places >= 5_900_000 - 50_000 - 2500) & (places <= 5_900_000 - 30_000 + 2500)).all()
    np.testing.assert_array_equal(overview.data.values[down][:, 0], [[70, 1070, 2070]] * down.sum())


def test_a_raster_in_very_thick_pieces_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "piece.tif"
    with rasterio.open(
        path, "w", driver="GTiff", height=6000, width=6000, count=2, dtype="uint16", blockysize=6000,
        compress="deflate", interleave="pixel", sparse_ok=True, crs="EPSG:32633",
        transform=rasterio.transform.from_origin(300_000, 5_900_000, 10, 10),
    ):  # fmt: skip
        pass
    with pytest.raises(ReadError, match=r"stored in pieces of up to 137\.3 MB, too large to read a window"):
        read(path)


def test_statistics_are_those_of_the_whole_whichever_window_is_read(tmp_path: Path) -> None:
    path = big_tiff(tmp_path / "big.tif", SIDE, (2, 4, 8))
    one, other = read(path), read(path, window=(0, 0, 128, 128))
    with rasterio.open(path, overview_level=2) as level:
        values = np.moveaxis(level.read(), 0, -1).astype(float)
    _, centre, scale = zscore(values, axis=(0, 1))
    for sample in (one, other):
        got = scene_scale(sample, [0, 3, 5])
        np.testing.assert_allclose(got[0], centre[..., [0, 3, 5]], rtol=0.01)
        np.testing.assert_allclose(got[1], scale[..., [0, 3, 5]], rtol=0.02)
        assert any("are those of this overview" in note for note in sample.notes)
    np.testing.assert_array_equal(scene_scale(one, [3])[0], scene_scale(other, [3])[0])


def test_where_the_middle_is_empty_the_nearest_data_are_read(tmp_path: Path) -> None:
    path = big_tiff(tmp_path / "big.tif", SIDE, (2, 4, 8), empty=True)
    sample = read(path)
    assert sample.geometry.window == (SIDE - 1024, SIDE - 1024, 1024, 1024)
    assert any("those around the data nearest to the middle" in note for note in sample.notes)
    assert any("are missing" in note for note in sample.notes)
    assert np.isfinite(sample.data.values[-200:, -200:]).all()
    with pytest.raises(ReadError, match="no pixel holds a value in the part that was read"):
        read(path, window=(100, 100, 300, 300))


def test_an_overview_has_the_nodata_and_the_scales_of_its_file(tmp_path: Path) -> None:
    """An overview's own directory knows neither; its values would be other numbers than the window's."""
    values = np.full((1, 2203, 2311), 4000, np.uint16)
    values[:, :500] = 0
    path = tmp_path / "scaled.tif"
    path.write_bytes(tiff_bytes(values, compress="deflate", tiled=True, blockxsize=256, blockysize=256, nodata=0))
    with rasterio.open(path, "r+") as dataset:
        dataset.scales, dataset.offsets = (0.0001,), (-0.1,)
        dataset.build_overviews([2, 4], rasterio.enums.Resampling.average)
    sample = read(path)
    assert sample.overview is not None
    got = sample.overview.data.values[..., 0]
    assert "by its overview of 551 × 578 pixels" in sample.overview.words
    assert np.isnan(got[:124]).all()
    np.testing.assert_allclose(got[126:], 0.3, atol=1e-6)
    np.testing.assert_allclose(sample.data.values, 0.3, atol=1e-6)
    assert sample.geometry.scales == ((0.0001, -0.1),)


def test_small_rasters_have_no_overview_and_keep_their_own_statistics() -> None:
    sample = read(tiff_bytes(), "a.tif", window=(2, 3, 7, 11))
    assert sample.overview is None
    expected = zscore(sample.data.values.astype(float), axis=(0, 1))[1]
    np.testing.assert_array_equal(scene_scale(sample, [0, 1, 2])[0], expected)


@pytest.mark.parametrize(
    ("shape", "block", "most"),
    [
        ((20_000, 20_000), (256, 256), 2**23), ((20_000, 500), (1, 500), 2**20),
        ((301, 20_011), (256, 256), 10**9), ((7, 9), (7, 9), 1), ((20_000, 20_000), (1000, 20_000), 2**23),
    ],
)  # fmt: skip
def test_blocks_to_read_stay_in_their_limits(shape: tuple[int, int], block: tuple[int, int], most: int) -> None:
    down, across = cells(shape, block, most)
    assert 1 <= down <= min(256, -(-shape[0] // block[0]))
    assert 1 <= across <= min(256, -(-shape[1] // block[1]))
    assert down * across * block[0] * block[1] <= max(most, 8 * 8 * block[0] * block[1])
    assert all(n >= min(8, -(-size // side)) for n, size, side in zip((down, across), shape, block, strict=True))


def test_windows_stay_inside_and_around_what_was_clicked() -> None:
    assert window_around((50, 60), (11, 7), (101, 103)) == (45, 57, 11, 7)
    assert window_around((0, 102), (11, 7), (101, 103)) == (0, 96, 11, 7)
    assert window_around((3, 4), (500, 7), (101, 103)) == (0, 1, 101, 7)
    assert window_of_box(((10, 20), (29, 40)), 64, (101, 103)) == (10, 20, 20, 21)
    assert window_of_box(((29, 40), (10, 20)), 64, (101, 103)) == (10, 20, 20, 21)
    assert window_of_box(((0, 0), (100, 102)), 13, (101, 103)) == (44, 45, 13, 13)
    assert window_of_box(((100, 102), (100, 102)), 13, (101, 103)) == (99, 101, 2, 2)
    assert region_around((50, 60), (45, 40, 30, 33), 7) == ((2, 9), (17, 24))
    assert region_around((45, 72), (45, 40, 30, 33), 7) == ((0, 7), (26, 33))
    assert region_around((45, 72), (45, 40, 5, 6), 7) == ((0, 5), (0, 6))


def led_elsewhere(path: Path, overviews: str) -> Path:
    """A large raster without overviews whose own metadata name a file for them."""
    with rasterio.open(
        path, "w", driver="GTiff", height=2080, width=2080, count=3, dtype="uint8", tiled=True, compress="deflate",
        crs="EPSG:32633", transform=rasterio.transform.from_origin(300_000, 5_900_000, 10, 10),
    ) as out:  # fmt: skip
        out.write(np.full((3, 2080, 2080), 90, np.uint8))
        out.update_tags(ns="OVERVIEWS", OVERVIEW_FILE=overviews)
    return path


@pytest.mark.parametrize("way", ["path", "upload"])
def test_a_raster_that_leads_to_other_files_or_the_network_is_refused(way: str, tmp_path: Path) -> None:
    secret = tmp_path / "secret.tif"
    with rasterio.open(
        secret, "w", driver="GTiff", height=520, width=520, count=3, dtype="uint8", crs="EPSG:32633",
        transform=rasterio.transform.from_origin(300_000, 5_900_000, 40, 40),
    ) as out:  # fmt: skip
        out.write(np.full((3, 520, 520), 250, np.uint8))
    asked = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.5)
        address = f"/vsicurl/http://127.0.0.1:{server.getsockname()[1]}/secret.tif"
        for aim in (str(secret), address):
            path = led_elsewhere(tmp_path / "scene.tif", aim)
            if aim == str(secret):
                with rasterio.open(path) as dataset:
                    assert dataset.overviews(1)  # what GDAL would do
            with pytest.raises(ReadError, match="metadata send the reader to another file for its overviews"):
                read(path if way == "path" else path.read_bytes(), "scene.tif")
        with pytest.raises(TimeoutError):
            asked.append(server.accept())
    assert not asked


def test_overviews_beside_a_large_file_are_not_followed(tmp_path: Path) -> None:
    path = big_tiff(tmp_path / "scene.tif", SIDE, ())
    before = read(path).overview
    with rasterio.open(path) as dataset:
        profile = {"driver": "GTiff", "count": 6, "dtype": "uint16", "height": 577, "width": 577}
        assert not dataset.overviews(1)
    with rasterio.open(tmp_path / "scene.tif.ovr", "w", **profile) as out:
        out.write(np.full((6, 577, 577), 7, np.uint16))
    with rasterio.open(path) as dataset:
        assert dataset.overviews(1)  # what GDAL would do
    after = read(path).overview
    assert before is not None
    assert after is not None
    np.testing.assert_array_equal(before.data.values, after.data.values)
