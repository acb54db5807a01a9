"""The folder that a page may read: its rasters by name, and nothing outside it whatever a name says."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import rasterio
from streamlit.testing.v1 import AppTest

from app import cache, folder
from hot_core.errors import ReadError
from hot_core.io import read
from tests.io_makers import raster_values, tiff_bytes
from tests.makers_big import big_tiff
from tests.test_app_pages import ROOT, Open, calm, keys, open_page, reading  # noqa: F401

SIX = ("blue", "green", "red", "nir", "swir1", "swir2")
REFUSED = r"^There is no such raster in the folder\. Choose one from the list\.$"


def raster() -> bytes:
    return tiff_bytes(raster_values(6, (37, 41)), descriptions=SIX)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with rasters, beside a secret one, and every way out of it that a file system has."""
    top, secret = tmp_path / "open", tmp_path / "secret"
    for name in ("scene.tif", "north/Far.TIFF", "north/deep/a b.tif", ".hidden.tif", ".git/in.tif", "notes.txt"):
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_bytes(raster())
    secret.mkdir()
    (secret / "private.tif").write_bytes(raster())
    (tmp_path / "open2").mkdir()
    (tmp_path / "open2" / "neighbour.tif").write_bytes(raster())
    (top / "out.tif").symlink_to(secret / "private.tif")
    (top / "up.tif").symlink_to("../secret/private.tif")
    (top / "linked").symlink_to(secret)
    (top / "inside.tif").symlink_to("north/Far.TIFF")
    (top / "to_hidden.tif").symlink_to(".hidden.tif")
    (top / "loop.tif").symlink_to("loop.tif")
    (top / "gone.tif").symlink_to("nowhere.tif")
    (top / "folder.tif").mkdir()
    os.mkfifo(top / "pipe.tif")
    monkeypatch.setenv(folder.VARIABLE, str(top))
    cache.folder_names.clear()
    yield top
    cache.folder_names.clear()


def test_rasters_are_listed_by_name_and_no_way_out_is(place: Path) -> None:
    assert folder.rasters() == ("inside.tif", "scene.tif", "north/Far.TIFF", "north/deep/a b.tif")
    assert not any(str(place) in name for name in folder.rasters())


@pytest.mark.parametrize("name", ["scene.tif", "north/Far.TIFF", "north/deep/a b.tif", "inside.tif"])
def test_what_is_listed_opens_by_its_name_alone(place: Path, name: str) -> None:
    content = folder.open_raster(name)
    assert content.path == (place / name).resolve()
    assert (content.title, content.data, content.bundled) == (name.rsplit("/", 1)[-1], None, False)
    assert str(place) not in repr((content.title, content.name, content.sha256))
    assert read(content.path, content.name).source.name == content.name


@pytest.mark.parametrize(
    "name",
    [
        "../secret/private.tif", "north/../../secret/private.tif", "north/../scene.tif", "{top}/scene.tif",
        "{secret}/private.tif", "/etc/passwd", "//etc/passwd", "out.tif", "up.tif", "linked/private.tif", "loop.tif",
        "gone.tif", "folder.tif", "pipe.tif", ".hidden.tif", "to_hidden.tif", ".git/in.tif", "notes.txt", "", ".", "..",
        "../open2/neighbour.tif", "..\\secret\\private.tif", "scene.tif\0.tif", "~/x.tif", "file:///etc/hosts.tif",
        "/vsicurl/http://localhost/x.tif", "zip://scene.tif", "nowhere.tif", "a" * 5000 + ".tif",
    ],
)  # fmt: skip
def test_nothing_else_is_opened_and_the_answer_is_always_the_same(place: Path, name: str) -> None:
    asked = name.format(top=place, secret=place.parent / "secret") if "{" in name else name
    with pytest.raises(ReadError, match=REFUSED):
        folder.open_raster(asked)


def test_a_link_that_is_turned_outwards_after_the_list_was_made_is_refused(place: Path) -> None:
    assert "inside.tif" in folder.rasters()
    (place / "inside.tif").unlink()
    (place / "inside.tif").symlink_to(place.parent / "secret" / "private.tif")
    with pytest.raises(ReadError, match=REFUSED):
        folder.open_raster("inside.tif")


