"""GeoTIFFs that leave: valid for rio-cogeo, and the same numbers in the same place for readers that know no GDAL."""

from __future__ import annotations

import io
import math

import numpy as np
import pytest
import tifffile
from rasterio.transform import Affine
from rio_cogeo.cogeo import cog_info, cog_validate

import hot_core as hot
from hot_core.export import field_bytes, prediction_bytes
from hot_core.export.geotiff import geotiff_bytes
from hot_core.io import read
from hot_core.modes import RasterGeometry
from tests.makers_samples import ROLES, geotiff, land_cover, open_tif
from tests.test_markers import TRANSFORMS

SCALE, TIE, MATRIX, NODATA = 33550, 33922, 34264, 42113


def analysed(name: str, empty: bool = False) -> hot.Analysis:
    transform, crs = TRANSFORMS[name]
    values = np.random.default_rng(0).integers(1, 50, (37, 29, 5)).astype(np.uint16)
    if empty:
        values[:31] = 0
    sample = read(geotiff(values, transform, crs, nodata=0, descriptions=ROLES[:5]), "tile.tif")
    return hot.analyse(sample, land_cover(), hot.Settings(region=((4, 36), (8, 29))))


def placed(page: tifffile.TiffPage) -> Affine:
    """Where a file lies, from its own tags: a matrix, or a scale with the corner."""
    tags = {tag.code: tag.value for tag in page.tags}
    if MATRIX in tags:
        a, b, _, c, d, e, _, f = tags[MATRIX][:8]
        return Affine(a, b, c, d, e, f)
    (sx, sy, _), (i, j, _, x, y, _) = tags[SCALE], tags[TIE]
    assert (i, j) == (0, 0)
    return Affine(sx, 0, x, 0, -sy, y)


@pytest.mark.parametrize("empty", [False, True])
@pytest.mark.parametrize("name", TRANSFORMS)
def test_exports_are_valid_and_lie_where_the_input_lay(name: str, empty: bool, tmp_path) -> None:
    analysis = analysed(name, empty)
    field = analysis.field(1, 1, (7, 1, 2))
    for content, expected in (
        (field_bytes(analysis, field)[0], field.values),
        (prediction_bytes(analysis)[0], analysis.prediction.labels.values[..., None]),
    ):
        path = tmp_path / "out.tif"
        path.write_bytes(content)
        valid, errors, warnings = cog_validate(path)
        assert (valid, errors, warnings) == (True, [], [])
        with tifffile.TiffFile(io.BytesIO(content)) as file:
            page = file.pages[0]
            np.testing.assert_array_equal(page.asarray().reshape(expected.shape), expected)
            assert page.is_tiled
            np.testing.assert_allclose(tuple(placed(page))[:6], tuple(TRANSFORMS[name][0])[:6], rtol=1e-12)
            nodata = page.tags[NODATA].value.strip("\0 ")
            assert math.isnan(float(nodata)) if expected.dtype.kind == "f" else float(nodata) == -1
            epsg = page.geotiff_tags.get("ProjectedCSTypeGeoKey") or page.geotiff_tags.get("GeographicTypeGeoKey")
            assert f"EPSG:{int(epsg)}" == TRANSFORMS[name][1]


def test_a_large_export_has_overviews_of_the_same_labels(tmp_path) -> None:
    labels = np.random.default_rng(0).integers(0, 4, (1033, 523, 1)).astype(np.int16)
    geometry = RasterGeometry("", (10, 0, 7, 0, -10, 11), None, (0, 0, 1033, 523), (1033, 523), (), "metre")
    path = tmp_path / "labels.tif"
    path.write_bytes(geotiff_bytes(labels, geometry, ["class"], -1.0))
    assert cog_validate(path)[0]
    assert [level.Decimation for level in cog_info(path).IFD] == [0, 2, 4, 8]
    with tifffile.TiffFile(path) as file:
        small = file.pages[1].asarray()
    assert set(np.unique(small)) <= {0, 1, 2, 3}  # nearest: no class between two classes


def test_bands_name_layer_head_and_mode_and_a_rollout_is_called_so() -> None:
    analysis = analysed("north-up")
    dataset, _ = open_tif(field_bytes(analysis, analysis.field(1, 1, (0, 1, 2), "column"))[0])
    assert dataset.descriptions[3] == "attention column, layer 1, head 1, band nir"
    dataset, _ = open_tif(field_bytes(analysis, analysis.rollout((0, 1, 2)))[0])
    assert dataset.descriptions[0] == "attention rollout row, 2 layers, mean of heads, band blue"
