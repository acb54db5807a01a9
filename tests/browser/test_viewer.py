"""The volume viewer in a real browser: a marker at a known place, sides, keys, region, personal data, an ending."""

import re
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from playwright.sync_api import Page, expect

import hot_core as hot
from tests.browser.actions import TITLES, at, open_page, reading, settled, upload
from tests.browser.viewer import click_voxel, expect_marked, line, place_of_voxel, viewer, viewer_pixels

MARK = (29, 9, 24)
"""Of the file's own array, away from the middle along every axis."""
SIZES = (37, 31, 41)


def write_marked(path: Path, affine: np.ndarray, volumes: int = 1) -> Path:
    """Tissue-like noise with one bright block of 3³ voxels around the mark, in the last volume."""
    array = np.random.default_rng(0).integers(20, 60, (*SIZES, volumes)).astype(np.int16)
    block = tuple(slice(i - 1, i + 2) for i in MARK)
    array[(*block, volumes - 1)] = 900
    array[(*MARK, volumes - 1)] = 977
    image = nib.Nifti1Image(array[..., 0] if volumes == 1 else array, affine)
    image.header.set_xyzt_units("mm", "sec")
    image.set_sform(affine, 1)
    image.set_qform(affine, 0)
    nib.save(image, path)
    return path


def turned(flip: int) -> np.ndarray:
    """Oblique by 11° about z, anisotropic, sheared a little, x running towards the Left or the Right."""
    angle = np.deg2rad(11)
    turn = np.array([[np.cos(angle), -np.sin(angle), 0.05], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    affine = np.eye(4)
    affine[:3, :3] = turn @ np.diag([flip * 1.0, 1.2, 0.9])
    affine[:3, 3] = (-8, -23, 11)
    return affine


def bring(page: Page, app_url: str, path: Path) -> None:
    open_page(page, app_url, "volume")
    shown = viewer(page).get_attribute("data-volume")
    upload(page, "volume", path)
    expect(page.get_by_role("heading", name=path.name)).to_be_visible()
    expect(viewer(page)).not_to_have_attribute("data-volume", str(shown))
    settled(page)


def of_array(flip: int) -> tuple[int, ...]:
    """The mark in the array of the sample, which runs towards Right, Anterior, Superior."""
    return (MARK[0] if flip > 0 else SIZES[0] - 1 - MARK[0], *MARK[1:])


def brightest(page: Page, plane: str) -> tuple[float, float]:
    """The middle of the white pixels of a plane, as shares of its width and height from above."""
    root = viewer(page)
    box = root.evaluate(
        "(root, name) => { const p = root.viewer.planes.find((each) => each.name === name);"
        " return [p.left, p.top, p.width, p.height]; }", plane,
    )  # fmt: skip
    left, top, width, height = (round(value) for value in box)
    picture = viewer_pixels(page)[top : top + height, left : left + width].astype(int)
    white = picture.min(axis=2) > 235
    white[-30:] = False  # the plane's name is white, too
    white[:24] = False
    white[:, :22] = white[:, -22:] = False
    rows, columns = np.nonzero(white)
    assert len(rows) > 8, "No bright block is seen."
    return float(np.median(columns)) / width, float(np.median(rows)) / height


@pytest.mark.parametrize("flip", [1, -1], ids=["oblique", "oblique, LAS"])
def test_a_marker_stands_at_its_place_in_words_and_pixels(flip: int, page: Page, app_url: str, tmp_path: Path) -> None:
    affine = turned(flip)
    bring(page, app_url, write_marked(tmp_path / "marked.nii.gz", affine, volumes=2))
    at(page, "volume_part").locator("summary").click()
    number = at(page, "volume_volume").get_by_role("spinbutton")
    shown = viewer(page).get_attribute("data-volume")
    number.fill("1")
    number.press("Enter")
    expect(viewer(page)).not_to_have_attribute("data-volume", str(shown))
    settled(page)
    page.locator(".nv-presets").select_option("full range")
    for name in ("attention", "labels"):
        page.locator(f'[data-control="{name}-on"]').uncheck()
    voxel = of_array(flip)
    # each click moves the other two planes to where the block is
    click_voxel(page, "axial", voxel)
    click_voxel(page, "coronal", voxel)
    expect(viewer(page)).to_have_attribute("data-cross", ",".join(map(str, voxel)))
    expect(line(page, "Voxel")).to_have_text("29, 9, 24 in the file")
    expect(line(page, "Image")).to_have_text("977")
    said = line(page, "World").inner_text().split(" mm")[0].replace("−", "-").split(", ")
    np.testing.assert_allclose([float(word) for word in said], (affine @ [*MARK, 1])[:3], atol=0.051)
    settled(page)
    # by pixels: x towards the patient's Left on the right of the picture, y and z upwards
    shares = [(index + 0.5) / size for index, size in zip(voxel, SIZES, strict=True)]
    expected = {
        "axial": (1 - shares[0], 1 - shares[1]), "coronal": (1 - shares[0], 1 - shares[2]),
        "sagittal": (shares[1], 1 - shares[2]),
    }  # fmt: skip
    for plane, place in expected.items():
        np.testing.assert_allclose(brightest(page, plane), place, atol=0.03)
    at(page, "volume_radiological").locator("label").first.click()
    page.wait_for_function(
        "root => { const p = root.viewer.planes[0]; return p.x(1) > p.x(0); }", arg=viewer(page).element_handle()
    )
    settled(page)
    np.testing.assert_allclose(brightest(page, "axial"), (shares[0], 1 - shares[1]), atol=0.03)


def test_the_strongest_block_is_painted_where_it_lies(page: Page, app_url: str, sample_data: Path) -> None:
    """Pixels of the end of the scale fill the strongest token's voxels and nothing else, to a pixel or two."""
    analysis = hot.analyse(hot.read(sample_data / "mni152_hippocampus_L.nii.gz"), hot.load_model("hippocampus"))
    row = analysis.kronecker_map(2, 2).row(analysis.default_query()).numpy()
    token = tuple(int(at) for at in np.unravel_index(int(row.argmax()), row.shape))
    voxels = analysis.grid.native_of(token)
    open_page(page, app_url, "volume")
    root = viewer(page)
    page.get_by_role("button", name="strongest").click()
    end = float(row.max())
    times = 0.999 * end * row.size  # thresholds are multiples of uniform
    root.evaluate("(root, times) => root.viewer.style('attention', { opacity: 1, threshold: times })", times)
    root.evaluate("root => root.viewer.style('labels', { on: false })")
    settled(page)
    picture = viewer_pixels(page).astype(int)
    for name, (across, up) in {"axial": (0, 1), "coronal": (0, 2), "sagittal": (1, 2)}.items():
        edges = root.evaluate(
            "(root, [name, x, y]) => { const p = root.viewer.planes.find((each) => each.name === name);"
            " return [p.left, p.top, p.width, p.height, ...x.map(p.x), ...y.map(p.y)]; }",
            [name, [voxels[across].start, voxels[across].stop], [voxels[up].start, voxels[up].stop]],
        )  # fmt: skip
        left, top, width, height = (round(value) for value in edges[:4])
        part = picture[top : top + height, left : left + width]
        yellow = (part[..., 0] > 235) & (part[..., 1] > 215) & (part[..., 2] < 80)  # the end of Viridis
        rows, columns = np.nonzero(yellow)
        found = [columns.min() + left, columns.max() + 1 + left, rows.min() + top, rows.max() + 1 + top]
        expected = [*sorted(edges[4:6]), *sorted(edges[6:8])]
        np.testing.assert_allclose(found, expected, atol=2.1, err_msg=name)


def test_the_keyboard_moves_the_crosshair_as_seen_and_chooses(page: Page, app_url: str) -> None:
    open_page(page, app_url, "volume")
    root = viewer(page)
    x, y, z = (int(each) for each in str(root.get_attribute("data-cross")).split(","))
    canvas = root.get_by_test_id("volume-canvas")
    canvas.focus()
    page.keyboard.press("a")
    page.keyboard.press("ArrowRight")  # radiological: to the patient's left
    expect(root).to_have_attribute("data-cross", f"{x - 1},{y},{z}")
    page.keyboard.press("ArrowUp")
    expect(root).to_have_attribute("data-cross", f"{x - 1},{y + 1},{z}")
    page.keyboard.press("PageDown")
    expect(root).to_have_attribute("data-cross", f"{x - 1},{y + 1},{z - 1}")
    page.keyboard.press("s")
    for _ in range(5):
        page.keyboard.press("ArrowLeft")
    expect(root).to_have_attribute("data-cross", f"{x - 1},{y - 4},{z - 1}")
    before = reading(page, "volume").inner_text()
    page.keyboard.press("Enter")
    expect(reading(page, "volume")).not_to_have_text(before)
    middle = tuple(4 * (at_axis // 4) + 1 for at_axis in (x - 1, y - 4, z - 1))
    expect_marked(page, middle)
    settled(page)
    expect(root).to_have_attribute("data-cross", f"{x - 1},{y - 4},{z - 1}")  # the crosshair stays where it was put
    expect(canvas).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Shift+Enter")
    expect(root).not_to_have_attribute("data-key", "")
    settled(page)
    page.keyboard.press("Control+z")
    expect_marked(page, middle)


def test_who_goes_on_while_the_page_answers_is_not_pulled_back(page: Page, app_url: str) -> None:
    open_page(page, app_url, "volume")
    root = viewer(page)
    x, y, z = (int(each) for each in str(root.get_attribute("data-cross")).split(","))
    click_voxel(page, "axial", (x - 5, y, z))
    for _ in range(7):
        page.keyboard.press("ArrowRight")  # radiological: to the patient's left, and out of the token that was clicked
    here = f"{x - 12},{y},{z}"
    expect(root).to_have_attribute("data-cross", here)
    expect_marked(page, (4 * ((x - 5) // 4) + 1, 4 * (y // 4) + 1, 4 * (z // 4) + 1))
    settled(page)
    expect(root).to_have_attribute("data-cross", here)
    page.get_by_role("button", name="query", exact=True).click()
    expect(root).not_to_have_attribute("data-cross", here)


def test_dragging_looks_around_and_chooses_nothing(page: Page, app_url: str) -> None:
    open_page(page, app_url, "volume")
    root = viewer(page)
    before, query = reading(page, "volume").inner_text(), root.get_attribute("data-query")
    x, y, z = (int(each) for each in str(root.get_attribute("data-cross")).split(","))
    begin, end = (place_of_voxel(page, "axial", (at, y, z)) for at in (x, x - 9))
    page.mouse.move(*begin)
    page.mouse.down()
    page.mouse.move(*end, steps=5)
    page.mouse.up()
    expect(root).to_have_attribute("data-cross", f"{x - 9},{y},{z}")
    page.wait_for_timeout(500)
    settled(page)
    assert (reading(page, "volume").inner_text(), root.get_attribute("data-query")) == (before, query)


def test_the_region_follows_the_crosshair_and_can_be_given_back(page: Page, app_url: str) -> None:
    open_page(page, app_url, "volume")
    shown = viewer(page).get_attribute("data-volume")
    at(page, "volume_sample").locator("input").click()
    page.get_by_role("option", name="MNI152 whole head, 2 mm").click()
    expect(viewer(page)).not_to_have_attribute("data-volume", str(shown))
    settled(page)
    page.get_by_role("button", name="Show the whole volume").click()
    click_voxel(page, "axial", (70, 80, 28))
    expect(line(page, "Label")).to_have_text("outside the analysed region")
    guess = viewer(page).get_attribute("data-volume")
    page.get_by_role("button", name="Analyse around the crosshair").click()
    expect(viewer(page)).not_to_have_attribute("data-volume", str(guess))
    region = viewer(page).evaluate("root => root.viewer.volume.header.region")
    assert [start + (stop - start) // 2 for start, stop in region][:2] == [70, 80]
    settled(page)
    at(page, "volume_part").locator("summary").click()
    at(page, "volume_region_guess").get_by_role("button").click()
    expect(viewer(page)).to_have_attribute("data-volume", str(guess))


def test_a_second_file_comes_to_the_model_for_its_kind_whatever_the_first_was_given(
    page: Page, app_url: str, tmp_path: Path
) -> None:
    first, second = tmp_path / "one.nii", tmp_path / "two.nii"
    shape = np.zeros((37, 31, 41), np.uint8)
    shape[9:20, 11:17, 13:30] = 1  # both models take a binary shape
    for path, flip in ((first, 1), (second, -1)):
        nib.save(nib.Nifti1Image(shape, turned(flip)), path)
    bring(page, app_url, first)
    said = page.get_by_text(re.compile("^Model (hippocampus|adrenal):"))
    expect(said).to_contain_text("Model hippocampus")
    page.get_by_role("combobox", name="Model").click()
    page.get_by_role("option", name="adrenal").click()
    expect(said).to_contain_text("Model adrenal")
    settled(page)
    upload(page, "volume", second)
    expect(page.get_by_role("heading", name=second.name)).to_be_visible()
    settled(page)
    expect(said).to_contain_text("Model hippocampus")
    upload(page, "volume", first)
    expect(page.get_by_role("heading", name=first.name)).to_be_visible()
    settled(page)
    expect(said).to_contain_text("Model adrenal")  # as it was chosen for this file


def test_personal_data_is_warned_of_before_anything_else(page: Page, app_url: str, tmp_path: Path) -> None:
    path = write_marked(tmp_path / "private.nii", turned(1))
    image = nib.load(path)
    image.header["descrip"] = b"Jane Doe 1970-01-01"
    private = tmp_path / "named.nii"
    nib.save(image, private)
    bring(page, app_url, private)
    warning = at(page, "volume_personal")
    expect(warning).to_contain_text("may hold personal data: it has text of its own (description)")
    assert "Jane" not in page.content()
    assert "Jane" not in page.url
    top = page.get_by_role("heading", name=private.name).bounding_box()
    said = warning.bounding_box()
    assert said is not None
    assert top is not None
    assert said["y"] < top["y"]


def test_a_viewer_without_room_is_silent_and_comes_back(page: Page, app_url: str) -> None:
    open_page(page, app_url, "volume")
    root = viewer(page)
    expect(root).to_have_attribute("data-drawn", re.compile(r"\d+"))
    root.evaluate("root => { root.style.display = 'none'; }")
    page.wait_for_function("root => !root.viewer.parts.canvas.clientWidth", arg=root.element_handle())
    page.wait_for_timeout(1500)  # longer than the 3-D waits for rest; an error on the way fails the test at its end
    before = int(str(root.get_attribute("data-drawn")))
    root.evaluate("root => { root.style.display = ''; }")
    page.wait_for_function("([root, n]) => +root.dataset.drawn > n", arg=[root.element_handle(), before])
    assert place_of_voxel(page, "axial", (1, 1, 1))


def test_graphics_memory_is_given_back_when_the_page_is_left(page: Page, app_url: str) -> None:
    open_page(page, app_url, "volume")
    viewer(page).evaluate("root => { window.kept = root.viewer.nv.gl; }")
    assert page.evaluate("() => window.hotLens?.volumes.size ?? globalThis.hotLens.volumes.size") == 1
    page.get_by_role("link", name=TITLES["series"], exact=True).first.click()
    expect(reading(page, "series")).to_contain_text("uniform")
    page.wait_for_function("() => window.kept.isContextLost() && globalThis.hotLens.volumes.size === 0")
    page.get_by_role("link", name=TITLES["volume"], exact=True).first.click()
    assert place_of_voxel(page, "axial", (1, 1, 1))
    page.wait_for_function("() => globalThis.hotLens.volumes.size === 1")