@pytest.mark.parametrize("named", [None, "", "  ", "{top}/nowhere", "{top}/scene.tif"])
def test_without_a_folder_there_is_nothing(place: Path, named: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    if named is None:
        monkeypatch.delenv(folder.VARIABLE)
    else:
        monkeypatch.setenv(folder.VARIABLE, named.format(top=place))
    assert (folder.root(), folder.rasters()) == (None, ())
    with pytest.raises(ReadError, match=REFUSED):
        folder.open_raster("scene.tif")


def test_side_files_are_not_followed(place: Path) -> None:
    """GDAL would take a mask, overviews and numbers from files beside a raster, where links may lead anywhere."""
    before = read(folder.open_raster("scene.tif").path)
    secret = place.parent / "secret"
    (secret / "numbers.xml").write_text(
        '<PAMDataset><PAMRasterBand band="1"><Scale>7</Scale><Offset>0</Offset><UnitType>secret</UnitType>'
        "</PAMRasterBand></PAMDataset>"
    )
    (place / "scene.tif.aux.xml").symlink_to(secret / "numbers.xml")
    for side in ("scene.tif.msk", "scene.tif.ovr", "scene.tfw"):
        (place / side).symlink_to(secret / "private.tif")
    with rasterio.open(place / "scene.tif") as dataset:
        assert (dataset.units[0], dataset.scales[0]) == ("secret", 7)  # what GDAL would do
    after = read(folder.open_raster("scene.tif").path)
    assert (after.data.values == before.data.values).all()
    assert (after.geometry.units, after.geometry.scales) == ((), ())


def test_a_virtual_raster_under_a_false_name_is_not_opened(place: Path) -> None:
    """Its text may name any file of the machine; only GeoTIFFs are read, by their content."""
    source = place.parent / "secret" / "private.tif"
    text = (
        f'<VRTDataset rasterXSize="41" rasterYSize="37"><VRTRasterBand dataType="UInt16" band="1"><SimpleSource>'
        f"<SourceFilename>{source}</SourceFilename></SimpleSource></VRTRasterBand></VRTDataset>"
    )
    (place / "trick.tif").write_text(text)
    with pytest.raises(ReadError, match=r"^trick\.tif: "):
        read(folder.open_raster("trick.tif").path)


def test_a_changed_file_is_another_file(place: Path) -> None:
    first = folder.open_raster("scene.tif").sha256
    assert folder.open_raster("scene.tif").sha256 == first
    (place / "scene.tif").write_bytes(raster() + b"\0")
    assert folder.open_raster("scene.tif").sha256 != first


def test_long_folders_are_cut(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder, "MOST_NAMES", 2)
    assert len(folder.rasters()) == 2
    monkeypatch.setattr(folder, "MOST_ENTRIES", 1)
    assert not any("/" in name for name in folder.rasters())  # the top alone was looked at


def opened(app: AppTest, name: str) -> AppTest:
    return calm(app.selectbox("raster_folder").set_value(name).run())


def test_the_page_opens_a_file_of_the_folder_and_goes_back(place: Path, open_page: Open) -> None:  # noqa: F811
    app = open_page("raster")
    sample = reading(app)
    assert app.selectbox("raster_folder").options == ["none", *folder.rasters()]
    opened(app, "north/Far.TIFF")
    assert app.markdown[0].value.replace("\\", "").startswith("### Far.TIFF\n")
    assert app.selectbox("raster_sample").disabled
    assert not app.error
    assert not any(str(place) in text.value for text in [*app.markdown, *app.caption, *app.code])
    opened(app, "")
    assert reading(app) == sample


@pytest.mark.parametrize("asked", ["../secret/private.tif", "out.tif", "{secret}/private.tif"])
def test_a_page_that_is_told_to_open_something_else_shows_the_sample(place: Path, asked: str) -> None:
    app = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=120)
    app.session_state["raster_folder"] = asked.format(secret=place.parent / "secret")
    calm(calm(app.run()).switch_page("views/raster.py").run())
    assert app.selectbox("raster_folder").value == ""
    assert app.markdown[0].value.startswith("### Brandenburg")


def test_other_pages_and_machines_without_a_folder_offer_none(
    place: Path,
    open_page: Open,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert "raster_folder" not in keys(open_page("volume"), "selectbox")
    monkeypatch.delenv(folder.VARIABLE)
    assert "raster_folder" not in keys(open_page("raster"), "selectbox")


def test_another_window_of_a_large_file_is_chosen_analysed_and_classified_by_itself(
    place: Path,
    open_page: Open,  # noqa: F811
) -> None:
    big_tiff(place / "big.tif", 4603, (2, 4, 8))
    cache.folder_names.clear()
    app = opened(open_page("raster"), "big.tif")
    first = reading(app)
    assert any("whole file is shown by its overview of 576 × 576" in text.value for text in app.caption)
    assert any(button.label == "Classify the whole window that was read" for button in app.button)
    for number, value in zip(app.number_input, (100, 200, 300, 260), strict=True):
        number.set_value(value)
    next(button for button in app.button if button.label == "Read this window").click().run()
    assert not calm(app).error
    assert reading(app) != first
    assert any("300 × 260 pixels" in text.value for text in app.markdown)
    app.button("raster_scene_start").click().run()
    _, job = app.session_state["raster_scene"]
    job.wait(120)
    assert "raster_download_scene" in keys(calm(app.run()), "download_button")
    for number, value in zip(app.number_input, (700, 200, 300, 260), strict=True):
        number.set_value(value)
    next(button for button in app.button if button.label == "Read this window").click().run()
    assert "raster_download_scene" not in keys(calm(app), "download_button")  # it was of another window


def test_a_window_without_data_is_refused_in_words_and_the_page_stays(place: Path, open_page: Open) -> None:  # noqa: F811
    big_tiff(place / "big.tif", 4603, (2, 4, 8), empty=True)
    cache.folder_names.clear()
    app = opened(open_page("raster"), "big.tif")
    first = reading(app)
    for number, value in zip(app.number_input, (0, 0, 64, 64), strict=True):
        number.set_value(value)
    next(button for button in app.button if button.label == "Read this window").click().run()
    assert "no pixel holds a value" in calm(app).error[0].value
    assert reading(app) == first


def test_a_name_that_cannot_be_written_is_passed_over(place: Path) -> None:
    before = folder.rasters()
    content = (place / "scene.tif").read_bytes()
    for name in (b"M\xfcller.tif", b"two\nlines.tif"):
        with open(os.path.join(os.fsencode(place), name), "wb") as out:
            out.write(content)
    os.mkdir(os.path.join(os.fsencode(place), b"w\xe4lder"))
    with open(os.path.join(os.fsencode(place), b"w\xe4lder", b"inner.tif"), "wb") as out:
        out.write(content)
    assert folder.rasters() == before
    assert all(name.encode() for name in folder.rasters())


def test_a_file_that_goes_while_it_is_opened_is_said_to_be_gone(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inside = folder._inside

    def then_gone(top: Path, path: Path) -> Path | None:
        found = inside(top, path)
        path.unlink()
        return found

    monkeypatch.setattr(folder, "_inside", then_gone)
    with pytest.raises(ReadError, match="no such raster in the folder"):
        folder.open_raster("scene.tif")


@pytest.mark.parametrize("shown", ["index NDVI", "own"])
def test_a_large_file_with_fewer_bands_is_shown_whatever_was_chosen_before(
    shown: str,
    place: Path,
    open_page: Open,  # noqa: F811
) -> None:
    with rasterio.open(
        place / "large.tif", "w", driver="GTiff", height=2400, width=2400, count=3, dtype="uint8", tiled=True,
        compress="deflate", crs="EPSG:32633", transform=rasterio.Affine(10, 0, 300_000, 0, -10, 5_900_000),
    ) as out:  # fmt: skip
        out.write(np.random.default_rng(0).integers(1, 255, (3, 2400, 2400), dtype=np.uint8))
        for band, name in enumerate(("blue", "green", "red"), start=1):
            out.set_band_description(band, name)
    app = open_page("raster")
    app.session_state["raster_picture"] = shown
    app = calm(app.run())
    if shown == "own":
        app.session_state["raster_own_Red"] = 5
        app = calm(app.run())
    assert not app.exception
    app.session_state["raster_folder"] = "large.tif"
    app = calm(app.run())
    assert not app.exception
    assert any("large.tif" in text.value for text in app.markdown)
    assert app.session_state["raster_picture"] == ("own" if shown == "own" else "preset Natural colour")


def test_a_preset_is_kept_by_its_name_when_another_file_counts_its_presets_otherwise(
    place: Path,
    open_page: Open,  # noqa: F811
) -> None:
    def brought(name: str, roles: tuple[str, ...]) -> None:
        with rasterio.open(
            place / name, "w", driver="GTiff", height=64, width=64, count=len(roles), dtype="uint16",
            crs="EPSG:32633", transform=rasterio.Affine(10, 0, 300_000, 0, -10, 5_900_000),
        ) as out:  # fmt: skip
            out.write(np.random.default_rng(0).integers(1, 255, (len(roles), 64, 64), dtype=np.uint16))
            for band, role in enumerate(roles, start=1):
                out.set_band_description(band, role)

    brought("no_blue.tif", ("green", "red", "nir", "swir1", "swir2"))
    brought("no_swir.tif", ("blue", "green", "red", "nir"))
    app = open_page("raster")
    app.selectbox(key="raster_picture").select_index(1)
    app = calm(app.run())
    second = app.session_state["raster_picture"]
    assert second == "preset Colour infrared"
    shown = {}
    for name in ("no_swir.tif", "no_blue.tif"):
        app.session_state["raster_folder"] = name
        app = calm(app.run())
        assert not app.exception
        shown[name] = (app.session_state["raster_picture"], app.selectbox(key="raster_picture").index)
    assert shown == {"no_swir.tif": (second, 1), "no_blue.tif": (second, 0)}
